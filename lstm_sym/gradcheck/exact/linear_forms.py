r"""Linear forms in logarithms: which numbers are :math:`\sum_k c_k \log s_k` and a rest, at one random point.

The exponential of such a number is that of the rest times the powers of the :math:`s_k` with fractions :math:`c_k` as
exponents, for any number of logarithms, as log-sum-exp over time steps or tiles adds them up. A form belongs to a
residue in the field that exponents are in: so it outlives every way in which a number is stored, and two ways to
compute one number do not give it two exponentials. Products of two numbers that have one have none.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np

from .modular import Modular
from .tower import Tower

Form = dict[int, int]
"""Coefficients in the field by the logarithms that they multiply, which are residues."""

Pair = tuple[float, float]
"""The excess and the multiplicity of a ``Degree``."""

LONG = 64
"""Logarithms in a form, beyond which it is forgotten: a loss that adds up as many is no exponent."""

MANY = 1 << 18
"""Forms at one point."""

PRODUCTS = 1 << 16
"""Products in one product of matrices, beyond which its forms are not looked for."""

LARGEST = 1 << 12
"""The largest exponent."""

DENOMINATOR = 120
"""The largest denominator of one: 0.05 and 1/12 are exponents."""

NO_ROOTS = (8, 43)
"""No denominator is a multiple of these: few numbers have an eighth root, and some no root of degree 43."""

COEFFICIENTS = 64
"""Coefficients of one logarithm that are remembered where they are no such fractions."""

PLACES = (1 << 18) - 1
"""Residues that differ here from those of all forms are seen at once to have none."""


class LinearForms:
    """The forms of one random point; false as long as there are none."""

    def __init__(self, ring: Modular | Tower, p: int) -> None:
        self.ring, self.p = ring, p
        self._forms: dict[int, Form] = {}
        self._met: dict[int, list[int]] = {}
        """Coefficients of logarithms in exponents."""
        self._fractions: dict[int, Fraction | None] = {}
        self._rootless: set[int] = set()
        """Logarithms of what no roots are taken of."""
        self._places = np.zeros(PLACES + 1, bool)
        self.logged: Pair = (0.0, 0.0)
        """The degree of what logarithms are just taken of."""
        self._degrees: dict[int, Pair] = {}
        """The same by the logarithm."""

    def __bool__(self) -> bool:
        return bool(self._forms)

    def of(self, u: int) -> Form:
        """The form of a number, empty if it has none."""
        form = self._forms.get(u)
        if form is None:
            form = {k: self.p - c for k, c in self._forms.get(self.p - u, {}).items()}
        return form

    def add_logarithm(self, u: int, rootless: bool = False) -> None:
        """This is a logarithm of which no more is known, or a sum of such."""
        self._note(u, {u: 1})
        self._degrees[u] = self.logged
        if rootless:
            self._rootless.add(u)

    def halved(self, u: int, half: int) -> None:
        """Note that one number is half of another."""
        self._note(half, {k: c * (self.p + 1) // 2 % self.p for k, c in self.of(u).items()})

    def degree(self, powers: list[tuple[int, Fraction]]) -> Pair:
        """That of the product of powers of what these logarithms were taken of, which a reciprocal divides by.

        A root is a letter of its own.
        """
        excess = multiplicity = 0.0
        for u, exponent in powers:
            own, divided = self._degrees[u]
            whole, root = divmod(exponent.numerator, exponent.denominator)
            excess += whole * own + root
            multiplicity += abs(whole) * (divided + (whole < 0))
        return excess, multiplicity

    def split(self, u: int) -> list[tuple[int, Fraction]]:
        """Logarithms in an exponent and what is split off of their coefficients: fractions.

        What stays is one of few coefficients, or its opposite: y of y and y - 1/2, so that exp(y log s - log(s) / 2)
        is exp(y log s) over the root of s.
        """
        found = [(logarithm, self._exponent(logarithm, c)) for logarithm, c in self.of(u).items()]
        return [(logarithm, exponent) for logarithm, exponent in found if exponent]

    def _exponent(self, logarithm: int, c: int) -> Fraction:
        met = self._met.setdefault(logarithm, [0])
        differences = (self._fraction((c + sign * other) % self.p) for other in met for sign in (-1, 1))
        found = [difference for difference in differences if difference is not None]
        if found and logarithm in self._rootless:
            found = [difference for difference in found if difference.denominator == 1]
        if found:
            return min(found, key=lambda x: (x.denominator, abs(x)))
        if len(met) < COEFFICIENTS:
            met.append(c)
        return Fraction(0)

    def _fraction(self, c: int) -> Fraction | None:
        """The fraction of a small denominator that a coefficient is (Wang 1981)."""
        if c not in self._fractions:
            self._fractions[c] = None
            (r, s), (u, v) = (self.p, c), (0, 1)
            while s > LARGEST * abs(v) and abs(v) <= DENOMINATOR:
                quotient = r // s
                (r, s), (u, v) = (s, r - quotient * s), (v, u - quotient * v)
            if abs(v) <= DENOMINATOR and all(v % degree for degree in NO_ROOTS):
                self._fractions[c] = Fraction(s, v)
        return self._fractions[c]

    # --- arithmetic -------------------------------------------------------------------------------

    def added(self, a: Any, b: Any, result: Any, sign: int = 1) -> None:
        """Note the forms of a + b, or of a - b."""
        for u, v, w in self._entries(a, b, result):
            self._note(w, self._sum(self.of(u), self.of(v), sign))

    def multiplied(self, a: Any, b: Any, result: Any) -> None:
        """Note those of a b, where one of the two has one, and the other is in the prime field."""
        for u, v, w in self._entries(a, b, result):
            if u * v % self.p == w:
                self._note(w, self._product(u, v))

    def contracted(self, a: Any, b: Any, result: Any) -> None:
        """Note those of matrix products over the last two axes, under the same conditions."""
        a, b, result = (self.ring.image(part) for part in (a, b, result))
        found = self._possible(a).any(-1)[..., :, None] | self._possible(b).any(-2)[..., None, :]
        if not 0 < found.sum() * a.shape[-1] <= PRODUCTS:
            return
        *batch, _, _ = found.shape
        rows = np.broadcast_to(a, (*batch, *a.shape[-2:]))
        columns = np.broadcast_to(b, (*batch, *b.shape[-2:])).swapaxes(-1, -2)
        for *at, i, j in np.argwhere(found).tolist():
            pairs = list(zip(rows[(*at, i)].tolist(), columns[(*at, j)].tolist()))
            w = result[(*at, i, j)].item()
            if sum(u * v for u, v in pairs) % self.p == w:
                self._note(w, self._total(self._product(u, v) for u, v in pairs))

    def summed(self, a: Any, axis: int, result: Any) -> None:
        """Note those of sums over an axis."""
        rows = np.moveaxis(self.ring.image(a), axis, -1)
        found = self._possible(rows).any(axis=-1)
        for row, w in zip(rows[found].tolist(), self.ring.image(result)[found].tolist()):
            self._note(w, self._total(map(self.of, row)))

    def _entries(self, *arrays: Any) -> Iterable[tuple[int, int, int]]:
        """Those of a, b and the result of which a or b may have a form."""
        a, b, result = (self.ring.image(part) for part in arrays)
        found = self._possible(a) | self._possible(b)
        if not found.any():
            return ()
        return zip(*[np.broadcast_to(part, found.shape)[found].tolist() for part in (a, b, result)])

    def _possible(self, a: Any) -> Any:
        return self._places[a & PLACES]

    def _sum(self, a: Form, b: Form, sign: int) -> Form:
        if not b:
            return a
        total = dict(a)
        for k, c in b.items():
            total[k] = (total.get(k, 0) + sign * c) % self.p
            if not total[k]:
                del total[k]
        return total

    def _total(self, forms: Iterable[Form]) -> Form:
        total: Form = {}
        for form in forms:
            total = self._sum(total, form, 1)
        return total

    def _product(self, u: int, v: int) -> Form:
        first, second = self.of(u), self.of(v)
        if first and second:
            return {}
        form, factor = (first, v) if first else (second, u)
        return {k: c * factor % self.p for k, c in form.items()} if factor else {}

    def _note(self, u: int, form: Form) -> None:
        if form and len(form) <= LONG and len(self._forms) < MANY and not self.of(u):
            self._forms[u] = form
            self._places[[u & PLACES, (self.p - u) & PLACES]] = True
