"""What a wrong gradient has to do with the true one, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, permutations
from math import prod
from typing import Any

import numpy as np

from ..arrays.array import Array
from ..comparison import FieldBench
from ..exact.modular import Singular, Unlucky
from ..results import shape_problem
from ..subject import Failed, Leaf, Subject
from ..witness import unit_tangents
from .smaller import resized, runs, sizes_of

LARGEST = 300
"""Entries of a gradient that are looked at one by one."""

SMALL = 200
"""Numerators and denominators of factors are below this."""

BLOCKS = (4, 3, 2)
"""Gates that may be stacked along an axis."""

LISTED = 3
"""Wrong entries that are listed, where there are no more."""


def residues(subject: Subject, names: list[str], mended: set[str], seed: int) -> Iterator[str]:
    """A sentence for each of these inputs whose wrong gradient has a simple pattern, and one on those without.

    Of those ``mended``, for which an edit is known, a pattern is told and nothing else.
    """
    plain = []
    for leaf in subject.leaves:
        if leaf.name in names:
            found = _residue(subject, leaf, seed)
            if found:
                yield found
            elif found is not None and leaf.name not in mended:
                plain.append(leaf.name)
    if plain:
        listed = plain[0] if len(plain) == 1 else f"{', '.join(plain[:-1])} and {plain[-1]}"
        yield f"no entry of the gradient of {listed} is exact"


def _residue(subject: Subject, leaf: Leaf, seed: int) -> str | None:
    """What the wrong gradient of one input has to do with the true one; nothing to say if no entry is exact."""
    size = prod(leaf.shape)
    if size > LARGEST:
        return None
    try:
        given, true, p = _both(subject, leaf, seed)
    except (Failed, Unlucky, Singular):
        return None
    if given is None or not given.any():
        return f"backward gives {leaf.name} the gradient 0"
    if not true.any():
        return f"the gradient of {leaf.name} is 0, and backward gives another one"
    factor = _factor(given, true, p)
    if factor is not None:
        return f"backward gives {factor} times the gradient of {leaf.name}{_as_if(subject, leaf, factor, seed)}"
    if len(leaf.shape) == 2 and leaf.shape[0] == leaf.shape[1] and np.array_equal(given.T, true):
        return f"backward gives the transpose of the gradient of {leaf.name}"
    same = given == true
    moved = next(_moved(given, true), None)
    if moved:
        return f"backward gives the gradient of {leaf.name} {moved}"
    sizes = {size for own in subject.leaves for size in own.shape}
    if same.all():
        return None
    if not same.any():
        if _of_itself(subject, leaf, true - given, p, seed):
            return f"the gradient of {leaf.name} lacks one multiple of {leaf.name}, as of a penalty on its square"
        scaled = next(_scaled(given, true, p, sizes), None)
        return f"of the gradient of {leaf.name} {scaled}" if scaled else ""
    where = next(_blocks(same, sizes), "") or _listed(same) or _steps(subject, leaf, same)
    return f"{int(same.sum())} of {size} entries of the gradient of {leaf.name} are exact{where}"


def _of_itself(subject: Subject, leaf: Leaf, lack: Any, p: int, seed: int) -> bool:
    """Whether what is missing is one multiple of the input itself, in all entries."""
    bench = FieldBench(subject, seed)
    x, plain = bench.domain.rings[0].residues(bench.values[leaf.name].parts[0][:1])
    if not np.all(plain):
        return False  # in a field with roots, residues say nothing of products
    ratios = {int(a) * pow(int(own), -1, p) % p for a, own in zip(lack.ravel(), x.ravel()) if own}
    return bool(x.all()) and x.size > 1 and len(ratios) == 1


def _as_if(subject: Subject, leaf: Leaf, factor: Fraction, seed: int) -> str:
    """Whether a factor is the number of steps, of sequences, or of both together, at other numbers of them, too."""
    sizes = sorted(sizes_of(subject) - {1})
    for chosen in [(size,) for size in sizes] + list(combinations(sizes, 2)):
        count = prod(chosen)
        if factor not in (count, Fraction(1, count)):
            continue
        others = dict(zip(chosen, (size for size in range(3, 9) if size not in sizes)))
        there = _factor_at(resized(subject, others), leaf.name, seed)
        if there == prod(others.values()) ** (1 if factor == count else -1):
            return ", as if a sum stood for a mean" if factor == count else ", as if a mean stood for a sum"
    return ""


def _factor_at(subject: Subject, text: str, seed: int) -> Fraction | None:
    leaf = next(leaf for leaf in subject.leaves if leaf.name == text)
    if prod(leaf.shape) > LARGEST or not runs(subject):
        return None
    try:
        given, true, p = _both(subject, leaf, seed)
    except (Failed, Unlucky, Singular):
        return None
    return None if given is None else _factor(given, true, p)


def _moved(given: Any, true: Any) -> Iterator[str]:
    """Entries that are right, and in the wrong place: reversed or shifted along an axis, blocks in another order."""
    for axis in range(true.ndim):
        length = true.shape[axis]
        if length < 2 or np.array_equal(given, true):
            continue
        a, b = np.moveaxis(given, axis, 0), np.moveaxis(true, axis, 0)
        if np.array_equal(a[::-1], b):
            yield f"in reverse order along axis {axis}"
        for step in (1, -1):
            if length > 2 and np.array_equal(a, np.roll(b, step, axis=0)):
                yield f"with axis {axis} rolled by {step}"
        for count in BLOCKS:
            if length % count == 0 and (length > count or true.ndim == 1):
                parts = b.reshape(count, length // count, *b.shape[1:])
                for order in permutations(range(count)):
                    if list(order) != sorted(order) and np.array_equal(a.reshape(parts.shape), parts[list(order)]):
                        told = ", ".join(str(k + 1) for k in order)
                        yield f"with its {count} blocks along axis {axis} in the order {told}"


def _scaled(given: Any, true: Any, p: int, sizes: set[int]) -> Iterator[str]:
    """Blocks along an axis of which each is a multiple of the true one."""
    for axis in range(true.ndim):
        for count in _counts(true.shape[axis], sizes):
            a, b = (np.split(np.moveaxis(x, axis, 0), count) for x in (given, true))
            factors = [_factor(x, y, p) for x, y in zip(a, b)]
            if None not in factors and len(set(factors)) > 1:
                yield f"the {count} blocks along axis {axis} are {', '.join(map(str, factors))} times the true ones"


def _counts(length: int, sizes: set[int]) -> list[int]:
    """How many gates may be stacked along an axis: blocks as long as another axis."""
    return [count for count in BLOCKS if length % count == 0 and length // count in sizes and length // count > 1]


def _blocks(same: Any, sizes: set[int]) -> Iterator[str]:
    """The blocks of stacked gates that are wrong, where the others are exact."""
    for axis in range(same.ndim):
        for count in _counts(same.shape[axis], sizes):
            parts = np.split(np.moveaxis(same, axis, 0), count)
            wrong = [k + 1 for k, part in enumerate(parts) if not part.all()]
            if len(wrong) < count and not any(parts[k - 1].all() for k in wrong):
                some = [parts[k - 1] for k in wrong]
                if all(not part.any() for part in some) or (len(wrong) == 1 and (~some[0]).sum() > LISTED):
                    verb = "block" if len(wrong) == 1 else "blocks"
                    are = "is" if len(wrong) == 1 else "are"
                    told = " and ".join(map(str, wrong))
                    yield f": {verb} {told} of {count} along axis {axis} {are} wrong"


def _factor(given: Any, true: Any, p: int) -> Fraction | None:
    """The small fraction that the one is of the other, entry by entry; ``None`` where there is none."""
    pairs = [(int(a), int(b)) for a, b in zip(given.ravel(), true.ravel())]
    one = next(((a, b) for a, b in pairs if b), None)
    if one is None:
        return None
    ratio = one[0] * pow(one[1], -1, p) % p
    if any((a - b * ratio) % p for a, b in pairs):
        return None
    below = next((k for k in range(1, SMALL) if min(ratio * k % p, -ratio * k % p) < SMALL), None)
    if below is None:
        return None
    above = ratio * below % p
    return Fraction(above if above < SMALL else above - p, below)


def _steps(subject: Subject, leaf: Leaf, same: Any) -> str:
    """Along the axis that separates exact entries from others: where the adjoint departs, seen from the end."""
    for axis in range(same.ndim):
        lines = np.moveaxis(same, axis, 0).reshape(same.shape[axis], -1)
        whole = lines.all(1)
        if whole.any() and not lines[~whole].any():
            first = int(np.flatnonzero(~whole)[-1])
            if not whole[: first + 1].any():
                departs = f"; from step {first} backwards they depart" if _over_time(subject, leaf, axis) else ""
                return f": those beyond index {first} of axis {axis}{departs}"
            return f": those with index {', '.join(map(str, np.flatnonzero(whole)))} of axis {axis}"
    return ""


def _over_time(subject: Subject, leaf: Leaf, axis: int) -> bool:
    """Whether an axis may be that of time: no input has its length elsewhere, and none is a vector along it."""
    length = leaf.shape[axis]
    alike = [own.shape for own in subject.leaves if length in own.shape]
    return all(len(shape) > 1 and shape.count(length) == 1 and shape.index(length) == axis for shape in alike)


def _listed(same: Any) -> str:
    """The wrong entries, where they are few."""
    wrong = np.argwhere(~same)
    if len(wrong) > LISTED or len(wrong) >= same.sum():
        return ""
    return f": all but {' and '.join(str(tuple(map(int, index))) for index in wrong)}"


def _both(subject: Subject, leaf: Leaf, seed: int) -> tuple[Any, Any, int]:
    """The gradient that is given and the true one, as residues."""
    bench = FieldBench(subject, seed)
    indices = list(np.ndindex(leaf.shape))
    with bench.rebinding() as rebinding:
        gradients, cotangents = bench.backward(rebinding)
        _, outputs, _ = bench.forward(rebinding, {leaf.name: unit_tangents(leaf.shape, indices)})
    names = [own.name for own in bench.leaves]
    gradient = gradients[names.index(leaf.name)]
    true, _ = bench.pairing(cotangents, outputs, len(indices))
    p = bench.domain.modular[0].p
    if not isinstance(gradient, Array) or shape_problem(leaf, gradient):
        return None, true.reshape(leaf.shape), p
    return gradient.read().reshape(leaf.shape).parts[0][:1].reshape(leaf.shape), true.reshape(leaf.shape), p
