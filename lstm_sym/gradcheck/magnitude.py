"""How large the numbers of a point are: usual ones, or such as lead comparisons the way they have not gone yet."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .branches import Branches, Site

MOST = 10
"""Magnitudes tried."""

BLIND = (8, 4, -6)
"""Exponents tried where no constant tells how far it is, or where it misleads: behind exp, say."""

FARTHEST = 80

SMALL = (-3, -6)
"""Exponents at which a limit is missed that lies near 0: a margin that backward forgets."""

BESIDE = 0.02
"""How far from a limit the numbers are, in powers of 2, that show whether forward and backward have the same limit."""

MOST_BESIDE = 12
"""Magnitudes tried beside limits."""

NEGLIGIBLE = 2.0**-53
"""Beside usual gradients: a guard against overflow, such as a clip at 500, changes them by less."""


@dataclass(frozen=True, slots=True)
class Magnitude:
    """The usual numbers times 2 to the power ``exponent``; if ``mixed``, to any power from 0 to that."""

    exponent: float = 0
    mixed: bool = False

    def exponents(self, random: Any, shape: tuple[int, ...]) -> Any:
        """The power of 2 at every entry."""
        if not self.mixed:
            return np.full(shape, self.exponent)
        low, high = sorted((0, int(self.exponent)))
        return random.integers(low, high + 1, shape)


USUAL = Magnitude()


def reaching(branches: Branches) -> Iterator[Magnitude]:
    """Magnitudes that may lead comparisons the way they have not gone so far; it looks again each time."""
    tried: set[Magnitude] = set()
    while len(tried) < MOST:
        fresh = next((m for m in _wanted(branches.one_way()) if m not in tried), None)
        if fresh is None:
            break
        tried.add(fresh)
        yield fresh


def beside(branches: Branches) -> list[tuple[int, Magnitude]]:
    """Seeds and magnitudes at which a number lies just below, or just above, a constant that it is compared with."""
    if not branches.sites:
        return []
    near = list(dict.fromkeys(near for site in branches.sites.values() for near in site.near))
    found = [(seed, math.log2(factor) + shift) for seed, factor in near for shift in (-BESIDE, BESIDE)]
    found = [*((seed, exponent) for seed, exponent in enumerate(SMALL, 1)), *found]
    return [(seed, Magnitude(exponent)) for seed, exponent in found if abs(exponent) < FARTHEST][:MOST_BESIDE]


def _wanted(sites: list[Site]) -> Iterator[Magnitude]:
    near = [_exponent(factor) for site in sites if site.factors for factor in (max(site.factors), min(site.factors))]
    for exponent in (*near[:2], *BLIND, *near[2:]) if sites else ():
        yield Magnitude(exponent)
        yield Magnitude(exponent, mixed=True)


def _exponent(factor: float) -> int:
    """A power of 2 that is farther from 1 than the factor."""
    exact = math.log2(factor)
    return max(-FARTHEST, min(FARTHEST, math.ceil(exact) + 1 if exact > 0 else math.floor(exact) - 1))
