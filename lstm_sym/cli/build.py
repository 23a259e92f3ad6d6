"""The whole chain in one go: derivations verified, documents refreshed, numeric functions exported and checked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from ..activations import Activation
from ..atomic import write_whole
from ..cells import CELLS
from ..export.check import TOLERANCES, check_source
from ..export.module import export_module
from ..latex import refresh
from ..proof.claim import settled
from ..proof.load import load_claims, load_derivations
from .terminal import claim_lines, summary_lines
from .verifying import verified
from .weaving import answering, documents

OPEN = "tanh"
"""The activation of a cell that leaves it open."""

DERIVATIONS, DOCUMENTS, MODULES = Path("derivations"), Path("docs"), Path("build")


@dataclass(frozen=True, slots=True)
class Stage:
    """One line of the summary: what was done, to what, whether it is well, and what there is to say."""

    work: str
    subject: str
    ok: bool
    detail: str
    seconds: float

    @property
    def row(self) -> tuple[str, ...]:
        return self.work, self.subject, "ok" if self.ok else "FAILED", f"{self.seconds:.1f} s", self.detail


def build_all(jobs: int | None = None, scheduler: str | None = None) -> Iterator[Stage]:
    """Every stage, one after another, in the current directory; derivations that are missing are a ``ValueError``."""
    if not DERIVATIONS.is_dir():
        raise ValueError(f"no folder {DERIVATIONS} here; build runs at the root of a project that has one")
    yield from verify_stages(jobs, scheduler)
    yield from weave_stages()
    yield from export_stages()


def verify_stages(jobs: int | None, scheduler: str | None) -> Iterator[Stage]:
    """The derivations and the claims that rest on them, summed up; what is not as meant is told on stderr."""
    started = perf_counter()
    report = verified([DERIVATIONS], None, jobs, scheduler)
    total, *rest = summary_lines(report)
    failures = [result.failure_text for result in report.results if not result.ok]
    for line in (*failures, *rest):
        print(line, file=sys.stderr)
    yield Stage("verify", str(DERIVATIONS), report.ok, total, perf_counter() - started)
    started = perf_counter()
    results = settled(load_claims([DERIVATIONS]), load_derivations([DERIVATIONS]), report)
    if results:
        *_, total = claim_lines(results, "en")
        failed = [result for result in results if not result.ok]
        for result in failed:
            print(f"claim {result.claim.id} is not as published: {'; '.join(result.problems)}", file=sys.stderr)
        yield Stage("claims", str(DERIVATIONS), not failed, total, perf_counter() - started)


def weave_stages() -> Iterator[Stage]:
    """The documents, refreshed in place."""
    answer = answering()
    for path in documents([DOCUMENTS]) if DOCUMENTS.is_dir() else ():
        started = perf_counter()
        result = refresh(path, answer)
        detail = f"{len(result.blocks)} formulas, {len(result.stale)} refreshed"
        yield Stage("latex", str(path), True, detail, perf_counter() - started)


def export_stages() -> Iterator[Stage]:
    """A NumPy module per cell, compared with the reference and with numeric derivatives."""
    MODULES.mkdir(exist_ok=True)
    for cell in CELLS.values():
        started = perf_counter()
        phi = OPEN if any(f.row is None for equation in cell.equations for f in equation.atoms(Activation)) else None
        source = export_module(cell, phi=phi)
        path = MODULES / f"{cell.name}.py"
        write_whole(path, source)
        report = check_source(cell, source, phi=phi or OPEN)
        if not report.passed:
            print(report, file=sys.stderr)
        worst = [(method, report.worst(method)) for method in TOLERANCES]
        errors = ", ".join(f"{method} {error:.0e}" for method, error in worst if error is not None)
        detail = f"{f'φ = {phi}; ' if phi else ''}{len(report.comparisons)} comparisons: {errors}"
        yield Stage("export", str(path), report.passed, detail, perf_counter() - started)
