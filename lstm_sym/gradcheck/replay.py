"""The same runs in floating point: whether the code does there what it has done on exact numbers.

Code that asks for the type of an array, catches an error or has NumPy do what no stand-in does the same way could be
right on exact numbers and wrong on those that its user has. So what is right is run once more as it is, on the
floating-point numbers behind the exact ones, and has to give the floating-point numbers behind the exact results.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from .arrays.layout import laid
from .comparison import Point, Record
from .inputs import moves
from .keeping import Kept
from .stand_ins.generators import copied, is_generator
from .stand_ins.randomness import frozen_everywhere
from .subject import Failed, Misuse, Subject
from .trees import leaves, mapped, named
from .witness import Witness

TOLERANCE = 1e-3
"""Of a difference, beside the largest entry of an array: code may compute in single precision."""

FLOOR = 1e-6
"""What a gradient of 0 is told from, beside numbers of the usual size."""

ROUNDING = 1e-10
"""What 0 may become in floating point, beside numbers of the usual size, however little a nudge does to it."""

NUDGE = 1e-13
"""How far inputs are moved, relatively, to see what rounding may do to the results."""

OTHER_VALUES = "on arrays of floating-point numbers forward returns other values than on exact numbers"

AMPLIFIED = 1e4
"""How much less a nudge must do than what counts as a difference."""


def contradiction(subject: Subject, points: Iterable[Point]) -> str:
    """What the code does otherwise in floating point; empty where nothing is seen.

    An error says nothing where a root or a logarithm is taken of a negative number.
    """
    with Kept(subject.forward, subject.backward) as kept:
        for point in points:
            if point.record is None or point.underflows:
                continue
            styled = replace(subject, style=point.style)
            try:
                found = _at_point(styled, point.record, kept)
            except (Failed, Misuse) as error:
                if point.undefined:
                    continue
                return f"on arrays of floating-point numbers {error}"
            if found:
                return found
    return ""


def forward_differs(subject: Subject, point: Point) -> bool:
    """Whether forward returns other values in floating point, so that its derivative on exact numbers is another's."""
    if point.record is None or point.underflows or point.unsteady:
        return False
    styled = replace(subject, style=point.style)
    with Kept(subject.forward, subject.backward) as kept:
        try:
            plain, moved = (_outputs(styled, point.record, kept, nudge) for nudge in (0.0, NUDGE))
        except (Failed, Misuse):
            return False
    return len(plain) != len(point.record.outputs) or any(map(_differ, plain, moved, point.record.outputs))


def denied(subject: Subject, point: Point, witness: Witness) -> bool:
    """Whether code that is wrong on exact numbers has the true gradient at the counterexample in floating point.

    It is run at another point before, so that what it keeps from there does its harm here as well.
    """
    styled, entry = replace(subject, style=point.style), (witness.name, witness.index)
    with Kept(subject.forward, subject.backward) as kept:
        try:
            if point.record is not None:
                _run(styled, point.record, kept, 0.0)
            record = _record(styled, witness, kept)
            found = [_run(styled, record, kept, nudge)[1][witness.name] for nudge in (0.0, NUDGE)]
            plain, moved = (float(np.reshape(x, np.shape(record.inputs[entry[0]]))[entry[1]]) for x in found)
            true, given = float(witness.true), float(witness.given)
        except (Failed, Misuse, KeyError, IndexError, TypeError, ValueError):
            return False
    apart = abs(true - given)
    visible = apart > TOLERANCE * max(abs(true), abs(given)) and AMPLIFIED * abs(plain - moved) < apart
    return bool(visible and abs(plain - true) < TOLERANCE * min(apart, max(abs(true), FLOOR)))


def _record(subject: Subject, witness: Witness, kept: Kept) -> Record:
    """The inputs and upstream gradients of a counterexample."""
    inputs = {name: np.asarray(values, float) for name, values in witness.inputs.items()}
    outputs = _forward(subject, inputs, kept)[0]
    bars = witness.cotangents if isinstance(witness.cotangents, dict) else None

    def bar(path: Any, value: Any) -> Any:
        if not moves(value):
            return None
        found = (
            witness.cotangents if bars is None else bars[named("cotangent", path).removeprefix("cotangent") or "out"]
        )
        return np.asarray(found, float)[()]

    return Record(inputs, mapped(bar, outputs), [], {})


def _at_point(subject: Subject, record: Record, kept: Kept) -> str:
    outputs, gradients = _run(subject, record, kept, 0.0)
    moved_outputs, moved_gradients = _run(subject, record, kept, NUDGE)
    if len(outputs) != len(record.outputs) or any(map(_differ, outputs, moved_outputs, record.outputs)):
        return OTHER_VALUES
    for leaf in subject.leaves:
        if leaf.name in record.gradients:
            known = record.gradients[leaf.name]
            if _differ(gradients.get(leaf.name), moved_gradients.get(leaf.name), known):
                return (
                    f"on arrays of floating-point numbers backward returns another gradient of {leaf.name} than on "
                    "exact numbers"
                )
    return ""


def _differ(given: Any, moved: Any, known: Any) -> bool:
    """Whether what is given in floating point is not what is known, by more than rounding explains."""
    if given is None or moved is None:
        return True
    try:
        given, moved, known = (np.asarray(x, float) for x in (given, moved, known))
    except (TypeError, ValueError):
        return True
    if given.shape != known.shape and given.size != known.size:
        return True
    given, moved = given.reshape(known.shape), moved.reshape(known.shape)
    if not known.size or not all(np.isfinite(x).all() for x in (given, moved, known)):
        return False
    least = max(TOLERANCE * np.abs(known).max(), ROUNDING)
    if AMPLIFIED * np.abs(given - moved).max() > least:
        return False
    return bool(np.abs(given - known).max() > least)


def _run(subject: Subject, record: Record, kept: Kept, nudge: float) -> tuple[list[Any], dict[str, Any]]:
    """The outputs, and the gradients by leaf, of a run in floating point."""
    inputs = _nudged(record, nudge)
    outputs, cache = _forward(subject, inputs, kept)
    values = [np.copy(y) for _, y in leaves(outputs) if moves(y)]
    bars = mapped(lambda _, bar: bar.copy() if isinstance(bar, np.ndarray) else bar, record.cotangents)
    with frozen_everywhere(kept.generators, 1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = subject.gradients(subject.run_backward(_inputs(subject, inputs, later=True), bars, cache))
    known = {leaf.name: gradient for leaf, gradient in zip(subject.leaves, given) if gradient is not None}
    return values, known


def _outputs(subject: Subject, record: Record, kept: Kept, nudge: float) -> list[Any]:
    return [y for _, y in leaves(_forward(subject, _nudged(record, nudge), kept)[0]) if moves(y)]


def _nudged(record: Record, nudge: float) -> dict[str, Any]:
    random = np.random.default_rng(0)
    return {name: x * (1 + nudge * random.normal(size=np.shape(x))) for name, x in record.inputs.items()}


def _forward(subject: Subject, inputs: dict[str, Any], kept: Kept) -> tuple[Any, Any]:
    with frozen_everywhere(kept.generators), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return subject.split(subject.run_forward(_inputs(subject, inputs)))


def _inputs(subject: Subject, numbers: dict[str, Any], later: bool = False) -> dict[str, Any]:
    """Inputs of their own types, with these numbers by the name of the leaf; generators as they are, or ``later``."""
    values = {leaf.path: numbers[leaf.name] for leaf in subject.leaves}

    def made(path: Any, value: Any) -> Any:
        if is_generator(value):
            return copied(value, later)
        if path not in values:
            return value.copy(order="K") if isinstance(value, np.ndarray) else value
        return laid(values[path].astype(value.dtype), value) if isinstance(value, np.ndarray) else float(values[path])

    return {name: mapped(made, tree, (name,)) for name, tree in subject.inputs.items()}
