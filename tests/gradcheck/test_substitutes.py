"""Slips in which one thing stands for another are named, at the sizes given and at larger ones."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck
from lstm_sym.gradcheck.diagnosis.edits import Definition
from lstm_sym.gradcheck.diagnosis.places import name
from lstm_sym.gradcheck.diagnosis.smaller import made_larger
from lstm_sym.gradcheck.subject import Subject

CODE = """
import numpy as np

def forward(X, h0, W, U):
    h, tape = h0, []
    for x in X:
        u = np.concatenate([x, h])
        r = 1 / (1 + np.exp(-U @ h))
        new = np.tanh(W @ u)
        tape.append((u, h, r, new))
        h = r * new
    return h, (X, W, U, tape)

def backward(dh, cache):
    X, W, U, tape = cache
    n, d = len(U), X.shape[1]
    dX, dW, dU = [], np.zeros_like(W), np.zeros_like(U)
    for u, old, r, new in tape[::-1]:
        da = dh * r * (1 - new**2)
        dr = dh * new * r * (1 - r)
        du = W.T @ da
        dW += np.outer(da, u)
        dU += np.outer(dr, old)
        dX.insert(0, du[:d])
        dh = du[d:] + U.T @ dr
    return np.array(dX), dh, dW, dU
"""
SHAPES = {"X": (4, 2), "h0": (3,), "W": (3, 5), "U": (3, 3)}
SLIPS = [
    ("dh = du[d:] + U.T @ dr", "dh = np.clip(du[d:] + U.T @ dr, -1, 1)", "the gradient is clipped"),
    ("dX), dh, dW", "dX), np.zeros_like(dh), dW", "h0 is exact if `np.zeros_like(dh)` is replaced by `dh`"),
    ("in tape[::-1]:", "in tape:", "the loop over `tape` runs the other way round"),
    ("np.array(dX), dh", "np.array(dX[::-1]), dh", "the steps stand in the wrong order"),
    ("dX.insert(0, du[:d])", "dX.insert(0, du[n:])", "X is exact if `du[n:]` is replaced by `du[:d]`"),
    ("np.outer(dr, old)", "np.outer(dr, new)", "U is exact if `new` is replaced by `old`"),
    ("dh * new * r * (1 - r)", "dh * new * (1 - r)", "a factor is missing"),
]


def made(folder, text):
    file = folder / "slip.py"
    file.write_text(text)
    space = {}
    exec(compile(text, str(file), "exec"), space)
    return space["forward"], space["backward"]


@pytest.mark.parametrize("right, wrong, sentence", SLIPS)
def test_a_slip_is_named(tmp_path, right, wrong, sentence):
    assert right in CODE
    report = gradcheck(*made(tmp_path, CODE.replace(right, wrong)), {k: np.zeros(s) for k, s in SHAPES.items()})
    assert report.verdict == "wrong" and sentence in "\n".join(report.diagnosis), str(report)


NORM = """
import numpy as np

def forward(x, g):
    centred = x - x.mean(axis=-1, keepdims=True)
    s = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return g * centred / s, (centred / s, s, g)

def backward(d, cache):
    y, s, g = cache
    dg = (d * y).sum(axis=0)
    dy = d * g
    dx = (dy - dy.mean(axis=-1, keepdims=True) - y * (dy * y).mean(axis=-1, keepdims=True)) / s
    return dx, dg
"""
NORMS = [
    (" - dy.mean(axis=-1, keepdims=True)", "", "a mean or a sum is not subtracted"),
    ("- dy.mean(axis=-1", "- dy.mean(axis=0", "an axis is wrong"),
    ("- y * (dy", "+ y * (dy", "the sign is wrong"),
    ("dy = d * g", "dy = d", "`dy = d` is replaced by `dy = d * g`"),
]


@pytest.mark.parametrize("right, wrong, sentence", NORMS)
def test_a_slip_in_a_normalised_layer_is_named(tmp_path, right, wrong, sentence):
    assert right in NORM
    report = gradcheck(*made(tmp_path, NORM.replace(right, wrong)), [np.zeros((3, 4)), np.zeros(4)])
    assert report.verdict == "wrong" and sentence in report.diagnosis[0], str(report)


STARTED = """
import numpy as np

def forward(x, w):
    return np.cumsum(np.tanh(x * w), axis=0)

def backward(inputs, d):
    x, w = inputs
    dx, later = np.zeros_like(x), 0 * d[0]
    START
    for t in reversed(range(len(x))):
        later = later + d[t]
        dx[t] = later * (1 - np.tanh(x[t] * w) ** 2)
    return dx * w, (dx * x).sum(axis=0)
"""


def test_a_carry_that_starts_from_something_else_is_named(tmp_path):
    inputs = {"x": np.zeros((4, 3)), "w": np.zeros(3)}
    assert gradcheck(*made(tmp_path, STARTED.replace("START", "pass")), inputs).ok
    report = gradcheck(*made(tmp_path, STARTED.replace("START", "later = d[-1]")), inputs)
    assert "a carry does not start at 0" in report.diagnosis[0], str(report)


ONE_STEP = """
import numpy as np

def forward(x, h, W, U):
    for t in range(len(x)):
        h = np.tanh(W @ x[t] + U @ h)
    return h

def backward(inputs, d):
    x, h, W, U = inputs
    hs = [h]
    for t in range(len(x)):
        hs.append(np.tanh(W @ x[t] + U @ hs[-1]))
    dx, dW, dU = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U)
    for t in range(len(x) - 1, -1, -1):
        da = d * (1 - hs[t + 1] ** 2)
        dW += np.outer(da, x[t])
        dU += np.outer(da, hs[t + 1])
        dx[t] = W.T @ da
        d = U.T @ da
    return dx, d, dW, dU
"""


def test_an_edit_has_to_hold_for_more_steps_than_one(tmp_path):
    """At a single step the state before is ``hs[0]`` and ``h``, too; what is told holds of all steps."""
    functions = made(tmp_path, ONE_STEP)
    shapes = {"x": (1, 3), "h": (4,), "W": (4, 3), "U": (4, 4)}
    inputs = {key: np.zeros(shape) for key, shape in shapes.items()}
    exact = {"x": True, "h": True, "W": True, "U": False}
    larger = made_larger(Subject(*functions, inputs, "vjp"), exact)
    assert larger is not None and len(larger.inputs["x"]) > 2
    assert made_larger(Subject(*functions, inputs | {"x": np.zeros((3, 3))}, "vjp"), exact) is None
    report = gradcheck(*functions, inputs)
    assert report.diagnosis[0].startswith("U is exact if `hs[t + 1]` is replaced by `hs[t]`"), str(report)


def test_no_list_is_appended_to_itself():
    def function(rows, row):
        rows.append(row)
        return rows

    definition = Definition.of(function)
    argument = definition.node.body[0].value.args[0]
    assert definition.edit(((argument, name("rows")),)) is None
    assert definition.edit(((argument, name("function")),)) is not None
