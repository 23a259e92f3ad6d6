r"""Limits of scalars: SymPy finds them (Gruntz 1996), and balls along the way must approach what it found.

The two share only the expression. A limit in an index is taken over the real numbers, which is more than is asked.
Positive symbols may stand as parameters; the balls try them at several values.
"""

from __future__ import annotations

from itertools import pairwise

import sympy
from flint import arb
from sympy import Expr, Limit, Rational, Symbol

from ..activations import Applied
from .domains import precision
from .one_variable import enclosure, without_primes
from .polynomial import Unsupported

SAMPLES = (Rational(1, 3), Rational(2), Rational(5, 4))
"""Values at which positive parameters are tried."""

BITS = 4096
NEAR = tuple(10**k for k in range(1, 7))
"""How far along the way the balls look: at these indices, or at these fractions of the distance to a finite point."""

IN_SYMPY = {
    "sigma": lambda z: 1 / (1 + sympy.exp(-z)),
    "tanh": lambda z: (sympy.exp(2 * z) - 1) / (sympy.exp(2 * z) + 1),
    "exp": sympy.exp,
    "log": sympy.log,
    "softplus": lambda z: sympy.log(1 + sympy.exp(z)),
    "identity": lambda z: z,
}


def limit_detail(limit: Limit, value: Expr) -> str:
    """Empty if the limit is ``value`` to both; else what is amiss."""
    body, index, target, direction = limit.args
    if limit.atoms(Limit) != {limit} or value.has(Limit):
        raise Unsupported("a limit stands alone on the left of its step")
    parameters = sorted(body.free_symbols - {index}, key=str)
    for symbol in parameters:
        if not symbol.is_positive:
            raise Unsupported(f"the parameter {symbol} of a limit is not a positive symbol")
    along, end = _towards(index, target, str(direction))
    found = sympy.limit(_in_sympy(body, index).xreplace({index: along}), _real(index), end)
    if not _same(found, _in_sympy(value, index)):
        return f"SymPy finds the limit {found}"
    samples = [dict.fromkeys(parameters, sample) for sample in SAMPLES] if parameters else [{}]
    if not all(_approached(body, index, target, str(direction), value, sample) for sample in samples):
        return "the values along the way do not approach it"
    return ""


def _in_sympy(expr: Expr, index: Symbol) -> Expr:
    """The expression in SymPy's own functions."""
    changed = without_primes(expr)
    while changed.has(Applied):
        inner = {call: IN_SYMPY[call.function.name](call.argument) for call in _innermost(changed)}
        changed = changed.xreplace(inner)
    return changed


def _innermost(expr: Expr) -> list[Applied]:
    calls = [call for call in expr.atoms(Applied) if not call.argument.has(Applied)]
    for call in calls:
        if call.function.name not in IN_SYMPY or call.function.order:
            raise Unsupported(f"no limit of {call.function.text}")
    return calls


def _towards(index: Symbol, target: Expr, direction: str) -> tuple[Expr, Expr]:
    """The index by a positive variable that grows to infinity, or falls to 0 on one side of a finite point."""
    if direction not in ("+", "-"):
        raise Unsupported("a limit from both sides; take one at a time")
    step = _real(index)
    if target.is_infinite:
        return (step if target.is_extended_positive else -step), sympy.oo
    return (target + step if direction == "+" else target - step), sympy.Integer(0)


def _real(index: Symbol) -> Symbol:
    return Symbol(index.name, positive=True)


def _same(found: Expr, value: Expr) -> bool:
    return bool(found == value or ((found - value).is_finite and sympy.simplify(found - value) == 0))


def _approached(
    body: Expr, index: Symbol, target: Expr, direction: str, value: Expr, sample: dict[Symbol, Expr]
) -> bool:
    """Whether the distance to the limit shrinks at every look, or the values grow at every look towards infinity."""
    with precision(BITS):
        places = [body.xreplace(sample).subs(index, place) for place in _way(target, direction)]
        looks = [look for place in places if (look := enclosure(without_primes(place))) is not None]
        if len(looks) < len(NEAR):
            return False
        if value.is_infinite:
            sign = 1 if value.is_extended_positive else -1
            return all(bool(sign * b > sign * a) for a, b in pairwise(looks))
        end = enclosure(without_primes(value.xreplace(sample)))
        if end is None:
            return False
        distances = [abs(look - end) for look in looks]
        nearer = all(bool(b < a) or _nothing(b) for a, b in pairwise(distances))
        return nearer and bool(distances[-1] < arb(1) / 10_000)


def _nothing(distance: arb) -> bool:
    return bool(distance < arb(2) ** (-BITS // 2))


def _way(target: Expr, direction: str) -> list[Expr]:
    if target.is_infinite:
        sign = 1 if target.is_extended_positive else -1
        return [sympy.Integer(sign * place) for place in NEAR]
    sign = 1 if direction == "+" else -1
    return [target + sign * Rational(1, place) for place in NEAR]
