r"""Square roots in one ring, with signs that go together.

In a prime field the root that is a square itself is multiplicative. In an extension no choice is: i times the root
of -a stands for that of an a which is no square, and two such have the product :math:`-\sqrt{ab}`. So a root that is
a product or a quotient of two known ones, up to its sign, gets the sign that makes it theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .modular import Cramped, Modular
from .tower import Tower

SQUARES = 1 << 18
"""How many squares are remembered at one point."""

PAIRS = 512
"""Known roots of numbers without one in the prime field, up to which products and quotients are looked for."""

MANY_ROOTS = 64
"""In the few runs of the code at one point together: their signs are not all the same by chance."""


class SquareRoots:
    """Square roots in every ring of one random point."""

    def __init__(self, keyed: Callable[..., int], rings: Sequence[Any]) -> None:
        self.keyed, self.rings = keyed, rings
        self.guessed = False
        """Whether a root that does not exist, of an argument of exponentials, has been replaced by a random element."""
        self._signed = [SignedRoots(ring) for ring in rings]
        self._squared: list[tuple[list[Any], Any]] = []
        self._room = SQUARES
        self._moduli: dict[Any, tuple[list[Any], int]] = {}
        self._settled: dict[Any, tuple[list[Any], int] | None] = {}
        """The roots that are absolute values; ``None`` for those that were taken before anything had that square."""

    def squared(self, x: list[Any], shadow: Any) -> None:
        """Note elements that are squared, and where they stand for negative numbers.

        Beside zeros, as relu makes them, a sum of squares is the square of one by accident: no sign is told then.
        """
        negative = shadow < 0
        self._room -= negative.size
        if self._room > 0:
            moduli = [np.where(negative, ring.neg(a), a).ravel() for ring, a in zip(self.rings, x)]
            self._squared.append((moduli, np.ravel(np.where(negative, -1, 1) * np.all(shadow != 0))))

    def taken(self, x: list[Any], marked: Any) -> tuple[list[Any], list[int]]:
        """Roots, but for the entries that are marked, and for those that are absolute values, of what sign."""
        first, found = self._signed[0].of(x[0])
        missing = int(np.sum(~(found | marked)))
        if missing:
            raise Cramped("a square root of what is no square in the field", missing=missing)
        roots = [first]
        for ring, signed, a in zip(self.rings[1:], self._signed[1:], x[1:]):
            root, exists = signed.of(a)
            if not np.all(exists):
                self.guessed = True
                keyed = [self.keyed("sqrt", ring.p, key) for key in ring.keys(a)]
                root = np.where(exists, root, ring.lifted(np.array(keyed, np.int64).reshape(a.shape)))
            roots.append(root)
        return self._absolute(x[0], roots)

    def _absolute(self, square: Any, roots: list[Any]) -> tuple[list[Any], list[int]]:
        """The roots of numbers that have been squared are their absolute values."""
        for moduli, signs in self._squared:
            keys = self.rings[0].keys(self.rings[0].mul(moduli[0], moduli[0]))
            self._moduli |= {key: ([part[k] for part in moduli], int(signs[k])) for k, key in enumerate(keys)}
        self._squared.clear()
        keys = self.rings[0].keys(square)
        settled = [self._settled.setdefault(key, self._moduli.get(key)) for key in keys]
        if not any(settled):
            return roots, []
        flat = [root.ravel() for root in roots]
        found = [(k, *known) for k, known in enumerate(settled) if known]
        for k, values, _ in found:
            for part, modulus in zip(flat, values):
                part[k] = modulus
        return [part.reshape(root.shape) for part, root in zip(flat, roots)], [sign for _, _, sign in found]


class SignedRoots:
    """The roots that have been taken in one ring."""

    def __init__(self, ring: Modular | Tower) -> None:
        self.ring = ring
        self._squares: dict[int, int] = {1: 1}
        """Residues with a root in the prime field, with the sign that was given to the root."""
        self._others: dict[int, tuple[int, int]] = {}
        """Residues without one, with that sign, and their inverses."""
        self._beyond: dict[tuple[int, ...], Any] = {}
        """Elements that are no residues, with their roots."""

    def of(self, a: Any) -> tuple[Any, Any]:
        """Roots, and where they are such; elsewhere there is none."""
        root = self.ring.root(a)
        if isinstance(self.ring, Tower):
            root = self._signed(a, root)
        return root, self.ring.mul(root, root) == a

    def _signed(self, a: Any, root: Any) -> Any:
        assert isinstance(self.ring, Tower)
        residues, inside = self.ring.residues(a)
        signs = [
            self._sign(value) if within else 1
            for value, within in zip(residues.ravel().tolist(), np.ravel(inside).tolist())
        ]
        root = np.where(np.reshape(signs, root.shape) > 0, root, self.ring.neg(root))
        return root if np.all(inside) else self._inverted(a, root, inside)

    def _sign(self, b: int) -> int:
        p = self.ring.p
        square = pow(b, (p - 1) // 2, p) != p - 1
        if not b or b in (self._squares if square else self._others):
            return 1 if not b else self._squares[b] if square else self._others[b][0]
        sign = 1
        if len(self._others) <= PAIRS:
            sign = self._sign_by_pairs(b, square)
        if square:
            self._squares[b] = sign
        else:
            self._others[b] = sign, pow(b, -1, p)
        return sign

    def _sign_by_pairs(self, b: int, square: bool) -> int:
        """The sign that known roots whose product or quotient is that of b give it; 1 if there are none."""
        p = self.ring.p
        for sign, inverse in self._others.values():
            # b/a = c, so that the root of b is that of a times that of c, which i² makes negative if c has none.
            c = b * inverse % p
            if square and c in self._others:
                return -sign * self._others[c][0]
            if not square and c in self._squares:
                return sign * self._squares[c]
        for a, (sign, _) in self._others.items():
            c = a * b % p
            if square and c in self._others:
                return sign * self._others[c][0]
            if not square and c in self._squares:
                return -sign * self._squares[c]
        return 1

    def _inverted(self, a: Any, root: Any, inside: Any) -> Any:
        """Beyond the residues the root of 1/a is made the inverse of that of a, if this is known."""
        ring = self.ring
        assert isinstance(ring, Tower)
        roots, beyond = np.atleast_1d(root).ravel(), np.flatnonzero(~np.ravel(inside))
        elements = np.atleast_1d(a).ravel()[beyond]
        for k, own, other in zip(beyond.tolist(), ring.keys(elements), ring.keys(ring.inv(elements))):
            if own not in self._beyond:
                known = self._beyond.get(other)
                self._beyond[own] = roots[k : k + 1].copy() if known is None else ring.inv(known)
            roots[k : k + 1] = self._beyond[own]
        return roots.reshape(root.shape)
