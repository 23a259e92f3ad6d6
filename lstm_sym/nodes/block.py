r"""Matrices put together from blocks: :math:`[h; x]`, :math:`[W\ U]`, the joint-state Jacobian."""

from __future__ import annotations

from typing import Any

from sympy import Add, Tuple
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.matexpr import MatrixExpr

from .operand import Operand, require_matrix, same_size, text_shape


class Block(Operand):
    r"""A matrix of blocks: ``Block((A, B), (C, D))`` is :math:`\begin{bmatrix}A&B\\C&D\end{bmatrix}`."""

    def __new__(cls, *rows: Any) -> MatrixExpr:
        rows = tuple(Tuple(*row) for row in rows)
        require_matrix("a block matrix", *[block for row in rows for block in row])
        if len({len(row) for row in rows}) != 1:
            raise ShapeError(f"the rows of a block matrix have {[len(row) for row in rows]} blocks; they must be equal")
        for row in rows:
            for block in row[1:]:
                _require_equal("one row of blocks", "rows", row[0], block)
        for column in zip(*rows, strict=True):
            for block in column[1:]:
                _require_equal("one column of blocks", "cols", column[0], block)
        return rows[0][0] if len(rows) == len(rows[0]) == 1 else MatrixExpr.__new__(cls, *rows)

    @property
    def shape(self) -> tuple[Any, Any]:
        return Add(*[row[0].rows for row in self.args]), Add(*[block.cols for block in self.args[0]])

    def _sympystr(self, printer: Any) -> str:
        return "[" + "; ".join(", ".join(printer._print(block) for block in row) for row in self.args) + "]"


def _require_equal(where: str, side: str, a: MatrixExpr, b: MatrixExpr) -> None:
    if not same_size(getattr(a, side), getattr(b, side)):
        raise ShapeError(
            f"{where} must agree in its number of {side}, got {a} ({text_shape(a)}) and {b} ({text_shape(b)})"
        )


def concat(*columns: Any) -> MatrixExpr:
    r""":math:`[h; x; \dots]`: matrices stacked one below another."""
    return Block(*[(column,) for column in columns])


def beside(*blocks: Any) -> MatrixExpr:
    r""":math:`[W\ U\ \dots]`: matrices side by side."""
    return Block(blocks)
