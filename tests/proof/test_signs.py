"""Signs that can be read off, with and without hypotheses."""

import pytest
from sympy import Rational, Symbol

from lstm_sym.activations import exp, sigma, tanh
from lstm_sym.nodes import (
    Eye,
    MaxAbs,
    Nonnegative,
    Norm,
    Ones,
    OrderedProduct,
    Positive,
    TimeSum,
    Trace,
    concat,
    diag,
    hadamard,
    hadamard_power,
    inner,
    maximum,
)
from lstm_sym.proof.signs import Known, visible_sign
from lstm_sym.symbols import Parameter, Sequence, indices, sizes

z, y = Symbol("z", real=True), Symbol("y", real=True)
n, d = sizes("n d")
k, N = indices("k N")
W, v, u = Parameter("W", n, n), Parameter("v", n), Parameter("u", n)
f = Sequence("f", 1)


@pytest.mark.parametrize(
    "expr, sign",
    [
        (sigma(z), 1),
        (maximum(v, Ones(n)), 1),
        (maximum(hadamard_power(v, 2), u), 0),
        (maximum(v, u), None),
        (exp(-z), 1),
        (tanh(z), None),
        (tanh(z) ** 2, 0),
        (tanh(z) ** 3, None),
        (sigma(z) * tanh(z) ** 2, 0),
        (1 + tanh(z) ** 2, 1),
        (z, None),
        (z**2, 0),
        (-(z**2), None),
        (z**-2, None),
        (sigma(z) ** -2, 1),
        (sigma.prime(z), None),
        (Rational(0), 0),
        (Rational(-1), None),
        (n, 1),
        (N, 0),
        (N - 1, None),
        (Norm(W), 0),
        (MaxAbs(v) * Norm(W), 0),
        (-Norm(W), None),
        (1 - Norm(W), None),
        (inner(v, v), 0),
        (inner(W * v, W * v), 0),
        (inner(v, u), None),
        (maximum(v, 1), 1),
        (maximum(0, v), 0),
        (maximum(v, hadamard_power(u, 2)), 0),
        (maximum(v, -1), None),
        (-maximum(v, 1), None),
        (Trace(W), None),
        (inner(Ones(n), hadamard_power(v, 2)), 0),
        (sigma(W * v), 1),
        (hadamard(sigma(v), v), None),
        (W * sigma(v), None),
        (diag(sigma(v)), 0),
        (concat(sigma(v), Ones(n)), 1),
        (Eye(n) + Ones(n, n), 1),
        (TimeSum(sigma(f[k]), (k, 1, N)), 0),
        (OrderedProduct(sigma(f[k]), (k, 1, N)), 1),
        (OrderedProduct(f[k], (k, 1, N)), None),
    ],
)
def test_visible_signs(expr, sign) -> None:
    assert visible_sign(expr) == sign


HYPOTHESES = (Nonnegative(z), Norm(W) <= y, Positive(f[k]), Positive(1 - f[k]), Positive(-u))


@pytest.mark.parametrize(
    "expr, fixed, sign",
    [
        (z, (), 0),
        (2 * z, (), 0),
        (-z, (), None),
        (z**N, (), 0),
        (y - Norm(W), (), 0),
        ((y - Norm(W)) / 2, (), 0),
        (Norm(W) - y, (), None),
        (y, (), None),
        (f[k], (), 1),
        (f[N + 1], (), 1),
        (1 - f[N], (), 1),
        (f[N] - 1, (), None),
        (f[N + 1], (k,), None),
        (f[k], (k,), 1),
        (-u, (), 1),
        (u, (), None),
        (OrderedProduct(f[k], (k, 1, N)), (), 1),
        (TimeSum(Ones(1) - f[k], (k, 1, N)), (), 0),
    ],
)
def test_signs_under_hypotheses(expr, fixed, sign) -> None:
    assert visible_sign(expr, Known(HYPOTHESES, fixed)) == sign
