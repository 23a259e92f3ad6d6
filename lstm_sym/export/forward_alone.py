"""A NumPy module of the forward pass alone, in the memory of the outputs and of a chunk of steps.

The loops are those of the forward pass of both, in a workspace that holds a chunk of steps: projections of inputs are
still one product for many steps, and what stays beside the outputs does not grow with their number. A cell with a
matrix among its sequences takes one step after the other.
"""

from __future__ import annotations

import re

from sympy import Add

from ..symbols import Sequence, t
from .forward_code import ForwardCode
from .layout import assignment, signature
from .naming import unused
from .numpy_code import plain
from .passes import step_lines, words
from .places import Places
from .plan import Plan, streamed
from .rows import axes_of
from .stacking import stacking_of
from .step_code import StepParts, step_parts
from .structures import checked_lines, header_of, helpers_of, joined_parts, opened_fields, shapes_of, structures_of
from .text import CALLED, CHECKED
from .variant import Variant
from .vocabulary import RESERVED, Vocabulary, vocabulary_of
from .workspace import CHUNK_BYTES, workspace_class

TOLD = '    """The outputs of every step and the final state; the memory beside the outputs does not grow with T."""'

OF_A_CHUNK = (
    "The arrays of a chunk of steps, and views of them for each step.",
    "The sizes are those of the chunk: T is the number of its steps.",
)

ADVANCE = '    """Fill the workspace for a chunk of steps, from the state that lies before its first step."""'


def forward_module(plan: Plan, variant: Variant) -> str:
    """The module of a plan without a backward pass."""
    names = vocabulary_of(plan)
    of_columns = all(line.target.shape[1] == 1 for line in plan.forward.lines)
    made, functions = _in_chunks(plan, names) if of_columns else ([], ["\n".join(_by_steps(plan, names))])
    stepped = step_parts(plan, names) if variant.step else StepParts()
    code = "\n".join(functions).split("\n")
    parts = [
        header_of(plan, variant),
        *structures_of(names),
        shapes_of(names, step=variant.step, backward=False),
        *made,
        *helpers_of([*code, *stepped.lines]),
        *[text for name, text in CALLED.items() if f"{name}(" in "\n".join(functions)],
        CHECKED,
        *functions,
        *stepped.parts,
    ]
    return joined_parts(parts)


def _in_chunks(plan: Plan, names: Vocabulary) -> tuple[list[str], list[str]]:
    """The workspace of a chunk; the functions that fill it and that run over all chunks."""
    places = Places(stacking_of(plan), names)
    code = ForwardCode(places)
    advance = code.run()
    stacked = [name for name in _assigned(code.ahead) if name in words(advance)]
    filled = "\n".join(_advance(names, advance, stacked))
    cell, x = plan.cell, names.inputs
    first = f"{x}.{names.names[cell.inputs[0]]}" if names.has_inputs else x
    piece = f"Inputs(*[values[start:stop] for values in {x}])" if names.has_inputs else f"{x}[start:stop]"
    width = plain(places.space.sizes.size(Add(*[line.target.shape[0] for line in plan.forward.lines])))
    outputs = _output_names(names)
    last = ", ".join(f"work.{names.names[s]}[-1].copy()" for s in cell.states)
    body = [
        *code.ahead,
        *(assignment("stacked", _tuple_of(stacked)) if stacked else []),
        *_outputs_made(names, outputs),
        f"    chunk = min(T, max(1, {CHUNK_BYTES} // (B * ({width}) * {first}.dtype.itemsize)))",
        f'    work = Workspace({{**sizes, "T": chunk}}, {first}.dtype)',
        "    for start in range(0, T, chunk):",
        "        stop = min(start + chunk, T)",
        "        if stop - start < chunk:",
        "            del work  # before the last chunk makes its own",
        f'            work = Workspace({{**sizes, "T": stop - start}}, {first}.dtype)',
        *[f"        np.copyto(work.{names.before[s]}[0], state.{names.names[s]})" for s in cell.states],
        f"        advance(work, params, {piece}{', stacked' if stacked else ''})",
        *[f"        {a}[start:stop] = work.{names.names[s]}" for s, a in zip(cell.outputs, outputs, strict=True)],
        *assignment("state", f"State({last})", indent=2),
        f"    return {_gives(names, outputs)}, state",
    ]
    workspace = workspace_class(places, ["\n".join(body), filled], OF_A_CHUNK)
    return [workspace], [filled, "\n".join(_forward(names, body))]


def _advance(names: Vocabulary, body: list[str], stacked: list[str]) -> list[str]:
    """The function that fills the workspace."""
    cell, read = names.cell, words(body)
    sizes = [name for name in ["T", "B", *(names.names[size] for size in names.sizes)] if name in read]
    arguments = f"work: Workspace, params: Params, {names.inputs}: {names.input_type}"
    return [
        *signature("advance", arguments + (", stacked: tuple[Array, ...]" if stacked else ""), "None"),
        ADVANCE,
        *(assignment(", ".join(sizes), ", ".join(f'work.sizes["{name}"]' for name in sizes)) if sizes else []),
        *(["    dtype = work.dtype"] if "dtype" in read else []),
        *(assignment(_tuple_of(stacked), "stacked") if stacked else []),
        *opened_fields("params", [names.names[p] for p in cell.parameters], body),
        *(opened_fields("inputs", [names.names[s] for s in cell.inputs], body) if names.has_inputs else []),
        *body,
    ]


def _by_steps(plan: Plan, names: Vocabulary) -> list[str]:
    """The function that takes one step after the other, in expressions."""
    cell, run = plan.cell, streamed(plan)
    texts = {letter: name for letter, name in names.names.items() if not isinstance(letter, Sequence)}
    texts |= {s[t]: name for s, name in names.names.items() if isinstance(s, Sequence)}
    texts |= {s[t]: f"{names.names[s]}[t]" for s in cell.inputs}
    texts |= {state[t - 1]: name for state, name in names.before.items()}
    outputs = _output_names(names)
    before, after = [names.before[s] for s in cell.states], [names.names[s] for s in cell.states]
    body = [
        *_outputs_made(names, outputs),
        *(assignment(_tuple_of(before), "state") if before else []),
        "    for t in range(T):",
        *step_lines(run, texts, indent=2),
        *[f"        {a}[t] = {names.names[s]}" for s, a in zip(cell.outputs, outputs, strict=True)],
        *(assignment(", ".join(before), ", ".join(after), indent=2) if before else []),
        f"    return {_gives(names, outputs)}, State({', '.join(f'{name}.copy()' for name in before)})",
    ]
    return _forward(names, body)


def _forward(names: Vocabulary, body: list[str]) -> list[str]:
    """The function that a caller calls."""
    cell, x = names.cell, names.inputs
    arguments = f"params: Params, {x}: {names.input_type}, state: State"
    return [
        *signature("forward", arguments, f"tuple[{names.output_type}, State]"),
        TOLD,
        *checked_lines(names, f"params=params, {x}={x}, state=state", x, body),
        *opened_fields("params", [names.names[p] for p in cell.parameters], body),
        *(opened_fields("inputs", [names.names[s] for s in cell.inputs], body) if names.has_inputs else []),
        *body,
    ]


def _output_names(names: Vocabulary) -> list[str]:
    """The names of the arrays of the outputs."""
    taken = {*RESERVED, *names.names.values(), *names.before.values()}
    return [unused(f"outputs_{names.names[s]}", taken) if names.has_outputs else "outputs" for s in names.cell.outputs]


def _outputs_made(names: Vocabulary, outputs: list[str]) -> list[str]:
    """The statements that make the arrays of the outputs."""
    first = names.names[names.cell.inputs[0]]
    dtype = f"{names.inputs}.{first}.dtype" if names.has_inputs else f"{names.inputs}.dtype"
    body = []
    for s, name in zip(names.cell.outputs, outputs, strict=True):
        body += assignment(name, f"np.empty({names.rows().shape(*axes_of(s[t]))}, {dtype})")
    return body


def _gives(names: Vocabulary, outputs: list[str]) -> str:
    return f"Outputs({', '.join(outputs)})" if names.has_outputs else outputs[0]


def _assigned(lines: list[str]) -> list[str]:
    """The names that statements give to arrays."""
    return list(dict.fromkeys(found[1] for line in lines if (found := re.match(r"    (\w+) = ", line))))


def _tuple_of(names: list[str]) -> str:
    return f"({names[0]},)" if len(names) == 1 else ", ".join(names)
