"""NumPy's functions that write some entries of their first argument.

Which entry gets which value is found out by NumPy itself, on an array of marks: it writes the numbers of the values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..exact.numbers import Domain
from ..frames import Unsupported
from .array import Array, array_of, numbers_of, plain_index
from .integers import dependent

WRITES: dict[str, tuple[int, str]] = {
    "put": (2, "v"),
    "place": (2, "vals"),
    "putmask": (2, "values"),
    "put_along_axis": (2, "values"),
    "fill_diagonal": (1, "val"),
    "copyto": (1, "src"),
}
"""The position and the name of the values among the arguments."""


def overwritten(domain: Domain, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    """Call one of these functions."""
    position, keyword = WRITES[name]
    target, *others = args
    if not isinstance(target, Array):
        raise Unsupported("exact numbers are written into an array that was made outside of the check")
    given = options[keyword] if keyword in options else others[position - 1]
    if name == "copyto" and target.ndim and isinstance(given, Array) and _same(given, target):
        return
    target.require_writeable("assignment destination is read-only")
    values = numbers_of(given, domain)
    size = int(np.prod(values.shape))
    marks, order = np.full(target.shape, -1), np.arange(size).reshape(values.shape)
    depends = dependent(([x for k, x in enumerate(others) if k != position - 1], options))
    inner = [plain_index(x) if k != position - 1 else order for k, x in enumerate(others)]
    options = {key: order if key == keyword else plain_index(x) for key, x in options.items() if key != "casting"}
    getattr(np, name)(marks, *inner, **options)
    where = marks >= 0
    written = values.reshape((size,)).each(lambda part: part[:, marks[where]])
    target[where] = array_of(written.chosen_by(depends))


def _same(x: Array, y: Array) -> bool:
    """Whether two arrays are the same entries, of which NumPy has nothing to copy."""
    return x.store is y.store and np.array_equal(x.at, y.at)
