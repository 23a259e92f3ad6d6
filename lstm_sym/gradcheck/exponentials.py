"""Exponentials and logarithms in a chain of fields, and what is remembered of them at one random point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .modular import Modular, Singular


class Exponentials:
    """Homomorphisms from each ring to the field of the one before, and their inverse where it is known."""

    def __init__(self, keyed: Callable[..., int], modular: Sequence[Modular], rings: Sequence[Any]) -> None:
        self.keyed, self.modular, self.rings = keyed, modular, rings
        self._roots: dict[int, int] = {}
        self._exponentials: list[tuple[Any, ...]] = []
        self._met: dict[int, tuple[int, ...]] = {}
        self._from: dict[int, tuple[int, ...]] = {}
        self._logarithms: dict[int, tuple[int, ...]] = {}
        self._arguments: dict[int, tuple[int, ...]] = {}

    def powers(self, x: list[Any]) -> list[Any]:
        """Exponentials as residues; in an extension, of a random linear form of their arguments."""
        first, second, third = (ring.image(part) for ring, part in zip(self.rings, x))
        results = [self.modular[0].power(second), self.modular[1].power(third), self._last_exponential(third)]
        if self._logarithms:
            results = self._with_logarithms(second, results)
        # Copies, since code under test may write into the results, as softmax does by an in-place division.
        inside = np.all([ring.residues(part)[1] for ring, part in zip(self.rings, x)], axis=0)
        self._exponentials.append(tuple(part.copy() for part in (inside, first, second, third, *results)))
        return results

    def _last_exponential(self, x: Any) -> Any:
        """A keyed element at a quarter of each argument, to its fourth power; halves and doubles are recognised."""
        p = self.modular[-1].p
        known = self._roots
        out = []
        quarter = pow(4, -1, p)
        for u in x.ravel().tolist():
            if u not in known:
                self._learn(u, quarter)
            out.append(known[u])
        return np.array(out, np.int64).reshape(x.shape)

    def _learn(self, u: int, quarter: int) -> None:
        p, known = self.modular[-1].p, self._roots
        half = u * 2 * quarter % p
        if not u:
            known[0] = 1
            return
        # What is known is kept, else a second run of forward would not find what the first one found.
        if half in known:
            known[u] = known[half] ** 2 % p
        elif u * quarter % p in known:
            known[half] = known[u * quarter % p] ** 2 % p
            known[u] = known[half] ** 2 % p
        else:
            root = self.keyed("exp", min(u, p - u))
            root = root if u < p - u else pow(root, -1, p)
            known[u * quarter % p] = root
            known[half] = root * root % p
            known[u] = known[half] ** 2 % p
        for value in (u * quarter % p, half, u):
            if value in known:
                known.setdefault(p - value, pow(known[value], -1, p))

    def _with_logarithms(self, second: Any, results: list[Any]) -> list[Any]:
        """exp(a ± log S) = exp(a) S^{±1} where exp(a) is known."""
        self._remember()
        q = self.modular[1].p
        flat = [result.ravel().copy() for result in results]
        for k, u in enumerate(second.ravel().tolist()):
            for value, (_, logarithm, _) in self._logarithms.items():
                for sign in (1, -1):
                    known = self._met.get((u - sign * logarithm) % q)
                    if known is None:
                        continue
                    whole = self._arguments[value]
                    for ring, column, factor, own in zip(self.modular, flat, whole, known):
                        column[k] = own * pow(factor, sign, ring.p) % ring.p
                    break
        return [column.reshape(result.shape) for column, result in zip(flat, results)]

    def _remember(self) -> None:
        """The exponentials met so far, by argument and by value."""
        self._met.setdefault(0, (1, 1, 1))
        for exponentials in self._exponentials:
            for inside, a, b, c, *e in zip(*(part.ravel().tolist() for part in exponentials)):
                self._met[b] = tuple(e)
                if inside:
                    self._from[e[0]] = (a, b, c)
        self._exponentials.clear()

    def logarithms(self, x: list[Any]) -> list[Any]:
        """Logarithms as residues."""
        self._remember()
        parts, insides = zip(*[ring.residues(a) for ring, a in zip(self.rings, x)])
        rows = zip(*(a.ravel().tolist() for a in parts))
        keys = zip(np.all(insides, axis=0).ravel().tolist(), self.rings[0].keys(x[0]))
        found = [self._logarithm(row) if inside else self._opaque("log", key) for row, (inside, key) in zip(rows, keys)]
        columns = [np.array(column, np.int64).reshape(x[0].shape) for column in zip(*found)]
        return columns or [np.zeros(x[0].shape, np.int64) for _ in x]

    def _opaque(self, name: str, key: Any) -> tuple[int, ...]:
        return tuple(self.keyed(name, key, ring.p) for ring in self.modular)

    def _logarithm(self, row: tuple[int, ...]) -> tuple[int, ...]:
        """The logarithm of one number: that of 1, of an exponential, of a known argument, or of a product of two."""
        p = self.modular[0].p
        value = row[0]
        if not value:
            raise Singular("the logarithm of 0")
        known = self._known_logarithm(value)
        if known is not None:
            return known
        for argument, logarithm in self._logarithms.items():
            for sign in (1, -1):
                rest = self._known_logarithm(value * pow(argument, -sign, p) % p)
                if rest is not None:
                    return tuple((a + sign * b) % ring.p for ring, a, b in zip(self.modular, rest, logarithm))
        fresh = self._opaque("log", value)
        self._logarithms[value] = fresh
        self._arguments[value] = row
        return fresh

    def _known_logarithm(self, value: int) -> tuple[int, ...] | None:
        p = self.modular[0].p
        if value == 1:
            return (0, 0, 0)
        for table in (self._from, self._logarithms):
            if value in table:
                return table[value]
        inverse = pow(value, -1, p)
        for table in (self._from, self._logarithms):
            if inverse in table:
                return tuple(-a % ring.p for ring, a in zip(self.modular, table[inverse]))
        return None
