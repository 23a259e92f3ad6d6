r"""The cells of the xLSTM: exponential gates, a normaliser state, and a matrix for a memory.

The normaliser is ``n`` and the stabiliser ``m``, so the state has N entries; a key of the mLSTM has M.
"""

from __future__ import annotations

from sympy import Eq, sqrt

from ..activations import absolute, exp, sigma, softplus, tanh
from ..cell import Cell
from ..nodes import hadamard, hadamard_power, maximum, scaled
from ..symbols import Parameter, Sequence, sizes, t

N, M, d = sizes("N M d")

h, c, n, m, x = (*(Sequence(name, N) for name in "hcnm"), Sequence("x", d))
a_z, a_i, a_f, a_o = (Sequence(name, N) for name in ("a_z", "a_i", "a_f", "a_o"))
z, i, f, o, l = (Sequence(name, N) for name in "zifol")

W_z, W_i, W_f, W_o = (Parameter(name, N, N) for name in ("W_z", "W_i", "W_f", "W_o"))
U_z, U_i, U_f, U_o = (Parameter(name, N, d) for name in ("U_z", "U_i", "U_f", "U_o"))
b_z, b_i, b_f, b_o = (Parameter(name, N) for name in ("b_z", "b_i", "b_f", "b_o"))

SLSTM = Cell(
    "sLSTM",
    Eq(a_z[t], W_z * h[t - 1] + U_z * x[t] + b_z),
    Eq(z[t], tanh(a_z[t])),
    Eq(a_i[t], W_i * h[t - 1] + U_i * x[t] + b_i),
    Eq(a_f[t], W_f * h[t - 1] + U_f * x[t] + b_f),
    Eq(l[t], -softplus(-a_f[t])),
    Eq(m[t], maximum(l[t] + m[t - 1], a_i[t])),
    Eq(i[t], exp(a_i[t] - m[t])),
    Eq(f[t], exp(l[t] + m[t - 1] - m[t])),
    Eq(c[t], hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t])),
    Eq(n[t], hadamard(f[t], n[t - 1]) + i[t]),
    Eq(a_o[t], W_o * h[t - 1] + U_o * x[t] + b_o),
    Eq(o[t], sigma(a_o[t])),
    Eq(h[t], hadamard(o[t], c[t], hadamard_power(n[t], -1))),
    source="Beck et al. 2024, xLSTM: Extended long short-term memory",
    note="l is the logarithm of the sigmoid of a_f. The output does not depend on the stabiliser m: that is proved, "
    "so what the backward pass carries through m adds up to 0.",
)

C, (v, u), (s, r, g) = Sequence("C", N, M), (Sequence(name, N) for name in "vu"), (Sequence(name, 1) for name in "srg")
q, k, n_k = (Sequence(name, M) for name in "qkn")
i_1, f_1, a_i1, a_f1 = (Sequence(name, 1) for name in ("i", "f", "a_i", "a_f"))

W_q, W_k = (Parameter(name, M, d) for name in ("W_q", "W_k"))
W_v, W_ox = (Parameter(name, N, d) for name in ("W_v", "W_o"))
w_i, w_f = (Parameter(name, d) for name in ("w_i", "w_f"))
b_q, b_k, b_v = Parameter("b_q", M), Parameter("b_k", M), Parameter("b_v", N)
b_i1, b_f1 = Parameter("b_i", 1), Parameter("b_f", 1)

MLSTM = Cell(
    "mLSTM",
    Eq(q[t], W_q * x[t] + b_q),
    Eq(k[t], W_k * x[t] / sqrt(M) + b_k),
    Eq(v[t], W_v * x[t] + b_v),
    Eq(a_i1[t], w_i.T * x[t] + b_i1),
    Eq(i_1[t], exp(a_i1[t])),
    Eq(a_f1[t], w_f.T * x[t] + b_f1),
    Eq(f_1[t], sigma(a_f1[t])),
    Eq(C[t], scaled(f_1[t], C[t - 1]) + scaled(i_1[t], v[t] * k[t].T)),
    Eq(n_k[t], scaled(f_1[t], n_k[t - 1]) + scaled(i_1[t], k[t])),
    Eq(s[t], n_k[t].T * q[t]),
    Eq(r[t], maximum(absolute(s[t]), 1)),
    Eq(g[t], hadamard_power(r[t], -1)),
    Eq(u[t], scaled(g[t], C[t] * q[t])),
    Eq(a_o[t], W_ox * x[t] + b_o),
    Eq(o[t], sigma(a_o[t])),
    Eq(h[t], hadamard(o[t], u[t])),
    source="Beck et al. 2024, xLSTM: Extended long short-term memory, eq. 19 to 27",
    note="The memory C is a matrix, written with values of N and keys of M entries; the paper has N = M. The gates i "
    "and f are one number each; f = exp(a_f) is the paper's other choice. No equation of the memory reads h, so all "
    "steps of it are known from the inputs. r is at least 1, so that nothing is divided by 0.",
)
