"""The plugin in somebody else's project: a folder ``derivations`` and nothing else."""

import xml.etree.ElementTree as ElementTree
from importlib.metadata import entry_points

import pytest

import lstm_sym.proof.verification  # noqa: F401  the runs inside this process keep what is imported before them

pytest_plugins = ["pytester"]

HEAD = """\
from sympy import Symbol
from lstm_sym import Derivation, sigma, tanh
z = Symbol("z")
"""
RIGHT = (
    HEAD
    + """\
twice = (
    Derivation("twice")
    .start(2 * z)
    .eq(z + z, by="doubling")
    .eq(3 * z - z, by="a detour")
)
"""
)
WRONG = (
    HEAD
    + """\
slip = Derivation("slip").start(tanh(z)).eq(sigma(2 * z) - 1, by="definition of tanh")
"""
)
MEANT = (
    HEAD
    + """\
meant = Derivation("meant").start(z).refute_eq(-z, by="somebody's sign")
"""
)

UNUSED = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:syrupy")
INSTALLED = any(entry.value == "lstm_sym.pytest_plugin" for entry in entry_points(group="pytest11"))


@pytest.fixture
def project(pytester, monkeypatch):
    """Writes the files of a project and runs pytest there; ``alone`` in a process of its own."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    plugin = () if INSTALLED else ("-p", "lstm_sym.pytest_plugin")

    def run(files, *arguments, alone=False):
        for name, text in files.items():
            path = pytester.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        runpytest = pytester.runpytest_subprocess if alone else pytester.runpytest_inprocess
        return runpytest(*plugin, *UNUSED, *arguments)

    return run


def test_one_item_per_step_beside_ordinary_tests(project):
    files = {
        "derivations/right.py": RIGHT,
        "derivations/deeper/meant.py": MEANT,
        "derivations/test_beside.py": "def test_ordinary(): pass",
        "derivations/plain.py": "raise RuntimeError('nothing of ours')",
        "app/derivations/other.py": "import lstm_sym\nraise RuntimeError('not at the root')",
        "test_mine.py": "def test_mine(): pass",
    }
    result = project(files, "-v")
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines_random(
        [
            "derivations/right.py::twice::1 PASSED*",
            "derivations/right.py::twice::2 PASSED*",
            "derivations/deeper/meant.py::meant::1 PASSED*",
            "derivations/test_beside.py::test_ordinary PASSED*",
            "test_mine.py::test_mine PASSED*",
        ]
    )


def test_a_false_step_fails_with_our_text_and_no_traceback(project):
    result = project({"derivations/wrong.py": WRONG, "derivations/right.py": RIGHT}, "derivations")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["*slip, step 1: definition of tanh*", "*derivations/wrong.py:4 slip step 1*sides differ*"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")
    result.stdout.fnmatch_lines(["*left is*right *"])


@pytest.mark.parametrize(
    "arguments, passed",
    [
        (("derivations/right.py::twice::2",), 1),
        (("derivations/right.py::twice",), 2),
        (("derivations/right.py",), 2),
        (("derivations", "-k", "meant"), 1),
        (("derivations", "-k", "twice and not meant"), 2),
        (("--doctest-modules", "derivations"), 3),
        (("--import-mode=importlib", "derivations"), 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_selection_and_other_plugins(project, arguments, passed):
    project({"derivations/right.py": RIGHT, "derivations/meant.py": MEANT}, *arguments).assert_outcomes(passed=passed)


def test_workers_of_xdist_share_the_steps(project):
    files = {"derivations/right.py": RIGHT, "derivations/meant.py": MEANT}
    project(files, "-n", "2", "derivations", alone=True).assert_outcomes(passed=3)


def test_a_file_is_imported_once_whatever_else_collects(project, pytester):
    counting = RIGHT + "\nwith open('imports', 'a') as file:\n    file.write('x')\n"
    project({"derivations/right.py": counting}, "--doctest-modules", "derivations/right.py").assert_outcomes(passed=2)
    assert (pytester.path / "imports").read_text() == "x"


def test_doctests_of_a_derivation_still_run_by_an_import_of_their_own(project, pytester):
    documented = '"""\n>>> 1 + 1\n2\n"""\n' + RIGHT + "\nwith open('imports', 'a') as file:\n    file.write('x')\n"
    project({"derivations/right.py": documented}, "derivations/right.py").assert_outcomes(passed=2)
    assert (pytester.path / "imports").read_text() == "x"
    project({}, "--doctest-modules", "derivations/right.py").assert_outcomes(passed=3)
    assert (pytester.path / "imports").read_text() == "xxx"


def test_junit_has_verdict_and_method(project, pytester):
    project({"derivations/right.py": RIGHT, "derivations/meant.py": MEANT}, "--junit-xml=out.xml")
    cases = ElementTree.parse(pytester.path / "out.xml").iter("testcase")
    found = {
        (case.get("classname"), case.get("name")): {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in cases
    }
    assert found["derivations.right.twice", "1"]["verdict"] == "proved"
    assert "normal form" in found["derivations.right.twice", "1"]["method"]
    assert found["derivations.meant.meant", "1"] == {"verdict": "refuted", "method": "exact rationals"}


def test_other_folders_by_ini_option(project):
    files = {"pytest.ini": "[pytest]\nlstm_sym_derivations = proofs more/of_them\n", "proofs/a.py": RIGHT,
             "more/of_them/b.py": MEANT, "derivations/c.py": WRONG}  # fmt: skip
    project(files).assert_outcomes(passed=3)


@pytest.mark.parametrize(
    "text, message",
    [
        pytest.param(HEAD + "oh no\n", "derivations/bad.py:4: invalid syntax", id="syntax error"),
        pytest.param(HEAD + "\n1/0\n", "derivations/bad.py:5: ZeroDivisionError: division by zero", id="raises"),
        pytest.param(HEAD + 'd = Derivation("d").start(z).eq(z, by="itself", lemma="lost")\n',
                     'derivations/bad.py:4: derivation d ("itself") cites the lemma lost, *', id="unknown lemma"),
    ],
)  # fmt: skip
def test_what_cannot_be_collected_is_told_with_its_line(project, text, message):
    result = project({"derivations/bad.py": text, "derivations/right.py": RIGHT}, "derivations")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*Traceback*")


CITES = (
    HEAD
    + """\
top = Derivation("top").start(2 * z).eq(z + z, by="the lemma", lemma="{lemma}")
"""
)


def test_a_lemma_in_another_file_counts_even_when_it_is_not_selected(project):
    files = {"derivations/top.py": CITES.format(lemma="slip"), "derivations/wrong.py": WRONG}
    result = project(files, "derivations/top.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*lemma slip is not proved*"])
    project({"derivations/top.py": CITES.format(lemma="twice"), "derivations/right.py": RIGHT},
            "derivations/top.py").assert_outcomes(passed=1)  # fmt: skip


def test_two_files_with_one_name(project):
    result = project({"derivations/a.py": RIGHT, "derivations/b.py": RIGHT})
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["derivations/b.py:7: a second derivation named twice; the first is at derivations/a.py:7"]
    )


def test_a_project_without_derivations_never_meets_sympy(project):
    told = "import sys\ndef test_none():\n    assert not {'sympy', 'numpy', 'lstm_sym.proof'} & set(sys.modules)\n"
    project({"test_mine.py": told, "module.py": "x = 1"}, "--doctest-modules", alone=True).assert_outcomes(passed=1)
