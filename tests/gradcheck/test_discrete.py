"""Truth values and integers among exact numbers."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck
from lstm_sym.gradcheck.arrays.array import exact
from lstm_sym.gradcheck.arrays.integers import discrete
from lstm_sym.gradcheck.exact.field import Field

MASK = np.array([[True, False, True], [False, False, True]])
GIVEN = np.arange(1.0, 7.0).reshape(3, 2)


@pytest.mark.parametrize("product", [lambda a, b: a.dot(b), np.dot, lambda a, b: a @ b], ids=["method", "dot", "@"])
def test_a_mask_times_exact_numbers(product):
    field = Field(1)
    found = product(discrete(MASK, field), exact(GIVEN, field))
    assert np.all(field.same(found.read(), exact(MASK @ GIVEN, field).read()))


def test_a_mask_times_a_mask_stays_real():
    field = Field(1)
    assert np.array_equal(discrete(MASK, field).dot(MASK.T), MASK.dot(MASK.T))


@pytest.mark.parametrize("factor, verdict", [(1, "right"), (2, "wrong")])
def test_a_gradient_by_the_dot_of_a_mask(factor, verdict):
    def forward(x, w):
        return ((x > 0) * x) @ w

    def backward(inputs, d):
        x, w = inputs
        return (x > 0) * np.outer(d, w), factor * (x > 0).T.dot(np.diag(d)).dot(x).diagonal()

    report = gradcheck(forward, backward, {"x": np.zeros((4, 3)), "w": np.zeros(3)}, diagnose=False)
    assert report.verdict == verdict, str(report)
