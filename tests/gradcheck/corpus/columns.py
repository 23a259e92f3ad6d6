"""Column vectors, one sequence, dictionaries by time step: the style of character models."""

import numpy as np


def rnn_loss(x, targets, hprev, Wxh, Whh, Why, bh, by):
    hs, loss = {-1: np.copy(hprev)}, 0
    for t in range(len(x)):
        hs[t] = np.tanh(np.dot(Wxh, x[t][:, None]) + np.dot(Whh, hs[t - 1]) + bh)
        y = np.dot(Why, hs[t]) + by
        p = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(p[targets[t], 0])
    return loss


def rnn_loss_backward(inputs, dloss):
    x, targets, hprev, Wxh, Whh, Why, bh, by = inputs
    xs, hs, ps = {}, {}, {}
    hs[-1] = np.copy(hprev)
    for t in range(len(x)):
        xs[t] = x[t].reshape(-1, 1)
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        y = np.dot(Why, hs[t]) + by
        e = np.exp(y - np.max(y))
        ps[t] = e / e.sum()
    dx = np.zeros_like(x)
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(x))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dy *= dloss
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dx[t] = np.dot(Wxh.T, dhraw).ravel()
        dhnext = np.dot(Whh.T, dhraw)
    return dx, None, dhnext, dWxh, dWhh, dWhy, dbh, dby


def one_hot_loss(symbols, targets, h0, Wxh, Whh, Why):
    h, loss = h0, 0.0
    for s, target in zip(symbols, targets):
        v = np.zeros((Wxh.shape[1], 1))
        v[s] = 1
        h = np.tanh(Wxh @ v + Whh @ h)
        z = Why @ h
        z = z - np.max(z)
        logp = z - np.log(np.sum(np.exp(z)))
        loss = loss - logp[target, 0]
    return loss / len(symbols)


def one_hot_loss_backward(inputs, dloss):
    symbols, targets, h0, Wxh, Whh, Why = inputs
    hs = [h0]
    probabilities = []
    for s in symbols:
        v = np.zeros((Wxh.shape[1], 1))
        v[s] = 1
        hs.append(np.tanh(Wxh @ v + Whh @ hs[-1]))
        z = Why @ hs[-1]
        z = z - np.max(z)
        probabilities.append(np.exp(z - np.log(np.sum(np.exp(z)))))
    grads = [np.zeros_like(w) for w in (Wxh, Whh, Why)]
    carry = np.zeros_like(h0)
    for t in range(len(symbols) - 1, -1, -1):
        dz = probabilities[t].copy()
        dz[targets[t], 0] -= 1.0
        dz = dz * dloss / len(symbols)
        grads[2] += dz @ hs[t + 1].T
        da = (Why.T @ dz + carry) * (1 - hs[t + 1] ** 2)
        grads[0][:, symbols[t]] += da[:, 0]
        grads[1] += da @ hs[t].T
        carry = Whh.T @ da
    return [None, None, carry, *grads]


def lstm_columns(x, h0, c0, W, b):
    """All gates in one matrix that acts on [h; x]; order f, i, o, candidate."""
    n = h0.shape[0]
    h, c, out = h0, c0, []
    for xt in x:
        a = W @ np.concatenate((h, xt)) + b
        f, i, o = (1 / (1 + np.exp(-a[k * n : (k + 1) * n])) for k in range(3))
        g = np.tanh(a[3 * n :])
        c = f * c + i * g
        h = o * np.tanh(c)
        out.append(h)
    return np.stack(out), c


def lstm_columns_backward(inputs, cotangents):
    x, h0, c0, W, b = inputs
    dout, dc_last = cotangents
    n = h0.shape[0]
    trace, h, c = [], h0, c0
    for xt in x:
        joined = np.concatenate((h, xt))
        a = W @ joined + b
        f, i, o = (1 / (1 + np.exp(-a[k * n : (k + 1) * n])) for k in range(3))
        g = np.tanh(a[3 * n :])
        old, c = c, f * c + i * g
        h = o * np.tanh(c)
        trace.append((joined, f, i, o, g, old, c))
    dx, dW, db = [], np.zeros(W.shape), np.zeros(b.shape)
    dh, dc = np.zeros(n), dc_last
    for (joined, f, i, o, g, old, c), e in zip(reversed(trace), dout[::-1]):
        dh = dh + e
        th = np.tanh(c)
        do = dh * th
        dc = dc + dh * o * (1 - th**2)
        da = np.concatenate([dc * old * f * (1 - f), dc * g * i * (1 - i), do * o * (1 - o), dc * i * (1 - g**2)])
        dW += np.outer(da, joined)
        db += da
        djoined = W.T @ da
        dh, dxt = djoined[:n], djoined[n:]
        dx.insert(0, dxt)
        dc = dc * f
    return np.array(dx), dh, dc, dW, db


CASES = [
    ("rnn_loss", "rnn_loss_backward", {"x": (4, 3), "targets": [1, 0, 4, 2], "hprev": (6, 1), "Wxh": (6, 3), "Whh": (6, 6),
     "Why": (5, 6), "bh": (6, 1), "by": (5, 1)}),
    ("one_hot_loss", "one_hot_loss_backward", {"symbols": [2, 0, 3, 3], "targets": [1, 4, 0, 2], "h0": (3, 1), "Wxh": (3, 4),
     "Whh": (3, 3), "Why": (5, 3)}),
    ("lstm_columns", "lstm_columns_backward", {"x": (4, 2), "h0": (3,), "c0": (3,), "W": (12, 5), "b": (12,)}),
]  # fmt: skip
