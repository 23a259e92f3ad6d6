"""Who cites whom among derivations."""

import pytest
from sympy import Symbol

from lstm_sym.proof.derivation import Derivation, DerivationError
from lstm_sym.proof.lemmas import cited, lemmas_first, needed_for, place

z = Symbol("z")


def known(**citations):
    """Derivations by name; each cites the lemmas in its list, one a step."""
    found = {}
    for name, lemmas in citations.items():
        found[name] = Derivation(name).start(z)
        for lemma in lemmas or [""]:
            found[name] = found[name].eq(z, by="itself", lemma=lemma)
    return found


def test_lemmas_come_before_what_cites_them():
    order = [d.name for d in lemmas_first(known(top=["left", "right"], left=["base"], right=["base", "left"], base=[]))]
    assert order == ["base", "left", "right", "top"]


@pytest.mark.parametrize(
    "names, needed", [(["top"], {"top", "left", "base"}), (["other"], {"other"}), ([], set()), (["base"], {"base"})]
)
def test_what_a_derivation_rests_on(names, needed):
    table = known(top=["left"], left=["base"], base=[], other=[])
    found = list(needed_for(names, table))
    assert set(found) == needed and len(found) == len(needed)


def test_a_derivation_cites_itself():
    with pytest.raises(DerivationError, match=r"test_lemmas\.py:\d+: lemmas cite one another in a circle: a <- a"):
        lemmas_first(known(a=["a"]))


def test_place_and_citations():
    table = known(top=["left", "base"], left=[], base=[])
    assert cited(table["top"]) == {"left", "base"} and cited(table["base"]) == frozenset()
    assert place(Derivation("empty")) == "derivation empty"
