r"""Bounds: certificates that are visibly nonnegative, and exact decisions on the range of σ or tanh.

``a <= b`` is proved when ``b - a`` equals a certificate made of squares, positive numbers and functions with
positive values, the equality being decided by the engines; or when ``b - a`` is a polynomial in
one σ(z) or one tanh(z), whose sign on (0, 1) or (-1, 1) is decided exactly by isolating its roots.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from sympy import Add, Expr, Interval, Mul, Poly, Pow, Rational, Symbol, sympify
from sympy import log as natural_log

from ..activations import Activation, Applied, derivative
from ..activations import X as ARGUMENT
from ..activations import Y as VALUE
from .derivation import Step
from .field import field_check
from .given import Given

POSITIVE = ("sigma", "exp", "softplus")
"""Functions that are quotients, sums or logarithms of positive numbers in such a way that they are positive."""

RANGES = {"sigma": (0, 1), "tanh": (-1, 1)}
"""The open intervals that the functions fill as z runs through the real numbers."""

S = Symbol("s", real=True)


@dataclass(frozen=True, slots=True)
class BoundDecision:
    """How a bound was proved, or that it is false somewhere and at about which value, or neither and why."""

    proof: str | None = None
    assumes: tuple[str, ...] = ()
    false_somewhere: bool = False
    suggestion: tuple[tuple[tuple[str, int, int], Fraction], ...] = ()
    detail: str = ""


def decide_bound(step: Step, given: Given, direct: Callable[[Expr, Expr, Given], Any]) -> BoundDecision:
    """Prove or refute ``step.left relation step.right`` for scalars."""
    difference = sympify(step.right - step.left)
    strict = step.relation == "<"
    detail = "no certificate was given and the difference is not a polynomial in one σ(z) or tanh(z)"
    if step.slack is not None:
        sign = visible_sign(step.slack)
        if sign is None or (strict and sign == 0):
            detail = f"the certificate {step.slack} is not visibly {'positive' if strict else 'nonnegative'}"
        else:
            checked = field_check(given, difference, step.slack, wanted=step.instances, conditions=step.conditions)
            equal = checked is not None and checked.agrees and direct(difference, step.slack, given)
            if equal:
                return BoundDecision(f"certificate {step.slack}", equal.assumes)
            detail = f"the certificate {step.slack} is not right - left"
    decided = _sign_on_range(difference, strict)
    if decided is not None:
        return decided
    return BoundDecision(false_somewhere=_fails_at_samples(step, given), detail=detail)


def visible_sign(expr: Expr) -> int | None:
    """1 for an expression that is visibly positive, 0 for one visibly nonnegative, ``None`` for neither."""
    if expr.is_Rational:
        return 1 if expr > 0 else 0 if expr == 0 else None
    if isinstance(expr, Applied):
        return 1 if expr.function.name in POSITIVE and expr.function.order == 0 else None
    if isinstance(expr, Pow) and expr.exp.is_Integer:
        inside = visible_sign(expr.base)
        if inside == 1:
            return 1
        return 0 if expr.exp % 2 == 0 and expr.exp > 0 else inside if expr.exp > 0 else None
    if isinstance(expr, Mul):
        signs = [visible_sign(factor) for factor in expr.args]
        return None if None in signs else min(sign for sign in signs if sign is not None)
    if isinstance(expr, Add):
        signs = [visible_sign(term) for term in expr.args]
        return None if None in signs else max(sign for sign in signs if sign is not None)
    return None


def _sign_on_range(difference: Expr, strict: bool) -> BoundDecision | None:
    """Whether a polynomial in one σ(z) or one tanh(z) is positive (or nonnegative) on the open range.

    If ``z`` is an expression it may not reach every value, so that only a yes counts.
    """
    plain = _without_primes(difference)
    calls = _outermost(plain)
    if len(calls) != 1:
        return None
    (call,) = calls
    name = call.function.name
    if name not in RANGES or call.function.order:
        return None
    body = plain.xreplace({call: S})
    if body.free_symbols - {S} or not body.is_polynomial(S):
        return None
    low, high = RANGES[name]
    polynomial = Poly(body, S, domain="QQ")
    if polynomial.is_zero:
        return (
            BoundDecision(proof=f"equality on the range of {name}")
            if not strict
            else BoundDecision(false_somewhere=True)
        )
    inside = [root for root in polynomial.real_roots(multiple=False) if root[0] in Interval.open(low, high)]
    points = _points_between_roots(polynomial, low, high)
    bad = [point for point in points if polynomial.eval(point) < 0] or ([root for root, _ in inside] if strict else [])
    if not bad:
        return BoundDecision(proof=f"sign of a polynomial in {name} on its range ({low}, {high})")
    if not call.argument.is_Symbol:
        return None
    return BoundDecision(false_somewhere=True, suggestion=(((call.argument.name, 0, 0), _argument_at(name, bad[0])),))


def _argument_at(name: str, value: Expr) -> Fraction:
    """A simple rational z at which the function is about that value."""
    share = value if name == "sigma" else (1 + value) / 2
    z = float(natural_log(share / (1 - share)).evalf()) / (1 if name == "sigma" else 2)
    return Fraction(z).limit_denominator(100)


def _outermost(expr: Expr) -> set[Applied]:
    """The function calls of an expression that stand inside no other."""
    if isinstance(expr, Applied):
        return {expr}
    return {call for part in expr.args for call in _outermost(part)}


def _without_primes(expr: Expr) -> Expr:
    """σ' and tanh' written as polynomials in σ and tanh."""
    changes = {}
    for call in expr.atoms(Applied):
        if call.function.order and call.function.name in RANGES:
            formula = derivative(Activation(call.function.name, call.function.order - 1))
            value = Applied(Activation(call.function.name), call.argument)
            if formula is not None:
                changes[call] = formula.xreplace({ARGUMENT: call.argument, VALUE: value})
    return expr.xreplace(changes).expand()


def _points_between_roots(polynomial: Poly, low: int, high: int) -> list[Rational]:
    """One rational point in every gap that the roots leave in (low, high), between disjoint isolating intervals."""
    gap = Rational(1, 16)
    while True:
        isolating = [ends for ends, _ in polynomial.intervals(eps=gap) if ends[1] > low and ends[0] < high]
        edges = [(Rational(low), Rational(low)), *isolating, (Rational(high), Rational(high))]
        gaps = [(max(a, Rational(low)), min(b, Rational(high))) for (_, a), (b, _) in pairwise(edges)]
        open_gaps = [(a, b) for a, b in gaps if a < b]
        if len(open_gaps) == len(gaps) or all(polynomial.eval(a) == 0 for a, b in gaps if a >= b):
            return [(a + b) / 2 for a, b in open_gaps]
        gap /= 2**16


def _fails_at_samples(step: Step, given: Given) -> bool:
    from .witness import find_witness

    return find_witness(given, step.left, step.right, relation=step.relation, wanted=step.instances) is not None
