"""The chapter on the exact gradient check: its numbers by hand, its sessions, and what it says of the code."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lstm_sym.gradcheck.comparison import POINTS, POINTS_WITH_BRANCHES
from lstm_sym.gradcheck.exact.heights import HIGHEST
from lstm_sym.gradcheck.exact.modular import CHAIN
from lstm_sym.gradcheck.witness import EIGHTHS, PRECISIONS

from .arithmetic import NotArithmetic, evaluated, formulas, named, rounds_to
from .session import blocks, files, run

ROOT = Path(__file__).resolve().parents[2]
NAME = "gradient-check-without-tolerance"
PAGES = {language: (ROOT / "docs" / language / f"{NAME}.md").read_text(encoding="utf-8") for language in ("en", "zh")}
RELATION = re.compile(r"(\\not\\equiv|\\equiv|\\approx|=)")
OF_ALL_VALUES = {
    r"a(b+c)=ab+ac",
    r"h^{(t)}=wh^{(t-1)}+x^{(t)}",
    r"\langle\bar{y},\dot{y}\rangle=\langle\bar{x},\dot{x}\rangle",
    r"e^{a+b}=e^{a}e^{b}",
    r"(e^{a})'=e^{a}a'",
    r"i^{2}=-1",
}
"""The formulas that speak of no numbers."""

both = pytest.mark.parametrize("language", PAGES)


def prose(page: str) -> str:
    """The text without the code that it shows."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)


def residue(value: Fraction, p: Fraction) -> int:
    """A fraction modulo p."""
    return value.numerator * pow(value.denominator, -1, int(p)) % int(p)


def check(formula: str, values: dict[str, Any]) -> bool:
    r"""Whether a formula is a relation; that it holds is asserted, = exactly and \equiv modulo the p that was set last.

    A letter on the left that is new, or p, is remembered as the last side.
    """
    first, *others = RELATION.split(formula)
    if not others:
        return False
    relations, sides = others[0::2], others[1::2]
    name = named(first)
    if name is not None and (name == "p" or name not in values):
        values[name] = evaluated(sides[-1], values)
    else:
        sides, relations = [first, *sides], ["", *relations]
    left = evaluated(sides[0], values)
    for relation, side in zip(relations[1:], sides[1:], strict=True):
        right = evaluated(side, values)
        if relation == "=":
            assert left == right, f"{formula}: {left} is not {right}"
        elif relation == r"\approx":
            assert rounds_to(left, side), f"{formula}: {left} is not {side}"
        else:
            same = residue(left, values["p"]) == residue(right, values["p"])
            assert same == (relation == r"\equiv"), f"{formula}: {left} and {right} modulo {values['p']}"
        left = right
    return True


@both
def test_every_number_by_hand_is_right(language: str) -> None:
    values: dict[str, Any] = {}
    strangers, relations = set(), 0
    for formula in formulas(prose(PAGES[language])):
        try:
            relations += check(formula, values)
        except NotArithmetic:
            strangers.add(formula)
    assert strangers == OF_ALL_VALUES
    assert relations >= 30
    assert values["p"] == 23


def test_both_languages_calculate_the_same() -> None:
    english, chinese = (
        sorted(formula for formula in formulas(prose(page)) if RELATION.search(formula)) for page in PAGES.values()
    )
    assert english == chinese


@pytest.mark.parametrize(
    "formula",
    [
        r"7\cdot38+20=286\equiv85",
        r"\tfrac{1}{100}\equiv99",
        r"260\equiv58\not\equiv58",
        r"1-(\tfrac{100}{101})^{4}\approx0.0391",
        r"100\cdot100=9999\equiv0",
    ],
)
def test_a_wrong_number_is_seen(formula: str) -> None:
    with pytest.raises(AssertionError):
        check(formula, {"p": Fraction(101)})


def test_the_session_prints_what_it_shows(tmp_path: Path) -> None:
    assert run(PAGES["en"], tmp_path) >= 9


def test_both_languages_show_the_same_session() -> None:
    english, chinese = ([(b["kind"], b["body"]) for b in blocks(page)] for page in PAGES.values())
    assert english == chinese
    named_files = [files(page) for page in PAGES.values()]
    assert named_files[0] == named_files[1] == ["rnn.py", "differences.py", "limit.py", "deep.py", "lstm.py"]


@both
def test_what_is_measured_is_what_the_benchmarks_say(language: str) -> None:
    measured = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    verdicts = re.compile(r"^\| ((?:wrong|right): .*?) \|(.*)\|$", re.MULTILINE)
    known = {name: [cell.split(",")[0].strip() for cell in row.split("|")] for name, row in verdicts.findall(measured)}
    told = [[cell.strip() for cell in row.split("|")] for _, row in verdicts.findall(PAGES["en"])]
    assert told == [known[name] for name, _ in verdicts.findall(PAGES["en"])] and len(told) == 3
    rows = re.findall(r"^\| [^|]+ ((?:\| (?:right|wrong|passes|fails) ){5})\|$", PAGES[language], re.MULTILINE)
    assert [[cell.strip() for cell in row.strip("| ").split("|")] for row in rows] == told
    assert "| central differences | 51 | 1 |" in measured and "of 55 mistakes caught | of 71 right codes" in measured
    assert "55" in PAGES[language] and "71" in PAGES[language]


@both
def test_what_is_said_of_the_code_is_so(language: str) -> None:
    text = PAGES[language]
    assert f"$p={CHAIN[0]}$" in text
    assert all(p == 2 * q + 1 for p, q in pairwise(CHAIN))
    assert (POINTS, POINTS_WITH_BRANCHES, EIGHTHS, 2**HIGHEST, PRECISIONS[-1]) == (2, 9, 8, 8, 1536)
    assert "1536" in text and r"$\tfrac{1}{8}$" in text
    rooms = re.findall(r"`([\w]+(?:\.py|/))`", text[text.index("| `comparison.py`") :])
    assert len(rooms) >= 9 and all((ROOT / "lstm_sym" / "gradcheck" / room).exists() for room in rooms)
    inside = re.findall(r"`(\w+)`", next(line for line in text.splitlines() if line.startswith("| `exact/`")))
    assert len(inside) >= 9 and all((ROOT / "lstm_sym/gradcheck/exact" / f"{name}.py").exists() for name in inside)
