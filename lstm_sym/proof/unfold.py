"""Write out one step of a power, an ordered product or a sum, so that the case n + 1 shows the case n."""

from __future__ import annotations

from sympy import Expr
from sympy.matrices.expressions.matexpr import MatrixExpr

from ..nodes.algebra import MatrixPower
from ..nodes.binders import OrderedProduct, TimeSum
from .conditions import Conditions


def one_step(expr: Expr, conditions: Conditions) -> Expr | None:
    r"""``expr`` with each :math:`A^{n+1}` as :math:`A A^n` and each binder's last index split off, if there is one.

    ``conditions`` must imply that there is.
    """
    changes: dict[Expr, MatrixExpr] = {}
    for node in expr.atoms(MatrixPower, OrderedProduct, TimeSum):
        opened = _opened(node, conditions)
        if opened is not None:
            changes[node] = opened
    return expr.xreplace(changes) if changes else None


def _opened(node: Expr, conditions: Conditions) -> MatrixExpr | None:
    if isinstance(node, MatrixPower):
        base, exponent = node.args
        opens = not exponent.is_number and conditions.imply(exponent - 1)
        return base * MatrixPower(base, exponent - 1) if opens else None
    count = (node.high - node.low + 1).expand()
    if count.is_number or not conditions.imply(count - 1):
        return None
    shorter = node.func(node.body, (node.index, node.low, node.high - 1))
    latest = node.at(node.high)
    return latest * shorter if isinstance(node, OrderedProduct) else shorter + latest
