"""The cause of a mistake is named in the layers of courses: attention, convolutions, norms, losses, embeddings."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

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
INPUTS = {
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


@pytest.mark.parametrize("code, right, wrong, sentence", SLIPS)
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
