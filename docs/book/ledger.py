"""The claims, as a run has settled them: a table, and for each claim what is said, what is true and what decides it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lstm_sym.latex.derivation import latex_statements
from lstm_sym.proof.claim import Cite, Claim, steps_of
from lstm_sym.proof.derivation import Derivation

from .markdown import block, formula, mark, plain, table
from .places import Language
from .verdicts import Settled
from .words import Words, words_in

LEDGER = "_ledger.md"
"""The file that the chapter on the claims includes."""

KINDS = {
    "true": "proved",
    "true with hypotheses": "proved",
    "imprecise": "admitted",
    "false": "refuted",
    "empirical": "empirical",
}
"""The mark of the style sheet for what a claim is published as."""


def ledger(claims: Iterable[Claim], derivations: Mapping[str, Derivation], settled: Settled, language: Language) -> str:
    """The text that the chapter on the claims includes."""
    words = words_in(language)
    claims = tuple(claims)
    rows = (
        (
            f"[{claim.id}](#claim-{claim.id})",
            plain(getattr(claim.title, language.folder)),
            verdict_mark(claim, settled, words),
        )
        for claim in claims
    )
    sections = (part for claim in claims for part in section(claim, derivations, settled, language))
    return "\n".join([table((words.claim, words.said, words.verdict), rows), *sections])


def verdict_mark(claim: Claim, settled: Settled, words: Words) -> str:
    """What the run says of a claim, in words."""
    verdict = settled.claims[claim.id]
    return mark(words.verdicts[verdict], KINDS[verdict])


def section(claim: Claim, derivations: Mapping[str, Derivation], settled: Settled, language: Language) -> Iterator[str]:
    """One claim: what is said, what is true, the statements on both sides, and where they are derived."""
    words = words_in(language)
    yield f"(claim-{claim.id})=\n## {claim.id}{words.colon}{plain(getattr(claim.title, language.folder))}\n"
    yield f"*{words.said}*{words.colon}{plain(getattr(claim.said, language.folder))}\n"
    yield f"*{words.exactly}*{words.colon}{plain(getattr(claim.truth, language.folder))}\n"
    yield verdict_mark(claim, settled, words) + (f" · {plain(claim.source)}" if claim.source else "") + "\n"
    steps = steps_of(claim, derivations)
    for cites, classes in ((claim.holds, "step statements"), (claim.fails, "step statements")):
        if cites:
            parts = [formula(latex_statements([steps[cite] for cite in cites]))]
            parts += [_decided(cite, derivations, settled, words) for cite in cites]
            yield block("container", classes, "\n".join(parts), fence=":::::")


def _decided(cite: Cite, derivations: Mapping[str, Derivation], settled: Settled, words: Words) -> str:
    """The verdict on a step that a claim cites, with the way to its derivation, and a witness if there is one."""
    verdict = settled.steps[cite.derivation][cite.step - 1]
    step = derivations[cite.derivation].steps[cite.step - 1]
    kind = verdict.kind
    told = f"{mark(words.mark(kind), kind)} [`{cite.derivation}`](#derivation-{cite.derivation})"
    told += f"{words.comma}{words.step} {cite.step}"
    if step.admit:
        told += f"; {words.taken_on_trust} {plain(step.admit)}"
    shown = block("container", "witness", plain(verdict.witness), fence="::::") if verdict.witness else ""
    return f"{told}\n\n{shown}"
