"""The graph of a cell: what it reads, what it makes, what its equations say and nothing else."""

import pytest
from sympy import Eq

from lstm_sym import Cell, Parameter, Sequence, hadamard, sigma, sizes, t, tanh
from lstm_sym.cells import CELLS, LSTM
from lstm_sym.flow.graph import data_flow, is_affine_map
from lstm_sym.latex import latex

n, d = sizes("n d")
h, x, u = Sequence("h", n), Sequence("x", d), Sequence("u", n)
W, U, b = Parameter("W", n, n), Parameter("U", n, d), Parameter("b", n)


def told(graph):
    """The edges as text: what each node is called, and what reads it."""
    names = [node.name or f"{node.label}#{k}" for k, node in enumerate(graph.nodes)]
    return [(names[e.source], names[e.target], e.sign, e.stopped) for e in graph.edges]


def test_the_lstm_has_three_gates_a_candidate_and_two_results():
    graph = data_flow(LSTM)
    maps = {node.name: (node.label, node.detail) for node in graph.nodes if node.kind == "map"}
    assert [label for label, _ in maps.values()] == [r"\sigma", r"\sigma", r"\tanh", r"\sigma"]
    assert maps["f^{(t)}"][1] == r"W_{f},\,U_{f},\,b_{f}"
    kinds = [node.kind for node in graph.nodes]
    assert (kinds.count("source"), kinds.count("result"), kinds.count("operation")) == (3, 2, 5)
    into = {target: [e.source for e in graph.edges if e.target == target] for target in range(len(graph.nodes))}
    for number, node in enumerate(graph.nodes):
        if node.kind == "map":
            assert len(into[number]) == 2, "each gate reads the hidden state and the input"
        if node.label in (r"\odot", "+"):
            assert len(into[number]) == 2


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_has_a_graph_without_cycles_that_uses_every_letter(name):
    graph = data_flow(CELLS[name])
    reached = {number for number, node in enumerate(graph.nodes) if node.kind == "result"}
    for _ in graph.nodes:
        reached |= {edge.source for edge in graph.edges if edge.target in reached}
    assert reached == set(range(len(graph.nodes)))
    order = {number: 0 for number in range(len(graph.nodes))}
    for _ in graph.nodes:
        for edge in graph.edges:
            order[edge.target] = max(order[edge.target], order[edge.source] + 1)
    assert max(order.values()) < len(graph.nodes)
    shown = {part for node in graph.nodes for part in (*node.detail.split(r",\,"), node.label)}
    assert {latex(parameter) for parameter in CELLS[name].parameters} <= shown


def test_what_is_truncated_is_marked():
    stopped = [edge for edge in data_flow(CELLS["LSTM_truncated"]).edges if edge.stopped]
    graph = data_flow(CELLS["LSTM_truncated"])
    assert {graph.nodes[edge.source].label for edge in stopped} == {"h^{(t - 1)}"} and len(stopped) == 4
    assert not any(edge.stopped for edge in data_flow(LSTM).edges)


def test_a_gated_unit_with_a_complement_and_a_shared_gate():
    cell = Cell(
        "unit",
        Eq(u[t], sigma(W * h[t - 1] + U * x[t])),
        Eq(h[t], hadamard(1 - u[t], h[t - 1]) + hadamard(u[t], tanh(U * x[t] - h[t - 1]))),
    )
    found = told(data_flow(cell))
    assert sum(source == "u^{(t)}" for source, *_ in found) == 2
    assert any(target.startswith("1 -") for _, target, *_ in found)


def test_a_subtracted_term_bears_its_sign():
    y, r = Sequence("y", n), Sequence("r", n)
    cell = Cell("minus", Eq(r[t], y[t] - tanh(h[t - 1])), Eq(h[t], tanh(W * r[t])))
    assert [sign for *_, sign, _ in told(data_flow(cell))].count("-") == 1


def test_a_quantity_that_is_only_renamed_has_a_node_of_its_own():
    y = Sequence("y", n)
    cell = Cell("renamed", Eq(h[t], tanh(W * h[t - 1] + U * x[t])), Eq(y[t], h[t]))
    assert ("h^{(t)}", "y^{(t)}", "", False) in told(data_flow(cell))


def test_the_affine_part_of_a_sum_is_one_map():
    a = Sequence("a", n)
    cell = Cell("mixed", Eq(a[t], U * x[t] + b + hadamard(h[t - 1], W * h[t - 1])), Eq(h[t], tanh(a[t])))
    graph = data_flow(cell)
    assert {node.detail for node in graph.nodes if node.kind == "map"} == {r"U,\,b", "W"}


@pytest.mark.parametrize(
    "expr, affine",
    [
        (W * h[t - 1] + U * x[t] + b, True),
        (hadamard(b, h[t - 1]), True),
        (-h[t - 1], False),
        (b, False),
        (hadamard(h[t - 1], W * h[t - 1]), False),
        (W * tanh(h[t - 1]), False),
    ],
)
def test_affine_maps(expr, affine):
    assert is_affine_map(expr) == affine
