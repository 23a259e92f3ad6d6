r"""Sums, products, transposes and powers of matrices, in the order in which they were written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from sympy import Expr, Identity, Integer, MatAdd, MatMul, Mul, S, ZeroMatrix
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.matexpr import MatrixExpr

from .operand import (
    Operand,
    as_expression,
    is_matrix,
    require_matrix,
    require_same_shape,
    require_square,
    same_size,
    text_shape,
)


class Zero(Operand, ZeroMatrix):
    r"""The zero matrix :math:`0` of shape ``(rows, cols)``."""

    def __new__(cls, rows: Any, cols: Any = 1) -> Zero:
        return MatrixExpr.__new__(cls, rows, cols)

    shape = property(lambda self: self.args)

    def _sympystr(self, printer: Any) -> str:
        return "0"


class Eye(Operand, Identity):
    r"""The identity matrix :math:`I` of shape ``(n, n)``."""

    def __new__(cls, n: Any) -> Eye:
        return MatrixExpr.__new__(cls, n)

    shape = property(lambda self: (self.args[0], self.args[0]))

    def _sympystr(self, printer: Any) -> str:
        return "I"


class Ones(Operand):
    r"""The all-ones matrix :math:`\mathbf 1` of shape ``(rows, cols)``, the unit of :math:`\odot`."""

    def __new__(cls, rows: Any, cols: Any = 1) -> Ones:
        return MatrixExpr.__new__(cls, rows, cols)

    shape = property(lambda self: self.args)

    def _sympystr(self, printer: Any) -> str:
        return "1"


class MatrixSum(Operand):
    r""":math:`A + B + \dots`, terms of one shape, order kept."""

    def __new__(cls, *terms: Any) -> MatrixExpr:
        require_matrix("+", *terms)
        require_same_shape("+", *terms)
        kept = tuple(part for term in terms for part in summands(term) if not isinstance(part, ZeroMatrix))
        if not kept:
            return Zero(*terms[0].shape)
        return kept[0] if len(kept) == 1 else MatrixExpr.__new__(cls, *kept)

    shape = property(lambda self: self.args[0].shape)

    def _sympystr(self, printer: Any) -> str:
        text = printer._print(self.args[0])
        for term in self.args[1:]:
            if coefficient(term).could_extract_minus_sign():
                text += f" - {_bracketed(printer, -term, (MatrixSum,))}"
            else:
                text += f" + {printer._print(term)}"
        return text


class MatrixProduct(Operand):
    r""":math:`\alpha A B \dots`: an optional scalar first, then the matrices, order kept."""

    def __new__(cls, *factors: Any) -> MatrixExpr:
        flat = [part for factor in factors for part in multiplicands(as_expression(factor))]
        scalar = Mul(*[part for part in flat if not is_matrix(part)])
        matrices = [part for part in flat if is_matrix(part)]
        if not matrices:
            raise TypeError(f"a matrix product needs a matrix, got {factors}")
        if not scalar.is_commutative:
            raise TypeError(f"the factor {scalar} of a matrix product is no matrix and does not commute")
        for left, right in pairwise(matrices):
            if not same_size(left.cols, right.rows):
                raise ShapeError(
                    f"the product {left} * {right} needs matching inner sizes, "
                    f"got {left} ({text_shape(left)}) and {right} ({text_shape(right)}){_meant(left, right)}"
                )
        rows, cols = matrices[0].rows, matrices[-1].cols
        if scalar == 0 or any(isinstance(matrix, ZeroMatrix) for matrix in matrices):
            return Zero(rows, cols)
        matrices = [matrix for matrix in matrices if not isinstance(matrix, Identity)] or [Eye(rows)]
        if scalar == 1 and len(matrices) == 1:
            return matrices[0]
        return MatrixExpr.__new__(cls, *([] if scalar == 1 else [scalar]), *matrices)

    @property
    def shape(self) -> tuple[Expr, Expr]:
        return self.matrices[0].rows, self.matrices[-1].cols

    @property
    def scalar(self) -> Expr:
        return S.One if is_matrix(self.args[0]) else self.args[0]

    @property
    def matrices(self) -> tuple[MatrixExpr, ...]:
        return self.args if is_matrix(self.args[0]) else self.args[1:]

    def _sympystr(self, printer: Any) -> str:
        text = "*".join(_bracketed(printer, matrix, (MatrixSum,)) for matrix in self.matrices)
        if self.scalar == 1:
            return text
        scalar = printer._print(self.scalar)
        if self.scalar == -1:
            return f"-{text}"
        return f"({scalar})*{text}" if self.scalar.is_Add else f"{scalar}*{text}"


class Transposed(Operand):
    r""":math:`A^\top`."""

    def __new__(cls, operand: Any) -> MatrixExpr:
        require_matrix("the transpose", operand)
        if isinstance(operand, Transposed):
            return operand.args[0]
        if isinstance(operand, Zero | Ones):
            return operand.func(operand.cols, operand.rows)
        if isinstance(operand, Identity) or operand.shape == (1, 1):
            return operand
        return MatrixExpr.__new__(cls, operand)

    shape = property(lambda self: (self.args[0].cols, self.args[0].rows))

    def _sympystr(self, printer: Any) -> str:
        return _bracketed(printer, self.args[0], (MatrixSum, MatrixProduct)) + ".T"


class MatrixPower(Operand):
    r""":math:`A^k` for square ``A`` and an integer ``k``, symbolic or not; negative powers owe an inverse."""

    def __new__(cls, base: Any, exponent: Any) -> MatrixExpr:
        require_matrix("a matrix power", base)
        exponent = as_expression(exponent)
        if not same_size(base.rows, base.cols):
            raise ShapeError(
                f"{base} ({text_shape(base)}) has no matrix power {exponent}: it is not square; "
                "for the elementwise power write hadamard_power"
            )
        if exponent.is_integer is not True:
            raise TypeError(f"the power of a matrix is an integer, got {exponent}")
        if exponent == 0 or isinstance(base, Identity):
            return Eye(base.rows)
        if exponent == 1:
            return base
        if isinstance(base, MatrixPower) and base.args[1] == -1 and exponent == -1:
            return base.args[0]
        return MatrixExpr.__new__(cls, base, exponent)

    shape = property(lambda self: self.args[0].shape)

    def _sympystr(self, printer: Any) -> str:
        base, exponent = self.args
        text = printer._print(exponent)
        text = text if exponent.is_Atom and not text.startswith("-") else f"({text})"
        return f"{_bracketed(printer, base, (MatrixSum, MatrixProduct, Transposed, MatrixPower))}**{text}"


class Trace(Expr):
    r"""The scalar :math:`\operatorname{tr} A`."""

    is_commutative = True

    def __new__(cls, operand: Any) -> Expr:
        require_matrix("the trace", operand)
        require_square("the trace", operand)
        return S.Zero if isinstance(operand, ZeroMatrix) else Expr.__new__(cls, operand)

    def _repr_latex_(self) -> str:
        from ..latex.printer import latex

        return f"$\\displaystyle {latex(self)}$"

    def _latex(self, printer: Any) -> str:
        from ..latex.printer import latex

        return latex(self)

    def _sympystr(self, printer: Any) -> str:
        return f"tr({printer._print(self.args[0])})"


def inner(a: MatrixExpr, b: MatrixExpr) -> Expr:
    r"""The scalar :math:`\langle A, B\rangle = \operatorname{tr}(A^\top B)` of two matrices of one shape."""
    require_same_shape("the inner product", a, b)
    return Trace(multiply(Transposed(a), b))


def add(*terms: Any) -> MatrixExpr:
    """The sum of ``terms``; a scalar 0 among them is dropped."""
    matrices = [term for term in terms if term != 0 or is_matrix(term)]
    for term in matrices:
        if not is_matrix(term):
            raise TypeError(f"a sum of matrices has the scalar term {term}")
    return MatrixSum(*matrices)


def multiply(*factors: Any) -> Any:
    """The product of ``factors``, scalars first."""
    return MatrixProduct(*factors)


def summands(expr: MatrixExpr) -> Iterator[MatrixExpr]:
    yield from expr.args if isinstance(expr, MatrixSum) else (expr,)


def multiplicands(expr: Expr) -> Iterator[Expr]:
    yield from expr.args if isinstance(expr, MatrixProduct) else (expr,)


def coefficient(expr: MatrixExpr) -> Expr:
    """The scalar in front of a matrix expression."""
    return expr.scalar if isinstance(expr, MatrixProduct) else Integer(1)


def _meant(left: MatrixExpr, right: MatrixExpr) -> str:
    """What a product of two matrices of one shape was probably meant to be."""
    alike = same_size(left.rows, right.rows) and same_size(left.cols, right.cols)
    return f"; entry by entry it is hadamard({left}, {right})" if alike else ""


def _bracketed(printer: Any, expr: MatrixExpr, looser: tuple[type, ...]) -> str:
    text = printer._print(expr)
    return f"({text})" if isinstance(expr, (*looser, MatAdd, MatMul)) else text
