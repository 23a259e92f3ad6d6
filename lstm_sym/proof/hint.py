"""Hints: a small edit of the right side that would make a false step true."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy.matrices.exceptions import ShapeError

from ..symbols import At, letters, t
from .derivation import Step
from .domains import NotExact, Singular
from .field import agree_at, field_check
from .given import Given
from .instantiation import FIELD_SIZES, instances
from .kernel import decide
from .mutate import Mutant, mutants
from .polynomial import Unsupported

ATTEMPTS = 120
LIKELY_FIRST = ("index", "transpose", "order", "sign", "derivative", "parenthesis", "drop a factor", "drop a term")
"""Kinds of mistakes in the order in which they are tried; others follow."""


def small_edit(step: Step, given: Given) -> str | None:
    """The first edit of the right side that both engines accept, as a sentence; ``None`` if none is found."""
    if step.relation != "=":
        return None
    first = next(instances(given, step.conditions, step.instances, FIELD_SIZES, step.left, step.right), None)
    if first is None:
        return None
    edits = sorted(mutants(step.right, pool(step, given)), key=_rank)
    for mutant in edits[:ATTEMPTS]:
        try:
            edited = mutant.build()
        except (ShapeError, TypeError, ValueError):
            continue
        if not _holds(step, edited, given, first):
            continue
        if decide(replace(step, right=edited, expected="proved"), given).verdict == "proved":
            return f"it holds with {mutant.what}"
    return None


def _rank(mutant: Mutant) -> int:
    return LIKELY_FIRST.index(mutant.kind) if mutant.kind in LIKELY_FIRST else len(LIKELY_FIRST)


def _holds(step: Step, edited: Any, given: Given, first: Any) -> bool:
    try:
        if not agree_at(given, step.left, edited, first):
            return False
        checked = field_check(given, step.left, edited, wanted=step.instances, conditions=step.conditions)
    except (ShapeError, TypeError, ValueError, KeyError, NotExact, Singular, Unsupported):
        return False
    return checked is not None and checked.agrees


def pool(step: Step, given: Given) -> tuple[Any, ...]:
    """Letters that may have been meant: those of both sides and of the cell."""
    own = [*letters(step.left), *letters(step.right)]
    cell = given.cell.letters if given.cell is not None else ()
    return tuple(dict.fromkeys([*own, *(a for a in cell if not isinstance(a, At) or a.index == t)]))
