"""The verdict on every step and every claim, from a run; kept until a derivation or the library changes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from lstm_sym.cli.verifying import verified
from lstm_sym.proof.claim import settled
from lstm_sym.proof.load import load_claims, load_derivations
from lstm_sym.proof.report import StepResult

from .fingerprint import fingerprint, keep, kept
from .places import ROOT, WORK

DERIVATIONS = ROOT / "derivations"
KEPT = WORK / "verdicts.json"


class NotAsMeant(Exception):
    """A step or a claim has another verdict than it should; the text tells which, and why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the run said of a step."""

    verdict: str
    method: str
    witness: str
    detail: str
    evidence: tuple[str, ...]

    @property
    def kind(self) -> str:
        """``admitted`` for what is taken on trust and only withstood refutation, else the verdict."""
        return self.verdict if self.verdict in ("proved", "refuted") else "admitted"


@dataclass(frozen=True, slots=True)
class Settled:
    """A run: by the name of a derivation the verdict on each step, by its id what a claim is."""

    steps: dict[str, tuple[Verdict, ...]]
    claims: dict[str, str]


def current_verdicts() -> Settled:
    """The verdicts of this state of the project; one that is not as meant is ``NotAsMeant``."""
    key = fingerprint((DERIVATIONS, Path(__file__)), ("sympy", "python-flint"))
    told = kept(KEPT, key)
    if told is None:
        told = asdict(settled_in(DERIVATIONS))
        keep(KEPT, key, told)
    steps = {
        name: tuple(Verdict(**step | {"evidence": tuple(step["evidence"])}) for step in steps)
        for name, steps in told["steps"].items()
    }
    return Settled(steps, told["claims"])


def settled_in(folder: Path) -> Settled:
    """A run over the derivations and the claims of a folder."""
    report = verified([folder])
    claims = settled(load_claims([folder]), load_derivations([folder]), report)
    amiss = [result.failure_text for result in report.results if not result.ok]
    amiss += [f"claim {claim.claim.id}: {'; '.join(claim.problems)}" for claim in claims if not claim.ok]
    if amiss:
        raise NotAsMeant("\n".join(amiss))
    steps: dict[str, list[Verdict]] = {}
    for result in report.results:
        steps.setdefault(result.derivation.name, []).append(_verdict(result))
    return Settled(
        {name: tuple(found) for name, found in steps.items()},
        {result.claim.id: result.verdict for result in claims},
    )


def _verdict(result: StepResult) -> Verdict:
    outcome = result.outcome
    return Verdict(
        outcome.verdict,
        outcome.method,
        str(outcome.witness or ""),
        outcome.detail,
        tuple(check.what for check in outcome.evidence if check.agrees),
    )
