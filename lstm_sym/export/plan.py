r"""What a numeric module computes, and when: before the loop over time, in it, or after it.

The forward and the backward pass of a cell become lists of lines. A line that no earlier step reaches is
computed for all steps at once before the loop, one that no later step reads after it; the terms of a sum
that do not depend on the recurrence are taken out of the loop too (the input projection of every gate).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy.matrices.expressions.matexpr import MatrixExpr

from ..activations import Activation, Elementwise
from ..backpropagation import bptt
from ..cell import Cell
from ..nodes.algebra import MatrixProduct, Zero, add, summands
from ..nodes.binders import TimeSum
from ..nodes.block import Block
from ..symbols import At, Parameter, Sequence, adjoint, direct, letters, t
from .naming import identifier, unused
from .preactivations import with_preactivations
from .sharing import derivatives_from_values, repeated
from .variant import WHOLE, Variant, Wanted, wanted_of


@dataclass(frozen=True, slots=True)
class Line:
    """One assignment: ``target`` at every time gets ``value``; ``early`` are the terms taken out of the loop.

    ``equation`` is the line of the cell, or of its backward pass, that it computes.
    """

    target: Sequence
    value: MatrixExpr
    early: MatrixExpr | None
    equation: str

    @property
    def read(self) -> list[Any]:
        return [*letters(self.value), *(letters(self.early) if self.early is not None else ())]


@dataclass(frozen=True, slots=True)
class Pass:
    """The lines of one pass over time, by where they stand."""

    before: tuple[Line, ...]
    loop: tuple[Line, ...]
    after: tuple[Line, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        return (*self.before, *self.loop, *self.after)


@dataclass(frozen=True, slots=True)
class Plan:
    r"""The two passes of a cell, with what a backward pass ends in.

    ``carries`` say, for each state, what step ``t`` gives its adjoint at ``t-1``; ``gradients`` are what one
    step adds to the gradient of each parameter; ``stored`` are the forward values that the backward pass reads.
    """

    cell: Cell
    forward: Pass
    backward: Pass
    carries: tuple[tuple[Sequence, MatrixExpr], ...]
    gradients: tuple[tuple[Parameter, MatrixExpr], ...]
    stored: tuple[Sequence, ...]
    wanted: Wanted

    @property
    def carried(self) -> tuple[Sequence, ...]:
        """The states whose adjoints a step gives something to the step before."""
        return tuple(state for state, _ in self.carries)

    @property
    def d_inputs(self) -> tuple[Sequence | None, ...]:
        """The adjoint of each input, or ``None`` if its gradient is not wanted."""
        return tuple(adjoint(x) if x in self.wanted else None for x in self.cell.inputs)

    @property
    def d_initial(self) -> tuple[Sequence | None, ...]:
        """The carry that the gradient of each initial state is, or ``None`` if it is not wanted."""
        return tuple(carry(state) if self.wanted.state else None for state in self.cell.states)


def carry(state: Sequence) -> Sequence:
    """The letter of what later steps give the adjoint of a state; the space tells it from the cell's letters."""
    return Sequence(f"carry {state.text}", *state.shape)


def plan_of(cell: Cell, variant: Variant = WHOLE) -> Plan:
    """The plan of a cell all of whose activations are known and that looks back one step.

    The backward pass is that of the outputs and the final states, for any gradient of theirs; what it seeds
    a state with at step T is the first value of its carry. What no gradient of the ``variant`` needs is left out.
    """
    _require_exportable(cell)
    wanted = wanted_of(cell, variant)
    named = with_preactivations(cell)
    pulled = bptt(Cell(cell.name, *named.equations), seeds=_once(*cell.outputs, *cell.states))
    pulls = [(eq.lhs.sequence, _with_carry(eq.lhs.sequence, eq.rhs, cell), str(eq.rhs)) for eq in pulled.adjoints]
    pulls += [(eq.lhs.sequence, eq.rhs, str(eq.rhs)) for eq in pulled.input_gradients]
    initial = {eq.lhs.sequence: _stepped(eq.rhs) for eq in pulled.initial_state_gradients}
    given = {state: initial[adjoint(state)] for state in cell.states}
    total = dict(zip(named.parameters, map(_of_a_step, pulled.parameter_gradients), strict=True))
    sums = {parameter: total[parameter] for parameter in cell.parameters}
    if variant.forward_only or variant.wrt is not None:
        sums = {parameter: value for parameter, value in sums.items() if parameter in wanted}
        needed = _needed(wanted, pulls, given, sums)
        pulls = [line for line in pulls if line[0] in needed]
        given = {state: value for state, value in given.items() if carry(state) in needed}
    written = [(eq.lhs.sequence, derivatives_from_values(eq.rhs), str(eq.rhs)) for eq in named.equations]
    backward = [derivatives_from_values(value) for _, value, _ in pulls]
    forward, shared = _with_shared(written, [*backward, *given.values(), *sums.values()])
    rewritten = [value.xreplace(shared) for value in backward]
    lines = [(target, value, text) for (target, _, text), value in zip(pulls, rewritten, strict=True)]
    carries = {state: value.xreplace(shared) for state, value in given.items()}
    gradients = {parameter: value.xreplace(shared) for parameter, value in sums.items()}
    known = {target for target, _, _ in forward} | {direct(s) for s in cell.outputs} | set(cell.inputs)
    back = _passes(lines, ends=[adjoint(s) for s in carries] + _sequences(carries.values()), given=known)
    read = _sequences([*(line.value for line in back.lines), *carries.values(), *gradients.values()])
    return Plan(
        cell=cell,
        forward=_passes(forward, ends=list(cell.states), given=set(cell.inputs)),
        backward=back,
        carries=tuple(carries.items()),
        gradients=tuple(gradients.items()),
        stored=tuple(s for s, _, _ in forward if s in read or (s in cell.states and not wanted.nothing)),
        wanted=wanted,
    )


def streamed(plan: Plan) -> Plan:
    """The forward pass of a plan without a backward pass, for one step at a time: nothing stands outside the loop."""
    whole = [
        replace(line, value=line.value if line.early is None else add(line.early, line.value), early=None)
        for line in plan.forward.lines
    ]
    placed = _ordered([(line.target, line.value, line.equation) for line in whole])
    loop = tuple(Line(target, value, None, equation) for target, value, equation in placed)
    empty = Pass((), (), ())
    return replace(plan, forward=Pass((), loop, ()), backward=empty, carries=(), gradients=(), stored=())


def _needed(
    wanted: Wanted,
    pulls: list[tuple[Sequence, MatrixExpr, str]],
    given: Mapping[Sequence, MatrixExpr],
    sums: Mapping[Parameter, MatrixExpr],
) -> set[Sequence]:
    """The letters that the wanted gradients need, by way of each other; a carry is needed by what reads it."""
    values = {target: value for target, value, _ in pulls} | {carry(state): value for state, value in given.items()}
    ends = [target for target in values if target in map(adjoint, wanted.letters)]
    ends += _sequences(sums.values()) + ([carry(state) for state in given] if wanted.state else [])
    needed: set[Sequence] = set()
    while ends:
        letter = ends.pop()
        if letter not in needed:
            needed.add(letter)
            ends += _sequences([values[letter]]) if letter in values else []
    return needed


# --- the backward pass as lines of one step -----------------------------------------------------


def _with_carry(target: Sequence, value: MatrixExpr, cell: Cell) -> MatrixExpr:
    """δv with one letter for all that later steps give it; direct gradients only where the loss can give them."""
    states = {adjoint(state): state for state in cell.states}
    here = [term for term in summands(value) if not any(isinstance(a, At) and a.index == t + 1 for a in letters(term))]
    silent = {direct(state)[t] for state in cell.states if state not in cell.outputs}
    here = [term for term in here if term not in silent]
    later = [carry(states[target])[t]] if target in states else []
    return add(*later, *here) if later or here else Zero(*target.shape)


def _of_a_step(gradient: Any) -> MatrixExpr:
    """What one step adds to the gradient of a parameter."""
    value: MatrixExpr = gradient.rhs.body if isinstance(gradient.rhs, TimeSum) else gradient.rhs
    return value


def _stepped(initial: MatrixExpr) -> MatrixExpr:
    """The adjoint of an initial state, written for step 1, as what step ``t`` gives the state before it."""
    moved = {a: a.sequence[t - 1 + a.index] for a in letters(initial) if isinstance(a, At)}
    return derivatives_from_values(initial.xreplace(moved))


# --- shared values ------------------------------------------------------------------------------


def _with_shared(
    written: list[tuple[Sequence, MatrixExpr, str]], others: list[MatrixExpr]
) -> tuple[list[tuple[Sequence, MatrixExpr, str]], dict[Any, Any]]:
    """The forward lines with a line for each activation or concatenation that occurs more than once.

    The dictionary replaces these, and activations that are a line of the cell, in the backward pass.
    """
    replace: dict[Any, Any] = {value: target[t] for target, value, _ in written if isinstance(value, Elementwise)}
    shared: list[tuple[Sequence, MatrixExpr, str]] = []
    used: set[str] = set()
    for node in repeated([*(value for _, value, _ in written), *others]):
        if isinstance(node, Elementwise | Block) and node.cols == 1 and node not in replace and _is_forward(node):
            letter = Sequence(_shared_name(node, used), *node.shape)
            used.add(letter.text)
            shared.append((letter, node.xreplace(replace), str(node)))
            replace[node] = letter[t]
    lines = list(shared)
    for target, value, text in written:
        lines.append((target, value if value in replace else value.xreplace(replace), text))
    return _ordered(lines), replace


def _shared_name(node: Any, used: set[str]) -> str:
    """A name such as ``tanh c``; the space keeps it apart from a cell's own letters."""
    parts = [identifier(letter) for letter in letters(node)]
    first = node.function.name if isinstance(node, Elementwise) else "joined"
    return unused(" ".join([first, *parts]), used)


def _is_forward(node: Any) -> bool:
    return all(a.sequence.mark == "" for a in letters(node) if isinstance(a, At))


def _ordered(lines: list[tuple[Sequence, MatrixExpr, str]]) -> list[tuple[Sequence, MatrixExpr, str]]:
    """The lines with each after those that it reads at the same step, a shared one right after what it reads."""
    placed: list[tuple[Sequence, MatrixExpr, str]] = []
    waiting = list(lines)
    targets = {target for target, _, _ in lines}
    while waiting:
        done = {target for target, _, _ in placed}
        ready = next(line for line in waiting if _now(line[1]) & targets <= done)
        placed.append(ready)
        waiting.remove(ready)
    return placed


# --- before, in and after the loop --------------------------------------------------------------


def _passes(lines: list[tuple[Sequence, MatrixExpr, str]], ends: list[Sequence], given: set[Sequence]) -> Pass:
    """Lines by where they stand; ``ends`` are what the next step reads, ``given`` what is there before the loop."""
    early = set(given)
    for target, value, _ in lines:
        if target not in ends and all(a.index == t and a.sequence in early for a in _ats(value)):
            early.add(target)
    needed = set(ends)
    for target, value, _ in reversed(lines):
        if target in needed:
            needed |= _now(value)
    made = {
        target: _line(target, value, text, set() if target in early or target not in needed else early)
        for target, value, text in lines
    }
    return Pass(
        before=tuple(line for target, line in made.items() if target in early),
        loop=tuple(line for target, line in made.items() if target in needed and target not in early),
        after=tuple(line for target, line in made.items() if target not in needed and target not in early),
    )


def _line(target: Sequence, value: MatrixExpr, text: str, early: set[Sequence]) -> Line:
    terms = list(summands(value))
    constant = [term for term in terms if not _ats(term)]
    soon = [term for term in terms if _ats(term) and all(a.index == t and a.sequence in early for a in _ats(term))]
    late = [term for term in terms if term not in soon and term not in constant]
    worth = late and any(isinstance(part, MatrixProduct) and _multiplies(part) for part in soon)
    if not worth:
        return Line(target, value, None, text)
    return Line(target, add(*late), add(*soon, *constant), text)


def _multiplies(product: MatrixProduct) -> bool:
    return any(isinstance(letter, Parameter) and letter.cols != 1 for letter in letters(product))


def _ats(value: MatrixExpr) -> list[At]:
    return [letter for letter in letters(value) if isinstance(letter, At)]


def _now(value: MatrixExpr) -> set[Sequence]:
    return {a.sequence for a in _ats(value) if a.index == t}


def _sequences(values: Iterable[MatrixExpr]) -> list[Sequence]:
    return list(dict.fromkeys(a.sequence for value in values for a in _ats(value)))


def _once(*sequences: Sequence) -> tuple[Sequence, ...]:
    return tuple(dict.fromkeys(sequences))


# --- what can be exported -----------------------------------------------------------------------


def with_activation(cell: Cell, phi: Activation | str | None) -> Cell:
    """The cell with its unspecified activation replaced by ``phi``; a cell that leaves none open as it is."""
    found = {node for equation in cell.equations for node in equation.rhs.atoms(Activation) if node.row is None}
    if not found:
        return cell
    names = sorted({node.name for node in found})
    chosen = Activation(phi) if isinstance(phi, str) else phi
    if chosen is None or chosen.row is None or chosen.order or len(names) > 1:
        raise ValueError(
            f"cell {cell.name} leaves the activation {', '.join(names)} open, and code needs a known one: "
            f"give phi=tanh (or another of lstm_sym.activations), or take a cell that names it: elman(tanh), RNN_tanh"
        )
    replace = {node: Activation(chosen.name, node.order) for node in found}
    equations = [
        equation.func(equation.lhs, equation.rhs.xreplace(replace), evaluate=False) for equation in cell.equations
    ]
    return Cell(cell.name, *equations, loss=cell.loss, source=cell.source)


def _require_exportable(cell: Cell) -> None:
    if not cell.inputs:
        raise ValueError(f"cell {cell.name} has no input, so nothing says how many steps it runs")
    for letter in cell.letters:
        if isinstance(letter, At) and t - letter.index > 1:
            raise ValueError(
                f"cell {cell.name} reads {letter}, more than one step back; write Eq(g[t], {letter.sequence[t - 1]}) "
                "and read g[t - 1]"
            )
