r"""The proof kernel: the one place that can call a step proved.

An equation is proved when the normal form and the finite field agree, or by induction when both decide
its base and its step. A mismatch over the field is only a candidate: the verdict is ``refuted``
when a real witness is found and replayed, else ``undecided``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from sympy import Expr, Limit, Symbol

from ..backpropagation import T
from ..nodes.derivatives import Total
from ..symbols import At, Parameter, letters
from .bounds import EFFORT, decide_bound
from .conditions import Conditions, require_downward
from .definitions import Definitions
from .derivation import Step, check_types
from .distinct import require_distinct_names
from .field import FieldCheck, field_check
from .given import Given, fixed_definitions
from .limits import limit_detail
from .normal_form import NormalForm
from .polynomial import TooLarge, Unsupported
from .proved import sealed
from .report import Outcome
from .unfold import one_step
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
    assumes = (*map(str, step.assumes), *outcome.assumes, *([f"admitted: {step.admit}"] if step.admit else []))
    return replace(outcome, seconds=perf_counter() - started, assumes=tuple(dict.fromkeys(assumes)))


def _decide_equality(step: Step, given: Given, plain: bool) -> Outcome:
    left, right = step.left, step.right
    if isinstance(left, Limit):
        return _decide_limit(left, right)
    checked = field_check(given, left, right, wanted=step.instances, conditions=step.conditions)
    if checked is None:
        return Outcome("undecided", "finite field", 0.0, detail="no instance of the statement could be evaluated")
    if not checked.agrees:
        return _refutation(step, given, plain, f"over the finite field at {checked.differs_at}")
    proof = _induction(step, step.on, given) if step.on is not None else _direct(left, right, given, step.conditions)
    if proof is None:
        hidden = _refutation(step, given, plain, "", effort=1)
        if hidden.verdict == "refuted":
            return hidden
        return Outcome(
            "probable",
            "finite field",
            0.0,
            error_bound=checked.error_bound,
            detail=f"the normal forms differ; agreed mod 2^61 - 1 at {_points(checked)}",
        )
    return Outcome(
        "proved",
        f"{proof.how} and finite field",
        0.0,
        proof=sealed(left, "=", right, proof.how),
        assumes=proof.assumes,
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


@dataclass(frozen=True, slots=True)
class _Normal:
    how: str
    assumes: tuple[str, ...]


def _direct(left: Expr, right: Expr, given: Given, conditions: Conditions) -> _Normal | None:
    """Equal normal forms, with more and more definitions written out; each is an equality, so any stage proves."""
    definitions = Definitions(given, conditions)
    for unfold in _stages(left, right, definitions):
        tie: int | None = None
        while tie is None or tie > 0:
            form = NormalForm(unfold, definitions.value_of, conditions, tie=tie or 0)
            try:
                equal = form.equal(left, right)
            except (Unsupported, TooLarge):
                break
            if equal:
                return _Normal("normal form", tuple(form.divisors))
            tie = form.wanted_tie
    return None


Unfold = Callable[[Any], Any]


def _stages(left: Expr, right: Expr, definitions: Definitions) -> list[Unfold]:
    """What to write out: nothing, what one time step defines by itself, then every step within reach."""

    def same_step(letter: Any) -> Any:
        rhs = definitions.of(letter)
        if rhs is None or not isinstance(letter, At):
            return rhs
        local = all(not isinstance(a, At) or a.index == letter.index for a in letters(rhs))
        return rhs if local else None

    window = _Window(definitions, left, right)
    return [lambda letter: None, same_step, window.inside, window.whole]


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


# --- induction --------------------------------------------------------------------------------------


def _induction(step: Step, n: Symbol, given: Given) -> _Normal | None:
    r"""P(0), and P(n) ⟹ P(n+1), each decided by the normal form.

    The step is shown in one of two ways: the differences of both sides from n to n+1 agree; or the left side at
    n+1, written out by one step, becomes the right side at n+1 once P(n) is put in.
    """
    left, right = step.left, step.right
    if any(n in side.free_symbols for e in given.equations for side in (e.lhs, e.rhs)):
        raise Unsupported(f"the givens depend on {n}, on which the induction runs")
    at_zero = Conditions(tuple(relation.subs(n, 0) for relation in step.relations))
    after = Conditions((*step.relations, *(relation.subs(n, n + 1) for relation in step.relations)))
    require_downward(step.relations, n)
    base = _direct(left.subs(n, 0), right.subs(n, 0), given, at_zero)
    if base is None:
        return None
    next_left, next_right = left.subs(n, n + 1), right.subs(n, n + 1)
    advance = None
    if isinstance(left, Total):
        unfolded = _written_out(next_left, left, Definitions(given, after))
        if unfolded is not None:
            advance = _direct(unfolded.xreplace({left: right}), next_right, given, after)
    else:
        advance = _direct(next_left - left, next_right - right, given, after)
        opened = one_step(next_left) if advance is None else None
        if opened is not None:
            advance = _direct(opened.xreplace({left: right}), next_right, given, after)
    return None if advance is None else _Normal(f"induction on {n}", (*base.assumes, *advance.assumes))


def _written_out(node: Expr, until: Expr, definitions: Definitions) -> Expr | None:
    """A total derivative by the chain rule, one equation after another, down to the one that is known."""
    while True:
        waiting = [total for total in node.atoms(Total) if total != until]
        if not waiting:
            return node
        values = {total: definitions.value_of(total) for total in waiting}
        if any(value is None for value in values.values()):
            return None
        node = node.xreplace(values)


# --- bounds ----------------------------------------------------------------------------


def _decide_inequality(step: Step, given: Given, plain: bool) -> Outcome:
    decision = decide_bound(step, given, _direct)
    if decision.proof is not None:
        return Outcome(
            "proved",
            decision.proof,
            0.0,
            proof=sealed(step.left, step.relation, step.right, decision.proof),
            assumes=decision.assumes,
        )
    if decision.false_somewhere:
        where = "on the range of the function"
        return _refutation(step, given, plain, where, suggestion=decision.suggestion, effort=EFFORT)
    return Outcome("undecided", "bounds", 0.0, detail=decision.detail)
