"""The memory that exact arrays share."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..exact.numbers import Numbers, lifted, widened
from ..frames import place


class Store:
    """Flat numbers that arrays share, and overwrite."""

    __slots__ = ("first", "numbers", "watched", "written")

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self.first: Any = None
        """The addresses of the array that it was made for."""
        self.watched = False
        self.written = ""
        """Where it was last written to, if it is watched."""

    def write(self, at: Any, values: Numbers) -> None:
        """Overwrite the numbers at some addresses by values that broadcast to them."""
        own, parts = self.numbers, []
        dimensions = np.ndim(at)
        for ring, part, new in zip(own.domain.rings, own.parts, values.parts):
            width = max(len(part), len(new))
            part, new = widened(ring, part, width), widened(ring, lifted(new, dimensions), width)
            part[:, at] = new
            parts.append(part)
        if self.watched:
            self.written = place()
        self.numbers = Numbers(
            own.domain,
            tuple(parts),
            own.varies or values.varies,
            own.degree | values.degree,
            own.slope | values.slope,
            own.decided or values.decided,
        )
