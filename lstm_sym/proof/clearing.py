r"""Denominators cleared: a difference of two forms that vanishes after multiplying by what stands below its fractions.

An opaque quotient :math:`q = 1/b` with :math:`b \ne 0` satisfies :math:`q\,b = 1`, which the normal form does not know.
If :math:`\sum_k c_k q^k` is multiplied by :math:`b^m`, m the highest power, each :math:`q^k` becomes
:math:`b^{m-k}`; since b is nowhere 0, the product vanishes exactly if the sum does.
"""

from __future__ import annotations

from .polynomial import COLUMN, ONE, ROW, Algebra, Factor, Polynomial, Term

ROUNDS = 12


def cleared(difference: Polynomial, algebra: Algebra) -> Polynomial:
    """``difference`` times the denominators of its quotients, as far as they stand at the free row and column."""
    for _ in range(ROUNDS):
        quotient = _first_quotient(difference, algebra)
        if quotient is None or not difference:
            return difference
        base = _base(quotient, algebra)
        highest = max(_power(term, quotient) for term in difference)
        parts = []
        for term, scalar in difference.items():
            rest = term._replace(factors=tuple(f for f in term.factors if not _is(f, quotient)))
            missing = algebra.power(base, int(highest - _power(term, quotient)))
            parts.append(algebra.multiply(algebra.collect([(rest, scalar)]), missing))
        difference = algebra.add(*parts)
    return difference


def _first_quotient(polynomial: Polynomial, algebra: Algebra) -> Factor | None:
    """A quotient all of whose occurrences are at free indices, to whole positive powers."""
    kept: set[int] = set()
    found: dict[int, Factor] = {}
    for term in polynomial:
        for factor in term.factors:
            key = algebra.key(factor.atom)
            if isinstance(key, tuple) and key[:1] == ("quotient",):
                found.setdefault(factor.atom, factor)
                whole = factor.exponent.denominator == 1 and factor.exponent > 0
                if not whole or any(index >= 0 for index in factor.indices):
                    kept.add(factor.atom)
    return next((factor for atom, factor in found.items() if atom not in kept), None)


def _base(quotient: Factor, algebra: Algebra) -> Polynomial:
    """What a quotient is the reciprocal of, at the quotient's own indices."""
    base = dict(algebra.key(quotient.atom)[1])
    turned = quotient.indices in ((COLUMN,), (COLUMN, ROW))
    return algebra.transpose(base) if turned else base


def _is(factor: Factor, quotient: Factor) -> bool:
    return factor.atom == quotient.atom and factor.indices == quotient.indices


def _power(term: Term, quotient: Factor) -> int:
    return int(sum((factor.exponent for factor in term.factors if _is(factor, quotient)), 0 * ONE))
