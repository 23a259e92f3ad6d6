r"""What a derivation takes as given: the equations of a cell, further definitions, what the loss reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sympy import Eq
from sympy.matrices.expressions.matexpr import MatrixExpr

from ..backpropagation import AdjointRule
from ..cell import Cell
from ..symbols import At, Parameter, Sequence, letters, marked, t


class Told(NamedTuple):
    """What the givens tell of a sequence: see the methods of ``Given`` of these names."""

    general_definition: MatrixExpr | None
    runs_backward: bool
    is_true_adjoint: bool


@dataclass(frozen=True, slots=True)
class Given:
    r"""The context of a derivation.

    ``cell`` defines its sequences for every ``t >= 1``. ``equations`` define further letters: one with ``t`` on
    the left for every ``t >= 1``, or for ``1 <= t <= T`` if it reads later times, any other only at the index it
    names. A letter :math:`\delta v` that no equation defines **is** the total derivative of the loss with respect to
    ``v``, the loss being the cell's own or an arbitrary function of ``seeds`` (the outputs by default),
    summed over the steps ``1, …, T``.
    """

    cell: Cell | None = None
    equations: tuple[Eq, ...] = ()
    seeds: tuple[Sequence, ...] | None = None

    @property
    def loss_seeds(self) -> tuple[Sequence, ...]:
        if self.seeds is not None:
            return self.seeds
        return self.cell.outputs if self.cell and not self.cell.loss else ()

    def __post_init__(self) -> None:
        seen = set()
        general = {_sides(equation)[0] for equation in self.equations}
        for equation in self.equations:
            left, right = _sides(equation)
            if left in seen:
                raise ValueError(f"the givens define {left} twice; the second time as {right}")
            seen.add(left)
            if isinstance(left, Parameter) and any(isinstance(a, At) for a in letters(right)):
                raise ValueError(f"the givens define {left}, constant in time, by {right}, which is not")
            if not (left.rows == right.rows and left.cols == right.cols):
                raise ValueError(f"the givens define {left} by {right}, of another shape")
            if isinstance(left, At) and left.index.is_Integer and left.index >= 1 and left.sequence[t] in general:
                raise ValueError(f"the givens define {left} twice: by {right}, and with {left.sequence[t]}")
            if self._overrides_cell(left):
                raise ValueError(f"the givens define {left}, which the cell defines already")

    def _overrides_cell(self, left: Any) -> bool:
        if self.cell is None or isinstance(left, Parameter) or left.index.is_nonpositive:
            return False
        return self.cell.definition(left.sequence) is not None

    def general_definition(self, sequence: Sequence) -> MatrixExpr | None:
        """The definition of ``sequence[t]``."""
        return _general(self, sequence)

    def is_true_adjoint(self, sequence: Sequence) -> bool:
        """Whether the letter is δv of a quantity of the cell, meant as the total derivative of the loss."""
        return sequence.mark == "delta" and _is_true_adjoint(self, sequence)

    def runs_backward(self, sequence: Sequence) -> bool:
        """Whether the definition reaches later times, at once or through other letters."""
        return _runs_backward(self, sequence)


def _sides(equation: Any) -> tuple[Any, MatrixExpr]:
    if not isinstance(equation, Eq) or not isinstance(equation.lhs, At | Parameter):
        raise TypeError(f"the givens are equations Eq(letter, expression), got {equation}")
    return equation.lhs, equation.rhs


class ToldOf(dict[Sequence, Told]):
    """What the givens tell of each sequence, found when it is first asked for: finding it hashes all the givens."""

    def __init__(self, given: Given) -> None:
        self.given = given

    def __missing__(self, sequence: Sequence) -> Told:
        given = self.given
        told = Told(given.general_definition(sequence), given.runs_backward(sequence), given.is_true_adjoint(sequence))
        self[sequence] = told
        return told


@cache
def told_by(given: Given) -> ToldOf:
    """What the givens tell, one table for all who ask."""
    return ToldOf(given)


@cache
def fixed_definitions(given: Given) -> dict[Any, MatrixExpr]:
    """Definitions that hold at one index only, and those of parameters."""
    return {e.lhs: e.rhs for e in given.equations if not (isinstance(e.lhs, At) and e.lhs.index == t)}


@cache
def _generic(given: Given) -> dict[Any, MatrixExpr]:
    return {e.lhs: e.rhs for e in given.equations if isinstance(e.lhs, At) and e.lhs.index == t}


@cache
def _general(given: Given, sequence: Sequence) -> MatrixExpr | None:
    if sequence[t] in _generic(given):
        return _generic(given)[sequence[t]]
    if given.cell is None:
        return None
    if given.is_true_adjoint(sequence):
        return AdjointRule(given.cell, given.loss_seeds).collected(marked(sequence, ""))
    return given.cell.definition(sequence)


@cache
def _is_true_adjoint(given: Given, sequence: Sequence) -> bool:
    if given.cell is None or sequence[t] in _generic(given):
        return False
    return marked(sequence, "") in (*given.cell.order, *given.cell.inputs)


@cache
def _runs_backward(given: Given, sequence: Sequence) -> bool:
    seen, waiting = {sequence}, [sequence]
    while waiting:
        rhs = given.general_definition(waiting.pop())
        for letter in letters(rhs) if rhs is not None else ():
            if isinstance(letter, At):
                if (letter.index - t).is_positive:
                    return True
                if letter.sequence not in seen:
                    seen.add(letter.sequence)
                    waiting.append(letter.sequence)
    return False
