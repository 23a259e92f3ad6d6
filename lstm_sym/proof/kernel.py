r"""The proof kernel: the one place that can call a step proved.

An equation is proved when the normal form and the finite field agree, or by induction when both decide
its base and its step. A mismatch over the field is only a candidate: the verdict is ``refuted``
when a real witness is found and replayed, else ``undecided``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any

from sympy import Expr, Limit

from ..activations import Applied, Elementwise
from ..backpropagation import T
from ..nodes.derivatives import Total
from ..symbols import At, Parameter, letters
from .bounds import EFFORT, decide_bound, known_of
from .conditions import Conditions
from .coverage import what_is_not_covered
from .definitions import Definitions
from .derivation import Step, check_types
from .distinct import require_distinct_names
from .field import FieldCheck, field_check
from .given import Given, fixed_definitions
from .induction import by_induction
from .limits import limit_detail
from .normal_form import NormalForm
from .polynomial import TooLarge, Unsupported
from .positivity import Positivity
from .proved import ByNormalForm, sealed
from .report import ADMITTED, Outcome
from .signs import Known, visible_sign
from .witness import find_witness, replay


def decide(step: Step, given: Given, *, plain: bool = True) -> Outcome:
    """Prove or refute one step under the givens; a witness is made ``plain`` for a reader unless that is not wanted."""
    check_types(step)
    require_distinct_names(step.left, step.right, *(side for e in given.equations for side in (e.lhs, e.rhs)))
    started = perf_counter()
    decider = _decide_equality if step.relation == "=" else _decide_inequality
    try:
        outcome = decider(step, given, plain)
    except Exception as error:
        outcome = Outcome("undecided", "none", 0.0, detail=f"{type(error).__name__}: {error}")
    domains = _logarithms(step) if outcome.verdict in ("proved", "probable") else ()
    assumes = (*map(str, step.assumes), *outcome.assumes, *domains, *([ADMITTED + step.admit] if step.admit else []))
    return replace(outcome, seconds=perf_counter() - started, assumes=tuple(dict.fromkeys(assumes)))


def _logarithms(step: Step) -> tuple[str, ...]:
    """That every logarithm of the statement is taken of something positive, where that does not show."""
    known = Known(step.hypotheses)
    calls = [
        c for side in (step.left, step.right) for c in side.atoms(Applied, Elementwise) if c.function.name == "log"
    ]
    return tuple(f"{call.argument} > 0" for call in calls if visible_sign(call.argument, known) != 1)


def _decide_equality(step: Step, given: Given, plain: bool) -> Outcome:
    left, right = step.left, step.right
    if isinstance(left, Limit):
        return _decide_limit(left, right)
    checked = field_check(given, left, right, wanted=step.instances, conditions=step.conditions)
    if checked is None:
        return Outcome("undecided", "finite field", 0.0, detail="no instance of the statement could be evaluated")
    if not checked.agrees:
        return _refutation(step, given, plain, f"over the finite field at {checked.differs_at}")
    direct = partial(_direct, known=known_of(step))
    if step.on is not None:
        proof = by_induction(step, step.on, given, direct)
    else:
        proof = direct(left, right, given, step.conditions)
    if proof is None:
        hidden = _refutation(step, given, plain, "", effort=1)
        if hidden.verdict == "refuted":
            return hidden
        agreed = f"the normal forms differ; agreed mod 2^61 - 1 at {_points(checked)}"
        uncovered = what_is_not_covered(given, left, right)
        if uncovered:
            detail = f"{agreed}, which does not cover every {uncovered}"
            return Outcome("undecided", "finite field", 0.0, detail=detail)
        return Outcome("probable", "finite field", 0.0, error_bound=checked.error_bound, detail=agreed)
    return Outcome(
        "proved",
        f"{proof.how} and finite field",
        0.0,
        proof=sealed(left, "=", right, proof.how),
        assumes=proof.assumes,
        discharged=tuple(dict.fromkeys(proof.discharged)),
        error_bound=checked.error_bound,
    )


def _decide_limit(left: Limit, right: Expr) -> Outcome:
    amiss = limit_detail(left, right)
    if amiss:
        return Outcome("undecided", "limit", 0.0, detail=amiss)
    how = "limit by SymPy and balls"
    return Outcome("proved", how, 0.0, proof=sealed(left, "=", right, how))


def _refutation(step: Step, given: Given, plain: bool, differs: str, **search: Any) -> Outcome:
    """``refuted`` with a witness that replays, or ``undecided`` where none is found."""
    left, right = step.left, step.right
    search |= {"relation": step.relation, "conditions": step.conditions, "plain": plain}
    search["hypotheses"] = step.hypotheses
    witness = find_witness(given, left, right, wanted=step.instances, **search)
    if witness is None and step.instances:
        witness = find_witness(given, left, right, **search)
    if witness is not None and replay(given, left, right, witness, step.hypotheses):
        return Outcome("refuted", "exact rationals" if witness.exact else "balls", 0.0, witness=witness)
    return Outcome(
        "undecided", "finite field", 0.0, detail=f"the sides differ {differs}, but no real witness was found"
    )


def _points(checked: FieldCheck) -> str:
    return "; ".join(str(instance) or "one point" for instance in checked.tried)


# --- the normal form, with definitions written out as far as needed ---------------------------------


NOTHING: Mapping[At, Expr] = {}
"""What no induction states."""


def _direct(
    left: Expr,
    right: Expr,
    given: Given,
    conditions: Conditions,
    *,
    known: Known,
    stated: Mapping[At, Expr] = NOTHING,
) -> ByNormalForm | None:
    """Equal normal forms, with more and more definitions written out; each is an equality, so any stage proves.

    ``stated`` says what letters equal by the hypothesis of an induction; there each letter is what it says.
    Divisors that are positive by what is ``known`` and their definitions owe nothing.
    """
    definitions = Definitions(given, conditions, stated)
    positive = Positivity(definitions, known).certificate
    for number, unfold in enumerate(_stages(left, right, definitions)):
        tie, meaning = 0, False
        while True:
            form = NormalForm(
                unfold, definitions.value_of, conditions, tie=tie, open_meaning=meaning, positive=positive
            )
            try:
                equal = form.equal(left, right)
            except (Unsupported, TooLarge):
                break
            if equal:
                return ByNormalForm("normal form", tuple(form.divisors), tuple(form.discharged))
            if form.wanted_tie:
                tie = form.wanted_tie
            elif form.met_meaning and not meaning and number == 0:
                tie, meaning = 0, True
            else:
                break
    return None


Unfold = Callable[[Any], Any]


def _stages(left: Expr, right: Expr, definitions: Definitions) -> list[Unfold]:
    """What to write out: nothing, what one time step defines by itself, then every step within reach."""

    def same_step(letter: Any) -> Any:
        if letter in definitions.stated:
            return definitions.stated[letter]
        rhs = definitions.of(letter)
        if rhs is None or not isinstance(letter, At):
            return rhs
        local = all(not isinstance(a, At) or a.index == letter.index for a in letters(rhs))
        return rhs if local else None

    window = _Window(definitions, left, right)
    return [definitions.stated.get, same_step, window.inside, window.whole]


class _Window:
    """The times that a statement mentions; definitions are written out within them.

    What runs forward is kept at the earliest time mentioned, what runs backward at the latest: those
    are the ends at which a statement about one step stands for any trajectory. What runs backward is known
    at T + 1, so from the end of the sequence everything is written out.
    """

    def __init__(self, definitions: Definitions, left: Expr, right: Expr) -> None:
        self.definitions = definitions
        self.given = given = definitions.given
        self.first: dict[Expr, Any] = {}
        self.last: dict[Expr, Any] = {}
        for side in (left, right):
            mentioned = [a for a in letters(side) if isinstance(a, At)]
            mentioned += [a for node in side.atoms(Total) for a in letters(node) if isinstance(a, At)]
            for letter in mentioned:
                offset, base = letter.index.as_coeff_Add()
                ends, pick = (self.last, max) if given.runs_backward(letter.sequence) else (self.first, min)
                ends[base] = pick(ends.get(base, offset), offset)
        for base, offset in self.last.items():
            self.first.setdefault(base, offset)
        if T in self.last:
            self.last[T] = max(self.last[T], 1)

    def inside(self, letter: Any) -> Any:
        return self._unfolded(letter, at_ends=False)

    def whole(self, letter: Any) -> Any:
        return self._unfolded(letter, at_ends=True)

    def _unfolded(self, letter: Any, *, at_ends: bool) -> Any:
        if letter in self.definitions.stated:
            return self.definitions.stated[letter]
        if letter in fixed_definitions(self.given):
            return self.definitions.of(letter)
        if isinstance(letter, Parameter):
            return None
        offset, base = letter.index.as_coeff_Add()
        backward = self.given.runs_backward(letter.sequence)
        end = (self.last if backward else self.first).get(base)
        if end is None:
            return None
        distance = end - offset if backward else offset - end
        return self.definitions.of(letter) if distance > 0 or (at_ends and distance == 0) else None


# --- bounds ----------------------------------------------------------------------------


def _decide_inequality(step: Step, given: Given, plain: bool) -> Outcome:
    decision = decide_bound(step, given, partial(_direct, known=known_of(step)))
    if decision.proof is not None:
        return Outcome(
            "proved",
            decision.proof,
            0.0,
            proof=sealed(step.left, step.relation, step.right, decision.proof),
            assumes=decision.assumes,
            discharged=decision.discharged,
        )
    if decision.false_somewhere:
        where = "on the range of the function"
        return _refutation(step, given, plain, where, suggestion=decision.suggestion, effort=EFFORT)
    return Outcome("undecided", "bounds", 0.0, detail=decision.detail)
