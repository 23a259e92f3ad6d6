"""``lstm-sym export --to`` for backends beside NumPy, and ``--check`` of what it writes."""

from __future__ import annotations

import pytest

from lstm_sym.cli import main


@pytest.fixture
def run(capsys):
    """Runs the command export; gives its status and what it told."""

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["export", *arguments])
        return end.value.code or 0, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    "backend, needs", [("torch", "import torch"), ("jax", "import jax"), ("array-api", "array_api_compat")]
)
def test_a_module_is_written_and_found_fresh(run, backend, needs, tmp_path):
    file = tmp_path / "gru.py"
    assert run("GRU", "--to", backend, "-o", str(file))[0] == 0
    source = file.read_text(encoding="utf-8")
    assert needs in source and "\nimport numpy" not in source
    assert run("--check", str(file))[0] == 0
    file.write_text(source.replace("hash of the equations: ", "hash of the equations: 0")[:-1], encoding="utf-8")
    assert run("--check", str(file))[0] == 1


@pytest.mark.parametrize("backend, has", [("numpy", "def forward_layers("), ("torch", "class Layers(")])
def test_a_module_with_layers_is_written_and_found_fresh(run, backend, has, tmp_path):
    file = tmp_path / "gru.py"
    assert run("GRU", "--to", backend, "--layers", "-o", str(file))[0] == 0
    assert has in file.read_text(encoding="utf-8") and run("--check", str(file))[0] == 0


def test_layers_of_c_come_with_the_folder(run, tmp_path):
    assert run("GRU", "--to", "c", "--layers", "-o", f"{tmp_path}/")[0] == 0
    assert "def forward_layers(" in (tmp_path / "gru.py").read_text(encoding="utf-8")


def test_a_graph_is_written_and_found_fresh(run, tmp_path):
    pytest.importorskip("onnx", reason="the extra onnx is not installed")
    file = tmp_path / "gru.onnx"
    assert run("GRU", "--to", "onnx", "--dtype", "float64", "-o", str(file))[0] == 0
    assert run("--check", str(file))[0] == 0


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("GRU", "--to", "onnx"), "an ONNX graph is no text: say where it goes, -o FILE.onnx"),
        (("GRU", "--to", "jax", "--dtype", "float32"), "--dtype is for --to onnx"),
        (("GRU", "--to", "cobol"), "unknown backend 'cobol'"),
        (("GRU", "--to", "c", "--layers"), "over layers are in the Python module beside the C file"),
        (("GRU", "--to", "onnx", "--layers", "-o", "x.onnx"), "an ONNX graph is one direction; export_onnx("),
    ],
)
def test_misuse_is_told(run, arguments, message):
    status, told = run(*arguments)
    assert status == 2 and message in told
