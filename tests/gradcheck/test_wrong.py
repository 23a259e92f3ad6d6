"""Wrong code is never reported right: for each class of mistakes that is in print, codes that make it."""

import ast
import inspect
import textwrap

import pytest

from lstm_sym.gradcheck import gradcheck

from .corpus import batched, columns, gates, scalars
from .corpus.cases import value

MISTAKES = {
    "missing carry of h": [
        (columns, "rnn_loss", "np.dot(Why.T, dy) + dhnext", "np.dot(Why.T, dy)"),
        (batched, "rnn", "dh[:, t] + dprev", "dh[:, t]"),
        (columns, "lstm_columns", "dh = dh + e", "dh = e"),
        (gates, "einsum_rnn", "(e[t] + carry)", "e[t]"),
    ],
    "missing carry of c": [
        (columns, "lstm_columns", "dc = dc + dh * o", "dc = dh * o"),
        (gates, "peephole_lstm", "dc = dc_next + dh", "dc = dh"),
        (batched, "lstm", "dc = dnext_c + dnext_h * o * (1 - tc**2)", "dc = dnext_h * o * (1 - tc**2)"),
        (scalars, "scalar_lstm", "dc += dh * o", "dc = dh * o"),
    ],
    "missing cross path": [
        (columns, "lstm_columns", "dh, dxt = djoined[:n], djoined[n:]", "dh, dxt = 0 * djoined[:n], djoined[n:]"),
        (gates, "gru", "dprev + drh * r +", "dprev +"),
        (gates, "peephole_lstm", ' + params["pi"][:, None] * a["i"]', ""),
        (gates, "peephole_lstm", ' + params["po"][:, None] * a["o"]', ""),
    ],
    "missing transpose": [
        (columns, "rnn_loss", "np.dot(Whh.T, dhraw)", "np.dot(Whh, dhraw)"),
        (columns, "one_hot_loss", "Whh.T @ da", "Whh @ da"),
        (gates, "gru", "az @ Uz.T", "az @ Uz"),
        (scalars, "relu_rnn", "dh = da @ self.W", "dh = self.W @ da"),
    ],
    "derivative at an activated value": [
        (columns, "one_hot_loss", "1 - hs[t + 1] ** 2", "1 - np.tanh(hs[t + 1]) ** 2"),
        (gates, "gru", "(1 - n * n)", "(1 - np.tanh(n) ** 2)"),
        (columns, "lstm_columns", "dc * i * (1 - g**2)", "dc * i * (1 - np.tanh(g) ** 2)"),
    ],
    "sigma where its derivative belongs": [
        (gates, "gru", "dz * z * (1 - z)", "dz * z"),
        (columns, "lstm_columns", "dc * old * f * (1 - f)", "dc * old * f"),
        (batched, "lstm", "dc * g * i * (1 - i)", "dc * g * i"),
        (scalars, "scalar_lstm", "dc * z * i * (1 - i)", "dc * z * i"),
    ],
    "index shifted": [
        (columns, "rnn_loss", "np.dot(dhraw, hs[t - 1].T)", "np.dot(dhraw, hs[t].T)"),
        (columns, "one_hot_loss", "da @ hs[t].T", "da @ hs[t - 1].T"),
        (gates, "minibatch_loss", "np.append(hs[t], X[k, t])", "np.append(hs[t], X[k, t - 1])"),
        (gates, "einsum_rnn", "np.concatenate((h0[np.newaxis], hs[:-1]), axis=0)", "np.roll(hs, 1, axis=0)"),
    ],
    "missing parentheses": [
        (columns, "one_hot_loss", "(Why.T @ dz + carry) * (1 - hs[t + 1] ** 2)", "Why.T @ dz + carry * (1 - hs[t + 1] ** 2)"),
        (gates, "einsum_rnn", "(e[t] + carry) * (1 - hs[t] ** 2)", "e[t] + carry * (1 - hs[t] ** 2)"),
        (gates, "gru", "dz * z * (1 - z)", "dz * z * 1 - z"),
    ],
    "wrong order in a product": [
        (gates, "einsum_rnn", '"bi,ij->bj", delta[t], W', '"bi,ji->bj", delta[t], W'),
        (gates, "einsum_rnn", "tbi,tbj->ij", "tbi,tbj->ji"),
        (scalars, "relu_rnn", "outer(da, self.hs[t])", "outer(self.hs[t], da)"),
    ],
    "terms of the wrong shape": [
        (batched, "step", "da.sum(axis=0)", "da"),
        (gates, "einsum_rnn", "delta.sum((0, 1))", "delta.sum(0)"),
        (batched, "lstm", "np.sum(da, axis=0)", "np.sum(da)"),
        (columns, "rnn_loss", "dby += dy", "dby += dy.sum()"),
    ],
    "gate order or convention": [
        (columns, "lstm_columns", "[dc * old * f * (1 - f), dc * g * i * (1 - i),", "[dc * g * i * (1 - i), dc * old * f * (1 - f),"),
        (gates, "gru", "dh * (n - h), dh * z, dh * (1 - z)", "dh * (h - n), dh * (1 - z), dh * z"),
        (batched, "lstm_step", "dc * f, x.T", "dc * i, x.T"),
        (batched, "lstm", "dc * g * i * (1 - i), dc * prev_c * f * (1 - f)", "dc * prev_c * f * (1 - f), dc * g * i * (1 - i)"),
    ],
    "truncation": [
        (columns, "rnn_loss", "dhnext = np.dot(Whh.T, dhraw)", "dhnext = np.dot(Whh.T, dhraw) if t > 1 else 0 * dhnext"),
        (batched, "rnn", "range(T - 1, -1, -1)", "range(T - 1, 0, -1)"),
        (gates, "minibatch_loss", "range(len(X[k]))[::-1]", "range(len(X[k]))[:-3:-1]"),
    ],
    "one step only": [
        (batched, "rnn", "dWh += dwh", "dWh = dwh"),
        (columns, "one_hot_loss", "grads[1] += da @ hs[t].T", "grads[1] = da @ hs[t].T"),
        (columns, "lstm_columns", "db += da", "db = da"),
    ],
    "upstream gradient overwritten": [
        (gates, "einsum_rnn", "delta[t] = (e[t] + carry) * (1 - hs[t] ** 2)", "e[t] += carry; delta[t] = e[t] * (1 - hs[t] ** 2)"),
        (batched, "step", "da = dnext_h * (1 - next_h**2)", "da = dnext_h; da *= 1 - next_h**2"),
        (gates, "gru", "dh = dh + dout[t]", "dout[t] += dh; dh = dout[t]"),
        (columns, "lstm_columns", "dh = dh + e", "e += dh; dh = e"),
    ],
    "sum where a mean stands": [
        (gates, "minibatch_loss", "(dloss / len(X))", "dloss"),
        (columns, "one_hot_loss", "dz * dloss / len(symbols)", "dz * dloss"),
        (batched, "step", "da.sum(axis=0)", "da.mean(axis=0)"),
        (batched, "rnn", "da.sum(axis=0)", "da.mean(axis=0)"),
    ],
}  # fmt: skip

SMALL = ("step", "lstm_step", "scalar_lstm")
"""Codes of one step, or of one unit and one input; all others have four steps, and unlike numbers of units and inputs."""

ROWS = [(kind, *row) for kind, rows in MISTAKES.items() for row in rows]


def broken(module, name, right, wrong):
    """Forward, backward and inputs of a case, with a mistake put into backward or what it calls."""
    case = next(case for case in module.CASES if case[0] in (name, f"{name}_forward"))
    source = inspect.getsource(module)
    function = getattr(module, case[1])
    own = textwrap.dedent(inspect.getsource(function))
    text = own if right in own else source
    assert right in text and text in source, "the mistake has no place in the code"
    changed = source.replace(text, text.replace(right, wrong, 1))
    space = {"__name__": module.__name__}
    exec(compile(ast.parse(changed), f"{name}_with_a_mistake.py", "exec"), space)
    return space[case[0]], space[case[1]], value(case[2])


@pytest.mark.parametrize(
    "kind, module, name, right, wrong", ROWS, ids=[f"{r[0]}-{r[2]}-{k}" for k, r in enumerate(ROWS)]
)
def test_a_mistake_is_wrong_and_has_a_witness(kind, module, name, right, wrong):
    report = gradcheck(*broken(module, name, right, wrong), diagnose=False)
    assert report.verdict == "wrong", str(report)
    assert report.witness or "overwrites" in str(report) or "has the shape" in str(report)


def test_every_class_has_three_codes_of_four_steps_with_unequal_sizes():
    for kind, rows in MISTAKES.items():
        assert sum(row[1] not in SMALL for row in rows) >= 3, kind
