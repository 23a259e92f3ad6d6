"""How NumPy is used besides its operators: arrays glued together, functions along axes, entries, solvers, closures."""

import itertools
import math
from dataclasses import dataclass

import numpy as np


def glued(x, h, W):
    """One matrix for the input, the state and the bias."""
    z = np.r_[x, h, 1.0]
    return np.tanh(W @ z), (x, W, z)


def glued_backward(dout, cache):
    x, W, z = cache
    a = dout * (1 - np.tanh(W @ z) ** 2)
    dz = W.T @ a
    return dz[: len(x)], dz[len(x) : -1], np.multiply.outer(a, z)


def gru_cell(x, h, Wi, Wh, bi, bh):
    """The gates of a library, three to a matrix."""
    ir, iz, i_n = np.array_split(x @ Wi.T + bi, 3, axis=1)
    hr, hz, hn = np.array_split(h @ Wh.T + bh, 3, axis=1)
    r, z = np.reciprocal(1 + np.exp(-(ir + hr))), np.reciprocal(1 + np.exp(-(iz + hz)))
    n = np.tanh(i_n + r * hn)
    return n + z * (h - n), (x, h, Wi, Wh, r, z, n, hn)


def gru_cell_backward(dout, cache):
    x, h, Wi, Wh, r, z, n, hn = cache
    dn = dout * (1 - z) * (1 - n * n)
    gates = np.c_[dn * hn * r * (1 - r), dout * (h - n) * z * (1 - z)]
    di, dh = np.c_[gates, dn], np.c_[gates, dn * r]
    return di @ Wi, dout * z + dh @ Wh, di.T @ x, dh.T @ h, di.sum(0), dh.sum(0)


def by_rows(x, w):
    return np.apply_along_axis(lambda row: np.exp(row) @ w / np.sum(np.exp(row)), 1, x)


def by_rows_backward(inputs, dout):
    x, w = inputs
    p = np.apply_along_axis(lambda row: np.exp(row) / np.exp(row).sum(), -1, x)
    mean = (p @ w)[:, None]
    return dout[:, None] * p * (w - mean), dout @ p


def gelu_by_entries(x):
    out = np.zeros_like(x)
    for place, entry in np.ndenumerate(x):
        out[place] = 0.5 * entry * (1 + math.erf(entry / math.sqrt(2)))
    return out


def gelu_by_entries_backward(inputs, dout):
    (x,) = inputs
    dx = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        u = x[place]
        density = math.exp(-u * u / 2) / math.sqrt(2 * math.pi)
        dx[place] = dout[place] * (0.5 * (1 + math.erf(u / math.sqrt(2))) + u * density)
    return dx


def maxout(x, W, b):
    z = np.einsum("nd,dhk->nhk", x, W) + b
    return z.max(-1), (x, W, z.shape, z.argmax(-1))


def maxout_backward(dout, cache):
    x, W, shape, best = cache
    dz = np.zeros(shape)
    np.put_along_axis(dz, best[..., None], dout[..., None], axis=-1)
    return np.einsum("nhk,dhk->nd", dz, W), np.einsum("nd,nhk->dhk", x, dz), dz.sum(0)


def hard_swish(x):
    return x * np.clip(x + 3, 0, 6) / 6


def hard_swish_backward(inputs, dout):
    (x,) = inputs
    return dout * np.select([x <= -3, x < 3], [0 * x, (2 * x + 3) / 6], default=1.0)


def gaussian(x, mean, L):
    """The logarithm of a density whose covariance is L Lᵀ."""
    y = np.linalg.solve(L, x - mean)
    return -0.5 * y @ y - np.linalg.slogdet(L)[1], (L, y)


def gaussian_backward(dout, cache):
    L, y = cache
    u = np.linalg.solve(L.T, y)
    return -dout * u, dout * u, dout * (np.outer(u, y) - np.linalg.inv(L).T)


def total_variation(image):
    return sum(np.sum(np.diff(image, axis=k) ** 2) for k in range(2))


def total_variation_backward(inputs, dout):
    (image,) = inputs
    dx = np.zeros_like(image)
    rows, columns = 2 * dout * np.diff(image, axis=0), 2 * dout * np.diff(image)
    dx[1:] += rows
    dx[:-1] -= rows
    dx[:, 1:] += columns
    dx[:, :-1] -= columns
    return dx


def segments(x, starts):
    """Means of pieces of unlike length."""
    return np.add.reduceat(x, starts, axis=0) / np.diff([*starts, len(x)])[:, None]


def segments_backward(inputs, dout):
    x, starts = inputs
    counts = np.diff([*starts, len(x)])
    return np.repeat(dout / counts[:, None], counts, axis=0), None


def quotient(a, b):
    return np.divide(a, b, out=np.zeros_like(a), where=b != 0)


def quotient_backward(inputs, dout):
    a, b = inputs
    there = b != 0
    da = np.divide(dout, b, out=np.zeros_like(dout), where=there)
    return da, -np.divide(da * a, b, out=np.zeros_like(dout), where=there)


def polynomial(c, x):
    return np.vander(x, len(c), increasing=True) @ c


def polynomial_backward(inputs, dout):
    c, x = inputs
    slope = sum(k * c[k] * x ** (k - 1) for k in range(1, len(c)))
    return dout @ np.vander(x, len(c), increasing=True), dout * slope


@dataclass
class Saved:
    before: np.ndarray
    after: np.ndarray


def closures(x, W, b):
    """Each layer puts what its backward pass does on a tape."""
    tape = []

    def layer(h, W, b):
        saved = Saved(h, np.tanh(h @ W + b))

        def back(d):
            a = d * (1 - saved.after**2)
            return a @ W.T, saved.before.T @ a, a.sum(0)

        tape.append(back)
        return saved.after

    for weight, bias in zip(W, b):
        x = layer(x, weight, bias)
    return x, tape


def closures_backward(dout, cache):
    dW, db = [], []
    while cache:
        dout, weight, bias = cache.pop()(dout)
        dW.insert(0, weight)
        db.insert(0, bias)
    return dout, np.stack(dW), np.stack(db)


def accumulated(Ws, x):
    """States as an iterator makes them."""
    *_, last = itertools.accumulate(Ws, lambda h, W: np.sin(W.dot(h)), initial=x)
    return last


def accumulated_backward(inputs, dout):
    Ws, x = inputs
    hs = list(itertools.accumulate(Ws, lambda h, W: np.sin(W.dot(h)), initial=x))
    dWs = np.empty_like(Ws)
    for k in reversed(range(len(Ws))):
        a = dout * np.cos(Ws[k] @ hs[k])
        np.multiply.outer(a, hs[k], out=dWs[k])
        dout = a @ Ws[k]
    return dWs, dout


def axes_by_number(a, b):
    return np.einsum(a, [0, 1], b, [1, 2], [0, 2])


def axes_by_number_backward(inputs, dout):
    a, b = inputs
    return np.einsum(dout, [0, 2], b, [1, 2], [0, 1]), np.einsum(a, [0, 1], dout, [0, 2], [1, 2])


CASES = [
    ("glued", "glued_backward", {"x": (2,), "h": (3,), "W": (4, 6)}),
    ("gru_cell", "gru_cell_backward", {"x": (4, 3), "h": (4, 2), "Wi": (6, 3), "Wh": (6, 2), "bi": (6,), "bh": (6,)}),
    ("by_rows", "by_rows_backward", {"x": (3, 4), "w": (4,)}),
    ("gelu_by_entries", "gelu_by_entries_backward", {"x": (2, 3)}),
    ("maxout", "maxout_backward", {"x": (3, 4), "W": (4, 2, 3), "b": (2, 3)}),
    ("hard_swish", "hard_swish_backward", {"x": (7,)}),
    ("gaussian", "gaussian_backward", {"x": (3,), "mean": (3,), "L": (3, 3)}),
    ("total_variation", "total_variation_backward", {"image": (3, 4)}),
    ("segments", "segments_backward", {"x": (6, 2), "starts": [0, 2, 3]}),
    ("quotient", "quotient_backward", {"a": (4,), "b": (4,)}),
    ("polynomial", "polynomial_backward", {"c": (4,), "x": (5,)}),
    ("closures", "closures_backward", {"x": (4, 3), "W": (2, 3, 3), "b": (2, 3)}),
    ("accumulated", "accumulated_backward", {"Ws": (3, 2, 2), "x": (2,)}),
    ("axes_by_number", "axes_by_number_backward", {"a": (2, 3), "b": (3, 4)}),
]
