"""Generated source as a person would lay it out: lines of at most 120 characters, broken as ruff breaks them."""

from __future__ import annotations

import ast
import copy
import re

WIDTH = 120


def assignment(target: str, value: str, *, indent: int = 1, sign: str = "=") -> list[str]:
    """``target = value``, on one line if it fits, else broken at the operators or arguments of ``value``."""
    pad = "    " * indent
    value = tight(value)
    line = f"{pad}{target} {sign} {value}"
    if len(line) <= WIDTH:
        return [line]
    tree = ast.parse(value, mode="eval").body
    if isinstance(tree, ast.Name):
        return [f"{pad}(", *[f"{pad}    {name}," for name in target.split(", ")], f"{pad}) {sign} {value}"]
    if isinstance(tree, ast.Call):
        arguments = [unparsed(a) for a in [*tree.args, *tree.keywords]]
        return [f"{pad}{target} {sign} {unparsed(tree.func)}(", *[f"{pad}    {a}," for a in arguments], f"{pad})"]
    if isinstance(tree, ast.Tuple):
        return [f"{pad}{target} {sign} (", *[f"{pad}    {unparsed(item)}," for item in tree.elts], f"{pad})"]
    if len(f"{pad}    {value}") <= WIDTH:
        return [f"{pad}{target} {sign} (", f"{pad}    {value}", f"{pad})"]
    return [f"{pad}{target} {sign} (", *[f"{pad}    {part}" for part in _operands(tree)], f"{pad})"]


def signature(name: str, arguments: str, returns: str) -> list[str]:
    """The first line of a function, or its first three."""
    line = f"def {name}({arguments}) -> {returns}:"
    return [line] if len(line) <= WIDTH else [f"def {name}(", f"    {arguments}", f") -> {returns}:"]


def comment(text: str, *, indent: int = 1) -> list[str]:
    """A comment, broken at spaces outside indices where it is long."""
    pad = "    " * indent + "# "
    lines, current = [], pad
    whole = re.sub(r"\[[^\[\]]*\]", lambda index: index[0].replace(" ", "\0"), text)
    for word in (word.replace("\0", " ") for word in whole.split(" ")):
        if len(current) + len(word) + 1 > WIDTH and current.strip() != "#":
            lines.append(current.rstrip())
            current = pad + "  "
        current += f"{word} "
    return [*lines, current.rstrip()]


def _operands(tree: ast.expr) -> list[str]:
    """The parts of a sum or a product, each but the first behind its operator."""
    additive = isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Sub)
    kinds = (ast.Add, ast.Sub) if additive else (ast.Mult, ast.MatMult, ast.Div)
    parts: list[str] = []
    while isinstance(tree, ast.BinOp) and isinstance(tree.op, kinds):
        whole, left = unparsed(tree), unparsed(tree.left)
        parts.insert(0, tight(whole[len(left) :].strip()) if whole.startswith(left) else whole)
        if not whole.startswith(left):
            return parts
        tree = tree.left
    return [unparsed(tree), *parts]


def unparsed(tree: ast.AST) -> str:
    """The text of an expression, with no bracket but those that Python or a reader needs."""
    text = ast.unparse(_Bracketed().visit(copy.deepcopy(tree)))
    return tight(re.sub(r"(?<!\w)_\(", "(", text))


class _Bracketed(ast.NodeTransformer):
    """Puts brackets, as a call of _, where a product of matrices meets a product of entries: (u * v) @ W."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        products = (ast.Mult, ast.Div, ast.MatMult)
        if isinstance(node.left, ast.BinOp) and isinstance(node.op, products) and isinstance(node.left.op, products):
            of_matrices = [isinstance(op, ast.MatMult) for op in (node.op, node.left.op)]
            if of_matrices[0] != of_matrices[1]:
                node.left = ast.Call(ast.Name("_"), [node.left], [])
        return node


def tight(text: str) -> str:
    """ruff's spaces around powers and in slices: ``h**2`` but ``h[t] ** 2``, ``[:n]`` but ``[2 * n :]``."""
    text = re.sub(r"(?<![\w\])])([A-Za-z_][\w.]*) \*\* (\d+)", r"\1**\2", text)
    return re.sub(r"\[\.\.\., ([^\[\]:]*):([^\[\]:]*)\]", _slice, text)


def _slice(found: re.Match[str]) -> str:
    low, high = found[1].strip(), found[2].strip()
    if " " not in low + high:
        return f"[..., {low}:{high}]"
    return f"[..., {f'{low} ' if low else ''}:{f' {high}' if high else ''}]"
