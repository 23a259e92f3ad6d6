"""What code does about a root or a logarithm of a negative number: it is told what it is told in floating point."""

import contextlib
import math

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck, same_function

X, ONE, SQUARE = [np.zeros(4)], [0.0], [np.zeros((2, 2))]


def caught(function, error=ValueError):
    def forward(x):
        try:
            return function(x)
        except error:
            return 3 * x

    return forward


def suppressed(x):
    with contextlib.suppress(ValueError):
        return math.log(x)
    return 3 * x


def raising(x):
    with np.errstate(invalid="raise"):
        return np.sqrt(x)


def overwritten(x):
    y = np.sqrt(x)
    y[np.isnan(y)] = 0
    return y


def reciprocal(x):
    return 1 / x


def half_root(x):
    return 0.5 / np.sqrt(x)


def below(limit, slope, otherwise):
    return lambda i, d: d * np.where(i[0] > limit, slope(np.where(i[0] > limit, i[0], 1)), otherwise)


def everywhere(slope):
    return lambda i, d: d * slope(i[0])


def slope_of_arcsine(x):
    return 1 / np.sqrt(1 - x * x)


def pairs(limit, slope, otherwise):
    """The right gradient, and that of what is done about numbers above the limit alone."""
    return below(limit, slope, otherwise), everywhere(slope)


HANDLED = [
    (caught(math.sqrt), *pairs(0, half_root, 3), ONE),
    (caught(math.log), *pairs(0, reciprocal, 3), ONE),
    (caught(lambda x: math.pow(x, 0.5)), *pairs(0, half_root, 3), ONE),
    (caught(lambda x: math.log1p(x - 1)), *pairs(0, reciprocal, 3), ONE),
    (caught(raising, FloatingPointError), *pairs(0, half_root, 3), ONE),
    (suppressed, *pairs(0, reciprocal, 3), ONE),
    (lambda x: 3 * x if math.isnan(np.log(x)) else np.log(x), *pairs(0, reciprocal, 3), ONE),
    (lambda x: np.where(np.isnan(np.log(x)), 3 * x, np.log(x)), *pairs(0, reciprocal, 3), X),
    (lambda x: np.where(np.isfinite(np.log(x)), np.log(x), 3 * x), *pairs(0, reciprocal, 3), X),
    (lambda x: np.where(np.log(x) == np.log(x), np.log(x), 3 * x), *pairs(0, reciprocal, 3), X),
    (lambda x: np.where(np.log(x) > -9, np.log(x), 3 * x), *pairs(np.exp(-9), reciprocal, 3), X),
    (lambda x: np.fmax(np.log(x), -9), *pairs(np.exp(-9), reciprocal, 0), X),
    (lambda x: np.nansum(np.log(x)), *pairs(0, reciprocal, 0), X),
    (lambda x: np.nan_to_num(np.log(x)), *pairs(0, reciprocal, 0), X),
    (lambda x: np.nan_to_num(x**0.5), *pairs(0, half_root, 0), X),
    (lambda x: np.nansum(np.log(x - 100)), *pairs(100, lambda x: 1 / (x - 100), 0), X),
    (lambda x: np.nanmax(np.append(np.log(x[:1]), -8)), *pairs(np.exp(-8), reciprocal, 0), [np.zeros(1)]),
    (lambda x: np.nanmean(np.log(np.append(x, 1.0))), *pairs(0, lambda x: 0.5 / x, 0), [np.zeros(1)]),
    (overwritten, *pairs(0, half_root, 0), X),
    (
        lambda x: np.where(np.isnan(np.arcsin(x)), 3 * x, np.arcsin(x)),
        lambda i, d: d * np.where(np.abs(i[0]) < 1, slope_of_arcsine(i[0] * (np.abs(i[0]) < 1)), 3),
        everywhere(slope_of_arcsine),
        X,
    ),
]


@pytest.mark.parametrize("forward, right, wrong, inputs", HANDLED)
def test_forward_takes_the_way_that_it_takes_in_floating_point(forward, right, wrong, inputs):
    report = gradcheck(forward, right, inputs)
    assert (report.verdict, report.unreached) == ("right", ()), str(report)
    report = gradcheck(forward, wrong, inputs, diagnose=False)
    assert report.verdict == "wrong" and report.witness, str(report)


@pytest.mark.parametrize("slope, verdict", [(3, "right"), (2, "wrong")])
def test_a_matrix_that_is_not_positive_definite(slope, verdict):
    def forward(x):
        try:
            return np.linalg.cholesky(x + x.T)[0, 0] ** 2
        except np.linalg.LinAlgError:
            return 3 * x[0, 0]

    def backward(inputs, d):
        (x,) = inputs
        definite = x[0, 0] > 0 and 4 * x[0, 0] * x[1, 1] > (x[0, 1] + x[1, 0]) ** 2
        return d * np.array([[2 if definite else slope, 0], [0, 0]])

    report = gradcheck(forward, backward, SQUARE, diagnose=False)
    assert report.verdict == verdict, str(report)


def asserting(x):
    y = np.log(x)
    assert not np.isnan(y).any()
    return y


@pytest.mark.parametrize(
    "forward, inputs, named",
    [
        (asserting, X, 1),
        (caught(lambda x: asserting(x), ZeroDivisionError), X, 1),
        (lambda x: np.array([math.log(u) for u in x]), X, 0),
        (lambda x: math.log(x), ONE, 0),
        (np.log, X, 0),
    ],
)
def test_code_that_is_meant_for_positive_numbers_is_right(forward, inputs, named):
    report = gradcheck(forward, everywhere(reciprocal), inputs)
    assert (report.verdict, len(report.unreached)) == ("right", named), str(report)
    assert gradcheck(forward, everywhere(lambda x: 2 / x), inputs, diagnose=False).verdict == "wrong"


def squared(x):
    return x * x


UNREACHED = [
    (lambda x: np.where(np.isfinite(np.exp(x)), x, 3 * x), "`np.isfinite(np.exp(x))` was always True"),
    (lambda x: np.where(np.isinf(np.exp(x)), 3 * x, x), "`np.isinf(np.exp(x))` was always False"),
    (lambda x: np.where(np.exp(x) == np.inf, 3 * x, x), "`np.exp(x) == np.inf` was always False"),
    (lambda x: np.nan_to_num(np.exp(x) / np.exp(x)) * x, "`np.nan_to_num(np.exp(x) / np.exp(x))` never met nan"),
    (lambda x: x if math.isfinite(np.exp(x).sum()) else 3 * x, "`math.isfinite(np.exp(x).sum())` was always True"),
    (caught(lambda x: math.exp(x.sum()) * 0 + x, OverflowError), "`math.exp(x.sum())` never overflowed"),
    (caught(lambda x: x + 0 * math.sqrt(np.tanh(x).sum() + 5)), "`math.sqrt(np.tanh(x).sum() + 5)` always had a value"),
]


@pytest.mark.parametrize("forward, told", UNREACHED)
def test_what_never_happened_is_named(forward, told):
    report = gradcheck(forward, lambda i, d: d, X)
    assert report.verdict == "right" and [text.split(" ", 1)[1] for text in report.unreached] == [told], str(report)


@pytest.mark.parametrize("root", [np.sqrt, lambda x: math.sqrt(x.sum()), lambda x: np.linalg.norm(x), lambda x: x**0.5])
def test_roots_that_nobody_asks_about_are_not_named(root):
    report = gradcheck(lambda x: 3 * root(squared(x) + 1) + 3 * x, lambda i, d: 0 * i[0], X, diagnose=False)
    assert report.verdict == "wrong" and not report.unreached, str(report)


def test_functions_are_the_same_where_both_have_no_value():
    def other(x):
        y = np.log(x)
        return np.where(np.isnan(y), y, np.log(2 * x) - np.log(2))

    assert same_function(np.log, other, X).verdict == "equal"
    assert same_function(lambda x: np.nan_to_num(np.log(x)), lambda x: np.where(x > 0, np.log(x), 0), X).ok
    assert same_function(lambda x: np.nan_to_num(np.log(x)), np.log, X).verdict != "equal"
    assert same_function(lambda x: np.nansum(np.log(x)), lambda x: np.log(np.abs(x)).sum(), X).verdict == "different"
