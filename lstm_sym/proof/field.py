r"""Engine 2: both sides of a statement at random points of :math:`\mathbb F_p`.

Letters are random elements, a function value a keyed random element of its argument, derivatives are dual
numbers: nothing is shared with the normal form but the statement.

A false equation survives one point with probability at most degree/p (Schwartz 1980, Zippel 1979),
plus the chance that two different arguments collide. That holds at the sizes tried. It carries to all
sizes when each size is at least the number of summation indices of that range in a term: then every
contraction pattern has a monomial with all indices distinct, from which the pattern can be read
off, so two different patterns cannot cancel. The sizes tried here are distinct and above 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from ..activations import TABLE, Activation
from ..backpropagation import T
from ..nodes.elementwise import Maximum
from ..symbols import t
from .conditions import CONTRACT, Conditions
from .domains import Degree, Degrees, FiniteField, Singular
from .evaluation import Matrix, evaluate
from .given import Given
from .instantiation import FIELD_SIZES, index_symbols, instances
from .trajectory import Instance, Trajectory

INSTANCES = 4
INSTANCES_WITH_COUNTS = 9
SEEDS = 3
COIN_TOSSES = 40
"""How often a statement with jumps is tried, since the sign of a field element is the toss of a coin."""
JUMPS = {"step"} | {name for name, row in TABLE.items() if Activation("step") in row.derivative().atoms(Activation)}
"""The functions whose value in the field hangs on a random sign."""


@dataclass(frozen=True, slots=True)
class FieldCheck:
    """Whether both sides agree at every point tried, the points, and the error bound over all of them."""

    agrees: bool
    tried: tuple[Instance, ...]
    error_bound: float
    differs_at: Instance | None = None


def field_check(
    given: Given,
    left: Expr,
    right: Expr,
    *,
    wanted: tuple[dict[Symbol, int], ...] = (),
    conditions: Conditions = CONTRACT,
) -> FieldCheck | None:
    """Compare both sides over the field; ``None`` if no point could be evaluated."""
    counts = [s for s in index_symbols(given, conditions, left, right) if s not in (t, T)]
    limit = len(wanted) + (INSTANCES_WITH_COUNTS if counts else INSTANCES)
    tried: list[Instance] = []
    for instance in instances(given, conditions, wanted, FIELD_SIZES, left, right):
        agrees = agree_at(given, left, right, instance)
        if agrees is None:
            continue
        tried.append(instance)
        if not agrees:
            return FieldCheck(False, tuple(tried), 0.0, instance)
        if len(tried) == limit:
            break
    if not tried:
        return None
    bound = error_bound(given, left, right, tried[0])
    if _has_jumps(given, left, right):
        if not all(agree_at(given, left, right, tried[0], first_seed=seed) for seed in range(1, COIN_TOSSES)):
            return FieldCheck(False, tuple(tried), 0.0, tried[0])
        bound += 0.5**COIN_TOSSES
    return FieldCheck(True, tuple(tried), bound)


def _has_jumps(given: Given, *sides: Expr) -> bool:
    rules = [equation.rhs for equation in given.equations]
    if given.cell is not None:
        rules += [equation.rhs for equation in given.cell.equations]
    exprs = (*sides, *rules)
    functions = {f.name for expr in exprs for f in expr.atoms(Activation)}
    return bool(functions & JUMPS) or any(expr.has(Maximum) for expr in exprs)


def agree_at(given: Given, left: Expr, right: Expr, instance: Instance, first_seed: int = 0) -> bool | None:
    """Whether both sides agree at one instance; ``None`` if every seed divides by zero."""
    for seed in range(first_seed, first_seed + SEEDS):
        field = FiniteField(seed)
        where = Trajectory(given, instance, field, field.random)
        try:
            return bool(evaluate(left, where) == evaluate(right, where))
        except Singular:
            continue
    return None


def error_bound(given: Given, left: Expr, right: Expr, instance: Instance) -> float:
    """The probability that a false equation agrees at one random point of this instance."""
    domain = Degrees()
    where = Trajectory(given, instance, domain, lambda name, i, j: Degree(1))
    values: list[Matrix | Degree] = [evaluate(side, where) for side in (left, right)]
    return domain.error_bound([entry for value in values for entry in _entries(value)])


def _entries(value: Matrix | Degree) -> list[Degree]:
    return [value] if isinstance(value, Degree) else [entry for row in value for entry in row]
