"""Column-vector equations as code over rows."""

from __future__ import annotations

import pytest
from sympy import Rational

from lstm_sym.activations import phi, sigma, tanh
from lstm_sym.export import to_rows
from lstm_sym.export.rows import Rows, row_source, total_source
from lstm_sym.nodes import StopGradient, beside, concat, diag, hadamard, hadamard_power, maximum, scaled
from lstm_sym.nodes.algebra import Eye, Ones, Zero
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n, d = sizes("n d")
W, U, b, p = Parameter("W", n, n), Parameter("U", n, d), Parameter("b", n), Parameter("p", n)
h, x, v, M = Sequence("h", n), Sequence("x", d), Sequence("v", n), Sequence("M", n, n)
NAMES = {a: a.text for a in (W, U, b, p)} | {h[t - 1]: "h_prev", x[t]: "x", v[t]: "v", M[t]: "M", n: "n", d: "d"}
ROWS = Rows(NAMES, ("T", "B"))


@pytest.mark.parametrize(
    "expr, code",
    [
        (W * h[t - 1] + U * x[t] + b, "h_prev @ W.T + x @ U.T + b"),
        (W.T * v[t] - h[t - 1], "v @ W - h_prev"),
        (-v[t], "-v"),
        (Rational(1, 2) * v[t].T * v[t], "0.5 * np.sum(v * v, axis=-1, keepdims=True)"),
        (v[t] * (h[t - 1].T * v[t]), "v * np.sum(h_prev * v, axis=-1, keepdims=True)"),
        (p.T * h[t - 1], "np.sum(p * h_prev, axis=-1, keepdims=True)"),
        (W * hadamard(v[t], h[t - 1]), "(v * h_prev) @ W.T"),
        (hadamard(p, W * v[t]), "p * (v @ W.T)"),
        (diag(p) * U * x[t], "p * (x @ U.T)"),
        (W * W.T * v[t], "v @ W @ W.T"),
        (hadamard(v[t], 1 - v[t]), "v * (1 - v)"),
        (1 - hadamard_power(v[t], 2), "1 - v**2"),
        (hadamard_power(v[t], -1), "1 / v"),
        (sigma(v[t] + b), "sigma(v + b)"),
        (tanh(v[t]), "np.tanh(v)"),
        (StopGradient(v[t]), "v"),
        (concat(h[t - 1], x[t]), "np.concatenate((h_prev, x), axis=-1)"),
        (concat(h[t - 1], b), "np.concatenate((h_prev, np.broadcast_to(b, (T, B, n))), axis=-1)"),
        (beside(W, U) * concat(v[t], x[t]), "np.concatenate((v, x), axis=-1) @ np.block([[W, U]]).T"),
        (beside(Eye(n), Zero(n, d)) * beside(W, U).T * v[t], "(v @ np.block([[W, U]]))[..., :n]"),
        (beside(Zero(d, n), Eye(d)) * concat(v[t], x[t]), "np.concatenate((v, x), axis=-1)[..., n:]"),
        (Ones(n, 1), "np.ones((T, B, n), dtype)"),
        (Zero(n, 1), "np.zeros((T, B, n), dtype)"),
        (M[t] * v[t], "applied(M, v)"),
        (M[t].T * v[t], "applied(np.swapaxes(M, -1, -2), v)"),
        (W * M[t] * v[t], "applied(M, v) @ W.T"),
        (v[t].T * M[t] * h[t - 1], "np.sum(v * applied(M, h_prev), axis=-1, keepdims=True)"),
        (v[t] * x[t].T, "outer(v, x)"),
        (2 * W * v[t] * (M[t] * h[t - 1]).T, "2 * outer(v @ W.T, applied(M, h_prev))"),
        (scaled(x[t].T * x[t], M[t]), "np.sum(x * x, axis=-1, keepdims=True)[..., None] * M"),
        (W * M[t] * W.T - M[t].T, "W @ M @ W.T - np.swapaxes(M, -1, -2)"),
        (hadamard(tanh(M[t]), W), "np.tanh(M) * W"),
        (Ones(1, n) * hadamard(M[t], W) * Ones(n, 1), "np.sum(np.sum(M * W, axis=-1), axis=-1, keepdims=True)"),
        (Ones(n, d), "np.ones((T, B, n, d), dtype)"),
        (v[t].T, "np.expand_dims(v, -2)"),
        (maximum(v[t], 1), "np.maximum(v, 1)"),
    ],
    ids=str,
)
def test_rows(expr, code):
    assert row_source(expr, ROWS) == code


@pytest.mark.parametrize(
    "expr, code",
    [
        (v[t] * h[t - 1].T, "over_steps(v, h_prev)"),
        (hadamard(v[t], h[t - 1]), "(v * h_prev).sum(axis=(0, 1))"),
        (v[t], "v.sum(axis=(0, 1))"),
        (-v[t] * x[t].T, "over_steps(-v, x)"),
        (v[t] * h[t - 1].T + W.T * v[t] * v[t].T, "over_steps(v, h_prev) + over_steps(v @ W, v)"),
        (v[t] * h[t - 1].T * W, "over_steps(v, h_prev @ W)"),
        (v[t] * concat(h[t - 1], x[t]).T, "over_steps(v, np.concatenate((h_prev, x), axis=-1))"),
        (StopGradient(v[t]) * StopGradient(h[t - 1]).T, "over_steps(v, h_prev)"),
        (v[t] * (M[t] * h[t - 1]).T, "over_steps(v, applied(M, h_prev))"),
        (M[t], "M.sum(axis=(0, 1))"),
        (hadamard(M[t], v[t] * h[t - 1].T), "(M * outer(v, h_prev)).sum(axis=(0, 1))"),
        (M[t] * W * M[t].T, "(M @ W @ np.swapaxes(M, -1, -2)).sum(axis=(0, 1))"),
        (Zero(n, d), "np.zeros((n, d), dtype)"),
        (Zero(n, 1), "np.zeros((n,), dtype)"),
    ],
    ids=str,
)
def test_gradients_are_summed_over_steps_and_batch(expr, code):
    assert total_source(expr, ROWS) == code


@pytest.mark.parametrize(
    "expr, error, message",
    [
        (diag(v[t]), TypeError, r"no row form for Diag"),
        (phi(v[t]), ValueError, r"the activation phi is not specified"),
        (W**-1 * v[t], TypeError, r"no row form for the constant matrix"),
        (v[t + 1], ValueError, r"v\[t \+ 1\] has no value here"),
        (beside(M[t], v[t]), TypeError, r"rows put columns below each other, not matrices"),
    ],
    ids=str,
)
def test_what_has_no_row_form(expr, error, message):
    with pytest.raises(error, match=message):
        to_rows(expr, ROWS)


@pytest.mark.parametrize("expr", [W, W * W], ids=str)
def test_gradients_without_a_row_form(expr):
    with pytest.raises(TypeError, match="the same at every step"):
        total_source(expr, ROWS)
