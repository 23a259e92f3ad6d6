"""The class of a mistake is named: what would mend it, in the code itself or in a function that it calls."""

import math

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

CODE = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def cell(x, h, c, W, b):
    u = np.concatenate([h, x])
    i, f, o, g = np.split(W @ u + b, 4)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    new = f * c + i * g
    return o * np.tanh(new), new, (u, c, i, f, o, g, new)

def cell_backward(dh, dc, W, saved):
    u, old, i, f, o, g, c = saved
    do = dh * np.tanh(c) * o * (1 - o)
    dc = dc + dh * o * (1 - np.tanh(c) ** 2)
    da = np.concatenate([dc * g * i * (1 - i), dc * old * f * (1 - f), do, dc * i * (1 - g * g)])
    du = W.T @ da
    return du[:4], du[4:], dc * f, np.outer(da, u), da

def forward(x, h0, c0, W, b):
    h, c, hs, tape = h0, c0, [], []
    for xt in x:
        h, c, saved = cell(xt, h, c, W, b)
        hs.append(h)
        tape.append(saved)
    return np.array(hs) / len(x), (W, tape)

def backward(dout, cache):
    W, tape = cache
    dout = dout / len(tape)
    dh_next, dc_next = np.zeros(4), np.zeros(4)
    dx, dW, db = np.zeros((len(tape), 3)), np.zeros_like(W), np.zeros(16)
    for t in range(len(tape) - 1, -1, -1):
        dh = dout[t] + dh_next
        dh_next, dx[t], dc_next, step, da = cell_backward(dh, dc_next, W, tape[t])
        dW += step
        db += da
    return dx, dh_next, dc_next, dW, db
"""
SHAPES = {"x": (5, 3), "h0": (4,), "c0": (4,), "W": (16, 7), "b": (16,)}

SLIPS = [
    ("carry of h", "dh = dout[t] + dh_next", "dh = dout[t]", "replaced by `dh = dout[t] + dh_next`"),
    ("carry of c", "dc = dc + dh * o", "dc = dh * o", "replaced by `dc += dh * o * (1 - np.tanh(c) ** 2)`"),
    ("cross path", "du[:4], du[4:]", "0 * du[:4], du[4:]", "`0 * du[:4]` is replaced by `du[:4]`"),
    (
        "activated value",
        "(1 - np.tanh(c) ** 2)",
        "(1 - np.tanh(np.tanh(c)) ** 2)",
        "`np.tanh(np.tanh(c))` is replaced by `np.tanh(c)`",
    ),
    (
        "sigma for its derivative",
        "dc * old * f * (1 - f)",
        "dc * old * f",
        "`dc * old * f` is replaced by `dc * old * f * (1 - f)`",
    ),
    ("truncation", "len(tape) - 1, -1, -1", "len(tape) - 1, 0, -1", "replaced by `range(len(tape) - 1, -1, -1)`"),
    ("one step only", "dW += step", "dW = step", "W is exact if `dW = step` is replaced by `dW += step`"),
    ("index shift", "W, tape[t])", "W, tape[t - 1])", "`tape[t - 1]` is replaced by `tape[t]`"),
    (
        "sum for a mean",
        "dout = dout / len(tape)",
        "dout = dout * 1",
        "backward gives 5 times the gradient of x, as if a sum stood for a mean",
    ),
    ("factor", "dh_next, dc_next, dW, db", "dh_next, dc_next, 3 * dW, db", "backward gives 3 times the gradient of W"),
    ("upstream gradient", "dout = dout / len(tape)", "dout /= len(tape)", "backward overwrites the upstream gradient"),
    ("departure", "dh = dout[t] + dh_next", "dh = dout[t] + (t > 2) * dh_next", "from step 2 backwards they depart"),
]


@pytest.mark.parametrize("right, wrong, sentence", [row[1:] for row in SLIPS], ids=[row[0] for row in SLIPS])
def test_a_slip_is_named(tmp_path, right, wrong, sentence):
    file = tmp_path / "slip.py"
    file.write_text(CODE.replace(right, wrong, 1))
    space = {}
    exec(compile(file.read_text(), str(file), "exec"), space)
    report = gradcheck(space["forward"], space["backward"], {k: np.zeros(s) for k, s in SHAPES.items()})
    assert report.verdict == "wrong" and sentence in str(report), str(report)


def test_the_code_without_a_slip_is_right_and_no_edit_is_left_behind():
    space = {}
    exec(compile(CODE, "<code>", "exec"), space)
    report = gradcheck(space["forward"], space["backward"], {k: np.zeros(s) for k, s in SHAPES.items()})
    assert report.verdict == "right", str(report)


def series(x):
    return np.sin(x)


def series_backward(inputs, d):
    (x,) = inputs
    return d * sum((-1) ** k * x ** (2 * k) / math.factorial(2 * k) for k in range(3))


def test_a_sum_of_pythons_own_is_looked_through():
    report = gradcheck(series, series_backward, [np.zeros(3)])
    assert report.verdict == "wrong" and "is replaced by `d * np.cos(x)`" in str(report), str(report)
