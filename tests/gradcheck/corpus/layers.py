"""Layers: masks, clipping, dropout, normalisation, attention, losses, functions written with exp."""

import numpy
import numpy as np
import scipy.special
from numpy.random import default_rng

generator = default_rng(3)
LAMBDA = 1e-3


def mlp(x, W1, b1, W2, b2):
    hidden = np.maximum(0, x @ W1 + b1)
    return hidden @ W2 + b2, (x, W1, hidden, W2)


def mlp_backward(dout, cache):
    x, W1, hidden, W2 = cache
    dhidden = dout @ W2.T
    dhidden[hidden <= 0] = 0
    return dhidden @ W1.T, x.T @ dhidden, dhidden.sum(axis=0), hidden.T @ dout, dout.sum(axis=0)


def leaky(x, slope):
    return np.where(x > 0, x, slope * x)


def leaky_backward(inputs, d):
    x, slope = inputs
    mask = (x > 0).astype(float)
    return d * (mask + slope * (1 - mask)), np.sum(d * x * (1.0 - mask))


def clipped(x, W):
    return np.clip(x @ W, -0.5, 0.5)


def clipped_backward(inputs, d):
    x, W = inputs
    a = x.dot(W)
    inside = np.logical_and(a > -0.5, a < 0.5)
    d = d * inside
    return d.dot(W.T), x.T.dot(d)


def dropout(x, W, p=0.5):
    mask = (np.random.rand(*x.shape) < p) / p
    noise = generator.normal(size=x.shape)
    return (x * mask + noise) @ W, (x, mask, noise, W)


def dropout_backward(dout, cache):
    x, mask, noise, W = cache
    return (dout @ W.T) * mask, (x * mask + noise).T @ dout


def layer_norm(x, gamma, beta):
    mu = x.mean(axis=-1, keepdims=True)
    var = ((x - mu) ** 2).mean(axis=-1, keepdims=True)
    istd = 1.0 / np.sqrt(var + 1e-5)
    xhat = (x - mu) * istd
    return gamma * xhat + beta, (xhat, istd, gamma)


def layer_norm_backward(dout, cache):
    xhat, istd, gamma = cache
    d = dout * gamma
    dx = istd * (d - d.mean(-1, keepdims=True) - xhat * (d * xhat).mean(-1, keepdims=True))
    return dx, (dout * xhat).sum(0), dout.sum(0)


def batch_norm(x, gamma, beta):
    mu = np.mean(x, axis=0)
    var = np.var(x, axis=0)
    std = np.sqrt(var + 1e-8)
    return gamma * (x - mu) / std + beta, (x, mu, var, gamma)


def batch_norm_backward(dout, cache):
    x, mu, var, gamma = cache
    N = x.shape[0]
    dxhat = dout * gamma
    dvar = np.sum(dxhat * (x - mu) * -0.5 * (var + 1e-8) ** (-1.5), axis=0)
    dmu = np.sum(-dxhat / np.sqrt(var + 1e-8), axis=0) + dvar * np.mean(-2 * (x - mu), axis=0)
    dx = dxhat / np.sqrt(var + 1e-8) + dvar * 2 * (x - mu) / N + dmu / N
    xhat = (x - mu) * (var + 1e-8) ** -0.5
    return dx, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)


def attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[-1])
    return scipy.special.softmax(scores, axis=-1) @ v


def attention_backward(inputs, d):
    q, k, v = inputs
    scale = 1 / np.sqrt(q.shape[-1])
    s = q @ k.T * scale
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1)[:, None]
    dp = d @ v.T
    ds = p * (dp - np.sum(dp * p, axis=1, keepdims=True)) * scale
    return ds @ k, ds.T @ q, p.T @ d


def logistic_regression(X, y, w, b):
    z = X @ w + b
    return np.mean(np.logaddexp(0, z) - y * z) + LAMBDA * np.dot(w, w)


def logistic_regression_backward(inputs, d):
    X, y, w, b = inputs
    r = (1 / (1 + np.exp(-(X @ w + b))) - y) / len(y) * d
    return np.outer(r, w), -(X @ w + b) * d / len(y), X.T @ r + 2 * LAMBDA * w * d, r.sum()


def cross_entropy(p_logits, y):
    p = scipy.special.expit(p_logits)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum()


def cross_entropy_backward(inputs, d):
    a, y = inputs
    return d * (0.5 * (1 + np.tanh(a / 2)) - y), None


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def gelu_backward(inputs, d):
    (x,) = inputs
    k = np.sqrt(2 / np.pi)
    t = np.tanh(k * (x + 0.044715 * np.power(x, 3)))
    return (d * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * k * (1 + 3 * 0.044715 * x**2)),)


def by_hand_tanh(x):
    return (numpy.exp(x) - numpy.exp(-x)) / (numpy.exp(x) + numpy.exp(-x))


def by_hand_tanh_backward(inputs, d):
    (x,) = inputs
    return d * (1 - np.tanh(x) ** 2)


def swish(x, beta):
    return x / (1 + np.exp(-beta * x))


def swish_backward(inputs, d):
    x, beta = inputs
    s = scipy.special.expit(beta * x)
    return d * (s + beta * x * s * (1 - s)), (d * x * x * s * (1 - s)).sum()


def huber(x, y):
    r = x - y
    a = np.abs(r)
    return np.sum(np.where(a < 1, 0.5 * r**2, a - 0.5))


def huber_backward(inputs, d):
    r = inputs[0] - inputs[1]
    g = np.where(np.abs(r) < 1, r, np.sign(r)) * d
    return g, -g


def unit_norm(x):
    return x / np.linalg.norm(x)


def unit_norm_backward(inputs, d):
    (x,) = inputs
    n = np.sqrt(np.sum(x**2))
    return (d / n - x * np.dot(x, d) / n**3,)


def pooling(x):
    return x.max(axis=1) + x.reshape(x.shape[0], -1).min(-1)


def pooling_backward(inputs, d):
    (x,) = inputs
    dx = np.zeros_like(x)
    rows = np.arange(len(x))
    np.add.at(dx, (rows, x.argmax(axis=1)), d)
    np.add.at(dx, (rows, np.argmin(x, axis=1)), d)
    return dx


CASES = [
    ("mlp", "mlp_backward", {"x": (4, 3), "W1": (3, 6), "b1": (6,), "W2": (6, 2), "b2": (2,)}),
    ("leaky", "leaky_backward", {"x": (4, 3), "slope": ()}),
    ("clipped", "clipped_backward", {"x": (4, 3), "W": (3, 5)}),
    ("dropout", "dropout_backward", {"x": (4, 3), "W": (3, 5)}),
    ("layer_norm", "layer_norm_backward", {"x": (2, 5), "gamma": (5,), "beta": (5,)}),
    ("batch_norm", "batch_norm_backward", {"x": (5, 3), "gamma": (3,), "beta": (3,)}),
    ("attention", "attention_backward", {"q": (3, 5), "k": (4, 5), "v": (4, 2)}),
    ("logistic_regression", "logistic_regression_backward", {"X": (5, 3), "y": (5,), "w": (3,), "b": ()}),
    ("cross_entropy", "cross_entropy_backward", {"p_logits": (4,), "y": [0, 1, 1, 0]}),
    ("gelu", "gelu_backward", {"x": (4, 3)}),
    ("by_hand_tanh", "by_hand_tanh_backward", {"x": (4, 3)}),
    ("swish", "swish_backward", {"x": (4, 3), "beta": ()}),
    ("huber", "huber_backward", {"x": (7,), "y": (7,)}),
    ("unit_norm", "unit_norm_backward", {"x": (5,)}),
    ("pooling", "pooling_backward", {"x": (4, 5)}),
]
