"""Single small edits of a function's source: what a slip of the pen looks like, and what would mend it."""

from __future__ import annotations

import ast
import copy
import inspect
import os
import textwrap
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .slips import Slips, filled

SWAPPED: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
RENAMED = {"sum": "mean", "mean": "sum"}


@dataclass(frozen=True)
class Edit:
    """A function with one place changed: the line, what stood there, what stands there now."""

    target: types.FunctionType
    function: types.FunctionType
    line: int
    before: str
    after: str

    @property
    def file(self) -> str:
        return os.path.basename(self.target.__code__.co_filename)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The function itself runs the changed code, whoever calls it."""
        own = self.target.__code__
        self.target.__code__ = self.function.__code__
        try:
            yield
        finally:
            self.target.__code__ = own


def edits_of(function: Any) -> Iterator[Edit]:
    """Every single edit of a Python function whose source can be read."""
    function = getattr(function, "__func__", function)
    if not isinstance(function, types.FunctionType):
        return
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        return
    definition.decorator_list.clear()
    slips = Slips(definition)
    places = list(_places(definition))
    for rank in (0, 1):
        for parent, field, position, node in places:
            for new in slips.of(node) if not rank else _replacements(node, slips.carried):
                before, after = ast.unparse(node), "" if new is None else ast.unparse(ast.fix_missing_locations(new))
                put = ast.copy_location(ast.Pass() if new is None else copy.deepcopy(new), node)
                _put(parent, field, position, put)
                made = _compiled(tree, function)
                _put(parent, field, position, node)
                if made is not None:
                    yield Edit(function, made, first + getattr(node, "lineno", 1) - 1, before, after)


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every node below another one, with where it stands there."""
    for parent in list(ast.walk(tree)):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                yield parent, field, None, value
            elif isinstance(value, list):
                yield from ((parent, field, k, node) for k, node in enumerate(value) if isinstance(node, ast.AST))


def _put(parent: ast.AST, field: str, position: int | None, node: ast.AST) -> None:
    if position is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[position] = node


def _compiled(tree: ast.Module, function: types.FunctionType) -> types.FunctionType | None:
    """The edited definition as a function of the same module and closure."""
    free = function.__code__.co_freevars
    try:
        if free:
            outer = ast.parse(f"def outer():\n    {' = '.join(free)} = None")
            outer.body[0].body.extend(tree.body)  # type: ignore[attr-defined]
            tree = outer
        code = compile(ast.fix_missing_locations(tree), function.__code__.co_filename, "exec")
    except (SyntaxError, ValueError):
        return None
    # A function may bear another name than its definition.
    for name in ("outer", function.__code__.co_name)[0 if free else 1 :]:
        code = next(c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name)
    if code.co_freevars != free:
        return None
    made = types.FunctionType(
        code, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _replacements(node: ast.AST, names: list[str]) -> Iterator[ast.AST | None]:
    """What may stand in the place of one node."""
    if isinstance(node, ast.BinOp):
        yield from _of_operation(node)
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        if node.attr == "T":
            yield node.value
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    elif isinstance(node, ast.Subscript):
        yield from _of_index(node)
    elif isinstance(node, ast.AugAssign):
        yield None
        if type(node.op) in SWAPPED:
            yield ast.AugAssign(node.target, SWAPPED[type(node.op)](), node.value)
        yield ast.Assign([node.target], node.value)
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        yield from _of_assignment(node, names)


def _of_operation(node: ast.BinOp) -> Iterator[ast.AST]:
    left, right, op = node.left, node.right, type(node.op)
    if op in SWAPPED:
        yield ast.BinOp(left, SWAPPED[op](), right)
        yield left
        yield right
    elif op is ast.MatMult:
        yield filled("a.T @ b", a=left, b=right)
        yield filled("a @ b.T", a=left, b=right)
        yield filled("b @ a", a=left, b=right)
        yield filled("a * b", a=left, b=right)
    elif op is ast.Mult:
        yield left
        yield right
        for a, b in ((left, right), (right, left)):
            if isinstance(a, ast.Name | ast.Subscript):
                yield filled("(1 - a ** 2) * b", a=a, b=b)
                yield filled("a * (1 - a) * b", a=a, b=b)
        if isinstance(left, ast.BinOp) and type(left.op) in SWAPPED:
            yield ast.BinOp(left.left, left.op, filled("a * b", a=left.right, b=right))
    elif op is ast.Div:
        yield left
    elif op is ast.Pow and isinstance(right, ast.Constant):
        yield left
        yield filled("a ** 3", a=left)


def _of_call(node: ast.Call) -> Iterator[ast.AST]:
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in ("tanh", "sigmoid", "expit", "sigma", "clip", "maximum", "minimum") and node.args:
        yield node.args[0]
    if name in RENAMED and isinstance(function, ast.Attribute):
        yield ast.Call(ast.Attribute(function.value, RENAMED[name], ast.Load()), node.args, node.keywords)
    if name in ("dot", "matmul", "outer") and len(node.args) == 2:
        a, b = node.args
        yield ast.Call(function, [b, a], node.keywords)
        yield ast.Call(function, [filled("a.T", a=a), b], node.keywords)
        yield ast.Call(function, [a, filled("a.T", a=b)], node.keywords)


def _of_index(node: ast.Subscript) -> Iterator[ast.AST]:
    index = node.slice
    if isinstance(index, ast.BinOp) and type(index.op) in SWAPPED:
        yield ast.Subscript(node.value, index.left, node.ctx)
        yield ast.Subscript(node.value, ast.BinOp(index.left, SWAPPED[type(index.op)](), index.right), node.ctx)
    elif isinstance(index, ast.Name):
        for text in ("a - 1", "a + 1"):
            yield ast.Subscript(node.value, filled(text, a=index), node.ctx)


def _of_assignment(node: ast.Assign, names: list[str]) -> Iterator[ast.AST | None]:
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Name | ast.Subscript):
        yield ast.AugAssign(target, ast.Add(), value)
    if isinstance(target, ast.Name) and target.id in names:
        for name in names:
            if name != target.id:
                yield ast.Assign([target], filled(f"a + {name}", a=value))
        yield ast.Assign([target], filled("a * 0", a=value))
