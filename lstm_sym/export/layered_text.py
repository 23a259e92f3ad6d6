r"""The functions over layers as text for a module: the source of ``layers``, in the words of a backend."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ..cell import Cell
from . import layers

OWN = '''
class Functions(NamedTuple):
    """What a direction runs: the functions of a module, this one or another that has layers."""

    Params: Any
    State: Any
    Inputs: Any
    Outputs: Any
    SHAPES: Any
    checked: Any
    forward: Any
    backward: Any


OWN = Functions(Params, State, {Inputs}, {Outputs}, SHAPES, checked, {forward}, {backward})
'''

WORDS = ("taken", "joined", "flipped", "zeros")
"""The functions in which ``layers`` calls a library; a backend has its own."""

STRUCTURES = ("Direction", "Stretch", "Run", "Trace")


def layered_source(
    *,
    several_inputs: bool,
    several_outputs: bool,
    words: Mapping[str, str] | None = None,
    forward: str = "forward",
    backward: str = "backward",
    structures: tuple[str, ...] = STRUCTURES,
    functions: tuple[str, ...] | None = None,
) -> str:
    """The source for a module whose cell has one or several inputs and outputs.

    ``words`` are the source of ``WORDS`` for another library than NumPy; ``forward`` and ``backward`` are what a
    direction calls. A module that needs not all names its ``structures`` and ``functions``.
    """
    own = OWN.strip("\n").format(
        Inputs="Inputs" if several_inputs else None,
        Outputs="Outputs" if several_outputs else None,
        forward=forward,
        backward=backward,
    )
    said = [text.strip("\n") for text in words.values()] if words else [*map(_source, WORDS)]
    others = FUNCTIONS if functions is None else [name for name in FUNCTIONS if name in functions]
    return "\n\n\n".join([*said, own, *map(_source, (*structures, *others))])


def with_layers(source: str, cell: Cell, to: str) -> str:
    """The source of a module, and the functions over layers after it.

    Raises ``ValueError`` for a backend that has none, and for C's functions without the Python module beside them.
    """
    if to not in ADDED:
        told = "are in the Python module beside the C file: export to a folder" if to == "c" else f"are not for {to}"
        raise ValueError(f"the functions over layers {told}")
    return ADDED[to](source, cell)


def _in_numpy(source: str, cell: Cell) -> str:
    text = layered_source(several_inputs=len(cell.inputs) > 1, several_outputs=len(cell.outputs) > 1)
    return f"{source}\n\n{text}\n"


def _array_api(source: str, cell: Cell) -> str:
    from .array_api_backend import with_layers_of

    return with_layers_of(source, cell)


def _jax(source: str, cell: Cell) -> str:
    from .jax_layers import with_layers_of

    return with_layers_of(source, cell)


def _torch(source: str, cell: Cell) -> str:
    from .torch_layers import with_layers_of

    return with_layers_of(source, cell)


ADDED: dict[str, Callable[[str, Cell], str]] = {
    "numpy": _in_numpy,
    "numba": _in_numpy,
    "loader of C": _in_numpy,
    "array-api": _array_api,
    "torch": _torch,
    "jax": _jax,
}
"""What adds the functions to the module of a backend."""


def _source(name: str) -> str:
    found: Any = getattr(layers, name)
    return inspect.getsource(found).strip("\n")


FUNCTIONS = tuple(
    name
    for name, value in vars(layers).items()
    if inspect.isfunction(value) and value.__module__ == layers.__name__ and name not in WORDS
)
"""The others, in the order in which they stand there."""
