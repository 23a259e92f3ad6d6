r"""What letters and derivative nodes stand for, where the conditions allow their definitions to be used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sympy import Expr
from sympy.matrices.expressions.matexpr import MatrixExpr

from ..backpropagation import AdjointRule, L, T
from ..differentiate import jacobian
from ..jacobian import partial
from ..nodes.algebra import Zero, add, summands
from ..nodes.derivatives import Partial, Total
from ..nodes.operand import is_matrix
from ..symbols import At, Parameter, adjoint, letters, mark_of, marked, t
from ..textbook_form import tidy
from .conditions import Conditions
from .given import Given, fixed_definitions


class Definitions:
    """The definitions of ``given`` at the indices where ``conditions`` imply that they hold.

    ``stated`` has what letters equal by the hypothesis of an induction.
    """

    def __init__(self, given: Given, conditions: Conditions, stated: Mapping[At, Expr] | None = None) -> None:
        self.given = given
        self.conditions = conditions
        self.stated = stated or {}
        self._found: dict[tuple[Any, int], MatrixExpr | None] = {}

    def of(self, letter: Any) -> MatrixExpr | None:
        """The expression that defines a letter, or ``None`` if it is free or may lie where no definition holds."""
        key = letter, self.conditions.scope
        if key not in self._found:
            self._found[key] = self._definition(letter)
        return self._found[key]

    def _definition(self, letter: Any) -> MatrixExpr | None:
        if letter in fixed_definitions(self.given):
            return fixed_definitions(self.given)[letter]
        if isinstance(letter, Parameter):
            return None
        general = self.given.general_definition(letter.sequence)
        if general is None:
            return None
        if self.given.is_true_adjoint(letter.sequence):
            return self._adjoint(letter, general)
        if not self.conditions.imply(letter.index - 1):
            return None
        if self.given.runs_backward(letter.sequence) and not self.conditions.imply(T - letter.index):
            return None
        return general.subs(t, letter.index)

    def _adjoint(self, letter: At, general: MatrixExpr) -> MatrixExpr | None:
        """δv: its recursion up to T, 0 beyond; a recursion through adjoints alone holds beyond T as well, as 0 = 0."""
        if self.conditions.imply(letter.index - T - 1):
            return Zero(*letter.shape)
        if letter.index == 0 and self.given.cell is not None:
            return AdjointRule(self.given.cell, self.given.loss_seeds).initial(marked(letter.sequence, ""))
        if not self.conditions.imply(letter.index - 1):
            return None
        if self.conditions.imply(T - letter.index) or _linear_in_adjoints(general):
            return general.subs(t, letter.index)
        return None

    def value_of(self, node: Expr) -> Expr | None:
        """What a derivative node stands for, as an expression; ``None`` if it stays as it is."""
        if isinstance(node, Partial):
            return self._partial(node.of, node.wrt)
        if not isinstance(node, Total):
            return None
        if is_matrix(node.of):
            return self._total(node.of, node.wrt)
        if node.of != L:
            return None
        return adjoint(node.wrt) if isinstance(node.wrt, At) else self._gradient(node.wrt)

    def _partial(self, of: Expr, wrt: Any) -> MatrixExpr | None:
        if not is_matrix(of):
            return None
        cell = self.given.cell
        if not isinstance(of, At) or of == wrt:
            return None if _may_coincide(of, wrt) else jacobian(of, wrt)
        rhs = self.of(of)
        if rhs is None or _may_coincide(rhs, wrt):
            return None
        if cell is None or cell.definition(of.sequence) is None or not isinstance(wrt, At):
            return jacobian(rhs, wrt)
        at_t = wrt.sequence[t + wrt.index - of.index]
        return partial(cell, of.sequence, at_t).subs(t, of.index)

    def _gradient(self, parameter: Parameter) -> MatrixExpr | None:
        cell = self.given.cell
        return None if cell is None else AdjointRule(cell, self.given.loss_seeds).parameter_gradient(parameter)

    def _total(self, of: MatrixExpr, wrt: Any) -> MatrixExpr | None:
        """One application of the chain rule: d y/d x = Σ ∂⁺y/∂u · du/dx over the letters u that y reads."""
        if not isinstance(wrt, At):
            return None
        if isinstance(of, At):
            if of == wrt or self._is_earlier(of, wrt):
                return jacobian(of, wrt)
            body = self.of(of)
        else:
            body = of
        if body is None:
            return None
        terms = []
        for letter in letters(body):
            if isinstance(letter, At):
                step = self._partial(of, letter)
                if step is None:
                    return None
                terms.append(step * self._path(letter, wrt))
        return tidy(add(*terms)) if terms else Zero(of.rows, wrt.rows)

    def _path(self, letter: At, wrt: At) -> MatrixExpr:
        """dletter/dwrt: known for a letter that nothing defines or that comes earlier, else a node to be opened."""
        free = self.given.general_definition(letter.sequence) is None and letter not in fixed_definitions(self.given)
        apart = not _may_coincide(letter, wrt) and (free or letter.index.is_nonpositive)
        known = apart or letter == wrt or self._is_earlier(letter, wrt)
        return jacobian(letter, wrt) if known else Total(letter, wrt)

    def _is_earlier(self, letter: At, wrt: At) -> bool:
        """Whether no path leads from ``wrt`` to ``letter``, since equations that run forward read no later time."""
        return not self.given.runs_backward(letter.sequence) and self.conditions.imply(wrt.index - letter.index - 1)


def _may_coincide(expr: MatrixExpr, wrt: Any) -> bool:
    """Whether a letter of ``expr`` may be ``wrt`` at some indices though it is written otherwise."""
    if not isinstance(wrt, At):
        return False
    return any(
        isinstance(letter, At) and letter.sequence == wrt.sequence and not (letter.index - wrt.index).is_Integer
        for letter in letters(expr)
    )


@cache
def _linear_in_adjoints(expr: MatrixExpr) -> bool:
    return all(any(mark_of(a) == "delta" for a in letters(term)) for term in summands(expr))
