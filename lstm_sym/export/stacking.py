r"""Which products of a plan are rows of one product, and which sequences therefore lie side by side.

Four kinds of products share work:

- forward, :math:`a_g = M_g v + \dots` for several :math:`g` and one operand :math:`v` (a ``Stack``):
  :math:`[M_1; \dots; M_k]\,v`, in the loop for a state, for all steps before the loop for an input;
- backward, :math:`u = \sum_g M_g^\top \delta a_g + \dots` (a ``Gather``):
  :math:`[M_1; \dots; M_k]^\top [\delta a_1; \dots; \delta a_k]`;
- after the loop, :math:`dM_g = \sum_t \delta a_g v^\top` for one :math:`v` (an ``Outer``): one product of all
  steps, which is split; without :math:`v` the sums :math:`\sum_t \delta a_g`, the gradients of biases;
- coefficients of the backward pass made of values of the forward pass, such as
  :math:`\tanh c\odot o\odot(1-o)`: lines of their own, computed for many steps at once.

A *bundle* is a tuple of sequences in the order in which they lie in one buffer, such that every stack, gather
and outer takes a contiguous run of it: the products read and write it without a copy. Adjoints lie in the order
of the values that they belong to. A state has a bundle of its own: it holds one step more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

from sympy.matrices.expressions.matexpr import MatrixExpr

from ..activations import Elementwise
from ..nodes.algebra import MatrixProduct, Transposed, Zero, add, summands
from ..nodes.elementwise import Hadamard, hadamard
from ..symbols import At, Parameter, Sequence, adjoint, letters, t
from .plan import Line, Pass, Plan, carry

MOST_TRIED = 6
"""The longest bundle all of whose orders are tried; 720 of them."""


@dataclass(frozen=True, slots=True)
class Stack:
    r"""``matrix * operand`` for every part, in the order of the bundle of the targets."""

    operand: At
    parts: tuple[tuple[Sequence, MatrixExpr], ...]

    @property
    def targets(self) -> tuple[Sequence, ...]:
        return tuple(target for target, _ in self.parts)

    def __str__(self) -> str:
        rows = "; ".join(str(matrix) for _, matrix in self.parts)
        return f"[{rows}]*{self.operand} for {', '.join(s.text for s in self.targets)}"


@dataclass(frozen=True, slots=True)
class Gather:
    r"""``target`` gets the sum of ``matrix.T * adjoint`` over the parts, in the order of the bundle of the adjoints."""

    target: Sequence
    parts: tuple[tuple[Sequence, MatrixExpr], ...]

    @property
    def sources(self) -> tuple[Sequence, ...]:
        return tuple(source for source, _ in self.parts)

    def __str__(self) -> str:
        rows = "; ".join(str(matrix) for _, matrix in self.parts)
        return f"[{rows}].T*[{'; '.join(s.text for s in self.sources)}] for {self.target.text}"


@dataclass(frozen=True, slots=True)
class Outer:
    r"""The gradient of every part's parameter: its adjoint times ``operand.T``, or the adjoint, summed over steps."""

    operand: At | None
    parts: tuple[tuple[Parameter, Sequence], ...]

    @property
    def sources(self) -> tuple[Sequence, ...]:
        return tuple(source for _, source in self.parts)

    def __str__(self) -> str:
        by = f"*{self.operand}.T" if self.operand is not None else ""
        rows = "; ".join(s.text for s in self.sources)
        return f"sum of [{rows}]{by} for {', '.join(p.text for p, _ in self.parts)}"


@dataclass(frozen=True, slots=True)
class Stacking:
    """A plan whose products are stacked.

    In ``forward``, ``backward``, ``carries`` and ``gradients`` the stacked products are taken out: what is left of
    a sum is added to them, and is 0 where nothing is left. ``hoisted`` stands before the loop of the forward pass,
    ``recurrent`` in it: at its head if the operand is a value of the step before, else right after its line.
    ``coefficients`` are lines made of values of the forward pass, for all steps; ``backward`` reads their targets.
    """

    plan: Plan
    bundles: tuple[tuple[Sequence, ...], ...]
    adjoint_bundles: tuple[tuple[Sequence, ...], ...]
    hoisted: tuple[Stack, ...]
    recurrent: tuple[Stack, ...]
    forward: Pass
    coefficients: tuple[Line, ...]
    backward: Pass
    gathers: tuple[Gather, ...]
    carries: tuple[tuple[Sequence, MatrixExpr], ...]
    outers: tuple[Outer, ...]
    gradients: tuple[tuple[Parameter, MatrixExpr], ...]

    def stacks_into(self, target: Sequence) -> tuple[Stack, ...]:
        return tuple(s for s in (*self.hoisted, *self.recurrent) if target in s.targets)

    def gathers_into(self, target: Sequence) -> tuple[Gather, ...]:
        return tuple(gather for gather in self.gathers if gather.target == target)


def stacking_of(plan: Plan) -> Stacking:
    """The plan with its products stacked, and the bundles that this needs."""
    early, late, forward = _forward(plan.forward)
    gathered, backward, carries = _backward(plan)
    outer, gradients = _outers(plan)
    coefficients, backward, carries = _split(plan, backward, carries)
    wishes = _alike(plan.forward)
    states = set(plan.cell.states)
    sets = [[s for s, _ in parts] for parts in (*late.values(), *early.values())]
    bundles = _bundles([[s for s in group if s not in states] for group in sets], wishes)
    bundles += tuple((s,) for s in plan.cell.states if any(s in group for group in sets))
    made = {line.target for line in plan.backward.lines}
    twins = tuple(tuple(adjoint(s) for s in bundle if adjoint(s) in made) for bundle in bundles)
    placed = {source for bundle in twins for source in bundle}
    others = [[s for s, _ in parts] for parts in gathered.values()] + [
        [s for _, s in parts] for parts in outer.values()
    ]
    twins += _bundles([run for group in others if (run := [s for s in group if s not in placed])], [])
    twins = tuple(bundle for bundle in twins if bundle)
    return Stacking(
        plan=plan,
        bundles=bundles,
        adjoint_bundles=twins,
        hoisted=tuple(Stack(key, run) for key, parts in early.items() for run in _runs(parts, bundles, 0)),
        recurrent=tuple(Stack(key, run) for key, parts in late.items() for run in _runs(parts, bundles, 0)),
        forward=forward,
        coefficients=coefficients,
        backward=backward,
        gathers=tuple(Gather(key, run) for key, parts in gathered.items() for run in _runs(parts, twins, 0)),
        carries=carries,
        outers=tuple(Outer(key, run) for key, parts in outer.items() for run in _runs(parts, twins, 1)),
        gradients=gradients,
    )


# --- what is taken out of sums ------------------------------------------------------------------

Parts = dict[Any, list[tuple[Any, Any]]]


def _forward(run: Pass) -> tuple[Parts, Parts, Pass]:
    """The products by their operand, before the loop and in it, and the lines without them."""
    early: Parts = {}
    late: Parts = {}

    def without(line: Line, groups: Parts, value: MatrixExpr) -> MatrixExpr:
        return _taken(value, lambda matrix, operand: _put(groups, operand, line.target, matrix))

    before = tuple(replace(line, value=without(line, early, line.value)) for line in run.before)
    loop = tuple(
        replace(
            line,
            value=without(line, late, line.value),
            early=None if line.early is None else without(line, early, line.early),
        )
        for line in run.loop
    )
    return early, late, Pass(before, loop, run.after)


def _backward(plan: Plan) -> tuple[Parts, Pass, tuple[tuple[Sequence, MatrixExpr], ...]]:
    """The products with adjoints by the sequence that gets their sum, and lines and carries without them."""
    gathered: Parts = {}
    made = {line.target for line in plan.backward.lines}

    def without(target: Sequence, value: MatrixExpr) -> MatrixExpr:
        def taken(matrix: MatrixExpr, operand: At) -> bool:
            return operand.sequence in made and _put(gathered, target, operand.sequence, _turned(matrix))

        return _taken(value, taken)

    run = plan.backward
    carries = tuple((state, without(carry(state), value)) for state, value in plan.carries)
    loop = tuple(replace(line, value=without(line.target, line.value)) for line in run.loop)
    after = tuple(replace(line, value=without(line.target, line.value)) for line in run.after)
    return gathered, Pass(run.before, loop, after), carries


def _taken(value: MatrixExpr, take: Callable[[MatrixExpr, At], bool]) -> MatrixExpr:
    """``value`` without the terms ``matrix * operand`` that ``take`` takes."""
    left = []
    for term in summands(value):
        product = _product(term)
        if product is None or not take(*product):
            left.append(term)
    return add(*left) if left else Zero(*value.shape)


def _product(term: MatrixExpr) -> tuple[MatrixExpr, At] | None:
    """The matrix and the operand of a term M v, M a parameter or the transpose of one."""
    if not isinstance(term, MatrixProduct) or term.scalar != 1 or len(term.matrices) != 2:
        return None
    matrix, operand = term.matrices
    bare = _turned(matrix) if isinstance(matrix, Transposed) else matrix
    known = isinstance(bare, Parameter) and 1 not in bare.shape and isinstance(operand, At) and operand.cols == 1
    return (matrix, operand) if known else None


def _put(groups: Parts, key: Any, target: Any, matrix: Any) -> bool:
    """Whether the group takes this part: one for each target."""
    parts = groups.setdefault(key, [])
    if any(target == other for other, _ in parts):
        return False
    parts.append((target, matrix))
    return True


def _turned(matrix: MatrixExpr) -> MatrixExpr:
    return matrix.args[0] if isinstance(matrix, Transposed) else Transposed(matrix)


def _outers(plan: Plan) -> tuple[Parts, tuple[tuple[Parameter, MatrixExpr], ...]]:
    """The outer products of gradients by their operand; gradients of another form as they are."""
    groups: Parts = {}
    others = []
    made = {line.target for line in plan.backward.lines}
    for parameter, value in plan.gradients:
        key, source = _outer(value)
        if source is None or source.sequence not in made:
            others.append((parameter, value))
        else:
            groups.setdefault(key, []).append((parameter, source.sequence))
    return groups, tuple(others)


def _outer(value: MatrixExpr) -> tuple[At | None, At | None]:
    if isinstance(value, At) and value.index == t:
        return None, value
    if isinstance(value, MatrixProduct) and value.scalar == 1 and len(value.matrices) == 2:
        left, right = value.matrices
        operand = _turned(right)
        if isinstance(left, At) and left.index == t and isinstance(operand, At) and operand.cols == 1:
            return operand, left
    return None, None


# --- coefficients of the backward pass ----------------------------------------------------------


def _split(
    plan: Plan, run: Pass, carries: tuple[tuple[Sequence, MatrixExpr], ...]
) -> tuple[tuple[Line, ...], Pass, tuple[tuple[Sequence, MatrixExpr], ...]]:
    """Lines for the factors made of values of the forward pass, and the loop that reads them."""
    given = {*plan.cell.states, *(line.target for line in plan.forward.lines)}
    made: dict[MatrixExpr, Line] = {}

    def named(target: Sequence, value: MatrixExpr) -> MatrixExpr:
        return add(*[_with_coefficient(term, target, made, given) for term in summands(value)])

    loop = tuple(replace(line, value=named(line.target, line.value)) for line in run.loop)
    left = tuple((state, named(carry(state), value)) for state, value in carries)
    return tuple(made.values()), replace(run, loop=loop), left


def _with_coefficient(
    term: MatrixExpr, target: Sequence, made: dict[MatrixExpr, Line], given: set[Sequence]
) -> MatrixExpr:
    """The term with a letter for the product of its factors made of ``given`` values, where that is more than one."""
    if not isinstance(term, Hadamard):
        return term
    known = [factor for factor in term.args if _is_of_forward(factor, given)]
    rest = [factor for factor in term.args if factor not in known]
    value = hadamard(*known) if known else None
    if not any(map(_holds_adjoint, rest)) or value is None or isinstance(value, At):
        return term
    if value not in made:
        used = {line.target.text for line in made.values()}
        wanted = f"k {target.text.removeprefix('delta_')}"
        text = next(f"{wanted}{' also' * k}" for k in range(len(made) + 1) if f"{wanted}{' also' * k}" not in used)
        made[value] = Line(Sequence(text, *value.shape), value, None, str(value))
    return hadamard(*rest, made[value].target[t])


def _holds_adjoint(expr: Any) -> bool:
    return any(a.sequence.mark or a.sequence.text.startswith("carry ") for a in letters(expr) if isinstance(a, At))


def _is_of_forward(expr: Any, given: set[Sequence]) -> bool:
    """Whether an expression is made of ``given`` values alone: no adjoint, no parameter."""
    return bool(letters(expr)) and all(isinstance(a, At) and a.sequence in given for a in letters(expr))


# --- bundles ------------------------------------------------------------------------------------


def _alike(run: Pass) -> list[list[Sequence]]:
    """The arguments of each activation: side by side, one call serves them."""
    groups: dict[Any, list[Sequence]] = {}
    for line in run.lines:
        if isinstance(line.value, Elementwise) and isinstance(line.value.argument, At):
            groups.setdefault(line.value.function, []).append(line.value.argument.sequence)
    return list(groups.values())


def _bundles(sets: list[list[Sequence]], wishes: list[list[Sequence]]) -> tuple[tuple[Sequence, ...], ...]:
    """The sequences of sets that meet, in an order in which as many sets, then wishes, as possible are contiguous."""
    bundles: list[list[Sequence]] = []
    for group in filter(None, sets):
        meeting = [bundle for bundle in bundles if set(bundle) & set(group)]
        bundles = [bundle for bundle in bundles if bundle not in meeting]
        bundles.append(list(dict.fromkeys([*(s for bundle in meeting for s in bundle), *group])))
    return tuple(_ordered(bundle, sets, wishes) for bundle in bundles)


def _ordered(bundle: list[Sequence], sets: list[list[Sequence]], wishes: list[list[Sequence]]) -> tuple[Sequence, ...]:
    if len(bundle) > MOST_TRIED:
        return tuple(bundle)

    def broken(order: tuple[Sequence, ...]) -> tuple[int, int]:
        return sum(not _contiguous(s, order) for s in sets), sum(not _contiguous(s, order) for s in wishes)

    return min(permutations(bundle), key=broken)


def _contiguous(group: Iterable[Sequence], order: tuple[Sequence, ...]) -> bool:
    places = sorted(order.index(s) for s in set(group) if s in order)
    return not places or places[-1] - places[0] == len(places) - 1


def _runs(
    parts: list[tuple[Any, Any]], bundles: tuple[tuple[Sequence, ...], ...], which: int
) -> list[tuple[tuple[Any, Any], ...]]:
    """The parts in the order of their bundle, cut where they are not side by side; ``which`` entry is the sequence."""
    place = {s: (k, j) for k, bundle in enumerate(bundles) for j, s in enumerate(bundle)}
    cut: list[list[tuple[Any, Any]]] = []
    for part in sorted((part for part in parts if part[which] in place), key=lambda part: place[part[which]]):
        before = place[cut[-1][-1][which]] if cut else None
        bundle, index = place[part[which]]
        if before == (bundle, index - 1):
            cut[-1].append(part)
        else:
            cut.append([part])
    return [tuple(run) for run in cut]
