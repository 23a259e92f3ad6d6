"""Whether a function of NumPy gives the same on exact numbers: in the field, and in floating point."""

import numpy as np

from lstm_sym.gradcheck.arrays.array import Array, exact
from lstm_sym.gradcheck.exact.field import Field
from lstm_sym.gradcheck.stand_ins.stand_in import StandIn

FIELD = Field(1)
NUMPY = StandIn(FIELD).numpy


def made_exact(x):
    return exact(x, FIELD) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def same(found, wanted):
    if isinstance(wanted, tuple | list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if not isinstance(found, Array):
        return np.array_equal(found, wanted)
    if found.shape != np.shape(wanted) or not np.allclose(found.shadow, wanted):
        return False
    return bool(np.all(FIELD.same(found.read(), FIELD.constant(np.round(wanted, 9)))))


def agree(call, *arrays):
    """``call(numpy, *arrays)`` with NumPy and with its stand-in, on whole entries; results need be short decimals."""
    return same(call(NUMPY, *map(made_exact, arrays)), call(np, *[x.copy() for x in arrays]))
