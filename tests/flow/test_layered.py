"""The layout: layers, order, distances, and nothing that overlaps."""

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_sym.cells import CELLS
from lstm_sym.flow.graph import Edge, Graph, Node, data_flow
from lstm_sym.flow.layered import GAP, crossings, laid_out, spread


@cache
def laid_out_cell(name):
    graph = data_flow(CELLS[name])
    return graph, laid_out(graph)


@pytest.mark.parametrize("name", CELLS)
def test_edges_run_to_the_right_and_nodes_keep_their_distance(name):
    graph, layout = laid_out_cell(name)
    for edge, route in zip(graph.edges, layout.routes, strict=True):
        assert route[0] == layout.places[edge.source] and route[-1] == layout.places[edge.target]
        assert all(b[0] == a[0] + 1 for a, b in pairwise(route))
    for a, b in pairwise(sorted(layout.places)):
        assert a[0] != b[0] or b[1] - a[1] >= GAP - 1e-9
    for number, node in enumerate(graph.nodes):
        if node.kind == "result":
            assert layout.places[number][0] == layout.layers - 1
    assert laid_out(graph) == layout


@pytest.mark.parametrize("name", CELLS)
def test_no_line_runs_through_a_node(name):
    _, layout = laid_out_cell(name)
    for route in layout.routes:
        for layer, height in route[1:-1]:
            near = [abs(height - y) for place, y in layout.places if place == layer]
            assert min(near, default=1.0) > 0.5


def test_two_crossed_edges_are_uncrossed():
    nodes = tuple(Node(kind, "") for kind in ("source", "source", "operation", "operation"))
    layout = laid_out(Graph(nodes, (Edge(0, 3), Edge(1, 2))))
    (_, a), (_, b), (_, c), (_, d) = layout.places
    assert (a < b) == (d < c)


@pytest.mark.parametrize("order, count", [([[0, 1], [2, 3]], 1), ([[1, 0], [2, 3]], 0)])
def test_crossings_are_counted(order, count):
    assert crossings(order, [(0, 3), (1, 2)]) == count


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=8), st.data())
def test_spread_keeps_distances_and_the_mean(wanted, data):
    gaps = data.draw(st.lists(st.floats(0.1, 2), min_size=len(wanted) - 1, max_size=len(wanted) - 1))
    found = spread(wanted, gaps)
    assert all(b - a >= gap - 1e-9 for (a, b), gap in zip(pairwise(found), gaps, strict=True))
    assert sum(found) == pytest.approx(sum(wanted), abs=1e-6)
    if all(b - a >= gap for (a, b), gap in zip(pairwise(wanted), gaps, strict=True)):
        assert found == pytest.approx(wanted, abs=1e-9)
