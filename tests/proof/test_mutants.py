"""Every derivation, broken by machine: each mutant is refused, refuted with a witness that replays, or proved.

A mutant of a bound may be true and yet beyond the certificate, so it may stay undecided; none that is false is proved.
Long steps have thousands; here a few are tried of those of the theorems on BPTT of the zoo, every fourth of a
bound, for which numbers are sought in vain where it is true, and of the others as many as stand in ``MOST``, from all
parts of the step. ``make mutants`` tries all.
"""

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sympy.matrices.exceptions import ShapeError

from lstm_sym.proof.derivation import Step
from lstm_sym.proof.given import Given
from lstm_sym.proof.hint import pool
from lstm_sym.proof.kernel import decide
from lstm_sym.proof.load import load_derivations
from lstm_sym.proof.mutate import mutants
from lstm_sym.proof.witness import find_witness, replay

DERIVATIONS = load_derivations([Path(__file__).parents[2] / "derivations"])
STEPS = [
    (name, number)
    for name, derivation in DERIVATIONS.items()
    for number, step in enumerate(derivation.steps, 1)
    if step.expected == "proved" and not step.admit
]
ALL = bool(os.environ.get("LSTM_SYM_ALL_MUTANTS"))
CLASSICS = {
    f"bptt.{name}" for name in ("RNN", "RNN_loss", "linear_RNN", "LSTM", "LSTM_block", "LSTM_1997", "peephole_LSTM")
}


MOST = 12
"""Mutants of one step that are tried."""


def stride(name: str, relation: str, count: int) -> int:
    """Which mutants are tried, of so many: every one of a short step, some of the theorems on BPTT and of bounds."""
    if ALL:
        return 1
    if name.startswith("bptt.") and name not in CLASSICS:
        return 331
    return max(4 if relation != "=" else 1, -(-count // MOST))


@pytest.mark.parametrize("name, number", STEPS, ids=lambda value: str(value))
def test_mutants(name: str, number: int, record_property) -> None:
    derivation = DERIVATIONS[name]
    step = derivation.steps[number - 1]
    counted: Counter[str] = Counter()
    seen = {step.right}
    found = list(mutants(step.right, pool(step, derivation.given)))
    for mutant in found[:: stride(name, step.relation, len(found))]:
        try:
            edited = mutant.build()
            mutated = replace(step, right=edited, evidence=())
            outcome = decide(mutated, derivation.given, plain=False) if edited not in seen else None
        except (ShapeError, TypeError):
            counted["refused"] += 1
            continue
        seen.add(edited)
        if outcome is None:
            counted["same"] += 1
            continue
        counted[outcome.verdict] += 1
        where = f"{name} step {number}, {mutant.kind} ({mutant.what}): {outcome.verdict} {outcome.detail}"
        decided = ("refuted", "proved") if step.relation == "=" else ("refuted", "proved", "undecided")
        assert outcome.verdict in decided, where
        if outcome.verdict == "proved":
            record_property(f"identity: {mutant.kind}", f"{step.left} {step.relation} {edited}, by {outcome.method}")
        if outcome.verdict == "refuted":
            assert replay(derivation.given, step.left, edited, outcome.witness, step.hypotheses), where
        if outcome.verdict == "proved" and step.relation != "=":
            assert not _false_somewhere(mutated, derivation.given), where
    for verdict, count in counted.items():
        record_property(f"mutants {verdict}", count)


def _false_somewhere(step: Step, given: Given) -> bool:
    """Whether a search in numbers alone finds a bound wrong."""
    options = {"relation": step.relation, "hypotheses": step.hypotheses, "conditions": step.conditions}
    return find_witness(given, step.left, step.right, **options, effort=8) is not None


def test_the_known_identities_among_mutants_are_proved() -> None:
    """Transposing a diagonal Jacobian changes nothing; the kernel proves it rather than refute it."""
    derivation = DERIVATIONS["lstm.backward.output-gate"]
    step = derivation.steps[0]
    edited = next(m.build() for m in mutants(step.right) if m.kind == "transpose")
    assert decide(replace(step, right=edited), derivation.given).verdict == "proved"
