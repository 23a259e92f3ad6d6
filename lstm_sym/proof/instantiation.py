r"""Concrete sizes and indices at which a statement is tried."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

from sympy import Expr, Symbol

from ..backpropagation import T
from ..nodes.derivatives import Total
from ..nodes.operand import is_matrix
from ..symbols import At, Parameter, letters, mark_of, t
from .conditions import Conditions
from .given import Given, fixed_definitions
from .polynomial import Unsupported
from .trajectory import Instance

TIMES = ((2, 4), (1, 1), (3, 4), (1, 2), (2, 2), (1, 3), (2, 3), (3, 3), (6, 7), (1, 6))
"""Pairs (t, T) that are tried: inside the sequence, at its end, at its start, further apart."""

COUNTS = (2, 1, 3, 0, 5)
"""Values of any other index or count."""

ASSIGNMENTS = 30
"""How many assignments of the indices are made at most."""

FIELD_SIZES = ((3, 2, 4, 5, 7, 6, 8, 9), (2, 3, 5, 4, 6, 8, 7, 9))
"""Distinct sizes, none of them 1, for the finite field."""

WITNESS_SIZES = ((1,) * 8, (2, *(1,) * 7), (1, 2, *(1,) * 6), (2,) * 8, (2, 3) * 4, (3, 2) * 4)
"""Sizes for a witness, smallest first, so that a reader can recompute it."""


def size_symbols(given: Given, *sides: Expr) -> list[Symbol]:
    """The symbols of sizes in a statement and its givens, by name."""
    found: set[Symbol] = set()
    for side in sides:
        found |= {symbol for symbol in side.atoms(Symbol) if symbol.is_integer and symbol.is_positive}
    for what in _reachable(given, sides):
        for size in what.shape:
            found |= size.free_symbols
    return sorted(found, key=lambda symbol: symbol.name)


def index_symbols(given: Given, conditions: Conditions, *sides: Expr) -> list[Symbol]:
    """The free integer symbols that are not sizes: times and counts, by name; T where a value depends on the end."""
    named = [letter.index for letter in fixed_definitions(given) if isinstance(letter, At)]
    free = set().union(*[expr.free_symbols for expr in (*sides, *named, *conditions.relations)])
    found = {symbol for symbol in free if _is_index(symbol)}
    if _uses_loss(given, sides):
        found.add(T)
    return sorted(found, key=lambda symbol: symbol.name)


def index_values(
    symbols: list[Symbol], conditions: Conditions, wanted: tuple[dict[Symbol, int], ...]
) -> Iterator[dict[Symbol, int]]:
    """Assignments of the index symbols within the conditions: the wanted ones, then a variety of others."""
    for values in wanted:
        missing = [symbol for symbol in symbols if symbol not in values and symbol != T]
        if missing:
            raise ValueError(f"the instance {values} gives no value to {missing[0]}")
        if min(values.values(), default=0) < 0 or not conditions.allow(values):
            raise ValueError(f"the instance {values} is against 1 <= t <= T, counts of at least 0, or what is assumed")
        yield {**values, T: values.get(T, max(values.values()))} if T in symbols else values
    others = [symbol for symbol in symbols if symbol not in (t, T)]
    counts = list(product(COUNTS, repeat=len(others)))
    random.Random(0).shuffle(counts)
    for k in range(max(len(TIMES), min(len(counts), ASSIGNMENTS))):
        now, end = TIMES[k % len(TIMES)]
        values = {t: now, T: end, **dict(zip(others, counts[k % len(counts)], strict=True))}
        values = {symbol: value for symbol, value in values.items() if symbol in symbols}
        if conditions.allow(values):
            yield values


def instances(
    given: Given,
    conditions: Conditions,
    wanted: tuple[dict[Symbol, int], ...],
    table: tuple[tuple[int, ...], ...],
    *sides: Expr,
    assumed: tuple[Expr, ...] = (),
) -> Iterator[Instance]:
    """Every assignment of indices with every row of a table of sizes, both varied early on.

    What is ``assumed`` of the letters may have sizes that the sides have not.
    """
    symbols = size_symbols(given, *sides, *assumed)
    if len(symbols) > len(table[0]):
        raise Unsupported(f"{len(symbols)} sizes: {', '.join(map(str, symbols))}")
    all_sizes = list(dict.fromkeys(tuple(zip(symbols, row, strict=False)) for row in table))
    indices = index_symbols(given, conditions, *sides)
    all_values = list(dict.fromkeys(tuple(v.items()) for v in index_values(indices, conditions, wanted)))
    for diagonal in range(len(all_sizes) + len(all_values) - 1):
        for i in range(max(0, diagonal - len(all_values) + 1), min(len(all_sizes), diagonal + 1)):
            numbers = dict(all_sizes[i]), dict(all_values[diagonal - i])
            if conditions.allow(numbers[0] | numbers[1]):
                yield Instance(*numbers)


def _is_index(symbol: Any) -> bool:
    return isinstance(symbol, Symbol) and bool(symbol.is_integer) and not symbol.is_positive


def _uses_loss(given: Given, sides: tuple[Expr, ...]) -> bool:
    """Whether a value depends on where the sequence ends: an adjoint, or whatever else runs backward."""
    mentioned = [letter for side in sides for letter in letters(side)]
    backward = any(isinstance(a, At) and given.runs_backward(a.sequence) for a in mentioned)
    gradient = any(not is_matrix(node.of) for side in sides for node in side.atoms(Total))
    return backward or gradient or any(mark_of(letter) == "delta" for letter in mentioned)


def _reachable(given: Given, sides: tuple[Expr, ...]) -> set[Any]:
    """The letters of a statement and all that their definitions read."""
    waiting = [letter for side in sides for letter in letters(side)]
    if given.cell is not None:
        waiting += given.cell.letters
    for equation in given.equations:
        waiting += letters(equation.rhs)
    return {letter if isinstance(letter, Parameter) else letter.sequence for letter in waiting}
