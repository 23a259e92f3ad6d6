"""The house is in order: the face, the floors, the sizes, the papers that come with the code."""

import ast
import importlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import lstm_sym

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "lstm_sym").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

FLOORS = {
    0: ("symbols", "activations", "nodes", "lazy", "atomic", "source_file"),
    1: ("differentiate", "tangents", "cotangents", "linear_map", "textbook_form"),
    2: ("cell", "cells", "reference"),
    3: ("backpropagation", "unrolling", "jacobian"),
    4: ("proof", "latex", "export", "flow", "gradcheck"),
    5: ("weights", "conformance"),
    6: ("cli", "pytest_plugin", "schedule"),
}
FLOOR = {room: floor for floor, rooms in FLOORS.items() for room in rooms}
OUTLETS = 4
PRINTS_ITSELF = {"latex"}
"""The room that an object's own hooks (``_latex``, ``_repr_latex_``) and its JSON may call from below."""


def name_of(module: Path) -> str:
    return ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


# --- the face -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", lstm_sym.__all__)
def test_every_name_of_the_face_is_found_at_home(name):
    home = importlib.import_module(f"lstm_sym.{lstm_sym.__homes__[name]}")
    assert getattr(lstm_sym, name) is getattr(home, name)


def test_the_face_is_written_the_same_three_times():
    tree = ast.parse((ROOT / "lstm_sym" / "__init__.py").read_text(encoding="utf-8"))
    typed = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert set(lstm_sym.__all__) == set(lstm_sym.__homes__) == typed - {"LazyPackage", "TYPE_CHECKING"}
    assert lstm_sym.__all__ == sorted(lstm_sym.__all__) and set(lstm_sym.__all__) < set(dir(lstm_sym))


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'lstm_sym' has no attribute 'nothing'"):
        lstm_sym.nothing  # noqa: B018


def test_import_needs_nothing_but_itself():
    code = (
        "import sys, lstm_sym; print({'sympy', 'numpy', 'click', 'flint', 'torch', 'onnx', 'keras'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


# --- the floors and the rooms -------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_imports_go_down_only_and_no_outlet_reaches_into_another(module):
    parts = module.relative_to(ROOT / "lstm_sym").with_suffix("").parts
    if parts == ("__init__",):
        return
    room, package = parts[0], ("lstm_sym", *parts[:-1])
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = package[: len(package) - node.level + 1] + tuple(filter(None, (node.module or "").split(".")))
        wanted = [base[1]] if len(base) > 1 else [alias.name for alias in node.names if alias.name in FLOOR]
        for other in wanted:
            if other == room or other in PRINTS_ITSELF:
                continue
            assert FLOOR[other] <= FLOOR[room], f"line {node.lineno} imports {other}, which is above"
            assert not FLOOR[other] == FLOOR[room] == OUTLETS, f"line {node.lineno} reaches into {other}"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_function_bears_the_name_of_its_module(module):
    tree = ast.parse(module.read_text(encoding="utf-8"))
    assert module.stem not in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_is_short_says_what_it_is_and_bears_no_vague_name(module):
    text = module.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert ast.get_docstring(ast.parse(text))
    assert module.stem not in {"utils", "helpers", "common", "misc", "base", "manager"}


# --- what comes with the code -------------------------------------------------------------------


def test_the_version_is_one():
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "lstm_sym/__init__.py"
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {lstm_sym.__version__}\n" in citation
    assert re.search(r"^## \[(Unreleased|\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)


def test_licence_and_types_are_there():
    assert PROJECT["project"]["license"] == "MIT"
    assert "the lstm-sym authors" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert (ROOT / "lstm_sym" / "py.typed").exists()


def test_every_path_that_contributing_names_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text[text.index("## Where things are") : text.index("## What a change brings")]
    for row in re.findall(r"^\| (`.*`) \|", table, re.MULTILINE):
        first, *others = re.findall(r"`([^`]+)`", row)
        folder = Path(first).parent
        for name in (first, *(str(folder / other) for other in others)):
            assert (ROOT / name).exists(), name


def test_make_knows_what_contributing_tells():
    told = set(re.findall(r"`make ([a-z ]+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {target for line in told for target in line.split()} <= set(targets)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_make_extras_installs_every_extra_and_says_which_one_is_missing():
    makefile = (ROOT / "Makefile").read_text()
    (named,) = re.findall(r"^EXTRAS := (.*)$", makefile, re.MULTILINE)
    assert sorted(named.split()) == sorted(PROJECT["project"]["optional-dependencies"])
    rule = makefile.partition("\nextras:")[2].partition("\n\n")[0]
    assert 'echo "the extra $$extra cannot be installed; its tests are skipped"' in rule


# --- what is not run by any test ----------------------------------------------------------------


@pytest.mark.parametrize("file", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda file: file.stem)
def test_a_benchmark_imports_what_is_there(file: Path) -> None:
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lstm_sym")]
    for node in froms:
        exec(compile(ast.Module([node], []), str(file), "exec"), {})
