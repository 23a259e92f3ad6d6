r"""Textbook form: the rewriting that turns what the calculus produces into what a paper prints.

Rules are data, each the equation it applies; the engine below them knows no mathematics. Every
rule keeps the value and the shape, and the engine checks the shape after each step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sympy import Basic, Expr, S
from sympy.matrices.expressions.matexpr import MatrixExpr

from .activations import Activation, Elementwise
from .nodes.algebra import MatrixPower, MatrixProduct, MatrixSum, Ones, Transposed, add, coefficient, multiply
from .nodes.binders import TimeSum
from .nodes.elementwise import Diag, Hadamard, HadamardPower, Scaled, diag, hadamard, hadamard_factors, scaled
from .nodes.operand import is_matrix
from .symbols import At, Parameter, Sequence


@dataclass(frozen=True, slots=True)
class Rule:
    """One identity, read from left to right; ``apply`` gives ``None`` where it does not apply."""

    name: str
    apply: Callable[[Any], MatrixExpr | None]


def _transposed_sum(expr: Any) -> MatrixExpr | None:
    if isinstance(expr, Transposed) and isinstance(expr.args[0], MatrixSum):
        return add(*[Transposed(term) for term in expr.args[0].args])
    return None


def _transposed_product(expr: Any) -> MatrixExpr | None:
    if isinstance(expr, Transposed) and isinstance(expr.args[0], MatrixProduct):
        product = expr.args[0]
        return multiply(product.scalar, *[Transposed(factor) for factor in reversed(product.matrices)])
    return None


def _transposed_diagonal(expr: Any) -> MatrixExpr | None:
    if isinstance(expr, Transposed) and isinstance(expr.args[0], Diag):
        return expr.args[0]
    return None


def _transposed_elementwise(expr: Any) -> MatrixExpr | None:
    if not isinstance(expr, Transposed):
        return None
    inside = expr.args[0]
    if isinstance(inside, Hadamard) and not all(map(_is_column_letter, inside.args)):
        return hadamard(*[Transposed(factor) for factor in inside.args])
    if isinstance(inside, HadamardPower):
        return HadamardPower(Transposed(inside.args[0]), inside.args[1])
    if isinstance(inside, MatrixPower):
        return MatrixPower(Transposed(inside.args[0]), inside.args[1])
    if isinstance(inside, TimeSum):
        return TimeSum(Transposed(inside.body), inside.args[1])
    return None


def _is_column_letter(expr: Any) -> bool:
    return isinstance(expr, At | Parameter) and bool(expr.cols == 1 and expr.rows != 1)


def _product_of_rows(expr: Any) -> MatrixExpr | None:
    """A product of letters that are rows is written as a column transposed: papers have (r ⊙ h)ᵀ."""
    if isinstance(expr, Hadamard) and all(
        isinstance(f, Transposed) and _is_column_letter(f.args[0]) for f in expr.args
    ):
        return Transposed(hadamard(*[factor.args[0] for factor in expr.args]))
    return None


def _transposed_multiple(expr: Any) -> MatrixExpr | None:
    if isinstance(expr, Transposed) and isinstance(expr.args[0], Scaled):
        return scaled(expr.args[0].scale, Transposed(expr.args[0].matrix))
    return None


def _multiple_in_product(expr: Any) -> MatrixExpr | None:
    if not isinstance(expr, MatrixProduct):
        return None
    factors = expr.matrices
    for i, factor in enumerate(factors):
        if isinstance(factor, Scaled) and len(factors) > 1:
            return scaled(factor.scale, multiply(expr.scalar, *factors[:i], factor.matrix, *factors[i + 1 :]))
    return None


def _diagonals_side_by_side(expr: Any) -> MatrixExpr | None:
    if not isinstance(expr, MatrixProduct):
        return None
    factors = expr.matrices
    for i, (left, right) in enumerate(pairwise(factors)):
        if isinstance(left, Diag) and isinstance(right, Diag):
            merged = diag(hadamard(left.args[0], right.args[0]))
            return multiply(expr.scalar, *factors[:i], merged, *factors[i + 2 :])
    return None


def _diagonal_on_column(expr: Any) -> MatrixExpr | None:
    if not isinstance(expr, MatrixProduct) or expr.cols != 1:
        return None
    factors = expr.matrices
    for i, factor in enumerate(factors[:-1]):
        if isinstance(factor, Diag):
            column = hadamard(factor.args[0], multiply(*factors[i + 1 :]))
            return multiply(expr.scalar, *factors[:i], column)
    return None


def _diagonal_part(expr: Any) -> MatrixExpr | None:
    """(A vᵀ ⊙ I) 1 with columns A and v: the pullback of diag(u) on a column v."""
    if not (isinstance(expr, MatrixProduct) and isinstance(expr.matrices[-1], Ones)):
        return None
    *before, body, _ = expr.matrices if len(expr.matrices) > 1 else (None, None)
    if not (isinstance(body, Hadamard) and len(body.args) == 2 and getattr(body.args[1], "is_Identity", False)):
        return None
    product = body.args[0]
    if not isinstance(product, MatrixProduct):
        return None
    for i in range(1, len(product.matrices)):
        left, right = multiply(*product.matrices[:i]), multiply(*product.matrices[i:])
        if left.cols == 1:
            return multiply(expr.scalar * product.scalar, *before, hadamard(left, Transposed(right)))
    return None


def _pairing_with_outer(expr: Any) -> MatrixExpr | None:
    """1ᵀ (u vᵀ ⊙ G) 1 with columns u and v: what the pullback of s (u vᵀ) gives s."""
    for before, body, after in _sums_of_entries(expr):
        for place, factor in enumerate(body.args):
            outer = factor.matrices if isinstance(factor, MatrixProduct) else ()
            if len(outer) == 2 and outer[0].cols == 1:
                other = hadamard(*body.args[:place], *body.args[place + 1 :])
                return multiply(expr.scalar, *before, Transposed(outer[0]), other, Transposed(outer[1]), *after)
    return None


def _transposed_in_sum_of_entries(expr: Any) -> MatrixExpr | None:
    for before, body, after in _sums_of_entries(expr):
        if all(isinstance(factor, Transposed) for factor in body.args):
            turned = hadamard(*[Transposed(factor) for factor in body.args])
            return multiply(expr.scalar, *before, Ones(1, turned.rows), turned, Ones(turned.cols, 1), *after)
    return None


def _sums_of_entries(expr: Any) -> Iterator[tuple[Any, Hadamard, Any]]:
    """Each 1ᵀ (A ⊙ B) 1 in a product, as what stands before it, A ⊙ B and what stands after it."""
    factors = expr.matrices if isinstance(expr, MatrixProduct) else ()
    for k in range(1, len(factors) - 1):
        left, body, right = factors[k - 1 : k + 2]
        ones = isinstance(left, Ones) and isinstance(right, Ones) and left.rows == right.cols == 1
        if ones and isinstance(body, Hadamard):
            yield factors[: k - 1], body, factors[k + 2 :]


def _like_terms(expr: Any) -> MatrixExpr | None:
    if not isinstance(expr, MatrixSum):
        return None
    collected: dict[MatrixExpr, Expr] = {}
    for term in expr.args:
        bare = _bare(term)
        collected[bare] = collected.get(bare, S.Zero) + coefficient(term)
    if len(collected) == len(expr.args):
        return None
    return add(*[multiply(scalar, bare) for bare, scalar in collected.items()])


def _unit_factor(expr: Any) -> MatrixExpr | None:
    if not isinstance(expr, MatrixProduct) or len(expr.matrices) == 1:
        return None
    kept = [factor for factor in expr.matrices if not (isinstance(factor, Ones) and factor.shape == (1, 1))]
    return multiply(expr.scalar, *kept) if kept and len(kept) < len(expr.matrices) else None


def _identity_function(expr: Any) -> MatrixExpr | None:
    if isinstance(expr, Elementwise) and expr.function.name == "identity":
        return expr.argument if expr.function.order == 0 else Ones(*expr.shape) if expr.function.order == 1 else None
    return None


def _common_factors(expr: Any) -> MatrixExpr | None:
    if not isinstance(expr, Hadamard):
        return None
    for place, factor in enumerate(expr.args):
        taken = factored(factor)
        if taken is not factor:
            return hadamard(*expr.args[:place], taken, *expr.args[place + 1 :])
    return None


def factored(expr: MatrixExpr) -> MatrixExpr:
    r"""A sum of entrywise products with what all of them share taken out.

    :math:`A \odot B - A \odot C = A \odot (B - C)`. What is left of a sum that begins with a minus is turned, so
    that a positive term leads it.
    """
    if not isinstance(expr, MatrixSum):
        return expr
    terms = [(coefficient(term), list(hadamard_factors(_bare(term)))) for term in expr.args]
    shared = []
    for factor in tuple(terms[0][1]):
        if all(factor in factors for _, factors in terms):
            shared.append(factor)
            for _, factors in terms:
                factors.remove(factor)
    if not shared:
        return expr
    terms.sort(key=lambda term: term[0].could_extract_minus_sign())
    return hadamard(*shared, add(*[multiply(number, hadamard(*rest, Ones(*expr.shape))) for number, rest in terms]))


def _bare(term: MatrixExpr) -> MatrixExpr:
    """The term without the number in front of it."""
    return multiply(*term.matrices) if isinstance(term, MatrixProduct) else term


RULES = (
    Rule("(A + B)ᵀ = Aᵀ + Bᵀ", _transposed_sum),
    Rule("(A B)ᵀ = Bᵀ Aᵀ", _transposed_product),
    Rule("diag(v)ᵀ = diag(v)", _transposed_diagonal),
    Rule("(A ⊙ B)ᵀ = Aᵀ ⊙ Bᵀ", _transposed_elementwise),
    Rule("uᵀ ⊙ vᵀ = (u ⊙ v)ᵀ", _product_of_rows),
    Rule("(s A)ᵀ = s Aᵀ", _transposed_multiple),
    Rule("A (s B) = s A B", _multiple_in_product),
    Rule("diag(u) diag(v) = diag(u ⊙ v)", _diagonals_side_by_side),
    Rule("diag(v) u = v ⊙ u", _diagonal_on_column),
    Rule("(u vᵀ ⊙ I) 1 = u ⊙ v", _diagonal_part),
    Rule("1ᵀ (u vᵀ ⊙ G) 1 = uᵀ G v", _pairing_with_outer),
    Rule("1ᵀ (Aᵀ ⊙ Bᵀ) 1 = 1ᵀ (A ⊙ B) 1", _transposed_in_sum_of_entries),
    Rule("α A + β A = (α + β) A", _like_terms),
    Rule("(A ⊙ B - A ⊙ C) ⊙ D = A ⊙ (B - C) ⊙ D", _common_factors),
    Rule("A 1 = A for the 1 x 1 matrix 1", _unit_factor),
    Rule("id(a) = a", _identity_function),
)


def tidy(expr: Any) -> Any:
    """``expr`` in textbook form: the rules applied bottom up until none applies."""
    if isinstance(expr, At | Parameter | Sequence | Activation) or not isinstance(expr, Basic) or not expr.args:
        return expr
    parts = [tidy(part) for part in expr.args]
    expr = expr.func(*parts) if tuple(parts) != expr.args else expr
    if not is_matrix(expr):
        return expr
    for rule in RULES:
        rewritten = rule.apply(expr)
        if rewritten is not None:
            if rewritten.shape != expr.shape:
                raise AssertionError(f"rule {rule.name} changed the shape {expr.shape} of {expr} to {rewritten.shape}")
            return tidy(rewritten)
    return expr
