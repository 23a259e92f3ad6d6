"""The operators: order kept, scalars as papers mean them, SymPy's own matrices beside ours, errors that name both."""

from fractions import Fraction

import pytest
from sympy import Eq, Identity, ImmutableMatrix, Integer, Matrix, MatrixSymbol, Rational, Symbol, ZeroMatrix
from sympy.matrices.exceptions import ShapeError

from lstm_sym.nodes import Eye, MatrixPower, MatrixProduct, MatrixSum, Ones, Transposed, Zero, hadamard
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n, d = sizes("n d")
z = Symbol("z")
W, V, U, b = Parameter("W", n, n), Parameter("V", n, n), Parameter("U", n, d), Parameter("b", n)
h, x = Sequence("h", n), Sequence("x", d)
S, s = MatrixSymbol("S", n, n), MatrixSymbol("s", n, 1)
A, numbers = Parameter("A", 2, 2), Matrix([[1, 2], [3, 4]])


@pytest.mark.parametrize(
    "expr, result",
    [
        (W * h[t], MatrixProduct(W, h[t])),
        (W @ h[t], W * h[t]),
        (W + V, MatrixSum(W, V)),
        (V + W, MatrixSum(V, W)),
        (W - V, MatrixSum(W, MatrixProduct(-1, V))),
        (-W, MatrixProduct(-1, W)),
        (W / 2, MatrixProduct(Rational(1, 2), W)),
        (W / n, MatrixProduct(1 / n, W)),
        (2 * W, MatrixProduct(2, W)),
        (W * 2, 2 * W),
        (z * W, W * z),
        (Fraction(1, 2) * W, W / 2),
        (W**2, MatrixPower(W, 2)),
        (W.T, Transposed(W)),
        (W.T.T, W),
        (W.I, W**-1),
        (W.inverse().inverse(), W),
        (0 + W, W),
        (W + 0, W),
        (W - 0, W),
        (0 - W, -W),
        (0 * W, Zero(n, n)),
        (1 * W, W),
        (W.__neg__().__neg__(), W),
        (sum([h[t], h[t - 1]]), h[t] + h[t - 1]),
        (sum([W]), W),
        (1 - h[t], MatrixSum(Ones(n), -h[t])),
        (h[t] - 1, MatrixSum(h[t], -Ones(n))),
        (1 + W, MatrixSum(Ones(n, n), W)),
        (z + h[t], z * Ones(n) + h[t]),
    ],
    ids=str,
)
def test_operators(expr, result) -> None:
    assert expr == result


@pytest.mark.parametrize(
    "expr, text, shape",
    [
        (S * h[t], "S*h[t]", (n, 1)),
        (h[t].T * S, "h[t].T*S", (1, n)),
        (S * W, "S*W", (n, n)),
        (W * S, "W*S", (n, n)),
        (S @ W, "S*W", (n, n)),
        (S + W, "S + W", (n, n)),
        (W + S, "W + S", (n, n)),
        (S - W, "S - W", (n, n)),
        (W - S, "W - S", (n, n)),
        (s - h[t], "s - h[t]", (n, 1)),
        (hadamard(s, h[t]), "hadamard(s, h[t])", (n, 1)),
        (2 * S * h[t], "(2*S)*h[t]", (n, 1)),
        ((S + S.T) * h[t], "(S + S.T)*h[t]", (n, 1)),
        (h[t].T * (S + S.T), "h[t].T*(S + S.T)", (1, n)),
        ((S * S.T).T * W, "(S*S.T)*W", (n, n)),
        (numbers * A, "Matrix([[1, 2],[3, 4]])*A", (2, 2)),
        (A - numbers, "A - Matrix([[1, 2],[3, 4]])", (2, 2)),
        (numbers - A, "Matrix([[1, 2],[3, 4]]) - A", (2, 2)),
        (ImmutableMatrix(numbers) * A, "Matrix([[1, 2],[3, 4]])*A", (2, 2)),
        (Identity(n) * W, "W", (n, n)),
        (ZeroMatrix(n, n) + W, "W", (n, n)),
        (W * ZeroMatrix(n, d), "0", (n, d)),
    ],
    ids=str,
)
def test_sympy_s_own_matrices_stand_beside_ours(expr, text, shape) -> None:
    assert str(expr).replace("\n", "") == text and expr.shape == shape


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda: W + x[t], r"\+ needs operands of one shape, got W \(n x n\) and x\[t\] \(d x 1\)"),
        (lambda: x[t] - h[t], r"\+ needs operands of one shape, got x\[t\] \(d x 1\) and -h\[t\] \(n x 1\)"),
        (lambda: W * x[t], r"W \* x\[t\] needs matching inner sizes, got W \(n x n\) and x\[t\] \(d x 1\)"),
        (lambda: h[t] * h[t - 1], r"got h\[t\] \(n x 1\) and h\[t - 1\] \(n x 1\)"),
        (lambda: S * x[t], r"got S \(n x n\) and x\[t\] \(d x 1\)"),
        (lambda: S + U, r"got S \(n x n\) and U \(n x d\)"),
        (lambda: h[t] ** 2, r"h\[t\] \(n x 1\) has no matrix power 2: it is not square"),
        (lambda: U.inverse(), r"U \(n x d\) has no matrix power -1"),
        (lambda: Eq(h[t], x[t]), r"an equation needs operands of one shape, got h\[t\] \(n x 1\) and x\[t\] \(d x 1\)"),
        (lambda: W * Parameter("A", n + 1, d), r"got W \(n x n\) and A \(n \+ 1 x d\)"),
    ],
)
def test_shape_errors_name_the_operands(build, message) -> None:
    with pytest.raises(ShapeError, match=message):
        build()


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda: W + None, "None is neither a matrix nor a scalar"),
        (lambda: W * "a", "'a' is neither a matrix nor a scalar"),
        (lambda: True * W, "True is neither a matrix nor a scalar"),
        (
            lambda: Symbol("q", commutative=False) * W,
            "the factor q of a matrix product is no matrix and does not commute",
        ),
        (lambda: W ** Rational(1, 2), "the power of a matrix is an integer, got 1/2"),
        (lambda: W**V, "the power of a matrix is an integer, got V"),
        (lambda: Eq(h[t], z), r"the equation of h\[t\] and z takes matrices; z is the scalar Symbol"),
        (lambda: (z * W).diff(z), r"diff\(z\*W, z\): SymPy's diff does not differentiate matrix expressions"),
        (lambda: h[t].diff(t), "use pushforward, pullback or jacobian"),
    ],
)
def test_misuse(build, message) -> None:
    with pytest.raises(TypeError, match=message):
        build()


def test_sizes_are_compared_as_polynomials() -> None:
    wide = Parameter("A", n, 2 * (n + d))
    assert (wide * Parameter("B", 2 * n + 2 * d, 1)).shape == (n, 1)


def test_the_written_order_is_kept() -> None:
    assert str(W * h[t - 1] + U * x[t] + b) == "W*h[t - 1] + U*x[t] + b"
    assert str(b - (1 + h[t])) == "b - (1 + h[t])"
    assert W * V != V * W and W + V != V + W


def test_equations_are_kept_or_true() -> None:
    assert isinstance(Eq(h[t], W * h[t - 1]), Eq)
    assert Eq(h[t], h[t]) == True  # noqa: E712


def test_expand_and_simplify_leave_it_alone() -> None:
    expr = W * (h[t] + b)
    assert expr.expand() == expr and expr.simplify() == expr and Eye(n) * Integer(1) == Eye(n)
