r"""An equation as NumPy source over a batch: every column is a row, leading axes are time and batch.

:math:`W h + U x + b` becomes ``h @ W.T + x @ U.T + b``. A parameter keeps the orientation of the
mathematics: a matrix is (rows, cols), a column is a plain vector (rows,), which broadcasts over rows.
A matrix that differs from row to row, a memory, keeps its orientation too: (..., rows, cols).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from sympy import Expr, Integer

from ..activations import Elementwise
from ..nodes.algebra import Eye, MatrixProduct, MatrixSum, Ones, Transposed, Zero, multiply
from ..nodes.block import Block
from ..nodes.derivatives import StopGradient
from ..nodes.elementwise import Diag, Hadamard, HadamardPower, Maximum, Scaled
from ..nodes.normalisation import Deviation, Normalised
from ..nodes.operand import is_matrix
from ..symbols import At, Parameter, letters
from ..textbook_form import tidy
from .numpy_code import bracketed, call, plain, power, signed_sum, to_numpy


@dataclass(frozen=True, slots=True)
class Rows:
    """What code can refer to: the text of each letter and size, and the names of the leading axes."""

    names: Mapping[Any, str]
    lead: tuple[str, ...]

    def size(self, size: Expr) -> str:
        return to_numpy(size, self.names) if size not in self.names else self.names[size]

    def shape(self, *sizes: Expr) -> str:
        return f"({', '.join([*self.lead, *[plain(self.size(size)) for size in sizes]])})"


def row_source(expr: Any, rows: Rows) -> str:
    """The source of a value in rows, with no bracket that Python does not need."""
    return plain(to_rows(expr, rows))


def total_source(expr: Any, rows: Rows) -> str:
    r"""The source of a parameter's gradient: ``expr`` summed over the leading axes.

    A column is summed as it is; an outer product :math:`u v^\top` is one matrix product over all steps and rows,
    another matrix is summed entry by entry.
    """
    return plain(_total(expr, rows))


@singledispatch
def to_rows(expr: Any, rows: Rows) -> str:
    """The code of a column vector, (..., rows), or of another matrix, (..., rows, cols)."""
    raise TypeError(f"no row form for {type(expr).__name__} ({expr}); register one with @to_rows.register")


@to_rows.register(At)
@to_rows.register(Parameter)
def _(expr: Any, rows: Rows) -> str:
    if expr not in rows.names:
        raise ValueError(f"{expr} has no value here")
    return rows.names[expr]


@to_rows.register(Zero)
@to_rows.register(Ones)
def _(expr: Any, rows: Rows) -> str:
    return f"np.{'zeros' if isinstance(expr, Zero) else 'ones'}({rows.shape(*axes_of(expr))}, dtype)"


@to_rows.register(MatrixSum)
def _(expr: MatrixSum, rows: Rows) -> str:
    return signed_sum(
        list(expr.args), lambda term: to_rows(term, rows) if is_matrix(term) else to_numpy(term, rows.names)
    )


@to_rows.register(Hadamard)
def _(expr: Hadamard, rows: Rows) -> str:
    return " * ".join(bracketed(to_rows(factor, rows)) for factor in expr.args)


@to_rows.register(HadamardPower)
def _(expr: HadamardPower, rows: Rows) -> str:
    base, exponent = expr.args
    return power(bracketed(to_rows(base, rows)), exponent, bracketed(to_numpy(exponent, rows.names)))


@to_rows.register(Elementwise)
def _(expr: Elementwise, rows: Rows) -> str:
    return call(expr.function, to_rows(expr.argument, rows), rows.names)


@to_rows.register(Maximum)
def _(expr: Maximum, rows: Rows) -> str:
    sides = ["1" if isinstance(side, Ones) else to_rows(side, rows) for side in expr.args]
    return f"np.maximum({', '.join(sides)})"


@to_rows.register(Scaled)
def _(expr: Scaled, rows: Rows) -> str:
    """A row of one entry broadcasts over the entries of the other; over a matrix, with an axis more."""
    scale = bracketed(to_rows(expr.scale, rows)) + ("" if expr.cols == 1 else "[..., None]")
    return f"{scale} * {bracketed(to_rows(expr.matrix, rows))}"


@to_rows.register(Transposed)
def _(expr: Transposed, rows: Rows) -> str:
    if not varies(expr):
        return _constant(expr, rows)
    text = to_rows(expr.args[0], rows)
    return f"np.expand_dims({text}, -2)" if expr.rows == 1 else f"np.swapaxes({text}, -1, -2)"


@to_rows.register(Normalised)
@to_rows.register(Deviation)
def _(expr: Any, rows: Rows) -> str:
    return f"{type(expr).__name__.lower()}({to_rows(expr.args[0], rows)})"


@to_rows.register(StopGradient)
def _(expr: StopGradient, rows: Rows) -> str:
    """The value passes; only derivatives stop."""
    return to_rows(expr.args[0], rows)


@to_rows.register(Block)
def _(expr: Block, rows: Rows) -> str:
    """[u; v]: side by side along the last axis."""
    _require_column(expr)
    parts = [
        to_rows(row[0], rows)
        if varies(row[0])
        else f"np.broadcast_to({to_rows(row[0], rows)}, {rows.shape(row[0].rows)})"
        for row in expr.args
    ]
    return f"np.concatenate(({', '.join(parts)}), axis=-1)"


@to_rows.register(MatrixProduct)
def _(expr: MatrixProduct, rows: Rows) -> str:
    """α A B ⋯ v, from the right: every partial product is a vector. α A B ⋯ otherwise, u vᵀ as an outer product."""
    *factors, last = expr.matrices
    if expr.cols != 1:
        text = _matrix_product(expr, rows)
    else:
        text, so_far = to_rows(last, rows), last
        for factor in reversed(factors):
            text, so_far = _applied(factor, so_far, text, rows), multiply(factor, so_far)
    if expr.scalar == 1:
        return text
    scalar = to_numpy(expr.scalar, rows.names)
    return f"-{bracketed(text)}" if expr.scalar == -1 else f"{bracketed(scalar)} * {bracketed(text)}"


def _matrix_product(expr: MatrixProduct, rows: Rows) -> str:
    """The product, without its number: one matrix for each row."""
    bare = multiply(*expr.matrices)
    columns = outer_columns(bare)
    if columns is not None:
        return f"outer({to_rows(columns[0], rows)}, {to_rows(columns[1], rows)})"
    return " @ ".join(bracketed(to_rows(factor, rows)) for factor in expr.matrices)


def _applied(factor: Any, vector: Any, text: str, rows: Rows) -> str:
    """A v for one factor A of a product; ``text`` is the code of the column v."""
    if isinstance(factor, Diag):
        return f"{bracketed(to_rows(factor.args[0], rows))} * {bracketed(text)}"
    if factor.cols == 1:
        return f"{bracketed(to_rows(factor, rows))} * {bracketed(text)}"
    if isinstance(factor, Ones) and factor.rows == 1:
        return f"np.sum({text}, axis=-1, keepdims=True)"
    if factor.rows == 1 and not isinstance(factor, Parameter):
        left = to_rows(tidy(Transposed(factor)), rows)
        return f"np.sum({bracketed(left)} * {bracketed(text)}, axis=-1, keepdims=True)"
    picked = _picked(factor, rows)
    if picked is not None:
        return f"{bracketed(text)}[..., {picked}]"
    if varies(factor) and isinstance(vector, Ones):
        return f"np.sum({to_rows(factor, rows)}, axis=-1)"
    if varies(factor):
        return f"applied({to_rows(factor, rows)}, {text})"
    return f"{bracketed(text)} @ {bracketed(_constant(Transposed(factor), rows))}"


def _picked(factor: Any, rows: Rows) -> str | None:
    """The slice that [0 … I … 0] takes from a vector; ``None`` for another matrix."""
    start = picked_from(factor)
    if start is None:
        return None
    stop = start + factor.rows
    low = "" if start == 0 else rows.size(start)
    return f"{low}:" if stop == factor.cols else f"{low}:{rows.size(stop)}"


def picked_from(factor: Any) -> Expr | None:
    """The first entry of those that [0 … I … 0] takes from a vector; ``None`` for another matrix."""
    if not (isinstance(factor, Block) and len(factor.args) == 1):
        return None
    blocks = list(factor.args[0])
    where = [k for k, block in enumerate(blocks) if isinstance(block, Eye)]
    if len(where) != 1 or not all(isinstance(block, Eye | Zero) for block in blocks):
        return None
    return sum((block.cols for block in blocks[: where[0]]), Integer(0))


def _constant(expr: Any, rows: Rows) -> str:
    """The code of a matrix of parameters."""
    if isinstance(expr, Transposed):
        return f"{bracketed(_constant(expr.args[0], rows))}.T"
    if isinstance(expr, Block):
        lines = [", ".join(_constant(block, rows) for block in row) for row in expr.args]
        return f"np.block([{', '.join(f'[{line}]' for line in lines)}])"
    if isinstance(expr, Parameter) and expr.cols != 1:
        return rows.names[expr]
    raise TypeError(f"no row form for the constant matrix {expr}; write the cell with a parameter in its place")


def _total(expr: Any, rows: Rows) -> str:
    if isinstance(expr, Zero):
        sizes = [rows.size(size) for size in (expr.shape if expr.cols != 1 else expr.shape[:1])]
        return f"np.zeros(({', '.join(sizes)}{',' if len(sizes) == 1 else ''}), dtype)"
    if not varies(expr):
        raise TypeError(f"the gradient {expr} of one step is the same at every step; it has no row form")
    if expr.cols == 1:
        return f"{bracketed(to_rows(expr, rows))}.sum(axis={tuple(range(len(rows.lead)))})"
    if isinstance(expr, MatrixSum):
        return signed_sum(list(expr.args), lambda term: _total(term, rows))
    if isinstance(expr, StopGradient):
        return _total(expr.args[0], rows)
    columns = outer_columns(expr) if isinstance(expr, MatrixProduct) else None
    if columns is not None:
        return f"over_steps({to_rows(columns[0], rows)}, {to_rows(columns[1], rows)})"
    return f"{bracketed(to_rows(expr, rows))}.sum(axis={tuple(range(len(rows.lead)))})"


def outer_columns(expr: MatrixProduct) -> tuple[Any, Any] | None:
    """The columns u and v of a product that is an outer product; ``None`` for another one."""
    factors = expr.matrices
    for k in range(1, len(factors)):
        if factors[k - 1].cols == 1:
            turned = [tidy(Transposed(factor)) for factor in reversed(factors[k:])]
            return multiply(expr.scalar, *factors[:k]), multiply(*turned)
    return None


def axes_of(letter: Any) -> tuple[Expr, ...]:
    """The sizes of the axes of a value beside the leading ones: a column has one."""
    return letter.shape[:1] if letter.shape[1] == 1 else letter.shape


def outer_of(expr: Any) -> list[tuple[Any, Any]] | None:
    """The columns u and v of every term of a sum of outer products; ``None`` for another matrix."""
    if isinstance(expr, StopGradient):
        return outer_of(expr.args[0])
    terms = expr.args if isinstance(expr, MatrixSum) else (expr,)
    pairs = [outer_columns(term) if isinstance(term, MatrixProduct) else None for term in terms]
    return None if None in pairs else [pair for pair in pairs if pair is not None]


def varies(expr: Any) -> bool:
    """Whether an expression differs from step to step or from row to row."""
    return any(isinstance(letter, At) for letter in letters(expr))


def _require_column(expr: Any) -> None:
    if expr.cols != 1:
        raise TypeError(
            f"no row form for {expr} of shape ({expr.rows}, {expr.cols}): rows put columns below each other, "
            "not matrices"
        )
