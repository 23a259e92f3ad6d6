"""Functions that write into an array write what NumPy's write, where they write it."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

from .agreement import agree

X = np.arange(1.0, 13.0).reshape(3, 4)
V = np.array([-1.0, -2.0, -3.0])
MASK = X > 6
ROWS = np.array([[0], [3], [1]])

WRITES = [
    lambda m, x, v: m.put(x, [0, 5, 11], v),
    lambda m, x, v: m.put(x, [0, 0, 2, 3], v),
    lambda m, x, v: m.putmask(x, MASK, v),
    lambda m, x, v: m.place(x, MASK, v),
    lambda m, x, v: m.put_along_axis(x, ROWS, v[:, None], axis=1),
    lambda m, x, v: m.put_along_axis(x, ROWS, values=0.5, axis=1),
    lambda m, x, v: m.fill_diagonal(x, v),
    lambda m, x, v: m.fill_diagonal(x.T, 7.0),
    lambda m, x, v: m.copyto(x, v[:, None]),
    lambda m, x, v: m.copyto(x, v[0], where=MASK),
    lambda m, x, v: m.add.at(x, ([0, 0, 2], [1, 1, 3]), v),
    lambda m, x, v: m.multiply.at(x, ([0, 0, 2], 1), v),
    lambda m, x, v: m.maximum.at(x, [0, 2], v[:2, None] + 6.0),
    lambda m, x, v: m.negative.at(x, [0, 0, 1]),
    lambda m, x, v: m.subtract(x, v[:, None], out=x, where=MASK),
]


@pytest.mark.parametrize("write", WRITES)
def test_what_numpy_writes(write):
    def written(m, x, v):
        write(m, x, v)
        return x

    assert agree(written, X, V)


def quotient(a, b):
    return np.divide(a, b, out=np.zeros_like(a), where=b != 0)


def quotient_backward(inputs, d, sign=-1):
    a, b = inputs
    nothing = np.zeros_like(d)
    return quotient(d, b), sign * np.divide(d * a, b * b, out=nothing, where=b != 0)


@pytest.mark.parametrize("sign, wrong", [(-1, []), (1, ["b"])])
def test_a_quotient_where_there_is_one(sign, wrong):
    report = gradcheck(quotient, lambda i, d: quotient_backward(i, d, sign), [np.zeros(3), np.zeros(3)])
    assert [name for name, good in report.inputs.items() if not good] == wrong


def test_what_is_not_written_to_is_unknown():
    """Entries that ``where`` leaves out hold what happens to be in memory."""
    report = gradcheck(lambda x: np.exp(x, where=np.array([True, False])), lambda i, d: (d,), [np.zeros(2)])
    assert report.verdict != "right" and "run again on the same inputs" in str(report)
