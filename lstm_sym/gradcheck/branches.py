"""The comparisons in the code under test: which way each has gone, and how far it is to the other way."""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass, field
from pathlib import PurePath
from types import FrameType
from typing import Any

import numpy as np

from .frames import foreign

KEPT = 2
"""Entries that are kept for every comparison."""

LONGEST = 60
"""Characters of a comparison that are shown."""

TRUE = {"less": (-1,), "less_equal": (-1, 0), "greater": (1,), "greater_equal": (1, 0)}
"""The signs of left - right at which a comparison is true."""

OTHERWISE = {
    "maximum": ("always took its first argument", "always took its second argument"),
    "minimum": ("always took its second argument", "always took its first argument"),
    "lower bound": ("never reached its lower bound", "was always at its lower bound"),
    "upper bound": ("was always at its upper bound", "never reached its upper bound"),
    "absolute": ("never met a negative number", "never met a positive number"),
    "sign": ("never met a negative number", "never met a positive number"),
    "heaviside": ("never met a negative number", "never met a positive number"),
}
"""What to say of an operation whose first number was always the larger, and always the smaller one."""

Key = tuple[str, int, int, int, str]


@dataclass
class Site:
    """One comparison in the text of the code, and the ways that it has gone.

    A way is 1 for true and -1 for false, or the sign of left - right where the larger or smaller one is taken.
    """

    file: str
    line: int
    text: str
    asked: str
    ways: set[int] = field(default_factory=set)
    factors: list[float] = field(default_factory=list)
    """By how much the side that varies would have to grow, or to shrink, to meet a constant that it never met."""
    near: list[tuple[int, float]] = field(default_factory=list)
    """The same for the entry that is nearest to meeting one, with the seed of the point."""

    @property
    def one_way(self) -> bool:
        return len(self.ways) == 1

    def __str__(self) -> str:
        (way,) = self.ways
        told = f"was always {way > 0}" if self.asked in TRUE else OTHERWISE[self.asked][0 if way > 0 else 1]
        return f"{self.file}:{self.line} `{self.text}` {told}"


class Branches:
    """The sites that one run, or several, have met."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.sites: dict[Key, Site] = {}

    def met(self, asked: str, signs: Any, left: Any, right: Any, varies: tuple[bool, bool]) -> None:
        """Note a comparison that the running line of the code makes, of numbers of which some depend on the inputs."""
        frame = _own_frame()
        if frame is None or not any(varies):
            return
        site = self._site(frame, asked)
        ways = np.where(np.isin(signs, TRUE[asked]), 1, -1) if asked in TRUE else signs[signs != 0]
        site.ways |= set(np.unique(ways).tolist())
        if all(varies):
            return
        moving, fixed = np.broadcast_arrays(*(np.abs(side) for side in ((left, right) if varies[0] else (right, left))))
        if len(site.near) < KEPT:
            met = (moving > 0) & (fixed > 0) & np.isfinite(moving) & np.isfinite(fixed)
            ratios = fixed[met] / moving[met]
            site.near += [(self.seed, float(ratio)) for ratio in ratios[np.argsort(np.abs(np.log(ratios)))[:1]]]
        if site.one_way:
            size, wanted = float(np.median(moving)), float(np.median(fixed))
            if 0 < size < np.inf and 0 < wanted < np.inf:
                site.factors.append(wanted / size)

    def _site(self, frame: FrameType, asked: str) -> Site:
        code, at = frame.f_code, frame.f_lasti
        key = (code.co_filename, frame.f_lineno, code.co_firstlineno, at, asked)
        if key not in self.sites:
            line, text = _text(frame)
            self.sites[key] = Site(PurePath(code.co_filename).name, line, text, asked)
        return self.sites[key]

    def add(self, other: Branches) -> None:
        """Take in what another run has met."""
        for key, site in other.sites.items():
            own = self.sites.setdefault(key, Site(site.file, site.line, site.text, site.asked))
            own.ways |= site.ways
            own.factors += site.factors
            own.near = (own.near + site.near)[:KEPT]

    def one_way(self) -> list[Site]:
        """The comparisons that always went the same way, in the order of the lines."""
        found = {(s.file, s.line, s.text, s.asked): s for s in self.sites.values() if s.one_way}
        both = {(s.file, s.line, s.text, s.asked) for s in self.sites.values() if not s.one_way}
        return [found[key] for key in sorted(found.keys() - both)]


def _own_frame() -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not foreign(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def _text(frame: FrameType) -> tuple[int, str]:
    """The line of an expression that is being evaluated, and its text."""
    positions = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    first, last, start, end = positions
    if first is None or last is None or start is None or end is None:
        return frame.f_lineno, linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()[:LONGEST]
    lines = [linecache.getline(frame.f_code.co_filename, k).encode() for k in range(first, last + 1)]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    text = " ".join(b" ".join(lines).decode(errors="replace").split())
    return first, text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
