"""The table of elementwise functions: every row's derivative is that of its own NumPy form."""

import numpy as np
import pytest
from sympy import Integer, Symbol, diff, lambdify, symbols

from lstm_sym.activations import (
    TABLE,
    Activation,
    Applied,
    Elementwise,
    X,
    Y,
    derivative,
    derivative_at,
    elu,
    entrywise,
    exp,
    hardtanh,
    log,
    phi,
    relu,
    sigma,
    softplus,
    softsign,
    step,
    tanh,
)
from lstm_sym.nodes import Ones, Zero, diag, hadamard, hadamard_power
from lstm_sym.proof.domains import Balls, precision
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n = sizes("n")
z = Symbol("z")
h, W = Sequence("h", n), Parameter("W", n, n)
rows = pytest.mark.parametrize("name", TABLE)
POINTS = {name: np.array([0.3, 1.7, 4.0] if name in ("log", "sqrt") else [-3.1, -0.4, 0.6, 2.5]) for name in TABLE}


def numpy_form(name: str):
    """The row's template, compiled."""
    return eval(f"lambda x: {TABLE[name].numpy.format(x='(x)')}", {"np": np})


def values(formula, name: str, points):
    """A formula in X and Y where Y is the function's value, σ and the like by their own NumPy forms."""
    calls = sorted(formula.atoms(Applied), key=str)
    assert all(call.function.order == 0 for call in calls)
    stands = symbols(f"s:{len(calls)}")
    plain = formula.xreplace(dict(zip(calls, stands, strict=True)))
    inside = [numpy_form(call.function.name)(lambdify(X, call.argument)(points)) for call in calls]
    return lambdify((X, Y, *stands), plain)(points, numpy_form(name)(points), *inside) + 0 * points


@rows
def test_the_derivative_is_the_central_difference_of_the_numpy_form(name) -> None:
    f, x, eps = numpy_form(name), POINTS[name], 1e-6
    difference = (f(x + eps) - f(x - eps)) / (2 * eps)
    np.testing.assert_allclose(values(derivative(Activation(name)), name, x), difference, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", ["sigma", "tanh", "identity", "exp", "log"])
def test_the_second_derivative_is_the_central_difference_of_the_first(name) -> None:
    f, x, eps = Activation(name), POINTS[name], 1e-6
    first = derivative(f)
    difference = (values(first, name, x + eps) - values(first, name, x - eps)) / (2 * eps)
    np.testing.assert_allclose(values(derivative(f.prime), name, x), difference, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(
    "function, formula",
    [
        (sigma, Y * (1 - Y)),
        (sigma.prime, Y * (1 - Y) * (1 - 2 * Y)),
        (tanh, 1 - Y**2),
        (tanh.prime, -2 * Y * (1 - Y**2)),
        (tanh.prime.prime, (6 * Y**2 - 2) * (1 - Y**2)),
        (Activation("identity"), Integer(1)),
        (Activation("identity").prime, Integer(0)),
        (softplus, sigma(X)),
        (softplus.prime, sigma.prime(X)),
        (exp, Y),
        (exp.prime.prime, Y),
        (log, 1 / X),
        (log.prime, -1 / X**2),
        (step, Integer(0)),
        (relu, step(X)),
        (relu.prime, step.prime(X)),
        (hardtanh, step(X + 1) - step(X - 1)),
        (elu, step(X) + (1 - step(X)) * (1 + Y)),
        (softsign, (1 - Y * (2 * step(X) - 1)) ** 2),
        (Activation("absolute"), 2 * step(X) - 1),
        (Activation("sqrt"), 1 / (2 * Y)),
    ],
    ids=str,
)
def test_derivatives_by_the_chain_rule(function, formula) -> None:
    assert (derivative(function) - formula).expand() == 0


@rows
def test_the_rule_over_a_domain_is_the_numpy_form(name) -> None:
    with precision(80):
        balls = Balls()
        found = [float(balls.call(TABLE[name], balls.rational(int(1000 * x), 1000)).mid()) for x in POINTS[name]]
    np.testing.assert_allclose(found, numpy_form(name)(POINTS[name]), rtol=1e-12)


@pytest.mark.parametrize("name", sorted(TABLE.keys() - {"exp", "log", "sqrt"}))
def test_large_arguments_stay_finite(name) -> None:
    assert np.isfinite(numpy_form(name)(np.array([-1000.0, 1000.0]))).all()


@rows
def test_the_dtype_is_kept(name) -> None:
    assert numpy_form(name)(np.float32([0.5, 2.0])).dtype == np.float32


@pytest.mark.parametrize(
    "name, kink, value, slope",
    [("relu", 0.0, 0.0, 0.0), ("step", 0.0, 0.0, 0.0), ("hardtanh", -1.0, -1.0, 0.0), ("hardtanh", 1.0, 1.0, 1.0)],
)
def test_kinks_are_stated(name, kink, value, slope) -> None:
    assert f"x = {kink:.0f}" in TABLE[name].kink
    point = np.full(1, kink)
    assert numpy_form(name)(point) == value
    assert values(derivative(Activation(name)), name, point) == slope
    assert [name for name, row in TABLE.items() if row.kink] == ["step", "relu", "hardtanh", "absolute"]


@pytest.mark.parametrize("name", ["elu", "softsign"])
def test_where_two_pieces_join_smoothly_the_derivative_is_theirs(name) -> None:
    assert values(derivative(Activation(name)), name, np.zeros(1)) == 1.0
    with precision(80):
        assert Balls().call(TABLE[name], Balls().rational(0, 1)) == 0


@pytest.mark.parametrize(
    "function, text", [(phi, "phi"), (phi.prime, "phi'"), (sigma.prime.prime, "sigma''"), (Activation("f", 3), "f'''")]
)
def test_primes(function, text) -> None:
    assert str(function) == text and str(function(h[t])) == f"{text}(h[t])" and str(function(z)) == f"{text}(z)"


def test_an_unspecified_function_has_no_row_and_keeps_its_prime() -> None:
    assert phi.row is None and derivative(phi) is None
    assert derivative_at(phi, h[t]) == phi.prime(h[t])
    assert derivative_at(phi.prime, h[t]) == phi.prime.prime(h[t])


def test_calling() -> None:
    assert isinstance(sigma(W), Elementwise) and sigma(W).shape == (n, n)
    assert isinstance(sigma(z), Applied) and diff(sigma(2 * z), z) == 2 * sigma.prime(2 * z)
    assert sigma(1).argument == 1


@pytest.mark.parametrize(
    "function, value, written",
    [
        (sigma, None, "hadamard(sigma(h[t]), 1 - sigma(h[t]))"),
        (sigma, Sequence("f", n)[t], "hadamard(f[t], 1 - f[t])"),
        (tanh, Sequence("z", n)[t], "1 - hadamard_power(z[t], 2)"),
        (exp, Sequence("y", n)[t], "y[t]"),
        (log, None, "hadamard_power(h[t], -1)"),
        (softplus, None, "sigma(h[t])"),
        (relu, None, "step(h[t])"),
        (step, None, "0"),
        (Activation("identity"), None, "1"),
    ],
    ids=str,
)
def test_derivatives_at_a_column(function, value, written) -> None:
    found = derivative_at(function, h[t], value)
    assert str(found) == written and found.shape == (n, 1)


def test_entrywise() -> None:
    letters = {X: h[t], Y: Sequence("y", n)[t]}
    y = letters[Y]
    assert entrywise(2 * Y * (1 - X), letters) == 2 * hadamard(y, 1 - h[t])
    assert entrywise(X**-2, letters) == hadamard_power(h[t], -2)
    assert entrywise(Integer(0), letters) == Zero(n) and entrywise(Integer(3), letters) == 3 * Ones(n)
    assert diag(entrywise(sigma(X), letters)) == diag(sigma(h[t]))
    with pytest.raises(TypeError, match="no entrywise reading of z"):
        entrywise(z, letters)


def test_a_scalar_is_no_argument_of_the_matrix_node() -> None:
    with pytest.raises(TypeError, match="Elementwise takes a matrix, got the scalar z"):
        Elementwise(sigma, z)
