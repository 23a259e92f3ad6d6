"""How large the numbers of a point are: usual ones, or such as lead comparisons the way they have not gone yet."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice, pairwise, product, repeat, takewhile
from typing import Any

import numpy as np

from .branches import KEPT, Branches, Site

MOST = 22
"""Magnitudes tried."""

BLIND = (8, 4, -6, 14)
"""Exponents tried where no constant tells how far it is, or where it misleads: behind exp, say."""

FARTHEST = 80

SMALL = (-3, -6)
"""Exponents at which a limit is missed that lies near 0: a margin that backward forgets."""

BESIDE = 0.02
"""How far from a limit the numbers are, in powers of 2, that show whether forward and backward have the same limit."""

FINE = 0.002
"""The same where nothing was found in a window, as between 1 and 1.01."""

CLOSE = 1.1
"""Limits of a smaller ratio have a number put between them."""

MOST_BESIDE = 12
"""Magnitudes tried beside limits, or two for every limit."""

NEGLIGIBLE = 2.0**-53
"""Beside usual gradients: a guard against overflow, such as a clip at 500, changes them by less."""

VAIN = (
    *("int", "finite", "isinf", "isposinf", "isneginf"),
    *(f"{asked} by overflow" for asked in ("isnan", "isfinite", "nan")),
)
"""What no point drives the other way."""

FRESH = 3
"""Points that ignore the values that are given."""


@dataclass(frozen=True, slots=True)
class Magnitude:
    """The usual numbers times 2 to the power ``exponent``; if ``mixed``, to any power from 0 to that.

    With ``signs`` they are all positive, or all negative; with ``by_array`` one sign of the two in every array. If
    ``fresh``, they have nothing of the values that are given.
    """

    exponent: float = 0
    mixed: bool = False
    signs: int = 0
    by_array: bool = False
    fresh: bool = False
    meeting: bool = False
    """Whether a number meets a constant that it is asked to be close to."""
    order: int = 0
    """1 where every array ascends from its first entry to its last, -1 where it descends."""
    closeness: int = 0
    """All numbers agree in about so many bits."""
    apart: int = 0
    """The binary digit, counted from 1, of the number of an array that decides whether it is large or small.

    Where it is negative, it is the other way round. So of any two arrays each is at times much larger than the other.
    """
    alone: float = 0
    """The absolute value of the only entry that has another size than usual."""

    @property
    def arranged(self) -> bool:
        """Whether it is by their signs, their order or their distance alone that the numbers are no usual ones."""
        return replace(self, signs=0, order=0, closeness=0) == USUAL != self

    def exponents(self, random: Any, shape: tuple[int, ...], number: int) -> Any:
        """The power of 2 at every entry of the array of that number."""
        if self.apart:
            large = (number >> (abs(self.apart) - 1) & 1) == (self.apart > 0)
            return np.full(shape, self.exponent if large else -self.exponent)
        if not self.mixed:
            return np.full(shape, self.exponent)
        low, high = sorted((0, int(self.exponent)))
        return random.integers(low, high + 1, shape)

    def sized(self, random: Any, x: Any, number: int) -> Any:
        """Numbers of one array, the one of that number, of the size that they shall have."""
        sizes = 2.0 ** self.exponents(random, x.shape, number)
        return x * np.where(np.abs(x) == self.alone, sizes, 1) if self.alone else x * sizes

    def signed(self, random: Any, x: Any) -> Any:
        """Numbers of one array with the signs that they shall have."""
        if self.by_array:
            return np.abs(x) * random.choice((-1, 1))
        return np.abs(x) * self.signs if self.signs else x

    def laid_out(self, x: Any, random: Any, centre: float) -> Any:
        """Numbers of one array in the order and at the distance that they shall have."""
        if self.closeness:
            x = centre * (1 + 2.0**-self.closeness * random.normal(size=x.shape))
        return np.sort(x, axis=None)[:: self.order].reshape(x.shape) if self.order else x

    def known(self, given: Any) -> Any:
        """What is kept of given values."""
        return np.zeros_like(given) if self.fresh else given


USUAL = Magnitude()

SMALLER = Magnitude(-8)
"""Where exponentials may be large enough to be seen that are too small for floating point at the usual numbers."""

AGAIN = (*[Magnitude(8)] * 2, Magnitude(8, mixed=True), Magnitude(4))
"""What is tried another time, with other numbers: of a single number, one point shows one way only."""

APART = [Magnitude(5, apart=way * digit) for digit in (1, 2, 3) for way in (1, -1)]
"""What is tried where one array has to be large beside another."""

ENTRIES = (Magnitude(8), Magnitude(8, mixed=True))
"""What is tried where single entries of an array have gone one way only, by chance or by what is added to them."""


ARRANGED = (
    *(Magnitude(signs=sign) for sign in (1, -1)),
    *(Magnitude(order=order) for order in (1, -1)),
    *(Magnitude(closeness=bits) for bits in (8, 18)),
)
"""What single decisions that go both ways do not show: Python counts them, and one `if` stands inside another."""

COMBINED = (
    *(Magnitude(exponent, signs=sign) for exponent in (3, 8) for sign in (1, -1)),
    *(Magnitude(exponent) for exponent in (8, 3, -3)),
    *(Magnitude(exponent, by_array=True) for exponent in (0, 4)),
)
"""What is tried where decisions may not have gone together all the ways that they can."""

COMBINATIONS = 32
"""Such points at most."""

ENTRANTS = 12
"""Points more where an entry has never been the largest, which may still be an accident."""


def ignoring(subjects: Iterable[Any], branches: Branches) -> list[Magnitude]:
    """Points that ignore the values that are given, where some are, and where there is something to decide."""
    given = any(np.any(np.asarray(leaf.value)) for subject in subjects for leaf in subject.leaves)
    return [Magnitude(fresh=True)] * FRESH if given and branches.sites else []


def reaching(branches: Branches, fresh: bool = False) -> Iterator[Magnitude]:
    """Magnitudes that may lead comparisons the way they have not gone so far; it looks again each time.

    If they may be ``fresh``, every other one ignores the given values.
    """
    if branches.sites:
        yield from (replace(magnitude, fresh=fresh) for magnitude in ARRANGED)
    yield from islice(takewhile(lambda _: branches.contested, repeat(Magnitude(fresh=fresh))), ENTRANTS)
    tried: list[Magnitude] = []
    while len(tried) < MOST * (2 if fresh else 1):
        sites = [site for site in branches.one_way() if site.asked not in VAIN]
        wanted = [*_wanted(sites), *AGAIN, *APART] if sites else [] if branches.settled else [*ENTRIES]
        if fresh:
            wanted = [m for both in wanted for m in ((both, replace(both, fresh=True)))]
        found = next((m for m in wanted if tried.count(m) < wanted.count(m)), None)
        if found is None:
            break
        tried.append(found)
        yield found
    yield from islice(takewhile(lambda _: branches.combine, cycle(COMBINED)), COMBINATIONS)


def beside(branches: Branches, entries: Collection[float] = ()) -> list[tuple[int, Magnitude]]:
    """Seeds and magnitudes at which a number lies just below, or just above, a constant that it is compared with.

    It lies on it where numbers are asked to be close to it, and between two constants that are close to one another.
    If it is one of the ``entries`` of the inputs, in absolute value, no other one moves.
    """
    sites = [site for site in branches.sites.values() if isinstance(site, Site)]
    if not sites:
        return []
    near = list(dict.fromkeys(site.near[k] for k in range(KEPT) for site in sites if k < len(site.near)))
    meeting = [near for site in sites if site.asked == "isclose" for near in site.near]
    limits = sorted({limit for _, _, limit in near})
    windows = [(low + high) / 2 for low, high in pairwise(limits) if 0 < max(low / high, high / low) < CLOSE]
    inside = [next(pair for pair in near if pair[1] * middle > 0) for middle in windows]
    found = [(seed, math.log2(middle / number), number) for middle, (seed, number, _) in zip(windows, inside)]
    shifts = [(-BESIDE, BESIDE)]
    if any(site.in_a_window and site.one_way for site in sites):
        shifts.insert(0, (-FINE, FINE))
    pairs = product(near, (shift for pair in shifts for shift in pair))
    found += [(seed, math.log2(limit / number) + shift, number) for (seed, number, limit), shift in pairs]
    found = [*((seed, exponent, 0.0) for seed, exponent in enumerate(SMALL, 1)), *found]
    met = [(seed, Magnitude(math.log2(limit / number), meeting=True)) for seed, number, limit in meeting]
    sizes = [(seed, exponent, abs(number) if abs(number) in entries else 0) for seed, exponent, number in found]
    met += [(seed, Magnitude(exponent, alone=number)) for seed, exponent, number in sizes]
    most = max(MOST_BESIDE, 2 * len(limits))
    return [(seed, magnitude) for seed, magnitude in met if abs(magnitude.exponent) < FARTHEST][:most]


def _wanted(sites: list[Any]) -> Iterator[Magnitude]:
    if not sites:
        return
    signed = [Magnitude(exponent, signs=sign) for exponent in (0, 4) for sign in (1, -1)]
    signed += [Magnitude(exponent, by_array=True) for exponent in (0, 4, 8)]
    if any(site.counts for site in sites):
        yield from signed
    near = [_exponent(factor) for site in sites if site.factors for factor in (max(site.factors), min(site.factors))]
    for exponent in (*near[:2], *BLIND, *near[2:]):
        yield Magnitude(exponent)
        yield Magnitude(exponent, mixed=True)


def _exponent(factor: float) -> int:
    """A power of 2 that is farther from 1 than the factor."""
    exact = math.log2(factor)
    return max(-FARTHEST, min(FARTHEST, math.ceil(exact) + 1 if exact > 0 else math.floor(exact) - 1))
