"""The commands flow and draw: what they print and leave behind, and how they refuse."""

import json
import re
import subprocess
import sys

import pytest

from lstm_sym.cli import main
from lstm_sym.cli.flowing import _scientific


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Runs a command in an empty folder; gives its status, what it printed, what it told."""
    monkeypatch.chdir(tmp_path)
    for library in ("OPENBLAS", "MKL", "OMP"):
        monkeypatch.setenv(f"{library}_NUM_THREADS", "1")

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        return end.value.code, *capsys.readouterr()

    return run


def test_flow_prints_a_row_for_every_lag(run):
    status, out, err = run("flow", "lstm", "--lag", 30, "--size", 4, "--seed", 2, "--bias", "b_f=1")
    head, columns, *rows = out.splitlines()
    assert (status, err, head) == (0, "", "LSTM: n = 4, seed 2, b_f = 1")
    assert re.split(" {2,}", columns) == [
        "lag",
        "norm",
        "log10 norm",
        "log10 smallest",
        "log10 bound",
        "log10 carousel",
    ]
    assert [row.split()[0] for row in rows] == ["1", "2", "5", "10", "20", "30"]
    for row in rows:
        _, norm, log_norm, smallest, bound, _ = row.split()
        assert float(smallest) <= float(log_norm) <= float(bound)
        assert float(norm) == pytest.approx(10 ** float(log_norm), rel=6e-3)


def test_flow_over_ten_thousand_steps(run):
    status, out, _ = run("flow", "LSTM", "--lag", 10000, "--size", 2)
    last = out.splitlines()[-1].split()
    assert status == 0 and last[0] == "10000" and "e-" in last[1] and float(last[2]) < -308


def test_a_hundred_and_twenty_eight_units_over_a_thousand_steps_take_seconds():
    command = [sys.executable, "-c", "from lstm_sym.cli import main; main()"]
    done = subprocess.run(
        [*command, "flow", "LSTM", "--size", "128", "--lag", "1000"], capture_output=True, text=True, timeout=90
    )
    lag, _, norm, smallest, bound, carousel = done.stdout.splitlines()[-1].split()
    assert (done.returncode, lag) == (0, "1000")
    assert float(smallest) < float(norm) < float(bound) and float(carousel) < 0


def test_an_elman_network_has_no_carousel(run):
    assert run("flow", "RNN", "--lag", 3, "--size", 2)[1].splitlines()[-1].split()[-1] == "-inf"


def test_flow_as_json(run, tmp_path):
    status, out, _ = run("flow", "RNN", "--lag", 5, "--size", 3, "--json", "-", "--phi", "relu")
    report = json.loads(out)
    assert (status, report["cell"], report["lags"], report["phi"]) == (0, "RNN", [1, 2, 5], "relu")
    status, out, _ = run("flow", "RNN", "--lag", 5, "--size", 3, "--json", "out.json")
    assert out.startswith("RNN: n = 3, seed 0\n")
    assert json.loads((tmp_path / "out.json").read_text())["largest"][0] < 1


def test_flow_draws_its_table(run, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra pictures is not installed")
    for extra in ((), ("--dark",)):
        assert run("flow", "LSTM", "--lag", 20, "--size", 2, "-o", "flow.svg", *extra)[0] == 0
        assert (tmp_path / "flow.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_draw_names_its_file(run, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra pictures is not installed")
    assert run("draw", "lstm") == (0, "LSTM.svg\n", "")
    assert run("draw", "RNN", "-o", "net.png", "--dark") == (0, "net.png\n", "")
    assert (tmp_path / "LSTM.svg").stat().st_size > 5000 and (tmp_path / "net.png").stat().st_size > 1000


def test_what_cannot_be_written_is_told(run):
    pytest.importorskip("matplotlib", reason="the extra pictures is not installed")
    for arguments in (("flow", "LSTM", "--lag", "3", "-o"), ("draw", "LSTM", "-o")):
        status, out, err = run(*arguments, "nowhere/picture.svg")
        assert (status, out) == (2, "") and err.startswith("lstm-sym: nowhere/picture.svg cannot be written: ")
        status, out, err = run(*arguments, "nowhere/picture.png")
        assert (status, out) == (2, "") and err.startswith("lstm-sym: nowhere/picture.png")
        assert run(*arguments, "picture.jpg")[::2] == (
            2,
            "lstm-sym: picture.jpg: a picture's file ends in .svg, .png, .pdf\n",
        )


def test_without_matplotlib_the_way_out_is_told(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for arguments in (("draw", "LSTM"), ("flow", "LSTM", "--lag", "3", "-o", "a.svg")):
        assert run(*arguments) == (2, "", "lstm-sym: pictures need matplotlib: pip install 'lstm-sym[pictures]'\n")


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("flow", "LSTN"), "unknown cell 'LSTN'; the cells are RNN, "),
        (("flow", "LSTM", "--lag", "-5"), "the lag is at least 1, got -5"),
        (("flow", "LSTM", "--lag", "many"), "Invalid value for '--lag': 'many' is not a valid integer."),
        (("flow", "LSTM", "--bias", "b_f=high"), "--bias b_f=high: 'high' is not a number"),
        (("flow", "LSTM", "--bias", "b_f=nan"), "cell LSTM: b_f is set to nan, which is not finite"),
        (("flow", "LSTM", "--bias", "b_f=1", "--bias", "b_f=2"), "--bias b_f=2: b_f is given twice"),
        (("flow", "LSTM", "--phi", "tanh"), "--phi tanh: cell LSTM leaves no activation open"),
        (("flow", "LSTM", "--bias", "b_f"), "--bias b_f: write NAME=VALUE, as in b_f=1"),
        (
            ("flow", "LSTM", "--bias", "b_q=1"),
            "--bias b_q=1: b_q is unknown; the columns of cell LSTM are b_f, b_i, b_z, b_o",
        ),
        (("flow", "LSTM", "--bias", "W_f=1"), "--bias W_f=1: W_f is a matrix; the columns of cell LSTM are b_f, "),
        (("flow", "LSTM", "--size", "0"), "the size is at least 1, got 0"),
        (("flow", "LSTM", "--seed", "-1"), "the seed is not negative, got -1"),
        (("flow", "RNN", "--phi", "sinus"), "the activation sinus is not a known function; take one such as tanh"),
        (("flow", "linear_RNN", "--gain", "50", "--lag", "500"), "cell linear_RNN: its own values overflow at step "),
        (("draw", "LSTN"), "unknown cell 'LSTN'; the cells are RNN, "),
    ],
)
def test_misuse_is_one_line_and_status_2(run, arguments, told):
    status, out, err = run(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"lstm-sym: {told}")


@pytest.mark.parametrize(
    "logarithm, text",
    [(0.0, "1.00e+00"), (-2000.5, "3.16e-2001"), (float("-inf"), "0"), (2.9999999, "1.00e+03"), (308.5, "3.16e+308")],
)
def test_norms_beyond_the_range_of_a_float_are_written_out(logarithm, text):
    assert _scientific(logarithm) == text


@pytest.mark.parametrize("arguments", [("--help",), ("flow", "--help"), ("draw", "--help")])
def test_help_needs_neither_sympy_nor_matplotlib(arguments):
    told = (
        "import atexit, sys; atexit.register(lambda: print(sorted({'sympy', 'matplotlib', 'numpy'} & {*sys.modules})))"
    )
    code = f"{told}\nfrom lstm_sym.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "[]" in done.stdout
    assert arguments != ("--help",) or {"flow", "draw"} <= set(done.stdout.split())
