r"""A cell is its equations: one line per quantity, written at time ``t``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sympy import Eq
from sympy.matrices.expressions.matexpr import MatrixExpr

from .activations import Elementwise
from .nodes.derivatives import StopGradient
from .nodes.operand import is_matrix, same_size, text_shape
from .symbols import MARKS, At, Parameter, Sequence, letters, marked, t

CELL_NAME = re.compile(r"[\w'][\w' .-]*")
"""What a cell may be called: it names files and modules, and stands in comments of generated code."""


class Cell:
    r"""A recurrent cell, given by the equations of one time step in reading order.

    Every equation defines one sequence at time ``t``. From them follow

    - ``states``: the sequences that some equation reads at an earlier time,
    - ``inputs``: the sequences that no equation defines,
    - ``parameters``: the matrices constant in time,
    - ``outputs``: the defined sequences that no equation of the same step reads.

    A cell that is not causal, not defined, ill-shaped or cyclic is refused with the equation named.
    ``loss`` names a 1 x 1 sequence whose sum over time is the loss; without it the loss is an
    unspecified function of the outputs. ``source`` cites the paper; ``note`` is what a reader should know
    beside the equations, in a sentence or two.
    """

    def __init__(
        self, name: str, *equations: Eq, loss: Sequence | None = None, source: str = "", note: str = ""
    ) -> None:
        if not isinstance(name, str):
            raise TypeError(f'a cell begins with its name, as in Cell("mine", Eq(h[t], ...)); got {name}')
        if not CELL_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a cell; a name has letters, digits, _, -, ., ' and spaces")
        self.name = name
        self.loss = loss
        self.source = source
        self.note = note
        if not equations:
            raise ValueError(f"cell {name} has no equations")
        for equation in equations:
            _check_form(name, equation)
        self._definitions: dict[Sequence, MatrixExpr] = {}
        for equation in equations:
            sequence = equation.lhs.sequence
            if sequence in self._definitions:
                raise ValueError(f"cell {name}: {sequence.text} has two definitions; the second is {_text(equation)}")
            self._definitions[sequence] = equation.rhs
        for equation in equations:
            _check_letters(name, equation, self._definitions)
        _check_names(name, equations)
        self.order = _in_order(name, self._definitions)
        if loss is not None and (loss not in self._definitions or loss.shape != (1, 1)):
            raise ValueError(f"cell {name}: the loss {loss} is not a 1 x 1 sequence that an equation defines")

    @property
    def equations(self) -> tuple[Eq, ...]:
        """The equations, each after those of the same step that it reads."""
        return tuple(Eq(sequence[t], self._definitions[sequence], evaluate=False) for sequence in self.order)

    def definition(self, sequence: Sequence) -> MatrixExpr | None:
        """The right-hand side at time ``t``, or ``None`` for a sequence that the cell does not define."""
        return self._definitions.get(sequence)

    @property
    def letters(self) -> tuple[Any, ...]:
        """Every parameter and indexed letter on a right-hand side, once, in reading order."""
        found = (letter for sequence in self.order for letter in letters(self._definitions[sequence]))
        return tuple(dict.fromkeys(found))

    @property
    def states(self) -> tuple[Sequence, ...]:
        read = {a.sequence for a in self.letters if isinstance(a, At) and a.index != t}
        return tuple(sequence for sequence in reversed(self.order) if sequence in read)

    @property
    def inputs(self) -> tuple[Sequence, ...]:
        return tuple(
            dict.fromkeys(a.sequence for a in self.letters if isinstance(a, At) and a.sequence not in self._definitions)
        )

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(a for a in self.letters if isinstance(a, Parameter))

    @property
    def outputs(self) -> tuple[Sequence, ...]:
        read = {a.sequence for a in self.letters if isinstance(a, At) and a.index == t}
        return tuple(sequence for sequence in self.order if sequence not in read)

    @property
    def preactivations(self) -> tuple[Sequence, ...]:
        """The sequences that read parameters and that some equation puts through an elementwise function, or one
        beside others that read none, as in exp(a - m)."""
        arguments = [letters(node.argument) for rhs in self._definitions.values() for node in rhs.atoms(Elementwise)]
        inside = {
            a.sequence
            for read in arguments
            if not any(isinstance(a, Parameter) for a in read)
            for a in read
            if a.index == t
        }
        return tuple(
            sequence
            for sequence in self.order
            if sequence in inside and any(isinstance(a, Parameter) for a in letters(self._definitions[sequence]))
        )

    def consumers(self, sequence: Sequence) -> tuple[tuple[Sequence, int], ...]:
        """Every ``(u, k)`` such that the equation of ``u[t]`` reads ``sequence[t - k]``."""
        return tuple(
            (user, int(t - a.index))
            for user in self.order
            for a in letters(self._definitions[user])
            if isinstance(a, At) and a.sequence == sequence
        )

    def __str__(self) -> str:
        width = max(len(str(equation.lhs)) for equation in self.equations)
        return "\n".join(f"{equation.lhs!s:{width}} = {equation.rhs}" for equation in self.equations)

    def __repr__(self) -> str:
        return f"<Cell {self.name}: {len(self.order)} equations>"

    def _repr_latex_(self) -> str:
        from .latex.printer import latex_aligned

        return f"$$\n{latex_aligned(self.equations)}\n$$"


def changed(
    cell: Cell, name: str, *equations: Eq, without: Iterable[Sequence] = (), source: str = "", note: str = ""
) -> Cell:
    r"""The cell with some lines written anew, each in the place of the old one, and without some others.

    Papers state a variant by its change to a cell: i = 1, f = 1 - i, and so on. A line of a new sequence
    comes last. The source is the cell's own where none is given; its note, which speaks of the cell, is not.
    A line that is left out must be read by no other, and a line that none reads any more must be left out,
    unless it was an output before.
    """
    dropped = set(without)
    for sequence in dropped - cell._definitions.keys():
        raise ValueError(f"cell {cell.name} does not define {sequence.text}, so {name} cannot leave it out")
    kept = {sequence[t]: eq for sequence, eq in zip(cell.order, cell.equations) if sequence not in dropped}
    for equation in equations:
        _check_form(name, equation)
    lines = kept | {equation.lhs: equation for equation in equations}
    for equation in lines.values():
        for letter in letters(equation.rhs):
            if isinstance(letter, At) and letter.sequence in dropped:
                raise ValueError(
                    f"{name} leaves {letter.sequence.text} out of cell {cell.name}, but {_text(equation)} reads it; "
                    "write that line anew"
                )
    new = Cell(name, *lines.values(), loss=cell.loss, source=source or cell.source, note=note)
    for sequence in new.outputs:
        if sequence in cell._definitions and sequence not in cell.outputs:
            raise ValueError(
                f"no line of {name} reads {sequence.text} any more, which would make it an output; leave it out with "
                f"without=({sequence.text},)"
            )
    return new


def truncated(cell: Cell) -> Cell:
    r"""The cell whose derivatives stop where a pre-activation reads a state.

    This is the derivative that the 1997 LSTM algorithm computes by design (Hochreiter & Schmidhuber
    1997, appendix A.1; Gers & Schmidhuber 2000 truncate the peephole paths likewise): values are those
    of ``cell``, gradients flow back in time along the carousel alone.
    """
    states = set(cell.states)

    def cut(sequence: Sequence) -> MatrixExpr:
        rhs = cell._definitions[sequence]
        if sequence not in cell.preactivations:
            return rhs
        return rhs.xreplace({a: StopGradient(a) for a in letters(rhs) if isinstance(a, At) and a.sequence in states})

    equations = [Eq(sequence[t], cut(sequence), evaluate=False) for sequence in cell.order]
    return Cell(f"{cell.name}_truncated", *equations, loss=cell.loss, source=cell.source)


def _text(equation: Eq) -> str:
    return f"{equation.lhs} = {equation.rhs}"


def _check_form(name: str, equation: Any) -> None:
    if not isinstance(equation, Eq):
        if isinstance(equation, list | tuple):
            raise TypeError(f"cell {name} takes its equations one by one; write Cell(name, *equations) for a list")
        raise TypeError(f"cell {name}: {equation} is not an equation; write Eq(h[t], ...) with unequal sides")
    left, right = equation.lhs, equation.rhs
    if not (isinstance(left, At) and left.index == t):
        raise ValueError(f"cell {name}: {_text(equation)} must define a sequence at time t, as in Eq(h[t], ...)")
    if not is_matrix(right):
        raise ValueError(f"cell {name}: the right side of {_text(equation)} is a scalar; a sequence holds matrices")
    if not (same_size(left.rows, right.rows) and same_size(left.cols, right.cols)):
        raise ValueError(
            f"cell {name}: shapes clash in {_text(equation)}: {left} is {text_shape(left)}, "
            f"the right side is {text_shape(right)}"
        )


def _check_letters(name: str, equation: Eq, definitions: dict[Sequence, MatrixExpr]) -> None:
    for letter in letters(equation.rhs):
        if isinstance(letter, Parameter):
            continue
        lag = t - letter.index
        if not lag.is_Integer:
            raise ValueError(f"cell {name}: {_text(equation)} reads {letter}; indices are t, t - 1, ...")
        if lag < 0:
            raise ValueError(f"cell {name}: {_text(equation)} reads the future value {letter}")
        if lag > 0 and letter.sequence not in definitions:
            raise ValueError(
                f"cell {name}: undefined letter {letter.sequence.text} in {_text(equation)}: "
                "it is read at an earlier time, but no equation defines it; an input is kept for a step by a state, "
                f"as in Eq(s[t], {letter.sequence.text}[t]), which s[t - 1] then reads"
            )
    bare = equation.rhs.xreplace(
        {a: Parameter(a.sequence.name, *a.shape) for a in letters(equation.rhs) if isinstance(a, At)}
    )
    if t in bare.free_symbols:
        raise ValueError(
            f"cell {name}: {_text(equation)} reads the time t itself; a coefficient that changes with time is an input"
        )
    stray = equation.rhs.free_symbols - {t} - _sizes_of(equation.rhs)
    unknown = sorted(str(symbol) for symbol in stray if not isinstance(symbol, Parameter))
    if unknown:
        raise ValueError(
            f"cell {name}: undefined letter {unknown[0]} in {_text(equation)}; "
            "declare it with Parameter(name, rows, cols) or Sequence(name, rows)"
        )


def _check_names(name: str, equations: Iterable[Eq]) -> None:
    """Two different letters of one name would be one letter in print and in exported code; so would a letter called
    delta_h beside h, whose adjoint is written so."""
    known: dict[str, Any] = {}
    for equation in equations:
        for letter in letters(equation.lhs) + letters(equation.rhs):
            what = letter.sequence if isinstance(letter, At) else letter
            if known.setdefault(what.text, what) != what:
                raise ValueError(
                    f"cell {name}: two different letters are called {what.text}; one is in {_text(equation)}"
                )
    for what in list(known.values()):
        for mark in MARKS[1:]:
            text = marked(what, mark).text
            if not what.mark and text in known:
                raise ValueError(
                    f"cell {name}: {text} is what the backward pass calls a quantity of {what.text}; "
                    "give one of the two letters another name"
                )


def _sizes_of(expr: MatrixExpr) -> set[Any]:
    shapes: Iterable[Any] = [size for letter in letters(expr) for size in letter.shape]
    return {symbol for size in [*shapes, *expr.shape] for symbol in size.free_symbols}


def _in_order(name: str, definitions: dict[Sequence, MatrixExpr]) -> tuple[Sequence, ...]:
    """The sequences with each after those that it reads at the same step; the written order where it serves."""
    placed: dict[Sequence, None] = {}
    waiting = list(definitions)
    reads = {
        sequence: {a.sequence for a in letters(rhs) if isinstance(a, At) and a.index == t} & definitions.keys()
        for sequence, rhs in definitions.items()
    }
    while waiting:
        ready = next((sequence for sequence in waiting if reads[sequence] <= placed.keys()), None)
        if ready is None:
            stuck = waiting[0]
            raise ValueError(
                f"cell {name}: a cycle within one time step through {stuck[t]} = {definitions[stuck]}; "
                f"involved: {', '.join(s.text for s in waiting)}"
            )
        placed[ready] = None
        waiting.remove(ready)
    return tuple(placed)
