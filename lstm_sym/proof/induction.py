r"""Equalities by induction: P(0), and P(n) ⟹ P(n + 1), each decided by the normal form.

The step is shown in one of these ways:

- the differences of both sides from n to n + 1 agree;
- the left side at n + 1, written out by one step, becomes the right side at n + 1 once P(n) is put in;
- where P says what letters are, as in :math:`[c; h] = [C \odot e; H]`, both sides at n + 1 are written out by their
  definitions down to the letters at n, and these are what P(n) says. A claim about several sequences that read each
  other is one stack of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sympy import Expr, Symbol

from ..nodes.block import Block
from ..nodes.derivatives import Total
from ..symbols import At, letters
from .conditions import Conditions, require_downward
from .definitions import Definitions
from .derivation import Step
from .given import Given
from .polynomial import Unsupported
from .proved import ByNormalForm
from .unfold import one_step

Direct = Callable[..., ByNormalForm | None]
"""The normal form: what it proves an equality with, or ``None``."""


def by_induction(step: Step, n: Symbol, given: Given, direct: Direct) -> ByNormalForm | None:
    """The proof of an equality for every n >= 0, or ``None``."""
    left, right = step.left, step.right
    if any(n in side.free_symbols for e in given.equations for side in (e.lhs, e.rhs)):
        raise Unsupported(f"the givens depend on {n}, on which the induction runs")
    at_zero = Conditions(tuple(relation.subs(n, 0) for relation in step.relations))
    after = Conditions((*step.relations, *(relation.subs(n, n + 1) for relation in step.relations)))
    require_downward(step.relations, n)
    base = direct(left.subs(n, 0), right.subs(n, 0), given, at_zero)
    advance = None if base is None else _advance(left, right, n, given, after, direct)
    if base is None or advance is None:
        return None
    return ByNormalForm(f"induction on {n}", (*base.assumes, *advance.assumes), (*base.discharged, *advance.discharged))


def _advance(
    left: Expr, right: Expr, n: Symbol, given: Given, after: Conditions, direct: Direct
) -> ByNormalForm | None:
    """From P(n) to P(n + 1)."""
    next_left, next_right = left.subs(n, n + 1), right.subs(n, n + 1)
    if isinstance(left, Total):
        unfolded = _written_out(next_left, left, Definitions(given, after))
        return None if unfolded is None else direct(unfolded.xreplace({left: right}), next_right, given, after)
    advance = direct(next_left - left, next_right - right, given, after)
    if advance is not None:
        return advance
    opened = one_step(next_left, after)
    if opened is not None:
        advance = direct(opened.xreplace({left: right}), next_right, given, after)
    stated = _stated(left, right) if advance is None else {}
    return direct(next_left, next_right, given, after, stated=stated) if stated else advance


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


def _stated(left: Expr, right: Expr) -> dict[At, Expr]:
    """The letters that an equality says are something else, none of them in what another one is."""
    stated: dict[At, Expr] = {}
    for one, other in _pairs(left, right):
        letter, value = (one, other) if isinstance(one, At) else (other, one)
        if isinstance(letter, At):
            stated.setdefault(letter, value)
    inside = {letter for value in stated.values() for letter in letters(value)}
    return {letter: value for letter, value in stated.items() if letter not in inside}


def _pairs(left: Expr, right: Expr) -> Iterator[tuple[Expr, Expr]]:
    """The equalities of which one between matrices of equal blocks consists."""
    if not (isinstance(left, Block) and isinstance(right, Block)):
        yield left, right
        return
    blocks = [[block for row in side.args for block in row] for side in (left, right)]
    fit = len(left.args) == len(right.args) and len(blocks[0]) == len(blocks[1])
    if fit and all(a.shape == b.shape for a, b in zip(*blocks, strict=True)):
        yield from zip(*blocks, strict=True)
