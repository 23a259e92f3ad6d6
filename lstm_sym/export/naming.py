"""Python identifiers for letters: readable, valid and unique."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import Any

from sympy import Expr

from ..activations import Activation
from ..symbols import At, Parameter, Sequence, t


def identifier(letter: Any) -> str:
    """The identifier of a letter, without regard to others.

    >>> from lstm_sym.symbols import Sequence, sizes
    >>> h = Sequence("h", sizes("n"))
    >>> [identifier(h[index]) for index in (t, t - 1, t + 1, t - 2, 0)]
    ['h', 'h_prev', 'h_next', 'h_prev2', 'h_0']
    """
    if isinstance(letter, At):
        return _python(letter.sequence.text) + _suffix(letter.index)
    if isinstance(letter, Parameter | Sequence):
        return _python(letter.text)
    if isinstance(letter, Activation):
        return _python(letter.name + "_prime" * letter.order)
    return _python(str(letter))


def identifiers(letters: Iterable[Any], *, taken: Iterable[str] = ()) -> dict[Any, str]:
    """One identifier for each letter, none used twice and none of ``taken``."""
    used = set(taken)
    names: dict[Any, str] = {}
    for letter in letters:
        names[letter] = unused(identifier(letter), used)
        used.add(names[letter])
    return names


def unused(name: str, used: Iterable[str]) -> str:
    """``name``, or ``name`` with the first number that makes it new."""
    used = set(used)
    if name not in used:
        return name
    return next(f"{name}_{k}" for k in range(2, len(used) + 3) if f"{name}_{k}" not in used)


def _suffix(index: Expr) -> str:
    lag = index - t
    if lag.is_Integer:
        where = "_prev" if lag < 0 else "_next"
        return "" if lag == 0 else where + (str(abs(lag)) if abs(lag) > 1 else "")
    return f"_{_python(str(index))}" if not index.is_Integer else f"_{index}"


def _python(text: str) -> str:
    """A name that may be a field of a named tuple, which begins with no underscore."""
    for sign, word in ((" - ", "_minus_"), (" + ", "_plus_"), ("*", "_times_"), ("'", "_prime")):
        text = text.replace(sign, word)
    text = re.sub(r"\W", "_", text)
    if text.startswith("_") or not text.isidentifier():
        text = f"letter_{text.lstrip('_')}"
    return f"{text}_" if keyword.iskeyword(text) else text
