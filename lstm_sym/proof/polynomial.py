r"""Polynomials in indexed letters: the algebra under the normal form.

A term is a product of atoms with indices, such as :math:`W_{ij}\, h_j`, times a rational number. Two slots
stand for the free row and column; every other index is summed over its range and every time
variable over its bounds. Terms are kept in one canonical form: deltas eliminated, summation indices
named by colour refinement with ties broken by search. Equal canonical forms mean equal values for all
sizes; the converse is not claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import permutations
from typing import Any

from sympy import Dummy, Expr, Integer, Symbol

from ..symbols import At
from .terms import COLUMN, ROW, Factor, Term, TooLarge, index_names, moved, reindexed, shifted

ONE = Fraction(1)
DELTA = "delta"
TERM_LIMIT = 20_000

TIMES = tuple(Dummy(f"tau_{k}", integer=True, nonnegative=True) for k in range(8))
"""The canonical names of time variables under a sum."""

PROBE = Dummy("probe", integer=True, nonnegative=True)


class Unsupported(Exception):
    """The normal form has no rule for this; another engine may."""


MERGING = (("inverse",), ("power",))
"""How the keys of atoms begin that may merge with what stands beside them in a product."""

Polynomial = dict[Term, Fraction]
Frozen = tuple[tuple[Term, Fraction], ...]


class Algebra:
    """Sums and products of polynomials over one table of atoms, sizes and bounds."""

    def __init__(self) -> None:
        self._ids: dict[Any, int] = {}
        self._keys: list[Any] = []
        self._merging: set[int] = set()
        """Atoms that may vanish into their neighbours: deltas, inverses, powers, and steps, which are idempotent."""

    # --- the table ------------------------------------------------------------------------------

    def name(self, key: Any) -> int:
        """The number of an atom, a size or a bound; equal keys have equal numbers."""
        number = self._ids.setdefault(key, len(self._keys))
        if number == len(self._keys):
            self._keys.append(key)
            if key == DELTA or (isinstance(key, tuple) and (key[:1] in MERGING or _is_step(key))):
                self._merging.add(number)
        return number

    def key(self, number: int) -> Any:
        return self._keys[number]

    # --- building -------------------------------------------------------------------------------

    def constant(self, value: Fraction) -> Polynomial:
        return {Term(()): Fraction(value)} if value else {}

    def atom(self, key: Any, indices: tuple[int, ...] = (), exponent: Fraction | int = 1) -> Polynomial:
        return self.collect([(Term((Factor(self.name(key), indices, exponent),)), ONE)])

    def collect(self, terms: Iterable[tuple[Term, Fraction]]) -> Polynomial:
        """The sum of terms, each brought to canonical form."""
        total: Polynomial = {}
        for term, scalar in terms:
            settled, extra = self._settled(term)
            canonical = self._canonical(settled)
            value = scalar if extra is ONE else scalar * extra
            before = total.get(canonical)
            total[canonical] = value if before is None else before + value
            if len(total) > TERM_LIMIT:
                raise TooLarge(f"more than {TERM_LIMIT} terms")
        return {term: scalar for term, scalar in total.items() if scalar}

    def add(self, *polynomials: Polynomial) -> Polynomial:
        total: Polynomial = {}
        for polynomial in polynomials:
            for term, scalar in polynomial.items():
                before = total.get(term)
                total[term] = scalar if before is None else before + scalar
        return {term: scalar for term, scalar in total.items() if scalar}

    def scale(self, polynomial: Polynomial, scalar: Fraction) -> Polynomial:
        return {term: scalar * value for term, value in polynomial.items()} if scalar else {}

    def multiply(self, a: Polynomial, b: Polynomial) -> Polynomial:
        """The product entry by entry; both sides share the slots."""
        return self.collect(self._products(a, b, None))

    def power(self, base: Polynomial, exponent: int) -> Polynomial:
        result = self.constant(Fraction(1))
        for _ in range(exponent):
            result = self.multiply(result, base)
        return result

    def contract(self, a: Polynomial, b: Polynomial, size: Expr) -> Polynomial:
        r""":math:`\sum_k a_{ik} b_{kj}` over an index of that size."""
        if size == 1:
            return self.multiply(a, b)
        return self.collect(self._products(a, b, self.name(size)))

    def trace(self, a: Polynomial, size: Expr) -> Polynomial:
        r""":math:`\sum_k a_{kk}`."""
        if size == 1:
            return a
        where = self.name(size)
        closed = ((reindexed(p, {ROW: len(p.dims), COLUMN: len(p.dims)}), u) for p, u in a.items())
        return self.collect((p._replace(dims=(*p.dims, where)), u) for p, u in closed)

    def transpose(self, a: Polynomial) -> Polynomial:
        return self.collect((reindexed(p, {ROW: COLUMN, COLUMN: ROW}), u) for p, u in a.items())

    def sum_over_time(self, a: Polynomial, variable: Symbol, low: Expr, high: Expr, *, countable: bool) -> Polynomial:
        """The sum over a time variable; it scopes over the whole term."""
        bounds = (self.name(low), self.name(high), countable)

        def terms() -> Iterator[tuple[Term, Fraction]]:
            for p, u in a.items():
                _require(len(p.times) < len(TIMES), f"more than {len(TIMES)} sums over time")
                renamed = self._retimed(p, {variable: TIMES[len(p.times)]})
                yield renamed._replace(times=(*renamed.times, bounds)), u

        return self.collect(terms())

    def freeze(self, a: Polynomial) -> Frozen:
        return tuple(sorted(a.items()))

    # --- canonical form -------------------------------------------------------------------------

    def _products(self, a: Polynomial, b: Polynomial, contracted: int | None) -> Iterator[tuple[Term, Fraction]]:
        """Every term of ``a`` beside every term of ``b``, with the summed indices of the second renamed apart.

        If a size is given, a new index of that size takes the place of the first's column and the second's row.
        """
        seconds: dict[int, list[tuple[Term, Fraction]]] = {}
        inner = () if contracted is None else (contracted,)
        for p, u in a.items():
            shift, is_one = len(p.dims), u == 1
            left = p.factors if contracted is None else reindexed(p, {COLUMN: shift}).factors
            if shift not in seconds:
                seconds[shift] = [(shifted(q, shift, contracted is not None), v) for q, v in b.items()]
            for q, v in seconds[shift]:
                times = p.times
                if q.times:
                    if times:
                        _require(len(times) + len(q.times) <= len(TIMES), f"more than {len(TIMES)} sums over time")
                        q = self._retimed(q, {TIMES[k]: TIMES[k + len(times)] for k in range(len(q.times))})
                    times = (*times, *q.times)
                yield Term(left + q.factors, p.dims + inner + q.dims, times), v if is_one else u * v

    def _retimed(self, term: Term, renaming: dict[Symbol, Symbol]) -> Term:
        factors = tuple(f._replace(atom=self._retimed_atom(f.atom, renaming)) for f in term.factors)
        times = tuple((self._retimed_atom(a, renaming), self._retimed_atom(b, renaming), c) for a, b, c in term.times)
        return Term(factors, term.dims, times)

    def _retimed_atom(self, number: int, renaming: dict[Symbol, Symbol]) -> int:
        return self.name(self._retimed_key(self.key(number), renaming))

    def _retimed_key(self, key: Any, renaming: dict[Symbol, Symbol]) -> Any:
        if isinstance(key, At | Expr):
            return key.xreplace(renaming)
        if not isinstance(key, tuple):
            return key
        if key and isinstance(key[0], tuple) and key[0] and isinstance(key[0][0], Term):
            return tuple(sorted((self._canonical(self._retimed(term, renaming)), scalar) for term, scalar in key))
        if len(key) == 3 and key[0] == "symbolic power":
            return (key[0], self._retimed_atom(key[1], renaming), key[2].xreplace(renaming))
        return tuple(self._retimed_key(part, renaming) for part in key)

    def _settled(self, term: Term) -> tuple[Term, Fraction]:
        """Deltas, inverses and empty sums eliminated, equal factors merged; with a number that came out."""
        merged: dict[tuple[int, tuple[int, ...]], Fraction | int] = {}
        used: set[int] = {ROW, COLUMN}
        merging = self._merging
        for atom, indices, exponent in term.factors:
            if atom in merging or type(exponent) is not int:
                return self._reduced_term(term)
            place = atom, indices
            total = merged.get(place, 0) + exponent
            if not total:
                return self._reduced_term(term)
            merged[place] = total
            used.update(indices)
        if term.times or len(used) < len(term.dims) + 2:
            return self._reduced_term(term)
        if len(merged) == len(term.factors):
            return term, ONE
        factors = tuple([Factor(atom, indices, exponent) for (atom, indices), exponent in merged.items()])
        return Term(factors, term.dims, term.times), ONE

    def _reduced_term(self, term: Term) -> tuple[Term, Fraction]:
        """The same where there is more to do than to merge factors that are equal."""
        factors, dims = list(term.factors), dict(enumerate(term.dims))
        changed = True
        while changed:
            changed = self._eliminate_delta(factors, dims) or self._merge_chain(factors, dims)
        scalar = Fraction(1)
        used = {index for factor in factors for index in factor.indices}
        for k in [k for k in dims if k not in used]:
            scalar *= self._times_number(factors, self.key(dims.pop(k)))
        times = list(term.times)
        for k in reversed(range(len(times))):
            inner = [bound for low, high, _ in times for bound in (low, high)]
            idle = not any(self._mentions(number, TIMES[k]) for number in (*(f.atom for f in factors), *inner))
            if idle and times[k][2] and k == len(times) - 1:
                low, high, _ = times.pop()
                scalar *= self._times_number(factors, (self.key(high) - self.key(low) + 1).expand())
        names = {old: new for new, old in enumerate(dims)}
        merged: dict[tuple[int, tuple[int, ...]], Fraction | int] = {}
        for atom, indices, exponent in factors:
            place = atom, tuple(names.get(index, index) for index in indices)
            merged[place] = merged.get(place, 0) + exponent
        # A whole exponent is kept as an int, which hashes ten times faster and equals the fraction.
        powers = ((place, self._reduced(place[0], power)) for place, power in merged.items() if power)
        kept = [Factor(*place, power.numerator if power.denominator == 1 else power) for place, power in powers]
        return Term(tuple(kept), tuple(dims.values()), tuple(times)), scalar

    def _reduced(self, atom: int, power: Fraction | int) -> Fraction | int:
        """step(x) is 0 or 1, so its powers are itself; a delta likewise."""
        key = self.key(atom)
        return 1 if (key == DELTA or _is_step(key)) and power > 0 else power

    def _times_number(self, factors: list[Factor], number: Expr) -> Fraction:
        if isinstance(number, Integer):
            return Fraction(int(number))
        factors.append(Factor(self.name(("scalar", number)), (), Fraction(1)))
        return Fraction(1)

    def _eliminate_delta(self, factors: list[Factor], dims: dict[int, int]) -> bool:
        for place, (atom, indices, _) in enumerate(factors):
            if self.key(atom) != DELTA:
                continue
            i, j = sorted(indices)
            if i == j:
                del factors[place]
                return True
            if j >= 0:
                del factors[place]
                factors[:] = [moved(factor, {j: i}) for factor in factors]
                dims.pop(j)
                return True
            kept = Factor(atom, (ROW, COLUMN), Fraction(1))
            others = [moved(f, {COLUMN: ROW}) for k, f in enumerate(factors) if k != place]
            if [*others, kept] != factors:
                factors[:] = [*others, kept]
                return True
        return False

    def _merge_chain(self, factors: list[Factor], dims: dict[int, int]) -> bool:
        """Q⁻¹Q = I, Wⁿ W = W Wⁿ and Wⁿ Wᵐ = Wⁿ⁺ᵐ where the index between them occurs nowhere else."""
        for k in dims:
            around = [place for place, factor in enumerate(factors) if k in factor.indices]
            if len(around) != 2 or any(factors[p].exponent != 1 or len(factors[p].indices) != 2 for p in around):
                continue
            first = next((p for p in around if factors[p].indices[1] == k and factors[p].indices[0] != k), None)
            last = next((p for p in around if factors[p].indices[0] == k and factors[p].indices[1] != k), None)
            if first is None or last is None:
                continue
            if factors[last].indices[1] == factors[first].indices[0]:
                continue
            merged = self._merged_pair(factors[first], factors[last])
            if merged is not None:
                for place in sorted(around, reverse=True):
                    del factors[place]
                factors.extend(merged)
                if not any(k in factor.indices for factor in merged):
                    dims.pop(k)
                return True
        return False

    def _merged_pair(self, left: Factor, right: Factor) -> list[Factor] | None:
        (i, k), (_, j) = left.indices, right.indices
        a, b = self.key(left.atom), self.key(right.atom)
        if a == ("inverse", b) or b == ("inverse", a):
            return [Factor(self.name(DELTA), (i, j), Fraction(1))]
        if _is_power(a) and a[1] == b:
            return [Factor(right.atom, (i, k), Fraction(1)), Factor(left.atom, (k, j), Fraction(1))]
        if _is_power(a) and _is_power(b) and a[1] == b[1]:
            return [Factor(self.name(("power", a[1], (a[2] + b[2]).expand())), (i, j), Fraction(1))]
        return None

    def _mentions(self, number: int, symbol: Symbol) -> bool:
        return self._retimed_atom(number, {symbol: PROBE}) != number

    def _canonical(self, term: Term) -> Term:
        if len(term.times) < 2:
            return index_names(term)
        orders = [order for order in permutations(range(len(term.times)))]
        return min(index_names(self._reordered(term, order)) for order in orders)

    def _reordered(self, term: Term, order: tuple[int, ...]) -> Term:
        renamed = self._retimed(term, {TIMES[old]: TIMES[new] for new, old in enumerate(order)})
        return renamed._replace(times=tuple(renamed.times[old] for old in order))


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise TooLarge(otherwise)


def _is_step(key: Any) -> bool:
    return isinstance(key, tuple) and key[:2] == ("function", "step")


def _is_power(key: Any) -> bool:
    return isinstance(key, tuple) and key[:1] == ("power",)
