"""A generated file knows whether it is that of its cell."""

from __future__ import annotations

import pytest
from sympy import Eq

from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS, LSTM, RNN
from lstm_sym.export import export_module
from lstm_sym.export.freshness import cell_hash, staleness
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n, d = sizes("n d")
h, x = Sequence("h", n), Sequence("x", d)


def test_a_file_of_the_zoo_is_fresh_and_of_no_other_cell():
    source = export_module(LSTM)
    assert staleness(source) is None and staleness(source, LSTM) is None
    assert staleness(source, CELLS["LSTM_1997"]) == "the equations of LSTM_1997 have changed since it was written"


@pytest.mark.parametrize("phi", ["tanh", "relu"])
def test_a_cell_with_an_open_activation_is_fresh_with_any(phi):
    assert staleness(export_module(RNN, phi=phi)) is None


def test_another_version_is_stale():
    source = export_module(LSTM).replace("Written by lstm-sym ", "Written by lstm-sym 9")
    assert staleness(source).startswith("it was written by lstm-sym 90.")


@pytest.mark.parametrize(
    "other",
    [
        Cell("mine", Eq(h[t], Parameter("U", n, d) * x[t] + Parameter("W", n, n) * h[t - 1])),
        Cell("mine", Eq(h[t], Parameter("W", n, n) * h[t - 1] - Parameter("U", n, d) * x[t])),
        Cell("yours", Eq(h[t], Parameter("W", n, n) * h[t - 1] + Parameter("U", n, d) * x[t])),
        Cell("mine", Eq(h[t], Parameter("W", n, n) * h[t - 1] + Parameter("U", n, n) * Sequence("x", n)[t])),
    ],
    ids=["order", "sign", "name", "shape"],
)
def test_the_hash_tells_cells_apart(other):
    mine = Cell("mine", Eq(h[t], Parameter("W", n, n) * h[t - 1] + Parameter("U", n, d) * x[t]))
    assert cell_hash(mine) != cell_hash(other) and cell_hash(mine) == cell_hash(Cell("mine", *mine.equations))
    assert staleness(export_module(mine), mine) is None and staleness(export_module(mine), other) is not None


@pytest.mark.parametrize(
    "source, message",
    [
        ("x = 1\n", "no header of lstm-sym export"),
        (export_module(LSTM).replace("cell LSTM.", "cell LSTX."), "unknown cell 'LSTX'"),
    ],
)
def test_a_file_that_is_not_ours(source, message):
    with pytest.raises(ValueError, match=message):
        staleness(source)
