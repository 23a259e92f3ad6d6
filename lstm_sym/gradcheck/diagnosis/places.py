"""What stands where in a function: its loops, and its names by what they are used for."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import Any

SUMS = ("sum", "mean")
PRODUCTS = ("outer", "dot", "matmul", "einsum", "multiply", *SUMS)
LOOPS = (ast.For, ast.While)
LONGEST_DIVISOR = 12
"""Nodes of a divisor that is tried elsewhere."""

New = Iterator[ast.AST | None]
"""What may stand in the place of a node; ``None`` where it is left out."""


@cache
def _template(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def filled(expression: str, **parts: ast.expr) -> ast.expr:
    """An expression with nodes in the place of names."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return parts.get(node.id, node)

    return Fill().visit(copy.deepcopy(_template(expression)))


def name(text: str) -> ast.Name:
    """A name that is read."""
    return ast.Name(text, ast.Load())


def read(target: ast.expr) -> ast.expr:
    """What is assigned to, as it is read."""
    made = copy.deepcopy(target)
    made.ctx = ast.Load()  # type: ignore[attr-defined]
    return made


class Places:
    """The nodes of one function, and its names by use, in the order in which they come."""

    def __init__(
        self,
        definition: ast.FunctionDef,
        slopes: Sequence[Any] = (),
        names: Iterable[str] = (),
        divisors: Sequence[ast.expr] = (),
    ) -> None:
        self.definition = definition
        self.slopes = slopes
        """The slopes of what forward does."""
        self.names = set(names)
        """What forward names, such as the functions that it calls."""
        self.nodes = list(ast.walk(definition))
        self.parents = {id(child): node for node in self.nodes for child in ast.iter_child_nodes(node)}
        self.loops = [node for node in self.nodes if isinstance(node, LOOPS)]
        within = [node for loop in self.loops for statement in loop.body for node in ast.walk(statement)]
        self.inside = {id(node) for node in within}
        """What stands in the body of a loop."""
        stored = _names(within, ast.Store)
        read_there = set(_names(within, ast.Load))
        fors = [loop for loop in self.loops if isinstance(loop, ast.For)]
        self.counters = [text for loop in fors for text in _names(ast.walk(loop.target), ast.Store)]
        """What a ``for`` counts or takes."""
        outside = [node for node in self.nodes if id(node) not in self.inside]
        elsewhere = set(_names(outside, ast.Store)) - set(self.counters)
        self.carried = stored
        """Names that the body of a loop assigns, which may be carried to its next round."""
        self.idle = [text for text in stored if text not in read_there and text not in elsewhere]
        """Names that it assigns and never reads, with no value before: the rest of a carry that somebody forgot."""
        summed = {id(node.target) for node in within if isinstance(node, ast.AugAssign)}
        plainly = set(_names([node for node in within if id(node) not in summed], ast.Store))
        self.waiting = [text for text in stored if text in elsewhere & plainly and text not in read_there]
        """Those that have a value before the loop: a carry that is made and not used."""
        arguments = definition.args
        self.parameters = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        self.known = list(dict.fromkeys([*self.parameters, *_names(self.nodes)]))
        self.given = list(dict.fromkeys([*self.parameters, *_names(self.nodes, ast.Store)]))
        """Names of the function's own."""
        read_at_all = set(_names(self.nodes, ast.Load))
        unused = [text for text in self.given if text not in read_at_all]
        self.unread = [text for text in unused if text not in (*self.idle, *self.waiting)]
        """What the function is given, or unpacks, and never reads."""
        self.constants = self._constants()
        """Names of the module's that stand for numbers, or may."""
        self.unused = [*self.unread, *self.idle]
        self.divisors = self._divisors(divisors)
        """What forward, or the function itself, divides by, of what the function knows."""
        self.shaped = self._shaped()
        self.handed = self._handed()
        self.keys = list(
            dict.fromkeys(n.value for n in self.nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))
        )
        self._kept = self._protected() | self._counting()

    def _counting(self) -> set[int]:
        """Parts of an index: slips of a formula are not sought there, an index that is off is one of its own."""
        inside = [n for node in self.nodes if isinstance(node, ast.Subscript) for n in ast.walk(node.slice)]
        chosen = [n for n in inside if isinstance(n, ast.Subscript | ast.Call | ast.Compare)]
        own = {id(part) for n in chosen for part in _read_by(n)}
        return {id(n) for n in inside if id(n) not in own}

    def _constants(self) -> list[str]:
        called = {id(n.func) for n in self.nodes if isinstance(n, ast.Call)}
        rooted = {id(n.value) for n in self.nodes if isinstance(n, ast.Attribute)}
        plain = [n for n in self.nodes if isinstance(n, ast.Name) and id(n) not in called and id(n) not in rooted]
        return [text for text in _names(plain, ast.Load) if text not in self.given]

    def _divisors(self, others: Sequence[ast.expr]) -> list[ast.expr]:
        own = [n.right for n in self.nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
        known = {ast.unparse(e): e for e in (*own, *others) if not isinstance(e, ast.Constant)}
        fits = [e for e in known.values() if set(_names(ast.walk(e), ast.Load)) <= {"np", *self.given, *self.constants}]
        return [e for e in fits if len(list(ast.walk(e))) <= LONGEST_DIVISOR]

    def _shaped(self) -> list[str]:
        """Parameters of which nothing but the shape is read."""
        sized = {id(n.value) for n in self.nodes if isinstance(n, ast.Attribute) and n.attr == "shape"}
        sized |= {id(a) for n in self.nodes if called(n) in ("len", "zeros_like") for a in n.args}  # type: ignore[attr-defined]
        otherwise = {n.id for n in self.nodes if isinstance(n, ast.Name) and id(n) not in sized}
        return [text for text in self.parameters if text not in otherwise]

    def _handed(self) -> list[str]:
        """Names that a loop reads before it assigns them: what they are comes from the round before."""
        found = []
        for loop in self.loops:
            known: set[str] = set()
            for statement in loop.body:
                found += [text for text in _names(ast.walk(statement), ast.Load) if text not in known]
                known |= set(_names(ast.walk(statement), ast.Store))
        return [text for text in dict.fromkeys(found) if text in self.carried]

    def of(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """The nodes of these kinds that may be changed."""
        return (node for node in self.nodes if isinstance(node, kinds) and id(node) not in self._kept)

    def letters(self, node: ast.AST | None = None) -> list[str]:
        """What is read in the body of the loop around a node, or in all of them, but for what a ``for`` counts."""
        loop = self.loop_of(node) if node is not None else None
        nodes = self.nodes if loop is None else [n for s in loop.body for n in ast.walk(s)]
        called = {id(n.func) for n in nodes if isinstance(n, ast.Call)}
        rooted = {id(n.value) for n in nodes if isinstance(n, ast.Attribute)}
        found = (n for n in nodes if id(n) not in called and not (id(n) in rooted and _text(n) in ("np", "numpy")))
        return [text for text in _names(found) if text in self.given]

    def attributes(self) -> list[ast.expr]:
        """What the function reads of the object that it belongs to."""
        functions = {id(n.func) for n in self.nodes if isinstance(n, ast.Call)}
        found = [n for n in self.nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)]
        own = [n for n in found if id(n) not in functions and _text(n.value) == "self"]
        return list({n.attr: n for n in own}.values())

    def rows(self, node: ast.AST) -> list[ast.expr]:
        """What the loop around a node reads as an entry of a sequence, such as h[t]."""
        loop = self.loop_of(node)
        inside = [] if loop is None else [n for s in loop.body for n in ast.walk(s)]
        found: dict[str, ast.expr] = {
            ast.unparse(n): n
            for n in inside
            if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load) and not isinstance(n.slice, ast.Slice)
        }
        return list(found.values())

    def functions(self) -> list[ast.expr]:
        """The functions that are called with one letter."""
        found = {
            ast.unparse(n.func): n.func
            for n in self.nodes
            if isinstance(n, ast.Call) and len(n.args) == 1 and isinstance(n.args[0], ast.Name) and not n.keywords
        }
        return list(found.values())

    def loop_of(self, node: ast.AST | None) -> ast.For | ast.While | None:
        """The innermost loop in whose body a node stands."""
        while node is not None:
            parent = self.parents.get(id(node))
            if isinstance(parent, LOOPS) and any(node is statement for statement in parent.body):
                return parent
            node = parent
        return None

    def statement_of(self, node: ast.AST) -> ast.stmt | None:
        """The innermost statement around a node."""
        found: ast.AST | None = node
        while found is not None and not isinstance(found, ast.stmt):
            found = self.parents.get(id(found))
        return found if isinstance(found, ast.stmt) else None

    def outermost(self, node: ast.AST, *kinds: type[ast.AST]) -> bool:
        """Whether the node is no part of a larger chain of such operations."""
        parent = self.parents.get(id(node))
        return not (isinstance(parent, ast.BinOp) and isinstance(parent.op, kinds))

    def _protected(self) -> set[int]:
        """What decides how long a ``while`` runs: nobody should wait for one that never ends."""
        tests = [loop.test for loop in self.loops if isinstance(loop, ast.While)]
        deciding = {text for test in tests for text in _names(ast.walk(test))}
        kept = {id(node) for test in tests for node in ast.walk(test)}
        for loop in self.loops:
            if isinstance(loop, ast.While):
                for node in ast.walk(loop):
                    if isinstance(node, ast.Break) or (
                        isinstance(node, ast.stmt) and deciding & set(_names(ast.walk(node), ast.Store))
                    ):
                        around: ast.AST | None = node
                        while around is not None and around is not self.definition:
                            kept.add(id(around))
                            around = self.parents.get(id(around))
                        if not isinstance(node, LOOPS):
                            kept |= {id(inner) for inner in ast.walk(node)}
        return kept


def _read_by(node: ast.AST) -> Iterator[ast.AST]:
    """What is no index itself where it stands in one: an array from which the index is read, or compared."""
    yield node
    if isinstance(node, ast.Subscript):
        yield node.value
    elif isinstance(node, ast.Compare):
        yield from ast.walk(node)


def indices(node: ast.Subscript) -> list[ast.expr]:
    """What stands between the brackets, axis by axis; the empty tuple of ``x[()]`` as it is."""
    several = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else []
    return several or [node.slice]


def _text(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _names(nodes: Iterable[ast.AST], context: type[ast.expr_context] = ast.expr_context) -> list[str]:
    return list(dict.fromkeys(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, context)))


def called(node: ast.AST) -> str:
    """The last name of what a call calls."""
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def factors(node: ast.expr) -> list[ast.expr]:
    """The factors of a product, as far as it is written without parentheses."""
    return _chained(node, ast.Mult)


def terms(node: ast.expr) -> list[ast.expr]:
    """The terms of a sum."""
    return _chained(node, ast.Add)


def _chained(node: ast.expr, operator: type[ast.operator]) -> list[ast.expr]:
    found: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, operator):
        found.append(node.right)
        node = node.left
    return [node, *reversed(found)]


def is_term(node: ast.AST, places: Places) -> bool:
    """Whether this is a whole product, or a name, in a sum, in a list or among arguments."""
    parent = places.parents.get(id(node))
    if not isinstance(node, ast.BinOp | ast.Name | ast.Call) or not isinstance(
        getattr(node, "ctx", ast.Load()), ast.Load
    ):
        return False
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mult):
        return False
    if isinstance(parent, ast.BinOp):
        return isinstance(parent.op, ast.Add | ast.Sub)
    if isinstance(node, ast.Call):
        return False
    if isinstance(parent, ast.Call):
        return any(node is argument for argument in parent.args) and called(parent) in PRODUCTS
    if isinstance(parent, ast.Attribute):
        return parent.attr in SUMS and isinstance(node, ast.BinOp | ast.Name)
    return isinstance(parent, ast.List | ast.Tuple) and isinstance(node, ast.BinOp)


def words(node: ast.AST) -> set[str]:
    """The names and the keys in an expression."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return found | {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def product(parts: list[ast.expr]) -> ast.expr:
    """The product of some factors."""
    made = parts[0]
    for part in parts[1:]:
        made = ast.BinOp(made, ast.Mult(), part)
    return made


def values_of(node: Any) -> Iterator[tuple[ast.expr, Callable[[ast.expr], ast.stmt]]]:
    """What an assignment assigns, one by one, and the assignment with something else in the place of it."""
    if isinstance(node, ast.AugAssign):
        yield node.value, lambda new: ast.AugAssign(node.target, node.op, new)
    elif isinstance(node, ast.Assign | ast.Return):
        parts = elements(node.value)
        for k, value in enumerate(parts):
            yield value, partial(_with_element, node, k)
        if not parts and node.value is not None:
            yield node.value, partial(_with_value, node)


def elements(node: ast.expr | None) -> list[ast.expr]:
    """What stands side by side in a tuple or a dictionary."""
    if isinstance(node, ast.Tuple):
        return node.elts
    return node.values if isinstance(node, ast.Dict) and None not in node.keys else []


def _with_element(node: ast.Assign | ast.Return, k: int, new: ast.expr) -> ast.stmt:
    whole: Any = node.value
    parts = elements(whole)
    made = [*parts[:k], new, *parts[k + 1 :]]
    return _with_value(node, ast.Dict(whole.keys, made) if isinstance(whole, ast.Dict) else ast.Tuple(made, ast.Load()))


def _with_value(node: ast.Assign | ast.Return, new: ast.expr) -> ast.stmt:
    return ast.Return(new) if isinstance(node, ast.Return) else ast.Assign(node.targets, new)
