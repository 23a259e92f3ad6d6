"""The claims ledger: what a claim must cite, and that a run decides what it is published as."""

from dataclasses import replace
from pathlib import Path

import pytest
from sympy import Symbol

from lstm_sym.activations import sigma, tanh
from lstm_sym.proof import Cite, Claim, Derivation, DerivationError, Words
from lstm_sym.proof.claim import CONDITIONAL, EMPIRICAL, FALSE, IMPRECISE, TRUE, derivations_of, settled, steps_of
from lstm_sym.proof.load import load_claims, load_derivations
from lstm_sym.proof.verification import verify

z = Symbol("z")
KNOWN = {
    d.name: d
    for d in (
        Derivation("right", claim="C1").start(tanh(z)).eq(2 * sigma(2 * z) - 1, by="definition", lemma="base"),
        Derivation("base").start(2 * z).eq(z + z, by="doubling"),
        Derivation("wrong").start(tanh(z)).refute_eq(sigma(z), by="a slip"),
        Derivation("slip").start(tanh(z)).eq(sigma(z), by="a slip"),
    )
}
TEXT = Words("in English", "中文")
C1 = Claim("C1", TEXT, TEXT, TEXT, CONDITIONAL, holds=(Cite("right"),), fails=(Cite("wrong"),))

DERIVATIONS = Path(__file__).parents[2] / "derivations"


def settle(*claims, known=KNOWN):
    return settled(claims, known, verify(known.values()))


def test_a_claim_is_published_as_a_run_finds_it() -> None:
    (found,) = settle(C1)
    assert found.ok and found.verdict == CONDITIONAL
    assert {(r.derivation.name, r.number) for r in found.results} == {("right", 1), ("wrong", 1), ("base", 1)}
    told = found.as_json()
    assert told["published"] == told["verdict"] == "true with hypotheses"
    assert told["holds"][0]["verdict"] == "proved" and told["fails"][0]["witness"] is not None


@pytest.mark.parametrize("broken", ["right", "base", "wrong"])
def test_a_false_statement_turns_it_undecided(broken) -> None:
    """Also where the claim rests on it through a lemma, or where a statement meant to be false is true."""
    step = KNOWN[broken].steps[0]
    edited = replace(step, right=step.right + 1 if step.expected == "proved" else step.left)
    known = KNOWN | {broken: replace(KNOWN[broken], steps=(edited,))}
    (found,) = settle(C1, known=known)
    assert not found.ok and found.verdict == "undecided"
    assert any(problem.startswith(f"{broken}, step 1: ") for problem in found.problems)


def test_every_derivation_that_names_the_claim_counts() -> None:
    known = KNOWN | {"slip": replace(KNOWN["slip"], claim="C1")}
    assert derivations_of(C1, known) == ("right", "wrong", "slip")
    (found,) = settle(C1, known=known)
    assert found.problems == ("slip, step 1: refuted",)


def test_what_is_only_admitted_is_not_published_as_proved() -> None:
    taken = Derivation("taken").start(z).le(z + 1, by="a citation", admit="Nobody 1900")
    false = Derivation("false").start(z**3).le(z**2 + 5, by="a citation", admit="Nobody 1900")
    known = KNOWN | {"taken": taken, "false": false}
    (found,) = settle(Claim("C2", TEXT, TEXT, TEXT, CONDITIONAL, holds=(Cite("false"),)), known=known)
    assert not found.ok


@pytest.mark.parametrize(
    "verdict, options, message",
    [
        ("certain", {}, "claim C: the verdict 'certain' is none of true, true with hypotheses"),
        (TRUE, {}, "claim C: it is published as true and cites no step that proves what is true"),
        (IMPRECISE, {"fails": (Cite("wrong"),)}, "published as imprecise and cites no step that proves"),
        (FALSE, {"holds": (Cite("right"),)}, "it is published as false and cites no step that refutes it"),
        (
            TRUE,
            {"holds": (Cite("right"),), "fails": (Cite("wrong"),)},
            "published as true and cites a step that",
        ),
        (EMPIRICAL, {}, "an empirical claim cites a source and no step"),
        (EMPIRICAL, {"source": "S", "holds": (Cite("right"),)}, "an empirical claim cites a source and no step"),
    ],
)
def test_what_a_claim_must_cite(verdict, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        Claim("C", TEXT, TEXT, TEXT, verdict, **options)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"holds": (Cite("absent"),)}, "claim C1 cites step 1 of absent, which is not among the derivations read"),
        ({"holds": (Cite("right", 2),)}, "claim C1 cites step 2 of right, which has 1"),
        ({"holds": (Cite("right", 0),)}, "claim C1 cites step 0 of right, which has 1"),
        ({"holds": (Cite("wrong"),), "fails": ()}, "cites step 1 of wrong as proved; it is there to be refuted"),
        ({"fails": (Cite("right", 1),), "holds": (Cite("base"),)}, "cites step 1 of right as refuted; .* to be proved"),
    ],
)
def test_a_citation_must_lead_somewhere(options, message) -> None:
    with pytest.raises(DerivationError, match=message):
        steps_of(replace(C1, **options), KNOWN)


# --- the ledger of this project -------------------------------------------------------------------


def test_the_ledger_has_every_claim_in_both_languages() -> None:
    claims = load_claims([DERIVATIONS])
    assert [claim.id for claim in claims] == sorted([*(f"N{k:02d}" for k in range(1, 22)), "N03b"])
    for claim in claims:
        for words in (claim.title, claim.said, claim.truth):
            assert words.en.isascii() or any(sign in words.en for sign in "σγ"), claim.id
            assert any("一" <= letter <= "鿿" for letter in words.zh), claim.id
    (empirical,) = [claim for claim in claims if claim.verdict == EMPIRICAL]
    assert empirical.id == "N19"


def test_every_claim_named_by_a_derivation_is_in_the_ledger() -> None:
    known = load_derivations([DERIVATIONS])
    claims = {claim.id: claim for claim in load_claims([DERIVATIONS])}
    assert {derivation.claim for derivation in known.values()} - {""} <= claims.keys()
    for claim in claims.values():
        assert set(steps_of(claim, known)) == set(claim.cited)
