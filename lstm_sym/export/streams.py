"""A single step, and the forward pass alone, of modules of arrays that are not NumPy's, by their forward pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Add

from .layout import assignment
from .numpy_code import plain
from .plan import Plan
from .vocabulary import Vocabulary
from .writer import Style


@dataclass(frozen=True, slots=True)
class Backend:
    """What makes a module of a library: its way to write a scan, and the texts around the two passes.

    ``array`` is how a type annotation calls an array; ``header`` follows the docstring; ``runtime`` defines the
    functions that the passes call; ``prelude`` opens a function that needs a namespace.
    ``chunks`` is the function that computes the forward pass alone, a chunk of steps after the other; ``join`` puts
    arrays one behind the other, ``own`` copies what may be a part of a larger one.
    """

    title: str
    style: Style
    header: str
    runtime: Mapping[str, str]
    checked: str
    chunks: str
    join: str = ""
    own: str = ""
    prelude: str = ""


CHUNK_NUMBERS = 2_000_000
"""How many numbers the values of a chunk of steps are: many steps for a small cell, for which the stacking of its
matrices is cheap beside them, and some for a large one."""

STEP = '''
def step(params: Params, {x_t}: {X}, state: State) -> tuple[{Y}, State]:
    """The output and the state after one step."""
    checked(params=params, {x_t}={x_t}, state=state)
    outputs, final = {forward}(params, {one_step}, state){two}
    return {first}, final
'''


def step_source(names: Vocabulary, forward: str) -> str:
    """The function of a step for a module whose steps the function ``forward`` computes."""
    x_t = names.inputs_t
    return STEP.format(
        x_t=x_t,
        X=names.input_type,
        Y=names.output_type,
        forward=forward,
        two="[:2]" if forward == "forward" else "",
        one_step=f"Inputs(*[values[None, ...] for values in {x_t}])" if names.has_inputs else f"{x_t}[None, ...]",
        first="Outputs(*[values[0, ...] for values in outputs])" if names.has_outputs else "outputs[0, ...]",
    )


def chunks_source(plan: Plan, names: Vocabulary, backend: Backend) -> str:
    """The function ``forward`` of a module that computes some steps by ``advance``."""
    x, several = names.inputs, names.has_inputs
    widths = [line.target.shape[0] * line.target.shape[1] for line in plan.forward.lines]
    width = plain(names.rows().size(Add(*widths)))
    read = [names.names[size] for size in names.sizes if names.names[size] in width]
    sizes = ["T", "B", *read]
    opened = assignment(", ".join(sizes), ", ".join(f'sizes["{name}"]' for name in sizes))
    opened += assignment("chunk", f"min(T, max(1, {CHUNK_NUMBERS} // (B * ({width}))))")
    return backend.chunks.strip("\n").format(
        x=x,
        X=names.input_type,
        Y=names.output_type,
        opened="\n".join(opened),
        piece=f"Inputs(*[values[start:stop, ...] for values in {x}])" if several else f"{x}[start:stop, ...]",
        first=f"{x}.{names.names[names.cell.inputs[0]]}" if several else x,
        own=f"Outputs(*[{backend.own.format(values='value')} for value in values])"
        if names.has_outputs
        else backend.own.format(values="values"),
        joined=f"Outputs(*[{backend.join}(values) for values in zip(*pieces, strict=True)])"
        if names.has_outputs
        else f"{backend.join}(pieces)",
    )
