r"""The Jacobian of the joint state over one step, and its ordered product over many.

Vanishing and exploding gradients are statements about this product: the recurrence runs on the
joint state, so for an LSTM the blocks of ``h`` and ``c`` belong together. A state that is a matrix stands
in it as vec C, its columns one below another.
"""

from __future__ import annotations

from sympy import Expr, Symbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from .activations import Elementwise, derivative_at
from .cell import Cell
from .differentiate import jacobian
from .linear_map import entries
from .nodes.algebra import Eye, MatrixPower, Zero, add
from .nodes.binders import OrderedProduct, fresh
from .nodes.block import Block
from .nodes.elementwise import diag, hadamard_power
from .symbols import At, Parameter, Sequence, letters, t
from .textbook_form import tidy


def partial(cell: Cell, sequence: Sequence, letter: At) -> MatrixExpr:
    r"""The immediate partial :math:`\partial^+ v^{(t)}/\partial x` of one equation, other paths held fixed."""
    rhs = cell.definition(sequence)
    if rhs is None:
        raise ValueError(f"cell {cell.name} has no equation for {sequence.text}")
    if isinstance(rhs, Elementwise) and rhs.cols == 1 and letter in letters(rhs):
        return tidy(diag(derivative_at(rhs.function, rhs.argument, sequence[t])) * jacobian(rhs.argument, letter))
    return jacobian(rhs, letter)


def within_step(cell: Cell, sequence: Sequence, letter: At) -> MatrixExpr:
    r"""The derivative :math:`dv^{(t)}/dx` along every path inside step ``t``, with earlier steps held fixed."""
    reached: dict[At, MatrixExpr] = {letter: Eye(entries(letter))}
    for user in _leading_to(cell, sequence):
        terms = [
            tidy(partial(cell, user, read) * reached[read])
            for read in letters(cell.definition(user))
            if isinstance(read, At) and read in reached
        ]
        value = add(*terms) if terms else Zero(entries(user), entries(letter))
        if not isinstance(value, Zero):
            reached[user[t]] = value
    return reached.get(sequence[t], Zero(entries(sequence), entries(letter)))


def _leading_to(cell: Cell, sequence: Sequence) -> list[Sequence]:
    """The sequence and what it depends on within one step, in the order in which they are computed."""
    wanted = {sequence}
    for user in reversed(cell.order):
        if user in wanted:
            wanted |= {a.sequence for a in letters(cell.definition(user)) if isinstance(a, At) and a.index == t}
    return [user for user in cell.order if user in wanted]


def state_jacobian(cell: Cell) -> MatrixExpr:
    r"""The block matrix :math:`\partial s^{(t)}/\partial s^{(t-1)}` of the joint state ``cell.states``."""
    if not cell.states:
        raise ValueError(f"cell {cell.name} has no state")
    return Block(*[[within_step(cell, later, earlier[t - 1]) for earlier in cell.states] for later in cell.states])


def state_jacobian_product(cell: Cell, lag: Expr) -> MatrixExpr:
    r""":math:`ds^{(t+n)}/ds^{(t)} = J^{(t+n)} J^{(t+n-1)} \cdots J^{(t+1)}`, the latest factor leftmost."""
    k = fresh(Symbol("k", integer=True, nonnegative=True), t + lag)
    return OrderedProduct(state_jacobian(cell).subs(t, k), (k, t + 1, t + lag))


def linear_jacobian_power(cell: Cell, lag: Expr) -> MatrixExpr:
    r""":math:`W^n` for a cell whose one-step Jacobian does not depend on time."""
    step = state_jacobian(cell)
    if any(isinstance(letter, At) for letter in letters(step)):
        raise ValueError(
            f"the Jacobian {step} of cell {cell.name} depends on time; "
            "its product over steps is ordered, not a power: use state_jacobian_product"
        )
    return MatrixPower(step, lag)


def diagonalised_power(basis: Parameter, eigenvalues: Parameter, lag: Expr) -> MatrixExpr:
    r""":math:`Q \operatorname{diag}(\lambda)^n Q^{-1}`, the power of :math:`W = Q \operatorname{diag}(\lambda) Q^{-1}`.

    ``basis`` is the invertible ``(n, n)`` matrix Q of eigenvectors, ``eigenvalues`` the ``(n, 1)`` column λ.
    """
    return basis * diag(hadamard_power(eigenvalues, lag)) * basis**-1
