"""The chapter on using the tool: its session runs in an empty folder and prints what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lstm_sym.latex import answer

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {language: (DOCS / language / "using.md").read_text(encoding="utf-8") for language in ("en", "zh")}
BLOCK = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w/]+\.\w+)`[:\uff1a]$")
"""A file that a sentence before a block names last; a file that is named again is added to."""
SECONDS = re.compile(r"\b\d+\.\d+ ?s\b")
QUERIES = sorted(set(re.findall(r"`((?:cell|backward|jacobian|unroll|reference) [^`]+)`", PAGES["en"])))
NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]\d+)?")


def blocks(page: str) -> list[re.Match[str]]:
    return list(BLOCK.finditer(page))


def shown(body: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output that follows it."""
    command, *others = re.split(r"^\$ ", body, flags=re.MULTILINE)
    assert command == ""
    return [(line, output) for line, _, output in (other.partition("\n") for other in others)]


def test_the_session_prints_what_it_shows(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment |= {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
    }
    commands = 0
    for block in blocks(PAGES["en"]):
        name = FILE.search(block["before"])
        if name:
            path = tmp_path / name[1]
            path.parent.mkdir(exist_ok=True)
            before = f"{path.read_text(encoding='utf-8')}\n" if path.exists() else ""
            path.write_text(before + block["body"], encoding="utf-8")
        if block["kind"] != "console":
            continue
        for command, wanted in shown(block["body"]):
            ran = subprocess.run(
                command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8"
            )
            assert_alike(ran.stdout, wanted, f"$ {command}\n{ran.stderr}")
            commands += 1
    assert commands >= 10


def assert_alike(got: str, wanted: str, where: str) -> None:
    """The same text, but for seconds, and for the last digits of numbers that floating point makes."""
    got, wanted = (SECONDS.sub("… s", text) for text in (got, wanted))
    assert NUMBER.sub("#", got) == NUMBER.sub("#", wanted), where
    pairs = zip(NUMBER.findall(got), NUMBER.findall(wanted), strict=True)
    for left, right in pairs:
        assert float(left) == pytest.approx(float(right), rel=1e-4, abs=2e-6), where


def test_both_languages_show_the_same_session() -> None:
    english, chinese = ([(b["kind"], b["body"]) for b in blocks(page)] for page in PAGES.values())
    assert english == chinese
    named = [[FILE.search(b["before"])[1] for b in blocks(page) if FILE.search(b["before"])] for page in PAGES.values()]
    assert named[0] == named[1] and len(named[0]) == 4


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_of_the_table_is_answered(query: str) -> None:
    if query.startswith("reference"):
        pytest.importorskip("latexify")
    assert answer(query)
