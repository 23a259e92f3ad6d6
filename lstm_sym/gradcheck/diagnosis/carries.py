"""Slips in what goes from step to step: a carry, a path or a sum over the steps that is left out."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from .edits import Change
from .places import New, Places, called, filled, indices, name, read, terms, values_of, words
from .slips import turned

CARRY = "carried_"
CARRIES = 12
"""Names that are tried as a missing term of one assignment."""

Changes = Iterator[tuple[tuple[Change, ...], str]]


def forgotten(places: Places) -> list[str]:
    """Carries that a loop makes and does not use."""
    return [*places.idle, *places.waiting, *places.unread]


# --- one place ------------------------------------------------------------------------------------


def not_carried(node: ast.Assign, places: Places) -> New:
    """A total derivative that forgets what it was after the step before."""
    target = node.targets[0]
    given = isinstance(target, ast.Name) and target.id in places.parameters
    again = id(node) in places.inside and isinstance(target, ast.Name | ast.Subscript) and _read_again(target, places)
    if given or again:
        yield ast.AugAssign(target, ast.Add(), node.value)  # type: ignore[arg-type]


def not_summed(node: ast.Assign, places: Places) -> New:
    """The gradient of one step, where the steps should be summed."""
    target = node.targets[0]
    gathered = isinstance(target, ast.Attribute) and target.attr.startswith("grad")
    steps = id(node) in places.inside and isinstance(target, ast.Name | ast.Subscript)
    if gathered or (steps and not _read_again(target, places)):
        yield ast.AugAssign(target, ast.Add(), node.value)  # type: ignore[arg-type]


def summed(node: ast.AugAssign, places: Places) -> New:
    """What is added up from step to step, and should be handed on."""
    if isinstance(node.op, ast.Add) and id(node) in places.inside:
        yield ast.Assign([node.target], node.value)


def unread_steps(node: ast.Name, places: Places) -> New:
    """What the loss gives each step, of which the function has read nothing but the shape, beside a carry."""
    if isinstance(node.ctx, ast.Load) and node.id in places.handed:
        for array in places.shaped:
            for step in places.counters:
                yield filled("d[t] + a", a=node, d=name(array), t=name(step))
                yield filled("d[:, t] + a", a=node, d=name(array), t=name(step))


def repeated(node: ast.AugAssign, places: Places) -> New:
    """Rows that are added at given indices, of which one may occur several times."""
    if isinstance(node.op, ast.Add) and isinstance(node.target, ast.Subscript):
        where = node.target.slice
        sliced = any(isinstance(part, ast.Slice) for part in indices(node.target))
        where = filled("np.s_[b]", b=where) if sliced else where
        at = filled("np.add.at(a, b, c)", a=node.target.value, b=where, c=node.value)
        yield ast.Expr(at)


def _read_again(target: ast.expr, places: Places) -> bool:
    text = ast.unparse(target)
    loads = (n for n in places.nodes if type(n) is type(target) and isinstance(getattr(n, "ctx", None), ast.Load))
    return any(id(n) in places.inside and ast.unparse(n) == text for n in loads)


def carry_added(node: ast.Assign, places: Places) -> New:
    """A carry that is made and not used: in a sum."""
    if id(node) in places.inside:
        for value, put in values_of(node):
            for text in forgotten(places):
                if text != ast.unparse(node.targets[0]):
                    yield put(filled("a + c", a=value, c=name(text)))


def carry_in_factor(node: ast.BinOp, places: Places) -> New:
    """The same, in a factor."""
    if isinstance(node.op, ast.Mult):
        for text in forgotten(places):
            yield filled("(a + c) * b", a=node.left, b=node.right, c=name(text))
            yield filled("a * (b + c)", a=node.left, b=node.right, c=name(text))


def carry_in_argument(node: Any, places: Places) -> New:
    """The same, beside what the loss gives a step."""
    if id(node) in places.inside and _given_to_a_step(node, places):
        for text in forgotten(places):
            yield filled("a + c", a=node, c=name(text))


def _given_to_a_step(node: Any, places: Places) -> bool:
    """Whether this is read, and at an index that a loop counts."""
    if not isinstance(node.ctx, ast.Load):
        return False
    if isinstance(node, ast.Subscript):
        inner = {n.id for n in ast.walk(node.slice) if isinstance(n, ast.Name)}
        return bool(inner & set(places.counters))
    return node.id in places.counters


def carry_for_nothing(node: Any, places: Places) -> New:
    """A carry where a function that a loop calls is given zeros."""
    nothing = called(node) in ("zeros", "zeros_like") if isinstance(node, ast.Call) else node.value in (0, 0.0)
    parent = places.parents.get(id(node))
    if nothing and id(node) in places.inside and isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name):
        yield from (name(text) for text in forgotten(places))


def other_carry(node: ast.Assign, places: Places) -> New:
    """A term that is missing: any name of the loop."""
    targets = {n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)}
    if id(node) in places.inside and targets & set(places.carried):
        for value, put in values_of(node):
            for text in places.carried[:CARRIES]:
                yield put(filled("a + c", a=value, c=name(text)))


# --- a sum over gates -----------------------------------------------------------------------------


def missing_paths(places: Places) -> Changes:
    """A sum over gates that lacks some: terms like another, with another gate's letters."""
    for node in reversed(list(places.of(ast.BinOp, ast.Assign, ast.AugAssign))):
        if isinstance(node, ast.BinOp):
            if not isinstance(node.op, ast.Add) or not places.outermost(node, ast.Add):
                continue
            value: ast.expr = node
        else:
            value = node.value  # type: ignore[attr-defined]
            if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
                continue
        for family in families(value, places):
            for count in range(1, len(family) + 1):
                for chosen in combinations(family, count):
                    made = value
                    for term in chosen:
                        made = ast.BinOp(made, ast.Add(), term)
                    yield ((value, made),), ""


def families(value: Any, places: Places) -> Iterator[list[Any]]:
    """For each term of a sum, or for a statement, those that another letter makes of it, and that are not there."""
    each = [value] if isinstance(value, ast.stmt) else terms(value)
    present = {ast.unparse(term) for term in each}
    vocabulary = {*places.known, *places.keys}
    for term in each:
        own = words(term)
        for old in sorted(_letters(own)) if len(own) > 1 else ():
            family: dict[str, Any] = {}
            for new in sorted(_letters(vocabulary) - {old}):
                if all(new.join(word.rsplit(old, 1)) in vocabulary for word in own):
                    made = _renamed(term, old, new)
                    if ast.unparse(made) not in present:
                        family.setdefault(ast.unparse(made), made)
            yield list(family.values())[:4]


def _letters(texts: set[str]) -> set[str]:
    return {letter for text in texts for letter in text if letter.isalnum()}


def _renamed(term: Any, old: str, new: str) -> Any:
    """A term with the last letter ``old`` of each of its names and keys replaced."""
    made = copy.deepcopy(term)
    for node in ast.walk(made):
        if isinstance(node, ast.Name):
            node.id = new.join(node.id.rsplit(old, 1))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = new.join(node.value.rsplit(old, 1))
    return made


def missing_terms(places: Places) -> Changes:
    """A path that is left out: a weight or a gate times an adjoint of the loop; in one place, then two such paths."""
    found: list[tuple[str, ast.expr, ast.For | ast.While]] = []
    hands = {*places.handed, *places.idle, *places.waiting}
    for node in places.of(ast.Assign, ast.AugAssign):
        loop = places.loop_of(node)
        for target, value in _assigned(node) if loop is not None else ():
            if target in hands or len(target) > 1:
                assert loop is not None
                found.append((target, value, loop))
    known = {id(loop): _terms(places, loop) for loop in places.loops}
    handed = [row for row in found if row[0] in hands]
    for rows, akin in ((handed, True), (found, True), (handed, False)):
        for target, value, loop in rows:
            for term, same in known[id(loop)]:
                # What is handed on is often handed on by itself, times a gate.
                if (same or (rows is handed and target in words(term))) is akin:
                    yield ((value, filled("a + b", a=value, b=term)),), ""
    for _, value, loop in found:
        for one, other in combinations([term for term, same in known[id(loop)] if same], 2):
            if _alike(one, other):
                yield ((value, filled("a + b + c", a=value, b=one, c=other)),), ""
    for _, value, loop in found:
        yield from ((((value, filled("a + b", a=value, b=term)),), "") for term, same in known[id(loop)] if not same)


def _assigned(node: Any) -> Iterator[tuple[str, ast.expr]]:
    """The names that an assignment assigns, with what each of them gets."""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    pairs = [(target, node.value)]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = list(zip(target.elts, node.value.elts))
    for one, value in pairs:
        if isinstance(one, ast.Name) and not isinstance(value, ast.Constant):
            yield one.id, value


def _terms(places: Places, loop: ast.For | ast.While) -> list[tuple[ast.expr, bool]]:
    """Products of an adjoint with something else, and whether both are of the same gate, by a letter of their names."""
    made: dict[str, tuple[ast.expr, bool]] = {}
    factors = [(weight, ("b @ a", "a @ b") if matrix else ("a * b",)) for weight, matrix in weights(places)]
    factors += [(name(text), ("a * b", "a * (1 - b)")) for text in places.letters(loop.body[0])]
    for factor, forms in factors:
        for adjoint in adjoints(loop):
            if ast.unparse(factor) != ast.unparse(adjoint):
                for form in forms:
                    term = filled(form, a=adjoint, b=turned(factor) if "@" in form else factor)
                    akin = not _letters(words(adjoint)).isdisjoint(_last(factor))
                    made.setdefault(ast.unparse(term), (term, akin))
    return list(made.values())


def _last(node: ast.expr) -> set[str]:
    """The last letters of the names and keys in an expression."""
    return {word[-1] for word in words(node) if word}


def adjoints(loop: ast.For | ast.While | ast.FunctionDef) -> list[ast.expr]:
    """What a body assigns, by names and by keys; those first that say that they are derivatives."""
    found: dict[str, ast.expr] = {}
    for statement in loop.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.setdefault(node.id, name(node.id))
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                    found.setdefault(ast.unparse(node), read(node))
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                for key in node.value.keys:
                    if isinstance(key, ast.Constant) and isinstance(node.targets[0], ast.Name):
                        made = ast.Subscript(name(node.targets[0].id), key, ast.Load())
                        found.setdefault(ast.unparse(made), made)
    return sorted(found.values(), key=lambda e: not ast.unparse(e).startswith(("d", "a", "g", "b")))


def weights(places: Places) -> list[tuple[ast.expr, bool]]:
    """What stands as one factor of a product somewhere, and no loop changes it; and whether of a matrix product."""
    found: dict[str, tuple[ast.expr, bool]] = {}
    changing = {*places.carried, *places.counters}
    for node in places.nodes:
        pairs: list[tuple[ast.expr, bool]] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.MatMult):
            pairs = [(part, isinstance(node.op, ast.MatMult)) for part in (node.left, node.right)]
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("dot", "matmul")
        ):
            pairs = [(part, True) for part in (node.func.value, *node.args)]
        for part, matrix in pairs:
            plain = isinstance(part, ast.Name | ast.Subscript | ast.Attribute)
            own = {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
            if plain and own & set(places.given) and not own & changing:
                bare = turned(part) if isinstance(part, ast.Attribute) and part.attr == "T" else part
                found.setdefault(f"{matrix}{ast.unparse(bare)}", (bare, matrix))
    for text in places.given:
        if text[0].isupper() and len(text) > 1 and text not in changing:
            found.setdefault(f"True{text}", (name(text), True))
    return list(found.values())


def _alike(one: ast.expr, other: ast.expr) -> bool:
    """Whether one term is the other with another letter throughout."""
    a, b = ast.unparse(one), ast.unparse(other)
    if len(a) != len(b):
        return False
    different = {(x, y) for x, y in zip(a, b) if x != y}
    return len(different) == 1 and sum(x != y for x, y in zip(a, b)) > 1


# --- carries that are not made --------------------------------------------------------------------


def common_carry(places: Places) -> Changes:
    """One expression written out several times, gate by gate, that lacks a carry everywhere."""
    groups: dict[str, list[ast.AST]] = {}
    for node in places.of(ast.BinOp, ast.Name, ast.Subscript):
        context = getattr(node, "ctx", None)
        if id(node) in places.inside and not isinstance(context, ast.Store | ast.Del):
            groups.setdefault(ast.unparse(node), []).append(node)
    carries = list(dict.fromkeys([*forgotten(places), *places.carried]))
    for nodes in groups.values():
        if len(nodes) > 1 and isinstance(nodes[0], ast.BinOp):
            for carry in carries:
                if carry not in words(nodes[0]):
                    yield tuple((node, filled("(a + c)", a=node, c=name(carry))) for node in nodes), ""  # type: ignore[arg-type]
    for node in places.of(ast.Assign):
        assert isinstance(node, ast.Assign)
        own = _own_product(node, places)
        if own is not None:
            yield own


def _own_product(node: ast.Assign, places: Places) -> tuple[tuple[Change, ...], str] | None:
    """Gates written out with one product in front, and a carry that only scales itself: the product joins it."""
    target = node.targets[0]
    if not isinstance(target, ast.Name) or id(node) not in places.inside or target.id not in words(node.value):
        return None
    groups: dict[str, list[ast.AST]] = {}
    for other in places.of(ast.BinOp):
        if id(other) in places.inside and isinstance(other, ast.BinOp) and isinstance(other.op, ast.Mult):
            groups.setdefault(ast.unparse(other), []).append(other)
    shared = [nodes for nodes in groups.values() if len(nodes) > 1 and target.id not in words(nodes[0])]
    if not shared:
        return None
    nodes = max(shared, key=lambda found: len(ast.unparse(found[0])))
    term = nodes[0]
    assert isinstance(term, ast.expr)
    uses = [n for n in ast.walk(node.value) if isinstance(n, ast.Name) and n.id == target.id]
    changes = [(n, filled("(a + c)", a=n, c=name(target.id))) for n in nodes]  # type: ignore[arg-type]
    changes += [(n, filled("(c + a)", a=term, c=name(target.id))) for n in uses]
    return tuple(changes), ""


def unmade_carry(places: Places) -> Changes:
    """A carry that the code does not make at all: what a step hands to the step before it."""
    for loop in places.loops:
        parent = places.parents.get(id(loop))
        if not isinstance(loop, ast.For) or parent is None:
            continue
        last = loop.body[-1]
        for node in [n for s in loop.body for n in ast.walk(s)]:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and places.loop_of(node) is loop:
                adjoint = node.targets[0].id
                carry = CARRY + adjoint
                handed = [filled("a * b", a=name(adjoint), b=name(g)) for g in places.letters(last) if g != adjoint]
                handed += _backwards(places, loop)
                for value in handed:
                    yield _with_carry(loop, last, node.value, carry, value), _said(adjoint, value)
            elif isinstance(node, ast.Subscript) and places.loop_of(node) is loop and _given_to_a_step(node, places):
                for value in _backwards(places, loop) if places.statement_of(node) is not last else ():
                    yield _with_carry(loop, last, node, CARRY, value), _said(ast.unparse(node), value)


def _backwards(places: Places, loop: ast.For) -> list[ast.expr]:
    made = []
    for weight, matrix in weights(places):
        for adjoint in adjoints(loop) if matrix else []:
            made += [filled("b @ a", a=adjoint, b=turned(weight)), filled("a @ b", a=adjoint, b=turned(weight))]
            made += [filled("b @ a", a=adjoint, b=weight), filled("a @ b", a=adjoint, b=weight)]
    return made


def _with_carry(loop: ast.For, last: ast.stmt, value: ast.expr, carry: str, handed: ast.expr) -> tuple[Change, ...]:
    """``value`` with the carry added, which is 0 before the loop and ``handed`` after each round."""
    start = ast.Assign([ast.Name(carry, ast.Store())], ast.Constant(0))
    end = ast.Assign([ast.Name(carry, ast.Store())], handed)
    return (
        (value, filled("a + c", a=value, c=name(carry))),
        (last, ast.If(ast.Constant(True), [last, end], [])),
        (loop, ast.If(ast.Constant(True), [start, loop], [])),
    )


def _said(what: str, value: ast.expr) -> str:
    return f"`{ast.unparse(value)}` of the step after is added to `{what}`"
