r"""Arithmetic in an extension of a prime field, in which there are the square roots that the prime field lacks.

For a prime p that is 3 modulo 4 the fields

.. math:: \mathbb F_p \subset \mathbb F_{p^2} = \mathbb F_p(i) \subset \mathbb F_{p^4} = \mathbb F_{p^2}(w_1)
          \subset \dots, \qquad i^2 = -1, \quad w_1^2 = z, \quad w_{j+1}^2 = w_j

each hold a root of every element of the one before, if z is no square in the second: the norm of w_j one field down
is -w_{j-1}, which is no square there since -1 is one, so w_j is none and adjoins the next root.

An array of elements is one of coordinates over the prime field, which NumPy sees as entries of a type of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from .modular import Modular, Residues

Coordinates = list[Any]
"""Arrays of residues, one for each coordinate."""


class Tower:
    """The field of degree :math:`2^h` over that of residues modulo p, with the interface of ``Modular``.

    ``weights`` are the coefficients of a linear form to the prime field that keeps the prime field as it is.
    """

    def __init__(self, ground: Modular, height: int, weights: list[int]) -> None:
        self.over = ground
        self.p = ground.p
        self.size = 1 << height
        self.weights = [1, *weights][: self.size]
        self.dtype = np.dtype([("coordinates", np.int64, (self.size,))])
        p = self.p
        second = next(k for k in itertools.count(1) if pow(1 + k * k, (p - 1) // 2, p) != 1)
        self._z: Coordinates = [np.int64(1), np.int64(second)]

    # --- elements ---------------------------------------------------------------------------------

    def lifted(self, a: Any) -> Any:
        """Residues as elements; what are elements already stays."""
        a = np.asarray(a)
        return a if a.dtype == self.dtype else self._made([a, *[np.zeros_like(a)] * (self.size - 1)])

    def coordinates(self, a: Any) -> Coordinates:
        a = self.lifted(a)["coordinates"]
        return [a[..., k] for k in range(self.size)]

    def _made(self, coordinates: Coordinates) -> Any:
        shape = np.broadcast_shapes(*{np.shape(part) for part in coordinates})
        made = np.empty(shape, self.dtype)
        for k, part in enumerate(coordinates):
            made["coordinates"][..., k] = part
        return made

    def image(self, a: Any) -> Residues:
        """The linear form: a homomorphism of the additive group to that of the prime field."""
        total, *others = self.coordinates(a)
        for weight, part in zip(self.weights[1:], others, strict=True):
            total = self.over.add(total, self.over.mul(part, weight))
        return total

    def residues(self, a: Any) -> tuple[Residues, Any]:
        """First coordinates, and whether all others are 0, so that the element is this residue."""
        first, *others = self.coordinates(a)
        return first, np.all([part == 0 for part in others], axis=0)

    def is_zero(self, a: Any) -> Any:
        return np.all([part == 0 for part in self.coordinates(a)], axis=0)

    def keys(self, a: Any) -> list[tuple[int, ...]]:
        """Every element, in order, as a tuple of its coordinates."""
        return list(zip(*[part.ravel().tolist() for part in self.coordinates(a)]))

    @property
    def unit(self) -> Any:
        """The i of which the square is -1."""
        return self._made([np.int64(0), np.int64(1), *[np.int64(0)] * (self.size - 2)])

    # --- arithmetic -------------------------------------------------------------------------------

    def add(self, a: Any, b: Any) -> Any:
        return self._made(_each(self.over.add, self.coordinates(a), self.coordinates(b)))

    def sub(self, a: Any, b: Any) -> Any:
        return self._made(_each(self.over.sub, self.coordinates(a), self.coordinates(b)))

    def neg(self, a: Any) -> Any:
        return self._made([self.over.neg(part) for part in self.coordinates(a)])

    def sum(self, a: Any, axis: int) -> Any:
        return self._made([self.over.sum(part, axis) for part in self.coordinates(a)])

    def rational(self, numerator: int, denominator: int) -> Any:
        return self.lifted(np.int64(self.over.rational(numerator, denominator)))

    def mul(self, a: Any, b: Any) -> Any:
        return self._made(self._product(self.coordinates(a), self.coordinates(b), self.over.mul))

    def matmul(self, a: Any, b: Any) -> Any:
        return self._made(self._product(self.coordinates(a), self.coordinates(b), self.over.matmul))

    def inv(self, a: Any) -> Any:
        """All inverses; a ``Singular`` error if one of the elements is 0."""
        return self._made(self._inverse(self.coordinates(a)))

    def root(self, a: Any) -> Any:
        """A square root of every entry that has one, and anything for the others.

        That of a residue is the root that ``Modular`` gives, or i times that of the opposite residue.
        """
        a = self.lifted(a)
        return self._made(self._root([part.ravel() for part in self.coordinates(a)])).reshape(a.shape)

    def odd_root(self, a: Any, degree: int) -> Any:
        """The root of an odd degree of what is a residue, or the square root of one, or that of such: a power of it.

        These form a group whose order has the prime factors of p - 1 alone; anything for other elements.
        """
        order = (self.p - 1) // 2
        while (self.p**self.size - 1) % (2 * order) == 0:
            order *= 2
        return self.to_the(a, pow(degree, -1, order))

    def to_the(self, a: Any, exponent: int) -> Any:
        """The positive power, by squaring."""
        result, square = self.rational(1, 1), self.lifted(a)
        while exponent:
            if exponent & 1:
                result = self.mul(result, square)
            square, exponent = self.mul(square, square), exponent >> 1
        return result

    # --- on coordinates, a field at a time ----------------------------------------------------------

    def _product(self, a: Coordinates, b: Coordinates, times: Callable[[Any, Any], Any]) -> Coordinates:
        """The product of a + a' w and b + b' w by three products one field down (Karatsuba)."""
        if len(a) == 1:
            return [times(a[0], b[0])]
        (a, a_), (b, b_) = _halves(a), _halves(b)
        add, sub = self.over.add, self.over.sub
        low, high = self._product(a, b, times), self._product(a_, b_, times)
        mixed = self._product(_each(add, a, a_), _each(add, b, b_), times)
        return [*_each(add, low, self._turned(high)), *_each(sub, _each(sub, mixed, low), high)]

    def _multiplied(self, a: Coordinates, b: Coordinates) -> Coordinates:
        return self._product(a, b, self.over.mul)

    def _turned(self, a: Coordinates) -> Coordinates:
        """The element of a field times what is adjoined the root of: -1, then z, then w."""
        if len(a) == 1:
            return [self.over.neg(a[0])]
        if len(a) == 2:
            return self._multiplied(a, self._z)
        low, high = _halves(a)
        return [*self._turned(high), *low]

    def _turned_back(self, a: Coordinates) -> Coordinates:
        if len(a) == 1:
            return [self.over.neg(a[0])]
        if len(a) == 2:
            return self._multiplied(a, self._inverse([np.atleast_1d(part) for part in self._z]))
        low, high = _halves(a)
        return [*high, *self._turned_back(low)]

    def _norm(self, low: Coordinates, high: Coordinates) -> Coordinates:
        return _each(self.over.sub, self._multiplied(low, low), self._turned(self._multiplied(high, high)))

    def _inverse(self, a: Coordinates) -> Coordinates:
        if len(a) == 1:
            return [self.over.inv(a[0])]
        low, high = _halves(a)
        below = self._inverse(self._norm(low, high))
        return [*self._multiplied(low, below), *self._multiplied([self.over.neg(part) for part in high], below)]

    def _root(self, a: Coordinates) -> Coordinates:
        """One field at a time: of an element of the field below there, or times w; else from a root of the norm."""
        if len(a) == 1:
            return [self.over.root(a[0])]
        low, high = _halves(a)
        below = np.all([part == 0 for part in high], axis=0)
        result = [np.zeros(below.shape, np.int64) for _ in a]
        for where, rooted in ((below, self._root_from_below), (~below, self._root_from_norm)):
            if where.any():
                found = rooted([part[where] for part in low], [part[where] for part in high])
                for own, part in zip(result, found, strict=True):
                    own[where] = part
        return result

    def _root_from_below(self, low: Coordinates, _: Coordinates) -> Coordinates:
        plain, turned = self._root(low), self._root(self._turned_back(low))
        square = _same(self._multiplied(plain, plain), low)
        nought = np.int64(0)
        return [*[np.where(square, part, nought) for part in plain], *[np.where(square, nought, p) for p in turned]]

    def _root_from_norm(self, low: Coordinates, high: Coordinates) -> Coordinates:
        r"""The root r + r'w of a + a'w: r² is :math:`(a \pm \sqrt{N(a + a'w)})/2`, whichever is a square."""
        norm = self._root(self._norm(low, high))
        half = self.over.rational(1, 2)
        sums = [[self.over.mul(part, half) for part in _each(f, low, norm)] for f in (self.over.add, self.over.sub)]
        first, second = map(self._root, sums)
        square = _same(self._multiplied(first, first), sums[0])
        root = [np.where(square, a, b) for a, b in zip(first, second, strict=True)]
        zero = np.all([part == 0 for part in root], axis=0)
        divisor = [np.where(zero, 1, root[0]), *root[1:]]
        other = self._multiplied(high, self._inverse([self.over.add(part, part) for part in divisor]))
        return [*root, *other]


def _halves(a: Coordinates) -> tuple[Coordinates, Coordinates]:
    return a[: len(a) // 2], a[len(a) // 2 :]


def _each(function: Callable[[Any, Any], Any], a: Coordinates, b: Coordinates) -> Coordinates:
    return [function(u, v) for u, v in zip(a, b, strict=True)]


def _same(a: Coordinates, b: Coordinates) -> Any:
    return np.all([u == v for u, v in zip(a, b, strict=True)], axis=0)
