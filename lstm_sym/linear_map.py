r"""The matrix of a linear map that is written as an expression in the vector it acts on.

A pushforward is linear in its direction; the Jacobian is the matrix of that map. A matrix among them stands for the
column vec A of its entries, its columns one below another.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr
from sympy.matrices.expressions.matexpr import MatrixExpr

from .nodes.algebra import Eye, MatrixProduct, MatrixSum, Ones, Transposed, Zero, add, multiply
from .nodes.binders import TimeSum
from .nodes.block import Block
from .nodes.elementwise import Diag, Hadamard, Scaled, diag, hadamard, scaled
from .symbols import letters
from .textbook_form import tidy


def matrix_of(expr: MatrixExpr, move: Any) -> MatrixExpr:
    r"""The matrix :math:`J` of an expression :math:`J\dot x` that is linear in the column vector ``move``.

    Of a matrix, or by one, sums and multiples have a Jacobian; a product would need a Kronecker product.
    """
    if expr == move:
        return Eye(entries(move))
    if move not in letters(expr):
        return Zero(entries(expr), entries(move))
    if isinstance(expr, MatrixSum):
        return add(*[matrix_of(term, move) for term in expr.args])
    if isinstance(expr, Scaled) and move not in letters(expr.scale):
        return scaled(expr.scale, matrix_of(expr.matrix, move))
    if isinstance(expr, MatrixProduct) and len(expr.matrices) == 1:
        return multiply(expr.scalar, matrix_of(expr.matrices[0], move))
    if expr.cols != 1 or move.cols != 1:
        raise TypeError(
            f"no Jacobian of {expr} by {move}, since one of the two is a matrix: sums and multiples of matrices have "
            "one, anything else would need a Kronecker product"
        )
    if isinstance(expr, Hadamard):
        held = [factor for factor in expr.args if move not in letters(factor)]
        (moving,) = [factor for factor in expr.args if move in letters(factor)]
        return multiply(diag(hadamard(*held)), matrix_of(moving, move))
    if isinstance(expr, Scaled) and move not in letters(expr.matrix):
        return multiply(expr.matrix, matrix_of(expr.scale, move))
    if isinstance(expr, TimeSum) and not move.has(expr.index):
        return TimeSum(matrix_of(expr.body, move), expr.args[1])
    if isinstance(expr, Block) and len(expr.args[0]) == 1:
        return Block(*[(matrix_of(row[0], move),) for row in expr.args])
    if isinstance(expr, MatrixProduct):
        *before, last = expr.matrices
        if move in letters(last):
            return multiply(expr.scalar, *before, matrix_of(last, move))
        where = next(i for i, factor in enumerate(before) if move in letters(factor))
        after = multiply(*expr.matrices[where + 1 :])
        if isinstance(before[where], Diag):
            inside = matrix_of(before[where].args[0], move)
            return multiply(expr.scalar, *before[:where], diag(after), inside)
        if isinstance(before[where], MatrixSum):
            terms = [multiply(expr.scalar, *before[:where], term, after) for term in before[where].args]
            return add(*[matrix_of(term, move) for term in terms])
        if before[where].cols == 1:
            inside = matrix_of(before[where], move)
            return multiply(expr.scalar, *before[:where], diag(multiply(Ones(before[where].rows), after)), inside)
        if before[where].rows == 1:
            row = multiply(Transposed(after), Transposed(before[where]))
            return multiply(expr.scalar, *before[:where], matrix_of(tidy(row), move))
    raise TypeError(f"no Jacobian of {expr}: the dependence on {move} is not of the form J {move}")


def entries(letter: Any) -> Expr:
    """How many entries a matrix has, the length of vec A."""
    return letter.shape[0] * letter.shape[1]
