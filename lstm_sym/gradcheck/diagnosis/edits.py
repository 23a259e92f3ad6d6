"""A function with places of its source changed: the engine, which knows no mathematics."""

from __future__ import annotations

import ast
import inspect
import os
import textwrap
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Change = tuple[ast.AST, ast.AST | None]
"""A node, and what stands in its place; ``None`` where it is left out."""

GROWING = ("append", "extend", "insert", "add", "update", "setdefault")

MOST_SAID = 6
"""Places of one edit that are quoted; more are counted."""


@dataclass(frozen=True, eq=False)
class Edit:
    """A function whose code is changed: what stood in which places, and what stands there now."""

    target: types.FunctionType
    code: types.CodeType
    changes: tuple[Change, ...]
    first: int
    words: str = ""
    """What is done, where that is plainer than to quote it; it names the place."""

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The function itself runs the changed code, whoever calls it."""
        own = self.target.__code__
        self.target.__code__ = self.code
        try:
            yield
        finally:
            self.target.__code__ = own

    def line(self, node: ast.AST) -> int:
        """The line of the file."""
        return self.first + getattr(node, "lineno", 1) - 1

    @property
    def file(self) -> str:
        return os.path.basename(self.target.__code__.co_filename)

    def __str__(self) -> str:
        if self.words:
            return f"{self.words} ({self.file}:{self.line(self.changes[0][0])})"
        said = list(dict.fromkeys(self._said(*change) for change in self.changes))
        shown = said[:MOST_SAID] + ([f"so in {len(said) - MOST_SAID} more places"] if len(said) > MOST_SAID else [])
        return " and ".join(shown)

    def _said(self, node: ast.AST, new: ast.AST | None) -> str:
        place = f"({self.file}:{self.line(node)})"
        if new is None:
            return f"`{ast.unparse(node)}` is left out {place}"
        return f"`{ast.unparse(node)}` is replaced by `{ast.unparse(ast.fix_missing_locations(new))}` {place}"


class Definition:
    """The source of a Python function, as a tree whose places can be changed."""

    def __init__(self, function: types.FunctionType, tree: ast.Module, first: int) -> None:
        self.function = function
        self.tree = tree
        self.first = first
        self.node: Any = tree.body[0]
        loops = [node for node in ast.walk(tree) if isinstance(node, ast.For)]
        iterated = {id(node) for loop in loops for node in ast.walk(loop.iter)}
        self._lengths = iterated | {id(node) for part in _growing(tree) for node in ast.walk(part)}
        """What decides how long a loop runs, or what grows."""
        self._loops = [(loop, _texts(loop.iter) & _grown(loop)) for loop in loops]
        self._places = {id(node): (parent, name, k) for parent, name, k, node in _places(tree)}

    @classmethod
    def of(cls, function: Any) -> Definition | None:
        """The definition of a function; ``None`` where its source cannot be read."""
        function = getattr(function, "__func__", function)
        if not isinstance(function, types.FunctionType):
            return None
        try:
            lines, first = inspect.getsourcelines(function)
            tree = ast.parse(textwrap.dedent("".join(lines)))
        except (OSError, TypeError, SyntaxError, IndentationError):
            return None
        if not tree.body or not isinstance(tree.body[0], ast.FunctionDef):
            return None
        tree.body[0].decorator_list.clear()
        return cls(function, tree, first)

    def edit(self, changes: tuple[Change, ...], words: str = "") -> Edit | None:
        """The function with these nodes changed; ``None`` where that is no Python, or puts something into itself."""
        old = []
        if any(self._within_itself(node, new) for node, new in changes):
            return None
        try:
            for node, new in changes:
                parent, name, position = self._places[id(node)]
                put = ast.Pass() if new is None else new
                if any(part is parent for part in ast.walk(put)):
                    return None
                if id(put) not in self._places:
                    ast.copy_location(put, node)
                ast.fix_missing_locations(put)
                old.append((parent, name, position, node))
                _put(parent, name, position, put)
            longer = any(id(node) in self._lengths or _lengthens(new) for node, new in changes)
            code = None if longer and self._endless() else self._compiled()
        finally:
            for place in reversed(old):
                _put(*place)
        return None if code is None else Edit(self.function, code, changes, self.first, words)

    def _within_itself(self, node: ast.AST, new: ast.AST | None) -> bool:
        """Whether a list would be appended to itself, of which NumPy makes an array without an end."""
        around: ast.AST = node
        while id(around) in self._places:
            around = self._places[id(around)][0]
            if isinstance(around, ast.Call) and _grows(around):
                return new is not None and not _texts(around.func).isdisjoint(_texts(new) - _texts(node))
        return False

    def _endless(self) -> bool:
        """Whether a loop runs over what it makes longer, so that it might never end."""
        return any(_texts(loop.iter) & _grown(loop) - fine for loop, fine in self._loops)

    def _compiled(self) -> types.CodeType | None:
        """The tree as code for the function, of the same closure."""
        free = self.function.__code__.co_freevars
        tree = self.tree
        try:
            if free:
                tree = ast.parse(f"def outer():\n    {' = '.join(free)} = None")
                tree.body[0].body.extend(self.tree.body)  # type: ignore[attr-defined]
            code = compile(tree, self.function.__code__.co_filename, "exec")
        except (SyntaxError, ValueError, TypeError):
            return None
        for name in ("outer", self.node.name)[0 if free else 1 :]:
            code = next(c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name)
        return code if code.co_freevars == free else None


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every node below another one, with where it stands there."""
    for parent in list(ast.walk(tree)):
        for name, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                yield parent, name, None, value
            elif isinstance(value, list):
                yield from ((parent, name, k, node) for k, node in enumerate(value) if isinstance(node, ast.AST))


def _texts(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _grows(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in GROWING


def _grown(loop: ast.For) -> set[str]:
    """Names to which the body of a loop appends."""
    return {text for part in _growing(loop) for text in _texts(part)}


def _growing(tree: ast.AST) -> Iterator[ast.expr]:
    """What is appended to, or added to in place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _grows(node):
            yield node.func
        elif isinstance(node, ast.AugAssign):
            yield _root(node.target)


def _lengthens(node: ast.AST | None) -> bool:
    return node is not None and any(True for _ in _growing(node))


def _root(target: ast.expr) -> ast.expr:
    """What is changed, without the index at which it is."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return target


def _put(parent: ast.AST, name: str, position: int | None, node: ast.AST) -> None:
    if position is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[position] = node


def shape_of(code: types.CodeType) -> Any:
    """What a code does, wherever its lines stand: two edits with the same are one."""
    inner = tuple(shape_of(c) if isinstance(c, types.CodeType) else (type(c), c) for c in code.co_consts)
    return code.co_code, inner, code.co_names, code.co_varnames
