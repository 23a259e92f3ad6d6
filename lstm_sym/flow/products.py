r"""Products of many Jacobians without overflow and without underflow, their sizes as logarithms to base 10.

A product is kept as a matrix of largest entry 1 times a power of ten, rescaled after every factor. The
largest singular value is read off that matrix. The smallest would be lost in its rounding errors, so it is
the inverse of the norm of :math:`(J^{(T)} \cdots J^{(s)})^{-1}`, a product of inverses, rescaled likewise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .trajectory import Array

RESOLUTION = 1e-8
"""A singular value below the largest one by more than this factor has lost half of its digits."""

ZERO = -np.inf
"""The logarithm of what is exactly 0."""


@dataclass(frozen=True, slots=True)
class Scaled:
    r"""A matrix :math:`10^{\mathrm{exponent}} M`: ``matrix`` (..., N, N), ``exponent`` (...)."""

    matrix: Array
    exponent: Any

    def times(self, factor: Array) -> Scaled:
        """This matrix times a factor on its right."""
        return rescaled(self.matrix @ factor, self.exponent)

    def after(self, factor: Array) -> Scaled:
        """A factor times this matrix."""
        return rescaled(factor @ self.matrix, self.exponent)

    @property
    def log10_norm(self) -> Any:
        """The logarithm of the largest singular value; minus infinity for the zero matrix."""
        return self.exponent + log10(np.linalg.norm(self.matrix, 2, axis=(-2, -1)))

    @property
    def log10_singular_values(self) -> Array:
        """Logarithms of all singular values, falling: (..., N).

        Those that lie so far below the first that they are its rounding errors are NaN.
        """
        values = np.linalg.svd(self.matrix, compute_uv=False)
        resolved = values > values[..., :1] * RESOLUTION
        logs = np.asarray(self.exponent)[..., None] + log10(values)
        return np.where(resolved | (values[..., :1] == 0), logs, np.nan)


def rescaled(matrix: Array, exponent: Any = 0.0) -> Scaled:
    """The matrix with its largest entry brought to 1; a zero matrix has the exponent minus infinity."""
    largest = np.abs(matrix).max(axis=(-2, -1))
    with np.errstate(invalid="ignore"):
        logs = np.where(largest > 0, exponent + log10(largest), ZERO)
    return Scaled(matrix / np.where(largest > 0, largest, 1.0)[..., None, None], logs)


def log10(values: Any) -> Any:
    """log10 with log10(0) = -inf, without a warning."""
    with np.errstate(divide="ignore"):
        return np.log10(values)


def one(size: int) -> Scaled:
    return Scaled(np.eye(size), 0.0)


def growing(factors: Iterable[Array], size: int) -> Iterator[Scaled]:
    r""":math:`J^{(T)}`, :math:`J^{(T)}J^{(T-1)}`, …: the products of ever more factors, each (N, N)."""
    product = one(size)
    for factor in factors:
        product = product.times(factor)
        yield product


def growing_inverse(factors: Iterable[Array], size: int) -> Iterator[Scaled]:
    """The inverses of the same products; as soon as a factor is singular, an infinite one."""
    inverse: Scaled | None = one(size)
    for factor in factors:
        inverse = inverse and _divided(factor, inverse)
        yield inverse or Scaled(np.eye(size), np.inf)


def _divided(factor: Array, inverse: Scaled) -> Scaled | None:
    try:
        found = np.linalg.solve(factor, inverse.matrix)
    except np.linalg.LinAlgError:
        return None
    return rescaled(found, inverse.exponent) if np.isfinite(found).all() else None
