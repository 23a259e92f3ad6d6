r"""A cell as a JAX module: ``lax.scan``, an associative scan where it is linear, and a custom derivative."""

from __future__ import annotations

from ..cell import Cell
from .dialect import JAX
from .frameworks import framework_module
from .runtime import checked_for
from .streams import Backend
from .text import OVER_STEPS
from .variant import WHOLE, Variant
from .vocabulary import Vocabulary
from .writer import Style

HEADER = """
from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

Array = jax.Array
"""

SCAN = '''
def scan(step: Any, carry: Any, given: Any, *, reverse: bool = False) -> Any:
    """The last carry, and what the steps keep, stacked; a step takes a row of each given array."""
    return lax.scan(step, carry, given, reverse=reverse)
'''

LINEAR_SCAN = '''
def linear_scan(a: Array, b: Array, initial: Array, *, reverse: bool = False) -> Array:
    """The values of v = a * v + b at every step, from the initial v on, in about log T parallel steps."""
    a = jnp.broadcast_to(a, b.shape)
    first = -1 if reverse else 0
    b = b.at[first].add(a[first] * initial)

    def composed(early: Any, late: Any) -> Any:
        return late[0] * early[0], late[0] * early[1] + late[1]

    return lax.associative_scan(composed, (a, b), reverse=reverse)[1]
'''

SHIFTED = '''
def shifted(initial: Array, values: Array, *, reverse: bool = False) -> Array:
    """The values of the step before each step, or of the step after it."""
    first = initial[None]
    return jnp.concatenate((values[1:], first) if reverse else (first, values[:-1]))
'''

PARTS = '''
def parts(values: Array, *sizes: int, axis: int = -1) -> Any:
    """Pieces of these lengths along an axis."""
    return jnp.split(values, [sum(sizes[:k]) for k in range(1, len(sizes))], axis=axis)
'''

CHUNKS = '''
def forward(params: Params, {x}: {X}, state: State) -> tuple[{Y}, State]:
    """The outputs of every step and the final state; the memory beside the outputs does not grow with T."""
    sizes = checked(params=params, {x}={x}, state=state)
{opened}
    whole = T - T % chunk

    def some(state: State, piece: Any) -> Any:
        return advance(params, piece, state)[::-1]

    pieces = jax.tree.map(lambda values: values[:whole].reshape((-1, chunk, *values.shape[1:])), {x})
    state, outputs = lax.scan(some, state, pieces)
    outputs = jax.tree.map(lambda values: values.reshape((whole, *values.shape[2:])), outputs)
    if whole < T:
        last, state = advance(params, jax.tree.map(lambda values: values[whole:], {x}), state)
        outputs = jax.tree.map(lambda *values: jnp.concatenate(values), outputs, last)
    return outputs, state
'''

TEST = "not isinstance(array, jax.Array) or array.dtype not in (jnp.float32, jnp.float64)"

BACKEND = Backend(
    title="JAX",
    style=Style(JAX, coefficients=False),
    header=HEADER,
    runtime={
        "scan": SCAN,
        "linear_scan": LINEAR_SCAN,
        "shifted": SHIFTED,
        "over_steps": OVER_STEPS,
        "parts": PARTS,
    },
    checked=checked_for(TEST),
    chunks=CHUNKS,
)

RUN = '''
@jax.custom_vjp
def run(params: Params, {x}: {input_type}, state: State) -> tuple[{output_type}, State]:
    """The outputs of every step and the final state; their derivative is ``backward``."""
    outputs, final, _ = forward(params, {x}, state)
    return outputs, final


def _run_forward(params: Params, {x}: {input_type}, state: State) -> Any:
    outputs, final, cache = forward(params, {x}, state)
    return (outputs, final), (params, cache)


def _run_backward(kept: Any, gradients: Any) -> Any:
    params, cache = kept
    return backward(params, cache, *gradients)


run.defvjp(_run_forward, _run_backward)
'''


def jax_module(cell: Cell, variant: Variant = WHOLE) -> str:
    """The source of the JAX module of a cell."""
    made = framework_module(cell, BACKEND, variant)
    return made.text if variant.forward_only else made.text + "\n\n" + _run(made.names)


def _run(names: Vocabulary) -> str:
    text = RUN.format(x=names.inputs, input_type=names.input_type, output_type=names.output_type)
    return text.strip("\n") + "\n"
