"""NumPy's functions that write into their first argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .array import Array, array_of, numbers_of, plain_index
from .frames import Unsupported
from .numbers import Domain

VALUES = {
    "put": ("a", "ind", "v"),
    "put_along_axis": ("arr", "indices", "values", "axis"),
    "putmask": ("a", "mask", "values"),
    "place": ("arr", "mask", "vals"),
    "fill_diagonal": ("a", "val", "wrap"),
    "copyto": ("dst", "src", "casting", "where"),
}
"""Their parameters; those of these names hold what is written."""

WRITTEN = ("v", "values", "vals", "val", "src")


def writer(name: str) -> Callable[..., None]:
    """The function of that name: NumPy itself writes the numbers of the values, to see where each belongs."""
    parameters = VALUES[name]

    def write(domain: Domain, *args: Any, **options: Any) -> None:
        given = dict(zip(parameters, args)) | options
        target = given.pop(parameters[0])
        if not isinstance(target, Array):
            raise Unsupported("exact numbers are written into an array that was made outside of the check")
        key = next(key for key in given if key in WRITTEN)
        values = array_of(numbers_of(given.pop(key), domain))
        given = {k: plain_index(value) for k, value in given.items() if k != "casting"}
        given[key] = np.arange(values.size).reshape(values.shape)
        work = np.full(target.shape, -1)
        getattr(np, name)(work, **given)
        hit = work >= 0
        target[hit] = values.reshape(-1)[work[hit]]

    return write


WRITERS = {name: writer(name) for name in VALUES}
