"""Masks by -inf, where exp is 0, and by -1e9, where it is 0 for floating point alone."""

import math
from functools import partial

import numpy as np
import pytest
from scipy.special import logsumexp

from lstm_sym.gradcheck import gradcheck, same_function


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def indexed(s, mask, fill):
    s[mask] = fill
    return s


MASKED = {
    "by an index": indexed,
    "by where": lambda s, mask, fill: np.where(mask, fill, s),
    "by a sum": lambda s, mask, fill: s + np.triu(np.full(s.shape, fill), k=1),
    "before the scale": lambda s, mask, fill: 3 * np.where(mask, fill, s / 3),
}


def probabilities(Q, K, masked, fill):
    s = Q @ K.T / math.sqrt(Q.shape[-1])
    return softmax(masked(s, np.triu(np.ones(s.shape, dtype=bool), k=1), fill))


def attention(masked, fill):
    return lambda Q, K, V: probabilities(Q, K, masked, fill) @ V


def attention_backward(masked, fill, slip=""):
    def backward(inputs, d):
        Q, K, V = inputs
        P, scale = probabilities(Q, K, masked, fill), 1 if slip == "no scale" else math.sqrt(Q.shape[-1])
        dP = d @ V.T
        dS = P * dP if slip == "no sum" else P * (dP - (dP * P).sum(axis=-1, keepdims=True))
        if slip == "0 where masked":
            dS = np.tril(dS)
        return dS @ K / scale, dS.T @ Q / scale, P.T @ d

    return backward


HEAD = [np.zeros((4, 3)), np.zeros((4, 3)), np.zeros((4, 5))]


SLIPS = [("", "right"), ("0 where masked", "right"), ("no sum", "wrong"), ("no scale", "wrong")]
FILLS = [(way, fill, slip) for way in MASKED for fill in (-np.inf, -1e9) for slip in SLIPS]
FILLS += [("by a sum", fill, slip) for fill in (-1e20, np.finfo(float).min) for slip in SLIPS[::2]]


@pytest.mark.parametrize("way, fill, slip, verdict", [(way, fill, *slip) for way, fill, slip in FILLS])
def test_masked_attention(way, fill, slip, verdict):
    masked = MASKED[way]
    report = gradcheck(attention(masked, fill), attention_backward(masked, fill, slip), HEAD)
    assert report.verdict == verdict, str(report)
    assert (report.witness is None) is (verdict == "right")


def test_what_only_floating_point_makes_0_is_told():
    report = gradcheck(attention(indexed, -1e9), attention_backward(indexed, -1e9), HEAD)
    assert "exp is taken as 0 where it is too small for floating point, at test_infinity.py:" in str(report)
    exact = gradcheck(attention(indexed, -np.inf), attention_backward(indexed, -np.inf), HEAD)
    assert exact.diagnosis == ()


def behind(exponent):
    """A function of which a part is 0 in floating point where the exponent is far below 0, and its gradient."""

    def forward(x):
        return x**2 + np.exp(exponent(x))

    def backward(inputs, d, factor=1, slip=1):
        (x,) = inputs
        return d * (2 * slip * x + factor * 2 * x * (exponent(x + 1) - exponent(x)) / (2 * x + 1) * np.exp(exponent(x)))

    return forward, backward


@pytest.mark.parametrize(
    "shift, options, verdict, told",
    [
        (1, {}, "right", False),
        (0, {}, "right", False),
        (1, {"factor": 0}, "right", True),
        (1, {"slip": 2}, "wrong", False),
        (1, {"factor": 3, "slip": 2}, "wrong", False),
        (0, {"factor": 3}, "wrong", False),
    ],
)
def test_what_is_behind_an_exponential_that_is_always_0_is_not_reached(shift, options, verdict, told):
    forward, backward = behind(lambda x: -1e6 * (shift + x**2))
    report = gradcheck(forward, partial(backward, **options), [np.zeros(3)])
    assert report.verdict == verdict, str(report)
    assert any(text.endswith("was always 0 in floating point") for text in report.unreached) is told, str(report)


SUMS = {
    "of pairs": lambda x: np.logaddexp(np.logaddexp(x[..., 0], x[..., 1]), x[..., 2]),
    "reduced": lambda x: np.logaddexp.reduce(x, axis=-1),
    "along an axis": lambda x: logsumexp(x, axis=-1),
    "with the axis": lambda x: logsumexp(x, axis=1, keepdims=True)[:, 0],
    "of a list": lambda x: np.stack([logsumexp([*row]) for row in x]),
    "of all": lambda x: np.stack([logsumexp(row) for row in x]),
}


@pytest.mark.parametrize("fill", [-np.inf, -1e9])
@pytest.mark.parametrize("way", SUMS)
@pytest.mark.parametrize("factor, verdict", [(1, "right"), (2, "wrong")])
def test_a_sum_in_log_space_of_what_is_masked_altogether(way, fill, factor, verdict):
    kept = np.array([[True, True, False], [False, False, False]])

    def forward(x):
        return np.exp(SUMS[way](np.where(kept, x, x + fill)))

    def backward(inputs, d):
        return factor * d[:, None] * np.where(kept, np.exp(inputs[0]), 0)

    report = gradcheck(forward, backward, [np.zeros((2, 3))], diagnose=False)
    assert report.verdict == verdict and bool(report.witness) is (verdict == "wrong"), str(report)


def online(q, K, V):
    m, total, result = -np.inf, 0.0, np.zeros(V.shape[1])
    for k, v in zip(K, V):
        s = q @ k
        new = max(m, s)
        total = total * np.exp(m - new) + np.exp(s - new)
        result = result * np.exp(m - new) + np.exp(s - new) * v
        m = new
    return result / total


def online_backward(inputs, d, slip=0):
    q, K, V = inputs
    p = softmax(K @ q)
    ds = p * (V @ d - (p @ V @ d) * (1 - slip))
    return K.T @ ds, np.outer(ds, q), np.outer(p, d)


def test_softmax_in_one_pass():
    inputs = [np.zeros(3), np.zeros((4, 3)), np.zeros((4, 2))]
    assert gradcheck(online, online_backward, inputs).verdict == "right"
    assert gradcheck(online, lambda i, d: online_backward(i, d, 1), inputs).verdict == "wrong"
    assert same_function(online, lambda q, K, V: softmax(K @ q) @ V, inputs).verdict == "equal"


def pooled(x):
    padded = np.pad(x, 1, constant_values=-np.inf)
    return np.array([padded[k : k + 3].max() for k in range(len(x))])


def pooled_backward(inputs, d, step=0):
    padded = np.pad(inputs[0], 1, constant_values=-np.inf)
    dx = np.zeros(len(padded))
    for k in range(len(d)):
        dx[k + np.argmax(padded[k : k + 3]) - step] += d[k]
    return dx[1:-1]


def test_a_maximum_passes_over_padding():
    assert gradcheck(pooled, pooled_backward, [np.zeros(5)]).verdict == "right"
    assert gradcheck(pooled, lambda i, d: pooled_backward(i, d, 1), [np.zeros(5)]).verdict == "wrong"


FOLLOWED = [
    (lambda x: np.max(x, initial=-np.inf), lambda i, d: d * (i[0] == i[0].max())),
    (lambda x: np.where(np.isinf(np.where(x > 0, x, -np.inf)), 0, x), lambda i, d: d * (i[0] > 0)),
    (lambda x: np.where(np.isfinite(np.where(x > 0, x, -np.inf)), x, 0), lambda i, d: d * (i[0] > 0)),
    (lambda x: np.where(np.where(x > 0, x, -np.inf) == -np.inf, 0, x), lambda i, d: d * (i[0] > 0)),
    (lambda x: x * np.tanh(np.full(3, np.inf)), lambda i, d: d),
    (lambda x: np.minimum(x, math.inf), lambda i, d: d),
]


@pytest.mark.parametrize("forward, backward", FOLLOWED)
def test_what_has_a_finite_value_is_followed(forward, backward):
    assert gradcheck(forward, backward, [np.zeros(3)]).verdict == "right"
    assert gradcheck(forward, lambda i, d: 2 * backward(i, d), [np.zeros(3)]).verdict == "wrong"


REFUSED = [
    (lambda x: np.where(x > 0, x, -np.inf), "a result is infinite, from the inf at test_infinity.py:"),
    (lambda x: np.exp(x + np.inf), "given to a function that has no finite value"),
    (lambda x: softmax(x + np.full(3, -np.inf)), "is subtracted from itself"),
    (lambda x: x + np.array([0, 1, 0]) * -np.inf, "multiplied by 0"),
    (lambda x: x + (0 * x) * np.full(3, np.inf), "multiplied by 0"),
    (lambda x: x + 1 / (x - np.inf), "divided by"),
    (lambda x: x * np.nan, "nan has no exact value"),
]


@pytest.mark.parametrize("forward, message", REFUSED)
def test_what_has_no_finite_value_is_refused(forward, message):
    report = gradcheck(forward, lambda i, d: d, [np.zeros(3)])
    assert report.verdict == "undecided" and message in str(report), str(report)


@pytest.mark.parametrize("gamma", [1, 100, 1e6])
@pytest.mark.parametrize("factor, right", [(2, True), (1, False)])
def test_a_narrow_bell_is_no_mask(gamma, factor, right):
    def bell(x):
        return np.exp(-gamma * x**2)

    report = gradcheck(bell, lambda i, d: -factor * gamma * i[0] * d * bell(i[0]), [np.zeros((3, 2))])
    assert report.verdict == ("right" if right else "wrong"), str(report)
