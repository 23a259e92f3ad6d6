"""Windows that slide over arrays, and the sums of products under them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..exact.numbers import Domain
from ..frames import Unsupported
from .array import Array, array_of, numbers_of, placed, stacked


def sliding_window_view(domain: Domain, x: Array, *args: Any, **options: Any) -> Any:
    return placed(x, np.lib.stride_tricks.sliding_window_view(np.asarray(x.at), *args, **options))


def as_strided(domain: Domain, x: Array, shape: Any = None, strides: Any = None, **options: Any) -> Any:
    own = np.asarray(x.at)
    found = np.lib.stride_tricks.as_strided(own, shape, strides, **options)
    (low, high), (first, last) = np.lib.array_utils.byte_bounds(own), np.lib.array_utils.byte_bounds(found)
    if first < low or last > high:
        raise Unsupported("np.lib.stride_tricks.as_strided reads memory outside of the array")
    return placed(x, found)


def convolve(domain: Domain, a: Any, v: Any, mode: str = "full") -> Any:
    """The sum over k of a[n - k] v[k], for vectors."""
    long, short = (np.atleast_1d(stacked(u, domain)) for u in (a, v))
    if long.ndim > 1 or short.ndim > 1:
        raise ValueError("object too deep for desired array")
    long, short = (long, short) if long.size >= short.size else (short, long)
    n, m = long.size, short.size
    padded = np.pad(long, (m - 1, m - 1))
    sums = np.lib.stride_tricks.sliding_window_view(padded, m) @ short[::-1]
    cut = {"full": (0, n + m - 1), "same": ((m - 1) // 2, (m - 1) // 2 + n), "valid": (m - 1, n)}
    if mode not in cut:
        raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")
    return sums[slice(*cut[mode])]


def correlate(domain: Domain, a: Any, v: Any, mode: str = "valid") -> Any:
    """The sum over k of a[n + k] v[k], for vectors."""
    x, y = (u if isinstance(u, Array) else array_of(numbers_of(u, domain)) for u in (a, v))
    if x.size < y.size:
        return correlate(domain, y, x, mode)[::-1]
    return convolve(domain, x, y[::-1], mode)


WINDOWS: dict[str, Callable[..., Any]] = {
    "sliding_window_view": sliding_window_view,
    "as_strided": as_strided,
    "convolve": convolve,
    "correlate": correlate,
}
