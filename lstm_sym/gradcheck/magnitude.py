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

NEGLIGIBLE = 2.0**-53
"""Beside usual gradients: a guard against overflow, such as a clip at 500, changes them by less."""


@dataclass(frozen=True, slots=True)
class Magnitude:
    """The usual numbers times 2 to the power ``exponent``; if ``mixed``, to any power from 0 to that."""

    exponent: int = 0
    mixed: bool = False

    def exponents(self, random: Any, shape: tuple[int, ...]) -> Any:
        """The power of 2 at every entry."""
        if not self.mixed:
            return np.full(shape, self.exponent)
        low, high = sorted((0, self.exponent))
        return random.integers(low, high + 1, shape)


USUAL = Magnitude()


def reaching(branches: Branches) -> Iterator[Magnitude]:
    """Magnitudes that may lead comparisons the way they have not gone so far; it looks again each time."""
    tried: set[Magnitude] = set()
    while len(tried) < MOST:
        fresh = next((m for m in _wanted(branches.one_way()) if m not in tried), None)
        if fresh is None:
            return
        tried.add(fresh)
        yield fresh


def _wanted(sites: list[Site]) -> Iterator[Magnitude]:
    near = [_exponent(factor) for site in sites if site.factors for factor in (max(site.factors), min(site.factors))]
    for exponent in (*near[:2], *BLIND, *near[2:]) if sites else ():
        yield Magnitude(exponent)
        yield Magnitude(exponent, mixed=True)


def _exponent(factor: float) -> int:
    """A power of 2 that is farther from 1 than the factor."""
    exact = math.log2(factor)
    return max(-FARTHEST, min(FARTHEST, math.ceil(exact) + 1 if exact > 0 else math.floor(exact) - 1))
