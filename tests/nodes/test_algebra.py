"""Sums, products, transposes, powers and traces: what they reduce to, how they print, what they refuse."""

import pytest
from sympy import S, Symbol
from sympy.matrices.exceptions import ShapeError

from lstm_sym.nodes import Eye, MatrixPower, MatrixProduct, MatrixSum, Ones, Trace, Transposed, Zero, inner
from lstm_sym.nodes.algebra import add, multiply
from lstm_sym.symbols import Parameter, indices, sizes

n, d = sizes("n d")
k = indices("k")
z = Symbol("z")
W, V, U, b, r = (
    Parameter("W", n, n),
    Parameter("V", n, n),
    Parameter("U", n, d),
    Parameter("b", n),
    Parameter("r", 1, 1),
)


@pytest.mark.parametrize(
    "expr, result",
    [
        (MatrixSum(W), W),
        (MatrixSum(W, Zero(n, n)), W),
        (MatrixSum(Zero(n, n), Zero(n, n)), Zero(n, n)),
        (MatrixSum(MatrixSum(W, V), W), MatrixSum(W, V, W)),
        (add(0, W, 0), W),
        (multiply(W), W),
        (multiply(z, W, z), MatrixProduct(z**2, W)),
        (multiply(W, multiply(2, V), U), MatrixProduct(2, W, V, U)),
        (multiply(W, Eye(n), V), MatrixProduct(W, V)),
        (multiply(Eye(n), Eye(n)), Eye(n)),
        (multiply(3, Eye(n)), MatrixProduct(3, Eye(n))),
        (multiply(W, Zero(n, d)), Zero(n, d)),
        (multiply(0, U), Zero(n, d)),
        (Transposed(Transposed(U)), U),
        (Transposed(Zero(n, d)), Zero(d, n)),
        (Transposed(Ones(n, d)), Ones(d, n)),
        (Transposed(Eye(n)), Eye(n)),
        (Transposed(r), r),
        (MatrixPower(W, 0), Eye(n)),
        (MatrixPower(W, 1), W),
        (MatrixPower(Eye(n), k), Eye(n)),
        (MatrixPower(MatrixPower(W, -1), -1), W),
        (Trace(Zero(n, n)), S.Zero),
        (inner(U, U), Trace(U.T * U)),
    ],
    ids=str,
)
def test_reductions(expr, result) -> None:
    assert expr == result


@pytest.mark.parametrize(
    "expr, text",
    [
        (W + V - W, "W + V - W"),
        (W - (V + W), "W - (V + W)"),
        (W - 2 * V, "W - 2*V"),
        (-W + V, "-W + V"),
        (W * (V + W) * b, "W*(V + W)*b"),
        ((1 + z) * W, "(z + 1)*W"),
        ((W * V).T, "(W*V).T"),
        ((W + V).T, "(W + V).T"),
        (W.T**2, "(W.T)**2"),
        ((W * V) ** k, "(W*V)**k"),
        (W ** (k + 1), "W**(k + 1)"),
        (W**-1, "W**(-1)"),
        ((W**2) ** 3, "(W**2)**3"),
        (Trace(W) * V, "tr(W)*V"),
        (Zero(n), "0"),
        (Eye(n) + Ones(n, n), "I + 1"),
    ],
)
def test_text(expr, text) -> None:
    assert str(expr) == text


@pytest.mark.parametrize(
    "expr, shape",
    [
        (Zero(n), (n, 1)),
        (Ones(n, d), (n, d)),
        (Eye(n), (n, n)),
        (U.T, (d, n)),
        (2 * U, (n, d)),
        (W * U, (n, d)),
        (b.T * W * b, (1, 1)),
        (W**k, (n, n)),
    ],
    ids=str,
)
def test_shapes(expr, shape) -> None:
    assert expr.shape == shape


@pytest.mark.parametrize(
    "build, error, message",
    [
        (lambda: MatrixSum(), TypeError, r"\+ takes matrices, got none"),
        (lambda: MatrixSum(W, 2), TypeError, r"\+ takes matrices; 2 is the scalar int"),
        (lambda: MatrixSum(W, U), ShapeError, r"got W \(n x n\) and U \(n x d\)"),
        (lambda: add(W, z), TypeError, "a sum of matrices has the scalar term z"),
        (lambda: MatrixProduct(), TypeError, "a matrix product needs a matrix"),
        (lambda: MatrixProduct(2, z), TypeError, "a matrix product needs a matrix"),
        (
            lambda: MatrixProduct(U, W),
            ShapeError,
            r"U \* W needs matching inner sizes, got U \(n x d\) and W \(n x n\)",
        ),
        (lambda: Transposed(z), TypeError, "the transpose takes matrices; z is the scalar Symbol"),
        (lambda: MatrixPower(z, 2), TypeError, "a matrix power takes matrices; z is the scalar Symbol"),
        (lambda: MatrixPower(U, 2), ShapeError, r"U \(n x d\) has no matrix power 2.*write hadamard_power"),
        (lambda: MatrixPower(W, z), TypeError, "the power of a matrix is an integer, got z"),
        (lambda: MatrixPower(W, 2.0), TypeError, "the power of a matrix is an integer, got 2.0"),
        (lambda: Trace(z), TypeError, "the trace takes matrices; z is the scalar Symbol"),
        (lambda: Trace(U), ShapeError, r"the trace needs a square matrix, got U \(n x d\)"),
        (lambda: inner(W, U), ShapeError, r"the inner product .* got W \(n x n\) and U \(n x d\)"),
    ],
)
def test_refusals(build, error, message) -> None:
    with pytest.raises(error, match=message):
        build()
