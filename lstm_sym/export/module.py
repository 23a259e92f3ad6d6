r"""A cell as a NumPy module of its own: forward and backward over a sequence and a batch.

The interface of every module, derived from the cell's equations:

- ``Params``, ``State`` (and ``Inputs``, ``Outputs`` where there are several): named tuples of arrays.
  A parameter has the orientation of the mathematics: a matrix (rows, cols), a column (rows,).
- ``forward(params, x, state) -> (outputs, state, cache)``: ``x`` is (T, B, d), an array or ``Inputs``; the
  outputs are those of every step, (T, B, n); states are (B, n), or (B, rows, cols) for a matrix.
- ``backward(params, cache, d_outputs, d_state) -> (d_params, d_x, d_state)``: the vector-Jacobian product
  of ``forward``, for any gradients of the outputs and of the final state.

A cell with a loss of its own has the loss of each step and sequence as its output, (T, B, 1), so ``d_outputs``
are its weights: ones for the sum over steps and batch, 1/B for the mean over the batch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from .. import __version__
from ..activations import Activation
from ..cell import Cell
from ..nodes.derivatives import StopGradient
from ..symbols import Sequence, adjoint
from .layout import assignment, signature
from .numpy_code import HELPERS
from .passes import backward_body, forward_body, words
from .plan import carry, plan_of, with_activation
from .text import APPLIED, CHECKED, DEVIATION, HEADER, NORMALISED, OUTER, OVER_STEPS, STEPS
from .vocabulary import STEP, Vocabulary, vocabulary_of
from .vocabulary import STEPS as ALL_STEPS


def export_module(cell: Cell, to: str = "numpy", *, phi: Activation | str | None = None) -> str:
    """The source of a module that computes ``cell`` and its gradients, and depends on the backend alone.

    ``phi`` specifies the activation of a cell that leaves it open; nothing is chosen silently. Raises
    ``ValueError`` for an unknown backend, an open activation, or a cell that looks back more than one step, and
    ``TypeError`` for an equation that has no form over a batch.
    """
    if to not in BACKENDS:
        raise ValueError(f"unknown backend {to!r}; the backends are {', '.join(BACKENDS)}")
    return BACKENDS[to](with_activation(cell, phi))


def _source_of(cell: Cell) -> str:
    source = cell.source or "no source given"
    if any(equation.has(StopGradient) for equation in cell.equations):
        source += ";\ntruncated: no gradient passes a stop_gradient, so these are not the gradients of the loss"
    return source


def numpy_module(cell: Cell) -> str:
    """The NumPy module of a cell whose activations are all known."""
    plan = plan_of(cell)
    names = vocabulary_of(plan)
    backward = backward_body(plan, names)
    read = words(backward)
    stored = {s: names.names[s] for s in plan.stored if s not in cell.states and names.names[s] in read}
    saved = list(stored.values())
    for state in cell.states:
        saved += [name for name in (names.before[state], names.names[state]) if name in read]
    forward = forward_body(plan, names, set(stored))
    parts = [
        HEADER.format(cell=cell.name, version=__version__, source=_source_of(cell)),
        *_structures(names, saved),
        _shapes(names),
        *_helpers(names, [*forward, *backward]),
        CHECKED,
        "\n".join(_forward(names, forward, set(stored), saved)),
        "\n".join(_backward(names, backward, saved)),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


BACKENDS: dict[str, Callable[[Cell], str]] = {"numpy": numpy_module}
"""What writes the module of a cell, by the name of what it computes with."""


# --- the two functions --------------------------------------------------------------------------


def _forward(names: Vocabulary, body: list[str], stored: set[Sequence], saved: list[str]) -> list[str]:
    cell, x = names.cell, names.inputs
    outputs = [names.names[s] + (".copy()" if s in stored or s in cell.states else "") for s in cell.outputs]
    gives = f"Outputs({', '.join(outputs)})" if names.has_outputs else outputs[0]
    final = ", ".join(f"{names.names[s]}[-1].copy()" for s in cell.states)
    body = [
        *body,
        *assignment("cache", f"Cache({', '.join([x, *saved])})"),
        f"    return {gives}, State({final}), cache",
    ]
    arguments = f"params: Params, {x}: {names.input_type}, state: State"
    return [
        *signature("forward", arguments, f"tuple[{names.output_type}, State, Cache]"),
        '    """The outputs of every step, the final state, and what backward needs."""',
        *_checked(names, f"params=params, {x}={x}, state=state", x, body),
        *_opened("params", [names.names[p] for p in cell.parameters], body),
        *(_opened("inputs", [names.names[s] for s in cell.inputs], body) if names.has_inputs else []),
        *body,
    ]


def _backward(names: Vocabulary, body: list[str], saved: list[str]) -> list[str]:
    cell, x = names.cell, names.inputs
    d_inputs = [names.names[adjoint(s)] for s in cell.inputs]
    gives = f"Inputs({', '.join(d_inputs)})" if names.has_inputs else d_inputs[0]
    carries = ", ".join(names.names[carry(s)] for s in cell.states)
    body = [*body, f"    return d_params, {gives}, State({carries})"]
    given = f"params=params, {x}=cache.{x}, d_outputs=d_outputs, d_state=d_state"
    arguments = f"params: Params, cache: Cache, d_outputs: {names.output_type}, d_state: State"
    several = [names.names[s] for s in cell.inputs] if names.has_inputs else []
    return [
        *signature("backward", arguments, f"tuple[Params, {names.input_type}, State]"),
        '    """The gradients of the parameters, the inputs and the initial state, by backpropagation through time."""',
        *_checked(names, given, f"cache.{x}", body),
        *_opened("params", [names.names[p] for p in cell.parameters], body),
        *_opened("cache", [x, *saved], [*body, *(_opened("inputs", several, body))]),
        *_opened("inputs", several, body),
        *body,
    ]


def _checked(names: Vocabulary, given: str, x: str, body: list[str]) -> list[str]:
    """The check of the arguments, and the sizes and the dtype that the body reads."""
    read = words(body)
    sizes = [name for name in ["T", "B", *(names.names[size] for size in names.sizes)] if name in read]
    lines = [f"    {'sizes = ' if sizes else ''}checked({given})"]
    lines += assignment(", ".join(sizes), ", ".join(f"sizes['{name}']" for name in sizes)) if sizes else []
    first = f"{x}.{names.names[names.cell.inputs[0]]}" if names.has_inputs else x
    return [line.replace("'", '"') for line in lines] + ([f"    dtype = {first}.dtype"] if "dtype" in read else [])


def _opened(group: str, fields: list[str], body: list[str]) -> list[str]:
    """Local names for the fields of a named tuple that the body reads."""
    read = words(body)
    targets = [name if name in read else "_" for name in fields]
    if set(targets) <= {"_"}:
        return []
    return assignment(", ".join(targets) if len(targets) > 1 else f"({targets[0]},)", group)


# --- what stands before them --------------------------------------------------------------------


def _structures(names: Vocabulary, saved: list[str]) -> Iterable[str]:
    cell = names.cell
    yield _structure("Params", "The parameters, or their gradients.", names.axes(cell.parameters))
    yield _structure("State", "The state of every sequence, or its gradient.", names.axes(cell.states, STEP))
    if names.has_inputs:
        yield _structure("Inputs", "The inputs of every step, or their gradients.", names.axes(cell.inputs, ALL_STEPS))
    if names.has_outputs:
        yield _structure(
            "Outputs", "The outputs of every step, or their gradients.", names.axes(cell.outputs, ALL_STEPS)
        )
    fields = [f"    {names.inputs}: {names.input_type}", *[f"    {name}: Array" for name in saved]]
    yield "\n".join(["class Cache(NamedTuple):", '    """What backward needs of a forward pass."""', "", *fields])


def _structure(name: str, says: str, axes: dict[str, tuple[str, ...]]) -> str:
    fields = [f"    {field}: Array  # {_shape(shape)}" for field, shape in axes.items()]
    return "\n".join([f"class {name}(NamedTuple):", f'    """{says}"""', *(["", *fields] if fields else [])])


def _shapes(names: Vocabulary) -> str:
    """The table of the axes of every array that a caller passes."""
    cell = names.cell
    groups = {
        "params.": names.axes(cell.parameters),
        "inputs." if names.has_inputs else names.inputs: names.axes(cell.inputs, ALL_STEPS),
        "state.": names.axes(cell.states, STEP),
        "d_outputs." if names.has_outputs else "d_outputs": names.axes(cell.outputs, ALL_STEPS),
        "d_state.": names.axes(cell.states, STEP),
    }
    table = {
        f"{group}{name}" if group.endswith(".") else group: shape
        for group, axes in groups.items()
        for name, shape in axes.items()
    }
    lines = [f'    "{name}": {_shape(tuple(f"{size!r}" for size in shape))},' for name, shape in table.items()]
    text = "\n".join(["SHAPES = {", *lines, "}"]).replace("'", '"')
    return text + '\n"""The axes of every argument; T steps, B sequences."""'


def _shape(axes: tuple[str, ...]) -> str:
    return f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"


def _helpers(names: Vocabulary, code: list[str]) -> Iterable[str]:
    text = "\n".join(code)
    for name, form in HELPERS.items():
        if re.search(rf"(?<![\w.]){name}\(", text):
            yield f"def {name}(x: Array) -> Array:\n    return {form.format(x='x')}"
    if names.cell.states:
        yield STEPS
    if "normalised(" in text or "deviation(" in text:
        yield DEVIATION
    if "normalised(" in text:
        yield NORMALISED
    for name, helper in (("applied", APPLIED), ("outer", OUTER), ("over_steps", OVER_STEPS)):
        if f"{name}(" in text:
            yield helper
