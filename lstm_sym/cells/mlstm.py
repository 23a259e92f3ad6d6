r"""The mLSTM, the cell of the xLSTM whose memory is a matrix.

Values have N entries, keys and queries M, so that the memory ``C`` is N x M; the normaliser ``n`` has the M of a key.
The gates i and f are one number each. Beside the paper's letters stand s, the product of normaliser and query; r, the
larger of its absolute value and 1; g = 1/r; and u, what is read out of the memory.
"""

from __future__ import annotations

from sympy import Eq, sqrt

from ..activations import absolute, exp, sigma
from ..cell import Cell
from ..nodes import hadamard, hadamard_power, maximum, scaled
from ..symbols import Parameter, Sequence, sizes, t

N, M, d = sizes("N M d")

C, x = Sequence("C", N, M), Sequence("x", d)
h, v, u, o, a_o = (Sequence(name, N) for name in ("h", "v", "u", "o", "a_o"))
n, q, k = (Sequence(name, M) for name in "nqk")
i, f, s, r, g, a_i, a_f = (Sequence(name, 1) for name in ("i", "f", "s", "r", "g", "a_i", "a_f"))

W_q, W_k, W_v, W_o = (Parameter(name, size, d) for name, size in (("W_q", M), ("W_k", M), ("W_v", N), ("W_o", N)))
b_q, b_k, b_v, b_o = (Parameter(name, size) for name, size in (("b_q", M), ("b_k", M), ("b_v", N), ("b_o", N)))
w_i, w_f, b_i, b_f = (Parameter(name, size) for name, size in (("w_i", d), ("w_f", d), ("b_i", 1), ("b_f", 1)))

MLSTM = Cell(
    "mLSTM",
    Eq(q[t], W_q * x[t] + b_q),
    Eq(k[t], W_k * x[t] / sqrt(M) + b_k),
    Eq(v[t], W_v * x[t] + b_v),
    Eq(a_i[t], w_i.T * x[t] + b_i),
    Eq(i[t], exp(a_i[t])),
    Eq(a_f[t], w_f.T * x[t] + b_f),
    Eq(f[t], sigma(a_f[t])),
    Eq(C[t], scaled(f[t], C[t - 1]) + scaled(i[t], v[t] * k[t].T)),
    Eq(n[t], scaled(f[t], n[t - 1]) + scaled(i[t], k[t])),
    Eq(s[t], n[t].T * q[t]),
    Eq(r[t], maximum(absolute(s[t]), 1)),
    Eq(g[t], hadamard_power(r[t], -1)),
    Eq(u[t], scaled(g[t], C[t] * q[t])),
    Eq(a_o[t], W_o * x[t] + b_o),
    Eq(o[t], sigma(a_o[t])),
    Eq(h[t], hadamard(o[t], u[t])),
    source="Beck et al. 2024, xLSTM: Extended long short-term memory, eq. 19 to 27",
    note="The paper has N = M, and f = exp(a_f) as its other choice. There is no stabiliser here, so that exp(a_i) "
    "overflows where a_i is large. No gate reads h, so that all of them are known from the inputs.",
)
