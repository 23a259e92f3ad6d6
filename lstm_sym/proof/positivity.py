r"""Divisors that have no zero entry since they are positive: the side conditions of divisions, discharged.

A sign is read off the divisor as by :mod:`.signs`; a letter has the sign of its definition. Where that reads the letter
itself one step before, as in :math:`n = f \odot n' + i`, the sign follows by induction over time: it holds of
:math:`n^{(0)}`, and at every step if it held at the one before.
"""

from __future__ import annotations

from typing import Any

from sympy import Dummy, Expr

from ..symbols import At, Parameter, letters, t
from .conditions import Conditions
from .definitions import Definitions
from .given import fixed_definitions
from .signs import Known, visible_sign

RELATION = {1: "> 0", 0: ">= 0"}
NOW = Dummy("t", integer=True, nonnegative=True)
"""The step of an induction over time, of which nothing is assumed but that it is one."""


class Positivity:
    """The signs of letters and of what is made of them, under the definitions and what is known."""

    def __init__(self, definitions: Definitions, known: Known) -> None:
        self.definitions = definitions
        self.facts = known
        self.open: set[Any] = set()
        self.found: dict[Any, int | None] = {}
        self.reasons: dict[str, None] = {}

    def certificate(self, divisor: Expr) -> str | None:
        """Why every entry of ``divisor`` is above 0, or ``None`` if that does not show."""
        self.found, self.reasons = {}, {}
        if visible_sign(divisor, self._known(self.definitions, self.facts)) != 1:
            return None
        since = f" since {', '.join(self.reasons)}" if self.reasons else ""
        return f"{_shown(divisor)} > 0{since}"

    def _known(self, definitions: Definitions, facts: Known) -> Known:
        known = Known((), facts.fixed, lambda letter: self._letter_sign(letter, definitions, facts))
        known.facts = facts.facts
        return known

    def _letter_sign(self, letter: Any, definitions: Definitions, facts: Known) -> int | None:
        """The sign of a letter by its definition; ``None`` where its sequence is being worked out already."""
        key = letter, tuple(facts.facts)
        if key in self.found:
            return self.found[key]
        what = letter if isinstance(letter, Parameter) else letter.sequence
        value = definitions.of(letter)
        if what in self.open or value is None:
            return None
        before = dict(self.reasons), dict(self.found)
        self.open.add(what)
        try:
            sign = visible_sign(value, self._known(definitions, facts))
            if sign is not None:
                self.reasons[f"{_shown(letter)} = {_shown(value)} {RELATION[sign]}"] = None
            elif isinstance(letter, At) and letter.index != 0:
                self.reasons, self.found = dict(before[0]), dict(before[1])
                sign = self._by_induction(letter)
        finally:
            self.open.discard(what)
        if sign is None:
            self.reasons, self.found = before
        self.found[key] = sign
        return sign

    def _by_induction(self, letter: At) -> int | None:
        """The sign of ``letter``, at some time from 1 on, by induction over time: base, then step."""
        sequence = letter.sequence
        general = self._recursion(sequence)
        start = None if general is None else self._sign_at_zero(sequence)
        if general is None or start is None:
            return None
        for assumed in sorted({start, 0}, reverse=True):
            sign = self._after_one_step(sequence, general, assumed)
            if sign is not None and sign >= assumed:
                self.reasons[
                    f"{_shown(letter)} {RELATION[sign]} by induction from {sequence[0]} {RELATION[start]}, as "
                    f"{sequence[t]} = {_shown(general)} {RELATION[sign]} if {sequence[t - 1]} {RELATION[assumed]}"
                ] = None
                return sign
        return None

    def _recursion(self, sequence: Any) -> Expr | None:
        """What defines the sequence at every time from 1 on in terms of earlier ones, if that does."""
        given = self.definitions.given
        fixed = {a.index for a in fixed_definitions(given) if isinstance(a, At) and a.sequence == sequence}
        if given.is_true_adjoint(sequence) or given.runs_backward(sequence) or fixed - {0}:
            return None
        general = given.general_definition(sequence)
        reads = () if general is None else letters(general)
        return general if any(isinstance(a, At) and a.sequence == sequence for a in reads) else None

    def _sign_at_zero(self, sequence: Any) -> int | None:
        """What is assumed of the initial value, or what the givens define it as."""
        first = sequence[0]
        sign = self.facts.sign(first)
        value = self.definitions.of(first) if sign is None else None
        return sign if value is None else visible_sign(value, self._known(self.definitions, self.facts))

    def _after_one_step(self, sequence: Any, general: Expr, assumed: int) -> int | None:
        """The sign at a step from 1 on, if it is ``assumed`` one step before."""
        anywhere = Definitions(self.definitions.given, Conditions((NOW >= 1,)))
        facts = self.facts.with_fact(sequence[NOW - 1], assumed, fixed=(NOW,))
        return visible_sign(general.subs(t, NOW), self._known(anywhere, facts))


def _shown(expr: Expr) -> str:
    return str(expr.xreplace({symbol: t for symbol in expr.atoms(Dummy)}))
