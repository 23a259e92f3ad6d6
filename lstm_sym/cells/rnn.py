r"""Elman's recurrent network, with any activation, and its linear case."""

from __future__ import annotations

from sympy import Eq, Rational

from ..activations import Activation, phi, tanh
from ..cell import Cell
from ..symbols import Parameter, Sequence, sizes, t

n, d, m = sizes("n d m")

h, a = Sequence("h", n), Sequence("a", n)
x, y, target, r, ell = Sequence("x", d), Sequence("y", m), Sequence("target", m), Sequence("r", m), Sequence("ell", 1)

W, U, b = Parameter("W", n, n), Parameter("U", n, d), Parameter("b", n)
V, b_y = Parameter("V", m, n), Parameter("b_y", m)


def elman(activation: Activation = phi, name: str = "RNN") -> Cell:
    r"""The hidden layer :math:`h = \varphi(W h' + U x + b)` with an activation of your choice."""
    return Cell(
        name,
        Eq(a[t], W * h[t - 1] + U * x[t] + b),
        Eq(h[t], activation(a[t])),
        source="Elman 1990, Finding structure in time",
    )


RNN = elman()
RNN_TANH = elman(tanh, "RNN_tanh")

RNN_OUTPUT = Cell(
    "RNN_output",
    Eq(a[t], W * h[t - 1] + U * x[t] + b),
    Eq(h[t], phi(a[t])),
    Eq(y[t], V * h[t] + b_y),
    source="Elman 1990, Finding structure in time",
)

RNN_LOSS = Cell(
    "RNN_loss",
    Eq(a[t], W * h[t - 1] + U * x[t] + b),
    Eq(h[t], phi(a[t])),
    Eq(y[t], V * h[t] + b_y),
    Eq(r[t], y[t] - target[t]),
    Eq(ell[t], Rational(1, 2) * r[t].T * r[t]),
    loss=ell,
    source="Elman 1990, Finding structure in time, with the squared error of each step",
)

LINEAR_RNN = Cell(
    "linear_RNN",
    Eq(h[t], W * h[t - 1] + U * x[t] + b),
    source="Elman 1990, with the identity as activation",
)
