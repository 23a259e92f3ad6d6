r"""Values that a step writes where they stay: into its row of an array that is allocated before the scan.

A library without ``out=`` keeps what its steps return and stacks it afterwards, which copies every value once more.

A step calls PyTorch's functions by ``calls``: these are PyTorch's own, or NumPy's under their names, which work on the
same memory at a fifth of the price of a call. So its lines are of the kind that both have.
"""

from __future__ import annotations

import ast
import re
from textwrap import dedent

from .layout import unparsed

FILLING = ("tanh", "sigmoid", "exp", "addmm", "addcmul", "matmul", "cat")
"""Functions of PyTorch that generated code calls and that can write their result into a given tensor."""

SHARED = {*FILLING, "add", "sub", "mul", "maximum", "minimum", "logaddexp", "full_like", "sqrt", "log", "where"}
"""Functions of PyTorch that ``NumPyCalls`` of a generated module has."""

OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul"}


def filling(target: str, value: str) -> list[str]:
    """The statements that write an expression of PyTorch into the tensor ``target``.

    >>> filling("h", "o * tanh_c")
    ['torch.mul(o, tanh_c, out=h)']
    >>> filling("a", "torch.addmm(a, h_prev, W)")
    ['torch.addmm(a, h_prev, W, out=a)']
    >>> filling("c", "torch.addcmul(f * c_prev, i, z)")
    ['torch.mul(f, c_prev, out=c)', 'torch.addcmul(c, i, z, out=c)']
    >>> filling("h", "1 - z")
    ['h[...] = 1 - z']

    A product of matrices cannot be written over its own operand:

    >>> filling("a", "torch.addmm(b, a, W)")
    ['a[...] = torch.addmm(b, a, W)']
    """
    tree = ast.parse(value, mode="eval").body
    if _overwrites(target, tree):
        return [f"{target}[...] = {value}"]
    if isinstance(tree, ast.Call) and (function := ast.unparse(tree.func).removeprefix("torch.")) in FILLING:
        first, *others = tree.args
        rest = ", ".join(map(unparsed, others))
        if function == "addcmul" and isinstance(first, ast.BinOp) and target not in _names(tree):
            return [*filling(target, unparsed(first)), f"torch.addcmul({target}, {rest}, out={target})"]
        tree.keywords.append(ast.keyword("out", ast.Name(target)))
        return [unparsed(tree)]
    if isinstance(tree, ast.BinOp) and type(tree.op) in OPERATORS and _names(tree.left) and _names(tree.right):
        left, right = unparsed(tree.left), unparsed(tree.right)
        return [f"torch.{OPERATORS[type(tree.op)]}({left}, {right}, out={target})"]
    return [f"{target}[...] = {value}"]


def _overwrites(target: str, tree: ast.expr) -> bool:
    """Whether a call that is not entrywise reads its target, but for the summand of a product."""
    function = ast.unparse(tree.func) if isinstance(tree, ast.Call) else ""
    if function not in ("torch.addmm", "torch.matmul", "torch.cat"):
        return False
    assert isinstance(tree, ast.Call)
    return any(target in _names(part) for part in tree.args[function == "torch.addmm" :])


def _names(tree: ast.expr) -> set[str]:
    """The names in an expression; one that has none is a number, which the functions of PyTorch do not take."""
    return {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)}


def called(body: list[str], known: set[str]) -> tuple[list[str], list[str]] | None:
    """The lines of a step with ``calls`` for PyTorch, and what it reads from around it, but for what is ``known``.

    It is ``None`` if a line needs what NumPy has not.

    >>> called(["h = torch.tanh(a @ W)"], {"a"})
    (['h = calls.tanh(a @ W)'], ['W'])
    >>> called(["h = torch.tanh(normalised(a))"], {"a"})
    """
    tree = ast.parse(dedent("\n".join(body)))
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for function in functions:
        if not (isinstance(function, ast.Attribute) and ast.unparse(function.value) == "torch"):
            return None
        if function.attr not in SHARED:
            return None
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    free = dict.fromkeys(node.id for node in names if node.id not in made | known | {"torch"})
    return [line if line.lstrip().startswith("#") else re.sub(r"\btorch\.", "calls.", line) for line in body], [*free]
