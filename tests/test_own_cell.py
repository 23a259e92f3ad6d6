"""A cell in a file of the user's own: every command takes it as FILE.py:NAME, and tells what is wrong with it."""

import json

import pytest

from lstm_sym.cells import GRU
from lstm_sym.cells.loading import cell_at
from lstm_sym.cli import main

CELL = """\
from sympy import Eq
from lstm_sym import Cell, Parameter, Sequence, hadamard, sigma, sizes, t, tanh

n, d = sizes("n d")
h, a, f, x = *(Sequence(name, n) for name in "haf"), Sequence("x", d)
W, U = Parameter("W", n, n), Parameter("U", n, d)
LINES = (
    Eq(a[t], W * h[t - 1] + U * x[t]),
    Eq(f[t], sigma(a[t])),
    Eq(h[t], hadamard(f[t], h[t - 1]) + hadamard(1 - f[t], tanh(a[t]))),
)
Mine = Cell("mine", *LINES, source="nowhere", note="A test.")
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, cell=CELL):
        (tmp_path / "my.py").write_text(cell, encoding="utf-8")
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        return end.value.code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("name", ["my.py:Mine", "my.py:mine", "my.py"])
def test_show(run, name) -> None:
    status, said, told = run("show", name)
    assert status == 0 and not told
    assert "note: A test." in said and "h[t] = hadamard(f[t], h[t - 1]) + hadamard(1 - f[t], tanh(a[t]))" in said


@pytest.mark.parametrize(
    "arguments, wanted",
    [
        (("show", "my.py:Mine", "--backward"), "Total(L, W) = TimeSum(delta_a[t]*h[t - 1].T, (t, 1, T))"),
        (("show", "my.py:Mine", "--latex"), r"f^{(t)} &= \sigma"),
        (("show", "my.py:Mine", "--backward", "--latex"), r"\delta h^{(T + 1)} &= 0"),
        (("latex", "-q", "cell my.py:Mine f"), r"\sigma\left(a^{(t)}\right)"),
        (("latex", "-q", "jacobian my.py:Mine notation=subscript"), r"\frac{d h_{t}}{d h_{t - 1}}"),
        (("latex", "-c", "my.py", "-q", "backward Mine delta_h"), r"e_{h}^{(t)}"),
        (("export", "my.py:Mine"), "def backward(params: Params"),
        (("flow", "my.py:Mine", "--size", "3", "--lag", "2"), "log10 carousel"),
    ],
)
def test_every_command_takes_it(run, arguments, wanted) -> None:
    status, said, _ = run(*arguments)
    assert status == 0 and wanted in said


def test_its_backward_pass_is_proved(run) -> None:
    theorem = "from lstm_sym.proof import bptt_theorem\n\nbackward = bptt_theorem(Mine, lengths=(1, 2, 3))\n"
    status, said, _ = run("verify", "my.py", cell=CELL + theorem)
    assert status == 0 and "mine" in said and "0 not as meant" in said


def test_draw(run, tmp_path) -> None:
    pytest.importorskip("matplotlib", reason="the extra pictures is not installed")
    assert run("draw", "my.py:Mine")[0] == 0 and (tmp_path / "mine.svg").exists()


def test_flow_as_json(run) -> None:
    assert json.loads(run("flow", "my.py:Mine", "--size", "2", "--lag", "1", "--json", "-")[1])["cell"] == "mine"


def test_a_document_names_own_cells_only_where_the_command_line_does(run, tmp_path) -> None:
    (tmp_path / "page.md").write_text("<!-- lstm-sym: cell my.py:Mine -->\n<!-- /lstm-sym -->\n", encoding="utf-8")
    status, _, told = run("latex", "page.md")
    assert status == 2 and "unknown cell 'my.py:Mine'" in told
    (tmp_path / "page.md").write_text("<!-- lstm-sym: cell Mine f -->\n<!-- /lstm-sym -->\n", encoding="utf-8")
    assert run("latex", "--cells", "my.py", "page.md")[0] == 0
    assert r"\sigma" in (tmp_path / "page.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "cell, name, told",
    [
        (CELL, "my.py:Other", "my.py has no cell 'Other'; its cells are Mine, mine"),
        (CELL + 'B = Cell("b", *LINES)\n', "my.py", "my.py holds several cells; write my.py:NAME, with NAME one of"),
        ("x = 1\n", "my.py:Mine", "my.py holds no cell: no module-level value made by Cell(...)"),
        (CELL, "no.py:Mine", "no such file: no.py"),
        ("1 +\n", "my.py:Mine", "my.py:1: invalid syntax"),
        ("\n1 / 0\n", "my.py:Mine", "my.py:2: ZeroDivisionError: division by zero"),
        (
            CELL.replace("hadamard(f[t], h[t - 1])", "f[t] * h[t - 1]"),
            "my.py:Mine",
            "my.py:10: the product f[t] * h[t - 1] needs matching inner sizes, got f[t] (n x 1) and h[t - 1] (n x 1); "
            "entry by entry it is hadamard(f[t], h[t - 1])",
        ),
        (CELL.replace("U * x[t]", "U * x[t - 1]"), "my.py:Mine", "as in Eq(s[t], x[t]), which s[t - 1] then reads"),
        (CELL.replace("*LINES", "LINES"), "my.py:Mine", "cell mine takes its equations one by one"),
        (CELL.replace('"mine", ', ""), "my.py:Mine", "a cell begins with its name"),
        (CELL.replace("W * h[t - 1]", "W * h"), "my.py:Mine", "h is neither a matrix nor a scalar: write its value at"),
        (CELL.replace("sigma(a[t])", "1 / a[t]"), "my.py:Mine", "hadamard(..., hadamard_power(a[t], -1))"),
        (CELL.replace("sigma(a[t])", "abs(a[t])"), "my.py:Mine", "take absolute from lstm_sym.activations"),
        (CELL.replace("sigma(a[t])", "max(a[t], h[t - 1])"), "my.py:Mine", "the larger of two entries is maximum"),
        ("import numpy as np\n" + CELL.replace("sigma(", "np.tanh("), "my.py:Mine", "np.tanh computes with numbers"),
        ("import sympy\n" + CELL.replace("sigma(a", "sympy.tanh(a"), "my.py:Mine", "take tanh from lstm_sym.activati"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(run, cell, name, told) -> None:
    status, said, error = run("show", name, cell=cell)
    assert status == 2 and not said
    assert error.count("\n") == 1 and told in error


def test_a_name_of_the_zoo() -> None:
    assert cell_at("gru") is GRU


MEMORY = """\
from sympy import Eq
from lstm_sym import Cell, Parameter, Sequence, sizes, t

n, k, d = sizes("n k d")
A, q, v, h, x = Sequence("A", n, k), Sequence("q", k), Sequence("v", n), Sequence("h", n), Sequence("x", d)
W, V = Parameter("W", k, d), Parameter("V", n, d)
Memory = Cell(
    "memory",
    Eq(q[t], W * x[t]),
    Eq(v[t], V * x[t]),
    Eq(A[t], A[t - 1] + (v[t] - A[t - 1] * q[t]) * q[t].T),
    Eq(h[t], A[t] * q[t]),
)
"""


@pytest.mark.parametrize(
    "arguments, status, wanted",
    [
        (("show", "my.py:Memory", "--backward"), 0, "delta_A[0] = delta_A[1] - delta_A[1]*q[1]*q[1].T"),
        (("export", "my.py:Memory"), 0, "A: Array  # (B, n, k)"),
        (("latex", "-q", "jacobian my.py:Memory"), 2, "anything else would need a Kronecker product"),
        (("flow", "my.py:Memory"), 2, "anything else would need a Kronecker product"),
    ],
)
def test_a_memory_that_is_a_matrix(run, arguments, status, wanted) -> None:
    found, said, told = run(*arguments, cell=MEMORY)
    assert found == status and wanted in said + told
