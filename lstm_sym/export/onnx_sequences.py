r"""Sequences of unlike length and their way back in an ONNX graph: nodes before and after those of a cell.

With an input ``lengths``, the rows of a sequence beyond its length are padding: outputs there are 0, and the final
state is taken from the states of every step. ``ReverseSequence`` turns each sequence at its own last step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .onnx_nodes import Graph

LENGTHS = "lengths"
"""The input with the number of steps of every sequence, whole numbers (B,)."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """Whether sequences have lengths, and whether they run from the last step to the first."""

    lengths: bool = False
    reverse: bool = False

    @property
    def plain(self) -> bool:
        """Whether there is nothing to add."""
        return not (self.lengths or self.reverse)


def around(
    sequences: Sequences,
    nodes: list[Any],
    elem: int,
    inputs: Iterable[str],
    outputs: Iterable[str],
    states: dict[str, str],
) -> list[Any]:
    """The nodes of a cell, and those before and after them; ``states`` say the initial value of each state.

    The cell's nodes read and write other names, so that those of the graph's inputs and outputs stay.
    """
    inputs, outputs = list(inputs), list(outputs)
    renamed = {name: f"{name}/every" for name in outputs}
    renamed |= {name: f"{name}/turned" for name in inputs} if sequences.reverse else {}
    for node in nodes:
        _rename(node, renamed)
    before, after = Graph(elem, "before/"), Graph(elem, "after/")
    within = _within(before, inputs[0]) if sequences.lengths else None
    if sequences.reverse:
        for name in inputs:
            _turned(before, sequences, name, renamed[name])
    for name in outputs:
        value = renamed[name]
        if within is not None:
            mask = after.node("Unsqueeze", [within, after.whole_numbers(-1)])
            value = after.node("Where", [mask, value, after.number(0.0)], None if sequences.reverse else name)
        if sequences.reverse:
            _turned(after, sequences, value, name)
        elif within is None:
            raise AssertionError("a graph of plain sequences needs nothing around it")
    if sequences.lengths:
        for name, first in states.items():
            _ends(after, renamed.get(name, name), first, f"{name}_last")
    return [*before.nodes, *nodes, *after.nodes]


def _rename(node: Any, renamed: dict[str, str]) -> None:
    """Other names for values of a node, and of the graphs in it, which may read them from outside."""
    for field in (node.input, node.output):
        field[:] = [renamed.get(name, name) for name in field]
    for attribute in node.attribute:
        for inner in attribute.g.node:
            _rename(inner, renamed)


def _within(graph: Graph, x: str) -> str:
    """Which steps are some of a sequence, (T, B)."""
    zero, one = (graph.node("Squeeze", [graph.whole_numbers(number)]) for number in (0, 1))
    steps = graph.node("Squeeze", [graph.node("Shape", [x], start=0, end=1)])
    step = graph.node("Unsqueeze", [graph.node("Range", [zero, steps, one]), graph.whole_numbers(1)])
    return graph.node("Less", [step, LENGTHS])


def _turned(graph: Graph, sequences: Sequences, value: str, name: str) -> None:
    """Each sequence from its last step to its first."""
    if sequences.lengths:
        counts = graph.node("Max", [LENGTHS, graph.whole_numbers(1)])  # an empty one and one of a step are as they are
        graph.node("ReverseSequence", [value, counts], name, batch_axis=1, time_axis=0)
    else:
        start, stop, axis, by = (graph.whole_numbers(number) for number in (-1, -(2**63), 0, -1))
        graph.node("Slice", [value, start, stop, axis, by], name)


def _ends(graph: Graph, values: str, first: str, name: str) -> None:
    """The state after the last step of each sequence; of an empty one the initial state."""
    zero, one = (graph.node("Squeeze", [graph.whole_numbers(number)]) for number in (0, 1))
    last = graph.node("Sub", [graph.node("Max", [LENGTHS, graph.whole_numbers(1)]), graph.whole_numbers(1)])
    batch = graph.node("Squeeze", [graph.node("Shape", [first], start=0, end=1)])
    places = [
        graph.node("Unsqueeze", [v, graph.whole_numbers(1)]) for v in (last, graph.node("Range", [zero, batch, one]))
    ]
    end = graph.node("GatherND", [values, graph.node("Concat", places, axis=1)])
    none = graph.node("Equal", [LENGTHS, graph.whole_numbers(0)])
    # As many axes as a state has: B first, then 1 for each other.
    axes = graph.node("Sub", [graph.node("Size", [graph.node("Shape", [first])]), one])
    rest = graph.node("Expand", [graph.whole_numbers(1), graph.node("Unsqueeze", [axes, graph.whole_numbers(0)])])
    shape = graph.node("Concat", [graph.whole_numbers(-1), rest], axis=0)
    graph.node("Where", [graph.node("Reshape", [none, shape]), first, end], name)
