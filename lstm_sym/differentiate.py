r"""Differential calculus on matrix expressions: one pushforward and one pullback rule per node.

The pushforward maps tangents of the letters to the tangent of an expression; the pullback maps a
cotangent of the expression to the cotangent of a letter, and is its transpose:
:math:`\langle G, \mathrm{pushforward}(\dot x)\rangle = \langle \mathrm{pullback}(G), \dot x\rangle`
(Griewank & Walther 2008, ch. 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import singledispatch
from typing import Any

from sympy import Expr, Symbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from .activations import Elementwise, derivative_at
from .linear_map import matrix_of
from .nodes.algebra import (
    Eye,
    MatrixPower,
    MatrixProduct,
    MatrixSum,
    Ones,
    Trace,
    Transposed,
    Zero,
    add,
    multiply,
)
from .nodes.binders import OrderedProduct, TimeSum, fresh
from .nodes.block import Block, beside
from .nodes.derivatives import Derivative, StopGradient
from .nodes.elementwise import Diag, Hadamard, HadamardPower, diag, hadamard
from .nodes.operand import is_matrix, require_matrix, require_same_shape
from .symbols import At, Parameter, letters, tangent
from .textbook_form import tidy

Directions = Mapping[Any, MatrixExpr]


def pushforward(expr: Expr, directions: Directions) -> Expr:
    r"""The tangent of ``expr`` when each letter of ``directions`` moves along the matrix given for it.

    A letter that is not named stays fixed. The result has ``expr``'s shape and is linear in the directions.
    """
    for letter, move in directions.items():
        require_same_shape("a direction", letter, move)
    return _push(expr, directions)


def pullback(expr: Expr, cotangent: Expr, letter: Any) -> MatrixExpr:
    r"""The cotangent of ``letter`` (of its shape) for a ``cotangent`` of ``expr``, summed over every occurrence.

    The cotangent of a trace is a scalar. Inside a sum over time or an ordered product, an indexed letter is met at
    the one step whose index it has; the caller sees to it that this step lies within the bounds.
    """
    if is_matrix(expr) or is_matrix(cotangent):
        require_matrix("a pullback", expr, cotangent)
        require_same_shape("a pullback", expr, cotangent)
    terms = [tidy(term) for found, term in _pull(expr, cotangent, letter) if found == letter]
    return add(*terms) if terms else Zero(*letter.shape)


def jacobian(expr: MatrixExpr, letter: Any) -> MatrixExpr:
    r"""The Jacobian :math:`\partial y_i/\partial x_j` of a column vector with respect to a column vector."""
    move = tangent(letter)
    return tidy(matrix_of(pushforward(expr, {letter: move}), move))


def depends(expr: Expr, letter: Any) -> bool:
    return letter in letters(expr)


# --- pushforward: one rule per node -------------------------------------------------------------


@singledispatch
def _push(expr: Any, directions: Directions) -> Any:
    raise TypeError(f"no pushforward for {type(expr).__name__}; register one with @_push.register")


@_push.register(At)
@_push.register(Parameter)
def _(expr: Any, directions: Directions) -> MatrixExpr:
    """ẋ of a letter is its direction."""
    return directions[expr] if expr in directions else Zero(*expr.shape)


@_push.register(Zero)
@_push.register(Eye)
@_push.register(Ones)
@_push.register(StopGradient)
def _(expr: Any, directions: Directions) -> MatrixExpr:
    """A constant does not move."""
    return Zero(*expr.shape)


@_push.register(MatrixSum)
def _(expr: MatrixSum, directions: Directions) -> MatrixExpr:
    """(A + B)˙ = Ȧ + Ḃ"""
    return add(*[_push(term, directions) for term in expr.args])


@_push.register(MatrixProduct)
def _(expr: MatrixProduct, directions: Directions) -> MatrixExpr:
    """(α A B)˙ = α Ȧ B + α A Ḃ"""
    scalar, factors = _constant_scalar(expr), expr.matrices
    return add(
        *[
            multiply(scalar, *factors[:i], _push(factor, directions), *factors[i + 1 :])
            for i, factor in enumerate(factors)
        ]
    )


@_push.register(Transposed)
def _(expr: Transposed, directions: Directions) -> MatrixExpr:
    """(Aᵀ)˙ = Ȧᵀ"""
    return Transposed(_push(expr.args[0], directions))


@_push.register(MatrixPower)
def _(expr: MatrixPower, directions: Directions) -> MatrixExpr:
    """(Aᵖ)˙ = Σ Aⁱ Ȧ Aᵖ⁻¹⁻ⁱ;  (A⁻¹)˙ = -A⁻¹ Ȧ A⁻¹"""
    move = _push(expr.args[0], directions)
    return _power_rule(expr, lambda left, right: multiply(left, move, right))


@_push.register(Hadamard)
def _(expr: Hadamard, directions: Directions) -> MatrixExpr:
    """(A ⊙ B)˙ = Ȧ ⊙ B + A ⊙ Ḃ"""
    return add(
        *[
            hadamard(*expr.args[:i], _push(factor, directions), *expr.args[i + 1 :])
            for i, factor in enumerate(expr.args)
        ]
    )


@_push.register(HadamardPower)
def _(expr: HadamardPower, directions: Directions) -> MatrixExpr:
    """(A^⊙k)˙ = k A^⊙(k-1) ⊙ Ȧ"""
    base, exponent = expr.args
    _require_constant("the exponent", exponent)
    return hadamard(exponent, HadamardPower(base, exponent - 1), _push(base, directions))


@_push.register(Elementwise)
def _(expr: Elementwise, directions: Directions) -> MatrixExpr:
    """f(A)˙ = f'(A) ⊙ Ȧ"""
    return hadamard(derivative_at(expr.function, expr.argument), _push(expr.argument, directions))


@_push.register(Diag)
def _(expr: Diag, directions: Directions) -> MatrixExpr:
    """diag(v)˙ = diag(v̇)"""
    return diag(_push(expr.args[0], directions))


@_push.register(Block)
def _(expr: Block, directions: Directions) -> MatrixExpr:
    """Block by block."""
    moved = Block(*[[_push(block, directions) for block in row] for row in expr.args])
    return Zero(*expr.shape) if all(isinstance(block, Zero) for row in moved.args for block in row) else moved


@_push.register(TimeSum)
def _(expr: TimeSum, directions: Directions) -> MatrixExpr:
    """(Σ A_k)˙ = Σ Ȧ_k"""
    expr = _clear_of_directions(expr, directions)
    body = _push(expr.body, directions)
    return Zero(*expr.shape) if isinstance(body, Zero) else TimeSum(body, expr.args[1])


@_push.register(OrderedProduct)
def _(expr: OrderedProduct, directions: Directions) -> MatrixExpr:
    """(M_b ⋯ M_a)˙ = Σ_k (M_b ⋯ M_{k+1}) Ṁ_k (M_{k-1} ⋯ M_a)"""
    expr = _clear_of_directions(expr, directions)
    move = _push(expr.body, directions)
    if isinstance(move, Zero):
        return Zero(*expr.shape)
    later, earlier = _neighbours(expr)
    return TimeSum(multiply(later, move, earlier), expr.args[1])


@_push.register(Trace)
def _(expr: Trace, directions: Directions) -> Expr:
    """(tr A)˙ = tr Ȧ"""
    return Trace(_push(expr.args[0], directions))


# --- pullback: one rule per node ----------------------------------------------------------------

Contributions = Iterator[tuple[Any, MatrixExpr]]


@singledispatch
def _pull(expr: Any, cotangent: MatrixExpr, letter: Any) -> Contributions:
    raise TypeError(f"no pullback for {type(expr).__name__}; register one with @_pull.register")


@_pull.register(At)
@_pull.register(Parameter)
def _(expr: Any, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """G reaches the letter."""
    yield expr, cotangent


@_pull.register(Zero)
@_pull.register(Eye)
@_pull.register(Ones)
@_pull.register(StopGradient)
def _(expr: Any, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """A constant takes no gradient."""
    yield from ()


@_pull.register(MatrixSum)
def _(expr: MatrixSum, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """A + B: G to each term."""
    for term in expr.args:
        yield from _pull(term, cotangent, letter)


@_pull.register(MatrixProduct)
def _(expr: MatrixProduct, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """α A B: α G Bᵀ to A, α Aᵀ G to B."""
    scalar, factors = _constant_scalar(expr), expr.matrices
    for i, factor in enumerate(factors):
        before = [Transposed(f) for f in reversed(factors[:i])]
        after = [Transposed(f) for f in reversed(factors[i + 1 :])]
        yield from _pull(factor, multiply(scalar, *before, cotangent, *after), letter)


@_pull.register(Transposed)
def _(expr: Transposed, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """Aᵀ: Gᵀ."""
    yield from _pull(expr.args[0], Transposed(cotangent), letter)


@_pull.register(MatrixPower)
def _(expr: MatrixPower, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """Aᵖ: Σ (Aᵀ)ⁱ G (Aᵀ)ᵖ⁻¹⁻ⁱ;  A⁻¹: -A⁻ᵀ G A⁻ᵀ."""
    base, exponent = expr.args
    turned = MatrixPower(Transposed(base), exponent)
    yield from _pull(base, _power_rule(turned, lambda left, right: multiply(left, cotangent, right)), letter)


@_pull.register(Hadamard)
def _(expr: Hadamard, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """A ⊙ B: G ⊙ B to A, G ⊙ A to B."""
    for i, factor in enumerate(expr.args):
        yield from _pull(factor, hadamard(cotangent, *expr.args[:i], *expr.args[i + 1 :]), letter)


@_pull.register(HadamardPower)
def _(expr: HadamardPower, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """A^⊙k: k G ⊙ A^⊙(k-1)."""
    base, exponent = expr.args
    yield from _pull(base, hadamard(exponent, cotangent, HadamardPower(base, exponent - 1)), letter)


@_pull.register(Elementwise)
def _(expr: Elementwise, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """f(A): G ⊙ f'(A)."""
    yield from _pull(expr.argument, hadamard(cotangent, derivative_at(expr.function, expr.argument)), letter)


@_pull.register(Diag)
def _(expr: Diag, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """diag(v): the diagonal of G, as the row sums of G ⊙ I."""
    vector = expr.args[0]
    yield from _pull(vector, multiply(hadamard(cotangent, Eye(vector.rows)), Ones(vector.rows, 1)), letter)


@_pull.register(Block)
def _(expr: Block, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """Each block takes its rows and columns of G, cut out by [0 I 0]."""
    row_sizes = [row[0].rows for row in expr.args]
    col_sizes = [block.cols for block in expr.args[0]]
    for i, row in enumerate(expr.args):
        for j, block in enumerate(row):
            part = multiply(_selector(row_sizes, i), cotangent, Transposed(_selector(col_sizes, j)))
            yield from _pull(block, part, letter)


@_pull.register(TimeSum)
def _(expr: TimeSum, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """Σ A_k: G to every A_k."""
    expr = _clear_of_letter(expr, cotangent, letter)
    yield from _gather(expr, _pull(expr.body, cotangent, letter), letter)


@_pull.register(OrderedProduct)
def _(expr: OrderedProduct, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """M_b ⋯ M_a: (M_b ⋯ M_{k+1})ᵀ G (M_{k-1} ⋯ M_a)ᵀ to M_k."""
    expr = _clear_of_letter(expr, cotangent, letter)
    later, earlier = _neighbours(expr)
    turned = multiply(Transposed(later), cotangent, Transposed(earlier))
    yield from _gather(expr, _pull(expr.body, turned, letter), letter)


@_pull.register(Trace)
def _(expr: Trace, cotangent: Expr, letter: Any) -> Contributions:
    """tr A: g I."""
    yield from _pull(expr.args[0], multiply(cotangent, Eye(expr.args[0].rows)), letter)


@_push.register(Derivative)
@_pull.register(Derivative)
def _(expr: Derivative, *_: Any) -> Any:
    raise TypeError(f"{expr} is itself a derivative: write out its value before differentiating it")


# --- what the rules share -----------------------------------------------------------------------


def _constant_scalar(product: MatrixProduct) -> Expr:
    _require_constant("the scalar factor", product.scalar)
    return product.scalar


def _require_constant(what: str, scalar: Expr) -> None:
    if letters(scalar):
        raise TypeError(f"{what} {scalar} depends on letters; write the product with 1 x 1 matrices")


def _power_rule(power: MatrixPower, term: Any) -> MatrixExpr:
    base, exponent = power.args
    if exponent.is_Integer:
        count = int(exponent)
        if count < 0:
            return -add(*[term(MatrixPower(base, -i), MatrixPower(base, count - 1 + i)) for i in range(1, 1 - count)])
        return add(*[term(MatrixPower(base, i), MatrixPower(base, count - 1 - i)) for i in range(count)])
    i = fresh(Symbol("i", integer=True, nonnegative=True), power, term(base, base))
    return TimeSum(term(MatrixPower(base, i), MatrixPower(base, exponent - 1 - i)), (i, 0, exponent - 1))


def _selector(sizes: list[Any], which: int) -> MatrixExpr:
    """[0 … I … 0], which picks one block of rows."""
    if len(sizes) == 1:
        return Eye(sizes[0])
    return beside(*[Eye(size) if k == which else Zero(sizes[which], size) for k, size in enumerate(sizes)])


def _neighbours(product: OrderedProduct) -> tuple[MatrixExpr, MatrixExpr]:
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


def _clear_of_letter(binder: Any, cotangent: MatrixExpr, letter: Any) -> Any:
    """The binder with an index that neither the cotangent nor the letter has, met by the letter at known steps."""
    for inner in binder.body.atoms(TimeSum, OrderedProduct):
        steps = [a for a in letters(inner.body) if isinstance(a, At) and a.index.has(inner.index)]
        moves = isinstance(letter, At) and any(a.sequence == letter.sequence for a in steps)
        if moves and (inner.low.has(binder.index) or inner.high.has(binder.index)):
            raise TypeError(
                f"which steps of {inner} meet {letter} depends on {binder.index}; "
                "exchange the two sums, or differentiate the inner one alone"
            )
    return binder.clear_of(cotangent, letter)


def _gather(binder: Any, contributions: Contributions, letter: Any) -> Contributions:
    k, limits = binder.index, binder.args[1]
    for found, term in contributions:
        if isinstance(found, At) and found.index.has(k):
            if not (isinstance(letter, At) and letter.sequence == found.sequence):
                continue
            step = k + letter.index - found.index
            if step.has(k):
                raise TypeError(f"which step of {binder} meets {letter} cannot be read off the index {found.index}")
            low, high = step - binder.low, binder.high - step
            if not (low.is_negative or high.is_negative):
                yield letter, term.subs(k, step)
        else:
            yield found, TimeSum(term, limits)
