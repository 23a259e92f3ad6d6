"""Arrays as they come from the libraries: of floating point numbers, or refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def floats(name: str, value: Any) -> Array:
    """The value as an array of floating point numbers; a ``ValueError`` tells what it is instead."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:  # a tensor that NumPy does not take says why
        raise ValueError(f"{name} is a {type(value).__name__} that makes no array: {error}") from None
    if array.dtype.kind != "f":
        raise ValueError(f"{name} is of type {array.dtype}; wanted floating point numbers, float32 or float64")
    return array
