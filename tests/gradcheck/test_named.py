"""The class of every mistake is named: those of the corpus that have been in print, and slips in further styles."""

import inspect
import os
import re

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

from .corpus import articles
from .corpus.cases import value
from .test_wrong import ROWS

ALL = bool(os.environ.get("LSTM_SYM_ALL_MUTANTS"))

ARTICLES = {
    "missing carry of h": [
        ("gate_lstm", [("dhs[t] + dh_next", "dhs[t]")]),
        ("sliced_lstm", [("dout[t] + dh_next", "dout[t]")]),
        ("gru_after", [("dh = dh + dout[:, t]", "dh = dout[:, t]")]),
        ("gru_after", [("dh * z + dq @ Wh.T", "dh * z")]),
        ("gru_after", [("dh * z + dq @ Wh.T", "dq @ Wh.T")]),
        ("mean_loss", [("dh = dh + err @ V", "dh = err @ V")]),
        ("both", [("2 * hs[t] + dhnext", "2 * hs[t]")]),
    ],
    "missing carry of c": [
        ("sliced_lstm", [("** 2) + dc_next", "** 2)")]),
        ("sliced_lstm", [("        dc_next = dc * f\n", "")]),
        ("sliced_lstm", [("dc_next = dc * f", "dc_next = dc_next * f")]),
        ("sliced_lstm", [("dc_next = dc * f", "dc_next = dc")]),
        ("gate_lstm", [("(dh * o * dtanh(tc) + dc_next)", "dh * o * dtanh(tc)")]),
        ("gate_lstm", [("(dh * o * dtanh(tc) + dc_next) * f", "dc_next * f"),
                       ("(dh * o * dtanh(tc) + dc_next)", "dh * o * dtanh(tc)")]),
    ],
    "missing cross path": [
        ("sliced_lstm", [("dh_next = da @ W.T", "dh_next = da[:, 3 * H :] @ W[:, 3 * H :].T")]),
        ("gate_lstm", [("np.dot(Wf.T, df) + np.dot(Wi.T, di) + np.dot(Wg.T, dg) + ", "")]),
        ("gate_lstm", [("np.dot(Wi.T, di) + ", "")]),
    ],
    "missing transpose": [
        ("mean_loss", [("dh = da @ W\n", "dh = da @ W.T\n")]),
        ("both", [("np.dot(Whh.T, dhraw)", "np.dot(Whh, dhraw)")]),
    ],
    "derivative at an activated value": [
        ("gate_lstm", [("df = (dh * o * dtanh(tc)", "df = (dh * o * dtanh(np.tanh(tc))")]),
        ("gate_lstm", [(f"dsigmoid({g})", f"dsigmoid(sigmoid({g}))") for g in "ifo"]),
        ("sliced_lstm", [("(1 - g**2)", "(1 - np.tanh(g) ** 2)")]),
        ("gru_after", [("dz * z * (1 - z)", "dz * sigmoid(z) * (1 - sigmoid(z))")]),
    ],
    "sigma where its derivative belongs": [
        ("gate_lstm", [("c_prev * dsigmoid(f)", "c_prev * f")]),
        ("gate_lstm", [("i * dtanh(g)", "i")]),
        ("sliced_lstm", [("dc * g * i * (1 - i)", "dc * g * i")]),
        ("sliced_lstm", [(f"{g} * (1 - {g})", g) for g in "ifo"]),
        ("sliced_lstm", [("dc * i * (1 - g**2)", "dc * i * g")]),
        ("gru_after", [("dr * r * (1 - r)", "dr * r")]),
        ("both", [("(1 - hs[t] * hs[t]) * dh", "dh")]),
    ],
    "missing parentheses": [
        ("sliced_lstm", [("* o * (1 - o)", "* o * 1 - o")]),
        ("gate_lstm", [("(dh * o * dtanh(tc) + dc_next) * g", "dh * o * dtanh(tc) + dc_next * g")]),
        ("both", [("(1 - hs[t] * hs[t]) * dh", "1 - hs[t] * hs[t] * dh")]),
        ("mean_loss", [("dloss * (hs[t + 1] @ V.T - y[t])", "dloss * hs[t + 1] @ V.T - y[t]")]),
    ],
    "gate order or convention": [
        ("sliced_lstm", [("dc * g * i * (1 - i)", "I"), ("dc * c * f * (1 - f)", "dc * g * i * (1 - i)"),
                         ("= I", "= dc * c * f * (1 - f)")]),
        ("sliced_lstm", [("i, f, g, o, c_new = tape[t]", "f, i, g, o, c_new = tape[t]")]),
        ("sliced_lstm", [("da[:, 2 * H : 3 * H]", "da[:, G]"), ("da[:, 3 * H :]", "da[:, 2 * H : 3 * H]"),
                         ("da[:, G]", "da[:, 3 * H :]")]),
        ("gru_after", [("np.hstack([dar, daz, dan])", "np.hstack([daz, dar, dan])")]),
        ("gru_after", [("[dar, daz, dan", "[daz, dar, dan")]),
        ("gate_lstm", [("dWf, dWi, dWg, dWo, dbf", "dWf, dWg, dWi, dWo, dbf")]),
        ("gru_after", [("h_prev - n)", "n - h_prev)"), ("dn = dh * (1 - z)", "dn = dh * z"),
                       ("dh * z + dq", "dh * (1 - z) + dq")]),
        ("gru_after", [("dh * z + dq", "dh * (1 - z) + dq")]),
        ("gru_after", [("h_prev - n)", "n - h_prev)")]),
        ("gru_after", [("dn = dh * (1 - z)", "dn = dh * z")]),
    ],
    "index shifted": [
        ("gate_lstm", [("cs[t], cs[t - 1], zs[t]", "cs[t], cs[t], zs[t]")]),
        ("mean_loss", [("da.T @ hs[t]", "da.T @ hs[t - 1]")]),
        ("mean_loss", [("hs = [h0]", "hs = []"), ("hs[-1] @ W.T", "(hs[-1] if hs else h0) @ W.T"),
                       ("da.T @ hs[t]", "da.T @ hs[t - 1]"), ("hs[t + 1]", "hs[t]")]),
        ("both", [("hs[t - 1].T", "hs[t].T")]),
        ("gru_after", [("x[:, t].T @ da", "x[:, t - 1].T @ da")]),
        ("sliced_lstm", [("c_new = tape[t]", "c_new = tape[t - 1]")]),
    ],
    "sum where a mean stands": [
        ("mean_loss", [(" / (T * B)\n        dy", "\n        dy")]),
        ("mean_loss", [(" / (T * B)\n        dy", " / B\n        dy")]),
        ("mean_loss", [(" / (T * B)\n        dy", " / T\n        dy")]),
        ("sliced_lstm", [("da.sum(axis=0)", "da.mean(axis=0)")]),
        ("gru_after", [("da.sum(axis=0)", "da.mean(axis=0)"), ("dq.sum(axis=0)", "dq.mean(axis=0)")]),
    ],
    "truncation": [
        ("both", [("dhnext = np.dot(Whh.T, dhraw)", "dhnext = np.zeros_like(dhraw)")]),
        ("mean_loss", [("reversed(range(T))", "range(T - 1, max(T - 3, -1), -1)")]),
        ("sliced_lstm", [("dh_next = da @ W.T", "dh_next = da @ W.T if t % 2 else 0 * dh")]),
        ("sliced_lstm", [("range(T - 1, -1, -1)", "range(T - 1, 0, -1)")]),
        ("gru_after", [("dh = dh + dout[:, t]\n", "dh = dh + dout[:, t]\n        if t < 2:\n            break\n")]),
    ],
    "one step only": [
        ("gate_lstm", [("dWi += ", "dWi = ")]),
        ("gru_after", [("dbh += ", "dbh = ")]),
        ("sliced_lstm", [("dW += ", "dW = ")]),
    ],
    "factor or sign": [
        ("both", [("dh = 2 * hs[t]", "dh = hs[t]")]),
        ("both", [("dbh += dhraw", "dbh += 2 * dhraw")]),
        ("sliced_lstm", [("dU += ", "dU -= ")]),
    ],
}  # fmt: skip

CARRY = r"a carry is missing|a carry or a term is missing|a path is missing"
NAMED = {
    "missing carry of h": CARRY,
    "missing carry of c": rf"{CARRY}|a factor is missing|one stands for another",
    "missing cross path": rf"{CARRY}|a path is cut|are left out",
    "missing transpose": "a transpose is missing|wrong order",
    "derivative at an activated value": "at an activated value",
    "sigma where its derivative belongs": "where its derivative belongs|the derivative .* is|a factor is missing",
    "missing parentheses": "parentheses are missing",
    "wrong order in a product": "wrong order|transpose",
    "terms of the wrong shape": "has the shape|gives|are exact",
    "gate order or convention": "order is wrong|each other's place|complement|sign is wrong|one stands for",
    "index shifted": "an index is off|an index wraps around",
    "sum where a mean stands": "a sum stood for a mean|a mean stood for a sum|sum stands where a mean",
    "truncation": rf"leaves steps out|are left out|is cut|{CARRY}",
    "one step only": "what should be added up is overwritten",
    "upstream gradient overwritten": "overwrites the upstream gradient",
    "factor or sign": "a factor is missing|a factor is too many|times the gradient|sign is wrong",
}


def named(kind, report):
    """Whether a sentence names the mistake: an edit that mends it, with its class, or the class alone."""
    return report.verdict == "wrong" and any(re.search(NAMED[kind], sentence) for sentence in report.diagnosis)


def loaded(tmp_path, source, name):
    """The functions of a file with this text."""
    file = tmp_path / f"{name}.py"
    file.write_text(source)
    space = {"__name__": name}
    exec(compile(source, str(file), "exec"), space)
    return space


def tried(rows, place):
    """All rows, or every sixteenth one, since a search takes about a second."""
    for k, row in enumerate(rows):
        if ALL or k % 16 == 0:
            yield pytest.param(*row, id=f"{row[0]}-{row[place]}-{k}")


@pytest.mark.parametrize("kind, module, name, right, wrong", [*tried(ROWS, 2)])
def test_a_mistake_that_has_been_in_print_is_named(tmp_path, kind, module, name, right, wrong):
    case = next(case for case in module.CASES if case[0] in (name, f"{name}_forward"))
    source, own = inspect.getsource(module), inspect.getsource(getattr(module, case[1]))
    text = own if right in own else source
    space = loaded(tmp_path, source.replace(text, text.replace(right, wrong, 1)), name)
    report = gradcheck(space[case[0]], space[case[1]], value(case[2]))
    assert named(kind, report), str(report)


SLIPS = [(kind, *row) for kind, rows in ARTICLES.items() for row in rows]


@pytest.mark.parametrize("kind, name, changes", [*tried(SLIPS, 1)])
def test_a_slip_in_another_style_is_named(tmp_path, kind, name, changes):
    case = next(case for case in articles.CASES if case[0] in (name, f"{name}_loss"))
    source, own = (
        inspect.getsource(articles),
        inspect.getsource(getattr(articles, "both" if name == "both" else case[1])),
    )
    made = own
    for right, wrong in changes:
        assert right in made, "the slip has no place in the code"
        made = made.replace(right, wrong)
    space = loaded(tmp_path, source.replace(own, made), name)
    report = gradcheck(space[case[0]], space[case[1]], value(case[2]))
    assert named(kind, report), str(report)


def test_an_edit_is_exact_at_fresh_points_or_is_not_named(tmp_path):
    """Nothing of this mends a gradient that is wrong through and through."""
    source = inspect.getsource(articles)
    own = inspect.getsource(articles.both)
    space = loaded(
        tmp_path,
        source.replace(own, own.replace("dh = 2 * hs[t] + dhnext", "dh = 0.3 * hs[t] ** 4 + xs[t].sum()")),
        "lost",
    )
    case = next(case for case in articles.CASES if case[0] == "both_loss")
    report = gradcheck(space[case[0]], space[case[1]], value(case[2]))
    assert report.verdict == "wrong" and not any("exact if" in sentence for sentence in report.diagnosis), str(report)
    assert any(sentence.startswith("no entry of the gradient of") for sentence in report.diagnosis), str(report)


BLOCKS = """
import numpy as np

def forward(x, b):
    return np.tanh(x + b)

def backward(inputs, d):
    x, b = inputs
    da = d * (1 - np.tanh(x + b) ** 2)
    db = da.sum(axis=0)
    {change}
    return da, db
"""


@pytest.mark.parametrize(
    "change, sentence",
    [
        ("db[3:6] = np.sin(1) * d[0, 3:6]", ": block 2 of 4 along axis 0 is wrong"),
        (
            "db = np.concatenate([db[6:9], db[3:6], db[:3], db[9:]])",
            "with its 4 blocks along axis 0 in the order 3, 2, 1, 4",
        ),
        ("db[:6] *= 2; db[6:] *= 3", "the 4 blocks along axis 0 are 2, 2, 3, 3 times the true ones"),
        ("db = db[::-1]", "in reverse order along axis 0"),
        ("db = np.roll(db, 1)", "with axis 0 rolled by 1"),
        ("db[4] = 0", "all but (4,)"),
        ("db = 10 * db", "backward gives 10 times the gradient of b"),
        ("db = db * np.exp(np.log(x.size))", "24 times the gradient of b, as if a sum stood for a mean"),
        ("db = 24 * db", "24 times the gradient of b\n"),
    ],
)
def test_a_pattern_among_the_entries_is_told(change, sentence):
    space = {}
    exec(compile(BLOCKS.replace("{change}", change), "<blocks>", "exec"), space)
    inputs = {"x": np.zeros((2, 12)), "b": np.zeros(12)} | ({"x": np.zeros((3, 12))} if "[" in change else {})
    report = gradcheck(space["forward"], space["backward"], inputs)
    assert report.verdict == "wrong" and any(sentence in f"{told}\n" for told in report.diagnosis), str(report)
