"""The Python module beside a C file: it builds the file once, and has the interface of the NumPy module."""

from __future__ import annotations

from .. import __version__
from ..cell import Cell
from .c_code import FLAGS, header_of, prefix_of, source_of
from .freshness import source_told
from .plan import plan_of
from .structures import shapes_of, structures_of
from .text import CHECKED
from .variant import WHOLE, Variant
from .vocabulary import Vocabulary, vocabulary_of

HEADER = '''
"""{cell}: forward and backward over a sequence and a batch, through the C functions of {name}.c.

Written by lstm-sym {version} from the equations of the cell {cell}.
Source: {source}.

The interface is that of the cell's NumPy module. The functions are built at the first call, for float32 or float64,
with the C compiler that CC names [default: cc], into this folder.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import threading
from functools import cache as once
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
NAME = "{name}"
ORDER = {sizes}
"""The sizes in the order of the C structure."""

SOURCE = Path(__file__).with_name("{name}.c")
FLAGS = "{flags}"
'''

CACHE = '''
class Cache(NamedTuple):
    """What backward needs of a forward pass."""

    {x}: {input_type}
    numbers: Array
'''

CALLS = '''
@once
def library(dtype: Any) -> ctypes.CDLL:
    """The functions for float32 or float64, built where those of this source are missing."""
    suffix = {"float32": "f32", "float64": "f64"}.get(str(dtype))
    if suffix is None:
        raise TypeError(f"the arrays are {dtype}; {NAME} has functions for float32 and float64")
    text = SOURCE.read_bytes() + SOURCE.with_suffix(".h").read_bytes() + FLAGS.encode()
    built = SOURCE.with_name(f"{NAME}_{suffix}_{hashlib.sha256(text).hexdigest()[:12]}.so")
    if not built.exists():
        build(built, single=suffix == "f32")
    return ctypes.CDLL(str(built))


def build(target: Path, *, single: bool) -> None:
    """Compile the C source; whoever loads the target meanwhile sees the old one or the new one."""
    half = target.with_name(f"{target.name}.{os.getpid()}.{threading.get_ident()}")
    command = [os.environ.get("CC", "cc"), *FLAGS.split(), "-shared", "-fPIC", *(["-DSINGLE"] if single else [])]
    try:
        done = subprocess.run([*command, str(SOURCE), "-o", str(half), "-lm"], capture_output=True, text=True)
    except FileNotFoundError:
        raise OSError(f"there is no C compiler {command[0]!r}; install one, or name yours in CC") from None
    if done.returncode:
        raise OSError(f"{' '.join(command)} could not build {SOURCE}:\\n{done.stderr}")
    os.replace(half, target)


def fields(value: Any) -> list[Array]:
    """The arrays of an argument, each in C order."""
    return [np.ascontiguousarray(array) for array in (value if isinstance(value, tuple) else (value,))]


def empty(group: str, sizes: dict[str, int], dtype: Any) -> list[Array]:
    """An array for each field of an argument."""
    shapes = [axes for name, axes in SHAPES.items() if name.split(".")[0] == group]
    parts = [[axis.split(" + ") for axis in axes] for axes in shapes]
    return [
        np.empty([sum(int(term) if term.isdigit() else sizes[term] for term in axis) for axis in axes], dtype)
        for axes in parts
    ]


def numbers(what: str, sizes: dict[str, int], dtype: Any) -> Array:
    """The memory for the cache or the scratch, at a multiple of 64 bytes."""
    space = np.empty(function_of(what, dtype)(ordered(sizes)) + 16, dtype)
    first = -space.ctypes.data % 64 // dtype.itemsize
    return space[first : space.size - 16 + first]


def suffix(dtype: Any) -> str:
    return f"f{8 * dtype.itemsize}"


def ordered(sizes: dict[str, int]) -> Any:
    return (ctypes.c_size_t * len(ORDER))(*[sizes[size] for size in ORDER])


KEPT = threading.local()
"""The scratch of the last call of each thread, which a call of the same size uses again."""


def scratch(sizes: dict[str, int], dtype: Any) -> Array:
    key = (*(sizes[size] for size in ORDER), dtype)
    if getattr(KEPT, "key", None) != key:
        KEPT.key, KEPT.space = key, numbers("scratch", sizes, dtype)
    return KEPT.space


def call(function: str, sizes: dict[str, int], cache: Array, *groups: list[Array]) -> None:
    """A C structure of pointers for each group of arrays; cache and scratch come last."""
    space = [ctypes.c_void_p(array.ctypes.data) for array in (cache, scratch(sizes, cache.dtype))]
    function_of(function, cache.dtype)(ordered(sizes), *map(pointers, groups), *space)


def pointers(group: list[Array]) -> Any:
    """The C structure of a group of arrays."""
    return (ctypes.c_void_p * max(len(group), 1))(*[array.ctypes.data for array in group])


@once
def function_of(name: str, dtype: Any) -> Any:
    function = getattr(library(dtype), f"{NAME}_{name}_{suffix(dtype)}")
    function.restype = None if name in ("forward", "backward") else ctypes.c_size_t
    return function
'''

FUNCTIONS = '''
def forward(params: Params, {x}: {input_type}, state: State) -> tuple[{output_type}, State, Cache]:
    """The outputs of every step, the final state, and what backward needs."""
    sizes = checked(params=params, {x}={x}, state=state)
    given = fields(params), fields({x}), fields(state)
    dtype = given[1][0].dtype
    outputs, last = empty("d_outputs", sizes, dtype), empty("d_state", sizes, dtype)
    cache = numbers("cache", sizes, dtype)
    call("forward", sizes, cache, *given, outputs, last)
    return {outputs}, State(*last), Cache({kept}, cache)


def backward(
    params: Params, cache: Cache, d_outputs: {output_type}, d_state: State
) -> tuple[Params, {input_type}, State]:
    """The gradients of the parameters, the inputs and the initial state, by backpropagation through time."""
    {x} = cache.{x}
    sizes = checked(params=params, {x}={x}, d_outputs=d_outputs, d_state=d_state)
    given = fields(params), fields({x}), fields(d_outputs), fields(d_state)
    dtype = given[1][0].dtype
    wanted = numbers("cache", sizes, dtype).size
    if cache.numbers.size != wanted or cache.numbers.dtype != dtype:
        raise ValueError(f"the cache is of another forward pass: {{cache.numbers.size}} numbers; wanted {{wanted}}")
    d_params, d_inputs, d_first = (empty(group, sizes, dtype) for group in ("params", "{group}", "d_state"))
    call("backward", sizes, cache.numbers, *given, d_params, d_inputs, d_first)
    return Params(*d_params), {d_inputs}, State(*d_first)
'''


PREPARED = '''
class Prepared:
    """Both functions on arrays that stay: all is checked, allocated and looked up once, a call is that of C alone.

    The arguments are arrays in C order that the caller may fill anew between calls; ``outputs``, ``last``,
    ``d_params``, ``d_inputs`` and ``d_first`` are written by them. Not for several threads at a time.
    """

    def __init__(
        self, params: Params, {x}: {input_type}, state: State, d_outputs: {output_type}, d_state: State
    ) -> None:
        sizes = checked(params=params, {x}={x}, state=state, d_outputs=d_outputs, d_state=d_state)
        given = [fields(value) for value in (params, {x}, state, d_outputs, d_state)]
        dtype = given[1][0].dtype
        groups = ("d_outputs", "d_state", "params", "{group}", "d_state")
        made = [empty(group, sizes, dtype) for group in groups]
        outputs, last, d_params, d_inputs, d_first = made
        self.outputs, self.last = {outputs}, State(*last)
        self.d_params, self.d_inputs, self.d_first = Params(*d_params), {d_inputs}, State(*d_first)
        self.cache, self.space = numbers("cache", sizes, dtype), numbers("scratch", sizes, dtype)
        tail = [ctypes.c_void_p(array.ctypes.data) for array in (self.cache, self.space)]
        self.held = given
        self.arguments = {{
            "forward": [ordered(sizes), *map(pointers, (*given[:3], outputs, last)), *tail],
            "backward": [ordered(sizes), *map(pointers, (*given[:2], *given[3:], d_params, d_inputs, d_first)), *tail],
        }}
        self.functions = {{name: function_of(name, dtype) for name in self.arguments}}

    def forward(self) -> None:
        self.functions["forward"](*self.arguments["forward"])

    def backward(self) -> None:
        self.functions["backward"](*self.arguments["backward"])
'''


def loader_of(cell: Cell, variant: Variant = WHOLE) -> str:
    """The Python module of a cell whose activations are all known."""
    names = vocabulary_of(plan_of(cell))
    parts = [
        HEADER.format(
            cell=cell.name,
            version=__version__,
            source=source_told(cell, variant),
            name=prefix_of(cell),
            flags=FLAGS,
            sizes=repr(tuple(["T", "B", *(names.names[size] for size in names.sizes)])).replace("'", '"'),
        ),
        *structures_of(names),
        CACHE.format(x=names.inputs, input_type=names.input_type),
        shapes_of(names),
        CHECKED,
        CALLS,
        _functions(names),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _functions(names: Vocabulary) -> str:
    return f"{FUNCTIONS}\n{PREPARED}".format(
        x=names.inputs,
        group="inputs" if names.has_inputs else names.inputs,
        input_type=names.input_type,
        output_type=names.output_type,
        outputs="Outputs(*outputs)" if names.has_outputs else "outputs[0]",
        kept="Inputs(*given[1])" if names.has_inputs else "given[1][0]",
        d_inputs="Inputs(*d_inputs)" if names.has_inputs else "d_inputs[0]",
    )


def c_files(cell: Cell, variant: Variant = WHOLE) -> dict[str, str]:
    """The files of a cell by their names: the source, its header, and the Python module that loads it."""
    name = prefix_of(cell)
    return {
        f"{name}.c": source_of(cell),
        f"{name}.h": header_of(cell),
        f"{name}.py": loader_of(cell, variant),
    }
