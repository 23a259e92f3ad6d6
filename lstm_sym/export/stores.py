r"""Values that a step writes where they stay: into its row of an array that is allocated before the scan.

A library without ``out=`` keeps what its steps return and stacks it afterwards, which copies every value once more.
"""

from __future__ import annotations

import ast

from .layout import unparsed

FILLING = ("tanh", "sigmoid", "exp", "addmm", "addcmul", "cat")
"""Functions of PyTorch that generated code calls and that can write their result into a given tensor."""

OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.MatMult: "mm"}


def filling(target: str, value: str) -> str:
    """The statement that writes an expression of PyTorch into the tensor ``target``.

    >>> filling("h", "o * tanh_c")
    'torch.mul(o, tanh_c, out=h)'
    >>> filling("a", "torch.addmm(a, h_prev, W)")
    'torch.addmm(a, h_prev, W, out=a)'
    >>> filling("h", "1 - z")
    'h.copy_(1 - z)'
    """
    tree = ast.parse(value, mode="eval").body
    if isinstance(tree, ast.Call) and ast.unparse(tree.func).removeprefix("torch.") in FILLING:
        tree.keywords.append(ast.keyword("out", ast.Name(target)))
        return unparsed(tree)
    if isinstance(tree, ast.BinOp) and type(tree.op) in OPERATORS and not _holds_number(tree):
        left, right = unparsed(tree.left), unparsed(tree.right)
        return f"torch.{OPERATORS[type(tree.op)]}({left}, {right}, out={target})"
    return f"{target}.copy_({value})"


def _holds_number(tree: ast.BinOp) -> bool:
    """Whether an operand may be a number, which the functions of PyTorch do not take for a tensor."""
    return any(not any(isinstance(part, ast.Name) for part in ast.walk(side)) for side in (tree.left, tree.right))
