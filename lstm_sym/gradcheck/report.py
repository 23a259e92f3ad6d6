"""What a check has found: a verdict, input by input, with the reasons, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from .witness import Witness

NO_BOUND = "an accident is unlikely, but the degrees are too large for a bound on its probability"

Verdict = Literal["right", "wrong", "undecided"]


class GradientError(AssertionError):
    """A backward pass that is not shown to be right."""


@dataclass(frozen=True, slots=True)
class GradientReport:
    """The verdict on a backward pass.

    ``right``: every gradient is exact, but for an accident of probability ``error_bound``. ``wrong``: ``witness``
    is a real counterexample, or the code overwrites what belongs to the caller. ``undecided``: ``diagnosis``
    says why. ``unreached`` are the comparisons that went one way at all points: the verdict says nothing of the other.
    ``unchecked`` are inputs without a verdict, and why.
    """

    verdict: Verdict
    inputs: dict[str, bool] = field(default_factory=dict)
    diagnosis: tuple[str, ...] = ()
    error_bound: float | None = None
    witness: Witness | None = None
    points: int = 0
    unreached: tuple[str, ...] = ()
    unchecked: dict[str, str] = field(default_factory=dict)
    branches: bool = False
    """Whether comparisons may choose the way."""

    @property
    def ok(self) -> bool:
        return self.verdict == "right"

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "inputs": {name: {"exact": exact} for name, exact in self.inputs.items()},
            "diagnosis": list(self.diagnosis),
            "error_bound": self.error_bound,
            "witness": None if self.witness is None else self.witness.as_json(),
            "unreached": list(self.unreached),
            "unchecked": dict(self.unchecked),
        }

    def _covered(self) -> str:
        """What is right, and where."""
        ways = ", on every way through the comparisons that was taken" if self.branches else ""
        only = ""
        if self.unchecked:
            are = "is" if len(self.unchecked) == 1 else "are"
            only = f" for {_listed(self.inputs)}; {_listed(self.unchecked)} {are} not checked"
        bounded = self.error_bound is not None and self.error_bound < 1
        accident = f"an accident has probability below {self.error_bound:.0e}" if bounded else NO_BOUND
        return f"right{only}: exact at {self.points} random points{ways}{';' if ways else ','} {accident}"

    def __str__(self) -> str:
        lines = [self._covered() if self.verdict == "right" else self.verdict]
        width = max(map(len, (*self.inputs, *self.unchecked)), default=0)
        bad = "not decided" if self.verdict == "undecided" else "NOT exact"
        lines += [f"  {name:{width}}  {'exact' if exact else bad}" for name, exact in self.inputs.items()]
        lines += [f"  {name:{width}}  not checked: {why}" for name, why in self.unchecked.items()]
        lines += self.diagnosis
        lines += [f"not reached: {comparison}" for comparison in self.unreached]
        if self.witness is not None:
            lines += ["counterexample:", *(f"  {line}" for line in str(self.witness).splitlines())]
        return "\n".join(lines)


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
