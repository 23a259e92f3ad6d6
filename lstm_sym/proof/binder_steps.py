"""The steps of a sum or an ordered product: how many there surely are, and what the index of one is called."""

from __future__ import annotations

from typing import Any

from sympy import Dummy, Symbol

from ..symbols import letters
from .conditions import Conditions
from .polynomial import TooLarge, Unsupported

EXPANSION_LIMIT = 64
FACTOR_STEPS = tuple(Dummy(f"kappa_{k}", integer=True, nonnegative=True) for k in range(8))
TERM_STEPS = tuple(Dummy(f"sigma_{k}", integer=True, nonnegative=True) for k in range(8))
"""The bound indices of products and sums, one for each level of nesting."""


def step_of(expr: Any, steps: tuple[Symbol, ...]) -> Symbol:
    """The first step symbol that no enclosing binder has put into the expression."""
    used = expr.free_symbols | {symbol for letter in letters(expr) for symbol in letter.free_symbols}
    free = [step for step in steps if step not in used]
    if not free:
        raise TooLarge(f"more than {len(steps)} nested binders")
    return free[0]


def spare_steps(expr: Any, conditions: Conditions) -> int | None:
    """How many steps a binder surely has beyond a symbolic number; ``None`` if the number is a small integer."""
    count = (expr.high - expr.low + 1).expand()
    if count.is_Integer:
        if count > EXPANSION_LIMIT:
            raise Unsupported(f"{count} steps are too many to write out")
        return None
    constant = max(int(count.as_coeff_Add()[0]), 0)
    return constant if conditions.imply(count - constant) else 0
