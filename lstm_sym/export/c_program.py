r"""The two functions of a cell as operations on arrays: what a stacked plan says, with a place for every letter.

An activation takes the place of its pre-activation where nothing else reads that: :math:`f = \sigma(a_f)` is written
over :math:`a_f`, beside the other gates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sympy import Add, Integer

from ..activations import Elementwise
from ..nodes.algebra import Zero
from ..symbols import At, Parameter, Sequence, adjoint, direct, letters, t
from .c_body import Array, Body, Function
from .c_entries import to_c
from .c_letters import CNames
from .c_operations import ColumnSum, Each, Nothing, Place, filling, own_entry
from .plan import carry
from .rows import outer_of
from .stacking import Stacking


@dataclass(frozen=True, slots=True)
class Program:
    """Both functions; the forward one fills the cache, the backward one reads it."""

    cache: tuple[Array, ...]
    forward: Function
    backward: Function


def program_of(stacking: Stacking, words: CNames) -> Program:
    """The operations of a stacked plan."""
    cell, names = stacking.plan.cell, words.names
    forward = Body(words, {})
    for s in cell.inputs:
        forward.places[s[t]] = filling(names[s], words.arguments[s], forward.axes(s))
    for s in cell.states:
        array = words.new(f"{names[s]}_steps")
        forward.places[s[t]] = filling(names[s], array, forward.axes(s), shift=1)
        forward.places[s[t - 1]] = before = filling(words.before[s], array, forward.axes(s))
        forward.arrays[array] = Array(array, f"(T + 1) * B * {before.width}", rows="(T + 1) * B", width=before.width)
    _forward_places(forward, stacking)
    _forward(forward, stacking)
    kept = {names[s] for s in (*stacking.plan.stored, *cell.states)} | set(words.arguments.values())
    function = forward.finished(kept)
    cached = {forward.places[s[t]].array for s in (*stacking.plan.stored, *cell.states)}
    cache = tuple(array for array in forward.arrays.values() if array.name in cached)
    function = replace(function, scratch=tuple(a for a in function.scratch if a.name not in cached))
    backward = Body(words, {k: v for k, v in forward.places.items() if k.sequence in _readable(stacking)})
    backward.given = dict(forward.arrays)
    _backward_places(backward, stacking)
    _backward(backward, stacking)
    done = backward.finished({names[carry(s)] for s in cell.states} | {names[adjoint(s)] for s in cell.inputs})
    given = {place.array for place in forward.places.values()} | set(words.arguments.values())
    return Program(cache, function, replace(done, scratch=tuple(a for a in done.scratch if a.name not in given)))


def _readable(stacking: Stacking) -> set[Sequence]:
    return {*stacking.plan.stored, *stacking.plan.cell.states, *stacking.plan.cell.inputs}


def _beside(body: Body, bundle: tuple[Sequence, ...]) -> None:
    """Places side by side in one array for all steps."""
    width = body.width(sum((s.shape[0] for s in bundle), Integer(0)))
    array, bare = body.words.new("beside"), width.removeprefix("(").removesuffix(")")
    body.arrays[array] = Array(array, f"T * B * stride({bare})", f"stride({bare})", "T * B", width)
    at: Any = Integer(0)
    for s in bundle:
        offset = body.width(at)
        body.places[s[t]] = Place(body.names[s], array, body.width(s.shape[0]), f"{array}_stride", offset)
        at += s.shape[0]


def _forward_places(body: Body, stacking: Stacking) -> None:
    plan = stacking.plan
    for bundle in stacking.bundles:
        if bundle[0] not in plan.cell.states:
            _beside(body, bundle)
    over = _in_place(stacking)
    outside = {line.target for line in (*plan.forward.before, *plan.forward.after)}
    outside |= {line.target for line in plan.forward.loop if line.early is not None} | set(plan.stored)
    outside |= _at(line.value for line in plan.forward.after)
    for line in plan.forward.lines:
        s = line.target
        if s in over:
            body.places[s[t]] = replace(body.place(over[s][t]), name=body.names[s])
        elif s[t] not in body.places:
            body.places[s[t]] = body.own(body.names[s], body.axes(s), s in outside)


def _in_place(stacking: Stacking) -> dict[Sequence, Sequence]:
    """The activations that can lie where their pre-activations lay: in a bundle, and read by nothing else."""
    plan = stacking.plan
    bundled = {s for bundle in stacking.bundles for s in bundle}
    once = Counter(a.sequence for line in plan.forward.lines for a in line.read if isinstance(a, At))
    free = {s for s in bundled if once[s] == 1} - {*plan.stored, *plan.cell.states, *plan.cell.outputs}
    found = {}
    for line in plan.forward.lines:
        if isinstance(line.value, Elementwise) and line.early is None and line.target not in bundled:
            source = line.value.argument
            if isinstance(source, At) and source.sequence in free and line.target not in plan.cell.states:
                found[line.target] = source.sequence
    return found


def _forward(body: Body, stacking: Stacking) -> None:
    plan, run = stacking.plan, stacking.forward
    waiting = {id(stack): stack for stack in (*stacking.hoisted, *stacking.recurrent)}

    def products(target: Sequence, stacks: Iterable[Any]) -> None:
        for stack in stacks:
            if target in stack.targets and id(stack) in waiting:
                del waiting[id(stack)]
                body.product(list(stack.parts), stack.operand, str(stack))

    for line in run.before:
        products(line.target, stacking.hoisted)
        body.lines([line], {})
    for line in run.loop:
        products(line.target, stacking.hoisted)
    body.early(run.loop)
    body.region = "loop"
    for line in run.loop:
        products(line.target, stacking.recurrent)
        body.lines([line], {})
        _output(body, line.target, plan.cell.outputs)
    body.region = "after"
    body.lines(run.after, {})
    for region, lines in (("before", run.before), ("after", run.after)):
        body.region = region
        for line in lines:
            _output(body, line.target, plan.cell.outputs)


def _output(body: Body, target: Sequence, outputs: tuple[Sequence, ...]) -> None:
    if target in outputs:
        place, array = body.place(target[t]), body.words.arguments[target]
        body.put(Each(filling(array, array, body.axes(target)), place.token, ""))


def _backward_places(body: Body, stacking: Stacking) -> None:
    plan, words = stacking.plan, body.words
    for s in plan.cell.outputs:
        array = words.arguments[direct(s)]
        body.places[direct(s)[t]] = filling(array, array, body.axes(s))
    for s in plan.cell.inputs:
        body.places[adjoint(s)[t]] = filling(words.names[adjoint(s)], words.arguments[adjoint(s)], body.axes(s))
    for s in plan.cell.states:
        array = words.arguments[carry(s)]
        body.places[carry(s)[t]] = filling(words.names[carry(s)], array, body.axes(s), all_steps=False)
    for bundle in stacking.adjoint_bundles:
        if not any(s[t] in body.places for s in bundle):
            _beside(body, bundle)
    outside = {line.target for line in (*plan.backward.before, *plan.backward.after)}
    outside |= {line.target for line in plan.backward.loop if line.early is not None}
    outside |= _at([line.value for line in plan.backward.after] + [value for _, value in plan.gradients])
    for line in plan.backward.lines:
        s = line.target
        if s[t] not in body.places:
            body.places[s[t]] = body.own(body.names[s], body.axes(s), s in outside)


def _backward(body: Body, stacking: Stacking) -> None:
    plan, run = stacking.plan, stacking.backward
    back = {line.target[t]: line.value for line in stacking.coefficients}
    body.lines(run.before, back)
    body.early(run.loop)
    body.region = "loop"
    for line in run.loop:
        for gather in stacking.gathers_into(line.target):
            body.gather(gather.target, gather.parts, str(gather))
        body.lines([line], back)
    said = dict(plan.carries)
    for state, value in sorted(stacking.carries, key=lambda part: bool(stacking.gathers_into(carry(part[0])))):
        for gather in stacking.gathers_into(carry(state)):
            body.gather(gather.target, gather.parts, str(gather))
        body.line(carry(state), value.xreplace(back), f"{adjoint(state)[t - 1]} gets {said[state]}")
    body.region = "after"
    for line in run.after:
        for gather in stacking.gathers_into(line.target):
            body.gather(gather.target, gather.parts, str(gather))
        body.lines([line], back)
    begun: set[str] = set()
    for outer in stacking.outers:
        if outer.operand is None:
            for parameter, source in outer.parts:
                _column_sum(body, parameter, source[t])
        else:
            pairs = [(body.names[adjoint(p)], body.place(source[t]), False) for p, source in outer.parts]
            body.outer(body.place(outer.operand), Add(*[p.rows for p, _ in outer.parts]), pairs, str(outer))
    for parameter, value in stacking.gradients:
        _gradient(body, parameter, value, begun)


def _column_sum(body: Body, parameter: Parameter, value: Any) -> None:
    axes = body.axes(parameter)
    matrix = axes if len(axes) > 1 else ()
    width, said = " * ".join(axes), f"sum over t of {value}"
    text = own_entry(to_c(value, body), width)
    body.put(ColumnSum(body.names[adjoint(parameter)], text, width, said, matrix))


def _gradient(body: Body, parameter: Parameter, value: Any, begun: set[str]) -> None:
    name = body.names[adjoint(parameter)]
    if isinstance(value, Zero):
        count = f"{body.width(parameter.rows)} * {body.width(parameter.cols)}"
        body.put(Nothing(name, count))
    elif parameter.cols == 1 or (columns := outer_of(value)) is None:
        _column_sum(body, parameter, value)
    else:
        for left, right in columns:
            operand, source = body.stored(right), body.stored(left)
            body.outer(operand, parameter.rows, [(name, source, name in begun)], f"sum over t of {value}")
            begun.add(name)


def _at(values: Iterable[Any]) -> set[Sequence]:
    return {a.sequence for value in values for a in letters(value) if isinstance(a, At)}
