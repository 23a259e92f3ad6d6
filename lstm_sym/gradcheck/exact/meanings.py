"""What the constants in somebody's code are in the fields, once they are read.

A constant that has no plain meaning, such as the two of SELU, stands for itself. But where it is the product or the
quotient of two that were met before, or a fraction of one, or differs from one by a fraction, it is that; and so it is
where it differs from 1 by a power of e, say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .constants import LIKE, PLAIN, Reading, reading, simplest, uncertainty
from .exponentials import Exponentials
from .modular import Modular
from .roots import SquareRoots

Elements = list[Any]
"""An array in every ring."""

SHIFTED = ((-1, 1), (2, -1))
"""What to multiply by, and then to add: 1 - exp(-1/20) and (1 + sqrt(5))/2 are read so."""

RELATED = 24
"""How many constants that are no fractions are remembered."""


class Meanings:
    """The constants of one random point, at which pi is a random number, and functions are what they are elsewhere."""

    def __init__(
        self,
        modular: Sequence[Modular],
        rings: Sequence[Any],
        pi: Sequence[int],
        exponentials: Exponentials,
        roots: SquareRoots,
    ) -> None:
        self.modular, self.rings, self.pi = modular, rings, pi
        self.exponentials, self.roots = exponentials, roots
        self._met: dict[float, Elements] = {}
        self.functions: dict[str, Callable[[Elements], Elements]] = {
            "sqrt": lambda x: self.roots.taken(x, False)[0],
            "exp": self._exp,
            "log": self._log,
            "1/log": self._inverse_logarithm,
            "2**": lambda x: self._power(2, x),
            "10**": lambda x: self._power(10, x),
        }

    def of(self, values: list[float]) -> Elements:
        """The constants in every ring."""
        readings = [reading(value) for value in values]
        elements = self._read(readings)
        for k, (value, found) in enumerate(zip(values, readings)):
            if not found.plain or not found.exact:
                self._relate(value, [part[k : k + 1] for part in elements], found.exact)
                for part, own in zip(elements, self._met.get(value, ())):
                    part[k : k + 1] = own
        return elements

    def _relate(self, value: float, own: Elements, exact: bool) -> None:
        """Remember what a constant that is no fraction is, or is made of, the first time that it is met."""
        if value not in self._met and len(self._met) < RELATED:
            found = None if exact else next(self._made_of(value), None)
            self._met[value] = [part.copy() for part in own] if found is None else found

    def _made_of(self, x: float) -> Iterator[Elements]:
        """What a constant is that is made of others."""
        for factor, shift in SHIFTED:
            found = reading(factor * x + shift)
            if found.exact and found.function:
                moved = self._each("sub", self._read([found]), self._fractions([Fraction(shift)]))
                yield self._each("mul", moved, self._fractions([Fraction(1, factor)]))
        for value, elements in self._met.items():
            far = uncertainty(x) + uncertainty(value) * max(1.0, abs(x / value))
            for name, rest, size in (("mul", x / value, abs(value)), ("add", x - value, 1.0), ("sub", x + value, 1.0)):
                above, below = simplest(abs(rest), PLAIN)
                if above and abs(above / below - abs(rest)) * size <= min(far, LIKE * abs(x)):
                    fraction = Fraction(above if rest > 0 else -above, below)
                    yield self._each(name, self._fractions([fraction]), elements)
            for other, factors in self._met.items():
                far = uncertainty(x) + abs(x) * sum(uncertainty(factor) / abs(factor) for factor in (value, other))
                if abs(value * other - x) <= far:
                    yield self._each("mul", elements, factors)
                if abs(value / other - x) <= far:
                    inverses = [ring.inv(part) for ring, part in zip(self.rings, factors)]
                    yield self._each("mul", elements, inverses)

    def _each(self, name: str, x: Elements, y: Elements) -> Elements:
        return [getattr(ring, name)(a, b) for ring, a, b in zip(self.rings, x, y)]

    def _read(self, readings: list[Reading]) -> Elements:
        elements = self._lifted(
            [
                np.array([self._multiple_of_pi(found, pi, ring) for found in readings], np.int64)
                for pi, ring in zip(self.pi, self.modular)
            ]
        )
        for name in {found.function for found in readings} - {""}:
            own = np.array([found.function == name for found in readings])
            values = self.functions[name]([part[own] for part in elements])
            factors = self._fractions([found.factor for found in readings if found.function == name])
            for ring, part, value, factor in zip(self.rings, elements, values, factors):
                part[own] = ring.mul(factor, value)
        return elements

    def _multiple_of_pi(self, found: Reading, pi: int, ring: Modular) -> int:
        fraction = ring.rational(found.rational.numerator, found.rational.denominator)
        return fraction * pow(pi, found.pi, ring.p) % ring.p

    def _fractions(self, x: list[Fraction]) -> Elements:
        return self._lifted(
            [np.array([ring.rational(u.numerator, u.denominator) for u in x], np.int64) for ring in self.modular]
        )

    def _lifted(self, residues: list[Any]) -> Elements:
        return [ring.lifted(part) for ring, part in zip(self.rings, residues)]

    def _exp(self, x: Elements) -> Elements:
        return self._lifted(self.exponentials.powers(x)[1])

    def _log(self, x: Elements) -> Elements:
        return self._lifted(self.exponentials.logarithms(x))

    def _inverse_logarithm(self, x: Elements) -> Elements:
        return [ring.inv(part) for ring, part in zip(self.rings, self._log(x))]

    def _power(self, base: int, exponents: Elements) -> Elements:
        logarithms = self._log(self._fractions([Fraction(base)]))
        return self._exp([ring.mul(u, part) for ring, u, part in zip(self.rings, exponents, logarithms)])
