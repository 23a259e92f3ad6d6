"""Whether two functions are one and the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from flint import ctx

from .comparison import POINTS, POINTS_WITH_BRANCHES, Bench, FieldBench
from .decisions.branches import Branches
from .decisions.magnitude import NEGLIGIBLE, beside, ignoring, reaching
from .exact.balls import Balls
from .exact.field import Field
from .exact.heights import Heights
from .exact.modular import CHAIN, Singular, Unlucky
from .exact.numbers import Numbers
from .inputs import named_inputs, require_functions
from .keeping import Kept
from .signatures import require_option, require_taken
from .stand_ins.rebinding import ONE_AT_A_TIME
from .subject import Failed, Subject, exact_leaves, require_leaves
from .trees import leaves
from .witness import AS_DRAWN, ATTEMPTS, PRECISIONS, BallBench

TRIED = 60

UNCONFIRMED = "the exact numbers differ, but no real inputs were found at which they do"


@dataclass(frozen=True, slots=True)
class EqualityReport:
    """``equal``, ``different`` (with the inputs at which they differ, by real numbers) or ``undecided`` (with why).

    ``diagnosis`` are sentences that say what would make a difference vanish, each of them established.
    """

    verdict: str
    error_bound: float | None = None
    reason: str = ""
    witness: dict[str, Any] | None = None
    diagnosis: tuple[str, ...] = ()
    unreached: tuple[str, ...] = ()
    """Comparisons that went one way at all points."""

    @property
    def ok(self) -> bool:
        return self.verdict == "equal"

    def __str__(self) -> str:
        told = [f"not reached: {comparison}" for comparison in self.unreached]
        return "\n".join([": ".join(filter(None, (self.verdict, self.reason))), *self.diagnosis, *told])


def same_function(
    f: Callable[..., Any], g: Callable[..., Any], inputs: Any, *, outputs: Sequence[str] = ()
) -> EqualityReport:
    """Whether f and g return the same for all inputs of these shapes, output by output in order.

    g takes what f takes, in the order of f's parameters. ``outputs`` are the names of the outputs in the report.
    """
    require_option("outputs", outputs, Sequence, form="the names of outputs")
    require_functions(f, g)
    subjects = [Subject(function, None, named_inputs(f, inputs), "vjp") for function in (f, g)]
    require_leaves(subjects[0], "there is nothing to vary")
    require_taken(g, subjects[0].inputs)
    with ONE_AT_A_TIME, Kept(f, g):
        try:
            report, subjects, seed, least = _searched(subjects)
            if report.verdict == "different" and not report.reason:
                return _confirmed(subjects, outputs, seed, least)
            return report
        except Failed as error:
            return EqualityReport("undecided", reason=str(error))


def compared(subjects: list[Subject]) -> EqualityReport:
    """The verdict at random points of the field; a difference in value has no reason yet, nor a witness."""
    with ONE_AT_A_TIME:
        return _searched(subjects)[0]


def _searched(subjects: list[Subject]) -> tuple[EqualityReport, list[Subject], int, float]:
    """The same, with the subjects at the size where they differ, the seed, and the least difference that counts."""
    found, bound, usual, branches, heights = 0, 1.0, 0.0, Branches(), Heights()
    wanted = POINTS
    for tried in range(1, TRIED):
        try:
            point = _point(subjects, heights.seed(tried))
        except Singular as error:
            return EqualityReport("undecided", reason=str(error)), subjects, tried, 0.0
        except Unlucky as error:
            heights.missed(error)
            continue
        if point.report is not None and point.field.roots.guessed and heights.grow():
            continue
        heights.found()
        if point.report is not None:
            return point.report, subjects, tried, 0.0
        found, bound, usual = found + 1, bound * point.bound, max(usual, point.size)
        branches.add(point.field.branches)
        wanted = POINTS_WITH_BRANCHES if point.field.may_branch else POINTS
        if found == wanted:
            break
    if found < wanted:
        return EqualityReport("undecided", reason="no random point could be evaluated"), subjects, 0, 0.0
    fresh = ignoring(subjects, branches)
    for tried, magnitude in chain(beside(branches), enumerate(chain(fresh, reaching(branches, bool(fresh))), 1)):
        there = [replace(subject, magnitude=magnitude) for subject in subjects]
        try:
            point = _point(there, heights.seed(tried))
        except (Failed, Singular, Unlucky):
            continue
        if magnitude.fresh and (point.field.undefined.unseen or not _counts(point, there, tried)):
            continue
        branches.add(point.field.branches)
        if point.report is None:
            bound *= point.bound
        elif point.report.reason or _confirmed(there, (), tried, NEGLIGIBLE * usual).verdict == "different":
            return point.report, there, tried, NEGLIGIBLE * usual
        elif _confirmed(there, (), tried).verdict != "different":
            return EqualityReport("undecided", reason=UNCONFIRMED), there, tried, 0.0
    return EqualityReport("equal", bound, unreached=branches.told()), subjects, 0, 0.0


def _counts(point: _Point, subjects: list[Subject], seed: int) -> bool:
    """Whether a difference far from the given values, for which the functions may be meant, is one in real numbers."""
    report = point.report
    return report is None or bool(report.reason) or _confirmed(subjects, (), seed).verdict == "different"


@dataclass
class _Point:
    """Both functions at one random point: the report, if they differ there."""

    field: Field
    bound: float
    size: float
    """That of the largest output."""
    report: EqualityReport | None = None


def _point(subjects: list[Subject], seed: int) -> _Point:
    field = Field(seed)
    try:
        first, second = (_outputs(FieldBench(subject, seed, field)) for subject in subjects)
        field.refuse_infinite(*[y.read() for _, outputs, _ in (first, second) for y in outputs])
    except (Failed, Singular) as error:
        if field.undefined.told:
            raise Unlucky(str(error)) from error
        raise
    shapes = [[y.shape for y in outputs] for _, outputs, _ in (first, second)]
    if shapes[0] != shapes[1]:
        reason = f"the outputs have the shapes {shapes[0]} and {shapes[1]}"
        return _Point(field, 1.0, 0.0, EqualityReport("different", reason=reason))
    for left, right in zip(first[2], second[2]) if len(first[2]) == len(second[2]) else ():
        if not np.array_equal(left, right):
            reason = f"an output that has no derivative is {_in_a_line(left)} and {_in_a_line(right)}"
            return _Point(field, 1.0, 0.0, EqualityReport("different", reason=reason))
    size = max(float(np.abs(y.shadow).max(initial=0.0)) for y in first[1])
    bound = min(1.0, max(_degree(*run[:2]) for run in (first, second)) / CHAIN[1])
    if not all(np.all(_same(field, a.read(), b.read())) for a, b in zip(first[1], second[1])):
        return _Point(field, bound, size, EqualityReport("different"))
    return _Point(field, bound, size)


def _same(field: Field, a: Numbers, b: Numbers) -> Any:
    """Where two outputs agree: where both have no value, too, if the functions have been told of such."""
    same = field.same(a, b)
    return same | (field.without_value(a) & field.without_value(b)) if field.undefined.told else same


def differences(subjects: list[Subject]) -> list[Any]:
    """Where two functions of one result's shapes differ, output by output: true where an entry does."""
    for seed in range(1, TRIED):
        try:
            field = Field(seed)
            (bench, first, _), (_, second, _) = (_outputs(FieldBench(subject, seed, field)) for subject in subjects)
            return [~np.asarray(bench.domain.same(a.read(), b.read())) for a, b in zip(first, second)]
        except Unlucky:
            continue
    return []


def _outputs(bench: Bench) -> tuple[Bench, list[Any], list[Any]]:
    """The outputs of floating-point numbers, and the integers and truth values beside them."""
    with bench.rebinding() as rebinding:
        _, outputs, _ = bench.forward(rebinding)
    kinds = int | np.integer | np.bool_
    whole = [y for _, y in leaves(outputs) if isinstance(y, kinds) or getattr(y, "dtype", np.dtype("O")).kind in "biu"]
    return bench, [y for _, y in exact_leaves(outputs, bench.domain)], whole


def _in_a_line(value: Any) -> str:
    return " ".join(str(value).split())


def _degree(bench: Bench, outputs: list[Any]) -> float:
    return max(2 * y.read().degree.total(bench.domain.divisors) + 2 for y in outputs)


def _confirmed(subjects: list[Subject], names: Sequence[str], seed: int, least: float = 0.0) -> EqualityReport:
    """Real inputs at which the two differ by at least so much, where balls find some."""
    for attempt in (*range(ATTEMPTS), AS_DRAWN):
        for bits in PRECISIONS[:3]:
            with ctx.workprec(bits):
                try:
                    benches = [BallBench(subject, attempt, seed) for subject in subjects]
                    (bench, first, _), (_, second, _) = map(_outputs, benches)
                except (Unlucky, Singular, ZeroDivisionError):
                    continue
                assert isinstance(bench, BallBench) and isinstance(bench.domain, Balls)
                for k, (a, b) in enumerate(zip(first, second)):
                    left, right = (y.read().parts[0][:1].ravel() for y in (a, b))
                    for place, (u, v) in enumerate(zip(left, right)):
                        if not (u - v).contains(0) and not abs(u - v) < least:
                            both = " and ".join(ball.str(12, radius=False) for ball in (u, v))
                            index = np.unravel_index(place, a.shape)
                            name = names[k] if k < len(names) else f"output {k}"
                            at = f"entry ({', '.join(map(str, index))}) of {name} is {both}"
                            values = {name: x.tolist() for name, x in bench.rationals.items()}
                            return EqualityReport("different", reason=at, witness=values)
    return EqualityReport("undecided", reason=UNCONFIRMED)
