"""The C lines of each operation."""

from __future__ import annotations

import textwrap
from functools import singledispatch
from typing import Any

from .c_body import Function
from .c_operations import (
    Applied,
    ColumnSum,
    Composed,
    Each,
    Nothing,
    Operation,
    Outer,
    Place,
    Product,
    Total,
    in_rows,
    index_of,
    names_in,
)


def lines_of_group(group: tuple[Operation, ...], function: Function, depth: int, *, in_loop: bool) -> list[str]:
    """The C lines of operations that share one loop, or of one operation."""
    each = [operation for operation in group if isinstance(operation, Each)]
    sums = [operation for operation in group if isinstance(operation, ColumnSum)]
    if each:
        lines = _each(each, function, in_loop)
    else:
        lines = _column_sums(sums, function, in_loop) if sums else lines_of(group[0], function, in_loop)
    return [f"{'    ' * depth}{line}" if line else "" for line in lines]


@singledispatch
def lines_of(operation: Any, function: Function, in_loop: bool) -> list[str]:
    """The C lines of one operation."""
    raise TypeError(f"no C lines for {type(operation).__name__}; register them with @lines_of.register")


@lines_of.register
def _(operation: Total, function: Function, in_loop: bool) -> list[str]:
    rows = operation.axes[0] if operation.axes else operation.width
    body = [
        "real total = 0;",
        f"for (size_t j = 0; j < {rows}; j++)",
        *[f"    for (size_t col = 0; col < {col}; col++)" for col in operation.axes[1:]],
        f"{'    ' * len(operation.axes[1:])}    total += {in_rows(operation.value, function.places)};",
        f"{operation.place.name}_row[0] = {operation.finish};",
    ]
    return _over_rows(body, names_in(operation.value), {operation.place}, function, in_loop)


@lines_of.register
def _(operation: Applied, function: Function, in_loop: bool) -> list[str]:
    (rows, cols), result = operation.axes, f"{operation.place.name}_row"
    value = in_rows(operation.value, function.places)
    if operation.down:
        body = [
            f"memset({result}, 0, {cols} * sizeof(real));",
            f"for (size_t j = 0; j < {rows}; j++) {{",
            "    INDEPENDENT",
            f"    for (size_t col = 0; col < {cols}; col++)",
            f"        {result}[col] += {value};",
            "}",
        ]
    else:
        body = [
            f"for (size_t j = 0; j < {rows}; j++) {{",
            "    real total = 0;",
            f"    for (size_t col = 0; col < {cols}; col++)",
            f"        total += {value};",
            f"    {result}[j] = total;",
            "}",
        ]
    return _over_rows(body, names_in(operation.value), {operation.place}, function, in_loop)


@lines_of.register
def _(operation: Composed, function: Function, in_loop: bool) -> list[str]:
    place, (rows, cols) = operation.place, operation.place.axes
    body = [
        f"memset({place.name}_row, 0, {place.width} * sizeof(real));",
        f"for (size_t j = 0; j < {rows}; j++)",
        f"    for (size_t inner = 0; inner < {operation.inner}; inner++) {{",
        "        INDEPENDENT",
        f"        for (size_t col = 0; col < {cols}; col++)",
        f"            {place.name}_row[j * {cols} + col] += {in_rows(operation.value, function.places)};",
        "    }",
    ]
    return _over_rows(body, names_in(operation.value), {place}, function, in_loop)


@lines_of.register
def _(operation: Product, function: Function, in_loop: bool) -> list[str]:
    rows = "B" if in_loop else "T * B"
    return [
        *_comment(operation.comment),
        f"multiply({rows}, {operation.width}, {operation.inner}, {_first(operation.operand, in_loop)}, "
        f"{operation.operand.stride}, {operation.panels},",
        f"         {_first(operation.target, in_loop)}, {operation.target.stride}, {int(operation.add)});",
    ]


@lines_of.register
def _(operation: Outer, function: Function, in_loop: bool) -> list[str]:
    """A chunk of rows at a time: the operand's are packed once for all parts. A chunk of no row makes the sum 0."""
    operand = operation.operand
    lines = [
        *_comment(operation.comment),
        "for (size_t first = 0; first == 0 || first < T * B; first += CHUNK) {",
        "    const size_t rows = chunk(T * B - first);",
        f"    pack(chunk_panels, {operand.width}, rows, 0, 0, {_first(operand, False)} + first * {operand.stride}, "
        f"{operand.width}, rows, 1, {operand.stride});",
    ]
    for gradient, source, add in operation.parts:
        lines.append(
            f"    multiply_turned({source.width}, {operand.width}, rows, {_first(source, False)} + first * "
            f"{source.stride}, {source.stride}, chunk_panels, {gradient}, {operand.width}, "
            f"{'1' if add else 'first > 0'});"
        )
    return [*lines, "}"]


@lines_of.register
def _(operation: Nothing, function: Function, in_loop: bool) -> list[str]:
    return [f"memset({operation.gradient}, 0, {operation.count} * sizeof(real));"]


def _each(group: list[Each], function: Function, in_loop: bool) -> list[str]:
    """One loop over the rows and entries; what only this loop reads is no array."""
    made: set[str] = set()
    read: set[str] = set()
    entries: list[str] = []
    for k, operation in enumerate(group):
        name, value = operation.place.name, in_rows(operation.value, function.places, made)
        read |= names_in(operation.value) - made
        entries += _comment(operation.comment)
        if any(name in names_in(other.value) for other in group[k + 1 :]):
            entries.append(f"const real {name} = {value};")
            made.add(name)
            value = name
        if name in function.stored:
            entries.append(f"{name}_row[{index_of(operation.place)}] = {value};")
    body = _over_entries(entries, group[0].place.width, group[0].place.axes)
    written = {operation.place for operation in group if operation.place.name in function.stored}
    return _over_rows(body, read, written, function, in_loop)


def _column_sums(group: list[ColumnSum], function: Function, in_loop: bool) -> list[str]:
    """Sums over all rows in one pass; each gradient is 0 before it."""
    lines = [f"memset({operation.gradient}, 0, {operation.width} * sizeof(real));" for operation in group]
    entries: list[str] = []
    for operation in group:
        entries += _comment(operation.comment)
        entries.append(f"{operation.gradient}[{index_of(operation)}] += {in_rows(operation.value, function.places)};")
    read = {name for operation in group for name in names_in(operation.value)}
    body = _over_entries(entries, group[0].width, group[0].axes)
    return [*lines, *_over_rows(body, read, set(), function, in_loop)]


def _over_entries(lines: list[str], width: str, axes: tuple[str, ...]) -> list[str]:
    """The lines for every entry of a column, or of a matrix, row by row."""
    if width == "1":
        return lines
    index, count = ("col", axes[1]) if axes else ("j", width)
    loop = ["INDEPENDENT", f"for (size_t {index} = 0; {index} < {count}; {index}++) {{"]
    loop += [*[f"    {line}" for line in lines], "}"]
    return [f"for (size_t j = 0; j < {axes[0]}; j++) {{", *[f"    {line}" for line in loop], "}"] if axes else loop


def _over_rows(body: list[str], read: set[str], written: set[Place], function: Function, in_loop: bool) -> list[str]:
    """The lines for every row, after a pointer to the row of every place."""
    names = {place.name for place in written}
    pointers = [f"real *{place.name}_row = {_row(place, in_loop)};" for place in sorted(written, key=str)]
    pointers += [f"const real *{name}_row = {_row(function.places[name], in_loop)};" for name in sorted(read - names)]
    head = (
        "for (size_t row = t * B; row < (t + 1) * B; row++) {"
        if in_loop
        else "for (size_t row = 0; row < T * B; row++) {"
    )
    return [head, *[f"    {line}" for line in [*pointers, *body]], "}"]


def _row(place: Place, in_loop: bool) -> str:
    index = "row" if place.all_steps or not in_loop else "(row - t * B)"
    index = f"(row + {'B' if place.shift == 1 else f'{place.shift} * B'})" if place.shift else index
    return f"{place.array} + {index}{'' if place.stride == '1' else f' * {place.stride}'}{_offset(place)}"


def _first(place: Place, in_loop: bool) -> str:
    """Where the first row of the step, or of all steps, begins."""
    if in_loop and place.all_steps:
        step = f"(t + {place.shift})" if place.shift else "t"
        return f"{place.array} + {step} * B * {place.stride}{_offset(place)}"
    shift = f" + {place.shift} * B * {place.stride}" if place.shift else ""
    return f"{place.array}{shift}{_offset(place)}"


def _offset(place: Place) -> str:
    terms = [term for term in place.offset.split(" + ") if term != "0"]
    return f" + {' + '.join(terms)}" if terms else ""


def _comment(text: str) -> list[str]:
    if not text:
        return []
    lines = textwrap.wrap(text.replace("*/", "* /").replace("/*", "/ *"), 100)
    return ("/* " + "\n   ".join(lines) + " */").split("\n")
