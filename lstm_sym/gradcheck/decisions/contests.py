"""Which entries have been the largest, or have come first in an order, among numbers that all depend on the inputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations
from math import comb
from typing import Any

import numpy as np

ACCIDENT = 0.01
"""The probability with which entries that are alike would never have won, below which those that did not are told."""

WIDEST = 64
"""Entries whose order is noted pair by pair."""

FEW = 8
"""Entries of which every one can be expected to win after some tries."""

HUGE = 1e4
"""A number beyond this masks, or is masked."""

RANKED = {"largest": 1, "smallest": -1}
"""The sign that makes the winner the largest."""


@dataclass
class Contest:
    """The entries of one axis of a maximum, a minimum or an order, by the outcomes so far."""

    file: str
    line: int
    text: str
    asked: str
    entries: tuple[int, ...]
    """Those that depend on the inputs, by their places along the axis."""
    held: int = 0
    """How often it was held."""
    won: set[Any] = field(default_factory=set)
    """The entries that have won; of an order the pairs (i, j) of which i has come before j."""

    counts = several = False
    in_a_window = False
    factors = near = constants = ()
    settled = True

    @property
    def one_way(self) -> bool:
        n, k = len(self.entries), len(self.won)
        if self.asked == "sorted":
            return n * (n - 1) * 0.5**self.held < ACCIDENT and bool(self._missing())
        return k < n and comb(n, k) * (k / n) ** self.held < ACCIDENT

    @property
    def open(self) -> bool:
        """Whether some entry of a few has not won so far, and it is too early to tell that it never does."""
        return self.asked != "sorted" and len(self.won) < len(self.entries) <= FEW and not self.one_way

    def _missing(self) -> list[tuple[int, int]]:
        """The pairs that never came in this order."""
        return [pair for pair in permutations(self.entries, 2) if pair not in self.won]

    @property
    def shown(self) -> tuple[str, int, str, str]:
        """What a reader sees of it."""
        return self.file, self.line, self.text, f"the {self.asked} entry"

    @property
    def both_ways(self) -> bool:
        return not self.one_way

    @property
    def limit(self) -> tuple[int, ...]:
        """What tells it from others at the same place."""
        return self.entries

    def follows(self, other: Any) -> bool:
        return False

    def started(self) -> Contest:
        """The same before it was held."""
        return Contest(self.file, self.line, self.text, self.asked, self.entries)

    def add(self, other: Contest) -> None:
        self.held += other.held
        self.won |= other.won

    def hold(self, values: Any) -> None:
        """Take in the outcomes on numbers of shape (times, entries)."""
        self.held += len(values)
        if self.asked == "sorted":
            before = (values[:, :, None] <= values[:, None, :]).any(0)
            self.won |= {(self.entries[i], self.entries[j]) for i, j in zip(*map(np.ndarray.tolist, before.nonzero()))}
        else:
            values = RANKED[self.asked] * values
            winners = (values == values.max(1, keepdims=True)).any(0)
            self.won |= {self.entries[k] for k in np.flatnonzero(winners).tolist()}

    def __str__(self) -> str:
        if self.asked == "sorted":
            i, j = self._missing()[0]
            told = f"never put entry {i} before entry {j}"
        elif len(self.won) == 1:
            told = f"always found entry {min(self.won)} the {self.asked}"
        else:
            lost = ", ".join(str(k) for k in self.entries if k not in self.won)
            told = f"never found {'any of the entries' if ',' in lost else 'entry'} {lost} the {self.asked}"
        return f"{self.file}:{self.line} `{self.text}` {told}"
