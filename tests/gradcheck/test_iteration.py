"""Walks through exact arrays, and arrays glued together."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

from .agreement import agree

X = np.array([[5.0, -2.0, 1.0], [3.0, 4.0, -7.0]])
V = np.array([4.0, -1.0])

CALLS = [
    lambda m, x, v: m.r_[v, 1.0, v[::-1]],
    lambda m, x, v: m.r_[0:3, v],
    lambda m, x, v: m.r_["0,2", v, v],
    lambda m, x, v: m.r_[x, x],
    lambda m, x, v: m.c_[v, x],
    lambda m, x, v: m.c_[v, [1, 2], v],
    lambda m, x, v: m.c_[v],
    lambda m, x, v: [entry * place[1] for place, entry in m.ndenumerate(x)],
    lambda m, x, v: [entry * 2 for entry in m.nditer(x.T)],
    lambda m, x, v: [a * b for a, b in m.nditer([x, x + 1])],
    lambda m, x, v: m.fromiter((entry * entry for entry in v), dtype=float),
    lambda m, x, v: m.fromiter(iter(v), float, count=1),
    lambda m, x, v: m.broadcast(x, v[:, None]).shape,
    lambda m, x, v: m.meshgrid(v, x[0]),
    lambda m, x, v: m.meshgrid(v, v, indexing="ij", sparse=True),
    lambda m, x, v: m.select([x < 0, x > 3], [0 * x, x * x], default=1.0),
    lambda m, x, v: m.where((x > 0).astype(float), x, 0.0),
    lambda m, x, v: m.where(x - 1, x, 7.0),
    lambda m, x, v: m.extract(x - 1, x),
    lambda m, x, v: m.multiply.accumulate(x, axis=1),
    lambda m, x, v: m.add.reduceat(x, [0, 2, 1], axis=1),
    lambda m, x, v: m.hypot.reduce(m.array([3.0, 4.0, 12.0])),
    lambda m, x, v: m.subtract.reduce(x, axis=0),
    lambda m, x, v: m.subtract.accumulate(x, axis=0),
    lambda m, x, v: m.sum(x, axis=0, where=x > 0),
    lambda m, x, v: m.max(x, axis=1, where=x < 4, initial=-9.0),
    lambda m, x, v: m.mean(x, axis=1, where=np.array([True, True, False])),
    lambda m, x, v: m.var(x, where=np.array([True, True, False])),
    lambda m, x, v: m.multiply.reduce(x, axis=1, where=x > 0),
    lambda m, x, v: m.einsum("...i,...i", x, x),
    lambda m, x, v: m.einsum(x, [0, 1], v, [0], [1]),
    lambda m, x, v: m.einsum(x, [..., 0], x, [1, 0]),
]


@pytest.mark.parametrize("call", CALLS)
def test_what_numpy_gives(call):
    assert agree(call, X, V)


@pytest.mark.parametrize("subscripts", ["...i,...i->", "i...->i"])
def test_subscripts_that_numpy_refuses_are_refused(subscripts):
    operands = [X] * (1 + subscripts.count(","))
    for call in (lambda x: x, lambda x: x * 1.0):
        with pytest.raises(ValueError):
            np.einsum(subscripts, *map(call, operands))
    report = gradcheck(lambda x: np.einsum(subscripts, *[x] * len(operands)), lambda i, d: (i[0] * d,), [X])
    assert report.verdict == "undecided" and "raises ValueError" in str(report)


def written_by_entry(x, w):
    out = np.zeros_like(x)
    walk = np.nditer(x, flags=["multi_index"])
    for entry in walk:
        out[walk.multi_index] = entry * w
    with np.nditer(out, op_flags=["readwrite"]) as places:
        for place in places:
            place[...] = np.tanh(place)
    return out


def written_backward(inputs, d, sign=-1):
    x, w = inputs
    e = np.zeros_like(x)
    for (i, j), entry in np.ndenumerate(x):
        e[i, j] = d[i, j] * (1 + sign * np.tanh(entry * w) ** 2)
    return e * w, (e * x).sum()


@pytest.mark.parametrize("sign, verdict", [(-1, "right"), (1, "wrong")])
def test_a_loop_over_entries(sign, verdict):
    report = gradcheck(written_by_entry, lambda i, d: written_backward(i, d, sign), [np.zeros((2, 3)), 1.0])
    assert report.verdict == verdict


@pytest.mark.parametrize("mode, verdict", [("edge", "right"), ("mean", "undecided")])
def test_what_padding_copies_is_followed(mode, verdict):
    """The mean of the entries is no copy of one."""

    def backward(inputs, d):
        return np.r_[d[0] + d[1], d[2], d[3] + d[4]]

    assert gradcheck(lambda x: np.pad(x, 1, mode=mode), backward, [np.zeros(3)]).verdict == verdict
