"""Cells that the zoo does not hold, one for each kind of equation that a module must write."""

from __future__ import annotations

from sympy import Eq, Rational

from lstm_sym.activations import elu, exp, hardtanh, relu, sigma, softplus, softsign, tanh
from lstm_sym.cell import Cell
from lstm_sym.nodes import beside, concat, diag, hadamard, hadamard_power, maximum, scaled
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n, d, k = sizes("n d k")
h, c, x, x2 = Sequence("h", n), Sequence("c", n), Sequence("x", d), Sequence("x2", k)
z, r, q, y = Sequence("z", n), Sequence("r", n), Sequence("q", n), Sequence("y", k)
W, V, U = Parameter("W", n, n), Parameter("V", n, n), Parameter("U", n, d)
b, p = Parameter("b", n), Parameter("p", n)
R, W_k, B = Parameter("R", k, n), Parameter("W_k", n, k), Parameter("B", n, 2 * n + d)

A, X, y2 = Sequence("A", n, k), Sequence("X", n, k), Sequence("y2", n)
V_k, P, W_q = Parameter("V_k", k, k), Parameter("P", n, k), Parameter("W_q", k, d)

CELLS = (
    Cell("diagonal_relu", Eq(h[t], relu(U * x[t] + hadamard(p, h[t - 1]) + b))),
    Cell("softplus", Eq(h[t], softplus(W * h[t - 1] + U * x[t]))),
    *(Cell(f.name, Eq(h[t], f(W * h[t - 1] + U * x[t]))) for f in (hardtanh, elu, softsign)),
    Cell("two_outputs", Eq(h[t], tanh(W * h[t - 1] + U * x[t])), Eq(y[t], R * h[t]), Eq(q[t], hadamard(h[t], h[t]))),
    Cell("two_inputs", Eq(h[t], tanh(W * h[t - 1] + U * x[t] + W_k * x2[t]))),
    Cell(
        "composed",
        Eq(
            h[t],
            W * V * hadamard_power(tanh(h[t - 1]), 3)
            + diag(p) * U * x[t]
            + 2 * hadamard(p, b)
            - Rational(1, 2) * W.T * h[t - 1],
        ),
    ),
    Cell(
        "quotient",
        Eq(z[t], exp(W * h[t - 1])),
        Eq(h[t], tanh(hadamard(z[t], hadamard_power(1 + z[t], -1)) + U * x[t])),
    ),
    Cell("weights_beside", Eq(h[t], tanh(beside(W, U) * concat(h[t - 1], x[t]) + b))),
    Cell("three_blocks", Eq(h[t], tanh(B * concat(h[t - 1], p, x[t]) + b))),
    Cell("inner_product", Eq(h[t], tanh(W * h[t - 1] * (h[t - 1].T * U * x[t])))),
    Cell("rank_one", Eq(h[t], tanh(U * x[t] + b * (p.T * h[t - 1])))),
    Cell(
        "tanh_of_states",
        Eq(c[t], tanh(h[t - 1]) + U * x[t]),
        Eq(h[t], hadamard(tanh(h[t - 1]), c[t]) + hadamard(tanh(c[t]), tanh(c[t - 1]))),
    ),
    Cell("derivative_as_activation", Eq(h[t], sigma.prime(W * h[t - 1] + U * x[t]))),
    Cell(
        "delta_rule",
        Eq(x2[t], W_q * x[t]),
        Eq(A[t], A[t - 1] + (y2[t] - A[t - 1] * x2[t]) * x2[t].T),
        Eq(h[t], tanh(A[t] * x2[t])),
    ),
    Cell(
        "matrix_memory",
        Eq(A[t], tanh(W * A[t - 1] * V_k + hadamard(P, X[t]) + A[t - 1] * X[t].T * A[t - 1])),
    ),
    Cell(
        "memory_and_hidden",
        Eq(A[t], scaled(b.T * h[t - 1], A[t - 1]) + h[t - 1] * x2[t].T),
        Eq(r[t], maximum(W_k * A[t].T * p, 1)),
        Eq(h[t], tanh(A[t] * A[t].T * h[t - 1] + r[t])),
    ),
    Cell("state_of_input", Eq(h[t], U * x[t] + b), Eq(q[t], tanh(W * h[t - 1]))),
    Cell("no_state", Eq(h[t], tanh(U * x[t]))),
)
