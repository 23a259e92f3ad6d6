"""Entries of columns and of matrices as C, node by node."""

from __future__ import annotations

import pytest
from sympy import Rational

from lstm_sym.activations import Activation, sigma, tanh
from lstm_sym.export.c_entries import size_text, to_c
from lstm_sym.export.c_letters import C
from lstm_sym.export.c_operations import Place, filling
from lstm_sym.export.numba_runtime import NUMBA
from lstm_sym.export.rows import axes_of
from lstm_sym.nodes import Ones, diag, hadamard, hadamard_power, maximum, scaled
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n, d = sizes("n d")
h, c = Sequence("h", n), Sequence("c", n)
p, W = Parameter("p", n), Parameter("W", n, n)
A, v, s, P = Sequence("A", n, d), Sequence("v", d), Sequence("s", 1), Parameter("P", n, d)


class Body:
    """Letters by their names; a product is a place of its own."""

    names = {p: "p", P: "P", n: "n", d: "d"}  # noqa: RUF012
    places = {h[t]: "h", h[t - 1]: "h_prev", c[t]: "c", A[t]: "A", A[t - 1]: "A_prev", v[t]: "v", s[t]: "s"}  # noqa: RUF012

    def __init__(self, language=C):
        self.language = language

    def place(self, letter):
        return filling(self.places[letter], "array", self.axes(letter))

    def stored(self, value):
        return self.place(value) if value in self.places else filling("stored", "array", self.axes(value))

    def axes(self, value):
        return tuple(size_text(size, self.names) for size in axes_of(value))

    def applied(self, matrix, operand):
        return Place(f"{matrix.text}_{operand.name}", "array", "n", "n")

    def summed(self, value, axes, finish):
        self.made = f"{value} over {' x '.join(axes)}"
        return Place("sum", "array", "1", "1")

    def along(self, value, axes, down):
        self.made = f"{value} {'down' if down else 'along'} {' x '.join(axes)}"
        return filling("sums", "array", (axes[down],))

    def composed(self, value, axes, inner):
        self.made = f"{value} over {inner}"
        return filling("product", "array", axes)


@pytest.mark.parametrize(
    "expr, text",
    [
        (hadamard(h[t], c[t]) - h[t - 1], "‹h› * ‹c› - ‹h_prev›"),
        (sigma(W * h[t - 1] + p), "sigma(‹W_h_prev› + p[j])"),
        (hadamard_power(tanh(c[t]), 2), "hyperbolic_tangent(‹c›) * hyperbolic_tangent(‹c›)"),
        (hadamard_power(h[t], -1), "1 / ‹h›"),
        (hadamard_power(h[t], -2), "1 / (‹h› * ‹h›)"),
        (maximum(h[t], c[t]), "larger(‹h›, ‹c›)"),
        (Rational(1, 2) * h[t], "(real)0.5 * ‹h›"),
    ],
)
def test_entries(expr, text):
    assert to_c(expr, Body()).replace("((real)0.5)", "(real)0.5") == text


@pytest.mark.parametrize(
    "expr, text",
    [
        (1 - h[t], "real(1) - ‹h›"),
        (sigma(h[t]), "sigma_of(‹h›)"),
        (hadamard_power(h[t], -2), "real(1) / (‹h› * ‹h›)"),
        (maximum(h[t], c[t]), "larger(‹h›, ‹c›)"),
        (Rational(1, 2) * h[t], "real(0.5) * ‹h›"),
        (n * h[t], "real(n) * ‹h›"),
    ],
)
def test_entries_for_numba(expr, text):
    found = to_c(expr, Body(NUMBA))
    assert found == text


@pytest.mark.parametrize(
    "expr, text",
    [
        (A[t] + P, "‹A› + P[j * d + col]"),
        (h[t] * v[t].T, "‹h› * ‹v:col›"),
        (p * tanh(v[t]).T, "p[j] * hyperbolic_tangent(‹v:col›)"),
        (v[t] * p.T, "‹v› * p[col]"),
        (scaled(s[t], A[t]), "‹s:0› * ‹A›"),
        (2 * Ones(n, 1) * v[t].T, "2 * ‹v:col›"),
        (A[t].T, "‹A:col * d + j›"),
        (hadamard(P.T, A[t].T), "P[col * d + j] * ‹A:col * d + j›"),
    ],
)
def test_entries_of_matrices(expr, text):
    assert to_c(expr, Body()) == text


@pytest.mark.parametrize(
    "expr, text, made",
    [
        (A[t] * v[t], "‹sums›", "‹A› * ‹v:col› along n x d"),
        (A[t].T * h[t], "‹sums›", "‹A› * ‹h› down n x d"),
        (A[t].T * tanh(h[t]), "‹sums›", "‹A› * ‹stored› down n x d"),
        (A[t] * Ones(d, 1), "‹sums›", "‹A› along n x d"),
        (hadamard(A[t], P).T * p, "‹sums›", "(‹A› * P[j * d + col]) * p[j] down n x d"),
        (Ones(1, n) * hadamard(A[t], A[t - 1]) * Ones(d, 1), "‹sum:0›", "‹A› * ‹A_prev› over n x d"),
        (A[t] * A[t - 1].T, "‹product›", "‹A:j * d + inner› * ‹A_prev:col * d + inner› over d"),
        (P.T * A[t], "‹product›", "P[inner * d + j] * ‹A:inner * d + col› over n"),
        (tanh(A[t]).T * A[t], "‹product›", "‹stored:inner * d + j› * ‹A:inner * d + col› over n"),
    ],
)
def test_products_and_sums_of_matrices_stand_before(expr, text, made):
    body = Body()
    assert (to_c(expr, body), body.made) == (text, made)


def test_a_matrix_of_parameters_has_two_axes_for_numba():
    assert to_c(A[t] + P, Body(NUMBA)) == "‹A› + P[j, col]"


def test_sizes_are_whole_numbers():
    assert size_text(2 * n + d, Body.names) == "d + 2 * n"


def test_what_has_no_form_is_named():
    with pytest.raises(TypeError, match="no C form for the function chi; add it to"):
        to_c(Activation("chi")(h[t]), Body())
    with pytest.raises(TypeError, match=r"no C form for Diag \(diag\(p\)\)"):
        to_c(diag(p), Body())
    with pytest.raises(TypeError, match="no Numba form for the function chi; add it to"):
        to_c(Activation("chi")(h[t]), Body(NUMBA))
