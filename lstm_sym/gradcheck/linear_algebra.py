"""Solving, inverting and factorising matrices of exact numbers, by elimination."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .array import Array, array_of, exact, numbers_of
from .frames import Unsupported
from .modular import Unlucky
from .numbers import Domain


def square(a: Array) -> None:
    """Raise what NumPy raises unless an array is a stack of square matrices."""
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")


def stack_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of matrices for stacks of them."""

    def each(*stacks: Array) -> Any:
        if all(x.ndim == 2 for x in stacks):
            return function(*stacks)
        outer = np.broadcast_shapes(*[x.shape[:-2] for x in stacks])
        wide = [np.broadcast_to(x, (*outer, *x.shape[-2:])) for x in stacks]
        results = [function(*[x[place] for x in wide]) for place in np.ndindex(*outer)]
        whole: Any = np.stack(results)
        return whole.reshape(*outer, *whole.shape[1:])

    return each


def eliminated(a: Array, b: Array) -> tuple[Any, Any]:
    """The solution of a x = b, for matrices, and the determinant of a; pivots are the largest in floating point."""
    n, columns = len(a), len(a)
    rows = [np.concatenate([left, right]) for left, right in zip(a, b)]
    determinant: Any = 1.0
    for k in range(columns):
        pivot = max(range(k, n), key=lambda i: abs(float(rows[i][k].shadow)))
        if pivot != k:
            rows[k], rows[pivot], determinant = rows[pivot], rows[k], -determinant
        determinant = determinant * rows[k][k]
        rows[k] = rows[k] / rows[k][k]
        rows = [row if i == k else row - row[k] * rows[k] for i, row in enumerate(rows)]
    return np.stack(rows)[:, columns:], determinant


def solve(domain: Domain, a: Any, b: Any) -> Any:
    a, b = (x if isinstance(x, Array) else array_of(numbers_of(x, domain)) for x in (a, b))
    square(a)
    if b.ndim == 1:
        return solve(domain, a, b.reshape(-1, 1))[..., 0]
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"solve: {a.shape} and {b.shape} do not fit")
    return stack_of(lambda x, y: eliminated(x, y)[0])(a, b)


def inv(domain: Domain, a: Array) -> Any:
    return solve(domain, a, np.eye(a.shape[-1]))


def det(domain: Domain, a: Array) -> Any:
    square(a)
    return stack_of(lambda x: eliminated(x, x[:, :0])[1])(a)


def slogdet(domain: Domain, a: Array) -> Any:
    """The sign is taken as constant, as it is near every point but those where the logarithm has no value."""
    found = det(domain, a)
    sign = np.sign(found.shadow)
    return type(np.linalg.slogdet(np.eye(1)))(exact(sign, domain) if found.ndim else float(sign), np.log(found * sign))


def cholesky(domain: Domain, a: Array, *, upper: bool = False) -> Any:
    """L with a = L Lᵀ, from the lower triangle, or its transpose from the upper; roots are taken of no roots."""
    square(a)
    if upper:
        turned: Any = np.swapaxes(a, -1, -2)
        return np.swapaxes(cholesky(domain, turned), -1, -2)
    return stack_of(_cholesky)(a)


def _cholesky(a: Array) -> Any:
    n = len(a)
    diagonal: list[Any] = []
    lower: Any = [[None] * n for _ in range(n)]
    for j in range(n):
        pivot = a[j, j] - sum((lower[j][k] ** 2 * diagonal[k] for k in range(j)), 0.0)
        if not float(pivot.shadow) > 0:
            raise Unlucky("a matrix is not positive definite")
        diagonal.append(pivot)
        for i in range(n):
            below = a[i, j] - sum((lower[i][k] * lower[j][k] * diagonal[k] for k in range(j)), 0.0) if i > j else None
            lower[i][j] = below / pivot if i > j else float(i == j)
    whole: Any = np.stack([np.stack([x + 0 * diagonal[0] for x in row]) for row in lower])
    return whole * np.sqrt(np.stack(diagonal))


def matrix_power(domain: Domain, a: Any, n: int) -> Any:
    square(a)
    base = inv(domain, a) if n < 0 else a
    result = exact(np.eye(a.shape[-1]), domain) + 0 * a
    for _ in range(abs(n)):
        result = result @ base
    return result


def pinv(domain: Domain, a: Any, *args: Any, **options: Any) -> Any:
    """The pseudoinverse, which has this form only where the rank is full."""
    if args or options or a.ndim != 2:
        raise Unsupported("np.linalg.pinv is followed for a single matrix of full rank, with no options")
    return inv(domain, a.T @ a) @ a.T if a.shape[0] >= a.shape[1] else a.T @ inv(domain, a @ a.T)


LINEAR_ALGEBRA: dict[str, Callable[..., Any]] = {
    "solve": solve,
    "inv": inv,
    "det": det,
    "slogdet": slogdet,
    "cholesky": cholesky,
    "matrix_power": matrix_power,
    "pinv": pinv,
}
