"""Whether two functions are one and the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import ctx

from .balls import Balls
from .comparison import POINTS, POINTS_WITH_BRANCHES, Bench, FieldBench
from .field import Field
from .heights import Heights
from .modular import CHAIN, Singular, Unlucky
from .subject import Failed, Misuse, Subject, exact_leaves, named_inputs
from .witness import ATTEMPTS, PRECISIONS, BallBench

TRIED = 60


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

    @property
    def ok(self) -> bool:
        return self.verdict == "equal"

    def __str__(self) -> str:
        return "\n".join([": ".join(filter(None, (self.verdict, self.reason))), *self.diagnosis])


def same_function(
    f: Callable[..., Any], g: Callable[..., Any], inputs: Any, *, outputs: Sequence[str] = ()
) -> EqualityReport:
    """Whether f and g return the same for all inputs of these shapes, output by output in order.

    ``outputs`` are their names in the report.
    """
    subjects = [Subject(function, None, named_inputs(f, inputs), "vjp") for function in (f, g)]
    if not subjects[0].leaves:
        raise Misuse("no input is of floating-point numbers, so there is nothing to vary")
    try:
        report = compared(subjects)
        return _confirmed(subjects, outputs) if report.verdict == "different" and not report.reason else report
    except Failed as error:
        return EqualityReport("undecided", reason=str(error))


def compared(subjects: list[Subject]) -> EqualityReport:
    """The verdict at random points of the field; a difference in value has no reason yet, nor a witness."""
    found, bound, heights = 0, 1.0, Heights()
    for tried in range(1, TRIED):
        seed = heights.seed(tried)
        try:
            field = Field(seed)
            first, second = (_outputs(FieldBench(subject, seed, field)) for subject in subjects)
            field.refuse_zeros(*[y.read() for _, outputs in (first, second) for y in outputs])
        except Singular as error:
            return EqualityReport("undecided", reason=str(error))
        except Unlucky as error:
            heights.missed(error)
            continue
        shapes = [[y.shape for y in outputs] for _, outputs in (first, second)]
        if shapes[0] != shapes[1]:
            return EqualityReport("different", reason=f"the outputs have the shapes {shapes[0]} and {shapes[1]}")
        bench = first[0]
        if not all(np.all(bench.domain.same(a.read(), b.read())) for a, b in zip(first[1], second[1])):
            if field.roots.guessed and heights.grow():
                continue
            return EqualityReport("different")
        found += 1
        heights.found()
        bound *= min(1.0, max(_degree(*pair) for pair in (first, second)) / CHAIN[1])
        if found == (POINTS_WITH_BRANCHES if field.branches else POINTS):
            return EqualityReport("equal", bound)
    return EqualityReport("undecided", reason="no random point could be evaluated")


def differences(subjects: list[Subject]) -> list[Any]:
    """Where two functions of one result's shapes differ, output by output: true where an entry does."""
    for seed in range(1, TRIED):
        try:
            field = Field(seed)
            (bench, first), (_, second) = (_outputs(FieldBench(subject, seed, field)) for subject in subjects)
            return [~np.asarray(bench.domain.same(a.read(), b.read())) for a, b in zip(first, second)]
        except Unlucky:
            continue
    return []


def _outputs(bench: Bench) -> tuple[Bench, list[Any]]:
    with bench.rebinding() as rebinding:
        _, outputs, _ = bench.forward(rebinding)
    return bench, [y for _, y in exact_leaves(outputs, bench.domain)]


def _degree(bench: Bench, outputs: list[Any]) -> float:
    return max(2 * y.read().degree.total(bench.domain.divisors) + 2 for y in outputs)


def _confirmed(subjects: list[Subject], names: Sequence[str]) -> EqualityReport:
    """Real inputs at which the two differ, where balls find some."""
    for attempt in range(ATTEMPTS):
        for bits in PRECISIONS[:3]:
            with ctx.workprec(bits):
                try:
                    (bench, first), (_, second) = (_outputs(BallBench(subject, attempt)) for subject in subjects)
                except (Unlucky, Singular, ZeroDivisionError):
                    continue
                assert isinstance(bench, BallBench) and isinstance(bench.domain, Balls)
                for k, (a, b) in enumerate(zip(first, second)):
                    left, right = (y.read().parts[0][:1].ravel() for y in (a, b))
                    for place, (u, v) in enumerate(zip(left, right)):
                        if not (u - v).contains(0):
                            both = " and ".join(ball.str(12, radius=False) for ball in (u, v))
                            index = np.unravel_index(place, a.shape)
                            name = names[k] if names else f"output {k}"
                            at = f"entry ({', '.join(map(str, index))}) of {name} is {both}"
                            values = {name: x.tolist() for name, x in bench.rationals.items()}
                            return EqualityReport("different", reason=at, witness=values)
    return EqualityReport(
        "undecided", reason="the exact numbers differ, but no real inputs were found at which they do"
    )
