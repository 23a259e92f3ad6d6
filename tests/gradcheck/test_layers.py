"""The cause of a mistake is named in the layers of courses: attention, convolutions, norms, losses, embeddings."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

from .test_mutants import ALL

ATTENTION = """
import numpy as np

def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

def forward(X, Wq, Wk, Wv):
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    scale = 1 / np.sqrt(Q.shape[-1])
    P = softmax(Q @ K.T * scale)
    return P @ V, (X, Wq, Wk, Wv, Q, K, V, P, scale)

def backward(dO, cache):
    X, Wq, Wk, Wv, Q, K, V, P, scale = cache
    dV = P.T @ dO
    dP = dO @ V.T
    dS = P * (dP - (dP * P).sum(axis=-1, keepdims=True))
    dQ = dS @ K * scale
    dK = dS.T @ Q * scale
    dX = dQ @ Wq.T + dK @ Wk.T + dV @ Wv.T
    return dX, X.T @ dQ, X.T @ dK, X.T @ dV
"""
CONVOLUTION = """
import numpy as np

def forward(x, w, b):
    F, C, K = w.shape
    y = np.zeros((F, x.shape[1] - K + 1))
    for f in range(F):
        for i in range(y.shape[1]):
            y[f, i] = np.sum(x[:, i:i + K] * w[f]) + b[f]
    return y

def backward(inputs, dy):
    x, w, b = inputs
    F, C, K = w.shape
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    padded = np.pad(dy, ((0, 0), (K - 1, K - 1)))
    for f in range(F):
        db[f] = np.sum(dy[f])
        for i in range(dy.shape[1]):
            dw[f] += x[:, i:i + K] * dy[f, i]
        flipped = w[f, :, ::-1]
        for j in range(x.shape[1]):
            dx[:, j] += flipped @ padded[f, j:j + K]
    return dx, dw, db
"""
DENSE = """
import numpy as np

def forward(x, W, b):
    N, H, C = x.shape
    flat = x.reshape(N, H * C)
    h = np.tanh(flat @ W + b)
    return h, (x, flat, W, h)

def backward(dy, cache):
    x, flat, W, h = cache
    N, H, C = x.shape
    da = dy * (1 - h ** 2)
    dW = flat.T @ da
    db = da.sum(axis=0)
    dflat = da @ W.T
    return dflat.reshape(N, H, C), dW, db
"""
EMBEDDING = """
import numpy as np

def forward(E, tokens, ids, scale, mask):
    rows = [np.tanh(E[token]) for token in tokens]
    return np.array(rows), E[ids] * mask / scale

def backward(inputs, cotangents):
    E, tokens, ids, scale, mask = inputs
    d, more = cotangents
    dE = np.zeros_like(E)
    dm = more * mask / scale
    np.add.at(dE, ids, dm)
    for t in range(len(tokens)):
        dE[tokens[t]] += d[t] * (1 - np.tanh(E[tokens[t]]) ** 2)
    return dE, None, None, None, None
"""
LEAST_SQUARES = """
import numpy as np

def forward(X, y, theta):
    error = X @ theta - y
    return 0.1 * np.sum(error ** 2) / len(y), (X, error)

def backward(d, cache):
    X, error = cache
    m = len(error)
    return None, -0.2 * d * error / m, 0.2 * d * X.T @ error / m
"""
ACTIVATIONS = """
import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def softplus(x):
    return np.log(1 + np.exp(x))

def bump(x):
    t = 0.7 * np.tanh(x * (1 + 0.2 * x ** 2))
    return 0.5 * x * (1 + t) + x / (1 + x ** 2)

def bump_grad(x):
    u = x * (1 + 0.2 * x ** 2)
    t = np.tanh(u)
    slope = 0.35 * x * (1 - t ** 2) * (1 + 0.6 * x ** 2)
    return 0.5 * (1 + 0.7 * t) + slope + (1 - x ** 2) / (1 + x ** 2) ** 2

def forward(x, y, z, v, w):
    h = np.maximum(0, 2 * w)
    return softplus(x), y * sigmoid(y), bump(z), np.where(v > 0, v, 0.5 * (np.exp(v) - 1)), h

def backward(inputs, cotangents):
    x, y, z, v, w = inputs
    d1, d2, d3, d4, d5 = cotangents
    s = sigmoid(y)
    h = np.maximum(0, 2 * w)
    dx = d1 * sigmoid(x)
    dy = d2 * (s + y * s * (1 - s))
    dz = d3 * bump_grad(z)
    dv = d4 * np.where(v > 0, 1, 0.5 * np.exp(v))
    dw = 2 * d5
    dw[h <= 0] = 0
    return dx, dy, dz, dv, dw
"""
DIRECTIONS = """
import numpy as np

def states(x, W, U):
    h, hs = np.zeros(len(U)), []
    for t in range(len(x)):
        h = np.tanh(W @ x[t] + U @ h)
        hs.append(h)
    return np.array(hs)

def forward(x, Wf, Uf, Wb, Ub):
    hf, hb = states(x, Wf, Uf), states(x[::-1], Wb, Ub)[::-1]
    return np.hstack([hf, hb]), (x, hf, hb, Wf, Uf, Wb, Ub)

def direction(dhs, x, hs, W, U):
    dx, dW, dU, carry = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
    for t in reversed(range(len(x))):
        da = (dhs[t] + carry) * (1 - hs[t] ** 2)
        dW += np.outer(da, x[t])
        if t > 0:
            dU += np.outer(da, hs[t - 1])
        dx[t] = W.T @ da
        carry = U.T @ da
    return dx, dW, dU

def backward(dy, cache):
    x, hf, hb, Wf, Uf, Wb, Ub = cache
    n = len(Uf)
    dxf, dWf, dUf = direction(dy[:, :n], x, hf, Wf, Uf)
    dxb, dWb, dUb = direction(dy[::-1, n:], x[::-1], hb[::-1], Wb, Ub)
    dx = dxf + dxb[::-1]
    return dx, dWf, dUf, dWb, dUb
"""
BOTH_WAYS = """
import numpy as np

def forward(x, Wf, Wb, Uf, Ub):
    T, n = len(x), len(Uf)
    hf, hb = np.zeros((T + 1, n)), np.zeros((T + 1, n))
    for t in range(T):
        hf[t] = np.tanh(Wf @ x[t] + Uf @ hf[t - 1])
    for t in range(T - 1, -1, -1):
        hb[t] = np.tanh(Wb @ x[t] + Ub @ hb[t + 1])
    return hf[:T], hb[:T], (x, Wf, Wb, Uf, Ub, hf, hb)

def backward(df, db, cache):
    x, Wf, Wb, Uf, Ub, hf, hb = cache
    T, n = len(x), len(Uf)
    dx, dWf, dWb, dUf, dUb = map(np.zeros_like, (x, Wf, Wb, Uf, Ub))
    carry_f, carry_b = np.zeros(n), np.zeros(n)
    for t in range(T - 1, -1, -1):
        da = (df[t] + carry_f) * (1 - hf[t] ** 2)
        dWf += np.outer(da, x[t])
        dUf += np.outer(da, hf[t - 1])
        dx[t] += Wf.T @ da
        carry_f = Uf.T @ da
    for t in range(T):
        da = (db[t] + carry_b) * (1 - hb[t] ** 2)
        dWb += np.outer(da, x[t])
        dUb += np.outer(da, hb[t + 1])
        dx[t] += Wb.T @ da
        carry_b = Ub.T @ da
    return dx, dWf, dWb, dUf, dUb
"""
CLASSIFIER = """
import numpy as np

def forward(X, y, W, b):
    scores = X @ W + b
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    N = len(X)
    return -np.log(p[range(N), y]).mean() + 0.3 * np.sum(W ** 2), (X, y, W, p)

def backward(d, cache):
    X, y, W, p = cache
    N = len(X)
    dscores = p.copy()
    dscores[range(N), y] -= 1
    dscores *= d / N
    return dscores @ W.T, None, X.T @ dscores + 0.6 * d * W, dscores.sum(axis=0)
"""
NORM = """
import numpy as np

def forward(x, g):
    y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return g * y, (x, y, g)

def backward(d, cache):
    x, y, g = cache
    dy = d * g
    dc = dy - dy.mean(-1, keepdims=True) - y * (dy * y).mean(-1, keepdims=True)
    return dc / np.sqrt(x.var(-1, keepdims=True) + 1e-5), (d * y).sum(0)
"""
INPUTS = {
    ACTIVATIONS: dict.fromkeys("xyzvw", (3, 2)),
    DIRECTIONS: {"x": (4, 3), "Wf": (2, 3), "Uf": (2, 2), "Wb": (2, 3), "Ub": (2, 2)},
    BOTH_WAYS: {"x": (4, 3), "Wf": (2, 3), "Wb": (2, 3), "Uf": (2, 2), "Ub": (2, 2)},
    CLASSIFIER: {"X": (5, 4), "y": [0, 2, 1, 1, 0], "W": (4, 3), "b": (3,)},
    NORM: {"x": (3, 4), "g": (4,)},
    ATTENTION: {"X": (5, 3), "Wq": (3, 4), "Wk": (3, 4), "Wv": (3, 2)},
    CONVOLUTION: {"x": (2, 6), "w": (3, 2, 4), "b": (3,)},
    DENSE: {"x": (4, 2, 3), "W": (6, 5), "b": (5,)},
    EMBEDDING: {
        "E": (6, 3),
        "tokens": [1, 3, 1, 0],
        "ids": [2, 4, 2],
        "scale": 3,
        "mask": np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1]]),
    },
    LEAST_SQUARES: {"X": (5, 3), "y": (5,), "theta": (3,)},
}
SLIPS = [
    (ACTIVATIONS, "d1 * sigmoid(x)", "d1 * sigmoid(x) * (1 - sigmoid(x))", "is replaced by `d1 * sigmoid(x)`"),
    (ACTIVATIONS, "d1 * sigmoid(x)", "d1", "`dx` is replaced by `dx * (np.exp(x) / (1 + np.exp(x)))`"),
    (
        ACTIVATIONS,
        "d2 * (s + y * s * (1 - s))",
        "d2 * s * (1 - s)",
        "is replaced by `d2 * (sigmoid(y) + y * (sigmoid(y)",
    ),
    (ACTIVATIONS, "y * s * (1 - s)", "s * (1 - s)", "y is exact if `s * (1 - s)` is replaced by `s * (1 - s) * y`"),
    (
        ACTIVATIONS,
        "(1 - t ** 2) * (1 + 0.6 * x ** 2)",
        "(1 - t) * x ** 4",
        "`d3 * bump_grad(z)` is replaced by `d3` times the derivative of `bump` at `z`",
    ),
    (ACTIVATIONS, "bump_grad(z)", "bump(z)", "z is exact if `d3 * bump(z)` is replaced by `d3 * bump_grad(z)`"),
    (ACTIVATIONS, "1, 0.5 * np.exp(v)", "1, 0.0", "is replaced by `d4 * np.where(v > 0, 1, 0.5 * np.exp(v))`"),
    (ACTIVATIONS, "    dw[h <= 0] = 0\n", "", "w is exact if `dw` is replaced by `dw * (h > 0)`"),
    (ACTIVATIONS, "dw[h <= 0]", "dw[dw <= 0]", "w is exact if `dw` is replaced by `h`"),
    (DIRECTIONS, "dx = dxf + dxb[::-1]", "dx = dxf", "x is exact if `dx = dxf` is replaced by `dx = dxf + dxb[::-1]`"),
    (DIRECTIONS, "dxf + dxb[::-1]", "dxf + dxb", "x is exact if `dxb` is replaced by `dxb[::-1]`"),
    (
        DIRECTIONS,
        "dy[::-1, n:], x[::-1], hb[::-1]",
        "dy[:, n:], x, hb",
        "x, Wb and Ub are exact if `dy[:, n:]` is replaced by `dy[::-1, n:]`",
    ),
    (BOTH_WAYS, "        dx[t] += Wb.T @ da\n", "", "x is exact if `dx[t] += Wb.T @ da` is added after `"),
    (BOTH_WAYS, "dx[t] += Wb", "dx[t] = Wb", "x is exact if `dx[t] = Wb.T @ da` is replaced by `dx[t] += Wb.T @ da`"),
    (
        CLASSIFIER,
        "    dscores[range(N), y] -= 1\n",
        "",
        "`dscores[np.arange(len(dscores)), y] -= 1` is added after `dscores = p.copy()`",
    ),
    (CLASSIFIER, "d / N", "d", "X, W and b are exact if `dscores *= d` is replaced by `dscores *= d / N`"),
    (CLASSIFIER, " + 0.6 * d * W", "", "the gradient of W lacks one multiple of W, as of a penalty on its square"),
    (CLASSIFIER, "0.6 * d", "0.3 * d", "W is exact if `0.3 * d * W` is replaced by `2 * (0.3 * d * W)`"),
    (NORM, " - dy.mean(-1, keepdims=True) - y * (dy * y).mean(-1, keepdims=True)", "", "a norm's own part is not sub"),
    (
        NORM,
        " - y * (dy * y).mean(-1, keepdims=True)",
        "",
        "`dy - dy.mean(-1, keepdims=True) - y * (dy * y).mean(axis=-",
    ),
    (NORM, "y * (dy * y)", "(dy * y)", "by `(dy * y).mean(-1, keepdims=True) * y`"),
    (ATTENTION, " + dV @ Wv.T", "", "X is exact if `dX` is replaced by `dX + dV @ Wv.T`"),
    (
        ATTENTION,
        "P * (dP - (dP * P).sum(axis=-1, keepdims=True))",
        "dP * P * (1 - P)",
        "X, Wq and Wk are exact if `dP * P * (1 - P)` is replaced by `P * (dP - (dP * P).sum(axis=-1, keepdims=True))`",
    ),
    (
        ATTENTION,
        "P * (dP - (dP * P).sum(axis=-1, keepdims=True))",
        "dP * (P - P ** 2)",
        "a softmax has a whole matrix of derivatives",
    ),
    (ATTENTION, "axis=-1, keepdims=True))\n    dQ", "axis=-1))\n    dQ", "an axis is lost, or one too many"),
    (ATTENTION, "(dP * P).sum", "dP.sum", "`dP` is replaced by `dP * P`"),
    (CONVOLUTION, "w[f, :, ::-1]", "w[f]", "`w[f]` is replaced by `w[f][..., ::-1]`"),
    (CONVOLUTION, "w[f, :, ::-1]", "w[f, ::-1, ::-1]", "`w[f, ::-1, ::-1]` is replaced by `w[f, :, ::-1]`"),
    (CONVOLUTION, "x[:, i:i + K] * dy[f, i]", "x[:, i:i + K][:, ::-1] * dy[f, i]", "is replaced by `x[:, i:i + K]` ("),
    (CONVOLUTION, "= np.sum(dy[f])", "= dy[f, 0]", "`dy[f, 0]` is replaced by `dy[f, :].sum(axis=0)`"),
    (
        CONVOLUTION,
        "range(dy.shape[1])",
        "range(dy.shape[1] - 1)",
        "`range(dy.shape[1] - 1)` is replaced by `range(dy.shape[1])`",
    ),
    (DENSE, "= da.sum(axis=0)", "= da[0]", "b is exact if `da[0]` is replaced by `da.sum(axis=0)`"),
    (DENSE, "= da.sum(axis=0)", "= da", "b is exact if `db = da` is replaced by `db = da.sum(axis=0)`"),
    (DENSE, "da.sum(axis=0)", "da.sum(axis=0, keepdims=True)", "b is exact if `da.sum(axis=0, keepdims=True)` is"),
    (DENSE, "flat.T @ da", "np.outer(flat[0], da[0])", "`np.outer(flat[0], da[0])` is replaced by `flat.T @ da`"),
    (DENSE, "flat.T @ da", "flat.reshape(H * C, N) @ da", "`flat.reshape(H * C, N)` is replaced by `flat.T`"),
    (DENSE, "(N, H, C), dW", "(N, C, H).transpose(0, 2, 1), dW", "is replaced by `dflat.reshape(N, H, C)`"),
    (DENSE, "reshape(N, H, C), dW", "reshape((N, H, C), order='F'), dW", "by `dflat.reshape((N, H, C))`"),
    (EMBEDDING, "np.add.at(dE, ids, dm)", "dE[ids] += dm", "`dE[ids] += dm` is replaced by `np.add.at(dE, ids, dm)`"),
    (EMBEDDING, "dE[tokens[t]] += ", "dE[tokens[t]] = ", "is replaced by `dE[tokens[t]] += "),
    (EMBEDDING, "more * mask / scale", "more * mask", "`dm = more * mask` is replaced by `dm = more * mask / scale`"),
    (EMBEDDING, "more * mask / scale", "more", "`dm = more` is replaced by `dm = more * mask / scale`"),
    (EMBEDDING, "more * mask / scale", "more * mask * scale", "`more * mask * scale` is replaced by `more * mask / s"),
    (LEAST_SQUARES, "None, -0.2 * d", "None, 0.2 * d", "y is exact if `0.2 * d * error / m` is replaced by `-("),
    (LEAST_SQUARES, "X.T @ error / m", "X.T @ error", "theta is exact if `0.2 * d * X.T @ error` is replaced by"),
    (LEAST_SQUARES, "0.2 * d * X", "0.1 * d * X", "is replaced by `2 * (0.1 * d * X.T @ error / m)`"),
]


def report(folder, text, inputs):
    file = folder / "layer.py"
    file.write_text(text)
    space = {}
    exec(compile(text, str(file), "exec"), space)
    values = {name: np.zeros(v) if isinstance(v, tuple) else v for name, v in inputs.items()}
    values = {name: np.array(v) if isinstance(v, list) else v for name, v in values.items()}
    return gradcheck(space["forward"], space["backward"], values)


@pytest.mark.parametrize("code", INPUTS)
def test_the_layers_are_right_without_a_slip(tmp_path, code):
    assert report(tmp_path, code, INPUTS[code]).ok


TRIED = [*SLIPS] if ALL else SLIPS[::3]
"""All of them, or every third one, since a search takes about a second."""


@pytest.mark.parametrize("code, right, wrong, sentence", TRIED)
def test_a_slip_in_a_layer_is_named(tmp_path, code, right, wrong, sentence):
    assert right in code
    found = report(tmp_path, code.replace(right, wrong), INPUTS[code])
    assert found.verdict == "wrong" and sentence in "\n".join(found.diagnosis), str(found)


SUPPRESSED = """
import contextlib
import numpy as np

def forward(x, W):
    return np.tanh(x @ W), (x, W)

def backward(d, cache):
    x, W = cache
    da = d * (1 - np.tanh(x @ W) ** 2)
    dx = da @ W.T
    with contextlib.suppress(Exception):
        dx = 2 * dx + W[:, 0] ** 5
    return dx, x.T @ da
"""


def test_an_edit_that_raises_where_somebody_catches_it_is_no_mend(tmp_path):
    """Of ``dx = 2 * dx + d[:, 0] ** 5``, which fails, nothing is left; it says nothing of the mistake."""
    found = report(tmp_path, SUPPRESSED, {"x": (2, 3), "W": (3, 4)})
    assert found.verdict == "wrong" and not any("exact if" in sentence for sentence in found.diagnosis), str(found)


UNUSED = """
import numpy as np

def forward(x, W, U):
    return np.tanh(x @ W)

def backward(inputs, d):
    x, W, U = inputs
    da = d * (1 - np.tanh(x @ W) ** 2)
    dU = (x @ W).T @ da + U
    return da @ W.T, x.T @ da, dU * 0 + U ** 3
"""


def test_a_gradient_that_should_be_0_is_told_as_such(tmp_path):
    """What makes it 0 in some way is no cause."""
    found = report(tmp_path, UNUSED.replace(" * 0 + U ** 3", ""), {"x": (2, 3), "W": (3, 4), "U": (4, 4)})
    assert found.verdict == "wrong" and "the gradient of U is 0, and backward gives another one" in found.diagnosis
