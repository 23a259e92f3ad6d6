"""The exceptions that pass through a function, caught or not."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ENDS = (StopIteration, GeneratorExit)
"""What ends a loop is no mistake."""


@contextmanager
def raising(code: types.CodeType) -> Iterator[list[int]]:
    """The lines of this code at which exceptions pass, while the ``with`` block runs."""
    lines: list[int] = []

    def within(frame: types.FrameType, event: str, argument: Any) -> Any:
        if event == "exception" and not issubclass(argument[0], ENDS):
            lines.append(frame.f_lineno)
        return within

    def entered(frame: types.FrameType, event: str, argument: Any) -> Any:
        return within if frame.f_code is code else None

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        yield lines
    finally:
        sys.settrace(before)
