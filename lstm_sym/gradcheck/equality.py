"""Whether two functions are one and the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import ctx

from .comparison import Bench, FieldBench
from .field import Field
from .modular import CHAIN, Singular, Unlucky
from .subject import Failed, Misuse, Subject, exact_leaves, named_inputs
from .witness import ATTEMPTS, EIGHTHS, PRECISIONS, BallBench

POINTS = 2
POINTS_WITH_BRANCHES = 6
"""Points tried where comparisons choose the way."""

TRIED = 60


@dataclass(frozen=True, slots=True)
class EqualityReport:
    """``equal``, ``different`` (with the inputs at which they differ, by real numbers) or ``undecided`` (with why)."""

    verdict: str
    error_bound: float | None = None
    reason: str = ""
    witness: dict[str, Any] | None = None

    @property
    def ok(self) -> bool:
        return self.verdict == "equal"

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.verdict, self.reason)))


def same_function(f: Callable[..., Any], g: Callable[..., Any], inputs: Any) -> EqualityReport:
    """Whether f and g return the same for all inputs of these shapes, output by output in order."""
    subjects = [Subject(function, None, named_inputs(f, inputs), "vjp") for function in (f, g)]
    if not subjects[0].leaves:
        raise Misuse("no input is of floating-point numbers, so there is nothing to vary")
    return Comparison(subjects).report()


class Comparison:
    """Two functions on the same inputs; ``functions`` are those that they call, where these cannot be seen."""

    def __init__(
        self, subjects: list[Subject], functions: Sequence[Callable[..., Any]] = (), outputs: Sequence[str] = ()
    ) -> None:
        self.subjects = subjects
        self.functions = functions
        self.outputs = outputs
        self.apart: list[Any] = []
        """Where the exact numbers differ, an array of truth values per output."""

    def report(self) -> EqualityReport:
        found, bound = 0, 1.0
        try:
            for seed in range(1, TRIED):
                try:
                    field = Field(seed)
                    pair = [self._outputs(FieldBench(subject, seed, field)) for subject in self.subjects]
                except (Unlucky, Singular):
                    continue
                shapes = [[y.shape for y in outputs] for outputs in pair]
                if shapes[0] != shapes[1]:
                    reason = f"the outputs have the shapes {shapes[0]} and {shapes[1]}"
                    return EqualityReport("different", reason=reason)
                self.apart = [~np.asarray(field.same(a.read(), b.read())) for a, b in zip(*pair)]
                if any(map(np.any, self.apart)):
                    return self._confirmed()
                found += 1
                bound *= min(1.0, max(_degree(field, outputs) for outputs in pair) / CHAIN[1])
                if found == (POINTS_WITH_BRANCHES if field.comparisons else POINTS):
                    return EqualityReport("equal", bound)
        except Failed as error:
            return EqualityReport("undecided", reason=str(error))
        return EqualityReport("undecided", reason="no random point could be evaluated")

    def _outputs(self, bench: Bench) -> list[Any]:
        with bench.rebinding(*self.functions) as rebinding:
            _, outputs, _ = bench.forward(rebinding)
        return [y for _, y in exact_leaves(outputs, bench.domain)]

    def _confirmed(self) -> EqualityReport:
        """Real inputs at which the two differ, where balls find some."""
        for attempt in range(ATTEMPTS):
            for bits in PRECISIONS[:3]:
                with ctx.workprec(bits):
                    benches = [BallBench(subject, attempt) for subject in self.subjects]
                    try:
                        first, second = (self._outputs(bench) for bench in benches)
                    except (Unlucky, Singular, ZeroDivisionError):
                        continue
                    for k, (a, b) in enumerate(zip(first, second)):
                        left, right = (y.read().parts[0][:1].ravel() for y in (a, b))
                        for place, (u, v) in enumerate(zip(left, right)):
                            if not (u - v).contains(0):
                                both = " and ".join(ball.str(12, radius=False) for ball in (u, v))
                                index = tuple(int(i) for i in np.unravel_index(place, a.shape))
                                output = self.outputs[k] if self.outputs else f"output {k}"
                                entry = output + (f"[{', '.join(map(str, index))}]" if index else "")
                                values = {name: (x / EIGHTHS).tolist() for name, x in benches[0].rationals.items()}
                                return EqualityReport("different", reason=f"{entry} is {both}", witness=values)
        return EqualityReport(
            "undecided", reason="the exact numbers differ, but no real inputs were found at which they do"
        )


def _degree(domain: Field, outputs: list[Any]) -> float:
    return max((2 * y.read().degree.total(domain.divisors) + 2 for y in outputs), default=2.0)
