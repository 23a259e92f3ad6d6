"""The nodes for maxima, quotients, multiples and normalisation: what is true is proved, what is false never is."""

import pytest
from sympy import Rational
from sympy import sqrt as root

from lstm_sym.activations import absolute, exp, relu, sqrt, step
from lstm_sym.nodes import Ones, deviation, hadamard, hadamard_power, maximum, normalised, scaled
from lstm_sym.proof import Derivation, verify_step
from lstm_sym.symbols import Parameter, sizes

n = sizes("n")
u, v, w, s, W = *(Parameter(name, n) for name in "uvw"), Parameter("s", 1), Parameter("W", n, n)
MEAN = Rational(1) / n * Ones(n, 1) * Ones(1, n)


def verdict(left, right) -> str:
    return verify_step(Derivation("it").start(left).eq(right, by="?"), 1).outcome.verdict


TRUE = [
    (maximum(u, v), maximum(v, u)),
    (maximum(u, v), u + relu(v - u)),
    (maximum(u, v) + relu(u - v) - u, relu(u - v) + maximum(v - u, 0)),
    (relu(u) - relu(-u), u),
    (absolute(-u), absolute(u)),
    (absolute(u), relu(u) + relu(-u)),
    (hadamard(step(u), step(u)), step(u)),
    (exp(u - v), hadamard(exp(u), hadamard_power(exp(v), -1))),
    (exp(2 * u + v), hadamard(exp(u), exp(v), exp(u))),
    (scaled(s, W) * u, W * scaled(s, u)),
    (hadamard(u, hadamard_power(u, -1), v), v),
    (hadamard(hadamard_power(u, -2), u, v), hadamard(v, hadamard_power(u, -1))),
    (scaled(deviation(u), normalised(u)), u - MEAN * u),
    (normalised(u + v), normalised(v + u)),
    (W * (u / root(n)) + v / root(n), (W * u + v) / root(n)),
    (u * n ** Rational(3, 2), n * root(n) * u),
]

FALSE = [
    (maximum(u, v), u),
    (maximum(u, v), relu(u - v)),
    (maximum(u, v) + maximum(v, w), maximum(u, w) + v),
    (hadamard(maximum(u, v), w), maximum(hadamard(u, w), hadamard(v, w))),
    (maximum(-u, -v), -maximum(u, v)),
    (step(u) + step(-u), Ones(n)),
    (step(u), step(2 * u) - step(-u)),
    (relu(-u), -relu(u)),
    (relu(u + v), relu(u) + relu(v)),
    (absolute(u + v), absolute(u) + absolute(v)),
    (absolute(u), u),
    (exp(u + v), exp(u) + exp(v)),
    (exp(hadamard(u, v)), hadamard(exp(u), exp(v))),
    (exp(W * u), W * exp(u)),
    (hadamard_power(u + v, -1), hadamard_power(u, -1) + hadamard_power(v, -1)),
    (hadamard(u, hadamard_power(u + v, -1)), Ones(n)),
    (hadamard_power(hadamard(u, v), -1), hadamard(hadamard_power(u, -1), v)),
    (scaled(s, scaled(s, u)), scaled(s, u)),
    (scaled(s, u), u),
    (normalised(u), u - MEAN * u),
    (normalised(u + v), normalised(u) + normalised(v)),
    (normalised(W * u), W * normalised(u)),
    (deviation(u + v), deviation(u) + deviation(v)),
    (sqrt(u + v), sqrt(u) + sqrt(v)),
    (u / root(n), u / n),
    ((u / root(n)).T * (v / root(n)), u.T * v / root(n)),
    (u * root(n), -u * root(n)),
]


@pytest.mark.parametrize("left, right", TRUE, ids=str)
def test_what_is_true_is_proved(left, right) -> None:
    assert verdict(left, right) == "proved"


@pytest.mark.parametrize("left, right", FALSE, ids=str)
def test_what_is_false_is_refuted(left, right) -> None:
    assert verdict(left, right) == "refuted"


def test_a_division_lists_its_side_condition() -> None:
    proof = Derivation("it").start(hadamard(u, hadamard_power(u, -1))).eq(Ones(n), by="u/u = 1")
    assert verify_step(proof, 1).outcome.assumes == ("u has no zero entry",)


def test_a_division_by_zero_is_not_proved() -> None:
    zero = u - u
    proof = Derivation("it").start(hadamard(zero, hadamard_power(zero, -1), v)).eq(v, by="0/0 = 1")
    assert verify_step(proof, 1).outcome.verdict != "proved"
