r"""Nodes that bind an index: the ordered product over steps and the sum over time."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Symbol, Tuple, sympify
from sympy.matrices.expressions.matexpr import MatrixExpr

from .algebra import Eye, Zero
from .operand import Operand, as_expression, require_matrix, require_square


def fresh(index: Symbol, *exprs: Any) -> Symbol:
    """A symbol like ``index``, primed until none of ``exprs`` has one of its name free."""
    taken = {symbol.name for expr in exprs for symbol in expr.free_symbols if isinstance(symbol, Symbol)}
    name = index.name
    while name in taken:
        name += "'"
    return Symbol(name, **index.assumptions0)


class Binder(Operand):
    """A body over an integer index ``k`` from ``low`` to ``high``, both included; empty if ``high < low``.

    ``subs`` leaves the bound index alone; ``subs`` and ``xreplace`` rename it where a replacement would be captured.
    """

    def __new__(cls, body: Any, limits: Any) -> MatrixExpr:
        require_matrix(cls.__name__, body)
        index, low, high = (as_expression(part) for part in limits)
        if not isinstance(index, Symbol):
            raise TypeError(f"{cls.__name__} binds a symbol, got {index}")
        if low.has(index) or high.has(index):
            raise ValueError(f"the bounds {low} and {high} of {cls.__name__} contain its own index {index}")
        return MatrixExpr.__new__(cls, body, Tuple(index, low, high))

    body = property(lambda self: self.args[0])
    index = property(lambda self: self.args[1][0])
    low = property(lambda self: self.args[1][1])
    high = property(lambda self: self.args[1][2])
    shape = property(lambda self: self.args[0].shape)

    @property
    def bound_symbols(self) -> list[Symbol]:
        return [self.index]

    @property
    def free_symbols(self) -> set[Any]:
        return (self.body.free_symbols - {self.index}) | self.low.free_symbols | self.high.free_symbols

    def _eval_subs(self, old: Any, new: Any) -> Any:
        new = as_expression(new)
        if old == self.index:
            limits = (self.index, self.low.subs(old, new), self.high.subs(old, new))
            return self.func(self.body, limits)
        clear = self.clear_of(new)
        body, low, high = (part.subs(old, new) for part in (clear.body, clear.low, clear.high))
        return self.func(body, (clear.index, low, high))

    def _xreplace(self, rule: Any) -> Any:
        if self in rule:
            return rule[self], True
        arriving = [sympify(new) for old, new in rule.items() if not old.has(self.index) and self.body.has(old)]
        return Operand._xreplace(self.clear_of(*arriving), rule)

    def clear_of(self, *exprs: Any) -> Any:
        """The same value, with the index renamed where one of ``exprs`` has it free."""
        if not any(self.index in expr.free_symbols for expr in exprs):
            return self
        index = fresh(self.index, self.body, self.args[1], *exprs)
        return self.func(self.body.xreplace({self.index: index}), (index, self.low, self.high))

    @property
    def steps(self) -> list[Expr] | None:
        """The values of the index, if their number is an integer."""
        count = (self.high - self.low + 1).expand()
        return [self.low + k for k in range(int(count))] if count.is_Integer else None

    def at(self, value: Any) -> MatrixExpr:
        """The body with its index replaced by ``value``."""
        return self.body.subs(self.index, as_expression(value))

    def _sympystr(self, printer: Any) -> str:
        body, index, low, high = (printer._print(part) for part in (self.body, *self.args[1]))
        return f"{type(self).__name__}({body}, ({index}, {low}, {high}))"


class OrderedProduct(Binder):
    r""":math:`M_{high} M_{high-1} \cdots M_{low}`: the latest factor stands leftmost, as Jacobians compose."""

    def __new__(cls, body: Any, limits: Any) -> MatrixExpr:
        require_matrix(cls.__name__, body)
        require_square("an ordered product", body)
        return super().__new__(cls, body, limits)

    def doit(self, **hints: Any) -> MatrixExpr:
        """The written-out product, if the number of factors is an integer."""
        node = super().doit(**hints)
        if not isinstance(node, OrderedProduct) or node.steps is None:
            return node
        product: MatrixExpr = Eye(node.rows)
        for value in node.steps:
            product = node.at(value).doit(**hints) * product
        return product


class TimeSum(Binder):
    r""":math:`\sum_{t=low}^{high} A_t`."""

    def doit(self, **hints: Any) -> MatrixExpr:
        """The written-out sum, if the number of terms is an integer."""
        node = super().doit(**hints)
        if not isinstance(node, TimeSum) or node.steps is None:
            return node
        total: MatrixExpr = Zero(*node.shape)
        for value in node.steps:
            total = total + node.at(value).doit(**hints)
        return total
