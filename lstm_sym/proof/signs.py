r"""Signs that can be read off an expression, given what is assumed: squares, positive functions, norms, hypotheses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import singledispatch
from typing import Any

from sympy import Add, Expr, Mul, Pow, Rational, Symbol
from sympy.core.relational import GreaterThan, LessThan, Relational, StrictGreaterThan, StrictLessThan

from ..activations import Applied, Elementwise
from ..nodes.algebra import Eye, MatrixPower, MatrixProduct, MatrixSum, Ones, Trace, Transposed, Zero, multiply
from ..nodes.binders import OrderedProduct, TimeSum
from ..nodes.block import Block
from ..nodes.elementwise import Diag, Hadamard, HadamardPower, Maximum
from ..nodes.order import Nonnegative, Positive
from ..nodes.scalars import MaxAbs, Norm
from ..symbols import At, Parameter, letters

POSITIVE = ("sigma", "exp", "softplus")
"""Functions that are quotients, sums or logarithms of positive numbers in such a way that they are positive."""


def gap(hypothesis: Any) -> tuple[Expr, int] | None:
    """What a hypothesis says is at least 0, and 1 if it is even above 0; ``None`` for any other condition."""
    if isinstance(hypothesis, Nonnegative):
        return hypothesis.args[0], int(isinstance(hypothesis, Positive))
    if not isinstance(hypothesis, Relational):
        return None
    left, right = hypothesis.args
    if isinstance(hypothesis, LessThan | StrictLessThan):
        return right - left, int(isinstance(hypothesis, StrictLessThan))
    if isinstance(hypothesis, GreaterThan | StrictGreaterThan):
        return left - right, int(isinstance(hypothesis, StrictGreaterThan))
    return None


class Known:
    """Expressions of known sign: 1 for above 0, 0 for at least 0, entry by entry.

    A hypothesis about an index that is not among ``fixed`` holds for every value of that index. ``letter_sign``
    has the last word on a letter of which nothing is assumed.
    """

    def __init__(
        self,
        hypotheses: Iterable[Any] = (),
        fixed: Iterable[Symbol] = (),
        letter_sign: Callable[[Any], int | None] = lambda letter: None,
    ) -> None:
        self.facts = [fact for hypothesis in hypotheses if (fact := gap(hypothesis)) is not None]
        self.fixed = set(fixed)
        self.letter_sign = letter_sign

    def with_fact(self, expr: Expr, sign: int, fixed: Iterable[Symbol] = ()) -> Known:
        more = Known((), self.fixed.union(fixed), self.letter_sign)
        more.facts = [*self.facts, (expr, sign)]
        return more

    def inside(self, index: Symbol) -> Known:
        """What is known in the body of a binder: nothing about a free index that its own takes the name of.

        What a letter is by its definition depends on where its index lies, so no more is said of that either.
        """
        more = Known(fixed=self.fixed)
        more.facts = [(e, sign) for e, sign in self.facts if index not in self.fixed or index not in e.free_symbols]
        return more

    def sign(self, expr: Expr) -> int | None:
        """The sign of this expression, or of a positive multiple of it, among what is assumed."""
        wanted = _unscaled(expr)
        for fact, sign in self.facts:
            if any(_unscaled(instance) == wanted for instance in (fact, *self._instances(fact, expr))):
                return sign
        return None

    def _instances(self, fact: Expr, expr: Expr) -> Iterator[Expr]:
        """The fact with a free index set so that its first letter at that index meets one of ``expr``."""
        for pattern in letters(fact):
            if not isinstance(pattern, At):
                continue
            index = next((s for s in pattern.index.free_symbols - self.fixed), None)
            if index is None:
                continue
            for letter in letters(expr):
                if isinstance(letter, At) and letter.sequence == pattern.sequence:
                    yield fact.subs(index, letter.index - (pattern.index - index))


def _unscaled(expr: Expr) -> Expr:
    """A scalar without its positive rational factor."""
    if isinstance(expr, Add):
        return expr.primitive()[1]
    if isinstance(expr, Mul):
        number, rest = expr.as_coeff_Mul()
        return rest if number > 0 else -rest if number.is_Rational else expr
    return expr


def visible_sign(expr: Expr, known: Known | None = None) -> int | None:
    """1 for an expression that is visibly positive, 0 for one visibly nonnegative, ``None`` for neither.

    Of a matrix it is the sign of every entry.
    """
    known = known or Known()
    sign = known.sign(expr)
    return _sign(expr, known) if sign is None else sign


@singledispatch
def _sign(expr: Any, known: Known) -> int | None:
    return None


@_sign.register(Rational)
def _(expr: Rational, known: Known) -> int | None:
    return 1 if expr > 0 else 0 if expr == 0 else None


@_sign.register(Symbol)
def _(expr: Symbol, known: Known) -> int | None:
    """Counts and sizes."""
    return 1 if expr.is_positive else 0 if expr.is_nonnegative else None


@_sign.register(At)
@_sign.register(Parameter)
def _(expr: Any, known: Known) -> int | None:
    return known.letter_sign(expr)


@_sign.register(Applied)
@_sign.register(Elementwise)
def _(expr: Any, known: Known) -> int | None:
    return 1 if expr.function.name in POSITIVE and expr.function.order == 0 else None


@_sign.register(Norm)
@_sign.register(MaxAbs)
@_sign.register(Eye)
@_sign.register(Zero)
def _(expr: Any, known: Known) -> int | None:
    return 0


@_sign.register(Ones)
def _(expr: Ones, known: Known) -> int | None:
    return 1


@_sign.register(Pow)
@_sign.register(HadamardPower)
def _(expr: Any, known: Known) -> int | None:
    base, exponent = expr.args
    inside = visible_sign(base, known)
    if inside == 1:
        return 1
    if exponent.is_Integer and exponent % 2 == 0 and exponent > 0:
        return 0
    return inside if exponent.is_nonnegative else None


@_sign.register(MatrixPower)
def _(expr: MatrixPower, known: Known) -> int | None:
    base, exponent = expr.args
    if expr.shape == (1, 1):
        return visible_sign(HadamardPower(base, exponent), known)
    inside = visible_sign(base, known)
    return 0 if inside is not None and exponent.is_nonnegative else None


@_sign.register(Mul)
@_sign.register(Hadamard)
def _(expr: Any, known: Known) -> int | None:
    return _least(visible_sign(factor, known) for factor in expr.args)


@_sign.register(Add)
@_sign.register(MatrixSum)
def _(expr: Any, known: Known) -> int | None:
    signs = [visible_sign(term, known) for term in expr.args]
    return None if None in signs else max(sign for sign in signs if sign is not None)


@_sign.register(Maximum)
def _(expr: Maximum, known: Known) -> int | None:
    """The larger is at least either side."""
    signs = [sign for side in expr.args if (sign := visible_sign(side, known)) is not None]
    return max(signs, default=None)


@_sign.register(MatrixProduct)
def _(expr: MatrixProduct, known: Known) -> int | None:
    """yᵀ y is a sum of squares; else every factor counts, the number before them, too."""
    if _is_square(expr.matrices):
        return _least([visible_sign(expr.scalar, known), 0])
    return _least(visible_sign(factor, known) for factor in expr.args)


def _is_square(factors: tuple[Any, ...]) -> bool:
    first, *others = factors
    return (
        isinstance(first, Transposed)
        and first.args[0].cols == 1
        and bool(others)
        and multiply(*others) == first.args[0]
    )


@_sign.register(Trace)
@_sign.register(Diag)
@_sign.register(Transposed)
def _(expr: Any, known: Known) -> int | None:
    inside = visible_sign(expr.args[0], known)
    return _least([inside, 0]) if isinstance(expr, Diag) else inside


@_sign.register(TimeSum)
def _(expr: TimeSum, known: Known) -> int | None:
    """A sum may be empty."""
    return _least([visible_sign(expr.body, known.inside(expr.index)), 0])


@_sign.register(OrderedProduct)
def _(expr: OrderedProduct, known: Known) -> int | None:
    inside = visible_sign(expr.body, known.inside(expr.index))
    return inside if inside is None or expr.shape == (1, 1) else 0


@_sign.register(Block)
def _(expr: Block, known: Known) -> int | None:
    return _least(visible_sign(block, known) for row in expr.args for block in row)


def _least(signs: Iterable[int | None]) -> int | None:
    found = list(signs)
    return None if None in found else min(sign for sign in found if sign is not None)
