"""What stands around the functions of a NumPy module: named tuples, the table of shapes, functions that they call."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import Any

from .. import __version__
from .freshness import source_told
from .layout import WIDTH, assignment
from .numpy_code import HELPERS
from .passes import words
from .plan import Plan
from .text import APPLIED, CACHED, DEVIATION, HEADER, NORMALISED, OUTER, OVER_STEPS, SIGMA, STEPS
from .variant import Variant
from .vocabulary import STEP, Vocabulary
from .vocabulary import STEPS as ALL_STEPS


def header_of(plan: Plan, variant: Variant) -> str:
    """The docstring of a module and its imports."""
    cell = plan.cell
    header = HEADER.format(
        cell=cell.name,
        passes="forward" if variant.forward_only else "forward and backward",
        version=__version__,
        source=source_told(cell, variant),
    )
    if variant.forward_only:
        return header.replace("Outputs and gradients have", "Outputs have").replace(f"{CACHED}\n", "")
    return header


def gradients_told(plan: Plan) -> list[str]:
    """The docstring of ``backward``."""
    cell, wanted = plan.cell, plan.wanted
    letters: list[Any] = [*cell.parameters, *cell.inputs]
    named = [letter.text for letter in letters if letter in wanted]
    if len(named) == len(letters) and wanted.state:
        told = "the parameters, the inputs and the initial state"
        return [f'    """The gradients of {told}, by backpropagation through time."""']
    told = ", ".join([*named, *(["the initial state"] if wanted.state else [])])
    text = f"The gradients of {told}, by backpropagation through time. None stands in the places of all others."
    lines = textwrap.wrap(text, WIDTH - 4)
    if len(lines) == 1 and len(lines[0]) <= WIDTH - 10:
        return [f'    """{lines[0]}"""']
    return ['    """', *[f"    {line}" for line in lines], '    """']


def d_inputs_type(plan: Plan, names: Vocabulary) -> str:
    """The type of what ``backward`` returns for the inputs."""
    return names.input_type if names.has_inputs or plan.d_inputs[0] is not None else "None"


def joined_parts(parts: Iterable[str]) -> str:
    """The source of a module of these parts."""
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def structures_of(names: Vocabulary) -> Iterable[str]:
    """The named tuples that a caller passes and gets."""
    cell = names.cell
    yield _structure("Params", "The parameters, or their gradients.", names.axes(cell.parameters))
    yield _structure("State", "The state of every sequence, or its gradient.", names.axes(cell.states, STEP))
    if names.has_inputs:
        yield _structure("Inputs", "The inputs of every step, or their gradients.", names.axes(cell.inputs, ALL_STEPS))
    if names.has_outputs:
        yield _structure(
            "Outputs", "The outputs of every step, or their gradients.", names.axes(cell.outputs, ALL_STEPS)
        )


def cache_structure(names: Vocabulary, saved: list[str]) -> str:
    """The named tuple of what ``forward`` leaves for ``backward``, the fields ``saved`` beside the inputs."""
    fields = [f"    {names.inputs}: {names.input_type}", *[f"    {name}: Array" for name in saved]]
    return "\n".join(["class Cache(NamedTuple):", '    """What backward needs of a forward pass."""', "", *fields])


def _structure(name: str, says: str, axes: dict[str, tuple[str, ...]]) -> str:
    fields = [f"    {field}: Array  # {_shape(shape)}" for field, shape in axes.items()]
    return "\n".join([f"class {name}(NamedTuple):", f'    """{says}"""', *(["", *fields] if fields else [])])


def shapes_of(names: Vocabulary, *, step: bool = False, backward: bool = True) -> str:
    """The table of the axes of every array that a caller passes to the passes, and with ``step`` to a single step."""
    cell = names.cell
    groups = {
        "params.": names.axes(cell.parameters),
        "inputs." if names.has_inputs else names.inputs: names.axes(cell.inputs, ALL_STEPS),
        "state.": names.axes(cell.states, STEP),
    }
    if step:
        groups[f"{names.inputs_t}." if names.has_inputs else names.inputs_t] = names.axes(cell.inputs, STEP)
    if backward:
        groups["d_outputs." if names.has_outputs else "d_outputs"] = names.axes(cell.outputs, ALL_STEPS)
        groups["d_state."] = names.axes(cell.states, STEP)
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


def helpers_of(code: list[str]) -> Iterable[str]:
    text = "\n".join(code)
    for name, form in HELPERS.items():
        if name == "sigma" and "sigma(" in text:
            yield SIGMA
        elif re.search(rf"(?<![\w.]){name}\(", text):
            yield f"def {name}(x: Array) -> Array:\n    return {form.format(x='x')}"
    if "steps(state" in text:
        yield STEPS
    if "normalised(" in text or "deviation(" in text:
        yield DEVIATION
    if "normalised(" in text:
        yield NORMALISED
    for name, helper in (("applied", APPLIED), ("outer", OUTER), ("over_steps", OVER_STEPS)):
        if f"{name}(" in text:
            yield helper


# --- how a function begins ----------------------------------------------------------------------


def checked_lines(names: Vocabulary, given: str, x: str, body: list[str]) -> list[str]:
    """The check of the arguments, and the sizes and the dtype that the body reads."""
    read = words(body)
    sizes = [name for name in ["T", "B", *(names.names[size] for size in names.sizes)] if name in read]
    lines = [f"    {'sizes = ' if sizes else ''}checked({given})"]
    lines += assignment(", ".join(sizes), ", ".join(f"sizes['{name}']" for name in sizes)) if sizes else []
    first = f"{x}.{names.names[names.cell.inputs[0]]}" if names.has_inputs else x
    return [line.replace("'", '"') for line in lines] + ([f"    dtype = {first}.dtype"] if "dtype" in read else [])


def opened_fields(group: str, fields: list[str], body: list[str]) -> list[str]:
    """Local names for the fields of a named tuple that the body reads."""
    read = words(body)
    targets = [name if name in read else "_" for name in fields]
    if set(targets) <= {"_"}:
        return []
    return assignment(", ".join(targets) if len(targets) > 1 else f"({targets[0]},)", group)
