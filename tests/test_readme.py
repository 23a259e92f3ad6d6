"""The README holds: its code runs and prints what it shows, its witnesses are what the tool finds."""

import io
import re
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from lstm_sym.cli.commands import program
from lstm_sym.proof.load import load_derivations
from lstm_sym.proof.verification import verify

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


TORCH = next(k for k, (_, body) in enumerate(BLOCKS) if "import torch" in body)
"""The block that needs an extra; what it prints is the block after it."""


def printed_by(body, names):
    """What a block prints, run with the line numbers of the README."""
    line = TEXT[: TEXT.index(body)].count("\n")
    with redirect_stdout(io.StringIO()) as out:
        exec(compile("\n" * line + body, "README.md", "exec"), names)
    return out.getvalue()


def test_the_tour_prints_what_it_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, object] = {"__name__": "tour"}
    printed, shown = "", 0
    for kind, body in BLOCKS[:TORCH] + BLOCKS[TORCH + 2 :]:
        if kind == "python":
            printed = printed_by(body, names)
        elif kind == "text":
            assert printed == body
            shown += 1
    assert shown >= 6


def test_the_weights_of_a_trained_model():
    pytest.importorskip("torch", reason="the extra torch is not installed")
    assert printed_by(BLOCKS[TORCH][1], {}) == BLOCKS[TORCH + 1][1]


def test_the_gradient_check_says_what_it_shows(tmp_path):
    (code,) = [body for kind, body in BLOCKS if kind == "python" and "dh = Whh @ da" in body]
    (command,) = [body for kind, body in BLOCKS if kind == "sh" and "gradcheck rnn.py" in body]
    (shown,) = [body for kind, body in BLOCKS if kind == "console"]
    (tmp_path / "rnn.py").write_text(code)
    arguments = command.removesuffix(" | grep -v array\n").split()[1:]
    found = subprocess.run(
        [Path(sys.executable).with_name("lstm-sym"), *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert [line for line in found.stdout.splitlines() if "array" not in line] == shown.splitlines(), found.stderr
    assert found.returncode == 1


def test_every_witness_is_one_that_the_tool_finds():
    told = re.findall(r"`(at [a-z]+=[^`]*)`", TEXT)
    known = load_derivations([ROOT / "derivations"])
    meant = [d.name for d in known.values() if any(step.expected == "refuted" for step in d.steps)]
    report = verify(known.values(), only=meant)
    assert report.ok
    found = {str(result.outcome.witness) for result in report.results}
    assert len(told) == 3 and set(told) <= found


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:lstm|rnn|bptt)\.[a-z.-]+)`", TEXT))))
def test_every_derivation_that_is_named_exists(name):
    assert f'"{name}"' in "".join(file.read_text(encoding="utf-8") for file in (ROOT / "derivations").glob("*.py"))


def test_every_command_and_option_stands_in_the_table():
    rows = dict(re.findall(r"^\| `lstm-sym (\w+)([^`]*)`", TEXT, re.MULTILINE))
    assert rows.keys() == program.commands.keys()
    for name, options in rows.items():
        known = {option for parameter in program.commands[name].params for option in parameter.opts}
        assert set(re.findall(r"(?<![\w-])--?[a-z-]+", options)) <= known


def test_the_python_that_is_asked_for_is_the_one_that_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "Python 3.11 or later" in TEXT and project["requires-python"] == ">=3.11"
