r"""Differential calculus on matrix expressions: one pushforward and one pullback rule per node.

The pushforward maps tangents of the letters to the tangent of an expression; the pullback maps a
cotangent of the expression to the cotangent of a letter, and is its transpose:
:math:`\langle G, \mathrm{pushforward}(\dot x)\rangle = \langle \mathrm{pullback}(G), \dot x\rangle`
(Griewank & Walther 2008, ch. 3).
"""

from __future__ import annotations

from typing import Any

from sympy import Expr
from sympy.matrices.expressions.matexpr import MatrixExpr

from .cotangents import pull_rule
from .linear_map import matrix_of
from .nodes.algebra import Zero, add
from .nodes.operand import is_matrix, require_matrix, require_same_shape
from .symbols import letters, tangent
from .tangents import Directions, push_rule
from .textbook_form import tidy


def pushforward(expr: Expr, directions: Directions) -> Expr:
    r"""The tangent of ``expr`` when each letter of ``directions`` moves along the matrix given for it.

    A letter that is not named stays fixed. The result has ``expr``'s shape and is linear in the directions.
    """
    for letter, move in directions.items():
        require_same_shape("a direction", letter, move)
    return push_rule(expr, directions)


def pullback(expr: Expr, cotangent: Expr, letter: Any) -> MatrixExpr:
    r"""The cotangent of ``letter`` (of its shape) for a ``cotangent`` of ``expr``, summed over every occurrence.

    The cotangent of a trace is a scalar. Inside a sum over time or an ordered product, an indexed letter is met at
    the one step whose index it has; the caller sees to it that this step lies within the bounds.
    """
    if is_matrix(expr) or is_matrix(cotangent):
        require_matrix("a pullback", expr, cotangent)
        require_same_shape("a pullback", expr, cotangent)
    terms = [tidy(term) for found, term in pull_rule(expr, cotangent, letter) if found == letter]
    return add(*terms) if terms else Zero(*letter.shape)


def jacobian(expr: MatrixExpr, letter: Any) -> MatrixExpr:
    r"""The Jacobian :math:`\partial y_i/\partial x_j` of a column vector with respect to a column vector."""
    move = tangent(letter)
    return tidy(matrix_of(pushforward(expr, {letter: move}), move))


def depends(expr: Expr, letter: Any) -> bool:
    return letter in letters(expr)
