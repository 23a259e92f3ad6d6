"""Loops over scalars with math, classes, functions that import for themselves, names from a star import."""

from math import exp, tanh

from numpy import *


def sigma(a):
    return 1 / (1 + exp(-a))


def scalar_lstm(x, T, h0, c0, w, u, b):
    h, c = h0, c0
    for t in range(T):
        z, i, f, o = [w[k] * h + u[k] * x[t] + b[k] for k in range(4)]
        z, i, f, o = tanh(z), sigma(i), sigma(f), sigma(o)
        c = f * c + i * z
        h = o * tanh(c)
    return h


def scalar_lstm_backward(inputs, dh):
    x, T, h0, c0, w, u, b = inputs
    h, c, tape = h0, c0, []
    for t in range(T):
        z, i, f, o = [w[k] * h + u[k] * x[t] + b[k] for k in range(4)]
        z, i, f, o = tanh(z), sigma(i), sigma(f), sigma(o)
        tape.append((h, c, z, i, f, o))
        c = f * c + i * z
        h = o * tanh(c)
        tape[-1] += (c,)
    dx, dw, du, db = zeros(len(x)), zeros(4), zeros(4), zeros(4)
    dc = 0.0
    for t in range(T)[::-1]:
        h, old, z, i, f, o, c = tape[t]
        dc += dh * o * (1 - tanh(c) ** 2)
        da = [dc * i * (1 - z * z), dc * z * i * (1 - i), dc * old * f * (1 - f), dh * tanh(c) * o * (1 - o)]
        for k in range(4):
            dw[k] += da[k] * h
            du[k] += da[k] * x[t]
            db[k] += da[k]
        dx[t] = sum([u[k] * da[k] for k in range(4)])
        dh = sum([w[k] * da[k] for k in range(4)])
        dc *= f
    return dx, None, dh, dc, dw, du, db


class Recurrent:
    """Weights in attributes, gradients collected in a dictionary."""

    def __init__(self, W, U):
        self.W, self.U = W, U

    def forward(self, x, h0):
        self.hs = [h0]
        for t in range(x.shape[0]):
            self.hs.append(maximum(self.W @ self.hs[-1] + self.U @ x[t], 0))
        return array(self.hs[1:])

    def backward(self, x, e):
        grads = {"x": zeros(x.shape), "W": zeros(self.W.shape), "U": zeros(self.U.shape)}
        dh = zeros(self.W.shape[0])
        for t in reversed(range(x.shape[0])):
            da = (e[t] + dh) * (self.hs[t + 1] > 0)
            grads["W"] += outer(da, self.hs[t])
            grads["U"] += outer(da, x[t])
            grads["x"][t] = da @ self.U
            dh = da @ self.W
        grads["h0"] = dh
        return grads


def relu_rnn(x, h0, W, U):
    return Recurrent(W, U).forward(x, h0)


def relu_rnn_backward(inputs, e):
    x, h0, W, U = inputs
    model = Recurrent(W, U)
    model.forward(x, h0)
    return model.backward(x, e)


def inner_imports(x):
    import numpy as np
    from numpy import cosh

    return np.log(cosh(x)).sum(), np.square(np.array([x[0], x[1] * 2]))


def inner_imports_backward(inputs, bar):
    import numpy as np

    (x,) = inputs
    dx = bar[0] * np.sinh(x) / np.cosh(x)
    dx[0] += 2 * x[0] * bar[1][0]
    dx[1] += 8 * x[1] * bar[1][1]
    return (dx,)


CASES = [
    ("scalar_lstm", "scalar_lstm_backward", {"x": (4,), "T": 4, "h0": (), "c0": (), "w": (4,), "u": (4,), "b": (4,)}),
    ("relu_rnn", "relu_rnn_backward", {"x": (4, 3), "h0": (5,), "W": (5, 5), "U": (5, 3)}),
    ("inner_imports", "inner_imports_backward", {"x": (4,)}),
]
