"""Gate by gate: parameters in dictionaries, GRUs, peepholes, einsum over a time-major batch, hoisted products."""

from collections import namedtuple

import numpy as np
from scipy.special import expit

Grads = namedtuple("Grads", "x h0 Wz Uz Wr Ur Wn Un")


def gru(x, h0, Wz, Uz, Wr, Ur, Wn, Un):
    """Reset before the product; time-major, rows."""
    h, out = h0, []
    for xt in x:
        z, r = expit(xt @ Wz + h @ Uz), expit(xt @ Wr + h @ Ur)
        n = np.tanh(xt @ Wn + (r * h) @ Un)
        h = (1 - z) * h + z * n
        out.append(h)
    return np.array(out)


def gru_backward(inputs, dout):
    x, h0, Wz, Uz, Wr, Ur, Wn, Un = inputs
    hs, gates = [h0], []
    for xt in x:
        h = hs[-1]
        z, r = expit(xt @ Wz + h @ Uz), expit(xt @ Wr + h @ Ur)
        n = np.tanh(xt @ Wn + (r * h) @ Un)
        hs.append((1 - z) * h + z * n)
        gates.append((z, r, n))
    grads = {name: np.zeros_like(value) for name, value in zip(Grads._fields, inputs)}
    dh = np.zeros_like(h0)
    for t in range(len(x) - 1, -1, -1):
        (z, r, n), h = gates[t], hs[t]
        dh = dh + dout[t]
        dz, dn, dprev = dh * (n - h), dh * z, dh * (1 - z)
        an = dn * (1 - n * n)
        drh = an @ Un.T
        az, ar = dz * z * (1 - z), drh * h * r * (1 - r)
        for g, a, before in (("z", az, h), ("r", ar, h), ("n", an, r * h)):
            grads["W" + g] += x[t].T @ a
            grads["U" + g] += before.T @ a
        grads["x"][t] = az @ Wz.T + ar @ Wr.T + an @ Wn.T
        dh = dprev + drh * r + az @ Uz.T + ar @ Ur.T
    grads["h0"] = dh
    return Grads(**grads)


def peephole_lstm(params, x, h0, c0):
    """Columns of a batch side by side, one dictionary of parameters, peepholes to the old and the new cell."""
    h, c, hs = h0, c0, []
    for t in range(x.shape[0]):
        pre = {g: params["W" + g] @ h + params["U" + g] @ x[t] + params["b" + g][:, None] for g in "zifo"}
        z = np.tanh(pre["z"])
        i = 1.0 / (1.0 + np.exp(-(pre["i"] + params["pi"][:, None] * c)))
        f = 1.0 / (1.0 + np.exp(-(pre["f"] + params["pf"][:, None] * c)))
        c = f * c + i * z
        o = 1.0 / (1.0 + np.exp(-(pre["o"] + params["po"][:, None] * c)))
        h = o * np.tanh(c)
        hs.append(h)
    return {"h": np.stack(hs), "last": c}


def peephole_lstm_backward(inputs, bar):
    params, x, h0, c0 = inputs
    h, c, trace = h0, c0, []
    for t in range(x.shape[0]):
        pre = {g: params["W" + g] @ h + params["U" + g] @ x[t] + params["b" + g][:, None] for g in "zifo"}
        z = np.tanh(pre["z"])
        i = 1.0 / (1.0 + np.exp(-(pre["i"] + params["pi"][:, None] * c)))
        f = 1.0 / (1.0 + np.exp(-(pre["f"] + params["pf"][:, None] * c)))
        new = f * c + i * z
        o = 1.0 / (1.0 + np.exp(-(pre["o"] + params["po"][:, None] * new)))
        trace.append((h, c, z, i, f, o, new))
        h, c = o * np.tanh(new), new
    d = {name: np.zeros_like(value) for name, value in params.items()}
    dx = np.zeros_like(x)
    dh_next, dc_next = np.zeros_like(h0), bar["last"]
    for t in reversed(range(len(trace))):
        h, c, z, i, f, o, new = trace[t]
        dh = bar["h"][t] + dh_next
        tc = np.tanh(new)
        a = {"o": dh * tc * o * (1 - o)}
        dc = dc_next + dh * o * (1 - tc**2) + params["po"][:, None] * a["o"]
        a["f"], a["i"], a["z"] = dc * c * f * (1 - f), dc * z * i * (1 - i), dc * i * (1 - z**2)
        d["pi"] += (a["i"] * c).sum(1)
        d["pf"] += (a["f"] * c).sum(1)
        d["po"] += (a["o"] * new).sum(1)
        for g in "zifo":
            d["W" + g] += a[g] @ h.T
            d["U" + g] += a[g] @ x[t].T
            d["b" + g] += a[g].sum(axis=1)
        dx[t] = sum(params["U" + g].T @ a[g] for g in "zifo")
        dh_next = sum(params["W" + g].T @ a[g] for g in "zifo")
        dc_next = dc * f + params["pi"][:, None] * a["i"] + params["pf"][:, None] * a["f"]
    return d, dx, dh_next, dc_next


def einsum_rnn(x, h0, W, U, b):
    """Time-major batch; indices t time, b batch, i and j units, k inputs."""
    T, B, _ = x.shape
    hs = np.empty((T, B, W.shape[0]))
    driven = np.einsum("tbk,ik->tbi", x, U) + b
    h = h0
    for t in range(T):
        h = np.tanh(driven[t] + np.einsum("bj,ij->bi", h, W))
        hs[t] = h
    return hs


def einsum_rnn_backward(inputs, e):
    x, h0, W, U, b = inputs
    hs = einsum_rnn(*inputs)
    before = np.concatenate((h0[np.newaxis], hs[:-1]), axis=0)
    delta = np.empty_like(hs)
    carry = np.zeros_like(h0)
    for t in range(len(x))[::-1]:
        delta[t] = (e[t] + carry) * (1 - hs[t] ** 2)
        carry = np.einsum("bi,ij->bj", delta[t], W)
    dW = np.einsum("tbi,tbj->ij", delta, before)
    dU = np.tensordot(delta, x, axes=([0, 1], [0, 1]))
    return np.einsum("tbi,ik->tbk", delta, U), carry, dW, dU, delta.sum((0, 1))


def in_place_rnn(x, h0, W, b):
    """Buffers allocated once and written by ``out=`` and in place; inputs [h, x] side by side."""
    T, B, d = x.shape
    n = h0.shape[1]
    joined = np.zeros((T, B, n + d), dtype=np.float64)
    joined[:, :, n:] = x
    hs = np.zeros((T + 1, B, n))
    hs[0] = h0
    for t in range(T):
        joined[t, :, :n] = hs[t]
        np.dot(joined[t], W, out=hs[t + 1])
        hs[t + 1] += b
        np.tanh(hs[t + 1], out=hs[t + 1])
    return hs[1:], (joined, hs, W)


def in_place_rnn_backward(dh, cache):
    joined, hs, W = cache
    T, B, n = dh.shape
    da = np.zeros((T, B, n))
    djoined = np.zeros_like(joined)
    carry = np.zeros((B, n))
    for t in range(T - 1, -1, -1):
        np.add(dh[t], carry, out=da[t])
        slope = hs[t + 1].copy()
        slope **= 2
        np.subtract(1, slope, out=slope)
        da[t] *= slope
        np.matmul(da[t], W.T, out=djoined[t])
        carry[:] = djoined[t, :, :n]
    flat = da.reshape(T * B, n)
    return djoined[:, :, n:], carry, joined.reshape(T * B, -1).T @ flat, flat.sum(0)


def minibatch_loss(X, targets, W, V):
    """A loop over the sequences of a batch, each on its own; the mean of the squared errors."""
    total = 0.0
    for x, target in zip(X, targets):
        h = np.zeros(W.shape[0])
        for xt in x:
            h = np.tanh(W @ np.append(h, xt))
        total += 0.5 * np.sum((V @ h - target) ** 2)
    return total / len(X)


def minibatch_loss_backward(inputs, dloss):
    X, targets, W, V = inputs
    n = W.shape[0]
    dX, dT, dW, dV = [np.zeros(np.shape(v)) for v in inputs]
    for k in range(len(X)):
        hs = [np.zeros(n)]
        for xt in X[k]:
            hs.append(np.tanh(W @ np.append(hs[-1], xt)))
        err = (V @ hs[-1] - targets[k]) * (dloss / len(X))
        dT[k] = -err
        dV += np.outer(err, hs[-1])
        dh = V.T @ err
        for t in range(len(X[k]))[::-1]:
            da = dh * (1 - hs[t + 1] ** 2)
            dW += np.outer(da, np.append(hs[t], X[k, t]))
            dh, dX[k, t] = np.split(W.T @ da, [n])
    return {"dX": dX, "dtargets": dT, "dW": dW, "dV": dV}


LSTM_PARAMS = {**{w + g: (3, 3 if w == "W" else 2) for w in "WU" for g in "zifo"},
               **{"b" + g: (3,) for g in "zifo"}, **{"p" + g: (3,) for g in "ifo"}}  # fmt: skip
CASES = [
    ("gru", "gru_backward", {"x": (4, 2, 3), "h0": (2, 5), **{w + g: (3 if w == "W" else 5, 5) for g in "zrn" for w in "WU"}}),
    ("peephole_lstm", "peephole_lstm_backward", {"params": LSTM_PARAMS, "x": (4, 2, 2), "h0": (3, 2), "c0": (3, 2)}),
    ("einsum_rnn", "einsum_rnn_backward", {"x": (4, 2, 3), "h0": (2, 5), "W": (5, 5), "U": (5, 3), "b": (5,)}),
    ("in_place_rnn", "in_place_rnn_backward", {"x": (4, 2, 3), "h0": (2, 5), "W": (8, 5), "b": (5,)}),
    ("minibatch_loss", "minibatch_loss_backward", {"X": (2, 4, 3), "targets": (2, 2), "W": (5, 8), "V": (2, 5)}),
]  # fmt: skip
