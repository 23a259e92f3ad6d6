r"""What agreement over the finite field does not cover: then no error bound holds, and the verdict is no ``probable``.

A statement in free letters at symbolic sizes is covered by sizes that are at least the number of summation indices in
a term, as the field check argues. What depends on the value of an index, on a size as a number, on the sign of a field
element or on a definition that runs through time has been tried at a few places only.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from sympy import Add, Mul, Pow, Symbol

from ..activations import Activation, Applied, Elementwise
from ..nodes.algebra import MatrixPower, MatrixProduct, MatrixSum, Trace, Transposed
from ..nodes.binders import Binder
from ..nodes.block import Block
from ..nodes.derivatives import Derivative, StopGradient
from ..nodes.elementwise import Diag, Hadamard, HadamardPower
from ..nodes.scalars import ScalarOf
from ..symbols import At, letters
from .given import Given, fixed_definitions
from .instantiation import FIELD_SIZES

JUMPS = ("step", "relu")
SMALLEST = min(min(row[:2]) for row in FIELD_SIZES)
"""The smallest size that is tried for sure."""


def what_is_not_covered(given: Given, *sides: Any) -> str:
    """Of what the field has tried a few values only; empty for a statement that it covers."""
    if any(side.atoms(Derivative, Binder, ScalarOf) for side in sides):
        return "index"
    if any(isinstance(a, At) and given.general_definition(a.sequence) is not None for s in sides for a in letters(s)):
        return "index"
    if any(letter in fixed_definitions(given) for side in sides for letter in letters(side)):
        return "index"
    if any(function.name in JUMPS for side in sides for function in side.atoms(Activation)):
        return "sign"
    if any(_has_counts(side) for side in sides):
        return "index and size"
    return "" if max(map(contractions, sides)) <= SMALLEST else "size"


def _has_counts(expr: Any) -> bool:
    """Whether an index or a size is a number of the expression, outside shapes and the indices of letters."""
    if isinstance(expr, Symbol):
        return bool(expr.is_integer)
    return bool(expr.args) and not letters_alone(expr) and any(_has_counts(part) for part in expr.args)


def letters_alone(expr: Any) -> bool:
    """Whether the node is a letter or a constant matrix, whose arguments are names, sizes and indices."""
    return bool(expr.is_Matrix) and letters(expr) in ((expr,), ())


@singledispatch
def contractions(expr: Any) -> int:
    """At most how many indices are summed over in a term of the expression."""
    return 0


@contractions.register(MatrixSum)
@contractions.register(Add)
@contractions.register(Block)
def _(expr: Any) -> int:
    parts = [block for row in expr.args for block in row] if isinstance(expr, Block) else expr.args
    return max(map(contractions, parts))


@contractions.register(Mul)
@contractions.register(Hadamard)
def _(expr: Any) -> int:
    return sum(map(contractions, expr.args))


@contractions.register(MatrixProduct)
def _(expr: MatrixProduct) -> int:
    return contractions(expr.scalar) + sum(map(contractions, expr.matrices)) + len(expr.matrices) - 1


@contractions.register(Pow)
@contractions.register(HadamardPower)
@contractions.register(MatrixPower)
def _(expr: Any) -> int:
    """A power multiplies; the inverse of a matrix mixes all of its indices."""
    base, exponent = expr.args
    if not exponent.is_Integer or (exponent < 0 and isinstance(expr, MatrixPower)):
        return SMALLEST + 1
    inside = contractions(base) * abs(int(exponent))
    return inside + abs(int(exponent)) - 1 if isinstance(expr, MatrixPower) else inside


@contractions.register(Trace)
def _(expr: Trace) -> int:
    return contractions(expr.args[0]) + 1


@contractions.register(Transposed)
@contractions.register(Diag)
@contractions.register(StopGradient)
def _(expr: Any) -> int:
    return contractions(expr.args[0])


@contractions.register(Elementwise)
@contractions.register(Applied)
def _(expr: Any) -> int:
    return contractions(expr.argument)
