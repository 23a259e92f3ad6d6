r"""The claims ledger: what is said of recurrent networks, what is true of it, and which steps decide that.

A claim holds no formula of its own: it cites steps of derivations, whose two sides are what is printed and what is
checked. Its published verdict is measured against a run, so that a claim cannot be published as proved without one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from .derivation import Derivation, DerivationError, Step
from .lemmas import needed_for
from .report import Report, StepResult

TRUE, CONDITIONAL, IMPRECISE, FALSE, EMPIRICAL = "true", "true with hypotheses", "imprecise", "false", "empirical"
VERDICTS = (TRUE, CONDITIONAL, IMPRECISE, FALSE, EMPIRICAL)
"""What a claim may be published as."""


class Words(NamedTuple):
    """A text in the languages of the book."""

    en: str
    zh: str


class Cite(NamedTuple):
    """A step of a derivation, counted from 1."""

    derivation: str
    step: int = 1


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: what is ``said``, its ``verdict``, the steps that ``holds`` and ``fails`` cite, the ``source``.

    The steps of ``holds`` are proved: what is true of the claim. Those of ``fails`` are refuted, with a witness: what
    is said and false. ``verdict`` is one of :data:`VERDICTS`; an empirical claim cites no step and says so.
    """

    id: str
    title: Words
    said: Words
    truth: Words
    verdict: str
    holds: tuple[Cite, ...] = ()
    fails: tuple[Cite, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        amiss = _amiss(self)
        if amiss:
            raise ValueError(f"claim {self.id}: {amiss}")

    @property
    def cited(self) -> tuple[Cite, ...]:
        return (*self.holds, *self.fails)


def _amiss(claim: Claim) -> str:
    """What a claim lacks for its verdict."""
    if claim.verdict not in VERDICTS:
        return f"the verdict {claim.verdict!r} is none of {', '.join(VERDICTS)}"
    if claim.verdict == EMPIRICAL:
        return "an empirical claim cites a source and no step" if claim.cited or not claim.source else ""
    if not claim.holds:
        return f"it is published as {claim.verdict} and cites no step that proves what is true"
    if claim.verdict == FALSE and not claim.fails:
        return "it is published as false and cites no step that refutes it"
    return "it is published as true and cites a step that refutes it" if claim.verdict == TRUE and claim.fails else ""


def steps_of(claim: Claim, derivations: Mapping[str, Derivation]) -> dict[Cite, Step]:
    """The steps that a claim cites; one that does not exist, or is not meant so, is a ``DerivationError``."""
    found: dict[Cite, Step] = {}
    for cite in claim.cited:
        name, number = cite
        where = f"claim {claim.id} cites step {number} of {name}"
        if name not in derivations:
            raise DerivationError(f"{where}, which is not among the derivations read")
        steps = derivations[name].steps
        if not 1 <= number <= len(steps):
            raise DerivationError(f"{where}, which has {len(steps)}")
        meant = "refuted" if cite in claim.fails else "proved"
        if steps[number - 1].expected != meant:
            raise DerivationError(f"{where} as {meant}; it is there to be {steps[number - 1].expected}")
        found[cite] = steps[number - 1]
    return found


def derivations_of(claim: Claim, derivations: Mapping[str, Derivation]) -> tuple[str, ...]:
    """The derivations that a claim rests on: those it cites, and those that name it."""
    named = [name for name, derivation in derivations.items() if derivation.claim == claim.id]
    return tuple(dict.fromkeys([*(cite.derivation for cite in claim.cited), *named]))


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """A claim after a run: the results of all steps it rests on, and what is not as published."""

    claim: Claim
    results: tuple[StepResult, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(
            f"{result.derivation.name}, step {result.number}: {result.outcome.verdict}"
            for result in self.results
            if not result.ok or (self._holds(result) and result.outcome.verdict != "proved")
        )

    def _holds(self, result: StepResult) -> bool:
        return (result.derivation.name, result.number) in self.claim.holds

    @property
    def verdict(self) -> str:
        """The verdict of the run: the published one where every step is as meant."""
        return self.claim.verdict if self.ok else "undecided"

    def result(self, cite: Cite) -> StepResult:
        return next(r for r in self.results if (r.derivation.name, r.number) == cite)

    @property
    def admitted(self) -> tuple[str, ...]:
        """The sources of what is taken on trust."""
        return tuple(dict.fromkeys(fact for result in self.results for fact in result.outcome.admitted))

    def as_json(self) -> dict[str, Any]:
        claim = self.claim
        return {
            "id": claim.id,
            "title": claim.title._asdict(),
            "said": claim.said._asdict(),
            "truth": claim.truth._asdict(),
            "published": claim.verdict,
            "verdict": self.verdict,
            "ok": self.ok,
            "problems": list(self.problems),
            "holds": [self.result(cite).as_json() for cite in claim.holds],
            "fails": [self.result(cite).as_json() for cite in claim.fails],
            "derivations": list(dict.fromkeys(result.derivation.name for result in self.results)),
            "admitted": list(self.admitted),
            "source": claim.source,
        }


def settled(claims: Iterable[Claim], derivations: Mapping[str, Derivation], report: Report) -> tuple[ClaimResult, ...]:
    """The claims against a report on all that they rest on, lemmas included."""
    results: dict[str, list[StepResult]] = {}
    for result in report.results:
        results.setdefault(result.derivation.name, []).append(result)
    found = []
    for claim in claims:
        steps_of(claim, derivations)
        needed = needed_for(derivations_of(claim, derivations), derivations)
        found.append(ClaimResult(claim, tuple(result for name in needed for result in results[name])))
    return tuple(found)


def needed_by(claims: Iterable[Claim], derivations: Mapping[str, Derivation]) -> tuple[str, ...]:
    """The names of the derivations that claims rest on, lemmas included."""
    wanted = dict.fromkeys(name for claim in claims for name in derivations_of(claim, derivations))
    return tuple(needed_for(list(wanted), derivations))
