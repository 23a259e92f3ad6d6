r"""An expression as NumPy source, one rule per node.

A matrix is an array of shape (..., rows, cols), a column vector (..., n, 1): leading axes broadcast, so the
code of one matrix is the code of a batch. Rules bracket every part that is not a single name, number or
call; ``source`` drops the brackets that Python does not need.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import singledispatch
from typing import Any

from sympy import Add, Float, Integer, Mul, NumberSymbol, Pow, Rational, Symbol

from ..activations import TABLE, Activation, Applied, Elementwise, X, Y, derivative, derivative_at
from ..nodes.algebra import Eye, MatrixPower, MatrixProduct, MatrixSum, Ones, Trace, Transposed, Zero, coefficient
from ..nodes.binders import Binder, OrderedProduct
from ..nodes.block import Block
from ..nodes.derivatives import Derivative, StopGradient
from ..nodes.elementwise import Diag, Hadamard, HadamardPower
from ..nodes.operand import is_matrix
from ..nodes.scalars import Determinant, MaxAbs, Norm, ScalarOf, SpectralRadius
from ..symbols import At, Parameter
from .layout import unparsed

Names = Mapping[Any, str]
"""The identifier of each letter, size, function or shared subexpression."""

HELPERS: dict[str, str] = {row.name: row.numpy for row in TABLE.values() if not re.match(r"np\.|\{x\}$", row.numpy)}
"""The elementwise functions that are not one NumPy call: generated code defines them under their own name."""

ATOM = re.compile(r"[\w.]+(\([^()]*\)|\[[^\[\]]*\])?")


def source(expr: Any, names: Names) -> str:
    """The NumPy source of ``expr``, with no bracket that Python does not need."""
    return plain(part(expr, names))


def plain(text: str) -> str:
    """The code without needless brackets."""
    return unparsed(ast.parse(text, mode="eval"))


def part(expr: Any, names: Names) -> str:
    """The code of a part of a larger expression: its name if it has one."""
    return names[expr] if expr in names else to_numpy(expr, names)


def bracketed(text: str) -> str:
    return text if ATOM.fullmatch(text) else f"({text})"


def inside(expr: Any, names: Names) -> str:
    return bracketed(part(expr, names))


@singledispatch
def to_numpy(expr: Any, names: Names) -> str:
    """The NumPy code of one node in terms of its parts; sizes, letters and functions go by ``names``.

    Code of 0, I and the all-ones matrix reads a variable ``dtype``.
    """
    raise TypeError(f"no NumPy form for {type(expr).__name__}; register one with @to_numpy.register")


# --- letters ------------------------------------------------------------------------------------


@to_numpy.register(Parameter)
@to_numpy.register(Symbol)
def _(expr: Any, names: Names) -> str:
    raise ValueError(f"no argument provides {expr}")


@to_numpy.register(At)
def _(expr: At, names: Names) -> str:
    """One value of a sequence that is given whole."""
    if expr.sequence not in names:
        raise ValueError(f"no argument provides {expr}; pass it, or the whole sequence {expr.sequence.text}")
    return f"at({names[expr.sequence]}, {part(expr.index, names)})"


# --- matrices -----------------------------------------------------------------------------------


@to_numpy.register(Zero)
@to_numpy.register(Ones)
def _(expr: Any, names: Names) -> str:
    kind = "zeros" if isinstance(expr, Zero) else "ones"
    return f"np.{kind}(({part(expr.rows, names)}, {part(expr.cols, names)}), dtype)"


@to_numpy.register(Eye)
def _(expr: Eye, names: Names) -> str:
    return f"np.eye({part(expr.rows, names)}, dtype=dtype)"


@to_numpy.register(MatrixSum)
def _(expr: MatrixSum, names: Names) -> str:
    return signed_sum(list(expr.args), lambda term: part(term, names))


@to_numpy.register(MatrixProduct)
def _(expr: MatrixProduct, names: Names) -> str:
    """α A B ⋯, from the right where it ends in a column, so that no matrix meets a matrix needlessly."""
    factors = expr.matrices
    if factors[-1].cols == 1:
        text = part(factors[-1], names)
        for factor in reversed(factors[:-1]):
            text = _from_left(factor, text, names)
    else:
        text = part(factors[0], names)
        if len(factors) > 1 and isinstance(factors[0], Diag | MatrixPower):
            text = _from_left(factors[0], part(factors[1], names), names)
            factors = factors[1:]
        for factor in factors[1:]:
            text = _from_right(text, factor, names)
    if expr.scalar == 1:
        return text
    if expr.scalar == -1:
        return f"-{bracketed(text)}"
    scalar = inside(expr.scalar, names) + ("[..., None, None]" if expr.scalar.has(Trace, ScalarOf) else "")
    return f"{scalar} * {bracketed(text)}"


@to_numpy.register(Transposed)
def _(expr: Transposed, names: Names) -> str:
    return _turned(part(expr.args[0], names))


@to_numpy.register(MatrixPower)
def _(expr: MatrixPower, names: Names) -> str:
    base, exponent = (part(arg, names) for arg in expr.args)
    return f"np.linalg.inv({base})" if expr.args[1] == -1 else f"np.linalg.matrix_power({base}, {exponent})"


@to_numpy.register(Hadamard)
def _(expr: Hadamard, names: Names) -> str:
    return " * ".join(inside(factor, names) for factor in expr.args)


@to_numpy.register(HadamardPower)
def _(expr: HadamardPower, names: Names) -> str:
    return power(inside(expr.args[0], names), expr.args[1], inside(expr.args[1], names))


@to_numpy.register(Diag)
def _(expr: Diag, names: Names) -> str:
    """diag(v), each row of I times an entry of v."""
    return f"{inside(expr.args[0], names)} * {part(Eye(expr.rows), names)}"


@to_numpy.register(Block)
def _(expr: Block, names: Names) -> str:
    rows = ", ".join("[" + ", ".join(part(block, names) for block in row) + "]" for row in expr.args)
    return f"block([{rows}])"


@to_numpy.register(Binder)
def _(expr: Binder, names: Names) -> str:
    """Σ and Π over an index, the parameter of a function of its own."""
    index = names.get(expr.index, str(expr.index).replace("'", "_prime"))
    within = {letter: name for letter, name in names.items() if not _reads(letter, expr.index)} | {expr.index: index}
    product = isinstance(expr, OrderedProduct)
    call, start = ("ordered_product", Eye(expr.rows)) if product else ("time_sum", Zero(*expr.shape))
    bounds = f"{part(expr.low, names)}, {part(expr.high, names)}"
    return f"{call}(lambda {index}: {part(expr.body, within)}, {bounds}, {to_numpy(start, names)})"


@to_numpy.register(StopGradient)
def _(expr: StopGradient, names: Names) -> str:
    """The value passes; only derivatives stop."""
    return part(expr.args[0], names)


@to_numpy.register(Derivative)
def _(expr: Derivative, names: Names) -> str:
    raise TypeError(f"{expr} is a derivative that nothing has evaluated; write out its value first (bptt, jacobian)")


# --- elementwise functions ----------------------------------------------------------------------


@to_numpy.register(Elementwise)
def _(expr: Elementwise, names: Names) -> str:
    """f(A); a derivative by its formula in the value of f."""
    function = expr.function
    if function.order and function.row and function not in names:
        return part(derivative_at(Activation(function.name, function.order - 1), expr.argument), names)
    return call(function, part(expr.argument, names), names)


@to_numpy.register(Applied)
def _(expr: Applied, names: Names) -> str:
    """f(z) of a scalar; a derivative by its formula in the value of f."""
    function, argument = expr.function, part(expr.argument, names)
    if function.order and function.row and function not in names:
        value = call(Activation(function.name), argument, names)
        formula = derivative(Activation(function.name, function.order - 1))
        return part(formula, {**names, X: bracketed(argument), Y: value})
    return call(function, argument, names)


def call(function: Activation, argument: str, names: Names) -> str:
    """The code of a function at an argument: one that the caller passes, or a row of the table."""
    if function in names:
        return f"{names[function]}({argument})"
    if function.row is None:
        raise ValueError(f"the activation {function.text} is not specified; pass {function.text} as an argument")
    return f"{function.name}({argument})" if function.name in HELPERS else function.row.numpy.format(x=f"({argument})")


# --- scalars ------------------------------------------------------------------------------------


@to_numpy.register(Integer)
def _(expr: Integer, names: Names) -> str:
    return str(expr)


@to_numpy.register(Rational)
@to_numpy.register(Float)
@to_numpy.register(NumberSymbol)
def _(expr: Any, names: Names) -> str:
    return repr(float(expr))


@to_numpy.register(Add)
def _(expr: Add, names: Names) -> str:
    return signed_sum(expr.as_ordered_terms(), lambda term: part(term, names))


@to_numpy.register(Mul)
def _(expr: Mul, names: Names) -> str:
    """A number first: -x rather than x * (-1)."""
    number, rest = expr.as_coeff_Mul()
    if number == -1:
        return f"-{inside(rest, names)}"
    factors = expr.as_ordered_factors() if number == 1 else [number, *Mul.make_args(rest)]
    return " * ".join(inside(factor, names) for factor in factors)


@to_numpy.register(Pow)
def _(expr: Pow, names: Names) -> str:
    return power(inside(expr.args[0], names), expr.args[1], inside(expr.args[1], names))


@to_numpy.register(Trace)
def _(expr: Trace, names: Names) -> str:
    return f"np.trace({part(expr.args[0], names)}, axis1=-2, axis2=-1)"


@to_numpy.register(Norm)
def _(expr: Norm, names: Names) -> str:
    return f"np.linalg.norm({part(expr.args[0], names)}, 2, axis=(-2, -1))"


@to_numpy.register(MaxAbs)
def _(expr: MaxAbs, names: Names) -> str:
    return f"np.abs({part(expr.args[0], names)}).max(axis=(-2, -1))"


@to_numpy.register(SpectralRadius)
def _(expr: SpectralRadius, names: Names) -> str:
    return f"np.abs(np.linalg.eigvals({part(expr.args[0], names)})).max(axis=-1)"


@to_numpy.register(Determinant)
def _(expr: Determinant, names: Names) -> str:
    return f"np.linalg.det({part(expr.args[0], names)})"


# --- what the rules share -----------------------------------------------------------------------


def power(base: str, exponent: Any, text: str) -> str:
    """Entry by entry; a negative whole power as a quotient."""
    if exponent.is_Integer and exponent < 0:
        return f"1 / {base}" if exponent == -1 else f"1 / {base} ** {-exponent}"
    return f"{base} ** {text}"


def signed_sum(terms: list[Any], write: Callable[[Any], str]) -> str:
    """a + b - c: a negative term is subtracted; an all-ones matrix beside others is a number, which broadcasts."""
    spread = not all(is_matrix(term) and is_constant(term) for term in terms)
    text = ""
    for term in terms:
        if spread and is_matrix(term) and is_constant(term):
            term = coefficient(term)
        front = coefficient(term) if is_matrix(term) else term
        if text and front.could_extract_minus_sign():
            text += f" - {bracketed(write(-term))}"
        else:
            text += f"{' + ' if text else ''}{bracketed(write(term))}"
    return text


def is_constant(term: Any) -> bool:
    """Whether every entry of ``term`` is its coefficient."""
    bare = term.matrices if isinstance(term, MatrixProduct) else (term,)
    return len(bare) == 1 and isinstance(bare[0], Ones)


def _from_left(factor: Any, text: str, names: Names) -> str:
    """factor · text, with diag(v) B as v * B and the inverse of A on B as a solution."""
    if factor not in names and isinstance(factor, Diag):
        return f"{inside(factor.args[0], names)} * {bracketed(text)}"
    if factor not in names and isinstance(factor, MatrixPower) and factor.args[1] == -1:
        return f"solve({part(factor.args[0], names)}, {text})"
    return f"{inside(factor, names)} @ {bracketed(text)}"


def _from_right(text: str, factor: Any, names: Names) -> str:
    """text · factor, with A diag(v) as A * v.T."""
    if factor not in names and isinstance(factor, Diag):
        return f"{bracketed(text)} * {_turned(part(factor.args[0], names))}"
    return f"{bracketed(text)} @ {inside(factor, names)}"


def _turned(text: str) -> str:
    return f"np.swapaxes({text}, -1, -2)"


def _reads(letter: Any, index: Symbol) -> bool:
    return bool(letter == index or index in letter.free_symbols)
