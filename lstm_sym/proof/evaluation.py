r"""Evaluate an expression over a number domain, entry by entry: one rule per node, no symbolic calculus.

A matrix value is a list of rows. Letters are looked up in a trajectory, which computes those that
the givens define; derivative nodes are dual numbers. Nothing here knows the rules of
``differentiate``, so that the two ways to a derivative share only the statement.
"""

from __future__ import annotations

from functools import singledispatch
from itertools import chain
from operator import mul
from typing import TYPE_CHECKING, Any

from sympy import Add, Expr, Mul, Pow, Rational, Symbol, ZeroMatrix
from sympy.matrices.expressions.matexpr import MatrixExpr

from ..activations import Applied, Elementwise, derivative, exp
from ..activations import X as ARGUMENT
from ..activations import Y as VALUE
from ..backpropagation import L
from ..nodes.algebra import (
    Eye,
    MatrixPower,
    MatrixProduct,
    MatrixSum,
    Ones,
    Trace,
    Transposed,
    coefficient,
    multiply,
    summands,
)
from ..nodes.binders import OrderedProduct, TimeSum
from ..nodes.block import Block
from ..nodes.derivatives import Partial, StopGradient, Total
from ..nodes.elementwise import Diag, Hadamard, HadamardPower, Maximum, Scaled
from ..nodes.normalisation import Deviation, Normalised
from ..nodes.operand import is_matrix
from ..symbols import At, Parameter
from .domains import Dual, Singular
from .polynomial import Unsupported

if TYPE_CHECKING:
    from .trajectory import Trajectory

Matrix = list[list[Any]]
POWER_LIMIT = 4096


def evaluate(expr: Expr, where: Trajectory) -> Any:
    """The value of ``expr``: a list of rows for a matrix, an element of the domain for a scalar."""
    try:
        return _value(expr, where)
    except ZeroDivisionError as error:
        raise Singular(str(error)) from None


@singledispatch
def _value(expr: Any, where: Trajectory) -> Any:
    raise TypeError(f"no value for {type(expr).__name__}; register one with @_value.register")


# --- scalars ------------------------------------------------------------------------------------


@_value.register(Rational)
def _(expr: Rational, where: Trajectory) -> Any:
    return where.domain.rational(int(expr.p), int(expr.q))


@_value.register(Symbol)
def _(expr: Symbol, where: Trajectory) -> Any:
    return where.scalar(expr)


@_value.register(Add)
def _(expr: Add, where: Trajectory) -> Any:
    total, *others = (_value(term, where) for term in expr.args)
    for term in others:
        total = total + term
    return total


@_value.register(Mul)
def _(expr: Mul, where: Trajectory) -> Any:
    product, *others = (_value(factor, where) for factor in expr.args)
    for factor in others:
        product = product * factor
    return product


@_value.register(Pow)
def _(expr: Pow, where: Trajectory) -> Any:
    """b^k; with half a step more, b^k √b."""
    base, one = _value(expr.base, where), where.domain.rational(1, 1)
    if expr.exp.is_Rational and expr.exp.q == 2:
        return power(base, int(expr.exp - Rational(1, 2)), one) * where.domain.sqrt(base)
    return power(base, where.integer(expr.exp), one)


@_value.register(Applied)
def _(expr: Applied, where: Trajectory) -> Any:
    return apply(expr.function, _value(expr.argument, where), where)


@_value.register(Trace)
def _(expr: Trace, where: Trajectory) -> Any:
    return sum_of((row[i] for i, row in enumerate(_value(expr.args[0], where))), where)


# --- matrices -----------------------------------------------------------------------------------


@_value.register(At)
@_value.register(Parameter)
def _(expr: Any, where: Trajectory) -> Matrix:
    return where.letter(expr)


@_value.register(ZeroMatrix)
def _(expr: ZeroMatrix, where: Trajectory) -> Matrix:
    return _filled(expr, where, lambda i, j: 0)


@_value.register(Eye)
def _(expr: Eye, where: Trajectory) -> Matrix:
    return _filled(expr, where, lambda i, j: int(i == j))


@_value.register(Ones)
def _(expr: Ones, where: Trajectory) -> Matrix:
    return _filled(expr, where, lambda i, j: 1)


@_value.register(MatrixSum)
def _(expr: MatrixSum, where: Trajectory) -> Matrix:
    total, *others = (_value(term, where) for term in expr.args)
    for term in others:
        total = plus(total, term)
    return total


@_value.register(MatrixProduct)
def _(expr: MatrixProduct, where: Trajectory) -> Matrix:
    values = [_value(factor, where) for factor in expr.matrices]
    if len(values[-1][0]) == 1:
        product = values[-1]
        for factor in reversed(values[:-1]):
            product = times(factor, product, where)
    else:
        product = values[0]
        for factor in values[1:]:
            product = times(product, factor, where)
    if expr.scalar == 1:
        return product
    scalar = _value(expr.scalar, where)
    return [[scalar * entry for entry in row] for row in product]


@_value.register(Transposed)
def _(expr: Transposed, where: Trajectory) -> Matrix:
    return [list(column) for column in zip(*_value(expr.args[0], where), strict=True)]


@_value.register(MatrixPower)
def _(expr: MatrixPower, where: Trajectory) -> Matrix:
    base, exponent = _value(expr.args[0], where), where.integer(expr.args[1])
    if abs(exponent) > POWER_LIMIT:
        raise Unsupported(f"the power {exponent} is too high to evaluate")
    if exponent < 0:
        base, exponent = inverse(base, where), -exponent
    product = _filled(expr, where, lambda i, j: int(i == j))
    while exponent:
        if exponent % 2:
            product = times(base, product, where)
        base, exponent = times(base, base, where), exponent // 2
    return product


@_value.register(Hadamard)
def _(expr: Hadamard, where: Trajectory) -> Matrix:
    product, *others = (_value(factor, where) for factor in expr.args)
    for factor in others:
        product = [[a * b for a, b in zip(p, q, strict=True)] for p, q in zip(product, factor, strict=True)]
    return product


@_value.register(HadamardPower)
def _(expr: HadamardPower, where: Trajectory) -> Matrix:
    exponent, one = where.integer(expr.args[1]), where.domain.rational(1, 1)
    return [[power(entry, exponent, one) for entry in row] for row in _value(expr.args[0], where)]


@_value.register(Elementwise)
def _(expr: Elementwise, where: Trajectory) -> Matrix:
    """f(A); over a field, where exp is a random function, exp(A - B) is exp(A) / exp(B) by definition."""
    if expr.function == exp and where.domain.random_exp:
        return _exp_by_terms(expr.argument, where)
    return [[apply(expr.function, entry, where) for entry in row] for row in _value(expr.argument, where)]


@_value.register(Maximum)
def _(expr: Maximum, where: Trajectory) -> Matrix:
    left, right = (_value(side, where) for side in expr.args)
    return [[larger(a, b, where) for a, b in zip(p, q, strict=True)] for p, q in zip(left, right, strict=True)]


@_value.register(Scaled)
def _(expr: Scaled, where: Trajectory) -> Matrix:
    ((scale,),) = _value(expr.scale, where)
    return [[scale * entry for entry in row] for row in _value(expr.matrix, where)]


@_value.register(Deviation)
@_value.register(Normalised)
def _(expr: Any, where: Trajectory) -> Matrix:
    return _value(expr.meaning, where)


@_value.register(Diag)
def _(expr: Diag, where: Trajectory) -> Matrix:
    vector, nought = _value(expr.args[0], where), where.domain.rational(0, 1)
    return [[entry if i == j else nought for j in range(len(vector))] for i, (entry,) in enumerate(vector)]


@_value.register(Block)
def _(expr: Block, where: Trajectory) -> Matrix:
    rows: Matrix = []
    for blocks in expr.args:
        values = [_value(block, where) for block in blocks]
        rows += [list(chain.from_iterable(parts)) for parts in zip(*values, strict=True)]
    return rows


@_value.register(TimeSum)
def _(expr: TimeSum, where: Trajectory) -> Matrix:
    total = _filled(expr, where, lambda i, j: 0)
    for k in range(where.integer(expr.low), where.integer(expr.high) + 1):
        total = plus(total, _value(expr.body, where.at(expr.index, k)))
    return total


@_value.register(OrderedProduct)
def _(expr: OrderedProduct, where: Trajectory) -> Matrix:
    product = _filled(expr, where, lambda i, j: int(i == j))
    for k in range(where.integer(expr.low), where.integer(expr.high) + 1):
        product = times(_value(expr.body, where.at(expr.index, k)), product, where)
    return product


# --- derivatives, by dual numbers ----------------------------------------------------------------


@_value.register(StopGradient)
def _(expr: StopGradient, where: Trajectory) -> Matrix:
    return [[where.hold(entry) for entry in row] for row in _value(expr.args[0], where)]


@_value.register(Partial)
def _(expr: Partial, where: Trajectory) -> Matrix:
    return where.immediate(expr.of, expr.wrt)


@_value.register(Total)
def _(expr: Total, where: Trajectory) -> Matrix:
    if is_matrix(expr.of):
        return where.total(expr.of, expr.wrt)
    if expr.of != L:
        raise Unsupported(f"{expr}: the only scalar with a total derivative is the loss {L}")
    return where.gradient(expr.wrt)


# --- arithmetic of entries -----------------------------------------------------------------------


def apply(function: Any, x: Any, where: Trajectory) -> Any:
    """``function`` at one element; a prime is the derivative by dual numbers, or the opaque function's own."""
    if function.row is None:
        return where.domain.opaque(function.name, function.order, x)
    if function.order == 0:
        return where.domain.call(function.row, x)
    if function.order == 1:
        return where.slope(function, x)
    formula = derivative(function.func(function.name, function.order - 1))
    value = where.domain.call(function.row, x)
    return _value(formula, where.holding({ARGUMENT: x, VALUE: value}))


def larger(a: Any, b: Any, where: Trajectory) -> Any:
    return b + (a - b) * where.domain.step(a - b)


def _exp_by_terms(argument: MatrixExpr, where: Trajectory) -> Matrix:
    """exp(Σ c A) = ∏ exp(A)^c with integer numbers c; a term with another number is taken whole."""
    product = _filled(argument, where, lambda i, j: 1)
    one = where.domain.rational(1, 1)
    for term in summands(argument):
        number = coefficient(term)
        bare, count = (-term, -1) if number == -1 else (term, 1)
        if number.is_Integer and abs(number) != 1:
            bare, count = multiply(*term.matrices), int(number)
        values = [[power(apply(exp, entry, where), count, one) for entry in row] for row in _value(bare, where)]
        product = [[a * b for a, b in zip(p, q, strict=True)] for p, q in zip(product, values, strict=True)]
    for exponents, powers in zip(_value(argument, where), product, strict=True):
        for exponent, power_of_it in zip(exponents, powers, strict=True):
            where.domain.remember(exponent, power_of_it)
    return product


def plus(a: Matrix, b: Matrix) -> Matrix:
    return [[x + y for x, y in zip(p, q, strict=True)] for p, q in zip(a, b, strict=True)]


def times(a: Matrix, b: Matrix, where: Trajectory) -> Matrix:
    if len(a[0]) != len(b):
        raise ValueError(f"a product of matrices with {len(a[0])} columns and {len(b)} rows")
    columns = list(zip(*b, strict=True))
    return [[sum_of(map(mul, row, column), where) for column in columns] for row in a]


def sum_of(terms: Any, where: Trajectory) -> Any:
    terms = iter(terms)
    total = next(terms, None)
    if total is None:
        return where.domain.rational(0, 1)
    for term in terms:
        total = total + term
    return total


def power(base: Any, exponent: int, one: Any) -> Any:
    if abs(exponent) > POWER_LIMIT:
        raise Unsupported(f"the power {exponent} is too high to evaluate")
    value, count = one, abs(exponent)
    while count:
        if count % 2:
            value = value * base
        base, count = base * base, count // 2
    return value if exponent >= 0 else one / value


def inverse(matrix: Matrix, where: Trajectory) -> Matrix:
    """Gauss-Jordan elimination; dual entries carry their tangents through it."""
    size = len(matrix)
    one, nought = where.domain.rational(1, 1), where.domain.rational(0, 1)
    rows = [[*row, *(one if i == j else nought for j in range(size))] for i, row in enumerate(matrix)]
    for k in range(size):
        pivot = next((i for i in range(k, size) if _invertible(rows[i][k])), None)
        if pivot is None:
            raise Singular("a singular matrix has no inverse")
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [entry / rows[k][k] for entry in rows[k]]
        for i in range(size):
            if i != k:
                rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[size:] for row in rows]


def _invertible(entry: Any) -> bool:
    value = entry.value if isinstance(entry, Dual) else entry
    return bool(value != 0)


def _filled(expr: Any, where: Trajectory, entry: Any) -> Matrix:
    """A matrix of zeros and ones, by ``entry``."""
    rows, cols = where.size(expr.rows), where.size(expr.cols)
    numbers = where.domain.rational(0, 1), where.domain.rational(1, 1)
    return [[numbers[entry(i, j)] for j in range(cols)] for i in range(rows)]
