r"""Arithmetic modulo a prime below :math:`2^{51}` on whole NumPy arrays of residues.

The primes form a chain :math:`p_0 = 2p_1 + 1`, :math:`p_1 = 2p_2 + 1`, so that the squares modulo
:math:`p_i` are a cyclic group of order :math:`p_{i+1}`, and

.. math:: \exp: (\mathbb F_{p_{i+1}}, +) \to (\mathbb F_{p_i}^*, \cdot), \quad u \mapsto g^u

is a homomorphism: a number that is carried modulo both primes has an exponential modulo the first with
exp(a + b) = exp(a) exp(b) for all a and b. No single field has one, since p and p - 1 are coprime
(:math:`2^{61} - 1` is no use besides: p - 1 has no prime factor above 1321).
All three are 7 modulo 8, and the primes up to 23 are squares modulo each: every square has one root that is
itself a square, this root is multiplicative, and the root of 4 or of 1/9 is the one that everybody means.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..frames import place

Residues = npt.NDArray[np.int64]

CHAIN = (2049996616536959, 1024998308268479, 512499154134239)

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23)
LOGARITHMS = {
    CHAIN[0]: (
        *(1, 442417000913041, 466673272109459, 175467763818300, 168823861881418, 238318478561401),
        *(888654966195984, 9308491653737, 329203697850783),
    ),
    CHAIN[1]: (
        *(1, 338425513379875, 483539052513504, 62406104337865, 499901758091028, 32646502131357),
        *(293828681214691, 372891534876502, 352409106558990),
    ),
}
"""The exponents of 2 that give the small primes, found once by baby and giant steps (Shanks 1971)."""

BROADCAST = 1 << 14
"""Products of more multiplications than this are made of matrix products of limbs in floating point."""

LIMB = 17
WINDOW = 10


class Singular(ArithmeticError):
    """A division by 0, which NumPy answers with inf or nan; no accident at a random point, so it ends the check."""


class Unlucky(ArithmeticError):
    """This random point shows nothing; another may."""


class Cramped(Unlucky):
    """What is wanted is not in the field, ``missing`` times; it is in an extension, and ``always`` there alone."""

    def __init__(self, text: str, *, missing: int = 1, always: bool = False) -> None:
        super().__init__(text)
        self.missing = missing
        self.always = always


class Modular:
    """The ring of residues modulo ``p``, where 2 to the power ``exponent`` is the generator of the squares."""

    def __init__(self, p: int, exponent: int = 1) -> None:
        self.p = p
        self.inverse = 1.0 / p
        self.exponent = exponent
        self.generator = pow(2, exponent, p)
        self._powers: Residues | None = None

    # What an extension has to do to its elements: here they are residues.

    def lifted(self, a: Any) -> Any:
        return a

    def image(self, a: Any) -> Any:
        return a

    def residues(self, a: Any) -> tuple[Residues, Any]:
        return a, np.full(np.shape(a), True)

    def is_zero(self, a: Any) -> Any:
        return np.equal(a, 0)

    def keys(self, a: Any) -> list[Any]:
        return a.ravel().tolist()

    def mul(self, a: Any, b: Any) -> Residues:
        """The product by a quotient in floating point, which is off by one at most, and a wrapping difference."""
        quotient = (np.multiply(a, self.inverse) * b).astype(np.int64)
        return (a * b - quotient * self.p) % self.p

    def add(self, a: Any, b: Any) -> Residues:
        return (a + b) % self.p

    def sub(self, a: Any, b: Any) -> Residues:
        return (a - b) % self.p

    def neg(self, a: Any) -> Residues:
        return -a % self.p

    def sum(self, a: Residues, axis: int) -> Residues:
        return a.sum(axis) % self.p

    def rational(self, numerator: int, denominator: int) -> int:
        return numerator * pow(denominator, -1, self.p) % self.p

    def inv(self, a: Residues) -> Residues:
        """All inverses at the cost of one (Montgomery 1987)."""
        p, running, before = self.p, 1, []
        entries = a.ravel().tolist()
        for entry in entries:
            before.append(running)
            running = running * entry % p
        if not running:
            raise Singular(f"divides by 0 at {place()}")
        running = pow(running, -1, p)
        for k in range(len(entries) - 1, -1, -1):
            before[k] = before[k] * running % p
            running = running * entries[k] % p
        return np.array(before, np.int64).reshape(a.shape)

    def matmul(self, a: Residues, b: Residues) -> Residues:
        """The matrix product over the last two axes."""
        size = np.prod(np.broadcast_shapes(a.shape[:-2], b.shape[:-2])) * a.shape[-2] * a.shape[-1] * b.shape[-1]
        if size <= BROADCAST:
            return self.mul(a[..., :, :, None], b[..., None, :, :]).sum(-2) % self.p
        left, right = _limbs(a), _limbs(b)
        total: Any = 0
        for weight in (4, 3, 2, 1, 0):
            pairs = [(i, weight - i) for i in range(3) if 0 <= weight - i < 3]
            part = sum((left[i] @ right[j] for i, j in pairs), start=np.float64(0)).astype(np.int64)
            total = (self.mul(total, 1 << LIMB) if weight < 4 else 0) + part
            total %= self.p
        return total

    def root(self, a: Residues) -> Residues:
        """The square root that is a square, the candidate for it where ``a`` is none."""
        p = self.p
        return np.array([pow(entry, (p + 1) // 4, p) for entry in a.ravel().tolist()], np.int64).reshape(a.shape)

    def odd_root(self, a: Residues, degree: int) -> Residues:
        """The root of an odd degree that is prime to p - 1: every residue has one."""
        return self.to_the(a, pow(degree, -1, self.p - 1))

    def to_the(self, a: Residues, exponent: int) -> Residues:
        return np.array([pow(entry, exponent, self.p) for entry in a.ravel().tolist()], np.int64).reshape(a.shape)

    def logarithm(self, prime: int) -> int:
        """The exponent of the generator that gives one of ``PRIMES``."""
        order = (self.p - 1) // 2
        return LOGARITHMS[self.p][PRIMES.index(prime)] * pow(self.exponent, -1, order) % order

    def power(self, exponents: Residues) -> Residues:
        r""":math:`g^u` for residues u modulo the order of g, by tables of windows of bits."""
        if self._powers is None:
            self._powers = self._tables()
        mask = (1 << WINDOW) - 1
        result = self._powers[0][exponents & mask]
        for k, table in enumerate(self._powers[1:], 1):
            result = self.mul(result, table[(exponents >> (WINDOW * k)) & mask])
        return result

    def _tables(self) -> Residues:
        """A row for every window of bits: the powers for each value of these bits."""
        windows = -(-self.p.bit_length() // WINDOW)
        squares = [self.generator]
        for _ in range(windows * WINDOW - 1):
            squares.append(squares[-1] ** 2 % self.p)
        tables = np.ones((windows, 1), np.int64)
        for square in np.array(squares, np.int64).reshape(windows, WINDOW).T:
            tables = np.hstack([tables, self.mul(tables, square[:, None])])
        return tables


def _limbs(a: Residues) -> list[npt.NDArray[np.float64]]:
    mask = (1 << LIMB) - 1
    return [((a >> (LIMB * k)) & mask).astype(np.float64) for k in range(3)]
