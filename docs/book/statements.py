"""The statement of a module that a line belongs to, with its text."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statement:
    """The lines ``first`` to ``last`` of a module, counted from 1."""

    first: int
    last: int
    text: str


def statement_at(source: str, line: int) -> Statement | None:
    """The top-level statement around a line, or ``None``."""
    for node in ast.parse(source).body:
        if node.lineno <= line <= (node.end_lineno or node.lineno):
            return _cut(source, node)
    return None


def assignment_of(source: str, name: str) -> Statement | None:
    """The top-level statement that gives ``name`` its value, or ``None``."""
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return _cut(source, node)
    return None


def _cut(source: str, node: ast.stmt) -> Statement:
    last = node.end_lineno or node.lineno
    return Statement(node.lineno, last, "\n".join(source.splitlines()[node.lineno - 1 : last]))
