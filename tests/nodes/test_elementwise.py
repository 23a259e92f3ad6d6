"""⊙, elementwise powers and diag: what they reduce to and what they refuse."""

import pytest
from sympy import Symbol
from sympy.matrices.exceptions import ShapeError

from lstm_sym.nodes import Diag, Eye, Hadamard, HadamardPower, Ones, Zero, diag, hadamard, hadamard_power
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n, d = sizes("n d")
z = Symbol("z")
W, u, v, w = Parameter("W", n, n), Parameter("u", n), Parameter("v", n), Parameter("w", n)
h, x = Sequence("h", n), Sequence("x", d)


@pytest.mark.parametrize(
    "expr, result",
    [
        (hadamard(u), u),
        (hadamard(u, hadamard(v, w)), Hadamard(u, v, w)),
        (hadamard(hadamard(u, v), w), Hadamard(u, v, w)),
        (hadamard(2, u, z), 2 * z * u),
        (hadamard(2 * u, 3 * v), 6 * Hadamard(u, v)),
        (hadamard(u, -v), -Hadamard(u, v)),
        (hadamard(u, Ones(n)), u),
        (hadamard(Ones(n), Ones(n)), Ones(n)),
        (hadamard(u, Zero(n)), Zero(n)),
        (hadamard(W, Eye(n)), Hadamard(W, Eye(n))),
        (hadamard_power(u, 0), Ones(n)),
        (hadamard_power(u, 1), u),
        (hadamard_power(Ones(n), z), Ones(n)),
        (diag(Ones(n)), Eye(n)),
        (diag(Zero(n)), Zero(n, n)),
    ],
    ids=str,
)
def test_reductions(expr, result) -> None:
    assert expr == result


def test_order_and_shapes() -> None:
    assert hadamard(u, v) != hadamard(v, u)
    assert hadamard(u, u) != hadamard_power(u, 2)
    assert hadamard(W, W).shape == (n, n) and hadamard_power(u, z).shape == (n, 1) and diag(u).shape == (n, n)
    assert str(diag(hadamard(u, 1 - v)) * w) == "diag(hadamard(u, 1 - v))*w"


@pytest.mark.parametrize(
    "build, error, message",
    [
        (lambda: hadamard(), TypeError, "the Hadamard product takes matrices, got none"),
        (lambda: hadamard(2, 3), TypeError, "the Hadamard product takes matrices, got none"),
        (lambda: Hadamard(z, u), TypeError, "the Hadamard product takes matrices; z is the scalar Symbol"),
        (lambda: hadamard(h[t], x[t]), ShapeError, r"one shape, got h\[t\] \(n x 1\) and x\[t\] \(d x 1\)"),
        (lambda: hadamard(W, u), ShapeError, r"one shape, got W \(n x n\) and u \(n x 1\)"),
        (lambda: HadamardPower(z, 2), TypeError, "the elementwise power takes matrices; z is the scalar Symbol"),
        (lambda: HadamardPower(u, v), TypeError, "the exponent of an elementwise power is a scalar, got v"),
        (lambda: Diag(z), TypeError, "diag takes matrices; z is the scalar Symbol"),
        (lambda: diag(W), ShapeError, r"diag needs a column vector, got W \(n x n\)"),
        (lambda: diag(u.T), ShapeError, r"diag needs a column vector, got u.T \(1 x n\)"),
    ],
)
def test_refusals(build, error, message) -> None:
    with pytest.raises(error, match=message):
        build()
