r"""Backpropagation through time, as equations in symbolic ``t``.

The adjoint of a quantity collects one pullback from every equation that reads it, at the same step
or at a later one (Werbos 1990, Backpropagation through time: what it does and how to do it, eq. 12).
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Eq, Symbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from .activations import Elementwise, derivative_at
from .cell import Cell
from .differentiate import pullback
from .nodes.algebra import Ones, Zero, add
from .nodes.binders import TimeSum
from .nodes.derivatives import Total
from .nodes.elementwise import hadamard
from .symbols import At, Parameter, Sequence, adjoint, direct, indices, letters, mark_of, t
from .textbook_form import factored, tidy

T = indices("T")
"""The last time step."""

L = Symbol("L")
"""The loss, summed over the steps 1 to T."""


@dataclass(frozen=True, slots=True)
class Backward:
    r"""The backward pass of a cell.

    ``adjoints`` are the equations of :math:`\delta v^{(t)}` for one step, in the order in which a
    backward pass evaluates them; ``boundary`` sets what lies beyond ``T``; ``parameter_gradients`` are
    the sums over time; ``input_gradients`` hold at every ``t``; ``initial_state_gradients`` at 0, and before
    it where a cell reads a state from further back.
    """

    cell: Cell
    seeds: tuple[Sequence, ...]
    adjoints: tuple[Eq, ...]
    boundary: tuple[Eq, ...]
    parameter_gradients: tuple[Eq, ...]
    input_gradients: tuple[Eq, ...]
    initial_state_gradients: tuple[Eq, ...]

    @property
    def equations(self) -> tuple[Eq, ...]:
        return (*self.adjoints, *self.input_gradients, *self.initial_state_gradients, *self.parameter_gradients)

    def __str__(self) -> str:
        shown = (*self.adjoints, *self.boundary, *self.equations[len(self.adjoints) :])
        return "\n".join(f"{equation.lhs} = {equation.rhs}" for equation in shown)

    def _repr_latex_(self) -> str:
        from .latex.printer import latex_aligned

        return f"$$\n{latex_aligned(self.equations)}\n$$"


def bptt(cell: Cell, *, seeds: tuple[Sequence, ...] | None = None) -> Backward:
    r"""The complete backward pass of ``cell`` over the steps ``1, …, T``.

    ``seeds`` are the sequences that the loss reads directly; each gets a letter
    :math:`e_v^{(t)} = \partial^+ L/\partial v^{(t)}`. They are the cell's outputs by default; a cell
    with a loss of its own needs none. The adjoint of an activation is written into that of its
    pre-activation, as in textbooks.
    """
    seeds = (() if cell.loss else cell.outputs) if seeds is None else seeds
    for seed in seeds:
        if cell.definition(seed) is None:
            raise ValueError(f"cell {cell.name} does not define the seed {seed}")
    rule = AdjointRule(cell, seeds)
    kept = [sequence for sequence in reversed(cell.order) if not rule.is_inlined(sequence)]
    return Backward(
        cell=cell,
        seeds=seeds,
        adjoints=tuple(_equation(adjoint(s)[t], rule.collected(s)) for s in kept),
        boundary=tuple(_equation(adjoint(s)[T + k], Zero(*s.shape)) for k in range(1, _reach(cell) + 1) for s in kept),
        parameter_gradients=tuple(_equation(Total(L, p), rule.parameter_gradient(p)) for p in cell.parameters),
        input_gradients=tuple(_equation(adjoint(s)[t], rule.collected(s)) for s in cell.inputs),
        initial_state_gradients=tuple(
            _equation(adjoint(s)[-k], rule.initial(s, k)) for s in cell.states for k in range(_reach(cell, s))
        ),
    )


class AdjointRule:
    """How the adjoint of one quantity is collected from those of its readers."""

    def __init__(self, cell: Cell, seeds: tuple[Sequence, ...]) -> None:
        self.cell = cell
        self.seeds = seeds
        self._known: dict[Sequence, MatrixExpr] = {}

    def collected(self, sequence: Sequence) -> MatrixExpr:
        r""":math:`\delta v^{(t)} = e_v^{(t)} + \sum` of the pullbacks through every reader."""
        if sequence not in self._known:
            self._known[sequence] = self._collected(sequence)
        return self._known[sequence]

    def _collected(self, sequence: Sequence) -> MatrixExpr:
        seed = [direct(sequence)[t]] if sequence in self.seeds else []
        readers = self.cell.consumers(sequence)
        same = [self._through(user, sequence, 0) for user, lag in reversed(readers) if lag == 0]
        later = [self._through(user, sequence, lag) for user, lag in readers if lag > 0]
        return _total(seed + same + later, sequence)

    def carried(self, sequence: Sequence) -> MatrixExpr:
        r"""What the later steps give :math:`\delta v^{(t)}`."""
        later = [self._through(user, sequence, lag) for user, lag in self.cell.consumers(sequence) if lag > 0]
        return _total(later, sequence)

    def initial(self, sequence: Sequence, before: int = 0) -> MatrixExpr:
        """The adjoint of the state at time ``-before``: step ``k`` reads it at lag ``k + before``."""
        readers = self.cell.consumers(sequence)
        later = [self._through(user, sequence, lag).subs(t, -before) for user, lag in readers if lag > before]
        return _total(later, sequence)

    def parameter_gradient(self, parameter: Parameter) -> MatrixExpr:
        r""":math:`dL/dW = \sum_t` of the pullbacks through every equation that holds ``W``."""
        step = self.parameter_step(parameter)
        return step if isinstance(step, Zero) else TimeSum(step, (t, 1, T))

    def parameter_step(self, parameter: Parameter) -> MatrixExpr:
        """What step ``t`` adds to the gradient of a parameter."""
        users = [u for u in self.cell.order if parameter in letters(self.cell.definition(u))]
        terms = [pullback(*self._within(u), parameter) for u in users]
        return tidy(add(*terms)) if terms else Zero(*parameter.shape)

    def is_inlined(self, sequence: Sequence) -> bool:
        """Whether the adjoint is written out where it is used: that of an activation or of the loss."""
        if sequence == self.cell.loss:
            return True
        if sequence in self.cell.states or sequence in self.seeds:
            return False
        rhs = self.cell.definition(sequence)
        if isinstance(rhs, Elementwise) and isinstance(rhs.argument, At):
            return True
        return not _has_adjoint(self.collected(sequence))

    def _cotangent(self, user: Sequence) -> MatrixExpr:
        if user == self.cell.loss:
            return Ones(1, 1)
        return self.collected(user) if self.is_inlined(user) else adjoint(user)[t]

    def _within(self, user: Sequence) -> tuple[MatrixExpr, MatrixExpr]:
        """The definition of ``user`` and its cotangent; for f(a) the argument and what f passes on to it."""
        rhs, cotangent = self.cell.definition(user), self._cotangent(user)
        if isinstance(rhs, Elementwise):
            return rhs.argument, hadamard(cotangent, derivative_at(rhs.function, rhs.argument, user[t]))
        return rhs, cotangent

    def _through(self, user: Sequence, sequence: Sequence, lag: int) -> MatrixExpr:
        if lag and not _has_adjoint(self._cotangent(user)):
            # Beyond T there is no loss, but no adjoint stands in the term that the boundary could set to 0.
            raise ValueError(
                f"cell {self.cell.name}: the loss reads {sequence.text} of an earlier step through {user.text}; "
                "give the value a sequence of its own and let the loss read that at the same step"
            )
        term = pullback(*self._within(user), sequence[t - lag])
        return factored(tidy(term)).subs(t, t + lag)


def _has_adjoint(expr: MatrixExpr) -> bool:
    return any(mark_of(letter) == "delta" for letter in letters(expr))


def _reach(cell: Cell, *sequences: Sequence) -> int:
    """How many steps back the cell reads the sequences, or any of its own; 1 for a cell that reads none."""
    lags = [lag for sequence in sequences or cell.order for _, lag in cell.consumers(sequence)]
    return max([1, *lags])


def _total(terms: list[MatrixExpr], sequence: Sequence) -> MatrixExpr:
    return tidy(add(*terms)) if terms else Zero(*sequence.shape)


def _equation(left: MatrixExpr, right: MatrixExpr) -> Eq:
    return Eq(left, right, evaluate=False)
