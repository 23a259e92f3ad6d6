"""The derivative signs: shapes, what they refuse, and that the two are never mixed."""

import pytest
from sympy import Symbol
from sympy.matrices.exceptions import ShapeError

from lstm_sym.nodes import Partial, StopGradient, Total
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n, d = sizes("n d")
L, z = Symbol("L"), Symbol("z")
W, b = Parameter("W", n, n), Parameter("b", n)
h, x = Sequence("h", n), Sequence("x", d)


@pytest.mark.parametrize(
    "node, shape, text",
    [
        (Partial(h[t], x[t]), (n, d), "Partial(h[t], x[t])"),
        (Total(x[t], h[t - 1]), (d, n), "Total(x[t], h[t - 1])"),
        (Total(L, W), (n, n), "Total(L, W)"),
        (Partial(L, h[t]), (n, 1), "Partial(L, h[t])"),
        (StopGradient(W), (n, n), "stop_gradient(W)"),
    ],
)
def test_shape_and_text(node, shape, text) -> None:
    assert node.shape == shape and str(node) == text and node.doit() == node


def test_the_two_derivatives_differ() -> None:
    assert Partial(h[t], x[t]) != Total(h[t], x[t])
    assert StopGradient(W) != W


def test_time_shifts_inside() -> None:
    assert Total(h[t], h[t - 1]).subs(t, t + 1) == Total(h[t + 1], h[t])


@pytest.mark.parametrize(
    "build, error, message",
    [
        (lambda: Partial(h[t], z), TypeError, "with respect to a matrix letter, got z"),
        (lambda: Total(W, h[t]), ShapeError, r"a Jacobian needs column vectors, got W \(n x n\)"),
        (lambda: Partial(h[t], W), ShapeError, r"a Jacobian needs column vectors, got W \(n x n\)"),
        (lambda: StopGradient(z), TypeError, "stop_gradient takes matrices; z is the scalar Symbol"),
    ],
)
def test_refusals(build, error, message) -> None:
    with pytest.raises(error, match=message):
        build()
