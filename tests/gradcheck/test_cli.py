"""The command gradcheck: its verdicts, its JSON, its exit status, and files that misbehave."""

import json

import pytest

from lstm_sym.cli import main

CODE = """
import numpy as np

def forward(x, h0, Whh, s, T):
    h = h0
    for t in range(T):
        h = np.tanh(Whh @ h + s * x[t])
    return h

def backward(inputs, dh):
    x, h0, Whh, s, T = inputs
    hs = [h0]
    for t in range(T):
        hs.append(np.tanh(Whh @ hs[-1] + s * x[t]))
    dx, dW, ds = np.zeros_like(x), np.zeros_like(Whh), 0.0
    for t in reversed(range(T)):
        d = dh * (1 - hs[t + 1] ** 2)
        dW += np.outer(d, hs[t])
        dx[t] = s * d
        ds += d @ x[t]
        dh = Whh.T @ d
    return dx, dh, dW, ds, None

def hangs(x):
    while True:
        print("x" * 1000)

def leaves(x):
    import os
    os._exit(3)

def raises(x):
    raise RuntimeError("no luck")
"""
SHAPES = "x=5x4,h0=4,Whh=4x4,s,T=5"


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Runs the command on a file of that text; gives its status, what it printed, what it told."""
    monkeypatch.chdir(tmp_path)

    def run(text, functions, shapes, *options):
        (tmp_path / "user.py").write_text(text)
        with pytest.raises(SystemExit) as end:
            main(["gradcheck", f"user.py:{functions}", "--shapes", shapes, *options])
        return end.value.code, *capsys.readouterr()

    return run


def test_right_code(run, tmp_path):
    status, out, err = run(CODE, "forward:backward", SHAPES, "--json", "r.json")
    report = json.loads((tmp_path / "r.json").read_text())
    assert (status, err) == (0, "") and out.startswith("right: exact at 2 random points")
    assert report["verdict"] == "right" and 0 < report["error_bound"] < 1e-15
    assert report["inputs"] == {name: {"exact": True} for name in ("x", "h0", "Whh", "s")}
    assert report["witness"] is None and report["diagnosis"] == []


def test_wrong_code(run):
    status, out, _ = run(CODE.replace("Whh.T @ d", "Whh @ d"), "forward:backward", SHAPES, "--json", "-")
    report = json.loads(out)
    assert (status, report["verdict"]) == (1, "wrong")
    assert any("exact if `Whh @ d` is replaced by `Whh.T @ d` (user.py:" in line for line in report["diagnosis"])
    assert set(report["witness"]) == {"inputs", "cotangents", "entry", "true", "given"}
    assert float(report["witness"]["true"]) != float(report["witness"]["given"])


MISBEHAVIOUR = [
    (CODE, "hangs:backward", "x=3", "no result within 3 s"),
    (CODE, "leaves:backward", "x=3", "ended the process itself, with status 3"),
    (CODE, "raises:backward", "x=3", "raises RuntimeError at user.py:"),
    ("raise SystemExit(4)", "f:g", "x=3", "cannot be imported: SystemExit"),
    ("import nothing_of_that_name", "f:g", "x=3", "cannot be imported: ModuleNotFoundError"),
    ("f = (", "f:g", "x=3", "cannot be imported: SyntaxError"),
]


@pytest.mark.parametrize("text, functions, shapes, message", MISBEHAVIOUR)
def test_a_file_that_misbehaves_ends_in_one_clear_line(run, text, functions, shapes, message):
    status, out, err = run(text, functions, shapes, "--timeout", "3" if "hangs" in functions else "60")
    lines = [line for line in out.splitlines() if "NOT exact" not in line]
    assert (status, err, lines[0], len(lines)) == (1, "", "undecided", 2) and message in lines[1]


MISUSE = [
    ("forward:nothing", SHAPES, "user.py has no function nothing"),
    ("forward", SHAPES, "is no FILE:FORWARD:BACKWARD"),
    ("forward:backward", "x=5by4", "is no shape"),
    ("forward:backward", "x=5x4,y=3", "forward has no parameter y"),
    ("forward:backward", "x=5x4", "no shape is given for h0, Whh, s, T"),
    ("forward:backward", "x=5x4,x=3", "x is given twice"),
]


@pytest.mark.parametrize("functions, shapes, message", MISUSE)
def test_misuse_is_one_line(run, functions, shapes, message):
    status, out, err = run(CODE, functions, shapes)
    assert (status, out) == (2, "") and message in err and err.count("\n") == 1
