"""``lstm-sym claims``: the ledger on the terminal and as JSON, and its exit statuses."""

import json
from textwrap import dedent

import pytest

from lstm_sym.cli import main

FILE = """\
from sympy import Symbol
from lstm_sym import Derivation, sigma, tanh
from lstm_sym.proof import Cite, Claim, Words
z = Symbol("z")
tied = Derivation("tied").start(tanh(z)).eq({right}, by="definition")
slip = Derivation("slip").start(tanh(z)).refute_eq(sigma(z), by="a slip")
words = Words("tanh is stretched", "伸缩")
claims = [
    Claim("C1", words, words, words, "true with hypotheses", holds=(Cite("tied"),), fails=(Cite("slip"),)),
    Claim("C2", words, words, words, "empirical", source="Somebody 1999"),
]
"""


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "derivations").mkdir()

    def run(right, *arguments):
        (tmp_path / "derivations" / "a.py").write_text(FILE.format(right=right), encoding="utf-8")
        with pytest.raises(SystemExit) as end:
            main(["claims", "-j", "1", *arguments])
        return end.value.code, *capsys.readouterr()

    return run


TRUE = "2 * sigma(2 * z) - 1"


def test_the_ledger(run) -> None:
    status, out, _ = run(TRUE)
    assert (status, out) == (
        0,
        dedent("""\
            C1  ✓  true with hypotheses  tanh is stretched
            C2  ✓  empirical             tanh is stretched

            2 claims on 2 steps: 2 as published, 0 not
            """),
    )


def test_a_false_statement_is_status_1(run) -> None:
    status, out, _ = run("2 * sigma(z) - 1")
    assert status == 1
    assert "C1  ✗  undecided" in out
    assert "not as published: C1, tied, step 1: refuted" in out


def test_one_claim_whole_in_chinese(run) -> None:
    status, out, _ = run(TRUE, "-k", "C1", "--lang", "zh")
    assert status == 0
    assert "伸缩" in out and "tied, step 1:  tanh(z) = 2*sigma(2*z) - 1" in out and "refuted as meant: a slip" in out


def test_the_json(run) -> None:
    status, out, _ = run(TRUE, "--json", "-")
    found = json.loads(out)["claims"]
    assert status == 0 and [claim["id"] for claim in found] == ["C1", "C2"]
    assert found[0]["title"] == {"en": "tanh is stretched", "zh": "伸缩"}
    assert found[0]["holds"][0]["right"] and found[0]["fails"][0]["witness"]
    assert found[1]["holds"] == [] and found[1]["source"] == "Somebody 1999"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("-k", "C9"), "unknown claim 'C9'; there are C1, C2"),
        (("--json", "no/where.json"), "no/where.json cannot be written"),
        (("absent.py",), "no such file or folder: absent.py"),
        (("--lang", "fr"), "'fr' is not one of 'en', 'zh'"),
    ],
)
def test_misuse_is_one_line_and_status_2(run, arguments, message) -> None:
    status, out, err = run(TRUE, *arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert message in err


def test_a_claim_without_its_derivation_is_status_2(run, tmp_path) -> None:
    (tmp_path / "derivations" / "b.py").write_text(
        "from lstm_sym.proof import Cite, Claim, Words\n"
        'w = Words("w", "w")\nlost = Claim("C3", w, w, w, "true", holds=(Cite("nowhere"),))\n'
    )
    status, _, err = run(TRUE)
    assert status == 2 and "claim C3 cites step 1 of nowhere, which is not among the derivations read" in err
