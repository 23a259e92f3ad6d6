r"""Values that a step writes where they stay: into its row of an array that is allocated before the scan.

A library without ``out=`` keeps what its steps return and stacks it afterwards, which copies every value once more.
"""

from __future__ import annotations

import ast

from .layout import unparsed

FILLING = ("tanh", "sigmoid", "exp", "addmm", "addcmul", "cat")
"""Functions of PyTorch that generated code calls and that can write their result into a given tensor."""

OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.MatMult: "matmul"}


def filling(target: str, value: str) -> list[str]:
    """The statements that write an expression of PyTorch into the tensor ``target``.

    >>> filling("h", "o * tanh_c")
    ['torch.mul(o, tanh_c, out=h)']
    >>> filling("a", "torch.addmm(a, h_prev, W)")
    ['a.addmm_(h_prev, W)']
    >>> filling("c", "torch.addcmul(f * c_prev, i, z)")
    ['torch.mul(f, c_prev, out=c)', 'c.addcmul_(i, z)']
    >>> filling("h", "1 - z")
    ['h.copy_(1 - z)']

    A product of matrices cannot be written over its own operand:

    >>> filling("a", "torch.addmm(b, a, W)")
    ['a.copy_(torch.addmm(b, a, W))']
    """
    tree = ast.parse(value, mode="eval").body
    if _overwrites(target, tree):
        return [f"{target}.copy_({value})"]
    if isinstance(tree, ast.Call) and (function := ast.unparse(tree.func).removeprefix("torch.")) in FILLING:
        first, *others = tree.args
        rest = ", ".join(map(unparsed, others))
        if ast.unparse(first) == target and function != "cat":
            return [f"{target}.{function}_({rest})"]
        if function == "addcmul" and isinstance(first, ast.BinOp) and target not in _names(tree):
            return [*filling(target, unparsed(first)), f"{target}.addcmul_({rest})"]
        tree.keywords.append(ast.keyword("out", ast.Name(target)))
        return [unparsed(tree)]
    if isinstance(tree, ast.BinOp) and type(tree.op) in OPERATORS and _names(tree.left) and _names(tree.right):
        left, right = unparsed(tree.left), unparsed(tree.right)
        return [f"torch.{OPERATORS[type(tree.op)]}({left}, {right}, out={target})"]
    return [f"{target}.copy_({value})"]


def _overwrites(target: str, tree: ast.expr) -> bool:
    """Whether a call that is not entrywise reads its target, but for the summand of a product."""
    if isinstance(tree, ast.BinOp):
        return isinstance(tree.op, ast.MatMult) and target in _names(tree)
    if isinstance(tree, ast.Call) and (function := ast.unparse(tree.func)) in ("torch.addmm", "torch.cat"):
        return any(target in _names(part) for part in tree.args[function == "torch.addmm" :])
    return False


def _names(tree: ast.expr) -> set[str]:
    """The names in an expression; one that has none is a number, which the functions of PyTorch do not take."""
    return {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)}
