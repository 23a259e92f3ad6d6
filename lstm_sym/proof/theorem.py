r"""Backpropagation through time as a theorem: the recursion gives the gradient of the unrolled loss, for every T.

Let every input, parameter and initial state move along an arbitrary tangent. The tangent of the loss
is then the pairing of the tangents with what the backward equations claim to be gradients. As the
tangents are arbitrary, the claims are the gradients. The proof is an induction over the steps,
with the pairing of the carried adjoints and the state tangents as its invariant.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from sympy import Eq, Symbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from ..backpropagation import AdjointRule, Backward, T, bptt
from ..cell import Cell
from ..differentiate import pushforward
from ..nodes.algebra import Ones, Zero, add
from ..nodes.binders import TimeSum, fresh
from ..nodes.elementwise import hadamard
from ..symbols import At, adjoint, direct, indices, letters, marked, t, tangent
from .derivation import Derivation
from .domains import Degree, Degrees, FiniteField
from .evaluation import evaluate
from .given import Given
from .instantiation import FIELD_SIZES, size_symbols
from .report import Evidence
from .trajectory import DualTrajectory, Instance, Key, Trajectory

LENGTHS = (1, 2, 3, 10, 100)
"""The lengths T at which the finite field checks the theorem on the unrolled net."""


def bptt_theorem(
    cell: Cell, *, lengths: tuple[int, ...] = LENGTHS, claim: str = "", assumes: tuple[Any, ...] = ()
) -> Derivation:
    r"""The theorem that ``bptt(cell)`` gives the gradient of the unrolled loss, as a derivation of three steps.

    The first holds after any number :math:`k \le T` of steps: what these add to :math:`\dot L` is the pairing
    carried at 0, less the one carried at k, plus what the steps gained. The second takes k = T, where nothing
    is carried. The third gathers the gradients, each paired with its tangent, and has the finite field's independent
    check on the net unrolled over each of ``lengths`` steps. ``assumes`` has hypotheses on values, such as
    ``Nonnegative(n[0])``, by which the divisors of the cell are above 0.
    """
    if not lengths:
        raise ValueError("the theorem wants at least one length at which it is checked independently")
    if any(lag > 1 for s in cell.order for _, lag in cell.consumers(s)):
        raise ValueError(f"cell {cell.name} reads more than one step back; the invariant covers one step")
    backward = bptt(cell)
    pairing = _Pairing(cell, backward)
    named = [Symbol(a.sequence.text if isinstance(a, At) else a.text) for a in cell.letters]
    k = fresh(indices("k"), *named, *[equation.rhs for equation in cell.equations])
    invariant = pairing.carried().subs(t, 0) - pairing.carried().subs(t, k) + TimeSum(pairing.gained(), (t, 1, k))
    theorem = (
        Derivation(f"bptt.{cell.name}", claim=claim, title=f"BPTT of {cell.name}", given=pairing.given())
        .start(TimeSum(pairing.loss(), (t, 1, k)))
        .eq(
            invariant,
            by="induction over the steps: each turns a part of the carried pairing into what it gains",
            on=k,
            assumes=(k <= T, *assumes),
        )
        .start(invariant.subs(k, T))
        .eq(
            pairing.carried().subs(t, 0) + TimeSum(pairing.gained(), (t, 1, T)),
            by="at k = T nothing is carried: every adjoint is 0 at T + 1",
            assumes=assumes,
        )
        .eq(
            pairing.claimed(),
            by="linearity of the sum; the tangents are arbitrary, so what is paired with them is the gradient",
            assumes=assumes,
            evidence=tuple(UnrolledCheck(backward, length) for length in lengths),
        )
    )
    caller = sys._getframe(1)
    file, line = caller.f_code.co_filename, caller.f_lineno
    return replace(theorem, steps=tuple(replace(step, file=file, line=line) for step in theorem.steps))


class _Pairing:
    """The terms of the invariant: 1 x 1 matrices, so that they can be summed over time."""

    def __init__(self, cell: Cell, backward: Backward) -> None:
        self.cell = cell
        self.backward = backward
        self.rule = AdjointRule(cell, backward.seeds)

    def given(self) -> Given:
        """The cell, its tangents by pushforward, its adjoints by the backward equations."""
        adjoints = (*self.backward.adjoints, *self.backward.boundary)
        ends = (*self.backward.input_gradients, *self.backward.initial_state_gradients)
        return Given(self.cell, (*self._tangents(), *adjoints, *ends), self.backward.seeds)

    def _tangents(self) -> list[Eq]:
        moved = []
        for sequence in self.cell.order:
            rhs = self.cell.definition(sequence)
            directions = {letter: tangent(letter) for letter in letters(rhs)}
            moved.append(Eq(tangent(sequence)[t], pushforward(rhs, directions), evaluate=False))
        return moved

    def loss(self) -> MatrixExpr:
        """What step t adds to the tangent of the loss."""
        if self.cell.loss is not None:
            return tangent(self.cell.loss)[t]
        return add(*[paired(direct(seed)[t], tangent(seed)[t]) for seed in self.backward.seeds])

    def carried(self) -> MatrixExpr:
        """What the later steps owe to the state at t."""
        return _sum([paired(self.rule.carried(s), tangent(s)[t]) for s in self.cell.states])

    def gained(self) -> MatrixExpr:
        """What step t contributes through parameters and inputs."""
        parameters = [paired(self.rule.parameter_step(p), tangent(p)) for p in self.cell.parameters]
        inputs = [paired(adjoint(s)[t], tangent(s)[t]) for s in self.cell.inputs]
        return _sum(parameters + inputs)

    def claimed(self) -> MatrixExpr:
        """Every gradient paired with its tangent."""
        states = [paired(adjoint(s)[0], tangent(s)[0]) for s in self.cell.states]
        parameters = [paired(e.rhs, tangent(e.lhs.wrt)) for e in self.backward.parameter_gradients]
        inputs = [TimeSum(paired(adjoint(s)[t], tangent(s)[t]), (t, 1, T)) for s in self.cell.inputs]
        return _sum(states + parameters + inputs)


def paired(gradient: MatrixExpr, direction: MatrixExpr) -> MatrixExpr:
    r""":math:`\langle G, \dot W\rangle = \mathbf 1^\top (G \odot \dot W)\,\mathbf 1`, a 1 x 1 matrix."""
    if isinstance(gradient, Zero):
        return Zero(1, 1)
    if gradient.cols == 1:
        return gradient.T * direction
    return Ones(1, gradient.rows) * hadamard(gradient, direction) * Ones(gradient.cols, 1)


def _sum(terms: list[MatrixExpr]) -> MatrixExpr:
    return add(*terms) if terms else Zero(1, 1)


@dataclass(frozen=True, slots=True)
class UnrolledCheck:
    """The finite field on a net unrolled over ``length`` steps: dual numbers forward against the backward equations."""

    backward: Backward
    length: int

    def gather(self) -> Evidence:
        """Run the check, at distinct sizes above 1."""
        started = perf_counter()
        given = Given(self.backward.cell, (*self.backward.adjoints, *self.backward.boundary), self.backward.seeds)
        sizes = dict(zip(size_symbols(given), FIELD_SIZES[0], strict=False))
        instance = Instance(sizes, {T: self.length})
        field = FiniteField()
        forward, paired_sum = self._both(Trajectory(given, instance, field, field.random), field.random)
        agrees = bool(forward == paired_sum)
        degrees = Degrees()
        where = Trajectory(given, instance, degrees, lambda name, i, j: Degree(1))
        bound = degrees.error_bound(list(self._both(where, lambda name, i, j: Degree(1))))
        name = self.backward.cell.name
        what = f"{name} unrolled over T = {self.length}: dual numbers forward against the recursion, {instance}"
        return Evidence(what, agrees, perf_counter() - started, bound)

    def _both(self, where: Trajectory, source: Any) -> tuple[Any, Any]:
        """The tangent of the loss, and the gradients paired with the tangents that caused it."""
        gradients: dict[Key, Any] = {(e.lhs.wrt, None): e.rhs for e in self.backward.parameter_gradients}
        gradients |= {(marked(e.lhs.sequence, ""), 0): e.rhs for e in self.backward.initial_state_gradients}
        for equation in self.backward.input_gradients:
            sequence = marked(equation.lhs.sequence, "")
            gradients |= {(sequence, time): equation.rhs.subs(t, time) for time in range(1, self.length + 1)}
        tangents: dict[Key, Any] = {}
        total = where.domain.rational(0, 1)
        for key, gradient in gradients.items():
            rows, cols = where.shape(key)
            name = f"tangent of {key[0].text} at {key[1]}"
            tangents[key] = [[source(name, i, j) for j in range(cols)] for i in range(rows)]
            for row, speeds in zip(evaluate(gradient, where), tangents[key], strict=True):
                for entry, speed in zip(row, speeds, strict=True):
                    total = total + entry * speed
        return DualTrajectory(where, tangents, frozen=False).loss_tangent(), total
