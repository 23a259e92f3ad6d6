"""The judge of faithfulness: numeric values of expressions, and all small expressions over every node."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np
from sympy import Basic, Expr, Integer, Rational, Symbol
from sympy.matrices.exceptions import ShapeError

from lstm_sym.activations import Activation, Applied, Elementwise, phi, sigma, tanh
from lstm_sym.nodes import (
    Block,
    Determinant,
    Diag,
    Eye,
    Hadamard,
    HadamardPower,
    MatrixPower,
    MatrixProduct,
    MatrixSum,
    MaxAbs,
    Norm,
    Ones,
    OrderedProduct,
    Partial,
    SpectralRadius,
    StopGradient,
    TimeSum,
    Total,
    Trace,
    Transposed,
    Zero,
    beside,
    concat,
    diag,
    hadamard,
    hadamard_power,
)
from lstm_sym.symbols import At, Parameter, Sequence, adjoint, claimed, direct, indices, sizes, t, tangent

n, d = sizes("n d")
k, T = indices("k T")
gamma = Symbol("gamma")

NUMBERS = {"n": 2, "d": 3, "t": 2, "k": 3, "T": 4, "gamma": 0.7}

W, V, U, b, u = Parameter("W", n, n), Parameter("V", n, n), Parameter("U", n, d), Parameter("b", n), Parameter("b_f", n)
h, a, x, r = Sequence("h", n), Sequence("a_f", n), Sequence("x", d), Sequence("r", 1)
M = Sequence("M", n, n)


def random(key: str, shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(zlib.crc32(key.encode())).uniform(0.5, 1.5, shape)


def number(expr: Any, where: dict[str, Any]) -> Any:
    return float(expr.subs({Symbol(s.name, **s.assumptions0): where[s.name] for s in expr.free_symbols}))


def value(expr: Any, where: dict[str, Any] | None = None) -> Any:
    """The value of an expression at n = 2, d = 3, with letters drawn from a hash of their names."""
    where = where or NUMBERS
    of = [value(part, where) for part in expr.args] if isinstance(expr, _STRICT) else []
    match expr:
        case Parameter():
            return random(expr.text, shape_of(expr, where))
        case At():
            return random(f"{expr.sequence.text}[{number(expr.index, where)}]", shape_of(expr, where))
        case Zero():
            return np.zeros(shape_of(expr, where))
        case Ones():
            return np.ones(shape_of(expr, where))
        case Eye():
            return np.eye(shape_of(expr, where)[0])
        case MatrixSum():
            return sum(of[1:], of[0])
        case MatrixProduct():
            result = value(expr.matrices[0], where)
            for matrix in expr.matrices[1:]:
                result = result @ value(matrix, where)
            return value(expr.scalar, where) * result
        case Transposed():
            return of[0].T
        case MatrixPower():
            try:
                return np.linalg.matrix_power(value(expr.args[0], where), int(number(expr.args[1], where)))
            except np.linalg.LinAlgError:
                return np.full(shape_of(expr, where), np.nan)
        case Hadamard():
            return np.prod(of, axis=0)
        case HadamardPower():
            return value(expr.args[0], where) ** number(expr.args[1], where)
        case Diag():
            return np.diag(of[0][:, 0])
        case Trace():
            return np.trace(of[0])
        case Norm():
            return np.linalg.norm(of[0], 2)
        case MaxAbs():
            return np.abs(of[0]).max()
        case SpectralRadius():
            return np.abs(np.linalg.eigvals(of[0])).max()
        case Determinant():
            return np.linalg.det(of[0])
        case Elementwise() | Applied():
            return apply(expr.function, value(expr.argument, where))
        case StopGradient():
            # Not the value: sg(A) is another expression than A, so it gets another number.
            return of[0] + 10
        case Block():
            return np.block([[value(block, where) for block in row] for row in expr.args])
        case TimeSum() | OrderedProduct():
            steps = range(int(number(expr.low, where)), int(number(expr.high, where)) + 1)
            terms = [value(expr.body, where | {expr.index.name: step}) for step in steps]
            if isinstance(expr, TimeSum):
                return sum(terms[1:], terms[0])
            return np.linalg.multi_dot(terms[::-1]) if len(terms) > 1 else terms[0]
        case Partial() | Total():
            parts = [np.round(value(part, where), 6).tobytes().hex() for part in expr.args]
            return random(f"{type(expr).__name__} {parts}", shape_of(expr, where))
        case _:
            return scalar(expr, where)


_STRICT = (MatrixSum, Transposed, Hadamard, Diag, Trace, StopGradient, Norm, MaxAbs, SpectralRadius, Determinant)


def scalar(expr: Expr, where: dict[str, Any]) -> Any:
    if isinstance(expr, Symbol):
        return where[expr.name]
    if expr.is_Add:
        return sum(value(part, where) for part in expr.args)
    if expr.is_Mul:
        return np.prod([value(part, where) for part in expr.args])
    if expr.is_Pow:
        return value(expr.base, where) ** value(expr.exp, where)
    return float(expr)


def apply(function: Activation, argument: Any) -> Any:
    shift = zlib.crc32(function.text.encode()) % 97 / 7
    return np.sin(argument + shift) + shift


def shape_of(expr: Any, where: dict[str, Any]) -> tuple[int, int]:
    return int(number(expr.rows, where)), int(number(expr.cols, where))


# --- every small expression --------------------------------------------------------------------

LETTERS: tuple[Any, ...] = (W, U, b, u, h[t], h[t - 1], a[t], x[t], M[t], r[t])
MARKED: tuple[Any, ...] = (
    adjoint(h)[t],
    direct(a)[t],
    tangent(a)[t],
    claimed(h)[t],
    claimed(adjoint(h))[t],
    adjoint(W),
)
CONSTANTS: tuple[Any, ...] = (Zero(n), Zero(n, d), Zero(n, n), Ones(n), Ones(n, d), Ones(1), Eye(n), Eye(d))
SCALARS: tuple[Expr, ...] = (Integer(-1), Integer(2), Rational(1, 2), gamma, 1 + gamma, -gamma)


def unary(operand: Any) -> Iterator[Any]:
    """Every node with one matrix operand that can be built on it."""
    yield from attempts(
        lambda: operand.T,
        lambda: MatrixPower(operand, 2),
        lambda: MatrixPower(operand, k),
        lambda: MatrixPower(operand, -1),
        lambda: hadamard_power(operand, 2),
        lambda: hadamard_power(operand, -1),
        lambda: diag(operand),
        lambda: sigma(operand),
        lambda: sigma.prime(operand),
        lambda: phi(operand),
        lambda: StopGradient(operand),
        lambda: TimeSum(operand, (t, 1, T)),
        lambda: OrderedProduct(operand, (t, 1, T)),
        lambda: Trace(operand) * W,
        lambda: tanh(Trace(operand)) * b,
        lambda: Norm(operand) * W,
        lambda: MaxAbs(operand) * b,
        lambda: Determinant(operand) * b,
        lambda: 1 - operand,
        *[lambda scalar=scalar: scalar * operand for scalar in SCALARS],
    )


def binary(left: Any, right: Any) -> Iterator[Any]:
    """Every node with two matrix operands that can be built on them."""
    yield from attempts(
        lambda: left + right,
        lambda: left - right,
        lambda: left * right,
        lambda: hadamard(left, right),
        lambda: beside(left, right),
        lambda: concat(left, right),
        lambda: Trace(left) * right,
        lambda: Partial(left, right),
        lambda: Total(left, right),
    )


def attempts(*builders: Any) -> Iterator[Any]:
    """What the builders build; a builder whose shapes do not fit builds nothing."""
    for build in builders:
        try:
            yield build()
        except (ShapeError, TypeError, ValueError):
            continue


def one_level(operands: Iterable[Any], others: Iterable[Any]) -> set[Any]:
    operands, others = list(operands), list(others)
    built: set[Basic] = {expr for operand in operands for expr in unary(operand)}
    for left, right in product(operands, others):
        built.update(binary(left, right))
        built.update(binary(right, left))
    return built


def normalised(tex: str) -> str:
    """What the eye sees: blanks and the size of brackets do not count."""
    return re.sub(r"\\left|\\right|\s+", "", tex)


def collisions(expressions: Iterable[Any], printed: Any) -> Iterator[tuple[str, Any, Any]]:
    """Pairs of expressions that print alike and have different values."""
    first: dict[str, Any] = {}
    for expr in expressions:
        text = normalised(printed(expr))
        other = first.setdefault(text, expr)
        if other != expr and not same_value(other, expr):
            yield text, other, expr


def same_value(left: Any, right: Any) -> bool:
    with np.errstate(all="ignore"):
        one, two = np.asarray(value(left)), np.asarray(value(right))
        return one.shape == two.shape and bool(np.allclose(one, two, rtol=1e-9, atol=1e-12, equal_nan=True))
