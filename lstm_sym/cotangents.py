r"""Cotangents: what each node passes back to the letters in it, one pullback rule per node."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

from sympy import Expr
from sympy.matrices.expressions.matexpr import MatrixExpr

from .activations import Elementwise, derivative_at
from .nodes.algebra import Eye, MatrixPower, MatrixProduct, MatrixSum, Ones, Trace, Transposed, Zero, multiply
from .nodes.binders import OrderedProduct, TimeSum
from .nodes.block import Block, beside
from .nodes.derivatives import Derivative, StopGradient
from .nodes.elementwise import Diag, Hadamard, HadamardPower, Maximum, Scaled, hadamard, scaled
from .nodes.normalisation import Deviation, Normalised, normalised
from .symbols import At, Parameter, letters
from .tangents import constant_scalar, neighbours, normalising, power_rule, shares

Contributions = Iterator[tuple[Any, MatrixExpr]]


@singledispatch
def pull_rule(expr: Any, cotangent: MatrixExpr, letter: Any) -> Contributions:
    raise TypeError(f"no pullback for {type(expr).__name__}; register one with @pull_rule.register")


@pull_rule.register(At)
@pull_rule.register(Parameter)
def _(expr: Any, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """G reaches the letter."""
    yield expr, cotangent


@pull_rule.register(Zero)
@pull_rule.register(Eye)
@pull_rule.register(Ones)
@pull_rule.register(StopGradient)
def _(expr: Any, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """A constant takes no gradient."""
    yield from ()


@pull_rule.register(MatrixSum)
def _(expr: MatrixSum, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """A + B: G to each term."""
    for term in expr.args:
        yield from pull_rule(term, cotangent, letter)


@pull_rule.register(MatrixProduct)
def _(expr: MatrixProduct, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """α A B: α G Bᵀ to A, α Aᵀ G to B."""
    scalar, factors = constant_scalar(expr), expr.matrices
    for i, factor in enumerate(factors):
        before = [Transposed(f) for f in reversed(factors[:i])]
        after = [Transposed(f) for f in reversed(factors[i + 1 :])]
        yield from pull_rule(factor, multiply(scalar, *before, cotangent, *after), letter)


@pull_rule.register(Transposed)
def _(expr: Transposed, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """Aᵀ: Gᵀ."""
    yield from pull_rule(expr.args[0], Transposed(cotangent), letter)


@pull_rule.register(MatrixPower)
def _(expr: MatrixPower, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """Aᵖ: Σ (Aᵀ)ⁱ G (Aᵀ)ᵖ⁻¹⁻ⁱ;  A⁻¹: -A⁻ᵀ G A⁻ᵀ."""
    base, exponent = expr.args
    turned = MatrixPower(Transposed(base), exponent)
    yield from pull_rule(base, power_rule(turned, lambda left, right: multiply(left, cotangent, right)), letter)


@pull_rule.register(Hadamard)
def _(expr: Hadamard, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """A ⊙ B: G ⊙ B to A, G ⊙ A to B."""
    for i, factor in enumerate(expr.args):
        yield from pull_rule(factor, hadamard(cotangent, *expr.args[:i], *expr.args[i + 1 :]), letter)


@pull_rule.register(HadamardPower)
def _(expr: HadamardPower, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """A^⊙k: k G ⊙ A^⊙(k-1)."""
    base, exponent = expr.args
    yield from pull_rule(base, hadamard(exponent, cotangent, HadamardPower(base, exponent - 1)), letter)


@pull_rule.register(Elementwise)
def _(expr: Elementwise, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """f(A): G ⊙ f'(A)."""
    yield from pull_rule(expr.argument, hadamard(cotangent, derivative_at(expr.function, expr.argument)), letter)


@pull_rule.register(Maximum)
def _(expr: Maximum, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """max(A, B): step(A - B) ⊙ G to A, (1 - step(A - B)) ⊙ G to B."""
    for part, share in zip(expr.args, shares(expr), strict=True):
        yield from pull_rule(part, hadamard(cotangent, share), letter)


@pull_rule.register(Scaled)
def _(expr: Scaled, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """s A: ⟨A, G⟩ to s, s G to A."""
    scale, matrix = expr.args
    if matrix.cols == 1:
        yield from pull_rule(scale, multiply(Transposed(matrix), cotangent), letter)
    else:
        sides = Ones(1, matrix.rows), Ones(matrix.cols, 1)
        yield from pull_rule(scale, multiply(sides[0], hadamard(matrix, cotangent), sides[1]), letter)
    yield from pull_rule(matrix, scaled(scale, cotangent), letter)


@pull_rule.register(Normalised)
def _(expr: Normalised, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """LN(v): (G - mean(G) - LN(v) LN(v)ᵀ G / n) / s(v)."""
    yield from pull_rule(expr.args[0], normalising(expr, cotangent), letter)


@pull_rule.register(Deviation)
def _(expr: Deviation, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """s(v): g LN(v) / n."""
    vector = expr.args[0]
    yield from pull_rule(vector, multiply(1 / vector.rows, scaled(cotangent, normalised(vector))), letter)


@pull_rule.register(Diag)
def _(expr: Diag, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """diag(v): the diagonal of G, as the row sums of G ⊙ I."""
    vector = expr.args[0]
    yield from pull_rule(vector, multiply(hadamard(cotangent, Eye(vector.rows)), Ones(vector.rows, 1)), letter)


@pull_rule.register(Block)
def _(expr: Block, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """Each block takes its rows and columns of G, cut out by [0 I 0]."""
    row_sizes = [row[0].rows for row in expr.args]
    col_sizes = [block.cols for block in expr.args[0]]
    for i, row in enumerate(expr.args):
        for j, block in enumerate(row):
            part = multiply(_selector(row_sizes, i), cotangent, Transposed(_selector(col_sizes, j)))
            yield from pull_rule(block, part, letter)


@pull_rule.register(TimeSum)
def _(expr: TimeSum, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """Σ A_k: G to every A_k."""
    expr = _clear_of_letter(expr, cotangent, letter)
    yield from _gather(expr, pull_rule(expr.body, cotangent, letter), letter)


@pull_rule.register(OrderedProduct)
def _(expr: OrderedProduct, cotangent: MatrixExpr, letter: Any) -> Contributions:
    """M_b ⋯ M_a: (M_b ⋯ M_{k+1})ᵀ G (M_{k-1} ⋯ M_a)ᵀ to M_k."""
    expr = _clear_of_letter(expr, cotangent, letter)
    later, earlier = neighbours(expr)
    turned = multiply(Transposed(later), cotangent, Transposed(earlier))
    yield from _gather(expr, pull_rule(expr.body, turned, letter), letter)


@pull_rule.register(Trace)
def _(expr: Trace, cotangent: Expr, letter: Any) -> Contributions:
    """tr A: g I."""
    yield from pull_rule(expr.args[0], multiply(cotangent, Eye(expr.args[0].rows)), letter)


@pull_rule.register(Derivative)
def _(expr: Derivative, cotangent: MatrixExpr, letter: Any) -> Contributions:
    raise TypeError(f"{expr} is itself a derivative: write out its value before differentiating it")


# --- what the rules share -----------------------------------------------------------------------


def _selector(sizes: list[Any], which: int) -> MatrixExpr:
    """[0 … I … 0], which picks one block of rows."""
    if len(sizes) == 1:
        return Eye(sizes[0])
    return beside(*[Eye(size) if k == which else Zero(sizes[which], size) for k, size in enumerate(sizes)])


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
