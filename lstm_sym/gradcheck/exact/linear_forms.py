r"""Linear forms in logarithms: which numbers are :math:`\sum_k c_k \log s_k` and a rest, at one random point.

The exponential of such a number is that of the rest times the powers of the :math:`s_k` with the whole parts of
:math:`c_k` as exponents, for any number of logarithms, which log-sum-exp over time steps or tiles adds up. A form
belongs to a residue in the field that exponents are in: so it outlives every way in which a number is stored, and two
ways to compute one number do not give it two exponentials. Products of numbers that vary have no form.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .modular import Modular
from .tower import Tower

Form = dict[int, int]
"""Coefficients in the field by the logarithms that they multiply, which are residues."""

LONG = 64
"""Logarithms in a form, beyond which it is forgotten: a loss that adds up as many is no exponent."""

MANY = 1 << 18
"""Forms at one point."""

WHOLE = 1 << 12
"""The largest exponent."""

PARTS = 16
"""The largest denominator of a coefficient whose whole part is split off."""

PLACES = (1 << 18) - 1
"""Residues that differ here from those of all forms are seen at once to have none."""


class LinearForms:
    """The forms of one random point; false as long as there are none."""

    def __init__(self, ring: Modular | Tower, p: int) -> None:
        self.ring, self.p = ring, p
        self._forms: dict[int, Form] = {}
        self._places = np.zeros(PLACES + 1, bool)

    def __bool__(self) -> bool:
        return bool(self._forms)

    def of(self, u: int) -> Form:
        """The form of a number, empty if it has none."""
        form = self._forms.get(u)
        if form is None:
            form = {k: self.p - c for k, c in self._forms.get(self.p - u, {}).items()}
        return form

    def add_logarithm(self, u: int) -> None:
        """This is a logarithm of which no more is known, or a sum of such."""
        self._note(u, {u: 1})

    def split(self, u: int) -> list[tuple[int, int]]:
        """Logarithms and the whole parts of their coefficients, where these are fractions."""
        parts = ((logarithm, self._whole_part(c)) for logarithm, c in self.of(u).items())
        return [(logarithm, whole) for logarithm, whole in parts if whole]

    def _whole_part(self, c: int) -> int:
        for denominator in range(1, PARTS + 1):
            numerator = c * denominator % self.p
            numerator -= self.p if numerator > self.p // 2 else 0
            if abs(numerator) <= WHOLE:
                return numerator // denominator
        return 0

    # --- arithmetic -------------------------------------------------------------------------------

    def added(self, a: Any, b: Any, result: Any, sign: int = 1) -> None:
        """Note the forms of a + b, or of a - b."""
        for u, v, w in self._entries(a, b, result):
            self._note(w, self._sum(self.of(u), self.of(v), sign))

    def multiplied(self, a: Any, b: Any, result: Any) -> None:
        """Note those of a b, where one of the two is a constant, and in the prime field."""
        for u, v, w in self._entries(a, b, result):
            first, second = self.of(u), self.of(v)
            if bool(first) != bool(second) and u * v % self.p == w:
                form, factor = (first, v) if first else (second, u)
                self._note(w, {k: c * factor % self.p for k, c in form.items()})

    def summed(self, a: Any, axis: int, result: Any) -> None:
        """Note those of sums over an axis."""
        rows = np.moveaxis(self.ring.image(a), axis, -1)
        found = self._possible(rows).any(axis=-1)
        for row, w in zip(rows[found].tolist(), self.ring.image(result)[found].tolist()):
            form: Form = {}
            for u in row:
                form = self._sum(form, self.of(u), 1)
            self._note(w, form)

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

    def _note(self, u: int, form: Form) -> None:
        if form and len(form) <= LONG and len(self._forms) < MANY and not self.of(u):
            self._forms[u] = form
            self._places[[u & PLACES, (self.p - u) & PLACES]] = True
