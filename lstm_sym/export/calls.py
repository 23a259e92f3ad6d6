r"""A column-vector equation as NumPy calls that write into arrays made beforehand: ``multiply(f, c_prev, c)``.

Every call does one operation of the expression; what it needs in between lies in spare arrays that are used again.
A part that has no such form is written as an expression (``rows``) and copied into its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

from sympy import Expr

from ..activations import Elementwise
from ..nodes.algebra import MatrixProduct, MatrixSum, Transposed, coefficient
from ..nodes.derivatives import StopGradient
from ..nodes.elementwise import Hadamard, HadamardPower, Maximum
from ..symbols import At, Parameter
from .naming import unused
from .numpy_code import is_constant, plain, to_numpy
from .rows import Rows, row_source

FORMS = {
    "sigma": ("multiply {x} 0.5", "tanh {out}", "multiply {out} 0.5", "add {out} 0.5"),
    "tanh": ("tanh {x}",),
    "exp": ("exp {x}",),
    "log": ("log {x}",),
    "sqrt": ("sqrt {x}",),
    "relu": ("maximum {x} 0.0",),
    "softplus": ("logaddexp {x} 0.0",),
}
"""The elementwise functions as calls: the function and its arguments; each writes into ``out``."""

FUNCTIONS = ("add", "divide", "exp", "log", "logaddexp", "matmul", "maximum", "multiply", "power", "sqrt", "subtract",
             "tanh")  # fmt: skip
"""What calls name without ``np.``: code gives them local names, since a look-up in ``np`` costs a third of a call."""

CONSTANTS = {"0.5": "half", "1": "one", "2": "two", "0.0": "zero"}


@dataclass
class Calls:
    """Calls in the order in which they are to run.

    ``spare`` are arrays for values in between, ``constants`` arrays of one number: with ``arrays`` an operand that
    is a number is such an array, because NumPy takes four times as long to start on a number as on an array.
    """

    rows: Rows
    arrays: bool = False
    taken: frozenset[str] = frozenset()
    lines: list[str] = field(default_factory=list)
    spare: dict[str, str] = field(default_factory=dict)
    free: dict[str, list[str]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)

    def call(self, function: str, *arguments: str, out: str) -> None:
        """``out`` is the last argument: by name NumPy takes a fifth longer, but of a maximum it wants the name."""
        last = f"out={out}" if function == "maximum" else out
        self.lines.append(f"{function}({', '.join([*arguments, last])})")

    @contextmanager
    def borrowed(self, size: Expr) -> Iterator[str]:
        """The name of a spare array of one step, free again afterwards."""
        shape = self.rows.shape(size)
        pool = self.free.setdefault(shape, [])
        if not pool:
            name = unused(f"spare_{self._width(size)}", {*self.taken, *self.spare})
            self.spare[name] = shape
            pool.append(name)
        name = pool.pop()
        yield name
        pool.append(name)

    def number(self, value: str, size: Expr) -> str:
        """A number as an operand of arrays of that size."""
        if not self.arrays or value not in CONSTANTS:
            return value
        name = unused(f"{CONSTANTS[value]}_{self._width(size)}", self.taken)
        self.constants[name] = f"np.full({self.rows.shape(size)}, {value}, dtype)"
        return name

    def _width(self, size: Expr) -> str:
        return re.sub(r"\W+", "", plain(self.rows.size(size)))

    def apply(self, function: str, x: str, out: str, size: Expr) -> None:
        """The calls that leave the values of an elementwise function at ``x`` in ``out``, which may be ``x``."""
        for form in FORMS[function]:
            name, *arguments = form.format(x=x, out=out).split(" ")
            self.call(name, arguments[0], *[self.number(value, size) for value in arguments[1:]], out=out)

    @contextmanager
    def operand(self, expr: Any, into: str | None = None) -> Iterator[str]:
        """The name of an array that holds ``expr``: a letter's own, ``into`` if it is free, or a spare one."""
        if isinstance(expr, At | Parameter):
            yield row_source(expr, self.rows)
        elif is_constant(expr):
            yield self.number(plain(to_numpy(coefficient(expr), self.rows.names)), expr.rows)
        elif isinstance(expr, StopGradient):
            with self.operand(expr.args[0], into) as name:
                yield name
        elif into is not None:
            compute(expr, self, into)
            yield into
        else:
            with self.borrowed(expr.rows) as name:
                compute(expr, self, name)
                yield name


@singledispatch
def compute(expr: Any, calls: Calls, out: str) -> None:
    """Append the calls that leave ``expr`` in the array ``out``, which no part of ``expr`` reads."""
    calls.lines.append(f"{out}[...] = {row_source(expr, calls.rows)}")


@compute.register(MatrixSum)
def _(expr: MatrixSum, calls: Calls, out: str) -> None:
    """A positive term first, a compound one if there is one: it is computed in ``out`` itself."""
    first, *rest = sorted(expr.args, key=lambda term: (_is_negative(term), _is_plain(term)))
    with calls.operand(first, None if _is_plain(first) else out) as left:
        for term in rest:
            negative = _is_negative(term)
            with calls.operand(-term if negative else term) as right:
                calls.call("subtract" if negative else "add", left, right, out=out)
            left = out


@compute.register(Hadamard)
def _(expr: Hadamard, calls: Calls, out: str) -> None:
    first, *rest = sorted(expr.args, key=_is_plain)
    with calls.operand(first, None if _is_plain(first) else out) as left:
        for factor in rest:
            with calls.operand(factor) as right:
                calls.call("multiply", left, right, out=out)
            left = out


@compute.register(HadamardPower)
def _(expr: HadamardPower, calls: Calls, out: str) -> None:
    base, exponent = expr.args
    with calls.operand(base, None if _is_plain(base) else out) as x:
        if exponent == 2:
            calls.call("multiply", x, x, out=out)
        elif exponent == -1:
            calls.call("divide", calls.number("1", expr.rows), x, out=out)
        else:
            calls.call("power", x, plain(to_numpy(exponent, calls.rows.names)), out=out)


@compute.register(Maximum)
def _(expr: Maximum, calls: Calls, out: str) -> None:
    with calls.operand(expr.args[0], None if _is_plain(expr.args[0]) else out) as x, calls.operand(expr.args[1]) as y:
        calls.call("maximum", x, y, out=out)


@compute.register(Elementwise)
def _(expr: Elementwise, calls: Calls, out: str) -> None:
    if expr.function.text not in FORMS:
        compute.dispatch(object)(expr, calls, out)
        return
    argument = expr.argument
    with calls.operand(argument, None if _is_plain(argument) else out) as x:
        calls.apply(expr.function.text, x, out, expr.rows)


@compute.register(MatrixProduct)
def _(expr: MatrixProduct, calls: Calls, out: str) -> None:
    """α v for a scalar α, and M v for one matrix of parameters; other products as expressions."""
    factors = expr.matrices
    if len(factors) == 1:
        with calls.operand(factors[0], None if _is_plain(factors[0]) else out) as x:
            calls.call("multiply", x, plain(to_numpy(expr.scalar, calls.rows.names)), out=out)
    elif len(factors) == 2 and expr.scalar == 1 and _is_matrix_of_parameters(factors[0]) and factors[1].cols == 1:
        with calls.operand(factors[1]) as x:
            calls.call("matmul", x, _turned(factors[0], calls.rows), out=out)
    else:
        compute.dispatch(object)(expr, calls, out)


def _is_matrix_of_parameters(factor: Any) -> bool:
    bare = factor.args[0] if isinstance(factor, Transposed) else factor
    return isinstance(bare, Parameter) and 1 not in bare.shape


def _turned(factor: Any, rows: Rows) -> str:
    return f"{rows.names[factor]}.T" if isinstance(factor, Parameter) else rows.names[factor.args[0]]


def _is_plain(term: Any) -> bool:
    """Whether a term needs no array of its own."""
    return (
        isinstance(term, At | Parameter)
        or is_constant(term)
        or (isinstance(term, StopGradient) and _is_plain(term.args[0]))
    )


def _is_negative(term: Any) -> bool:
    return bool(coefficient(term).could_extract_minus_sign())
