"""Branches that usual numbers do not take: they are reached where that is possible, and named where it is not."""

import re

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck, same_function


def clipped(x, W):
    return np.clip(x @ W, -50, 50) ** 2


def beside_the_clip(inputs, d, inside=lambda y: np.abs(y) < 50):
    x, W = inputs
    y = np.clip(x @ W, -50, 50)
    a = d * 2 * y * inside(x @ W)
    return a @ W.T, x.T @ a


def rescaled(x):
    norm = np.sqrt(np.sum(x * x))
    return x * 100 / norm if norm > 100 else x * 1


def rescaled_backward(inputs, d):
    (x,) = inputs
    norm = np.sqrt(np.sum(x * x))
    return 100 * (d / norm - x * np.sum(d * x) / norm**3) if norm > 100 else d


def two_pieces(x):
    return np.where(np.abs(x) < 5, x**2, 10 * np.abs(x) - 25)


def near_0(x):
    return np.where(np.abs(x) < 1e-4, x, x**2)


def recurrent(x, W, h0):
    hs = [h0]
    for xt in x:
        hs.append(np.minimum(W @ hs[-1] + xt, 30))
    return np.array(hs[1:])


def recurrent_backward(inputs, d, limit=30):
    x, W, h0 = inputs
    hs = [h0, *recurrent(x, W, h0)]
    dx, dW, carry = np.zeros_like(x), np.zeros_like(W), np.zeros_like(h0)
    for t in reversed(range(len(x))):
        a = (d[t] + carry) * (W @ hs[t] + x[t] < limit)
        dx[t], carry = a, W.T @ a
        dW += np.outer(a, hs[t])
    return dx, dW, carry


A, B = np.zeros((4, 3)), np.zeros((3, 5))
RNN = [np.zeros((4, 3)), np.zeros((3, 3)), np.zeros(3)]
FAR = [
    (clipped, beside_the_clip, [A, B], True),
    (clipped, lambda i, d: beside_the_clip(i, d, lambda y: 1), [A, B], False),
    (clipped, lambda i, d: beside_the_clip(i, d, lambda y: y < 50), [A, B], False),
    (clipped, lambda i, d: beside_the_clip(i, d, lambda y: np.abs(y) < 60), [A, B], False),
    (rescaled, rescaled_backward, [np.zeros(4)], True),
    (rescaled, lambda i, d: d, [np.zeros(4)], False),
    (two_pieces, lambda i, d: d * np.where(np.abs(i[0]) < 5, 2 * i[0], 10 * np.sign(i[0])), [A], True),
    (two_pieces, lambda i, d: d * np.where(np.abs(i[0]) < 50, 2 * i[0], 10 * np.sign(i[0])), [A], False),
    (two_pieces, lambda i, d: d * 2 * i[0], [0.0], False),
    (near_0, lambda i, d: d * np.where(np.abs(i[0]) < 1e-4, 1, 2 * i[0]), [A], True),
    (near_0, lambda i, d: d * 2 * i[0], [A], False),
    (recurrent, recurrent_backward, RNN, True),
    (recurrent, lambda i, d: recurrent_backward(i, d, np.inf), RNN, False),
    (lambda x: x**3, lambda i, d: np.clip(3 * i[0] ** 2 * d, -1000, 1000), [A], False),
]


@pytest.mark.parametrize("forward, backward, inputs, right", FAR)
def test_what_is_wrong_beyond_a_far_limit_is_wrong(forward, backward, inputs, right):
    report = gradcheck(forward, backward, inputs)
    assert report.verdict == ("right" if right else "wrong"), str(report)
    assert bool(report.witness) is not right and not report.unreached


def test_the_report_says_where_it_was_exact():
    report = gradcheck(rescaled, lambda i, d: d, [np.zeros(4)])
    said = (
        r"exact at \d+ points, not at one of another size; at the others test_branches.py:\d+ "
        r"`norm > 100` was always False"
    )
    assert re.fullmatch(said, report.diagnosis[0])


UNREACHED = [
    (lambda x: np.tanh(x) * (np.tanh(x) < 5), "`np.tanh(x) < 5` was always True"),
    (lambda x: np.clip(np.tanh(x), -5, 7), "`np.clip(np.tanh(x), -5, 7)` never reached its lower bound"),
    (lambda x: np.clip(np.tanh(x), -5, 7), "`np.clip(np.tanh(x), -5, 7)` never reached its upper bound"),
    (lambda x: np.tanh(x).clip(5, 7) + np.tanh(x), "was always at its lower bound"),
    (lambda x: np.maximum(np.tanh(x), -5), "`np.maximum(np.tanh(x), -5)` always took its first argument"),
    (lambda x: np.minimum(5, np.tanh(x)), "`np.minimum(5, np.tanh(x))` always took its second argument"),
    (lambda x: np.abs(np.exp(x)) * 0 + np.tanh(x), "`np.abs(np.exp(x))` never met a negative number"),
]


@pytest.mark.parametrize("forward, told", UNREACHED)
def test_comparisons_that_went_one_way_are_named_with_their_line(forward, told):
    def backward(inputs, d):
        return d * (1 - np.tanh(inputs[0]) ** 2)

    report = gradcheck(forward, backward, [np.zeros(4)])
    line = forward.__code__.co_firstlineno
    assert any(f"test_branches.py:{line} `" in text and text.endswith(told) for text in report.unreached), str(report)
    assert f"not reached: test_branches.py:{line}" in str(report)
    assert report.as_json()["unreached"] == list(report.unreached)


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: np.maximum(x, 0) + np.minimum(x, 0),
        lambda x: x * (np.array([1.0, 2.0, 3.0]) > 0),
        lambda x: x - x.max() + x.max(),
    ],
    ids=["both ways", "constants", "a maximum along an axis"],
)
def test_nothing_else_is_named(forward):
    assert gradcheck(forward, lambda inputs, d: d, [np.zeros(3)]).unreached == ()


@pytest.mark.parametrize("minded", [True, False])
@pytest.mark.parametrize("width, seen", [(10, True), (30, True), (88, False), (500, False)])
def test_a_clip_before_a_sigmoid_is_a_guard_where_floating_point_sees_nothing_of_it(width, seen, minded):
    def sigmoid(x):
        return 1 / (1 + np.exp(-np.clip(x, -width, width)))

    def backward(inputs, d):
        s = sigmoid(inputs[0])
        return d * s * (1 - s) * (1 if not minded else np.abs(inputs[0]) < width)

    report = gradcheck(sigmoid, backward, [np.zeros(2)], diagnose=False)
    assert report.verdict == ("wrong" if seen and not minded else "right"), str(report)
    assert ("nothing beside gradients of the usual size" in str(report)) is (not seen and not minded), str(report)
    assert bool(report.unreached) is (not seen and not minded), str(report)
    if report.witness:
        assert abs(float(report.witness.true) - float(report.witness.given)) > 1e-16, (
            "the counterexample is no tiny one"
        )


def test_an_error_far_away_is_no_verdict():
    def forward(x):
        if np.max(np.abs(x)) > 100:
            raise ValueError("too large")
        return 2 * x

    report = gradcheck(forward, lambda inputs, d: 2 * d, [np.zeros(3)])
    assert report.verdict == "right" and report.unreached[0].endswith("`np.max(np.abs(x)) > 100` was always False")


def test_functions_that_differ_beyond_a_limit_are_not_the_same():
    report = same_function(lambda x: np.clip(x, -50, 50), lambda x: np.maximum(x, -50), [np.zeros(4)])
    assert report.verdict == "different" and report.witness
    other = same_function(lambda x: np.minimum(np.tanh(x), 5), np.tanh, [np.zeros(4)])
    assert other.verdict == "equal" and "always took its first argument" in other.unreached[0]


def test_a_relu_that_backward_finds_at_0_went_both_ways_and_is_no_kink():
    def backward(inputs, d):
        h, g = np.maximum(inputs[0], 0), d.copy()
        g[h <= 0] = 0
        return g

    report = gradcheck(lambda x: np.maximum(x, 0), backward, [np.zeros(4)])
    assert (report.verdict, report.unreached, report.diagnosis) == ("right", (), ())


def test_a_clip_of_a_function_that_is_small_everywhere_is_no_guard():
    def forward(x):
        return 1e-20 * np.clip(x, -50, 50)

    assert gradcheck(forward, lambda i, d: 1e-20 * d, [np.zeros(3)]).verdict == "wrong"
    assert same_function(forward, lambda x: 1e-20 * x, [np.zeros(3)]).verdict == "different"


def hinge(x, margin):
    return np.maximum(0, x[:, 0] ** 2 - x[:, 1] ** 2 + margin)


def hinge_backward(inputs, d, margin):
    (x,) = inputs
    return 2 * x * np.array([1, -1]) * (d * (x[:, 0] ** 2 - x[:, 1] ** 2 + margin > 0))[:, None]


def huber(x):
    return np.where(np.abs(x) < 1, 0.5 * x**2, np.abs(x) - 0.5)


@pytest.mark.parametrize(
    "forward, backward",
    [
        (lambda x: hinge(x, 0.02), lambda i, d, m=0.02: hinge_backward(i, d, m)),
        (huber, lambda i, d, m=1: d * np.where(np.abs(i[0]) < m, i[0], np.sign(i[0]))),
        (lambda x: np.where(x > 2, 3 * x, x), lambda i, d, m=2: d * np.where(i[0] > m, 3, 1)),
    ],
    ids=["a margin", "Huber", "a slope"],
)
@pytest.mark.parametrize("wrong", [None, {"m": 0}, {"m": 1.05}, {"m": 1.95}])
def test_limits_that_differ_a_little_are_seen(forward, backward, wrong):
    report = gradcheck(forward, lambda i, d: backward(i, d, **(wrong or {})), [np.zeros((3, 2))], diagnose=False)
    assert report.verdict == ("wrong" if wrong else "right"), str(report)


def test_functions_with_limits_that_differ_a_little_are_not_the_same():
    report = same_function(huber, lambda x: np.where(np.abs(x) < 1.02, 0.5 * x**2, np.abs(x) - 0.5), [np.zeros((3, 2))])
    assert report.verdict == "different" and report.witness


def banded(x, W, b):
    h = np.tanh(W @ x + b)
    return 2 * h if 1 <= abs(x[0]) < 2 else h


def banded_backward(inputs, d, inside=2):
    x, W, b = inputs
    h = np.tanh(W @ x + b)
    a = d * (1 - h**2) * (inside if 1 <= abs(x[0]) < 2 else 1)
    return W.T @ a, np.outer(a, x), a


@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("inside", [1, 2])
def test_an_entry_that_is_compared_with_a_limit_is_moved_there_alone(seed, inside):
    given = [np.array([0.1, 1.8]), np.ones((3, 2)), np.zeros(3)]
    report = gradcheck(banded, lambda i, d: banded_backward(i, d, inside), given, seed=seed, diagnose=False)
    assert (report.verdict, report.unreached) == ("right" if inside == 2 else "wrong", ()), str(report)


def test_a_decision_that_turns_only_where_gradients_vanish_is_listed():
    def forward(x):
        y = np.tanh(10 * x)
        return 2 * y if np.sum(x * x) > 1e4 else y

    report = gradcheck(forward, lambda i, d: 10 * d * (1 - np.tanh(10 * i[0]) ** 2), [np.zeros(3)], diagnose=False)
    assert report.verdict == "wrong" or "`np.sum(x * x) > 1e4` was always False" in str(report.unreached), str(report)
