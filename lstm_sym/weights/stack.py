r"""Layers and directions: modules of cells one above the other and side by side, over sequences of unlike length.

``layers`` is a tuple of layers from the lowest to the highest, a layer a tuple of directions. All directions of
a layer read the layer below; their outputs, side by side along the last axis, are what the layer above reads.
States, and the gradients of parameters and states, are lists with one entry per direction: those of the lowest
layer first. Arrays have the axes of the exported modules: x (T, B, d), a state (B, n).

The two passes, with ``lengths`` of the sequences, are those of ``export.layers``, which every module may have; here
each direction runs a module of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from ..cell import Cell
from ..export import export_module
from ..export import layers as over
from ..export.experiment import imported

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Direction:
    """An exported module with its ``Params``, over a sequence from its first step to its last, or back."""

    module: ModuleType
    params: Any
    reverse: bool = False


Layers = tuple[tuple[Direction, ...], ...]


def directions_of(layers: Layers) -> list[Direction]:
    """The directions in the order of states and gradients."""
    return [direction for layer in layers for direction in layer]


def with_params(layers: Layers, params: Iterable[Any]) -> Layers:
    """The same layers with other parameters, one ``Params`` for each direction."""
    rest = iter(params)
    return tuple(tuple(replace(direction, params=next(rest)) for direction in layer) for layer in layers)


@dataclass(frozen=True, slots=True)
class Trace:
    """What ``backward`` needs of a forward pass; its steps and sequences, and the lengths of these."""

    shape: tuple[int, int]
    lengths: Array | None
    passed: over.Trace


@cache
def module_of(cell: Cell) -> ModuleType:
    """The exported NumPy module of a cell, written once."""
    return imported(export_module(cell), cell.name)


def zero_state(direction: Direction, batch: int) -> Any:
    """The initial state that the libraries take when none is given."""
    module, sizes = direction.module, _sizes(direction) | {"B": batch}
    shapes = [[sizes[axis] for axis in module.SHAPES[f"state.{name}"]] for name in module.State._fields]
    return module.State(*[np.zeros(shape, direction.params[0].dtype) for shape in shapes])


def width(direction: Direction) -> int:
    """The number of entries of an output."""
    return _sizes(direction)[direction.module.SHAPES["d_outputs"][-1]]


def require_fitting(layers: Layers) -> None:
    """Raise ``ValueError`` where a layer does not take what the layer below gives."""
    for k, (below, layer) in enumerate(pairwise(layers)):
        given = sum(map(width, below))
        for direction in layer:
            taken = _input_width(direction)
            if taken != given:
                raise ValueError(f"layer {k + 1} takes {taken} inputs, layer {k} gives {given}")


def forward(
    layers: Layers, x: Array, states: Sequence[Any] | None = None, lengths: Array | None = None
) -> tuple[Array, list[Any], Trace]:
    """The outputs of the highest layer at every step, the final state of every direction, and the trace."""
    outputs, finals, passed = over.forward_layers(layers, x, _by_layer(layers, states), lengths)
    given = None if lengths is None else np.asarray(lengths)
    steps, batch = x.shape[:2]
    return outputs, [state for row in finals for state in row], Trace((steps, batch), given, passed)


def backward(
    layers: Layers, trace: Trace, d_outputs: Array, d_states: Sequence[Any] | None = None
) -> tuple[list[Any], Array, list[Any]]:
    """The gradients of the parameters of every direction, of x, and of every initial state."""
    given = _by_layer(layers, d_states)
    d_params, d_x, d_initial = over.backward_layers(layers, trace.passed, d_outputs, given)
    return [one for row in d_params for one in row], d_x, [state for row in d_initial for state in row]


def _by_layer(layers: Layers, states: Sequence[Any] | None) -> list[list[Any]] | None:
    """The states of every layer from those of all directions."""
    if states is None:
        return None
    if len(states) != len(directions_of(layers)):
        raise ValueError(f"{len(states)} states for {len(directions_of(layers))} directions")
    rest = iter(states)
    return [[next(rest) for _ in layer] for layer in layers]


def _input_width(direction: Direction) -> int:
    return _sizes(direction)[direction.module.SHAPES[direction.module.Cache._fields[0]][-1]]


def _sizes(direction: Direction) -> dict[str, int]:
    """The length of every axis that a parameter has."""
    sizes: dict[str, int] = {}
    for letter, value in zip(direction.params._fields, direction.params, strict=True):
        sizes |= zip(direction.module.SHAPES[f"params.{letter}"], value.shape, strict=True)
    return sizes
