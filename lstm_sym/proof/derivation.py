r"""Derivations as values: a chain of steps, each with its relation and its reason.

>>> from lstm_sym.activations import sigma, tanh
>>> from lstm_sym.symbols import Symbol
>>> z = Symbol("z")
>>> d = Derivation("example").start(tanh(z)).eq(2 * sigma(2 * z) - 1, by="definition of tanh and σ")
>>> d.steps[0].relation, d.steps[0].reason
('=', 'definition of tanh and σ')
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Any

from sympy import Basic, Expr, Symbol, sympify
from sympy.core.relational import Relational

from ..nodes.operand import is_matrix, require_same_shape
from ..nodes.order import Nonnegative
from ..symbols import letters
from .conditions import Conditions
from .given import Given
from .inequalities import Cited

RELATIONS = ("=", "<=", "<")
NOTHING_GIVEN = Given()


@dataclass(frozen=True, slots=True)
class Step:
    r"""One line of a derivation: ``left relation right``, because of ``reason``.

    ``on`` is the symbol of an induction; ``slack`` the certificate of a bound: parts that are visibly
    nonnegative, or inequalities ``Cited`` by name, whose sum is ``right - left`` (in an induction from n to n + 1,
    at n + 1); ``tangent`` the point at which a convex ``right - left`` touches 0; ``lemma`` the name of a proved
    derivation that the reason cites; ``admit`` the source of a fact taken on trust; ``assumes`` the side conditions:
    text for the reader, relations of indices such as ``k <= T``, and hypotheses on values such as
    ``Norm(W) <= eta`` or ``Positive(f[k])``, which the engines then use;
    ``evidence`` holds requests for independent checks to attach to the outcome;
    ``expected`` is ``refuted`` where the point of the line is that somebody's statement is false.
    """

    left: Expr
    relation: str
    right: Expr
    reason: str
    expected: str = "proved"
    on: Symbol | None = None
    slack: tuple[Any, ...] = ()
    tangent: Expr | None = None
    lemma: str = ""
    admit: str = ""
    assumes: tuple[Any, ...] = ()
    instances: tuple[dict[Symbol, int], ...] = ()
    evidence: tuple[Any, ...] = ()
    file: str = ""
    line: int = 0

    @property
    def relations(self) -> tuple[Any, ...]:
        """The side conditions that are inequalities or equations of indices."""
        return tuple(condition for condition in self.assumes if _is_about_indices(condition))

    @property
    def hypotheses(self) -> tuple[Any, ...]:
        """The side conditions on values; what is neither a relation nor one of these is told to the reader only."""
        kinds = (Relational, Nonnegative)
        return tuple(c for c in self.assumes if isinstance(c, kinds) and not _is_about_indices(c))

    @property
    def conditions(self) -> Conditions:
        return Conditions(self.relations)

    def at(self, n: Symbol, value: Any) -> Step:
        """The step with ``n`` replaced in its sides and conditions; its certificate is left as it is."""
        assumes = tuple(c.subs(n, value) if isinstance(c, Basic) else c for c in self.assumes)
        return replace(self, left=self.left.subs(n, value), right=self.right.subs(n, value), assumes=assumes)

    def __str__(self) -> str:
        return f"{self.left} {self.relation} {self.right}"


def _is_about_indices(condition: Any) -> bool:
    if not isinstance(condition, Relational) or letters(condition):
        return False
    return all(symbol.is_integer for symbol in condition.free_symbols)


class DerivationError(Exception):
    """A derivation is mathematically at fault: a step that is not well-typed, false, or not decided."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """A chain ``start = … = …`` under the equations of ``given``; every method returns a longer one.

    ``claim`` is the id of the statement in the claims table that it supports, if any.
    """

    name: str
    claim: str = ""
    title: str = ""
    given: Given = NOTHING_GIVEN
    steps: tuple[Step, ...] = ()
    here: Any = None

    def start(self, expr: Any) -> Derivation:
        """Begin the chain, or begin it anew at another expression."""
        return replace(self, here=sympify(expr))

    def eq(self, right: Any, *, by: str, **options: Any) -> Derivation:
        """``… = right``; ``on=n`` proves it by induction on the nonnegative integer n."""
        return self._extended("=", right, by, options)

    def le(self, right: Any, *, by: str, **options: Any) -> Derivation:
        """``… <= right``; ``slack=`` one or more visibly nonnegative parts, or cited inequalities, of right - left."""
        return self._extended("<=", right, by, options)

    def lt(self, right: Any, *, by: str, **options: Any) -> Derivation:
        """``… < right``; as for ``<=``, and one of the parts is visibly positive."""
        return self._extended("<", right, by, options)

    def refute_eq(self, right: Any, *, by: str, **options: Any) -> Derivation:
        """Somebody writes ``… = right``, and it is false; the chain stays where it is."""
        return replace(self._extended("=", right, by, {**options, "expected": "refuted"}), here=self.here)

    def refute_le(self, right: Any, *, by: str, **options: Any) -> Derivation:
        """Somebody writes ``… <= right``, and it is false; the chain stays where it is."""
        return replace(self._extended("<=", right, by, {**options, "expected": "refuted"}), here=self.here)

    def _extended(self, relation: str, right: Any, by: str, options: dict[str, Any]) -> Derivation:
        if self.here is None:
            raise DerivationError(f"derivation {self.name}: start(...) comes before the first step")
        left, right = self.here, sympify(right)
        caller = sys._getframe(2)
        slack = options.pop("slack", ())
        parts = slack if isinstance(slack, tuple | list) else (slack,)
        step = Step(
            left,
            relation,
            right,
            by,
            slack=tuple(part if isinstance(part, Cited) else sympify(part) for part in parts),
            file=caller.f_code.co_filename,
            line=caller.f_lineno,
            **options,
        )
        check_types(step)
        return replace(self, steps=(*self.steps, step), here=right)


def check_types(step: Step) -> None:
    """Refuse a step whose sides cannot stand in its relation; a ``ShapeError`` names both sides with their shapes."""
    left, right = step.left, step.right
    if step.relation not in RELATIONS:
        raise TypeError(f'step "{step.reason}": the relation {step.relation!r} is none of {", ".join(RELATIONS)}')
    if is_matrix(left) != is_matrix(right):
        kinds = ["a matrix" if is_matrix(side) else "a scalar" for side in (left, right)]
        raise TypeError(f'step "{step.reason}": {left} is {kinds[0]} and {right} is {kinds[1]}')
    if is_matrix(left):
        require_same_shape(f'step "{step.reason}"', left, right)
    if step.relation != "=" and is_matrix(left) and left.shape != (1, 1):
        raise TypeError(f'step "{step.reason}": a bound compares scalars, {left} is a matrix')
