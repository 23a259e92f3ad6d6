r"""A cell as one module for every library of the array API standard, through ``array_api_compat``.

The namespace is that of the arguments: NumPy, PyTorch, CuPy, Dask, JAX. Only what the standard promises is called.
"""

from __future__ import annotations

from ..cell import Cell
from .dialect import ARRAY_API
from .frameworks import framework_module
from .layered_text import layered_source
from .runtime import checked_for
from .streams import Backend
from .variant import WHOLE, Variant
from .writer import Style

HEADER = """
from __future__ import annotations

from typing import Any, NamedTuple

from array_api_compat import array_namespace, is_array_api_obj

Array = Any
"""

SCAN = '''
def scan(step: Any, carry: Any, given: Any, *, reverse: bool = False) -> Any:
    """The last carry, and what the steps keep, stacked; a step takes a row of each given array."""
    T = given[0].shape[0]
    kept = []
    for t in reversed(range(T)) if reverse else range(T):
        carry, values = step(carry, tuple(array[t, ...] for array in given))
        kept.append(values)
    if reverse:
        kept.reverse()
    xp = array_namespace(*given)
    return carry, tuple(xp.stack(values) for values in zip(*kept, strict=True))
'''

LINEAR_SCAN = '''
def linear_scan(a: Array, b: Array, initial: Array, *, reverse: bool = False) -> Array:
    """The values of v = a * v + b at every step, from the initial v on."""
    xp = array_namespace(a, b, initial)
    T = b.shape[0]
    a = xp.broadcast_to(a, b.shape)
    kept, v = [], initial
    for t in reversed(range(T)) if reverse else range(T):
        v = a[t, ...] * v + b[t, ...]
        kept.append(v)
    if reverse:
        kept.reverse()
    return xp.stack(kept)
'''

SHIFTED = '''
def shifted(initial: Array, values: Array, *, reverse: bool = False) -> Array:
    """The values of the step before each step, or of the step after it."""
    xp = array_namespace(initial, values)
    first = xp.expand_dims(initial, axis=0)
    return xp.concat((values[1:, ...], first) if reverse else (first, values[:-1, ...]))
'''

OVER_STEPS = '''
def over_steps(u: Array, v: Array) -> Array:
    """The sum of the outer products u v.T over steps and batch."""
    xp = array_namespace(u, v)
    return xp.reshape(u, (-1, u.shape[-1])).T @ xp.reshape(v, (-1, v.shape[-1]))
'''

PARTS = '''
def parts(values: Array, *sizes: int, axis: int = -1) -> Any:
    """Pieces of these lengths along an axis, the first or the last."""
    pieces, start = [], 0
    for size in sizes:
        piece = slice(start, start + size)
        pieces.append(values[piece, ...] if axis == 0 else values[..., piece])
        start += size
    return pieces
'''

CHUNKS = '''
def forward(params: Params, {x}: {X}, state: State) -> tuple[{Y}, State]:
    """The outputs of every step and the final state; the memory beside the outputs does not grow with T."""
    sizes = checked(params=params, {x}={x}, state=state)
{opened}
    xp = array_namespace({first})
    pieces = []
    for start in range(0, T, chunk):
        stop = min(start + chunk, T)
        values, state = advance(params, {piece}, state)
        pieces.append({own})
    return {joined}, state
'''

TEST = 'not is_array_api_obj(array) or not array_namespace(array).isdtype(array.dtype, "real floating")'

BACKEND = Backend(
    title="the array API",
    style=Style(ARRAY_API, coefficients=True),
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
    own="xp.asarray({values}, copy=True)",
    join="xp.concat",
    prelude="array_namespace({x})",
)

LAYER_WORDS = {
    "taken": '''
def taken(x: Array, places: list[int], axis: int) -> Array:
    """The entries at these places along an axis."""
    xp = array_namespace(x)
    return xp.take(x, xp.asarray(places, device=device(x)), axis=axis)
''',
    "joined": '''
def joined(parts: list[Array], axis: int) -> Array:
    """Arrays one after the other along an axis."""
    return array_namespace(*parts).concat(parts, axis=axis)
''',
    "flipped": '''
def flipped(x: Array) -> Array:
    """The steps from the last to the first."""
    return array_namespace(x).flip(x, axis=0)
''',
    "zeros": '''
def zeros(shape: tuple[int, ...], like: Array) -> Array:
    """An array of 0 with the numbers of another."""
    return array_namespace(like).zeros(shape, dtype=like.dtype, device=device(like))
''',
}
"""The functions in which the text over layers calls a library (``layered_text``)."""


def array_api_module(cell: Cell, variant: Variant = WHOLE) -> str:
    """The source of the array API module of a cell."""
    return framework_module(cell, BACKEND, variant).text


def with_layers_of(source: str, cell: Cell) -> str:
    """The source of such a module with the functions over layers."""
    imported = "from array_api_compat import array_namespace, is_array_api_obj"
    assert imported in source
    source = source.replace(imported, "from array_api_compat import array_namespace, device, is_array_api_obj")
    several = len(cell.inputs) > 1, len(cell.outputs) > 1
    text = layered_source(several_inputs=several[0], several_outputs=several[1], words=LAYER_WORDS)
    return f"{source}\n\n{text}\n"
