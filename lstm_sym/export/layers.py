r"""Layers and directions: a module's functions one above the other and side by side, over sequences of unlike length.

``layers`` is a list of layers from the lowest to the highest. A layer is a tuple of directions, each a ``Direction`` or
bare ``Params``, of which the second runs back; or one of these by itself. All directions of a layer read the layer
below; their outputs, side by side along the last axis, are what the layer above reads. States, final states and all
gradients have the form of ``layers``.

With ``lengths`` the sequence b has ``lengths[b]`` steps; the rest of its rows is padding. Its final state is the one
after its own last step, where a reverse direction starts, and outputs beyond it are 0. Nothing is computed on padding:
the sequences are put in the order of their lengths, and between two lengths those run that are still going.

The functions call no library but through ``taken``, ``joined``, ``flipped`` and ``zeros``. Their source is what
``export --layers`` adds to a module (``layered_text``), and ``weights`` runs them as they stand here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

OWN: Any = None
"""What a direction runs unless it says; in an exported module that is the module, here there is none."""


# --- what is said in the words of the library ---------------------------------------------------


def taken(x: Array, places: list[int], axis: int) -> Array:
    """The entries at these places along an axis."""
    return np.take(x, places, axis=axis)


def joined(parts: list[Array], axis: int) -> Array:
    """Arrays one after the other along an axis."""
    return np.concatenate(parts, axis=axis)


def flipped(x: Array) -> Array:
    """The steps from the last to the first."""
    return np.flip(x, axis=0)


def zeros(shape: tuple[int, ...], like: Array) -> Array:
    """An array of 0 with the numbers of another."""
    return np.zeros(shape, like.dtype)


# --- what is passed and kept --------------------------------------------------------------------


class Direction(NamedTuple):
    """Parameters, over a sequence from its first step to its last, or back; with the functions of a module."""

    params: Any
    reverse: bool = False
    module: Any = OWN


class Stretch(NamedTuple):
    """A run over the steps from start to before stop, of the sequences that are running there, the longest ones."""

    start: int
    stop: int
    running: int
    cache: Any


class Run(NamedTuple):
    """What the backward pass of a direction needs: the lengths of its axes, and its stretches."""

    sizes: dict[str, int]
    stretches: list[Stretch]


class Trace(NamedTuple):
    """What backward_layers needs: the shapes of the outputs; sequences and lengths, the longest first; the runs."""

    shapes: list[tuple[int, ...]]
    order: list[int] | None
    lengths: list[int] | None
    runs: list[list[Run]]


# --- several layers -----------------------------------------------------------------------------


def forward_layers(layers: Any, x: Any, states: Any = None, lengths: Any = None) -> tuple[Any, Any, Trace]:
    """The outputs of the highest layer at every step, the final states in the form of layers, and the trace.

    A layer is a tuple of directions, Params or Direction(params, reverse); of two Params the second runs back. With
    lengths the sequence b has lengths[b] steps: its final state is that after its own last step, where a reverse
    direction starts, and outputs beyond it are 0. States that are not given are 0. What does not fit is a TypeError or
    a ValueError that names the layer.
    """
    stack = directions_of(layers)
    given = nested("states", states, stack)
    order = None
    finals: list[list[Any]] = []
    runs: list[list[Run]] = []
    for k, (layer, row) in enumerate(zip(stack, given, strict=True)):
        fits = [fitted(k, j, one, x, state) for j, (one, state) in enumerate(zip(layer, row, strict=True))]
        if k == 0:
            order, lengths = sorted_by(counted(lengths, fits[0][0]["T"], fits[0][0]["B"]))
            x = arranged(x, order, 1)
        done = [
            forward_direction(one, sizes, x, arranged(state, order, 0), lengths)
            for one, (sizes, state) in zip(layer, fits, strict=True)
        ]
        x = beside([outputs for outputs, _, _ in done], -1)
        finals.append([arranged(final, inverse(order), 0) for _, final, _ in done])
        runs.append([run for _, _, run in done])
    trace = Trace([tuple(v.shape) for v in fields_of(x)], order, lengths, runs)
    return arranged(x, inverse(order), 1), formed(layers, finals), trace


def backward_layers(layers: Any, trace: Trace, d_outputs: Any, d_states: Any = None) -> tuple[Any, Any, Any]:
    """The gradients of the parameters in the form of layers, of x, and of the initial states."""
    stack = directions_of(layers)
    given = nested("d_states", d_states, stack)
    if [len(row) for row in trace.runs] != [len(layer) for layer in stack]:
        raise ValueError("the trace is that of other layers")
    found = [getattr(v, "shape", type(v).__name__) for v in fields_of(d_outputs)]
    if found != trace.shapes:
        shapes_told = [" and ".join(map(str, some)) for some in (found, trace.shapes)]
        raise ValueError("d_outputs has shape {}; wanted that of the outputs, {}".format(*shapes_told))
    order, back = trace.order, inverse(trace.order)
    d_x = arranged(d_outputs, order, 1)
    d_params: list[list[Any]] = []
    d_initial: list[list[Any]] = []
    for k in reversed(range(len(stack))):
        done = []
        for j, (one, run, part) in enumerate(zip(stack[k], trace.runs[k], shares(d_x, stack[k], trace.runs[k]))):
            d_state = arranged(fitted_back(k, j, one, run, part, given[k][j]), order, 0)
            done.append(backward_direction(one, run, part, d_state, trace.lengths))
        d_params.insert(0, [gradients for gradients, _, _ in done])
        d_initial.insert(0, [arranged(first, back, 0) for _, _, first in done])
        d_x = done[0][1]
        for _, other, _ in done[1:]:
            d_x = each(lambda a, b: a + b, d_x, other)
    return formed(layers, d_params), arranged(d_x, back, 1), formed(layers, d_initial)


# --- one direction ------------------------------------------------------------------------------


def forward_direction(
    direction: Direction, sizes: dict[str, int], x: Any, state: Any, lengths: list[int] | None
) -> tuple[Any, Any, Run]:
    """The outputs, 0 beyond the length of a sequence, the final state and the run of one direction."""
    module = direction.module
    x = turned(x, lengths) if direction.reverse else x
    kept, parts = [], []
    for start, stop, count in stretches(lengths, sizes["T"], sizes["B"]):
        before = each(lambda v, count=count: v[:count, ...], state)
        values, after, cache = module.forward(direction.params, rows(x, start, stop, count), before)
        state = each(lambda new, old, count=count: extended(new, old, count), after, state)
        parts.append(widened(values, sizes["B"]))
        kept.append(Stretch(start, stop, count, cache))
    outputs = all_steps(parts, module, "d_outputs", sizes, x)
    return turned(outputs, lengths) if direction.reverse else outputs, state, Run(sizes, kept)


def backward_direction(
    direction: Direction, run: Run, d_outputs: Any, d_state: Any, lengths: list[int] | None
) -> tuple[Any, Any, Any]:
    """The gradients of parameters, inputs and initial state; what ends before a stretch keeps its state's gradient."""
    module, params = direction.module, direction.params
    d_outputs = turned(d_outputs, lengths) if direction.reverse else d_outputs
    d_params = None
    parts: list[Any] = []
    for start, stop, count, cache in reversed(run.stretches):
        after = each(lambda v, count=count: v[:count, ...], d_state)
        gradients, d_part, before = module.backward(params, cache, rows(d_outputs, start, stop, count), after)
        d_params = gradients if d_params is None else each(lambda a, b: a + b, d_params, gradients)
        d_state = each(lambda new, old, count=count: extended(new, old, count), before, d_state)
        parts.insert(0, widened(d_part, run.sizes["B"]))
    d_x = all_steps(parts, module, input_of(module), run.sizes, d_outputs)
    if d_params is None:
        d_params = module.Params(*[zeros(value.shape, value) for value in params])
    return d_params, turned(d_x, lengths) if direction.reverse else d_x, d_state


def stretches(lengths: list[int] | None, steps: int, batch: int) -> list[tuple[int, int, int]]:
    """The steps between two lengths, and how many sequences are running there."""
    if lengths is None:
        return [(0, steps, batch)]
    stops = sorted({*lengths} - {0})
    return [(start, stop, sum(n >= stop for n in lengths)) for start, stop in zip([0, *stops], stops, strict=False)]


def turned(x: Any, lengths: list[int] | None) -> Any:
    """Every sequence from its own last step to its first, padding left in place; its own inverse and adjoint."""
    if lengths is None:
        return each(flipped, x)

    def one(x: Any) -> Any:
        columns, start = [], 0
        for length in sorted(set(lengths), reverse=True):
            stop = start + lengths.count(length)
            same = x[:, start:stop, ...]
            columns.append(joined([flipped(same[:length, ...]), same[length:, ...]], 0))
            start = stop
        return joined(columns, 1)

    return each(one, x)


# --- arrays of the sequences that run, and of all -----------------------------------------------


def each(function: Any, *values: Any) -> Any:
    """A function of arrays; of named tuples, field by field."""
    return type(values[0])(*map(function, *values)) if isinstance(values[0], tuple) else function(*values)


def beside(parts: list[Any], axis: int) -> Any:
    """Values one after the other along an axis, field by field."""
    return parts[0] if len(parts) == 1 else each(lambda *values: joined(list(values), axis), *parts)


def rows(x: Any, start: int, stop: int, count: int) -> Any:
    """Some steps of the first sequences."""
    return each(lambda v: v[start:stop, :count, ...], x)


def extended(new: Any, old: Any, count: int) -> Any:
    """The new states of the sequences that ran, and the old ones of the others."""
    return new if count == old.shape[0] else joined([new, old[count:, ...]], 0)


def widened(values: Any, batch: int) -> Any:
    """Values of the sequences that ran, and 0 for the others."""

    def one(v: Any) -> Any:
        steps, count, *rest = v.shape
        return v if count == batch else joined([v, zeros((steps, batch - count, *rest), v)], 1)

    return each(one, values)


def all_steps(parts: list[Any], module: Any, group: str, sizes: dict[str, int], like: Any) -> Any:
    """The values of all steps: those of the stretches, and 0 for the steps after the last of them."""
    done = sum(fields_of(part)[0].shape[0] for part in parts)
    if done < sizes["T"]:
        parts = [*parts, blank(module, group, {**sizes, "T": sizes["T"] - done}, fields_of(like)[0])]
    return beside(parts, 0)


def blank(module: Any, group: str, sizes: dict[str, int], like: Any) -> Any:
    """An argument of a module that is 0."""
    made = [zeros(shape, like) for shape in shapes(module, group, sizes)]
    kinds = {"state": "State", "inputs": "Inputs", "d_outputs": "Outputs"}
    return made[0] if group in module.SHAPES else getattr(module, kinds[group])(*made)


def shapes(module: Any, group: str, sizes: dict[str, int]) -> list[tuple[int, ...]]:
    """The shapes of the arrays of an argument."""
    return [
        tuple(sum(int(part) if part.isdigit() else sizes[part] for part in axis.split(" + ")) for axis in axes)
        for name, axes in module.SHAPES.items()
        if name.split(".")[0] == group
    ]


def fields_of(value: Any) -> tuple[Any, ...]:
    """The arrays of a named tuple, or a single one."""
    return value if isinstance(value, tuple) else (value,)


def input_of(module: Any) -> str:
    """What the input is called, which is the name of the second argument of forward."""
    groups = [name.split(".")[0] for name in module.SHAPES]
    return next(group for group in groups if group not in ("params", "state", "d_outputs", "d_state"))


def shares(d_outputs: Any, layer: list[Direction], runs: list[Run]) -> list[Any]:
    """What of the gradient of a layer's outputs is each direction's: they lie side by side."""
    found, starts = [], [0] * len(widths(layer[0], runs[0]))
    for one, run in zip(layer, runs, strict=True):
        stops = [start + width for start, width in zip(starts, widths(one, run), strict=True)]
        parts = [v[..., start:stop] for v, start, stop in zip(fields_of(d_outputs), starts, stops, strict=True)]
        found.append(type(d_outputs)(*parts) if isinstance(d_outputs, tuple) else parts[0])
        starts = stops
    return found


def widths(direction: Direction, run: Run) -> list[int]:
    """The number of entries of each output of a direction."""
    return [shape[-1] for shape in shapes(direction.module, "d_outputs", run.sizes)]


def arranged(value: Any, order: list[int] | None, axis: int) -> Any:
    """The sequences of arrays in another order."""
    return value if order is None else each(lambda v: taken(v, order, axis), value)


def inverse(order: list[int] | None) -> list[int] | None:
    """The order that takes back an order."""
    return None if order is None else sorted(range(len(order)), key=lambda k: order[k])


def sorted_by(lengths: list[int] | None) -> tuple[list[int] | None, list[int] | None]:
    """The sequences from the longest to the shortest, and their lengths; None for those that lie so already."""
    if lengths is None:
        return None, None
    order = sorted(range(len(lengths)), key=lambda b: -lengths[b])
    return order, [lengths[b] for b in order]


# --- what is passed -----------------------------------------------------------------------------


def directions_of(layers: Any) -> list[list[Direction]]:
    """The directions of each layer; bare Params are the direction that their place says."""
    if not isinstance(layers, (tuple, list)) or hasattr(layers, "_fields"):
        raise TypeError(f"layers is a {type(layers).__name__}; wanted a list of layers from the lowest to the highest")
    if not layers:
        raise ValueError("layers is empty; wanted one layer or more")
    found = []  # Params may have a letter named reverse, which is an array
    for k, layer in enumerate(layers):
        if not isinstance(layer, (tuple, list)) or not layer:
            raise TypeError(f"layer {k} is a {type(layer).__name__}; wanted Params, a Direction, or a tuple of them")
        entries = [layer] if hasattr(layer, "_fields") else layer
        told = [isinstance(getattr(entry, "reverse", None), bool) for entry in entries]
        if len(entries) > 2 and not all(told):
            raise ValueError(f"layer {k} has {len(entries)} directions; say of each Direction(params, reverse)")
        found.append([e if told[j] else Direction(e, reverse=j == 1) for j, e in enumerate(entries)])
    return found


def nested(name: str, values: Any, stack: list[list[Direction]]) -> list[list[Any]]:
    """A value for each direction of each layer; None for each if there are none."""
    if values is None:
        return [[None] * len(layer) for layer in stack]
    found = [[row] if hasattr(row, "_fields") else list(row) for row in values]
    if [len(row) for row in found] != [len(layer) for layer in stack]:
        raise ValueError(
            f"{name} has {[len(row) for row in found]} values in its layers; "
            f"wanted {[len(layer) for layer in stack]}, one for each direction"
        )
    return found


def formed(layers: Any, values: list[list[Any]]) -> list[Any]:
    """A value for each direction, in the form of the layers."""
    return [row[0] if hasattr(layer, "_fields") else tuple(row) for layer, row in zip(layers, values, strict=True)]


def fitted(k: int, j: int, direction: Direction, x: Any, state: Any) -> tuple[dict[str, int], Any]:
    """The lengths of all axes, and the state, 0 if it is not given; what does not fit is told with its place."""
    module = direction.module
    given = {"params": direction.params, input_of(module): x}
    try:
        if state is not None:
            return module.checked(**given, state=state), state
        sizes = module.checked(**given)
        return sizes, blank(module, "state", sizes, fields_of(x)[0])
    except (TypeError, ValueError) as error:
        read = f", which reads the outputs of layer {k - 1}" if k else ""
        raise type(error)(f"layer {k}, direction {j}{read}: {error}") from None


def fitted_back(k: int, j: int, direction: Direction, run: Run, d_outputs: Any, d_state: Any) -> Any:
    """The gradient of the final state, 0 if it is not given; what does not fit is told with its place."""
    if d_state is None:
        return blank(direction.module, "state", run.sizes, fields_of(d_outputs)[0])
    try:
        found = direction.module.checked(d_outputs=d_outputs, d_state=d_state)
    except (TypeError, ValueError) as error:
        raise type(error)(f"layer {k}, direction {j}: {error}") from None
    for axis, length in found.items():
        if length != run.sizes[axis]:
            raise ValueError(f"layer {k}, direction {j}: d_state has {axis} = {length}; wanted {run.sizes[axis]}")
    return d_state


def counted(lengths: Any, steps: int, batch: int) -> list[int] | None:
    """The lengths as whole numbers, if there is one for each sequence, of 0 to all steps."""
    if lengths is None:
        return None
    shape = tuple(getattr(lengths, "shape", (len(lengths),) if isinstance(lengths, (list, tuple)) else ()))
    if shape != (batch,):
        raise ValueError(f"lengths has shape {shape}; wanted {batch} whole numbers, one for each sequence")
    every = range(steps + 1)
    found = []
    for b in range(batch):
        try:
            found.append(every[lengths[b]])  # a whole number of any library is an index
        except TypeError:
            raise TypeError(f"lengths holds {lengths[b]!r}; wanted whole numbers") from None
        except IndexError:
            found.append(-1)
        if found[-1] < 0 or found[-1] != lengths[b]:
            raise ValueError(f"lengths holds {lengths[b]}; wanted 0 to {steps} steps")
    return found
