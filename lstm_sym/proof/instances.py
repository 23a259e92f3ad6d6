r"""Concrete sizes and indices at which a statement is tried."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from sympy import Expr, Symbol

from ..bptt import T
from ..nodes.binders import Binder
from ..nodes.derivatives import Total
from ..nodes.operand import is_matrix
from ..symbols import At, Parameter, letters, mark_of, t
from .given import Given
from .trajectory import Instance

TIMES = ((2, 4), (1, 1), (3, 4), (1, 2), (1, 3), (2, 3))
"""Pairs (t, T) that are tried: inside the sequence, at its end, and at its start."""

COUNTS = (2, 3, 1, 0)
"""Values of any other index or count."""

FIELD_SIZES = ((3, 2, 4, 5, 7), (2, 3, 5, 4, 6))
"""Distinct sizes, none of them 1, for the finite field."""

WITNESS_SIZES = ((1, 1, 1, 1, 1), (2, 1, 1, 1, 1), (1, 2, 1, 1, 1), (2, 2, 2, 2, 2), (2, 3, 2, 3, 2), (3, 2, 4, 3, 2))
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


def index_symbols(given: Given, *sides: Expr) -> list[Symbol]:
    """The free integer symbols that are not sizes: times and counts, by name; T where the givens need it."""
    bound = {node.index for side in sides for node in side.atoms(Binder)}
    found: set[Symbol] = set()
    for side in sides:
        found |= {symbol for symbol in side.free_symbols if _is_index(symbol)}
        found |= {symbol for node in side.atoms(Binder) for symbol in node.free_symbols if _is_index(symbol)}
        found |= {symbol for a in letters(side) if isinstance(a, At) for symbol in a.index.free_symbols} - bound
    if _uses_loss(given, sides):
        found.add(T)
    return sorted(found, key=lambda symbol: symbol.name)


def index_values(given: Given, wanted: tuple[dict[Symbol, int], ...], *sides: Expr) -> Iterator[dict[Symbol, int]]:
    """Assignments of the index symbols: the wanted ones if any, else a few that tell steps and ends apart."""
    symbols = index_symbols(given, *sides)
    if wanted:
        for values in wanted:
            missing = [symbol for symbol in symbols if symbol not in values and symbol != T]
            if missing:
                raise ValueError(f"the instance {values} gives no value to {missing[0]}")
            yield {**values, T: values.get(T, max(values.values()))} if T in symbols else values
        return
    others = [symbol for symbol in symbols if symbol not in (t, T)]
    timed = t in symbols or T in symbols
    for place, (now, end) in enumerate(TIMES if timed else TIMES[:1]):
        for counts in list(product(COUNTS, repeat=len(others)))[: 1 if place else 8]:
            last = max(end, now + max(counts, default=0) + 1) if others and end > now else end
            values = {t: now, T: last, **dict(zip(others, counts, strict=True))}
            yield {symbol: value for symbol, value in values.items() if symbol in symbols}


def instances(
    given: Given, wanted: tuple[dict[Symbol, int], ...], table: tuple[tuple[int, ...], ...], *sides: Expr
) -> Iterator[Instance]:
    """Every assignment of indices with every row of a table of sizes, both varied early on."""
    symbols = size_symbols(given, *sides)
    all_sizes = list(dict.fromkeys(tuple(zip(symbols, row, strict=False)) for row in table))
    all_values = list(dict.fromkeys(tuple(values.items()) for values in index_values(given, wanted, *sides)))
    for diagonal in range(len(all_sizes) + len(all_values) - 1):
        for i in range(max(0, diagonal - len(all_values) + 1), min(len(all_sizes), diagonal + 1)):
            yield Instance(dict(all_sizes[i]), dict(all_values[diagonal - i]))


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
