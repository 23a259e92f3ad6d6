"""The numbers in the words of the claims, recomputed without the library; both languages tell the same."""

import re
from pathlib import Path

import pytest
from mpmath import exp, findroot, log, mp, mpf

from lstm_sym.proof.load import load_claims

CLAIMS = {claim.id: claim for claim in load_claims([Path(__file__).parents[2] / "derivations" / "claims.py"])}
NUMBER = re.compile(r"(?<![\w.(])-?\d+(?:\.\d+)?(?![\w)]|\.\d)")


def sigma(z):
    return 1 / (1 + exp(-z))


def half_life(bias):
    return log(mpf(1) / 2) / log(sigma(mpf(bias)))


def told(number, digits):
    return mp.nstr(number, digits)


COMPUTED = {
    "N04": [str(int(max(mpf("0.9") ** (k - 1) * 50 * k for k in range(1, 40))))],
    "N07": [told(findroot(lambda w: sigma(1) + w / 4 - 1, 1), 5)],
    "N15": [told(half_life(1), 3), told(half_life(3), 4), told(half_life(5), 5)],
    "N18": [told(findroot(lambda w: 1 + w / 4 + 1, -7), 2).removesuffix(".0")],
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=list(CLAIMS))
def test_both_languages_tell_the_same_numbers(claim) -> None:
    for words in (claim.title, claim.said, claim.truth):
        assert set(NUMBER.findall(words.en)) >= set(NUMBER.findall(words.zh)) - {"1", "0"}, words


@pytest.mark.parametrize("name, numbers", COMPUTED.items())
def test_the_numbers_in_the_words_are_those_of_a_computation(name, numbers) -> None:
    for words in CLAIMS[name].truth:
        for number in numbers:
            assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d])", words), (number, words)
