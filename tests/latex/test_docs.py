"""The pages of the documentation: no stale formula, and none outside a block."""

from __future__ import annotations

import re
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from lstm_sym.latex import answer, refresh

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / name for name in ("rnn.md", "lstm.md")]


@cache
def derivations() -> Any:
    from lstm_sym.proof.load import load_derivations

    return load_derivations([ROOT / "derivations"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_formula_of_a_page_is_fresh(page: Path) -> None:
    pytest.importorskip("latexify")
    known = derivations() if "lstm-sym: derivation" in page.read_text(encoding="utf-8") else None
    result = refresh(page, partial(answer, derivations=known), check=True)
    assert len(result.blocks) > 10
    assert result.stale == ()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_formula_of_a_page_comes_from_a_block(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    outside = re.sub(r"<!-- lstm-sym: .*?<!-- /lstm-sym -->", "", text, flags=re.DOTALL)
    assert not re.findall(r"\$|\\\(|\\\[|\\begin", outside)
