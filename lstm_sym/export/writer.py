r"""The code of one pass as it grows: names of letters, stacked parameters, sums in which products share a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from sympy.matrices.expressions.matexpr import MatrixExpr

from ..nodes.algebra import MatrixProduct, Transposed, add
from ..symbols import At, Parameter, Sequence, t
from .dialect import Dialect
from .layout import assignment, comment, statement
from .naming import identifier, unused
from .recurrence import Assigned, Flow, ats
from .rows import Rows, axes_of, row_source
from .stores import filling

Names = dict[Any, str]

ALL, ONE = ("T", "B"), ("B",)
"""The leading axes of whole sequences, and of the rows of one step."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a backend writes a scan: its dialect, and whether factors known beforehand are multiplied before it.

    With ``stores``, a step writes what is read later into rows of arrays that are allocated before the scan.
    """

    dialect: Dialect
    coefficients: bool
    stores: bool = False

    def for_matrices(self) -> Style:
        """The style for a cell that has a matrix at each step, which a fused product of two matrices does not take."""
        functions = {name: form for name, form in self.dialect.functions.items() if name != "np.addmm"}
        return replace(self, dialect=replace(self.dialect, functions=functions))


@dataclass(slots=True)
class Writer:
    """The code of one pass as it grows; ``bundles`` are vectors that lie side by side in one array of that name."""

    style: Style
    flow: Flow
    names: Names
    initial: Mapping[Sequence, str]
    taken: set[str]
    reverse: bool = False
    lines: list[str] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)
    bundles: dict[tuple[MatrixExpr, ...], str] = field(default_factory=dict)
    last: dict[Sequence, str] = field(default_factory=dict)
    factors: dict[str, At] = field(default_factory=dict)
    shifts: set[At] = field(default_factory=set)

    def fresh(self, wanted: str) -> str:
        name = unused(wanted, self.taken)
        self.taken.add(name)
        return name

    def letter(self, wanted: str, like: MatrixExpr) -> At:
        """A letter of its own for a value that no equation names."""
        name = self.fresh(wanted)
        made = Sequence(f"value {name}", *like.shape)[t]
        self.names[made] = name
        return made

    def rows(self, lead: tuple[str, ...]) -> Rows:
        return Rows(self.names, lead)

    def put(self, target: str, value: str, *, indent: int = 1) -> list[str]:
        return assignment(target, self.style.dialect.said(value, in_loop=indent > 1), indent=indent)

    def fill(self, target: str, value: str) -> list[str]:
        """The lines by which a step writes a value into its row of a store."""
        lines = []
        for call in filling(target, self.style.dialect.said(value, in_loop=True)):
            whole, given, rest = call.partition("[...] = ")
            lines += assignment(f"{whole}[...]", rest, indent=2) if given else statement(call, indent=2)
        return lines

    def constant(self, parts: list[MatrixExpr], *, turned: bool = False) -> str:
        """The name of parameters one above the other; ``turned`` for a row that meets the matrix from the left."""
        whole = f"np.concatenate(({', '.join(row_constant(part, self.names) for part in parts)}), axis=0)"
        whole += ".T" if turned else ""
        if whole not in self.constants:
            self.constants[whole] = self.fresh(common([part for part in parts], self.names) + "_all")
        return self.constants[whole]


def row_constant(part: MatrixExpr, names: Names) -> str:
    """A parameter, or its transpose."""
    return f"{names[part.args[0]]}.T" if isinstance(part, Transposed) else names[part]


def common(parts: Iterable[Any], names: Names) -> str:
    """What the names of letters begin with."""
    texts = [names[part.args[0] if isinstance(part, Transposed) else part] for part in parts]
    alike = takewhile(lambda signs: len(set(signs)) == 1, zip(*texts, strict=False))
    return "".join(signs[0] for signs in alike).rstrip("_") or "joined"


def shifted(writer: Writer, letter: At) -> None:
    """A name for the values of a sequence one step before, initial value first, if it has none."""
    sequence = writer.flow.before[letter]
    name = writer.names[letter]
    if letter not in writer.shifts:
        back = ", reverse=True" if writer.reverse else ""
        value = f"shifted({writer.initial[sequence]}, {writer.names[sequence[t]]}{back})"
        writer.lines += assignment(name, value)
        writer.shifts.add(letter)


def shift(writer: Writer, values: Iterable[MatrixExpr], inside: Iterable[Sequence] = ()) -> None:
    """The shifted sequences that expressions read, but for those that are computed ``inside`` a scan."""
    for letter in dict.fromkeys(a for value in values for a in ats(value)):
        if letter in writer.flow.before and writer.flow.before[letter] not in inside:
            shifted(writer, letter)


def note(writer: Writer, line: Assigned, *, indent: int) -> None:
    writer.lines += comment(noted(line), indent=indent)


def noted(line: Assigned) -> str:
    """The equation of a line as a reader knows it."""
    if line.target.text.startswith("back "):
        return line.equation
    return f"{line.target[t]} = {line.equation}".replace(line.target.text, identifier(line.target), 1)


def product_of(term: MatrixExpr) -> tuple[MatrixExpr, At] | None:
    """The matrix and the vector of a term P v, with a parameter or its transpose as matrix."""
    if isinstance(term, MatrixProduct) and term.scalar == 1 and len(term.matrices) == 2:
        matrix, vector = term.matrices
        bare = matrix.args[0] if isinstance(matrix, Transposed) else matrix
        if isinstance(bare, Parameter) and bare.cols != 1 and isinstance(vector, At) and vector.cols == 1:
            return matrix, vector
    return None


def sum_source(
    writer: Writer, terms: Iterable[MatrixExpr], lead: tuple[str, ...], lines: list[str] | None = None
) -> str:
    """A sum; several products of matrices with vectors are one, of the matrices with the vectors side by side."""
    terms = list(terms)
    found = [(term, product) for term in terms if (product := product_of(term)) is not None]
    vectors = [vector for _, (_, vector) in found]
    if len(found) < 2 or len(set(vectors)) < len(found):
        return row_source(add(*terms), writer.rows(lead))
    order = next((list(bundle) for bundle in writer.bundles if set(bundle) == set(vectors)), vectors)
    matrices = {vector: matrix for _, (matrix, vector) in found}
    weights = writer.constant([Transposed(matrices[vector]) for vector in order])
    side = beside(writer, order, lines)
    whole = Sequence(f"sum {side} {weights}", *terms[0].shape)[t]
    first = terms.index(found[0][0])
    products = {term for term, _ in found}
    kept = [term for term in terms if term not in products]
    rest = [*kept[:first], whole, *kept[first:]]
    return row_source(add(*rest), Rows({**writer.names, whole: f"({side} @ {weights})"}, lead))


def beside(writer: Writer, vectors: list[At], lines: list[str] | None = None) -> str:
    """The name of vectors side by side; those of a step that are read later are kept as this one array."""
    if (known := writer.bundles.get(tuple(vectors))) is not None:
        return known
    text = f"np.concatenate(({', '.join(writer.names[vector] for vector in vectors)}), axis=-1)"
    name = writer.fresh(common(vectors, writer.names) + "_all")
    if lines is None:
        writer.lines += writer.put(name, text)
    else:
        lines += writer.put(name, text, indent=2)
    writer.bundles[tuple(vectors)] = name
    return name


def sizes_of(writer: Writer, sequence: Sequence) -> str:
    """The lengths of the axes of a value beside the leading ones."""
    return ", ".join(writer.rows(ALL).size(size) for size in axes_of(sequence[t]))


def widths(writer: Writer, vectors: Iterable[Any]) -> str:
    rows = writer.rows(ALL)
    return ", ".join(rows.size(vector.shape[0]) for vector in vectors)
