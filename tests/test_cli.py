"""The commands: what they print, what they leave behind, and with which status they end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from lstm_sym import __version__
from lstm_sym.cli import main

HEAD = """\
from sympy import Symbol
from lstm_sym import Derivation, sigma, tanh
z = Symbol("z")
"""
RIGHT = 'twice = Derivation("twice", claim="C1").start(2 * z).eq(z + z, by="doubling").eq(3 * z - z, by="a detour")\n'
MEANT = 'meant = Derivation("meant").start(z).refute_eq(-z, by="somebody\'s sign")\n'
WRONG = 'slip = Derivation("slip").start(tanh(z)).eq(sigma(2 * z) - 1, by="definition of tanh")\n'
ADMITTED = 'taken = Derivation("taken").start(z**2).le(z**2 + z**4 + 1, by="a citation", admit="Somebody 1941")\n'
BLOCK = "# Cells\n\n<!-- lstm-sym: {query} -->\n<!-- /lstm-sym -->\n\nand more\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project as the current directory, and a way to put files into it."""
    monkeypatch.chdir(tmp_path)

    def put(name, text):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return put


@pytest.fixture
def run(capsys):
    """Runs a command here; gives its status, what it printed, what it told."""

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        return end.value.code, *capsys.readouterr()

    return run


def alone(*arguments, **options):
    command = [sys.executable, "-c", "from lstm_sym.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


# --- without SymPy ------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("verify", "--help"), ("frobnicate",), ()])
def test_help_version_and_misuse_answer_without_sympy(arguments):
    told = "import atexit, sys; atexit.register(lambda: print('imported', {'sympy', 'numpy'} & set(sys.modules)))\n"
    code = told + "from lstm_sym.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)
    assert "imported set()" in done.stdout
    assert done.returncode == (0 if arguments and arguments != ("frobnicate",) else 2)


def test_the_library_leaves_the_libraries_of_the_doors_alone():
    code = (
        "import sys, lstm_sym; [getattr(lstm_sym, name) for name in lstm_sym.__all__]; "
        "print({'click', 'tqdm', 'latexify', 'pytest', 'distributed'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_version(run):
    assert run("--version") == (0, f"lstm-sym, version {__version__}\n", "")


# --- verify -------------------------------------------------------------------------------------


def test_all_as_meant_is_status_0(project, run):
    project("derivations/a.py", HEAD + RIGHT + MEANT)
    status, out, err = run("verify", "-j", 1)
    assert status == 0
    assert "twice  C1\n  ✓ 1  proved: doubling  [normal form and finite field]\n  ✓ 2  proved: a detour" in out
    assert (
        "meant\n  ✗ 1  refuted as meant: somebody's sign  [exact rationals]\n      z = -z is false\n      at z=" in out
    )
    assert "3 steps in 2 derivations: 2 proved, 1 refuted as meant, 0 not as meant" in out
    assert err == "verify: 3 of 3\n"


def test_a_false_step_is_status_1_with_place_witness_and_reason(project, run):
    project("derivations/a.py", HEAD + WRONG)
    status, out, _ = run("verify", "-j", 1)
    assert status == 1
    assert "  ✗ 1  refuted: definition of tanh" in out
    assert 'derivations/a.py:4 slip step 1 ("definition of tanh"): the sides differ' in out
    assert "of left is" in out and "not as meant: slip, step 1: refuted" in out


def test_what_is_admitted_is_seen(project, run):
    project("derivations/a.py", HEAD + ADMITTED)
    status, out, _ = run("verify", "-j", 1)
    assert (status, "admitted: Somebody 1941 (taken, step 1)" in out) == (0, True)


@pytest.mark.parametrize(
    "selection, names", [("twi", ["twice", "twice"]), ("C1", ["twice", "twice"]), ("meant", ["meant"])]
)
def test_selection_by_part_of_a_name_or_by_claim(project, run, selection, names):
    project("derivations/a.py", HEAD + RIGHT + MEANT)
    status, out, err = run("verify", "-j", 1, "-k", selection, "--json", "-")
    assert (status, [step["derivation"] for step in json.loads(out)["steps"]]) == (0, names)
    assert err == f"verify: {len(names)} of {len(names)}\n"


def test_json_of_a_report(project, run, tmp_path):
    project("elsewhere/a.py", HEAD + RIGHT + WRONG)
    assert run("verify", "elsewhere", "-j", 1, "--json", "out.json")[0] == 1
    report = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert report["version"] == __version__
    assert report["summary"] == {"proved": 2, "probable": 0, "refuted": 1, "undecided": 0}
    first, _, slip = report["steps"]
    assert (first["derivation"], first["step"], first["claim"], first["verdict"]) == ("twice", 1, "C1", "proved")
    assert (first["file"], first["line"], first["reason"], first["relation"]) == ("elsewhere/a.py", 4, "doubling", "=")
    assert (first["left"], slip["right"]) == ("2 z", r"-1 + \sigma\left(2 z\right)") or slip["right"]
    assert {"letters", "left", "right"} <= slip["witness"].keys() and slip["expected"] == "proved"
    assert sorted(tmp_path.iterdir()) == [tmp_path / "elsewhere", tmp_path / "out.json"]


def test_processes_say_the_same_as_one(project, run):
    project("derivations/a.py", HEAD + RIGHT + MEANT + WRONG)
    reports = [json.loads(run("verify", "-j", jobs, "--json", "-")[1]) for jobs in (1, 2)]
    for step in (step for report in reports for step in report["steps"]):
        del step["seconds"]
    assert reports[0] == reports[1]


def test_a_terminal_sees_a_bar(project, run, monkeypatch):
    project("derivations/a.py", HEAD + RIGHT)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    _, out, err = run("verify", "-j", 1)
    assert "verify:" in err and "| 0/2 [" in err and "verify" not in out


def test_away_from_a_terminal_a_line_now_and_then(capsys, monkeypatch):
    from lstm_sym.cli import terminal

    clock = iter(range(0, 100, 2))
    monkeypatch.setattr(terminal, "monotonic", lambda: next(clock))
    with terminal.progress(4, "count") as done:
        for thing in "abcd":
            done(thing)
    assert capsys.readouterr() == ("", "count: 3 of 4\ncount: 4 of 4\n")


# --- latex, show, list, export ------------------------------------------------------------------


def test_documents_are_refreshed_then_fresh_then_stale(project, run):
    page = project("docs/deeper/page.md", BLOCK.format(query="cell LSTM c"))
    project("docs/plain.txt", "left alone")
    assert run("latex", "--check") == (
        1, "docs/deeper/page.md:3: stale: cell LSTM c\n", "1 formulas in 1 documents, 1 stale\n",
    )  # fmt: skip
    assert "C^{(t)}" not in page.read_text()
    assert run("latex")[:2] == (0, "docs/deeper/page.md:3: refreshed: cell LSTM c\n")
    assert "C^{(t)} &= f^{(t)} \\odot C^{(t - 1)}" in page.read_text() and page.read_text().endswith("and more\n")
    assert run("latex", "--check", "docs")[:2] == (0, "")
    assert run("latex", page, "--check", "--notation", "subscript")[0] == 1


@pytest.mark.parametrize(
    "arguments, printed",
    [
        (("-q", "cell LSTM c"), r"C^{(t)} &= f^{(t)} \odot C^{(t - 1)}"),
        (("-q", "cell LSTM c", "--notation", "subscript"), r"c_{t} &= f_{t} \odot c_{t - 1}"),
        (("-q", "cell LSTM c notation=subscript", "--notation", "note"), r"c_{t} &= f_{t} \odot c_{t - 1}"),
        (("-q", "derivation twice"), r"2 z"),
        (("-q", "derivation twice", "-d", "derivations/a.py"), r"2 z"),
    ],
)
def test_one_formula(project, run, arguments, printed):
    project("derivations/a.py", HEAD + RIGHT)
    status, out, err = run("latex", *arguments)
    assert (status, err) == (0, "") and printed in out


def test_show(run):
    status, out, _ = run("show", "linear_rnn")
    assert (status, out) == (
        0,
        dedent("""\
        linear_RNN  (Elman 1990, with the identity as activation)
          states: h
          inputs: x
          parameters: W, U, b

        h[t] = W*h[t - 1] + U*x[t] + b
        """),
    )
    assert "delta_h[t] = e_h[t] + W.T*delta_h[t + 1]" in run("show", "linear_RNN", "--backward")[1]
    assert r"h^{(t)} &= W h^{(t - 1)} + U x^{(t)} + b" in run("show", "linear_RNN", "--latex")[1]
    assert r"\delta h^{(T + 1)} &= " in run("show", "linear_RNN", "--backward", "--latex")[1]


def test_show_says_that_a_truncated_derivative_is_no_gradient(run):
    assert "truncated by design" in run("show", "LSTM_truncated", "--backward")[1]
    assert "truncated by design" not in run("show", "LSTM", "--backward")[1]


def test_list(project, run):
    project("derivations/a.py", HEAD + RIGHT)
    status, out, err = run("list")
    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if line and line[0] != " "] == [
        "cells", "derivations", "claims", "notations", "backends",
    ]  # fmt: skip
    assert "  twice  C1  2 steps" in out and "  C1  twice" in out and "  numpy" in out and "  LSTM  " in out


def test_list_without_derivations(project, run):
    assert run("list")[0] == 0


def test_export_writes_a_module_that_stands_alone(project, run):
    status, out, err = run("export", "lstm")
    assert (status, err) == (0, "")
    assert run("export", "LSTM", "-o", "lstm.py") == (0, "", "") and Path("lstm.py").read_text() == out
    assert run("export", "--check", "lstm.py") == (0, "lstm.py: fresh\n", "")
    status, out, _ = run("export", "GRU", "--check", "lstm.py")
    assert (status, out) == (1, "lstm.py: stale: the equations of GRU have changed since it was written\n")
    assert "[W_n; W_r; W_z]*h[t - 1] for q, a_r, a_z" in run("export", "GRU", "--plan")[1]
    done = subprocess.run([sys.executable, "-c", "import lstm, sys; print('sympy' in sys.modules, lstm.backward)"],
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.stdout.startswith("False <function backward"), done.stderr


def test_the_variants_of_an_export(project, run):
    """The options, the plan and the check of a file by them."""
    options = ["--step", "--wrt", "biases, x"]
    assert run("export", "LSTM", *options, "-o", "lstm.py") == (0, "", "")
    assert "variant: --step --wrt biases,x;" in Path("lstm.py").read_text()
    assert run("export", "--check", "lstm.py") == (0, "lstm.py: fresh\n", "")
    assert run("export", "--check", "lstm.py", *options) == (0, "lstm.py: fresh\n", "")
    told = "lstm.py: stale: it was written with --step --wrt biases,x, not with --forward-only\n"
    assert run("export", "--check", "lstm.py", "--forward-only") == (1, told, "")
    assert "def backward(" not in run("export", "LSTM", "--forward-only", "--to", "torch")[1]
    assert "Gradients of biases alone" in run("export", "LSTM", "--wrt", "biases", "--plan")[1]
    assert run("export", "LSTM", "--layers", "--to", "c", "-o", "lstm/")[0] == 0
    assert run("export", "--check", "lstm/lstm.py", "--layers") == (0, "lstm/lstm.py: fresh\n", "")


@pytest.mark.parametrize(
    "options, message",
    [
        (["--wrt", "W"], "cell LSTM has no gradient of 'W'; wrt takes W_f, U_f"),
        (["--wrt", " , "], "wrt names no gradient"),
        (["--wrt", "x", "--forward-only"], "the forward pass alone computes no gradients"),
        (["--wrt", "x", "--layers"], "the functions over layers need every gradient"),
        (["--step", "--to", "c"], "a function of one step (--step) is not written for c; there is --to numpy"),
        (["--step", "--to", "numba"], "a function of one step (--step) is not written for numba; there is --to numpy"),
        (["--forward-only", "--to", "onnx", "-o", "a.onnx"], "the forward pass alone (--forward-only) is not written"),
    ],
)
def test_variants_that_are_misuse(run, options, message):
    status, out, err = run("export", "LSTM", *options)
    assert (status, out) == (2, "") and message in err and len(err.splitlines()) == 1


def test_an_open_activation_is_given_by_name(run):
    assert "h[t] = relu(a[t])" in run("export", "RNN", "--phi", "relu")[1]


# --- build --------------------------------------------------------------------------------------


@pytest.fixture
def one_cell(monkeypatch):
    from lstm_sym.cells import CELLS, cell_named

    monkeypatch.setattr("lstm_sym.cli.build.CELLS", {"RNN": cell_named("RNN")})
    return CELLS


def rows(out):
    return [line.split()[:3] for line in out.splitlines() if " ok " in line or " FAILED " in line]


def test_build_does_it_all_and_sums_up(project, run, one_cell):
    project("derivations/a.py", HEAD + RIGHT)
    page = project("docs/page.md", BLOCK.format(query="derivation twice"))
    status, out, _ = run("build", "-j", 1)
    assert rows(out) == [
        ["verify", "derivations", "ok"],
        ["latex", "docs/page.md", "ok"],
        ["export", "build/RNN.py", "ok"],
    ]
    assert (status, out.splitlines()[-1]) == (0, "all 3 ok")
    assert "doubling" in page.read_text() and "def backward(" in Path("build/RNN.py").read_text()
    assert "φ = tanh; 18 comparisons: equations " in out


def test_build_fails_with_a_false_step_and_says_which(project, run, one_cell):
    project("derivations/a.py", HEAD + WRONG)
    project("docs/page.md", "no formula")
    status, out, err = run("build", "-j", 1)
    assert (status, rows(out)[0]) == (1, ["verify", "derivations", "FAILED"])
    assert "derivations/a.py:4 slip step 1" in err and "not as meant: slip, step 1: refuted" in err
    assert out.splitlines()[-1] == "1 of 3 FAILED"


def test_build_fails_with_numbers_that_are_wrong(project, run, one_cell, monkeypatch):
    from lstm_sym.export.module import export_module

    def slipped(cell, **options):
        return export_module(cell, **options).replace("subtract(1, ", "np.add(1, ")

    monkeypatch.setattr("lstm_sym.cli.build.export_module", slipped)
    project("derivations/a.py", HEAD + RIGHT)
    project("docs/page.md", "no formula")
    status, out, err = run("build", "-j", 1)
    assert (status, rows(out)[-1]) == (1, ["export", "build/RNN.py", "FAILED"])
    assert "RNN: FAILED" in err


# --- misuse -------------------------------------------------------------------------------------

MISUSE = [
    ("frobnicate", "No such command 'frobnicate'"),
    ("verify --frobnicate", "No such option:? '?--frobnicate"),
    ("verify -j x", "'x' is not a valid integer"),
    ("verify -j 0", "the number of jobs is at least 1, got 0"),
    ("verify -j -3", "the number of jobs is at least 1, got -3"),
    ("verify absent", "no such file or folder: absent"),
    ("verify empty", "empty holds no derivation"),
    ("verify notes.txt", r"notes\.txt is not a Python file"),
    ("verify syntax.py", r"syntax\.py:4: invalid syntax"),
    ("verify raises.py", r"raises\.py:5: ZeroDivisionError: division by zero"),
    ("verify shapes.py", r"shapes\.py:5: .*W.*h"),
    ("verify binary.py", r"binary\.py"),
    ("verify -k nothing -j 1 good", "-k nothing selects no derivation; there are twice"),
    ("verify --json no/folder.json -j 1 good", r"no/folder\.json cannot be written: No such file or directory"),
    ("verify --json good -j 1 good", r"good cannot be written"),
    ("verify --scheduler nowhere good", r"the scheduler's address 'nowhere' is not of the form tcp://HOST:PORT"),
    ("latex absent", "no such file or folder: absent"),
    ("latex", "no such file or folder: docs"),
    ("latex -q nonsense", "unknown query 'nonsense'"),
    ("latex -q 'cell none'", "unknown cell 'none'"),
    ("latex -q 'derivation none'", "unknown derivation 'none'; the derivations are: none loaded"),
    ("latex -q 'derivation none' -d good", "unknown derivation 'none'; the derivations are: twice"),
    ("latex -q 'cell LSTM' pages", "-q prints one formula"),
    ("latex --notation roman -q 'cell LSTM'", "unknown notation 'roman'"),
    ("latex pages/unknown.md", r"pages/unknown\.md:3: unknown query 'sell LSTM'"),
    ("latex pages/open.md", r"pages/open\.md:1: the block 'cell LSTM' is not closed"),
    ("latex notes.txt", r"notes\.txt: no blocks in files of this kind"),
    ("export none", "unknown cell 'none'; the cells are RNN, "),
    ("export", "Missing argument 'CELL'"),
    ("export LSTM --to fortran", "fortran"),
    ("export --check none.py", r"none\.py"),
    ("export LSTM -o no/folder.py", r"no/folder\.py cannot be written: No such file or directory"),
    ("show none", "unknown cell 'none'"),
    ("list -d absent", "no such file or folder: absent"),
    ("build", "no folder derivations here"),
]


@pytest.fixture
def mess(project, tmp_path):
    """A project with everything that can be at fault."""
    project("good/a.py", HEAD + RIGHT)
    project("syntax.py", HEAD + "oh no\n")
    project("raises.py", HEAD + "\n1/0\n")
    project("shapes.py", HEAD + "from lstm_sym import Parameter, sizes; n, d = sizes('n d')\n"
                                "Parameter('W', n, d) * Parameter('h', n)\n")  # fmt: skip
    project("notes.txt", "hello")
    project("pages/unknown.md", BLOCK.format(query="sell LSTM"))
    project("pages/open.md", "<!-- lstm-sym: cell LSTM -->\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "binary.py").write_bytes(b"\x00\xff\xfe")


@pytest.mark.parametrize("line, message", MISUSE, ids=[line for line, _ in MISUSE])
def test_misuse_is_one_line_and_status_2(mess, run, tmp_path, line, message):
    import re
    import shlex

    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    status, out, err = run(*shlex.split(line))
    told = [line for line in err.splitlines() if not line.startswith("verify: ")]
    assert (status, out, len(told)) == (2, "", 1), err
    assert told[0].startswith("lstm-sym: ") and re.search(message, told[0]), told[0]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.fixture
def no_writing(monkeypatch):
    """Nobody may write; permissions alone would not stop a superuser."""
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)


@pytest.mark.parametrize("command", ["export LSTM -o page.md", "latex page.md", "verify -j 1 good --json page.md"])
def test_a_read_only_target_is_left_as_it_is(mess, project, run, no_writing, command):
    page = project("page.md", BLOCK.format(query="cell LSTM c"))
    before = page.read_bytes()
    status, _, err = run(*command.replace("'", "").split(" ", 1)[0:1], *command.split(" ")[1:])
    assert status == 2 and "page.md" in err and "cannot be written" in err and "read-only" in err
    assert page.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("target", [">/dev/full", ">&-"])
def test_output_that_cannot_be_written_is_one_line(target):
    done = subprocess.run(
        f"{sys.executable} -c 'from lstm_sym.cli import main; main()' list {target}",
        shell=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("lstm-sym: ") and done.stderr.count("\n") == 1


def test_an_engine_that_raises_is_told_with_the_step(project, run, monkeypatch):
    def verify_step(derivation, number):
        raise RecursionError("too deep")

    monkeypatch.setattr("lstm_sym.proof.verification.verify_step", verify_step)
    project("derivations/a.py", HEAD + RIGHT)
    status, out, err = run("verify", "-j", 1)
    assert (status, out) == (2, "")
    assert err == ('lstm-sym: derivations/a.py:4: step 1 of twice ("doubling") could not be checked: '
                   "RecursionError: too deep\n")  # fmt: skip


# --- the ways of Unix ---------------------------------------------------------------------------


def test_a_closed_pipe_ends_quietly():
    command = f'{sys.executable} -c "from lstm_sym.cli import main; main()" show LSTM; echo $? >&2'
    done = subprocess.run(["bash", "-c", f"({command}) | true"], capture_output=True, text=True, timeout=60)
    assert done.stderr.split() == ["141"]


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_cleanly(project, tmp_path, jobs):
    project("derivations/slow.py", HEAD + RIGHT + "import time; open('there', 'w').close(); time.sleep(30)\n")
    code = "from lstm_sym.cli import main; main()"
    process = subprocess.Popen([sys.executable, "-c", code, "verify", "-j", jobs], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)  # fmt: skip
    for _ in range(300):
        if (tmp_path / "there").exists():
            break
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err.strip()) == (130, "", "lstm-sym: interrupted")


def test_export_of_c_to_a_folder(run, tmp_path):
    assert run("export", "RNN_tanh", "--to", "c", "-o", f"{tmp_path}/new/")[0] == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["rnn_tanh.c", "rnn_tanh.h", "rnn_tanh.py"]
    for path in (tmp_path / "new").iterdir():
        assert run("export", "--check", path)[1].endswith("fresh\n")
