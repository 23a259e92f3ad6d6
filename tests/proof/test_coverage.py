"""Statements that hold wherever the engines happen to look and not everywhere, and true ones under what is assumed."""

import pytest
from sympy import Eq, Integer, Symbol

from lstm_sym.activations import log, relu, step
from lstm_sym.backpropagation import T
from lstm_sym.nodes import (
    Eye,
    Nonnegative,
    Ones,
    OrderedProduct,
    Positive,
    TimeSum,
    Trace,
    Zero,
    hadamard,
    hadamard_power,
)
from lstm_sym.proof import Derivation, Given, Outcome, verify_step
from lstm_sym.proof.coverage import what_is_not_covered
from lstm_sym.symbols import Parameter, Sequence, indices, sizes, t

n = sizes("n")
k, N, a, b = indices("k N a b")
A, u = Parameter("A", n, n), Sequence("u", n)
y, z, x = Sequence("y", 1), Sequence("z", 1), Symbol("x", real=True)


def outcome(left, right, *, given=None, relation="eq", **options) -> Outcome:
    chain = Derivation("test", given=given or Given()).start(left)
    return verify_step(getattr(chain, relation)(right, by="test", **options), 1).outcome


LEAKY = TimeSum(y[k], (k, 1, t - 1)) + TimeSum(y[k], (k, t, T))
still = Given(None, (Eq(z[t], z[t - 1], evaluate=False),))

FALSE_SOMEWHERE = {
    "an empty product opened": (OrderedProduct(A, (k, b, T + a)), A**a * OrderedProduct(A, (k, b, T)), {"on": a}),
    "the range of another sum used": (
        LEAKY + TimeSum(z[k], (k, 1, T + 5 - a)),
        LEAKY + TimeSum(z[k], (k, 1, T + 4 - a)) + z[T + 5 - a],
        {},
    ),
    "a definition below its range": (LEAKY + z[T + 5 - a], LEAKY + z[T + 4 - a], {"given": still}),
    "an induction that begins above 0": (z[k - 3], z[-3], {"given": still, "on": k, "assumes": (k >= 4,)}),
    "an index tried up to 5 only": (TimeSum(z[k], (k, 1, T - t - 6)), Zero(1, 1), {}),
    "a polynomial with roots where it is tried": ((t - 1) * (t - 2) * (t - 3) * (t - 6), 0, {}),
    "sizes tried up to 3 only": ((n - 1) * (n - 2) * (n - 3), 0, {}),
    "a trace identity of 3 x 3 matrices": (
        Trace(A) ** 4 - 6 * Trace(A * A) * Trace(A) ** 2 + 3 * Trace(A * A) ** 2 + 8 * Trace(A**3) * Trace(A),
        6 * Trace(A**4),
        {},
    ),
    "jumps": (step(13 * x - 7) + step(7 - 13 * x), 1, {}),
    "a logarithm without a value": (log(Integer(-1)), 0, {}),
}


@pytest.mark.parametrize("left, right, options", FALSE_SOMEWHERE.values(), ids=FALSE_SOMEWHERE)
def test_what_is_false_somewhere_is_neither_proved_nor_probable(left, right, options) -> None:
    assert outcome(left, right, **options).verdict in ("refuted", "undecided")


@pytest.mark.parametrize(
    "left, right, options",
    [
        (relu(x), x, {"assumes": (Nonnegative(x),)}),
        (step(x), 1, {"assumes": (Positive(x),)}),
        (Trace(Eye(n)), 3, {"assumes": (Eq(n, 3),)}),
        (Integer(0), x, {"relation": "le", "assumes": (Nonnegative(x),)}),
    ],
)
def test_what_is_true_as_assumed_is_not_refuted(left, right, options) -> None:
    assert outcome(left, right, **options).verdict != "refuted"


def test_conditions_of_divisions_and_logarithms_are_listed() -> None:
    powers = outcome(hadamard(hadamard_power(u[t], N), hadamard_power(u[t], -N)), Ones(n))
    assert powers.verdict == "proved" and powers.assumes == ("u[t] has no zero entry",)
    assert outcome(0, log(x) ** 2, relation="le").assumes == ("x > 0",)


@pytest.mark.parametrize(
    "expr, uncovered",
    [
        (A * A * u[t], ""),
        (A * A * A * u[t], "size"),
        (A**-1 * u[t], "size"),
        (relu(u[t]), "sign"),
        (N * u[t], "index and size"),
        (TimeSum(u[k], (k, 1, N)), "index"),
    ],
)
def test_what_the_field_does_not_cover(expr, uncovered) -> None:
    assert what_is_not_covered(Given(), expr, expr) == uncovered
