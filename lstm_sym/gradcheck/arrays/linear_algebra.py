r"""Determinants, inverses, solutions and Cholesky factors of matrices of exact numbers, and of stacks of them.

All are made of determinants and adjugates, which the method of Faddeev and LeVerrier finds without dividing by anything
but 1 to n: so they are polynomials of the degree that they have on paper, divided by one determinant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..exact.modular import Unlucky
from ..exact.numbers import Domain
from ..frames import Unsupported, caught
from .array import Array, array_of, exact, numbers_of


def square(a: Any) -> int:
    """The size of square matrices; raises what NumPy raises for others."""
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    return int(a.shape[-1])


def adjugate(domain: Domain, a: Any) -> tuple[Any, Any]:
    r"""The adjugate and the determinant: :math:`M_k = a M_{k-1} + c_{k-1} 1`, :math:`c_k = -\mathrm{tr}(a M_k) / k`."""
    n = square(a)
    one = exact(np.eye(n), domain)
    made, coefficient = 0 * a + one, exact(np.ones(a.shape[:-2]), domain)
    for k in range(1, n + 1):
        product = a @ made
        coefficient = np.trace(product, axis1=-2, axis2=-1) / -k
        if k < n:
            made = product + coefficient[..., None, None] * one
    sign = (-1) ** n
    return -sign * made, sign * coefficient


def solve(domain: Domain, a: Any, b: Any) -> Any:
    a, b = (x if isinstance(x, Array) else array_of(numbers_of(x, domain)) for x in (a, b))
    if b.ndim == 1:
        return solve(domain, a, b.reshape(-1, 1))[..., 0]
    if square(a) != b.shape[-2]:
        raise ValueError(f"solve: {a.shape} and {b.shape} do not fit")
    adjoint, determinant = adjugate(domain, a)
    return adjoint @ b / determinant[..., None, None]


def inv(domain: Domain, a: Any) -> Any:
    adjoint, determinant = adjugate(domain, a)
    return adjoint / determinant[..., None, None]


def det(domain: Domain, a: Any) -> Any:
    return adjugate(domain, a)[1]


def slogdet(domain: Domain, a: Any) -> Any:
    """The sign is taken as constant, as it is near every point but those where the logarithm has no value."""
    found = det(domain, a)
    sign = np.sign(found.shadow)
    return type(np.linalg.slogdet(np.eye(1)))(exact(sign, domain) if found.ndim else float(sign), np.log(found * sign))


def cholesky(domain: Domain, a: Any, *, upper: bool = False) -> Any:
    """L with a = L Lᵀ, from the lower triangle, or its transpose from the upper.

    Its entry (i, j) is the minor of the first j columns with the rows before j and i, over the root of the product of
    the leading minors of the sizes j and j + 1.
    """
    n = square(a)
    lower: Any = np.tril(np.swapaxes(a, -1, -2) if upper else a)
    whole = lower + np.swapaxes(np.tril(lower, -1), -1, -2)
    columns, before = [], exact(np.ones(a.shape[:-2]), domain)
    for j in range(n):
        rows = [[*range(j), i] for i in range(j, n)]
        minors = [det(domain, whole[..., row, :][..., : j + 1]) for row in rows]
        definite = bool(np.all(minors[0].shadow > 0))
        if caught():
            domain.asks("defined", definite, a.read())
            if not definite:
                domain.undefined.raised(np.linalg.LinAlgError("Matrix is not positive definite"))
        if not definite:
            raise Unlucky("a matrix is not positive definite")
        root = np.sqrt(before * minors[0])
        columns.append(np.stack([*[0 * root] * j, *[minor / root for minor in minors]], axis=-1))
        before = minors[0]
    factor: Any = np.stack(columns, axis=-1)
    return np.swapaxes(factor, -1, -2) if upper else factor


def matrix_power(domain: Domain, a: Any, n: int) -> Any:
    base = inv(domain, a) if n < 0 else a
    result = exact(np.eye(square(a)), domain) + 0 * a
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
