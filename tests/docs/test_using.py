"""The chapter on using the tool: its session runs in an empty folder and prints what it shows."""

import re
from pathlib import Path

import pytest

from lstm_sym.latex import answer

from .session import blocks, files, run

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {language: (DOCS / language / "using.md").read_text(encoding="utf-8") for language in ("en", "zh")}
QUERIES = sorted(set(re.findall(r"`((?:cell|backward|jacobian|unroll|reference) [^`]+)`", PAGES["en"])))


def test_the_session_prints_what_it_shows(tmp_path: Path) -> None:
    assert run(PAGES["en"], tmp_path) >= 10


def test_both_languages_show_the_same_session() -> None:
    english, chinese = ([(b["kind"], b["body"]) for b in blocks(page)] for page in PAGES.values())
    assert english == chinese
    named = [files(page) for page in PAGES.values()]
    assert named[0] == named[1] and len(named[0]) == 4


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_of_the_table_is_answered(query: str) -> None:
    if query.startswith("reference"):
        pytest.importorskip("latexify")
    assert answer(query)
