r"""Number domains: where an expression can be evaluated without its knowing.

A domain gives rational constants, exp, log, step and an unspecified function with its derivatives;
``+ - * /`` are those of its elements. The finite field decides, rationals and balls are witnesses, dual
numbers over any of them differentiate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from flint import arb, ctx, fmpq, nmod

from ..activations import Row

PRIME = 2**61 - 1
SMALL = 2**31
"""Residues below this stand for positive integers, those above ``PRIME - SMALL`` for negative ones."""


class NotExact(Exception):
    """The domain has no exact value for this function; balls have."""


class Singular(Exception):
    """The expression has no value at this assignment: a division by zero, or a letter before its first definition."""


class Domain(Protocol):
    """Numbers of one kind; ``call`` applies a row of the table of elementwise functions."""

    def rational(self, p: int, q: int) -> Any: ...
    def exp(self, x: Any) -> Any: ...
    def log(self, x: Any) -> Any: ...
    def step(self, x: Any) -> Any: ...
    def sqrt(self, x: Any) -> Any: ...
    def opaque(self, name: str, order: int, x: Any) -> Any: ...

    random_exp: bool = False
    """Whether exp is a random function, so that exp(a + b) has to be written as exp(a) exp(b)."""

    def remember(self, exponent: Any, power: Any) -> None:
        """That exp(a) = b, where exp was written as a product and log has to find the way back."""
        return

    def call(self, row: Row, x: Any) -> Any:
        return row.field(self, x)

    @property
    def nought(self) -> Any:
        return self.rational(0, 1)


class FiniteField(Domain):
    r""":math:`\mathbb F_p` with :math:`p = 2^{61} - 1`, where exp and the like are keyed random elements.

    ``exp(a)`` is a hash of ``a``, with ``exp(-a) = 1/exp(a)`` and ``exp(0) = 1``, and log its inverse; an
    unspecified function and its derivatives are hashes of their argument and order. Equal arguments have equal
    images, so a true identity among opaque functions holds; a false one survives with probability at most degree/p.
    A root is such a random function too: half of the elements have none in the field.
    """

    random_exp = True

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self._exponentials: dict[int, nmod] = {}
        self._logarithms: dict[int, nmod] = {}

    def rational(self, p: int, q: int) -> nmod:
        return nmod(p, PRIME) / nmod(q, PRIME)

    def random(self, *key: Any) -> nmod:
        """A random element that the key decides."""
        text = repr((self.seed, *key)).encode()
        return nmod(int.from_bytes(hashlib.blake2b(text, digest_size=16).digest()) % PRIME, PRIME)

    def exp(self, x: nmod) -> nmod:
        key = int(x)
        if key == 0:
            return nmod(1, PRIME)
        if key not in self._exponentials:
            mirrored = PRIME - key
            self.remember(x, self.random("exp", key) if key < mirrored else 1 / self.random("exp", mirrored))
        return self._exponentials[key]

    def log(self, x: nmod) -> nmod:
        key = int(x)
        if key == 0:
            raise Singular("log 0")
        inverse = int(1 / x)
        if key == 1:
            return nmod(0, PRIME)
        if key == inverse:
            raise Singular("log -1")
        if key not in self._logarithms:
            self.remember(self.random("log", key) if key < inverse else -self.random("log", inverse), x)
        return self._logarithms[key]

    def remember(self, exponent: nmod, power: nmod) -> None:
        """Remember exp(a) = b and log(b) = a, and the same of -a and 1/b, where nothing else is known."""
        for a, b in ((exponent, power), (-exponent, 1 / power)):
            self._exponentials.setdefault(int(a), b)
            self._logarithms.setdefault(int(b), a)

    def step(self, x: nmod) -> nmod:
        key = int(x)
        mirrored = PRIME - key
        if key < SMALL or mirrored < SMALL:
            return nmod(int(0 < key < SMALL), PRIME)
        positive = int(self.random("step", min(key, mirrored))) % 2 == 0
        return nmod(int(positive == (key < mirrored)), PRIME)

    def sqrt(self, x: nmod) -> nmod:
        return x if x == 0 else self.random("sqrt", int(x))

    def opaque(self, name: str, order: int, x: nmod) -> nmod:
        return self.random("opaque", name, order, int(x))


@dataclass(frozen=True, slots=True)
class Stand:
    """A concrete function that stands in for an unspecified one in a witness: a polynomial, low powers first."""

    coefficients: tuple[tuple[int, int], ...]
    text: str

    def at(self, order: int, x: Any, rational: Callable[[int, int], Any]) -> Any:
        terms = [rational(p, q) for p, q in self.coefficients]
        for _ in range(order):
            terms = [k * term for k, term in enumerate(terms)][1:]
        value = rational(0, 1)
        for term in reversed(terms):
            value = value * x + term
        return value


STANDS = (
    Stand(((0, 1), (0, 1), (1, 2)), "z^2/2"),
    Stand(((0, 1), (1, 1), (1, 1)), "z + z^2"),
    Stand(((1, 1), (-1, 1), (0, 1), (1, 3)), "1 - z + z^3/3"),
)


class Rationals(Domain):
    """Exact rational numbers; exp and log have no place here."""

    def __init__(self, stand: Stand = STANDS[0]) -> None:
        self.stand = stand

    def rational(self, p: int, q: int) -> fmpq:
        return fmpq(p, q)

    def exp(self, x: fmpq) -> fmpq:
        if x == 0:
            return fmpq(1)
        raise NotExact

    def log(self, x: fmpq) -> fmpq:
        if x == 1:
            return fmpq(0)
        raise NotExact

    def step(self, x: fmpq) -> fmpq:
        return fmpq(int(x > 0))

    def sqrt(self, x: fmpq) -> fmpq:
        if x < 0:
            raise Singular("the root of a negative number")
        root = fmpq(x.p.isqrt(), x.q.isqrt())
        if root * root != x:
            raise NotExact
        return root

    def opaque(self, name: str, order: int, x: fmpq) -> fmpq:
        return self.stand.at(order, x, fmpq)


class Balls(Domain):
    """Real numbers as balls with rigorous radii (Arb), at the working precision of ``with precision(bits)``."""

    def __init__(self, stand: Stand = STANDS[0]) -> None:
        self.stand = stand

    def rational(self, p: int, q: int) -> arb:
        return arb(p) / arb(q)

    def exp(self, x: arb) -> arb:
        return x.exp()

    def log(self, x: arb) -> arb:
        if not x > 0:
            raise Singular("the logarithm of a ball that is not positive")
        return x.log()

    def step(self, x: arb) -> arb:
        if x > 0:
            return arb(1)
        if x <= 0:
            return arb(0)
        raise Singular("a step at a ball that contains 0")

    def sqrt(self, x: arb) -> arb:
        if not x >= 0:
            raise Singular("the root of a ball that may be negative")
        return x.sqrt()

    def opaque(self, name: str, order: int, x: arb) -> arb:
        return self.stand.at(order, x, self.rational)


class precision:
    """Set Arb's working precision in bits for a block."""

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def __enter__(self) -> None:
        self.before = ctx.prec
        ctx.prec = self.bits

    def __exit__(self, *exc: object) -> None:
        ctx.prec = self.before


class Dual:
    r"""A dual number :math:`a + \dot a\,\varepsilon` with :math:`\varepsilon^2 = 0`, over any domain."""

    __slots__ = ("tangent", "value")

    def __init__(self, value: Any, tangent: Any) -> None:
        self.value = value
        self.tangent = tangent

    def __add__(self, other: Any) -> Dual:
        if isinstance(other, Dual):
            return Dual(self.value + other.value, self.tangent + other.tangent)
        return Dual(self.value + other, self.tangent)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.tangent)

    def __sub__(self, other: Any) -> Dual:
        if isinstance(other, Dual):
            return Dual(self.value - other.value, self.tangent - other.tangent)
        return Dual(self.value - other, self.tangent)

    def __rsub__(self, other: Any) -> Dual:
        return Dual(other - self.value, -self.tangent)

    def __mul__(self, other: Any) -> Dual:
        if isinstance(other, Dual):
            return Dual(self.value * other.value, self.tangent * other.value + self.value * other.tangent)
        return Dual(self.value * other, self.tangent * other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Dual:
        if isinstance(other, Dual):
            quotient = self.value / other.value
            return Dual(quotient, (self.tangent - quotient * other.tangent) / other.value)
        return Dual(self.value / other, self.tangent / other)

    def __rtruediv__(self, other: Any) -> Dual:
        quotient = other / self.value
        return Dual(quotient, -quotient * self.tangent / self.value)


class Duals(Domain):
    """Dual numbers over a domain."""

    def __init__(self, base: Domain) -> None:
        self.base = base
        self._nought = base.rational(0, 1)
        self.random_exp = base.random_exp

    def remember(self, exponent: Dual, power: Dual) -> None:
        self.base.remember(exponent.value, power.value)

    @property
    def nought(self) -> Any:
        """The tangent of a constant, an element of the base."""
        return self._nought

    def rational(self, p: int, q: int) -> Dual:
        return Dual(self.base.rational(p, q), self._nought)

    def exp(self, x: Dual) -> Dual:
        value = self.base.exp(x.value)
        return Dual(value, value * x.tangent)

    def log(self, x: Dual) -> Dual:
        return Dual(self.base.log(x.value), x.tangent / x.value)

    def step(self, x: Dual) -> Dual:
        return Dual(self.base.step(x.value), self._nought)

    def sqrt(self, x: Dual) -> Dual:
        value = self.base.sqrt(x.value)
        return Dual(value, x.tangent / (2 * value))

    def opaque(self, name: str, order: int, x: Dual) -> Dual:
        return Dual(self.base.opaque(name, order, x.value), self.base.opaque(name, order + 1, x.value) * x.tangent)

    def call(self, row: Row, x: Any) -> Any:
        if not isinstance(self.base, Degrees):
            return row.field(self, x)
        return Dual(self.base.call(row, x.value), Degree(2) * x.tangent)


class Degree:
    """Bounds on the degrees of a fraction's numerator and denominator, as polynomials in the random letters."""

    __slots__ = ("above", "below")

    def __init__(self, above: int, below: int = 0) -> None:
        self.above = above
        self.below = below

    def __add__(self, other: Any) -> Degree:
        other = other if isinstance(other, Degree) else Degree(0)
        if not self.below and not other.below:
            return Degree(max(self.above, other.above))
        return Degree(max(self.above + other.below, other.above + self.below), self.below + other.below)

    __radd__ = __sub__ = __rsub__ = __add__

    def __neg__(self) -> Degree:
        return self

    def __mul__(self, other: Any) -> Degree:
        other = other if isinstance(other, Degree) else Degree(0)
        return Degree(self.above + other.above, self.below + other.below)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Degree:
        other = other if isinstance(other, Degree) else Degree(0)
        return Degree(self.above + other.below, self.below + other.above)

    def __rtruediv__(self, other: Any) -> Degree:
        return Degree(0) / self


class Degrees(Domain):
    """Degrees instead of values, for the error bound of the finite field.

    A function value is a fresh random element, so it counts as a letter of degree 1, and is one more
    argument that could collide with another: ``calls`` counts them, ``deepest`` bounds their degrees.
    """

    random_exp = True

    def __init__(self) -> None:
        self.calls = 0
        self.deepest = 0

    def rational(self, p: int, q: int) -> Degree:
        return Degree(0)

    def opaque(self, name: str, order: int, x: Degree) -> Degree:
        self.calls += 1
        self.deepest = max(self.deepest, x.above + x.below)
        return Degree(1)

    def exp(self, x: Degree) -> Degree:
        return self.opaque("exp", 0, x)

    def log(self, x: Degree) -> Degree:
        return self.opaque("log", 0, x)

    def step(self, x: Degree) -> Degree:
        return self.opaque("step", 0, x)

    def sqrt(self, x: Degree) -> Degree:
        return self.opaque("sqrt", 0, x)

    def call(self, row: Row, x: Degree) -> Degree:
        return x if row.name == "identity" else self.opaque(row.name, 0, x)

    def error_bound(self, degrees: list[Degree]) -> float:
        """The probability that a false equation of these degrees holds at a random point, plus that of a collision."""
        top = max((degree.above + degree.below for degree in degrees), default=0)
        return (top + self.calls * (self.calls - 1) / 2 * self.deepest) / PRIME
