"""Where in the code under test something happens, and what to say when it cannot be followed."""

from __future__ import annotations

import dis
import os
import sys
import traceback
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, ClassVar

HERE = str(Path(__file__).resolve().parent) + os.sep
LIBRARY = str(Path(os.__file__).resolve().parent) + os.sep
LONGEST = 300
"""The length at which the text of an error is cut."""

SHOWN = 80
"""The same of a value that is quoted."""


class Unsupported(Exception):
    """The code under test does something that exact numbers cannot follow.

    ``raised`` are those of the run, since code may catch what it is not meant to see.
    """

    raised: ClassVar[list[Unsupported]] = []

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.raised.append(self)


@lru_cache(maxsize=1024)
def foreign(filename: str) -> bool:
    """Whether a file is neither ours nor a library's."""
    if filename.startswith("<"):
        return not filename.startswith(("<__", "<frozen"))
    return _outside(os.path.abspath(filename))


@lru_cache(maxsize=4096)
def _outside(filename: str) -> bool:
    path = os.path.realpath(filename)
    return not path.startswith((HERE, LIBRARY)) and f"{os.sep}site-packages{os.sep}" not in path


def caught() -> bool:
    """Whether the code under test catches errors that are raised where it is running."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if foreign(code.co_filename) and any(start <= frame.f_lasti < end for start, end in _handled(code)):
            return True
        frame = frame.f_back
    return False


@lru_cache(maxsize=1024)
def _handled(code: CodeType) -> list[tuple[int, int]]:
    """The instructions inside ``try`` with ``except``, and inside ``with suppress``."""
    names = {own.offset: own.opname for own in dis.get_instructions(code)}
    found = []
    for entry in dis.Bytecode(code).exception_entries:  # type: ignore[attr-defined]
        after = [name for offset, name in sorted(names.items()) if offset >= entry.target]
        if after[0] == "PUSH_EXC_INFO":
            tested = next(name for name in after[1:] if not name.startswith(("LOAD_", "BUILD_TUPLE")))
            suppressed = tested == "WITH_EXCEPT_START" and "suppress" in code.co_names
            if suppressed or tested in ("CHECK_EXC_MATCH", "POP_TOP"):
                found.append((entry.start, entry.end))
    return found


def place() -> str:
    """The line of the code under test that is running, as ``file:line``."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if foreign(frame.f_code.co_filename):
            return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back
    return "?"


def place_of(error: BaseException) -> str:
    """The last line of the code under test that an error passed through, as ``file:line: text``."""
    entries = [entry for entry in traceback.extract_tb(error.__traceback__) if foreign(entry.filename)]
    if not entries:
        return ""
    last = entries[-1]
    return printable(f"{os.path.basename(last.filename)}:{last.lineno}" + (f": `{last.line}`" if last.line else ""))


def told(error: BaseException, says: str = ":") -> str:
    """Where an error was raised and what it says, to follow its name: `` at file:line: `code`: text``."""
    try:
        text = printable(" ".join(str(error).split())[:LONGEST])
    except BaseException:
        text = ""
    place = place_of(error)
    return (f" at {place}" if place else "") + (f"{says} {text}" if text else "")


def attribute(value: Any, name: str) -> Any:
    """An attribute of anything; ``None`` where there is none, or where an object raises an error instead."""
    try:
        return getattr(value, name, None)
    except Exception:
        return None


def shown(value: Any) -> str:
    """A value as Python writes it, in one line that is not too long."""
    try:
        text = " ".join(repr(value).split())
    except Exception:
        text = f"a {type(value).__name__}"
    return printable(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")


def printable(text: str) -> str:
    """The text with escapes for what a terminal or a file cannot take."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
