"""The operations of a program of loops, in C or for Numba: each one loop nest or one call, over all rows of a step or
of all steps.

In the text of a value, ``‹f›`` stands for entry j of the letter at the place named f in the row at hand, and
``‹f:k›`` for its entry k. Of a matrix, ``‹C›`` is the entry in its row j and column col; its entries lie in C order.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

TOKEN = re.compile(r"‹(\w+)(?::([^›]*))?›")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rows of a letter lie: ``width`` numbers from ``offset`` on, ``stride`` apart, in an array.

    The array holds one step, or ``all_steps``; it begins ``shift`` steps before the first value of the letter.
    A matrix fills its array, and ``axes`` are how many rows and columns it has; a column has none.
    """

    name: str
    array: str
    width: str
    stride: str
    offset: str = "0"
    all_steps: bool = True
    shift: int = 0
    axes: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        return f"‹{self.name}›"


@dataclass(frozen=True, slots=True)
class Each:
    """``value`` for every entry of every row; ``always`` where something that no token shows reads it."""

    place: Place
    value: str
    comment: str = ""
    always: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of ``value`` over ``width`` entries of every row; ``finish`` makes the result of this ``total``.

    With ``axes`` they are the entries of a matrix.
    """

    place: Place
    value: str
    width: str
    finish: str = "total"
    axes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """A matrix times a column, in every row: ``value``, an entry of both, summed along each row of the matrix.

    With ``down`` it is summed down each column: A.T v. The matrix has the ``axes``.
    """

    place: Place
    value: str
    axes: tuple[str, ...]
    down: bool


@dataclass(frozen=True, slots=True)
class Composed:
    """A matrix times a matrix, in every row: ``value``, the entry in row j and column inner of the one, times the
    entry in row inner and column col of the other, summed over ``inner`` entries."""

    place: Place
    value: str
    inner: str


@dataclass(frozen=True, slots=True)
class Product:
    """``inner`` entries from ``operand`` on times the packed matrix, into ``width`` entries from ``target`` on."""

    target: Place
    operand: Place
    panels: str
    width: str
    inner: str
    add: bool
    comment: str


@dataclass(frozen=True, slots=True)
class Packed:
    """A matrix of parameters in panels; a part is (text of the array, at, at_k, rows, cols, by_row, by_col)."""

    name: str
    rows: str
    cols: str
    parts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Outer:
    """Every part's gradient gets the sum over all rows of source times operand, added where ``add`` says so.

    ``source`` is all adjoints side by side; ``made`` is where a language without products of parts makes all gradients,
    one below the other.
    """

    operand: Place
    parts: tuple[tuple[str, Place, bool], ...]
    comment: str
    source: Place | None = None
    made: Place | None = None


@dataclass(frozen=True, slots=True)
class ColumnSum:
    """A gradient is the sum over all rows of ``value``."""

    gradient: str
    value: str
    width: str
    comment: str
    axes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nothing:
    """A gradient is 0."""

    gradient: str
    count: str


Operation = Each | Total | Applied | Composed | Product | Outer | ColumnSum | Nothing


def filling(name: str, array: str, axes: tuple[str, ...], **more: Any) -> Place:
    """The place of a letter that fills its array."""
    width = " * ".join(axes)
    return Place(name, array, width, width, axes=axes if len(axes) > 1 else (), **more)


def own_entry(value: str, width: str) -> str:
    """The text of a value of so many entries: of one entry, entry 0 is its own, so that it needs no loop."""
    return value.replace(":0›", "›") if width == "1" else value


def index_of(of: Place | ColumnSum) -> str:
    """Where the entry at hand of a column, or of a matrix, lies in its row."""
    if of.axes:
        return f"j * {of.axes[1]} + col"
    return "0" if of.width == "1" else "j"


def in_rows(value: str, places: Mapping[str, Place], made: Collection[str] = ()) -> str:
    """The value with every letter as a variable, or as an entry of its row."""

    def entry(found: re.Match[str]) -> str:
        name, index = found.groups()
        if index is None and name in made:
            return name
        return f"{name}_row[{(index or index_of(places[name])).removeprefix('0 + ')}]"

    return TOKEN.sub(entry, value)


def names_in(text: str) -> set[str]:
    return {found.group(1) for found in TOKEN.finditer(text)}


def read_by(operation: Operation) -> set[str]:
    """The names of the places that an operation reads."""
    match operation:
        case Each() | Total() | Applied() | Composed() | ColumnSum():
            return names_in(operation.value)
        case Product():
            return {operation.operand.name}
        case Outer():
            source = {operation.source.name} if operation.source is not None else set()
            return {operation.operand.name, *source, *(place.name for _, place, _ in operation.parts)}
        case Nothing():
            return set()


def grouped(operations: list[Operation], places: Mapping[str, Place]) -> list[tuple[Operation, ...]]:
    """The operations with those that can share one loop over rows and entries.

    They have one kind and width, and none reads an entry other than its own of what another one writes. An operation
    goes to the last group that it can join, if nothing between touches what it writes or writes what it reads.
    """
    groups: list[tuple[Operation, ...]] = []
    for operation in operations:
        for k in reversed(range(len(groups))):
            if _joins(operation, groups[k]):
                groups[k] = (*groups[k], operation)
                break
            if not all(_apart(operation, other, places) for other in groups[k]):
                groups.append((operation,))
                break
        else:
            groups.append((operation,))
    return groups


def _apart(one: Operation, other: Operation, places: Mapping[str, Place]) -> bool:
    """Whether two operations can change places: neither writes an array that the other one reads or writes."""
    reads, others = ({places[name].array for name in read_by(o) if name in places} for o in (one, other))
    writes, written = _arrays_written(one), _arrays_written(other)
    return not (writes & (others | written) or written & reads)


def _arrays_written(operation: Operation) -> set[str]:
    match operation:
        case Each() | Total() | Applied() | Composed():
            return {operation.place.array}
        case Product():
            return {operation.target.array}
        case Outer():
            made = {operation.made.array} if operation.made is not None else set()
            return {*made, *(gradient for gradient, _, _ in operation.parts)}
        case ColumnSum() | Nothing():
            return {operation.gradient}


def split(
    group: tuple[Operation, ...], stored: set[str], places: Mapping[str, Place], most: int
) -> Iterable[tuple[Operation, ...]]:
    """The group as groups of at most ``most`` pairs of rows, cut where the fewest values have to be stored for it."""
    rest = [operation for operation in group if isinstance(operation, Each)]
    if len(rest) < len(group):
        yield group
        return
    while rest:
        fit = len(rest)
        while fit > 1 and _pairs(rest[:fit], stored, places) > most:
            fit -= 1
        cut = fit if fit == len(rest) else min(range(fit, 0, -1), key=lambda k: _crossing(rest, k, stored))
        yield tuple(rest[:cut])
        rest = rest[cut:]


def _pairs(group: list[Each], stored: set[str], places: Mapping[str, Place]) -> int:
    """How many pairs of different rows there are of which one is written."""
    made = {operation.place.name for operation in group}
    written = {replace(operation.place, name="") for operation in group if operation.place.name in stored}
    read = {replace(places[name], name="") for operation in group for name in read_by(operation) - made} - written
    columns = {name for operation in group for name in re.findall(r"(\w+)\[j\]", operation.value)}
    return len(written) * (len(written) - 1) // 2 + len(written) * (len(read) + len(columns))


def _crossing(group: list[Each], cut: int, stored: set[str]) -> int:
    """How many values that are no arrays yet are made before the cut and read after it."""
    made = {operation.place.name for operation in group[:cut]} - stored
    return len(made & set().union(*(read_by(operation) for operation in group[cut:])))


def _joins(operation: Operation, group: tuple[Operation, ...]) -> bool:
    if isinstance(operation, ColumnSum):
        shape = operation.width, operation.axes
        return all(isinstance(other, ColumnSum) and (other.width, other.axes) == shape for other in group)
    if not isinstance(operation, Each):
        return False
    each = [other for other in group if isinstance(other, Each)]
    shape = operation.place.width, operation.place.axes
    same = len(each) == len(group) and all((other.place.width, other.place.axes) == shape for other in each)
    elsewhere = {found.group(1) for found in TOKEN.finditer(operation.value) if found.group(2) is not None}
    return same and not elsewhere & {other.place.name for other in each} and not any(other.always for other in each)
