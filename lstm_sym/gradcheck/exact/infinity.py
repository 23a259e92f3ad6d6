"""Infinity among exact numbers: what masks write into scores, where exp is 0 and which a maximum passes over.

An infinite number has the shadow inf or -inf, and residues that mean nothing. Arithmetic with it gives inf, -inf or
nan, as the shadows say, except that a number divided by it is 0 and that a function may be finite there; the first is
marked as nan, which no result may hold, the second stands in a table. A shadow may also be inf because it has
overflowed: then a point with both shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .modular import Singular, Unlucky

LIMITS = {"exp": (0, None), "tanh": (-1, 1), "sigmoid": (0, 1)}
"""The values of functions at -inf and at inf; ``None`` where they are not finite."""


class Infinity:
    """The infinite numbers of one domain; ``place`` is where the first was met, empty if none was."""

    def __init__(self) -> None:
        self.place = ""
        self.overflowed = False

    def overflow(self, *flags: Any) -> None:
        """NumPy calls this where a shadow has become infinite by its size."""
        self.overflowed = True

    def among(self, shadow: Any) -> Any:
        """Which entries are infinite; ``False`` where none can be."""
        if not self.place:
            return False
        found = np.isinf(shadow)
        if not found.any():
            return False
        if self.overflowed:
            raise Unlucky("an infinite number beside one that is too large for floating point")
        return found

    def marked(self, shadow: Any) -> Any:
        """The shadows of divisors: a number divided by an infinite one is refused where a result holds it."""
        return np.where(self.among(shadow), np.nan, shadow)

    def limits(self, name: str, shadow: Any, values: list[Any], lifted: Callable[[Any], list[Any]]) -> list[Any]:
        """The values of a function in every ring, put right where its argument, of that shadow, is infinite.

        ``lifted`` makes elements of the rings of residues.
        """
        infinite = self.among(shadow)
        if infinite is False:
            return values
        *residues, last = values
        for sign, limit in zip((-1, 1), LIMITS.get(name, (None, None))):
            there = infinite & (np.sign(shadow) == sign)
            constants = lifted([np.int64(limit or 0)] * len(residues))
            residues = [np.where(there, *pair) for pair in zip(constants, residues)]
            last = np.where(there, np.nan if limit is None else limit, last)
        return [*residues, last]

    def refuse(self, shadow: Any) -> None:
        """Raise ``Singular`` if a result is infinite, or is made of what has no value there."""
        self.refuse_nan(shadow)
        if np.any(self.among(shadow)):
            raise Singular(f"a result is infinite, from the inf at {self.place}")

    def refuse_nan(self, shadow: Any) -> None:
        """Raise ``Singular`` if a number is inf - inf, 0 times inf, or one divided by inf."""
        if self.place and np.isnan(shadow).any():
            if self.overflowed:
                raise Unlucky("an infinite number beside one that is too large for floating point")
            raise Singular(
                f"the inf at {self.place} is subtracted from itself, multiplied by 0, divided by, or given to a "
                "function that has no finite value there"
            )
