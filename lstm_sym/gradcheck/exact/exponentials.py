"""Exponentials in a chain of fields, and what is remembered of them at one random point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from .linear_forms import LinearForms, Pair
from .logarithms import Logarithms, Row
from .modular import Modular


class Exponentials:
    """Homomorphisms from each ring to the field of the one before, and their inverse where it is known.

    A number has one exponential at a point, and one logarithm, whatever is learnt of it later: else forward would not
    find what it found when it is run again.
    """

    def __init__(
        self,
        keyed: Callable[..., int],
        modular: Sequence[Modular],
        rings: Sequence[Any],
        root: Callable[[list[Any], int], list[Any]],
    ) -> None:
        self.keyed, self.modular, self.rings, self.root = keyed, modular, rings, root
        self.known = Logarithms(keyed, modular)
        self.forms = LinearForms(rings[1], modular[1].p)
        self._logarithms: dict[int, Row] = {}
        """By what they are among exponents."""
        self._arguments: dict[int, Row] = {}
        """What they were taken of."""
        self._elements: dict[int, list[Any]] = {}
        """The same where it is no residue."""
        self._taken: dict[Any, Row] = {}
        """Logarithms of what is no residue."""
        self.degree: Pair = (0.0, 0.0)
        """That of the powers in the exponentials that were made last."""
        self._degrees: dict[int, Pair] = {}
        """The same by the argument."""
        self._roots: dict[int, int] = {}
        self._met: dict[int, Row] = {0: (1, 1, 1)}
        self._beyond: dict[int, list[Any]] = {}
        """What exponentials are multiplied by that are no residues, by the argument: roots."""
        self._waiting: list[tuple[Any, ...]] = []

    def powers(self, x: list[Any]) -> tuple[Sequence[Any], list[Any]]:
        """Exponentials, and the rings that they are in: residues, unless there are roots among them.

        In an extension they are those of a random linear form of their arguments.
        """
        first, second, third = (ring.image(part) for ring, part in zip(self.rings, x))
        results = [self.modular[0].power(second), self.modular[1].power(third), self._last_exponential(third)]
        self.degree = (0.0, 0.0)
        if self.forms:
            results = self._with_logarithms(second, third, results)
        # Copies, since code under test may write into the results, as softmax does by an in-place division.
        self._waiting.append(tuple(part.ravel().copy() for part in (second, *results)))
        inside = np.all([ring.residues(part)[1] for ring, part in zip(self.rings, x)], axis=0)
        roots = []
        if self._beyond:
            roots = [(k, self._beyond[u]) for k, u in enumerate(second.ravel().tolist()) if u in self._beyond]
            inside = np.array(inside)
            inside.reshape(-1)[[k for k, _ in roots]] = False
        self.known.note(results[0][inside], [part[inside] for part in (first, second, third)])
        return (self.rings, self._times(results, roots)) if roots else (self.modular, results)

    def _times(self, residues: list[Any], roots: list[tuple[int, list[Any]]]) -> list[Any]:
        """Residues as elements, of which some are multiplied by roots."""
        products = [ring.lifted(part).ravel().copy() for ring, part in zip(self.rings, residues)]
        for k, factors in roots:
            for ring, part, factor in zip(self.rings, products, factors):
                part[k : k + 1] = ring.mul(part[k : k + 1], factor)
        return [part.reshape(residues[0].shape) for part in products]

    def _last_exponential(self, x: Any) -> Any:
        """A keyed element at a quarter of each argument, to its fourth power; halves and doubles are recognised."""
        p = self.modular[-1].p
        known = self._roots
        out = []
        quarter = pow(4, -1, p)
        for u in x.ravel().tolist():
            if u not in known:
                self._learn(u, quarter)
            out.append(known[u])
        return np.array(out, np.int64).reshape(x.shape)

    def _learn(self, u: int, quarter: int) -> None:
        p, known = self.modular[-1].p, self._roots
        half = u * 2 * quarter % p
        if not u:
            known[0] = 1
            return
        # What is known is kept, else a second run of forward would not find what the first one found.
        if half in known:
            known[u] = known[half] ** 2 % p
        elif u * quarter % p in known:
            known[half] = known[u * quarter % p] ** 2 % p
            known[u] = known[half] ** 2 % p
        else:
            root = self.keyed("exp", min(u, p - u))
            root = root if u < p - u else pow(root, -1, p)
            known[u * quarter % p] = root
            known[half] = root * root % p
            known[u] = known[half] ** 2 % p
        for value in (u * quarter % p, half, u):
            if value in known:
                known.setdefault(p - value, pow(known[value], -1, p))

    def _with_logarithms(self, second: Any, third: Any, results: list[Any]) -> list[Any]:
        """The exponentials that were met before, and those of linear forms in logarithms."""
        for arguments, *values in self._waiting:
            for argument, *row in zip(arguments.tolist(), *[part.tolist() for part in values]):
                self._met.setdefault(argument, tuple(row))
        self._waiting.clear()
        flat = [result.ravel().copy() for result in results]
        for k, (u, w) in enumerate(zip(second.ravel().tolist(), third.ravel().tolist())):
            known = self._met.get(u) or self._by_form(u, w)
            for column, own in zip(flat, known or ()):
                column[k] = own
            if u in self._degrees:
                self.degree = max(self.degree[0], self._degrees[u][0]), max(self.degree[1], self._degrees[u][1])
        return [column.reshape(result.shape) for column, result in zip(flat, results)]

    def _by_form(self, u: int, w: int) -> Row | None:
        """exp(rest + sum of c log s) = exp(rest) times the powers c of s; ``w`` is u in the last field."""
        powers = self.forms.split(u)
        if not powers:
            return None
        u_rest, w_rest = u, w
        _, q, r = self.modular
        residues, factors = [], []
        for logarithm, exponent in powers:
            _, second, third = self._logarithms[logarithm]
            u_rest = (u_rest - q.rational(*exponent.as_integer_ratio()) * second) % q.p
            w_rest = (w_rest - r.rational(*exponent.as_integer_ratio()) * third) % r.p
            floor, root = divmod(exponent.numerator, exponent.denominator)
            if logarithm in self._elements:
                factors.append(self._whole_power(self._elements[logarithm], floor))
            else:
                residues.append(self._power(self._arguments[logarithm], floor))
            if root:
                factors.append(self._root(self._arguments[logarithm], root, exponent.denominator))
        if u_rest not in self._met:
            self._met[u_rest] = self._power_of_generators(u_rest, w_rest)
        self._degrees[u] = self.forms.degree(powers)
        return self._with_roots(u, reduce(self._product, residues, self._met[u_rest]), factors)

    def _root(self, argument: Row, power: int, degree: int) -> list[Any]:
        """A power of a root, in every ring."""
        elements = [ring.lifted(np.array([own], np.int64)) for ring, own in zip(self.rings, argument)]
        return [ring.to_the(part, power) for ring, part in zip(self.rings, self.root(elements, degree))]

    def _whole_power(self, x: list[Any], exponent: int) -> list[Any]:
        powers = [ring.to_the(part, abs(exponent)) for ring, part in zip(self.rings, x)]
        return powers if exponent > 0 else [ring.inv(part) for ring, part in zip(self.rings, powers)]

    def _with_roots(self, u: int, result: Row, roots: list[list[Any]]) -> Row:
        """The result times the roots that are residues; the product of the others is kept for this argument."""
        if not roots:
            return result
        product = [reduce(ring.mul, factors) for ring, factors in zip(self.rings, zip(*roots, strict=True))]
        residues, inside = zip(*[ring.residues(part) for ring, part in zip(self.rings, product)])
        if np.all(inside):
            return self._product(result, tuple(part.item() for part in residues))
        self._beyond[u] = product
        return result

    def _power_of_generators(self, u: int, w: int) -> Row:
        second, third = np.array([u]), np.array([w])
        values = self.modular[0].power(second), self.modular[1].power(third), self._last_exponential(third)
        return tuple(value.item() for value in values)

    def _power(self, x: Row, exponent: int) -> Row:
        return tuple(pow(own, exponent, ring.p) for own, ring in zip(x, self.modular))

    def _product(self, x: Row, y: Row) -> Row:
        return tuple(a * b % ring.p for a, b, ring in zip(x, y, self.modular))

    def logarithms(self, x: list[Any]) -> list[Any]:
        """Logarithms as residues."""
        parts, insides = zip(*[ring.residues(a) for ring, a in zip(self.rings, x)])
        rows = zip(*(a.ravel().tolist() for a in parts))
        keys = zip(np.all(insides, axis=0).ravel().tolist(), self.rings[0].keys(x[0]))
        found = [
            self._logarithm(row) if inside else self._opaque(key, [part.reshape(-1)[k : k + 1] for part in x])
            for k, (row, (inside, key)) in enumerate(zip(rows, keys))
        ]
        columns = [np.array(column, np.int64).reshape(x[0].shape) for column in zip(*found)]
        return columns or [np.zeros(x[0].shape, np.int64) for _ in x]

    def _logarithm(self, row: Row) -> Row:
        """The logarithm of a residue, which gets a form unless its exponential is this residue anyway."""
        found, first = self.known.of(row), self.modular[0]
        u = found[1]
        if u not in self._logarithms and pow(first.generator, u, first.p) != row[0]:
            self._arguments[u], self._logarithms[u] = row, found
            self.forms.add_logarithm(u)
        return found

    def _opaque(self, key: Any, x: list[Any]) -> Row:
        """The logarithm of what is no residue: half of that of its square, if it is the root of one."""
        if key not in self._taken:
            squares = [ring.mul(part, part) for ring, part in zip(self.rings, x)]
            residues, inside = zip(*[ring.residues(part) for ring, part in zip(self.rings, squares)])
            if np.all(inside) and all(np.all(a == b) for a, b in zip(self.root(squares, 2), x)):
                doubled = self._logarithm(tuple(part.item() for part in residues))
                found = tuple(ring.rational(1, 2) * u % ring.p for ring, u in zip(self.modular, doubled))
                self.forms.halved(doubled[1], found[1])
            else:
                found = tuple(self.keyed("log", key, ring.p) for ring in self.modular)
                self._elements[found[1]], self._logarithms[found[1]] = [part.copy() for part in x], found
                self.forms.add_logarithm(found[1], rootless=True)
            self._taken[key] = found
        return self._taken[key]
