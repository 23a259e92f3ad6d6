r"""The exact domain: residues modulo a chain of primes, and a floating-point shadow that decides comparisons.

Inputs are random in each field independently, functions are what the fields can make of them:

- exp is the homomorphism of ``modular`` from each field to the one before; in the last field it is a
  random element keyed by its argument, with exp(-a) = 1/exp(a) and exp(2a) = exp(a)². So exp(a + b) =
  exp(a) exp(b) holds outright in the first field, in the second for the arguments of exponentials, and so on.
- log is the inverse of exp for inputs and small primes, and where an exponential, a known argument, a power of one or a
  product of two is met; elsewhere it is a fresh random element (``logarithms``). The exponential of a linear form in
  such logarithms, with fractions as coefficients, is the product of the powers of their arguments, roots among them
  (``linear_forms``).
- sqrt is the root that is a square itself. Half of all numbers have none in the prime field; where too many points
  are given up for that, the next are looked at in an extension (``tower``), which holds the roots of all numbers of
  the prime field, those made of exponentials, tanh and the logistic function among them: exp is a homomorphism there
  too, of a random linear form of its argument, and takes its values in the prime field. So only roots under roots
  call for a larger extension. The signs of roots are chosen so that they go together (``roots``).
- A root of an odd degree is a power, by the inverse of the degree modulo the order of the group.
- tanh and the logistic function are rational in exp; so are sine and cosine, in an extension, of i times the argument.
- The arc tangent, the arc sine and the error function are random elements keyed by their argument, and odd.
- 1/0 and log 0 are nan in the shadow, whatever stands in the fields, and so is all that is made of them; where
  ``np.where`` or an index leaves them out nothing is amiss, where a result holds one the check ends.

An identity that these rules do not have makes equal things differ, never different things equal; so a
difference is no more than a candidate. The bound on an accident takes the values of functions, roots among them, for
independent random numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..decisions.branches import Branches
from ..frames import place
from .constants import widened
from .exponentials import Exponentials
from .infinity import Infinity
from .meanings import Meanings
from .modular import CHAIN, Modular, Singular, Unlucky
from .numbers import LETTER, Numbers
from .roots import MANY_ROOTS, SquareRoots
from .shadow import Shadow
from .tower import Tower
from .undefined import PARTIAL, SIGNED, Undefined
from .values import OWN

HUGE = 1e4
"""No equality of numbers beyond this is told as a kink: it is that of a constant that masks."""

MASKED = -5000.0
"""Below this exp is 0 in floating point, and by far: no number gets there without a constant that masks."""

TIE = 1e-9
"""Shadows closer than this, relative to their size, are told apart by nothing but exact equality."""


class Field:
    """The domain of one random point, which ``seed`` decides.

    If it is ``floating``, exp is 0 below ``MASKED``, and numbers beyond ``HUGE`` are equal where they are equal in
    floating point: what masks by -1e9 rely on. If it is ``formal``, the code is told of no ``Undefined`` number.
    """

    noting = True

    def __init__(self, seed: int = 0, floating: bool = False, formal: bool = False) -> None:
        self.seed = seed
        self.height = getattr(seed, "height", 0)
        self.modular = tuple(Modular(p, self.keyed("generator", p) or 1) for p in CHAIN)
        self.infinity = Infinity()
        self.rings: tuple[Any, ...] = (*map(self._extended, self.modular), Shadow(self.infinity))
        self.exponentials = Exponentials(self.keyed, self.modular, self.rings[:-1], self._roots)
        self.forms = self.exponentials.forms
        self.roots = SquareRoots(self.keyed, self.rings[:-1])
        pi = tuple(int(value[0]) for value in self._squares("pi", ()))
        self.exponentials.known.pi = pi
        self.meanings = Meanings(self.modular, self.rings[:-1], pi, self.exponentials, self.roots)
        self.divisors = 0.0
        """The sum of their degrees."""
        self._met: set[Any] = set()
        self.ties: list[str] = []
        self.zeros: list[str] = []
        """Where something is divided by 0."""
        self.comparisons = 0
        self.branches = Branches(int(seed))
        self.floating = floating
        self.underflows: list[str] = []
        """Where exp is of a number below ``MASKED``."""
        self.undefined = Undefined(formal)
        self.roots_taken = 0
        self._junk = np.random.default_rng()

    def _extended(self, ring: Modular) -> Modular | Tower:
        weights = [self.keyed("weight", ring.p, k) % ring.p for k in range(1, 1 << self.height)]
        return Tower(ring, self.height, weights) if self.height else ring

    def lifted(self, residues: Iterable[Any]) -> list[Any]:
        """Residues as elements of the rings, one ring after the other."""
        return [ring.lifted(part) for ring, part in zip(self.rings, residues)]

    def keyed(self, *key: Any) -> int:
        """A random element that the key decides."""
        text = repr((self.seed, *key)).encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest()) % CHAIN[-1]

    # --- numbers from outside -------------------------------------------------------------------

    def constant(self, x: Any) -> Numbers:
        """Python's and NumPy's own numbers as exact ones."""
        x = np.asarray(x)
        if x.dtype.kind in "biu":
            residues = [(x.astype(np.int64) % ring.p)[None] for ring in self.modular]
            return Numbers(self, (*self.lifted(residues), x.astype(float)[None]))
        if x.dtype.kind != "f":
            raise TypeError(f"numbers of the type {x.dtype} have no exact value here")
        x = widened(x) if x.dtype.itemsize < 8 else x.astype(float)
        if np.isnan(x).any():
            raise ValueError("nan has no exact value")
        infinite = np.isinf(x)
        if infinite.any():
            self.infinity.place = self.infinity.place or place()
            finite = self.constant(np.where(infinite, self.keyed("infinity") % (1 << 50), x))
            return Numbers(self, (*finite.parts[:-1], x[None]))
        if (x == np.rint(x)).all() and (np.abs(x) < 2**53).all():
            residues = [(x.astype(np.int64) % ring.p)[None] for ring in self.modular]
            return Numbers(self, (*self.lifted(residues), x[None]))
        distinct, where = np.unique(x, return_inverse=True)
        read = self.meanings.of(distinct.tolist())
        return Numbers(self, (*(part[where].reshape(1, *x.shape) for part in read), x[None]))

    def letters(self, name: str, shadow: Any) -> Numbers:
        """Independent random numbers, which the name decides, with a given shadow.

        A positive one is a square, a negative one the opposite of one, so that the root of x²a is that of a times the
        absolute value of x.
        """
        parts = [
            np.where(shadow < 0, ring.neg(u), u) for ring, u in zip(self.modular, self._squares(name, shadow.shape))
        ]
        return Numbers(self, (*self.lifted(parts), shadow[None]), True, LETTER)

    def _squares(self, name: str, shape: tuple[int, ...]) -> list[Any]:
        """Random squares in every field, of which the logarithms are known in the fields that exponents are in."""
        first, second, third = self.modular
        logarithms = [self.random(f"logarithm {name}", ring.p, (1, *shape)) for ring in self.modular]
        last = self.random(name, third.p, (1, *shape))
        values = [first.power(logarithms[1]), second.power(logarithms[2]), third.mul(last, last)]
        self.exponentials.known.note(values[0], logarithms, factors=True)
        return values

    def random(self, name: str, p: int, shape: tuple[int, ...]) -> Any:
        """An array of random residues that the name decides."""
        return np.random.default_rng(self.keyed("letters", name, p)).integers(1, p, shape)

    def moving(self, x: Numbers, tangents: Any) -> Numbers:
        """The same numbers with tangents, residues of the first field of shape (K, ...)."""
        first, *others = x.parts
        return Numbers(
            self, (np.concatenate([first[:1], self.rings[0].lifted(tangents)]), *others), True, x.degree, LETTER
        )

    def junk(self, shape: tuple[int, ...]) -> Numbers:
        """What an array holds that nobody has written to: never the same twice."""
        parts = [self._junk.integers(1, ring.p, (1, *shape)) for ring in self.modular]
        return Numbers(self, (*self.lifted(parts), self._junk.normal(size=(1, *shape))), True, LETTER)

    def shadow(self, x: Numbers) -> Any:
        """The numbers as floating-point ones."""
        return x.parts[-1].reshape(x.shape)

    # --- divisions by 0 -------------------------------------------------------------------------

    def unmet(self, divisors: list[Any]) -> int:
        """How many divisors are new at this point: what is the same in every ring is the same function."""
        found = {*zip(*[ring.keys(part) for ring, part in zip(self.rings, divisors[:-1])])} - self._met
        self._met |= found
        return len(found)

    def divisors_of(self, x: list[Any]) -> list[Any]:
        """Divisors in every ring; where one is 0 a 1 that is marked by the shadow nan."""
        *residues, shadow = x
        shadow = self.infinity.marked(shadow) if self.infinity.place else shadow
        zero = np.any([ring.is_zero(part) for ring, part in zip(self.rings, residues)], axis=0)
        if not zero.any():
            return [*residues, shadow]
        self.zeros.append(place())
        ones = self.lifted([np.int64(1)] * len(residues))
        return [*(np.where(zero, *pair) for pair in zip(ones, residues)), np.where(zero, np.nan, shadow)]

    def refuse_zeros(self, *arrays: Numbers) -> None:
        """Raise ``Singular`` if one of the numbers is made of a division by 0."""
        if self.zeros and any(np.isnan(self.shadow(x)).any() for x in arrays):
            raise Singular(f"divides by 0 at {self.zeros[-1]}")
        if self.infinity.place:
            for x in arrays:
                self.infinity.refuse_nan(self.shadow(x))

    def refuse_infinite(self, *arrays: Numbers) -> None:
        """Raise ``Singular`` if one of the numbers is infinite, or made of a division by 0."""
        self.refuse_zeros(*arrays)
        for x in arrays:
            self.infinity.refuse(self.shadow(x))

    def infinite(self, x: Numbers) -> Any:
        """Which entries are infinite."""
        return self.infinity.among(self.shadow(x)) | np.zeros(x.shape, bool)

    def without_value(self, x: Numbers) -> Any:
        """Which entries the code is told to be nan; ``False`` where none can be."""
        found = self.undefined.among(self.shadow(x))
        if np.any(found) and self.infinity.overflowed:
            raise Unlucky("a number without a value beside one that is too large for floating point")
        return found

    # --- comparisons ----------------------------------------------------------------------------

    def order(self, x: Numbers, y: Numbers, asked: str = "", either: bool = False) -> Any:
        """The sign of x - y at every entry, by the shadow; 0 where both are the same exact number, nan where one is.

        ``asked`` is the comparison that the code makes, if its ways are to be noted; ``either`` matters to balls.
        """
        self.comparisons += 1
        a, b = self.shadow(x), self.shadow(y)
        self.refuse_zeros(x, y)
        residues, others = (u.parts[0][:1].reshape(u.shape) for u in (x, y))
        with np.errstate(all="ignore"):
            nan = self.without_value(x) | self.without_value(y)
            difference = a - b
            close = ~(np.abs(difference) > TIE * (np.abs(a) + np.abs(b)))
        same = np.asarray(residues == others)
        if np.any(nan):
            if asked in SIGNED:
                raise Unlucky("the sign of what has no value")
            same, close = same & ~nan, close & ~nan
        if self.infinity.place:
            infinite = self.infinity.among(a) | self.infinity.among(b)
            same, close = np.where(infinite, False, same), np.where(infinite, False, close)
            difference = np.where(infinite & (a == b), 0.0, difference)
        if self.floating:
            same = same | (close & (np.abs(a) > HUGE))
        if np.any(close & ~same):
            if np.isnan(difference).any():
                raise Unlucky("a comparison with a number that is too large for floating point")
            raise Unlucky("a comparison too close to call")
        if (x.varies or y.varies) and np.any(same & (np.abs(a) < HUGE)):
            self.ties.append(place())
        signs = np.where(same, 0.0, np.sign(difference))
        signs = signs if np.any(nan) else signs.astype(int)
        if asked:
            self._note(asked, signs, x, y)
        return signs

    def asks(self, asked: str, truth: Any, x: Numbers | None = None, y: Numbers | None = None) -> None:
        """Note that the code asks for truth values, of integers and such or by comparing exact numbers."""
        if x is None:
            self.branches.answered(asked, truth)
        elif x.depends or (y is not None and y.depends):
            self.comparisons += 1
            self._note(asked, np.where(truth, 1, -1), x, y, counts=asked != "isclose")

    def competes(self, asked: str, x: Numbers, axis: int | None) -> None:
        """Note which entries along an axis are the largest, or the smallest, or how they are sorted."""
        if x.varies and x.shape and x.parts[0].size:
            n = x.parts[0][0].size if axis is None else x.shape[axis]
            both = (u if axis is None else np.moveaxis(u, axis, -1) for u in (self.shadow(x), self._known(x)))
            self.branches.compete(asked, *(u.reshape(-1, n) for u in both))

    def masked(self, x: Numbers) -> Any:
        """Where exp is taken as 0."""
        return self.floating & _gone(self.shadow(x))

    def fades(self, x: Numbers) -> None:
        """Note where exp of these numbers is taken as 0, which decides as a comparison does."""
        if self.floating:
            self.branches.faded(self.masked(x), self.shadow(x), MASKED)

    def _known(self, x: Numbers) -> Any:
        """Which entries are constants: infinite, or short decimals in the field as well."""
        shadow = self.shadow(x)
        with np.errstate(all="ignore"):
            known = np.isinf(shadow)
            short = np.abs(1000 * shadow - np.rint(1000 * shadow)) <= TIE * np.abs(shadow)
        if np.any(short & ~known):
            places = np.nonzero(short & ~known)
            some = x.each(lambda part: part[:1][(slice(None), *places)])
            known[places] = self.same(some, self.constant(shadow[places]))
        return known

    def _note(self, asked: str, signs: Any, x: Numbers, y: Numbers | None = None, counts: bool = False) -> None:
        other, depends = (self.shadow(y), y.depends) if y else (np.float64(0), False)
        counts = counts or not (x.varies or (y and y.varies))
        self.branches.met(asked, signs, self.shadow(x), other, (x.depends, depends), counts)

    def same(self, x: Numbers, y: Numbers) -> Any:
        """Whether the entries are the same exact numbers."""
        self.refuse_zeros(x, y)
        first, second = (u.parts[0][:1].reshape(u.shape) for u in (x, y))
        equal = first == second
        if self.infinity.place:
            a, b = self.shadow(x), self.shadow(y)
            equal = np.where(self.infinity.among(a) | self.infinity.among(b), a == b, equal)
        return equal

    @property
    def may_branch(self) -> bool:
        """Whether other points may take other branches; so they do if the root of a square has another sign there.

        Squares are not always seen to be such, but the signs of many numbers are not all the same by chance.
        """
        return self.comparisons > 0 or 0 < self.roots_taken < MANY_ROOTS

    def decidable(self, x: Numbers) -> Any:
        """Floating-point numbers in the order of the entries."""
        self.comparisons += 1
        self.refuse_zeros(x)
        self.infinity.among(self.shadow(x))
        self.without_value(x)
        return self.shadow(x)

    # --- functions ------------------------------------------------------------------------------

    def values(self, name: str, x: list[Any]) -> list[Any]:
        """The values of a function in every ring, from those of its argument."""
        raising = {flag for flag, way in np.geterr().items() if way == "raise"}
        if name == "exp" and "over" in raising:
            self._tells("finite", True)
        with np.errstate(all="ignore"):
            values = OWN[name](self, x) if name in OWN else getattr(self, f"_{name}")(x)
        if name in PARTIAL and "invalid" in raising:
            self._tells("defined", ~np.isnan(values[-1]))
        self.undefined.note(x[-1], values[-1], "invalid" in raising)
        return self.infinity.limits(name, x[-1], values, self.lifted) if self.infinity.place else values

    def _tells(self, asked: str, truth: Any) -> None:
        """Note a decision that NumPy makes for the code, by an error."""
        self.comparisons += 1
        self.branches.answered(asked, truth)

    def _exp(self, x: list[Any]) -> list[Any]:
        results, value = self.lifted(self.exponentials.powers(x[:-1])[1]), self.rings[-1].exp(x[-1])
        gone = _gone(x[-1])
        if gone.any():
            self.underflows.append(place())
            if self.floating:
                noughts = self.lifted([np.int64(0)] * len(results))
                results = [np.where(gone, *pair) for pair in zip(noughts, results)]
        return [*results, value]

    def _log(self, x: list[Any]) -> list[Any]:
        return [*self.lifted(self.exponentials.logarithms(x[:-1])), self.rings[-1].log(x[-1])]

    def _sqrt(self, x: list[Any]) -> list[Any]:
        return [*self._square_root(x[:-1], np.isnan(x[-1]) if self.zeros else False), np.sqrt(x[-1])]

    def _square_root(self, x: list[Any], marked: Any = False) -> list[Any]:
        values, signs = self.roots.taken(x, marked)
        if signs:
            self.comparisons += 1
            self.branches.met("root", np.array(signs), np.zeros(len(signs)), np.float64(0), (True, False), False)
        return values

    def _roots(self, x: list[Any], degree: int) -> list[Any]:
        """Roots of residues in every ring, as ``powers`` takes them."""
        while degree % 2 == 0:
            x, degree = self._square_root(x), degree // 2
            self.roots_taken += 1
        return x if degree == 1 else [ring.odd_root(a, degree) for ring, a in zip(self.rings, x)]

    def exponential_degree(self) -> tuple[float, float]:
        """The degree that powers of what logarithms were taken of have in the last exponentials."""
        return self.exponentials.degree

    def odd_root(self, x: list[Any], degree: int) -> list[Any]:
        """Roots of an odd degree; of what is not made of residues and square roots they are exp(log x / degree)."""
        *arguments, shadow = x
        roots = [ring.odd_root(a, degree) for ring, a in zip(self.rings, arguments)]
        found = np.all([ring.to_the(y, degree) == a for ring, a, y in zip(self.rings, arguments, roots)], axis=0)
        if not found.all():
            logarithms = [ring.mul(a, ring.rational(1, degree)) for ring, a in zip(self.rings, self._log(x))]
            others = self.lifted(self.exponentials.powers(logarithms)[1])
            roots = [np.where(found, *pair) for pair in zip(roots, others)]
        value = self.rings[-1].power(shadow, 1 / degree)
        self.undefined.note(shadow, value, np.geterr()["invalid"] == "raise")
        return [*roots, value]

    def squared(self, x: Numbers) -> None:
        """Note that x² is made of x, so that the root of it is the absolute value of x."""
        if x.varies:
            *parts, shadow = (part[:1] for part in x.parts)
            self.roots.squared(parts, shadow)


def _gone(shadow: Any) -> Any:
    """Where exp is 0 in floating point, and by far."""
    return np.isfinite(shadow) & (shadow < MASKED)
