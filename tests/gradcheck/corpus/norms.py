"""Normalisation in many styles, over so many rows that no prime field has all the roots: courses, papers, kernels."""

import numpy as np

EPS = 1e-5


# Layer normalisation, by the methods of arrays.
def layer_norm_rows(x, gamma, beta):
    mu = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True)
    inv = 1 / np.sqrt(var + EPS)
    xhat = (x - mu) * inv
    return gamma * xhat + beta, (xhat, inv, gamma)


def layer_norm_rows_backward(dout, cache):
    xhat, inv, gamma = cache
    N = xhat.shape[-1]
    g = dout * gamma
    dx = (inv / N) * (N * g - g.sum(axis=-1, keepdims=True) - xhat * np.sum(g * xhat, axis=-1, keepdims=True))
    return dx, np.sum(dout * xhat, axis=0), dout.sum(axis=0)


# The same with a standard deviation to which the small number is added, as old code has it.
def layer_norm_std(x, a, b):
    mean = np.mean(x, axis=1, keepdims=True)
    std = np.std(x, axis=1, keepdims=True)
    return a * (x - mean) / (std + EPS) + b


def layer_norm_std_backward(inputs, d):
    x, a, _ = inputs
    n = x.shape[1]
    centred = x - np.mean(x, axis=1, keepdims=True)
    std = np.std(x, axis=1, keepdims=True)
    da = np.sum(d * centred / (std + EPS), axis=0)
    dnorm = d * a
    dstd = -np.sum(dnorm * centred, axis=1, keepdims=True) / (std + EPS) ** 2
    dcentred = dnorm / (std + EPS) + dstd * centred / (n * std)
    return dcentred - dcentred.mean(axis=1, keepdims=True), da, d.sum(0)


# The same by powers, path by path.
def layer_norm_power(x, gamma):
    mu = x.sum(axis=-1)[..., None] / x.shape[-1]
    var = ((x - mu) ** 2).sum(axis=-1)[..., None] / x.shape[-1]
    return gamma * (x - mu) * (var + EPS) ** -0.5


def layer_norm_power_backward(inputs, d):
    x, gamma = inputs
    n = x.shape[-1]
    mu = np.mean(x, -1, keepdims=True)
    var = np.mean((x - mu) ** 2, -1, keepdims=True)
    dxhat = d * gamma
    dvar = (dxhat * (x - mu) * -0.5 * (var + EPS) ** (-1.5)).sum(-1, keepdims=True)
    dmu = (-dxhat / np.sqrt(var + EPS)).sum(-1, keepdims=True) + dvar * (-2 * (x - mu)).mean(-1, keepdims=True)
    dx = dxhat * (var + EPS) ** -0.5 + dvar * 2 * (x - mu) / n + dmu / n
    return dx, (d * (x - mu) * (var + EPS) ** -0.5).reshape(-1, n).sum(axis=0)


# Batch normalisation as in the course, one node of the graph after the other.
def batch_norm_staged(x, gamma, beta):
    N, D = x.shape
    mu = 1.0 / N * np.sum(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    var = 1.0 / N * np.sum(sq, axis=0)
    sqrtvar = np.sqrt(var + EPS)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    return gamma * xhat + beta, (xhat, gamma, xmu, ivar, sqrtvar, var)


def batch_norm_staged_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / (sqrtvar**2) * divar
    dvar = 0.5 * 1.0 / np.sqrt(var + EPS) * dsqrtvar
    dsq = 1.0 / N * np.ones((N, D)) * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1.0 / N * np.ones((N, D)) * dmu
    return dx1 + dx2, dgamma, dbeta


def batch_norm_short(x, gamma, beta):
    return batch_norm_staged(x, gamma, beta)


def batch_norm_short_backward(dout, cache):
    xhat, gamma, _, ivar, _, _ = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma * ivar / N * (N * dout - dgamma * xhat - dbeta)
    return dx, dgamma, dbeta


# Channels of pictures in groups.
def group_norm(x, gamma, beta, G=2):
    N, C, H, W = x.shape
    groups = x.reshape(N * G, -1)
    mean, var = groups.mean(1, keepdims=True), groups.var(1, keepdims=True)
    norm = ((groups - mean) / np.sqrt(var + EPS)).reshape(N, C, H, W)
    return norm * gamma + beta, (G, norm, var, gamma)


def group_norm_backward(dout, cache):
    G, norm, var, gamma = cache
    N, C, H, W = dout.shape
    dnorm = (dout * gamma).reshape(N * G, -1)
    flat = norm.reshape(N * G, -1)
    k = flat.shape[1]
    dx = dnorm - dnorm.sum(1, keepdims=True) / k - flat * (dnorm * flat).sum(1, keepdims=True) / k
    dx = (dx / np.sqrt(var + EPS)).reshape(N, C, H, W)
    return dx, (dout * norm).sum((0, 2, 3), keepdims=True)[0], dout.sum((0, 2, 3), keepdims=True)[0]


def rms_norm(x, g):
    return x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + EPS) * g


def rms_norm_backward(inputs, d):
    x, g = inputs
    r = (np.mean(np.square(x), axis=-1, keepdims=True) + EPS) ** -0.5
    dg = d * g
    dx = r * dg - r**3 * x * np.mean(dg * x, axis=-1, keepdims=True)
    return dx, np.sum(d * x * r, axis=tuple(range(x.ndim - 1)))


def unit_rows(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def unit_rows_backward(inputs, d):
    (x,) = inputs
    n = np.linalg.norm(x, axis=1, keepdims=True)
    y = x / n
    return ((d - y * np.sum(d * y, axis=1, keepdims=True)) / n,)


def cosine(x, y):
    return (x * y).sum(1) / (np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1))


def cosine_backward(inputs, d):
    x, y = inputs
    xx, yy, xy = ((a * b).sum(1)[:, None] for a, b in ((x, x), (y, y), (x, y)))
    both = np.sqrt(xx * yy)
    d = d[:, None]
    return d * (y / both - x * xy / (xx * both)), d * (x / both - y * xy / (yy * both))


def weight_norm(x, v, g):
    norms = np.sqrt(np.sum(v * v, axis=1))
    W = (g / norms)[:, None] * v
    return x @ W.T, (x, v, g, norms)


def weight_norm_backward(dout, cache):
    x, v, g, norms = cache
    W = (g / norms)[:, None] * v
    dW = dout.T @ x
    dg = np.sum(dW * v, axis=1) / norms
    dv = (g / norms)[:, None] * dW - (g * dg / norms**2)[:, None] * v
    return dout @ W, dv, dg


# A step of an optimiser, as learned optimisers differentiate it.
def adam_step(g, m, v, lr):
    m1 = 0.9 * m + 0.1 * g
    v1 = 0.999 * v**2 + 0.001 * g**2
    return lr * m1 / (np.sqrt(v1) + 1e-8)


def adam_step_backward(inputs, d):
    g, m, v, lr = inputs
    m1 = 0.9 * m + 0.1 * g
    root = np.sqrt(0.999 * v**2 + 0.001 * g**2)
    dm1 = d * lr / (root + 1e-8)
    droot = -d * lr * m1 / (root + 1e-8) ** 2
    dv1 = droot / (2 * root)
    return 0.1 * dm1 + 0.002 * g * dv1, 0.9 * dm1, 2 * 0.999 * v * dv1, np.sum(d * m1 / (root + 1e-8))


# Layers one above the other, so that roots stand under roots.
def normed(x):
    mu = x.mean(-1, keepdims=True)
    r = 1 / np.sqrt(((x - mu) ** 2).mean(-1, keepdims=True) + EPS)
    return (x - mu) * r, r


def normed_back(d, y, r):
    return r * (d - d.mean(-1, keepdims=True) - y * (d * y).mean(-1, keepdims=True))


def deep_relu(x, W1, W2):
    y1, r1 = normed(x @ W1)
    h = np.maximum(y1, 0)
    y2, r2 = normed(h @ W2)
    return y2, (x, W1, W2, y1, r1, h, y2, r2)


def deep_relu_backward(dout, cache):
    x, W1, W2, y1, r1, h, y2, r2 = cache
    da2 = normed_back(dout, y2, r2)
    dh = da2 @ W2.T
    da1 = normed_back(dh * (y1 > 0), y1, r1)
    return da1 @ W1.T, x.T @ da1, h.T @ da2


def transformer_block(x, Wq, Wk, Wv, W1, W2):
    n1, r1 = normed(x)
    q, k, v = n1 @ Wq, n1 @ Wk, n1 @ Wv
    s = q @ k.T / np.sqrt(k.shape[-1])
    p = np.exp(s - s.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    y = x + p @ v
    n2, r2 = normed(y)
    t = np.tanh(n2 @ W1)
    return y + t @ W2, (x, Wq, Wk, Wv, W1, W2, n1, r1, q, k, v, p, n2, r2, t)


def transformer_block_backward(dout, cache):
    x, Wq, Wk, Wv, W1, W2, n1, r1, q, k, v, p, n2, r2, t = cache
    da = (dout @ W2.T) * (1 - t**2)
    dy = dout + normed_back(da @ W1.T, n2, r2)
    dp = dy @ v.T
    ds = p * (dp - (dp * p).sum(-1, keepdims=True)) / np.sqrt(k.shape[-1])
    dq, dk, dv = ds @ k, ds.T @ q, p.T @ dy
    dn1 = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
    dx = dy + normed_back(dn1, n1, r1)
    return dx, n1.T @ dq, n1.T @ dk, n1.T @ dv, n2.T @ da, t.T @ dout


BATCH = {"x": (5, 7), "gamma": (7,), "beta": (7,)}
WIDTH = {"Wq": (5, 3), "Wk": (5, 3), "Wv": (5, 5), "W1": (5, 7), "W2": (7, 5)}

CASES = [
    ("layer_norm_rows", "layer_norm_rows_backward", {"x": (8, 5), "gamma": (5,), "beta": (5,)}),
    ("layer_norm_std", "layer_norm_std_backward", {"x": (8, 5), "a": (5,), "b": (5,)}),
    ("layer_norm_power", "layer_norm_power_backward", {"x": (2, 4, 5), "gamma": (5,)}),
    ("batch_norm_staged", "batch_norm_staged_backward", BATCH),
    ("batch_norm_short", "batch_norm_short_backward", BATCH),
    ("group_norm", "group_norm_backward", {"x": (3, 4, 2, 3), "gamma": (4, 1, 1), "beta": (4, 1, 1)}),
    ("rms_norm", "rms_norm_backward", {"x": (2, 5, 4), "g": (4,)}),
    ("unit_rows", "unit_rows_backward", {"x": (9, 4)}),
    ("cosine", "cosine_backward", {"x": (7, 4), "y": (7, 4)}),
    ("weight_norm", "weight_norm_backward", {"x": (3, 4), "v": (8, 4), "g": (8,)}),
    ("adam_step", "adam_step_backward", {"g": (4, 3), "m": (4, 3), "v": (4, 3), "lr": ()}),
    ("deep_relu", "deep_relu_backward", {"x": (5, 3), "W1": (3, 4), "W2": (4, 6)}),
    ("transformer_block", "transformer_block_backward", {"x": (4, 5), **WIDTH}),
]
