"""Blocks in documents: what the tool owns is rewritten, every other byte stays."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from lstm_sym.latex import answer, refresh, weave_text
from lstm_sym.latex.weave import TEX


def shout(query: str) -> str:
    """An answer of two lines, so that line endings show."""
    if query == "unknown":
        raise ValueError("unknown query 'unknown'; there are a, b")
    return f"{query.upper()}\n+ 1"


OPEN, CLOSE = "<!-- lstm-sym: a -->", "<!-- /lstm-sym -->"


@pytest.mark.parametrize(
    "before, after",
    [
        ("", ""),
        ("no block", "no block"),
        (f"{OPEN}\n{CLOSE}\n", f"{OPEN}\n$$\nA\n+ 1\n$$\n{CLOSE}\n"),
        (f"{OPEN}\nstale\n\nold\n{CLOSE}", f"{OPEN}\n$$\nA\n+ 1\n$$\n{CLOSE}"),
        (f"x \n{OPEN}\n{CLOSE}\n\ty  \n\n", f"x \n{OPEN}\n$$\nA\n+ 1\n$$\n{CLOSE}\n\ty  \n\n"),
        (f"x\r\n{OPEN}\r\n{CLOSE}\r\ny", f"x\r\n{OPEN}\r\n$$\r\nA\r\n+ 1\r\n$$\r\n{CLOSE}\r\ny"),
        (f"mixed\r\n{OPEN}\n{CLOSE}\r\n", f"mixed\r\n{OPEN}\n$$\nA\n+ 1\n$$\n{CLOSE}\r\n"),
        (f"\ufeff{OPEN}\n{CLOSE}", f"\ufeff{OPEN}\n$$\nA\n+ 1\n$$\n{CLOSE}"),
        (f"  <!--lstm-sym:  a b-->\n{CLOSE}", f"  <!--lstm-sym:  a b-->\n$$\nA B\n+ 1\n$$\n{CLOSE}"),
        (f"{OPEN}\n```\n{CLOSE}\n", f"{OPEN}\n$$\nA\n+ 1\n$$\n{CLOSE}\n"),
        (f"`{OPEN}` in a line of text", f"`{OPEN}` in a line of text"),
        ("a\x0cb\x85c\u2028d\n", "a\x0cb\x85c\u2028d\n"),
    ],
)
def test_only_the_content_of_a_block_changes(before: str, after: str) -> None:
    assert weave_text(before, shout) == after
    assert weave_text(after, shout) == after


@pytest.mark.parametrize(
    "example",
    [
        f"```\n{OPEN}\nshown\n{CLOSE}\n```\n",
        f"````md\n```\n{OPEN}\n```\n````\n",
        f"~~~ html\n{OPEN}\n~~~\n",
        f"```\n{CLOSE}\n",
        f"    {OPEN}\n    {CLOSE}\n",
    ],
)
def test_code_examples_are_left_alone(example: str) -> None:
    assert weave_text(example, shout) == example
    block = f"{OPEN}\n$$\nA\n+ 1\n$$\n{CLOSE}\n"
    assert weave_text(block + example, shout) == block + example


def test_tex_has_its_own_markers() -> None:
    text = "\\section{x} % lstm-sym is a tool\n% lstm-sym: a\n% /lstm-sym\n"
    woven = text.replace("lstm-sym: a\n", "lstm-sym: a\n\\begin{equation*}\nA\n+ 1\n\\end{equation*}\n")
    assert weave_text(text, shout, syntax=TEX) == woven
    assert weave_text(woven, shout, syntax=TEX) == woven
    example = "\\begin{verbatim}\n% lstm-sym: a\n\\end{verbatim}\n"
    assert weave_text(example, shout, syntax=TEX) == example


@pytest.mark.parametrize(
    "text, said",
    [
        (f"x\n{OPEN}\n", r"doc.md:2: the block 'a' is not closed"),
        (f"{OPEN}\n{OPEN}\n{CLOSE}\n", r"doc.md:2: a block inside the block of line 1"),
        (f"x\n\n{CLOSE}\n", r"doc.md:3: a block is closed here, but none is open"),
        (f"{OPEN}\n{CLOSE}\n{CLOSE}\n", r"doc.md:3: a block is closed here"),
        (f"x\n<!-- lstm-sym: unknown -->\n{CLOSE}\n", r"doc.md:2: unknown query 'unknown'; there are a, b"),
    ],
)
def test_errors_name_file_and_line_and_leave_the_file(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "doc.md"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        refresh(path, shout)
    assert path.read_text() == text
    assert [p.name for p in tmp_path.iterdir()] == ["doc.md"]


def test_refresh_rewrites_checks_and_keeps_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "doc.md"
    path.write_bytes(f"x\r\n{OPEN}\r\n{CLOSE}\r\n<!-- lstm-sym: b -->\n$$\nB\n+ 1\n$$\n{CLOSE}".encode())
    path.chmod(0o640)
    stale = path.read_bytes()
    result = refresh(path, shout, check=True)
    assert [(block.line, block.query, block.stale) for block in result.blocks] == [(2, "a", True), (4, "b", False)]
    assert [block.line for block in result.stale] == [2]
    assert not result.written and path.read_bytes() == stale
    assert refresh(path, shout).written
    assert path.read_bytes() == weave_text(stale.decode(), shout).encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    again = refresh(path, shout)
    assert not again.written and not again.stale
    assert [p.name for p in tmp_path.iterdir()] == ["doc.md"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.md", tmp_path / "link.md"
    target.write_text(f"{OPEN}\n{CLOSE}\n")
    link.symlink_to(target)
    refresh(link, shout)
    assert link.is_symlink() and "+ 1" in target.read_text()


def test_a_write_that_fails_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "doc.md"
    path.write_text(f"{OPEN}\n{CLOSE}\n")

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ValueError, match=r"doc.md cannot be written: No space left on device"):
        refresh(path, shout)
    assert path.read_text() == f"{OPEN}\n{CLOSE}\n"
    assert [p.name for p in tmp_path.iterdir()] == ["doc.md"]


def test_a_read_only_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "doc.md"
    path.write_text(f"{OPEN}\n{CLOSE}\n")
    # The superuser may write anything, so the question itself is answered here.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ValueError, match=r"doc.md cannot be written: the file is read-only"):
        refresh(path, shout)
    assert path.read_text() == f"{OPEN}\n{CLOSE}\n"


def test_files_that_cannot_be_woven_are_refused(tmp_path: Path) -> None:
    latin = tmp_path / "latin.md"
    latin.write_bytes("ü".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin.md: not UTF-8"):
        refresh(latin, shout)
    assert latin.read_bytes() == b"\xfc"
    with pytest.raises(ValueError, match=r"gone.md: cannot be read: No such file"):
        refresh(tmp_path / "gone.md", shout)
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(ValueError, match=r"folder.md: cannot be read: Is a directory"):
        refresh(tmp_path / "folder.md", shout)
    with pytest.raises(ValueError, match=r"x.rst: no blocks in files of this kind; the kinds are .md"):
        refresh(tmp_path / "x.rst", shout)


def test_a_real_query_is_answered_in_place() -> None:
    text = "<!-- lstm-sym: cell LSTM c -->\n<!-- /lstm-sym -->\n"
    assert r"C^{(t)} &= f^{(t)} \odot C^{(t - 1)}" in weave_text(text, answer)
