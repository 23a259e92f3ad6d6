"""Other people's code for a cell, right and wrong, in the layouts that people use."""

import sys
import threading
from functools import partial

import numpy as np
import pytest

from lstm_sym.activations import tanh
from lstm_sym.cells import GRU, LSTM, MGU, MIN_GRU, MLSTM, RNN, RNN_OUTPUT, RNN_TANH
from lstm_sym.conformance import implements
from lstm_sym.gradcheck import gradcheck


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def rnn_columns(x, h0, W, U, b):
    """Time first, a column (d, 1) at each step."""
    h, hs = h0, []
    for xt in x:
        h = np.tanh(W @ h + U @ xt + b)
        hs.append(h)
    return np.array(hs), h


def lstm_rows(x, h0, c0, W_f, U_f, b_f, W_i, U_i, b_i, W_z, U_z, b_z, W_o, U_o, b_o):
    """Stacked gates and a batch of rows."""
    W, U = np.vstack([W_f, W_i, W_z, W_o]), np.vstack([U_f, U_i, U_z, U_o])
    b = np.concatenate([b_f, b_i, b_z, b_o])
    h, c, hs = h0, c0, []
    for xt in x:
        f, i, z, o = np.split(h @ W.T + xt @ U.T + b, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(z)
        h = sigmoid(o) * np.tanh(c)
        hs.append(h)
    return np.stack(hs), (h, c)


def lstm_step(x, h_prev, c_prev, W_f, U_f, b_f, W_i, U_i, b_i, W_z, U_z, b_z, W_o, U_o, b_o):
    f, i, z, o = (
        W @ h_prev + U @ x + b for W, U, b in ((W_f, U_f, b_f), (W_i, U_i, b_i), (W_z, U_z, b_z), (W_o, U_o, b_o))
    )
    c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(z)
    return sigmoid(o) * np.tanh(c), c


def gru_batch_first(x, h, W_r, U_r, b_r, W_z, U_z, b_z, W_n, b_q, U_n, b_n):
    """Matrices (inputs, units), as x @ W needs them."""
    ys = []
    for k in range(x.shape[1]):
        r = sigmoid(h @ W_r + x[:, k] @ U_r + b_r)
        z = sigmoid(h @ W_z + x[:, k] @ U_z + b_z)
        n = np.tanh(x[:, k] @ U_n + b_n + r * (h @ W_n + b_q))
        h = (1 - z) * n + z * h
        ys.append(h)
    return np.stack(ys, axis=1)


def karpathy(xs, hprev, Wxh, Whh, Why, bh, by):
    h, ys = hprev, []
    for x in xs:
        h = np.tanh(np.dot(Wxh, x) + np.dot(Whh, h) + bh)
        ys.append(np.dot(Why, h) + by)
    return np.array(ys)


def mgu_step(x, h, W_f, U_f, b_f, W_n, U_n, b_n):
    f = sigmoid(W_f @ h + U_f @ x + b_f)
    return h + f * (np.tanh(W_n @ (f * h) + U_n @ x + b_n) - h)


def min_gru_at_once(x, h, U_z, b_z, U_n, b_n):
    """All steps from the products of 1 - z."""
    z, n = sigmoid(x @ U_z.T + b_z), x @ U_n.T + b_n
    decay = np.cumprod(1 - z, axis=0)
    return decay * (h + np.cumsum(z * n / decay, axis=0))


KARPATHY = {"xs": "x", "hprev": "h", "Wxh": "U", "Whh": "W", "Why": "V", "bh": "b", "by": "b_y"}


@pytest.mark.parametrize(
    "cell, f, options",
    [
        (RNN_TANH, rnn_columns, {"axes": "T d 1"}),
        (RNN, rnn_columns, {"axes": "T d 1", "phi": tanh}),
        (RNN_OUTPUT, karpathy, {"axes": "T d 1", "names": KARPATHY, "phi": "tanh"}),
        (LSTM, lstm_rows, {}),
        (LSTM, lstm_step, {"axes": "d"}),
        (LSTM, lstm_step, {"axes": "d 1"}),
        (GRU, gru_batch_first, {"axes": "B T d", "transposed": True}),
        (MGU, mgu_step, {"axes": "d"}),
        (MIN_GRU, min_gru_at_once, {}),
    ],
)
def test_code_that_is_the_cell(cell, f, options):
    report = implements(cell, f, **options)
    assert report.verdict == "equal" and report.error_bound < 1e-9, str(report)


def test_a_cell_without_the_letters_that_are_zero():
    def without_recurrent_bias(x, h, W_r, U_r, b_r, W_z, U_z, b_z, W_n, U_n, b_n):
        return gru_batch_first(x, h, W_r, U_r, b_r, W_z, U_z, b_z, W_n, 0.0, U_n, b_n)

    options = {"axes": "B T d", "transposed": True}
    with pytest.raises(ValueError, match=r"takes no b_q; say which parameter that is .* zero=\('b_q',\)"):
        implements(GRU, without_recurrent_bias, **options)
    assert implements(GRU, without_recurrent_bias, **options, zero=["b_q"]).ok


def gates_swapped(x, h0, c0, W_f, U_f, b_f, W_i, U_i, b_i, W_z, U_z, b_z, W_o, U_o, b_o):
    return lstm_rows(x, h0, c0, W_i, U_i, b_i, W_f, U_f, b_f, W_z, U_z, b_z, W_o, U_o, b_o)


def transposed(x, h0, W, U, b):
    return rnn_columns(x, h0, W.T, U, b)


def complement(x, h, W_r, U_r, b_r, W_z, U_z, b_z, W_n, b_q, U_n, b_n):
    return gru_batch_first(x, h, W_r, U_r, b_r, -W_z, -U_z, -b_z, W_n, b_q, U_n, b_n)


def bias_forgotten(x, h0, W, U, b):
    return rnn_columns(x, h0, W, U, 0 * b)


def late(x, h0, W, U, b):
    """Reads the input of the step before."""
    return rnn_columns(np.concatenate([x[:1], x[:-1]]), h0, W, U, b)


def forgetful(x, h0, c0, W_f, U_f, b_f, W_i, U_i, b_i, W_z, U_z, b_z, W_o, U_o, b_o):
    """Begins with another cell state after two steps."""
    letters = (W_f, U_f, b_f, W_i, U_i, b_i, W_z, U_z, b_z, W_o, U_o, b_o)
    head, (h, c) = lstm_rows(x[:2], h0, c0, *letters)
    tail, (h, c) = lstm_rows(x[2:], h, 0 * c, *letters)
    return np.concatenate([head, tail]), (h, c)


def doubled(x, h0, W, U, b):
    hs, last = rnn_columns(x, h0, W, U, b)
    return 2 * hs, last


@pytest.mark.parametrize(
    "cell, f, options, sentence",
    [
        (LSTM, gates_swapped, {}, "gates_swapped computes LSTM with the parameters of f and i in each other's place"),
        (RNN_TANH, transposed, {"axes": "T d 1"}, "transposed computes RNN_tanh with W transposed"),
        (
            GRU,
            complement,
            {"axes": "B T d", "transposed": True},
            "complement computes GRU with 1 - z in the place of z",
        ),
        (RNN_TANH, bias_forgotten, {"axes": "T d 1"}, "bias_forgotten computes RNN_tanh with b = 0"),
        (RNN_TANH, late, {"axes": "T d 1"}, "late agrees to step 1 of 4; h departs at step 2"),
        (LSTM, forgetful, {}, "forgetful agrees to step 2 of 4; h departs at step 3"),
        (RNN_TANH, doubled, {"axes": "T d 1"}, "doubled agrees at none of 4 steps; h departs at step 1"),
    ],
)
def test_code_that_is_another_cell(cell, f, options, sentence):
    report = implements(cell, f, **options)
    assert report.verdict == "different" and report.witness
    assert report.diagnosis == (sentence,)


def test_the_entry_that_departs_bears_the_name_of_the_result():
    assert "of h is" in implements(RNN_TANH, late, axes="T d 1").reason


def test_results_in_another_order():
    def swapped(x, h_prev, c_prev, W_f, U_f, b_f, W_i, U_i, b_i, W_z, U_z, b_z, W_o, U_o, b_o):
        return lstm_step(x, h_prev, c_prev, W_f, U_f, b_f, W_i, U_i, b_i, W_z, U_z, b_z, W_o, U_o, b_o)[::-1]

    report = implements(LSTM, swapped, axes="d")
    assert report.diagnosis == ("swapped computes LSTM if its results are (final c, final h) in this order",)
    assert implements(LSTM, swapped, axes="d", returns=["final c", "final h"]).ok


@pytest.mark.parametrize(
    "f, options, message",
    [
        (lambda y, h, W, U, b: y, {}, "takes y, which is no letter of cell RNN_tanh; its letters are W, U, b, x, h"),
        (rnn_columns, {"names": {"W": "V"}}, "W is said to be V, which cell RNN_tanh has not"),
        (rnn_columns, {"names": {"nope": "b"}}, "rnn_columns has no parameter nope; it has x, h0, W, U, b"),
        (rnn_columns, {"names": {"U": "W"}}, "two parameters for W, and U is the second"),
        (rnn_columns, {"transposed": ["Q"]}, "transposed: Q is no letter of cell RNN_tanh"),
        (rnn_columns, {"zero": ["h"]}, "zero: rnn_columns takes h"),
        (rnn_columns, {"axes": "T d 1", "returns": []}, "name at least one result"),
        (rnn_columns, {"axes": None}, "axes must be text such as 'T B d', not None"),
        (rnn_columns, {"axes": ["d"]}, r"axes must be text such as 'T B d', not \['d'\]"),
        (rnn_columns, {"names": ["W"]}, "names must be a mapping from parameters to the cell's letters"),
        (rnn_columns, {"names": []}, "names must be a mapping from parameters to the cell's letters"),
        (rnn_columns, {"names": np.zeros(2)}, "names must be a mapping from parameters to the cell's letters"),
        (rnn_columns, {"transposed": {"W": False}}, "transposed must be True, False or the names of letters, not {'W'"),
        (rnn_columns, {"names": {"W": 3}}, "names must be a mapping from parameters to the cell's letters"),
        (rnn_columns, {"transposed": 3}, "transposed must be True, False or the names of letters, not 3"),
        (rnn_columns, {"zero": None}, "zero must be the names of letters, not None"),
        (rnn_columns, {"returns": 3}, "returns must be the names of results, not 3"),
        (max, {}, "max does not tell its parameters"),
        (rnn_columns, {"axes": "T T d"}, "the axes are d and, each once at most, T, B and 1"),
        (
            rnn_columns,
            {"axes": "T d 1", "returns": ["c"]},
            "'c' is nothing that cell RNN_tanh gives; it gives h, final h",
        ),
        (
            lambda x, h, W, U, b: x,
            {"axes": "T d"},
            "result 0 of <lambda> has the shape .* there is left: h .*, final h",
        ),
    ],
)
def test_what_cannot_be_matched_is_told(f, options, message):
    with pytest.raises(ValueError, match=message):
        implements(RNN_TANH, f, **options)


def one_step(x, h, W, U, b):
    return np.tanh(W @ h + U @ x + b)


def by_name(x, h, *, W, U, b, **rest):
    return one_step(x, h, W, U, b)


def by_position(x, h, W, U, b, /, *rest):
    return one_step(x, h, W, U, b)


@pytest.mark.parametrize("f", [one_step, by_name, by_position, partial(one_step)])
def test_parameters_of_every_kind(f):
    assert implements(RNN_TANH, f, axes="d").ok
    assert implements(RNN_TANH, f, axes="d", returns="final h").ok
    assert (
        implements(RNN_TANH, f, axes="d", transposed="W").diagnosis[0].endswith("computes RNN_tanh with W transposed")
    )


def unlucky(x, h, W, U, b):
    raise RuntimeError("no luck")


@pytest.mark.parametrize(
    "f, options, message",
    [
        (
            one_step,
            {"transposed": True},
            r"raises ValueError at test_implementation.py:\d+: `return np.tanh.*; it was given "
            r"x \(5,\), h \(3,\), W \(3, 3\), U \(5, 3\), b \(3,\); say how its arrays lie .* \(transposed=...\)",
        ),
        (unlucky, {}, r"unlucky raises RuntimeError at .*: no luck; it was given .* b \(3,\)$"),
        (one_step, {"phi": "relu"}, "phi: cell RNN_tanh leaves no activation open, so there is none to choose"),
        (lambda x, h, W, U, b, *, mode: x, {}, "takes mode, which is no letter of cell RNN_tanh"),
        (lambda x, *rest: x, {}, "takes no W, U, b, h; say which parameter that is"),
        (3, {}, "a function is needed, not 3"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_told_with_its_line_and_what_it_was_given(f, options, message):
    with pytest.raises(ValueError, match=message):
        implements(RNN_TANH, f, axes="d", **options)


def test_a_cell_with_a_matrix_for_a_state_is_refused():
    with pytest.raises(ValueError, match="cell mLSTM: C is a matrix; the axes told are those of columns"):
        implements(MLSTM, lambda x, n, C: x, axes="T B d")


def test_code_that_raises_is_undecided():
    def fails(x, h, W, U, b):
        raise RuntimeError("not today")

    report = implements(RNN_TANH, fails, axes="d", returns=["h"])
    assert report.verdict == "undecided" and "not today" in report.reason


def test_results_in_a_dictionary_are_known_by_their_keys():
    def keyed(x, h_prev, c_prev, W_f, U_f, b_f, W_i, U_i, b_i, W_z, U_z, b_z, W_o, U_o, b_o):
        h, c = lstm_step(x, h_prev, c_prev, W_f, U_f, b_f, W_i, U_i, b_i, W_z, U_z, b_z, W_o, U_o, b_o)
        return {"c": c, "h": h}

    assert implements(LSTM, keyed, axes="d").ok


def test_what_is_no_cell_and_what_ends_the_program_is_misuse():
    with pytest.raises(ValueError, match="a cell is needed, not 'GRU'"):
        implements("GRU", np.tanh)
    with pytest.raises(ValueError, match=r"raises SystemExit at .*: 3; it was given"):
        implements(RNN_TANH, lambda x, h, W, U, b: sys.exit(3), axes="d")


def test_no_cell_is_compared_while_a_gradient_is_checked():
    ran, found = threading.Event(), []

    def step(x, h, W, U, b):
        ran.set()
        return np.tanh(W @ h + U @ x + b)

    other = threading.Thread(target=lambda: found.append(implements(RNN_TANH, step, axes="d").verdict))

    def forward(x):
        if other.ident is None:
            other.start()
            assert not ran.wait(0.3)
        return np.tanh(x)

    assert gradcheck(forward, lambda inputs, d: d * (1 - np.tanh(inputs[0]) ** 2), [np.zeros(3)]).ok
    other.join()
    assert found == ["equal"]
