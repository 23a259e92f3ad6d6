r"""Bounds: certificates that are visibly nonnegative, induction, exact signs of functions of one variable.

``a <= b`` is proved when ``b - a`` is a sum of parts that are visibly nonnegative under what is assumed, or cited
inequalities with nonnegative factors, the equality being decided by the engines; by induction, when that holds of
the step from n to n + 1, the statement at n among the parts; or when ``b - a`` depends on one variable and its
sign is decided by :mod:`.one_variable`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sympy import Expr, Integer, Symbol, sympify

from ..nodes.operand import is_matrix
from ..symbols import letters
from .conditions import Conditions, require_downward
from .derivation import NOTHING_GIVEN, Step
from .domains import Balls, precision
from .evaluation import evaluate
from .field import field_check
from .given import Given
from .inequalities import TABLE, Cited
from .one_variable import BITS, BoundDecision, sign_on_interval, sign_on_line, tangent_conditions
from .polynomial import Unsupported
from .signs import Known, gap, visible_sign
from .trajectory import Instance, Trajectory
from .witness import find_witness

Direct = Callable[[Expr, Expr, Given, Conditions], Any]
"""The normal form: what it proves an equality with, or ``None``."""

NO_CERTIFICATE = "no certificate was given"
EFFORT = 12
"""How hard a number is sought against a bound, which most numbers meet even if it is false."""

SHORT = 60
"""A certificate of more signs is told by the inequalities that it cites and the number of its other parts."""


def decide_bound(step: Step, given: Given, direct: Direct) -> BoundDecision:
    """Prove or refute ``step.left relation step.right`` for scalars."""
    if step.on is not None:
        return _by_induction(step, step.on, given, direct)
    certified = _certified(step, given, direct, known_of(step)) if step.slack else BoundDecision(detail=NO_CERTIFICATE)
    if certified.proof is not None:
        return certified
    decided = _without_certificate(step, given, direct)
    if decided is not None:
        return decided
    return _undecided(step, given, f"{certified.detail}, and right - left shows no sign by itself")


def _without_certificate(step: Step, given: Given, direct: Direct) -> BoundDecision | None:
    """The signs that the difference shows by itself."""
    strict = step.relation == "<"
    equal = None if strict else _equal(step, given, direct)
    if equal is not None:
        return BoundDecision(proof="equality", assumes=equal.assumes, discharged=equal.discharged)
    difference = sympify(step.right - step.left)
    sign = visible_sign(difference, known_of(step))
    if sign is not None and sign >= strict:
        return BoundDecision(proof="visible sign")
    if step.tangent is not None:
        decided = _above_tangent(step, difference, given, direct)
        if decided is not None:
            return decided
    if letters(difference) or len(difference.free_symbols) > 1:
        return None
    if not difference.free_symbols:
        return _constant(difference)
    if is_matrix(difference):
        return None
    decided = sign_on_line(difference, strict)
    if decided is not None and (decided.proof or not step.hypotheses):
        return decided
    (z,) = difference.free_symbols
    return sign_on_interval(difference, z, *_interval(step, z))


def _constant(difference: Expr) -> BoundDecision | None:
    """Whether a ball shows that a constant is above 0."""
    with precision(BITS):
        value = evaluate(difference, Trajectory(NOTHING_GIVEN, Instance({}, {}), Balls(), _no_letter))
        entry = value[0][0] if is_matrix(difference) else value
        return BoundDecision(proof=f"the ball {entry.str(8)} around right - left") if entry > 0 else None


def _no_letter(name: str, *_: int) -> Any:
    raise Unsupported(f"the letter {name} in a constant")


def _equal(step: Step, given: Given, direct: Direct) -> Any:
    """What proves that both sides are equal, or ``None``."""
    checked = field_check(given, step.left, step.right, wanted=step.instances, conditions=step.conditions)
    agrees = checked is not None and checked.agrees
    return direct(step.left, step.right, given, step.conditions) if agrees else None


def known_of(step: Step) -> Known:
    """The hypotheses; an index of the statement, or one that a relation restricts, is that index only.

    What is assumed at the n of an induction is not assumed at n + 1, and does not count.
    """
    restricted = {symbol for relation in step.relations for symbol in relation.free_symbols}
    hypotheses = [h for h in step.hypotheses if step.on is None or step.on not in h.free_symbols]
    return Known(hypotheses, step.left.free_symbols | step.right.free_symbols | restricted)


def _interval(step: Step, z: Symbol) -> tuple[Expr | None, Expr | None]:
    """The ends that the hypotheses put to ``z``."""
    low = high = None
    for expr, _ in filter(None, map(gap, step.hypotheses)):
        if (expr - z).is_Rational:
            low = z - expr if low is None else max(low, z - expr)
        if (expr + z).is_Rational:
            high = expr + z if high is None else min(high, expr + z)
    return low, high


# --- certificates -----------------------------------------------------------------------------------


def _certified(step: Step, given: Given, direct: Direct, known: Known) -> BoundDecision:
    """Whether the parts of the certificate have a sign and add up to the difference."""
    signs = [_sign_of(part, known) for part in step.slack]
    for part, sign in zip(step.slack, signs, strict=True):
        if sign is None:
            return BoundDecision(detail=f"the part {_text(part)} of the certificate is not visibly nonnegative")
    if step.relation == "<" and not any(signs):
        return BoundDecision(detail=f"no part of the certificate {_texts(step)} is visibly positive")
    parts = [part.weighted_gap if isinstance(part, Cited) else part for part in step.slack]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    difference = sympify(step.right - step.left)
    checked = field_check(given, difference, total, wanted=step.instances, conditions=step.conditions)
    equal = checked is not None and checked.agrees and direct(difference, total, given, step.conditions)
    if not equal:
        return BoundDecision(detail=f"the certificate {_texts(step)} is not right - left")
    return BoundDecision(f"certificate {_texts(step)}", equal.assumes, equal.discharged)


def _sign_of(part: Any, known: Known) -> int | None:
    """The sign of a part; a cited inequality holds, and its factor must be nonnegative."""
    if not isinstance(part, Cited):
        return visible_sign(part, known)
    row = TABLE.get(part.name)
    if row is None or not row.holds(*part.args) or visible_sign(part.weight, known) is None:
        return None
    return 0


def _texts(step: Step) -> str:
    text = " + ".join(map(_text, step.slack))
    if len(text) <= SHORT:
        return text
    cited = dict.fromkeys(part.name for part in step.slack if isinstance(part, Cited))
    others = sum(not isinstance(part, Cited) for part in step.slack)
    return ", ".join([*cited, *([f"{others} visible part{'s' * (others > 1)}"] if others else [])])


def _text(part: Any) -> str:
    if not isinstance(part, Cited):
        return str(part)
    return f"[{part.name}]" if part.weight == 1 else f"({part.weight})*[{part.name}]"


def _above_tangent(step: Step, difference: Expr, given: Given, direct: Direct) -> BoundDecision | None:
    """A convex function that touches 0 is nowhere below it, on the interval of the hypotheses."""
    (z,) = difference.free_symbols
    domain = [expr for expr, _ in filter(None, map(gap, step.hypotheses))]
    if any(expr.diff(z).free_symbols or not expr.subs(z, step.tangent).is_nonnegative for expr in domain):
        return None
    value, slope, bend = tangent_conditions(difference, z, sympify(step.tangent))
    zero = Integer(0)
    touches = all(direct(side, zero, given, step.conditions) for side in (value, slope))
    convex = visible_sign(bend, known_of(step)) is not None
    if not (touches and convex and step.relation == "<="):
        return None
    return BoundDecision(f"convex, and 0 with its slope at {z} = {step.tangent}")


# --- induction --------------------------------------------------------------------------------------


def _by_induction(step: Step, n: Symbol, given: Given, direct: Direct) -> BoundDecision:
    """The bound at 0, and its certificate from n to n + 1, among whose parts the bound at n may stand."""
    require_downward(step.relations, n)
    if any(n in side.free_symbols for equation in given.equations for side in equation.args):
        raise Unsupported(f"the givens depend on {n}, on which the induction runs")
    if any(n in hypothesis.free_symbols for hypothesis in step.hypotheses):
        raise Unsupported(f"a hypothesis depends on {n}, on which the induction runs")
    start = replace(step.at(n, 0), slack=())
    base = _base(start, given, direct)
    if base is None:
        return _undecided(step, given, f"the base, {n} = 0, is not decided")
    before = sympify(step.right - step.left)
    known = known_of(step).with_fact(before, int(step.relation == "<"))
    ahead = replace(step.at(n, n + 1), slack=step.slack)
    advance = _certified(ahead, given, direct, known) if step.slack else BoundDecision(detail=NO_CERTIFICATE)
    if advance.proof is None:
        return _undecided(step, given, f"the step from {n} to {n} + 1: {advance.detail}")
    return BoundDecision(
        f"induction on {n}, {advance.proof}", (*base.assumes, *advance.assumes), (*base.discharged, *advance.discharged)
    )


def _base(start: Step, given: Given, direct: Direct) -> BoundDecision | None:
    """How the base is proved, if it is an equality or a bound that shows by itself."""
    decided = _without_certificate(start, given, direct)
    return None if decided is None or decided.proof is None else decided


def _undecided(step: Step, given: Given, detail: str) -> BoundDecision:
    """Not proved; perhaps because it is false."""
    found = find_witness(
        given,
        step.left,
        step.right,
        relation=step.relation,
        hypotheses=step.hypotheses,
        wanted=step.instances,
        conditions=step.conditions,
        effort=EFFORT,
    )
    return BoundDecision(false_somewhere=found is not None, detail=detail)
