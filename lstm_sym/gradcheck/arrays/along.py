"""Functions along an axis of exact numbers: those of sorted entries, of neighbours, and the caller's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..exact.constants import reading
from ..exact.numbers import Domain
from ..frames import Unsupported
from .array import Array, array_of, exact, numbers_of, stacked
from .integers import discrete


def apply_along_axis(domain: Domain, func1d: Any, axis: int, arr: Any, *args: Any, **options: Any) -> Any:
    rows = np.moveaxis(_array(arr, domain), axis, -1)
    results = [func1d(rows[place], *args, **options) for place in np.ndindex(*rows.shape[:-1])]
    whole = stacked(results, domain)
    made, own = whole.reshape(rows.shape[:-1] + whole.shape[1:]), whole.ndim - 1
    first, axis = rows.ndim - 1, axis % rows.ndim
    return np.moveaxis(made, range(first, first + own), range(axis, axis + own))


def median(domain: Domain, x: Any, axis: Any = None, *, keepdims: bool = False, **options: Any) -> Any:
    return quantile(domain, x, 0.5, axis, keepdims=keepdims, **options)


def percentile(domain: Domain, x: Any, q: Any, axis: Any = None, **options: Any) -> Any:
    return quantile(domain, x, np.asarray(q) / 100, axis, **options)


def quantile(domain: Domain, x: Any, q: Any, axis: Any = None, *, keepdims: bool = False, **options: Any) -> Any:
    """Between the two sorted entries nearest to a constant q, linearly."""
    if options or isinstance(q, Array) or isinstance(axis, tuple):
        raise Unsupported("np.quantile is followed along one axis or none, for constant q, with no options")
    x = _array(x, domain)
    rows = np.sort(np.moveaxis(x, axis, -1) if axis is not None else x.reshape(-1))
    results = [_between(rows, reading(float(one)).rational * (rows.shape[-1] - 1)) for one in np.ravel(q)]
    if keepdims:
        results = [np.expand_dims(y, axis) if axis is not None else y.reshape((1,) * x.ndim) for y in results]
    if np.ndim(q):
        return np.stack(results).reshape(*np.shape(q), *results[0].shape)
    return results[0] if results[0].ndim else results[0][()]


def _between(rows: Any, place: Any) -> Any:
    """The entries at a place that may lie between two."""
    low, last = int(place), (...,) * (rows.ndim > 1)
    if place == low:
        return rows[(*last, low)]
    return rows[(*last, low)] + float(place - low) * (rows[(*last, low + 1)] - rows[(*last, low)])


def ptp(domain: Domain, x: Array, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    return np.subtract(x.max(axis=axis, keepdims=keepdims), x.min(axis=axis, keepdims=keepdims), out=out)


def ediff1d(domain: Domain, x: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    flat = _array(x, domain).reshape(-1)
    ends = [np.ravel(stacked(end, domain)) for end in (to_begin, to_end) if end is not None]
    return np.concatenate([*ends[: to_begin is not None], flat[1:] - flat[:-1], *ends[to_begin is not None :]])


def average(
    domain: Domain, x: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    """The mean with weights of the shape of x, or of that of the axis."""
    x = _array(x, domain)
    if weights is None and not returned:
        return x.mean(axis=axis, keepdims=keepdims)
    weights = np.ones(x.shape) if weights is None else weights
    w = _array(weights, domain)
    if w.shape != x.shape:
        if axis is None or isinstance(axis, tuple):
            raise TypeError("Axis must be specified when shapes of a and weights differ.")
        if w.shape != (x.shape[axis],):
            raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
        w = np.moveaxis(np.broadcast_to(w, np.moveaxis(x.at, axis, -1).shape), -1, axis)
    total = w.sum(axis=axis, keepdims=keepdims)
    mean = (x * w).sum(axis=axis, keepdims=keepdims) / total
    return (mean, total) if returned else mean


def interp(domain: Domain, x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Linear interpolation between increasing points."""
    if period is not None:
        raise Unsupported("np.interp with a period is not followed")
    x, xp, fp = (_array(u, domain) for u in (x, xp, fp))
    k = np.clip(searchsorted(domain, xp, x, "right") - 1, 0, len(xp) - 2)
    inside = fp[k] + (x - xp[k]) / (xp[k + 1] - xp[k]) * (fp[k + 1] - fp[k])
    below, above = (fp[end] if given is None else given for end, given in ((0, left), (-1, right)))
    return np.where(x < xp[0], below, np.where(x > xp[-1], above, inside))


def bincount(domain: Domain, x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """The sum of the weights of each whole number."""
    sums = exact(np.zeros(max(int(np.max(x, initial=-1)) + 1, minlength)), domain)
    np.add.at(sums, x, weights)
    return sums


def searchsorted(domain: Domain, a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """How many of sorted limits are below each number: every limit is a decision."""
    limits, x = _array(a if sorter is None else np.take(a, sorter), domain), _array(v, domain)
    if np.any(np.diff(domain.decidable(limits.read())) < 0):
        raise Unsupported("np.searchsorted among limits that are not in order is not followed")
    compare = {"left": np.greater, "right": np.greater_equal}[side]
    # Of many limits at once it is noted only that some were met; the outer ones are those that may lie far away.
    for end in (0, -1)[: len(limits)]:
        compare(x, limits[end])
    return np.count_nonzero(compare(x[..., np.newaxis], limits), axis=-1)


def digitize(domain: Domain, x: Any, bins: Any, right: bool = False) -> Any:
    """The bin of each number, between limits that rise or fall."""
    limits, side = _array(bins, domain), "left" if right else "right"
    steps = np.diff(domain.decidable(limits.read()))
    if np.any(steps < 0) and np.any(steps > 0):
        raise ValueError("bins must be monotonically increasing or decreasing")
    if np.any(steps < 0):
        return len(limits) - searchsorted(domain, limits[::-1], x, side)
    return searchsorted(domain, limits, x, side)


def histogram(domain: Domain, a: Any, bins: Any = 10, range: Any = None, **options: Any) -> Any:
    """How many numbers lie in each bin, and the limits of the bins, which are constants."""
    if options or (np.ndim(bins) == 0 and range is None):
        raise Unsupported("np.histogram is followed for bins that are constants, or a number of them with a range")
    edges = bins if np.ndim(bins) else np.histogram_bin_edges(np.zeros(1), bins, range)
    limits = _array(edges, domain)
    x = _array(a, domain).reshape(-1)
    place = searchsorted(domain, limits, x, "right") - (x == limits[-1])
    return np.count_nonzero(place[:, np.newaxis] == np.arange(1, len(limits)), axis=0), limits


def argpartition(domain: Domain, x: Any, kth: Any, axis: Any = -1, **options: Any) -> Any:
    return _ordered(domain, np.argpartition, _array(x, domain), axis, kth, **options)


def lexsort(domain: Domain, keys: Any, axis: Any = -1) -> Any:
    """The order of entries by several keys, the last of which comes first."""
    rows = stacked(keys, domain)
    axis = axis - (rows.ndim - 1) if axis >= 0 else axis
    return _ordered(domain, lambda rows, axis: np.lexsort(list(rows), axis=axis), rows, axis)


def _ordered(domain: Domain, find: Callable[..., Any], x: Array, axis: Any, *args: Any, **options: Any) -> Any:
    """Indices that tell of an order along an axis."""
    numbers = x.read()
    domain.competes("sorted", numbers, None if axis is None else axis % x.ndim)
    return discrete(find(domain.decidable(numbers), *args, axis=axis, **options), domain, depends=numbers.depends)


def partition(domain: Domain, x: Array, kth: Any, axis: Any = -1, **options: Any) -> Any:
    x, axis = (x.reshape(-1), 0) if axis is None else (x, axis)
    return np.take_along_axis(x, argpartition(domain, x, kth, axis, **options), axis)


def einsum_path(domain: Domain, subscripts: Any, *operands: Any, **options: Any) -> Any:
    shapes = [np.zeros(x.shape) if isinstance(x, Array) else x for x in operands]
    return np.einsum_path(subscripts, *shapes, **options)


def _array(x: Any, domain: Domain) -> Any:
    return x if isinstance(x, Array) else array_of(numbers_of(x, domain))


ALONG: dict[str, Callable[..., Any]] = {
    "apply_along_axis": apply_along_axis,
    "median": median,
    "percentile": percentile,
    "quantile": quantile,
    "ptp": ptp,
    "ediff1d": ediff1d,
    "average": average,
    "interp": interp,
    "partition": partition,
    "bincount": bincount,
    "einsum_path": einsum_path,
    "searchsorted": searchsorted,
    "digitize": digitize,
    "histogram": histogram,
    "argpartition": argpartition,
    "lexsort": lexsort,
}
