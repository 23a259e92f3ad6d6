"""Where the sequences of a plan lie in the workspace of a NumPy module, and what code calls them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..activations import Elementwise
from ..symbols import At, Sequence, adjoint, direct, letters, t
from .calls import FORMS
from .naming import identifier
from .plan import Line, carry
from .rows import Rows
from .space import Space
from .stacking import Stacking
from .vocabulary import STEP, STEPS, Vocabulary


@dataclass
class Places:
    """Where the sequences of a plan lie, and what code calls them."""

    stacking: Stacking
    words: Vocabulary
    one_step: bool = False
    """Whether there is a single step, whose states come from the caller and go to the caller."""
    space: Space = field(init=False)
    names: dict[Sequence, str] = field(init=False)
    locals: set[str] = field(default_factory=set)
    chunked: list[str] = field(default_factory=list)
    at_step: dict[Sequence, str] = field(default_factory=dict)
    views: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.space = Space(self.words, Rows(self.words.names, STEPS))
        self.names = {s: name for s, name in self.words.names.items() if isinstance(s, Sequence)}
        self.names |= {pre: self.names[line.target] for pre, line in self.in_place.items()}
        self._lay_out()
        self.at_step = {x: self.fresh(f"{self.names[x]}_t") for x in self.cell.inputs}
        if self.one_step and not self.words.has_inputs:
            self.at_step = dict.fromkeys(self.cell.inputs, self.words.inputs_t)
        self.at_step |= {direct(x): self.fresh(f"e_{self.names[x]}") for x in self.cell.outputs}

    # --- what is where ---------------------------------------------------------------------------

    @property
    def cell(self) -> Any:
        return self.stacking.plan.cell

    @cached_property
    def bundled(self) -> dict[Sequence, tuple[Sequence, ...]]:
        return {s: bundle for bundle in self.stacking.bundles for s in bundle}

    @cached_property
    def in_place(self) -> dict[Sequence, Line]:
        """The pre-activations that nothing but one activation reads, with its line: it overwrites them."""
        run, found = self.stacking.forward, {}
        for line in run.lines:
            value = line.value
            if isinstance(value, Elementwise) and isinstance(value.argument, At) and line.early is None:
                pre = value.argument.sequence
                free = pre in self.bundled and pre not in (*self.cell.states, *self.cell.outputs)
                known = value.function.text in FORMS and line.target not in self.cell.states
                if free and known and self._readers[pre] == 1:
                    found[pre] = line
        return found

    @cached_property
    def _readers(self) -> dict[Sequence, int]:
        plan = self.stacking.plan
        read: list[Iterable[Any]] = [line.read for line in (*plan.forward.lines, *plan.backward.lines)]
        read += [letters(value) for _, value in (*plan.carries, *plan.gradients)]
        counts: dict[Sequence, int] = dict.fromkeys(self.bundled, 0)
        for group in read:
            for s in {a.sequence for a in group if isinstance(a, At)}:
                counts[s] = counts.get(s, 0) + 1
        return counts

    @cached_property
    def kept(self) -> set[Sequence]:
        """The sequences that are arrays over all steps."""
        s, plan, cell = self.stacking, self.stacking.plan, self.cell
        wanted = {*plan.stored, *cell.states, *cell.outputs, *self.bundled}
        wanted |= {a for bundle in s.adjoint_bundles for a in bundle}
        read: list[Iterable[Any]] = [letters(value) for _, value in plan.gradients]
        read += [line.read for line in (*plan.forward.after, *plan.backward.after)]
        wanted |= {a.sequence for group in read for a in group if isinstance(a, At)}
        for run in (plan.forward, plan.backward):
            wanted |= {line.target for line in (*run.before, *run.after)}
            wanted |= {line.target for line in run.loop if line.early is not None}
        return wanted - {adjoint(x) for x in cell.inputs}

    def _lay_out(self) -> None:
        s, space, names = self.stacking, self.space, self.names
        for state in () if self.one_step else self.cell.states:
            buffer = space.name(f"all_{names[state]}")
            space.over_steps(buffer, state.shape[0], "T + 1, B")
            space.parts[names[state]] = f"self.{buffer}[1:]"
            space.parts[self.words.before[state]] = f"self.{buffer}[:-1]"
            space.of_a_step(names[carry(state)], state.shape[0])
        placed = set(self.cell.states)
        for bundle in (*s.bundles, *s.adjoint_bundles):
            if not placed & set(bundle):
                space.bundle(bundle, names, "B" if self.one_step else "T, B")
            placed |= set(bundle)
        placed |= {line.target for line in self.in_place.values()}
        gone = {adjoint(x) for x in self.cell.inputs}
        for line in (*s.forward.lines, *s.backward.lines):
            if line.target not in placed and line.target not in gone:
                make = space.over_steps if line.target in self.kept and not self.one_step else space.of_a_step
                make(names[line.target], line.target.shape[0])
        self._lay_out_coefficients()

    def _lay_out_coefficients(self) -> None:
        for line in self.stacking.coefficients:
            self.space.over_steps(self.names[line.target], line.target.shape[0], "chunk, B")
            self.chunked.append(self.names[line.target])

    # --- how code names things -------------------------------------------------------------------

    @property
    def taken(self) -> frozenset[str]:
        """The names that mean something else already."""
        return frozenset({*self.words.names.values(), *self.words.before.values(), *self.locals})

    def fresh(self, wanted: str) -> str:
        """A local name that is new in the module."""
        name = self.space.name(wanted)
        name = next(x for x in [name, *[f"{name}_{k}" for k in range(2, 99)]] if x not in self.locals)
        self.locals.add(name)
        return name

    def rows(self, whole: bool) -> Rows:
        """What code of one step, or of all steps, calls every letter."""
        words, cell = self.words, self.cell
        names: dict[Any, str] = {a: name for a, name in words.names.items() if not isinstance(a, Sequence)}
        front = "work." if whole else ""
        for s, name in self.names.items():
            local = s in cell.inputs or s in {adjoint(x) for x in cell.inputs}
            if local:
                names[s[t]] = name if whole else self.at_step.get(s, name)
            elif not whole or s in self.kept:
                names[s[t]] = f"{front}{name}"
        for state, name in words.before.items():
            names[state[t - 1]] = f"{front}{name}"
        for output in cell.outputs:
            several = f".{words.names[output]}" if words.has_outputs else ""
            names[direct(output)[t]] = f"d_outputs{several}" if whole else self.at_step[direct(output)]
        return Rows(names, STEPS if whole else STEP)

    def equation(self, line: Line) -> str:
        return f"# {line.target[t]} = {line.equation}".replace(line.target.text, identifier(line.target), 1)

    def span(self, whole: tuple[Sequence, ...], run: list[int]) -> str:
        """The slice that a run of sequences takes of the rows of all."""
        low, high = self.space.offset(whole, run[0]), self.space.offset(whole, run[-1] + 1)
        high = "" if run[-1] + 1 == len(whole) else high
        return f"{low} : {high}".strip() if " " in low + high else f"{low}:{high}"
