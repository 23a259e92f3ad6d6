r"""Scalars that are read off a whole matrix: its norms and its determinant."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Identity, S, ZeroMatrix, sympify
from sympy.matrices.expressions.matexpr import MatrixExpr

from .algebra import Ones, Zero, multiply
from .block import Block
from .operand import is_matrix, require_matrix, require_square


class ScalarOf(Expr):
    """A scalar function of one matrix."""

    is_commutative = True
    what = ""

    def __new__(cls, operand: Any) -> Expr:
        require_matrix(cls.what, operand)
        return Expr.__new__(cls, operand)

    def _repr_latex_(self) -> str:
        from ..latex.printer import latex

        return f"$\\displaystyle {latex(self)}$"

    def _latex(self, printer: Any) -> str:
        from ..latex.printer import latex

        return latex(self)


class Norm(ScalarOf):
    r"""The spectral norm :math:`\lVert A\rVert = \sigma_{\max}(A)`, for a column its Euclidean length."""

    what = "the norm"
    is_real = True

    def __new__(cls, operand: Any) -> Expr:
        require_matrix(cls.what, operand)
        if isinstance(operand, ZeroMatrix):
            return S.Zero
        return S.One if isinstance(operand, Identity) else Expr.__new__(cls, operand)

    def _sympystr(self, printer: Any) -> str:
        return f"norm({printer._print(self.args[0])})"


class MaxAbs(ScalarOf):
    r"""The largest absolute value of an entry, :math:`\lVert A\rVert_{\max} = \max_{ij} |a_{ij}|`."""

    what = "the largest absolute entry"
    is_real = True

    def __new__(cls, operand: Any) -> Expr:
        require_matrix(cls.what, operand)
        return S.Zero if isinstance(operand, ZeroMatrix) else Expr.__new__(cls, operand)

    def _sympystr(self, printer: Any) -> str:
        return f"max_abs({printer._print(self.args[0])})"


class SpectralRadius(ScalarOf):
    r"""The largest absolute value of an eigenvalue, :math:`\rho(A)`."""

    what = "the spectral radius"
    is_real = True

    def __new__(cls, operand: Any) -> Expr:
        require_matrix(cls.what, operand)
        require_square(cls.what, operand)
        return Expr.__new__(cls, operand)

    def _sympystr(self, printer: Any) -> str:
        return f"rho({printer._print(self.args[0])})"


class Determinant(ScalarOf):
    r"""The determinant :math:`\det A`; the characteristic polynomial of ``A`` is ``Determinant(lam * Eye(n) - A)``."""

    what = "the determinant"

    def __new__(cls, operand: Any) -> Expr:
        require_matrix(cls.what, operand)
        require_square(cls.what, operand)
        return S.One if isinstance(operand, Identity) else Expr.__new__(cls, operand)

    def _sympystr(self, printer: Any) -> str:
        return f"det({printer._print(self.args[0])})"


def entries(rows: Any) -> MatrixExpr:
    """A matrix of given scalars: ``entries([[8, 8], [-8, -8]])``."""
    grid = [[sympify(entry, strict=True) for entry in row] for row in rows]
    if not grid or not grid[0] or any(len(row) != len(grid[0]) for row in grid):
        raise TypeError(f"entries takes rows of equal length, at least one of each; got rows of {[*map(len, grid)]}")
    for entry in (entry for row in grid for entry in row):
        if is_matrix(entry):
            raise TypeError(f"the entries of a matrix are scalars; {entry} is a matrix")
    unit = Ones(1, 1)
    return Block(*[[multiply(entry, unit) if entry != 0 else Zero(1, 1) for entry in row] for row in grid])
