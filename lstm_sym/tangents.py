r"""Tangents: how each node moves when the letters in it move, one pushforward rule per node."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

from sympy import Expr, Symbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from .activations import Elementwise, derivative_at, step
from .nodes.algebra import Eye, MatrixPower, MatrixProduct, MatrixSum, Ones, Trace, Transposed, Zero, add, multiply
from .nodes.binders import OrderedProduct, TimeSum, fresh
from .nodes.block import Block
from .nodes.derivatives import Derivative, StopGradient
from .nodes.elementwise import Diag, Hadamard, HadamardPower, Maximum, Scaled, diag, hadamard, scaled
from .nodes.normalisation import Deviation, Normalised, average, deviation, normalised
from .symbols import At, Parameter, letters

Directions = Mapping[Any, MatrixExpr]


@singledispatch
def push_rule(expr: Any, directions: Directions) -> Any:
    raise TypeError(f"no pushforward for {type(expr).__name__}; register one with @push_rule.register")


@push_rule.register(At)
@push_rule.register(Parameter)
def _(expr: Any, directions: Directions) -> MatrixExpr:
    """ẋ of a letter is its direction."""
    return directions[expr] if expr in directions else Zero(*expr.shape)


@push_rule.register(Zero)
@push_rule.register(Eye)
@push_rule.register(Ones)
@push_rule.register(StopGradient)
def _(expr: Any, directions: Directions) -> MatrixExpr:
    """A constant does not move."""
    return Zero(*expr.shape)


@push_rule.register(MatrixSum)
def _(expr: MatrixSum, directions: Directions) -> MatrixExpr:
    """(A + B)˙ = Ȧ + Ḃ"""
    return add(*[push_rule(term, directions) for term in expr.args])


@push_rule.register(MatrixProduct)
def _(expr: MatrixProduct, directions: Directions) -> MatrixExpr:
    """(α A B)˙ = α Ȧ B + α A Ḃ"""
    scalar, factors = constant_scalar(expr), expr.matrices
    return add(
        *[
            multiply(scalar, *factors[:i], push_rule(factor, directions), *factors[i + 1 :])
            for i, factor in enumerate(factors)
        ]
    )


@push_rule.register(Transposed)
def _(expr: Transposed, directions: Directions) -> MatrixExpr:
    """(Aᵀ)˙ = Ȧᵀ"""
    return Transposed(push_rule(expr.args[0], directions))


@push_rule.register(MatrixPower)
def _(expr: MatrixPower, directions: Directions) -> MatrixExpr:
    """(Aᵖ)˙ = Σ Aⁱ Ȧ Aᵖ⁻¹⁻ⁱ;  (A⁻¹)˙ = -A⁻¹ Ȧ A⁻¹"""
    move = push_rule(expr.args[0], directions)
    return power_rule(expr, lambda left, right: multiply(left, move, right))


@push_rule.register(Hadamard)
def _(expr: Hadamard, directions: Directions) -> MatrixExpr:
    """(A ⊙ B)˙ = Ȧ ⊙ B + A ⊙ Ḃ"""
    return add(
        *[
            hadamard(*expr.args[:i], push_rule(factor, directions), *expr.args[i + 1 :])
            for i, factor in enumerate(expr.args)
        ]
    )


@push_rule.register(HadamardPower)
def _(expr: HadamardPower, directions: Directions) -> MatrixExpr:
    """(A^⊙k)˙ = k A^⊙(k-1) ⊙ Ȧ"""
    base, exponent = expr.args
    require_constant("the exponent", exponent)
    return hadamard(exponent, HadamardPower(base, exponent - 1), push_rule(base, directions))


@push_rule.register(Elementwise)
def _(expr: Elementwise, directions: Directions) -> MatrixExpr:
    """f(A)˙ = f'(A) ⊙ Ȧ"""
    return hadamard(derivative_at(expr.function, expr.argument), push_rule(expr.argument, directions))


@push_rule.register(Maximum)
def _(expr: Maximum, directions: Directions) -> MatrixExpr:
    """max(A, B)˙ = step(A - B) ⊙ Ȧ + (1 - step(A - B)) ⊙ Ḃ"""
    left, right = shares(expr)
    return hadamard(left, push_rule(expr.args[0], directions)) + hadamard(right, push_rule(expr.args[1], directions))


@push_rule.register(Scaled)
def _(expr: Scaled, directions: Directions) -> MatrixExpr:
    """(s A)˙ = ṡ A + s Ȧ"""
    return scaled(push_rule(expr.scale, directions), expr.matrix) + scaled(
        expr.scale, push_rule(expr.matrix, directions)
    )


@push_rule.register(Normalised)
def _(expr: Normalised, directions: Directions) -> MatrixExpr:
    """LN(v)˙ = (v̇ - mean(v̇) - LN(v) LN(v)ᵀ v̇ / n) / s(v)"""
    return normalising(expr, push_rule(expr.args[0], directions))


@push_rule.register(Deviation)
def _(expr: Deviation, directions: Directions) -> MatrixExpr:
    """s(v)˙ = LN(v)ᵀ v̇ / n"""
    vector = expr.args[0]
    return multiply(1 / vector.rows, Transposed(normalised(vector)), push_rule(vector, directions))


@push_rule.register(Diag)
def _(expr: Diag, directions: Directions) -> MatrixExpr:
    """diag(v)˙ = diag(v̇)"""
    return diag(push_rule(expr.args[0], directions))


@push_rule.register(Block)
def _(expr: Block, directions: Directions) -> MatrixExpr:
    """Block by block."""
    moved = Block(*[[push_rule(block, directions) for block in row] for row in expr.args])
    return Zero(*expr.shape) if all(isinstance(block, Zero) for row in moved.args for block in row) else moved


@push_rule.register(TimeSum)
def _(expr: TimeSum, directions: Directions) -> MatrixExpr:
    """(Σ A_k)˙ = Σ Ȧ_k"""
    expr = _clear_of_directions(expr, directions)
    body = push_rule(expr.body, directions)
    return Zero(*expr.shape) if isinstance(body, Zero) else TimeSum(body, expr.args[1])


@push_rule.register(OrderedProduct)
def _(expr: OrderedProduct, directions: Directions) -> MatrixExpr:
    """(M_b ⋯ M_a)˙ = Σ_k (M_b ⋯ M_{k+1}) Ṁ_k (M_{k-1} ⋯ M_a)"""
    expr = _clear_of_directions(expr, directions)
    move = push_rule(expr.body, directions)
    if isinstance(move, Zero):
        return Zero(*expr.shape)
    later, earlier = neighbours(expr)
    return TimeSum(multiply(later, move, earlier), expr.args[1])


@push_rule.register(Trace)
def _(expr: Trace, directions: Directions) -> Expr:
    """(tr A)˙ = tr Ȧ"""
    return Trace(push_rule(expr.args[0], directions))


@push_rule.register(Derivative)
def _(expr: Derivative, directions: Directions) -> Any:
    raise TypeError(f"{expr} is itself a derivative: write out its value before differentiating it")


# --- what the rules share -----------------------------------------------------------------------


def constant_scalar(product: MatrixProduct) -> Expr:
    require_constant("the scalar factor", product.scalar)
    return product.scalar


def require_constant(what: str, scalar: Expr) -> None:
    if letters(scalar):
        raise TypeError(f"{what} {scalar} depends on letters; write the product with 1 x 1 matrices")


def power_rule(power: MatrixPower, term: Any) -> MatrixExpr:
    base, exponent = power.args
    if exponent.is_Integer:
        count = int(exponent)
        if count < 0:
            return -add(*[term(MatrixPower(base, -i), MatrixPower(base, count - 1 + i)) for i in range(1, 1 - count)])
        return add(*[term(MatrixPower(base, i), MatrixPower(base, count - 1 - i)) for i in range(count)])
    i = fresh(Symbol("i", integer=True, nonnegative=True), power, term(base, base))
    return TimeSum(term(MatrixPower(base, i), MatrixPower(base, exponent - 1 - i)), (i, 0, exponent - 1))


def shares(maximum: Maximum) -> tuple[MatrixExpr, MatrixExpr]:
    """What of a maximum is due to its left and to its right side: 0 or 1 at each place."""
    left = step(maximum.args[0] - maximum.args[1])
    return left, 1 - left


def normalising(normal: Normalised, move: MatrixExpr) -> MatrixExpr:
    """The symmetric matrix (I - 1 1ᵀ/n - LN(v) LN(v)ᵀ/n) / s(v) on a column."""
    along = multiply(1 / normal.rows, normal, Transposed(normal), move)
    return scaled(HadamardPower(deviation(normal.args[0]), -1), move - average(move) - along)


def neighbours(product: OrderedProduct) -> tuple[MatrixExpr, MatrixExpr]:
    """M_b ⋯ M_{k+1} and M_{k-1} ⋯ M_a, under an index of their own."""
    k, low, high = product.args[1]
    j = fresh(k, product.body, product.args[1])
    body = product.body.subs(k, j)
    return OrderedProduct(body, (j, k + 1, high)), OrderedProduct(body, (j, low, k - 1))


def _clear_of_directions(binder: Any, directions: Directions) -> Any:
    """The binder with an index that no direction has free, save those of letters in that very index."""
    binder = binder.clear_of(*[move for letter, move in directions.items() if not letter.has(binder.index)])
    clash = [letter for letter in letters(binder.body) if isinstance(letter, At) and letter.index.has(binder.index)]
    moving = {letter.sequence for letter in directions if isinstance(letter, At)}
    if any(letter.sequence in moving and letter not in directions for letter in clash):
        raise TypeError(
            f"{binder} runs over a sequence that moves at single steps; give the direction of {clash[0]}, "
            f"a sequence in {binder.index}, instead"
        )
    return binder
