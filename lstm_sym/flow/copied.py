r"""How wrong a widely copied BPTT recursion for the LSTM is, by the number of steps.

It carries :math:`\delta h` through the next hidden state alone,
:math:`\hat\delta h^{(t)} = e^{(t)} + (\partial h^{(t+1)}/\partial h^{(t)})^\top \hat\delta h^{(t+1)}`,
so the path :math:`h^{(t)} \to c^{(t+1)} \to c^{(t+2)}` is lost. It is right for T ≤ 2 and wrong from T = 3 on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .. import lambdify
from ..backpropagation import AdjointRule, Backward, bptt
from ..cells import LSTM
from ..cells.lstm import c, h
from ..jacobian import partial, within_step
from ..symbols import At, Sequence, adjoint, direct, letters, mark_of, t
from .trajectory import Array, Setting, Trajectory, run

DELTA_H, DELTA_C = adjoint(h), adjoint(c)


@dataclass(frozen=True, slots=True)
class CopiedErrors:
    """Relative errors by T = 1, …, and by seed: arrays (T, seeds), of all weights' gradients and of dL/dx at step 1."""

    steps: Array
    weights: Array
    first_input: Array


def copied_errors(setting: Setting, steps: int, seeds: int) -> CopiedErrors:
    r"""The copied recursion against the true gradient of :math:`L = \sum_t g_t^\top h^{(t)}`, g random.

    The seeds are those of ``setting`` and the ``seeds - 1`` that follow; a gradient's error is the norm of the
    difference over the norm of the true gradient.
    """
    weights, inputs = np.empty((steps, seeds)), np.empty((steps, seeds))
    backward = bptt(LSTM)
    for column in range(seeds):
        seed = setting.seed + column
        drawn = Setting(setting.size, seed, setting.gain, setting.inputs, setting.fixed, setting.phi)
        trajectory = run(LSTM, drawn, steps)
        direct_gradients = np.random.default_rng([seed, 3]).normal(size=(steps, setting.size, 1))
        for T in range(1, steps + 1):
            given = direct_gradients[steps - T :]
            true = gradients(trajectory, backward, given, copied=False)
            hat = gradients(trajectory, backward, given, copied=True)
            for errors, found, wanted in zip((weights, inputs), hat, true, strict=True):
                errors[T - 1, column] = np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
    return CopiedErrors(np.arange(1, steps + 1), weights, inputs)


def gradients(trajectory: Trajectory, backward: Backward, given: Array, *, copied: bool) -> tuple[Array, Array]:
    """All parameters' gradients in one column, and dL/dx of step 1, over the first ``len(given)`` steps.

    ``given`` (T, n, 1) are the direct gradients of h. The recursion alone differs between the two: what
    follows from the adjoints of h and c are the backward equations in both.
    """
    steps = len(given)
    adjoints = {s: np.zeros((steps + 2, *given.shape[1:])) for s in map(_target, backward.adjoints)}
    hidden, carousel, output = (
        function(*[trajectory.values(letter) for letter in read]) for read, function in map(_function, _paths())
    )
    lines = [(_target(eq), *_function(eq.rhs)) for eq in backward.adjoints]
    for k in range(steps, 0, -1):
        for target, read, function in lines:
            if copied and target in (DELTA_H, DELTA_C):
                value = _copied(target, k, adjoints, given, (hidden, carousel, output))
            else:
                value = function(*[_value(letter, k, trajectory, adjoints, given) for letter in read])
            adjoints[target][k] = value
    parts = [_summed(trajectory, step, adjoints, steps) for step in _parameter_steps()]
    (formula,) = (equation.rhs for equation in backward.input_gradients)
    read, function = _function(formula)
    first = function(*[_value(letter, 1, trajectory, adjoints, given) for letter in read])
    return np.concatenate([part.ravel() for part in parts]), first


def _copied(
    target: Sequence, k: int, adjoints: dict[Sequence, Array], given: Array, carried: tuple[Array, Array, Array]
) -> Array:
    """The two lines of the recursion at step k."""
    hidden, carousel, output = carried
    last = k == len(given)
    if target == DELTA_H:
        return given[k - 1] + (0 if last else hidden[k].T @ adjoints[DELTA_H][k + 1])
    return output[k - 1].T @ adjoints[DELTA_H][k] + (0 if last else carousel[k].T @ adjoints[DELTA_C][k + 1])


@cache
def _paths() -> tuple[Any, ...]:
    """What the recursion carries: h to the next h, c to the next c, and c to h of the same step."""
    return within_step(LSTM, h, h[t - 1]), partial(LSTM, c, c[t - 1]), partial(LSTM, h, c[t])


@cache
def _parameter_steps() -> tuple[Any, ...]:
    """What a step adds to the gradient of each parameter."""
    rule = AdjointRule(LSTM, LSTM.outputs)
    return tuple(rule.parameter_step(parameter) for parameter in LSTM.parameters)


@cache
def _function(expr: Any) -> tuple[tuple[Any, ...], Callable[..., Array]]:
    """The letters of an expression and the function of them that computes it."""
    return letters(expr), lambdify(letters(expr), expr)


def _target(equation: Any) -> Sequence:
    found: Sequence = equation.lhs.sequence
    return found


def _value(letter: Any, k: int, trajectory: Trajectory, adjoints: dict[Sequence, Array], given: Array) -> Array:
    if not isinstance(letter, At):
        return trajectory.parameters[letter]
    time = k + int(letter.index - t)
    if letter.sequence == direct(h):
        return given[time - 1]
    if mark_of(letter) == "delta":
        return adjoints[letter.sequence][time]
    # Beyond the last step a value meets a zero adjoint only; any finite value does.
    return trajectory.sequences[letter.sequence][min(time, trajectory.steps)]


def _summed(trajectory: Trajectory, step: Any, adjoints: dict[Sequence, Array], steps: int) -> Array:
    """The sum over the steps of what each adds to a parameter's gradient."""
    read, function = _function(step)
    values = [
        adjoints[a.sequence][1 : steps + 1]
        if isinstance(a, At) and mark_of(a) == "delta"
        else trajectory.values(a, 1, steps)
        for a in read
    ]
    return np.sum(function(*values), axis=0)
