"""The classes of mistakes that are in print, as edits that would mend them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from itertools import permutations

CARRIES = 12
"""Names that are tried as a missing term of one assignment."""

LONGEST = 4
"""Subscripts in einsum whose order is tried in full."""

SIGMOIDS = ("sigmoid", "sigma", "expit", "logistic", "sigm")
MARKS = ("d", "_prime", "prime", "_derivative", "_grad", "_backward", "deriv", "_deriv", "grad")


def filled(expression: str, **parts: ast.expr) -> ast.expr:
    """An expression with nodes in the place of names."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return copy.deepcopy(parts.get(node.id, node))

    return Fill().visit(ast.parse(expression, mode="eval").body)


class Slips:
    """The slips of one function, place by place."""

    def __init__(self, definition: ast.FunctionDef) -> None:
        nodes = list(ast.walk(definition))
        loops = [node for node in nodes if isinstance(node, ast.For | ast.While)]
        stored = [
            node.id
            for loop in loops
            for node in ast.walk(loop)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        ]
        self.carried = list(dict.fromkeys(stored))[:CARRIES]
        """Names that a loop assigns, which may be carried to its next round."""
        loaded = {n.id for loop in loops for n in ast.walk(loop) if isinstance(n, ast.Name) and type(n.ctx) is ast.Load}
        before = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)} - set(stored)
        self.idle = [name for name in dict.fromkeys(stored) if name not in loaded and name not in before]
        """Names that a loop assigns and never reads: a carry that somebody forgot."""
        self.inside = {id(node) for loop in loops for node in ast.walk(loop)}
        self.known = {n.id for n in nodes if isinstance(n, ast.Name)} | {a.arg for a in definition.args.args}
        self.keys = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        self.parents = {id(child): node for node in nodes for child in ast.iter_child_nodes(node)}

    def of(self, node: ast.AST) -> Iterator[ast.AST]:
        """What may stand in the place of one node if a slip of a known class was made there."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            yield from self._forgotten_carry(node)
            yield from _activated_twice(node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield from self._missing_path(node)
        elif isinstance(node, ast.Call):
            yield from _slope_of_activated(node)
            yield from _subscripts(node)
            yield from _truncated(node)
        elif isinstance(node, ast.IfExp):
            yield node.body
            yield node.orelse
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            yield from _shifted(node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            yield from _squared(node)

    def _forgotten_carry(self, node: ast.BinOp) -> Iterator[ast.AST]:
        """A factor to which the adjoint of the next step should be added."""
        if id(node) in self.inside:
            for name in self.idle:
                carry = ast.Name(name, ast.Load())
                yield filled("(a + c) * b", a=node.left, b=node.right, c=carry)
                yield filled("a * (b + c)", a=node.left, b=node.right, c=carry)

    def _missing_path(self, node: ast.BinOp) -> Iterator[ast.AST]:
        """A sum over gates that lacks one: a term like another, with another gate's letters."""
        parent = self.parents.get(id(node))
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add):
            return
        terms: list[ast.expr] = []
        rest: ast.expr = node
        while isinstance(rest, ast.BinOp) and isinstance(rest.op, ast.Add):
            terms.append(rest.right)
            rest = rest.left
        terms.append(rest)
        present = {ast.unparse(term) for term in terms}
        for term in terms:
            words = _words(term)
            letters = {letter for word in words for letter in word if letter.isalnum()}
            others = {letter for word in (*self.known, *self.keys) for letter in word if letter.isalnum()}
            for old in sorted(letters):
                for new in sorted(others - {old}):
                    renamed = _renamed(term, old, new)
                    if _words(renamed) <= self.known | self.keys and ast.unparse(renamed) not in present:
                        present.add(ast.unparse(renamed))
                        yield filled("a + b", a=node, b=renamed)


def _words(node: ast.AST) -> set[str]:
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return found | {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _renamed(term: ast.expr, old: str, new: str) -> ast.expr:
    """A term with the last letter ``old`` of each of its names and keys replaced."""
    made = copy.deepcopy(term)
    for node in ast.walk(made):
        if isinstance(node, ast.Name):
            node.id = new.join(node.id.rsplit(old, 1))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = new.join(node.value.rsplit(old, 1))
    return made


def _called(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_activation(name: str) -> bool:
    return name == "tanh" or name.lstrip("_") in SIGMOIDS


def _activated_twice(node: ast.BinOp) -> Iterator[ast.AST]:
    """Activations applied to what has been through them already, such as σ(i) (1 - σ(i)) at i = σ(a)."""
    calls = [inner for inner in ast.walk(node) if isinstance(inner, ast.Call) and _is_activation(_called(inner))]
    if len(calls) > 1:

        class Strip(ast.NodeTransformer):
            def visit_Call(self, call: ast.Call) -> ast.AST:
                self.generic_visit(call)
                return call.args[0] if _is_activation(_called(call)) and call.args else call

        yield Strip().visit(copy.deepcopy(node))


def _slope_of_activated(node: ast.Call) -> Iterator[ast.AST]:
    """A function for σ' or tanh' that expects a pre-activation, at an activated value."""
    name = _called(node).lower().strip("_")
    if len(node.args) == 1 and name not in (*SIGMOIDS, "tanh"):
        if any(sigmoid in name for sigmoid in SIGMOIDS) and any(mark in name for mark in MARKS):
            yield filled("a * (1 - a)", a=node.args[0])
        if "tanh" in name and any(mark in name for mark in MARKS):
            yield filled("1 - a ** 2", a=node.args[0])


def _subscripts(node: ast.Call) -> Iterator[ast.AST]:
    """einsum with the indices of one operand, or of the result, in another order."""
    first = node.args[0] if node.args else None
    if _called(node) != "einsum" or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
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


def _truncated(node: ast.Call) -> Iterator[ast.AST]:
    """A loop that ends one step early, or begins one late."""
    if _called(node) != "range":
        return
    for k in range(len(node.args[:2])):
        for change in ("a - 1", "a + 1"):
            bound = node.args[k]
            number = ast.literal_eval(bound) if isinstance(bound, ast.Constant) else None
            moved = ast.Constant(number + (1 if "+" in change else -1)) if isinstance(number, int) else None
            args = [*node.args[:k], moved or filled(change, a=bound), *node.args[k + 1 :]]
            yield ast.Call(node.func, args, node.keywords)


def _shifted(node: ast.Subscript) -> Iterator[ast.AST]:
    """An index among several that is off by one."""
    assert isinstance(node.slice, ast.Tuple)
    for k, index in enumerate(node.slice.elts):
        choices: list[ast.expr] = []
        if isinstance(index, ast.Name):
            choices = [filled("a - 1", a=index), filled("a + 1", a=index)]
        elif isinstance(index, ast.BinOp) and isinstance(index.op, ast.Add | ast.Sub):
            choices = [index.left]
        for choice in choices:
            place = ast.Tuple([*node.slice.elts[:k], choice, *node.slice.elts[k + 1 :]], ast.Load())
            yield ast.Subscript(node.value, place, node.ctx)


def _squared(node: ast.BinOp) -> Iterator[ast.AST]:
    """1 - a where 1 - a² belongs."""
    if isinstance(node.left, ast.Constant) and node.left.value in (1, 1.0):
        yield filled("1 - a ** 2", a=node.right)
