"""What is wrong with a backward pass: hypotheses, each tested exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .array import Array
from .comparison import FieldBench, Point, shape_problem
from .modular import Singular, Unlucky
from .search import Mend, mends
from .subject import Failed, Leaf, Subject
from .witness import unit_tangents

LARGEST = 300
SMALL = 200
"""Numerators and denominators of factors are below this."""


def diagnosed(subject: Subject, point: Point) -> list[str]:
    """Sentences on the mistake, each established by an exact check; none where nothing fits."""
    try:
        sentences = [_said(mend) for mend in mends(subject, point.exact, point.seed)]
    except (Failed, Unlucky, Singular):
        sentences = []
    for leaf in subject.leaves:
        if not point.exact[leaf.name] and leaf.name not in point.shapes:
            sentences += residue(subject, leaf, point.seed)
    return sentences


def _said(mend: Mend) -> str:
    verb = "is" if len(mend.names) == 1 else "are"
    return f"{_listed(mend.names)} {verb} exact if {mend.edit}: {mend.rule.mistake}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def residue(subject: Subject, leaf: Leaf, seed: int) -> list[str]:
    """What the wrong gradient of one input has to do with the true one."""
    size = int(np.prod(leaf.shape))
    if size > LARGEST:
        return []
    try:
        given, true, p = _both(subject, leaf, seed)
    except (Failed, Unlucky, Singular):
        return []
    if given is None or not given.any():
        return [f"backward gives {leaf.name} the gradient 0"]
    factor = _factor(given, true, p)
    if factor is not None:
        sizes = {size for own in subject.leaves for size in own.shape}
        if factor.denominator == 1 and factor.numerator in sizes:
            return [f"backward gives {factor} times the gradient of {leaf.name}, as if a sum stood for a mean"]
        if factor.numerator == 1 and factor.denominator in sizes:
            return [f"backward gives {factor} times the gradient of {leaf.name}, as if a mean stood for a sum"]
        return [f"backward gives {factor} times the gradient of {leaf.name}"]
    if len(leaf.shape) == 2 and leaf.shape[0] == leaf.shape[1] and np.array_equal(given.T, true):
        return [f"backward gives the transpose of the gradient of {leaf.name}"]
    same = given == true
    if same.any():
        return [f"{int(same.sum())} of {size} entries of the gradient of {leaf.name} are exact{_steps(leaf, same)}"]
    return []


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


def _steps(leaf: Leaf, same: Any) -> str:
    """Along the axis that separates exact entries from others: where the adjoint departs, seen from the end."""
    for axis in range(same.ndim):
        lines = np.moveaxis(same, axis, 0).reshape(same.shape[axis], -1)
        whole = lines.all(1)
        if whole.any() and not lines[~whole].any():
            first = int(np.flatnonzero(~whole)[-1])
            if not whole[: first + 1].any():
                return f": those beyond index {first} of axis {axis}; from step {first} backwards they depart"
            return f": those with index {', '.join(map(str, np.flatnonzero(whole)))} of axis {axis}"
    return ""


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
