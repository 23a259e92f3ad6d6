r"""One entry of an expression as C, or in another language with its operators; one rule per node.

:math:`f\odot c` is ``f * c`` for entry j of a column. In a matrix, the entry is that in row j and column col: of
:math:`u v^\top`, entry j of u times entry col of v. A part that is no entry of its own, a product with a matrix or a
sum over entries, is an operation that stands before; its result is read by entries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import singledispatch
from typing import Any, Protocol

from sympy import Add, Expr, Float, Integer, Mul, NumberSymbol, Pow, Rational, Symbol, preorder_traversal

from ..activations import Elementwise
from ..nodes.algebra import MatrixProduct, MatrixSum, Ones, Transposed, Zero, coefficient, multiply
from ..nodes.block import Block
from ..nodes.derivatives import StopGradient
from ..nodes.elementwise import Diag, Hadamard, HadamardPower, Maximum, Scaled
from ..nodes.normalisation import Deviation, Normalised
from ..nodes.operand import is_matrix
from ..symbols import At, Parameter
from ..textbook_form import tidy
from .c_operations import TOKEN, Place
from .language import Language
from .numpy_code import ATOM
from .rows import outer_columns, picked_from, varies


class Body(Protocol):
    """What takes the operations that stand before an entry."""

    @property
    def names(self) -> Mapping[Any, str]:
        """The names of parameters and sizes."""

    @property
    def language(self) -> Language:
        """How entries are written."""

    def place(self, letter: Any) -> Place:
        """Where the values of a letter at a step lie."""

    def stored(self, value: Any) -> Place:
        """A place that holds the value."""

    def axes(self, value: Any) -> tuple[str, ...]:
        """How many entries a column has, or how many rows and columns a matrix."""

    def summed(self, value: str, axes: tuple[str, ...], finish: str) -> Place:
        """A place that holds a sum over the entries of every row."""

    def applied(self, matrix: Any, operand: Place) -> Place:
        """A place that holds a constant matrix times what lies at the operand's."""

    def along(self, value: str, axes: tuple[str, ...], down: bool) -> Place:
        """A place that holds the sums of the entries of a matrix along its rows, or down its columns."""

    def composed(self, value: str, axes: tuple[str, ...], inner: str) -> Place:
        """A place that holds a product of two matrices."""


def size_text(size: Any, names: Mapping[Any, str]) -> str:
    """A size, a sum of whole multiples of sizes, as a whole number."""
    terms = []
    for term in Add.make_args(size):
        number, symbol = term.as_coeff_Mul()
        if symbol == 1:
            terms.append(str(number))
        else:
            terms.append(names[symbol] if number == 1 else f"{number} * {names[symbol]}")
    return " + ".join(terms)


@singledispatch
def to_c(expr: Any, body: Body) -> str:
    """The text of entry j of a column, of the entry in row j and column col of a matrix, or of a scalar."""
    raise TypeError(
        f"no {body.language.name} form for {type(expr).__name__} ({expr}); register one with @to_c.register"
    )


@to_c.register(At)
def _(expr: At, body: Body) -> str:
    return _entry(body.place(expr))


@to_c.register(Parameter)
def _(expr: Parameter, body: Body) -> str:
    if expr.cols != 1:
        return _entry_of(expr, "j", "col", body)
    return f"{body.names[expr]}[{'0' if expr.rows == 1 else 'j'}]"


@to_c.register(Zero)
@to_c.register(Ones)
def _(expr: Any, body: Body) -> str:
    return body.language.number.format("0" if isinstance(expr, Zero) else "1")


@to_c.register(MatrixSum)
def _(expr: MatrixSum, body: Body) -> str:
    return _signed(list(expr.args), body)


@to_c.register(Hadamard)
def _(expr: Hadamard, body: Body) -> str:
    return " * ".join(_inside(factor, body) for factor in expr.args)


@to_c.register(HadamardPower)
@to_c.register(Pow)
def _(expr: Any, body: Body) -> str:
    base, exponent = expr.args
    return _power(_inside(base, body), exponent, to_c(exponent, body), body.language)


@to_c.register(Elementwise)
def _(expr: Elementwise, body: Body) -> str:
    argument = to_c(expr.argument, body)
    if expr.function.name == "identity" and not expr.function.order:
        return argument
    functions, name = body.language.functions, expr.function.name
    if expr.function.order or name not in functions:
        raise TypeError(
            f"no {body.language.name} form for the function {expr.function.text}; "
            "add it to the functions of the language"
        )
    return f"{functions[name]}({argument})"


@to_c.register(Maximum)
def _(expr: Maximum, body: Body) -> str:
    return f"{body.language.functions['larger']}({to_c(expr.args[0], body)}, {to_c(expr.args[1], body)})"


@to_c.register(Scaled)
def _(expr: Scaled, body: Body) -> str:
    return f"{_inside(expr.scale, body)} * {_inside(expr.matrix, body)}"


@to_c.register(Deviation)
def _(expr: Deviation, body: Body) -> str:
    return f"‹{_deviation(expr.args[0], body)[1].name}:0›"


@to_c.register(Normalised)
def _(expr: Normalised, body: Body) -> str:
    mean, deviation = _deviation(expr.args[0], body)
    return f"({to_c(expr.args[0], body)} - ‹{mean.name}:0›) / ‹{deviation.name}:0›"


@to_c.register(StopGradient)
def _(expr: StopGradient, body: Body) -> str:
    """The value passes; only derivatives stop."""
    return to_c(expr.args[0], body)


@to_c.register(Block)
def _(expr: Block, body: Body) -> str:
    if expr.cols != 1:
        raise TypeError(f"no {body.language.name} form for {expr}: columns are put below each other, not matrices")
    return _entry(body.stored(expr))


@to_c.register(Transposed)
def _(expr: Transposed, body: Body) -> str:
    if expr.rows == 1:
        return _across(to_c(expr.args[0], body))
    return _entry_of(expr, "j", "0" if expr.cols == 1 else "col", body)


@to_c.register(MatrixProduct)
def _(expr: MatrixProduct, body: Body) -> str:
    text = _column_product(expr, body) if expr.cols == 1 else _matrix_product(expr, body)
    if expr.scalar == 1:
        return text
    return f"-{_bracketed(text)}" if expr.scalar == -1 else f"{_inside(expr.scalar, body)} * {_bracketed(text)}"


def _column_product(expr: MatrixProduct, body: Body) -> str:
    """A B ⋯ v, from the right: every partial product is a column."""
    *factors, last = expr.matrices
    text, so_far = to_c(last, body), last
    while factors:
        factor = factors.pop()
        if varies(factor) and isinstance(so_far, Ones) and factors and isinstance(factors[-1], Ones):
            so_far = multiply(factors.pop(), factor, so_far)
            text = _entry(body.summed(to_c(factor, body), body.axes(factor), "total"))
        else:
            text, so_far = _applied(factor, so_far, text, body), multiply(factor, so_far)
    return text


def _matrix_product(expr: MatrixProduct, body: Body) -> str:
    """u vᵀ entry by entry; A B ⋯ otherwise, from the left."""
    columns = outer_columns(multiply(*expr.matrices))
    if columns is not None:
        left, right = (None if isinstance(column, Ones) else _inside(column, body) for column in columns)
        return " * ".join(text for text in (left, right and _across(right)) if text) or to_c(Ones(1, 1), body)
    made, *factors = expr.matrices
    so_far: Any = made
    for factor in factors:
        so_far, value = multiply(so_far, factor), _entry_of(made, "j", "inner", body)
        value += f" * {_entry_of(factor, 'inner', 'col', body)}"
        made = body.composed(value, body.axes(so_far), body.axes(factor)[0])
    return _entry(made)


def _applied(factor: Any, vector: Any, text: str, body: Body) -> str:
    """Entry j of A v for one factor A; ``text`` is an entry of v."""
    if isinstance(factor, Diag):
        return f"{_inside(factor.args[0], body)} * {_bracketed(text)}"
    if factor.cols == 1:
        return f"{_inside(factor, body)} * {_bracketed(text)}"
    if factor.rows == 1 and not isinstance(factor, Parameter):
        column = tidy(Transposed(factor))
        left = "" if isinstance(column, Ones) else f"{_inside(column, body)} * "
        return _entry(body.summed(left + (_bracketed(text) if left else text), body.axes(column), "total"))
    if varies(factor):
        return _varying_applied(factor, vector, text, body)
    start = picked_from(factor)
    place = body.stored(vector)
    if start is not None:
        return f"‹{place.name}:{size_text(start, body.names)} + j›"
    return _entry(body.applied(factor, place))


def _varying_applied(factor: Any, vector: Any, text: str, body: Body) -> str:
    """Entry j of A v for a matrix that differs from row to row; of a transposed one, by sums down its columns."""
    upright = _untransposed(factor)
    matrix = _inside(factor if upright is None else upright, body)
    if not (isinstance(vector, Parameter | Ones) or TOKEN.fullmatch(text)):
        text = _entry(body.stored(vector))
    entry = "" if isinstance(vector, Ones) else f" * {text if upright is not None else _across(text)}"
    axes = body.axes(factor if upright is None else upright)
    return _entry(body.along(matrix + entry, axes, down=upright is not None))


def _untransposed(expr: Any) -> Any:
    """The transpose of a matrix, where that is written with fewer transposes; ``None`` for another matrix."""
    turned = tidy(Transposed(expr))
    return turned if _transposes(turned) < _transposes(expr) else None


def _transposes(expr: Any) -> int:
    return sum(isinstance(node, Transposed) for node in preorder_traversal(expr))


def _deviation(value: Any, body: Body) -> tuple[Place, Place]:
    """The mean and the standard deviation of the entries of each row."""
    width, entry = size_text(value.rows, body.names), to_c(value, body)
    count, root = body.language.real.format(f"({width})"), body.language.functions["square_root"]
    mean = body.summed(entry, body.axes(value), f"total / {count}")
    centred = f"({_bracketed(entry)} - ‹{mean.name}:0›)"
    return mean, body.summed(f"{centred} * {centred}", body.axes(value), f"{root}(total / {count})")


# --- scalars ------------------------------------------------------------------------------------


@to_c.register(Integer)
def _(expr: Integer, body: Body) -> str:
    return body.language.number.format(expr)


@to_c.register(Rational)
@to_c.register(Float)
@to_c.register(NumberSymbol)
def _(expr: Any, body: Body) -> str:
    return body.language.real.format(f"{float(expr)!r}")


@to_c.register(Symbol)
def _(expr: Symbol, body: Body) -> str:
    return body.names[expr]


@to_c.register(Add)
def _(expr: Add, body: Body) -> str:
    return _signed(expr.as_ordered_terms(), body)


@to_c.register(Mul)
def _(expr: Mul, body: Body) -> str:
    number, rest = expr.as_coeff_Mul()
    if number == -1:
        return f"-{_inside(rest, body)}"
    factors = expr.as_ordered_factors() if number == 1 else [number, *Mul.make_args(rest)]
    return " * ".join(_inside(factor, body) for factor in factors)


# --- what the rules share -----------------------------------------------------------------------


def _bracketed(text: str) -> str:
    return text if TOKEN.fullmatch(text) or ATOM.fullmatch(text) else f"({text})"


def _entry(place: Place) -> str:
    """A column of one entry serves every entry of the others."""
    return f"‹{place.name}:0›" if place.width == "1" else place.token


def _entry_of(matrix: Any, row: str, col: str, body: Body) -> str:
    """The entry of a matrix in a row and a column of it; one that is no letter is stored, not transposed if it can."""
    if isinstance(matrix, Transposed):
        return _entry_of(matrix.args[0], col, row, body)
    if isinstance(matrix, Parameter):
        return body.language.entry.format(body.names[matrix], row, col, body.axes(matrix)[1])
    if not isinstance(matrix, At | Place):
        upright = _untransposed(matrix)
        return (
            _entry_of(body.stored(matrix), row, col, body)
            if upright is None
            else _entry_of(body.stored(upright), col, row, body)
        )
    place = body.place(matrix) if isinstance(matrix, At) else matrix
    return f"‹{place.name}:{'' if row == '0' else f'{row} * {place.axes[1]} + '}{col}›"


def _across(text: str) -> str:
    """The text of entry col of a column, from that of entry j."""
    return re.sub(r"\bj\b", "col", TOKEN.sub(lambda found: found[0] if found[2] else f"‹{found[1]}:j›", text))


def _inside(expr: Any, body: Body) -> str:
    text = to_c(expr, body)
    if isinstance(expr, Expr) and not is_matrix(expr) and not expr.is_Number:
        return body.language.real.format(_bracketed(text)) if expr.is_Symbol else f"({_real(expr, body)})"
    return _bracketed(text)


def _real(expr: Any, body: Body) -> str:
    """A scalar of sizes, which are whole numbers, as a real number."""
    if isinstance(expr, Pow) and expr.args[1] == -1:
        return f"{body.language.number.format(1)} / {body.language.real.format(_bracketed(to_c(expr.args[0], body)))}"
    if isinstance(expr, Mul):
        return " * ".join(f"({_real(factor, body)})" for factor in expr.args)
    return to_c(expr, body) if expr.is_Number else body.language.real.format(_bracketed(to_c(expr, body)))


def _signed(terms: list[Any], body: Body) -> str:
    text = ""
    for term in terms:
        front = coefficient(term) if is_matrix(term) else term
        negative = bool(text) and front.could_extract_minus_sign()
        written = to_c(-term if negative else term, body)
        sign = (" - " if negative else " + ") if text else ""
        text += sign + (f"({written})" if written.startswith("-") or (negative and " " in written) else written)
    return text


def _power(base: str, exponent: Any, text: str, language: Language) -> str:
    """Entry by entry; small whole powers as products, negative ones as quotients."""
    one = language.number.format(1)
    if exponent.is_Integer and 1 < abs(int(exponent)) <= 4:
        product = " * ".join([base] * abs(int(exponent)))
        return product if exponent > 0 else f"{one} / ({product})"
    if exponent == -1:
        return f"{one} / {base}"
    return base if exponent == 1 else f"{language.functions['to_power']}({base}, {text})"
