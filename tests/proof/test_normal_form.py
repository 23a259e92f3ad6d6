"""Engine 1: equalities it must decide for symbolic sizes, and look-alikes it must keep apart."""

import pytest
from sympy import Rational, Symbol

from lstm_sym.activations import exp, phi, relu, sigma, softplus, tanh
from lstm_sym.nodes import (
    Eye,
    Ones,
    OrderedProduct,
    TimeSum,
    Trace,
    Zero,
    beside,
    concat,
    diag,
    hadamard,
    hadamard_power,
    inner,
)
from lstm_sym.proof.function_form import TANH
from lstm_sym.proof.normal_form import NormalForm
from lstm_sym.proof.polynomial import Unsupported
from lstm_sym.symbols import Parameter, Sequence, indices, sizes, t

n, d = sizes("n d")
k, j, N = indices("k j N")
z, alpha = Symbol("z", real=True), Symbol("alpha")
A, B, Q, U = Parameter("A", n, n), Parameter("B", n, n), Parameter("Q", n, n), Parameter("U", n, d)
M = Parameter("M", n, n + d)
lam, b = Parameter("lambda", n), Parameter("b", n)
u, v, w = Sequence("u", n), Sequence("v", n), Sequence("w", n)
x = Sequence("x", d)
one = Ones(n)


def equal(left, right) -> bool:
    form = NormalForm()
    if form.equal(left, right):
        return True
    return form.wanted_tie == TANH and NormalForm(tie=TANH).equal(left, right)


@pytest.mark.parametrize(
    "left, right",
    [
        (A * (u[t] + v[t]), A * u[t] + A * v[t]),
        ((A * B).T, B.T * A.T),
        (diag(u[t]) * v[t], hadamard(v[t], u[t])),
        (diag(u[t]) * A * diag(v[t]), hadamard(A, u[t] * v[t].T)),
        (diag(u[t]).T, diag(u[t])),
        (Eye(n) * A * Eye(n), A),
        (inner(A * u[t], v[t]), inner(u[t], A.T * v[t])),
        (Trace(A * B), Trace(B * A)),
        (Trace(Eye(n)), n),
        (one.T * one, n * Ones(1, 1)),
        (hadamard(A, B).T, hadamard(A.T, B.T)),
        (hadamard(u[t], one), u[t]),
        (hadamard(u[t], hadamard_power(u[t], -1)), one),
        (hadamard_power(hadamard(u[t], v[t]), 2), hadamard(u[t], v[t], u[t], v[t])),
        (A**N * A, A ** (N + 1)),
        (A * A**N, A ** (N + 1)),
        (A**N * A**k, A ** (N + k)),
        (Q * Q**-1, Eye(n)),
        (Q**-2 * Q, Q**-1),
        ((A.T) ** N, (A**N).T),
        (
            Q * diag(lam) * Q**-1 * Q * diag(hadamard_power(lam, N)) * Q**-1,
            Q * diag(hadamard_power(lam, N + 1)) * Q**-1,
        ),
        (diag(lam) ** N * diag(lam), diag(hadamard_power(lam, N + 1))),
        (alpha**N * alpha * A, alpha ** (N + 1) * A),
        (TimeSum(A.T * v[t], (t, 1, N)), A.T * TimeSum(v[k], (k, 1, N))),
        (TimeSum(v[t], (t, 1, N + 1)), TimeSum(v[t], (t, 1, N)) + v[N + 1]),
        (TimeSum(u[t] + v[t], (t, 1, N)), TimeSum(u[t], (t, 1, N)) + TimeSum(v[t], (t, 1, N))),
        (TimeSum(b, (t, 1, N)), N * b),
        (TimeSum(u[t], (t, 1, N)) * TimeSum(v[t], (t, 1, N)).T, TimeSum(u[k] * TimeSum(v[j], (j, 1, N)).T, (k, 1, N))),
        (TimeSum(v[t], (t, 1, 0)), Zero(n, 1)),
        (
            OrderedProduct(diag(v[k]) * A, (k, 1, N + 1)),
            diag(v[N + 1]) * A * OrderedProduct(diag(v[t]) * A, (t, 1, N)),
        ),
        (OrderedProduct(diag(v[k]) * A, (k, t + 1, t + 2)), diag(v[t + 2]) * A * diag(v[t + 1]) * A),
        (OrderedProduct(A, (k, 1, 0)), Eye(n)),
        (OrderedProduct(diag(v[k]), (k, 1, N)).T, OrderedProduct(diag(v[k]), (k, 1, N))),
        (M * concat(u[t], x[t]), M * concat(Eye(n), Zero(d, n)) * u[t] + M * concat(Zero(n, d), Eye(d)) * x[t]),
        (beside(A, U) * concat(u[t], x[t]), A * u[t] + U * x[t]),
        (concat(A, B).T, beside(A.T, B.T)),
        (tanh(z), 2 * sigma(2 * z) - 1),
        (sigma(-z), 1 - sigma(z)),
        (tanh(-z), -tanh(z)),
        (sigma(0 * z), Rational(1, 2)),
        (sigma.prime(z), sigma(z) * sigma(-z)),
        (tanh.prime(z), 1 - tanh(z) ** 2),
        (tanh.prime(z), 4 * sigma.prime(2 * z)),
        (sigma.prime.prime(z), sigma.prime(z) * (1 - 2 * sigma(z))),
        (softplus.prime(z), sigma(z)),
        (exp(z + alpha), exp(z) * exp(alpha)),
        (relu(u[t]), hadamard(u[t], relu.prime(u[t]))),
        (hadamard(relu.prime(u[t]), relu.prime(u[t])), relu.prime(u[t])),
        (sigma(A * (u[t] + v[t])), sigma(A * v[t] + A * u[t])),
        (tanh(A.T), tanh(A).T),
        (phi(u[t].T), phi(u[t]).T),
        (phi.prime(u[t]), phi.prime(u[t])),
    ],
    ids=str,
)
def test_equal_for_all_sizes(left, right) -> None:
    assert equal(left, right)


@pytest.mark.parametrize(
    "left, right",
    [
        ((A * B).T, A.T * B.T),
        (A * B, B * A),
        (A, A.T),
        (hadamard(A, B), A * B),
        (A * hadamard(u[t], v[t]), hadamard(A * u[t], v[t])),
        (hadamard_power(A, 2), A**2),
        (diag(u[t]) * A, A * diag(u[t])),
        (A**N * B, B * A**N),
        (u[t], u[t - 1]),
        (TimeSum(u[t], (t, 1, N)), TimeSum(u[t], (t, 0, N))),
        (TimeSum(hadamard(u[t], v[t]), (t, 1, N)), hadamard(TimeSum(u[t], (t, 1, N)), TimeSum(v[t], (t, 1, N)))),
        (OrderedProduct(diag(v[k]) * A, (k, 1, 2)), diag(v[1]) * A * diag(v[2]) * A),
        (OrderedProduct(diag(v[k]) * A, (k, 1, N)).T, OrderedProduct(diag(v[k]) * A, (k, 1, N))),
        (sigma.prime(z), sigma(z)),
        (sigma(z), tanh(z)),
        (tanh(z), 2 * sigma(z) - 1),
        (sigma(u[t] + v[t]), sigma(u[t]) + sigma(v[t])),
        (tanh(A), tanh(A.T)),
        (phi(z), phi.prime(z)),
        (Trace(A * B), Trace(A * B.T)),
        (Trace(A) * Trace(B), Trace(A * B)),
        (Ones(n, 1) * Ones(1, n), Eye(n)),
        (exp(2 * z), exp(z)),
    ],
    ids=str,
)
def test_different_things_keep_different_forms(left, right) -> None:
    assert not equal(left, right)


def test_a_division_is_recorded_as_a_side_condition() -> None:
    form = NormalForm()
    assert form.equal(hadamard(u[t], hadamard_power(u[t], -1)), one)
    assert list(form.divisors) == ["u[t] has no zero entry"]


def test_division_by_zero_has_no_form() -> None:
    with pytest.raises(Unsupported, match="which is 0"):
        NormalForm()(hadamard_power(u[t] - u[t], -1))
    with pytest.raises(Unsupported, match="has zeros"):
        NormalForm()(hadamard_power(Eye(n), -1))


def test_blocks_that_do_not_fit_are_left_to_the_other_engine() -> None:
    with pytest.raises(Unsupported, match="do not fit"):
        NormalForm().equal(concat(u[t], x[t]), concat(x[t], u[t]))


def test_summation_indices_are_named_canonically() -> None:
    chain = A * B * A.T * B.T
    assert NormalForm().equal(Trace(chain), Trace(B * A.T * B.T * A))
    assert not NormalForm().equal(Trace(chain), Trace(A * B * B.T * A.T))
