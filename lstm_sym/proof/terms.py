r"""Terms of a polynomial in indexed letters, and the one canonical way to number the indices that they sum over."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations, product
from math import factorial, prod
from typing import Any, NamedTuple

ROW, COLUMN = -1, -2
"""The free indices; those from 0 on are summed over."""

ORDER_LIMIT = 5040


class TooLarge(Exception):
    """The polynomial outgrew the limit."""


class Factor(NamedTuple):
    """An atom with its indices, to a power."""

    atom: int
    indices: tuple[int, ...]
    exponent: Fraction | int


class Term(NamedTuple):
    """A product of factors, summed over ``dims`` (one size per index 0, 1, …) and ``times`` (one entry per TIMES).

    An entry of ``times`` has the bounds, and whether they surely hold at least 0 steps, so that they can be counted.
    """

    factors: tuple[Factor, ...]
    dims: tuple[int, ...] = ()
    times: tuple[tuple[int, int, bool], ...] = ()


def index_names(term: Term) -> Term:
    """Summed indices numbered by colour refinement, the least numbering among ties."""
    count = len(term.dims)
    if count < 2:
        return Term(tuple(sorted(term.factors)), term.dims, term.times)
    colour = _colours(term)
    order = sorted(range(count), key=colour.__getitem__)
    if len(set(colour)) == count:
        return _renumbered(term, order)
    groups: dict[int, list[int]] = {}
    for k in order:
        groups.setdefault(colour[k], []).append(k)
    count_of_orders = prod(factorial(len(group)) for group in groups.values())
    if count_of_orders > ORDER_LIMIT:
        raise TooLarge(f"{count_of_orders} orders of summation indices that look alike")
    candidates = product(*[permutations(group) for group in groups.values()])
    return min(_renumbered(term, [k for group in choice for k in group]) for choice in candidates)


def _colours(term: Term) -> list[int]:
    """A number for each summed index that hangs on where it stands alone: colours refined until no more differ."""
    count = len(term.dims)
    around: list[list[tuple[tuple[int, Fraction | int, int], tuple[int, ...]]]] = [[] for _ in range(count)]
    first: list[list[Any]] = [[] for _ in range(count)]
    for atom, indices, exponent in term.factors:
        for position, index in enumerate(indices):
            if index >= 0:
                place = atom, exponent, position
                first[index].append(hash((place, len(indices))))
                if len(indices) > 1:
                    around[index].append((place, indices))
    colour = [hash((size, tuple(sorted(seen)))) for size, seen in zip(term.dims, first, strict=True)]
    different = len(set(colour))
    # Those of COLUMN and ROW come last, since as indices these are -2 and -1.
    ends = [-2, -1]
    while different < count:
        known = [*colour, *ends]
        colour = [
            hash((colour[k], tuple(sorted([hash((place, *[known[i] for i in at])) for place, at in around[k]]))))
            for k in range(count)
        ]
        before, different = different, len(set(colour))
        if different == before:
            break
    return colour


def _renumbered(term: Term, order: list[int]) -> Term:
    names = list(order)
    for new, old in enumerate(order):
        names[old] = new
    # The free indices are below 0, which in a list is the place counted from its end.
    names += (COLUMN, ROW)
    factors = [Factor(atom, tuple([names[i] for i in indices]), e) for atom, indices, e in term.factors]
    factors.sort()
    return Term(tuple(factors), tuple([term.dims[old] for old in order]), term.times)


def shifted(term: Term, shift: int, contracted: bool) -> Term:
    """The term with its summed indices from ``shift`` on, or from one later if its row becomes the index ``shift``."""
    first = shift + contracted
    moves = {k: k + first for k in range(len(term.dims))}
    if contracted:
        moves[ROW] = shift
    return reindexed(term, moves) if first else term


def reindexed(term: Term, moves: dict[int, int]) -> Term:
    return Term(tuple([moved(factor, moves) for factor in term.factors]), term.dims, term.times)


def moved(factor: Factor, moves: dict[int, int]) -> Factor:
    atom, indices, exponent = factor
    return Factor(atom, tuple([moves.get(index, index) for index in indices]), exponent)
