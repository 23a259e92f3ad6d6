"""Block matrices: shapes, and shape errors that name both blocks."""

import pytest
from sympy import Symbol
from sympy.matrices.exceptions import ShapeError

from lstm_sym.nodes import Block, beside, concat
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n, d, m = sizes("n d m")
W, U, V = Parameter("W", n, n), Parameter("U", n, d), Parameter("V", m, n)
h, x = Sequence("h", n), Sequence("x", d)


@pytest.mark.parametrize(
    "expr, shape, text",
    [
        (concat(h[t - 1], x[t]), (n + d, 1), "[h[t - 1]; x[t]]"),
        (beside(W, U), (n, n + d), "[W, U]"),
        (Block((W, U), (V, Parameter("Z", m, d))), (n + m, n + d), "[W, U; V, Z]"),
        (beside(W, U) * concat(h[t - 1], x[t]), (n, 1), "[W, U]*[h[t - 1]; x[t]]"),
        (beside(concat(W, V), concat(U, Parameter("Z", m, d))), (n + m, n + d), "[[W; V], [U; Z]]"),
        (concat(h[t]), (n, 1), "h[t]"),
        (Block((W,)), (n, n), "W"),
    ],
)
def test_shape_and_text(expr, shape, text) -> None:
    assert expr.shape == shape and str(expr) == text


@pytest.mark.parametrize(
    "build, error, message",
    [
        (lambda: Block(), TypeError, "a block matrix takes matrices, got none"),
        (lambda: concat(), TypeError, "a block matrix takes matrices, got none"),
        (lambda: beside(W, 2), TypeError, "a block matrix takes matrices; 2 is the scalar Integer"),
        (lambda: concat(Symbol("z"), h[t]), TypeError, "a block matrix takes matrices; z is the scalar Symbol"),
        (lambda: Block((W, U), (V,)), ShapeError, r"the rows of a block matrix have \[2, 1\] blocks"),
        (lambda: beside(W, x[t]), ShapeError, r"one row of blocks .* rows, got W \(n x n\) and x\[t\] \(d x 1\)"),
        (lambda: concat(W, U), ShapeError, r"one column of blocks .* cols, got W \(n x n\) and U \(n x d\)"),
    ],
)
def test_refusals(build, error, message) -> None:
    with pytest.raises(error, match=message):
        build()
