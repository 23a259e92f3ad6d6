r"""Cells as libraries vary them: other activations, clipped arguments, coupled gates; a cell's equations rewritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sympy import Eq, Rational
from sympy.matrices.expressions.matexpr import MatrixExpr

from ..activations import Elementwise, elu, hardtanh, relu, step
from ..cell import Cell, changed
from ..cells.lstm import a_f, f, i
from ..nodes import hadamard
from ..symbols import t

Function = Callable[[Any], Any]


def exactly(number: float) -> Rational:
    """The decimal that a floating point number is written as, so that equations hold no rounded numbers.

    >>> exactly(0.1), exactly(3)
    (1/10, 3)
    """
    return Rational(repr(float(number)))


def with_functions(cell: Cell, name: str, functions: Mapping[Elementwise, Function], source: str) -> Cell:
    """The cell with other functions for activations of it: each is applied to the argument of what it replaces."""
    replace = {node: function(node.argument) for node, function in functions.items()}
    equations = [Eq(eq.lhs, eq.rhs.xreplace(replace), evaluate=False) for eq in cell.equations]
    return changed(cell, name, *equations, source=source)


def coupled(cell: Cell) -> Cell:
    r"""The LSTM whose forget gate is :math:`f = 1 - i`; it has no pre-activation of its own."""
    return changed(cell, f"{cell.name}_coupled", Eq(f[t], 1 - i[t]), without=(a_f,))


# --- functions that the libraries name, by those of the table of activations --------------------


def clipped(a: MatrixExpr, threshold: Rational) -> MatrixExpr:
    r""":math:`\min(\max(a, -L), L) = L \operatorname{hardtanh}(a / L)`."""
    return threshold * hardtanh(a / threshold)


def leaky_relu(a: MatrixExpr, alpha: Rational) -> MatrixExpr:
    r""":math:`a` where it is positive, else :math:`\alpha a`."""
    return alpha * a + (1 - alpha) * relu(a)


def thresholded_relu(a: MatrixExpr, alpha: Rational) -> MatrixExpr:
    r""":math:`a` where it is larger than :math:`\alpha`, else 0; the derivative leaves out the jump."""
    return hadamard(a, step(a - alpha))


def hard_sigmoid(a: MatrixExpr, alpha: Rational, beta: Rational) -> MatrixExpr:
    r""":math:`\min(\max(\alpha a + \beta, 0), 1)`."""
    return (1 + hardtanh(2 * alpha * a + (2 * beta - 1))) / 2


def scaled_elu(a: MatrixExpr, alpha: Rational) -> MatrixExpr:
    r""":math:`a` where it is positive, else :math:`\alpha (e^a - 1)`."""
    return alpha * elu(a) + (1 - alpha) * relu(a)
