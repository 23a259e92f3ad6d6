r"""The one-step Jacobians :math:`\partial s^{(t)}/\partial s^{(t-1)}` of a cell along a trajectory, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from sympy.matrices.expressions.matexpr import MatrixExpr

from .. import lambdify
from ..cell import Cell, truncated
from ..jacobian import state_jacobian
from ..nodes.algebra import Eye, MatrixProduct, MatrixSum, Zero
from ..nodes.block import Block
from ..nodes.elementwise import Diag, Scaled
from ..symbols import Sequence
from .trajectory import Array, Trajectory, arguments

CHUNK = 2**22
"""How many entries of Jacobians are held at a time: 32 MB."""


@dataclass(frozen=True, slots=True)
class StepJacobian:
    """The Jacobian of the joint state of a trajectory's cell; ``function`` is generated from its formula.

    ``widths`` are the sizes of the states in the order of ``cell.states``, ``size`` their sum N.
    """

    trajectory: Trajectory
    cell: Cell
    formula: MatrixExpr
    function: Callable[..., Array]
    widths: tuple[int, ...]

    @property
    def size(self) -> int:
        return sum(self.widths)

    def at(self, start: int, stop: int) -> Array:
        """The Jacobians of the steps start, ..., stop: an array (stop - start + 1, N, N)."""
        given = [self.trajectory.values(letter, start, stop) for letter in arguments(self.formula)]
        values = self.function(*given)
        return np.broadcast_to(values, (stop - start + 1, self.size, self.size))

    @property
    def is_uncoupled(self) -> bool:
        """Whether coordinate i of every state meets coordinate i alone: every block is diagonal."""
        rows = self.formula.args if isinstance(self.formula, Block) else ((self.formula,),)
        return len(set(self.widths)) == 1 and all(_is_diagonal(part) for row in rows for part in row)

    def chunks(self) -> Iterator[Array]:
        """The Jacobians of the steps T, T - 1, ..., 1, many at a time: arrays (steps, N, N)."""
        steps = max(1, CHUNK // self.size**2)
        for stop in range(self.trajectory.steps, 0, -steps):
            yield self.at(max(1, stop - steps + 1), stop)[::-1]

    def backwards(self) -> Iterator[Array]:
        """The Jacobians of the steps T, T - 1, ..., 1, each (N, N)."""
        for chunk in self.chunks():
            yield from chunk

    def diagonals_backwards(self) -> Iterator[Array]:
        """Those of an uncoupled Jacobian, each (n, S, S): for every coordinate the matrix between the S states."""
        states = len(self.widths)
        for chunk in self.chunks():
            blocks = chunk.reshape(len(chunk), states, self.widths[0], states, self.widths[0])
            yield from np.einsum("tpiqi->tipq", blocks)

    def block(self, sequence: Sequence) -> slice:
        """Where a state stands in the joint state."""
        place = self.cell.states.index(sequence)
        start = sum(self.widths[:place])
        return slice(start, start + self.widths[place])


def step_jacobian(trajectory: Trajectory) -> StepJacobian:
    """The total Jacobian: every path through one step."""
    return _numeric(trajectory, trajectory.cell)


def carousel_jacobian(trajectory: Trajectory) -> StepJacobian:
    r"""The Jacobian along the carousel alone: derivatives stop where a pre-activation reads a state.

    For the LSTM it is :math:`\begin{bmatrix}0 & \operatorname{diag}(o\odot(1-\tanh^2 c)\odot f)\\
    0 & \operatorname{diag}(f)\end{bmatrix}`, for an Elman network 0. The values are those of the trajectory.
    A pre-activation is a letter of the cell: what an equation reads past its letters is not cut.
    """
    return _numeric(trajectory, truncated(trajectory.cell))


def _numeric(trajectory: Trajectory, cell: Cell) -> StepJacobian:
    if cell.states != trajectory.cell.states:
        raise ValueError(f"cell {cell.name} has other states than cell {trajectory.cell.name}")
    formula = state_jacobian(cell)
    widths = tuple(trajectory.sequences[state][0].size for state in cell.states)
    return StepJacobian(trajectory, cell, formula, lambdify(arguments(formula), formula), widths)


def _is_diagonal(expr: MatrixExpr) -> bool:
    if isinstance(expr, MatrixSum):
        return all(_is_diagonal(term) for term in expr.args)
    if isinstance(expr, MatrixProduct):
        return all(_is_diagonal(factor) for factor in expr.matrices)
    return isinstance(expr, Diag | Eye | Zero) or (isinstance(expr, Scaled) and _is_diagonal(expr.matrix))
