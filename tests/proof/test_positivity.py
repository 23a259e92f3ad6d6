"""Divisors that are positive by their definitions owe nothing; the others are listed."""

import pytest
from sympy import Eq

from lstm_sym.activations import exp, sigma, softplus, tanh
from lstm_sym.nodes import Nonnegative, Ones, Positive, TimeSum, hadamard, hadamard_power
from lstm_sym.proof import Derivation, Given, Outcome, verify_step
from lstm_sym.symbols import Parameter, Sequence, indices, sizes, t

n = sizes("n")
k = indices("k")
W, b = Parameter("W", n, n), Parameter("b", n)
x, f, i, s, u, v = (Sequence(name, n) for name in "xfisuv")
GATES = Eq(f[t], sigma(W * x[t])), Eq(i[t], sigma(b + x[t]))


def divided(divisor, *equations, assumes=()) -> Outcome:
    """The outcome of x / y = (y x) / (y y), which divides by what is to be tried."""
    once, twice = hadamard_power(divisor, -1), hadamard_power(divisor, -2)
    chain = Derivation("test", given=Given(None, equations)).start(hadamard(x[t], once))
    return verify_step(chain.eq(hadamard(divisor, x[t], twice), by="?", assumes=assumes), 1).outcome


DISCHARGED = [
    (s[t], (*GATES, Eq(s[t], f[t] + i[t])), ()),
    (f[t] + i[t], GATES, ()),
    (sigma(x[t]) + softplus(b), (), ()),
    (hadamard(f[t], exp(x[t])), GATES, ()),
    (u[t], (*GATES, Eq(u[t], hadamard(f[t], u[t - 1]) + i[t])), (Nonnegative(u[0]),)),
    (u[t], (*GATES, Eq(u[t], hadamard(f[t], u[t - 1]) + i[t]), Eq(u[0], exp(b))), ()),
    (u[t], (*GATES, Eq(u[t], hadamard(f[t], u[t - 1]))), (Positive(u[0]),)),
    (u[t - 1] + i[t], (*GATES, Eq(u[t], hadamard(f[t], u[t - 1]))), (Nonnegative(u[t - 1]),)),
    (f[t], (), (Positive(f[t]),)),
    (b, (Eq(b, exp(Parameter("c", n))),), ()),
]
LISTED = [
    (f[t] - i[t], GATES, ()),
    (s[t], (*GATES, Eq(s[t], f[t] - i[t])), ()),
    (f[t], (), ()),
    (f[t - 1], GATES, ()),  # at t = 1 it is no gate but free
    (tanh(x[t]) + f[t], GATES, ()),
    (u[t], (*GATES, Eq(u[t], hadamard(f[t], u[t - 1]) + i[t])), ()),
    (u[t], (*GATES, Eq(u[t], hadamard(f[t], u[t - 1]) + i[t])), (Nonnegative(u[t]),)),
    (u[t], (*GATES, Eq(u[t], hadamard(f[t], u[t - 1]))), (Nonnegative(u[0]),)),
    (u[t], (*GATES, Eq(u[t], i[t] - u[t - 1])), (Positive(u[0]),)),
    (u[t], (*GATES, Eq(u[t], hadamard(x[t], u[t - 1]) + i[t])), (Positive(u[0]),)),
    (f[t], (), (Positive(f[t + 1]),)),
    (f[t], (), (Nonnegative(f[t]),)),
    (u[t], (Eq(u[t], v[t - 1]), Eq(v[t], u[t - 1])), (Positive(u[0]),)),
    (u[t], (Eq(u[t], u[t - 1] + v[t]), Eq(v[t], v[t - 1] + u[t - 1])), (Positive(u[0]),)),
]


@pytest.mark.parametrize("divisor, equations, assumes", DISCHARGED, ids=str)
def test_positive_divisors_owe_nothing(divisor, equations, assumes) -> None:
    result = divided(divisor, *equations, assumes=assumes)
    assert result.verdict == "proved"
    assert not [condition for condition in result.assumes if "no zero entry" in condition]
    assert any(f"{divisor} > 0" in why for why in result.discharged)


@pytest.mark.parametrize("divisor, equations, assumes", LISTED, ids=str)
def test_other_divisors_are_listed(divisor, equations, assumes) -> None:
    result = divided(divisor, *equations, assumes=assumes)
    assert result.verdict == "proved"
    assert [condition for condition in result.assumes if "no zero entry" in condition]
    assert not result.discharged


def test_the_certificate_tells_the_signs_in_order() -> None:
    result = divided(s[t], *GATES, Eq(s[t], f[t] + i[t]))
    first, second = "f[t] = sigma(W*x[t]) > 0", "i[t] = sigma(b + x[t]) > 0"
    assert result.discharged == (f"s[t] > 0 since {first}, {second}, s[t] = f[t] + i[t] > 0",)


def test_the_certificate_of_a_recursion_is_an_induction() -> None:
    result = divided(u[t], Eq(u[t], u[t - 1] + exp(x[t])), assumes=(Nonnegative(u[0]),))
    step = "as u[t] = u[t - 1] + exp(x[t]) > 0 if u[t - 1] >= 0"
    assert result.discharged == (f"u[t] > 0 since u[t] > 0 by induction from u[0] >= 0, {step}",)


def test_a_letter_under_a_sum_has_the_sign_of_no_other_time() -> None:
    """The sum begins at 0, where f is free, though t, whose name its index has, is at least 1."""
    total = TimeSum(f[t], (t, 0, k))
    result = divided(total + Ones(n), *GATES)
    assert any("no zero entry" in condition for condition in result.assumes)


def test_what_is_assumed_at_the_n_of_an_induction_is_not_assumed_before() -> None:
    given = Given(None, (Eq(v[t], hadamard(v[t - 1], u[t], hadamard_power(u[t], -1))),))
    step = Derivation("test", given=given).start(v[k]).eq(v[0], by="?", on=k, assumes=(Positive(u[k]),))
    result = verify_step(step, 1).outcome
    assert "u[k + 1] has no zero entry" in result.assumes
