"""The plan as a page: what stands where, and operations that are counted by hand here."""

from __future__ import annotations

import pytest

from lstm_sym.activations import sigma, tanh
from lstm_sym.cells import CELLS, LSTM
from lstm_sym.export.plan import plan_of, with_activation
from lstm_sym.export.plan_page import B, T, operations, plan_text, products, stored
from lstm_sym.export.stacking import stacking_of
from lstm_sym.nodes import hadamard
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n, d = sizes("n d")
h, v, W = Sequence("h", n), Sequence("v", n), Parameter("W", n, n)


def test_the_page_of_the_LSTM():
    text = plan_text(LSTM)
    for line in (
        "[W_f; W_i; W_o; W_z]*h[t - 1] for a_f, a_i, a_o, a_z",
        "k a_f[t] = hadamard(c[t - 1], f[t], 1 - f[t])",
        "a_f, a_i, a_o, a_z",
        "f, i, z, c, tanh c, o, h",
        "products   24 B T n (d + n) operations: the lower bound, if all else were free",
        "stored     7 B T n numbers, of 4 bytes in float32 and 8 in float64",
    ):
        assert f"\n  {line}\n" in text


@pytest.mark.parametrize("name, gates", [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_products_are_three_times_those_of_the_forward_pass(name, gates):
    """Each matrix meets every row once forward, once backward, once in its gradient."""
    s = stacking_of(plan_of(with_activation(CELLS[name], tanh)))
    units = s.plan.cell.states[0].shape[0]
    inputs = s.plan.cell.inputs[0].shape[0]
    assert (products(s) - 3 * 2 * gates * T * B * units * (units + inputs)).expand() == 0


def test_what_is_stored():
    s = stacking_of(plan_of(CELLS["GRU"]))
    assert stored(s) == 5 * T * B * s.plan.cell.states[0].shape[0]


@pytest.mark.parametrize(
    "expr, count",
    [
        (h[t], 0 * n),
        (hadamard(h[t], v[t]), n),
        (h[t] + v[t] + hadamard(h[t], 1 - v[t]), 4 * n),
        (tanh(W * h[t]), 2 * n * n + n),
        (sigma(h[t] + v[t]), 2 * n),
    ],
    ids=str,
)
def test_operations(expr, count):
    assert operations(expr) == count


@pytest.mark.parametrize("cell", CELLS.values(), ids=lambda cell: cell.name)
def test_every_cell_has_a_plan(cell):
    assert plan_text(cell, phi=tanh).startswith(f"The plan of {cell.name}:")
