"""The errata hold: each number on the page, in both languages, recomputed without the library.

Two ways: every formula of the text is worked out by a pocket calculator (``arithmetic``), and what it ends in is
compared with the networks themselves (``networks``), whose derivatives are difference quotients.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from mpmath import atanh, exp, matrix, mp, mpf, tanh

from .arithmetic import NotArithmetic, check, evaluated, formulas, mpf_of, rounds_to
from .networks import ScalarLSTM, affine, at_rest, jacobian

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "zh")
SECTIONS = ("rest", "N03b", "N11", "N14", "N18", "N20", "N21")
GIVEN = {"rest": {"w": Fraction(3, 7), "f": Fraction(5, 11)}}
NOT_ARITHMETIC = {
    "N18": {r"C^{(t)}=C^{(t-1)}+i^{(t)}\odot\tilde{C}^{(t)}"},
    "N20": {"a=h^{(t-1)}+x^{(t)}"},
    "N21": {r"\varphi(z)=z^2/2", r"\varphi'(z)=z"},
}
"""The formulas that speak of all values at once."""

DECIMAL = re.compile(r"(?<![\d.])\d+\.\d{2,}")


@cache
def sections(language: str) -> dict[str, str]:
    text = (ROOT / "docs" / language / "errata.md").read_text(encoding="utf-8")
    _, *found = re.split(r"^## ", text, flags=re.MULTILINE)
    return dict(zip(SECTIONS, found, strict=True))


@cache
def values(language: str, name: str) -> dict[str, Any]:
    """What each letter of a section is at its end; that every formula holds is asserted on the way."""
    known = dict(GIVEN.get(name, {}))
    strangers, relations = set(), 0
    for formula in formulas(sections(language)[name]):
        try:
            relations += check(formula, known)
        except NotArithmetic:
            strangers.add(formula)
    assert strangers == NOT_ARITHMETIC.get(name, set())
    assert relations >= 3
    return known


def plain(section: str) -> str:
    """The text without its formulas and without what the tool wrote."""
    return re.sub(r"^\$\$$.*?^\$\$$|\$[^$]+\$", "", section, flags=re.MULTILINE | re.DOTALL)


def same(left: Any, right: Any) -> bool:
    """Equal to 20 digits, numbers or matrices."""
    if isinstance(left, list):
        return all(same(a, b) for a, b in zip(left, right, strict=True))
    return bool(abs(mpf_of(left) - mpf_of(right)) < mpf(10) ** -20 * max(1, abs(mpf_of(right))))


def flat(column: list[list[Any]]) -> list[Any]:
    return [mpf_of(entry) for (entry,) in column]


both = pytest.mark.parametrize("language", LANGUAGES)


# --- the page is arithmetic -----------------------------------------------------------------------


@both
@pytest.mark.parametrize("name", SECTIONS)
def test_every_formula_of_the_text_is_right(language: str, name: str) -> None:
    assert values(language, name)


@pytest.mark.parametrize("name", SECTIONS)
def test_both_languages_calculate_the_same(name: str) -> None:
    english, chinese = (
        {f for f in formulas(sections(language)[name]) if re.search(r"\d|=", f)} for language in LANGUAGES
    )
    assert english == chinese
    numbers, others = (Counter(DECIMAL.findall(plain(sections(language)[name]))) for language in LANGUAGES)
    assert numbers == others


@pytest.mark.parametrize(
    "formula",
    [r"\tfrac{1}{2}\cdot\tfrac{1}{4}=\tfrac{1}{4}", r"J^{2}=3J", r"\|J\|\approx14.15", r"1-\tfrac{3}{4}=\tfrac{3}{4}"],
)
def test_a_wrong_number_is_seen(formula: str) -> None:
    with pytest.raises(AssertionError):
        check(formula, dict(values("en", "N03b")))


# --- and what it ends in is what the networks do --------------------------------------------------


@both
def test_one_unit_at_rest(language: str) -> None:
    page = values(language, "rest")
    assert same(page["J"], at_rest(mpf_of(page["w"]), mpf_of(page["f"])).jacobian(0, mpf(0), mpf(0)))


@both
def test_the_eigenvalue_does_not_decide(language: str) -> None:
    page = values(language, "N03b")
    W, b, h = page["W"], flat(page["b"]), flat(page["h"])
    W = [[mpf_of(entry) for entry in row] for row in W]

    def step(state: list[Any]) -> list[Any]:
        return [tanh(a) for a in affine(W, state, b)]

    assert same(step(h), h)
    assert same(page["J"], jacobian(step, h))
    assert same(page["K"], jacobian(lambda a: affine(W, [tanh(v) for v in a], b), affine(W, h, b)))
    twenty = matrix(jacobian(step, h)) ** 20
    assert rounds_to(max(mp.svd_r(twenty, compute_uv=False)), r"7.41\cdot10^{6}")


@both
def test_the_candidate_of_the_step_before(language: str) -> None:
    page = values(language, "N11")
    told = [ScalarLSTM({}, {"z": 1}), ScalarLSTM({}, {"z": 1}, lagging_candidate=True)]
    results = [[cell.run([0, x])[-1][1] for cell in told] for x in (mpf(0), atanh(mpf(1) / 2))]
    assert same(results, [[0, 0], [mpf(1) / 4, 0]])
    right, printed = (
        cell.run([0, 0], h=mpf(1)) for cell in (ScalarLSTM({"z": 1}, {}), ScalarLSTM({"z": 1}, {}, None, True))
    )
    assert same(right[0][1], page["C^{(1)}"]) and same(right[0][0], page["h^{(1)}"])
    assert rounds_to(right[1][1], "0.28026")
    # The printed line takes the candidate of step 1, which is the same in both, for that of step 2.
    assert rounds_to(page["C^{(1)}"] / 2 + tanh(mpf(1)) / 2, "0.57120") and printed[0][1] == 0


@both
def test_more_activations_and_yet_an_explosion(language: str) -> None:
    page = values(language, "N14")
    w, f = mpf_of(page["w"]), mpf_of(page["f"])
    J = at_rest(w, f).jacobian(0, mpf(0), mpf(0))
    assert same(page["J"], J)
    assert same((matrix(J) ** 100).tolist(), (mpf_of(page[r"\lambda"]) ** 99 * matrix(J)).tolist())

    def hundred_steps(state: list[Any]) -> list[Any]:
        for _ in range(100):
            state = [tanh(w * state[0])]
        return state

    assert rounds_to(jacobian(hundred_steps, [mpf(0)])[0][0], r"2.04\cdot10^{-10}")
    # At the border the eigenvalue is 1.
    border = 4 * (1 - 1 / (1 + exp(mpf(-1))))
    (a, b), (c, d) = at_rest(border, 1 - border / 4).jacobian(0, mpf(0), mpf(0))
    assert same(a + d, 1) and same(a * d, b * c)


@both
def test_no_forget_gate_and_yet_it_vanishes(language: str) -> None:
    page = values(language, "N18")
    J = at_rest(mpf_of(page["w"]), mpf(1)).jacobian(0, mpf(0), mpf(0))
    assert same(page["J"], J)
    assert rounds_to((matrix(J) ** 100)[1, 1], r"2.49\cdot10^{-60}")
    shown = [f for f in formulas(sections(language)["N18"]) if f.startswith(r"\begin{pmatrix}")]
    for formula, w in zip(shown, (-4, 4), strict=True):
        literal = formula[: formula.index("^{2}")]
        assert same(evaluated(literal, {}), at_rest(mpf(w), mpf(1)).jacobian(0, mpf(0), mpf(0)))
    assert all(1 - tanh(c) ** 2 <= 4 * exp(-2 * c) for c in map(mpf, (0, 1, 5, 20)))


@both
def test_the_copied_recursion(language: str) -> None:
    page = values(language, "N20")
    rest = at_rest(mpf_of(page["w"]), mpf_of(page["f"]))
    for deltas, mark in ((rest.true_deltas([0, 0, 0]), "{}"), (rest.copied_deltas([0, 0, 0]), r"\widehat{{{}}}")):
        for letter, found in zip(("h", "C"), deltas, strict=True):
            told = [page[mark.format(rf"\delta {letter}") + f"^{{({k})}}"] for k in (1, 2, 3)]
            assert same(told, found)
    true, copied, ratio = (f for f in formulas(sections(language)["N20"]) if f.endswith(("^{T-2}", "^{T-1}")))
    for T in (2, 3, 4, 7):
        right, wrong = rest.true_deltas([0] * T)[0][0], rest.copied_deltas([0] * T)[0][0]
        assert same(evaluated(true, {"T": Fraction(T)}), right)
        assert same(evaluated(copied, {"T": Fraction(T)}), wrong)
        assert same(evaluated(ratio, {"T": Fraction(T)}), right / wrong)


@both
def test_the_copied_recursion_away_from_rest(language: str) -> None:
    section = sections(language)["N20"]
    ones = ScalarLSTM(dict.fromkeys("fizo", 1), dict.fromkeys("fizo", 1))
    inputs = [mpf(1), mpf(0), mpf(0)]
    states = [(mpf(0), mpf(0)), *ones.run(inputs)]
    rows = re.findall(r"^\| \d((?: \| [\d.]+){5}) \|$", section, re.MULTILINE)
    for row, x, (h, _), (new_h, new_c) in zip(rows, inputs, states, states[1:]):
        a = h + x
        expected = (a, 1 / (1 + exp(-a)), tanh(a), new_c, new_h)
        told = row.removeprefix(" | ").split(" | ")
        assert all(rounds_to(value, decimal) for value, decimal in zip(expected, told, strict=True))
    assert len(rows) == 3

    ((slope,),) = jacobian(lambda x: [ones.run([*x, *inputs[1:]])[-1][0]], inputs[:1])
    high, low = (ones.run([mpf(x), *inputs[1:]])[-1][0] for x in ("1.001", "0.999"))
    copied_h, copied_c = ones.copied_deltas(inputs)
    # From the adjoints of step 1 to the input, by what h and c of that step owe to it at fixed c.
    ((by_h, by_c),) = zip(*jacobian(lambda x: list(ones.run(x)[-1]), inputs[:1]))
    h, c = states[1]
    through_output = by_h - h / tanh(c) * (1 - tanh(c) ** 2) * by_c
    copied = copied_c[0] * by_c + copied_h[0] * through_output
    found = Counter(DECIMAL.findall(plain(section)))
    rest = Counter(" ".join(rows).replace("|", " ").split())
    assert found - rest == Counter(["0.26244", "0.26244", "0.19456", "1.001", "0.999", "0.002"])
    assert rounds_to(slope, "0.26244") and rounds_to((high - low) / mpf("0.002"), "0.26244")
    assert rounds_to(copied, "0.19456")


@both
def test_w_is_not_to_be_pulled_out(language: str) -> None:
    page = values(language, "N21")
    W = [[mpf_of(entry) for entry in row] for row in page["W"]]
    target = [mpf(0), atanh(mpf(1) / 2)]

    def two_steps(state: list[Any]) -> list[Any]:
        first = [target[0], target[1]]
        second = [target[0] - mpf(1) / 2, target[1]]
        for given in (first, second):
            state = [tanh(a) for a in affine(W, state, given)]
        return state

    assert same(jacobian(two_steps, [mpf(0), mpf(0)]), [[mpf(3) / 4, 0], [0, mpf(3) / 4]])

    def squares(state: list[Any]) -> list[Any]:
        for _ in range(2):
            state = [a**2 / 2 for a in affine([[0, 0], [1, 1]], state, [0, 0])]
        return state

    assert same(jacobian(squares, [mpf(0), mpf(1)]), [[0, 0], [mpf(1) / 2, mpf(1) / 2]])


# --- the same witnesses stand in the README -------------------------------------------------------


def test_the_readme_has_the_same_witnesses() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "W_z=1, e_h[3]=1, every other letter 0: entry (1, 1) of left is 3/16, of right 1/16" in readme
    assert "W_z=1, h[0]=1, every other letter 0: entry (1, 1) of left is [0.280261642549" in readme
    assert "of right [0.571195616967" in readme
    assert "W=[[0, 0], [1, 1]], h[0]=(0, 1), every other letter 0, phi(z)=z^2/2" in readme
