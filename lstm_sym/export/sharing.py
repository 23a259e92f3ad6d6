"""Common subexpressions: what an expression holds twice gets a name, so that it is computed once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import Basic, Symbol, Tuple
from sympy.core.symbol import Str

from ..activations import Activation, Elementwise, derivative_at
from ..nodes.algebra import Ones, Zero
from ..nodes.binders import Binder
from ..nodes.derivatives import Derivative
from ..symbols import At, Parameter, Sequence

LEAVES = (At, Parameter, Sequence, Symbol, Str, Activation, Ones, Zero)
DEEPEST = 20
"""A subexpression of this depth gets a name as well: Python's own parser nests brackets 200 deep at most."""


def repeated(exprs: Iterable[Any]) -> list[Any]:
    """The subexpressions to be named, each after those that it holds.

    They are those that occur more than once, in one expression or in several, and those that are deep.
    What depends on the index of a sum or an ordered product stays inside it.
    """
    counts: dict[Any, int] = {}
    finished: list[Any] = []
    stack: list[tuple[Any, frozenset[Symbol], bool]] = [(expr, frozenset(), False) for expr in reversed(list(exprs))]
    while stack:
        node, bound, done = stack.pop()
        if done:
            finished.append(node)
        elif _can_be_named(node) and not (bound & node.free_symbols):
            counts[node] = counts.get(node, 0) + 1
            if counts[node] == 1:
                stack.append((node, bound, True))
                stack.extend(_children(node, bound))
        else:
            stack.extend(_children(node, bound))
    return _shared_or_deep(finished, counts)


def _shared_or_deep(finished: list[Any], counts: dict[Any, int]) -> list[Any]:
    chosen: list[Any] = []
    depth: dict[Any, int] = {}
    for node in finished:
        depth[node] = 1 + max((_depth(argument, depth) for argument in node.args), default=0)
        if counts[node] > 1 or depth[node] >= DEEPEST:
            chosen.append(node)
            depth[node] = 0
    return chosen


def _depth(node: Any, depth: dict[Any, int]) -> int:
    if isinstance(node, Tuple):
        return max((_depth(argument, depth) for argument in node), default=0)
    return depth.get(node, 0)


def _children(node: Any, bound: frozenset[Symbol]) -> list[tuple[Any, frozenset[Symbol], bool]]:
    if isinstance(node, Binder):
        return [(node.body, bound | {node.index}, False), (node.low, bound, False), (node.high, bound, False)]
    if isinstance(node, LEAVES) or not isinstance(node, Basic):
        return []
    return [(argument, bound, False) for argument in reversed(node.args)]


def _can_be_named(node: Any) -> bool:
    return isinstance(node, Basic) and bool(node.args) and not node.is_number and not isinstance(node, (*LEAVES, Tuple))


def derivatives_from_values(expr: Any) -> Any:
    r"""``expr`` with derivatives of known functions as polynomials in the value, :math:`\sigma' = \sigma(1-\sigma)`."""
    if isinstance(expr, (Derivative, *LEAVES)) or not isinstance(expr, Basic) or not expr.args:
        return expr
    parts = [derivatives_from_values(part) for part in expr.args]
    if any(new is not old for new, old in zip(parts, expr.args, strict=True)):
        expr = expr.func(*parts)
    if isinstance(expr, Elementwise) and expr.function.order and expr.function.row:
        return derivative_at(Activation(expr.function.name, expr.function.order - 1), expr.argument)
    return expr
