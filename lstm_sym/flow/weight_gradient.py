r"""What every step adds to a gradient: the terms of :math:`dL/dW = \sum_t`, for a loss at the last step.

The terms are the backward equations of the cell (``bptt``), evaluated from the last step to the first. They
are linear in the adjoints, which are rescaled at every step, so that no term overflows or vanishes to 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import lambdify
from ..backpropagation import AdjointRule, Backward, bptt
from ..symbols import At, Parameter, Sequence, adjoint, direct, letters, mark_of, t
from .products import ZERO, log10
from .trajectory import Array, Trajectory

Line = tuple[Sequence, Callable[..., Array], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Contributions:
    r"""The terms of a parameter's gradient by lag l = T - t, newest first; logarithms to base 10, arrays (T,).

    ``term`` is the norm of the term of step T - l, ``rest`` that of the sum of all older ones: what is missing
    from the gradient after the terms 0, …, l. ``total`` is the norm of the whole gradient.
    """

    parameter: str
    term: Array
    rest: Array
    total: float

    @property
    def missing(self) -> Array:
        """The relative error of the gradient that stops after the newest 1, 2, … terms, (T,)."""
        return 10.0 ** (self.rest - self.total)


def contributions(trajectory: Trajectory, parameter: str, *, seed: int = 0) -> Contributions:
    r"""The terms of dL/dW for :math:`L = g^\top v^{(T)}`, v the first state and g a random unit vector.

    The gradient of any differentiable loss of :math:`v^{(T)}` has this form, up to a factor.
    """
    cell = trajectory.cell
    found = {p.text: p for p in cell.parameters}.get(parameter)
    if found is None:
        known = ", ".join(p.text for p in cell.parameters)
        raise ValueError(f"cell {cell.name} has no parameter {parameter!r}; its parameters are {known}")
    backward = bptt(cell, seeds=(cell.states[0],))
    gradient = np.random.default_rng([seed, 2]).normal(size=trajectory.sequences[cell.states[0]].shape[1:])
    adjoints, logs = adjoints_of(trajectory, backward, gradient / np.linalg.norm(gradient))
    terms = _terms(trajectory, backward, found, adjoints)
    norms = logs + log10(np.linalg.norm(terms, axis=(-2, -1)))
    top = norms.max()
    if top == ZERO:
        return Contributions(parameter, norms[::-1], np.full(len(norms), ZERO), ZERO)
    with np.errstate(under="ignore"):
        sums = np.cumsum(terms * (10.0 ** (logs - top))[:, None, None], axis=0)
    older = np.concatenate([np.zeros_like(sums[:1]), sums[:-1]])
    rest = top + log10(np.linalg.norm(older, axis=(-2, -1)))
    return Contributions(parameter, norms[::-1], rest[::-1], float(top + log10(np.linalg.norm(sums[-1]))))


def adjoints_of(trajectory: Trajectory, backward: Backward, gradient: Array) -> tuple[dict[Sequence, Array], Array]:
    r"""The adjoints of every step for the gradient :math:`e^{(T)}` of the seed, and the power of ten of each step.

    Arrays (T, rows, 1) by the adjoint's sequence, to be multiplied by ``10**logs``, ``logs`` (T,).
    """
    steps = trajectory.steps
    seed = direct(backward.seeds[0])
    lines = [(eq.lhs.sequence, lambdify(letters(eq.rhs), eq.rhs), letters(eq.rhs)) for eq in backward.adjoints]
    found: dict[Sequence, Array] = {
        target: np.zeros((steps + 1, *trajectory.sequences[_plain(target, trajectory)].shape[1:]))
        for target, _, _ in lines
    }
    logs = np.zeros(steps)
    for k in range(steps, 0, -1):
        given = {seed: gradient if k == steps else np.zeros_like(gradient)}
        for target, function, read in lines:
            found[target][k - 1] = function(*[_value(a, k, trajectory, found, given) for a in read])
        largest = max(np.abs(values[k - 1]).max() for values in found.values())
        scale = largest if largest > 0 else 1.0
        for values in found.values():
            values[k - 1] /= scale
        logs[k - 1] = (logs[k] if k < steps else 0.0) + np.log10(scale)
    return {target: values[:steps] for target, values in found.items()}, logs


def _value(
    letter: Any, k: int, trajectory: Trajectory, found: dict[Sequence, Array], given: dict[Sequence, Array]
) -> Array:
    """A letter of an adjoint equation at step k; adjoints beyond the last step are 0."""
    if isinstance(letter, Parameter):
        return trajectory.parameters[letter]
    time = k + int(letter.index - t)
    if letter.sequence in given:
        return given[letter.sequence]
    if mark_of(letter) == "delta":
        return found[letter.sequence][time - 1]
    # Beyond the last step a value meets a zero adjoint only; any finite value does.
    return trajectory.sequences[letter.sequence][min(time, trajectory.steps)]


def _terms(trajectory: Trajectory, backward: Backward, parameter: Parameter, adjoints: dict[Sequence, Array]) -> Array:
    """The term of every step, (T, rows, cols)."""
    formula = AdjointRule(backward.cell, backward.seeds).parameter_step(parameter)
    read = letters(formula)
    values = [
        adjoints[a.sequence] if isinstance(a, At) and mark_of(a) == "delta" else trajectory.values(a) for a in read
    ]
    shape = (trajectory.steps, *trajectory.parameters[parameter].shape)
    return np.broadcast_to(lambdify(read, formula)(*values), shape)


def _plain(sequence: Sequence, trajectory: Trajectory) -> Sequence:
    """The sequence whose adjoint this is."""
    return next(known for known in trajectory.sequences if adjoint(known) == sequence)
