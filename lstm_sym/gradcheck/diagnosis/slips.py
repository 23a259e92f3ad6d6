"""Slips in one place of a formula: what may stand there instead, by the class of the mistake."""

from __future__ import annotations

import ast
from itertools import permutations
from typing import Any

from .places import New, Places, called, factors, filled, is_term, name, product, values_of

LONGEST = 4
"""Subscripts in einsum whose order is tried in full."""

PRODUCTS = ("dot", "matmul", "outer", "inner")
RENAMED = {"sum": "mean", "mean": "sum", "nansum": "nanmean", "nanmean": "nansum", "average": "sum"}
OPPOSITE = {"max": "min", "argmax": "argmin", "maximum": "minimum", "amax": "amin"}
OPPOSITE |= {low: high for high, low in OPPOSITE.items()}


# --- products of matrices -------------------------------------------------------------------------


def turned(node: ast.expr) -> ast.expr:
    """The transpose, plainly."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    if called(node) == "transpose" and len(node.args) == 1 and not node.keywords:  # type: ignore[attr-defined]
        return node.args[0]  # type: ignore[attr-defined]
    return filled("a.T", a=node)


def turned_each(node: ast.expr) -> ast.expr:
    """The transposes of a stack of matrices."""
    if called(node) in ("swapaxes", "transpose") and isinstance(node.func, ast.Attribute):  # type: ignore[attr-defined]
        return node.args[0] if name_of_numpy(node.func.value) else node.func.value  # type: ignore[attr-defined]
    return filled("a.swapaxes(-1, -2)", a=node)


def name_of_numpy(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "numpy")


def _pair(node: Any) -> tuple[ast.expr, ast.expr] | None:
    """The two factors of a matrix product, however it is written."""
    if isinstance(node, ast.BinOp):
        return (node.left, node.right) if isinstance(node.op, ast.MatMult) else None
    if isinstance(node, ast.Call) and called(node) in PRODUCTS:
        if len(node.args) == 2:
            return node.args[0], node.args[1]
        if len(node.args) == 1 and isinstance(node.func, ast.Attribute):
            return node.func.value, node.args[0]
    return None


def _paired(node: Any, a: ast.expr, b: ast.expr) -> ast.expr:
    """The product written as the one that is given, of other factors."""
    if isinstance(node, ast.BinOp):
        return ast.BinOp(a, node.op, b)
    if len(node.args) == 2:
        return ast.Call(node.func, [a, b], node.keywords)
    return ast.Call(ast.Attribute(a, node.func.attr, ast.Load()), [b], node.keywords)


def transposed(node: Any, places: Places) -> New:
    """a b for aᵀ b, a bᵀ or aᵀ bᵀ."""
    pair = _pair(node)
    if pair is not None:
        a, b = pair
        yield _paired(node, turned(a), b)
        yield _paired(node, a, turned(b))
        yield _paired(node, turned(a), turned(b))
        if called(node) != "outer":
            yield _paired(node, turned_each(a), b)
            yield _paired(node, a, turned_each(b))


def commuted(node: Any, places: Places) -> New:
    """a b for b a, or for its transpose."""
    pair = _pair(node)
    if pair is not None:
        a, b = pair
        yield _paired(node, b, a)
        yield _paired(node, turned(b), turned(a))
        yield filled("a.T", a=node)
        yield filled("a * b", a=a, b=b)


def untransposed(node: ast.Attribute, places: Places) -> New:
    if node.attr == "T" and isinstance(node.ctx, ast.Load):
        yield node.value


def subscripts(node: ast.Call, places: Places) -> New:
    """einsum with the indices of one operand, or of the result, in another order."""
    first = node.args[0] if node.args else None
    if called(node) != "einsum" or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return
    given, arrow, result = first.value.replace(" ", "").partition("->")
    groups = [*given.split(","), *([result] if arrow else [])]
    for k, group in enumerate(groups):
        if 2 <= len(group) <= LONGEST and group.isalpha():
            for order in permutations(group):
                changed = [*groups[:k], "".join(order), *groups[k + 1 :]]
                if changed != groups:
                    text = ",".join(changed[:-1]) + arrow + changed[-1] if arrow else ",".join(changed)
                    yield ast.Call(node.func, [ast.Constant(text), *node.args[1:]], node.keywords)


# --- parentheses, signs, terms --------------------------------------------------------------------


def parentheses(node: ast.BinOp, places: Places) -> New:
    """a + b c for (a + b) c or a (b + c), and the other way round."""
    if isinstance(node.op, ast.Add | ast.Sub):
        left, right = _chain(node.left), _chain(node.right)
        for k in range(len(left)):
            for m in range(1, len(right) + 1):
                if k or m < len(right):
                    inner = ast.BinOp(_joined(left[k:]), node.op, _joined(right[:m]))
                    yield _joined([*left[:k], (left[k][0], inner), *right[m:]])
        if len(left) > 1:
            yield _joined([(None, ast.BinOp(left[0][1], node.op, node.right)), *left[1:]])
        before = node.left
        if isinstance(before, ast.BinOp) and isinstance(before.op, ast.Add | ast.Sub):
            # p + q + r s for p + (q + r) s
            for m in range(1, len(right)):
                inner = ast.BinOp(before.right, node.op, _joined(right[:m]))
                yield ast.BinOp(before.left, before.op, _joined([(None, inner), *right[m:]]))
    elif isinstance(node.op, ast.Mult) and places.outermost(node, ast.Mult):
        parts = factors(node)
        for k, part in enumerate(parts):
            if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub):
                yield ast.BinOp(part.left, part.op, product([*parts[:k], part.right, *parts[k + 1 :]]))
                yield ast.BinOp(product([*parts[:k], part.left, *parts[k + 1 :]]), part.op, part.right)
    elif isinstance(node.op, ast.Pow) and isinstance(node.left, ast.BinOp):
        inner = node.left
        if isinstance(inner.op, ast.Add | ast.Sub):  # (1 - a)² for 1 - a²
            yield ast.BinOp(inner.left, inner.op, ast.BinOp(inner.right, node.op, node.right))


def _chain(node: ast.expr) -> list[tuple[ast.operator | None, ast.expr]]:
    """What is multiplied or divided, as far as it is written without parentheses, each with the sign before it."""
    found: list[tuple[ast.operator | None, ast.expr]] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.MatMult | ast.Div):
        found.append((node.op, node.right))
        node = node.left
    return [(None, node), *reversed(found)]


def _joined(parts: list[tuple[ast.operator | None, ast.expr]]) -> ast.expr:
    made = parts[0][1]
    for op, part in parts[1:]:
        assert op is not None
        made = ast.BinOp(made, op, part)
    return made


def sign(node: Any, places: Places) -> New:
    """A sign that should be the other one."""
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        if isinstance(node, ast.AugAssign):
            yield ast.AugAssign(node.target, op, node.value)
        else:
            yield ast.BinOp(node.left, op, node.right)
            if isinstance(node.op, ast.Sub) and not isinstance(node.left, ast.Constant):
                yield ast.BinOp(node.right, node.op, node.left)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    elif isinstance(node, ast.Assign | ast.Return):
        yield from (put(filled("-a", a=value)) for value, put in values_of(node))


def dropped(node: Any, places: Places) -> New:
    """A term or a factor too many; several factors, if one alone remains."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
        parts = _chain(node)
        if len(parts) > 2 and places.outermost(node, ast.Mult, ast.Div):
            yield from (part for op, part in parts if op is None or isinstance(op, ast.Mult))
        if not (isinstance(node.op, ast.Sub) and getattr(node.left, "value", None) in (1, 1.0)):
            yield node.left  # but not 1 for the factor 1 - a, which is left out of its product
        yield node.right
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        parts = _chain(node)
        if len(parts) > 2 and places.outermost(node, ast.Mult, ast.Div):
            yield parts[0][1]
        yield node.left
    elif isinstance(node, ast.AugAssign):
        yield None


def factor(node: ast.Assign, places: Places) -> New:
    """A factor that is missing: what the loop, or the function, knows, or its complement."""
    for value, put in values_of(node):
        yield put(filled("2 * a", a=value))
        for text in [*places.letters(node), *places.constants]:
            yield put(filled("a * b", a=value, b=name(text)))
            yield put(filled("a * (1 - b)", a=value, b=name(text)))
        for own in places.attributes():
            yield put(filled("a * b", a=value, b=own))
            yield put(filled("a * (1 - b)", a=value, b=own))


def unread_factor(node: Any, places: Places) -> New:
    """The same, of what the function is given and never reads."""
    for value, put in values_of(node):
        for text in places.unused:
            yield put(filled("a * b", a=value, b=name(text)))
            yield put(filled("a / b", a=value, b=name(text)))
        for one, other in permutations(places.unused, 2):
            yield put(filled("a * b / c", a=value, b=name(one), c=name(other)))


def divided(node: Any, places: Places) -> New:
    """A divisor of forward's that is left out."""
    for value, put in values_of(node):
        for divisor in places.divisors:
            yield put(filled("a / b", a=value, b=divisor))


def divided_term(node: ast.expr, places: Places) -> New:
    """The same in a term alone; half of it."""
    parent = places.parents.get(id(node))
    matrices = isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) and isinstance(parent, ast.BinOp)
    if matrices or is_term(node, places):
        for divisor in (*places.divisors, ast.Constant(2)):
            yield filled("a / b", a=node, b=divisor)


def inverted(node: ast.BinOp, places: Places) -> New:
    """A factor that should divide, or the other way round."""
    if isinstance(node.op, ast.Mult | ast.Div):
        yield ast.BinOp(node.left, ast.Div() if isinstance(node.op, ast.Mult) else ast.Mult(), node.right)


def factor_of_term(node: ast.expr, places: Places) -> New:
    """The same in a product that is only a part of what is assigned."""
    if is_term(node, places):
        for text in [*places.letters(node), *places.constants]:
            yield filled("a * b", a=node, b=name(text))
            yield filled("a * (1 - b)", a=node, b=name(text))
        yield filled("2 * a", a=node)
        yield filled("3 * a", a=node)


def one_less(node: ast.expr, places: Places) -> New:
    """A 1 that is missing beside a factor."""
    parent = places.parents.get(id(node))
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult):
        yield filled("a - 1", a=node)
        yield filled("1 - a", a=node)
        yield filled("a + 1", a=node)


def subtracted(node: ast.Name, places: Places) -> New:
    """What is missing beside a factor."""
    parent = places.parents.get(id(node))
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult):
        for text in places.letters(node):
            yield filled("a - b", a=node, b=name(text))
            yield filled("a + b", a=node, b=name(text))


# --- conditions ---------------------------------------------------------------------------------


def conditions(node: Any, places: Places) -> New:
    """A condition under which a path is cut."""
    if isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.If):
        leaves = any(isinstance(s, ast.Break | ast.Continue) for s in node.body)
        if leaves:
            yield None
        else:
            yield ast.If(ast.Constant(True), node.body, [])
        if node.orelse:
            yield ast.If(ast.Constant(True), node.orelse, [])
    elif isinstance(node, ast.Break):
        yield None
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for k, part in enumerate(node_parts := (node.left, node.right)):
            if isinstance(part, ast.Compare) or (isinstance(part, ast.Constant) and part.value in (0, 0.0)):
                yield node_parts[1 - k]


# --- sums and means, names ------------------------------------------------------------------------


def sums(node: ast.Call, places: Places) -> New:
    """A sum for a mean, a mean for a sum."""
    text = called(node)
    if text in RENAMED and isinstance(node.func, ast.Attribute):
        yield ast.Call(ast.Attribute(node.func.value, RENAMED[text], ast.Load()), node.args, node.keywords)


def opposite(node: ast.Call, places: Places) -> New:
    """The largest for the smallest, or the other way round."""
    text = called(node)
    if text in OPPOSITE and isinstance(node.func, ast.Attribute):
        yield ast.Call(ast.Attribute(node.func.value, OPPOSITE[text], ast.Load()), node.args, node.keywords)


def lengths(node: Any, places: Places) -> New:
    """A division by the number of steps or of sequences that is left out, or stands too often."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        yield node.left
    else:
        for value, put in values_of(node):
            for size in sizes(places):
                yield put(filled("a / b", a=value, b=size))


def sizes(places: Places) -> list[ast.expr]:
    """What counts something, as it is written somewhere in the function."""
    found: dict[str, ast.expr] = {}
    for node in places.nodes:
        if called(node) == "len" or (isinstance(node, ast.Subscript) and getattr(node.value, "attr", "") == "shape"):
            assert isinstance(node, ast.expr)
            found.setdefault(ast.unparse(node), node)
            parent = places.parents.get(id(node))
            if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
                found[ast.unparse(node)] = name(parent.targets[0].id)
        elif isinstance(node, ast.Assign) and getattr(node.value, "attr", "") == "shape":
            for target in ast.walk(node.targets[0]):
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, name(target.id))
    return list({ast.unparse(size): size for size in found.values()}.values())
