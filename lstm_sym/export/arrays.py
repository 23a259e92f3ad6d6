"""What generated functions call besides NumPy: operations on stacks of matrices, shape (..., rows, cols)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

RUNTIME = ("at", "block", "solve", "deviation", "normalised", "time_sum", "ordered_product")
"""The names that generated functions may call."""


def at(sequence: Array, index: int) -> Array:
    """The value of a sequence at one time; a negative time is an error, it does not wrap around."""
    if index < 0:
        raise IndexError(f"time {index} lies before the first value of the sequence, which is that of time 0")
    return sequence[index]


def block(rows: list[list[Array]]) -> Array:
    """The matrix of blocks; the leading axes of the blocks broadcast."""
    batch = np.broadcast_shapes(*[np.shape(part)[:-2] for row in rows for part in row])
    widened = [[np.broadcast_to(part, batch + np.shape(part)[-2:]) for part in row] for row in rows]
    return np.concatenate([np.concatenate(row, axis=-1) for row in widened], axis=-2)


def solve(a: Array, b: Array) -> Array:
    """The product of the inverse of ``a`` with ``b``; the leading axes broadcast, under NumPy 1 too."""
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return np.linalg.solve(a, np.broadcast_to(b, batch + b.shape[-2:]))


def deviation(column: Array) -> Array:
    """The standard deviation of the entries of a column; of complex ones too, as an analytic function."""
    centred = column - column.mean(axis=-2, keepdims=True)
    return np.sqrt((centred * centred).mean(axis=-2, keepdims=True))


def normalised(column: Array) -> Array:
    """The column with mean 0 and standard deviation 1 over its entries."""
    return (column - column.mean(axis=-2, keepdims=True)) / deviation(column)


def time_sum(term: Callable[[int], Array], low: int, high: int, zero: Array) -> Array:
    """``term(low) + … + term(high)``; ``zero`` if there is no term."""
    total = zero
    for k in range(low, high + 1):
        total = total + term(k)
    return total


def ordered_product(factor: Callable[[int], Array], low: int, high: int, one: Array) -> Array:
    """``factor(high) @ … @ factor(low)``, the latest leftmost; ``one`` if there is no factor."""
    product = one
    for k in range(low, high + 1):
        product = factor(k) @ product
    return product
