"""The slopes of the functions that forward applies entry by entry, and the places in backward where they belong."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from .carries import Changes
from .derivatives import NoRule, derivative, filled_name
from .edits import Change, Definition
from .places import Places, called, factors, name, product, values_of
from .reach import reached
from .slopes import MARKS, is_activation

LONGEST = 400
"""Characters of a slope that somebody may still want to read."""

READABLE = 80
"""Characters of an expression that is quoted rather than described."""

MOST = 6
"""Slopes that are tried."""


@dataclass(frozen=True)
class Slope:
    """An expression in one variable."""

    expression: ast.expr
    variable: str
    function: str = ""
    """The user's function of which it is the derivative, if it has a name."""

    def at(self, value: ast.expr) -> ast.expr:
        return filled_name(self.expression, self.variable, value)


@dataclass(frozen=True)
class Forward:
    """What rules want to know of forward: slopes of what it does entry by entry, what it names and divides by."""

    slopes: tuple[Slope, ...] = ()
    names: frozenset[str] = frozenset()
    divisors: tuple[ast.expr, ...] = ()

    @classmethod
    def of(cls, forward: Any, backward: Any) -> Forward:
        functions = reached(forward)
        names = [text for function in functions for text in (function.__name__, *function.__code__.co_names)]
        return cls(tuple(_slopes(functions, backward)), frozenset(names), tuple(_divisors(functions)))


NOTHING = Forward()


def _divisors(functions: list[types.FunctionType]) -> Iterator[ast.expr]:
    for definition in filter(None, map(Definition.of, functions)):
        for node in ast.walk(definition.tree):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                yield node.right


def _slopes(functions: list[types.FunctionType], backward: Any) -> list[Slope]:
    """Slopes that the user's module has functions for, and those derived from what forward does."""
    found = {text: Slope(ast.Call(name(text), [name("u_")], []), "u_") for text in _named(backward)}
    definitions = [made for made in map(Definition.of, functions) if made is not None]
    bodies = {made.node.name: made.node for made in definitions}
    body = partial(_written_out, bodies)
    for definition in [made for made in definitions if not is_activation(made.node.name)]:
        for expression, variable in _in_one_variable(definition.node, bodies):
            try:
                made = Slope(derivative(expression, variable, body), variable)
            except NoRule:
                continue
            function = definition.node.name if variable == "u_" else called(expression)
            made = replace(made, function=function if function in bodies else "")
            text = ast.unparse(made.at(name("u_")))
            if "u_" in text and len(text) <= LONGEST:
                found.setdefault(text, made)
    return list(found.values())[:MOST]


def _named(backward: Any) -> list[str]:
    """The functions of the user's that say that they are slopes, and take one number."""
    space = getattr(getattr(backward, "__func__", backward), "__globals__", {})
    plain = [(text, value) for text, value in space.items() if isinstance(value, types.FunctionType)]
    return [text for text, value in plain if value.__code__.co_argcount == 1 and _says(text) and value is not backward]


def _says(text: str) -> bool:
    words = text.lower().split("_")
    return any(mark in text.lower() for mark in MARKS[1:]) or words[0] == "d" or text.startswith("d")


def _written_out(bodies: dict[str, Any], text: str, argument: ast.expr) -> ast.expr | None:
    """What a function of the user's returns, if it only assigns names before."""
    node = bodies.get(text)
    if node is None or len(node.args.args) != 1 or not isinstance(node.body[-1], ast.Return):
        return None
    known = {node.args.args[0].arg: argument}
    for statement in node.body[:-1]:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
            return None
        known[statement.targets[0].id] = _filled(statement.value, known)
    value = node.body[-1].value
    return None if value is None else _filled(value, known)


def _filled(node: ast.expr, known: dict[str, ast.expr]) -> ast.expr:
    for text, value in known.items():
        node = filled_name(node, text, value)
    return node


def _in_one_variable(node: ast.FunctionDef, bodies: dict[str, Any]) -> Iterator[tuple[ast.expr, str]]:
    """The largest expressions of a function in one name of its own, but for the activations known by their names."""
    own = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {argument.arg for argument in node.args.args}
    waiting: list[ast.AST] = [s.value for s in ast.walk(node) if isinstance(s, ast.Assign | ast.Return) and s.value]
    if node.name in bodies and len(node.args.args) == 1:
        written = _written_out(bodies, node.name, name("u_"))
        if written is not None:
            yield written, "u_"
    while waiting:
        part = waiting.pop(0)
        names = {n.id for n in ast.walk(part) if isinstance(n, ast.Name)} & own
        if isinstance(part, ast.BinOp | ast.Call) and len(names) == 1:
            if not (is_activation(called(part)) and isinstance(part, ast.Call)):
                yield part, names.pop()
        else:
            waiting += ast.iter_child_nodes(part)


def slope_of_forward(places: Places) -> Changes:
    """The slope of what forward does, in the place of one factor or of all but one, or where none stands."""
    for node in reversed(list(places.of(ast.Assign, ast.AugAssign, ast.Return))):
        for value, _ in values_of(node):
            parts = factors(value)
            for slope in places.slopes:
                for text in places.letters(node):
                    if text.startswith("d"):
                        continue
                    if len(parts) == 1 or isinstance(node, ast.Return):
                        yield _changed(value, [], slope, text)
                    for part in parts if len(parts) > 1 else []:
                        yield _changed(value, [part], slope, text)
                    yield _changed(value, parts, slope, text)


def _changed(value: ast.expr, parts: list[ast.expr], slope: Slope, text: str) -> tuple[tuple[Change, ...], str]:
    made = product([*parts, slope.at(name(text))])
    said = ""
    if slope.function and len(ast.unparse(made)) > READABLE:
        before = f"`{ast.unparse(product(parts))}` times " if parts else ""
        said = f"`{ast.unparse(value)}` is replaced by {before}the derivative of `{slope.function}` at `{text}`"
    return ((value, made),), said
