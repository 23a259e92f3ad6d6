"""Sums over named indices take and refuse the lengths that NumPy takes and refuses."""

import numpy as np
import pytest

from lstm_sym.gradcheck.arrays.array import exact
from lstm_sym.gradcheck.exact.field import Field

random = np.random.default_rng(2)


def integers(*shape):
    return random.integers(-3, 4, shape).astype(float)


@pytest.mark.parametrize(
    "subscripts, shapes",
    [
        ("tbi,tbj->ij", [(1, 2, 3), (4, 2, 5)]),
        ("tbi,tbj->ij", [(4, 2, 3), (4, 1, 5)]),
        ("tbi,tbj->tij", [(1, 2, 3), (4, 2, 5)]),
        ("tb,tb->", [(4, 1), (1, 3)]),
        ("ti,tj,tk->ijk", [(1, 2), (1, 3), (4, 2)]),
        ("ij,jk", [(30, 40), (1, 30)]),
    ],
)
def test_einsum_stretches_a_length_of_1(subscripts, shapes):
    arrays = [integers(*shape) for shape in shapes]
    wanted = np.einsum(subscripts, *arrays)
    field = Field(1)
    found = np.einsum(subscripts, *[exact(array, field) for array in arrays])
    assert found.shape == wanted.shape
    assert np.all(field.same(found.read(), exact(wanted, field).read()))
    assert np.array_equal(found.shadow, wanted)


@pytest.mark.parametrize("subscripts, shapes", [("ij,jk", [(2, 3), (4, 2)]), ("ij,ij->ij", [(2, 3), (2, 4)])])
def test_einsum_refuses_other_lengths(subscripts, shapes):
    arrays = [integers(*shape) for shape in shapes]
    with pytest.raises(ValueError):
        np.einsum(subscripts, *arrays)
    with pytest.raises(ValueError, match="the index j has the lengths 3 and 4"):
        np.einsum(subscripts, *[exact(array, Field(1)) for array in arrays])
