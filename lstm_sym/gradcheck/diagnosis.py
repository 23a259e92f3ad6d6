"""What is wrong with a backward pass: hypotheses, each tested exactly."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from .array import Array
from .comparison import FieldBench, Point, shape_problem
from .edits import Edit, edits_of
from .modular import Singular, Unlucky
from .reach import methods_named, reached
from .screening import Screen
from .subject import Failed, Leaf, Subject
from .witness import unit_tangents

SECONDS = 3.0
"""For edits; one after another is tried until the time is up."""

LARGEST = 300
SMALL = 200
"""Numerators and denominators of factors are below this."""


def diagnosed(subject: Subject, point: Point) -> list[str]:
    """Sentences on the mistake, each established by an exact check; none where nothing fits."""
    started = time.monotonic()
    try:
        sentences = list(mending(subject, point, started + SECONDS))
    except (Failed, Unlucky, Singular):
        sentences = []
    for leaf in subject.leaves:
        late = time.monotonic() > started + SECONDS
        if not late and point.exact.get(leaf.name) is False and leaf.name not in point.shapes:
            sentences += residue(subject, leaf, point.seed)
    return sentences


def mending(subject: Subject, point: Point, until: float) -> Iterator[str]:
    """The single edit of backward, or of a function that it alone calls, with which everything is exact."""
    wrong = [name for name, exact in point.exact.items() if not exact]
    best: tuple[int, Edit, list[str]] | None = None
    trial = Trial(subject, point.seed)
    screen = screened(trial.bench.subject)
    for edit in edits_near(subject):
        if time.monotonic() > until:
            break
        try:
            with edit.applied():
                if screen is not None and not screen.promising(wrong):
                    continue
                exact = trial.exact()
        except (Failed, Unlucky, Singular):
            continue
        mended = [name for name in wrong if exact.get(name)]
        harmed = [name for name, good in point.exact.items() if good and not exact.get(name)]
        if mended and not harmed and (best is None or len(mended) > best[0]):
            best = len(mended), edit, mended
            if len(mended) == len(wrong):
                break
    if best is not None:
        _, edit, mended = best
        what = f"`{edit.before}` is replaced by `{edit.after}`" if edit.after else f"`{edit.before}` is left out"
        verb = "is" if len(mended) == 1 else "are"
        yield f"{_listed(mended)} {verb} exact if {what} ({edit.file}:{edit.line})"


def screened(subject: Subject) -> Screen | None:
    """A screen in floating point; ``None`` where forward cannot be run so, or takes its randomness from elsewhere."""
    states = np.random.get_state(), random.getstate()
    try:
        return Screen(subject)
    except (Failed, TypeError, ValueError, ArithmeticError):
        return None
    finally:
        np.random.set_state(states[0])
        random.setstate(states[1])


def edits_near(subject: Subject) -> Iterator[Edit]:
    """Edits of backward and of what it calls, but for what forward runs too; the likeliest place first."""
    shared = {id(function) for function in (*reached(subject.forward), *methods_named(subject.forward))}
    for function in (*reached(subject.backward), *methods_named(subject.backward)):
        if id(function) not in shared:
            yield from edits_of(function)


class Trial:
    """One random point at which forward has been run, and backward is run as often as it is edited."""

    def __init__(self, subject: Subject, seed: int) -> None:
        self.bench = FieldBench(subject, seed)
        self.directions = self.bench.directions()
        with self.bench.rebinding() as rebinding:
            _, moved, _ = self.bench.forward(rebinding, self.directions)
        self.cotangents = self.bench.cotangents(moved)
        self.true, _ = self.bench.pairing(self.cotangents, moved, len(self.bench.leaves))

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
                    continue
                numbers = gradient.read().reshape(leaf.shape)
                given = ring.sum(ring.mul(numbers.parts[0][:1], self.directions[leaf.name][k][None]).ravel(), 0)
            found[leaf.name] = bool(self.true[k] == given)
        return found


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def residue(subject: Subject, leaf: Leaf, seed: int) -> list[str]:
    """What the wrong gradient of one input has to do with the true one."""
    size = int(np.prod(leaf.shape))
    if size > LARGEST:
        return []
    try:
        given, true, p = _both(subject, leaf, seed)
    except (Failed, Unlucky, Singular):
        return []
    if given is None or not given.any():
        return [f"backward gives {leaf.name} the gradient 0"]
    factor = _factor(given, true, p)
    if factor is not None:
        sizes = {size for own in subject.leaves for size in own.shape}
        if factor.denominator == 1 and factor.numerator in sizes:
            return [f"backward gives {factor} times the gradient of {leaf.name}, as if a sum stood for a mean"]
        if factor.numerator == 1 and factor.denominator in sizes:
            return [f"backward gives {factor} times the gradient of {leaf.name}, as if a mean stood for a sum"]
        return [f"backward gives {factor} times the gradient of {leaf.name}"]
    if len(leaf.shape) == 2 and leaf.shape[0] == leaf.shape[1] and np.array_equal(given.T, true):
        return [f"backward gives the transpose of the gradient of {leaf.name}"]
    same = given == true
    if same.any():
        return [f"{int(same.sum())} of {size} entries of the gradient of {leaf.name} are exact{_steps(leaf, same)}"]
    return []


def _factor(given: Any, true: Any, p: int) -> Fraction | None:
    """The small fraction that the one is of the other, entry by entry; ``None`` where there is none."""
    pairs = [(int(a), int(b)) for a, b in zip(given.ravel(), true.ravel())]
    one = next(((a, b) for a, b in pairs if b), None)
    if one is None:
        return None
    ratio = one[0] * pow(one[1], -1, p) % p
    if any((a - b * ratio) % p for a, b in pairs):
        return None
    below = next((k for k in range(1, SMALL) if min(ratio * k % p, -ratio * k % p) < SMALL), None)
    if below is None:
        return None
    above = ratio * below % p
    return Fraction(above if above < SMALL else above - p, below)


def _steps(leaf: Leaf, same: Any) -> str:
    """Along the axis that separates exact entries from others: where the adjoint departs, seen from the end."""
    for axis in range(same.ndim):
        lines = np.moveaxis(same, axis, 0).reshape(same.shape[axis], -1)
        whole = lines.all(1)
        if whole.any() and not lines[~whole].any():
            first = int(np.flatnonzero(~whole)[-1])
            if not whole[: first + 1].any():
                return f": those beyond index {first} of axis {axis}; from step {first} backwards they depart"
            return f": those with index {', '.join(map(str, np.flatnonzero(whole)))} of axis {axis}"
    return ""


def _both(subject: Subject, leaf: Leaf, seed: int) -> tuple[Any, Any, int]:
    """The gradient that is given and the true one, as residues."""
    bench = FieldBench(subject, seed)
    indices = list(np.ndindex(leaf.shape))
    with bench.rebinding() as rebinding:
        gradients, cotangents = bench.backward(rebinding)
        _, outputs, _ = bench.forward(rebinding, {leaf.name: unit_tangents(leaf.shape, indices)})
    names = [own.name for own in bench.leaves]
    gradient = gradients[names.index(leaf.name)]
    true, _ = bench.pairing(cotangents, outputs, len(indices))
    p = bench.domain.modular[0].p
    if not isinstance(gradient, Array) or shape_problem(leaf, gradient):
        return None, true.reshape(leaf.shape), p
    return gradient.read().reshape(leaf.shape).parts[0][:1].reshape(leaf.shape), true.reshape(leaf.shape), p
