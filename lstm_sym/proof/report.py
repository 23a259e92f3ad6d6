r"""Verdicts and reports: what the proof engines say of a step, as values and as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .derivation import Derivation, Step
from .proved import Proved

if TYPE_CHECKING:
    from .witness import Witness

ADMITTED = "admitted: "
"""How a fact taken on trust begins among what an outcome assumes."""

VERDICTS = ("proved", "probable", "refuted", "undecided")


@dataclass(frozen=True, slots=True)
class Evidence:
    """An independent check attached to a theorem, such as the finite field on an unrolled net."""

    what: str
    agrees: bool
    seconds: float
    error_bound: float

    def as_json(self) -> dict[str, Any]:
        return {"what": self.what, "agrees": self.agrees, "seconds": self.seconds, "error_bound": self.error_bound}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one step, with what carries it.

    ``proof`` is there exactly for ``proved`` and can only be made by the kernel; ``witness`` exactly for
    ``refuted``. ``assumes`` lists side conditions and admitted facts, ``discharged`` says why other divisors are
    above 0; ``hint`` is a small edit of the right side that would make the step true.
    """

    verdict: str
    method: str
    seconds: float
    proof: Proved | None = None
    witness: Witness | None = None
    assumes: tuple[str, ...] = ()
    discharged: tuple[str, ...] = ()
    hint: str = ""
    detail: str = ""
    error_bound: float | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def admitted(self) -> tuple[str, ...]:
        """What is taken on trust, here or in a lemma."""
        return tuple(fact for fact in self.assumes if fact.startswith(ADMITTED))

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"unknown verdict {self.verdict!r}")
        if (self.verdict == "proved") != isinstance(self.proof, Proved):
            raise AssertionError("a step is proved exactly if the kernel made a proof of it")
        if (self.verdict == "refuted") != (self.witness is not None):
            raise AssertionError("a step is refuted exactly if it has a witness")


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step of a derivation with its outcome; ``number`` counts from 1."""

    derivation: Derivation
    number: int
    outcome: Outcome

    @property
    def step(self) -> Step:
        return self.derivation.steps[self.number - 1]

    @property
    def ok(self) -> bool:
        """Whether the verdict is the one that is meant; what is admitted only has to withstand refutation."""
        if self.step.admit and self.outcome.verdict in ("probable", "undecided"):
            return True
        return self.outcome.verdict == self.step.expected

    @property
    def failure_text(self) -> str:
        """Where, what, the witness and the way out, for a step that is not ``ok``; else empty."""
        return "" if self.ok else _failure_text(self)

    def as_json(self) -> dict[str, Any]:
        from ..latex.printer import latex

        step, outcome = self.step, self.outcome
        return {
            "derivation": self.derivation.name,
            "step": self.number,
            "claim": self.derivation.claim,
            "reason": step.reason,
            "relation": step.relation,
            "left": latex(step.left),
            "right": latex(step.right),
            "verdict": outcome.verdict,
            "expected": step.expected,
            "method": outcome.method,
            "seconds": round(outcome.seconds, 6),
            "file": step.file,
            "line": step.line,
            "assumes": list(outcome.assumes),
            "discharged": list(outcome.discharged),
            "admit": step.admit or None,
            "lemma": step.lemma or None,
            "witness": outcome.witness.as_json() if outcome.witness else None,
            "hint": outcome.hint or None,
            "detail": outcome.detail or None,
            "error_bound": outcome.error_bound,
            "evidence": [evidence.as_json() for evidence in outcome.evidence],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a run, in the order of the derivations."""

    results: tuple[StepResult, ...]

    @property
    def ok(self) -> bool:
        return all(result.ok for result in self.results)

    @property
    def summary(self) -> dict[str, int]:
        counted = Counter(result.outcome.verdict for result in self.results)
        return {verdict: counted[verdict] for verdict in VERDICTS}

    def as_json(self) -> dict[str, Any]:
        from .. import __version__

        return {
            "version": __version__,
            "summary": self.summary,
            "steps": [result.as_json() for result in self.results],
        }


def _failure_text(result: StepResult) -> str:
    """Where, what, the witness and the way out, in a few lines."""
    step, outcome = result.step, result.outcome
    where = f"{step.file}:{step.line}" if step.file else result.derivation.name
    lines = [f'{where} {result.derivation.name} step {result.number} ("{step.reason}"): {_what(result)}']
    lines += [f"  left:  {step.left}", f"  right: {step.right}"]
    if outcome.witness is not None:
        lines.append(f"  {outcome.witness}")
    if outcome.detail:
        lines.append(f"  {outcome.detail}")
    if outcome.hint:
        lines.append(f"  {outcome.hint[0].upper()}{outcome.hint[1:]}.")
    return "\n".join(lines)


def _what(result: StepResult) -> str:
    verdict, expected = result.outcome.verdict, result.step.expected
    if expected == "refuted":
        return f"the statement was meant to be refuted, but it is {verdict}"
    if verdict == "refuted":
        return "the sides differ" if result.step.relation == "=" else f"the bound {result.step.relation} fails"
    return f"the step is {verdict}"
