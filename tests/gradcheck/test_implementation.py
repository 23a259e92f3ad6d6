"""Whether NumPy code implements a cell: in several styles, and with the slips that are made."""

import re

import numpy as np
import pytest

from lstm_sym.cells import CELLS
from lstm_sym.gradcheck import implements


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def rnn_step(x, h_prev, W, U, b):
    return np.tanh(W @ h_prev + U @ x + b)


def rnn_rows(x, h, Wxh, Whh, bh):
    return np.tanh(x @ Wxh + h @ Whh + bh)


def lstm_columns(inputs, hprev, cprev, W, b):
    """Column vectors, one matrix for all gates in the order f, i, o, g, states in dictionaries by step."""
    hs, cs = {-1: hprev}, {-1: cprev}
    for t in range(len(inputs)):
        a = np.dot(W, np.vstack((hs[t - 1], inputs[t]))) + b
        f, i, o, g = np.split(a, 4)
        cs[t] = sigmoid(f) * cs[t - 1] + sigmoid(i) * np.tanh(g)
        hs[t] = sigmoid(o) * np.tanh(cs[t])
    return hs, cs[len(inputs) - 1]


def lstm_pytorch(x, state, w_ih, w_hh, b_ih, b_hh):
    """Rows, weights and biases as in a state dict: gates i, f, g, o."""
    h, c = state
    out = []
    for xt in x:
        i, f, g, o = np.split(xt @ w_ih.T + b_ih + h @ w_hh.T + b_hh, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.stack(out), (h, c)


def gru_gates(x, h, p):
    """A dictionary of parameters by gate; the update gate keeps the old state."""
    out = []
    for xt in x:
        r = sigmoid(p["W"]["r"] @ h + p["U"]["r"] @ xt + p["b"]["r"])
        z = sigmoid(p["W"]["z"] @ h + p["U"]["z"] @ xt + p["b"]["z"])
        n = np.tanh(r * (p["W"]["n"] @ h + p["bq"]) + p["U"]["n"] @ xt + p["b"]["n"])
        h = z * h + (1 - z) * n
        out.append(h)
    return np.array(out)


def gru_complement(x, h, p):
    out = []
    for xt in x:
        r = sigmoid(p["W"]["r"] @ h + p["U"]["r"] @ xt + p["b"]["r"])
        z = sigmoid(p["W"]["z"] @ h + p["U"]["z"] @ xt + p["b"]["z"])
        n = np.tanh(r * (p["W"]["n"] @ h + p["bq"]) + p["U"]["n"] @ xt + p["b"]["n"])
        h = (1 - z) * h + z * n
        out.append(h)
    return np.array(out)


def peephole_step(x, h_prev, c_prev, W, U, p, b):
    a = {g: W[g] @ h_prev + U[g] @ x + b[g] for g in "ifzo"}
    i, f = (sigmoid(a[g] + p[g] * c_prev) for g in "if")
    c = f * c_prev + i * np.tanh(a["z"])
    return {"cell": c, "hidden": sigmoid(a["o"] + p["o"] * c) * np.tanh(c)}


def stacked(order, *letters):
    return lambda a: np.concatenate([np.hstack([getattr(a, f"{k}_{g}") for k in letters]) for g in order])


def biases(order):
    return lambda a: np.concatenate([getattr(a, f"b_{g}") for g in order])


def by_gate(letter, order):
    return {g: f"{letter}_{g}" for g in order}


ROWS = {"Wxh": "U.T", "Whh": "W.T", "bh": "b"}
COLUMNS = {"inputs": "x", "hprev": "h", "cprev": "c", "W": stacked("fioz", "W", "U"), "b": biases("fioz")}
PYTORCH = {
    "state": ("h", "c"),
    "w_ih": stacked("ifzo", "U"),
    "w_hh": stacked("ifzo", "W"),
    "b_ih": biases("ifzo"),
    "b_hh": 0.0,
}
GRU = {"p": {"W": by_gate("W", "rzn"), "U": by_gate("U", "rzn"), "b": by_gate("b", "rzn"), "bq": "b_q"}}
PEEPHOLE = {"W": by_gate("W", "ifzo"), "U": by_gate("U", "ifzo"), "p": by_gate("p", "ifo"), "b": by_gate("b", "ifzo")}
LAST = {"h": 0, "h[T]": lambda result: result[1][0], "c[T]": lambda result: result[1][1]}
NAMES = {"h": "hidden", "c": "cell"}

RIGHT = [
    ("RNN_tanh", rnn_step, {}),
    ("RNN_tanh", rnn_step, {"vectors": "column", "batch": 4}),
    ("RNN", rnn_step, {"phi": "tanh"}),
    ("RNN_tanh", rnn_rows, {"vectors": "row", "batch": 4, "arguments": ROWS}),
    ("LSTM", lstm_columns, {"vectors": "column", "steps": 4, "arguments": COLUMNS, "outputs": ("h", "c[T]")}),
    ("LSTM", lstm_pytorch, {"vectors": "row", "batch": 5, "steps": 4, "arguments": PYTORCH, "outputs": LAST}),
    ("GRU", gru_gates, {"steps": 4, "arguments": GRU}),
    ("peephole_LSTM", peephole_step, {"arguments": PEEPHOLE, "outputs": NAMES}),
]


@pytest.mark.parametrize("name, code, options", RIGHT, ids=[f"{row[0]}-{row[1].__name__}" for row in RIGHT])
def test_code_that_implements_a_cell(name, code, options):
    report = implements(CELLS[name], code, **options)
    assert report.verdict == "right", str(report)
    assert 0 < report.error_bound < 1e-12


def forgets_a_bias(x, h_prev, W, U):
    return np.tanh(W @ h_prev + U @ x)


def reads_the_new_state(x, h, W, U, b):
    out = []
    for t in range(len(x)):
        h = np.tanh(W @ h + U @ x[max(t - (t == 3), 0)] + b)
        out.append(h)
    return out


def peephole_of_the_old_state(x, h_prev, c_prev, W, U, p, b):
    a = {g: W[g] @ h_prev + U[g] @ x + b[g] for g in "ifzo"}
    i, f, o = (sigmoid(a[g] + p[g] * c_prev) for g in "ifo")
    c = f * c_prev + i * np.tanh(a["z"])
    return {"cell": c, "hidden": o * np.tanh(c)}


SWAPPED = COLUMNS | {"W": stacked("ifoz", "W", "U")}
WRONG = [
    (
        "LSTM",
        lstm_columns,
        {"vectors": "column", "steps": 4, "arguments": SWAPPED, "outputs": ("h", "c[T]")},
        "h from step 1 on and c[T]",
    ),
    ("GRU", gru_complement, {"steps": 4, "arguments": GRU}, "h from step 1 on departs from the equations of GRU"),
    ("RNN_tanh", forgets_a_bias, {}, "no argument of forgets_a_bias carries b"),
    ("RNN_tanh", reads_the_new_state, {"steps": 4}, "h from step 4 on departs"),
    (
        "RNN_tanh",
        rnn_rows,
        {"vectors": "row", "batch": 4, "arguments": ROWS | {"Whh": "W"}},
        "h departs from the equations",
    ),
    (
        "peephole_LSTM",
        peephole_of_the_old_state,
        {"arguments": PEEPHOLE, "outputs": NAMES},
        "h departs from the equations of peephole_LSTM; c exact",
    ),
]


@pytest.mark.parametrize("name, code, options, sentence", WRONG, ids=[row[1].__name__ for row in WRONG])
def test_code_that_does_not(name, code, options, sentence):
    report = implements(CELLS[name], code, **options)
    assert report.verdict == "wrong" and report.witness and sentence in str(report), str(report)


def test_a_witness_can_be_replayed_in_floating_point():
    report = implements(CELLS["RNN_tanh"], forgets_a_bias)
    values = {name: np.array(value) for name, value in report.witness.items()}
    code = forgets_a_bias(values["x"], values["h0"], values["W"], values["U"])
    cell = rnn_step(values["x"], values["h0"], values["W"], values["U"], values["b"])
    given, true = (float(number) for number in re.findall(r"-?\d\.\d+", report.reason))
    assert report.reason.startswith("h[0] is")
    assert (given, true) == pytest.approx((code[0], cell[0]), rel=1e-10)


def test_a_letter_that_the_code_does_without_may_be_zero():
    assert implements(CELLS["RNN_tanh"], forgets_a_bias, zero=["b"]).ok


@pytest.mark.parametrize(
    "code, options, reason",
    [
        (rnn_step, {"vectors": "column", "outputs": {"h": lambda h: h[:, 0]}}, "have the shapes"),
        (lambda x, h, W, U, b: (h, x), {}, "say with outputs= which letters it holds"),
        (lambda x, h, W, U, b: np.floor(h), {}, "np.floor of a number that depends on the inputs"),
        (lambda x, h, W, U, b: W @ x, {}, "raises ValueError"),
    ],
)
def test_what_cannot_be_decided(code, options, reason):
    report = implements(CELLS["RNN_tanh"], code, **options)
    assert report.verdict == "undecided" and reason in str(report), str(report)


@pytest.mark.parametrize(
    "code, options, message",
    [
        (lambda x, state, W, U, b: x, {}, "parameter state of <lambda> maps to no letter of RNN_tanh, whose letters"),
        (rnn_step, {"arguments": {"V": "W"}}, "rnn_step has no parameter V"),
        (rnn_step, {"arguments": {"W": "V"}}, "has no letter V"),
        (rnn_step, {"outputs": "y"}, "defines no y; it defines"),
        (rnn_step, {"sizes": {"m": 3}}, "its sizes are n, d"),
        (rnn_step, {"zero": ["V"]}, "no parameter of RNN_tanh"),
        (rnn_step, {"vectors": "columns"}, "they are flat, row, column"),
    ],
)
def test_misuse(code, options, message):
    with pytest.raises(ValueError, match=message):
        implements(CELLS["RNN_tanh"], code, **options)
