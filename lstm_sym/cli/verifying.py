"""Derivations read, selected and verified, with progress on stderr."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..proof.claim import ClaimResult, needed_by, settled, steps_of
from ..proof.derivation import Derivation
from ..proof.lemmas import needed_for
from ..proof.load import load_claims, load_derivations
from ..proof.report import Report
from ..proof.verification import verify
from ..schedule import executor
from .terminal import progress


def verified(
    paths: Iterable[Path], name: str | None = None, jobs: int | None = None, scheduler: str | None = None
) -> Report:
    """The report on the derivations of files and folders, those selected by name or all."""
    with executor(jobs, scheduler) as pool:
        derivations = load_derivations(list(paths))
        chosen = selected(derivations, name)
        steps = sum(len(derivations[needed].steps) for needed in needed_for(chosen, derivations))
        with progress(steps, "verify") as count:
            return verify(derivations.values(), only=chosen, executor=pool, progress=count)


def settled_claims(
    paths: Iterable[Path], name: str | None = None, jobs: int | None = None, scheduler: str | None = None
) -> tuple[ClaimResult, ...]:
    """The claims of files and folders, one of them or all, after a run on everything that they rest on."""
    paths = list(paths)
    claims = load_claims(paths)
    if not claims:
        raise ValueError(f"no claim in {', '.join(map(str, paths))}: no module-level value made by Claim(...)")
    chosen = [claim for claim in claims if name in (None, claim.id)]
    if not chosen:
        raise ValueError(f"unknown claim {name!r}; there are {', '.join(claim.id for claim in claims)}")
    derivations = load_derivations(paths)
    for claim in chosen:
        steps_of(claim, derivations)
    needed = needed_by(chosen, derivations)
    with executor(jobs, scheduler) as pool, progress(sum(len(derivations[n].steps) for n in needed), "claims") as count:
        report = verify(derivations.values(), only=needed, executor=pool, progress=count)
    return settled(chosen, derivations, report)


def selected(derivations: Mapping[str, Derivation], name: str | None) -> list[str]:
    """The names that contain ``name``, or whose claim it is; none at all is a ``ValueError``."""
    chosen = [key for key, d in derivations.items() if name is None or name in key or name == d.claim]
    if not chosen:
        raise ValueError(f"-k {name} selects no derivation; there are {', '.join(derivations)}")
    return chosen
