"""The named inequalities: each is proved by the derivation that its row names."""

from pathlib import Path

import pytest

from lstm_sym.activations import sigma, tanh
from lstm_sym.proof.inequalities import TABLE, stays_within
from lstm_sym.proof.load import load_derivations
from lstm_sym.proof.verification import verify

KNOWN = load_derivations([Path(__file__).parents[2] / "derivations" / "norms.py"])
CHECKED_ITSELF = {"range of a function"}


@pytest.mark.parametrize("row", TABLE.values(), ids=list(TABLE))
def test_every_inequality_has_its_lemma_proved(row) -> None:
    if row.name in CHECKED_ITSELF:
        assert not row.lemma and row.holds(tanh, None, 1) and not row.holds(tanh, None, 0)
        return
    report = verify(KNOWN.values(), only=[row.lemma])
    assert report.results and all(result.outcome.verdict == "proved" for result in report.results)


@pytest.mark.parametrize("function, bound, within", [(sigma, 1, True), (tanh, 1, True), (sigma, 0, False)])
def test_the_range_of_a_function(function, bound, within) -> None:
    assert stays_within(function, bound) is within
