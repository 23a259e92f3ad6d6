"""Slips among gates: their order where they are stacked, one in the place of another, a gate for its complement."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Any

from .carries import Changes
from .places import New, Places, factors, name

LONGEST = 4
"""Gates whose order is tried in full."""


def swapped(node: ast.Tuple | ast.List, places: Places) -> New:
    """Gates stacked, unpacked or returned in another order; where one is never read, a name stands for it elsewhere."""
    parent = places.parents.get(id(node))
    if len(node.elts) < 2 or not isinstance(parent, ast.Call | ast.Assign | ast.Return | ast.For):
        return
    count = len(node.elts)
    for order in _orders(count):
        moved = [node.elts[k] for k in range(count) if order[k] != k]
        if not any(isinstance(part, ast.Name) and part.id in places.unused for part in moved):
            yield _ordered(node, order)


def _orders(count: int) -> Iterator[list[int]]:
    for a, b in combinations(range(count), 2):
        order = list(range(count))
        order[a], order[b] = b, a
        yield order
    if 3 <= count <= LONGEST:
        yield from (list(order) for order in permutations(range(count)) if list(order) != sorted(order))


def _ordered(node: ast.Tuple | ast.List, order: list[int]) -> ast.AST:
    return type(node)([node.elts[k] for k in order], node.ctx)


def values_swapped(places: Places) -> Changes:
    """Two assignments of the same kind with each other's value."""
    for body in _bodies(places):
        plain = [s for s in body if isinstance(s, ast.Assign) and len(s.targets) == 1]
        plain += [s for s in body if isinstance(s, ast.AugAssign)]  # type: ignore[misc]
        for one, other in combinations(plain, 2):
            if type(one) is type(other) and _kind(one) == _kind(other):
                yield ((one.value, other.value), (other.value, one.value)), ""


def _bodies(places: Places) -> Iterator[list[ast.stmt]]:
    kept = {id(node) for node in places.of(ast.stmt)}
    for node in places.nodes:
        body = getattr(node, "body", None)
        if isinstance(body, list):
            yield [s for s in body if id(s) in kept]


def _kind(statement: Any) -> tuple[str, str]:
    target: Any = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    part = isinstance(target, ast.Subscript)
    return type(target).__name__, ast.unparse(target.value) if part else str(len(getattr(target, "id", "")))


def exchanged(places: Places) -> Changes:
    """Two names in each other's place, in one statement."""
    for node in places.of(ast.Assign, ast.AugAssign):
        uses = [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
        texts = [t for t in dict.fromkeys(n.id for n in uses) if t in places.given]
        for a, b in combinations(texts, 2):
            if len(a) == len(b):
                other = {a: b, b: a}
                yield tuple((n, name(other[n.id])) for n in uses if n.id in other), ""


def complement(places: Places) -> Changes:
    r"""A gate z where 1 - z belongs, in one statement or in all, and :math:`\delta z` with the other sign."""
    complemented = {
        node.right.id
        for node in places.nodes
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and isinstance(node.right, ast.Name)
        and getattr(node.left, "value", None) in (1, 1.0)
    }
    for gate in [text for text in places.given if text in complemented]:
        statements = [n for n in places.of(ast.Assign, ast.AugAssign) if id(n) in places.inside]
        changes = []
        for node in statements:
            value = node.value  # type: ignore[attr-defined]
            made = _Complement(gate).visit(copy.deepcopy(value))
            if ast.unparse(made) != ast.unparse(value):
                changes.append((value, made))
                yield ((value, made),), ""
        for count in range(2, len(changes) + 1):
            for chosen in combinations(changes, count) if len(changes) <= 6 else [tuple(changes)]:
                yield tuple(chosen), f"`{gate}` and `1 - {gate}` change places"


class _Complement(ast.NodeTransformer):
    """1 - z for z and z for 1 - z; what has both factors, z (1 - z), changes its sign instead."""

    def __init__(self, gate: str) -> None:
        self.gate = gate

    def _is_gate(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id == self.gate

    def _is_complement(self, node: ast.AST) -> bool:
        return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and self._is_gate(node.right)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if self._is_complement(node) and getattr(node.left, "value", None) in (1, 1.0):
            return name(self.gate)
        if isinstance(node.op, ast.Mult):
            parts = factors(node)
            if any(map(self._is_gate, parts)) and any(map(self._is_complement, parts)):
                return ast.UnaryOp(ast.USub(), node)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.BinOp(ast.Constant(1), ast.Sub(), name(self.gate)) if self._is_gate(node) else node
