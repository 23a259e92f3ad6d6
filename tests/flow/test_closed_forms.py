"""Flows with a formula, against arithmetic of their own."""

import math

import numpy as np
import pytest

from lstm_sym.activations import phi, sigma, tanh
from lstm_sym.flow.closed_forms import TRANSIENT, bias_for, boundary, curve, half_lives, powers, spectral_radii


def test_powers_rise_before_they_decay():
    found = powers(TRANSIENT, 400)
    assert found.peak == 9
    assert 10 ** found.norm[8] == pytest.approx(193.711, abs=1e-3)
    assert 10 ** found.eigenvalue[8] == pytest.approx(0.9**9)
    assert found.norm[-1] < 0 and (np.diff(found.norm[9:]) < 0).all()


def test_powers_of_two_thousand_factors_do_not_underflow():
    assert powers([[0.1, 0], [0, 0.05]], 2000).norm[-1] == pytest.approx(-2000)


@pytest.mark.parametrize("bias, steps", [(0.0, 1.0), (1.0, 2.2127), (3.0, 14.2657), (5.0, 103.218), (40.0, 1.6316e17)])
def test_half_lives(bias, steps):
    assert half_lives(bias) == pytest.approx(steps, rel=1e-4)
    assert half_lives(bias) == pytest.approx(math.log(2) / math.log1p(math.exp(-bias)))


@pytest.mark.parametrize("steps", [1, 10, 1000])
def test_the_bias_for_a_time_constant(steps):
    assert (1 / (1 + math.exp(-bias_for(steps)))) ** steps == pytest.approx(1 / math.e)


def test_the_jacobian_at_rest_has_radius_one_on_the_boundary_and_nowhere_else():
    biases = np.linspace(-3, 6, 7)
    upper, lower = boundary(biases)
    for weights in (upper, lower):
        radii = spectral_radii(biases, weights)
        np.testing.assert_allclose(np.diag(radii), 1, rtol=1e-12)
        assert (abs(radii - 1) < 1e-9).sum() == 7
    assert boundary(1.0)[0] == pytest.approx(1.0758, abs=1e-4)
    weights = np.array([-9.0, -2.0, 5.0])
    wanted = np.abs(1 / (1 + np.exp(-biases)) + weights[:, None] / 4)
    np.testing.assert_allclose(spectral_radii(biases, weights), wanted, rtol=1e-12)


@pytest.mark.parametrize(
    "function, bound, at", [(sigma, 0.25, lambda x: 1 / (1 + math.exp(-x))), (tanh, 1.0, math.tanh)]
)
def test_curves_keep_their_bounds(function, bound, at):
    points = np.linspace(-8, 8, 1601)
    value, slope = curve(function, points)
    np.testing.assert_allclose(value, [at(x) for x in points], rtol=1e-12)
    np.testing.assert_allclose(slope[1:-1], (value[2:] - value[:-2]) / 0.02, atol=5e-5)
    assert slope.max() == bound == slope[800] and (slope > 0).all()


def test_an_unspecified_activation_has_no_curve():
    with pytest.raises(ValueError, match="the activation phi is not specified"):
        curve(phi, np.zeros(3))
