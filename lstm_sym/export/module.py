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

from sympy import Add

from .. import __version__
from ..activations import Activation
from ..cell import Cell
from ..symbols import Sequence, adjoint
from .backward_code import BackwardCode
from .c_code import c_module
from .forward_code import ForwardCode
from .freshness import source_told
from .layered_text import with_layers
from .layout import assignment, signature
from .numpy_code import HELPERS, plain
from .passes import backward_body, forward_body, words
from .pieces import pieces_source
from .places import Places
from .plan import Plan, carry, plan_of, with_activation
from .stacking import stacking_of
from .text import APPLIED, CHECKED, DEVIATION, FITTING, FLAT, HEADER, NORMALISED, OUTER, OVER_STEPS, SIGMA, STEPS
from .vocabulary import STEP, Vocabulary, vocabulary_of
from .vocabulary import STEPS as ALL_STEPS


def export_module(
    cell: Cell, to: str = "numpy", *, phi: Activation | str | None = None, pieces: bool = False, layers: bool = False
) -> str:
    """The source of a module that computes ``cell`` and its gradients, and depends on the backend alone.

    ``phi`` specifies an activation that the cell leaves open; nothing is chosen silently. With ``pieces`` a module has
    passes that store the state before every k-th step alone, with ``layers`` passes over layers, directions and
    sequences of unlike length. Raises ``ValueError`` for an unknown backend, an open activation, or a cell that looks
    back more than one step, and ``TypeError`` for an equation that has no form over a batch.
    """
    if to == "onnx":
        raise ValueError("an ONNX graph is no text: lstm_sym.export.onnx_graph.export_onnx makes one")
    if to not in BACKENDS:
        raise ValueError(f"unknown backend {to!r}; the backends are {', '.join(BACKENDS)}")
    specified = with_activation(cell, phi)
    if pieces and to != "numpy":
        raise ValueError(f"passes in pieces are written for numpy, not for {to}")
    source = BACKENDS[to](specified) + (f"\n\n{pieces_source(vocabulary_of(plan_of(specified)))}\n" if pieces else "")
    return with_layers(source, specified, to) if layers else source


def numpy_module(cell: Cell) -> str:
    """The NumPy module of a cell whose activations are all known.

    A cell with a matrix among its sequences is written in expressions that make their arrays as they go.
    """
    plan = plan_of(cell)
    if any(line.target.shape[1] != 1 for line in (*plan.forward.lines, *plan.backward.lines)):
        return expression_module(plan)
    return loop_module(plan)


def loop_module(plan: Plan) -> str:
    """The module whose loops write into the arrays of a workspace."""
    names, workspace, helpers, functions = loops_of(plan)
    parts = [
        HEADER.format(cell=plan.cell.name, version=__version__, source=source_told(plan.cell)),
        *structures_of(names),
        shapes_of(names),
        workspace,
        CACHE.format(x=names.inputs, type=names.input_type, work="Workspace"),
        *helpers,
        CHECKED,
        *functions,
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def loops_of(plan: Plan, prefix: str = "") -> tuple[Vocabulary, str, list[str], list[str]]:
    """The names, the workspace, what the two functions call, and they; a prefix tells them from others of a module."""
    stacking = stacking_of(plan)
    names = vocabulary_of(plan, [line.target for line in stacking.coefficients])
    places = Places(stacking, names)
    pulled = BackwardCode(places)
    forward, backward, coefficients = ForwardCode(places).body(), pulled.body(), pulled.coefficients()
    space = f"{prefix.title().rstrip('_')}Workspace"
    forward = _forward_of_loops(names, forward, prefix, space)
    backward = _backward_of_loops(names, backward, prefix)
    made = _workspace(places, [*forward, *backward, *coefficients]).replace("class Workspace", f"class {space}")
    flat = [FLAT] if "flat(" in "\n".join([*forward, *backward]) else []
    fitting = FITTING.replace("Workspace", space).replace("def fitting", f"def {prefix}fitting")
    head = COEFFICIENTS.strip("\n").replace("Workspace", space)
    functions = [forward, *([[head, *coefficients]] if coefficients else []), backward]
    helpers = [*_helpers(names, [*forward, *backward, *coefficients]), *flat, fitting]
    return names, made, helpers, ["\n".join(function) for function in functions]


CHUNK_BYTES = 500_000
"""What the coefficients of a chunk of steps take: more leaves the caches, less makes more calls; measured."""

CACHE = '''
class Cache(NamedTuple):
    """What backward needs of a forward pass."""

    {x}: {type}
    work: {work}
    run: int
'''

COEFFICIENTS = '''
def coefficients(work: Workspace, start: int, stop: int) -> None:
    """What the backward pass multiplies adjoints by, for the steps from start to before stop."""
'''


def _workspace(places: Places, code: list[str]) -> str:
    """The class that makes the arrays that the code reads."""
    attributes = set(re.findall(r"work\.(\w+)", "\n".join(code)))
    views = {name: parts for name, parts in places.views.items() if name in attributes}
    used = attributes | {part for parts in views.values() for part in parts}
    body = places.space.lines(used)
    for name, parts in views.items():
        tuple_of = ", ".join(f"self.{part}" for part in parts)
        body += assignment("views", f"({tuple_of},)" if len(parts) == 1 else tuple_of, indent=2)
        body.append(f"        self.{name} = list(zip(*views))")
    text = "\n".join(body)
    sizes = [places.words.names[size] for size in places.words.sizes]
    read = [name for name in ["T", "B", *sizes] if re.search(rf"(?<![\w.]){name}(?!\w)", text) or name in ("T", "B")]
    lines = [
        "class Workspace:",
        '    """The arrays of both passes for some sizes and a dtype, and views of them for each step.',
        "",
        "    Passed to forward again, it saves making them; the cache of the pass before is then no longer valid.",
        '    """',
        "",
        "    def __init__(self, sizes: dict[str, int], dtype: Any) -> None:",
        "        self.sizes, self.dtype, self.run = sizes, dtype, 0",
        *assignment(", ".join(read), ", ".join(f'sizes["{name}"]' for name in read), indent=2),
    ]
    if "chunk" in attributes:
        widths = [line.target.shape[0] for line in places.stacking.coefficients]
        width = plain(places.space.sizes.size(Add(*widths)))
        lines += [
            f"        chunk = min(T, max(1, {CHUNK_BYTES} // (B * ({width}) * np.dtype(dtype).itemsize)))",
            "        self.chunk = chunk",
        ]
    return "\n".join([*lines, *body])


def _forward_of_loops(names: Vocabulary, body: list[str], prefix: str, space: str) -> list[str]:
    cell, x = names.cell, names.inputs
    outputs = [f"work.{names.names[s]}.copy()" for s in cell.outputs]
    gives = f"Outputs({', '.join(outputs)})" if names.has_outputs else outputs[0]
    final = ", ".join(f"work.{names.names[s]}[-1].copy()" for s in cell.states)
    first = f"{x}.{names.names[cell.inputs[0]]}" if names.has_inputs else x
    body = [*body, *assignment("final", f"State({final})")]
    body.append(f"    return {gives}, final, Cache({x}, work, work.run)")
    arguments = f"params: Params, {x}: {names.input_type}, state: State, workspace: {space} | None = None"
    checked = _checked(names, f"params=params, {x}={x}, state=state", x, body)
    checked[0] = "    sizes = " + checked[0].strip().removeprefix("sizes = ")
    return [
        *signature(f"{prefix}forward", arguments, f"tuple[{names.output_type}, State, Cache]"),
        '    """The outputs of every step, the final state, and what backward needs."""',
        *checked,
        f"    work = {prefix}fitting(workspace, sizes, {first}.dtype)",
        "    work.run += 1",
        *opened_fields("params", [names.names[p] for p in cell.parameters], body),
        *(opened_fields("inputs", [names.names[s] for s in cell.inputs], body) if names.has_inputs else []),
        *body,
    ]


def _backward_of_loops(names: Vocabulary, body: list[str], prefix: str) -> list[str]:
    cell, x = names.cell, names.inputs
    d_inputs = [names.names[adjoint(s)] for s in cell.inputs]
    gives = f"Inputs({', '.join(d_inputs)})" if names.has_inputs else d_inputs[0]
    carries = ", ".join(f"work.{names.names[carry(s)]}.copy()" for s in cell.states)
    body = [*body, *assignment("d_initial", f"State({carries})"), f"    return d_params, {gives}, d_initial"]
    given = f"params=params, {x}=cache.{x}, d_outputs=d_outputs, d_state=d_state"
    arguments = f"params: Params, cache: Cache, d_outputs: {names.output_type}, d_state: State"
    several = [names.names[s] for s in cell.inputs] if names.has_inputs else []
    opened = [*opened_fields("inputs", several, body), *body]
    return [
        *signature(f"{prefix}backward", arguments, f"tuple[Params, {names.input_type}, State]"),
        '    """The gradients of the parameters, the inputs and the initial state, by backpropagation through time."""',
        *_checked(names, given, f"cache.{x}", body),
        f"    {x if x in words(opened) else '_'}, work, run = cache",
        "    if run != work.run:",
        '        raise ValueError("the workspace of this cache has served another forward pass since")',
        *opened_fields("params", [names.names[p] for p in cell.parameters], body),
        *opened_fields("inputs", several, body),
        *body,
    ]


def expression_module(plan: Plan) -> str:
    """The module whose every line is one NumPy expression."""
    cell = plan.cell
    names = vocabulary_of(plan)
    backward = backward_body(plan, names)
    read = words(backward)
    stored = {s: names.names[s] for s in plan.stored if s not in cell.states and names.names[s] in read}
    saved = list(stored.values())
    for state in cell.states:
        saved += [name for name in (names.before[state], names.names[state]) if name in read]
    forward = forward_body(plan, names, set(stored))
    parts = [
        HEADER.format(cell=cell.name, version=__version__, source=source_told(cell)),
        *structures_of(names),
        cache_structure(names, saved),
        shapes_of(names),
        *_helpers(names, [*forward, *backward]),
        CHECKED,
        "\n".join(_forward(names, forward, set(stored), saved)),
        "\n".join(_backward(names, backward, saved)),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _torch(cell: Cell) -> str:
    from .torch_backend import torch_module

    return torch_module(cell)


def _jax(cell: Cell) -> str:
    from .jax_backend import jax_module

    return jax_module(cell)


def _numba(cell: Cell) -> str:
    from .numba_code import numba_module

    return numba_module(cell)


def _array_api(cell: Cell) -> str:
    from .array_api_backend import array_api_module

    return array_api_module(cell)


BACKENDS: dict[str, Callable[[Cell], str]] = {
    "numpy": numpy_module,
    "c": c_module,
    "numba": _numba,
    "torch": _torch,
    "jax": _jax,
    "array-api": _array_api,
}
"""What writes the module of a cell, by the name of what it computes with."""

FORMATS = (*BACKENDS, "onnx")
"""What a cell can be exported to: a module of a backend, or an ONNX graph (``onnx_graph``), which is no text."""


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
        *opened_fields("params", [names.names[p] for p in cell.parameters], body),
        *(opened_fields("inputs", [names.names[s] for s in cell.inputs], body) if names.has_inputs else []),
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
        *opened_fields("params", [names.names[p] for p in cell.parameters], body),
        *opened_fields("cache", [x, *saved], [*body, *(opened_fields("inputs", several, body))]),
        *opened_fields("inputs", several, body),
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


def opened_fields(group: str, fields: list[str], body: list[str]) -> list[str]:
    """Local names for the fields of a named tuple that the body reads."""
    read = words(body)
    targets = [name if name in read else "_" for name in fields]
    if set(targets) <= {"_"}:
        return []
    return assignment(", ".join(targets) if len(targets) > 1 else f"({targets[0]},)", group)


# --- what stands before them --------------------------------------------------------------------


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


def shapes_of(names: Vocabulary) -> str:
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
