"""The same functions at other sizes: smaller ones find a mistake sooner, larger ones tell accidents from causes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from ..inputs import moves
from ..subject import Failed, Subject
from ..trees import leaves, mapped
from .screening import Screen

SIZES = ((4, 5, 3, 6, 7, 8), (11, 12, 10, 13, 14, 9))
"""What large sizes become, all different; the second row where the mistake does not show at the first."""

LARGER = (3, 4, 5, 6, 7)
"""What sizes of one or two become."""

MOST_LARGER = 5000
"""Entries of all inputs after that."""

MULTIPLES = (2, 3, 4)
ERRORS = (Failed, TypeError, ValueError, ArithmeticError, LookupError)


def made_smaller(subject: Subject, exact: dict[str, bool]) -> Subject | None:
    """The subject at smaller sizes, with the same gradients wrong; ``None`` where there is none.

    Which axes belong together is not known: a change of sizes counts if forward and backward still run, and the
    gradients still have the shapes of the inputs.
    """
    for targets in SIZES:
        made = _shrunk(subject, targets)
        if made is None:
            return None
        if _same_wrong(made, exact):
            return made
    return None


def made_larger(subject: Subject, exact: dict[str, bool]) -> Subject | None:
    """The subject with more than two wherever there are one or two, and no multiples; ``None`` if not so.

    At a single step, with two sequences, or where one size is twice another, an edit may be exact that is not the
    cause. The same gradients are wrong.
    """
    sizes = sizes_of(subject)
    free = [size for size in LARGER if size not in sizes]
    few = sorted(size for size in sizes if 0 < size < 3 or any(size % k == 0 for k in sizes if 1 < k < size))
    ill_shaped = _ill_shaped(subject) or set()
    for chosen in (few, few[1:], few[:1]) if few else ():
        changed = dict(zip(chosen, free))
        if not chosen or _entries(subject, changed) > MOST_LARGER:
            continue
        made = resized(subject, changed)
        if runs(made, ill_shaped) and _same_wrong(made, exact):
            return made
    return None


def _same_wrong(subject: Subject, exact: dict[str, bool]) -> bool:
    try:
        found = Screen(subject).exact()
    except ERRORS:
        return False
    return all((name in found) is good for name, good in exact.items())


def _shrunk(subject: Subject, targets: tuple[int, ...]) -> Subject | None:
    """Each size in turn replaced by a small one, the largest first; ``None`` if none can be."""
    made, changed, ill_shaped = subject, False, _ill_shaped(subject) or set()
    for size in sorted(sizes_of(subject), reverse=True):
        now = sizes_of(made)
        target = next((t for t in targets if t not in now), None)
        if size <= max(targets) or size not in now or target is None:
            continue
        for sizes in _together(size, target, now):
            other = resized(made, sizes)
            if runs(other, ill_shaped):
                made, changed = other, True
                break
    return made if changed else None


def _together(size: int, target: int, now: set[int]) -> Iterator[dict[int, int]]:
    """One size changed, with its multiples and sums, such as 4n and n + d, or without."""
    multiples = {k * size: k * target for k in MULTIPLES if k * size in now}
    sums = {size + other: target + other for other in now if size + other in now}
    for more in (multiples | sums, multiples, sums, {}):
        yield {size: target} | more


def _entries(subject: Subject, sizes: dict[int, int]) -> int:
    """How many numbers the inputs have at other sizes."""
    return sum(prod(sizes.get(size, size) for size in leaf.shape) for leaf in subject.leaves)


def sizes_of(subject: Subject) -> set[int]:
    return {size for leaf in subject.leaves for size in leaf.shape}


def resized(subject: Subject, sizes: dict[int, int]) -> Subject:
    """Arrays cut or repeated along the axes that have one of these sizes, integers that are one of them replaced."""

    def cut(path: Any, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            for axis, size in enumerate(value.shape):
                value = np.take(value, range(sizes.get(size, size)), axis, mode="wrap")
            return value
        return sizes.get(value, value) if type(value) is int else value

    return replace(subject, inputs={name: mapped(cut, tree) for name, tree in subject.inputs.items()})


def runs(subject: Subject, ill_shaped: Iterable[str] = ()) -> bool:
    """Whether forward and backward run, and the gradients have the shapes of the inputs, but for some."""
    found = _ill_shaped(subject)
    return found is not None and found <= set(ill_shaped)


def _ill_shaped(subject: Subject) -> set[str] | None:
    """The inputs whose gradients have other shapes; ``None`` if forward and backward do not run."""
    generator = np.random.default_rng(0)

    def number(path: Any, value: Any) -> Any:
        if moves(value):
            noise = generator.normal(size=np.shape(value))
            return noise if isinstance(value, np.ndarray) else float(noise)
        return value.copy() if isinstance(value, np.ndarray) else value

    try:
        inputs = {name: mapped(number, tree) for name, tree in subject.inputs.items()}
        outputs, cache = subject.split(subject.run_forward(inputs))
        cotangents = mapped(lambda _, y: np.ones(np.shape(y))[()] if moves(y) else None, outputs)
        given = subject.gradients(subject.run_backward(inputs, cotangents, cache))
    except ERRORS:
        return None
    if not any(True for _ in leaves(outputs)):
        return None
    return {leaf.name for leaf, g in zip(subject.leaves, given) if g is not None and np.shape(g) != leaf.shape}
