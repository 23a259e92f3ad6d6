"""Passes over k steps at a time give what passes over all steps give, in less memory."""

from __future__ import annotations

import tracemalloc
from functools import cache

import numpy as np
import pytest

from lstm_sym.activations import tanh
from lstm_sym.cells import CELLS, LSTM, RNN_LOSS
from lstm_sym.export import export_module
from lstm_sym.export.experiment import imported

from .cells import CELLS as MORE
from .test_module import _flat, arguments, both

SOME = [CELLS["LSTM"], CELLS["GRU"], RNN_LOSS, next(cell for cell in MORE if cell.name == "two_outputs")]


@cache
def made(cell):
    return imported(export_module(cell, phi=tanh, pieces=True), cell.name)


def drawn(module, T):
    rng = np.random.default_rng(2)
    lengths = {"T": T, "B": 2}
    shapes = {k: [lengths.setdefault(a, 3) if not a.isdigit() else int(a) for a in v] for k, v in module.SHAPES.items()}
    values = {name: rng.normal(0, 0.5, shape) for name, shape in shapes.items()}

    def group(kind, name):
        found = [v for k, v in values.items() if k.startswith(f"{name}.")]
        return kind(*found) if found else values[name]

    x = group(module.Inputs, "inputs") if hasattr(module, "Inputs") else values["x"]
    d_outputs = group(getattr(module, "Outputs", None), "d_outputs")
    state, d_state = group(module.State, "state"), group(module.State, "d_state")
    return group(module.Params, "params"), x, state, d_outputs, d_state


@pytest.mark.parametrize("k", [1, 3, 7, 50])
@pytest.mark.parametrize("cell", SOME, ids=lambda cell: cell.name)
def test_pieces_give_the_same(cell, k):
    module = made(cell)
    params, x, state, d_outputs, d_state = drawn(module, T=7)
    wanted = both(module, params, x, state, d_outputs, d_state)
    outputs, final, pieces = module.forward_in_pieces(params, x, state, k)
    found = (outputs, final, *module.backward_in_pieces(params, pieces, d_outputs, d_state))
    for a, b in zip(_flat(wanted), _flat(found), strict=True):
        for one, other in zip(_flat([a]), _flat([b]), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_a_truncated_gradient_stops_between_pieces():
    """The last piece is as without truncation, and the others do not know of what comes after them."""
    module = made(LSTM)
    params, x, state, d_outputs, d_state = arguments(module, T=6)
    _, _, pieces = module.forward_in_pieces(params, x, state, 2)
    whole = module.backward_in_pieces(params, pieces, d_outputs, d_state)
    cut = module.backward_in_pieces(params, pieces, d_outputs, d_state, truncated=True)
    np.testing.assert_array_equal(cut[1][4:], whole[1][4:])
    assert np.abs(cut[1][:4] - whole[1][:4]).max() > 1e-4
    later = d_outputs + np.r_[np.zeros(4), np.ones(2)][:, None, None]
    again = module.backward_in_pieces(params, pieces, later, d_state, truncated=True)
    np.testing.assert_array_equal(again[1][:4], cut[1][:4])


def test_pieces_take_little_memory():
    """Beyond the outputs and the gradient of the inputs, a small share of what the whole pass takes."""
    module = made(LSTM)
    params, x, state, d_outputs, d_state = arguments(module, T=800, B=2, n=16, d=2)

    def peak(run):
        tracemalloc.start()
        run()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    def in_pieces():
        outputs, _, pieces = module.forward_in_pieces(params, x, state, 40)
        module.backward_in_pieces(params, pieces, d_outputs, d_state)
        return outputs

    returned = 2 * d_outputs.nbytes
    assert peak(in_pieces) - returned < 0.1 * peak(lambda: both(module, params, x, state, d_outputs, d_state))


@pytest.mark.parametrize("backend", ["c", "torch"])
def test_other_backends_have_no_pieces(backend):
    message = rf"a pass in pieces \(--pieces\) is not written for {backend}; there is --to numpy"
    with pytest.raises(ValueError, match=message):
        export_module(LSTM, backend, pieces=True)


@pytest.mark.parametrize("wrt", [("biases",), ("W_f", "x")], ids=str)
def test_pieces_with_some_gradients(wrt):
    """That of the state passes from piece to piece, so it is always there."""
    whole, module = made(LSTM), imported(export_module(LSTM, pieces=True, wrt=wrt), "some")
    params, x, state, d_outputs, d_state = arguments(whole, T=6)
    wanted = both(whole, params, x, state, d_outputs, d_state)[2:]
    _, _, pieces = module.forward_in_pieces(params, x, state, 4)
    d_params, d_x, d_initial = module.backward_in_pieces(params, pieces, d_outputs, d_state)
    names = {"b_f", "b_i", "b_z", "b_o"} if wrt == ("biases",) else {"W_f"}
    assert {name for name, value in d_params._asdict().items() if value is not None} == names
    for name in names:
        np.testing.assert_allclose(getattr(d_params, name), getattr(wanted[0], name), rtol=1e-12, atol=1e-14)
    assert (d_x is not None) == ("x" in wrt)
    if d_x is not None:
        np.testing.assert_allclose(d_x, wanted[1], rtol=1e-12, atol=1e-14)
    for a, b in zip(d_initial, wanted[2], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_no_steps_are_refused():
    module = made(LSTM)
    params, x, state, *_ = arguments(module)
    with pytest.raises(ValueError, match="there is no step to compute"):
        module.forward_in_pieces(params, x[:0], state, 2)
