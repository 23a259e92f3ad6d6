r"""Flows that have a formula: powers of one matrix, half-lives of a forget gate, the scalar LSTM at rest."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from .. import lambdify
from ..activations import Activation, X, derivative
from ..cells import LSTM
from ..jacobian import state_jacobian
from ..symbols import At, letters
from .products import growing
from .trajectory import Array

TRANSIENT = ((0.9, 50.0), (0.0, 0.9))
r"""A matrix whose eigenvalues are 0.9 and whose powers grow before they decay."""


@dataclass(frozen=True, slots=True)
class Powers:
    r"""Logarithms to base 10 for k = 1, 2, …, arrays (K,): :math:`\|W^k\|` and :math:`\rho(W)^k`."""

    norm: Array
    eigenvalue: Array

    @property
    def peak(self) -> int:
        """The k at which the norm is largest."""
        return int(np.argmax(self.norm)) + 1


def powers(matrix: Any, count: int) -> Powers:
    """The first powers of a square matrix."""
    W = np.asarray(matrix, dtype=float)
    rho = np.abs(np.linalg.eigvals(W)).max()
    norms = [float(product.log10_norm) for product in growing(repeat(W, count), len(W))]
    return Powers(np.array(norms), np.arange(1, count + 1) * np.log10(rho))


def half_lives(biases: Array) -> Array:
    r"""The steps in which :math:`\sigma(b_f)^T` falls to one half, :math:`\ln\frac12 / \ln\sigma(b_f)`.

    >>> half_lives(np.array([1.0, 3.0, 5.0])).round(2)
    array([  2.21,  14.27, 103.22])
    """
    return np.log(2) / np.logaddexp(0.0, -np.asarray(biases, dtype=float))


def bias_for(steps: Array) -> Array:
    r"""The forget bias whose product over T steps is 1/e: :math:`b_f = -\ln(e^{1/T} - 1)`, about ln T."""
    return -np.log(np.expm1(1 / np.asarray(steps, dtype=float)))


def boundary(biases: Array) -> tuple[Array, Array]:
    r"""The weights w_g at which :math:`\sigma(b_f) + w_g/4` is 1 and -1: the edges of the vanishing region."""
    forget = np.exp(-np.logaddexp(0.0, -np.asarray(biases, dtype=float)))
    return 4 * (1 - forget), 4 * (-1 - forget)


def spectral_radii(biases: Array, weights: Array) -> Array:
    r"""The spectral radius of the scalar LSTM's Jacobian at rest, for every w_g (rows) and b_f (columns).

    State, inputs and all other parameters are 0, n = 1. The numbers come from the Jacobian of the cell,
    not from the formula of :func:`boundary`.
    """
    formula = state_jacobian(LSTM)
    read = letters(formula)
    forget = np.exp(-np.logaddexp(0.0, -np.asarray(biases, dtype=float)))[None, :]
    at_rest = {"f": forget, "i": np.array(0.5), "o": np.array(0.5), "W_z": np.asarray(weights, dtype=float)[:, None]}
    names = [letter.sequence.text if isinstance(letter, At) else letter.text for letter in read]
    values = [np.asarray(at_rest.get(name, 0.0))[..., None, None] for name in names]
    jacobians = lambdify(read, formula)(*values)
    return np.abs(np.linalg.eigvals(jacobians)).max(axis=-1)


def curve(function: Activation, points: Array) -> tuple[Array, Array]:
    """An elementwise function and its derivative, of ``points``'s shape."""
    formula = derivative(function)
    if formula is None:
        raise ValueError(f"the activation {function.text} is not specified; it has no curve")
    value, slope = lambdify([X], [function(X), function.prime(X)])(np.asarray(points, dtype=float))
    return value, slope
