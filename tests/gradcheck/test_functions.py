"""Functions of NumPy on exact numbers give what they give on floating-point ones."""

import itertools

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck
from lstm_sym.gradcheck.arrays.array import exact
from lstm_sym.gradcheck.exact.field import Field
from lstm_sym.gradcheck.stand_ins.stand_in import StandIn

FIELD = Field(1)
NUMPY = StandIn(FIELD).numpy


@pytest.mark.parametrize("name", ["convolve", "correlate"])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_products_of_sliding_vectors(name, mode):
    random = np.random.default_rng(0)
    for n, m in itertools.product(range(1, 6), repeat=2):
        a, v = random.integers(-5, 5, n) * 1.0, random.integers(-5, 5, m) * 1.0
        wanted = getattr(np, name)(a, v, mode)
        for first, second in ((exact(a, FIELD), exact(v, FIELD)), (a, exact(v, FIELD)), (exact(a, FIELD), v)):
            assert np.array_equal(getattr(NUMPY, name)(first, second, mode).shadow, wanted)


def windows(x, w):
    return np.lib.stride_tricks.sliding_window_view(x, len(w)) @ w


def strided(x, w):
    n, m = len(x), len(w)
    return np.lib.stride_tricks.as_strided(x, (n - m + 1, m), (x.strides[0], x.strides[0])) @ w


def convolved(x, w):
    return np.convolve(x, w[::-1], mode="valid")


def backward(inputs, d, shift=0):
    x, w = inputs
    dx = np.zeros_like(x)
    for k in range(len(d)):
        dx[k : k + len(w)] += d[k] * np.roll(w, shift)
    return dx, np.correlate(x, d)


@pytest.mark.parametrize("forward", [windows, strided, convolved])
def test_convolutions_in_several_styles(forward):
    inputs = [np.zeros(7), np.zeros(3)]
    assert gradcheck(forward, backward, inputs).verdict == "right"
    report = gradcheck(forward, lambda i, d: backward(i, d, 1), inputs)
    assert (report.verdict, report.inputs) == ("wrong", {"x": False, "w": True})


def test_strides_that_leave_the_array_are_refused():
    def forward(x):
        return np.lib.stride_tricks.as_strided(x, (5, 3), (8, 8)).sum()

    report = gradcheck(forward, lambda i, d: d * i[0], [np.zeros(5)])
    assert report.verdict == "undecided" and "as_strided reads memory outside of the array" in str(report)


@pytest.mark.parametrize("name, initial", [("max", 0), ("min", 0), ("max", -np.inf), ("sum", 2), ("prod", 3)])
def test_a_reduction_with_an_initial_value(name, initial):
    x = np.array([[-2.0, 1.0, 3.0], [-4.0, -1.0, -5.0]])
    found = getattr(NUMPY, name)(exact(x, FIELD), axis=1, initial=initial)
    assert np.array_equal(found.shadow, getattr(np, name)(x, axis=1, initial=initial))


def doubled_backward(inputs, d):
    (x,) = inputs
    e = np.ascontiguousarray(d.T)
    e *= 2
    return x * np.asfortranarray(e.T)


def overwriting_backward(inputs, d):
    (x,) = inputs
    e = np.ascontiguousarray(d)
    e *= 2
    return x * e


@pytest.mark.parametrize("backward, verdict", [(doubled_backward, "right"), (overwriting_backward, "wrong")])
def test_memory_is_copied_where_its_order_changes(backward, verdict):
    """The copy of a transpose may be written to; what lies in order is the array itself, upstream gradient or not."""
    assert gradcheck(lambda x: x * x, backward, [np.zeros((3, 4))]).verdict == verdict


@pytest.mark.parametrize("name", ["ascontiguousarray", "asfortranarray"])
@pytest.mark.parametrize("view", [lambda x: x, lambda x: x.T, lambda x: x[:, ::2]], ids=["whole", "turned", "part"])
def test_memory_lies_as_it_does_in_NumPy(name, view):
    x = np.arange(6.0).reshape(2, 3)
    wanted, found = getattr(np, name)(view(x)), getattr(NUMPY, name)(view(exact(x, FIELD)))
    assert np.array_equal(found.shadow, wanted) and found.strides == wanted.strides


SIGNED = [
    (lambda x: np.copysign(np.log1p(np.abs(x)), x), lambda x: 1 / (1 + np.abs(x)), lambda x: 1 / (1 + x)),
    (lambda x: np.where(np.signbit(x), 0.1 * x, x), lambda x: np.where(x < 0, 0.1, 1), lambda x: 1),
    (lambda x: x * np.average(x > 0), lambda x: np.average(x > 0), lambda x: np.average(x > 1)),
    (lambda x: x - np.nanmax(x), lambda x: 1 - (x == x.max()) * x.size, lambda x: 1),
    (lambda x: x * np.nanargmax(x), lambda x: np.argmax(x), lambda x: np.argmin(x)),
]


@pytest.mark.parametrize("forward, slope, other", SIGNED)
def test_functions_of_signs_and_places(forward, slope, other):
    """With the derivative of the sum."""
    for factor, verdict in ((slope, "right"), (other, "wrong")):
        report = gradcheck(
            lambda x: forward(x).sum(), lambda i, d, f=factor: d * f(i[0]) * np.ones(3), [np.zeros(3)], diagnose=False
        )
        assert report.verdict == verdict, str(report)


def test_nan_stands_for_what_is_not_filled_yet():
    def forward(x, steps):
        h = np.full(x.shape, np.nan)
        for t in range(steps):
            h[t] = np.tanh(x[t])
        return h

    def backward(inputs, d):
        slopes = np.full_like(d, np.nan)
        slopes[:] = 1 - forward(*inputs) ** 2
        return d * slopes, None

    assert gradcheck(forward, backward, [np.zeros(4), 4]).verdict == "right"
    unfilled = gradcheck(forward, backward, [np.zeros(4), 3], diagnose=False)
    assert unfilled.verdict != "right" and "forward returns other values" in str(unfilled)


@pytest.mark.parametrize("test, there", [(np.isneginf, [1, 0, 0, 0]), (np.isposinf, [0, 0, 0, 1])])
def test_infinities_of_one_sign(test, there):
    def forward(x):
        return x * test(np.concatenate([[-np.inf], x[1:3], [np.inf]]))

    assert gradcheck(forward, lambda i, d: d * there, [np.zeros(4)]).verdict == "right"
    assert gradcheck(forward, lambda i, d: d * there[::-1], [np.zeros(4)]).verdict == "wrong"


KINDS = {int: "int", float: "float", np.ndarray: "array", list: "list"}
"""Made before any function is checked."""


def test_classes_are_what_they_seem():
    class Own(type):
        pass

    def forward(x, k):
        count, made = int((x > 0).sum()), type("Made", (), {"two": 2})
        assert type(x) is np.ndarray and type(x[0]) is np.float64 and type(k) is int and float is float
        assert type(count) is int and type((x > 0).any()) is np.bool_ and type(x > 0) is np.ndarray
        assert [KINDS[type(value)] for value in (k, 0.5, x, [])] == ["int", "float", "array", "list"]
        assert isinstance(Own, type) and type(made()) is made and not isinstance(x, type)
        return x * made.two * count

    slope = lambda i, d: (2 * d * int((i[0] > 0).sum()), None)  # noqa: E731
    report = gradcheck(forward, slope, [np.zeros(3), 4])
    assert report.verdict == "right", str(report)
