"""The exponential of a linear form in logarithms is a product of powers, whatever way the form was made."""

from fractions import Fraction

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck
from lstm_sym.gradcheck.arrays.array import array_of
from lstm_sym.gradcheck.exact.field import Field
from lstm_sym.gradcheck.exact.heights import Seed
from lstm_sym.gradcheck.exact.linear_forms import COEFFICIENTS, LONG, LinearForms
from lstm_sym.gradcheck.exact.modular import CHAIN, Cramped, Modular
from lstm_sym.gradcheck.stand_ins.rebinding import Rebinding
from lstm_sym.gradcheck.stand_ins.stand_in import StandIn

SHADOW = np.array([0.7, -1.3, 0.4])


def stored(a, b):
    kept = np.zeros((2, 3))
    kept[0], kept[1] = a, b
    return np.where(kept[0] > -1, kept[0], 0)[::-1][::-1] + kept[1:].reshape(3)


def running(a, b):
    total = np.zeros_like(a)
    total += a
    total -= b
    return total


def table(x, y):
    """Pairs that are equal, the first by exponentials of logarithms."""
    A, B = 1 + x**2, 1 + np.exp(y)
    a, b = np.log(A), np.log(B)
    return {
        "a sum": (lambda: np.exp(a + b), lambda: A * B),
        "a difference and an input": (lambda: np.exp(a - b + 2 * x), lambda: A / B * np.exp(x) ** 2),
        "an opposite": (lambda: np.exp(-(b - a)), lambda: A / B),
        "multiples": (lambda: np.exp(3 * a - 5 * b), lambda: A**3 / B**5),
        "what cancels": (lambda: np.exp(a + b - a), lambda: B),
        "a mean": (lambda: np.exp(3 * np.mean(a)), lambda: np.prod(A)),
        "a sum over an axis": (lambda: np.exp(np.stack([a, b]).sum(0)), lambda: A * B),
        "running sums": (lambda: np.exp(np.cumsum(a)), lambda: np.cumprod(A)),
        "a matrix product": (lambda: np.exp(np.tril(np.ones((3, 3))) @ a), lambda: np.cumprod(A)),
        "an outer product": (lambda: np.exp(np.outer([1.0, -2.0, 0.0], a)), lambda: np.stack([A, A**-2, A**0])),
        "what is stored": (lambda: np.exp(stored(a, b)), lambda: A * B),
        "what is changed in place": (lambda: np.exp(running(a, b)), lambda: A / B),
        "a varying multiple": (lambda: np.exp((y - 1) * a + b), lambda: np.exp(y * a) * B / A),
        "the opposite of one": (lambda: np.exp((1 - y) * a), lambda: A / np.exp(y * a)),
        "halves": (lambda: np.exp(-1.5 * a), lambda: np.exp(-0.5 * a) / A),
        "a root": (lambda: np.exp(a / 2), lambda: A**0.5),
        "one over a root": (lambda: np.exp(-0.5 * a), lambda: 1 / np.sqrt(A)),
        "a third and a quarter": (lambda: np.exp(a / 3 + 0.75 * b), lambda: np.cbrt(A) * B**0.75),
        "a decimal": (lambda: np.exp(2.2 * a), lambda: A**2.2),
        "a root and an input": (lambda: np.exp((a - b) / 2 - x), lambda: np.sqrt(A / B) / np.exp(x)),
        "a varying multiple and a half": (lambda: np.exp((y - 0.5) * a), lambda: np.exp(y * a) / np.sqrt(A)),
        "the logarithm of a root": (lambda: np.exp(np.log(np.sqrt(A)) - b), lambda: np.sqrt(A) / B),
        "the logarithm of a sum with roots": (lambda: np.exp(np.log(B + np.sqrt(A)) + a), lambda: (B + np.sqrt(A)) * A),
        "the root of a square": (lambda: np.exp(np.log((x - 10) ** 2) / 2), lambda: 10 - x),
        "the logistic function of half": (lambda: 1 / (1 + np.exp(-a / 2)), lambda: np.sqrt(A) / (1 + np.sqrt(A))),
        "tanh of a quarter": (lambda: np.tanh(a / 4), lambda: (np.sqrt(A) - 1) / (np.sqrt(A) + 1)),
        "tanh": (lambda: np.tanh(a), lambda: (A**2 - 1) / (A**2 + 1)),
        "tanh of half": (lambda: np.tanh((a - b) / 2), lambda: (A - B) / (A + B)),
        "powers of 2": (lambda: np.exp2((a + b) / np.log(2)), lambda: A * B),
        "large primes": (lambda: np.exp(a + np.log(29) - np.log(31)), lambda: A * 29 / 31),
    }


NAMES = list(table(SHADOW, SHADOW))


def at_random(height):
    field = Field(Seed(1, height))
    return field, [array_of(field.letters(name, SHADOW)) for name in "xy"]


@pytest.mark.parametrize("height", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_product(name, height):
    field, letters = at_random(height)
    with Rebinding(StandIn(field), (table, stored, running)):
        try:
            first, second = (side() for side in table(*letters)[name])
        except Cramped:
            assert not height, "the prime field lacks half of all roots"
            return
    assert field.same(first.read(), second.read()).all()
    assert not field.same(first.read(), (second * (1 + letters[0])).read()).any()
    assert np.allclose(first.shadow, second.shadow)


def with_its_form(a, b):
    return a + b


def without(a, b):
    """A product of two that have forms has none; the quotient is the sum again."""
    return (a + b) * (a - b) / (a - b)


@pytest.mark.parametrize("ways", [(with_its_form, without), (without, with_its_form)])
def test_one_number_has_one_exponential_whatever_way_it_was_made(ways):
    def forward(x, y):
        a, b = np.log(1 + x**2), np.log(1 + np.exp(y))
        return [np.exp(way(a, b)) for way in ways]

    field, letters = at_random(0)
    with Rebinding(StandIn(field), (forward, *ways)):
        runs = [forward(*letters) for _ in range(2)]
    first, *others = (value for run in runs for value in run)
    assert all(field.same(first.read(), other.read()).all() for other in others)
    for part in zip(*(value.read().parts[:-1] for value in (first, *others))):
        assert all(np.array_equal(part[0], other) for other in part[1:])


P = CHAIN[1]


def forms_of(*logarithms):
    forms = LinearForms(Modular(P), P)
    for u in logarithms:
        forms.add_logarithm(u)
    return forms


def test_sums_products_and_opposites():
    forms = forms_of(10, 700)
    a, b = np.array([10, 10, 10, 5]), np.array([700, 3, P - 10, 6])
    forms.added(a, b, (a + b) % P)
    assert [forms.of(u) for u in (710, 13, 0, 11)] == [{10: 1, 700: 1}, {10: 1}, {}, {}]
    assert forms.of(P - 710) == {10: P - 1, 700: P - 1}
    forms.multiplied(a, b, a * b % P)
    assert [forms.of(u) for u in (7000, 30)] == [{}, {10: 3}], "a product of two with forms has none"
    forms.multiplied(np.array([10]), np.array([3]), np.array([31]))
    assert forms.of(31) == {}, "what is no product in the prime field has none"


def test_coefficients_that_are_no_small_fractions_are_few():
    forms = forms_of(10)
    half, y = Fraction(1, 2), 1 << 40
    near = ((half, half), (-half, -half), (Fraction(-3, 4), Fraction(-3, 4)), (4, 4), (y, 0), (y + 2, 2), (3 - y, 3))
    for number, split in (*near, (y - half, -half), (Fraction(1, 8), 0), (Fraction(3, 8), half)):
        factor = Modular(P).rational(*number.as_integer_ratio())
        forms.multiplied(np.array([10]), np.array([factor]), np.array([10 * factor % P]))
        assert forms.split(10 * factor % P) == ([(10, split)] if split else []), number
    random = np.random.default_rng(0)
    for factor in random.integers(1 << 20, P, 2 * COEFFICIENTS).tolist():
        forms.multiplied(np.array([10]), np.array([factor]), np.array([10 * factor % P]))
        assert not forms.split(10 * factor % P)


def test_long_sums_are_forgotten():
    logarithms = np.random.default_rng(0).integers(1, P, LONG + 1)
    forms = forms_of(*logarithms.tolist())
    for count, kept in ((LONG, LONG), (LONG + 1, 0)):
        total = logarithms[:count].sum() % P
        forms.summed(logarithms[:count], 0, total)
        assert len(forms.of(total.item())) == kept


def test_a_product_of_powers_has_their_degree():
    """What the bound on an accident counts: exp(k log s) is s^k, and no letter."""

    def degree(power):
        field = Field(1)
        with Rebinding(StandIn(field), ()):
            x = array_of(field.letters("x", SHADOW))
            return np.exp(power * np.log(1 + x**2)).read().degree

    assert degree(30).excess >= 60 and degree(-30).multiplicity >= 30
    assert degree(30).excess > degree(3).excess


def test_the_bound_on_an_accident_grows_with_the_powers():
    def bound(power):
        def forward(x):
            return np.exp(power * np.log(1 + x**2))

        def backward(inputs, d):
            (x,) = inputs
            return d * 2 * power * x * np.exp((power - 1) * np.log(1 + x**2))

        report = gradcheck(forward, backward, [np.zeros(3)])
        assert report.verdict == "right", str(report)
        return report.error_bound

    assert bound(40) > 10 * bound(2)
