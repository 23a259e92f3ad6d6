r"""One random point: whether the gradients are exact there, input by input.

With :math:`\dot y` the tangent of the outputs for a tangent :math:`\dot x_k` of input k alone, and
:math:`\bar y` random, backward is right in input k if and only if, but for an accident of probability
degree/p, :math:`\langle \bar y, \dot y\rangle = \langle \bar x_k, \dot x_k\rangle`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np

from .arrays.array import Array, array_of, exact, stacked
from .decisions.branches import Branches
from .decisions.magnitude import USUAL
from .exact import numbers as n
from .exact.field import Field
from .exact.modular import CHAIN, Singular, Unlucky
from .exact.numbers import Degree, Numbers
from .frames import Unsupported
from .results import refuse_zeros, same_results, shape_problem, siblings_given, undefined_in
from .stand_ins.rebinding import Rebinding
from .stand_ins.stand_in import StandIn
from .subject import Failed, Subject, exact_leaves
from .trees import leaves, mapped, named

SCALE = 0.6
SPREADS = (1.0, 1.0, 5.0)
"""How far the numbers of a point lie apart, by its seed: wide ones reach branches that close ones do not."""

POINTS = 2
POINTS_WITH_BRANCHES = 9
"""Points tried where comparisons choose the way, so that other branches are taken."""

NOTHING = "backward gives no gradient for it"

CHANGING = "backward returns other values when it is run again on the same inputs"
ADDING = "backward adds to the gradients that it has returned before: nothing sets them to 0 first"


@dataclass(frozen=True, slots=True)
class Record:
    """A run in floating-point numbers: those of the inputs and gradients by the name of the leaf."""

    inputs: dict[str, Any]
    cotangents: Any
    outputs: list[Any]
    gradients: dict[str, Any]


@dataclass
class Point:
    """What one random point has shown."""

    seed: int
    exact: dict[str, bool] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    """Inputs for which backward gives nothing, and on which the outputs do not depend."""
    unchecked: dict[str, str] = field(default_factory=dict)
    """Inputs for which backward gives nothing, and what is said of them."""
    shapes: dict[str, str] = field(default_factory=dict)
    """What is wrong with the shape of a gradient."""
    changed: list[str] = field(default_factory=list)
    """What is overwritten that belongs to the caller."""
    unsteady: list[str] = field(default_factory=list)
    """What differs from run to run."""
    ties: list[str] = field(default_factory=list)
    error_bound: float = 0.0
    may_branch: bool = False
    guessed: bool = False
    """Whether a root that the field lacks was replaced by a random number, so that a difference says nothing."""
    style: str = "vjp"
    branches: Branches = field(default_factory=Branches)
    underflows: list[str] = field(default_factory=list)
    undefined: bool = False
    """Whether a root or a logarithm was taken of a negative number, of which the code was not told."""
    formal: bool = False
    """Whether the code was not to be told of such."""
    sizes: dict[str, float] = field(default_factory=dict)
    """The largest entries of the gradients, in floating point."""
    record: Record | None = None
    """The run in floating point, as the numbers behind the exact ones have it; of numbers of the usual size alone."""

    @property
    def right(self) -> bool:
        return all(self.exact.values()) and not self.shapes and not self.changed and not self.unsteady


class Bench:
    """A subject in one domain, with numbers for its inputs, ready to be run as often as wanted."""

    def __init__(self, subject: Subject, domain: Any, number: Callable[[str, Any], Numbers]) -> None:
        self.subject = subject
        self.domain = domain
        self.number = number
        self.stand_in = StandIn(domain)
        self.leaves = subject.leaves
        self.values = {leaf.name: number(leaf.name, np.asarray(leaf.value, float)) for leaf in self.leaves}
        self.changed: list[str] = []
        self.runs = 0
        """How often backward has been run."""

    def rebinding(self, *others: Callable[..., Any]) -> Rebinding:
        subject = self.subject
        functions = (subject.forward, *((subject.backward,) if subject.backward else ()), *others)
        return Rebinding(self.stand_in, functions)

    def inputs(self, tangents: dict[str, Any] | None = None, later: bool = False) -> dict[str, Any]:
        """Fresh inputs; where tangents are given, they move."""

        def source(name: str, value: Any) -> Numbers:
            own = self.values[name]
            if tangents and name in tangents:
                return self.domain.moving(own, tangents[name])
            return own

        return self.subject.made(source, self.stand_in, later)

    def cotangents(self, outputs: Any) -> Any:
        """A random cotangent for each output of floating-point numbers, ``None`` for others."""
        known = dict(exact_leaves(outputs, self.domain))

        def cotangent(path: Any, value: Any) -> Any:
            if path not in known:
                return None
            shape = known[path].shape
            array = array_of(self.number(named("cotangent", path), np.zeros(shape)))
            return array if shape else array[()]

        return mapped(cotangent, outputs)

    def watch(self, what: str, tree: Any) -> Callable[[], None]:
        """A check, to be made later, that nobody has written into these arrays or changed these containers."""
        arrays = [(path, value, value.read()) for path, value in leaves(tree) if isinstance(value, Array)]
        for _, value, _ in arrays:
            value.store.watched = True
        watched = {path[:1] for path, _, _ in arrays}

        def paths_of(tree: Any) -> list[Any]:
            """The places in what holds arrays; a dictionary of settings is the code's to write into."""
            return [path for path, _ in leaves(tree) if path[:1] in watched]

        paths = paths_of(tree)

        def look() -> None:
            for path, value, before in arrays:
                if value.store.written and not np.all(self.domain.same(value.read(), before)):
                    self.changed.append(f"{_spoken(what, path)} ({value.store.written})")
            if paths_of(tree) != paths:
                self.changed.append(what)

        return look

    # --- runs ---------------------------------------------------------------------------------------

    def forward(self, rebinding: Rebinding, tangents: dict[str, Any] | None = None) -> tuple[dict[str, Any], Any, Any]:
        """Inputs, outputs and cache of a run of forward."""
        inputs = self.inputs(tangents)
        look = self.watch("forward overwrites its input", inputs)
        with rebinding.frozen():
            result = self.subject.run_forward(inputs)
        look()
        self.subject = self.subject.styled(result)
        outputs, cache = self.subject.split(result)
        return inputs, kept(outputs), cache

    def backward(
        self, rebinding: Rebinding, cotangents: Any = None, tangents: dict[str, Any] | None = None
    ) -> tuple[list[Any], Any]:
        """The gradients by leaf, and the cotangents, of a run of forward and then backward."""
        subject = self.subject
        if subject.style != "vjp" or cotangents is None:
            inputs, outputs, cache = self.forward(rebinding, tangents)
            subject = self.subject
            cotangents = self.cotangents(outputs) if cotangents is None else cotangents
        else:
            inputs, cache = self.inputs(tangents, later=True), None
        fresh, before = kept(cotangents), kept(cotangents)
        look = self.watch("backward overwrites its input", inputs)
        argument = subject.upstream_parameter()
        look_too = self.watch(
            "backward overwrites the upstream gradient" + (f", its argument {argument}" if argument else ""), fresh
        )
        self.runs += 1
        with rebinding.frozen(self.runs):
            given = subject.run_backward(inputs, fresh, cache)
        look()
        look_too()
        return [self._gradient(value) for value in subject.gradients(given)], before

    def _gradient(self, value: Any) -> Any:
        if value is None:
            return value
        if isinstance(value, Array):
            return value.__copy__()
        try:
            return stacked(value, self.domain) if isinstance(value, list) else exact(value, self.domain)
        except (TypeError, ValueError, Unsupported) as error:
            raise Failed(f"backward returns a {type(value).__name__} where a gradient should be") from error


def kept(tree: Any) -> Any:
    """The same with copies of the exact arrays, into which nobody else writes."""
    return mapped(lambda path, value: value.__copy__() if isinstance(value, Array) else value, tree)


def drawing(subject: Subject, seed: int) -> Callable[[Any], Any]:
    """Random numbers for one array after another, near the values that are given where these are not 0."""
    random = np.random.default_rng((seed, 7))
    scale = SCALE * SPREADS[seed % len(SPREADS)]
    centre = scale * random.normal() if subject.magnitude.closeness else 0.0
    numbers = count()

    def draw(given: Any) -> Any:
        magnitude = subject.magnitude
        noise = random.normal(size=given.shape)
        known = magnitude.known(given)
        drawn = np.where(known == 0, scale * noise, known * (1 + 0.1 * noise))
        if magnitude != USUAL:
            drawn = magnitude.sized(random, magnitude.signed(random, drawn), next(numbers))
            drawn = magnitude.laid_out(drawn, random, centre)
        return drawn

    return draw


class FieldBench(Bench):
    """A subject at the random point that a seed decides."""

    def __init__(self, subject: Subject, seed: int, domain: Field | None = None) -> None:
        domain = domain or Field(seed, subject.floating, subject.formal)
        draw = drawing(subject, seed)
        super().__init__(subject, domain, lambda name, given: domain.letters(name, draw(given)))

    def _gradient(self, value: Any) -> Any:
        """A gradient in the prime field: of an extension's elements a random linear form is looked at."""
        gradient = super()._gradient(value)
        if gradient is None or not self.domain.height:
            return gradient
        first, *others = gradient.read().parts
        numbers = replace(gradient.read(), parts=(self.domain.rings[0].image(first), *others))
        return array_of(numbers)

    def directions(self) -> dict[str, Any]:
        """A random direction in each input, one tangent per input."""
        made = {}
        for k, leaf in enumerate(self.leaves):
            tangents = np.zeros((len(self.leaves), *leaf.shape), np.int64)
            tangents[k] = self.domain.random(f"direction {leaf.name}", CHAIN[0], leaf.shape)
            made[leaf.name] = tangents
        return made

    def pairing(self, cotangents: Any, outputs: Any, count: int) -> tuple[Any, Degree]:
        r""":math:`\langle \bar y, \dot y_k \rangle` for each of ``count`` tangents, and the degree of the sums."""
        ring, whole = self.domain.modular[0], self.domain.rings[0]
        sums, degree = np.zeros(count, np.int64), n.CONSTANT
        found = dict(leaves(cotangents))
        for path, y in exact_leaves(outputs, self.domain):
            numbers = y.read()
            tangents = whole.image(numbers.parts[0][1:])
            degree = degree | numbers.slope
            if len(tangents):
                bar = whole.image(found[path].read().parts[0][:1])
                sums = ring.add(sums, ring.sum(ring.mul(tangents, bar).reshape(count, -1), 1))
        return sums, degree


def _spoken(what: str, path: Any) -> str:
    if not path:
        return what
    head, *rest = path
    return f"{what} {named(str(head), tuple(rest))}" if isinstance(head, str) else f"{what}{named('', path)}"


def at_point(subject: Subject, seed: int, *, steady: bool = True) -> Point:
    """Compare backward with forward at the random point that the seed decides.

    Where the code is told of a number that has no value, and ends in an error or in such numbers, it is not told again.
    """
    bench = FieldBench(subject, seed)
    told = bench.domain.undefined
    try:
        point = _compared(subject, bench, seed, steady)
        if point is not None:
            return point
    except (Failed, Singular):
        if not told.told:
            raise
    try:
        return at_point(replace(subject, formal=True), seed, steady=steady)
    except (Failed, Singular) as error:
        raise Unlucky(str(error)) from error


def _compared(subject: Subject, bench: FieldBench, seed: int, steady: bool) -> Point | None:
    """The point, unless the outputs hold what has no value, or backward alone makes such numbers."""
    domain = bench.domain
    ring = domain.modular[0]
    point = Point(seed, formal=subject.formal)
    with bench.rebinding() as rebinding:
        _, outputs, _ = bench.forward(rebinding)
        handled = domain.undefined.told
        cotangents = bench.cotangents(outputs)
        gradients, cotangents = bench.backward(rebinding, cotangents)
        directions = bench.directions()
        # A relu that backward finds at 0 was no tie in forward.
        domain.ties.clear()
        _, moved, _ = bench.forward(rebinding, directions)
        point.ties = list(dict.fromkeys(domain.ties))
        if not same_results(domain, outputs, moved):
            point.unsteady.append("forward returns other values when it is run again on the same inputs")
        elif steady:
            again, _ = bench.backward(rebinding, cotangents)
            if not same_results(domain, gradients, again):
                twice = [gradient if gradient is None else gradient + gradient for gradient in gradients]
                point.unsteady.append(ADDING if same_results(domain, twice, again) else CHANGING)
    refuse_zeros(domain, outputs, moved, gradients)
    if domain.undefined.told and (undefined_in(outputs) or (undefined_in(gradients) and not handled)):
        return None
    if all(gradient is None for gradient in gradients):
        raise Failed("backward gives no gradient for any input")
    left, slope = bench.pairing(cotangents, moved, len(bench.leaves))
    worst = 0.0
    for k, (leaf, gradient) in enumerate(zip(bench.leaves, gradients)):
        right = 0
        if gradient is None and int(left[k]):
            if len(leaf.path) > 1 and siblings_given(leaf, bench.leaves, gradients):
                point.exact[leaf.name] = False
                point.shapes[leaf.name] = (
                    f"backward gives gradients beside it, and none for {leaf.name}, on which the outputs depend"
                )
            else:
                point.unchecked[leaf.name] = NOTHING
            continue
        if gradient is None:
            point.absent.append(leaf.name)
        else:
            problem = shape_problem(leaf, gradient)
            together = len(subject.inputs), len(outputs) if isinstance(outputs, tuple) else 0
            stacked = gradient.ndim > 0 and gradient.shape[1:] == leaf.shape and gradient.shape[0] in together
            if problem and stacked and bench.subject.style == "vjp":
                # A tuple of all inputs or outputs was taken for one of them: this says nothing of the gradient.
                raise Failed(
                    f"{problem}: backward is called as backward(inputs, cotangents) with a tuple of all inputs, "
                    "and may take another argument first"
                )
            if problem:
                point.shapes[leaf.name] = problem
                point.exact[leaf.name] = False
                continue
            numbers = gradient.read().reshape(leaf.shape)
            point.sizes[leaf.name] = float(np.abs(domain.shadow(numbers)).max(initial=0.0))
            direction = directions[leaf.name][k]
            right = int(ring.sum(ring.mul(numbers.parts[0][:1], direction[None]).ravel(), 0))
            slope = slope | numbers.degree
        point.exact[leaf.name] = int(left[k]) == right and not (handled and undefined_in([gradient]))
        worst = max(worst, slope.total(domain.divisors) + (3 if domain.height else 2))
    point.changed = list(dict.fromkeys(bench.changed))
    point.error_bound = min(1.0, worst / CHAIN[1])
    point.may_branch = domain.may_branch
    point.guessed = domain.roots.guessed
    point.branches = domain.branches
    point.undefined = domain.undefined.unseen
    point.underflows = list(dict.fromkeys(domain.underflows))
    point.style = bench.subject.style
    if subject.magnitude == USUAL or (subject.magnitude.arranged and not subject.magnitude.closeness):
        point.record = _record(bench, cotangents, outputs, gradients)
    return point


def _record(bench: FieldBench, cotangents: Any, outputs: Any, gradients: list[Any]) -> Record:
    def shadow(value: Any) -> Any:
        return value.shadow if isinstance(value, Array) else value

    return Record(
        {name: bench.domain.shadow(numbers) for name, numbers in bench.values.items()},
        mapped(lambda _, bar: shadow(bar), cotangents),
        [shadow(y) for _, y in exact_leaves(outputs, bench.domain)],
        {leaf.name: shadow(gradient) for leaf, gradient in zip(bench.leaves, gradients) if gradient is not None},
    )
