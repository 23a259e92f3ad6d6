"""Files of derivations become values by name, or one clear line says why not."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from lstm_sym.proof.derivation import DerivationError
from lstm_sym.proof.load import derivation_files, load_derivations, load_file

HEAD = """\
from sympy import Symbol
from lstm_sym.proof.derivation import Derivation
z = Symbol("z")
"""


@pytest.fixture
def write(tmp_path):
    def write(name: str, body: str, head: str = HEAD) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(head + dedent(body), encoding="utf-8")
        return file

    return write


ONE = """one = Derivation("one").start(2 * z).eq(z + z, by="doubling")\n"""
TWO = """two = Derivation("two").start(z).eq(z, by="itself", lemma="one")\n"""


def test_every_derivation_of_a_folder_by_name_in_order_of_files(write, tmp_path):
    write("b.py", ONE)
    write("a.py", TWO)
    write("deeper/c.py", """several = [Derivation(f"d{k}").start(z).eq(z, by="itself") for k in range(2)]""")
    write("e.py", """named = {k: Derivation(f"e{k}").start(z).eq(z, by="itself") for k in "xy"}""")
    assert list(load_derivations([tmp_path])) == ["two", "one", "d0", "d1", "ex", "ey"]


def test_private_files_and_names_are_passed_over(write, tmp_path):
    write("a.py", ONE + """_half = Derivation("half").start(z)\n""")
    write("_hidden.py", "raise RuntimeError", head="")
    write(".cache/x.py", "raise RuntimeError", head="")
    write("conftest.py", "raise RuntimeError", head="")
    assert list(load_derivations([tmp_path])) == ["one"]
    assert [file.name for file in derivation_files(tmp_path)] == ["a.py"]


def test_one_value_under_two_names_is_one_derivation(write):
    assert len(load_file(write("a.py", ONE + "again = one\nboth = (one, again)\n"))) == 1


def test_a_file_given_twice_is_no_clash(write, tmp_path):
    file = write("a.py", ONE)
    assert list(load_derivations([file, tmp_path, tmp_path / "." / file.name])) == ["one"]


def test_sys_modules_is_left_as_it_was_and_two_files_of_one_stem_do_not_meet(write, tmp_path):
    write("x/same.py", ONE)
    write("y/same.py", ONE.replace('"one"', '"other"'))
    before = set(sys.modules)
    assert set(load_derivations([tmp_path])) == {"one", "other"}
    assert not [name for name in set(sys.modules) - before if "same" in name]


def test_what_a_file_prints_goes_to_stderr(write, capsys):
    load_file(write("a.py", """print("loud")\n""" + ONE))
    assert capsys.readouterr() == ("", "loud\n")


@pytest.mark.parametrize(
    "body, message",
    [
        pytest.param("oh no\n", r"bad\.py:4: invalid syntax", id="syntax error"),
        pytest.param("\n\nx = 1/0\n", r"bad\.py:6: ZeroDivisionError: division by zero", id="raises"),
        pytest.param("def f():\n    raise KeyError('q')\n\nf()\n", r"bad\.py:5: KeyError: 'q'", id="raises in a call"),
        pytest.param("import sys; sys.exit('bye')\n", r"bad\.py:4: SystemExit: bye", id="exits"),
        pytest.param("import no_such_module\n", r"bad\.py:4: ModuleNotFoundError: .*no_such_module", id="import"),
        pytest.param(
            ONE + ONE.replace("one =", "uno =").replace("z + z", "2*z*1"),
            r"bad\.py:5: a second derivation named one; the first is at .*bad\.py:4",
            id="two of one name",
        ),
        pytest.param("""empty = Derivation("empty").start(z)""", r"bad\.py: derivation empty has no step", id="empty"),
        pytest.param(
            """early = Derivation("early").eq(z, by="nothing")""",
            r"bad\.py:4: derivation early: start\(\.\.\.\) comes before the first step",
            id="no start",
        ),
        pytest.param(
            TWO, r'bad\.py:4: derivation two \("itself"\) cites the lemma one, which is not among', id="lemma"
        ),
        pytest.param(
            ONE.replace('"doubling"', '"doubling", lemma="two"') + TWO,
            r"bad\.py:\d: lemmas cite one another in a circle: one <- two <- one|two <- one <- two",
            id="circle",
        ),
    ],
)
def test_a_fault_in_a_file_is_told_with_its_line(write, body, message):
    with pytest.raises(DerivationError, match=message):
        load_derivations([write("bad.py", body)])


def test_two_files_with_one_name(write, tmp_path):
    write("a.py", ONE)
    write("b.py", "\n" + ONE)
    with pytest.raises(DerivationError, match=r"b\.py:5: a second derivation named one; the first is at .*a\.py:4"):
        load_derivations([tmp_path])


def test_bytes_that_are_no_text(tmp_path):
    file = tmp_path / "bytes.py"
    file.write_bytes(b"x = '\xff\xfe'\n")
    with pytest.raises(DerivationError, match=r"bytes\.py:\d+: .*(utf-8|encoding|non-UTF-8)"):
        load_file(file)


def test_a_file_that_cannot_be_read(tmp_path, monkeypatch):
    file = tmp_path / "locked.py"
    file.write_text("x = 1\n")

    def refuse(self, path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("importlib.machinery.SourceFileLoader.get_data", refuse)
    with pytest.raises(DerivationError, match=r"locked\.py: cannot be read: Permission denied"):
        load_file(file)


@pytest.mark.parametrize(
    "name, message",
    [
        ("absent", "no such file or folder: .*absent"),
        ("notes.txt", r"notes\.txt is not a Python file"),
        ("void.py", "void.py holds no derivation"),
        ("folder", "folder holds no derivation"),
    ],
)
def test_a_path_that_is_no_derivation(tmp_path, name, message):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "void.py").write_text("x = 1\n")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match=message):
        load_derivations([tmp_path / name])


def test_a_step_names_its_file_as_the_reader_did(write, tmp_path, monkeypatch):
    write("derivations/a.py", ONE)
    monkeypatch.chdir(tmp_path)
    step = load_derivations([Path("derivations")])["one"].steps[0]
    assert (step.file, step.line) == ("derivations/a.py", 4)
