"""Write out one step of a power, an ordered product or a sum, so that the case n + 1 shows the case n."""

from __future__ import annotations

from sympy import Expr
from sympy.matrices.expressions.matexpr import MatrixExpr

from ..nodes.algebra import MatrixPower
from ..nodes.binders import OrderedProduct, TimeSum


def one_step(expr: Expr) -> Expr | None:
    r"""``expr`` with each :math:`A^{n+1}` as :math:`A A^n` and each binder's last index split off, if there is one."""
    changes: dict[Expr, MatrixExpr] = {}
    for node in expr.atoms(MatrixPower, OrderedProduct, TimeSum):
        opened = _opened(node)
        if opened is not None:
            changes[node] = opened
    return expr.xreplace(changes) if changes else None


def _opened(node: Expr) -> MatrixExpr | None:
    if isinstance(node, MatrixPower):
        base, exponent = node.args
        constant, rest = exponent.as_coeff_Add()
        return base * MatrixPower(base, exponent - 1) if constant >= 1 and rest != 0 else None
    constant, rest = (node.high - node.low + 1).expand().as_coeff_Add()
    if constant < 1 or rest == 0:
        return None
    shorter = node.func(node.body, (node.index, node.low, node.high - 1))
    latest = node.at(node.high)
    return latest * shorter if isinstance(node, OrderedProduct) else shorter + latest
