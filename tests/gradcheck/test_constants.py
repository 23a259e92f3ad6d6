"""What a floating-point constant means, and that it means the same to the exact numbers as the expression it is of."""

import math
import operator
from fractions import Fraction

import numpy as np
import pytest
from flint import arb

from lstm_sym.gradcheck import gradcheck, same_function
from lstm_sym.gradcheck.exact.balls import Balls
from lstm_sym.gradcheck.exact.constants import LONGEST, PLAIN, Reading, digits, reading


@pytest.mark.parametrize(
    "x, meant",
    [
        (3.0, Reading(Fraction(3))),
        (0.1, Reading(Fraction(1, 10))),
        (1 / 3, Reading(Fraction(1, 3))),
        (0.044715, Reading(Fraction(44715, 10**6))),
        (math.pi / 2, Reading(Fraction(1, 2), 1)),
        (-math.pi / 180, Reading(Fraction(-1, 180), 1)),
        (2 / math.pi, Reading(Fraction(2), -1)),
        (2**0.5, Reading(Fraction(2), function="sqrt")),
        (-(29**-0.5), Reading(Fraction(1, 29), function="sqrt", factor=Fraction(-1))),
        (math.sqrt(2 / math.pi), Reading(Fraction(2), -1, function="sqrt")),
        (1 / math.sqrt(2 * math.pi), Reading(Fraction(1, 2), -1, function="sqrt")),
        (math.sqrt(math.pi), Reading(Fraction(1), 1, function="sqrt")),
        (math.log(3), Reading(Fraction(3), function="log")),
        (-math.log(10000), Reading(Fraction(100), function="log", factor=Fraction(-2))),
        (math.log(math.sqrt(2 * math.pi)), Reading(Fraction(2), 1, function="log", factor=Fraction(1, 2))),
        (1 / math.log(2), Reading(Fraction(2), function="1/log")),
        (math.e, Reading(Fraction(1), function="exp")),
        (math.exp(-1 / 20), Reading(Fraction(-1, 20), function="exp")),
        (10000 ** (-2 / 6), Reading(Fraction(-4, 3), function="10**")),
        (2 ** (-8 / 12), Reading(Fraction(-2, 3), function="2**")),
        (0.999**50, Reading(Fraction(999, 1000) ** 50)),
        (1 - 0.9, Reading(Fraction(1, 10))),
        (1 - 0.9999, Reading(Fraction(1, 10000))),
        (1 - 1 / 3, Reading(Fraction(2, 3))),
        (0.1 + 0.2, Reading(Fraction(3, 10))),
        (0.1 + 0.2 + 1e-15, Reading(Fraction(0.1 + 0.2 + 1e-15), exact=False)),
        (0.3000000004, Reading(Fraction(3000000004, 10**10), exact=False)),
        (0.300000001, Reading(Fraction(300000001, 10**9))),
        (0.3333333333, Reading(Fraction(1, 3))),
        (0.7978845608, Reading(Fraction(2), -1, function="sqrt")),
        (1.86666666666667, Reading(Fraction(28, 15))),
        (1.86666666666666, Reading(Fraction(186666666666666, 10**14), exact=False)),
        (1e-8 / 3, Reading(Fraction(1, 3 * 10**8))),
        (math.log(3) + 0.5, Reading(Fraction(math.log(3) + 0.5), exact=False)),
        (2**0.5 + 1e-13, Reading(Fraction(2**0.5 + 1e-13), exact=False)),
        (1e200 / 3, Reading(Fraction(1e200 / 3))),
        (1234567.2345678912, Reading(Fraction(1234567.2345678912), exact=False)),
    ],
)
def test_a_constant_is_read(x, meant):
    assert reading(x) == meant


@pytest.mark.parametrize("x", [0.25, 0.1, math.pi, -(2**0.5), 29**-0.5, math.sqrt(2 / math.pi), math.log(3)])
def test_a_ball_holds_the_constant_and_its_meaning(x):
    (ball,) = Balls().constant(np.array([x])).parts[0].ravel()
    assert abs(ball - arb(x)) < 1e-15 and (ball**2).contains(2) == (x == -(2**0.5))


@pytest.mark.parametrize(
    "f, g, verdict",
    [
        (lambda x: x / np.sqrt(x.shape[0]), lambda x: x * x.shape[0] ** -0.5, "equal"),
        (lambda x: np.tanh(x / 2**0.5), lambda x: np.tanh(np.sqrt(0.5) * x), "equal"),
        (lambda x: 0.7978845608028654 * x, lambda x: np.sqrt(2 / np.pi) * x, "equal"),
        (lambda x: 29**0.5 * 29**0.5 * x, lambda x: 29 * x, "equal"),
        (lambda x: 29**0.5 * 29**0.5 * x, lambda x: 28.999999999999 * x, "different"),
        (lambda x: (1.0986122886681098 + 2**0.5) * x, lambda x: (np.log(3) + np.sqrt(2)) * x, "undecided"),
        (lambda x: x * 2**0.5, lambda x: -np.sqrt(2) * x, "different"),
        (lambda x: np.exp(x) ** np.pi, lambda x: np.exp(x), "different"),
        (lambda x: np.exp(x) ** 2**0.5, lambda x: np.exp(x) ** 2, "different"),
    ],
)
def test_a_constant_is_what_it_is_the_value_of(f, g, verdict):
    """But a sum of two kinds, which Python has rounded, is no more than close to what it is the sum of."""
    assert same_function(f, g, {"x": np.zeros(29)}).verdict == verdict


@pytest.mark.parametrize(
    "f, g, verdict",
    [
        (lambda x: 1083.29826703295 * x, lambda x: 722.19884468863 * x * 1.5, "equal"),
        (lambda x: 1083.29826703295 * x, lambda x: 722.19884468865 * x * 1.5, "different"),
        (lambda x: 1.0507009873554805 * (1.6732632423543772 * x), lambda x: 1.7580993408473766 * x, "equal"),
        (lambda x: 1.0507009873554805 * (1.6732632423543772 * x), lambda x: 1.7580993408473 * x, "different"),
        (lambda x: 0.79788456 * 0.134145 * x, lambda x: 0.1070322243 * x, "equal"),
        (lambda x: (1 - 0.951229424500714) * x, lambda x: x - np.exp(-0.05) * x, "equal"),
        (lambda x: (1 - 0.951229424500714) * x, lambda x: x - np.exp(-0.06) * x, "different"),
        (lambda x: 1.618033988749895 * x, lambda x: (x + np.sqrt(5) * x) / 2, "equal"),
        (lambda x: 1.2345678901234567 * x, lambda x: x + 0.2345678901234567 * x, "equal"),
        (lambda x: 1.2345678901234567 * x, lambda x: x - 0.2345678901234567 * x, "different"),
    ],
)
def test_what_is_made_of_constants_that_stand_for_themselves(f, g, verdict):
    """They are rounded, at the digit that is written last: nothing that this explains is a difference."""
    assert same_function(f, g, {"x": np.zeros(3)}).verdict == verdict


def short(random):
    """A decimal of up to three digits, or a small whole number, as a string."""
    return str(Fraction(int(random.integers(1, 1000)), 1000)) if random.random() < 0.7 else str(random.integers(1, 13))


def folded(random):
    """A short expression of short numbers: its exact value, and what floating point makes of it."""
    exact = Fraction(short(random))
    rounded = float(exact)
    for _ in range(random.integers(1, 4)):
        name, other = random.choice(["add", "sub", "mul", "truediv"]), Fraction(short(random))
        if name == "truediv":
            other = Fraction(int(random.integers(1, 11)))
        exact, rounded = getattr(operator, name)(exact, other), getattr(operator, name)(rounded, float(other))
    return exact, rounded


def test_what_Python_makes_of_short_numbers_means_what_they_make():
    """Nothing else is read into a constant; fractions of large denominators stay what they are."""
    random = np.random.default_rng(0)
    for _ in range(3000):
        exact, rounded = folded(random)
        found = reading(rounded)
        if not exact:
            continue  # nothing is left but what is rounded
        if exact.denominator <= PLAIN or 10**9 % exact.denominator == 0:
            assert found.plain and found.rational == exact, (exact, rounded)
        assert not found.exact or found == Reading(exact), (exact, rounded)
        assert reading(float(np.float64(rounded))) == found


def test_readings_are_in_order_and_read_as_themselves():
    """Numbers of few digits among them may be rounded ones, of which the last digit alone is not known."""
    random = np.random.default_rng(1)
    plain = [Fraction(int(random.integers(1, 5000)), int(random.integers(1, 500))) for _ in range(150)]
    plain += [Fraction(int(random.integers(1, 10**9)), 10**10) for _ in range(150)]
    for value in plain:
        x, far = float(value), 1e-12 * max(float(value), 1)
        near = [x + k * math.ulp(x) for k in range(-8, 9)]
        steps = [x - far, *(step for step in near if step == x or digits(step) > LONGEST), x + far]
        found = [reading(step).rational for step in steps]
        assert found == sorted(found) and found[0] < value < found[-1] and found[steps.index(x)] == value
        assert reading(float(found[1])).rational == found[1]


def test_a_power_of_pi():
    def slope(inputs, d):
        return d * np.pi * inputs[0] ** (np.pi - 1)

    x = {"x": np.full(3, 2.0)}
    assert gradcheck(lambda x: x**np.pi, lambda inputs, d: d, x).verdict == "wrong"
    assert gradcheck(lambda x: x**np.pi, slope, x).verdict != "wrong"
