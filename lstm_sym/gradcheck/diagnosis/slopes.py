"""Slips in the derivative of an activation: taken at an activated value, of another function, or not at all."""

from __future__ import annotations

import ast
import copy

from .places import New, Places, called, factors, filled, is_term, name, product, values_of

SIGMOIDS = ("sigmoid", "sigma", "expit", "logistic", "sigm", "sig")
BENT = {"maximum", "where", "relu", "ReLU", "clip"}
MARKS = ("d", "prime", "deriv", "grad", "backward")


def is_activation(text: str) -> bool:
    """Whether a function of this name is tanh or the logistic function."""
    return text == "tanh" or text.lstrip("_") in SIGMOIDS


def activated_twice(node: ast.Call, places: Places) -> New:
    """An activation of what has been through it already."""
    if is_activation(called(node)) and node.args:
        yield node.args[0]


def all_activated_twice(node: ast.BinOp, places: Places) -> New:
    """The same where it stands twice, such as σ(i) (1 - σ(i)) at i = σ(a)."""
    calls = [inner for inner in ast.walk(node) if is_activation(called(inner))]
    if len(calls) > 1:

        class Strip(ast.NodeTransformer):
            def visit_Call(self, call: ast.Call) -> ast.AST:
                self.generic_visit(call)
                return call.args[0] if is_activation(called(call)) and call.args else call

        yield Strip().visit(copy.deepcopy(node))


def slope_of_activated(node: ast.Call, places: Places) -> New:
    """A function for σ' or tanh' that expects a pre-activation, at an activated value."""
    text = called(node).lower()
    marked = any(mark in text for mark in MARKS) and text.strip("_") not in (*SIGMOIDS, "tanh")
    if len(node.args) == 1 and marked:
        if any(sigmoid in text for sigmoid in SIGMOIDS):
            yield filled("a * (1 - a)", a=node.args[0])
        if "tanh" in text:
            yield filled("1 - a ** 2", a=node.args[0])


def slope_of_function(node: ast.BinOp, places: Places) -> New:
    """σ (or tanh) where σ' (or tanh') belongs: one factor of a product."""
    parts = factors(node)
    if not places.outermost(node, ast.Mult):
        return
    for k, factor in enumerate(parts):
        if isinstance(factor, ast.Name | ast.Subscript | ast.Call):
            yield product([*parts[: k + 1], filled("1 - a", a=factor), *parts[k + 1 :]])
            yield product([*parts[:k], filled("1 - a ** 2", a=factor), *parts[k + 1 :]])


def slope_twice(node: ast.BinOp, places: Places) -> New:
    """A derivative of an activation where none belongs, as where the loss has cancelled it: σ (1 - σ) or 1 - tanh²."""
    parts = factors(node)
    if not places.outermost(node, ast.Mult) or len(parts) < 2:
        return
    for k, part in enumerate(parts):
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub) and getattr(part.left, "value", 0) in (1, 1.0):
            own = ast.unparse(part.right)
            twin = next((j for j, other in enumerate(parts) if j != k and ast.unparse(other) == own), None)
            gone = {k} if _square_of(part.right) is not None else {k, twin}
            left = [other for j, other in enumerate(parts) if j not in gone]
            if left and None not in gone:
                yield product(left)


def unactivated(node: ast.BinOp, places: Places) -> New:
    """a (1 - a) or 1 - a² at a pre-activation."""
    square = _square_of(node.right) if isinstance(node.op, ast.Sub) else None
    both = isinstance(node.op, ast.Mult) and ast.unparse(node.right) == f"1 - {ast.unparse(node.left)}"
    plain = square if square is not None else node.left if both else None
    if isinstance(plain, ast.Name):
        form = "s * (1 - s)" if both else "1 - s ** 2"
        for text in sorted(text for text in places.names if is_activation(text)):
            function: ast.expr = filled("np.tanh") if text == "tanh" else name(text)
            yield filled(form, s=ast.Call(function, [plain], []))


def slope_missing(node: ast.stmt, places: Places) -> New:
    """A derivative of an activation that is left out: of anything that the loop knows."""
    for value, put in values_of(node):
        if id(node) in places.inside or not places.loops:
            for known in (*map(name, places.letters(node)), *places.rows(node)):
                if ast.unparse(known).startswith("d"):
                    continue  # an adjoint is no activation
                if places.names & BENT:
                    yield put(filled("a * (b > 0)", a=value, b=known))
                yield put(filled("a * (1 - b ** 2)", a=value, b=known))
                yield put(filled("a * b * (1 - b)", a=value, b=known))


def slope_of_term_missing(node: ast.expr, places: Places) -> New:
    """The same in a product that is only a part of what is assigned."""
    if is_term(node, places):
        for known in (*map(name, places.letters(node)), *places.rows(node)):
            if not ast.unparse(known).startswith("d"):
                yield filled("a * (1 - b ** 2)", a=node, b=known)
                yield filled("a * b * (1 - b)", a=node, b=known)


def slope_uncalled(node: ast.Name, places: Places) -> New:
    """A pre-activation where a function of it belongs, one that the code calls elsewhere."""
    parent = places.parents.get(id(node))
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult):
        for function in places.functions():
            yield ast.Call(function, [node], [])


def other_slope(node: ast.BinOp, places: Places) -> New:
    """1 - a² where a (1 - a) or 1 - a belongs, and the other way round."""
    one = isinstance(node.left, ast.Constant) and node.left.value in (1, 1.0) and isinstance(node.op, ast.Sub)
    if one:
        square = _square_of(node.right)
        if square is None:
            yield filled("1 - a ** 2", a=node.right)
            yield filled("1 - np.tanh(a) ** 2", a=node.right)
        else:
            yield filled("a * (1 - a)", a=square)
            yield filled("1 - a", a=square)
            yield filled("1 - np.tanh(a) ** 2", a=square)
    elif isinstance(node.op, ast.Mult) and isinstance(node.right, ast.BinOp) and isinstance(node.right.op, ast.Sub):
        parts = factors(node)
        same = [k for k, part in enumerate(parts[:-1]) if ast.unparse(part) == ast.unparse(node.right.right)]
        if same:
            k = same[-1]
            yield product([*parts[:k], filled("1 - a ** 2", a=parts[k]), *parts[k + 1 : -1]])


def _square_of(node: ast.expr) -> ast.expr | None:
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Pow) and getattr(node.right, "value", None) == 2:
            return node.left
        if isinstance(node.op, ast.Mult) and ast.unparse(node.left) == ast.unparse(node.right):
            return node.left
    if called(node) == "square" and len(node.args) == 1:  # type: ignore[attr-defined]
        return node.args[0]  # type: ignore[attr-defined]
    return None
