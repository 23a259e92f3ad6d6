r"""Operations entry by entry: ⊙, powers, the maximum, a multiple; and diag, which turns one into a matrix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Mul, S, ZeroMatrix
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.matexpr import MatrixExpr

from .algebra import Eye, MatrixProduct, Ones, Zero, multiply
from .operand import (
    Operand,
    as_expression,
    is_matrix,
    like,
    require_column,
    require_matrix,
    require_same_shape,
    text_shape,
)


class Hadamard(Operand):
    r""":math:`A \odot B \odot \dots`, factors of one shape, order kept."""

    def __new__(cls, *factors: Any) -> MatrixExpr:
        require_matrix("the Hadamard product", *factors)
        require_same_shape("the Hadamard product", *factors)
        if any(isinstance(factor, ZeroMatrix) for factor in factors):
            return Zero(*factors[0].shape)
        scalars, flat = [], []
        for factor in factors:
            if isinstance(factor, MatrixProduct) and factor.scalar != 1:
                scalars.append(factor.scalar)
                factor = multiply(*factor.matrices)
            flat += [part for part in hadamard_factors(factor) if not isinstance(part, Ones)]
        scalar = Mul(*scalars)
        if not flat:
            return multiply(scalar, Ones(*factors[0].shape))
        product = flat[0] if len(flat) == 1 else MatrixExpr.__new__(cls, *flat)
        return product if scalar == 1 else multiply(scalar, product)

    shape = property(lambda self: self.args[0].shape)

    def _sympystr(self, printer: Any) -> str:
        return "hadamard(" + ", ".join(printer._print(factor) for factor in self.args) + ")"


class HadamardPower(Operand):
    r""":math:`A^{\odot k}`: the ``k``-th power of every entry; a negative ``k`` owes that no entry is 0."""

    def __new__(cls, base: Any, exponent: Any) -> MatrixExpr:
        require_matrix("the elementwise power", base)
        exponent = as_expression(exponent)
        if is_matrix(exponent):
            raise TypeError(f"the exponent of an elementwise power is a scalar, got {exponent}")
        if exponent == 0 or isinstance(base, Ones):
            return Ones(*base.shape)
        return base if exponent == 1 else MatrixExpr.__new__(cls, base, exponent)

    shape = property(lambda self: self.args[0].shape)

    def _sympystr(self, printer: Any) -> str:
        return f"hadamard_power({printer._print(self.args[0])}, {printer._print(self.args[1])})"


class Maximum(Operand):
    r""":math:`\max(A, B)`, the larger of the two entries at each place.

    Where both are equal its derivative is taken as that of ``B``: a convention, since there is none.
    """

    def __new__(cls, left: Any, right: Any) -> MatrixExpr:
        require_matrix("the maximum", left, right)
        require_same_shape("the maximum", left, right)
        return left if left == right else MatrixExpr.__new__(cls, left, right)

    shape = property(lambda self: self.args[0].shape)

    def _sympystr(self, printer: Any) -> str:
        return f"maximum({printer._print(self.args[0])}, {printer._print(self.args[1])})"


class Scaled(Operand):
    r""":math:`s A`, every entry of ``A`` times the one entry of the 1 x 1 matrix ``s``."""

    def __new__(cls, scale: Any, matrix: Any) -> MatrixExpr:
        require_matrix("scaled", scale, matrix)
        if scale.shape != (1, 1):
            raise ShapeError(f"scaled takes a 1 x 1 matrix first, got {scale} ({text_shape(scale)})")
        if isinstance(matrix, ZeroMatrix) or isinstance(scale, ZeroMatrix):
            return Zero(*matrix.shape)
        number = S.One
        if isinstance(scale, MatrixProduct) and scale.scalar != 1:
            number, scale = number * scale.scalar, multiply(*scale.matrices)
        if isinstance(matrix, MatrixProduct) and matrix.scalar != 1:
            number, matrix = number * matrix.scalar, multiply(*matrix.matrices)
        if isinstance(scale, Ones):
            return multiply(number, matrix)
        if matrix.shape == (1, 1):
            return multiply(number, Hadamard(scale, matrix))
        product = MatrixExpr.__new__(cls, scale, matrix)
        return product if number == 1 else multiply(number, product)

    scale = property(lambda self: self.args[0])
    matrix = property(lambda self: self.args[1])
    shape = property(lambda self: self.args[1].shape)

    def _sympystr(self, printer: Any) -> str:
        return f"scaled({printer._print(self.args[0])}, {printer._print(self.args[1])})"


class Diag(Operand):
    r""":math:`\operatorname{diag}(v)`, the ``(n, n)`` matrix with the column vector ``v`` on its diagonal."""

    def __new__(cls, vector: Any) -> MatrixExpr:
        require_matrix("diag", vector)
        require_column("diag", vector)
        if isinstance(vector, ZeroMatrix):
            return Zero(vector.rows, vector.rows)
        return Eye(vector.rows) if isinstance(vector, Ones) else MatrixExpr.__new__(cls, vector)

    shape = property(lambda self: (self.args[0].rows, self.args[0].rows))

    def _sympystr(self, printer: Any) -> str:
        return f"diag({printer._print(self.args[0])})"


def hadamard(*factors: Any) -> MatrixExpr:
    r""":math:`A \odot B \odot \dots`; a scalar factor stands for itself times the all-ones matrix."""
    factors = tuple(as_expression(factor) for factor in factors)
    matrices = [factor for factor in factors if is_matrix(factor)]
    scalar = Mul(*[factor for factor in factors if not is_matrix(factor)]) if len(matrices) < len(factors) else S.One
    require_matrix("the Hadamard product", *matrices)
    product = Hadamard(*matrices)
    return product if scalar == 1 else multiply(scalar, product)


def hadamard_power(base: Any, exponent: Any) -> MatrixExpr:
    r""":math:`A^{\odot k}`."""
    return HadamardPower(base, exponent)


def maximum(left: Any, right: Any) -> MatrixExpr:
    r""":math:`\max(A, B)` entry by entry; a scalar stands for itself times the all-ones matrix."""
    left, right = as_expression(left), as_expression(right)
    if not is_matrix(left) and is_matrix(right):
        left = like(left, right)
    return Maximum(left, like(right, left) if is_matrix(left) else right)


def scaled(scale: Any, matrix: Any) -> MatrixExpr:
    r""":math:`s A` with a 1 x 1 matrix ``s``."""
    return Scaled(scale, matrix)


def diag(vector: Any) -> MatrixExpr:
    r""":math:`\operatorname{diag}(v)`."""
    return Diag(vector)


def hadamard_factors(expr: MatrixExpr) -> Iterator[MatrixExpr]:
    yield from expr.args if isinstance(expr, Hadamard) else (expr,)
