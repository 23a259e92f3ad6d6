"""Derivations read, selected and verified, with progress on stderr."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..proof.derivation import Derivation
from ..proof.lemmas import needed_for
from ..proof.load import load_derivations
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


def selected(derivations: Mapping[str, Derivation], name: str | None) -> list[str]:
    """The names that contain ``name``, or whose claim it is; none at all is a ``ValueError``."""
    chosen = [key for key, d in derivations.items() if name is None or name in key or name == d.claim]
    if not chosen:
        raise ValueError(f"-k {name} selects no derivation; there are {', '.join(derivations)}")
    return chosen
