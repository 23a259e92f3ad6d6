r"""What may be assumed of indices: the contract of time, and the conditions that a step states.

A definition holds at some indices only, a sum may be peeled only if it is not empty. Whether that follows from the
conditions is decided exactly, as linear inequalities over the integers, by Fourier-Motzkin elimination.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from sympy import Eq, Expr, Ge, Gt, Le, Lt, Symbol
from sympy.core.relational import Relational

from ..backpropagation import T
from ..symbols import t
from .polynomial import Unsupported

Linear = tuple[tuple[tuple[Symbol, Fraction], ...], Fraction]
"""Coefficients and constant of a linear form that is at least 0."""

FACT_LIMIT = 400


class Conditions:
    """``1 <= t <= T``, every count at least 0, every size at least 1, and the relations of a step.

    ``within`` adds the range of a bound index, which holds in the body of its binder and nowhere else; equal numbers
    ``scope`` mean equal conditions.
    """

    def __init__(self, relations: tuple[Any, ...] = ()) -> None:
        self.relations = tuple(relation for relation in relations if isinstance(relation, Relational))
        self.facts: list[Expr] = [t - 1, T - t]
        for relation in self.relations:
            self.facts += _at_least_zero(relation)
        self.scope = 0
        self._known: dict[Expr, bool] = {}
        self._inner: dict[tuple[int, Symbol, Expr, Expr], tuple[int, dict[Expr, bool]]] = {}

    @contextmanager
    def within(self, index: Symbol, low: Expr, high: Expr) -> Iterator[None]:
        """Inside the block, a bound index runs from ``low`` to ``high``."""
        outer = self.facts, self.scope, self._known
        self.facts = [*self.facts, index - low, high - index]
        number = len(self._inner) + 1
        self.scope, self._known = self._inner.setdefault((self.scope, index, low, high), (number, {}))
        try:
            yield
        finally:
            self.facts, self.scope, self._known = outer

    def remembered(self, meaning: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The same function, asked once for each argument in the same scope."""
        found: dict[Any, Any] = {}

        def once(node: Any) -> Any:
            key = node, self.scope
            if key not in found:
                found[key] = meaning(node)
            return found[key]

        return once

    def imply(self, expr: Expr) -> bool:
        """Whether ``expr >= 0`` follows, for an integer ``expr``; what is not linear follows from nothing."""
        if expr not in self._known:
            self._known[expr] = self._decided(expr)
        return self._known[expr]

    def _decided(self, expr: Expr) -> bool:
        wanted = _linear(-expr - 1)
        if wanted is None:
            return False
        forms = [form for fact in self.facts if (form := _linear(fact)) is not None]
        symbols = {symbol for form in (wanted, *forms) for symbol, _ in form[0]}
        signs = [((symbol, Fraction(1)),) for symbol in sorted(symbols, key=str) if symbol.is_nonnegative]
        forms += [(sign, Fraction(-1) if sign[0][0].is_positive else Fraction(0)) for sign in signs]
        return _infeasible([wanted, *forms])

    def allow(self, values: dict[Symbol, int]) -> bool:
        """Whether concrete values of indices satisfy the contract and the relations."""
        contract = values.get(t, 1) >= 1 and values.get(T, values.get(t, 1)) >= max(values.get(t, 1), 1)
        return contract and all(relation.subs(values) != False for relation in self.relations)  # noqa: E712


def require_downward(relations: tuple[Any, ...], n: Symbol) -> None:
    """Refuse relations that hold at n + 1 without holding at n: an induction from 0 upward would miss their first n."""
    ahead = Conditions(tuple(relation.subs(n, n + 1) for relation in relations))
    for relation in relations:
        if not all(ahead.imply(fact) for fact in _at_least_zero(relation)):
            raise Unsupported(f"{relation} may begin to hold at some {n} > 0, so an induction from 0 does not reach it")


def _at_least_zero(relation: Relational) -> list[Expr]:
    left, right = relation.args
    if isinstance(relation, Ge):
        return [left - right]
    if isinstance(relation, Le):
        return [right - left]
    if isinstance(relation, Gt):
        return [left - right - 1]
    if isinstance(relation, Lt):
        return [right - left - 1]
    return [left - right, right - left] if isinstance(relation, Eq) else []


def _linear(expr: Expr) -> Linear | None:
    constant, terms = expr.expand().as_coeff_add()
    if not constant.is_Rational:
        return None
    parts = [term.as_coeff_Mul() for term in terms]
    if any(not (factor.is_Rational and isinstance(symbol, Symbol)) for factor, symbol in parts):
        return None
    coefficients = tuple(sorted(((s, Fraction(int(f.p), int(f.q))) for f, s in parts), key=lambda pair: str(pair[0])))
    return coefficients, Fraction(int(constant.p), int(constant.q))


def _infeasible(forms: list[Linear]) -> bool:
    """Whether no real numbers make every form at least 0."""
    while True:
        if any(not coefficients and constant < 0 for coefficients, constant in forms):
            return True
        symbols = [symbol for coefficients, _ in forms for symbol, _ in coefficients]
        if not symbols or len(forms) > FACT_LIMIT:
            return False
        symbol = min(set(symbols), key=symbols.count)
        lower = [form for form in forms if _of(form, symbol) > 0]
        upper = [form for form in forms if _of(form, symbol) < 0]
        free = [form for form in forms if _of(form, symbol) == 0]
        forms = list(dict.fromkeys(free + [_eliminated(a, b, symbol) for a in lower for b in upper]))


def _of(form: Linear, symbol: Symbol) -> Fraction:
    return dict(form[0]).get(symbol, Fraction(0))


def _eliminated(a: Linear, b: Linear, symbol: Symbol) -> Linear:
    p, q = -_of(b, symbol), _of(a, symbol)
    total = {s: p * f for s, f in a[0]}
    for s, f in b[0]:
        total[s] = total.get(s, Fraction(0)) + q * f
    kept = tuple(sorted(((s, f) for s, f in total.items() if f), key=lambda pair: str(pair[0])))
    return kept, p * a[1] + q * b[1]


CONTRACT = Conditions()
"""What holds without further assumptions."""
