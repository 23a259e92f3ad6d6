r"""Bounds on functions of one real variable: signs on a range, tangents of convex functions, subdivision in balls.

- A polynomial in one σ(z) or one tanh(z): its sign on (0, 1) or (-1, 1) is decided exactly by isolating its roots.
- A convex function lies above its tangents: :math:`f(z_0) = f'(z_0) = 0` and :math:`f'' \ge 0` give :math:`f \ge 0`.
- Any other function on an interval: Arb encloses its values over pieces of the interval, halved until the sign
  shows; the ends may be infinite, where σ, tanh, exp and softplus go to their limits, if those are finite.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flint import arb
from sympy import Add, Expr, Interval, Mul, Poly, Pow, Rational, Symbol
from sympy import log as natural_log

from ..activations import Activation, Applied, derivative
from ..activations import X as ARGUMENT
from ..activations import Y as VALUE
from .domains import precision

RANGES = {"sigma": (0, 1), "tanh": (-1, 1)}
"""The open intervals that the functions fill as z runs through the real numbers."""

S = Symbol("s", real=True)
PIECES = 4096
"""At most so many pieces is an interval cut into."""

BITS = 128
FAR = 4
"""An unbounded interval is cut at ±FAR first, then at ±2 FAR, ±4 FAR, …"""


@dataclass(frozen=True, slots=True)
class BoundDecision:
    """How a bound was proved, or that it is false somewhere and at about which value, or neither and why."""

    proof: str | None = None
    assumes: tuple[str, ...] = ()
    discharged: tuple[str, ...] = ()
    false_somewhere: bool = False
    suggestion: tuple[tuple[tuple[str, int, int], Fraction], ...] = ()
    detail: str = ""


# --- polynomials in one σ or tanh -------------------------------------------------------------------


def sign_on_line(difference: Expr, strict: bool) -> BoundDecision | None:
    """Whether a polynomial in one σ(z) or one tanh(z) is positive (or nonnegative) on the open range.

    If ``z`` is an expression it may not reach every value, so that only a yes counts.
    """
    plain = without_primes(difference)
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


def without_primes(expr: Expr) -> Expr:
    """σ' and tanh' written as polynomials in σ and tanh, any derivative by its row of the table."""
    changes = {}
    for call in expr.atoms(Applied):
        if call.function.order and call.function.row is not None:
            formula = derivative(Activation(call.function.name, call.function.order - 1))
            value = Applied(Activation(call.function.name), call.argument)
            if formula is not None:
                changes[call] = formula.xreplace({ARGUMENT: call.argument, VALUE: value})
    return expr.xreplace(changes).expand()


def _points_between_roots(polynomial: Poly, low: int, high: int) -> list[Rational]:
    """One rational point in every gap that the roots leave in (low, high), between disjoint isolating intervals.

    Roots at the ends are divided out first: they bound no gap of their own.
    """
    for end, sign in ((low, 1), (high, -1)):
        while polynomial.eval(end) == 0:
            polynomial = polynomial.quo(Poly(sign * (S - end), S, domain="QQ"))
    gap = Rational(1, 16)
    while True:
        isolating = [ends for ends, _ in polynomial.intervals(eps=gap) if ends[1] > low and ends[0] < high]
        edges = [(Rational(low), Rational(low)), *isolating, (Rational(high), Rational(high))]
        gaps = [(max(a, Rational(low)), min(b, Rational(high))) for (_, a), (b, _) in pairwise(edges)]
        open_gaps = [(a, b) for a, b in gaps if a < b]
        if len(open_gaps) == len(gaps):
            return [(a + b) / 2 for a, b in open_gaps]
        gap /= 2**16


# --- enclosures in balls ----------------------------------------------------------------------------


def sign_on_interval(difference: Expr, z: Symbol, low: Expr | None, high: Expr | None) -> BoundDecision | None:
    """Whether a function of ``z`` is above 0 on [low, high]; ``None`` stands for an infinite end."""
    if low is not None and high is not None and low > high:
        return None
    body = without_primes(difference)
    with precision(BITS):
        pieces = _first_pieces(low, high)
        done = 0
        while pieces:
            done += 1
            a, b = pieces.pop()
            value = _enclosure(body, z, _hull(a, b))
            if value is not None and value > 0:
                continue
            halves = _halved(a, b)
            if done > PIECES or halves is None:
                return None
            pieces += halves
        return BoundDecision(proof=f"balls on {done} pieces of [{low or '-∞'}, {high or '∞'}]".replace("None", ""))


def enclosure(constant: Expr) -> arb | None:
    """A ball around the value of a constant, at the working precision; ``None`` where there is none to be had."""
    return _enclosure(constant, None, None)


Piece = tuple[Fraction | None, Fraction | None]


def _first_pieces(low: Expr | None, high: Expr | None) -> list[Piece]:
    ends = [None if end is None else Fraction(int(end.p), int(end.q)) for end in (low, high)]
    return [(ends[0], ends[1])]


def _halved(a: Fraction | None, b: Fraction | None) -> list[Piece] | None:
    """Two pieces; one that reaches to infinity is cut further out each time, up to where nothing more is gained."""
    if a is None and b is None:
        middle: Fraction = Fraction(0)
    elif a is None or b is None:
        end = b if a is None else a
        assert end is not None
        middle = end + (-1 if a is None else 1) * max(Fraction(FAR), abs(end))
        if abs(middle) > 2**12:
            return None
    else:
        middle = (a + b) / 2
        if b - a < Fraction(1, 2**20):
            return None
    return [(a, middle), (middle, b)]


def _hull(a: Fraction | None, b: Fraction | None) -> tuple[arb | None, arb | None]:
    return tuple(None if end is None else arb(end.numerator) / arb(end.denominator) for end in (a, b))  # type: ignore


def _enclosure(expr: Expr, z: Symbol | None, hull: Any) -> arb | None:
    """A ball around every value of ``expr`` for z in the hull; ``None`` where there is none to be had."""
    if expr == z:
        low, high = hull
        return None if low is None or high is None else low.union(high)
    if expr.is_Rational:
        return arb(int(expr.p)) / arb(int(expr.q))
    if isinstance(expr, Applied):
        return _enclosed_call(expr, z, hull)
    if isinstance(expr, Add | Mul):
        parts = [part for arg in expr.args if (part := _enclosure(arg, z, hull)) is not None]
        if len(parts) < len(expr.args):
            return None
        total, *others = parts
        for part in others:
            total = total + part if isinstance(expr, Add) else total * part
        return total
    if isinstance(expr, Pow) and expr.exp.is_Integer:
        base = _enclosure(expr.base, z, hull)
        if base is None or (expr.exp < 0 and base.contains(0)):
            return None
        power = base ** abs(int(expr.exp))
        if int(expr.exp) % 2 == 0 and base.contains(0):
            power = arb(0).union(abs(base).upper() ** abs(int(expr.exp)))
        return power if expr.exp > 0 else 1 / power
    return None


INCREASING: dict[str, Any] = {
    "sigma": lambda x: 1 / (1 + (-x).exp()),
    "tanh": lambda x: x.tanh(),
    "exp": lambda x: x.exp(),
    "softplus": lambda x: (1 + x.exp()).log(),
    "identity": lambda x: x,
}
"""Increasing functions: their values on an interval lie between those at its ends."""

LIMITS = {"sigma": (0, 1), "tanh": (-1, 1), "exp": (0, None), "softplus": (0, None), "identity": (None, None)}
"""What they go to at -∞ and ∞."""


def _enclosed_call(call: Applied, z: Symbol | None, hull: Any) -> arb | None:
    name = call.function.name
    if name == "log":
        inside = _enclosure(call.argument, z, hull)
        return inside.log() if inside is not None and inside > 0 else None
    if name not in INCREASING or call.function.order:
        return None
    ends = _argument_ends(call.argument, z, hull)
    if ends is None:
        return None
    values = [limit if end is None else INCREASING[name](end) for end, limit in zip(ends, LIMITS[name], strict=True)]
    if None in values:
        return None
    return arb(values[0]).union(arb(values[1]))


def _argument_ends(argument: Expr, z: Symbol | None, hull: Any) -> tuple[arb | None, arb | None] | None:
    """The ends of an argument that is affine in z, infinite where z's are; of any other, those of its enclosure."""
    if z is not None and argument.has(z):
        slope = argument.diff(z) if not argument.has(Applied) else None
        if slope is not None and slope.is_Rational and slope != 0:
            offset = _enclosure(argument.subs(z, 0), None, None)
            if offset is None:
                return None
            factor = arb(int(slope.p)) / arb(int(slope.q))
            low, high = (None if end is None else factor * end + offset for end in hull)
            return (low, high) if slope > 0 else (high, low)
    inside = _enclosure(argument, z, hull)
    return None if inside is None else (arb(inside.lower()), arb(inside.upper()))


# --- convex functions -------------------------------------------------------------------------------


def tangent_conditions(difference: Expr, z: Symbol, at: Expr) -> tuple[Expr, Expr, Expr]:
    """f and f' at a point, which must be 0, and f'', which must be at least 0 everywhere."""
    value = without_primes(difference)
    slope = without_primes(value.diff(z))
    return value.subs(z, at), slope.subs(z, at), without_primes(slope.diff(z))
