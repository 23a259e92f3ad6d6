"""The statement of a module that a line belongs to, with its text."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from .markdown import code, folded
from .places import ROOT
from .words import Words


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


def shown_code(path: Path, statement: Statement, words: Words) -> str:
    """The statement, folded away below the name of its file and the numbers of its lines."""
    where = f"{path.relative_to(ROOT)}{words.comma}{words.lines} {statement.first}–{statement.last}"
    return folded(f"{words.code}{words.colon}{where}", code(statement.text, first_line=statement.first))


def _cut(source: str, node: ast.stmt) -> Statement:
    last = node.end_lineno or node.lineno
    return Statement(node.lineno, last, "\n".join(source.splitlines()[node.lineno - 1 : last]))
