"""One step of a derivation judged: the kernel's verdict, the independent evidence, and a hint where it is false."""

from __future__ import annotations

from dataclasses import replace

from .derivation import Derivation, Step
from .hint import small_edit
from .kernel import decide
from .report import Evidence, Outcome, StepResult


def verify_step(derivation: Derivation, number: int) -> StepResult:
    """The verdict on step ``number`` (from 1) of a derivation, on its own."""
    step = derivation.steps[number - 1]
    outcome = decide(step, derivation.given)
    if step.evidence and outcome.verdict == "proved":
        outcome = _with_evidence(outcome, step)
    if outcome.verdict in ("refuted", "undecided"):
        outcome = replace(outcome, hint=small_edit(step, derivation.given) or "")
    return StepResult(derivation, number, outcome)


def _with_evidence(outcome: Outcome, step: Step) -> Outcome:
    gathered: tuple[Evidence, ...] = tuple(request.gather() for request in step.evidence)
    disagreeing = [evidence for evidence in gathered if not evidence.agrees]
    if disagreeing:
        detail = f"proved, yet the independent check disagrees: {disagreeing[0].what}"
        return replace(outcome, verdict="undecided", proof=None, detail=detail, evidence=gathered)
    return replace(outcome, evidence=gathered)
