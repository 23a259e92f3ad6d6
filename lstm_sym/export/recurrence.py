r"""What of a pass over time truly recurs: one stage after the other, each for all steps at once or as a scan.

A line that reaches itself through the step before has to run step by step, together with all lines on the way;
every other line is computed for all steps at once, from whole sequences and sequences shifted by one step. A
recurrence in one letter that is linear, entry by entry, :math:`v = a \odot v' + b`, is a stage of its own kind: its
steps compose by an associative operator, and nothing but ``a`` and ``b`` is needed for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy.matrices.expressions.matexpr import MatrixExpr

from ..nodes.algebra import MatrixProduct, MatrixSum, Ones, Zero, add, multiply
from ..nodes.elementwise import Hadamard, Scaled, hadamard
from ..symbols import At, Sequence, adjoint, letters, t
from .plan import Line, Pass, Plan, carry


@dataclass(frozen=True, slots=True)
class Assigned:
    """``target`` at every time gets ``value``; ``equation`` is what a reader knows it by."""

    target: Sequence
    value: MatrixExpr
    equation: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Lines for all steps at once; or a scan, in which a step reads the ``carried`` letters of the step before.

    With ``diagonal``, the factor a and the summand b, the only line of the scan is linear entry by entry.
    """

    lines: tuple[Assigned, ...]
    carried: tuple[Sequence, ...] = ()
    diagonal: tuple[MatrixExpr, MatrixExpr] | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A pass as stages; ``before`` says which letter's value of the step before each reading of it is."""

    stages: tuple[Stage, ...]
    before: Mapping[At, Sequence]


def forward_flow(plan: Plan) -> Flow:
    """The forward pass: from the first step to the last, carrying states."""
    before = {state[t - 1]: state for state in plan.cell.states}
    return Flow(_stages(_assigned(plan.forward), before), before)


def backward_flow(plan: Plan) -> Flow:
    """The adjoints: from the last step to the first, carrying what a step gives the adjoints of the step before."""
    before = {carry(state)[t]: given_back(state) for state in plan.cell.states}
    gifts = [
        Assigned(given_back(state), value, f"{adjoint(state)[t - 1]} gets {value}") for state, value in plan.carries
    ]
    return Flow(_stages([*_assigned(plan.backward), *gifts], before), before)


def given_back(state: Sequence) -> Sequence:
    """The letter of what a step gives the adjoint of a state at the step before."""
    return Sequence(f"back {state.text}", *state.shape)


def sequences(values: Iterable[Any], before: Mapping[At, Sequence]) -> set[Sequence]:
    """The letters whose values, of this step or of the step before, expressions read."""
    return {before.get(a, a.sequence) for value in values for a in ats(value)}


def ats(value: Any) -> list[At]:
    return [letter for letter in letters(value) if isinstance(letter, At)]


def _assigned(run: Pass) -> list[Assigned]:
    return [Assigned(line.target, _whole(line), line.equation) for line in run.lines]


def _whole(line: Line) -> MatrixExpr:
    return line.value if line.early is None else add(line.early, line.value)


def _stages(lines: list[Assigned], before: Mapping[At, Sequence]) -> tuple[Stage, ...]:
    """The lines by strongly connected components, each after those that it reads."""
    made = {line.target: line for line in lines}
    reads = {line.target: sequences([line.value], before) & made.keys() for line in lines}
    reach = {target: _reached(target, reads) for target in made}
    waiting, done, found = list(made), set[Sequence](), list[Stage]()

    def ready(target: Sequence) -> bool:
        return reach[target] - _component(target, reach) <= done

    while waiting:
        free = next((s for s in waiting if s not in reach[s] and ready(s)), None)
        group = {free} if free is not None else _component(next(s for s in waiting if ready(s)), reach)
        chosen = [made[target] for target in waiting if target in group]
        waiting = [target for target in waiting if target not in group]
        done |= group
        if free is None:
            found += _scan(chosen, before)
        elif found and not found[-1].carried:
            found[-1] = Stage((*found[-1].lines, *chosen))
        else:
            found.append(Stage(tuple(chosen)))
    return tuple(found)


def _reached(target: Sequence, reads: Mapping[Sequence, set[Sequence]]) -> set[Sequence]:
    seen: set[Sequence] = set()
    stack = list(reads[target])
    while stack:
        here = stack.pop()
        if here not in seen:
            seen.add(here)
            stack += reads[here]
    return seen


def _component(target: Sequence, reach: Mapping[Sequence, set[Sequence]]) -> set[Sequence]:
    return {other for other in reach[target] if target in reach[other]} | {target}


def _scan(lines: list[Assigned], before: Mapping[At, Sequence]) -> list[Stage]:
    """A recurrence as one stage; a linear one followed by the lines that its letter is enough for."""
    inside = {line.target for line in lines}
    read = {before[a] for line in lines for a in ats(line.value) if a in before}
    carried = tuple(line.target for line in lines if line.target in read & inside)
    if len(carried) == 1:
        (letter,) = carried
        value = next(line.value for line in lines if line.target == letter)
        for line in reversed(lines):
            if line.target != letter:
                value = value.xreplace({line.target[t]: line.value})
        form = affine(value, next(a for a, sequence in before.items() if sequence == letter))
        if form is not None:
            rest = tuple(line for line in lines if line.target != letter)
            own = tuple(line for line in lines if line.target == letter)
            return [Stage(own, carried, form), *([Stage(rest)] if rest else [])]
    return [Stage(tuple(lines), carried)]


def affine(value: MatrixExpr, letter: At) -> tuple[MatrixExpr, MatrixExpr] | None:
    r"""The a and b of :math:`a \odot v + b`, with ``letter`` for v; ``None`` if the value has another form.

    >>> from lstm_sym.symbols import sizes
    >>> h, z = (Sequence(name, sizes("n")) for name in "hz")
    >>> affine(hadamard(1 - z[t], h[t - 1] + z[t]), h[t - 1])
    (1 - z[t], hadamard(1 - z[t], z[t]))
    """
    if letter not in letters(value):
        return Zero(*value.shape), value
    if value == letter:
        return Ones(*value.shape), Zero(*value.shape)
    if isinstance(value, MatrixSum):
        forms = [affine(term, letter) for term in value.args]
        known = [form for form in forms if form is not None]
        return (add(*[a for a, _ in known]), add(*[b for _, b in known])) if len(known) == len(forms) else None
    if isinstance(value, Hadamard):
        within = [factor for factor in value.args if letter in letters(factor)]
        form = affine(within[0], letter) if len(within) == 1 else None
        others = [factor for factor in value.args if factor not in within]
        return None if form is None else (_times(form[0], *others), _times(form[1], *others))
    if isinstance(value, Scaled) and letter not in letters(value.scale):
        form = affine(value.matrix, letter)
        return None if form is None else (Scaled(value.scale, form[0]), Scaled(value.scale, form[1]))
    if isinstance(value, MatrixProduct) and len(value.matrices) == 1:
        form = affine(value.matrices[0], letter)
        return None if form is None else (multiply(value.scalar, form[0]), multiply(value.scalar, form[1]))
    return None


def _times(part: MatrixExpr, *others: MatrixExpr) -> MatrixExpr:
    return part if isinstance(part, Zero) else hadamard(*others, part)
