r"""Norms and determinants in both engines: atoms of the normal form, and values over a number domain.

In the normal form a norm is an opaque function of its matrix, with :math:`\lVert A^\top\rVert = \lVert -A\rVert =
\lVert A\rVert`, :math:`\lVert 0\rVert = 0` and :math:`\lVert I\rVert = 1`; over the finite field it is a keyed random
element with the same identities; real numbers give it its value, rigorously. A determinant is its expansion.
"""

from __future__ import annotations

from functools import cache, singledispatch
from typing import Any

from flint import acb, acb_mat, arb, arb_mat, fmpq, nmod

from ..nodes.scalars import Determinant, MaxAbs, Norm, ScalarOf, SpectralRadius
from .blocks import common_parts, part_size, parts_of
from .domains import PRIME, Balls, Degree, Degrees, Domain, FiniteField, NotExact, Rationals, Singular
from .evaluation import Matrix, _value, evaluate
from .normal_form import NormalForm, _form
from .polynomial import COLUMN, DELTA, ONE, ROW, Factor, Polynomial, Term, Unsupported

LARGEST = 6
"""Determinants of more rows are not expanded."""


# --- the normal form --------------------------------------------------------------------------------


@_form.register(Norm)
@_form.register(MaxAbs)
def _(expr: ScalarOf, to: NormalForm, rows: Any, cols: Any) -> Polynomial:
    matrix, head = expr.args[0], type(expr).__name__
    row_parts, col_parts = parts_of(matrix, 0, to), parts_of(matrix, 1, to)
    forms = [to(matrix, p, q) for p in row_parts for q in col_parts]
    if not any(forms):
        return {}
    if len(forms) > 1:
        return to.algebra.atom((head, len(col_parts), tuple(map(to.algebra.freeze, forms))))
    (form,) = forms
    shape = tuple(sorted(str(size.expand()) for size in matrix.shape))  # a constant's form does not tell its size
    if form == {Term((Factor(to.algebra.name(DELTA), (ROW, COLUMN), ONE),)): ONE}:
        return to.algebra.constant(ONE)
    turned = to.algebra.transpose(form)
    signed = [to.algebra.freeze(to.algebra.scale(one, sign)) for one in (form, turned) for sign in (ONE, -ONE)]
    return to.algebra.atom((head, shape, (min(signed),)))


@_form.register(Determinant)
def _(expr: Determinant, to: NormalForm, rows: Any, cols: Any) -> Polynomial:
    """The expansion, for a matrix that is cut into single entries."""
    matrix = expr.args[0]
    parts = common_parts(parts_of(matrix, 0, to), parts_of(matrix, 1, to))
    if any(part_size(matrix, 0, part) != 1 for part in parts) or len(parts) > LARGEST:
        raise Unsupported(f"{expr}: only a matrix of up to {LARGEST} rows, given entry by entry, is expanded")
    grid = [[to(matrix, p, q) for q in parts] for p in parts]
    return expanded(grid, to.algebra.multiply, lambda a, b: to.algebra.add(a, b), lambda a: to.algebra.scale(a, -ONE))


def expanded(grid: list[list[Any]], times: Any, plus: Any, minus: Any) -> Any:
    """The determinant by cofactors along the rows, each minor computed once."""

    @cache
    def minor(row: int, columns: tuple[int, ...]) -> Any:
        if len(columns) == 1:
            return grid[row][columns[0]]
        total = None
        for k, column in enumerate(columns):
            term = times(grid[row][column], minor(row + 1, columns[:k] + columns[k + 1 :]))
            term = minus(term) if k % 2 else term
            total = term if total is None else plus(total, term)
        return total

    return minor(0, tuple(range(len(grid))))


# --- values -----------------------------------------------------------------------------------------


@_value.register(Norm)
@_value.register(MaxAbs)
def _(expr: ScalarOf, where: Any) -> Any:
    return size_of(where.domain, isinstance(expr, Norm), evaluate(expr.args[0], where))


@_value.register(SpectralRadius)
def _(expr: SpectralRadius, where: Any) -> Any:
    if not isinstance(where.domain, Balls):
        raise NotExact
    largest = arb(0)
    for value in _eigenvalues(arb_mat(evaluate(expr.args[0], where))):
        largest = largest.max(abs(value))
    return largest


@_value.register(Determinant)
def _(expr: Determinant, where: Any) -> Any:
    grid = evaluate(expr.args[0], where)
    if len(grid) > LARGEST:
        raise Unsupported(f"a determinant of {len(grid)} rows is not expanded")
    return expanded(grid, lambda a, b: a * b, lambda a, b: a + b, lambda a: -a)


@singledispatch
def size_of(domain: Domain, spectral: bool, matrix: Matrix) -> Any:
    """The spectral norm of a matrix, or its largest absolute entry."""
    raise Unsupported(f"a norm has no value over {type(domain).__name__}: it is not differentiated")


@size_of.register
def _(domain: FiniteField, spectral: bool, matrix: Matrix) -> nmod:
    """A random element that the matrix decides up to its sign and transpose."""
    rows = [[int(entry) for entry in row] for row in matrix]
    if not any(any(row) for row in rows):
        return nmod(0, PRIME)
    if len(rows) == len(rows[0]) and all(e == (i == j) for i, row in enumerate(rows) for j, e in enumerate(row)):
        return domain.rational(1, 1)
    turned = [list(column) for column in zip(*rows, strict=True)]
    faces = [[[e * sign % PRIME for e in row] for row in face] for face in (rows, turned) for sign in (1, -1)]
    return domain.random("norm" if spectral else "largest entry", str(min(faces)))


@size_of.register
def _(domain: Degrees, spectral: bool, matrix: Matrix) -> Degree:
    result = Degree(1)
    for entry in (entry for row in matrix for entry in row):
        result = domain.opaque("norm", 0, entry)
    return result


@size_of.register
def _(domain: Rationals, spectral: bool, matrix: Matrix) -> fmpq:
    """Exact where it is rational for sure: the largest entry, and the norm of a matrix with one nonzero entry."""
    found = [abs(entry) for row in matrix for entry in row if entry != 0]
    if spectral and len(found) > 1:
        raise NotExact
    return max(found, default=fmpq(0))


@size_of.register
def _(domain: Balls, spectral: bool, matrix: Matrix) -> arb:
    """The root of the largest eigenvalue of the smaller of AᵀA and AAᵀ."""
    if not spectral:
        largest = arb(0)
        for entry in (entry for row in matrix for entry in row):
            largest = largest.max(abs(entry))
        return largest
    A = arb_mat(matrix)
    gram = A * A.transpose() if A.nrows() < A.ncols() else A.transpose() * A
    return _largest_eigenvalue(gram).sqrt()


def _largest_eigenvalue(gram: arb_mat) -> arb:
    if gram.nrows() == 1:
        return gram[0, 0]
    if gram.nrows() == 2:
        p, q, r = gram[0, 0], gram[0, 1], gram[1, 1]
        return (p + r + ((p - r) ** 2 + 4 * q**2).sqrt()) / 2
    largest = arb(0)
    for value in _eigenvalues(gram):
        largest = largest.max(value.real)
    return largest


def _eigenvalues(matrix: arb_mat) -> list[acb]:
    try:
        return list(acb_mat(matrix).eig(multiple=True))
    except ValueError as error:
        raise Singular(f"the eigenvalues could not be enclosed: {error}") from None
