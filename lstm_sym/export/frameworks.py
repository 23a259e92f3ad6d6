r"""A cell as a module of arrays that are not NumPy's, with the interface of the NumPy module (``module``).

The forward and the backward pass are those of ``functional``; a backend adds its dialect, the functions ``scan`` and
``linear_scan`` as it runs a recurrence, and what stands around them: an autograd function, a custom derivative.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from .. import __version__
from ..cell import Cell
from ..nodes.algebra import MatrixProduct, Transposed
from ..symbols import At, Parameter, adjoint, direct, t
from ..textbook_form import tidy
from .freshness import source_told
from .functional import write
from .layout import assignment, signature
from .naming import identifier, unused
from .numpy_code import HELPERS
from .passes import words
from .plan import Plan, carry, plan_of
from .recurrence import ats, backward_flow, forward_flow, given_back, sequences
from .rows import total_source
from .streams import Backend, chunks_source, step_source
from .structures import (
    cache_structure,
    d_inputs_type,
    gradients_told,
    joined_parts,
    opened_fields,
    shapes_of,
    structures_of,
)
from .text import APPLIED, DEVIATION, NORMALISED, OUTER
from .variant import WHOLE, Variant
from .vocabulary import RESERVED, Vocabulary, vocabulary_of
from .writer import ALL, Writer, beside, shifted, widths


@dataclass(frozen=True, slots=True)
class Parts:
    """The pieces of a module, for a backend to put its own between."""

    names: Vocabulary
    saved: tuple[str, ...]
    text: str


def framework_module(cell: Cell, backend: Backend, variant: Variant = WHOLE) -> Parts:
    """The module up to ``forward`` and ``backward``; without ``backward`` if the variant leaves it out."""
    plan = plan_of(cell, variant)
    if any(sequence.shape[1] != 1 for sequence in (*cell.inputs, *cell.order)):
        backend = replace(backend, style=backend.style.for_matrices())
    names = vocabulary_of(plan)
    unrecorded = ["@torch.no_grad()"] if backend.style.stores else []
    back, read = ([], []) if variant.forward_only else _backward(plan, names, backend)
    saved = [names.names[a.sequence] if a.index == t else names.before[a.sequence] for a in read]
    forward, outputs, final = _forward_body(plan, names, backend, read)
    x = names.inputs
    gives = f"Outputs({', '.join(outputs)})" if names.has_outputs else outputs[0]
    if variant.forward_only:
        forward += [f"    return {gives}, State({', '.join(final)})"]
        told = '    """The outputs and the last state of some steps, computed side by side where nothing recurs."""'
    else:
        forward += assignment("cache", f"Cache({', '.join([x, *saved])})")
        forward += [f"    return {gives}, State({', '.join(final)}), cache"]
        told = '    """The outputs of every step, the final state, and what backward needs."""'
    several = [names.names[s] for s in cell.inputs] if names.has_inputs else []
    head = _checked(names, f"params=params, {x}={x}, state=state", x, forward, backend)
    head += opened_fields("params", [names.names[p] for p in cell.parameters], forward)
    head += opened_fields("inputs", several, forward)
    ahead = [
        *unrecorded,
        *signature("advance" if variant.forward_only else "forward",
                   f"params: Params, {x}: {names.input_type}, state: State",
                   f"tuple[{names.output_type}, State{'' if variant.forward_only else ', Cache'}]"),
        told, *head, *forward,
    ]  # fmt: skip
    code = "\n".join([*ahead, *back])
    parts = [
        _docstring(cell, backend, variant) + backend.header,
        *structures_of(names),
        *([] if variant.forward_only else [cache_structure(names, saved)]),
        shapes_of(names, step=variant.step, backward=not variant.forward_only),
        *_helpers(code, backend),
        backend.checked,
        "\n".join(_tidied(ahead)),
        *(["\n".join(_tidied([*unrecorded, *back]))] if back else []),
        *([chunks_source(plan, names, backend)] if variant.forward_only else []),
        *([step_source(names, "advance" if variant.forward_only else "forward")] if variant.step else []),
    ]
    return Parts(names, tuple(saved), joined_parts(parts))


def _backward(plan: Plan, names: Vocabulary, backend: Backend) -> tuple[list[str], list[At]]:
    """The function ``backward``, and the letters of the forward pass that it reads."""
    cell, x = plan.cell, names.inputs
    backward, read = _backward_body(plan, names, backend)
    saved = [names.names[a.sequence] if a.index == t else names.before[a.sequence] for a in read]
    several = [names.names[s] for s in cell.inputs] if names.has_inputs else []
    given = f"params=params, {x}=cache.{x}, d_outputs=d_outputs, d_state=d_state"
    body = _checked(names, given, f"cache.{x}", backward, backend)
    body += opened_fields("params", [names.names[p] for p in cell.parameters], backward)
    body += opened_fields("cache", [x, *saved], [*backward, *opened_fields("inputs", several, backward)])
    body += opened_fields("inputs", several, backward)
    arguments = f"params: Params, cache: Cache, d_outputs: {names.output_type}, d_state: State"
    head = signature("backward", arguments, f"tuple[Params, {d_inputs_type(plan, names)}, State]")
    return [*head, *gradients_told(plan), *body, *backward], read


def _docstring(cell: Cell, backend: Backend, variant: Variant) -> str:
    passes = "forward" if variant.forward_only else "forward and backward"
    return f'''
"""{cell.name}: {passes} over a sequence and a batch, in {backend.title}.

Written by lstm-sym {__version__} from the equations of the cell {cell.name}.
Source: {source_told(cell, variant)}.

A row is one sequence of the batch, so that W h + U x + b is h @ W.T + x @ U.T + b here; the equation that a
line computes stands above it. Arrays are of float32 or float64, all of one dtype; T steps, B sequences.
"""
'''


def _checked(names: Vocabulary, given: str, x: str, body: list[str], backend: Backend) -> list[str]:
    """The check of the arguments, and the sizes, the namespace, and the kind of numbers that the body reads."""
    read = words(body)
    sizes = [name for name in ["T", "B", *(names.names[size] for size in names.sizes)] if name in read]
    lines = [f"    {'sizes = ' if sizes else ''}checked({given})"]
    lines += assignment(", ".join(sizes), ", ".join(f"sizes['{name}']" for name in sizes)) if sizes else []
    first = f"{x}.{names.names[names.cell.inputs[0]]}" if names.has_inputs else x
    if backend.prelude and "xp" in read:
        lines.append(f"    xp = {backend.prelude.format(x=first)}")
    if "dtype" in read:
        lines.append(f"    dtype = {first}.dtype")
    if "kind" in read:
        lines.append(f"    kind = {{'dtype': {first}.dtype, 'device': {first}.device}}")
    return [line.replace("'", '"') for line in lines]


UNPACKING = re.compile(r"( +)((?:\w+, )+\w+|\(\w+,\)) = (carry|kept|given|fixed|parts\(.*)$")


SCANNED = re.compile(r"    carry(, kept)? = (?=\w*scan\()")


def _tidied(lines: list[str]) -> list[str]:
    """The lines of a function with _ for every name of an unpacking that nothing reads, and no double blank lines."""
    tidied: list[str] = []
    for k, line in enumerate(lines):
        if found := UNPACKING.match(line):
            read = words(_in_scope(lines[k + 1 :], len(found[1])))
            unread = set(re.findall(r"\w+", found[2])) - read
            targets = re.sub(r"\w+", lambda word, unread=unread: "_" if word[0] in unread else word[0], found[2])
            if set(re.findall(r"\w+", targets)) == {"_"}:
                continue
            line = f"{found[1]}{targets} = {found[3]}"
        if (scanned := SCANNED.match(line)) and "carry" not in words(_before_scan(lines[k + 1 :])):
            line = f"    {'_, kept = ' if scanned[1] else ''}{line[scanned.end() :]}"
        if line or (tidied and tidied[-1]):
            tidied.append(line)
    return tidied


def _before_scan(lines: list[str]) -> Iterable[str]:
    """What may read the last carry of a scan: the lines of the function up to the next scan that something reads."""
    ahead = takewhile(lambda line: not SCANNED.match(line), lines)
    for line in _in_scope(list(ahead), 4):
        found = UNPACKING.match(line)
        if found is None or set(re.findall(r"\w+", found[2])) & words(lines[lines.index(line) + 1 :]):
            yield line


def _in_scope(lines: list[str], indent: int) -> Iterable[str]:
    """The lines that follow in a block, without the insides of a step, which is given what it reads."""
    inner = indent
    for line in lines:
        if line and len(line) - len(line.lstrip()) < indent:
            return
        if inner == indent or len(line) - len(line.lstrip()) <= indent:
            inner = indent + 4 if line.lstrip().startswith("def ") else indent
            yield line


def _helpers(code: str, backend: Backend) -> Iterable[str]:
    dialect = backend.style.dialect
    namespace = f"    xp = {backend.prelude.format(x='x')}\n" if backend.prelude else ""
    for name, form in HELPERS.items():
        if re.search(rf"(?<![\w.]){name}\(", code):
            yield f"def {name}(x: Array) -> Array:\n{namespace}    return {dialect.said(form.format(x='x'))}"
    for name, text in [("deviation", DEVIATION), ("normalised", NORMALISED), ("applied", APPLIED), ("outer", OUTER)]:
        if re.search(rf"(?<![\w.]){name}\(", code) or (name == "deviation" and "normalised(" in code):
            yield _said_function(text, backend)
    for name, text in backend.runtime.items():
        if re.search(rf"(?<![\w.]){name}\(", code):
            yield text


def _said_function(text: str, backend: Backend) -> str:
    """A function of the NumPy module in another dialect: its last expressions, line by line."""
    lines = text.strip("\n").split("\n")
    said = []
    for line in lines[2:]:
        found = re.match(r"    (return |\w+ = )(.*)$", line)
        assert found is not None, line
        said.append(f"    {found[1]}{backend.style.dialect.said(found[2])}")
    if backend.prelude and any("xp." in line for line in said):
        said.insert(0, f"    xp = {backend.prelude.format(x='v')}")
    return "\n".join([*lines[:2], *said])


# --- the two passes -----------------------------------------------------------------------------


def _start(names: Vocabulary) -> tuple[dict[Any, str], set[str]]:
    """The text of every letter, and the names that are taken."""
    known = dict(names.rows().names)
    taken = {*RESERVED, *known.values(), *names.names.values()}
    for output in names.cell.outputs:
        known[direct(output)[t]] = unused(identifier(direct(output)), taken)
        taken.add(known[direct(output)[t]])
    for state in names.cell.states:
        known[given_back(state)[t]] = unused(f"back_{names.names[state]}", taken)
        taken.add(known[given_back(state)[t]])
    return known, taken


def _forward_body(
    plan: Plan, names: Vocabulary, backend: Backend, read: list[At]
) -> tuple[list[str], list[str], list[str]]:
    """The lines of the forward pass, its outputs and its final states."""
    cell = plan.cell
    known, taken = _start(names)
    initial = {s: f"state.{names.names[s]}" for s in cell.states}
    writer = Writer(backend.style, forward_flow(plan), known, initial, taken)
    wanted = {*cell.outputs, *(a.sequence for a in read)}
    write(writer, wanted)
    for letter in read:
        if letter.index != t:
            shifted(writer, letter)
    final = [writer.last.get(s, f"{names.names[s]}[-1, ...]") for s in cell.states]
    return [*_constants(writer), *writer.lines], [names.names[s] for s in cell.outputs], final


def _backward_body(plan: Plan, names: Vocabulary, backend: Backend) -> tuple[list[str], list[At]]:
    """The lines of the backward pass with what it returns, and the letters of the forward pass that it reads."""
    cell = plan.cell
    known, taken = _start(names)
    flow = backward_flow(plan)
    initial = {given_back(s): f"d_state.{names.names[s]}" for s in plan.carried}
    writer = Writer(backend.style, flow, known, initial, taken, reverse=True)
    values = [value for _, value in plan.gradients]
    wanted = {*sequences(values, flow.before), *(s for s in plan.d_inputs if s is not None)}
    opened = [known[direct(output)[t]] for output in cell.outputs]
    write(writer, wanted)
    fields = _gradients(writer, plan, names)
    inputs = ["None" if s is None else names.names[s] for s in plan.d_inputs]
    gives = f"Inputs({', '.join(inputs)})" if names.has_inputs else inputs[0]
    last = ["None"] * len(cell.states)
    if plan.wanted.state:
        last = [writer.last.get(b, f"{known[b[t]]}[0, ...]") for b in map(given_back, cell.states)]
    body = [*_constants(writer), *writer.lines]
    if fields:
        body += ["    d_params = Params(", *fields, "    )"]
    else:
        body += ["    d_params = Params()"]
    body += [f"    return d_params, {gives}, State({', '.join(last)})"]
    used = words(body)
    opened = [name if name in used else "_" for name in opened]
    if set(opened) != {"_"}:
        body = [f"    {', '.join(opened)} = d_outputs", *body]
    made = {line.target for stage in flow.stages for line in stage.lines}
    outside = {*made, *cell.inputs, *map(direct, cell.outputs), *map(carry, cell.states)}
    lines = [line.value for stage in flow.stages for line in stage.lines]
    forms = [part for stage in flow.stages for part in stage.diagonal or ()]
    read = dict.fromkeys(a for value in [*lines, *forms, *values] for a in ats(value) if a.sequence not in outside)
    return body, [a for a in read if known[a] in used]


def _constants(writer: Writer) -> list[str]:
    lines = []
    for text, name in writer.constants.items():
        lines += assignment(name, writer.style.dialect.said(text))
    return lines


def _gradients(writer: Writer, plan: Plan, names: Vocabulary) -> list[str]:
    """The lines before ``Params(...)`` go to the writer; its fields are returned."""
    rows, dialect = writer.rows(ALL), writer.style.dialect
    outer: dict[Any, list[tuple[Parameter, Any]]] = {}
    plain: dict[Any, list[Parameter]] = {}
    for parameter, value in plan.gradients:
        if isinstance(value, At):
            plain.setdefault(value, []).append(parameter)
        elif parameter.cols != 1 and (pair := _pair(value)) is not None:
            outer.setdefault(pair[1], []).append((parameter, pair[0]))
    texts: dict[Parameter, str] = {}
    for right, members in outer.items():
        lefts = list(dict.fromkeys(left for _, left in members))
        if len(members) > 1 and len(lefts) == len(members):
            order = _order(writer, lefts)
            by_left = {left: parameter for parameter, left in members}
            parameters = [by_left[left] for left in order]
            value = dialect.said(f"over_steps({beside(writer, order)}, {writer.names[right]})")
            _split_gradient(writer, names, parameters, value, order, texts, axis=True)
    for bundle, name in writer.bundles.items():
        found = [plain[v] for v in bundle if len(plain.get(v, [])) == 1]
        if len(found) == len(bundle) and not any(parameter in texts for (parameter,) in found):
            value = dialect.said(f"{name}.sum(axis=(0, 1))")
            _split_gradient(writer, names, [parameter for (parameter,) in found], value, list(bundle), texts)
    fields, gradients = [], dict(plan.gradients)
    for parameter in plan.cell.parameters:
        name = names.names[parameter]
        if parameter not in gradients:
            fields.append(f"        {name}=None,")
            continue
        text = texts.get(parameter) or dialect.said(total_source(gradients[parameter], rows))
        if len(text) > 90:
            writer.lines += assignment(names.names[adjoint(parameter)], text)
            text = names.names[adjoint(parameter)]
        fields.append(f"        {name}={text},")
    return fields


def _pair(value: Any) -> tuple[At, At] | None:
    """u and v of a gradient u vᵀ that is nothing else."""
    if not isinstance(value, MatrixProduct) or value.scalar != 1 or len(value.matrices) != 2:
        return None
    left, right = value.matrices[0], tidy(Transposed(value.matrices[1]))
    columns = all(isinstance(side, At) and side.cols == 1 for side in (left, right))
    return (left, right) if columns else None


def _order(writer: Writer, vectors: list[At]) -> list[Any]:
    return next((list(bundle) for bundle in writer.bundles if set(bundle) == set(vectors)), list(vectors))


def _split_gradient(
    writer: Writer,
    names: Vocabulary,
    parameters: list[Parameter],
    value: str,
    order: list[Any],
    texts: dict[Parameter, str],
    axis: bool = False,
) -> None:
    targets = [names.names[adjoint(parameter)] for parameter in parameters]
    along = ", axis=0" if axis else ""
    writer.lines += assignment(", ".join(targets), f"parts({value}, {widths(writer, order)}{along})")
    texts |= dict(zip(parameters, targets, strict=True))
