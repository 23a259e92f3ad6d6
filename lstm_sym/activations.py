r"""Elementwise functions: one table row each, with everything the rest of the library needs to know of it.

A row states the function's LaTeX, its derivative as an expression in the argument and the value, its
stable NumPy form and its rule over a number domain (the finite field, dual numbers, Arb balls). The
function itself stays opaque in expressions, so derivatives are polynomials in its value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sympy import Add, Basic, Expr, Integer, Mul, Pow, Symbol, sympify
from sympy.core.symbol import Str
from sympy.matrices.expressions.matexpr import MatrixExpr

from .nodes.algebra import Ones
from .nodes.elementwise import Hadamard, HadamardPower, hadamard
from .nodes.operand import Operand, as_expression, is_matrix

X, Y = Symbol("x"), Symbol("y")
"""In a row's derivative, ``X`` stands for the argument and ``Y`` for the function's value there."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one elementwise function."""

    name: str
    latex: str
    derivative: Callable[[], Expr]
    numpy: str
    field: Callable[[Any, Any], Any]
    kink: str = ""


TABLE: dict[str, Row] = {
    row.name: row
    for row in (
        Row(
            "sigma",
            r"\sigma",
            derivative=lambda: Y * (1 - Y),
            numpy="0.5 * np.tanh(0.5 * {x}) + 0.5",
            field=lambda domain, x: 1 / (1 + domain.exp(-x)),
        ),
        Row(
            "tanh",
            r"\tanh",
            derivative=lambda: 1 - Y**2,
            numpy="np.tanh({x})",
            field=lambda domain, x: (domain.exp(2 * x) - 1) / (domain.exp(2 * x) + 1),
        ),
        Row(
            "identity",
            r"\operatorname{id}",
            derivative=lambda: Integer(1),
            numpy="{x}",
            field=lambda domain, x: x,
        ),
        Row(
            "softplus",
            r"\operatorname{softplus}",
            derivative=lambda: sigma(X),
            numpy="np.logaddexp(0.0, {x})",
            field=lambda domain, x: domain.log(1 + domain.exp(x)),
        ),
        Row(
            "exp",
            r"\exp",
            derivative=lambda: Y,
            numpy="np.exp({x})",
            field=lambda domain, x: domain.exp(x),
        ),
        Row(
            "log",
            r"\log",
            derivative=lambda: 1 / X,
            numpy="np.log({x})",
            field=lambda domain, x: domain.log(x),
        ),
        Row(
            "step",
            r"\operatorname{step}",
            derivative=lambda: Integer(0),
            numpy="np.where({x} > 0, np.ones_like({x}), 0)",
            field=lambda domain, x: domain.step(x),
            kink="0 at x <= 0, 1 at x > 0; the derivative is 0 off the jump at x = 0",
        ),
        Row(
            "relu",
            r"\operatorname{relu}",
            derivative=lambda: step(X),
            numpy="np.maximum({x}, 0.0)",
            field=lambda domain, x: x * domain.step(x),
            kink="kink at x = 0, where the derivative is taken as 0",
        ),
        Row(
            "hardtanh",
            r"\operatorname{hardtanh}",
            derivative=lambda: step(X + 1) - step(X - 1),
            numpy="np.clip({x}, -1.0, 1.0)",
            field=lambda domain, x: (x + 1) * domain.step(x + 1) - (x - 1) * domain.step(x - 1) - 1,
            kink="kinks at x = -1 and x = 1, where the derivative is taken as 0 and as 1, its value from the left",
        ),
        Row(
            "elu",
            r"\operatorname{elu}",
            derivative=lambda: step(X) + (1 - step(X)) * (1 + Y),
            numpy="np.where({x} > 0, {x}, np.expm1(np.minimum({x}, 0.0)))",
            field=lambda domain, x: x * domain.step(x) + (domain.exp(x) - 1) * (1 - domain.step(x)),
        ),
        Row(
            "softsign",
            r"\operatorname{softsign}",
            derivative=lambda: (1 + Y - 2 * Y * step(X)) ** 2,
            numpy="{x} / (1.0 + np.where({x} > 0, {x}, -{x}))",
            field=lambda domain, x: x / (1 - x + 2 * x * domain.step(x)),
        ),
        Row(
            "absolute",
            r"\operatorname{abs}",
            derivative=lambda: 2 * step(X) - 1,
            numpy="{x} * np.sign({x}.real)",
            field=lambda domain, x: x * (2 * domain.step(x) - 1),
            kink="kink at x = 0, where the derivative is taken as -1",
        ),
        Row(
            "sqrt",
            r"\operatorname{sqrt}",
            derivative=lambda: 1 / (2 * Y),
            numpy="np.sqrt({x})",
            field=lambda domain, x: domain.sqrt(x),
        ),
    )
}


class Activation(Basic):
    r"""An elementwise function, named by its row in ``TABLE``; a name without a row is an unspecified φ.

    ``order`` counts primes: ``phi.prime`` is :math:`\varphi'`. Calling it on a matrix applies it to
    every entry, on a scalar it gives a scalar expression.

    >>> from sympy import Symbol
    >>> sigma(Symbol("z")), sigma.prime(Symbol("z"))
    (sigma(z), sigma'(z))
    """

    def __new__(cls, name: Any, order: Any = 0) -> Activation:
        return Basic.__new__(cls, name if isinstance(name, Str) else Str(name), sympify(order))

    name = property(lambda self: self.args[0].name)
    order = property(lambda self: int(self.args[1]))

    @property
    def row(self) -> Row | None:
        return TABLE.get(self.name)

    def _repr_latex_(self) -> str:
        from .latex.printer import latex

        return f"$\\displaystyle {latex(self)}$"

    def _latex(self, printer: Any) -> str:
        from .latex.printer import latex

        return latex(self)

    @property
    def prime(self) -> Activation:
        """The derivative, as a function of the same argument."""
        return Activation(self.name, self.order + 1)

    @property
    def text(self) -> str:
        return self.name + "'" * self.order

    def __call__(self, argument: Any) -> Expr:
        argument = as_expression(argument)
        return Elementwise(self, argument) if is_matrix(argument) else Applied(self, argument)

    def _sympystr(self, printer: Any) -> str:
        return self.text


class Elementwise(Operand):
    r""":math:`f(A)`, the function ``f`` applied to every entry of ``A``."""

    def __new__(cls, function: Activation, argument: Any) -> MatrixExpr:
        if not is_matrix(argument):
            raise TypeError(f"Elementwise takes a matrix, got the scalar {argument}")
        return MatrixExpr.__new__(cls, function, argument)

    function = property(lambda self: self.args[0])
    argument = property(lambda self: self.args[1])
    shape = property(lambda self: self.args[1].shape)

    def doit(self, **hints: Any) -> MatrixExpr:
        return Elementwise(self.function, self.argument.doit(**hints))

    def _sympystr(self, printer: Any) -> str:
        return f"{self.function.text}({printer._print(self.argument)})"


class Applied(Expr):
    r""":math:`f(z)` for a scalar ``z``."""

    is_commutative = True

    def __new__(cls, function: Activation, argument: Any) -> Applied:
        return Expr.__new__(cls, function, as_expression(argument))

    function = property(lambda self: self.args[0])
    argument = property(lambda self: self.args[1])

    def _eval_derivative(self, symbol: Any) -> Expr:
        return Applied(self.function.prime, self.argument) * self.argument.diff(symbol)

    def doit(self, **hints: Any) -> Expr:
        return Applied(self.function, self.argument.doit(**hints))

    def _sympystr(self, printer: Any) -> str:
        return f"{self.function.text}({printer._print(self.argument)})"

    def _repr_latex_(self) -> str:
        from .latex.printer import latex

        return f"$\\displaystyle {latex(self)}$"

    def _latex(self, printer: Any) -> str:
        from .latex.printer import latex

        return latex(self)


sigma: Activation = Activation("sigma")
tanh: Activation = Activation("tanh")
identity = Activation("identity")
softplus = Activation("softplus")
exp = Activation("exp")
log = Activation("log")
step: Activation = Activation("step")
relu = Activation("relu")
hardtanh = Activation("hardtanh")
elu = Activation("elu")
softsign = Activation("softsign")
absolute = Activation("absolute")
sqrt = Activation("sqrt")
phi = Activation("phi")
"""The unspecified activation of an Elman RNN."""


def derivative(function: Activation) -> Expr | None:
    """The derivative of ``function`` in ``X`` and ``Y`` (the value of order 0); ``None`` for an unspecified one.

    Higher orders follow by the chain rule, with Y' the first derivative.
    """
    if function.row is None:
        return None
    result = first = function.row.derivative()
    for _ in range(function.order):
        result = result.diff(X) + result.diff(Y) * first
    return result


def derivative_at(function: Activation, argument: MatrixExpr, value: MatrixExpr | None = None) -> MatrixExpr:
    r"""The entries :math:`f'(a)` as a matrix of ``argument``'s shape, in the textbook's form.

    ``value`` is the letter that holds ``f(argument)``: with it, σ' prints as
    :math:`f \odot (1 - f)` rather than :math:`\sigma(a) \odot (1 - \sigma(a))`.
    """
    formula = derivative(function)
    if formula is None:
        return function.prime(argument)
    if function.order or value is None:
        value = Activation(function.name)(argument)
    return entrywise(formula, {X: argument, Y: value})


def entrywise(formula: Expr, values: dict[Symbol, MatrixExpr]) -> MatrixExpr:
    """A scalar formula read entry by entry: products become ⊙, powers elementwise powers, numbers all-ones."""
    shape = next(iter(values.values())).shape
    if formula in values:
        return values[formula]
    if isinstance(formula, Applied):
        return Elementwise(formula.function, entrywise(formula.argument, values))
    if isinstance(formula, Add):
        parts = sorted(formula.args, key=lambda term: not term.is_number)
        total = entrywise(parts[0], values)
        for part in parts[1:]:
            total = total + entrywise(part, values)
        return total
    if isinstance(formula, Mul):
        numbers = [part for part in formula.args if part.is_number]
        others = sorted((part for part in formula.args if not part.is_number), key=lambda part: part.is_Add)
        return hadamard(*numbers, *[entrywise(part, values) for part in others])
    if isinstance(formula, Pow) and formula.exp.is_number:
        return HadamardPower(entrywise(formula.base, values), formula.exp)
    if formula.is_number:
        return Integer(0) * Ones(*shape) if formula == 0 else hadamard(formula, Ones(*shape))
    raise TypeError(f"no entrywise reading of {formula}; X and Y stand for the argument and the value")


__all__ = [
    "TABLE",
    "Activation",
    "Applied",
    "Elementwise",
    "Hadamard",
    "Row",
    "absolute",
    "derivative",
    "derivative_at",
    "elu",
    "exp",
    "hardtanh",
    "identity",
    "log",
    "phi",
    "relu",
    "sigma",
    "softplus",
    "softsign",
    "sqrt",
    "step",
    "tanh",
]
