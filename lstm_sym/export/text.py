"""The fixed parts of a NumPy module."""

CACHED = "The cache refers to the inputs as they were passed: change them after backward, not before."
"""What the header of a module with a backward pass says of its cache."""

HEADER = '''
"""{cell}: {passes} over a sequence and a batch, in NumPy.

Written by lstm-sym {version} from the equations of the cell {cell}.
Source: {source}.

A row is one sequence of the batch, so that W h + U x + b is h @ W.T + x @ U.T + b here; the equation that a
line computes stands above it; the last argument of a call in a loop is the array that it writes into.
Outputs and gradients have the dtype of the arguments, which all share one.
The cache refers to the inputs as they were passed: change them after backward, not before.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
'''

SIGMA = '''
def sigma(x: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-x)), by tanh: right for every x, without overflow."""
    out = np.multiply(x, 0.5, out=out)
    np.tanh(out, out=out)
    np.multiply(out, 0.5, out=out)
    return np.add(out, 0.5, out=out)
'''

FLAT = '''
def flat(values: Array) -> Array:
    """The rows of all steps, one below the other."""
    return values.reshape((-1, values.shape[-1]))
'''

LAID_OUT = '''
def laid_out(matrix: Array, B: int) -> Array:
    """The matrix as B rows meet it fastest: one row if it lies by rows, several in float64 if it lies by columns."""
    if B == 1:
        return np.ascontiguousarray(matrix)
    return np.asfortranarray(matrix) if matrix.dtype == np.float64 else matrix
'''

CALLED = {"flat": FLAT, "laid_out": LAID_OUT}
"""What the two passes call, by its name."""

FITTING = '''
def fitting(workspace: Workspace | None, sizes: dict[str, int], dtype: Any) -> Workspace:
    """The caller's workspace, or a new one if there is none; a ValueError if it is one for other arguments."""
    if workspace is None:
        return Workspace(sizes, dtype)
    if workspace.sizes != sizes or workspace.dtype != dtype:
        made = f"{workspace.sizes} and {workspace.dtype}"
        raise ValueError(f"the workspace was made for {made}; the arguments have {sizes} and {dtype}")
    return workspace
'''

STEPS = '''
def steps(initial: Array, T: int) -> tuple[Array, Array]:
    """A state before and after each of T steps: two views of one array, the first row of it filled in."""
    values = np.empty((T + 1, *initial.shape), initial.dtype)
    values[0] = initial
    return values[:-1], values[1:]
'''

APPLIED = '''
def applied(A: Array, v: Array) -> Array:
    """The product A v of the matrix and the column of each row."""
    return np.matmul(A, v[..., None])[..., 0]
'''

OUTER = '''
def outer(u: Array, v: Array) -> Array:
    """The matrix u v.T of the two columns of each row."""
    return np.expand_dims(u, -1) * np.expand_dims(v, -2)
'''

OVER_STEPS = '''
def over_steps(u: Array, v: Array) -> Array:
    """The sum of the outer products u v.T over steps and batch."""
    return u.reshape(-1, u.shape[-1]).T @ v.reshape(-1, v.shape[-1])
'''

DEVIATION = '''
def deviation(v: Array) -> Array:
    """The standard deviation of the entries of each row."""
    centred = v - v.mean(axis=-1, keepdims=True)
    return np.sqrt((centred * centred).mean(axis=-1, keepdims=True))
'''

NORMALISED = '''
def normalised(v: Array) -> Array:
    """Each row with mean 0 and standard deviation 1 over its entries."""
    return (v - v.mean(axis=-1, keepdims=True)) / deviation(v)
'''

CHECKED = '''
def measured(**given: Any) -> dict[str, int]:
    """The length of every axis; a TypeError or ValueError names the argument that is wrong."""
    arrays: dict[str, Any] = {}
    for name, value in given.items():
        fields = [f"{name}.{field}" for field in value._fields] if hasattr(value, "_fields") else [name]
        wanted = [field for field in SHAPES if field.split(".")[0] == name]
        if fields != wanted:
            raise TypeError(f"{name} is a {type(value).__name__} of {fields}; wanted {wanted}")
        arrays |= dict(zip(fields, value if hasattr(value, "_fields") else [value], strict=True))
    dtype = None
    sizes: dict[str, int] = {}
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fc":
            found = getattr(array, "dtype", type(array).__name__)
            raise TypeError(f"{name} is of type {found}; wanted an array of float32 or float64")
        dtype = dtype or array.dtype
        if array.dtype != dtype:
            raise TypeError(f"{name} is {array.dtype}, the arguments before it are {dtype}; give all arrays one dtype")
        if array.ndim != len(SHAPES[name]):
            raise ValueError(f"{name} has shape {array.shape}; wanted the axes ({', '.join(SHAPES[name])})")
        for axis, length in zip(SHAPES[name], array.shape, strict=True):
            if axis.isidentifier():
                sizes.setdefault(axis, length)
    for axis, thing in (("T", "step"), ("B", "sequence")):
        if sizes.get(axis) == 0:
            raise ValueError(f"there is no {thing} to compute: {axis} is 0")
    for name, array in arrays.items():
        parts = [axis.split(" + ") for axis in SHAPES[name]]
        if not all(part.isdigit() or part in sizes for axis in parts for part in axis):
            continue  # no argument tells one of the sizes
        shape = tuple(sum(int(part) if part.isdigit() else sizes[part] for part in axis) for axis in parts)
        if array.shape != shape:
            raise ValueError(f"{name} has shape {array.shape}; wanted ({', '.join(SHAPES[name])}) = {shape}")
    return sizes


SIZES: dict[Any, dict[str, int]] = {}
"""What has been measured, by types, shapes and dtypes."""


def checked(**given: Any) -> dict[str, int]:
    """The length of every axis, measured once for arguments of the same types, shapes and dtypes."""
    arrays = [a for value in given.values() for a in (value if isinstance(value, tuple) else [value])]
    seen = [(type(a), getattr(a, "shape", None), getattr(a, "dtype", None)) for a in arrays]
    key = (*given, *map(type, given.values()), *seen)
    if key not in SIZES:
        SIZES[key] = measured(**given)
    return SIZES[key]
'''
