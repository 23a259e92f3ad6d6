"""The verdict on every step of every derivation, from a run; kept as long as neither the steps nor the tool change."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from lstm_sym.cli.verifying import verified
from lstm_sym.proof.report import StepResult

from .fingerprint import fingerprint, keep, kept
from .places import ROOT, WORK

DERIVATIONS = ROOT / "derivations"
KEPT = WORK / "verdicts.json"


class NotAsMeant(Exception):
    """A step has another verdict than it should; the text tells which, and why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the run said of a step."""

    verdict: str
    method: str
    conditions: tuple[str, ...]
    witness: str
    detail: str
    evidence: tuple[str, ...]


Verdicts = dict[str, tuple[Verdict, ...]]
"""By the name of a derivation, one for each step."""


def current_verdicts() -> Verdicts:
    """The verdicts of this state of the project; one that is not as meant is ``NotAsMeant``."""
    key = fingerprint((DERIVATIONS,), ("sympy", "python-flint"))
    told = kept(KEPT, key)
    if told is None:
        told = {name: [asdict(step) for step in steps] for name, steps in verdicts_of(DERIVATIONS).items()}
        keep(KEPT, key, told)
    return {name: tuple(map(_read, steps)) for name, steps in told.items()}


def verdicts_of(folder: Path) -> Verdicts:
    """The verdicts of a run over the derivations of a folder."""
    report = verified([folder])
    if not report.ok:
        raise NotAsMeant("\n".join(result.failure_text for result in report.results if not result.ok))
    found: dict[str, list[Verdict]] = {}
    for result in report.results:
        found.setdefault(result.derivation.name, []).append(_verdict(result))
    return {name: tuple(steps) for name, steps in found.items()}


def _verdict(result: StepResult) -> Verdict:
    outcome = result.outcome
    return Verdict(
        outcome.verdict,
        outcome.method,
        tuple(map(str, outcome.assumes)),
        str(outcome.witness or ""),
        outcome.detail,
        tuple(check.what for check in outcome.evidence if check.agrees),
    )


def _read(kept: dict[str, object]) -> Verdict:
    return Verdict(**{name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()})  # type: ignore[arg-type]
