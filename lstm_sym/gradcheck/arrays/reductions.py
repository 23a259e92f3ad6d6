"""Sums, products, extremes and what is made of them, along axes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..exact import numbers as n
from ..exact.numbers import Numbers
from ..frames import Unsupported
from .array import Array, Scalar, array_of, numbers_of, result_of
from .integers import discrete
from .layout import asked, laid
from .nans import filled, passing_over
from .ufuncs import delivered, maximum, minimum, of_numbers


def axes_of(axis: Any, dimensions: int) -> tuple[int, ...]:
    """An axis argument as axes counted from 0, the last first."""
    if axis is None:
        return tuple(reversed(range(dimensions)))
    axes = axis if isinstance(axis, tuple) else (axis,)
    if any(isinstance(k, bool | np.bool_) for k in axes):
        raise TypeError("an integer is required")
    given = [operator.index(k) for k in axes]
    for k in given:
        if not -dimensions <= k < dimensions:
            raise np.exceptions.AxisError(k, dimensions)
    found = {k % dimensions for k in given}
    if len(found) < len(given):
        raise ValueError("duplicate value in 'axis'")
    return tuple(sorted(found, reverse=True))


def reduced(
    step: Callable[[Numbers, int], Numbers], pair: Callable[[Numbers, Numbers], Numbers], empty: float | None = None
) -> Callable[..., Any]:
    """A reduction with NumPy's arguments, from one that removes a single axis, and one of two numbers.

    ``empty`` is the result for no numbers, where there is one.
    """

    def reduce(
        x: Array, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **rest: Any
    ) -> Any:
        initial = rest.pop("initial", np._NoValue)
        where = rest.pop("where", True)
        if where is not True and where is not np._NoValue:
            x = _kept(x, where, empty, initial)
        if any(value is not np._NoValue for value in rest.values()):
            raise Unsupported(f"the options {', '.join(rest)} of a reduction are not followed")
        axes = () if not x.ndim and axis in (0, -1) else axes_of(axis, x.ndim)
        keepdims = keepdims is not np._NoValue and bool(keepdims)
        numbers = x.read()
        for k in axes:
            if numbers.shape[k] or empty is None:
                numbers = step(numbers, k)
            else:
                numbers = x.domain.constant(np.full(numbers.shape[:k] + numbers.shape[k + 1 :], empty))
        if initial is not np._NoValue and initial is not None:
            numbers = pair(numbers, numbers_of(initial, x.domain))
        if keepdims:
            numbers = numbers.reshape(tuple(1 if k in axes else size for k, size in enumerate(x.shape)))
        like = asked(np.add.reduce, x, axis=axes, keepdims=keepdims)
        return delivered(result_of(numbers, like), out)

    return reduce


def _kept(x: Array, where: Any, empty: float | None, initial: Any) -> Any:
    """An array with what changes nothing in the place of the entries that are left out."""
    neutral = initial if empty is None else empty
    if neutral is np._NoValue or neutral is None:
        raise ValueError("reduction operation does not have an identity, so to use a where mask specify 'initial'")
    return np.where(where, x, neutral)


def _slice(x: Numbers, axis: int, part: slice | int) -> Numbers:
    index = (slice(None),) * (axis + 1) + (part,)
    return x.each(lambda p: p[index])


def _folded(
    pair: Callable[[Numbers, Numbers], Numbers], identity: int | None = None
) -> Callable[[Numbers, int], Numbers]:
    """A reduction of one axis by halves."""

    def fold(x: Numbers, axis: int) -> Numbers:
        if not x.shape[axis] and identity is not None:
            return x.domain.constant(np.full(x.shape[:axis] + x.shape[axis + 1 :], identity))
        if not x.shape[axis]:
            raise ValueError("zero-size array to reduction operation which has no identity")
        while x.shape[axis] > 1:
            half = x.shape[axis] // 2
            both = pair(_slice(x, axis, slice(0, half)), _slice(x, axis, slice(half, 2 * half)))
            if x.shape[axis] % 2:
                rest = _slice(x, axis, slice(2 * half, None))
                flat = [
                    np.concatenate(
                        [n.widened(r, a, max(len(a), len(b))), n.widened(r, b, max(len(a), len(b)))], axis + 1
                    )
                    for r, a, b in zip(x.domain.rings, both.parts, rest.parts)
                ]
                degree, slope = both.degree | rest.degree, both.slope | rest.slope
                both = Numbers(x.domain, tuple(flat), x.varies, degree, slope, both.decided or rest.decided)
            x = both
        return _slice(x, axis, 0)

    return fold


sums = reduced(n.total, n.add, 0.0)


def reduced_by(pair: Callable[[Numbers, Numbers], Numbers]) -> Callable[..., Any]:
    """The reduction by a function of two numbers that has no name of its own."""
    return reduced(_folded(pair), pair)


def counted(x: Array, axis: Any, keepdims: Any, where: Any = True, **rest: Any) -> Any:
    """How many entries a sum over these axes has."""
    if where is True or where is np._NoValue:
        return int(np.prod([x.shape[k] for k in axes_of(axis, x.ndim)]))
    mask = np.broadcast_to(where, x.shape)
    return mask.sum(axis=axis, keepdims=keepdims is not np._NoValue and bool(keepdims))


def mean(x: Array, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **rest: Any) -> Any:
    total = sums(x, axis, keepdims=keepdims, **rest)
    return delivered(_divided(total, counted(x, axis, keepdims, **rest)), out)


def _divided(x: Array, count: Any) -> Array:
    """The quotient, which takes the place of its numerator."""
    return result_of((x / count).read(), x.at)


def var(
    x: Array, axis: Any = None, dtype: Any = None, out: Any = None, ddof: int = 0, keepdims: Any = False, **rest: Any
) -> Any:
    centred = x - mean(x, axis, keepdims=True, **rest)
    total = sums(centred * centred, axis, keepdims=keepdims, **rest)
    return delivered(_divided(total, counted(x, axis, keepdims, **rest) - ddof), out)


def std(x: Array, *args: Any, **options: Any) -> Any:
    return np.sqrt(var(x, *args, **options))


def cumulative(pair: Callable[[Numbers, Numbers], Numbers]) -> Callable[..., Any]:
    def accumulate(x: Array, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        if axis is None:
            x, axis = x.reshape(-1), 0
        (axis,) = axes_of(axis, x.ndim)
        whole = x.read()
        steps = [_slice(whole, axis, slice(k, k + 1)) for k in range(x.shape[axis])]
        result = array_of(whole, asked(np.cumsum, x, axis=axis))
        for k in range(1, len(steps)):
            steps[k] = pair(steps[k - 1], steps[k])
            result[(slice(None),) * axis + (slice(k, k + 1),)] = array_of(steps[k])
        return delivered(result, out, core=0)

    return accumulate


cumsum = cumulative(n.add)


def norm(x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    axis = operator.index(axis) if isinstance(axis, bool) else axis
    if ord in (None, "fro", 2) and not (ord == 2 and axis is None and x.ndim == 2):
        return np.sqrt(sums(x * x, axis, keepdims=keepdims))
    if ord == 1 and (x.ndim == 1 or isinstance(axis, int)):
        return sums(np.abs(x), axis, keepdims=keepdims)
    raise Unsupported(f"np.linalg.norm of order {ord} is not followed")


def extreme_index(name: str, usual: int | None = None) -> Callable[..., Any]:
    """A function that returns indices, and the axis along which it does where none is given."""

    def find(x: Array, axis: Any = usual, out: Any = None, **rest: Any) -> Any:
        numbers = x.read()
        x.domain.competes(ASKED[name], numbers, axis)
        found = getattr(np, name)(laid(x.domain.decidable(numbers), x.at), axis=axis, **rest)
        return discrete(found, x.domain, depends=numbers.depends)

    return find


def truth(name: str) -> Callable[..., Any]:
    """What is asked of the truth of numbers: those that no comparison has made are 0 by accident only."""

    def test(x: Array, *args: Any, **options: Any) -> Any:
        numbers = x.read()
        depends = numbers.decided
        there = laid(~x.domain.same(numbers, x.domain.constant(0)), x.at)
        found = getattr(np, name)(discrete(there, x.domain, depends=depends, told=depends), *args, **options)
        parts = found if isinstance(found, tuple) else (found,)
        told, selected = name in ("any", "all"), depends and name in ("nonzero", "flatnonzero", "argwhere")
        made = tuple(discrete(part, x.domain, depends=depends, told=told, selected=selected) for part in parts)
        return made if isinstance(found, tuple) else made[0]

    return test


def extreme(asked: str, pair: Callable[..., Numbers]) -> Callable[..., Any]:
    """The largest or smallest numbers along axes."""
    fold = _folded(pair)

    def step(x: Numbers, axis: int) -> Numbers:
        x.domain.competes(asked, x, axis)
        return fold(x, axis)

    return reduced(step, partial(pair, asked=pair.__name__))


def product(x: Array, *args: Any, **options: Any) -> Any:
    """The product of entries along axes; whether it is 0 is a decision where comparisons have made them."""
    found = reduced(_folded(n.multiply, 1), n.multiply, 1.0)(x, *args, **options)
    numbers = found.read()
    if numbers.decided and x.domain.noting:
        x.domain.asks("multiply", x.domain.shadow(numbers) != 0)
    return found


ASKED = {
    "argmax": "largest",
    "argmin": "smallest",
    "argsort": "sorted",
    "nanargmax": "largest",
    "nanargmin": "smallest",
}

REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": sums,
    "prod": product,
    "max": extreme("largest", maximum),
    "min": extreme("smallest", minimum),
    "amax": extreme("largest", maximum),
    "amin": extreme("smallest", minimum),
    "mean": mean,
    "var": var,
    "std": std,
    "cumsum": cumsum,
    "cumprod": cumulative(n.multiply),
    "argmax": extreme_index("argmax"),
    "argmin": extreme_index("argmin"),
    "argsort": extreme_index("argsort", -1),
    "any": truth("any"),
    "all": truth("all"),
    "count_nonzero": truth("count_nonzero"),
    "nonzero": truth("nonzero"),
    "flatnonzero": truth("flatnonzero"),
    "argwhere": truth("argwhere"),
}

REDUCTIONS |= {f"nan{name}": passing_over(REDUCTIONS[name]) for name in ("sum", "prod", "mean", "var", "std")}
REDUCTIONS |= {
    "nanmax": extreme("largest", of_numbers(maximum)),
    "nanmin": extreme("smallest", of_numbers(minimum)),
    "nancumsum": filled(cumsum, 0),
    "nancumprod": filled(REDUCTIONS["cumprod"], 1),
    "nanargmax": extreme_index("nanargmax"),
    "nanargmin": extreme_index("nanargmin"),
}

__all__ = ["REDUCTIONS", "Scalar", "cumsum", "norm"]
