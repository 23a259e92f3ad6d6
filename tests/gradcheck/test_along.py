"""Functions along an axis give what NumPy's give."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

from .agreement import agree

X = np.array([[5.0, -2.0, 1.0], [3.0, 4.0, -7.0], [2.0, 8.0, 6.0], [-1.0, 9.0, 0.0]])
V = np.array([4.0, -1.0, 3.0])
GRID = np.array([0.0, 1.0, 3.0])

CALLS = [
    lambda m, x, v: m.apply_along_axis(lambda row: row[:2] * row.sum(), 0, x),
    lambda m, x, v: m.apply_along_axis(m.sum, 1, x),
    lambda m, x, v: m.apply_along_axis(lambda row: m.outer(row, row), -1, x),
    lambda m, x, v: m.median(v),
    lambda m, x, v: m.median(x, axis=0),
    lambda m, x, v: m.median(x, 1, keepdims=True),
    lambda m, x, v: m.median(x),
    lambda m, x, v: m.percentile(v, 30),
    lambda m, x, v: m.quantile(x, [0.25, 0.5], axis=1),
    lambda m, x, v: m.quantile(x, [[0.0], [1.0]], keepdims=True),
    lambda m, x, v: m.ptp(x, axis=0),
    lambda m, x, v: m.ptp(x),
    lambda m, x, v: m.ediff1d(x),
    lambda m, x, v: m.ediff1d(v, to_end=[1.0, 2.0]),
    lambda m, x, v: m.ediff1d(v, to_begin=v, to_end=7.0),
    lambda m, x, v: m.average(x, axis=1, weights=np.array([1, 2, 1])),
    lambda m, x, v: m.average(x[:3], axis=0, weights=np.array([1, 2, 1])),
    lambda m, x, v: m.average(x[:2, :2], weights=m.ones((2, 2)), returned=True),
    lambda m, x, v: m.average(x, axis=0),
    lambda m, x, v: m.interp(v, GRID, m.array([2.0, 4.0, 5.0])),
    lambda m, x, v: m.interp(v, GRID, v, left=9.0, right=8.0),
    lambda m, x, v: m.partition(x, 1, axis=0),
    lambda m, x, v: m.argpartition(v, 1),
    lambda m, x, v: m.searchsorted(GRID, v, side="right"),
    lambda m, x, v: m.digitize(v, GRID),
    lambda m, x, v: m.bincount(np.array([0, 2, 2]), weights=v, minlength=4),
    lambda m, x, v: m.einsum_path("ij,j->i", x, v)[0],
]


@pytest.mark.parametrize("call", CALLS)
def test_what_numpy_gives(call):
    assert agree(call, X, V)


def test_weights_of_one_axis_are_not_those_of_another():
    """A square array would take them along its last axis."""

    def backward(inputs, d, axis=0):
        x, w = inputs
        shape = (-1, 1) if axis == 0 else (1, -1)
        total = w.sum()
        spread = np.expand_dims(d, axis)
        mean = np.expand_dims(np.average(x, axis=0, weights=w), 0)
        return spread * w.reshape(shape) / total, ((x - mean) * d).sum(1) / total

    inputs = [np.zeros((3, 3)), np.array([1.0, 2.0, 3.0])]

    def forward(x, w):
        return np.average(x, axis=0, weights=w)

    assert gradcheck(forward, backward, inputs).verdict == "right"
    assert gradcheck(forward, lambda i, d: backward(i, d, 1), inputs).inputs["x"] is False
