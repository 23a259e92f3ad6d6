"""Row vectors, batches, (out, cache) and backward(dout, cache): the style of assignments."""

import numpy as np


def sigmoid(x):
    """The logistic function, stable on both sides."""
    pos = x >= 0
    z = np.zeros_like(x)
    z[pos] = np.exp(-x[pos])
    z[~pos] = np.exp(x[~pos])
    top = np.ones_like(x)
    top[~pos] = z[~pos]
    return top / (1 + z)


def step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h**2)
    return da.dot(Wx.T), da.dot(Wh.T), x.T.dot(da), prev_h.T.dot(da), da.sum(axis=0)


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, _ = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    cache = []
    prev = h0
    for t in range(T):
        prev, saved = step_forward(x[:, t, :], prev, Wx, Wh, b)
        h[:, t, :] = prev
        cache.append(saved)
    return h, cache


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    D = cache[0][0].shape[1]
    dx, dWx, dWh, db = np.zeros((N, T, D)), np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    dprev = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dx[:, t], dprev, dwx, dwh, dbt = step_backward(dh[:, t] + dprev, cache[t])
        dWx += dwx
        dWh += dwh
        db += dbt
    return dx, dprev, dWx, dWh, db


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x @ Wx + prev_h @ Wh + b
    i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H])
    g = np.tanh(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    tc = np.tanh(next_c)
    next_h = o * tc
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, tc)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, tc = cache
    dc = dnext_c + dnext_h * o * (1 - tc**2)
    da = np.hstack((dc * g * i * (1 - i), dc * prev_c * f * (1 - f), dnext_h * tc * o * (1 - o), dc * i * (1 - g**2)))
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, np.sum(da, axis=0)


def lstm_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h, c = h0, np.zeros_like(h0)
    out, caches = np.empty((N, T, h0.shape[1])), {}
    for t in range(T):
        h, c, caches[t] = lstm_step_forward(x[:, t], h, c, Wx, Wh, b)
        out[:, t] = h
    return out, caches


def lstm_backward(dh, caches):
    N, T, H = dh.shape
    dx = np.empty((N, T, caches[0][3].shape[0]))
    dWx, dWh, db = 0, 0, 0
    dprev_h, dprev_c = np.zeros((N, H)), np.zeros((N, H))
    for t in reversed(range(T)):
        dx[:, t], dprev_h, dprev_c, dwx, dwh, dbt = lstm_step_backward(dh[:, t] + dprev_h, dprev_c, caches[t])
        dWx, dWh, db = dWx + dwx, dWh + dwh, db + dbt
    return dx, dprev_h, dWx, dWh, db


def embed_forward(idx, W):
    return W[idx], (idx, W)


def embed_backward(dout, cache):
    idx, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, idx, dout)
    return None, dW


def temporal_softmax(x, y, mask):
    N, T, V = x.shape
    flat, target, m = x.reshape(N * T, V), y.reshape(N * T), mask.reshape(N * T)
    probs = np.exp(flat - np.max(flat, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    return -np.sum(m * np.log(probs[np.arange(N * T), target])) / N


def temporal_softmax_backward(inputs, dloss):
    x, y, mask = inputs
    N, T, V = x.shape
    flat, target, m = x.reshape(N * T, V), y.reshape(N * T), mask.reshape(N * T)
    probs = np.exp(flat - np.max(flat, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    d = probs.copy()
    d[np.arange(N * T), target] -= 1
    d /= N
    d *= m[:, None]
    return (d.reshape(N, T, V) * dloss,)


MASK = np.array([[1, 1, 0], [1, 0, 1]])
CASES = [
    ("step_forward", "step_backward", {"x": (2, 3), "prev_h": (2, 4), "Wx": (3, 4), "Wh": (4, 4), "b": (4,)}),
    ("rnn_forward", "rnn_backward", {"x": (2, 4, 3), "h0": (2, 5), "Wx": (3, 5), "Wh": (5, 5), "b": (5,)}),
    ("lstm_step_forward", "lstm_step_backward", {"x": (2, 3), "prev_h": (2, 4), "prev_c": (2, 4), "Wx": (3, 16), "Wh": (4, 16),
     "b": (16,)}),
    ("lstm_forward", "lstm_backward", {"x": (2, 4, 3), "h0": (2, 4), "Wx": (3, 16), "Wh": (4, 16), "b": (16,)}),
    ("embed_forward", "embed_backward", {"idx": [[0, 3, 1, 3], [2, 2, 0, 1]], "W": (4, 3)}),
    ("temporal_softmax", "temporal_softmax_backward", {"x": (2, 3, 4), "y": [[0, 3, 1], [2, 2, 0]], "mask": MASK.tolist()}),
]  # fmt: skip
