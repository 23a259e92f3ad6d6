r"""A name for the argument of every elementwise function that multiplies parameters.

:math:`h = \tanh(W h' + U x + b)` becomes :math:`a_h = W h' + U x + b`, :math:`h = \tanh(a_h)`: the two are the same
cell, but products are stacked, and taken out of the loop over time, where they are terms of a line.
"""

from __future__ import annotations

from typing import Any

from sympy import Basic, Eq

from ..activations import Elementwise
from ..cell import Cell
from ..nodes.algebra import MatrixProduct
from ..symbols import At, Parameter, Sequence, letters, t
from .naming import unused


def with_preactivations(cell: Cell) -> Cell:
    """The cell with a line for each such argument, before the line that reads it first."""
    named: dict[Any, Sequence] = {}
    used = {getattr(letter, "sequence", letter).text for letter in cell.letters} | {s.text for s in cell.order}
    lines: list[Eq] = []

    def rewritten(node: Any, line: Sequence) -> Any:
        if not isinstance(node, Basic) or not node.args or isinstance(node, At | Parameter | Sequence):
            return node
        parts = [rewritten(part, line) for part in node.args]
        if any(new is not old for new, old in zip(parts, node.args, strict=True)):
            node = node.func(*parts)
        if not (isinstance(node, Elementwise) and _multiplies(node.argument)):
            return node
        if node.argument not in named:
            named[node.argument] = Sequence(unused(f"a_{line.text}", used), *node.argument.shape)
            used.add(named[node.argument].text)
            lines.append(Eq(named[node.argument][t], node.argument, evaluate=False))
        return node.func(node.function, named[node.argument][t])

    for equation in cell.equations:
        value = rewritten(equation.rhs, equation.lhs.sequence)
        lines.append(Eq(equation.lhs, value, evaluate=False))
    if not named:
        return cell
    return Cell(cell.name, *lines, loss=cell.loss, source=cell.source)


def _multiplies(argument: Any) -> bool:
    """Whether a column holds a product with a parameter that is a matrix."""
    if argument.shape[1] != 1 or not any(isinstance(letter, At) for letter in letters(argument)):
        return False
    return any(
        isinstance(letter, Parameter) and letter.cols != 1
        for product in argument.atoms(MatrixProduct)
        for letter in letters(product)
    )
