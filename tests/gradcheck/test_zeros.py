"""A division by 0 is no accident: a result made of one is never right, one that is left out does no harm."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck, same_function


def clipped(x):
    return np.clip(x, -0.5, 0.5)


def by_a_mask(inputs, d):
    (x,) = inputs
    return d / np.logical_and(x > -0.5, x < 0.5)


def twice_by_a_mask(inputs, d):
    (x,) = inputs
    mask = (x > -0.5) & (x < 0.5)
    return d / mask * mask


def by_a_negative_power(inputs, d):
    (x,) = inputs
    return d * (1.0 * ((x > -0.5) & (x < 0.5))) ** -1


def by_a_logarithm(inputs, d):
    (x,) = inputs
    return d * np.exp(np.log((x > -0.5) & (x < 0.5)))


def behind_a_comparison(inputs, d):
    (x,) = inputs
    mask = (x > -0.5) & (x < 0.5)
    return np.where(d / mask == d, d, 0)


def by_a_difference(inputs, d):
    (x,) = inputs
    inside = (x > -0.5) & (x < 0.5)
    return np.where(inside, d, 0) + 0 * (d / (x - np.minimum(x, 0.5) - 1 + inside))


def behind_isfinite(inputs, d):
    (x,) = inputs
    mask = (x > -0.5) & (x < 0.5)
    return np.where(np.isfinite(d / mask), d * mask, d)


BACKWARDS = [
    by_a_mask, twice_by_a_mask, by_a_negative_power, by_a_logarithm, behind_a_comparison, by_a_difference,
    behind_isfinite,
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("backward", BACKWARDS)
def test_a_gradient_made_of_a_division_by_0_is_undecided(backward, size):
    line = backward.__code__.co_firstlineno
    report = gradcheck(clipped, backward, {"x": np.zeros(size)}, diagnose=False)
    assert report.verdict == "undecided"
    assert "divides by 0 at test_zeros.py:" in str(report)
    assert line < int(str(report).rpartition("test_zeros.py:")[2].split()[0]) < line + 5


def ramp(x, y):
    positive = x > 0
    return np.where(positive, y / np.maximum(x, 0), 0.0) + np.where(positive, np.log(np.maximum(x, 0)), x)


def ramp_backward(inputs, d):
    x, y = inputs
    positive = x > 0
    relu = np.maximum(x, 0)
    dx = np.where(positive, (1 - y / relu) / relu, 1.0)
    dy = np.zeros_like(y)
    dy[positive] = (1 / relu)[positive]
    return d * dx, d * dy


def half_root(x):
    return np.where(x > 0, np.sqrt(np.maximum(x, 0)), x)


def half_root_backward(inputs, d):
    (x,) = inputs
    return d * np.where(x > 0, 0.5 / np.sqrt(np.maximum(x, 0)), 1)


@pytest.mark.parametrize(
    "forward, backward, inputs",
    [
        (ramp, ramp_backward, {"x": np.zeros(4), "y": np.zeros(4)}),
        (half_root, half_root_backward, {"x": np.zeros(2)}),
    ],
)
def test_a_division_by_0_that_is_left_out_is_right(forward, backward, inputs):
    assert gradcheck(forward, backward, inputs).verdict == "right"


def test_functions_that_divide_by_0_are_not_the_same():
    def f(x):
        return x / (x > 0)

    assert same_function(f, f, {"x": np.zeros(3)}).verdict == "undecided"


def scaled(x):
    """What relu leaves, of length 1, or 0 where it leaves nothing."""
    r = np.maximum(x, 0)
    n = np.sqrt((r * r).sum())
    return r if n == 0 else r / n


def scaled_backward(inputs, d):
    r = np.maximum(inputs[0], 0)
    n = np.sqrt((r * r).sum())
    return (d if n == 0 else d / n - r * (r @ d) / n**3) * (inputs[0] > 0)


def roots(x):
    return np.sqrt(np.maximum(x, 0))


def roots_backward(below):
    return lambda i, d: d * np.where(i[0] > 0, 0.5 / np.sqrt(np.where(i[0] > 0, i[0], 1)), below)


@pytest.mark.parametrize(
    "forward, right, wrong",
    [
        (scaled, scaled_backward, lambda i, d: scaled_backward(i, d) + d * (i[0].max() < 0)),
        (roots, roots_backward(0), roots_backward(7)),
    ],
)
def test_the_root_of_what_is_0_nearby_is_0_there(forward, right, wrong):
    assert gradcheck(forward, right, [np.zeros(4)]).verdict == "right"
    report = gradcheck(forward, wrong, [np.zeros(4)], diagnose=False)
    assert report.verdict == "wrong" and report.witness, str(report)
