r"""Named inequalities that a bound may cite: norms of products and sums, ranges of functions.

Each is proved, once, by the derivation that its row names. A bound cites one as a :class:`Cited`, made by the
function of that name; the kernel concludes the inequality again from the arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sympy import Expr, S, Symbol, sympify

from ..activations import Activation
from ..nodes.algebra import multiply
from ..nodes.elementwise import diag, hadamard
from ..nodes.operand import is_matrix
from ..nodes.scalars import MaxAbs, Norm


@dataclass(frozen=True, slots=True)
class Inequality:
    """A row of the table: the lemma that proves it, and its two sides, ``left <= right``, for given arguments."""

    name: str
    lemma: str
    statement: str
    sides: Callable[..., tuple[Expr, Expr]]
    holds: Callable[..., bool] = lambda *_: True


TABLE: dict[str, Inequality] = {
    row.name: row
    for row in (
        Inequality("norm of a product", "norm.product", "‖A B‖ ≤ ‖A‖ ‖B‖",
                   lambda A, B: (Norm(A * B), Norm(A) * Norm(B))),
        Inequality("norm of a sum", "norm.sum", "‖A + B‖ ≤ ‖A‖ + ‖B‖",
                   lambda A, B: (Norm(A + B), Norm(A) + Norm(B))),
        Inequality("norm of a diagonal", "norm.diagonal", "‖diag(v)‖ ≤ max |vᵢ|",
                   lambda v: (Norm(diag(v)), MaxAbs(v))),
        Inequality("entry of a diagonal", "norm.diagonal-entry", "max |vᵢ| ≤ ‖diag(v)‖",
                   lambda v: (MaxAbs(v), Norm(diag(v)))),
        Inequality("largest entry of ⊙", "max.product", "max |uᵢ vᵢ| ≤ max |uᵢ| max |vᵢ|",
                   lambda u, v: (MaxAbs(hadamard(u, v)), MaxAbs(u) * MaxAbs(v))),
        Inequality("largest entry of a sum", "max.sum", "max |uᵢ + vᵢ| ≤ max |uᵢ| + max |vᵢ|",
                   lambda u, v: (MaxAbs(u + v), MaxAbs(u) + MaxAbs(v))),
        Inequality("range of a function", "", "max |f(aᵢ)| ≤ γ, as |f(z)| ≤ γ for every real z",
                   lambda f, a, bound: (MaxAbs(f(a)), bound), lambda f, a, bound: stays_within(f, bound)),
    )
}  # fmt: skip
"""Every inequality by its name."""


@dataclass(frozen=True, slots=True)
class Cited:
    """An inequality of the table at some arguments, times a factor that must visibly be at least 0."""

    name: str
    args: tuple[Any, ...]
    weight: Expr = S.One

    def times(self, weight: Any) -> Cited:
        """Both sides multiplied by ``weight``."""
        return replace(self, weight=weight * self.weight)

    @property
    def gap(self) -> Expr:
        """right - left, without the factor."""
        left, right = TABLE[self.name].sides(*self.args)
        return right - left

    @property
    def weighted_gap(self) -> Expr:
        if self.weight == 1:
            return self.gap
        return multiply(self.weight, self.gap) if is_matrix(self.gap) else self.weight * self.gap


def norm_of_product(A: Any, B: Any) -> Cited:
    r""":math:`\lVert AB\rVert \le \lVert A\rVert\,\lVert B\rVert` (Horn & Johnson 2013, 5.6)."""
    return Cited("norm of a product", (A, B))


def norm_of_sum(A: Any, B: Any) -> Cited:
    r""":math:`\lVert A + B\rVert \le \lVert A\rVert + \lVert B\rVert`."""
    return Cited("norm of a sum", (A, B))


def norm_of_diagonal(v: Any) -> Cited:
    r""":math:`\lVert\operatorname{diag}(v)\rVert \le \max_i |v_i|`."""
    return Cited("norm of a diagonal", (v,))


def entry_of_diagonal(v: Any) -> Cited:
    r""":math:`\max_i |v_i| \le \lVert\operatorname{diag}(v)\rVert`."""
    return Cited("entry of a diagonal", (v,))


def largest_of_product(u: Any, v: Any) -> Cited:
    r""":math:`\lVert u\odot v\rVert_{\max} \le \lVert u\rVert_{\max} \lVert v\rVert_{\max}`."""
    return Cited("largest entry of ⊙", (u, v))


def largest_of_sum(u: Any, v: Any) -> Cited:
    r""":math:`\lVert u + v\rVert_{\max} \le \lVert u\rVert_{\max} + \lVert v\rVert_{\max}`."""
    return Cited("largest entry of a sum", (u, v))


def range_of(function: Activation, argument: Any, bound: Any) -> Cited:
    r""":math:`\lVert f(a)\rVert_{\max} \le \gamma`, where :math:`|f(z)| \le \gamma` for every real z is certified."""
    return Cited("range of a function", (function, argument, sympify(bound)))


def stays_within(function: Activation, bound: Expr) -> bool:
    """Whether -bound <= f(z) <= bound is certified for every real z."""
    from .one_variable import sign_on_line

    z = Symbol("z", real=True)
    found = [sign_on_line(bound + side, strict=False) for side in (function(z), -function(z))]
    return all(decision is not None and decision.proof for decision in found)
