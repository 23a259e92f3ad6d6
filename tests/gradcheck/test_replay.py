"""Code that does other things on exact numbers than on its user's arrays is not right, nor is it wrong."""

import math
from collections import deque
from contextlib import suppress
from functools import lru_cache

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

X, W = np.zeros((3, 4)), np.zeros((4, 5))


def product(x, w):
    return x @ w


def gradients(inputs, d):
    x, w = inputs
    return d @ w.T, x.T @ d


def if_an_array(inputs, d):
    dx, dw = gradients(inputs, d)
    return (dx / 2 if dx.__class__ is np.ndarray else dx), dw


def if_a_float_type(inputs, d):
    dx, dw = gradients(inputs, d)
    return (dx / 2 if dx.dtype.type is np.float64 else dx), dw


def if_in_a_buffer(inputs, d):
    dx, dw = gradients(inputs, d)
    try:
        return dx / len(memoryview(dx)), dw
    except TypeError:
        return dx, dw


@pytest.mark.parametrize("backward", [if_an_array, if_a_float_type, if_in_a_buffer])
def test_another_gradient_in_floating_point_is_not_right(backward):
    report = gradcheck(product, backward, [X, W])
    assert report.verdict == "undecided", str(report)
    assert report.diagnosis == (
        "on arrays of floating-point numbers backward returns another gradient of x than on exact numbers",
    )


def test_another_value_in_floating_point_is_not_right():
    def forward(x, w):
        return x @ w if x.__class__ is np.ndarray else 2 * x @ w

    report = gradcheck(forward, lambda inputs, d: tuple(2 * g for g in gradients(inputs, d)), [X, W])
    assert report.verdict == "undecided" and "forward returns other values" in report.diagnosis[0]


def test_an_error_in_floating_point_is_not_right():
    def backward(inputs, d):
        if d.__class__ is np.ndarray:
            raise ValueError("no such array")
        return gradients(inputs, d)

    report = gradcheck(product, backward, [X, W])
    assert report.verdict == "undecided"
    assert "on arrays of floating-point numbers backward raises ValueError" in report.diagnosis[0]


def test_what_is_true_in_floating_point_is_not_wrong():
    def backward(inputs, d):
        dx, dw = gradients(inputs, d)
        return (dx if dx.__class__ is np.ndarray else dx / 2), dw

    report = gradcheck(product, backward, [X, W])
    assert report.verdict == "undecided" and report.diagnosis[0].endswith(
        "exact numbers do not follow what the code does"
    )


@pytest.mark.parametrize("kind", [np.ndarray, np.float64, np.floating, np.number, np.generic])
def test_exact_numbers_are_of_the_types_that_floating_point_has(kind):
    def backward(inputs, d):
        dx, dw = gradients(inputs, d)
        return (dx / 2 if isinstance(dx if kind is np.ndarray else dx[0, 0], kind) else dx), dw

    assert gradcheck(product, backward, [X, W]).verdict == "wrong"


def caught(inputs, d):
    dx, dw = gradients(inputs, d)
    with suppress(Exception):
        dx = dx / np.linalg.svd(dx)[1][0]
    return dx, dw


def caught_by_all(inputs, d):
    dx, dw = gradients(inputs, d)
    try:
        return np.spacing(dx) + dx, dw
    except:  # noqa: E722
        return dx, dw


def returned_at_last(inputs, d):
    dx, dw = gradients(inputs, d)
    try:
        dx = dx / np.linalg.svd(dx)[1][0]
    finally:
        return dx, dw  # noqa: B012


@pytest.mark.parametrize("backward, what", [(caught, "svd"), (caught_by_all, "spacing"), (returned_at_last, "svd")])
def test_what_cannot_be_followed_is_told_when_the_code_catches_it(backward, what):
    report = gradcheck(product, backward, [X, W])
    assert report.verdict == "undecided" and f"np.{what} " in report.diagnosis[0], str(report)


def masked(x, rows):
    return x * (rows(x.shape) < 0.5)


GENERATOR = np.random.default_rng(3)


def seeded(shape):
    return np.random.default_rng(7).random(shape)


def seeded_globally(shape):
    np.random.seed(7)
    return np.random.random_sample(shape)


@pytest.mark.parametrize(
    "rows, verdict",
    [
        (lambda shape: np.random.random_sample(shape), "wrong"),
        (lambda shape: GENERATOR.random(shape), "wrong"),
        (lambda shape: np.random.default_rng().random(shape), "wrong"),
        (seeded, "right"),
        (seeded_globally, "right"),
    ],
)
def test_a_mask_that_backward_draws_anew_is_another_one(rows, verdict):
    assert gradcheck(lambda x: masked(x, rows), lambda inputs, d: masked(d, rows), [X]).verdict == verdict


def test_what_overflows_far_out_is_right_nearby():
    def forward(x):
        return np.array([math.exp(v) for v in x]) * (2 if x[0] > 1000 else 1)

    report = gradcheck(forward, lambda inputs, d: d * forward(*inputs), [np.zeros(3)])
    assert report.ok, str(report)


# --- what is kept from run to run -----------------------------------------------------------------


class Kept:
    def __init__(self):
        self.h = None
        self.slope = np.ones((3, 5))


def test_what_is_kept_from_an_earlier_run_is_wrong_in_the_next():
    kept = Kept()

    def backward(inputs, d):
        x, w = inputs
        if kept.h is None:
            kept.h = np.tanh(x @ w)
        return gradients(inputs, d * (1 - kept.h**2))

    report = gradcheck(lambda x, w: np.tanh(x @ w), backward, [X, W])
    assert report.verdict == "wrong" and abs(float(report.witness.given)) < 1e3, str(report)
    assert kept.h is None


class Slotted:
    __slots__ = ("slope",)


SLOTTED, QUEUE = Slotted(), deque()


def from_a_slot(inputs, d):
    if not hasattr(SLOTTED, "slope"):
        SLOTTED.slope = 2 * inputs[0]
    return d * SLOTTED.slope


def from_a_queue(inputs, d):
    if not QUEUE:
        QUEUE.append(2 * inputs[0])
    return d * QUEUE[0]


@pytest.mark.parametrize("backward", [from_a_slot, from_a_queue])
def test_what_is_kept_in_slots_and_queues_is_wrong_in_the_next_run(backward):
    assert gradcheck(np.square, backward, [X]).verdict == "wrong"
    assert not hasattr(SLOTTED, "slope") and not QUEUE


def test_an_output_that_backward_writes_over_is_looked_at_before():
    def forward(x):
        h = np.tanh(x)
        return h, (h,)

    def backward(d, cache):
        (h,) = cache
        h *= h
        return d * (1 - h)

    assert gradcheck(forward, backward, [X]).verdict == "right"


@lru_cache
def angles(length):
    return np.sqrt(2.0) * np.pi * np.arange(1, length + 1)[:, None]


def test_constants_may_be_kept():
    def backward(inputs, d):
        (x,) = inputs
        return np.sqrt(2.0) * np.pi * np.arange(1, len(x) + 1)[:, None] * d

    assert gradcheck(lambda x: angles(len(x)) * x, backward, [X]).ok
    assert angles.cache_info().currsize == 0


def test_the_state_of_the_code_is_left_as_it_was():
    kept, memo, count = Kept(), {}, 0
    slope = kept.slope

    def backward(inputs, d):
        nonlocal count
        count += 1
        memo["d"] = d
        kept.slope *= 1
        kept.other = d
        return gradients(inputs, d)

    assert gradcheck(product, backward, [X, W]).ok
    assert not memo and count == 0 and kept.slope is slope and not hasattr(kept, "other")
    assert not gradcheck(product, lambda inputs, d: (2 * backward(inputs, d)[0], None), [X, W]).ok
    assert not memo and count == 0 and (slope == 1).all()


@pytest.mark.parametrize("slope, verdict", [(2.0, "undecided"), (3.0, "undecided")])
def test_a_forward_that_asks_for_its_type_is_undecided_whatever_backward_does(slope, verdict):
    def forward(x):
        return x**2 if x.__class__ is np.ndarray else x

    report = gradcheck(forward, lambda i, d: slope * i[0] * d, [X])
    assert report.verdict == verdict and "forward returns other values" in report.diagnosis[0], str(report)


def centred(x):
    y = x[[0, 0, 0]]
    return (y - y.mean()) / np.sqrt(y.var() + 1e-5)


def centred_backward(inputs, d):
    (x,) = inputs
    y = x[[0, 0, 0]]
    s = np.sqrt(y.var() + 1e-5)
    n = (y - y.mean()) / s
    dx = np.zeros_like(x)
    np.add.at(dx, [0, 0, 0], (d - d.mean() - n * (d * n).mean()) / s)
    return dx


@pytest.mark.parametrize("seed", range(4))
def test_what_rounding_makes_of_0_is_no_other_value(seed):
    assert gradcheck(centred, centred_backward, [np.zeros(2)], seed=seed, diagnose=False).verdict == "right"


def test_a_small_number_for_0_is_another_value():
    def backward(inputs, d):
        dx = centred_backward(inputs, d)
        return dx + 1e-8 if dx.__class__ is np.ndarray else dx

    assert gradcheck(centred, backward, [np.zeros(2)], diagnose=False).verdict == "undecided"
