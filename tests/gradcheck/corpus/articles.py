"""The style of articles and repositories: gates written out one by one, slices of one array, one function for both."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def dsigmoid(s):
    return s * (1 - s)


def dtanh(s):
    return 1 - s * s


def gate_lstm(x, h0, c0, Wf, Wi, Wg, Wo, bf, bi, bg, bo):
    """Columns, one sequence; each gate has a matrix that acts on [h; x]."""
    h, c, hs = h0, c0, []
    for t in range(x.shape[0]):
        z = np.vstack((h, x[t]))
        f, i = sigmoid(np.dot(Wf, z) + bf), sigmoid(np.dot(Wi, z) + bi)
        g, o = np.tanh(np.dot(Wg, z) + bg), sigmoid(np.dot(Wo, z) + bo)
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
    return np.array(hs)


def gate_lstm_backward(inputs, dhs):
    x, h0, c0, Wf, Wi, Wg, Wo, bf, bi, bg, bo = inputs
    T, n = x.shape[0], h0.shape[0]
    zs, fs, gs, os_, cs = {}, {}, {}, {}, {-1: c0}
    is_ = {}
    h = h0
    for t in range(T):
        zs[t] = np.vstack((h, x[t]))
        fs[t], is_[t] = sigmoid(np.dot(Wf, zs[t]) + bf), sigmoid(np.dot(Wi, zs[t]) + bi)
        gs[t], os_[t] = np.tanh(np.dot(Wg, zs[t]) + bg), sigmoid(np.dot(Wo, zs[t]) + bo)
        cs[t] = fs[t] * cs[t - 1] + is_[t] * gs[t]
        h = os_[t] * np.tanh(cs[t])
    dx = np.zeros_like(x)
    dWf, dWi, dWg, dWo = np.zeros_like(Wf), np.zeros_like(Wi), np.zeros_like(Wg), np.zeros_like(Wo)
    dbf, dbi, dbg, dbo = np.zeros_like(bf), np.zeros_like(bi), np.zeros_like(bg), np.zeros_like(bo)
    dh_next, dc_next = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(T)):
        f, i, g, o, c, c_prev, z = fs[t], is_[t], gs[t], os_[t], cs[t], cs[t - 1], zs[t]
        tc = np.tanh(c)
        dh = dhs[t] + dh_next
        do = dh * tc * dsigmoid(o)
        df = (dh * o * dtanh(tc) + dc_next) * c_prev * dsigmoid(f)
        di = (dh * o * dtanh(tc) + dc_next) * g * dsigmoid(i)
        dg = (dh * o * dtanh(tc) + dc_next) * i * dtanh(g)
        dc_next = (dh * o * dtanh(tc) + dc_next) * f
        dWf += np.dot(df, z.T)
        dWi += np.dot(di, z.T)
        dWg += np.dot(dg, z.T)
        dWo += np.dot(do, z.T)
        dbf += df
        dbi += di
        dbg += dg
        dbo += do
        dz = np.dot(Wf.T, df) + np.dot(Wi.T, di) + np.dot(Wg.T, dg) + np.dot(Wo.T, do)
        dh_next = dz[:n]
        dx[t] = dz[n:]
    return dx, dh_next, dc_next, dWf, dWi, dWg, dWo, dbf, dbi, dbg, dbo


def sliced_lstm(x, h0, c0, W, U, b):
    """Time-major batch of rows, gates i, f, g, o in one array; peepholes left out."""
    H = h0.shape[1]
    h, c, tape = h0, c0, []
    out = np.zeros((x.shape[0], *h0.shape))
    for t in range(x.shape[0]):
        a = x[t] @ U + h @ W + b
        i, f = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H])
        g, o = np.tanh(a[:, 2 * H : 3 * H]), sigmoid(a[:, 3 * H :])
        c_new = f * c + i * g
        h_new = o * np.tanh(c_new)
        tape.append((h, c, i, f, g, o, c_new))
        h, c = h_new, c_new
        out[t] = h
    return out, (x, W, U, tape)


def sliced_lstm_backward(dout, cache):
    x, W, U, tape = cache
    T, B, H = dout.shape
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(4 * H)
    dh_next, dc_next = np.zeros((B, H)), np.zeros((B, H))
    for t in range(T - 1, -1, -1):
        h, c, i, f, g, o, c_new = tape[t]
        dh = dout[t] + dh_next
        dc = dh * o * (1 - np.tanh(c_new) ** 2) + dc_next
        da = np.zeros((B, 4 * H))
        da[:, :H] = dc * g * i * (1 - i)
        da[:, H : 2 * H] = dc * c * f * (1 - f)
        da[:, 2 * H : 3 * H] = dc * i * (1 - g**2)
        da[:, 3 * H :] = dh * np.tanh(c_new) * o * (1 - o)
        dW += h.T @ da
        dU += x[t].T @ da
        db += da.sum(axis=0)
        dx[t] = da @ U.T
        dh_next = da @ W.T
        dc_next = dc * f
    return dx, dh_next, dc_next, dW, dU, db


def gru_after(x, h0, Wi, Wh, bi, bh):
    """Batch-major rows, reset after the product, gates r, z, n in one array; h = (1 - z) n + z h'."""
    H = h0.shape[1]
    h, out, tape = h0, [], []
    for t in range(x.shape[1]):
        a, q = x[:, t] @ Wi + bi, h @ Wh + bh
        r = sigmoid(a[:, :H] + q[:, :H])
        z = sigmoid(a[:, H : 2 * H] + q[:, H : 2 * H])
        n = np.tanh(a[:, 2 * H :] + r * q[:, 2 * H :])
        tape.append((h, r, z, n, q[:, 2 * H :]))
        h = (1 - z) * n + z * h
        out.append(h)
    return np.stack(out, axis=1), (x, Wi, Wh, tape)


def gru_after_backward(dout, cache):
    x, Wi, Wh, tape = cache
    dx, dWi, dWh = np.zeros_like(x), np.zeros_like(Wi), np.zeros_like(Wh)
    dbi, dbh = np.zeros(Wi.shape[1]), np.zeros(Wh.shape[1])
    dh = np.zeros_like(tape[0][0])
    for t in reversed(range(x.shape[1])):
        h_prev, r, z, n, qn = tape[t]
        dh = dh + dout[:, t]
        dz = dh * (h_prev - n)
        dn = dh * (1 - z)
        dan = dn * (1 - n**2)
        dr = dan * qn
        daz = dz * z * (1 - z)
        dar = dr * r * (1 - r)
        da = np.hstack([dar, daz, dan])
        dq = np.hstack([dar, daz, dan * r])
        dWi += x[:, t].T @ da
        dWh += h_prev.T @ dq
        dbi += da.sum(axis=0)
        dbh += dq.sum(axis=0)
        dx[:, t] = da @ Wi.T
        dh = dh * z + dq @ Wh.T
    return dx, dh, dWi, dWh, dbi, dbh


def mean_loss(x, y, h0, W, U, V):
    """Time-major batch, the mean of the squared errors over steps and sequences."""
    T, B, _ = x.shape
    h, loss = h0, 0.0
    for t in range(T):
        h = np.tanh(h @ W.T + x[t] @ U.T)
        loss += 0.5 * np.sum((h @ V.T - y[t]) ** 2)
    return loss / (T * B)


def mean_loss_backward(inputs, dloss):
    x, y, h0, W, U, V = inputs
    T, B, _ = x.shape
    hs = [h0]
    for t in range(T):
        hs.append(np.tanh(hs[-1] @ W.T + x[t] @ U.T))
    dx, dy = np.zeros_like(x), np.zeros_like(y)
    dW, dU, dV = np.zeros_like(W), np.zeros_like(U), np.zeros_like(V)
    dh = np.zeros_like(h0)
    for t in reversed(range(T)):
        err = dloss * (hs[t + 1] @ V.T - y[t]) / (T * B)
        dy[t] = -err
        dV += err.T @ hs[t + 1]
        dh = dh + err @ V
        da = dh * (1 - hs[t + 1] ** 2)
        dW += da.T @ hs[t]
        dU += da.T @ x[t]
        dx[t] = da @ U
        dh = da @ W
    return dx, dy, dh, dW, dU, dV


def both(x, h0, Wxh, Whh, bh):
    """The loss and its gradients, by one function."""
    xs, hs = {}, {-1: h0}
    loss = 0
    for t in range(len(x)):
        xs[t] = x[t].reshape(-1, 1)
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        loss += np.sum(hs[t] ** 2)
    dx, dWxh, dWhh, dbh = np.zeros_like(x), np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(bh)
    dhnext = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = 2 * hs[t] + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dx[t] = np.dot(Wxh.T, dhraw)[:, 0]
        dhnext = np.dot(Whh.T, dhraw)
    return loss, (dx, dhnext, dWxh, dWhh, dbh)


def both_loss(x, h0, Wxh, Whh, bh):
    return both(x, h0, Wxh, Whh, bh)[0]


def both_loss_backward(inputs, dloss):
    return [dloss * gradient for gradient in both(*inputs)[1]]


CASES = [
    ("gate_lstm", "gate_lstm_backward", {"x": (4, 2, 1), "h0": (3, 1), "c0": (3, 1), **{"W" + g: (3, 5) for g in "figo"},
     **{"b" + g: (3, 1) for g in "figo"}}),
    ("sliced_lstm", "sliced_lstm_backward", {"x": (4, 2, 5), "h0": (2, 3), "c0": (2, 3), "W": (3, 12), "U": (5, 12), "b": (12,)}),
    ("gru_after", "gru_after_backward", {"x": (2, 4, 5), "h0": (2, 3), "Wi": (5, 9), "Wh": (3, 9), "bi": (9,), "bh": (9,)}),
    ("mean_loss", "mean_loss_backward", {"x": (4, 2, 3), "y": (4, 2, 6), "h0": (2, 5), "W": (5, 5), "U": (5, 3), "V": (6, 5)}),
    ("both_loss", "both_loss_backward", {"x": (4, 3), "h0": (5, 1), "Wxh": (5, 3), "Whh": (5, 5), "bh": (5, 1)}),
]  # fmt: skip
