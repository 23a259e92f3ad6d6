r"""Layers and directions: modules of cells one above the other and side by side, over sequences of unlike length.

``layers`` is a tuple of layers from the lowest to the highest, a layer a tuple of directions. All directions of
a layer read the layer below; their outputs, side by side along the last axis, are what the layer above reads.
States, and the gradients of parameters and states, are lists with one entry per direction: those of the lowest
layer first. Arrays have the axes of the exported modules: x (T, B, d), a state (B, n).

With ``lengths`` the sequence b has ``lengths[b]`` steps; the rest of its rows is padding. Its final state is the one
after its own last step, a reverse direction starts at its own last step, and outputs beyond it are 0. Nothing is
computed on padding: between two lengths a module runs on the sequences that are still going.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from ..cell import Cell
from ..export import export_module
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
class Piece:
    """A run of a module over the steps ``start`` to ``stop`` of some sequences."""

    start: int
    stop: int
    running: Any
    cache: Any


@dataclass(frozen=True, slots=True)
class Trace:
    """What ``backward`` needs of a forward pass: its steps and sequences, and the pieces of each direction."""

    shape: tuple[int, int]
    lengths: Array | None
    pieces: tuple[tuple[Piece, ...], ...]


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
    if x.ndim != 3:
        raise ValueError(f"x has shape {x.shape}; wanted the axes (T, B, d)")
    states = _given_or_zero(layers, states, x.shape[1])
    lengths = None if lengths is None else _checked(lengths, *x.shape[:2])
    finals: list[Any] = []
    pieces: list[tuple[Piece, ...]] = []
    for layer in layers:
        outputs = []
        for direction in layer:
            done = _forward(direction, x, states[len(finals)], lengths)
            outputs.append(done[0])
            finals.append(done[1])
            pieces.append(done[2])
        x = np.concatenate(outputs, axis=-1)
    return x, finals, Trace(x.shape[:2], lengths, tuple(pieces))


def backward(
    layers: Layers, trace: Trace, d_outputs: Array, d_states: Sequence[Any] | None = None
) -> tuple[list[Any], Array, list[Any]]:
    """The gradients of the parameters of every direction, of x, and of every initial state."""
    wanted = (*trace.shape, sum(map(width, layers[-1])))
    if d_outputs.shape != wanted:
        raise ValueError(f"d_outputs has shape {d_outputs.shape}; wanted that of the outputs, {wanted}")
    d_states = _given_or_zero(layers, d_states, trace.shape[1])
    d_params: list[Any] = []
    d_initial: list[Any] = []
    for layer in reversed(layers):
        parts = np.split(d_outputs, np.cumsum([width(direction) for direction in layer])[:-1], axis=-1)
        last = len(d_states) - len(d_params)
        done = [
            _backward(direction, trace.pieces[k], part, d_states[k], trace.lengths)
            for k, direction, part in zip(range(last - len(layer), last), layer, parts, strict=True)
        ]
        d_params[:0] = [gradients for gradients, _, _ in done]
        d_initial[:0] = [d_state for _, _, d_state in done]
        d_outputs = np.sum([d_x for _, d_x, _ in done], axis=0)
    return d_params, d_outputs, d_initial


# --- one direction ------------------------------------------------------------------------------


def _forward(direction: Direction, x: Array, state: Any, lengths: Array | None) -> tuple[Array, Any, tuple[Piece, ...]]:
    module, params = direction.module, direction.params
    x = _turned(x, lengths) if direction.reverse else x
    final = module.State(*[value.copy() for value in state])
    outputs = np.zeros((*x.shape[:2], width(direction)), x.dtype)
    pieces = []
    for start, stop, running in _pieces(lengths, len(x)):
        before = module.State(*[value[running] for value in final])
        outputs[start:stop, running], after, kept = module.forward(params, x[start:stop, running], before)
        for value, new in zip(final, after, strict=True):
            value[running] = new
        pieces.append(Piece(start, stop, running, kept))
    return _turned(outputs, lengths) if direction.reverse else outputs, final, tuple(pieces)


def _backward(
    direction: Direction, pieces: Sequence[Piece], d_outputs: Array, d_state: Any, lengths: Array | None
) -> tuple[Any, Array, Any]:
    """A piece gives its initial state's gradient to the piece before it; what has ended there keeps its own."""
    module, params = direction.module, direction.params
    d_outputs = _turned(d_outputs, lengths) if direction.reverse else d_outputs
    d_initial = module.State(*[value.copy() for value in d_state])
    d_params = module.Params(*[np.zeros_like(value) for value in params])
    d_x = np.zeros((*d_outputs.shape[:2], _input_width(direction)), d_outputs.dtype)
    for piece in reversed(pieces):
        here = slice(piece.start, piece.stop), piece.running
        after = module.State(*[value[piece.running] for value in d_initial])
        gradients, d_x[here], before = module.backward(params, piece.cache, d_outputs[here], after)
        for total, gradient in zip(d_params, gradients, strict=True):
            total += gradient
        for value, new in zip(d_initial, before, strict=True):
            value[piece.running] = new
    return d_params, _turned(d_x, lengths) if direction.reverse else d_x, d_initial


def _given_or_zero(layers: Layers, states: Sequence[Any] | None, batch: int) -> Sequence[Any]:
    """The states, or their gradients, if they have the shapes that the parameters ask for; 0 if there are none."""
    zero = [zero_state(direction, batch) for direction in directions_of(layers)]
    if states is None:
        return zero
    if len(states) != len(zero):
        raise ValueError(f"{len(states)} states for {len(zero)} directions")
    for k, (state, wanted) in enumerate(zip(states, zero, strict=True)):
        for name, value, other in zip(wanted._fields, state, wanted, strict=True):
            if value.shape != other.shape:
                raise ValueError(f"{name} of direction {k} has shape {value.shape}; wanted (B, ·) = {other.shape}")
    return states


def _input_width(direction: Direction) -> int:
    return _sizes(direction)[direction.module.SHAPES[direction.module.Cache._fields[0]][-1]]


def _sizes(direction: Direction) -> dict[str, int]:
    """The length of every axis that a parameter has."""
    sizes: dict[str, int] = {}
    for letter, value in zip(direction.params._fields, direction.params, strict=True):
        sizes |= zip(direction.module.SHAPES[f"params.{letter}"], value.shape, strict=True)
    return sizes


def _pieces(lengths: Array | None, steps: int) -> Iterator[tuple[int, int, Any]]:
    """The steps between two lengths, and the sequences that are running there."""
    if lengths is None:
        yield 0, steps, slice(None)
        return
    ends = [0, *np.unique(lengths[lengths > 0]).tolist()]
    for start, stop in pairwise(ends):
        yield start, stop, np.flatnonzero(lengths >= stop)


def _turned(x: Array, lengths: Array | None) -> Array:
    """Every sequence from its own last step to its first, padding left in place; its own inverse and adjoint."""
    if lengths is None:
        return x[::-1]
    step = np.arange(len(x))[:, None]
    return x[np.where(step < lengths, lengths - 1 - step, step), np.arange(x.shape[1])]


def _checked(lengths: Array, steps: int, batch: int) -> Array:
    lengths = np.asarray(lengths)
    if lengths.shape != (batch,) or lengths.dtype.kind not in "iu":
        raise ValueError(f"lengths has shape {lengths.shape} and type {lengths.dtype}; wanted {batch} whole numbers")
    if (wrong := lengths[(lengths < 0) | (lengths > steps)]).size:
        raise ValueError(f"lengths holds {wrong[0]}; wanted 0 to {steps} steps")
    return lengths.astype(np.intp)
