"""What a plan stacks: the same terms as before, taken together, and side by side in their bundles."""

from __future__ import annotations

from collections import Counter

import pytest
from sympy import Eq

from lstm_sym.activations import sigma, tanh
from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS
from lstm_sym.export.plan import carry, plan_of, with_activation
from lstm_sym.export.stacking import Stacking, stacking_of
from lstm_sym.nodes import hadamard
from lstm_sym.nodes.algebra import Zero, summands
from lstm_sym.symbols import Parameter, Sequence, sizes, t

from .cells import CELLS as MORE

n, d = sizes("n d")


def stacked(name: str) -> Stacking:
    return stacking_of(plan_of(with_activation(CELLS[name], tanh)))


@pytest.mark.parametrize(
    "name, bundles, adjoints",
    [
        ("LSTM", ["a_f a_i a_o a_z"], ["delta_a_f delta_a_i delta_a_o delta_a_z"]),
        ("GRU", ["q a_r a_z a_n"], ["delta_q delta_a_r delta_a_z delta_a_n"]),
        ("RNN", ["a"], ["delta_a"]),
        ("minGRU", ["a_z n"], ["delta_a_z delta_n"]),
        ("LSTM_projection", ["a_f a_i a_o a_z", "h"], ["delta_a_f delta_a_i delta_a_o delta_a_z", "delta_h"]),
    ],
)
def test_bundles(name, bundles, adjoints):
    found = stacked(name)
    assert [" ".join(s.text for s in bundle) for bundle in found.bundles] == bundles
    assert [" ".join(s.text for s in bundle) for bundle in found.adjoint_bundles] == adjoints


def test_the_products_of_the_LSTM():
    found = stacked("LSTM")
    assert [str(product) for product in (*found.hoisted, *found.recurrent)] == [
        "[U_f; U_i; U_o; U_z]*x[t] for a_f, a_i, a_o, a_z",
        "[W_f; W_i; W_o; W_z]*h[t - 1] for a_f, a_i, a_o, a_z",
    ]
    gates = "delta_a_f; delta_a_i; delta_a_o; delta_a_z"
    assert [str(product) for product in (*found.gathers, *found.outers)] == [
        f"[W_f; W_i; W_o; W_z].T*[{gates}] for carry h",
        f"[U_f; U_i; U_o; U_z].T*[{gates}] for delta_x",
        f"sum of [{gates}]*h[t - 1].T for W_f, W_i, W_o, W_z",
        f"sum of [{gates}]*x[t].T for U_f, U_i, U_o, U_z",
        f"sum of [{gates}] for b_f, b_i, b_o, b_z",
    ]
    assert {line.target.text: str(line.value) for line in found.coefficients} == {
        "k a_o": "hadamard(tanh c[t], o[t], 1 - o[t])",
        "k c": "hadamard(o[t], 1 - hadamard_power(tanh c[t], 2))",
        "k a_z": "hadamard(i[t], 1 - hadamard_power(z[t], 2))",
        "k a_i": "hadamard(z[t], i[t], 1 - i[t])",
        "k a_f": "hadamard(c[t - 1], f[t], 1 - f[t])",
    }
    assert found.gradients == () and [str(value) for _, value in found.carries] == ["0", "hadamard(delta_c[t], f[t])"]


@pytest.mark.parametrize("cell", [*CELLS.values(), *MORE], ids=lambda cell: cell.name)
def test_nothing_is_lost_and_nothing_is_added(cell):
    """The terms of every line are those of the plan; every product takes a contiguous run of one bundle."""
    found = stacking_of(plan_of(with_activation(cell, tanh)))
    back = {line.target[t]: line.value for line in found.coefficients}
    for target, was, left in _values(found):
        terms = Counter(_terms(left.xreplace(back)))
        terms += Counter(matrix * s.operand for s in found.stacks_into(target) for a, matrix in s.parts if a == target)
        terms += Counter(matrix.T * source[t] for g in found.gathers_into(target) for source, matrix in g.parts)
        assert terms == Counter(_terms(was)), target.text
    gradients = {
        p: source[t] * o.operand.T if o.operand is not None else source[t]
        for o in found.outers
        for p, source in o.parts
    }
    assert gradients | dict(found.gradients) == dict(found.plan.gradients)
    for bundles, products in (
        (found.bundles, [s.targets for s in (*found.hoisted, *found.recurrent)]),
        (found.adjoint_bundles, [p.sources for p in (*found.gathers, *found.outers)]),
    ):
        runs = {bundle[i:j] for bundle in bundles for j in range(len(bundle) + 1) for i in range(j)}
        assert set(products) <= runs
        assert len({s for bundle in bundles for s in bundle}) == sum(map(len, bundles))


def _values(found: Stacking):
    plan = found.plan
    for was, left in ((plan.forward, found.forward), (plan.backward, found.backward)):
        for old, new in zip(was.lines, left.lines, strict=True):
            zero = Zero(*old.target.shape)
            assert old.target == new.target
            yield old.target, old.value + (old.early or zero), new.value + (new.early or zero)
    for (state, old), (_, new) in zip(plan.carries, found.carries, strict=True):
        yield carry(state), old, new


def _terms(value):
    return () if isinstance(value, Zero) else summands(value)


def test_runs_are_cut_where_no_order_makes_them_contiguous():
    """Three operands, each of two of three gates: no order of the gates lets all of them be side by side."""
    h = [Sequence(name, n) for name in ("h_1", "h_2", "h_3")]
    a = [Sequence(name, n) for name in ("a_1", "a_2", "a_3")]
    W = {(k, j): Parameter(f"W_{k}{j}", n, n) for k in range(3) for j in range(3)}
    x, U = Sequence("x", d), Parameter("U", n, d)
    cell = Cell(
        "triangle",
        *(Eq(a[k][t], W[k, k] * h[k][t - 1] + W[k, (k + 1) % 3] * h[(k + 1) % 3][t - 1]) for k in range(3)),
        *(Eq(h[k][t], sigma(a[k][t]) + U * x[t]) for k in range(3)),
    )
    found = stacking_of(plan_of(cell))
    sizes_of_runs = Counter(len(stack.parts) for stack in found.recurrent)
    assert sizes_of_runs == {2: 2, 1: 2}


def test_a_second_product_of_one_operand_is_left_in_the_sum():
    h, x = Sequence("h", n), Sequence("x", d)
    W, V, U = Parameter("W", n, n), Parameter("V", n, n), Parameter("U", n, d)
    found = stacking_of(plan_of(Cell("twice", Eq(h[t], tanh(hadamard(W * h[t - 1], V * h[t - 1]) + U * x[t])))))
    assert not found.recurrent
    again = stacking_of(plan_of(Cell("again", Eq(h[t], W * h[t - 1] + V * h[t - 1] + U * x[t]))))
    assert len(again.recurrent) == 1 and str(again.forward.loop[0].value) == "V*h[t - 1]"
