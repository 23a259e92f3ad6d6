"""A function as it is written: its operations by where they stand, and the arrays that they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import Integer

from ..nodes.algebra import MatrixProduct, Transposed, Zero, add
from ..nodes.block import Block
from ..nodes.derivatives import StopGradient
from ..symbols import At, Parameter, Sequence, letters, t
from .c_entries import size_text, to_c
from .c_letters import CNames
from .c_operations import (
    TOKEN,
    Applied,
    Composed,
    Each,
    Operation,
    Outer,
    Packed,
    Place,
    Product,
    Total,
    filling,
    grouped,
    own_entry,
    read_by,
    split,
)
from .language import Language
from .plan import Line
from .rows import axes_of


@dataclass(frozen=True, slots=True)
class Array:
    """An array of a workspace: how many numbers it holds, and how far apart the rows of several sequences are.

    Packed matrices alone have no ``rows`` and no ``width``, for their form is that of a language.
    """

    name: str
    count: str
    stride: str = ""
    rows: str = ""
    width: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """What a function does: matrices are packed, then come the groups of operations of each part."""

    packed: tuple[Packed, ...]
    before: tuple[tuple[Operation, ...], ...]
    loop: tuple[tuple[Operation, ...], ...]
    after: tuple[tuple[Operation, ...], ...]
    stored: frozenset[str]
    scratch: tuple[Array, ...]
    places: Mapping[str, Place]

    @property
    def groups(self) -> tuple[tuple[Operation, ...], ...]:
        return (*self.before, *self.loop, *self.after)


@dataclass(slots=True)
class Body:
    """The operations of one function as they are written, and the places of the letters that they read and write."""

    words: CNames
    places: dict[Any, Place]
    region: str = "before"
    parts: dict[str, list[Operation]] = field(default_factory=lambda: {"before": [], "loop": [], "after": []})
    packed: list[Packed] = field(default_factory=list)
    arrays: dict[str, Array] = field(default_factory=dict)
    filled: set[Sequence] = field(default_factory=set)
    known: dict[str, Place] = field(default_factory=dict)
    given: dict[str, Array] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)
    _stored: dict[Any, Place] = field(default_factory=dict)

    @property
    def names(self) -> Mapping[Any, str]:
        return self.words.names

    @property
    def language(self) -> Language:
        return self.words.language

    def put(self, operation: Operation) -> None:
        self.parts[self.region].append(operation)

    def width(self, size: Any) -> str:
        text = size_text(size, self.names)
        return f"({text})" if " " in text else text

    def place(self, letter: Any) -> Place:
        if letter not in self.places:
            raise ValueError(f"{letter} has no value here")
        place = self.places[letter]
        self.known[place.name] = place
        return place

    def axes(self, value: Any) -> tuple[str, ...]:
        """How many entries a column has, or how many rows and columns a matrix."""
        return tuple(self.width(size) for size in axes_of(value))

    def own(self, name: str, axes: tuple[str, ...], all_steps: bool) -> Place:
        """A place in an array of its own."""
        array, rows = self.words.new(f"{name}_steps" if all_steps else f"{name}_now"), "T * B" if all_steps else "B"
        place = filling(name, array, axes, all_steps=all_steps)
        count = rows if place.width == "1" else f"{rows} * {place.width}"
        self.arrays[array] = Array(array, count, rows=rows, width=place.width)
        self.known[name] = place
        return place

    def work(self, *axes: str) -> Place:
        return self.own(self.words.new("part"), axes, self.region != "loop")

    def stored(self, value: Any) -> Place:
        bare = value.args[0] if isinstance(value, StopGradient) else value
        if isinstance(bare, At):
            return self.place(bare)
        key = (self.region, bare)
        if key not in self._stored:
            made = TOKEN.fullmatch(to_c(bare, self)) if isinstance(bare, MatrixProduct) else None
            if made is not None and made[2] is None:
                return self.known[made[1]]
            self._stored[key] = self.work(*self.axes(bare))
            self.assign(self._stored[key], bare, "")
        return self._stored[key]

    def assign(self, place: Place, value: Any, comment: str, also: bool = False, always: bool = False) -> None:
        """The values of a place are those of an expression; ``also``: on top of those that are there."""
        if isinstance(value, Block) and value.cols == 1 and not also:
            at: Any = Integer(0)
            for (block,) in value.args:
                sub = replace(
                    place,
                    name=self.words.new(place.name),
                    offset=f"{place.offset} + {self.width(at)}",
                    width=self.width(block.rows),
                )
                self.put(Each(sub, to_c(block, self), comment, always=True))
                at += block.rows
        else:
            text = own_entry(to_c(value, self), place.width)
            text = f"({text})" if text.startswith("-") and also else text
            self.put(Each(place, f"{self.so_far(place)} + {text}" if also else text, comment, always))

    def so_far(self, place: Place) -> str:
        """The sum to which more is added: what is at the place, or products that wait to be added."""
        return self.sums.pop(place.name, place.token)

    def summed(self, value: str, axes: tuple[str, ...], finish: str) -> Place:
        key = (self.region, value, axes, finish)
        if key not in self._stored:
            self._stored[key] = self.work("1")
            self.put(Total(self._stored[key], value, " * ".join(axes), finish, axes if len(axes) > 1 else ()))
        return self._stored[key]

    def along(self, value: str, axes: tuple[str, ...], down: bool) -> Place:
        key = (self.region, value, axes, down)
        if key not in self._stored:
            self._stored[key] = self.work(axes[down])
            self.put(Applied(self._stored[key], value, axes, down))
        return self._stored[key]

    def composed(self, value: str, axes: tuple[str, ...], inner: str) -> Place:
        key = (self.region, value, axes, inner)
        if key not in self._stored:
            self._stored[key] = self.work(*axes)
            self.put(Composed(self._stored[key], value, inner))
        return self._stored[key]

    def applied(self, matrix: Any, operand: Place) -> Place:
        key = (self.region, matrix, operand.name)
        if key not in self._stored:
            panels = self.pack(matrix, matrix.rows, matrix.cols, [(matrix, Integer(0), Integer(0))])
            target, inner = self.work(self.width(matrix.rows)), self.width(matrix.cols)
            self.put(Product(target, self.whole([operand], inner), panels, target.width, inner, False, ""))
            self._stored[key] = target
        return self._stored[key]

    def pack(self, key: Any, rows: Any, cols: Any, parts: list[tuple[Any, Any, Any]]) -> str:
        """The panels of a matrix of several, each at its row and column."""
        if key not in self._stored:
            name = self.words.new("panels")
            size = self.width(rows), self.width(cols)
            cut = [piece for matrix, at, at_k in parts for piece in self._pieces(matrix, at, at_k)]
            self.packed.append(Packed(name, *size, tuple(cut)))
            self.arrays[name] = Array(name, f"panels({size[0]}, {size[1]})")
            self._stored[key] = Place(name, name, *size)
        return self._stored[key].name

    def _pieces(self, matrix: Any, at: Any, at_k: Any) -> Iterable[tuple[str, ...]]:
        if isinstance(matrix, Transposed):
            for name, i, k, rows, cols, by_row, by_col in self._pieces(matrix.args[0], at_k, at):
                yield name, k, i, cols, rows, by_col, by_row
        elif isinstance(matrix, Block):
            for row in matrix.args:
                along = at_k
                for block in row:
                    yield from self._pieces(block, at, along)
                    along += block.cols
                at += row[0].rows
        elif isinstance(matrix, Parameter) and matrix.cols != 1:
            sizes = self.width(matrix.rows), self.width(matrix.cols)
            yield self.names[matrix], self.width(at), self.width(at_k), *sizes, sizes[1], "1"
        else:
            raise TypeError(
                f"no {self.language.name} form for the constant matrix {matrix}; "
                "write the cell with a parameter in its place"
            )

    # --- what a plan consists of ----------------------------------------------------------------

    def product(self, targets: list[tuple[Any, Any]], operand: At, comment: str) -> None:
        """Rows of one product for several targets side by side; where one is filled, it adds."""
        for run in _alike(targets, self.filled):
            rows = sum((matrix.rows for _, matrix in run), Integer(0))
            at, parts = Integer(0), []
            for _, matrix in run:
                parts.append((matrix, at, Integer(0)))
                at += matrix.rows
            panels = self.pack(tuple(matrix for _, matrix in run), rows, run[0][1].cols, parts)
            inner = self.width(run[0][1].cols)
            source = self.whole([self.place(operand)], inner)
            self.multiplied([sequence for sequence, _ in run], rows, source, inner, panels, comment)
            self.filled |= {sequence for sequence, _ in run}

    def gather(self, target: Sequence, parts: tuple[tuple[Sequence, Any], ...], comment: str) -> None:
        """The sum of the transposed matrices times the adjoints that lie side by side."""
        at, turned = Integer(0), []
        for _, matrix in parts:
            turned.append((Transposed(matrix), Integer(0), at))
            at += matrix.rows
        panels = self.pack((target, parts), parts[0][1].cols, at, turned)
        source = self.whole([self.place(sequence[t]) for sequence, _ in parts], self.width(at))
        self.multiplied([target], target.shape[0], source, self.width(at), panels, comment)
        self.filled.add(target)

    def multiplied(
        self, targets: list[Sequence], rows: Any, source: Place, inner: str, panels: str, comment: str
    ) -> None:
        """A product into targets side by side; where a language has none into parts, they wait to be added."""
        also, place, width = targets[0] in self.filled, self.place(targets[0][t]), self.width(rows)
        if self.language.parts or (not also and self.is_whole(place, width)):
            if not self.language.parts:
                place = self.part(replace(place, name=self.words.new("products")), Integer(0), width)
            self.put(Product(place, source, panels, width, inner, also, comment))
            return
        made = self.work(width)
        self.put(Product(made, source, panels, width, inner, False, comment))
        at: Any = Integer(0)
        for sequence in targets:
            place = self.place(sequence[t])
            part = self.part(made, at, place.width)
            self.sums[place.name] = f"{self.so_far(place)} + {part.token}" if also else part.token
            at += sequence.shape[0]

    def part(self, place: Place, at: Any, width: str) -> Place:
        """Some columns of a place."""
        name = place.name if place.width == width else self.words.new(place.name)
        self.known[name] = replace(place, name=name, offset=self.width(at), width=width)
        return self.known[name]

    def is_whole(self, place: Place, width: str) -> bool:
        """Whether columns of this width from a place on are all of its array."""
        array = self.arrays.get(place.array) or self.given.get(place.array)
        known = array.width if array is not None else place.stride
        return place.offset == "0" and known.strip("()") == width.strip("()")

    def whole(self, places: list[Place], width: str) -> Place:
        """Places side by side: the first of them or, where a language has no products of parts, an array of its own."""
        if self.language.parts or self.is_whole(places[0], width):
            return places[0]
        key = (self.region, *(place.name for place in places))
        if key not in self._stored:
            self._stored[key] = made = self.work(width)
            if len(places) == 1:
                self.put(Each(made, places[0].token))
            offset = "0"
            for place in places if len(places) > 1 else ():
                name = self.words.new(made.name)
                self.known[name] = replace(made, name=name, offset=offset, width=place.width)
                self.put(Each(self.known[name], place.token, always=True))
                offset = f"{offset} + {place.width}"
        return self._stored[key]

    def outer(self, operand: Place, rows: Any, parts: list[tuple[str, Place, bool]], comment: str) -> None:
        """The gradients of matrices of ``rows`` in all that one operand multiplies, for adjoints side by side."""
        source, made = parts[0][1], None
        if not self.language.parts:
            width = self.width(rows)
            source, operand = self.whole([place for _, place, _ in parts], width), self.whole([operand], operand.width)
            if len(parts) > 1 or parts[0][2]:
                name = self.words.new("gradients")
                self.arrays[name] = Array(name, f"{width} * {operand.width}", rows=width, width=operand.width)
                made = Place(name, name, operand.width, operand.width)
        self.put(Outer(operand, tuple(parts), comment, source, made))

    def early(self, lines: Iterable[Line]) -> None:
        """The terms that are worth taking out of the loop."""
        for line in lines:
            if line.early is not None and _multiplies(line.early):
                also = line.target in self.filled
                self.assign(self.place(line.target[t]), line.early, "", also, always=True)
                self.filled.add(line.target)

    def line(self, target: Sequence, value: Any, comment: str) -> None:
        also = target in self.filled
        place = self.place(target[t])
        if not (also and isinstance(value, Zero)):
            self.assign(place, value, comment, also)
        elif place.name in self.sums:
            self.put(Each(place, self.so_far(place), comment))

    def lines(self, lines: Iterable[Line], back: Mapping[Any, Any]) -> None:
        """Lines with what is left of their early terms, which is cheap enough to stand in the loop."""
        for line in lines:
            value = line.value.xreplace(dict(back))
            early = line.early if line.early is not None and not _multiplies(line.early) else None
            self.line(line.target, value if early is None else add(value, early), _equation(line))

    def finished(self, kept: set[str]) -> Function:
        groups = {region: grouped(operations, self.known) for region, operations in self.parts.items()}
        stored = _stored_by([group for part in groups.values() for group in part], kept)
        if most := self.language.pairs:
            groups = {
                region: [cut for group in part for cut in split(group, stored, self.known, most)]
                for region, part in groups.items()
            }
        every = [group for part in groups.values() for group in part]
        stored = _stored_by(every, kept)
        used = {place.array for group in every for o in group for place in _touched(o, group, stored)}
        used |= {packed.name for packed in self.packed}
        arrays = tuple(array for array in self.arrays.values() if array.name in used)
        widths = sorted({o.operand.width for group in every for o in group if isinstance(o, Outer)})
        if widths:
            chunks = " + ".join(f"panels({width}, chunk(T * B))" for width in widths)
            arrays = (*arrays, Array("chunk_panels", chunks))
        regions = {region: tuple(part) for region, part in groups.items()}
        return Function(tuple(self.packed), **regions, stored=frozenset(stored), scratch=arrays, places=self.known)


def _stored_by(every: list[tuple[Operation, ...]], kept: set[str]) -> set[str]:
    """The names of what has to be in arrays: what another group reads, and what is asked for."""
    stored = set(kept)
    for group in every:
        for operation in group:
            others = [o for other in every if other is not group for o in other]
            if not isinstance(operation, Each) or len(group) == 1:
                stored |= {p.name for p in _written(operation)}
            elif operation.always or any(operation.place.name in read_by(o) for o in others):
                stored.add(operation.place.name)
    return stored


def _written(operation: Operation) -> list[Place]:
    return [operation.target] if isinstance(operation, Product) else (
        [operation.place] if isinstance(operation, Each | Total | Applied | Composed) else []
    )  # fmt: skip


def _touched(operation: Operation, group: tuple[Operation, ...], stored: set[str]) -> Iterable[Place]:
    """The places whose arrays an operation needs."""
    for place in _written(operation):
        if place.name in stored:
            yield place
    if isinstance(operation, Product):
        yield operation.operand
    if isinstance(operation, Outer):
        yield operation.operand
        yield from (place for _, place, _ in operation.parts)
        yield from [place for place in (operation.source, operation.made) if place is not None]


def _alike(targets: list[tuple[Any, Any]], filled: set[Sequence]) -> Iterable[list[tuple[Any, Any]]]:
    run: list[tuple[Any, Any]] = []
    for part in targets:
        if run and (part[0] in filled) != (run[-1][0] in filled):
            yield run
            run = []
        run.append(part)
    if run:
        yield run


def _multiplies(value: Any) -> bool:
    return any(isinstance(letter, Parameter) and letter.cols != 1 for letter in letters(value))


def _equation(line: Line) -> str:
    return f"{line.target[t]} = {line.equation}"
