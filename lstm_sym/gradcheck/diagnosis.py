"""What is wrong with a backward pass: hypotheses, each tested exactly."""

from __future__ import annotations

import os
import time
import types
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .array import Array
from .comparison import FieldBench, Point, at_point, shape_problem
from .edits import Edit, edits_of
from .modular import Singular, Unlucky
from .subject import Failed, Leaf, Subject
from .witness import unit_tangents

SECONDS = 12.0
LARGEST = 600
FACTORS = (-1, 2, (1, 2), -2, (-1, 2), 3, (1, 3), 4, (1, 4))


def diagnosed(subject: Subject, point: Point) -> list[str]:
    """Sentences on the mistake, each established by an exact check; none where nothing fits."""
    started = time.monotonic()
    sentences = list(mending(subject, point, started + SECONDS))
    for leaf in subject.leaves:
        if not point.exact[leaf.name] and leaf.name not in point.shapes:
            sentences += residue(subject, leaf, point.seed)
    return sentences


def mending(subject: Subject, point: Point, until: float) -> Iterator[str]:
    """The single edit of backward, or of a function it calls, with which everything is exact."""
    wrong = [name for name, exact in point.exact.items() if not exact]
    backward = subject.backward
    best: tuple[int, Edit, list[str]] | None = None
    for edit in edits_of(backward):
        if time.monotonic() > until:
            break
        try:
            again = at_point(replace(subject, backward=edit.function), point.seed, steady=False)
        except (Failed, Unlucky, Singular):
            continue
        mended = [name for name in wrong if again.exact.get(name)]
        harmed = [name for name, exact in point.exact.items() if exact and not again.exact.get(name)]
        if mended and not harmed and (best is None or len(mended) > best[0]):
            best = len(mended), edit, mended
            if len(mended) == len(wrong) and again.right:
                break
    if best is not None:
        _, edit, mended = best
        function = backward if isinstance(backward, types.FunctionType) else None
        file = os.path.basename(function.__code__.co_filename) if function else ""
        what = f"`{edit.before}` is replaced by `{edit.after}`" if edit.after else f"`{edit.before}` is left out"
        verb = "is" if len(mended) == 1 else "are"
        yield f"{_listed(mended)} {verb} exact if {what} ({file}:{edit.line})"


def _listed(names: list[str]) -> str:
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
    for factor in FACTORS:
        above, below = factor if isinstance(factor, tuple) else (factor, 1)
        if np.array_equal(given.astype(object) * below % p, true.astype(object) * above % p):
            shown = f"{above}/{below}" if below > 1 else str(above)
            return [f"backward gives {shown} times the gradient of {leaf.name}"]
    if len(leaf.shape) == 2 and leaf.shape[0] == leaf.shape[1] and np.array_equal(given.T, true):
        return [f"backward gives the transpose of the gradient of {leaf.name}"]
    same = given == true
    if same.any():
        return [f"{int(same.sum())} of {size} entries of the gradient of {leaf.name} are exact{_steps(leaf, same)}"]
    return []


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
