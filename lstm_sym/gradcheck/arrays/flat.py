"""What ``x.flat`` is: the entries of an array one after another, whose parts are copies and which can be written to."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..frames import Unsupported
from .array import Array, array_of, fitting, numbers_of, placed, plain_index


class Flat(Array):
    """The entries in C order; its addresses may be a copy, what is written to them is not."""

    __slots__ = ("whole",)

    def __init__(self, whole: Array) -> None:
        super().__init__(whole.store, whole.at.reshape(-1))
        self.whole = whole

    def __getitem__(self, index: Any) -> Any:
        found = self.whole.at.flat[plain_index(index)]
        if not isinstance(found, np.ndarray):
            return placed(self, found)
        return array_of(self.store.numbers.each(lambda part: part[:, found]))

    def __setitem__(self, index: Any, value: Any) -> None:
        """Values that are too few are written over and over."""
        self.whole.require_writeable("underlying array is read-only")
        at = np.asarray(self.whole.at.flat[plain_index(index)])
        if isinstance(value, Array) and value.store is self.store and at.size > 1:
            raise Unsupported("entries are written through .flat from the memory where they stand")
        numbers = numbers_of(value, self.domain)
        given = int(np.prod(numbers.shape))
        if not given:
            return
        order = np.resize(np.arange(given), at.size)
        flat = numbers.reshape((given,)).each(lambda part: part[:, order])
        self.store.write(at.reshape(-1), fitting(flat, (at.size,)))

    def copy(self) -> Array:
        """The entries in an array of their own."""
        found: Array = self[:]
        return found

    __copy__ = copy
