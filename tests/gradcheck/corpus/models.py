"""Whole models, as papers' code and tutorials have them: a small engine, filters, solvers, likelihoods, attention."""

import math

import numpy as np


# A small engine of scalars that remembers what was made of what.
class Value:
    def __init__(self, data, parents=()):
        self.data, self.grad = data, 0.0
        self.parents, self.push = parents, lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))

        def push():
            self.grad += out.grad
            other.grad += out.grad

        out.push = push
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))

        def push():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.push = push
        return out

    def tanh(self):
        t = (math.exp(2 * self.data) - 1) / (math.exp(2 * self.data) + 1)
        out = Value(t, (self,))

        def push():
            self.grad += (1 - t**2) * out.grad

        out.push = push
        return out

    def backward(self, grad):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        self.grad = grad
        for node in reversed(order):
            node.push()


def engine(x, W, b):
    xs, rows, bias = [Value(v) for v in x], [[Value(w) for w in row] for row in W], [Value(v) for v in b]
    hidden = [sum((w * v for w, v in zip(row, xs)), c).tanh() for row, c in zip(rows, bias)]
    out = sum((h * h for h in hidden), Value(0.0))
    return out.data, (out, xs, rows, bias)


def engine_backward(dout, cache):
    out, xs, rows, bias = cache
    out.backward(dout)
    dx = np.array([v.grad for v in xs])
    return dx, np.array([[w.grad for w in row] for row in rows]), np.array([v.grad for v in bias])


# The likelihood of a Gaussian process.
def gaussian_process(A, y):
    K = A @ A.T + np.eye(len(y))
    L = np.linalg.cholesky(K)
    a = np.linalg.solve(L, y)
    return 0.5 * a @ a + np.log(np.diag(L)).sum() + 0.5 * len(y) * np.log(2 * np.pi), (A, K, y)


def gaussian_process_backward(d, cache):
    A, K, y = cache
    inverse = np.linalg.inv(K)
    alpha = inverse @ y
    G = 0.5 * (inverse - np.outer(alpha, alpha))
    return d * 2 * G @ A, d * alpha


# A differential equation, by the method of Runge and Kutta, back through its stages.
def slope(u, k):
    return -k * u + np.sin(u)


def runge_kutta(y, k):
    h, ys = 0.1, [y]
    for _ in range(2):
        u = ys[-1]
        k1 = slope(u, k)
        k2 = slope(u + h / 2 * k1, k)
        k3 = slope(u + h / 2 * k2, k)
        k4 = slope(u + h * k3, k)
        ys.append(u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    return ys[-1], (ys, k, h)


def runge_kutta_backward(d, cache):
    ys, k, h = cache

    def J(u):
        return -k + np.cos(u)

    dk = 0.0
    for u in ys[-2::-1]:
        u2 = u + h / 2 * slope(u, k)
        u3 = u + h / 2 * slope(u2, k)
        u4 = u + h * slope(u3, k)
        g4 = d * h / 6
        g3 = d * h / 3 + h * J(u4) * g4
        g2 = d * h / 3 + h / 2 * J(u3) * g3
        g1 = d * h / 6 + h / 2 * J(u2) * g2
        dk -= (u * g1 + u2 * g2 + u3 * g3 + u4 * g4).sum()
        d = d + J(u) * g1 + J(u2) * g2 + J(u3) * g3 + J(u4) * g4
    return d, dk


# The likelihood by a Kalman filter of two steps.
def kalman(y, A):
    n = len(A)
    m, P, loss, steps = np.zeros(n), np.eye(n), 0.0, []
    for t in range(len(y)):
        mean, predicted = A @ m, A @ P @ A.T + np.eye(n)
        S = predicted + np.eye(n)
        r = y[t] - mean
        loss += 0.5 * (r @ np.linalg.solve(S, r) + np.linalg.slogdet(S)[1])
        K = predicted @ np.linalg.inv(S)
        steps.append((m, P, predicted, S, r, K))
        m, P = mean + K @ r, predicted - K @ predicted
    return loss, (y, A, steps)


def kalman_backward(d, cache):
    y, A, steps = cache
    dA, dy = np.zeros_like(A), np.zeros_like(y)
    dm, dP = np.zeros(len(A)), np.zeros_like(A)
    for t in reversed(range(len(y))):
        m, P, predicted, S, r, K = steps[t]
        inverse = np.linalg.inv(S)
        dr = K.T @ dm + d * inverse @ r
        dK = np.outer(dm, r) - dP @ predicted.T
        dpredicted = dP - K.T @ dP + dK @ inverse.T
        dS = -inverse.T @ predicted.T @ dK @ inverse.T + d * 0.5 * (inverse.T - np.outer(inverse @ r, inverse @ r))
        dpredicted = dpredicted + dS
        dmean = dm - dr
        dy[t] = dr
        dA += np.outer(dmean, m) + dpredicted @ A @ P.T + dpredicted.T @ A @ P
        dm, dP = A.T @ dmean, A.T @ dpredicted @ A
    return dy, dA


# Heads of attention that look back only.
def attention(x, Wq, Wk, Wv, Wo):
    B, T, C = x.shape
    heads, size = 2, C // 2
    q, k, v = ((x @ W).reshape(B, T, heads, size).transpose(0, 2, 1, 3) for W in (Wq, Wk, Wv))
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(size)
    scores = np.where(np.triu(np.ones((T, T)), 1).astype(bool), -np.inf, scores)
    e = np.exp(scores - scores.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    y = (p @ v).transpose(0, 2, 1, 3).reshape(B, T, C)
    return y @ Wo, (x, q, k, v, p, y, Wq, Wk, Wv, Wo)


def attention_backward(dout, cache):
    x, q, k, v, p, y, Wq, Wk, Wv, Wo = cache
    B, T, C = x.shape
    heads, size = q.shape[1], q.shape[3]
    dy = (dout @ Wo.T).reshape(B, T, heads, size).transpose(0, 2, 1, 3)
    dp = dy @ v.transpose(0, 1, 3, 2)
    ds = p * (dp - (dp * p).sum(-1, keepdims=True)) / np.sqrt(size)
    dq, dk, dv = ds @ k, ds.transpose(0, 1, 3, 2) @ q, p.transpose(0, 1, 3, 2) @ dy
    dq, dk, dv = (g.transpose(0, 2, 1, 3).reshape(-1, C) for g in (dq, dk, dv))
    dx = (dq @ Wq.T + dk @ Wk.T + dv @ Wv.T).reshape(x.shape)
    flat = x.reshape(-1, C)
    return dx, flat.T @ dq, flat.T @ dk, flat.T @ dv, np.einsum("btc,btd->cd", y, dout)


# Two half steps of Sinkhorn's iteration.
def sinkhorn(K, M):
    u = np.ones(len(K))
    A = np.exp(K @ M)
    v = 1 / (A.T @ u)
    w = 1 / (A @ v)
    return (w[:, None] * A * v).sum(0), (K, M, A, u, v, w)


def sinkhorn_backward(d, cache):
    K, M, A, u, v, w = cache
    dA = w[:, None] * (d * v)
    dw, dv = A @ (d * v), d * (A.T @ w)
    dq = -dw * w**2
    dA, dv = dA + np.outer(dq, v), dv + A.T @ dq
    dA = dA + np.outer(u, -dv * v**2)
    return (dA * A) @ M.T, K.T @ (dA * A)


# The logarithm of running sums of exponentials.
def log_running_sum(x):
    top = x.max()
    return np.log(np.cumsum(np.exp(x - top))) + top


def log_running_sum_backward(inputs, d):
    (x,) = inputs
    e = np.exp(x - x.max())
    sums = np.cumsum(e)
    return e * np.cumsum((d / sums)[::-1])[::-1]


# The loss of a transducer over a grid of steps and labels (Graves 2012), what cannot be reached being -1e30.
def transducer(blank, label):
    T, U = blank.shape
    a = np.full((T, U), -1e30)
    a[0, 0] = 0
    for t in range(T):
        for u in range(U):
            if t > 0:
                a[t, u] = np.logaddexp(a[t, u], a[t - 1, u] + blank[t - 1, u])
            if u > 0:
                a[t, u] = np.logaddexp(a[t, u], a[t, u - 1] + label[t, u - 1])
    total = a[-1, -1] + blank[-1, -1]
    return -total, (a, total, blank, label)


def transducer_backward(d, cache):
    a, total, blank, label = cache
    T, U = blank.shape
    b = np.full((T + 1, U + 1), -1e30)
    b[-1, -2] = 0
    dblank, dlabel = np.zeros_like(blank), np.zeros_like(label)
    for t in reversed(range(T)):
        for u in reversed(range(U)):
            down = b[t + 1, u] + blank[t, u]
            dblank[t, u] = -d * np.exp(a[t, u] + down - total)
            b[t, u] = down
            if u < U - 1:
                right = b[t, u + 1] + label[t, u]
                dlabel[t, u] = -d * np.exp(a[t, u] + right - total)
                b[t, u] = np.logaddexp(down, right)
    return dblank, dlabel


# Attention along the edges of a graph (Velickovic et al. 2018).
EDGES = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]])


def graph_attention(h, W, a, b):
    z = h @ W
    e = (z @ a)[:, None] + (z @ b)[None, :]
    s = np.where(EDGES > 0, np.where(e > 0, e, 0.2 * e), -9e15)
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    return p @ z, (h, W, a, b, z, e, p)


def graph_attention_backward(dout, cache):
    h, W, a, b, z, e, p = cache
    dp, dz = dout @ z.T, p.T @ dout
    ds = p * (dp - (p * dp).sum(axis=1, keepdims=True))
    de = ds * np.where(e > 0, 1, 0.2)
    dz += np.outer(de.sum(1), a) + np.outer(de.sum(0), b)
    return dz @ W.T, h.T @ dz, z.T @ de.sum(1), z.T @ de.sum(0)


# A recurrent cell with exponential gates, its running maximum forward, weights of whole sums backward.
def exponential_gates(i, f, z):
    c, n, m, ys = 0.0, 0.0, -np.inf, []
    for t in range(len(i)):
        log_f = -np.log1p(np.exp(-f[t]))
        before, m = m, max(log_f + m, i[t])
        a, b = np.exp(log_f + before - m), np.exp(i[t] - m)
        c, n = a * c + b * np.tanh(z[t]), a * n + b
        ys.append(c / n)
    return np.array(ys)


def exponential_gates_backward(inputs, dy):
    i, f, z = inputs
    w = np.exp(i - np.cumsum(np.log(1 / (1 + np.exp(-f)))))
    sums = np.cumsum(w)
    y = np.cumsum(w * np.tanh(z)) / sums
    di, dz = np.zeros_like(i), np.zeros_like(z)
    for t in range(len(i)):
        share = dy[t] * w[: t + 1] / sums[t]
        di[: t + 1] += share * (np.tanh(z[: t + 1]) - y[t])
        dz[: t + 1] += share * (1 - np.tanh(z[: t + 1]) ** 2)
    return di, -np.cumsum(di[::-1])[::-1] / (1 + np.exp(f)), dz


# The likelihood under a mixture whose variances are softplus of a number, by half their logarithms.
def mixture(x, logits, mu, rho):
    variance = np.log1p(np.exp(rho))
    log_w = logits - np.log(np.exp(logits).sum())
    log_joint = log_w - 0.5 * (x[:, None] - mu) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)
    top = log_joint.max(axis=1, keepdims=True)
    log_p = top + np.log(np.exp(log_joint - top).sum(axis=1, keepdims=True))
    return log_p.sum(), (x, log_w, mu, rho, variance)


def mixture_backward(d, cache):
    x, log_w, mu, rho, variance = cache
    e = x[:, None] - mu
    joint = np.exp(log_w - 0.5 * e**2 / variance) / np.sqrt(variance)
    r = d * joint / joint.sum(axis=1, keepdims=True)
    dx = -(r * e / variance)
    dvariance = (r * (e**2 / variance - 1)).sum(0) / (2 * variance)
    return dx.sum(1), r.sum(0) - r.sum() * np.exp(log_w), -dx.sum(0), dvariance / (1 + np.exp(-rho))


CASES = [
    ("engine", "engine_backward", {"x": (3,), "W": (4, 3), "b": (4,)}),
    ("gaussian_process", "gaussian_process_backward", {"A": (3, 3), "y": (3,)}),
    ("runge_kutta", "runge_kutta_backward", {"y": (4,), "k": ()}),
    ("kalman", "kalman_backward", {"y": (2, 3), "A": (3, 3)}),
    ("attention", "attention_backward", {"x": (2, 5, 4), **{f"W{k}": (4, 4) for k in "qkvo"}}),
    ("sinkhorn", "sinkhorn_backward", {"K": (3, 4), "M": (4, 5)}),
    ("log_running_sum", "log_running_sum_backward", {"x": (6,)}),
    ("transducer", "transducer_backward", {"blank": (3, 3), "label": (3, 2)}),
    ("graph_attention", "graph_attention_backward", {"h": (3, 4), "W": (4, 2), "a": (2,), "b": (2,)}),
    ("exponential_gates", "exponential_gates_backward", {"i": (3,), "f": (3,), "z": (3,)}),
    ("mixture", "mixture_backward", {"x": (3,), "logits": (2,), "mu": (2,), "rho": (2,)}),
]
