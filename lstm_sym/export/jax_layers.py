r"""Layers, directions and lengths in JAX, where lengths may be traced: padding is computed, and kept from all results.

What comes after a step does not change what came before it. So a direction runs on all rows, with inputs of 0 beyond
the length of a sequence; its outputs there are set to 0, and its final state is taken from the states of every step.
``run`` gives no states of steps that are not outputs. Where a cell has such, a second pair of passes does: those of
the cell in which each of them has an output, :math:`\bar c_t = c_t`. JAX differentiates the choice of steps itself, and
the passes by their ``custom_vjp``.
"""

from __future__ import annotations

import ast
import re

from sympy import Eq

from ..cell import Cell
from ..symbols import Sequence, t
from .layered_text import layered_source
from .layout import assignment
from .plan import plan_of
from .vocabulary import Vocabulary, vocabulary_of

WORDS = {
    "zeros": '''
def zeros(shape: tuple[int, ...], like: Array) -> Array:
    """An array of 0 with the numbers of another."""
    return jnp.zeros(shape, like.dtype)
''',
}

USED = ("each", "blank", "shapes", "fields_of", "input_of", "directions_of", "nested", "formed", "fitted")
"""What is as in other modules."""

KNOWN = '''
def run_steps(params: Params, {x}: {input_type}, state: State) -> tuple[{output_type}, State]:
    """The outputs and the states of every step, which are among them."""
    outputs, _ = run(params, {x}, state)
    return outputs, State({states})
'''

STEPS = '''
@jax.custom_vjp
def run_steps(params: Params, {x}: {input_type}, state: State) -> tuple[{output_type}, State]:
    """The outputs and the states of every step."""
    return _run_steps_forward(params, {x}, state)[0]


def _run_steps_forward(params: Params, {x}: {input_type}, state: State) -> Any:
    steps, _, cache = forward_steps(params, {x}, state)
    return ({outputs}, State({states})), (params, cache, state)


def _run_steps_backward(kept: Any, gradients: Any) -> Any:
    params, cache, state = kept
    d_outputs, d_states = gradients
    zero = State(*[jnp.zeros_like(value) for value in state])
{d_steps}
    return backward_steps(params, cache, d_steps, zero)


run_steps.defvjp(_run_steps_forward, _run_steps_backward)
'''

RUN_LAYERS = '''
def run_direction(
    params: Params, x: {input_type}, state: State, lengths: Any = None, *, reverse: bool = False
) -> tuple[{output_type}, State]:
    """run, from the last step to the first with reverse; with lengths, over lengths[b] steps of the sequence b.

    Outputs beyond the length are 0, the final state is that after the last step of a sequence, where reverse starts.
    Lengths may be traced; then those outside of 0 to T are not noticed. The padding may hold anything; steps on inputs
    of 0 take its place, and nothing of them is in the results, as long as no state overflows in them.
    """
    sizes = checked(params=params, {x}=x, state=state)
    if lengths is None:
        outputs, final = run(params, each(_flipped, x) if reverse else x, state)
        return each(_flipped, outputs) if reverse else outputs, final
    lengths = _counted(lengths, sizes["T"], sizes["B"])
    step = jnp.arange(sizes["T"])[:, None]
    within = step < lengths
    places = jnp.where(within, lengths - 1 - step, step) if reverse else None

    def turned(values: Array) -> Array:
        return values if places is None else jnp.take_along_axis(values, _beside(places, values), axis=0)

    def shown(values: Array) -> Array:
        return jnp.where(_beside(within, values), values, 0)

    outputs, states = run_steps(params, each(lambda v: turned(shown(v)), x), state)
    last = jnp.maximum(lengths - 1, 0)[None]
    ends = [jnp.take_along_axis(values, _beside(last, values), axis=0)[0] for values in states]
    final = State(*[jnp.where(_beside(lengths > 0, end), end, value) for end, value in zip(ends, state)])
    return each(lambda v: turned(shown(v)), outputs), final


def run_layers(layers: Any, x: Any, states: Any = None, lengths: Any = None) -> tuple[Any, Any]:
    """The outputs of the highest layer and the final states in the form of layers; with lengths as run_direction.

    A layer is a tuple of Params, of which the second runs back, or Params alone; the outputs of its directions lie side
    by side. Outside of jit, Direction(params, reverse) says the way. States that are not given are 0.
    """
    stack = directions_of(layers)
    given = nested("states", states, stack)
    finals = []
    for k, (layer, row) in enumerate(zip(stack, given)):
        fits = [fitted(k, j, one, x, state)[1] for j, (one, state) in enumerate(zip(layer, row))]
        done = [
            one.module.forward(one.params, x, state, lengths, reverse=one.reverse) for one, state in zip(layer, fits)
        ]
        x = each(lambda *parts: jnp.concatenate(parts, axis=-1), *[outputs for outputs, _ in done])
        finals.append([final for _, final in done])
    return x, formed(layers, finals)


def _beside(some: Array, values: Array) -> Array:
    """Numbers of steps or sequences, with the axes that values have beyond these."""
    return some.reshape(some.shape + (1,) * (values.ndim - some.ndim))


def _flipped(values: Array) -> Array:
    return jnp.flip(values, axis=0)


def _counted(lengths: Any, steps: int, batch: int) -> Array:
    counts = jnp.asarray(lengths)
    if counts.shape != (batch,):
        raise ValueError(f"lengths has shape {{counts.shape}}; wanted {{batch}} whole numbers, one for each sequence")
    if not jnp.issubdtype(counts.dtype, jnp.integer):
        raise TypeError(f"lengths is of type {{counts.dtype}}; wanted whole numbers")
    if not isinstance(counts, jax.core.Tracer) and not bool(((counts >= 0) & (counts <= steps)).all()):
        wrong = counts[(counts < 0) | (counts > steps)][0]
        raise ValueError(f"lengths holds {{wrong}}; wanted 0 to {{steps}} steps")
    return counts
'''


def with_layers_of(source: str, cell: Cell) -> str:
    """The source of a JAX module with ``run_direction`` and ``run_layers``."""
    names = vocabulary_of(plan_of(cell))
    own = layered_source(
        several_inputs=names.has_inputs,
        several_outputs=names.has_outputs,
        words=WORDS,
        forward="run_direction",
        structures=("Direction",),
        functions=USED,
    )
    says = {"x": names.inputs, "input_type": names.input_type, "output_type": names.output_type}
    run = RUN_LAYERS.strip("\n").format(**says)
    return "\n\n\n".join([source.rstrip("\n"), _steps(source, cell, names, says), run, own]) + "\n"


def _steps(source: str, cell: Cell, names: Vocabulary, says: dict[str, str]) -> str:
    """``run_steps``, with the passes that it needs if there are states that are not outputs."""
    silent = [state for state in cell.states if state not in cell.outputs]
    if not silent:
        fields = ["outputs" + (f".{names.names[s]}" if names.has_outputs else "") for s in cell.states]
        return KNOWN.strip("\n").format(**says, states=", ".join(fields))
    copies = {state: Sequence(f"{state.text}_each", *state.shape) for state in silent}
    shown = Cell(cell.name, *cell.equations, *[Eq(copy[t], state[t]) for state, copy in copies.items()])
    passes = _passes(source, shown)
    field = {copies.get(s, s): name for s, name in zip(shown.outputs, _outputs_of(shown), strict=True)}
    outputs = [f"steps.{field[s]}" for s in cell.outputs]
    d_outputs = {s: f"d_outputs.{names.names[s]}" if names.has_outputs else "d_outputs" for s in cell.outputs}
    own = {copies.get(s, s): s for s in cell.states}
    terms = []
    for s in shown.outputs:
        parts = [d_outputs[s]] if s in d_outputs else []
        parts += [f"d_states.{names.names[own[s]]}"] if s in own else []
        terms.append(" + ".join(parts))
    return f"{passes}\n\n\n" + STEPS.strip("\n").format(
        **says,
        outputs=f"Outputs({', '.join(outputs)})" if names.has_outputs else outputs[0],
        states=", ".join(f"steps.{field[copies.get(s, s)]}" for s in cell.states),
        d_steps="\n".join(assignment("d_steps", f"Steps({', '.join(terms)})")),
    )


def _outputs_of(cell: Cell) -> list[str]:
    names = vocabulary_of(plan_of(cell))
    return [names.names[s] for s in cell.outputs]


RENAMED = {"Outputs": "Steps", "Cache": "StepsCache", "forward": "forward_steps", "backward": "backward_steps"}


def _passes(source: str, shown: Cell) -> str:
    """The passes of a cell with more outputs, under other names, and what they call that the module has not."""
    from .frameworks import framework_module
    from .jax_backend import BACKEND

    text = framework_module(shown, BACKEND).text
    there = _definitions(source)
    found = _definitions(text)
    assert all(found[name] == there[name] for name in ("Params", "State"))
    kept = [part for name, part in found.items() if name in RENAMED or name not in there]
    word = re.compile(r"\b(Outputs|Cache|forward|backward)\b(?=[\](:,])")
    renamed = word.sub(lambda found: RENAMED[found[1]], "\n\n\n".join(kept))
    return renamed.replace(", d_outputs=d_outputs, d_state", ", d_state")


def _definitions(source: str) -> dict[str, str]:
    """The text of each class and function of a module by its name."""
    lines = source.split("\n")
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            first = min([node.lineno, *[decorator.lineno for decorator in node.decorator_list]])
            found[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
    return found
