"""The causes of wrong gradients in code as courses set it are named: stacks of matrices, losses, pools, classes."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

ATTENTION = """
def forward(q, k, v):
    d = q.shape[2]
    e = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(d))
    p = e / e.sum(axis=-1, keepdims=True)
    return p @ v, (q, k, v, p)

def backward(do, cache):
    q, k, v, p = cache
    d = q.shape[2]
    dv = p.transpose(0, 2, 1) @ do
    dp = do @ v.transpose(0, 2, 1)
    ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True)) / np.sqrt(d)
    return ds @ k, ds.transpose(0, 2, 1) @ q, dv
"""
STACKS = {"q": (2, 3, 4), "k": (2, 3, 4), "v": (2, 3, 5)}

LOSS = """
y = np.array([1, 0, 2, 1])
lam = 0.5

def loss_and_gradients(X, W, b):
    n = len(X)
    e = np.exp(X @ W + b)
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), y]).sum() / n + lam / 2 / n * (W * W).sum()
    dz = p.copy()
    dz[np.arange(n), y] -= 1
    dW = X.T @ dz / n + lam / n * W
    db = dz.sum(axis=0, keepdims=True) / n
    return loss, {"W": dW, "b": db}

def forward(X, W, b):
    return loss_and_gradients(X, W, b)

def backward(dout, grads):
    return {name: dout * grad for name, grad in grads.items()}
"""
BATCH = {"X": (4, 2), "W": (2, 3), "b": (1, 3)}

LOGISTIC = """
y = np.array([0, 1, 1])

def forward(X, w, b):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), (X, p)

def backward(d, cache):
    X, p = cache
    dz = d * (p - y) / len(X)
    return {"w": X.T @ dz, "b": dz.sum()}
"""
ROWS = {"X": (3, 2), "w": (2,), "b": ()}

POOL = """
def forward(x):
    out = np.zeros((2, 3))
    for i in range(2):
        for j in range(3):
            out[i, j] = x[2 * i:2 * i + 2, 2 * j:2 * j + 2].max()
    return out, x

def backward(dout, cache):
    x = cache
    dx = np.zeros_like(x)
    for i in range(2):
        for j in range(3):
            window = x[2 * i:2 * i + 2, 2 * j:2 * j + 2]
            dx[2 * i:2 * i + 2, 2 * j:2 * j + 2] += (window == window.max()) * dout[i, j]
    return dx
"""
IMAGE = {"x": (4, 6)}

EMBEDDED = """
tokens = [2, 0, 2]

def forward(E, W):
    h, hs = np.zeros(len(W)), []
    for token in tokens:
        h = np.tanh(E[token] + W @ h)
        hs.append(h)
    return np.array(hs), (W, hs, len(E))

def step(dh, dc, W, hs, t):
    da = (dh + dc) * (1 - hs[t] ** 2)
    return da, W.T @ da, np.outer(da, hs[t - 1] if t else 0 * da)

def backward(dhs, cache):
    W, hs, size = cache
    dE, dW = np.zeros((size, len(W))), np.zeros_like(W)
    carry = np.zeros(len(W))
    for t in reversed(range(dhs.shape[0])):
        da, carry, outer = step(dhs[t], carry, W, hs, t)
        dW += outer
        dE[tokens[t]] += da
    return dE, dW
"""
TABLE = {"E": (4, 3), "W": (3, 3)}

LAYERS = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))

class Layer:
    def __init__(self, W):
        self.W = W

    def forward(self, x):
        self.x, self.z = x, x @ self.W
        self.out = np.empty(self.z.shape, dtype="f")
        self.out[:] = sigmoid(self.z)
        return self.out

    def backward(self, dout):
        dz = dout * self.out * (1 - self.out)
        self.dW = self.x.T @ dz
        return dz @ self.W.T

class Net:
    def __init__(self, *weights):
        self.layers = [Layer(W) for W in weights]

    def run(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def back(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout

def forward(x, V, W):
    net = Net(V, W)
    return net.run(x), net

def backward(dout, net):
    dx = net.back(dout)
    return dx, *(layer.dW for layer in net.layers)
"""
NET = {"x": (4, 2), "V": (2, 3), "W": (3, 5)}

TAPE = """
class Value:
    def __init__(self, data, parents=()):
        self.data, self.parents, self.grad = data, parents, 0
        self.push = lambda: None

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))

        def push():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.push = push
        return out

    def tanh(self):
        t = np.tanh(self.data)
        out = Value(t, (self,))

        def push():
            self.grad += (1 - t**2) * out.grad

        out.push = push
        return out

    def pull(self, grad):
        self.grad, order = grad, []

        def visit(node):
            if node not in order:
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        for node in reversed(order):
            node.push()

def forward(a, b):
    a, b = Value(a), Value(b)
    out = (a * b).tanh() * a
    return out.data, (a, b, out)

def backward(dout, cache):
    a, b, out = cache
    out.pull(dout)
    return a.grad, b.grad
"""
PAIR = {"a": (3,), "b": (3,)}

RESIDUAL = """
def forward(x, W, s):
    h = np.tanh(x @ W)
    return x + h * np.exp(s), (x, W, h, s)

def backward(d, cache):
    x, W, h, s = cache
    dh = d * np.exp(s)
    da = dh * (1 - h ** 2)
    ds = (d * h * np.exp(s)).sum(axis=0)
    return d + da @ W.T, x.T @ da, ds
"""
BLOCK = {"x": (2, 3), "W": (3, 3), "s": (3,)}

BATCHES = """
def forward(x, s):
    n, d = x.shape
    return (x * x).sum(axis=0) / n * s, (x, s)

def backward(dout, cache):
    x, s = cache
    n, d = x.shape
    return 2 * x * dout * s / n, (x * x).sum(axis=0) / n * dout
"""

STEPS = """
def forward(x, W):
    h, hs = np.zeros(len(W)), []
    for x_t in x:
        h = np.tanh(W @ h + x_t)
        hs.append(h)
    return np.array(hs), (W, hs)

def backward(dhs, cache):
    W, hs = cache
    dx, dW, carry = np.zeros(dhs.shape), np.zeros_like(W), np.zeros(len(W))
    for t in range(len(dhs) - 1, -1, -1):
        da = (dhs[t] + carry) * (1 - hs[t] ** 2)
        dx[t] = da
        dW += np.outer(da, hs[t - 1] if t else 0 * da)
        carry = W.T @ da
    return dx, dW
"""

GATHERED = """
places = np.array([0, 1, 1, 2])

def forward(x):
    return np.sin(x[:, places]), x

def backward(d, cache):
    x = cache
    dx = np.zeros_like(x)
    np.add.at(dx, (slice(None), places), d * np.cos(x[:, places]))
    return dx
"""

CODES = {
    "attention": (ATTENTION, STACKS),
    "loss": (LOSS, BATCH),
    "logistic": (LOGISTIC, ROWS),
    "pool": (POOL, IMAGE),
    "embedded": (EMBEDDED, TABLE),
    "layers": (LAYERS, NET),
    "tape": (TAPE, PAIR),
    "residual": (RESIDUAL, BLOCK),
    "steps": (STEPS, {"x": (4, 3), "W": (3, 3)}),
    "gathered": (GATHERED, {"x": (2, 3)}),
    "batches": (BATCHES, {"x": (6, 3), "s": (3,)}),
}

SLIPS = [
    ("steps", "carry = W.T @ da", "carry += W.T @ da", "a carry is added up"),
    ("steps", "(dhs[t] + carry) *", "carry *", "`carry` is replaced by `dhs[t] + carry`"),
    (
        "gathered",
        "np.add.at(dx, (slice(None), places), d *",
        "dx[:, places] += (d *",
        "np.add.at(dx, np.s_[:, places], d *",
    ),
    ("attention", "ds.transpose(0, 2, 1) @ q", "ds @ q", "replaced by `ds.swapaxes(-1, -2) @ q`"),
    ("attention", "keepdims=True)) / np.sqrt(d)\n", "keepdims=True))\n", "/ np.sqrt(d)"),
    ("loss", "dz[np.arange(n), y] -= 1", "dz[:, y] -= 1", "the label is subtracted in the wrong rows"),
    ("loss", "X.T @ dz / n", "X.T @ dz", "`X.T @ dz` is replaced by `X.T @ dz / n`"),
    ("loss", "dz.sum(axis=0, keepdims=True)", "dz.sum()", "a sum is taken over too many axes"),
    ("loss", "dz[np.arange(n), y] -= 1", "dz[np.arange(n), y] += 1", "the sign is wrong"),
    ("logistic", "X.T @ dz", "X[0] * dz[0]", "`X[0] * dz[0]` is replaced by `X.T @ dz`"),
    (
        "logistic",
        "(p - y) / len(X)",
        "(p - y) * p * (1 - p) / len(X)",
        "the derivative of an activation is one too many",
    ),
    ("pool", "(window == window.max()) * dout[i, j]", "dout[i, j] / 4", "hands its gradient to its largest entry"),
    ("pool", "window.max()) * dout", "window.min()) * dout", "`window.min()` is replaced by `window.max()`"),
    ("embedded", "dE[tokens[t]] += da", "dE[t] += da", "`dE[t]` is replaced by `dE[tokens[t]]`"),
    ("embedded", "step(dhs[t], carry", "step(dhs[-1], carry", "`dhs[-1]` is replaced by `dhs[t]`"),
    ("embedded", "(dhs[t], carry, W, hs, t)", "(dhs[t], np.zeros(3), W, hs, t)", "a carry is missing"),
    ("embedded", "+= da\n", "= da\n", "what should be added up is overwritten"),
    ("layers", "self.out * (1 - self.out)", "(1 - self.out)", "a factor is missing"),
    ("layers", "self.out * (1 - self.out)", "self.z * (1 - self.z)", "no entry of the gradient of x"),
    ("layers", "dz = dout * self.out * (1 - self.out)", "dz = dout * slope(self.out)", "at an activated value"),
    ("tape", "self.grad += other.data * out.grad", "self.grad = other.data * out.grad", "is overwritten"),
    ("tape", "(1 - t**2) * out", "(1 - t) * out", "`1 - t` is replaced by `1 - t ** 2`"),
    ("tape", "other.grad += self.data", "other.grad += other.data", "`other` is replaced by `self`"),
    ("residual", "return d + da @ W.T", "return da @ W.T", "`da @ W.T` is replaced by `da @ W.T + d`"),
    ("residual", "(1 - h ** 2)", "(1 - h) ** 2", "parentheses are missing or misplaced"),
    ("batches", "2 * x * dout * s / n", "x * dout * s / n", "is replaced by `2 *"),
]


def made(folder, text):
    file = folder / "course.py"
    file.write_text(f"import numpy as np\n{text}")
    space = {"__name__": "course"}
    exec(compile(file.read_text(), str(file), "exec"), space)
    return space["forward"], space["backward"]


def arrays(shapes):
    return {name: np.zeros(shape) if shape else 0.0 for name, shape in shapes.items()}


@pytest.mark.parametrize("code", CODES)
def test_the_code_is_right(tmp_path, code):
    text, shapes = CODES[code]
    report = gradcheck(*made(tmp_path, text), arrays(shapes))
    assert report.ok and not report.unreached and set(report.unchecked) <= {"X"}, str(report)


@pytest.mark.parametrize("code, right, wrong, sentence", SLIPS)
def test_the_cause_is_named(tmp_path, code, right, wrong, sentence):
    text, shapes = CODES[code]
    assert right in text
    report = gradcheck(*made(tmp_path, text.replace(right, wrong)), arrays(shapes))
    assert report.verdict == "wrong" and sentence in "\n".join(report.diagnosis), str(report)


def test_sizes_of_1_in_many_axes_do_not_grow_together(tmp_path):
    text = "def forward(x):\n    return np.tanh(x), x\ndef backward(d, x):\n    return d * (1 - np.tanh(x))\n"
    report = gradcheck(*made(tmp_path, text), {"x": np.zeros((1,) * 20 + (2,))})
    assert report.verdict == "wrong" and "replaced by" in str(report), str(report)
