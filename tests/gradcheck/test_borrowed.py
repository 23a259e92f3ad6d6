"""What NumPy has written in Python runs on exact numbers, and gives what it gives on floating-point ones."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

from .agreement import agree

X = np.array([[5.0, -2.0, 1.0], [3.0, 4.0, -7.0]])
V, W = np.array([4.0, -1.0, 3.0]), np.array([2.0, 1.0, -5.0])

CALLS = [
    lambda m, x, v, w: m.diff(x),
    lambda m, x, v, w: m.diff(x, axis=0, prepend=0.0),
    lambda m, x, v, w: m.diff(v, 2),
    lambda m, x, v, w: m.gradient(v, 2.0),
    lambda m, x, v, w: m.gradient(x),
    lambda m, x, v, w: m.cross(v, w),
    lambda m, x, v, w: m.cross(x, v),
    lambda m, x, v, w: m.vander(v),
    lambda m, x, v, w: m.vander(v, 4, increasing=True),
    lambda m, x, v, w: m.polyval(v, w),
    lambda m, x, v, w: m.polyder(v),
    lambda m, x, v, w: m.polyadd(v, w[1:]),
    lambda m, x, v, w: m.piecewise(v, [v < 0, v > 3], [lambda u: u * u, 2.0, lambda u: -u]),
    lambda m, x, v, w: m.kron(x, v),
    lambda m, x, v, w: m.kron(v, w),
    lambda m, x, v, w: m.cov(x, ddof=0, rowvar=False),
    lambda m, x, v, w: m.apply_over_axes(m.sum, x, [0, 1]),
    lambda m, x, v, w: m.nancumsum(x, axis=1),
    lambda m, x, v, w: m.triu_indices_from(x[:, :2]),
]
CALLS += [lambda m, x, v, w: m.trapezoid(v, w)] if hasattr(np, "trapezoid") else []


@pytest.mark.parametrize("call", CALLS)
def test_what_numpy_gives(call):
    assert agree(call, X, V, W)


def correlation(x, y):
    return np.corrcoef(x, y)[0, 1]


def correlation_backward(inputs, d, sign=1):
    x, y = (u - u.mean() for u in inputs)
    n, m = np.sqrt(x @ x), np.sqrt(y @ y)
    r = x @ y / (n * m)
    return d * (y / m - r * x / n) / n, d * (x / n - sign * r * y / m) / m


@pytest.mark.parametrize("sign, wrong", [(1, []), (-1, ["y"])])
def test_a_correlation(sign, wrong):
    report = gradcheck(correlation, lambda i, d: correlation_backward(i, d, sign), [np.zeros(4), np.zeros(4)])
    assert [name for name, good in report.inputs.items() if not good] == wrong
