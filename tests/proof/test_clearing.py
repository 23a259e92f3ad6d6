"""Fractions: equal ones are proved equal after clearing, others are told apart; the side conditions are listed."""

import pytest
from sympy import Symbol

from lstm_sym.activations import exp, log, sigma, softplus, tanh
from lstm_sym.nodes import Ones, hadamard, hadamard_power
from lstm_sym.proof import Derivation, verify_step
from lstm_sym.symbols import Parameter, Sequence, indices, sizes, t

n = sizes("n")
N = indices("N")
a, b, z = Symbol("a"), Symbol("b"), Symbol("z")
h, c = Sequence("h", n), Sequence("c", n)
W = Parameter("W", n, n)


def outcome(left, right, **options):
    return verify_step(Derivation("c").start(left).eq(right, by="c", **options), 1).outcome


def over(top, below):
    return hadamard(top, hadamard_power(below, -1))


@pytest.mark.parametrize(
    "left, right",
    [
        (1 / (a + b) + 1 / (a - b), 2 * a / (a**2 - b**2)),
        ((a**2 - b**2) / (a + b), a - b),
        (1 / (1 + 1 / a), a / (a + 1)),
        (over(h[t], h[t] + c[t]) + over(c[t], h[t] + c[t]), Ones(n)),
        (sigma(z), exp(z) / (1 + exp(z))),
        (sigma(h[t]), over(Ones(n), 1 + exp(-h[t]))),
        (tanh(z), (exp(2 * z) - 1) / (exp(2 * z) + 1)),
        (softplus(z), log(1 + exp(z))),
        (exp(log(a)), a),
        (tanh(log(a) / 2), (a - 1) / (a + 1)),
    ],
)
def test_equal_fractions(left, right) -> None:
    found = outcome(left, right)
    assert found.verdict == "proved", found.detail


@pytest.mark.parametrize(
    "left, right",
    [
        (1 / (a + b), 1 / a + 1 / b),
        (over(h[t], h[t] + c[t]), over(c[t], h[t] + c[t])),
        (W * over(h[t], 1 + c[t]), over(W * h[t], 1 + c[t])),
        (sigma(z), exp(z) / (1 - exp(z))),
        (log(sigma(z)), softplus(-z)),
        (exp(log(a)), a**2),
    ],
)
def test_unequal_fractions_are_refuted(left, right) -> None:
    assert outcome(left, right).verdict == "refuted"


def test_a_fraction_under_a_sum_is_left_to_the_field() -> None:
    found = outcome(W * over(h[t], 1 + c[t]) + W * over(hadamard(h[t], c[t]), 1 + c[t]), W * h[t])
    assert found.verdict == "probable"


def test_a_denominator_is_a_condition_unless_it_cannot_vanish() -> None:
    assert outcome((a**2 - b**2) / (a + b), a - b).assumes == ("a + b has no zero entry",)
    assert outcome((N + 1) / (N + 2) + 1 / (N + 2), 1).assumes == ()
    assert outcome(sigma(z), exp(z) / (1 + exp(z))).assumes == ()
    assert outcome(sigma(z), exp(z) / (1 + exp(z))).discharged == ("exp(z) + 1 > 0",)
    assert outcome(exp(log(a)), a).assumes == ("a > 0",)
