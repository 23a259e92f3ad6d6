"""Axes of exact arrays are taken, and refused, as NumPy takes and refuses them."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck
from lstm_sym.gradcheck.arrays.array import exact
from lstm_sym.gradcheck.exact.field import Field

GIVEN = np.arange(1.0, 13.0).reshape(3, 4)
REDUCED = ("sum", "prod", "max", "min", "mean", "var", "std")
AXES = [(0, 0), (1, 1), (0, -2), (-1, 1), [0, 1], 1.0, (0, 2), 2, True, (True, 0)]


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("name", REDUCED)
@pytest.mark.parametrize("keepdims", [False, True])
def test_axes_that_numpy_refuses_are_refused_with_its_words(name, axis, keepdims):
    with pytest.raises((ValueError, TypeError)) as refused:
        getattr(np, name)(GIVEN, axis=axis, keepdims=keepdims)
    for call in (getattr(np, name), lambda x, **options: getattr(x, name)(**options)):
        with pytest.raises(refused.type) as found:
            call(exact(GIVEN, Field(1)), axis=axis, keepdims=keepdims)
        assert str(found.value) == str(refused.value) or refused.type is TypeError


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1), (-1, 0), ()], ids=str)
@pytest.mark.parametrize("keepdims", [False, True, 1, 0])
@pytest.mark.parametrize("name", ["sum", "max", "mean"])
def test_axes_that_numpy_takes_are_taken(name, axis, keepdims):
    wanted = getattr(np, name)(GIVEN, axis=axis, keepdims=keepdims)
    found = getattr(np, name)(exact(GIVEN, Field(1)), axis=axis, keepdims=keepdims)
    assert found.shape == wanted.shape
    assert np.allclose(found.shadow, wanted)


@pytest.mark.parametrize("axes", [((0, 0), (0, 0)), ((0,), (1,)), ((0, 1), (0,)), ((2,), (0,)), 3], ids=str)
def test_axes_that_tensordot_refuses_are_refused(axes):
    with pytest.raises((ValueError, IndexError)):
        np.tensordot(GIVEN, GIVEN, axes)
    with pytest.raises((ValueError, IndexError)):
        np.tensordot(exact(GIVEN, Field(1)), GIVEN, axes)


def test_tensordot_does_not_broadcast():
    with pytest.raises(ValueError, match="shape-mismatch for sum"):
        np.tensordot(exact(GIVEN[:1], Field(1)), GIVEN, ((0,), (0,)))


def test_a_gradient_summed_twice_over_an_axis_is_not_right():
    def forward(x, b):
        return x + b

    def backward(inputs, d):
        return d * np.ones_like(inputs[0]), d.sum(axis=(0, 0))

    report = gradcheck(forward, backward, {"x": np.zeros((2, 3)), "b": 0.0}, diagnose=False)
    assert report.verdict == "undecided"
    assert "duplicate value in 'axis'" in str(report)
