r"""Blocks in documents that the tool owns; every other byte of the file stays as it is.

In Markdown a block stands between ``<!-- lstm-sym: QUERY -->`` and ``<!-- /lstm-sym -->``, in TeX between
``% lstm-sym: QUERY`` and ``% /lstm-sym``, each marker on a line of its own. Fenced code in Markdown and
``verbatim`` in TeX are left alone, so that a document can show the markers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..atomic import write_whole

Answer = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Syntax:
    """How one kind of file marks a block and frames a formula."""

    opening: re.Pattern[str]
    closing: re.Pattern[str]
    before: str
    after: str
    fence: re.Pattern[str]
    unfence: Callable[[str, str], bool]


def _closes_fence(opened: str, line: str) -> bool:
    """Whether ``line`` ends the code that the fence ``opened`` began: the same sign, at least as often."""
    bare = line.strip()
    return len(bare) >= len(opened) and set(bare) == {opened[0]}


MARKDOWN = Syntax(
    opening=re.compile(r" {0,3}<!--\s*lstm-sym:(?P<query>.*?)-->\s*"),
    closing=re.compile(r" {0,3}<!--\s*/lstm-sym\s*-->\s*"),
    before="$$",
    after="$$",
    fence=re.compile(r"\s*(?:(?:[-*+>]|\d{1,9}[.)])\s+)*(?P<sign>`{3,}|~{3,})[^`]*"),
    unfence=_closes_fence,
)

TEX = Syntax(
    opening=re.compile(r"\s*%\s*lstm-sym:(?P<query>.*)"),
    closing=re.compile(r"\s*%\s*/lstm-sym\s*"),
    before=r"\begin{equation*}",
    after=r"\end{equation*}",
    fence=re.compile(
        r"\s*\\begin\{(?P<sign>verbatim\*?|Verbatim|lstlisting|minted|comment)\}(?!.*\\end\{(?P=sign)\}).*"
    ),
    unfence=lambda opened, line: rf"\end{{{opened}}}" in line,
)

SYNTAX = {".md": MARKDOWN, ".markdown": MARKDOWN, ".tex": TEX, ".ltx": TEX}


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it stands in a file: ``line`` counts from 1; ``stale`` if its content is not what the tool writes."""

    line: int
    query: str
    stale: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """A block whose closing marker is still to come, with the line ending of its opening one."""

    line: int
    query: str
    newline: str


@dataclass(frozen=True, slots=True)
class WeaveResult:
    """What ``refresh`` found, and whether it rewrote the file."""

    path: Path
    blocks: tuple[Block, ...]
    written: bool

    @property
    def stale(self) -> tuple[Block, ...]:
        return tuple(block for block in self.blocks if block.stale)


def weave_text(text: str, answer: Answer, *, syntax: Syntax = MARKDOWN, where: str = "<text>") -> str:
    """``text`` with the content of every block written anew by ``answer``; a ``ValueError`` names ``where:line``."""
    return _woven(text, answer, syntax, where)[0]


def refresh(path: Path | str, answer: Answer, *, check: bool = False) -> WeaveResult:
    """Rewrite the blocks of a file in place, at once or not at all; with ``check`` only report those that are stale."""
    path = Path(path)
    syntax = SYNTAX.get(path.suffix.lower())
    if syntax is None:
        raise ValueError(f"{path}: no blocks in files of this kind; the kinds are {', '.join(SYNTAX)}")
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 (byte {error.start}); the file is left as it is") from None
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from None
    woven, blocks = _woven(text, answer, syntax, str(path))
    written = not check and woven != text
    if written:
        write_whole(path, woven)
    return WeaveResult(path, blocks, written)


def _woven(text: str, answer: Answer, syntax: Syntax, where: str) -> tuple[str, tuple[Block, ...]]:
    kept: list[str] = []
    blocks: list[Block] = []
    opened: Opened | None = None
    content, fence = "", ""
    for number, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", text), start=1):
        bare = line.rstrip("\r\n").removeprefix("\ufeff")
        if fence:
            fence = "" if syntax.unfence(fence, bare) else fence
            kept.append(line)
            continue
        opening, closing = syntax.opening.fullmatch(bare), syntax.closing.fullmatch(bare)
        if opened and opening:
            raise ValueError(f"{where}:{number}: a block inside the block of line {opened.line}; close that one first")
        if closing and not opened:
            raise ValueError(f"{where}:{number}: a block is closed here, but none is open")
        if opened and not closing:
            content += line
            continue
        if opened:
            fresh = _content(opened, answer, syntax, where)
            blocks.append(Block(opened.line, opened.query, fresh != content))
            kept.append(fresh)
            opened = None
        elif opening:
            opened = Opened(number, opening["query"].strip(), line[len(line.rstrip("\r\n")) :])
            content = ""
        else:
            begins = syntax.fence.fullmatch(bare)
            fence = begins["sign"] if begins else ""
        kept.append(line)
    if opened:
        raise ValueError(f"{where}:{opened.line}: the block {opened.query!r} is not closed")
    return "".join(kept), tuple(blocks)


def _content(opened: Opened, answer: Answer, syntax: Syntax, where: str) -> str:
    try:
        formula = answer(opened.query)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where}:{opened.line}: {error}") from error
    return "".join(line + opened.newline for line in (syntax.before, *formula.splitlines(), syntax.after))
