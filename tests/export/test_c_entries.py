"""Entries of columns as C, node by node."""

from __future__ import annotations

import pytest
from sympy import Rational

from lstm_sym.activations import Activation, sigma, tanh
from lstm_sym.export.c_entries import size_text, to_c
from lstm_sym.export.c_letters import C
from lstm_sym.export.c_operations import Place
from lstm_sym.export.numba_runtime import NUMBA
from lstm_sym.nodes import hadamard, hadamard_power, maximum
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n, d = sizes("n d")
h, c = Sequence("h", n), Sequence("c", n)
p, W = Parameter("p", n), Parameter("W", n, n)


class Body:
    """Letters by their names; a product is a place of its own."""

    names = {p: "p", n: "n", d: "d"}  # noqa: RUF012

    def __init__(self, language=C):
        self.language = language

    def place(self, letter):
        return Place({h[t]: "h", h[t - 1]: "h_prev", c[t]: "c"}[letter], "array", "n", "n")

    def stored(self, value):
        return self.place(value)

    def applied(self, matrix, operand):
        return Place(f"{matrix.text}_{operand.name}", "array", "n", "n")

    def summed(self, value, width, finish):
        return Place("sum", "array", "1", "1")


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


def test_sizes_are_whole_numbers():
    assert size_text(2 * n + d, Body.names) == "d + 2 * n"


def test_what_has_no_form_is_named():
    with pytest.raises(TypeError, match="no C form for the function chi; add it to"):
        to_c(Activation("chi")(h[t]), Body())
    with pytest.raises(TypeError, match="no C form for W, a matrix of shape"):
        to_c(W, Body())
    with pytest.raises(TypeError, match="no Numba form for the function chi; add it to"):
        to_c(Activation("chi")(h[t]), Body(NUMBA))
