"""How the entries of new arrays lie in memory: as NumPy would lay them.

The layout of an array decides which of its reshapes are views, so that a write through them is seen. NumPy lays an
array that it makes after the ones it is made of: a sum of two transposes is a transpose in memory, too. None of these
rules is written down here. NumPy's own functions are asked, on arrays of addresses that lie as the floating-point
numbers would, and what they return is the model of the new array. Where entries are only moved, they work on the
addresses anyway. Where they are computed, a corner of each operand is enough, with at most two entries along every
axis: it has the strides of the whole, and the same axes of length 1. And where all operands lie in C order, so does
an elementwise result, a reduction or a matrix product, and nobody is asked; this is the usual case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

ADDRESS = np.dtype(np.int64)
"""As large as a number of double precision."""

PLAIN = (np.ndarray, np.memmap)
"""The classes of arrays whose arithmetic is that of arrays."""

NOWHERE = 127
"""Every byte of what stands in gaps: no array is so long that this is an address."""

ELEMENTWISE: dict[int, Any] = {1: np.negative, 2: np.add, 3: np.clip}
"""For each number of operands a function that lays its result as all of them do."""


def addresses(shape: tuple[int, ...], like: Any = None) -> Any:
    """Addresses 0, 1, … in the order of the indices, whose axes lie in memory as those of ``like`` do."""
    found = np.arange(prod(shape)).reshape(shape)
    if like is None or in_c_order(like):
        return found
    if like.shape == shape and apart(like):
        return _at(_empty_as(like), found)
    outer_first = sorted(range(len(shape)), key=lambda k: (-abs(like.strides[k]), -like.shape[k]))
    return _at(np.empty([shape[k] for k in outer_first], np.int64).transpose(np.argsort(outer_first)), found)


def in_c_order(x: Any) -> bool:
    """Whether an array lies in C order; of an empty one nobody knows, yet its strides count where it is joined."""
    return bool(x.flags.c_contiguous and x.size)


def _at(places: Any, values: Any) -> Any:
    places[...] = values
    return places


def _empty_as(x: Any, dtype: Any = ADDRESS) -> Any:
    """Places that lie exactly as the entries of an array, gaps and directions included."""
    strides = [stride // x.itemsize * dtype.itemsize for stride in x.strides]
    steps = [max(size - 1, 0) * stride for size, stride in zip(x.shape, strides)]
    whole = np.full(dtype.itemsize + sum(map(abs, steps)), NOWHERE, np.uint8).view(dtype)
    return np.ndarray(x.shape, dtype, whole, -sum(step for step in steps if step < 0), strides)


def apart(x: Any) -> bool:
    """Whether every entry of an array has a place of its own."""
    reach = 0
    for stride, size in sorted((abs(stride), size) for stride, size in zip(x.strides, x.shape) if size > 1):
        if stride % x.itemsize or stride <= reach:
            return False
        reach += stride * (size - 1)
    return True


def laid(values: Any, like: Any) -> Any:
    """Real values in an array that lies in memory as ``like`` does."""
    values = np.asarray(values)
    if in_c_order(like):
        return values
    return _at(_empty_as(like if apart(like) else np.copy(like), values.dtype), values)


def as_given(x: Any) -> Any:
    """Addresses that lie exactly as the entries of a real array, and are protected as these are."""
    found = to_be_read(x, 0)
    _, found.flags.writeable = _start(x)
    return found


def _start(x: Any) -> tuple[int, bool]:
    """Where the first entry of an array is, and whether it may be written to, which ``flags`` may warn of telling."""
    first, protected = x.__array_interface__["data"]
    return first, not protected


def whole_of(x: Any) -> Any:
    """The array that a real one is a view of, if it is of the same type and has no gaps; else ``None``.

    A masked array is more than the view that it is.
    """
    whole = x
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    alike = type(x) in PLAIN and whole.dtype == x.dtype and not x.dtype.hasobject
    return whole if whole is not x and alike and whole.flags.forc and x.size else None


def part(at: Any, whole: Any, view: Any) -> Any:
    """The view of ``at`` that ``view`` is of ``whole``, which lies in memory as ``at`` does, without gaps."""
    (begin, _), (first, writeable) = _start(whole), _start(view)
    strides = [stride // view.itemsize * at.itemsize for stride in view.strides]
    offset = (first - begin) // whole.itemsize * at.itemsize
    found = np.ndarray(view.shape, at.dtype, at.ravel(order="K"), offset, strides)
    found.flags.writeable = writeable
    return found


def to_be_read(x: Any, first: int) -> Any:
    """Addresses from ``first`` on that lie as the entries of an array; of entries in one place, one has the address."""
    values = np.arange(first, first + x.size).reshape(x.shape)
    if in_c_order(x):
        return values
    return _at(_empty_as(np.copy(x) if any(stride % x.itemsize for stride in x.strides) else x), values)


def lying(x: Any) -> Any:
    """An array of NumPy's that lies in memory as an operand does, exact or real, a number or a nested sequence."""
    x = getattr(x, "at", x)
    return np.asarray(x) if isinstance(x, np.ndarray) else np.zeros(_shape(x))


def _shape(x: Any) -> tuple[int, ...]:
    if isinstance(x, list | tuple):
        return (len(x), *(_shape(x[0]) if x else ()))
    return np.shape(getattr(x, "at", x))


def elementwise(operands: Sequence[Any], order: Any = None) -> Any:
    """A model for what is computed entry by entry; ``None`` for C order."""
    arrays = [lying(x) for x in operands]
    if order in (None, "K") and all(in_c_order(x) for x in arrays):
        return None
    if all(x.dtype == bool for x in arrays):
        arrays = [x.view(np.int8) for x in arrays]
    with np.errstate(all="ignore"):
        return ELEMENTWISE[len(arrays)](*map(as_floats, arrays), order=order or "K")


def asked(function: Callable[..., Any], *operands: Any, **options: Any) -> Any:
    """A model for what one of NumPy's functions computes; ``None`` for C order."""
    arrays = [lying(x) for x in operands]
    return None if all(map(in_c_order, arrays)) else modelled(function, arrays, options)


def modelled(function: Callable[..., Any], arrays: Sequence[Any], options: dict[str, Any]) -> Any:
    """What NumPy's function makes of the first two entries along every axis of the operands."""
    corners = [as_floats(x[(slice(2),) * x.ndim]) for x in arrays]
    with np.errstate(all="ignore"):
        return function(*corners, **options)


def as_floats(x: Any) -> Any:
    """Addresses as floating-point numbers, whose values mean nothing."""
    return x.view(np.float64) if x.dtype.itemsize == ADDRESS.itemsize else x
