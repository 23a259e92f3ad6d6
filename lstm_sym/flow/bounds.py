r"""A bound on the norm of a Jacobian, read off its formula with the numbers of a trajectory in it.

The rules, for the spectral norm:

- :math:`\|A + B\| \le \|A\| + \|B\|`, :math:`\|AB\| \le \|A\|\,\|B\|`, :math:`\|\alpha A\| = |\alpha|\,\|A\|`;
- :math:`\|\operatorname{diag}(v)\| = \max_i |v_i|`;
- a matrix of blocks is bounded by the matrix of its blocks' bounds: with :math:`y_p = \sum_q A_{pq} x_q`,
  :math:`\|y_p\| \le \sum_q \|A_{pq}\|\,\|x_q\|`, so
  :math:`\|A\| \le \bigl\|\,(\|A_{pq}\|)_{pq}\bigr\|`.

For an LSTM with the states h and c, :math:`\beta = \max|o\odot(1-\tanh^2 c)|` and

.. math::
   a = \max|c'\odot f\odot(1-f)|\,\|W_f\| + \max|z\odot i\odot(1-i)|\,\|W_i\| + \max|i\odot(1-z^2)|\,\|W_z\|,

they give

.. math::
   \Bigl\|\frac{\partial(h,c)}{\partial(h',c')}\Bigr\| \le \left\|\begin{bmatrix}
   \max|\tanh(c)\odot o\odot(1-o)|\,\|W_o\| + \beta a & \max|o\odot(1-\tanh^2 c)\odot f| \\
   a & \max f\end{bmatrix}\right\|.

A Jacobian of one block, that of an Elman network, is its own bound: :math:`\|D_t W\|`, computed as it is.
The product of the bounds of the steps bounds the product of the Jacobians.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np

from ..nodes.algebra import Eye, MatrixProduct, MatrixSum, Transposed, Zero
from ..nodes.block import Block
from ..nodes.elementwise import Diag, Scaled
from ..symbols import Parameter
from .jacobians import CHUNK
from .trajectory import Array, Trajectory


def step_bounds(jacobian: Any, trajectory: Trajectory) -> Array:
    """Bounds on the norm of a symbolic Jacobian at the steps 1, ..., T: an array (T,)."""
    return np.broadcast_to(norm_bound(jacobian, trajectory), (trajectory.steps,))


@singledispatch
def norm_bound(expr: Any, trajectory: Trajectory) -> Any:
    """A bound on the spectral norm at every step, (T,) or a number; without a rule, the norm itself."""
    rows, cols = (int(side.subs(dict.fromkeys(side.free_symbols, trajectory.setting.size))) for side in expr.shape)
    steps = max(1, CHUNK // (rows * cols))
    starts = range(1, trajectory.steps + 1, steps)
    parts = [trajectory.evaluate(expr, start, min(start + steps - 1, trajectory.steps)) for start in starts]
    norms = [np.linalg.norm(part, 2, axis=(-2, -1)) for part in parts]
    return norms[0] if parts[0].ndim == 2 else np.concatenate(norms)


@norm_bound.register(Block)
def _(expr: Block, trajectory: Trajectory) -> Any:
    """The norm of the matrix of the bounds of the blocks."""
    rows = [[np.broadcast_to(_part(part, trajectory), (trajectory.steps,)) for part in row] for row in expr.args]
    return np.linalg.norm(np.moveaxis(np.array(rows), -1, 0), 2, axis=(-2, -1))


@singledispatch
def _part(expr: Any, trajectory: Trajectory) -> Any:
    """A bound on the norm of a part of a block; without a rule, the norm itself."""
    return norm_bound(expr, trajectory)


@_part.register(MatrixSum)
def _(expr: MatrixSum, trajectory: Trajectory) -> Any:
    return sum(_part(term, trajectory) for term in expr.args)


@_part.register(MatrixProduct)
def _(expr: MatrixProduct, trajectory: Trajectory) -> Any:
    scalar = abs(float(expr.scalar)) if expr.scalar.is_number else abs(trajectory.evaluate(expr.scalar))
    bound: Any = scalar
    for factor in expr.matrices:
        bound = bound * _part(factor, trajectory)
    return bound


@_part.register(Scaled)
def _(expr: Scaled, trajectory: Trajectory) -> Any:
    r""":math:`\|s A\| = |s|\,\|A\|`."""
    return np.abs(trajectory.evaluate(expr.scale))[..., 0, 0] * _part(expr.matrix, trajectory)


@_part.register(Diag)
def _(expr: Diag, trajectory: Trajectory) -> Any:
    """max |v_i|, at every step."""
    return np.abs(trajectory.evaluate(expr.args[0])).max(axis=(-2, -1))


@_part.register(Transposed)
def _(expr: Transposed, trajectory: Trajectory) -> Any:
    return _part(expr.args[0], trajectory)


@_part.register(Parameter)
def _(expr: Parameter, trajectory: Trajectory) -> Any:
    return np.linalg.norm(trajectory.parameters[expr], 2)


@_part.register(Eye)
def _(expr: Eye, trajectory: Trajectory) -> Any:
    return 1.0


@_part.register(Zero)
def _(expr: Zero, trajectory: Trajectory) -> Any:
    return 0.0
