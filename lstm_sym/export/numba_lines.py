"""The lines of each operation in the Python that Numba compiles: loops over rows and entries, and products."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from .c_body import Array, Function
from .c_operations import (
    Applied,
    ColumnSum,
    Composed,
    Each,
    Nothing,
    Operation,
    Outer,
    Packed,
    Place,
    Product,
    Total,
    in_rows,
    index_of,
    names_in,
)
from .layout import assignment, comment
from .numpy_code import plain


@dataclass(frozen=True, slots=True)
class Site:
    """Where lines stand: in a function, whose arrays and matrices these are, in its loop over steps or outside."""

    function: Function
    arrays: Mapping[str, Array]
    matrices: Mapping[str, str]
    in_loop: bool

    @property
    def indent(self) -> int:
        return 2 if self.in_loop else 1

    def is_whole(self, place: Place) -> bool:
        if place.axes:
            return True
        array = self.arrays.get(place.array)
        return place.offset == "0" and _bare(array.width if array else place.stride) == _bare(place.width)

    def row(self, place: Place) -> str:
        """The entries of a place in the row at hand."""
        index = "row" if place.all_steps or not self.in_loop else "row - t * B"
        index += f" + {'B' if place.shift == 1 else f'{place.shift} * B'}" if place.shift else ""
        return f"{place.array}[{index}]" if self.is_whole(place) else f"{place.array}[{index}, {_columns(place)}]"

    def rows(self, place: Place) -> str:
        """All rows of the step, or of all steps, of an array."""
        if self.in_loop and place.all_steps:
            return f"{place.array}[{_steps(place.shift)} : {_steps(place.shift + 1)}]"
        array = self.arrays.get(place.array)
        if array is None or array.rows != "(T + 1) * B":
            return place.array
        return f"{place.array}[B:]" if place.shift else f"{place.array}[: T * B]"


def lines_of_group(group: tuple[Operation, ...], site: Site) -> list[str]:
    """The lines of operations that share one loop, or of one operation."""
    each = [operation for operation in group if isinstance(operation, Each)]
    sums = [operation for operation in group if isinstance(operation, ColumnSum)]
    if each:
        return _each(each, site)
    return _column_sums(sums, site) if sums else lines_of(group[0], site)


@singledispatch
def lines_of(operation: Any, site: Site) -> list[str]:
    """The lines of one operation."""
    raise TypeError(f"no Numba lines for {type(operation).__name__}; register them with @lines_of.register")


@lines_of.register
def _(operation: Total, site: Site) -> list[str]:
    inner = site.indent + 1
    value = plain(in_rows(operation.value, site.function.places))
    loops, deep = _over_entries(operation.width, operation.axes, inner)
    body = [
        *assignment("total", "real(0)", indent=inner),
        *loops,
        *assignment("total", value, indent=deep, sign="+="),
        *assignment(f"{operation.place.name}_row[0]", plain(operation.finish), indent=inner),
    ]
    return _over_rows(body, names_in(operation.value), {operation.place}, site)


@lines_of.register
def _(operation: Applied, site: Site) -> list[str]:
    inner, result = site.indent + 1, f"{operation.place.name}_row"
    value = plain(in_rows(operation.value, site.function.places))
    loops, deep = _over_entries("", operation.axes, inner)
    if operation.down:
        body = [f"{'    ' * inner}{result}.fill(0)", *loops]
        body += assignment(f"{result}[col]", value, indent=deep, sign="+=")
    else:
        body = [
            loops[0],
            *assignment("total", "real(0)", indent=inner + 1),
            loops[1],
            *assignment("total", value, indent=deep, sign="+="),
            *assignment(f"{result}[j]", "total", indent=inner + 1),
        ]
    return _over_rows(body, names_in(operation.value), {operation.place}, site)


@lines_of.register
def _(operation: Composed, site: Site) -> list[str]:
    place, (rows, cols), inner = operation.place, operation.place.axes, site.indent + 1
    loops = [("j", rows), ("inner", operation.inner), ("col", cols)]
    body = [f"{'    ' * inner}{place.name}_row.fill(0)"]
    body += [f"{'    ' * (inner + k)}for {index} in range({plain(n)}):" for k, (index, n) in enumerate(loops)]
    value = plain(in_rows(operation.value, site.function.places))
    body += assignment(f"{place.name}_row[{index_of(place)}]", value, indent=inner + 3, sign="+=")
    return _over_rows(body, names_in(operation.value), {place}, site)


@lines_of.register
def _(operation: Product, site: Site) -> list[str]:
    pad, matrix = "    " * site.indent, site.matrices[operation.panels]
    call = f"product({site.rows(operation.operand)}, {matrix}, {site.rows(operation.target)})"
    return [*_comment(operation.comment, site.indent), f"{pad}{call}"]


@lines_of.register
def _(operation: Outer, site: Site) -> list[str]:
    """One product for all parts, from which each gets its rows."""
    assert operation.source is not None
    source, operand = site.rows(operation.source), site.rows(operation.operand)
    made = operation.made.array if operation.made is not None else operation.parts[0][0]
    lines = [*_comment(operation.comment, 1), f"    product({source}.T, {operand}, {made})"]
    at = ""
    for gradient, place, add in operation.parts if operation.made is not None else ():
        high = f"{at} + {place.width}" if at else place.width
        part = f"{made}[{_span(at, high)}]"
        lines.append(f"    {gradient} += {part}" if add else f"    put({gradient}, {part})")
        at = high
    return lines


@lines_of.register
def _(operation: Nothing, site: Site) -> list[str]:
    return [f"    {operation.gradient}.fill(0)"]


def _each(group: list[Each], site: Site) -> list[str]:
    """One loop over the rows and entries; what only this loop reads is no array."""
    made: set[str] = set()
    read: set[str] = set()
    body, inner = _over_entries(group[0].place.width, group[0].place.axes, site.indent + 1)
    for k, operation in enumerate(group):
        name, value = operation.place.name, in_rows(operation.value, site.function.places, made)
        read |= names_in(operation.value) - made
        body += _comment(operation.comment, inner)
        if any(name in names_in(other.value) for other in group[k + 1 :]):
            body += assignment(name, plain(value), indent=inner)
            made.add(name)
            value = name
        if name in site.function.stored:
            body += assignment(f"{name}_row[{index_of(operation.place)}]", plain(value), indent=inner)
    written = {operation.place for operation in group if operation.place.name in site.function.stored}
    return _over_rows(body, read, written, site)


def _column_sums(group: list[ColumnSum], site: Site) -> list[str]:
    """Sums over all rows in one pass; each gradient is 0 before it."""
    body, inner = _over_entries(group[0].width, group[0].axes, site.indent + 1)
    for operation in group:
        body += _comment(operation.comment, inner)
        value = plain(in_rows(operation.value, site.function.places))
        index = "j, col" if operation.axes else index_of(operation)
        body += assignment(f"{operation.gradient}[{index}]", value, indent=inner, sign="+=")
    read = {name for operation in group for name in names_in(operation.value)}
    return [*[f"    {operation.gradient}.fill(0)" for operation in group], *_over_rows(body, read, set(), site)]


def _over_entries(width: str, axes: tuple[str, ...], indent: int) -> tuple[list[str], int]:
    """The heads of the loops over the entries of a column, or of a matrix, and how deep lines in them stand."""
    if width == "1":
        return [], indent
    loops = list(zip(("j", "col"), axes, strict=True)) if axes else [("j", _bare(width))]
    heads = [f"{'    ' * (indent + k)}for {index} in range({plain(n)}):" for k, (index, n) in enumerate(loops)]
    return heads, indent + len(loops)


def _over_rows(body: list[str], read: set[str], written: set[Place], site: Site) -> list[str]:
    """The lines for every row, after the row of every place; letters that lie at one place share it."""
    places = {place.name: place for place in sorted(written, key=str)}
    places |= {name: site.function.places[name] for name in sorted(read - set(places))}
    span = "t * B, (t + 1) * B" if site.in_loop else "T * B"
    lines = ["    " * site.indent + f"for row in range({span}):"]
    names: dict[str, str] = {}
    for name, place in places.items():
        first = names.setdefault(site.row(place), name)
        if first != name:
            body = [re.sub(rf"\b{name}_row\b", f"{first}_row", line) for line in body]
    lines += ["    " * (site.indent + 1) + f"{name}_row = {row}" for row, name in names.items()]
    return [*lines, *body]


# --- packed matrices ----------------------------------------------------------------------------


def packed_of(function: Function) -> tuple[dict[str, str], list[Array], list[str]]:
    """How products refer to each packed matrix, the arrays for those that are made, and the lines that make them.

    In the loop, and of transposes, a matrix is made as it is multiplied by; else its transpose is made, whose parts
    are rows. A single parameter outside the loop needs none.
    """
    in_loop = {o.panels for group in function.loop for o in group if isinstance(o, Product)}
    matrices: dict[str, str] = {}
    arrays: list[Array] = []
    lines: list[str] = []
    for packed in function.packed:
        turned = all(part[6] != "1" for part in packed.parts)
        if len(packed.parts) == 1 and (turned or packed.name not in in_loop):
            matrices[packed.name] = packed.parts[0][0] + ("" if turned else ".T")
            continue
        upright = turned or packed.name in in_loop
        matrices[packed.name] = packed.name + ("" if upright else ".T")
        rows, cols = (packed.cols, packed.rows) if upright else (packed.rows, packed.cols)
        arrays.append(Array(packed.name, f"{rows} * {cols}", rows=rows, width=cols))
        lines += _packing(packed, upright)
    return matrices, arrays, lines


def _packing(packed: Packed, upright: bool) -> Iterable[str]:
    for matrix, at, at_k, rows, cols, _, by_col in packed.parts:
        down, along = _part(at, rows, packed.rows), _part(at_k, cols, packed.cols)
        if upright:
            down, along = along, down
        where = f"{packed.name}[{down}]" if along == ":" else f"{packed.name}[{down}, {along}]"
        yield f"    put({where}, {matrix}{'.T' if (by_col == '1') == upright else ''})"


def _part(at: str, count: str, of: str) -> str:
    return ":" if at == "0" and _bare(count) == _bare(of) else _span("" if at == "0" else at, f"{at} + {count}")


# --- texts --------------------------------------------------------------------------------------


def _bare(text: str) -> str:
    """A sum of whole multiples of sizes, with each size once."""
    counts: dict[str, int] = {}
    for term in re.sub(r"[()]", "", text).split(" + "):
        *number, size = term.split(" * ")
        if size.isdigit():
            number, size = [size], ""
        counts[size] = counts.get(size, 0) + int(number[0] if number else 1)
    terms = [
        (str(count) if not size else size if count == 1 else f"{count} * {size}", count)
        for size, count in counts.items()
    ]
    return " + ".join(term for term, count in terms if count) or "0"


def _span(low: str, high: str) -> str:
    """The text of a slice, with ruff's spaces."""
    low, high = _bare(low) if low else "", _bare(high)
    if " " not in low + high:
        return f"{low}:{high}"
    return f"{low} : {high}" if low else f": {high}"


def _columns(place: Place) -> str:
    low = _bare(place.offset)
    return _span("" if low == "0" else low, place.width if low == "0" else f"{low} + {place.width}")


def _steps(shift: int) -> str:
    return f"(t + {shift}) * B" if shift else "t * B"


def _comment(text: str, indent: int) -> list[str]:
    return comment(text, indent=indent) if text else []
