"""The decisions of the code under test: which way each has gone, and how far it is to the other way."""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import PurePath
from types import FrameType
from typing import Any

import numpy as np

from ..frames import foreign
from .contests import HUGE, WIDEST, Contest

KEPT = 2
"""Entries that are kept for every comparison."""

LONGEST = 60
"""Characters of a comparison that are shown."""

LIMITS = 8
"""Constants that one comparison is told apart by."""

QUIET = 8
"""Runs after which two decisions are taken to have gone together all the ways that they can."""

TRUE = {"less": (-1,), "less_equal": (-1, 0), "greater": (1,), "greater_equal": (1, 0)}
"""The signs of left - right at which a comparison is true."""

OTHERWISE = {
    "maximum": ("always took its first argument", "always took its second argument"),
    "minimum": ("always took its second argument", "always took its first argument"),
    "lower bound": ("never reached its lower bound", "was always at its lower bound"),
    "upper bound": ("was always at its upper bound", "never reached its upper bound"),
    "absolute": ("never met a negative number", "never met a positive number"),
    "root": ("never met the root of the square of a negative number", "only met roots of squares of negative numbers"),
    "sign": ("never met a negative number", "never met a positive number"),
    "heaviside": ("never met a negative number", "never met a positive number"),
    "largest": ("never found a constant the largest", "always found a constant the largest"),
    "smallest": ("always found a constant the smallest", "never found a constant the smallest"),
    "sorted": ("always put a constant first", "always put a constant last"),
    "multiply": ("was never 0", "was always 0"),
    "exp": ("was never 0", "was always 0 in floating point"),
    **dict.fromkeys(("nan", "nan by overflow"), ("was always nan", "never met nan")),
    "defined": ("always had a value", "never had a value"),
    "finite": ("never overflowed", "always overflowed"),
}
"""What to say of an operation whose first number was always the larger, and always the smaller one."""

TOLD = {"logical_and": -1, "bitwise_and": -1, "multiply": -1, "logical_or": 1, "bitwise_or": 1}
"""The way of a combination that its parts do not tell: `a & b` that is never true, though a is and b is."""

FADED = {"exp": -1}
"""The way of a function that hides what it is taken of: an exponential that is never 0 hides nothing."""

IMPLIED = {**TOLD, "any": -1, "all": 1}
"""The way of what is asked of truth values that follows if all of them are the same."""

AT_ZERO = ("absolute", "root", "sign", "heaviside", "multiply")
"""What compares numbers with 0."""

Place = tuple[str, int, int, int, str]


@dataclass
class Site:
    """One decision in the text of the code, and the ways that it has gone.

    A way is 1 for true and -1 for false, or the sign of left - right where the larger or smaller one is taken.
    """

    file: str
    line: int
    text: str
    asked: str
    limit: float | None = None
    """The constant that numbers are compared with, where it is one."""
    several: bool = False
    """Whether other constants are met at the same place."""
    counts: bool = False
    """Whether it is about truth values or integers that comparisons have made."""
    constants: set[int] = field(default_factory=set)
    """The entries that are constants, where the largest of several is taken."""
    ways: set[int] = field(default_factory=set)
    entries: Any = None
    """Which entries have gone which way, of an array of one shape throughout: true ones, false ones."""
    factors: list[float] = field(default_factory=list)
    """By how much the side that varies would have to grow, or to shrink, to meet a constant that it never met."""
    near: list[tuple[int, float, float]] = field(default_factory=list)
    """Of the entries that are nearest to meeting one: the seed of the point, the entry, the constant."""

    @property
    def one_way(self) -> bool:
        return len(self.ways) == 1 and self.ways <= {{**TOLD, **FADED}.get(self.asked, way) for way in self.ways}

    @property
    def both_ways(self) -> bool:
        return len(self.ways) > 1

    def note(self, ways: Any) -> None:
        """Take in the ways of the entries of an array."""
        self.ways |= _distinct(ways)
        self._settle(np.stack([ways > 0, ways < 0]))

    def _settle(self, entries: Any) -> None:
        own = self.entries
        self.entries = entries if own is None or own.shape != entries.shape else own | entries

    @property
    def settled(self) -> bool:
        """Whether every entry has gone both ways."""
        return self.counts or self.entries is None or self.entries.all()

    @property
    def of_one_number(self) -> bool:
        """Whether it was made once in a run, or always the same way, about no array: as by an `if`."""
        return self.entries is not None and self.entries.size == 2 and len(self.ways) == 1

    @property
    def in_a_window(self) -> bool:
        """Whether it combines several comparisons."""
        return self.asked in TOLD

    @property
    def shown(self) -> tuple[str, int, str, str]:
        """What a reader sees of it."""
        return self.file, self.line, self.text, self.asked

    def started(self) -> Site:
        """The same before anything was noted."""
        return Site(self.file, self.line, self.text, self.asked, self.limit, counts=self.counts)

    def add(self, other: Any) -> None:
        """Take in what another run has noted of the same site."""
        self.constants |= other.constants
        self.ways |= other.ways
        if other.entries is not None:
            self._settle(other.entries)
        self.factors += other.factors
        self.near = (self.near + other.near)[:KEPT]

    def follows(self, other: Any) -> bool:
        """Whether it went this way because another one did: `any(x > 3)` is False where `x > 3` is."""
        way = IMPLIED.get(self.asked)
        inside = other.text != self.text and other.text in self.text and other.line == self.line
        return inside and other.file == self.file and self.ways == getattr(other, "ways", None) == {way}

    def __str__(self) -> str:
        if self.asked == "int":
            return f"{self.file}:{self.line} `{self.text}` takes a number out: what it decides is not seen"
        (way,) = self.ways
        limit = f" for the limit {self.limit:g}" if self.several and self.limit is not None else ""
        told = OTHERWISE[self.asked][0 if way > 0 else 1] if self.asked in OTHERWISE else f"was always {way > 0}"
        return f"{self.file}:{self.line} `{self.text}` {told}{limit}"


class Branches:
    """The sites that one run, or several, have met."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.sites: dict[Any, Any] = {}
        """``Site`` and ``Contest``, by their places in the code."""
        self._outcomes: set[int] = set()
        self._pairs: set[Any] = set()
        """Decisions of one number that have gone some ways together, two and two."""
        self.since_new_pair = 0
        """How many runs have brought none."""
        self._limits: dict[Place, set[float | None]] = {}
        self._moving: dict[Place, set[int]] = {}
        """The entries among which the largest is taken that have not been constants at some time."""

    def met(self, asked: str, signs: Any, left: Any, right: Any, varies: tuple[bool, bool], counts: bool) -> None:
        """Note a comparison that the running line of the code makes, of numbers of which some depend on the inputs.

        If it ``counts``, that is only by comparisons.
        """
        frame = _own_frame()
        if frame is None or not any(varies):
            return
        ways = np.where(np.isin(signs, TRUE[asked]), 1, -1) if asked in TRUE else np.nan_to_num(signs)
        if all(varies):
            self._site(frame, asked, None, counts).note(ways)
            return
        self._compare(frame, asked, ways, *((left, right) if varies[0] else (right, left)), counts)

    def _compare(self, frame: FrameType, asked: str, ways: Any, moving: Any, fixed: Any, counts: bool) -> list[Site]:
        """Note the ways of numbers compared with constants."""
        ways, moving, fixed = np.broadcast_arrays(ways, moving, fixed)
        sites = []
        limits = np.unique(fixed)
        for limit in limits[np.isfinite(limits)].tolist() if len(limits) <= LIMITS else [None]:
            there = slice(None) if len(limits) != 1 and limit is None else fixed == limit
            site = self._site(frame, asked, limit, counts)
            site.note(ways[there])
            if not counts:
                self._measured(site, moving[there], fixed[there])
            sites.append(site)
        return sites

    def _measured(self, site: Site, moving: Any, fixed: Any) -> None:
        """Note how far the numbers are from their limits."""
        met = (moving * fixed > 0) & np.isfinite(moving) & np.isfinite(fixed)
        if len(site.near) < KEPT and met.any():
            k = np.argmin(np.abs(np.log(fixed[met] / moving[met])))
            site.near.append((self.seed, float(moving[met][k]), float(fixed[met][k])))
        if site.one_way:
            size, wanted = (float(np.median(np.abs(side))) for side in (moving, fixed))
            if 0 < size < np.inf and 0 < wanted < np.inf:
                site.factors.append(wanted / size)

    def answered(self, asked: str, truth: Any) -> None:
        """Note truth values that the running line makes of others, or asks for."""
        frame = _own_frame()
        if frame is not None:
            self._site(frame, asked, None, True).note(np.where(truth, 1, -1))

    def faded(self, gone: Any, exponents: Any, limit: float) -> None:
        """Note which exponentials are taken as 0, those of exponents below a limit."""
        frame = _own_frame()
        if frame is None or not gone.size:
            return
        site = self._site(frame, "exp", None, True)
        site.note(np.where(gone, -1, 1))
        if site.one_way:
            site.factors.append(limit / float(np.median(exponents)))

    @property
    def blind(self) -> bool:
        """Whether nothing is seen of what is behind an exponential."""
        return any(site.asked in FADED for site in self.one_way())

    def compete(self, asked: str, values: Any, constant: Any) -> None:
        """Note which of n numbers is the largest, or their order, of shape (times, n), and where they are constants."""
        frame = _own_frame()
        outcome = hash((asked, values.tobytes()))
        if frame is None or outcome in self._outcomes:
            return
        self._outcomes.add(outcome)
        self._moving.setdefault(_place(frame, asked), set()).update(np.flatnonzero(~constant.all(0)).tolist())
        patterns = np.unique(constant, axis=0) if constant.any() else constant[:1]
        for fixed in patterns if len(patterns) <= LIMITS else [constant.all(0)]:
            rows = values[(constant == fixed).all(1)]
            moving, known = rows[:, ~fixed], rows[:, fixed & (np.abs(rows) < HUGE).all(0)]
            if moving.shape[1] and known.shape[1]:
                self._against(frame, asked, moving, known, np.flatnonzero(fixed))
            moving = moving[(np.abs(moving) < HUGE).all(1)]
            if moving.shape[1] > 1 and len(moving) and (asked != "sorted" or moving.shape[1] <= WIDEST):
                self._contest(frame, asked, tuple(np.flatnonzero(~fixed).tolist())).hold(moving)

    def _against(self, frame: FrameType, asked: str, moving: Any, known: Any, entries: Any) -> None:
        """Note how numbers that depend on the inputs compare with the constants among them, which are these entries."""
        if asked == "sorted":
            moving, known = moving[:, :, None], known[:, None, :]
        else:
            extreme = {"largest": np.max, "smallest": np.min}[asked]
            moving, known = extreme(moving, 1), extreme(known, 1)
        for site in self._compare(frame, asked, np.sign(moving - known), moving, known, False):
            site.constants.update(entries.tolist())

    def _contest(self, frame: FrameType, asked: str, entries: tuple[int, ...]) -> Contest:
        key = (*_place(frame, asked), entries)
        if key not in self.sites:
            line, text = _text(frame)
            self.sites[key] = Contest(PurePath(key[0]).name, line, text, asked, entries)
        return self.sites[key]

    def _site(self, frame: FrameType, asked: str, limit: float | None, counts: bool) -> Site:
        place = _place(frame, asked)
        limits = self._limits.setdefault(place, set())
        if limit not in limits and len(limits) < LIMITS:
            limits.add(limit)
        key = (*place, limit if limit in limits else None)
        if key not in self.sites:
            line, text = _text(frame)
            self.sites[key] = Site(PurePath(place[0]).name, line, text, asked, key[-1], counts=counts)
        return self.sites[key]

    def add(self, other: Branches) -> None:
        """Take in what another run has met."""
        pairs = other._pairs or other._together()
        self.since_new_pair = self.since_new_pair + 1 if pairs <= self._pairs else 0
        self._pairs |= pairs
        for key, site in other.sites.items():
            self.sites.setdefault(key, site.started()).add(site)
        for place, entries in other._moving.items():
            self._moving.setdefault(place, set()).update(entries)

    def _together(self) -> set[Any]:
        """The ways of every two decisions of one number in this run."""
        sites = ((key, site) for key, site in self.sites.items() if isinstance(site, Site))
        return set(map(frozenset, combinations([(key, *site.ways) for key, site in sites if site.of_one_number], 2)))

    @property
    def combine(self) -> bool:
        """Whether there are two decisions of one number at least, which may not have gone all ways together so far."""
        return bool(self._pairs) and self.since_new_pair < QUIET

    def one_way(self) -> list[Any]:
        """The decisions that always went the same way, in the order of the lines; none that another one implies."""
        places: dict[Any, dict[Any, list[Any]]] = {}
        for key, site in self.sites.items():
            # What is a constant at one point only is an entry that relu, or a mask, has made 0 there.
            if not site.constants or not site.constants <= self._moving[key[:-1]]:
                places.setdefault(site.shown, {}).setdefault(site.limit, []).append(site)
        sites = []
        for limits in [places[shown] for shown in sorted(places)]:
            for same in limits.values():
                for site in same:
                    site.several = len(limits) > 1
                if any(site.one_way for site in same) and not any(site.both_ways for site in same):
                    sites.append(next(site for site in same if site.one_way))
        return [site for site in sites if not any(site.follows(other) for other in sites)]

    @property
    def settled(self) -> bool:
        """Whether every entry of every comparison has gone both ways, as far as is known."""
        return all(site.settled for site in self.sites.values())

    @property
    def contested(self) -> bool:
        """Whether an entry has never been the largest of some, which may be an accident."""
        return any(isinstance(site, Contest) and site.open for site in self.sites.values())

    def told(self) -> tuple[str, ...]:
        """The same in words."""
        return tuple(dict.fromkeys(map(str, self.one_way())))


def _distinct(ways: Any) -> set[int]:
    return set(np.unique(ways).tolist()) - {0}


def _place(frame: FrameType, asked: str) -> Place:
    code = frame.f_code
    return code.co_filename, frame.f_lineno, code.co_firstlineno, frame.f_lasti, asked


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
