"""The search for what would mend a backward pass: edits in the order of likelihood, each tested exactly."""

from __future__ import annotations

import random
import time
import types
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from ..comparison import FieldBench
from ..exact.heights import Seed
from ..exact.modular import Singular, Unlucky
from ..results import same_results, shape_problem
from ..subject import Failed, Subject
from .activations import Forward
from .edits import Definition, Edit, shape_of
from .raised import raising
from .reach import reached_with_methods
from .rules import Rule, candidates
from .screening import Screen
from .smaller import made_larger, made_smaller
from .suspects import suspected

MOST = 10_000
"""Edits that are tried in floating point; the number, unlike a time, is the same on every machine."""

MOST_EXACT = 60
"""Edits that are tried on exact numbers."""

SECONDS = 12.0
"""Processor time for code that is slow, in which the search may end early."""

PATIENCE = 120.0
"""Seconds on the clock after which it ends on a machine that does not get on."""

LOOKS = 16
"""Edits from one look at the clock to the next."""

PATIENT = 20
"""Points tried for one at which code that takes square roots, or branches, shows its mistake."""

FRESH = 10_007
"""How far the seed of the second point lies from that of the first."""


@dataclass(frozen=True, slots=True)
class Mend:
    """An edit, the class of mistake that it mends, and the inputs whose gradients are exact with it."""

    rule: Rule
    edit: Edit
    names: tuple[str, ...]


@dataclass
class Budget:
    """How much is tried: by numbers, and by time only where these would take too long."""

    made: int = 0
    tried: int = 0
    exactly: int = 0
    started: tuple[float, float] = field(default_factory=lambda: (time.process_time(), time.monotonic()))

    @property
    def spent(self) -> bool:
        return self.tried >= MOST or self.exactly >= MOST_EXACT

    @property
    def late(self) -> bool:
        self.made += 1
        if self.made % LOOKS:
            return False
        return time.process_time() - self.started[0] > SECONDS or time.monotonic() - self.started[1] > PATIENCE


def mends(subject: Subject, exact: dict[str, bool], seed: int) -> list[Mend]:
    """Edits that make wrong gradients exact and no right one wrong, each for what the ones before it leave.

    ``exact`` says which gradients are; the subject has its style. Backward is edited, and what it calls but forward
    does not. An edit that is found at smaller sizes counts if it does the same at those of the subject, and at larger
    ones than 1 and 2.
    """
    wrong = [name for name, good in exact.items() if not good]
    if not wrong:
        return []
    with _kept_random():
        small, large = made_smaller(subject, exact), made_larger(subject, exact)
    trials = Trials([small or subject, small or subject, *filter(None, (small and subject, large))], seed)
    budget = Budget()
    found: list[Mend] = []
    for rule, edit in promising(small or subject, exact, budget, found):
        names = trials.mended(edit, exact)
        budget.exactly += 1
        if names:
            found.append(Mend(rule, edit, names))
            if len(names) == len(wrong):
                break
    return _cover(found)


def styled(subject: Subject, seed: int) -> Subject:
    """The subject with its style, which forward shows."""
    bench = FieldBench(subject, seed)
    with bench.rebinding() as rebinding:
        bench.forward(rebinding)
    return bench.subject


def _cover(found: list[Mend]) -> list[Mend]:
    """The edit that mends most, then the one that mends most of the rest, and so on."""
    chosen: list[Mend] = []
    covered: set[str] = set()
    while found:
        best = max(found, key=lambda mend: len(set(mend.names) - covered))
        if not set(best.names) - covered:
            break
        chosen.append(best)
        covered |= set(best.names)
        found = [mend for mend in found if not covered & set(mend.names)]
    return chosen


def promising(
    subject: Subject, exact: dict[str, bool], budget: Budget, found: list[Mend]
) -> Iterator[tuple[Rule, Edit]]:
    """Edits that seem, in floating point, to mend what none has mended that is found already."""
    right = [name for name, good in exact.items() if good]
    screen = screened(subject)
    seen: set[Any] = set()
    functions = definitions(subject)
    known = suspected(functions, screen, set(right)) if screen and right else None
    forward = Forward.of(subject.forward, subject.backward)
    rest = candidates(functions, known, forward, rest=True) if known is not None else iter(())
    for rule, edit in chain(candidates(functions, known, forward), rest):
        if budget.late:
            return
        if edit is None:
            continue
        key = id(edit.target), shape_of(edit.code)
        if key in seen:
            continue
        seen.add(key)
        budget.tried += 1
        if budget.spent:
            return
        if screen is not None:
            with edit.applied():
                seems = set(screen.exact())
            mended = seems.difference(right)
            if not mended or not seems.issuperset(right) or any(mended <= set(mend.names) for mend in found):
                continue
        yield rule, edit


def definitions(subject: Subject) -> list[Definition]:
    """Backward and what it calls, but for what forward runs too; of that, what makes gradients as well.

    So does forward itself where it returns the gradients as a cache, for backward to multiply.
    """
    run = reached_with_methods(subject.forward)
    shared = {id(function) for function in run}
    functions = reached_with_methods(subject.backward)
    own = [function for function in functions if id(function) not in shared]
    both = [function for function in functions if id(function) in shared and _derives(function)]
    within = [f for f in run if f not in both and _derives(f)] if subject.style == "cache" else []
    made = map(Definition.of, [*own, *both, *within])
    return [definition for definition in made if definition is not None]


def _derives(function: types.FunctionType) -> bool:
    """Whether a function that forward runs, too, seems to make gradients: by its names, or those in it of closures."""
    code = function.__code__
    inner = [own for own in code.co_consts if isinstance(own, types.CodeType)]
    attributes = [name for own in inner for name in own.co_names]
    variables = [name for name in code.co_varnames if name.startswith(("d", "grad")) and len(name) > 1]
    return len(variables) > 0 or any(name.startswith("grad") for name in attributes)


def screened(subject: Subject) -> Screen | None:
    """A screen in floating point; ``None`` where forward cannot be run so, or takes its randomness from elsewhere."""
    with _kept_random():
        try:
            return Screen(subject)
        except (Failed, TypeError, ValueError, ArithmeticError):
            return None


@contextmanager
def _kept_random() -> Iterator[None]:
    states = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(states[0])
        random.setstate(states[1])


class Trials:
    """Points of some subjects of the same functions, made when they are needed."""

    def __init__(self, subjects: list[Subject], seed: int) -> None:
        self._subjects = subjects
        self._seed = seed
        self._made: list[Trial] = []
        self._in_forward = {id(function) for function in reached_with_methods(subjects[0].forward)}

    def mended(self, edit: Edit, exact: dict[str, bool]) -> tuple[str, ...]:
        """What is wrong without the edit, and exact with it at all points; nothing if it makes anything wrong."""
        wrong = names = [name for name, good in exact.items() if not good]
        for k, subject in enumerate(self._subjects):
            if k == len(self._made):
                self._made.append(_trial(subject, _moved(self._seed, k * FRESH)))
            trial = self._made[k]
            unedited = trial.raised(edit.target)
            try:
                with edit.applied(), raising(edit.code) as raised:
                    if id(edit.target) in self._in_forward and not trial.keeps():
                        return ()
                    found = trial.exact()
            except (Failed, Unlucky, Singular):
                return ()
            if len(raised) > unedited:
                return ()  # somebody catches what the edit raises, and it does nothing
            if any(good and not found.get(name) for name, good in exact.items()):
                return ()
            names = [name for name in names if found.get(name)]
            if not names or (trial.tells(wrong) and not trial.tells(names)):
                return ()
        return tuple(names)


def _moved(seed: int, by: int) -> Seed:
    """Another seed, in fields of the same degree: where the prime field lacks roots, it lacks them there as well."""
    return Seed(seed + by, getattr(seed, "height", 0))


def _trial(subject: Subject, seed: int) -> Trial:
    """A point at which something is wrong."""
    for k in range(PATIENT):
        try:
            trial = Trial(subject, _moved(seed, k))
            if not all(trial.exact().values()):
                return trial
        except (Unlucky, Singular):
            continue
    raise Failed(f"none of {PATIENT} points shows the mistake")


class Trial:
    """One random point at which forward has been run, and backward is run as often as it is edited."""

    def __init__(self, subject: Subject, seed: int) -> None:
        self.bench = FieldBench(subject, seed)
        self.directions = self.bench.directions()
        with self.bench.rebinding() as rebinding:
            _, moved, _ = self.bench.forward(rebinding, self.directions)
        self.outputs = moved
        self.cotangents = self.bench.cotangents(moved)
        self.true, _ = self.bench.pairing(self.cotangents, moved, len(self.bench.leaves))
        self._raised: dict[int, int] = {}

    def raised(self, target: types.FunctionType) -> int:
        """How often an exception passes through a function of backward's as it is."""
        if id(target) not in self._raised:
            with raising(target.__code__) as raised:
                self.exact()
            self._raised[id(target)] = len(raised)
        return self._raised[id(target)]

    def keeps(self) -> bool:
        """Whether forward as it is now returns what it returned: gradients may be made in what it runs, too."""
        with self.bench.rebinding() as rebinding:
            _, outputs, _ = self.bench.forward(rebinding)
        return same_results(self.bench.domain, outputs, self.outputs)

    def tells(self, names: Iterable[str]) -> bool:
        """Whether a gradient among these is not 0: what is 0 may be met by any slip that spoils everything."""
        leaves = [leaf.name for leaf in self.bench.leaves]
        return any(int(self.true[leaves.index(name)]) for name in names)

    def exact(self) -> dict[str, bool]:
        """Which gradients are exact with backward as it is now."""
        bench = self.bench
        ring = bench.domain.modular[0]
        with bench.rebinding() as rebinding:
            gradients, _ = bench.backward(rebinding, self.cotangents)
        found = {}
        for k, (leaf, gradient) in enumerate(zip(bench.leaves, gradients)):
            given: Any = 0
            if gradient is not None:
                if shape_problem(leaf, gradient):
                    found[leaf.name] = False
                    continue
                numbers = gradient.read().reshape(leaf.shape)
                given = ring.sum(ring.mul(numbers.parts[0][:1], self.directions[leaf.name][k][None]).ravel(), 0)
            found[leaf.name] = bool(self.true[k] == given)
        return found
