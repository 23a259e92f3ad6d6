r"""Logarithms in a chain of fields: what is known of them at one random point.

The exponential of :math:`u` in the second field is :math:`g^u` in the first, so the logarithm of what is known as a
power of g has that exponent in the second field: so it is with inputs, with pi and with the primes up to 23. Then
exp(q log x) is the power of x with the exponent q for every q. In the first field a logarithm is a random number that
the argument decides; it is that of a product or a quotient where the argument is seen to be one of known arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import isqrt
from typing import Any

from flint import fmpz

from .modular import PRIMES, Modular, Singular

Row = tuple[int, ...]
"""A number in every field."""

PAIRS = 512
"""Known arguments up to which products and quotients of two are looked for."""

FEW = 32
"""The same for those of powers."""

LAST = 8
"""Of how many arguments, the last ones, quotients with two exponentials are looked for: those of one softmax."""

TRIPLES = 1 << 18
"""How often that is tried at one point."""


class Logarithms:
    """The logarithms of one random point, by the residue of the argument in the first field."""

    def __init__(self, keyed: Callable[..., int], modular: Sequence[Modular]) -> None:
        self.keyed, self.modular = keyed, modular
        self.p = modular[0].p
        self.pi: Row = (1,) * len(modular)
        self._known: dict[int, Row] = {1: (0,) * len(modular)}
        self._taken: dict[int, Row] = {}
        self._factors: list[tuple[int, int, Row]] = []
        """Arguments, their inverses and their logarithms."""
        self._exponentials: list[tuple[int, Row]] = []
        self._waiting: list[tuple[Any, list[Any], bool]] = []
        self._room = TRIPLES

    def note(self, values: Any, logarithms: list[Any], *, factors: bool = False) -> None:
        """Know these logarithms, of residues in the first field; ``factors`` are parts of products.

        They are copied, since code under test may write over them.
        """
        self._waiting.append((values.ravel().copy(), [part.ravel().copy() for part in logarithms], factors))

    def of(self, row: Row) -> Row:
        """The logarithm of a number, always the same."""
        value = row[0]
        if not value:
            raise Singular("the logarithm of 0")
        self._note_all()
        if value not in self._taken:
            found = self._found(value) or self._of_constant(row)
            if found is None:
                found = tuple(self.keyed("log", value, ring.p) for ring in self.modular)
                self._add_factor(value, pow(value, -1, self.p), found)
            self._taken[value] = found
        return self._taken[value]

    # --- what is known ------------------------------------------------------------------------------

    def _note_all(self) -> None:
        for values, logarithms, factors in self._waiting:
            inverses = self.modular[0].inv(values).tolist()
            for value, inverse, *row in zip(values.tolist(), inverses, *[part.tolist() for part in logarithms]):
                if value in self._known:
                    continue
                own = tuple(row)
                if factors:
                    self._add_factor(value, inverse, own)
                else:
                    self._know(value, inverse, own)
                    self._exponentials.append((value, own))
        self._waiting.clear()

    def _add_factor(self, value: int, inverse: int, logarithm: Row) -> None:
        self._know(value, inverse, logarithm)
        self._factors.append((value, inverse, logarithm))

    def _know(self, value: int, inverse: int, logarithm: Row) -> None:
        self._known.setdefault(value, logarithm)
        self._known.setdefault(inverse, self._sum((-1, logarithm)))

    def _sum(self, *terms: tuple[int, Row]) -> Row:
        return tuple(sum(k * row[i] for k, row in terms) % ring.p for i, ring in enumerate(self.modular))

    # --- products -------------------------------------------------------------------------------------

    def _found(self, value: int) -> Row | None:
        """The logarithm of what is seen to be a power or a product of known arguments."""
        return self._power(value) or next(self._products(value), None)

    def _looked_up(self, value: int) -> Row | None:
        """That of a known argument, of its double or its half."""
        if value in self._known:
            return self._known[value]
        for factor, sign in ((2, -1), ((self.p + 1) // 2, 1)):
            found = self._known.get(value * factor % self.p)
            if found is not None:
                return self._sum((1, found), (sign, self._of_prime(2)))
        return None

    def _power(self, value: int) -> Row | None:
        """That of a known argument, of its square or cube, or of its root."""
        found = self._looked_up(value)
        for exponent in (2, 3) if found is None else ():
            p = self.p
            root = pow(value, (p + 1) // 4 if exponent == 2 else pow(3, -1, p - 1), p)
            for below in (root, p - root) if pow(root, exponent, p) == value else ():
                if below in self._known:
                    return self._sum((exponent, self._known[below]))
            above = self._known.get(pow(value, exponent, p))
            if above is not None:
                return self._part(above, exponent)
        return found

    def _products(self, value: int) -> Iterator[Row]:
        count = len(self._factors)
        for find in (self._looked_up, self._power) if count <= FEW else (self._looked_up,) if count <= PAIRS else ():
            for argument, inverse, logarithm in self._factors:
                for factor, sign in ((inverse, 1), (argument, -1)):
                    rest = find(value * factor % self.p)
                    if rest is not None:
                        yield self._sum((1, rest), (sign, logarithm))
        for argument, inverse, logarithm in self._factors[-LAST:]:
            self._room -= len(self._exponentials)
            for factor, sign in ((inverse, 1), (argument, -1)) if self._room > 0 else ():
                quotient = value * factor % self.p
                for exponential, exponent in self._exponentials:
                    rest = self._known.get(quotient * exponential % self.p)
                    if rest is not None:
                        yield self._sum((1, rest), (-1, exponent), (sign, logarithm))

    # --- constants ------------------------------------------------------------------------------------

    def _of_constant(self, row: Row) -> Row | None:
        """That of a fraction, which is the same in all fields, by its prime factors; or of one times pi, or a root."""
        for degree, multiple in product((1, 2), (0, 1, -1)):
            pairs = zip(row, self.pi, self.modular)
            powers = [pow(x, degree, ring.p) * pow(pi, -multiple, ring.p) % ring.p for x, pi, ring in pairs]
            fraction = self._fraction(tuple(powers))
            if fraction is not None:
                factors = [(sign * k, q) for sign, n in zip((1, -1), fraction) for q, k in fmpz(n).factor()]
                terms = [(k, self._of_prime(int(q))) for k, q in factors]
                if multiple:
                    terms.append((multiple, self.of(self.pi)))
                return self._part(self._sum(*terms), degree)
        return None

    def _part(self, row: Row, parts: int) -> Row:
        return tuple(a * pow(parts, -1, ring.p) % ring.p for a, ring in zip(row, self.modular))

    def _fraction(self, row: Row) -> tuple[int, int] | None:
        """Numerator and denominator of a small positive fraction (Wang 1981)."""
        bound = isqrt(self.p // 2)
        (r, s), (u, v) = (self.p, row[0]), (0, 1)
        while s > bound:
            quotient = r // s
            (r, s), (u, v) = (s, r - quotient * s), (v, u - quotient * v)
        numerator, denominator = (s, v) if v > 0 else (-s, -v)
        if numerator <= 0 or any((numerator - x * denominator) % ring.p for x, ring in zip(row, self.modular)):
            return None
        return numerator, denominator

    def _of_prime(self, q: int) -> Row:
        if q not in self._taken:
            random = [self.keyed("log", q, ring.p) for ring in self.modular]
            powers = [ring.logarithm(q) for ring in self.modular[:-1]] if q in PRIMES else random[1:]
            found = (random[0], *powers)
            self._add_factor(q, pow(q, -1, self.p), found)
            self._taken[q] = found
        return self._taken[q]
