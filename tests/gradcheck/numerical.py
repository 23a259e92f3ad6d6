"""What a gradient is, by differences of long doubles: it knows nothing of the exact check, nor of any backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from lstm_sym.gradcheck.witness import Witness

from .mutation import flat, mapped

Program = tuple[Callable[..., Any], Callable[..., Any]]

STEPS = (2.0**-10, 2.0**-14, 2.0**-18)
"""A short one where a kink is near."""

AGREES = 1e-6
LITTLE = 1e-5
"""The gradient of one input beside those of others."""

CHANGED = 1e-8
POINTS = 6
FAR = (3.0, 10.0, 0.1, 100.0, 0.01)


def point(inputs: dict[str, Any], seed: int, scale: float = 1.0, mixed: bool = False) -> dict[str, Any]:
    """Random numbers of the size ``scale``, or of sizes from 1 to that; in every third point they are positive."""
    random = np.random.default_rng((seed, 11))

    def draw(leaf: Any) -> Any:
        if not (isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"):
            return leaf
        sizes = scale ** random.random(leaf.shape) if mixed else scale
        x = random.normal(size=leaf.shape) * sizes
        return np.asarray(np.abs(x) if seed % 3 == 2 else x, np.longdouble)

    return mapped(draw, inputs)


def outputs_of(program: Program, values: dict[str, Any]) -> Any:
    """What forward returns but for its cache."""
    given = program[0](*values.values())
    return given[0] if program[1].__code__.co_varnames[1] == "cache" else given


def gradients_of(program: Program, values: dict[str, Any], bar: Any) -> Any:
    """What backward returns."""
    if program[1].__code__.co_varnames[1] == "cache":
        return program[1](bar, program[0](*values.values())[1])
    return program[1](tuple(values.values()), bar)


def cotangent(outputs: Any, seed: int) -> Any:
    random = np.random.default_rng((seed, 13))
    return mapped(lambda leaf: np.asarray(random.normal(size=np.shape(leaf)), np.longdouble)[()], outputs)


def slopes(program: Program, values: dict[str, Any], bar: Any, step: float) -> Iterator[Any]:
    """The derivative by every number, one input after the other, from four values of the function."""

    def paired() -> Any:
        return sum(np.sum(a * b) for a, b in zip(flat(outputs_of(program, values)), flat(bar)))

    for leaf in flat(values):
        if leaf.dtype.kind != "f":
            continue
        found = np.zeros(leaf.shape, np.longdouble)
        for index in np.ndindex(leaf.shape):
            kept = leaf[index].copy()
            at = []
            for k in (-2, -1, 1, 2):
                leaf[index] = kept + k * np.longdouble(step)
                at.append(paired())
            leaf[index] = kept
            found[index] = (8 * (at[2] - at[1]) - (at[3] - at[0])) / (12 * np.longdouble(step))
        yield found


def agrees(program: Program, inputs: dict[str, Any], seed: int, scale: float = 1.0) -> bool | None:
    """Whether backward gives the slopes at a random point; ``None`` where the function has none that can be told."""
    values = point(inputs, seed, scale)
    with np.errstate(all="ignore"):
        return agrees_at(program, values, cotangent(outputs_of(program, values), seed))


@np.errstate(all="ignore")
def agrees_at(program: Program, values: dict[str, Any], bar: Any) -> bool | None:
    """The same at a known point."""
    given = [leaf for leaf in flat(gradients_of(program, values, bar)) if leaf is not None]
    if not all(np.all(np.isfinite(leaf)) for leaf in flat(outputs_of(program, values))):
        return None
    tried = [list(slopes(program, values, bar, step)) for step in STEPS]
    if any(_alike(given, found) for found in tried):
        return True
    return False if any(_alike(one, other) for one, other in pairwise(tried)) else None


def at_witness(program: Program, inputs: dict[str, Any], witness: Witness) -> bool | None:
    """Whether backward gives the slopes where it is said to give others."""
    numbers = iter(witness.inputs.values())
    values = mapped(lambda x: np.array(next(numbers), np.longdouble) if x.dtype.kind == "f" else x, inputs)
    with np.errstate(all="ignore"):
        outputs = outputs_of(program, values)
    held = witness.cotangents
    bars = iter(held.values() if isinstance(held, dict) else [held])
    return agrees_at(program, values, mapped(lambda y: np.array(next(bars), np.longdouble)[()], outputs))


def _alike(first: list[Any], second: list[Any]) -> bool:
    sizes = [float(np.abs(leaf).max(initial=0)) for leaf in second]
    least = 1e-9 + LITTLE * max(sizes, default=0.0)
    return len(first) == len(second) and all(
        np.shape(a) == np.shape(b) and np.allclose(a, b, 0, AGREES * (size + least))
        for a, b, size in zip(first, second, sizes)
    )


def seen(right: Program, mutant: Program, inputs: dict[str, Any]) -> str:
    """What a mutant does: it ``raises``, gives ``NaN``, has ``changed`` the gradient, has changed it ``far`` from

    usual numbers only, ``overwrites`` what it is given, or does the ``same``. Where numbers overflow nothing is seen.
    """
    places = [(1.0, False)] * POINTS + [(scale, mixed) for scale in FAR for mixed in (False, True)] * 2
    defined = 0
    for seed, (scale, mixed) in enumerate(places):
        values = point(inputs, seed, scale, mixed)
        try:
            with np.errstate(all="ignore", over="raise"):
                bar = cotangent(outputs_of(right, values), seed)
                wanted = flat(gradients_of(right, values, bar))
                held = [np.copy(leaf) for leaf in (*flat(values), *flat(bar))]
                given = flat(gradients_of(mutant, values, bar))
        except FloatingPointError:
            continue
        except Exception:
            return "raises" if seed < POINTS else "far"
        if any(not np.array_equal(a, b) for a, b in zip(held, (*flat(values), *flat(bar)), strict=True)):
            return "overwrites"
        if len(given) != len(wanted):
            return "changed"
        if not all(np.all(np.isfinite(leaf)) for leaf in (*wanted, *given) if leaf is not None):
            continue
        defined += 1
        if not all(map(close, given, wanted)):
            return "changed" if seed < POINTS else "far"
    return "same" if defined > 2 else "NaN"


def close(a: Any, b: Any) -> bool:
    """Whether two gradients are the same but for rounding."""
    if a is None or b is None:
        return a is b
    size = max(1e-3, float(np.abs(b).max(initial=0)))
    return np.shape(a) == np.shape(b) and np.allclose(
        np.asarray(a, float), np.asarray(b, float), CHANGED, CHANGED * size
    )
