"""A cell written out over a fixed number of steps, as a list of bindings."""

from __future__ import annotations

from sympy import Eq

from .cell import Cell
from .symbols import t


def unroll(cell: Cell, steps: int) -> tuple[Eq, ...]:
    """The equations of ``cell`` at the times ``1, …, steps``, each after those that it reads.

    The list stays a list: no equation is substituted into another, so its length is linear in ``steps``.
    """
    if steps < 1:
        raise ValueError(f"unroll takes at least one step, got {steps}")
    return tuple(equation.subs(t, time) for time in range(1, steps + 1) for equation in cell.equations)
