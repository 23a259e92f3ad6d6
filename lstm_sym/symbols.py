r"""The letters: sizes, time indices, parameters that are constant in time, and sequences indexed by time."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from unicodedata import normalize
from weakref import WeakValueDictionary

from sympy import Basic, Expr, Symbol
from sympy.core.symbol import Str
from sympy.matrices.expressions.matexpr import MatrixExpr

from .nodes.operand import Operand, as_expression

NAME = re.compile(r"[\w' ]+")
"""What a letter may be called: it stands in generated code and its comments, and in the names of witnesses."""

MARKS = ("", "delta", "dot", "e", "hat", "hatdelta")
"""What a letter is of the quantity it is named after: itself, its adjoint δ, its tangent, the direct loss
gradient e, or somebody's claim of it or of its adjoint (a hat)."""


_MADE: WeakValueDictionary[tuple[Any, ...], Any] = WeakValueDictionary()
"""The letters in use. Equal letters are one object, so that comparing them does not walk through their parts."""


def _one(cls: Any, *args: Any) -> Any:
    """The letter of a class with these arguments."""
    found = _MADE.get((cls, *args))
    if found is None:
        make = Basic if cls is Sequence else MatrixExpr
        found = _MADE[cls, *args] = make.__new__(cls, *args)
    return found


def sizes(names: str) -> Any:
    """Symbolic sizes, positive integers: ``n, d = sizes("n d")``; one name gives one symbol."""
    return _symbols(names, positive=True)


def indices(names: str) -> Any:
    """Time indices and step counts, nonnegative integers: ``t, T = indices("t T")``."""
    return _symbols(names, nonnegative=True)


def _symbols(names: str, **assumptions: bool) -> Any:
    made = tuple(Symbol(name, integer=True, **assumptions) for name in names.replace(",", " ").split())
    return made[0] if len(made) == 1 else made


t = indices("t")
"""The time at which a cell's equations are written."""


class Parameter(Operand):
    r"""A matrix that is constant in time, of shape ``(rows, cols)``; one column by default."""

    is_symbol = True

    def __new__(cls, name: Any, rows: Any, cols: Any = 1, mark: Any = "") -> Parameter:
        return _one(cls, _named(name), *_checked(name, rows, cols), _mark(mark))

    name = property(lambda self: self.args[0].name)
    mark = property(lambda self: self.args[3].name)
    shape = property(lambda self: (self.args[1], self.args[2]))

    @property
    def free_symbols(self) -> set[Any]:
        return {self} | self.rows.free_symbols | self.cols.free_symbols

    def doit(self, **hints: Any) -> Parameter:
        return self

    @property
    def text(self) -> str:
        """The letter as plain text and as a Python identifier."""
        return _text(self)

    def _sympystr(self, printer: Any) -> str:
        return self.text


class Sequence(Basic):
    r"""A quantity with one value per time step, each of shape ``(rows, cols)``; ``h[t]`` is the value at ``t``."""

    def __new__(cls, name: Any, rows: Any, cols: Any = 1, mark: Any = "") -> Sequence:
        return _one(cls, _named(name), *_checked(name, rows, cols), _mark(mark))

    name = property(lambda self: self.args[0].name)
    mark = property(lambda self: self.args[3].name)
    shape = property(lambda self: (self.args[1], self.args[2]))

    def __getitem__(self, index: Any) -> At:
        return At(self, index)

    def _repr_latex_(self) -> str:
        from .latex.printer import latex

        return f"$\\displaystyle {latex(self)}$"

    def _latex(self, printer: Any) -> str:
        from .latex.printer import latex

        return latex(self)

    @property
    def text(self) -> str:
        return _text(self)

    def _sympystr(self, printer: Any) -> str:
        return self.text


class At(Operand):
    r"""The value :math:`h^{(t)}` of a sequence at one time; ``subs(t, t + 1)`` shifts it."""

    def __new__(cls, sequence: Sequence, index: Any) -> At:
        index = as_expression(index)
        if index.is_integer is False:
            raise TypeError(f"{sequence.text}[{index}]: a time index is an integer")
        return _one(cls, sequence, index)

    sequence = property(lambda self: self.args[0])
    index = property(lambda self: self.args[1])
    shape = property(lambda self: self.args[0].shape)

    @property
    def free_symbols(self) -> set[Any]:
        return self.index.free_symbols | self.rows.free_symbols | self.cols.free_symbols

    def doit(self, **hints: Any) -> At:
        return self

    def _sympystr(self, printer: Any) -> str:
        return f"{self.sequence.text}[{printer._print(self.index)}]"


def marked(letter: Any, mark: str) -> Any:
    """The letter of the same name and shape with another mark; an indexed letter keeps its index."""
    if isinstance(letter, At):
        return marked(letter.sequence, mark)[letter.index]
    name, rows, cols, _ = letter.args
    return letter.func(name, rows, cols, mark)


def mark_of(letter: Any) -> str:
    return letter.sequence.mark if isinstance(letter, At) else letter.mark


def adjoint(letter: Any) -> Any:
    r""":math:`\delta v = dL/dv`, the total derivative of the loss, of ``v``'s shape."""
    return marked(letter, "delta")


def tangent(letter: Any) -> Any:
    r""":math:`\dot v`, the derivative of ``v`` along a direction in which the inputs move."""
    return marked(letter, "dot")


def direct(letter: Any) -> Any:
    r""":math:`e_v = \partial^+ L/\partial v`, the gradient that the loss gives ``v`` directly."""
    return marked(letter, "e")


def claimed(letter: Any) -> Any:
    r""":math:`\hat v`, what somebody's formula says ``v`` is."""
    return marked(letter, "hat" + mark_of(letter))


@cache
def letters(expr: Any) -> tuple[Any, ...]:
    """The parameters and indexed letters of an expression, in the order in which they are read."""
    seen: dict[Any, None] = {}
    stack = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, Parameter | At):
            seen[node] = None
        else:
            stack.extend(reversed(node.args))
    return tuple(seen)


def _checked(name: Any, rows: Any, cols: Any) -> tuple[Expr, Expr]:
    shape = as_expression(rows), as_expression(cols)
    for size in shape:
        if not isinstance(size, Expr) or size.is_integer is False or size.is_nonnegative is False:
            raise TypeError(
                f"the shape of {name} is ({rows}, {cols}); sizes are positive integers or symbols of sizes()"
            )
    return shape


def _named(name: Any) -> Str:
    text = name.name if isinstance(name, Str) else name
    if not isinstance(text, str) or not NAME.fullmatch(text) or normalize("NFKC", text) != text:
        raise ValueError(f"{text!r} is no name for a letter; a name has letters, digits, _ and primes")
    return Str(text)


def _mark(mark: Any) -> Str:
    text = mark.name if isinstance(mark, Str) else mark
    if text not in MARKS:
        raise ValueError(f"unknown mark {text!r}; the marks are {', '.join(filter(None, MARKS))}")
    return Str(text)


def _text(letter: Parameter | Sequence) -> str:
    return f"{letter.mark}_{letter.name}" if letter.mark else letter.name
