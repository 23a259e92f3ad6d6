"""Limits: found by SymPy, approached by balls; a wrong one is not proved by either."""

import pytest
from sympy import Limit, Rational, Symbol, oo

from lstm_sym.activations import exp, log, phi, sigma, softplus, tanh
from lstm_sym.nodes import Norm
from lstm_sym.proof import Derivation, limits, verify_step
from lstm_sym.symbols import Parameter, indices, sizes

n = sizes("n")
N = indices("N")
T = Symbol("T", integer=True, positive=True)
r, x = Symbol("r", positive=True), Symbol("x", real=True)
bias = -log(exp(1 / T) - 1)


def outcome(limit, value):
    return verify_step(Derivation("l").start(limit).eq(value, by="l"), 1).outcome


RIGHT = [
    (Limit(bias - log(T), T, oo), 0),
    (Limit(T * (bias - log(T)), T, oo), -Rational(1, 2)),
    (Limit((1 + r) ** -N, N, oo), 0),
    (Limit((1 + r) ** N, N, oo), oo),
    (Limit(-N, N, oo), -oo),
    (Limit((N + 2) / (2 * (N + 1)), N, oo), Rational(1, 2)),
    (Limit(sigma(N) - tanh(N), N, oo), 0),
    (Limit(softplus(-x), x, oo), 0),
    (Limit(tanh.prime(x), x, -oo), 0),
    (Limit((exp(x) - 1) / x, x, 0, "+"), 1),
    (Limit(r**2 / (r**2 + N), N, oo), 0),
]


@pytest.mark.parametrize("limit, value", RIGHT)
def test_right_limits_are_proved(limit, value) -> None:
    found = outcome(limit, value)
    assert (found.verdict, found.method) == ("proved", "limit by SymPy and balls"), found.detail


@pytest.mark.parametrize("limit, value", RIGHT)
def test_wrong_limits_are_not(limit, value) -> None:
    wrong = 7 if value in (oo, -oo) else value + Rational(1, 100)
    found = outcome(limit, wrong)
    assert found.verdict == "undecided" and "SymPy finds the limit" in found.detail


@pytest.mark.parametrize("limit, value", RIGHT)
def test_the_balls_alone_would_notice(limit, value, monkeypatch) -> None:
    wrong = 7 if value in (oo, -oo) else value + Rational(1, 5)
    monkeypatch.setattr(limits, "_same", lambda found, value: True)
    found = outcome(limit, wrong)
    assert found.verdict == "undecided" and "do not approach it" in found.detail


SIDED = 1 + Rational(1, 1000) * exp(log(x**2) / 2) / x


@pytest.mark.parametrize(
    "limit, value",
    [(Limit(SIDED + 1 / x, x, -oo), Rational(999, 1000)), (Limit(SIDED + x, x, 0, "-"), Rational(999, 1000))],
)
def test_the_side_of_an_approach_counts(limit, value) -> None:
    assert outcome(limit, value + Rational(1, 500)).verdict == "undecided"


@pytest.mark.parametrize(
    "limit, message",
    [
        (Limit(phi(x), x, oo), "no limit of phi"),
        (Limit(Symbol("q", real=True) ** N, N, oo), "the parameter q of a limit is not a positive symbol"),
        (Limit(Norm(Parameter("W", n, n)) / N, N, oo), "is not a positive symbol"),
    ],
)
def test_what_is_beyond_them_says_so(limit, message) -> None:
    found = outcome(limit, 0)
    assert found.verdict == "undecided" and message in found.detail
