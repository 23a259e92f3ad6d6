r"""How a gradient flows through a cell: the sizes of :math:`ds^{(T)}/ds^{(T-l)}` for lags l, and what bounds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cell import Cell
from ..symbols import Sequence
from .bounds import step_bounds
from .jacobians import StepJacobian, carousel_jacobian, step_jacobian
from .products import ZERO, Scaled, growing, growing_inverse, log10, rescaled
from .trajectory import Array, Setting, Trajectory, run


@dataclass(frozen=True, slots=True)
class Flow:
    r"""Sizes of the products :math:`J^{(T)} \\cdots J^{(T-l+1)}` of joint-state Jacobians; logarithms to base 10.

    Every array has one entry per lag, (L,): ``largest`` and ``smallest`` singular value, the ``bound`` on
    the largest (the product of the bounds of the steps), and ``carousel``, the largest singular value along
    the carousel path alone. Minus infinity stands for exactly 0. ``smallest`` is NaN where it was not asked for.
    """

    cell: str
    setting: Setting
    lags: Array
    largest: Array
    smallest: Array
    bound: Array
    carousel: Array

    COLUMNS = ("largest", "smallest", "bound", "carousel")

    def as_json(self) -> dict[str, Any]:
        """Plain numbers; what is not finite is ``None``, as JSON has no word for it."""
        columns = {name: [float(v) if np.isfinite(v) else None for v in getattr(self, name)] for name in self.COLUMNS}
        fixed = {name: np.asarray(value).tolist() for name, value in self.setting.fixed.items()}
        return {
            "cell": self.cell,
            "size": self.setting.size,
            "seed": self.setting.seed,
            "gain": self.setting.gain,
            "inputs": self.setting.inputs,
            "phi": self.setting.phi.text,
            "fixed": fixed,
            "logarithm": 10,
            "lags": [int(lag) for lag in self.lags],
            **columns,
        }


def gradient_flow(
    cell: Cell, setting: Setting, lag: int, *, lags: Iterable[int] | None = None, smallest: bool = True
) -> Flow:
    r"""The flow through ``cell`` over up to ``lag`` steps, back from the last of a trajectory of ``lag`` steps.

    ``lags`` are the lags to measure, 1, 2, 5, 10, 20, … and ``lag`` by default. The smallest singular value
    takes most of the time for large cells; without ``smallest`` it is left out.
    """
    if lag < 1:
        raise ValueError(f"the lag is at least 1, got {lag}")
    wanted = np.array(sorted(set(round_lags(lag) if lags is None else lags)))
    if not len(wanted) or wanted[0] < 1 or wanted[-1] > lag:
        raise ValueError(f"lags lie between 1 and {lag}, got {', '.join(map(str, wanted))}")
    trajectory = run(cell, setting, lag)
    total, carousel = step_jacobian(trajectory), carousel_jacobian(trajectory)
    bounds = log10(step_bounds(total.formula, trajectory)[::-1])
    return Flow(
        cell=cell.name,
        setting=setting,
        lags=wanted,
        largest=_norms(growing(total.backwards(), total.size), wanted),
        smallest=_smallest(total, wanted) if smallest else np.full(len(wanted), np.nan),
        bound=np.cumsum(bounds)[wanted - 1],
        carousel=_carousel(carousel, wanted),
    )


def singular_values(trajectory: Trajectory) -> Array:
    r"""log10 of the singular values of :math:`J^{(T)} \cdots J^{(1)}`, falling: an array (N,).

    The largest come from the product, the smallest from its inverse. NaN are those that lie too far from
    both ends to be resolved in floating point, and all the small ones of a product with a singular factor.
    """
    jacobian = step_jacobian(trajectory)
    *_, product = growing(jacobian.backwards(), jacobian.size)
    *_, inverse = growing_inverse(jacobian.backwards(), jacobian.size)
    found = product.log10_singular_values
    if np.isinf(inverse.exponent):
        return found
    return np.where(np.isnan(found), -inverse.log10_singular_values[::-1], found)


def round_lags(lag: int) -> list[int]:
    """1, 2, 5, 10, 20, 50, …, and ``lag`` itself.

    >>> round_lags(12)
    [1, 2, 5, 10, 12]
    """
    decades = (step * 10**power for power in range(len(str(lag))) for step in (1, 2, 5))
    return sorted({*(candidate for candidate in decades if candidate < lag), lag})


def _norms(products: Iterable[Scaled], lags: Array) -> Array:
    wanted = set(lags.tolist())
    return np.array([np.max(p.log10_norm) for k, p in enumerate(products, start=1) if k in wanted])


def _smallest(jacobian: StepJacobian, lags: Array) -> Array:
    if jacobian.is_uncoupled and jacobian.formula.is_ZeroMatrix:
        return np.full(len(lags), ZERO)
    return -_norms(growing_inverse(jacobian.backwards(), jacobian.size), lags)


def _carousel(jacobian: StepJacobian, lags: Array) -> Array:
    if not jacobian.is_uncoupled:
        return _norms(growing(jacobian.backwards(), jacobian.size), lags)
    return _norms(growing(jacobian.diagonals_backwards(), len(jacobian.widths)), lags)


def sensitivity_map(trajectory: Trajectory, sequence: Sequence) -> Array:
    r"""log10 of :math:`\|\partial v^{(t)}/\partial v^{(k)}\|` for a state v and all k ≤ t.

    An array (T + 1, T + 1), row t, column k, NaN where k > t. The derivative is the block of v in the product
    of joint-state Jacobians: every path from step k to step t, those through the other states included, while
    the other states at step k are held fixed.
    """
    jacobian = step_jacobian(trajectory)
    part, steps = jacobian.block(sequence), trajectory.steps
    logs = np.full((steps + 1, steps + 1), np.nan)
    products = Scaled(np.empty((0, jacobian.size, jacobian.size)), np.empty(0))
    for step in range(steps + 1):
        if step:
            products = products.after(jacobian.at(step, step)[0])
        started = rescaled(np.eye(jacobian.size)[None], np.zeros(1))
        products = Scaled(
            np.concatenate([products.matrix, started.matrix]), np.concatenate([products.exponent, started.exponent])
        )
        logs[step, : step + 1] = Scaled(products.matrix[:, part, part], products.exponent).log10_norm
    return logs
