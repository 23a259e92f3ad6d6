"""What has no real value at a point, as the root or the logarithm of a negative number.

In a field it is a formal number for which identities hold, and its shadow is nan. Code that asks for nan, compares with
it or catches the error that ``math`` raises is told what it is told in floating point; so forward and backward take the
ways there that they take for their user. Where that ends in an error, or in results that are nan, the point is looked
at once more, and then all such numbers are ``formal``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

PARTIAL = ("log", "sqrt")
"""The functions of ``numbers`` that are not defined everywhere."""

SIGNED = ("sign", "heaviside")
"""What makes constants of the signs of numbers."""


class Undefined:
    """Such numbers of one domain."""

    def __init__(self, formal: bool = False) -> None:
        self.formal = formal
        self.possible = False
        """Whether a function that is not defined everywhere was taken of a number that varies."""
        self.met = False
        self.told = False
        """Whether the code has been told of one."""

    @property
    def unseen(self) -> bool:
        """Whether one was met of which the code has not been told."""
        return self.met and (self.formal or not self.told)

    def note(self, argument: Any, value: Any, raising: bool) -> None:
        """Look at the shadows of a function's argument and value; ``raising`` is whether NumPy is to raise an error."""
        if np.any(np.isnan(value) & np.isfinite(argument)):
            self.met = True
            if raising:
                self.raised(FloatingPointError("invalid value encountered"))

    def among(self, shadow: Any) -> Any:
        """Which entries the code is told to be nan; ``False`` where none can be."""
        if self.formal or not self.met:
            return False
        found = np.isnan(shadow)
        self.told |= bool(np.any(found))
        return found

    def raised(self, error: Exception) -> None:
        """Raise what the code is to catch."""
        if not self.formal:
            self.told = True
            raise error
