"""What a check has found: a verdict, input by input, with the reasons, as text and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from .witness import Witness

Verdict = Literal["right", "wrong", "undecided"]


class GradientError(AssertionError):
    """A backward pass that is not shown to be right."""


@dataclass(frozen=True, slots=True)
class GradientReport:
    """The verdict on a backward pass.

    ``right``: every gradient is exact, but for an accident of probability ``error_bound``. ``wrong``: ``witness``
    is a real counterexample, or the code overwrites what belongs to the caller. ``undecided``: ``diagnosis``
    says why.
    """

    verdict: Verdict
    inputs: dict[str, bool] = field(default_factory=dict)
    diagnosis: tuple[str, ...] = ()
    error_bound: float | None = None
    witness: Witness | None = None
    points: int = 0

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
        }

    def __str__(self) -> str:
        head: str = self.verdict
        if self.verdict == "right":
            head += f": exact at {self.points} random points, an accident has probability below {self.error_bound:.0e}"
        lines = [head]
        width = max(map(len, self.inputs), default=0)
        lines += [f"  {name:{width}}  {'exact' if exact else 'NOT exact'}" for name, exact in self.inputs.items()]
        lines += self.diagnosis
        if self.witness is not None:
            lines += ["counterexample:", *(f"  {line}" for line in str(self.witness).splitlines())]
        return "\n".join(lines)
