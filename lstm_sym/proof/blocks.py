r"""Where a matrix is cut into blocks, and which block an index range names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sympy import Add, Expr

from ..activations import Elementwise
from ..nodes.algebra import MatrixProduct, MatrixSum, Transposed
from ..nodes.binders import OrderedProduct, TimeSum
from ..nodes.block import Block
from ..nodes.derivatives import Derivative, StopGradient
from ..nodes.elementwise import Diag, Hadamard, HadamardPower, Maximum, Scaled
from ..nodes.normalisation import Normalised
from ..nodes.operand import same_size
from ..symbols import At, Parameter
from .polynomial import Unsupported

if TYPE_CHECKING:
    from .normal_form import NormalForm

Part = tuple[Expr, Expr] | None
"""A block of rows or columns as (offset, size), or ``None`` for all of them."""


def parts_of(expr: Expr, axis: int, to: NormalForm) -> tuple[Part, ...]:
    """Where an axis is cut into blocks; ``(None,)`` for one that is not."""
    key = expr, axis, to.conditions.scope
    if key not in to.parts:
        to.parts[key] = _parts(expr, axis, to)
    return to.parts[key]


def _parts(expr: Expr, axis: int, to: NormalForm) -> tuple[Part, ...]:
    if isinstance(expr, Block):
        own = _own_parts(expr, axis)
        return parts_of(expr.args[0][0], axis, to) if len(own) == 1 else own
    if isinstance(expr, MatrixProduct):
        return parts_of(expr.matrices[0 if axis == 0 else -1], axis, to)
    if isinstance(expr, Transposed):
        return parts_of(expr.args[0], 1 - axis, to)
    if isinstance(expr, Diag):
        return parts_of(expr.args[0], 0, to)
    if isinstance(expr, Elementwise | OrderedProduct | TimeSum | HadamardPower | StopGradient):
        inner = expr.argument if isinstance(expr, Elementwise) else expr.args[0]
        return parts_of(inner, axis, to)
    if isinstance(expr, Scaled | Normalised):
        return parts_of(expr.args[-1], axis, to)
    if isinstance(expr, MatrixSum | Hadamard | Maximum):
        parts: tuple[Part, ...] = (None,)
        for term in expr.args:
            parts = common_parts(parts, parts_of(term, axis, to))
        return parts
    if isinstance(expr, At | Parameter | Derivative):
        meaning = to.value_of(expr) if isinstance(expr, Derivative) else to.unfold(expr)
        return (None,) if meaning is None else parts_of(meaning, axis, to)
    return (None,)


def common_parts(a: tuple[Part, ...], b: tuple[Part, ...]) -> tuple[Part, ...]:
    if a == (None,) or a == b:
        return b
    if b == (None,):
        return a
    raise Unsupported(f"blocks {a} and {b} do not fit one another")


def part_size(expr: Any, axis: int, part: Part) -> Expr:
    return expr.shape[axis] if part is None else part[1]


def located(expr: Block, axis: int, part: Part) -> tuple[int, Part]:
    """The block of rows (or columns) that a part names, and what is left of the part inside it."""
    count = len(expr.args) if axis == 0 else len(expr.args[0])
    if count == 1:
        return 0, part
    for k, own in enumerate(_own_parts(expr, axis)):
        if part is not None and own is not None and same_size(own[0], part[0]) and same_size(own[1], part[1]):
            return k, None
    raise Unsupported(f"{expr} is not cut at {part}")


def _own_parts(expr: Block, axis: int) -> tuple[Part, ...]:
    """The cuts of a block matrix between its own blocks."""
    blocks = [row[0] for row in expr.args] if axis == 0 else list(expr.args[0])
    sizes = [block.shape[axis] for block in blocks]
    return tuple((Add(*sizes[:k]), size) for k, size in enumerate(sizes))


def off_diagonal(expr: Expr, rows: Part, cols: Part) -> dict[Any, Any]:
    """The zero polynomial, for a block of a diagonal matrix that surely lies off its diagonal."""
    if rows is None or cols is None:
        raise Unsupported(f"{expr} cut on one side only")
    (top, height), (left, width) = rows, cols
    apart = (left - top - height).is_nonnegative or (top - left - width).is_nonnegative
    if not apart:
        raise Unsupported(f"{expr} cut differently by rows and columns")
    return {}
