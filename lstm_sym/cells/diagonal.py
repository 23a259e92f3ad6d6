r"""Cells whose coordinates meet through a diagonal only; but for IndRNN, diagonal linear recurrences.

In :math:`h = a \odot h' + b` with ``a`` and ``b`` free of the past, the steps compose by an associative operator,
:math:`(a_2, b_2) \circ (a_1, b_1) = (a_2 \odot a_1,\; a_2 \odot b_1 + b_2)`, so that a scan computes all of them.
The candidate is ``n``, so the state has m entries.
"""

from __future__ import annotations

from sympy import Eq

from ..activations import phi, sigma, tanh
from ..cell import Cell
from ..nodes import hadamard, hadamard_power
from ..symbols import Parameter, Sequence, sizes, t

m, d = sizes("m d")

h, c, x, x_m = Sequence("h", m), Sequence("c", m), Sequence("x", d), Sequence("x", m)
a, a_f, a_i, a_z, a_o, a_r = (Sequence(name, m) for name in ("a", "a_f", "a_i", "a_z", "a_o", "a_r"))
b, f, i, z, o, r, n = (Sequence(name, m) for name in "bfizorn")
f_share, i_share, s, s_x = Sequence("f'", m), Sequence("i'", m), Sequence("s", m), Sequence("s", d)

U, U_f, U_i, U_z, U_o, U_n = (Parameter(name, m, d) for name in ("U", "U_f", "U_i", "U_z", "U_o", "U_n"))
V_f, V_z, V_o = (Parameter(name, m, d) for name in ("V_f", "V_z", "V_o"))
S_f, S_z, S_r = (Parameter(name, m, m) for name in ("U_f", "U_z", "U_r"))
w, bias, b_f, b_i, b_z, b_o, b_n, b_r = (
    Parameter(name, m) for name in ("w", "b", "b_f", "b_i", "b_z", "b_o", "b_n", "b_r")
)

DIAGONAL_LINEAR = Cell(
    "diagonal_linear",
    Eq(h[t], hadamard(a[t], h[t - 1]) + b[t]),
    source="Martin & Cundy 2018, Parallelizing linear recurrent neural nets over sequence length",
    note="The form that minGRU, minLSTM, SRU and QRNN share, with the factor a and the summand b as its inputs.",
)

IND_RNN = Cell(
    "IndRNN",
    Eq(a[t], hadamard(w, h[t - 1]) + U * x[t] + bias),
    Eq(h[t], phi(a[t])),
    source="Li et al. 2018, Independently recurrent neural network (IndRNN)",
)

MIN_GRU = Cell(
    "minGRU",
    Eq(a_z[t], U_z * x[t] + b_z),
    Eq(z[t], sigma(a_z[t])),
    Eq(n[t], U_n * x[t] + b_n),
    Eq(h[t], hadamard(1 - z[t], h[t - 1]) + hadamard(z[t], n[t])),
    source="Feng et al. 2024, Were RNNs all we needed?",
    note="Here z lets the candidate in, the complement of the GRU's z.",
)

MIN_LSTM = Cell(
    "minLSTM",
    Eq(a_f[t], U_f * x[t] + b_f),
    Eq(f[t], sigma(a_f[t])),
    Eq(a_i[t], U_i * x[t] + b_i),
    Eq(i[t], sigma(a_i[t])),
    Eq(s[t], f[t] + i[t]),
    Eq(f_share[t], hadamard(f[t], hadamard_power(s[t], -1))),
    Eq(i_share[t], hadamard(i[t], hadamard_power(s[t], -1))),
    Eq(n[t], U_n * x[t] + b_n),
    Eq(h[t], hadamard(f_share[t], h[t - 1]) + hadamard(i_share[t], n[t])),
    source="Feng et al. 2024, Were RNNs all we needed?",
)

SRU = Cell(
    "SRU",
    Eq(z[t], S_z * x_m[t]),
    Eq(a_f[t], S_f * x_m[t] + b_f),
    Eq(f[t], sigma(a_f[t])),
    Eq(a_r[t], S_r * x_m[t] + b_r),
    Eq(r[t], sigma(a_r[t])),
    Eq(c[t], hadamard(f[t], c[t - 1]) + hadamard(1 - f[t], z[t])),
    Eq(h[t], hadamard(r[t], tanh(c[t])) + hadamard(1 - r[t], x_m[t])),
    source="Lei et al. 2017, Training RNNs as fast as CNNs, arXiv v1",
    note="The input has as many entries as the state, since the highway 1 - r passes it on.",
)

QRNN = Cell(
    "QRNN",
    Eq(s_x[t], x[t]),
    Eq(a_z[t], U_z * s_x[t] + V_z * s_x[t - 1] + b_z),
    Eq(z[t], tanh(a_z[t])),
    Eq(a_f[t], U_f * s_x[t] + V_f * s_x[t - 1] + b_f),
    Eq(f[t], sigma(a_f[t])),
    Eq(a_o[t], U_o * s_x[t] + V_o * s_x[t - 1] + b_o),
    Eq(o[t], sigma(a_o[t])),
    Eq(c[t], hadamard(f[t], c[t - 1]) + hadamard(1 - f[t], z[t])),
    Eq(h[t], hadamard(o[t], c[t])),
    source="Bradbury et al. 2017, Quasi-recurrent neural networks (fo-pooling, window of 2)",
    note="The window of the convolution is a state, s, which keeps the input for one step.",
)
