r"""Normalisation of a column vector: mean 0 and standard deviation 1 over its entries (Ba, Kiros & Hinton 2016).

With n entries, :math:`\mu = \frac1n \mathbf 1^\top v` and :math:`s^2 = \frac1n \sum_i (v_i - \mu)^2`. Both nodes
stand for expressions in other nodes, their ``meaning``; their derivatives have a shorter form of their own.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from sympy import Integer
from sympy.matrices.expressions.matexpr import MatrixExpr

from .algebra import Ones
from .elementwise import hadamard_power, scaled
from .operand import Operand, require_column, require_matrix


class Deviation(Operand):
    r""":math:`s(v) = \sqrt{\frac1n \sum_i (v_i - \mu)^2}`, the standard deviation of the entries, 1 x 1."""

    def __new__(cls, vector: Any) -> MatrixExpr:
        require_matrix("the deviation", vector)
        require_column("the deviation", vector)
        return MatrixExpr.__new__(cls, vector)

    shape = property(lambda self: (Integer(1), Integer(1)))

    @cached_property
    def meaning(self) -> MatrixExpr:
        from ..activations import sqrt

        centred = self.args[0] - average(self.args[0])
        return sqrt(1 / self.args[0].rows * (centred.T * centred))

    def _sympystr(self, printer: Any) -> str:
        return f"deviation({printer._print(self.args[0])})"


class Normalised(Operand):
    r""":math:`\operatorname{LN}(v) = (v - \mu)/s(v)`; it owes that the entries are not all equal."""

    def __new__(cls, vector: Any) -> MatrixExpr:
        require_matrix("normalised", vector)
        require_column("normalised", vector)
        return MatrixExpr.__new__(cls, vector)

    shape = property(lambda self: self.args[0].shape)

    @cached_property
    def meaning(self) -> MatrixExpr:
        vector = self.args[0]
        return scaled(hadamard_power(Deviation(vector), -1), vector - average(vector))

    def _sympystr(self, printer: Any) -> str:
        return f"normalised({printer._print(self.args[0])})"


def average(vector: MatrixExpr) -> MatrixExpr:
    r""":math:`\frac1n \mathbf 1 \mathbf 1^\top v`, the column whose entries are all the mean of those of ``v``."""
    return 1 / vector.rows * (Ones(vector.rows, 1) * Ones(1, vector.rows) * vector)


def normalised(vector: Any) -> MatrixExpr:
    r""":math:`\operatorname{LN}(v)`."""
    return Normalised(vector)


def deviation(vector: Any) -> MatrixExpr:
    r""":math:`s(v)`."""
    return Deviation(vector)
