"""What a run looks like in a terminal: verdict lines, tables, progress. No mathematics, no colour."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..proof.claim import ClaimResult
    from ..proof.report import Report, StepResult

MARKS = {"proved": "✓", "probable": "≈", "refuted": "✗", "undecided": "?"}
WIDTH = 160
"""A statement that is longer is left to the LaTeX and the JSON."""

PLAIN_SECONDS = 5.0
"""Away from a terminal, progress is one plain line so often at most."""


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[Any], object]]:
    """A callable that counts things done on stderr: a bar on a terminal, plain lines now and then elsewhere."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(total=total, desc=what, unit="step", leave=False, file=sys.stderr) as bar:
            yield lambda done: bar.update()
        return
    done, said = 0, monotonic()

    def count(_: Any) -> None:
        nonlocal done, said
        done += 1
        if monotonic() - said >= PLAIN_SECONDS or done == total:
            said = monotonic()
            print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)

    yield count


def report_lines(report: Report) -> Iterator[str]:
    """A report, derivation by derivation: a line per step, then the totals and what was taken on trust."""
    for _, group in groupby(report.results, key=lambda result: result.derivation.name):
        results = list(group)
        derivation = results[0].derivation
        yield "  ".join(filter(None, (derivation.name, derivation.claim, derivation.title)))
        for result in results:
            yield from step_lines(result)
    yield ""
    yield from summary_lines(report)


def step_lines(result: StepResult) -> Iterator[str]:
    """One line for a step that is as it means to be; all that is known of one that is not."""
    step, outcome = result.step, result.outcome
    verdict = _verdict(result)
    yield f"  {MARKS[outcome.verdict]} {result.number}  {verdict}: {step.reason}  [{outcome.method}]"
    if not result.ok:
        yield from indented(result.failure_text)
        return
    if outcome.witness is not None:
        statement = f"{step.left} {step.relation} {step.right} is false"
        if len(statement) <= WIDTH:
            yield from indented(statement)
        yield from indented(str(outcome.witness))
    conditions = [condition for condition in outcome.assumes if condition not in outcome.admitted]
    if conditions:
        yield from indented(f"if {', and '.join(conditions)}")
    for positive in outcome.discharged:
        yield from indented(f"divides by {positive}")
    for evidence in outcome.evidence:
        yield from indented(f"also: {evidence.what}, {'agrees' if evidence.agrees else 'DISAGREES'}")
    for fact in outcome.admitted:
        yield from indented(fact)


def claim_lines(results: Iterable[ClaimResult], lang: str, *, whole: bool = False) -> Iterator[str]:
    """The ledger, a line per claim; ``whole`` adds what is said, what is true, and the statements behind it."""
    results = list(results)
    rows = [(r.claim.id, "✓" if r.ok else "✗", r.verdict, getattr(r.claim.title, lang)) for r in results]
    yield from table_lines(rows)
    for result in results:
        if whole:
            yield from _claim_details(result, lang)
        for problem in result.problems:
            yield f"not as published: {result.claim.id}, {problem}"
    yield ""
    kept = sum(result.ok for result in results)
    steps = len({(r.derivation.name, r.number) for result in results for r in result.results})
    yield f"{len(results)} claims on {steps} steps: {kept} as published, {len(results) - kept} not"


def _claim_details(result: ClaimResult, lang: str) -> Iterator[str]:
    claim = result.claim
    yield from indented(getattr(claim.said, lang))
    yield from indented(getattr(claim.truth, lang))
    for cite in claim.cited:
        found = result.result(cite)
        yield ""
        yield from indented(f"{found.derivation.name}, step {found.number}:  {found.step}")
        yield from (f"  {line}" for line in step_lines(found))
    for fact in result.admitted:
        yield from indented(fact)
    if claim.source:
        yield from indented(claim.source)


def _verdict(result: StepResult) -> str:
    """The verdict, and that it is the one meant where that is not a proof."""
    verdict = result.outcome.verdict
    if not result.ok or verdict == "proved":
        return verdict
    return f"{verdict} as meant" if verdict == "refuted" else f"{verdict}, admitted"


def indented(text: str) -> Iterator[str]:
    return (f"      {line}" for line in text.splitlines())


def summary_lines(report: Report) -> Iterator[str]:
    """The totals, what fell out otherwise than meant, and the facts taken on trust."""
    names = {result.derivation.name for result in report.results}
    failed = [result for result in report.results if not result.ok]
    refuted = sum(result.ok and result.step.expected == "refuted" for result in report.results)
    admitted = sum(result.ok and result.outcome.verdict in ("probable", "undecided") for result in report.results)
    proved = len(report.results) - len(failed) - refuted - admitted
    seconds = sum(result.outcome.seconds for result in report.results)
    yield (
        f"{len(report.results)} steps in {len(names)} derivations: {proved} proved, {refuted} refuted as meant, "
        f"{f'{admitted} admitted, ' if admitted else ''}{len(failed)} not as meant; {seconds:.1f} s of work"
    )
    for result in report.results:
        for fact in result.outcome.admitted:
            yield f"{fact} ({result.derivation.name}, step {result.number})"
    for result in failed:
        yield f"not as meant: {result.derivation.name}, step {result.number}: {result.outcome.verdict}"


def table_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows of text in aligned columns."""
    rows = [tuple(row) for row in rows]
    widths = [max(len(row[k]) for row in rows) for k in range(max(map(len, rows), default=0) - 1)] if rows else []
    for row in rows:
        yield "  ".join([f"{cell:{width}}" for cell, width in zip(row, widths)] + list(row[len(widths) :])).rstrip()
