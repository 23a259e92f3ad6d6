"""The real domain: balls with rigorous radii (Arb), in which a candidate is confirmed or is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from flint import arb, fmpq

from ..frames import place
from .constants import reading, uncertainty, widened
from .field import HUGE, MASKED
from .modular import Singular, Unlucky
from .numbers import Numbers, lifted, subtract
from .undefined import Undefined

INFINITE = arb("inf")

COARSELY = 8
"""Units of the precision of a constant of single precision that its radius is."""

LOST = 2.0**-53
"""The least radius of a constant that has been rounded: it may be the difference of numbers near 1, a decay and 1."""


class BallRing:
    """Balls in arrays of Python objects, at Arb's working precision."""

    divided_by_0 = False

    def add(self, a: Any, b: Any) -> Any:
        return np.add(a, b)

    def sub(self, a: Any, b: Any) -> Any:
        return np.subtract(a, b)

    def mul(self, a: Any, b: Any) -> Any:
        return np.multiply(a, b)

    def neg(self, a: Any) -> Any:
        return np.negative(a)

    def inv(self, a: Any) -> Any:
        self.divided_by_0 |= bool(np.any(self.is_zero(a)))
        return entrywise(_inverse, a)

    def sum(self, a: Any, axis: int) -> Any:
        return np.add.reduce(a, axis=axis, initial=arb(0), dtype=object)

    def matmul(self, a: Any, b: Any) -> Any:
        return np.matmul(a, b)

    def rational(self, numerator: int, denominator: int) -> arb:
        return arb(numerator) / arb(denominator)

    def is_zero(self, a: Any) -> Any:
        return np.equal(a, 0).astype(bool)


def objects(values: list[Any], shape: tuple[int, ...]) -> Any:
    """An array of Python objects of that shape."""
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made.reshape(shape)


def entrywise(function: Callable[[Any], Any], x: Any) -> Any:
    return objects([function(entry) for entry in np.ravel(x)], np.shape(x))


class Balls:
    """The domain of real numbers; if it is ``floating``, exp is 0 below ``MASKED``.

    If it is ``formal``, the code is told of no ``Undefined`` number.
    """

    noting = False
    forms = None

    def __init__(self, seed: int = 0, floating: bool = False, formal: bool = False) -> None:
        self.floating = floating
        self.undefined = Undefined(formal)
        self.rings: tuple[Any, ...] = (BallRing(),)
        self.divisors = 0.0
        self.ties: list[str] = []
        self.comparisons = 0
        self.roots_taken = 0
        self._junk = np.random.default_rng(seed + 1)

    def constant(self, x: Any) -> Numbers:
        x = np.asarray(x)
        if x.dtype.kind not in "biuf":
            raise TypeError(f"numbers of the type {x.dtype} have no exact value here")
        read = _integer if x.dtype.kind in "biu" else _read
        if x.dtype.kind == "f" and x.dtype.itemsize < 8:
            read, x = partial(_read_coarsely, float(COARSELY * np.finfo(x.dtype).eps)), widened(x)
        return Numbers(self, (objects([read(v) for v in x.ravel().tolist()], x.shape)[None],))

    def rationals(self, values: list[fmpq], shape: tuple[int, ...]) -> Numbers:
        """Inputs of the code under test."""
        return Numbers(self, (objects([arb(value) for value in values], shape)[None],), True)

    def junk(self, shape: tuple[int, ...]) -> Numbers:
        """What an array holds that nobody has written to."""
        count = int(np.prod(shape))
        return self.rationals([fmpq(int(k), 7) for k in self._junk.integers(1, 1000, count)], shape)

    def moving(self, x: Numbers, tangents: Any) -> Numbers:
        """The same numbers with tangents of shape (K, ...)."""
        moved = entrywise(lambda value: arb(int(value)), tangents)
        return Numbers(self, (np.concatenate([x.parts[0][:1], moved]),), True, x.degree, x.degree)

    def shadow(self, x: Numbers) -> Any:
        return np.array([float(v.mid()) for v in x.parts[0][:1].ravel()]).reshape(x.shape)

    def decidable(self, x: Numbers) -> Any:
        """Floating-point numbers in the order of the entries."""
        self.comparisons += 1
        self.refuse_zeros(x)
        self.without_value(x)
        return self.shadow(x)

    def without_value(self, x: Numbers) -> Any:
        """Which entries the code is told to be nan; ``False`` where none can be."""
        self.refuse_zeros(x)
        return self.undefined.among(self.shadow(x))

    def order(self, x: Numbers, y: Numbers, asked: str = "", either: bool = False) -> Any:
        """The sign of x - y at every entry; 0 if ``either`` will do of two that have one ball and do not move."""
        self.comparisons += 1
        nan = self.without_value(x) | self.without_value(y) if self.undefined.met else False
        x, y = self._without_equals(x, y)
        values, *tangents = subtract(x, y).parts[0]
        rows = [np.ravel(tangent).tolist() for tangent in tangents]
        pairs = zip(*(np.broadcast_to(u.parts[0][:1].reshape(u.shape), np.shape(values)).ravel() for u in (x, y)))
        missing = np.broadcast_to(nan, np.shape(values)).ravel().tolist()
        signs = [
            0 if none else self._sign(u, v, [row[k] for row in rows], either)
            for k, ((u, v), none) in enumerate(zip(pairs, missing))
        ]
        found = np.array(signs, int).reshape(np.shape(values))
        return np.where(nan, np.nan, found) if any(missing) else found

    def _sign(self, x: arb, y: arb, tangents: list[arb], either: bool) -> int:
        """The sign of x - y; 0 is a tie if the two compared numbers move apart in a direction of the inputs."""
        difference = x - y
        if difference > 0:
            return 1
        if difference < 0:
            return -1
        if self.floating and abs(x) > HUGE:
            return 0
        # The larger one of the two is in that ball, whichever it is.
        if either and _one_ball(x, y) and all(tangent == 0 for tangent in tangents):
            return 0
        if difference == 0:
            if any(tangent != 0 or not tangent.is_exact() for tangent in tangents):
                self.ties.append(place())
            return 0
        raise Unlucky("a comparison too close to call")

    def _without_equals(self, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        """The same numbers, but twice 0 where both are one ball, or infinite: their difference would not be 0."""
        values = [u.parts[0][:1].reshape(u.shape) for u in (x, y)]
        pairs = zip(*map(np.ravel, np.broadcast_arrays(*values)))
        equal = np.array([u is v or (u == v and not u.is_finite()) for u, v in pairs], bool)
        if not equal.any():
            return x, y
        equal = equal.reshape(np.broadcast_shapes(x.shape, y.shape))
        first, second = (
            Numbers(self, (np.where(equal, self.constant(0).parts[0], lifted(u.parts[0], equal.ndim)),)) for u in (x, y)
        )
        return first, second

    def infinite(self, x: Numbers) -> Any:
        """Which entries are infinite."""
        return np.array([abs(u) == INFINITE for u in x.parts[0][:1].ravel()], bool).reshape(x.shape)

    def same(self, x: Numbers, y: Numbers) -> Any:
        self.comparisons += 1
        nan = self.without_value(x) | self.without_value(y) if self.undefined.met else False
        x, y = self._without_equals(x, y)
        if np.any(nan):
            apart: list[Any] = [arb(0), arb(1)]
            x, y = (
                Numbers(self, (np.where(nan, other, lifted(u.parts[0][:1], np.ndim(nan))),))
                for other, u in zip(apart, (x, y))
            )
        differences, shape = _differences(x, y)
        return np.array([_equal(u) for u in differences], bool).reshape(shape)

    def unmet(self, divisors: list[Any]) -> int:
        return 0

    def asks(self, asked: str, truth: Any, x: Numbers | None = None, y: Numbers | None = None) -> None:
        """Decisions are noted at random points."""

    def competes(self, asked: str, x: Numbers, axis: int | None) -> None:
        """The same."""

    def masked(self, x: Numbers) -> Any:
        """Where exp is taken as 0."""
        return np.array([self.floating and u < MASKED for u in x.parts[0][:1].ravel()], bool).reshape(x.shape)

    def fades(self, x: Numbers) -> None:
        """The same as of decisions."""

    def exponential_degree(self) -> tuple[float, float]:
        return 0.0, 0.0

    def divisors_of(self, x: list[Any]) -> list[Any]:
        return x

    def refuse_zeros(self, *arrays: Numbers) -> None:
        """Raise ``Singular`` if one of the numbers is made of a division by 0."""
        told = self.undefined.met and not self.undefined.formal and not self.rings[0].divided_by_0
        if not told and any(ball.is_nan() for x in arrays for ball in x.parts[0].ravel()):
            raise Singular("a division by 0")

    def squared(self, x: Numbers) -> None:
        """Roots of balls are positive anyway."""

    def refuse_infinite(self, *arrays: Numbers) -> None:
        """The same; a counterexample is looked for among finite numbers."""
        self.refuse_zeros(*arrays)

    def odd_root(self, x: list[Any], degree: int) -> list[Any]:
        self.undefined.met |= any(u < 0 for u in x[0].ravel())
        return [entrywise(lambda u: _odd_root(u, degree), x[0])]

    def values(self, name: str, x: list[Any]) -> list[Any]:
        function = FUNCTIONS[name]
        if name == "exp" and self.floating:
            return [entrywise(lambda u: arb(0) if u < MASKED else function(u), x[0])]
        if name == "log":
            self.rings[0].divided_by_0 |= any(u == 0 for u in x[0].ravel())
        if name in UNDEFINED and any(map(UNDEFINED[name], x[0].ravel())):
            self.undefined.met = True
            if np.geterr()["invalid"] == "raise":
                self.undefined.raised(FloatingPointError("invalid value encountered"))
        return [entrywise(function, x[0])]


def _differences(x: Numbers, y: Numbers) -> tuple[list[arb], tuple[int, ...]]:
    a, b = np.broadcast_arrays(*(part.reshape(part.shape[1:]) for part in (x.parts[0][:1], y.parts[0][:1])))
    return [u - v for u, v in zip(a.ravel(), b.ravel())], a.shape


def _one_ball(x: arb, y: arb) -> bool:
    return bool(x.mid() == y.mid() and x.rad() == y.rad())


def _equal(difference: arb) -> bool:
    if difference == 0:
        return True
    if difference.contains(0):
        raise Unlucky("two numbers too close to be told apart")
    return False


def _integer(x: int) -> arb:
    return arb(int(x))


def _read(x: float) -> arb:
    if math.isinf(x):
        return INFINITE if x > 0 else -INFINITE
    found = reading(x)
    value = READ[found.function](_fraction(found.rational) * arb.pi() ** found.pi) * _fraction(found.factor)
    return value if found.exact else arb(value, max(uncertainty(x), COARSELY * math.ulp(x), LOST))


def _read_coarsely(rounded: float, x: float) -> arb:
    """A number of single precision: nothing that it is multiplied with is known better."""
    return _read(x) if x == math.floor(x) or math.isinf(x) else arb(_read(x).mid(), abs(x) * rounded)


def _fraction(x: Fraction) -> arb:
    return arb(fmpq(x.numerator, x.denominator))


def _inverse(x: arb) -> arb:
    """1/x; nan, which tells nothing apart, for 0 itself."""
    if x == 0 or x.is_nan():
        return arb("nan")
    if x.contains(0):
        raise Singular("a division by a ball that contains 0")
    return 1 / x


def _log(x: arb) -> arb:
    """The logarithm; nan for what has none, as it may be one that the gradient does not need."""
    if x <= 0 or x.is_nan():
        return arb("nan")
    if not x > 0:
        raise Singular("the logarithm of a number that is not positive")
    return x.log()


def _sqrt(x: arb) -> arb:
    if x == 0:
        return x
    if x < 0 or x.is_nan():
        return arb("nan")
    if not x > 0:
        raise Singular("the square root of a number that is not positive")
    return x.sqrt()


def _odd_root(x: arb, degree: int) -> arb:
    if x < 0 or x.is_nan():
        return arb("nan")
    if not x > 0:
        raise Singular("the root of a number that is not positive")
    return x.root(degree)


def _arcsine(x: arb) -> arb:
    value = x.asin()
    if value.is_nan() and not x.is_nan() and not abs(x) > 1:
        raise Singular("the arc sine of a number that may be beyond 1")
    return value


FUNCTIONS: dict[str, Callable[[arb], arb]] = {
    "exp": lambda x: x.exp(),
    "log": _log,
    "sqrt": _sqrt,
    "tanh": lambda x: x.tanh(),
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "arctan": lambda x: x.atan(),
    "arcsin": _arcsine,
    "erf": lambda x: x.erf(),
    "erfc": lambda x: x.erfc(),
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
}

UNDEFINED: dict[str, Callable[[arb], bool]] = {
    "log": lambda x: x < 0,
    "sqrt": lambda x: x < 0,
    "arcsin": lambda x: abs(x) > 1,
}
"""Where functions have no value."""

READ: dict[str, Callable[[arb], arb]] = {
    "": lambda x: x,
    **{name: FUNCTIONS[name] for name in ("sqrt", "exp", "log")},
    "1/log": lambda x: 1 / x.log(),
    "2**": lambda x: arb(2) ** x,
    "10**": lambda x: arb(10) ** x,
}
"""The functions of which constants are values."""
