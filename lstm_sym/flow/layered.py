"""Places for the nodes of a graph: layers from left to right, few crossings, straight edges.

The method is that of Sugiyama, Tagawa & Toda 1981: the layer of a node is its longest path from a source, an edge
over several layers bends at a dummy node in each, the order within the layers follows the mean of the neighbours'
places, and the heights are those closest to the neighbours' that keep the order and the distances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .graph import Graph

SWEEPS = 40
GAP, THIN = 1.0, 0.42
"""The distance between two nodes of a layer, and of a dummy from its neighbour."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The layer and the height of every node, and for every edge the points (layer, height) that it runs through."""

    places: tuple[tuple[int, float], ...]
    routes: tuple[tuple[tuple[int, float], ...], ...]

    @property
    def layers(self) -> int:
        return 1 + max(layer for layer, _ in self.places)


def laid_out(graph: Graph) -> Layout:
    """A layout of a graph without cycles; the same graph gives the same layout."""
    layer = _layers(graph)
    chains = []
    layers = dict(enumerate(layer))
    for edge in graph.edges:
        inner = range(layer[edge.source] + 1, layer[edge.target])
        dummies = list(range(len(layers), len(layers) + len(inner)))
        layers |= dict(zip(dummies, inner, strict=True))
        chains.append([edge.source, *dummies, edge.target])
    links = [link for chain in chains for link in pairwise(chain)]
    order = _ordered(layers, links)
    height = _heights(order, links, real=len(graph.nodes))
    places = tuple((layers[node], height[node]) for node in range(len(graph.nodes)))
    routes = tuple(tuple((layers[node], height[node]) for node in chain) for chain in chains)
    return Layout(places, routes)


def _layers(graph: Graph) -> list[int]:
    """Longest paths from the sources; results stand in the last layer of all."""
    layer = [0] * len(graph.nodes)
    for _ in graph.nodes:
        for edge in graph.edges:
            layer[edge.target] = max(layer[edge.target], layer[edge.source] + 1)
    last = max(layer)
    return [last if node.kind == "result" else place for node, place in zip(graph.nodes, layer, strict=True)]


def _ordered(layers: dict[int, int], links: list[tuple[int, int]]) -> list[list[int]]:
    """The nodes of each layer from bottom to top, by the best of many sweeps."""
    order = [[node for node in layers if layers[node] == k] for k in range(max(layers.values()) + 1)]
    best, fewest = [list(row) for row in order], crossings(order, links)
    before, after = _neighbours(links)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for k in range(1, len(order)) if down else range(len(order) - 2, -1, -1):
            fixed = {node: place for place, node in enumerate(order[k - 1 if down else k + 1])}
            near = before if down else after
            here = {node: place for place, node in enumerate(order[k])}

            def mean(
                node: int,
                near: dict[int, list[int]] = near,
                fixed: dict[int, int] = fixed,
                here: dict[int, int] = here,
            ) -> float:
                found = [fixed[other] for other in near.get(node, [])]
                return sum(found) / len(found) if found else here[node]

            order[k].sort(key=mean)
        _swap(order, links)
        count = crossings(order, links)
        if count < fewest:
            best, fewest = [list(row) for row in order], count
    return best


def _swap(order: list[list[int]], links: list[tuple[int, int]]) -> None:
    """Neighbours change places where that removes crossings."""
    for row in order:
        for k in range(len(row) - 1):
            now = crossings(order, links)
            row[k], row[k + 1] = row[k + 1], row[k]
            if crossings(order, links) >= now:
                row[k], row[k + 1] = row[k + 1], row[k]


def crossings(order: Sequence[Sequence[int]], links: Sequence[tuple[int, int]]) -> int:
    """How many pairs of edges between neighbouring layers cross."""
    place = {node: number for row in order for number, node in enumerate(row)}
    rank = {node: k for k, row in enumerate(order) for node in row}
    by_layer: dict[int, list[tuple[int, int]]] = {}
    for source, target in links:
        by_layer.setdefault(rank[source], []).append((place[source], place[target]))
    return sum(
        (a - c) * (b - d) < 0 for ends in by_layer.values() for k, (a, b) in enumerate(ends) for c, d in ends[k + 1 :]
    )


def _heights(order: list[list[int]], links: list[tuple[int, int]], real: int) -> dict[int, float]:
    """Heights near the mean of the neighbours' heights, in the order and at the distances of the layers."""
    height = {node: float(k) - (len(row) - 1) / 2 for row in order for k, node in enumerate(row)}
    before, after = _neighbours(links)
    for sweep in range(SWEEPS):
        for row in order if sweep % 2 == 0 else reversed(order):
            wanted = []
            for node in row:
                near = [height[other] for other in (*before.get(node, []), *after.get(node, []))]
                wanted.append(sum(near) / len(near) if near else height[node])
            gaps = [GAP if a < real and b < real else (GAP + THIN) / 2 for a, b in pairwise(row)]
            gaps = [THIN if a >= real and b >= real else gap for gap, (a, b) in zip(gaps, pairwise(row), strict=True)]
            height |= dict(zip(row, spread(wanted, gaps), strict=True))
    return height


def spread(wanted: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The values closest to ``wanted`` in the sum of squares whose differences are at least ``gaps``.

    >>> spread([0.0, 0.0, 5.0], [1.0, 1.0])
    [-0.5, 0.5, 5.0]
    """
    offsets = [sum(gaps[:k]) for k in range(len(wanted))]
    pools: list[list[float]] = []
    for target, offset in zip(wanted, offsets, strict=True):
        pools.append([target - offset, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (low, m), (high, n) = pools[-2:]
            pools[-2:] = [[(low * m + high * n) / (m + n), m + n]]
    levels = [level for level, count in pools for _ in range(int(count))]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


def _neighbours(links: list[tuple[int, int]]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    before: dict[int, list[int]] = {}
    after: dict[int, list[int]] = {}
    for source, target in links:
        before.setdefault(target, []).append(source)
        after.setdefault(source, []).append(target)
    return before, after
