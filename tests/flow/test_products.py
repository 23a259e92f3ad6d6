"""Scaled products: what they hold is the plain product, wherever that can be computed."""

import numpy as np
import pytest

from lstm_sym.cells import CELLS, cell_named
from lstm_sym.flow import Setting, run, singular_values, step_jacobian
from lstm_sym.flow.products import ZERO, growing, growing_inverse, rescaled


@pytest.fixture
def factors():
    return np.random.default_rng(0).normal(size=(9, 3, 3))


def test_growing_products_are_the_products(factors):
    product = np.eye(3)
    for scaled, inverse, factor in zip(growing(factors, 3), growing_inverse(factors, 3), factors, strict=True):
        product = product @ factor
        np.testing.assert_allclose(scaled.matrix * 10.0**scaled.exponent, product, rtol=1e-12)
        np.testing.assert_allclose(inverse.matrix * 10.0**inverse.exponent, np.linalg.inv(product), rtol=1e-9)
        assert np.abs(scaled.matrix).max() == pytest.approx(1)
        values = np.log10(np.linalg.svd(product, compute_uv=False))
        found = scaled.log10_singular_values
        np.testing.assert_allclose(found[~np.isnan(found)], values[~np.isnan(found)], rtol=1e-7)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_products_far_beyond_floating_point(scale):
    logs = [float(p.log10_norm) for p in growing([scale * np.eye(2)] * 50, 2)]
    np.testing.assert_allclose(logs, np.log10(scale) * np.arange(1, 51), rtol=1e-14)


def test_an_exact_zero_stays_one():
    nilpotent = np.array([[0.0, 1000.0], [0.0, 0.0]])
    assert [float(p.log10_norm) for p in growing([nilpotent] * 3, 2)] == [3.0, ZERO, ZERO]
    assert all(np.isinf(p.log10_norm) for p in growing_inverse([np.eye(2), nilpotent][1:], 2))


def test_a_stack_is_rescaled_one_by_one(factors):
    scaled = rescaled(factors * np.array([1e-300, *[1.0] * 7, 0.0])[:, None, None], np.zeros(9))
    assert scaled.exponent[-1] == ZERO and scaled.exponent[0] < -299
    np.testing.assert_allclose(np.abs(scaled.matrix[:-1]).max(axis=(1, 2)), 1)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "peephole_LSTM"])
def test_singular_values_of_short_products(name):
    trajectory = run(CELLS[name], Setting(size=2, seed=3), 2)
    J = step_jacobian(trajectory).at(1, 2)
    np.testing.assert_allclose(
        singular_values(trajectory), np.log10(np.linalg.svd(J[1] @ J[0], compute_uv=False)), rtol=1e-6
    )


def test_singular_values_of_a_long_product_have_the_right_product():
    """Their product is the product of the determinants, which needs no long product at all."""
    trajectory = run(cell_named("RNN"), Setting(size=2, seed=1), 3000)
    found = singular_values(trajectory)
    _, logs = np.linalg.slogdet(step_jacobian(trajectory).at(1, 3000))
    assert found.sum() == pytest.approx(logs.sum() / np.log(10), rel=1e-10)
    assert found[1] < found[0] < -300


def test_what_no_end_resolves_is_not_claimed():
    found = singular_values(run(cell_named("LSTM"), Setting(size=4), 300))
    assert np.isfinite(found[[0, -1]]).all() and np.isnan(found).any()
    known = found[np.isfinite(found)]
    assert (np.diff(known) <= 0).all()
