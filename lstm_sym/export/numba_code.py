"""A cell as a module whose two passes Numba compiles: the program of the C functions, as loops in Python.

The module holds the passes of the NumPy module too, for where Numba is absent.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .. import __version__
from ..cell import Cell
from ..symbols import Sequence, adjoint, direct
from .c_body import Array, Function
from .c_entries import size_text
from .c_letters import CNames, c_names
from .c_program import program_of
from .freshness import source_told
from .layout import WIDTH, assignment, signature
from .module import CACHE, loops_of
from .numba_lines import Site, lines_of_group, packed_of
from .numba_runtime import COMPILED, NUMBA, functions_called
from .numpy_code import plain
from .plan import carry, plan_of
from .rows import axes_of
from .stacking import stacking_of
from .structures import shapes_of, structures_of
from .text import CHECKED, FITTING
from .variant import WHOLE, Variant
from .vocabulary import Vocabulary

HEADER = '''
"""{cell}: forward and backward over a sequence and a batch, compiled by Numba.

Written by lstm-sym {version} from the equations of the cell {cell}.
Source: {source}.

A row is one sequence of the batch, so that W h is h @ W.T here; the equation that a line computes stands above it.
Each loop is compiled at its first call for a dtype, float32 or float64, and kept in a cache. Where Numba is absent, a
warning says so, and NumPy computes the same. With NUMBA_DISABLE_JIT=1 the loops run in Python, very slowly.
The cache refers to the inputs as they were passed: change them after backward, not before.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
'''

BEHAVED = '''
def behaved(value: Any) -> list[Array]:
    """The arrays of an argument, copied where they are not in C order or cannot be written into.

    Else a loop would be compiled once more for every kind of memory.
    """
    arrays = value if isinstance(value, tuple) else (value,)
    return [array if array.flags.carray else np.array(array, order="C") for array in arrays]
'''

WORKSPACE = '''
class Workspace:
    """The arrays of both passes for some sizes and a dtype.

    Passed to forward again, it saves making them; the cache of the pass before is then no longer valid.
    """

    def __init__(self, sizes: dict[str, int], dtype: Any) -> None:
        if dtype not in (np.dtype("float32"), np.dtype("float64")):
            raise TypeError(f"the arrays are {{dtype}}; the compiled loops are for float32 and float64")
        self.sizes, self.dtype, self.run = sizes, dtype, 0
{body}

    def empty(self, group: str) -> list[Array]:
        """New arrays for what a pass gives."""
        return [np.empty(shape, self.dtype) for shape in self.shapes.get(group, [])]
'''

SHAPES_OF_GROUPS = """
        self.shapes: dict[str, list[tuple[int, ...]]] = {}
        for name, axes in SHAPES.items():
            parts = [axis.split(" + ") for axis in axes]
            shape = tuple(sum(int(part) if part.isdigit() else sizes[part] for part in axis) for axis in parts)
            self.shapes.setdefault(name.split(".")[0], []).append(shape)
"""

FUNCTIONS = '''
{forward}
    """The outputs of every step, the final state, and what backward needs."""
    if numba is None:
        return numpy_forward(params, {x}, state, workspace)
    sizes = checked(params=params, {x}={x}, state=state)
    work = fitting(workspace, sizes, {first}.dtype)
    work.run += 1
    given, outputs, final = behaved({x}), work.empty("d_outputs"), work.empty("state")
    forward_loop(*work.lengths, *behaved(params), *given, *behaved(state), *work.forward, *outputs, *final)
    return {outputs}, State(*final), Cache({kept}, work, work.run)


{backward}
    """The gradients of the parameters, the inputs and the initial state, by backpropagation through time."""
    if numba is None:
        return numpy_backward(params, cache, d_outputs, d_state)
    {x}, work, run = cache
    checked(params=params, {x}={x}, d_outputs=d_outputs, d_state=d_state)
    if run != work.run:
        raise ValueError("the workspace of this cache has served another forward pass since")
    given = *behaved(params), *behaved({x}), *behaved(d_outputs), *behaved(d_state)
    d_params, d_inputs, d_initial = work.empty("params"), work.empty("{group}"), work.empty("state")
    backward_loop(*work.lengths, *given, *work.backward, *d_params, *d_inputs, *d_initial)
    return Params(*d_params), {d_inputs}, State(*d_initial)
'''


def numba_module(cell: Cell, variant: Variant = WHOLE) -> str:
    """The Numba module of a cell whose activations are all known."""
    plan = plan_of(cell)
    names, space, helpers, functions = loops_of(plan, "numpy_")
    words = c_names(names, NUMBA)
    program = program_of(stacking_of(plan), words)
    forward, backward = (run_of(function, program.cache) for function in (program.forward, program.backward))
    loops = [_forward_loop(forward, names, words), _backward_loop(backward, names, words)]
    parts = [
        HEADER.format(cell=cell.name, version=__version__, source=source_told(cell, variant)) + COMPILED,
        *structures_of(names),
        shapes_of(names),
        CHECKED,
        BEHAVED,
        *functions_called("\n".join(loops)),
        *loops,
        _workspace(forward, backward, names, words),
        FITTING,
        CACHE.format(x=names.inputs, type=names.input_type, work="Workspace | NumpyWorkspace"),
        _functions(names),
        f"# --- the same in NumPy, for where Numba is absent {'-' * 50}\n\n\n{space}",
        *helpers,
        *functions,
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


@dataclass(frozen=True, slots=True)
class Run:
    """A pass with the arrays that it takes from the workspace, and its lines."""

    arrays: tuple[Array, ...]
    packing: list[str]
    before: list[str]
    loop: list[str]
    after: list[str]
    function: Function


def run_of(function: Function, cache: tuple[Array, ...]) -> Run:
    """The lines of a function; the arrays of the cache are those of both."""
    matrices, made, packing = packed_of(function)
    arrays = (*cache, *[array for array in function.scratch if array.rows], *made)
    known: Mapping[str, Array] = {array.name: array for array in arrays}
    inside, outside = (Site(function, known, matrices, in_loop) for in_loop in (True, False))
    parts = ((function.before, outside), (function.loop, inside), (function.after, outside))
    before, loop, after = ([line for group in part for line in lines_of_group(group, site)] for part, site in parts)
    return Run(arrays, packing, before, loop, after, function)


def _forward_loop(run: Run, names: Vocabulary, words: CNames) -> str:
    cell, label, arguments = names.cell, words.names, words.arguments
    first, last = ([words.new(f"{when}_{label[s]}") for s in cell.states] for when in ("first", "last"))
    held = [run.function.places[label[s]].array for s in cell.states]
    inputs, outputs = [arguments[s] for s in cell.inputs], [arguments[s] for s in cell.outputs]
    body = [f"    put({array}[:B], {given})" for array, given in zip(held, first, strict=True)]
    body += [*run.packing, *run.before]
    body += ["    for t in range(T):", *run.loop] if run.loop else []
    body += [*run.after, *[f"    put({given}, {array}[T * B :])" for array, given in zip(held, last, strict=True)]]
    listed = [*inputs, *first, *[array.name for array in run.arrays], *outputs, *last]
    says = "The outputs of every step and the last state, into the arrays that come last; the ones before are for work."
    flat = _flat(zip(inputs, cell.inputs, strict=True), "T * B", words)
    flat |= _flat(zip(outputs, cell.outputs, strict=True), "T * B", words)
    for each in (first, last):
        flat |= _flat(zip(each, cell.states, strict=True), "B", words)
    return _loop("forward_loop", listed, flat, says, body, names, words)


def _backward_loop(run: Run, names: Vocabulary, words: CNames) -> str:
    cell, label, arguments = names.cell, words.names, words.arguments
    inputs, d_inputs = [arguments[s] for s in cell.inputs], [arguments[adjoint(s)] for s in cell.inputs]
    d_outputs, d_last = (
        [arguments[direct(s)] for s in cell.outputs],
        [words.new(f"d_last_{s.text}") for s in cell.states],
    )
    carries = [arguments[carry(s)] for s in cell.states]
    body = [f"    put({array}, {given})" for array, given in zip(carries, d_last, strict=True)]
    body += [*run.packing, *run.before]
    body += ["    for t in range(T - 1, -1, -1):", *run.loop] if run.loop else []
    body += run.after
    gradients = [label[adjoint(p)] for p in cell.parameters]
    listed = [*inputs, *d_outputs, *d_last, *[array.name for array in run.arrays], *gradients, *d_inputs, *carries]
    says = "The gradients, into the arrays that come last; the arrays before them are for work."
    flat = _flat(zip(inputs, cell.inputs, strict=True), "T * B", words)
    flat |= _flat(zip(d_outputs, cell.outputs, strict=True), "T * B", words)
    flat |= _flat(zip(d_inputs, cell.inputs, strict=True), "T * B", words)
    for each in (d_last, carries):
        flat |= _flat(zip(each, cell.states, strict=True), "B", words)
    return _loop("backward_loop", listed, flat, says, body, names, words)


def _flat(arrays: Iterable[tuple[str, Sequence]], rows: str, words: CNames) -> dict[str, str]:
    """The shapes in which loops see arrays of a caller: rows of columns, or of the entries of matrices."""
    shapes = {}
    for array, s in arrays:
        widths = [size_text(size, words.names) for size in axes_of(s)]
        width = " * ".join(f"({width})" if " + " in width else width for width in widths)
        if len(widths) > 1 or rows != "B":
            shapes[array] = f"({rows}, {plain(width)})"
    return shapes


def _loop(
    name: str, listed: list[str], flat: dict[str, str], says: str, body: list[str], names: Vocabulary, words: CNames
) -> str:
    """A compiled function of sizes, parameters and arrays; those of all steps are seen as rows."""
    code = "\n".join(body)
    used = set(re.findall(r"\w+", re.sub(r"#.*", "", code)))
    sizes = [words.names[size] for size in names.sizes]
    parameters = [words.names[p] for p in names.cell.parameters]
    every = ", ".join(["T: int", "B: int", *[f"{size}: int" for size in sizes]])
    arrays = ", ".join(f"{array}: Array" for array in [*parameters, *listed])
    head = [f"    {array} = {array}.reshape({shape})" for array, shape in flat.items() if array in used]
    head += [f"    real = {next(iter(flat))}.dtype.type"] if "real" in used else []
    said = textwrap.wrap(f"{every}, {arrays}", WIDTH - 5)
    return "\n".join(
        [
            "@compiled",
            f"def {name}(",
            *[f"    {line}" for line in said],
            ") -> None:  # fmt: skip",
            f'    """{says}"""',
            *head,
            *body,
        ]
    )


def _workspace(forward: Run, backward: Run, names: Vocabulary, words: CNames) -> str:
    arrays = {array.name: array for run in (forward, backward) for array in run.arrays}
    sizes = {"T": "T", "B": "B"} | {words.names[size]: names.names[size] for size in names.sizes}
    body = assignment(", ".join(sizes), ", ".join(f'sizes["{size}"]' for size in sizes.values()), indent=2)
    body += assignment("self.lengths", ", ".join(sizes), indent=2)
    for name, array in arrays.items():
        body += assignment(name, f"np.empty({plain(f'({array.rows}, {array.width})')}, dtype)", indent=2)
    for label, run in (("forward", forward), ("backward", backward)):
        trailing = "," if len(run.arrays) == 1 else ""
        body += assignment(f"self.{label}", ", ".join(array.name for array in run.arrays) + trailing, indent=2)
    return WORKSPACE.format(body="\n".join([*body, SHAPES_OF_GROUPS.strip("\n")]))


def _functions(names: Vocabulary) -> str:
    x, gives = names.inputs, f"tuple[{names.output_type}, State, Cache]"
    ahead = (
        f"params: Params, {x}: {names.input_type}, state: State, workspace: Workspace | NumpyWorkspace | None = None"
    )
    back = f"params: Params, cache: Cache, d_outputs: {names.output_type}, d_state: State"
    return FUNCTIONS.format(
        forward="\n".join(signature("forward", ahead, gives)),
        backward="\n".join(signature("backward", back, f"tuple[Params, {names.input_type}, State]")),
        x=x,
        first=f"{x}.{names.names[names.cell.inputs[0]]}" if names.has_inputs else x,
        group="inputs" if names.has_inputs else x,
        outputs="Outputs(*outputs)" if names.has_outputs else "outputs[0]",
        kept="Inputs(*given)" if names.has_inputs else "given[0]",
        d_inputs="Inputs(*d_inputs)" if names.has_inputs else "d_inputs[0]",
    )
