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

ITEM = np.dtype(np.int64).itemsize
"""The size of an address, which is that of a number of double precision."""

ELEMENTWISE: dict[int, Any] = {1: np.logical_not, 2: np.logical_and, 3: np.clip}
"""For each number of operands a function that lays its result as all of them do."""


def addresses(shape: tuple[int, ...], like: Any = None) -> Any:
    """Addresses 0, 1, … in the order of the indices, whose axes lie in memory as those of ``like`` do."""
    found = np.arange(prod(shape)).reshape(shape)
    if like is None or like.ndim < 2 or like.flags.c_contiguous:
        return found
    outer_first = sorted(range(len(shape)), key=lambda k: (-abs(like.strides[k]), -like.shape[k]))
    return _at(np.empty([shape[k] for k in outer_first], np.int64).transpose(np.argsort(outer_first)), found)


def _at(places: Any, values: Any) -> Any:
    places[...] = values
    return places


def laid(values: Any, like: Any) -> Any:
    """Real values in an array that lies in memory as a copy of ``like`` does."""
    values = np.asarray(values)
    return values if like.ndim < 2 or like.flags.c_contiguous else _at(np.empty_like(like, values.dtype), values)


def as_given(x: Any, first: int = 0) -> Any:
    """Addresses that lie exactly as the entries of a real array, gaps, directions and protection included."""
    found = addresses(x.shape, x if _apart(x) else np.copy(x))
    if x.size and _apart(x) and not (x.flags.c_contiguous or x.flags.f_contiguous):
        strides = [stride // x.itemsize * ITEM for stride in x.strides]
        steps = [(size - 1) * stride for size, stride in zip(x.shape, strides)]
        whole = np.empty(1 + sum(map(abs, steps)) // ITEM, np.int64)
        places = np.ndarray(x.shape, np.int64, whole, -sum(step for step in steps if step < 0), strides)
        found = _at(places, found)
    found += first
    found.flags.writeable = x.flags.writeable
    return found


def _apart(x: Any) -> bool:
    """Whether every entry of an array has a place of its own."""
    reach = 0
    for stride, size in sorted((abs(stride), size) for stride, size in zip(x.strides, x.shape) if size > 1):
        if stride % x.itemsize or stride <= reach:
            return False
        reach += stride * (size - 1)
    return True


def lying(x: Any) -> Any:
    """An array of NumPy's that lies in memory as an operand does, exact or real, a number or a nested sequence."""
    x = getattr(x, "at", x)
    return x if isinstance(x, np.ndarray) else np.empty(_shape(x), bool)


def _shape(x: Any) -> tuple[int, ...]:
    if isinstance(x, list | tuple):
        return (len(x), *(_shape(x[0]) if x else ()))
    return np.shape(getattr(x, "at", x))


def elementwise(operands: Sequence[Any], order: Any = None) -> Any:
    """A model for what is computed entry by entry; ``None`` for C order."""
    arrays = [lying(x) for x in operands]
    if order in (None, "K") and all(x.ndim < 2 or x.flags.c_contiguous for x in arrays):
        return None
    return ELEMENTWISE[len(arrays)](*arrays, order=order or "K")


def asked(function: Callable[..., Any], *operands: Any, **options: Any) -> Any:
    """A model for what one of NumPy's functions computes; ``None`` for C order."""
    arrays = [lying(x) for x in operands]
    return None if all(x.ndim < 2 or x.flags.c_contiguous for x in arrays) else modelled(function, arrays, options)


def modelled(function: Callable[..., Any], arrays: Sequence[Any], options: dict[str, Any]) -> Any:
    """What NumPy's function makes of corners of the operands."""
    with np.errstate(all="ignore"):
        return function(*map(corner, arrays), **options)


def corner(x: Any) -> Any:
    """The first two entries along every axis, as floating-point numbers whose values mean nothing."""
    return x[(slice(2),) * x.ndim].view(np.float64) if x.dtype.itemsize == ITEM else x[(slice(2),) * x.ndim]
