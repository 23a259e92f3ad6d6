"""A real counterexample: inputs that floating point holds exactly, and balls that exclude equality there."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import ctx, fmpq

from .comparison import Bench, FieldBench, drawing
from .decisions.magnitude import USUAL
from .exact.balls import Balls
from .exact.modular import Singular, Unlucky
from .exact.numbers import Numbers
from .subject import Failed, Leaf, Subject, exact_leaves
from .trees import leaves

PRECISIONS = (96, 192, 384, 768, 1536)
ATTEMPTS = 8
AS_DRAWN = ATTEMPTS
"""One more attempt, with the numbers of the random point, so that comparisons go there as they went in the field."""

DRAWN, COARSELY = 24, 12
"""Bits of these numbers, and of a size of others."""

COARSE = 4
"""Attempts with eighths at entries that are wrong in the field; later ones have finer numbers and try more entries."""

LOOKED_AT = 144
"""How many entries of a gradient are looked at for wrong ones."""

ENTRIES = 6
"""How many wrong entries are tried for the plainest difference."""

TINIEST = 2.0**-1074
"""The smallest number of floating point."""

EIGHTHS = 8
WIDE = 8
FINE = 64


@dataclass(frozen=True, slots=True)
class Witness:
    """Inputs, upstream gradients and one entry of a gradient: what it is, and what backward gives for it.

    Every number is a small multiple of a power of 1/2, so a replay in floating point starts from exactly these.
    """

    inputs: dict[str, Any]
    cotangents: Any
    name: str
    index: tuple[int, ...]
    true: str
    given: str
    ratio: str = ""

    @property
    def entry(self) -> str:
        return self.name + (f"[{', '.join(map(str, self.index))}]" if self.index else "")

    def as_json(self) -> dict[str, Any]:
        return {
            "inputs": self.inputs,
            "cotangents": self.cotangents,
            "entry": {"input": self.name, "index": list(self.index)},
            "true": self.true,
            "given": self.given,
        }

    def __str__(self) -> str:
        lines = [f"{name} = {_shown(value)}" for name, value in self.inputs.items()]
        lines.append(f"upstream gradient = {_shown(self.cotangents)}")
        lines.append(f"the gradient of {self.entry} is {self.true}, backward gives {self.given}")
        return "\n".join(lines)


def _shown(value: Any) -> str:
    return str(value) if not isinstance(value, list) else f"np.array({value})" if _regular(value) else str(value)


def _regular(value: Any) -> bool:
    try:
        return np.asarray(value).dtype.kind in "fi"
    except ValueError:
        return False


class BallBench(Bench):
    """A subject at small rational numbers; at the attempt ``AS_DRAWN`` at those of the random point of the seed."""

    def __init__(self, subject: Subject, attempt: int, seed: int = 0) -> None:
        random = np.random.default_rng((attempt, 5))
        domain = Balls(attempt, subject.floating, subject.formal)
        self.rationals: dict[str, Any] = {}
        draw = drawing(subject, seed)

        def number(name: str, given: Any) -> Numbers:
            parts = EIGHTHS if attempt < COARSE else max(FINE, 1 << int(given.size).bit_length())
            if attempt == AS_DRAWN:
                bits = DRAWN + subject.magnitude.closeness
                values = [dyadic(x, bits) for x in draw(given).ravel()]
            else:
                found = self._rational(random, subject.magnitude.known(given), attempt, parts)
                found = subject.magnitude.signed(random, found)
                scales = 2.0 ** subject.magnitude.exponents(random, given.shape, len(self.rationals)).astype(float)
                values = [
                    dyadic(scale, COARSELY) * fmpq(int(k), parts) for scale, k in zip(scales.ravel(), found.ravel())
                ]
            self.rationals[name] = np.reshape([int(v.p) / int(v.q) for v in values], given.shape)
            return domain.rationals(values, given.shape)

        super().__init__(subject, domain, number)

    def drift(self, count: int) -> dict[str, Any]:
        """``count`` tangents for every input, of which the last moves them all, so that ties tell what can move."""
        random = np.random.default_rng(count)
        made = {leaf.name: np.zeros((count, *leaf.shape), np.int64) for leaf in self.leaves}
        for tangents in made.values():
            tangents[-1] = random.integers(1, 1 << 20, tangents.shape[1:])
        return made

    def _rational(self, random: Any, given: Any, attempt: int, parts: int) -> Any:
        """Numerators: near the values given, all positive in every third attempt.

        The fine ones are all different, and every other time far from 0 as well.
        """
        sizes = random.integers(1, parts + 1, given.shape)
        if parts != EIGHTHS:
            sizes = 1 + random.permutation(parts)[: given.size].reshape(given.shape)
        if parts != EIGHTHS and attempt % 2:
            sizes = WIDE * sizes
        spread = sizes * random.choice([-1, 1], given.shape)
        near = np.rint(given * parts)
        found = np.where(np.abs(near) > parts, near, spread) if attempt % 2 else spread
        return np.abs(found) if attempt % 3 == 2 else found


def dyadic(x: float, bits: int) -> fmpq:
    """The nearest number of so many bits."""
    mantissa, exponent = math.frexp(x)
    return fmpq(round(math.ldexp(mantissa, bits))) * fmpq(2) ** (exponent - bits)


def wrong_entries(subject: Subject, leaf: Leaf, seed: int) -> list[tuple[int, ...]]:
    """The entries of a gradient that are not exact at a random point, as many as are looked at."""
    size = int(np.prod(leaf.shape))
    indices = list(np.ndindex(leaf.shape))
    if size > LOOKED_AT:
        indices = [indices[k] for k in np.random.default_rng(seed).permutation(size)[:LOOKED_AT]]
    bench = FieldBench(subject, seed)
    with bench.rebinding() as rebinding:
        gradients, cotangents = bench.backward(rebinding)
        gradient = gradients[bench.leaves.index(leaf)] if leaf in bench.leaves else None
        _, outputs, _ = bench.forward(rebinding, {leaf.name: unit_tangents(leaf.shape, indices)})
    true, _ = bench.pairing(cotangents, outputs, len(indices))
    if gradient is None:
        return [index for index, value in zip(indices, true) if value]
    numbers = gradient.read().reshape(leaf.shape)
    given, nan = numbers.parts[0], bench.domain.without_value(numbers) | np.zeros(leaf.shape, bool)
    return [index for index, value in zip(indices, true) if nan[index] or int(given[(0, *index)]) != int(value)]


def unit_tangents(shape: tuple[int, ...], indices: list[tuple[int, ...]]) -> Any:
    """One tangent per entry."""
    tangents = np.zeros((len(indices), *shape), np.int64)
    for k, index in enumerate(indices):
        tangents[(k, *index)] = 1
    return tangents


def find_witness(subject: Subject, candidates: Iterable[Leaf], seed: int, least: float = TINIEST) -> Witness | None:
    """A counterexample in one of these inputs; ``None`` where balls cannot tell the gradients apart.

    Differences below ``least`` do not count; below ``TINIEST`` floating point shows none.
    """
    failed: Failed | None = None
    for leaf in candidates:
        entries = _spread(wrong_entries(subject, leaf, seed))
        if not entries:
            continue
        few = int(np.prod(leaf.shape)) <= LOOKED_AT
        attempts = range(ATTEMPTS)
        for attempt in (*attempts, AS_DRAWN) if subject.magnitude == USUAL else (AS_DRAWN, *attempts):
            # Other branches are taken here than in the field, and other entries are wrong there.
            tried = list(np.ndindex(leaf.shape)) if few and COARSE <= attempt < AS_DRAWN else entries
            try:
                witness = _at_attempt(subject, leaf, tried, attempt, seed, least)
            except Failed as error:
                failed = error
                continue
            if witness is not None:
                return witness
    if failed is not None:
        raise failed
    return None


def _spread(entries: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    return entries[:: max(1, len(entries) // ENTRIES)][:ENTRIES]


def _at_attempt(
    subject: Subject, leaf: Leaf, entries: list[tuple[int, ...]], attempt: int, seed: int, least: float
) -> Witness | None:
    for bits in PRECISIONS[: 2 if COARSE <= attempt < AS_DRAWN else None]:
        with ctx.workprec(bits):
            try:
                return _compared(subject, leaf, entries, attempt, seed, least)
            except _Close:
                continue
            except (Unlucky, Singular, ZeroDivisionError):
                if bits >= PRECISIONS[1]:
                    return None
    return None


class _Close(Exception):
    """The balls overlap at this precision."""


def _compared(
    subject: Subject, leaf: Leaf, entries: list[tuple[int, ...]], attempt: int, seed: int, least: float
) -> Witness | None:
    bench = BallBench(subject, attempt, seed)
    with bench.rebinding() as rebinding:
        gradients, cotangents = bench.backward(rebinding, tangents=bench.drift(1))
        tangents = bench.drift(len(entries) + 1)
        tangents[leaf.name][:-1] = unit_tangents(leaf.shape, entries)
        _, outputs, _ = bench.forward(rebinding, tangents)
    if bench.domain.ties:
        return None
    gradient = gradients[bench.leaves.index(leaf)]
    best: tuple[float, Any] | None = None
    close = True
    bars = dict(leaves(cotangents))
    for k, index in enumerate(entries):
        true = bench.domain.rings[0].rational(0, 1)
        for path, y in exact_leaves(outputs, bench.domain):
            tangents = y.read().parts[0][1:]
            if len(tangents):
                bar = bars[path].read().parts[0][:1]
                true = true + sum((tangents[k : k + 1] * bar).ravel().tolist(), start=true * 0)
        given = true * 0 if gradient is None else gradient.read().reshape(leaf.shape).parts[0][(0, *index)]
        if given.is_nan() and true.is_finite() and bench.domain.undefined.told:
            best = math.inf, (index, true, given)
            continue
        difference = true - given
        if difference.contains(0):
            continue
        if float(abs(difference).upper()) < least:
            close = False
            continue
        size = float(abs(difference).mid()) / max(float(abs(true).mid()), float(abs(given).mid()), 1e-300)
        if best is None or size > best[0]:
            best = size, (index, true, given)
    if best is None and not close:
        return None
    if best is None:
        raise _Close
    index, true, given = best[1]
    plain = {name: values.tolist() for name, values in bench.rationals.items()}
    inputs = {name: value for name, value in plain.items() if not name.startswith("cotangent")}
    bar = {name.removeprefix("cotangent") or "out": value for name, value in plain.items() if name not in inputs}
    only = next(iter(bar.values())) if len(bar) == 1 else bar
    return Witness(inputs, only, leaf.name, index, _text(true), _text(given))


def _text(value: Any) -> str:
    return str(value.str(15, radius=False))
