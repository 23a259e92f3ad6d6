"""The command gradcheck: its verdicts, its JSON, its exit status, and files that misbehave."""

import json

import pytest

from lstm_sym.cli import main
from lstm_sym.gradcheck.files.shapes import read_shapes

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

def starts_a_process(x):
    import subprocess
    subprocess.Popen(["sleep", "100"])
    return x

def starts_a_thread(x):
    import threading, time
    threading.Thread(target=time.sleep, args=(100,)).start()
    raise KeyError("a thread is left")

def floods(x):
    import os
    for _ in range(2000):
        os.write(2, b"y" * 10000 + b"\\n")
    os.write(2, b"the end")
    os._exit(5)

def interrupts(x):
    raise KeyboardInterrupt("by hand")

def is_killed(x):
    import os, signal
    os.kill(os.getpid(), signal.SIGTERM)

def reads(x):
    return x * float(input())

def raises(x):
    raise RuntimeError("no luck")

class Net:
    def forward(self, x):
        return x

    @staticmethod
    def double(x):
        return 2 * x, None

    @staticmethod
    def double_backward(dout, cache):
        return 2 * dout
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
    (CODE, "hangs:backward", "x=3", "no result within 2 s"),
    (CODE, "leaves:backward", "x=3", "ended the process itself, with status 3"),
    (CODE, "raises:backward", "x=3", "raises RuntimeError at user.py:"),
    (CODE, "starts_a_thread:backward", "x=3", "raises KeyError at user.py:"),
    (CODE, "floods:backward", "x=3", "ended the process itself, with status 5: the end"),
    (CODE, "interrupts:backward", "x=3", "KeyboardInterrupt is raised at user.py:"),
    (CODE, "is_killed:backward", "x=3", "was ended by SIGTERM"),
    (CODE, "reads:backward", "x=3", "raises EOFError at user.py:"),
    (
        "raise SystemExit(4)",
        "f:g",
        "x=3",
        "imported: it ends the process at user.py:1: `raise SystemExit(4)` with status 4",
    ),
    ("exit()", "f:g", "x=3", 'what is a program goes below `if __name__ == "__main__":`'),
    ("import none_such", "f:g", "x=3", "imported: there is no module none_such, which it imports at user.py:1"),
    (
        "import none_such",
        "f:g",
        "x=3",
        "install it beside lstm-sym, or copy the two functions to a file that does without",
    ),
    ("f = (", "f:g", "x=3", "user.py cannot be imported: SyntaxError at user.py:1: '(' was never closed"),
    ("1 / 0", "f:g", "x=3", "cannot be imported: ZeroDivisionError is raised at user.py:1: `1 / 0`: division by zero"),
]


@pytest.mark.parametrize("text, functions, shapes, message", MISBEHAVIOUR)
def test_a_file_that_misbehaves_ends_in_one_clear_line(run, text, functions, shapes, message):
    status, out, err = run(text, functions, shapes, "--timeout", "2" if "hangs" in functions else "60")
    lines = [line for line in out.splitlines() if "not decided" not in line]
    assert (status, err, lines[0], len(lines)) == (1, "", "undecided", 2) and message in lines[1]


def test_what_a_file_starts_or_writes_is_no_part_of_the_verdict(run, tmp_path):
    text = CODE + "def twice(inputs, d):\n    open('here.txt', 'w').write('x')\n    print('y')\n    return (d,)\n"
    status, out, err = run(text, "starts_a_process:twice", "x=3", "--timeout", "50")
    assert (status, err) == (0, "") and out.startswith("right")
    assert [path.name for path in tmp_path.iterdir()] == ["user.py"]


def test_the_inputs_are_told_where_there_is_no_result(run):
    sticks = "def sticks(x, h0, Whh, s, T):\n    for t in range(T):\n        while True: pass\n"
    _, out, _ = run(CODE + sticks, "sticks:backward", SHAPES, "--timeout", "1.5", "--json", "-")
    report = json.loads(out)
    assert report["inputs"] == {name: {"exact": False} for name in ("x", "h0", "Whh", "s")}
    assert (report["unreached"], report["unchecked"]) == ([], {})


def test_a_static_method_is_a_function(run):
    assert run(CODE, "Net.double:Net.double_backward", "x=3")[0] == 0


SETTINGS = """
def forward(x, eps, y):
    return x * eps * (y > 0)

def backward(inputs, d):
    x, eps, y = inputs
    return d * eps * (y > 0)

def clipped(x):
    return x if x.max() < 1e30 else 0 * x

def clipped_backward(inputs, d):
    return d
"""


@pytest.mark.parametrize("eps", ["1e-5", ".5", "2.", "-1.5E+2"])
@pytest.mark.parametrize("y", ["[1.,0,1]", "[1,0,1]"])
def test_numbers_that_are_written_out_are_passed_on_as_they_are(run, eps, y):
    status, out, _ = run(SETTINGS, "forward:backward", f"x=3,eps={eps},y={y}", "--json", "-")
    report = json.loads(out)
    fixed = {"eps": "it is fixed"} | ({"y": "it is fixed"} if "." in y else {})
    assert (status, report["inputs"], report["unchecked"]) == (0, {"x": {"exact": True}}, fixed)


def test_a_scalar_that_gets_no_gradient_is_not_checked_and_that_is_said(run):
    _, out, _ = run(SETTINGS, "forward:backward", "x=3,eps,y=[1,0,1]")
    assert "eps  not checked: backward gives no gradient for it" in out


def test_no_integer_is_made_of_a_size_to_please_backward(run):
    status, out, _ = run(SETTINGS, "forward:backward", "x=3,eps=.1,y=3")
    assert status == 1 and "returns a single array for the inputs x, eps, y" in out and "NOT exact" not in out


def test_what_was_not_reached_is_in_the_json(run):
    status, out, _ = run(SETTINGS, "clipped:clipped_backward", "x=3", "--json", "-")
    assert (status, json.loads(out)["unreached"]) == (0, ["user.py:10 `x.max() < 1e30` was always True"])


NESTED = """
def forward(params, states):
    return params["W"] @ states[0] * params["eps"] + states[1]

def backward(inputs, d):
    params, (a, b) = inputs
    return {"W": params["eps"] * d[:, None] * a}, (params["eps"] * params["W"].T @ d, 2 * d)
"""


def test_entries_of_dictionaries_and_tuples(run):
    shapes = "params.W=2x3,params.eps=1e-5,states.0=3,states.1=2"
    status, out, _ = run(NESTED, "forward:backward", shapes, "--json", "-")
    report = json.loads(out)
    assert (status, report["unchecked"]) == (1, {"params['eps']": "it is fixed"})
    exact = {name: found["exact"] for name, found in report["inputs"].items()}
    assert exact == {"params['W']": True, "states[0]": True, "states[1]": False}


MANY = [f"b{k}" for k in range(16)]
FAILS = f"def forward({', '.join(MANY)}): raise RuntimeError('at once')"


def test_other_readings_of_lone_numbers_do_not_take_the_time_away(run):
    _, out, _ = run(FAILS, "forward:forward", ",".join(f"{name}=3" for name in MANY), "--timeout", "3")
    assert "forward raises RuntimeError" in out


MISUSE = [
    ("forward:nothing", SHAPES, "user.py has no function nothing; it has forward, backward, hangs, "),
    ("forward", SHAPES, "is no FILE:FORWARD:BACKWARD"),
    ("forward:backward", "x=5by4", "is no shape"),
    ("forward:backward", "x=5x4,y=3", "forward has no parameter y"),
    ("forward:backward", "x=5x4", "nothing is given for h0, Whh, s, T"),
    ("forward:backward", "x=5x4,x=3", "x is given twice"),
    ("forward:backward", "x=100000x100000", "a size that is not from 1 to 65536; exact numbers are slow"),
    ("forward:backward", "x=3000x3000,s", "the inputs have 9000001 entries, more than 1048576; exact numbers are slow"),
    ("forward:backward", "x=[1,a]", "is no list of numbers"),
    ("forward:backward", "x=1e", "is no shape"),
    ("Net.forward:backward", "x=3", "Net.forward is a method, which needs an object; functions are checked"),
    ("Net:backward", "x=3", "Net is a class; functions are checked: let forward make the object"),
]


@pytest.mark.parametrize("functions, shapes, message", MISUSE)
def test_misuse_is_one_line(run, functions, shapes, message):
    status, out, err = run(CODE, functions, shapes)
    assert (status, out) == (2, "") and message in err and err.count("\n") == 1


def test_truth_values_are_literals():
    (spec,) = read_shapes("keep=[True, False]")
    assert (spec.shape, spec.literal) == (None, [True, False])
    with pytest.raises(ValueError, match="no list of numbers"):
        read_shapes("keep=[True,0]")


@pytest.mark.parametrize("place", ["none/r.json", ".", "user.py", ""])
def test_where_the_json_cannot_go_is_told_before_the_work(run, tmp_path, monkeypatch, place):
    monkeypatch.setattr("lstm_sym.gradcheck.files.sandbox.check_file", None)
    status, out, err = run(CODE, "forward:backward", SHAPES, "--json", place)
    assert (status, out) == (2, "") and f"{place} " in err and err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["user.py"] and (tmp_path / "user.py").read_text() == CODE


def test_no_python_file_is_misuse(run, tmp_path):
    (tmp_path / "user.ipynb").write_text("{}")
    with pytest.raises(SystemExit) as end:
        main(["gradcheck", "user.ipynb:f:g", "--shapes", "x=3"])
    assert end.value.code == 2
