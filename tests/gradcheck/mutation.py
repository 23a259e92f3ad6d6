"""Programs with one place changed by machine, and whether floating point sees the change.

The changes are not those that the diagnosis of ``lstm_sym.gradcheck`` tries; they are made of the source of a whole
module, in the functions that the backward pass alone calls. Whether a change matters is seen in double precision at
many random points, by comparing with the program as it was, so that nothing of the check judges itself.
"""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.Pow: (ast.Mult,),
}
COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.Lt, ast.GtE),
    ast.Lt: (ast.Gt, ast.LtE),
    ast.GtE: (ast.LtE, ast.Gt),
    ast.LtE: (ast.GtE, ast.Lt),
}
NAMES = {
    **{"sum": "mean", "mean": "sum", "max": "min", "min": "max", "argmax": "argmin", "argmin": "argmax"},
    **{"zeros_like": "ones_like", "zeros": "ones", "sinh": "cosh", "cosh": "sinh", "tanh": "cosh", "exp": "cosh"},
    **{"add": "subtract", "subtract": "add", "logical_and": "logical_or", "reversed": "list", "W": "U", "U": "W"},
}
PRODUCTS = ("dot", "matmul", "outer", "tensordot")
POINTS = 8
CLOSE = 1e-9


@dataclass(frozen=True)
class Mutant:
    """A module's tree in which one node is to be changed."""

    kind: str
    tree: ast.Module
    place: int
    old: ast.AST
    new: ast.AST

    def __str__(self) -> str:
        after = ast.unparse(ast.fix_missing_locations(copy.deepcopy(self.new)))
        return f"{self.kind}, line {getattr(self.old, 'lineno', 0)}: {ast.unparse(self.old)} -> {after}"

    def namespace(self, name: str) -> dict[str, Any]:
        """The changed module, executed afresh."""
        changed = copy.deepcopy(self.tree)
        target = list(ast.walk(changed))[self.place]
        return executed(ast.fix_missing_locations(_Put(target, self.new).visit(changed)), name)


def executed(tree: ast.Module, name: str) -> dict[str, Any]:
    """The namespace of a module."""
    space: dict[str, Any] = {"__name__": name}
    exec(compile(tree, f"{name}.py", "exec"), space)
    return space


def mutants(source: str, forward: str, backward: str) -> Iterator[Mutant]:
    """Every change of one place in what ``backward`` calls and ``forward`` does not."""
    tree = ast.parse(source)
    places = {node: place for place, node in enumerate(ast.walk(tree))}
    for definition in _own(tree, forward, backward):
        for node in ast.walk(definition):
            for kind, new in _changes(node):
                yield Mutant(kind, tree, places[node], node, new)


class _Put(ast.NodeTransformer):
    def __init__(self, target: ast.AST, new: ast.AST) -> None:
        self.target, self.new = target, new

    def visit(self, node: ast.AST) -> Any:
        return ast.copy_location(copy.deepcopy(self.new), node) if node is self.target else self.generic_visit(node)


def _own(tree: ast.Module, forward: str, backward: str) -> list[ast.FunctionDef]:
    """The functions and methods that ``backward`` reaches and ``forward`` does not, called by whatever name."""
    defined = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}

    def reached(name: str) -> set[str]:
        found, waiting = set(), [name]
        while waiting:
            current = waiting.pop()
            if current in defined and current not in found:
                found.add(current)
                for node in ast.walk(defined[current]):
                    if isinstance(node, ast.Call):
                        called = node.func
                        waiting.append(called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", ""))
        return found

    return [defined[name] for name in sorted(reached(backward) - reached(forward) - {"__init__"})]


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.BinOp):
        yield from _of_operation(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Invert):
        yield "sign", node.operand
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr == "T":
        yield "transpose", node.value
    elif isinstance(node, ast.Constant):
        yield from _of_constant(node)
    elif isinstance(node, ast.Subscript):
        yield from _of_index(node)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        for other in COMPARED[type(node.ops[0])]:
            yield "comparison", ast.Compare(node.left, [other()], node.comparators)
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.AugAssign):
        yield "statement", ast.Pass()
        yield "statement", ast.Assign([node.target], node.value)
        for other in OPERATORS.get(type(node.op), ())[:1]:
            yield "operator", ast.AugAssign(node.target, other(), node.value)
    elif isinstance(node, ast.Assign):
        yield "statement", ast.Pass()
        if not isinstance(node.targets[0], ast.Tuple):
            yield "sign", ast.Assign(node.targets, ast.UnaryOp(ast.USub(), node.value))
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        parts = node.value.elts
        for k in range(len(parts) - 1):
            swapped = [*parts[:k], parts[k + 1], parts[k], *parts[k + 2 :]]
            yield "order", ast.Return(ast.Tuple(swapped, ast.Load()))


def _transposed(node: ast.expr) -> ast.expr:
    return ast.Attribute(node, "T", ast.Load())


def _of_operation(node: ast.BinOp) -> Iterator[tuple[str, ast.AST]]:
    left, right, op = node.left, node.right, type(node.op)
    for other in OPERATORS.get(op, ()):
        yield "operator", ast.BinOp(left, other(), right)
    if op is ast.MatMult:
        yield "transpose", ast.BinOp(_transposed(left), ast.MatMult(), right)
        yield "transpose", ast.BinOp(left, ast.MatMult(), _transposed(right))
        yield "order", ast.BinOp(right, ast.MatMult(), left)
        return
    yield "term or factor", left
    if op is not ast.Pow:
        yield "term or factor", right
    if op is ast.Sub:
        yield "sign", ast.BinOp(right, ast.Sub(), left)
    if op is ast.Mult:
        yield "sign", ast.UnaryOp(ast.USub(), node)
        for a, b in ((left, right), (right, left)):
            if isinstance(a, ast.BinOp) and isinstance(a.op, ast.Add | ast.Sub):
                yield "parentheses", ast.BinOp(a.left, a.op, ast.BinOp(a.right, ast.Mult(), b))


def _of_constant(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", ast.Constant(not value)
    elif isinstance(value, int | float):
        yield "constant", ast.Constant(value + 1)
        yield "constant", ast.Constant(value - 1)


def _of_index(node: ast.Subscript) -> Iterator[tuple[str, ast.AST]]:
    index = node.slice
    first = index.elts[0] if isinstance(index, ast.Tuple) else index
    if isinstance(first, ast.Name):
        for op in (ast.Sub(), ast.Add()):
            moved: ast.expr = ast.BinOp(first, op, ast.Constant(1))
            if isinstance(index, ast.Tuple):
                moved = ast.Tuple([moved, *index.elts[1:]], ast.Load())
            yield "index", ast.Subscript(node.value, moved, node.ctx)
    elif isinstance(index, ast.Slice) and isinstance(node.ctx, ast.Load):
        yield "index", node.value


def _of_call(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    function = node.func
    attribute = isinstance(function, ast.Attribute)
    name = function.attr if attribute else getattr(function, "id", "")
    if name in NAMES:
        other = NAMES[name]
        new = ast.Attribute(function.value, other, ast.Load()) if attribute else ast.Name(other, ast.Load())
        yield "function", ast.Call(new, node.args, node.keywords)
    if name in ("tanh", "sigma", "expit", "exp", "sinh", "cosh", "sqrt", "sign") and len(node.args) == 1:
        yield "function", node.args[0]
    if name in PRODUCTS and len(node.args) >= 2:
        a, b, *rest = node.args
        yield "order", ast.Call(function, [b, a, *rest], node.keywords)
        yield "transpose", ast.Call(function, [_transposed(a), b, *rest], node.keywords)
        yield "transpose", ast.Call(function, [a, _transposed(b), *rest], node.keywords)
    if name == "einsum":
        yield from _of_subscripts(node)
    named = [keyword for keyword in node.keywords if keyword.arg]
    for k in range(len(named) - 1):
        swapped = list(node.keywords)
        swapped[k] = ast.keyword(named[k].arg, named[k + 1].value)
        swapped[k + 1] = ast.keyword(named[k + 1].arg, named[k].value)
        yield "order", ast.Call(function, node.args, swapped)
    if not attribute and len(node.args) >= 2 and name not in PRODUCTS and name[:1].isupper():
        yield "order", ast.Call(function, [node.args[1], node.args[0], *node.args[2:]], node.keywords)


def _of_subscripts(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    """The last two letters of one operand, or of the result, changed round."""
    text = node.args[0]
    if not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
        return
    read, _, made = text.value.partition("->")
    parts = [*read.split(","), made]
    for k, part in enumerate(parts):
        if len(part) > 1:
            turned = [*parts[:k], part[:-2] + part[:-3:-1], *parts[k + 1 :]]
            yield (
                "transpose",
                ast.Call(
                    node.func, [ast.Constant(",".join(turned[:-1]) + "->" + turned[-1]), *node.args[1:]], node.keywords
                ),
            )


Program = tuple[Callable[..., Any], Callable[..., Any]]


def flat(nest: Any) -> list[Any]:
    """The leaves of tuples, lists and dictionaries."""
    if isinstance(nest, dict):
        return [leaf for value in nest.values() for leaf in flat(value)]
    return [leaf for value in nest for leaf in flat(value)] if isinstance(nest, tuple | list) else [nest]


def mapped(function: Callable[[Any], Any], nest: Any) -> Any:
    """The nest of what a function makes of the leaves."""
    if isinstance(nest, dict):
        return {key: mapped(function, value) for key, value in nest.items()}
    if isinstance(nest, tuple):
        parts = [mapped(function, value) for value in nest]
        return type(nest)(*parts) if hasattr(nest, "_fields") else tuple(parts)
    if isinstance(nest, list):
        return [mapped(function, value) for value in nest]
    return function(nest)


def drawn(inputs: Any, random: np.random.Generator) -> Any:
    """Normal numbers in the place of floating-point ones."""

    def draw(leaf: Any) -> Any:
        if isinstance(leaf, float):
            return float(random.normal())
        array = isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
        return random.normal(size=leaf.shape) if array else leaf

    return mapped(draw, inputs)


@contextmanager
def unwritten_memory_is_nan() -> Iterator[None]:
    """``np.empty`` gives NaN, so that reading before writing never passes by luck."""
    empty, empty_like = np.empty, np.empty_like

    def filled(shape: Any, dtype: Any = float, **_: Any) -> Any:
        return np.full(shape, np.nan, dtype)

    def filled_like(array: Any, dtype: Any = None, **_: Any) -> Any:
        return np.full(np.shape(array), np.nan, dtype or np.asarray(array).dtype)

    np.empty, np.empty_like = filled, filled_like
    try:
        yield
    finally:
        np.empty, np.empty_like = empty, empty_like


def gradients(program: Program, inputs: dict[str, Any], seed: int) -> tuple[bool, Any]:
    """Whether the caller's arrays were overwritten, and what backward gives, in double precision."""
    forward, backward = program
    random = np.random.default_rng(seed)
    values = list(drawn(inputs, random).values())
    kept = [np.copy(leaf) for leaf in flat(values)]
    np.random.seed(seed)
    space = getattr(forward, "__globals__", {})
    if "generator" in space:
        space["generator"] = np.random.default_rng(seed)
    with np.errstate(all="ignore"), unwritten_memory_is_nan():
        given = forward(*values)
        cached = next(iter(inspect.signature(backward).parameters)) != "inputs"
        outputs = given[:-1] if cached else (given,)
        bar = mapped(lambda leaf: random.normal(size=np.shape(leaf)), outputs)
        before = [np.copy(leaf) for leaf in flat(bar)]
        found = backward(*bar, given[-1]) if cached else backward(tuple(values), *bar)
    overwritten = any(
        not np.array_equal(a, b) for a, b in zip([*kept, *before], [*flat(values), *flat(bar)], strict=True)
    )
    return overwritten, mapped(lambda leaf: None if leaf is None else np.asarray(leaf, float), found)


def seen_by_floats(right: Program, mutant: Program, inputs: dict[str, Any], points: int = POINTS) -> str:
    """What a mutant does at random points: it ``raises``, gives ``NaN`` or another structure, has ``changed`` the

    gradient, ``overwrites`` what belongs to the caller, or does the ``same``.
    """
    numbers = True
    for seed in range(points):
        _, wanted = gradients(right, inputs, seed)
        try:
            overwritten, found = gradients(mutant, inputs, seed)
        except Exception:
            return "raises"
        if _structure(found) != _structure(wanted):
            return "another structure"
        found, wanted = flat(found), flat(wanted)
        finite = all(np.isfinite(a).all() for a in found if a is not None)
        numbers &= finite
        if finite and not all(map(_close, found, wanted)):
            return "changed"
        if overwritten:
            return "overwrites"
    return "same" if numbers else "NaN"


def _structure(nest: Any) -> Any:
    return mapped(lambda leaf: leaf is None, nest)


def _close(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and np.allclose(a, b, rtol=CLOSE, atol=CLOSE * max(1e-3, float(np.abs(b).max(initial=0))))
