"""The matrix of a linear map, read from its expression."""

import pytest
from sympy import Symbol

from lstm_sym.linear_map import matrix_of
from lstm_sym.nodes import TimeSum, concat, diag, hadamard, hadamard_power
from lstm_sym.symbols import Parameter, Sequence, indices, sizes, t, tangent

n, d = sizes("n d")
k, T = indices("k T")
W, U, b, c = Parameter("W", n, n), Parameter("U", d, n), Parameter("b", n), Parameter("c", n)
v = tangent(Sequence("h", n))[t]

TABLE = [
    (v, "I"),
    (b, "0"),
    (W * v + 2 * v, "W + 2*I"),
    (hadamard(b, v, c), "diag(hadamard(b, c))"),
    (hadamard(b, W * v), "diag(b)*W"),
    (U * diag(v) * b, "U*diag(b)"),
    (diag(W * v) * b, "diag(b)*W"),
    (v * b.T * c, "diag(1*b.T*c)"),
    ((diag(v) + v * b.T) * c, "diag(c) + diag(1*b.T*c)"),
    (b * v.T * c, "b*c.T"),
    (concat(v, W * v), "[I; W]"),
    (TimeSum(W**k * v, (k, 0, T)), "TimeSum(W**k, (k, 0, T))"),
]


@pytest.mark.parametrize("expr, written", TABLE, ids=str)
def test_the_matrix(expr, written) -> None:
    found = matrix_of(expr, v)
    assert str(found) == written and found.shape == (expr.rows, n)


@pytest.mark.parametrize("expr", [hadamard_power(v, 2), Symbol("z") * TimeSum(v, (t, 1, T))], ids=str)
def test_what_is_not_linear_in_one_step_is_refused(expr) -> None:
    with pytest.raises(TypeError, match=r"no Jacobian of .*: the dependence on .* is not of the form J"):
        matrix_of(expr, v)
