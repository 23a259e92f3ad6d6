"""The chapters: fresh formulas and no others, one book in two languages, every claim as the ledger has it."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache, partial
from math import factorial, prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpmath import exp, expm1, log, matrix, mp, mpf

from lstm_sym.flow.pictures.measured import sensitivity_maps
from lstm_sym.latex import answer, refresh
from lstm_sym.proof.load import load_claims, load_derivations

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(path.stem for path in (ROOT / "docs" / "en").glob("*.md"))
PAGES = [(language, name) for language in ("en", "zh") for name in CHAPTERS]
CLAIMS = load_claims([ROOT / "derivations" / "claims.py"])

page = pytest.mark.parametrize(("language", "name"), PAGES)
both = pytest.mark.parametrize("language", ("en", "zh"))


def path_of(language: str, name: str) -> Path:
    return ROOT / "docs" / language / f"{name}.md"


def text_of(language: str, name: str) -> str:
    return path_of(language, name).read_text(encoding="utf-8")


def unfenced(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


@cache
def answering() -> Any:
    claims = {claim.id: claim for claim in CLAIMS}
    return cache(partial(answer, derivations=load_derivations([ROOT / "derivations"]), claims=claims))


@page
def test_every_formula_is_fresh(language: str, name: str) -> None:
    pytest.importorskip("latexify")
    assert refresh(path_of(language, name), answering(), check=True).stale == ()


@page
def test_every_displayed_formula_comes_from_a_block(language: str, name: str) -> None:
    outside = re.sub(r"<!-- lstm-sym: .*?<!-- /lstm-sym -->", "", unfenced(text_of(language, name)), flags=re.DOTALL)
    assert not re.findall(r"\$\$|\\\[|\\begin\{(?!pmatrix)", outside)


@pytest.mark.parametrize("name", CHAPTERS)
def test_both_languages_have_the_same_chapters_sections_formulas_and_pictures(name: str) -> None:
    skeletons = [
        re.findall(r"^(#+) |^<!-- lstm-sym: (.*) -->$|^```\{picture\} (\S+)$|^\*\*(N\d+b?)", text, re.MULTILINE)
        for text in (text_of(language, name) for language in ("en", "zh"))
    ]
    assert skeletons[0] == skeletons[1] and skeletons[0]
    assert path_of("zh", name).exists() and len(list((ROOT / "docs" / "zh").glob("*.md"))) == len(CHAPTERS)


@both
def test_every_claim_is_treated_in_a_chapter(language: str) -> None:
    chapters = "".join(text_of(language, name) for name in CHAPTERS if name not in ("claims", "errata"))
    assert [c.id for c in CLAIMS if f"**{c.id}" not in chapters] == ["N21"]
    assert "## N21" in text_of(language, "errata")


# --- numbers of the chapters ----------------------------------------------------------------------


@both
def test_numbers_of_the_road_to_the_lstm(language: str) -> None:
    text = text_of(language, "from-rnn-to-lstm")
    assert f"11!={factorial(11)}" in text
    assert prod(Fraction(1, k) for k in range(2, 12)) == Fraction(1, factorial(11))
    newest = sum(Fraction(2, 2**k) for k in range(5))
    assert newest == Fraction(31, 8) and r"=\tfrac{31}{8}" in text and round(100 * newest / 4) == 97


@both
def test_numbers_of_vanishing_gradients(language: str) -> None:
    text = text_of(language, "vanishing-gradients")
    for bias in (0, 1, 3, 5):
        gate = 1 / (1 + exp(-mpf(bias)))
        assert f"| {bias} | {mp.nstr(gate, 4, strip_zeros=False)} | {float(log(mpf(1) / 2) / log(gate)):.2f} |" in text
    assert abs(-log(expm1(mpf(1) / 1000)) - log(1000)) < mpf("0.001")
    W = matrix([["0.9", 50], [0, "0.9"]])
    norms = [max(mp.svd_r(W**k, compute_uv=False)) for k in range(1, 12)]
    assert norms.index(max(norms)) + 1 == 9 and f"{float(max(norms)):.1f}" == "193.7" and "193.7" in text
    for k in (2, 5, 9):
        assert prod(1 - Fraction(1, j) for j in range(2, k + 1)) == Fraction(1, k)
        assert prod(1 - Fraction(1, j * j) for j in range(2, k + 1)) == Fraction(k + 1, 2 * k)


def test_what_is_read_off_the_map_of_sensitivities() -> None:
    maps = sensitivity_maps()
    corner = {label: float(logs[60, 0]) for label, logs in maps.items()}
    rnn, none, one, three, five, whole = corner.values()
    assert [round(rnn), round(none), round(one)] == [-9, -11, -5]
    assert max(abs(three), abs(five), abs(whole)) < 1
    assert round(10**five) == 4 and 10 < 10 ** float(np.nanmax(list(maps.values())[4])) < 11
