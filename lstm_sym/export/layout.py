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
    if isinstance(tree, ast.Name | ast.Attribute):
        return [f"{pad}(", *[f"{pad}    {name}," for name in target.split(", ")], f"{pad}) {sign} {value}"]
    if isinstance(tree, ast.Call):
        arguments = [line for a in [*tree.args, *tree.keywords] for line in _argument(a, f"{pad}    ")]
        return [f"{pad}{target} {sign} {unparsed(tree.func)}(", *arguments, f"{pad})"]
    if isinstance(tree, ast.Tuple):
        return [f"{pad}{target} {sign} (", *[f"{pad}    {unparsed(item)}," for item in tree.elts], f"{pad})"]
    if len(f"{pad}    {value}") <= WIDTH:
        return [f"{pad}{target} {sign} (", f"{pad}    {value}", f"{pad})"]
    return [f"{pad}{target} {sign} (", *_broken(tree, f"{pad}    "), f"{pad})"]


def statement(call: str, *, indent: int = 1) -> list[str]:
    """A call by itself, on one line if it fits, else with a line for each argument."""
    pad = "    " * indent
    if len(f"{pad}{call}") <= WIDTH:
        return [f"{pad}{call}"]
    tree = ast.parse(call, mode="eval").body
    assert isinstance(tree, ast.Call)
    arguments = [line for a in [*tree.args, *tree.keywords] for line in _argument(a, f"{pad}    ")]
    if len(arguments) == 1:
        arguments = [arguments[0].removesuffix(",")]
    return [f"{pad}{unparsed(tree.func)}(", *arguments, f"{pad})"]


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


def _argument(tree: ast.AST, pad: str) -> list[str]:
    line = f"{pad}{unparsed(tree)},"
    if len(line) <= WIDTH or not isinstance(tree, ast.BinOp):
        return [line]
    *lines, last = _broken(tree, pad)
    return [*lines, f"{last},"]


def _broken(tree: ast.expr, pad: str) -> list[str]:
    """The operands of a sum or a product in lines of their own, and those of an operand that is still too long."""
    lines = []
    for operator, text, operand in _operands(tree):
        inner, power = operand, ""
        if isinstance(operand, ast.BinOp) and isinstance(operand.op, ast.Pow):
            inner, power = operand.left, f" ** {unparsed(operand.right)}"
        fits = len(pad + operator + text) <= WIDTH
        if not fits and isinstance(operand, ast.Call):
            arguments = [line for a in [*operand.args, *operand.keywords] for line in _argument(a, f"{pad}    ")]
            lines += [f"{pad}{operator}{unparsed(operand.func)}(", *arguments, f"{pad})"]
        elif fits or not isinstance(inner, ast.BinOp):
            lines.append(pad + operator + text)
        else:
            lines += [f"{pad}{operator}(", *_broken(inner, f"{pad}    "), f"{pad}){power}"]
    return lines


def _operands(tree: ast.expr) -> list[tuple[str, str, ast.expr]]:
    """The parts of a sum or a product: the operator before it, the text with the brackets it needs, the expression."""
    additive = isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Sub)
    kinds = (ast.Add, ast.Sub) if additive else (ast.Mult, ast.MatMult, ast.Div)
    parts: list[tuple[str, str, ast.expr]] = []
    while isinstance(tree, ast.BinOp) and isinstance(tree.op, kinds):
        whole, left = unparsed(tree), unparsed(tree.left)
        bracketed = not whole.startswith(left)
        left = f"({left})" if bracketed else left
        operator, text = whole[len(left) :].strip().split(" ", 1)
        parts.insert(0, (f"{operator} ", tight(text), tree.right))
        if bracketed:
            return [("", left, tree.left), *parts]
        tree = tree.left
    return [("", unparsed(tree), tree), *parts]


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
    text = re.sub(r"(?<![\w\])])([^\W\d][\w.]*) \*\* (\d+)", r"\1**\2", text)
    return re.sub(r"\[\.\.\., ([^\[\]:]*):([^\[\]:]*)\]", _slice, text)


def _slice(found: re.Match[str]) -> str:
    low, high = found[1].strip(), found[2].strip()
    if " " not in low + high:
        return f"[..., {low}:{high}]"
    return f"[..., {f'{low} ' if low else ''}:{f' {high}' if high else ''}]"
