"""The derivative of an expression in somebody's source, as an expression in it: entry by entry, in one variable."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from .places import called, filled, name
from .slopes import SIGMOIDS

CALLS = {
    "tanh": "1 - np.tanh(u) ** 2",
    "exp": "np.exp(u)",
    "log": "1 / u",
    "log1p": "1 / (1 + u)",
    "sqrt": "0.5 / np.sqrt(u)",
    "square": "2 * u",
    "sin": "np.cos(u)",
    "cos": "-np.sin(u)",
    "arctan": "1 / (1 + u ** 2)",
    "abs": "np.sign(u)",
}
"""What a function of one argument has for a slope."""

DEEPEST = 4
"""Functions within functions that are looked into."""

Body = Callable[[str, ast.expr], ast.expr | None]
"""What a call of a function of the user's is, written out for its argument; ``None`` where that is not known."""


class NoRule(Exception):
    """An expression whose derivative is not known."""


def derivative(node: ast.expr, x: str, body: Body, depth: int = 0) -> ast.expr:
    r"""The derivative of an expression with respect to the variable x.

    >>> ast.unparse(derivative(ast.parse("x * np.exp(3 * x)", mode="eval").body, "x", lambda f, u: None))
    'np.exp(3 * x) + x * (np.exp(3 * x) * 3)'
    """
    if not any(isinstance(inner, ast.Name) and inner.id == x for inner in ast.walk(node)):
        return ast.Constant(0)
    of = partial(derivative, x=x, body=body, depth=depth)
    if isinstance(node, ast.Compare):
        return ast.Constant(0)
    if isinstance(node, ast.Name):
        return ast.Constant(1)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _times(ast.Constant(-1), of(node.operand))
    if isinstance(node, ast.BinOp):
        return _of_operation(node, of(node.left), of(node.right))
    if isinstance(node, ast.Call) and not node.keywords:
        return _of_call(node, of, body, depth, x)
    raise NoRule


def _of_operation(node: ast.BinOp, left: ast.expr, right: ast.expr) -> ast.expr:
    match node.op:
        case ast.Add():
            return _plus(left, right)
        case ast.Sub():
            return _plus(left, _times(ast.Constant(-1), right))
        case ast.Mult():
            return _plus(_times(left, node.right), _times(node.left, right))
        case ast.Div():
            if _is(right, 0):
                return filled("a / b", a=left, b=node.right)
            return filled("(a * v - u * b) / v ** 2", a=left, b=right, u=node.left, v=node.right)
        case ast.Pow() if isinstance(node.right, ast.Constant) and isinstance(node.right.value, int):
            below = ast.Constant(node.right.value - 1)
            power = node.left if _is(below, 1) else filled("u ** n", u=node.left, n=below)
            return _times(_times(node.right, power), left)
    raise NoRule


def _of_call(node: ast.Call, of: Callable[..., ast.expr], body: Body, depth: int, x: str) -> ast.expr:
    text = called(node)
    if text == "where" and len(node.args) == 3:
        return filled("np.where(c, a, b)", c=node.args[0], a=of(node.args[1]), b=of(node.args[2]))
    if text in ("maximum", "minimum") and len(node.args) == 2:
        one, other = node.args
        sign = ">" if text == "maximum" else "<"
        return filled(f"np.where(u {sign} v, a, b)", u=one, v=other, a=of(one), b=of(other))
    if len(node.args) != 1:
        raise NoRule
    (u,) = node.args
    if text.strip("_") in SIGMOIDS:
        slope = filled("s * (1 - s)", s=node)
    elif text in CALLS and not (isinstance(node.func, ast.Name) and body(text, u) is not None):
        slope = filled(CALLS[text], u=u)
    else:
        inner = body(text, name("u_"))
        if inner is None or depth > DEEPEST:
            raise NoRule
        outer = derivative(inner, "u_", body, depth + 1)
        slope = filled_name(outer, "u_", u)
    return _times(slope, of(u))


def filled_name(node: ast.expr, text: str, value: ast.expr) -> ast.expr:
    """An expression with another one in the place of a name."""
    return filled(ast.unparse(node), **{text: value})


def _is(node: ast.expr, number: int) -> bool:
    return isinstance(node, ast.Constant) and node.value == number


def _plus(a: ast.expr, b: ast.expr) -> ast.expr:
    if _is(a, 0):
        return b
    return a if _is(b, 0) else filled("a + b", a=a, b=b)


def _times(a: ast.expr, b: ast.expr) -> ast.expr:
    if _is(a, 0) or _is(b, 0):
        return ast.Constant(0)
    if _is(a, 1):
        return b
    if isinstance(a, ast.BinOp) and isinstance(a.op, ast.Div) and _is(a.left, 1):
        return filled("b / v", b=b, v=a.right)
    return a if _is(b, 1) else filled("a * b", a=a, b=b)
