"""From the prime fields to their extensions, where the code under test needs roots that are not there."""

from __future__ import annotations

from .modular import Cramped, Unlucky

HIGHEST = 3
"""The degree of the largest extension is 2 to this power: roots of numbers made of roots made of roots exist there."""

MISSES = 8
"""Roots in a row that were wanted and are not there, after which a larger field is taken.

Small fields come first, since they are faster, and since the roots of the prime field go together in every way.
"""


class Seed(int):
    """What decides a random point, and in fields of which degree over the prime fields, 2^height, it is looked at."""

    height: int

    def __new__(cls, value: int, height: int = 0) -> Seed:
        made = super().__new__(cls, value)
        made.height = height
        return made


class Heights:
    """The field to look at the next point in."""

    def __init__(self) -> None:
        self.height = 0
        self.misses = 0

    def seed(self, value: int) -> Seed:
        return Seed(value, self.height)

    def missed(self, error: Unlucky) -> None:
        """Note why a point has shown nothing."""
        if isinstance(error, Cramped):
            self.misses += error.missing
            if error.always or self.misses >= MISSES:
                self.grow()

    def found(self) -> None:
        """Note that a point has shown something."""
        self.misses = 0

    def grow(self) -> bool:
        """Take a larger field from now on; false if there is none."""
        if self.height == HIGHEST:
            return False
        self.height += 1
        self.misses = 0
        return True
