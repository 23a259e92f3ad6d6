"""The data-flow diagram of a cell, drawn from its equations."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ...cell import Cell
from ..graph import Edge, Graph, Node, data_flow
from ..layered import laid_out
from .picture import Picture
from .theme import Theme, Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMN, ROW = 1.75, 0.72
"""Inches between layers and between the nodes of one."""

Point = tuple[float, float]


def cell_picture(cell: Cell) -> Picture:
    """One step of a cell, from the states before it and its inputs on the left to its results on the right."""
    graph = data_flow(cell)
    layout = laid_out(graph)
    heights = [height for route in layout.routes for _, height in route] + [height for _, height in layout.places]
    low, high = min(heights), max(heights)

    passing: dict[int, float] = {}
    for node, (layer, _) in zip(graph.nodes, layout.places, strict=True):
        passing[layer] = max(passing.get(layer, 0.0), half_width(node))

    def draw(figure: Figure, theme: Theme) -> None:
        figure.set_layout_engine("none")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(-0.5 * COLUMN, (layout.layers - 0.5) * COLUMN)
        axes.set_ylim((low - 0.7) * ROW, (high + 0.7) * ROW)
        for edge, route in zip(graph.edges, layout.routes, strict=True):
            _draw_edge(axes, theme, edge, route, graph, passing)
        for node, place in zip(graph.nodes, layout.places, strict=True):
            _draw_node(axes, theme, node, _inches(place))

    caption = Words(
        f"One step of {cell.name}, drawn from its equations: what it reads on the left, its states and outputs on "
        "the right. A wide box is an affine map with the parameters below and the function applied to it above; "
        "a dashed line lets no derivative pass.",
        f"{cell.name} 的一个时间步，由其方程绘出：左边是它读入的量，右边是它的状态与输出。宽框是仿射映射，"
        "下方写参数，上方写作用于它的函数；虚线不传导数。",
    )
    return Picture(f"cell-{cell.name}", caption, layout.layers * COLUMN, (high - low + 1.4) * ROW, draw)


GLYPH = re.compile(r"\\(odot|times|sigma|varphi|phi|cdot)|\\(mathrm|operatorname)|[\\{}]|\\[,;]")


def half_width(node: Node) -> float:
    """Half the width of a node's box in inches."""
    if node.kind == "map":
        return 0.56
    letter = node.label.partition("^{(")[0]
    letters = len(GLYPH.sub(lambda found: "x" if found[1] else "", letter))
    return max(0.3, 0.2 + 0.05 * letters) if node.kind in ("source", "result") else max(0.2, 0.1 + 0.055 * letters)


def _inches(place: tuple[int, float]) -> Point:
    return place[0] * COLUMN, place[1] * ROW


def _draw_edge(
    axes: Any,
    theme: Theme,
    edge: Edge,
    route: tuple[tuple[int, float], ...],
    graph: Graph,
    passing: dict[int, float],
) -> None:
    """A smooth line through the points of the route, with an arrowhead at the end.

    ``passing`` is half the width of the widest box of each layer.
    """
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    points = [_inches(place) for place in route]
    points[0] = (points[0][0] + half_width(graph.nodes[edge.source]), points[0][1])
    points[-1] = (points[-1][0] - half_width(graph.nodes[edge.target]) - 0.01, points[-1][1])
    # A line passes a layer level, between its boxes, and turns in the gap before the next.
    level = [(x + side * passing[layer], y) for (layer, _), (x, y) in zip(route, points) for side in (-1, 1)][2:-2]
    vertices, codes = [points[0]], [Path.MOVETO]
    for number, ((x0, y0), (x1, y1)) in enumerate(pairwise([points[0], *level, points[-1]])):
        middle = (x0 + x1) / 2
        vertices += [(x1, y1)] if number % 2 else [(middle, y0), (middle, y1), (x1, y1)]
        codes += [Path.LINETO] if number % 2 else [Path.CURVE4] * 3
    axes.add_patch(
        FancyArrowPatch(
            path=Path(vertices, codes),
            arrowstyle="-|>,head_width=2.2,head_length=4.5",
            linewidth=1.1,
            linestyle=(0, (4, 3)) if edge.stopped else "-",
            color=_colour(theme, graph.nodes[edge.source]),
            zorder=1,
        )
    )
    if edge.sign:
        x, y = points[-1]
        axes.text(x - 0.12, y + 0.09, f"${edge.sign}$", ha="center", va="bottom", fontsize=10)


def _colour(theme: Theme, source: Node) -> str:
    """Lines out of a source in its colour, the others in ink."""
    return theme.colours[1] if source.kind == "source" else theme.ink


def _draw_node(axes: Any, theme: Theme, node: Node, centre: Point) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y = centre
    if node.kind in ("source", "result"):
        axes.text(x, y, f"${node.label}$", ha="center", va="center", fontsize=13)
        return
    wide, high = half_width(node), 0.25 if node.kind == "map" else 0.2
    axes.add_patch(
        FancyBboxPatch(
            (x - wide, y - high),
            2 * wide,
            2 * high,
            boxstyle=f"round,pad=0,rounding_size={0.06 if node.kind == 'map' else 0.2}",
            facecolor=theme.fill,
            edgecolor=theme.colours[0],
            linewidth=1.2,
            zorder=2,
        )
    )
    if node.kind == "map":
        says = " = ".join(filter(None, (node.name, rf"{node.label}(\cdot)" if node.label else "")))
        if says:
            axes.text(x, y + 0.1, f"${says}$", ha="center", va="center", fontsize=10.5, zorder=3)
        below = 0.12 if says else 0.0
        axes.text(x, y - below, f"${node.detail}$", ha="center", va="center", fontsize=8.5, zorder=3)
        return
    axes.text(x, y - 0.01, f"${node.label}$", ha="center", va="center", fontsize=11, zorder=3)
    if node.name:
        axes.text(x, y + 0.23, f"${node.name}$", ha="center", va="bottom", fontsize=9, zorder=3)
    if node.detail:
        axes.text(x, y - 0.23, f"${node.detail}$", ha="center", va="top", fontsize=9, zorder=3)
