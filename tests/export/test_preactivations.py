"""A line for the argument of an elementwise function: the same cell, in more lines, with the products in view."""

from __future__ import annotations

import pytest
from sympy import Eq

from lstm_sym.activations import exp, sigma, tanh
from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS
from lstm_sym.export.plan import plan_of
from lstm_sym.export.preactivations import with_preactivations
from lstm_sym.export.stacking import stacking_of
from lstm_sym.nodes import hadamard
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n, d = sizes("n d")
x, h, z, r, v, a_h = Sequence("x", d), *(Sequence(name, n) for name in ("h", "z", "r", "v", "a_h"))
W, R, Q = (Parameter(name, n, n) for name in "WRQ")
U, S, P = (Parameter(name, n, d) for name in "USP")
b, c = Parameter("b", n), Parameter("c", n)


@pytest.mark.parametrize(
    "equations, lines",
    [
        ([Eq(h[t], tanh(W * h[t - 1] + U * x[t]))], ["a_h[t] = W*h[t - 1] + U*x[t]", "h[t] = tanh(a_h[t])"]),
        ([Eq(h[t], W * h[t - 1] + tanh(U * x[t] + b))], ["a_h[t] = U*x[t] + b", "h[t] = W*h[t - 1] + tanh(a_h[t])"]),
        (
            [Eq(z[t], sigma(U * x[t])), Eq(h[t], hadamard(sigma(U * x[t]), h[t - 1]) + z[t])],
            ["a_z[t] = U*x[t]", "z[t] = sigma(a_z[t])", "h[t] = hadamard(sigma(a_z[t]), h[t - 1]) + z[t]"],
        ),
        (
            [Eq(h[t], tanh(W * sigma(R * h[t - 1] + U * x[t])))],
            ["a_h[t] = R*h[t - 1] + U*x[t]", "a_h_2[t] = W*sigma(a_h[t])", "h[t] = tanh(a_h_2[t])"],
        ),
        (
            [Eq(a_h[t], U * x[t]), Eq(h[t], tanh(W * h[t - 1] + a_h[t]))],
            ["a_h[t] = U*x[t]", "a_h_2[t] = W*h[t - 1] + a_h[t]", "h[t] = tanh(a_h_2[t])"],
        ),
        ([Eq(h[t], exp(b) + tanh(h[t - 1] + v[t]))], ["h[t] = exp(b) + tanh(h[t - 1] + v[t])"]),
    ],
    ids=["gate", "one of two terms", "read twice", "nested", "the name is taken", "nothing to name"],
)
def test_arguments_with_products_get_a_line(equations, lines):
    assert [f"{eq.lhs} = {eq.rhs}" for eq in with_preactivations(Cell("mine", *equations)).equations] == lines


@pytest.mark.parametrize("cell", CELLS.values(), ids=lambda cell: cell.name)
def test_the_zoo_names_its_own(cell):
    assert with_preactivations(cell) is cell


def test_a_GRU_without_names_is_stacked_like_one_with_names():
    gate = {g: sigma(M * h[t - 1] + K * x[t] + bias) for g, M, K, bias in ((r, R, S, b), (z, Q, P, c))}
    candidate = tanh(W * hadamard(gate[r], h[t - 1]) + U * x[t])
    cell = Cell("short", Eq(h[t], hadamard(1 - gate[z], h[t - 1]) + hadamard(gate[z], candidate)))
    found = stacking_of(plan_of(cell))
    assert [str(stack) for stack in found.hoisted] == ["[P; S; U]*x[t] for a_h, a_h_2, a_h_3"]
    assert [str(stack) for stack in found.recurrent] == ["[Q; R]*h[t - 1] for a_h, a_h_2"]
    assert found.plan.cell is cell and [p for p, _ in found.plan.gradients] == list(cell.parameters)
