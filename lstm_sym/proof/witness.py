r"""Real witnesses: numbers at which a statement fails, found small and replayed exactly.

A candidate assigns small rationals to the free letters. Both sides are evaluated in exact rational
arithmetic, or with Arb balls where a transcendental function stands, at doubled precision until the balls
separate. Only then is the statement refuted.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, product
from typing import Any

from flint import arb, fmpq
from sympy import Expr, Symbol

from ..nodes.operand import is_matrix
from .conditions import CONTRACT, Conditions
from .domains import STANDS, Balls, Domain, NotExact, Rationals, Singular, Stand, precision
from .evaluation import evaluate
from .given import Given
from .instantiation import WITNESS_SIZES, instances
from .polynomial import Unsupported
from .signs import gap
from .trajectory import Instance, Trajectory

PLACES = 12
BOUND_PLACES = 6
"""A bound that no witness fails is tried everywhere in vain, so it is tried at fewer places, and harder at each."""

EVERY_INDEX = 8
"""A hypothesis about every index is tried below this, and wherever a letter was read."""

PRECISIONS = (64, 128, 256, 512, 1024)
PALETTES = (
    tuple(Fraction(v) for v in (1, -1, 2)),
    (*(Fraction(v) for v in (1, -1, 2, -2, 3)), Fraction(1, 2), Fraction(-1, 2)),
    tuple(Fraction(p, q) for p in range(-5, 6) for q in (1, 2, 3, 4) if p),
    tuple(Fraction(v) for v in (0, 10, -10, 1)),
)
ENTRY = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Witness:
    """Values at which the two sides differ: the sizes, the indices, the letters and the entry that differs.

    ``left`` and ``right`` are exact rationals as text, or balls ``[middle +/- radius]``.
    """

    instance: Instance
    values: tuple[tuple[ENTRY, Fraction], ...]
    stand: Stand
    opaque: bool
    entry: tuple[int, int]
    left: str
    right: str
    exact: bool
    relation: str

    @property
    def letters(self) -> dict[str, list[list[Fraction]]]:
        """The value of every letter that was read, as a matrix."""
        shapes: dict[str, tuple[int, int]] = {}
        for (name, i, j), _ in self.values:
            rows, cols = shapes.get(name, (0, 0))
            shapes[name] = max(rows, i + 1), max(cols, j + 1)
        lookup = dict(self.values)
        return {
            name: [[lookup.get((name, i, j), Fraction(0)) for j in range(cols)] for i in range(rows)]
            for name, (rows, cols) in shapes.items()
        }

    def as_json(self) -> dict[str, Any]:
        return {
            "sizes": {str(symbol): value for symbol, value in self.instance.sizes.items()},
            "indices": {str(symbol): value for symbol, value in self.instance.indices.items()},
            "letters": {name: [[str(v) for v in row] for row in rows] for name, rows in self.letters.items()},
            "phi": self.stand.text if self.opaque else None,
            "entry": list(self.entry),
            "left": self.left,
            "right": self.right,
            "exact": self.exact,
        }

    def __str__(self) -> str:
        shown = [str(self.instance)] if str(self.instance) else []
        few = len(self.values) <= 3
        moved = {name: rows for name, rows in self.letters.items() if few or any(any(row) for row in rows)}
        shown += [f"{name}={_compact(rows)}" for name, rows in moved.items()]
        if len(moved) < len(self.letters):
            shown.append("every other letter 0")
        if self.opaque:
            shown.append(f"phi(z)={self.stand.text}")
        if not self.letters and not shown:
            return f"left is {self.left}, right is {self.right}"
        i, j = self.entry
        return f"at {', '.join(shown)}: entry ({i + 1}, {j + 1}) of left is {self.left}, of right {self.right}"


@dataclass(frozen=True, slots=True)
class Question:
    """The statement ``left relation right`` that may be false, and what is assumed of its letters."""

    given: Given
    left: Expr
    right: Expr
    relation: str = "="
    hypotheses: tuple[Any, ...] = ()


def find_witness(
    given: Given,
    left: Expr,
    right: Expr,
    *,
    relation: str = "=",
    hypotheses: tuple[Any, ...] = (),
    wanted: tuple[dict[Symbol, int], ...] = (),
    conditions: Conditions = CONTRACT,
    plain: bool = True,
    effort: int = 4,
    suggestion: Iterable[tuple[ENTRY, Fraction]] = (),
) -> Witness | None:
    """The first witness found against ``left relation right``, smallest sizes first; ``plain`` makes it readable.

    A statement is tried at a suggested value first, and with every letter 0, where bounds are often tight. A witness
    meets every one of the ``hypotheses``.
    ``effort`` is the number of assignments tried at each instance from each palette of numbers, and limits the
    instances. If instances are wanted, only those are tried.
    """
    assumed = tuple(fact[0] for fact in map(gap, hypotheses) if fact is not None)
    places = instances(given, conditions, wanted, WITNESS_SIZES, left, right, assumed=assumed)
    found = sorted(places, key=_smallness)
    if wanted:
        named = [values.items() for values in wanted]
        found = [place for place in found if any(items <= place.indices.items() for items in named)]
    found = found[: PLACES * effort if relation == "=" else BOUND_PLACES]
    question = Question(given, left, right, relation, hypotheses)
    for guess in (suggestion, ()) if found else ():
        witness = _try(question, found[0], _Fixed(guess), STANDS[0])
        if witness is not None:
            return witness
    for attempt, (palette, instance) in enumerate(_candidates(found, effort)):
        for stand in STANDS:
            values = _Values(palette, attempt)
            witness = _try(question, instance, values, stand)
            if witness is not None:
                return _plainer(question, witness) if plain else witness
            if not values.met_opaque:
                break
    return None


def replay(given: Given, left: Expr, right: Expr, witness: Witness, hypotheses: tuple[Any, ...] = ()) -> bool:
    """Whether the numbers of a witness, evaluated afresh, meet the hypotheses and still tell the two sides apart."""
    question = Question(given, left, right, witness.relation, hypotheses)
    return _try(question, witness.instance, _Fixed(witness.values), witness.stand) is not None


class _Values:
    """A source of small rationals that remembers what was read."""

    def __init__(self, palette: tuple[Fraction, ...], seed: int) -> None:
        self.palette = palette
        self.seed = seed
        self.read: dict[ENTRY, Fraction] = {}
        self.met_opaque = False

    def value(self, name: str, i: int, j: int) -> Fraction:
        choice = random.Random(f"{self.seed}/{name}/{i}/{j}").choice(self.palette)
        return self.read.setdefault((name, i, j), choice)


class _Fixed(_Values):
    """A source that repeats given values, 0 where none is given."""

    def __init__(self, values: Iterable[tuple[ENTRY, Fraction]]) -> None:
        super().__init__((Fraction(0),), 0)
        self.given = dict(values)

    def value(self, name: str, i: int, j: int) -> Fraction:
        return self.read.setdefault((name, i, j), self.given.get((name, i, j), Fraction(0)))


class _Watched:
    """A stand for an unspecified function that notes that it was used."""

    def __init__(self, stand: Stand, values: _Values) -> None:
        self.stand = stand
        self.values = values

    def at(self, order: int, x: Any, rational: Any) -> Any:
        self.values.met_opaque = True
        return self.stand.at(order, x, rational)


def _candidates(found: list[Instance], effort: int) -> Iterator[tuple[tuple[Fraction, ...], Instance]]:
    for palette in PALETTES:
        for _ in range(effort):
            for instance in found:
                yield palette, instance


def _smallness(instance: Instance) -> tuple[int, int]:
    return sum(instance.sizes.values()), sum(instance.indices.values())


def _try(question: Question, instance: Instance, values: _Values, stand: Stand) -> Witness | None:
    watched: Any = _Watched(stand, values)
    try:
        return _compared(question, instance, values, stand, Rationals(watched))
    except NotExact:
        pass
    except (Singular, ZeroDivisionError):
        return None
    for bits in PRECISIONS:
        with precision(bits):
            try:
                witness = _compared(question, instance, values, stand, Balls(watched))
            except (Singular, ZeroDivisionError):
                continue
            if witness is not None:
                return witness
            if bits == PRECISIONS[1]:
                return None
    return None


def _compared(question: Question, instance: Instance, values: _Values, stand: Stand, domain: Domain) -> Witness | None:
    def source(name: str, i: int, j: int) -> Any:
        value = values.value(name, i, j)
        return domain.rational(value.numerator, value.denominator)

    where = Trajectory(question.given, instance, domain, source)
    a, b = (_rows(evaluate(side, where), side) for side in (question.left, question.right))
    if not all(_holds(hypothesis, where) for hypothesis in question.hypotheses):
        return None
    for i, (row, other) in enumerate(zip(a, b, strict=True)):
        for j, (x, y) in enumerate(zip(row, other, strict=True)):
            if _fails(x, y, question.relation):
                read = tuple(sorted(values.read.items()))
                exact = not isinstance(x, arb) and not isinstance(y, arb)
                opaque, sides = values.met_opaque, (_text(x), _text(y))
                return Witness(instance, read, stand, opaque, (i, j), *sides, exact, question.relation)
    return None


def _holds(hypothesis: Any, where: Trajectory) -> bool:
    """Whether a hypothesis is certainly true; one about every index is tried at the first few."""
    fact = gap(hypothesis)
    if fact is None:
        raise Unsupported(f"no value for the condition {hypothesis}")
    expr, strict = fact
    loose = sorted((s for s in expr.free_symbols - where.numbers.keys() if s.is_integer), key=str)
    times = [time for _, time in where.root.values if time is not None]
    every = range(min(times, default=0), max([EVERY_INDEX, *(time + 2 for time in times)]))
    for values in product(every, repeat=len(loose)):
        view = where
        for index, value in zip(loose, values, strict=True):
            view = view.at(index, value)
        try:
            entries = chain.from_iterable(_rows(evaluate(expr, view), expr))
            if not all(bool(entry > 0) if strict else bool(entry >= 0) for entry in entries):
                return False
        except (Singular, ZeroDivisionError):
            continue
    return True


def _fails(x: Any, y: Any, relation: str) -> bool:
    """Whether x relation y is certainly false; for balls, whether they prove it."""
    if relation == "=":
        return not (x - y).contains(0) if isinstance(x - y, arb) else bool(x != y)
    return bool(x > y) if relation == "<=" else bool(x >= y)


def _plainer(question: Question, witness: Witness) -> Witness:
    """The witness with every entry set to 0 or 1 that may be, in turn."""
    for place in range(len(witness.values)):
        name, old = witness.values[place]
        for plain in (Fraction(0), Fraction(1)):
            if old == plain:
                break
            values = [*witness.values[:place], (name, plain), *witness.values[place + 1 :]]
            simpler = _try(question, witness.instance, _Fixed(values), witness.stand)
            if simpler is not None and len(simpler.values) == len(values):
                witness = replace(simpler, values=tuple(values))
                break
    return witness


def _rows(value: Any, side: Expr) -> list[list[Any]]:
    return value if is_matrix(side) else [[value]]


def _text(value: Any) -> str:
    if isinstance(value, fmpq):
        return str(value)
    return value.str(12) if isinstance(value, arb) else str(value)


def _compact(rows: list[list[Fraction]]) -> str:
    if len(rows) == 1 and len(rows[0]) == 1:
        return str(rows[0][0])
    if all(len(row) == 1 for row in rows):
        return "(" + ", ".join(str(row[0]) for row in rows) + ")"
    return "[" + ", ".join("[" + ", ".join(map(str, row)) + "]" for row in rows) + "]"
