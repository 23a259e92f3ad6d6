r"""What a derivation takes as given: the equations of a cell, further definitions, what the loss reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sympy import Eq, Expr
from sympy.matrices.expressions.matexpr import MatrixExpr

from ..bptt import AdjointRule, L, T
from ..cell import Cell
from ..differentiate import jacobian
from ..jacobian import partial
from ..nodes.algebra import Zero, add
from ..nodes.derivatives import Partial, Total
from ..nodes.operand import is_matrix
from ..symbols import At, Parameter, Sequence, adjoint, letters, marked, t
from ..tidy import tidy


@dataclass(frozen=True, slots=True)
class Given:
    r"""The context of a derivation.

    ``cell`` defines its sequences for every ``t >= 1``. ``equations`` define further letters: one with
    ``t`` on the left for every ``1 <= t <= T``, any other only at the index it names. A letter
    :math:`\delta v` that no equation defines **is** the total derivative of the loss with respect to
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

    def definition(self, letter: Any) -> MatrixExpr | None:
        """The expression that defines a letter, or ``None`` if it is free."""
        if letter in fixed_definitions(self):
            return fixed_definitions(self)[letter]
        if isinstance(letter, Parameter):
            return None
        if self.is_true_adjoint(letter.sequence):
            if (letter.index - T).is_positive:
                return Zero(*letter.shape)
            if letter.index == 0 and self.cell is not None:
                return AdjointRule(self.cell, self.loss_seeds).initial(marked(letter.sequence, ""))
        if letter.index.is_nonpositive:
            return None
        general = self.general_definition(letter.sequence)
        return None if general is None else general.subs(t, letter.index)

    def general_definition(self, sequence: Sequence) -> MatrixExpr | None:
        """The definition of ``sequence[t]``."""
        return _general(self, sequence)

    def is_true_adjoint(self, sequence: Sequence) -> bool:
        """Whether the letter is δv of a quantity of the cell, meant as the total derivative of the loss."""
        return sequence.mark == "delta" and _is_true_adjoint(self, sequence)

    def runs_backward(self, sequence: Sequence) -> bool:
        """Whether the definition reaches later times, at once or through other letters."""
        return _runs_backward(self, sequence)

    def value_of(self, node: Expr) -> Expr | None:
        """What a derivative node stands for, as an expression; ``None`` if it stays as it is."""
        if isinstance(node, Partial):
            return self._partial(node)
        if isinstance(node, Total) and not is_matrix(node.of):
            return adjoint(node.wrt) if isinstance(node.wrt, At) else self._gradient(node)
        return self._total(node) if isinstance(node, Total) else None

    def _partial(self, node: Partial) -> MatrixExpr:
        if isinstance(node.of, At) and node.of != node.wrt:
            rhs = self.definition(node.of)
            if rhs is None:
                raise ValueError(f"{node}: no equation defines {node.of}")
            if self.cell is None or self.cell.definition(node.of.sequence) is None or not isinstance(node.wrt, At):
                return jacobian(rhs, node.wrt)
            at_t = node.wrt.sequence[t + node.wrt.index - node.of.index]
            return partial(self.cell, node.of.sequence, at_t).subs(t, node.of.index)
        return jacobian(node.of, node.wrt)

    def _gradient(self, node: Total) -> MatrixExpr | None:
        if node.of != L or self.cell is None:
            return None
        return AdjointRule(self.cell, self.loss_seeds).parameter_gradient(node.wrt)

    def _total(self, node: Total) -> MatrixExpr | None:
        """One application of the chain rule: d y/d x = Σ ∂⁺y/∂u · du/dx over the letters u that y reads."""
        of, wrt = node.of, node.wrt
        if not isinstance(of, At) or of == wrt:
            return jacobian(of, wrt)
        if self.cell is None:
            return None
        lag = of.index - wrt.index
        if lag.is_negative:
            return Zero(*node.shape)
        rhs = self.definition(of)
        if rhs is None:
            return Zero(*node.shape)
        if not (lag.is_Integer or lag.is_positive):
            return None
        read = [letter for letter in letters(rhs) if isinstance(letter, At)]
        terms = [self._partial(Partial(of, letter)) * self._path(letter, wrt) for letter in read]
        return tidy(add(*terms)) if terms else Zero(*node.shape)

    def _path(self, letter: At, wrt: At) -> MatrixExpr:
        if letter == wrt or self.definition(letter) is None:
            return jacobian(letter, wrt)
        lag = letter.index - wrt.index
        return Zero(letter.rows, wrt.rows) if lag.is_negative else Total(letter, wrt)


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
