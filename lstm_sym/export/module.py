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

from collections.abc import Callable, Iterable

from ..activations import Activation
from ..cell import Cell
from ..symbols import Sequence
from .backward_code import BackwardCode
from .c_code import c_module
from .forward_alone import forward_module
from .forward_code import ForwardCode
from .layered_text import with_layers
from .layout import assignment, signature
from .passes import backward_body, forward_body, words
from .pieces import pieces_source
from .places import Places
from .plan import Plan, plan_of, with_activation
from .stacking import Stacking, stacking_of
from .step_code import StepParts, step_parts
from .structures import (
    cache_structure,
    checked_lines,
    d_inputs_type,
    gradients_told,
    header_of,
    helpers_of,
    joined_parts,
    opened_fields,
    shapes_of,
    structures_of,
)
from .text import CALLED, CHECKED, FITTING
from .variant import WHOLE, Variant, variant_of
from .vocabulary import Vocabulary, vocabulary_of
from .workspace import workspace_class


def export_module(
    cell: Cell,
    to: str = "numpy",
    *,
    phi: Activation | str | None = None,
    pieces: bool = False,
    layers: bool = False,
    step: bool = False,
    forward_only: bool = False,
    wrt: Iterable[str] | None = None,
) -> str:
    """The source of a module that computes ``cell`` and its gradients, and depends on the backend alone.

    ``phi`` specifies the activation of a cell that leaves it open; nothing is chosen silently. The variants:

    - with ``step`` the module also has a function of a single step, ``step(params, x_t, state) -> (output, state)``;
    - with ``forward_only`` it has no backward pass, and ``forward`` returns outputs and state and stores nothing else;
    - with ``wrt``, names of parameters and inputs, ``state`` (the initial states) or ``biases``, the backward pass
      computes the gradients of these alone and returns ``None`` in the places of the others;
    - with ``pieces`` a NumPy module also has ``forward_in_pieces`` and ``backward_in_pieces``, which store the state
      before every k-th step alone;
    - with ``layers`` it also has ``forward_layers`` and ``backward_layers``: over layers, directions and sequences of
      unlike length.

    Raises ``ValueError`` for an unknown backend, a variant that it does not have, an unknown name, an open
    activation, or a cell that looks back more than one step, and ``TypeError`` for an equation that has no form over
    a batch.
    """
    if to == "onnx":
        raise ValueError("an ONNX graph is no text: lstm_sym.export.onnx_graph.export_onnx makes one")
    if to not in BACKENDS:
        raise ValueError(f"unknown backend {to!r}; the backends are {', '.join(BACKENDS)}")
    variant = variant_of(step=step, forward_only=forward_only, wrt=wrt, pieces=pieces, layers=layers)
    variant.require(to)
    specified = with_activation(cell, phi)
    source = BACKENDS[to](specified, variant)
    return with_layers(source, specified, to) if layers else source


def numpy_module(cell: Cell, variant: Variant = WHOLE) -> str:
    """The NumPy module of a cell whose activations are all known.

    A cell with a matrix among its sequences is written in expressions that make their arrays as they go.
    """
    plan = plan_of(cell, variant)
    if variant.forward_only:
        return forward_module(plan, variant)
    of_columns = all(line.target.shape[1] == 1 for line in (*plan.forward.lines, *plan.backward.lines))
    source = loop_module(plan, variant) if of_columns else expression_module(plan, variant)
    return f"{source}\n\n{pieces_source(plan, vocabulary_of(plan))}\n" if variant.pieces else source


def loop_module(plan: Plan, variant: Variant = WHOLE) -> str:
    """The module whose loops write into the arrays of a workspace."""
    stepped = step_parts(plan, _names(plan, stacking_of(plan))) if variant.step else StepParts()
    names, workspace, helpers, functions = loops_of(plan, more=stepped.lines)
    parts = [
        header_of(plan, variant),
        *structures_of(names),
        shapes_of(names, step=variant.step),
        workspace,
        CACHE.format(x=names.inputs, type=names.input_type, work="Workspace"),
        *helpers,
        CHECKED,
        *functions,
        *stepped.parts,
    ]
    return joined_parts(parts)


def loops_of(plan: Plan, prefix: str = "", *, more: Iterable[str] = ()) -> tuple[Vocabulary, str, list[str], list[str]]:
    """The names, the workspace, what the two functions and ``more`` code call, and they.

    A prefix tells them from others of a module.
    """
    stacking = stacking_of(plan)
    names = _names(plan, stacking)
    places = Places(stacking, names)
    pulled = BackwardCode(places)
    forward, backward, coefficients = ForwardCode(places).body(), pulled.body(), pulled.coefficients()
    space = f"{prefix.title().rstrip('_')}Workspace"
    forward = _forward_of_loops(names, forward, prefix, space)
    backward = _backward_of_loops(plan, names, backward, prefix)
    made = workspace_class(places, [*forward, *backward, *coefficients], OF_BOTH)
    made = made.replace("class Workspace", f"class {space}")
    called = [text for name, text in CALLED.items() if f"{name}(" in "\n".join([*forward, *backward])]
    fitting = FITTING.replace("Workspace", space).replace("def fitting", f"def {prefix}fitting")
    head = COEFFICIENTS.strip("\n").replace("Workspace", space)
    functions = [forward, *([[head, *coefficients]] if coefficients else []), backward]
    helpers = [*helpers_of([*forward, *backward, *coefficients, *more]), *called, fitting]
    return names, made, helpers, ["\n".join(function) for function in functions]


def _names(plan: Plan, stacking: Stacking) -> Vocabulary:
    return vocabulary_of(plan, [line.target for line in stacking.coefficients])


CACHE = '''
class Cache(NamedTuple):
    """What backward needs of a forward pass."""

    {x}: {type}
    work: {work}
    run: int
'''

OF_BOTH = (
    "The arrays of both passes for some sizes and a dtype, and views of them for each step.",
    "Passed to forward again, it saves making them; the cache of the pass before is then no longer valid.",
)
"""What the workspace of both passes says."""

COEFFICIENTS = '''
def coefficients(work: Workspace, start: int, stop: int) -> None:
    """What the backward pass multiplies adjoints by, for the steps from start to before stop."""
'''


def _forward_of_loops(names: Vocabulary, body: list[str], prefix: str, space: str) -> list[str]:
    cell, x = names.cell, names.inputs
    outputs = [f"work.{names.names[s]}.copy()" for s in cell.outputs]
    gives = f"Outputs({', '.join(outputs)})" if names.has_outputs else outputs[0]
    final = ", ".join(f"work.{names.names[s]}[-1].copy()" for s in cell.states)
    first = f"{x}.{names.names[cell.inputs[0]]}" if names.has_inputs else x
    body = [*body, *assignment("final", f"State({final})")]
    body.append(f"    return {gives}, final, Cache({x}, work, work.run)")
    arguments = f"params: Params, {x}: {names.input_type}, state: State, workspace: {space} | None = None"
    checked = checked_lines(names, f"params=params, {x}={x}, state=state", x, body)
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


def _backward_of_loops(plan: Plan, names: Vocabulary, body: list[str], prefix: str) -> list[str]:
    cell, x = names.cell, names.inputs
    gives = _d_inputs(plan, names)
    carries = ", ".join("None" if s is None else f"work.{names.names[s]}.copy()" for s in plan.d_initial)
    body = [*body, *assignment("d_initial", f"State({carries})"), f"    return d_params, {gives}, d_initial"]
    given = f"params=params, {x}=cache.{x}, d_outputs=d_outputs, d_state=d_state"
    arguments = f"params: Params, cache: Cache, d_outputs: {names.output_type}, d_state: State"
    several = [names.names[s] for s in cell.inputs] if names.has_inputs else []
    opened = [*opened_fields("inputs", several, body), *body]
    return [
        *signature(f"{prefix}backward", arguments, f"tuple[Params, {d_inputs_type(plan, names)}, State]"),
        *gradients_told(plan),
        *checked_lines(names, given, f"cache.{x}", body),
        f"    {x if x in words(opened) else '_'}, work, run = cache",
        "    if run != work.run:",
        '        raise ValueError("the workspace of this cache has served another forward pass since")',
        *opened_fields("params", [names.names[p] for p in cell.parameters], body),
        *opened_fields("inputs", several, body),
        *body,
    ]


def expression_module(plan: Plan, variant: Variant = WHOLE) -> str:
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
    stepped = step_parts(plan, names) if variant.step else StepParts()
    parts = [
        header_of(plan, variant),
        *structures_of(names),
        cache_structure(names, saved),
        shapes_of(names, step=variant.step),
        *helpers_of([*forward, *backward, *stepped.lines]),
        CHECKED,
        "\n".join(_forward(names, forward, set(stored), saved)),
        "\n".join(_backward(plan, names, backward, saved)),
        *stepped.parts,
    ]
    return joined_parts(parts)


def _torch(cell: Cell, variant: Variant) -> str:
    from .torch_backend import torch_module

    return torch_module(cell, variant)


def _jax(cell: Cell, variant: Variant) -> str:
    from .jax_backend import jax_module

    return jax_module(cell, variant)


def _numba(cell: Cell, variant: Variant) -> str:
    from .numba_code import numba_module

    return numba_module(cell, variant)


def _array_api(cell: Cell, variant: Variant) -> str:
    from .array_api_backend import array_api_module

    return array_api_module(cell, variant)


BACKENDS: dict[str, Callable[[Cell, Variant], str]] = {
    "numpy": numpy_module,
    "c": lambda cell, _: c_module(cell),
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
        *checked_lines(names, f"params=params, {x}={x}, state=state", x, body),
        *opened_fields("params", [names.names[p] for p in cell.parameters], body),
        *(opened_fields("inputs", [names.names[s] for s in cell.inputs], body) if names.has_inputs else []),
        *body,
    ]


def _d_inputs(plan: Plan, names: Vocabulary) -> str:
    """What ``backward`` returns for the inputs."""
    found = ["None" if s is None else names.names[s] for s in plan.d_inputs]
    return f"Inputs({', '.join(found)})" if names.has_inputs else found[0]


def _backward(plan: Plan, names: Vocabulary, body: list[str], saved: list[str]) -> list[str]:
    cell, x = names.cell, names.inputs
    gives = _d_inputs(plan, names)
    carries = ", ".join("None" if s is None else names.names[s] for s in plan.d_initial)
    body = [*body, f"    return d_params, {gives}, State({carries})"]
    given = f"params=params, {x}=cache.{x}, d_outputs=d_outputs, d_state=d_state"
    arguments = f"params: Params, cache: Cache, d_outputs: {names.output_type}, d_state: State"
    several = [names.names[s] for s in cell.inputs] if names.has_inputs else []
    return [
        *signature("backward", arguments, f"tuple[Params, {d_inputs_type(plan, names)}, State]"),
        *gradients_told(plan),
        *checked_lines(names, given, f"cache.{x}", body),
        *opened_fields("params", [names.names[p] for p in cell.parameters], body),
        *opened_fields("cache", [x, *saved], [*body, *(opened_fields("inputs", several, body))]),
        *opened_fields("inputs", several, body),
        *body,
    ]
