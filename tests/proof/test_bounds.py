"""Bounds on scalars: certificates, exact signs on the ranges of σ and tanh, refutations."""

import pytest
from sympy import Rational, Symbol

from lstm_sym.activations import exp, sigma, tanh
from lstm_sym.proof import Derivation, verify_step
from lstm_sym.proof.signs import visible_sign

z, y = Symbol("z", real=True), Symbol("y", real=True)
half, quarter = Rational(1, 2), Rational(1, 4)


def verdict(left, relation, right, **options) -> str:
    return verify_step(getattr(Derivation("b").start(left), relation)(right, by="b", **options), 1).outcome.verdict


@pytest.mark.parametrize(
    "left, relation, right, slack",
    [
        (sigma.prime(z), "le", quarter, (sigma(z) - half) ** 2),
        (tanh.prime(z), "le", 1, tanh(z) ** 2),
        (0, "lt", sigma(z), sigma(z)),
        (sigma(z), "lt", 1, sigma(-z)),
        (tanh(z), "lt", 1, 2 * sigma(-2 * z)),
        (2 * y * z, "le", y**2 + z**2, (y - z) ** 2),
        (0, "lt", exp(y) + exp(z), exp(y) + exp(z)),
    ],
)
def test_certificates(left, relation, right, slack) -> None:
    assert verdict(left, relation, right, slack=slack) == "proved"


@pytest.mark.parametrize(
    "left, relation, right, expected",
    [
        (sigma.prime(z), "le", quarter, "proved"),
        (sigma.prime(z), "lt", quarter, "refuted"),
        (sigma.prime(z), "le", Rational(249, 1000), "refuted"),
        (sigma.prime(z), "lt", Rational(251, 1000), "proved"),
        (tanh.prime(z), "le", 1, "proved"),
        (tanh.prime(z), "lt", 1, "refuted"),
        (tanh(z) ** 2, "lt", 1, "proved"),
        (tanh(z) ** 2, "lt", Rational(99, 100), "refuted"),
        (sigma(z) ** 3, "le", sigma(z) ** 2, "proved"),
        (sigma(z) ** 2, "le", sigma(z) ** 3, "refuted"),
        (-1, "lt", tanh(tanh(z)), "proved"),
        (tanh.prime(z), "le", sigma(z), "refuted"),
    ],
)
def test_without_certificate(left, relation, right, expected) -> None:
    assert verdict(left, relation, right) == expected


def test_a_false_certificate_proves_nothing() -> None:
    assert verdict(2 * y * z, "le", y**2 + z**2, slack=(y + z) ** 2) == "undecided"
    assert verdict(2 * y * z, "le", y**2 + z**2, slack=y**2 + z**2 - 2 * y * z) == "undecided"
    assert verdict(0, "lt", tanh(z) ** 2, slack=tanh(z) ** 2) == "refuted"


@pytest.mark.parametrize(
    "expr, sign",
    [
        (sigma(z), 1),
        (exp(-z), 1),
        (tanh(z), None),
        (tanh(z) ** 2, 0),
        (tanh(z) ** 3, None),
        (sigma(z) * tanh(z) ** 2, 0),
        (1 + tanh(z) ** 2, 1),
        (z, None),
        (z**2, 0),
        (-(z**2), None),
        (z**-2, None),
        (sigma(z) ** -2, 1),
        (sigma.prime(z), None),
        (Rational(0), 0),
        (Rational(-1), None),
    ],
)
def test_visible_signs(expr, sign) -> None:
    assert visible_sign(expr) == sign
