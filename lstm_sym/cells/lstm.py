r"""The LSTM: with and without forget gate, with peepholes, in split and in block form, with a projection."""

from __future__ import annotations

from sympy import Eq

from ..activations import sigma, tanh
from ..cell import Cell
from ..nodes import concat, hadamard
from ..symbols import Parameter, Sequence, sizes, t

n, d = sizes("n d")

h, c, x = Sequence("h", n), Sequence("c", n), Sequence("x", d)
a_f, a_i, a_z, a_o = (Sequence(name, n) for name in ("a_f", "a_i", "a_z", "a_o"))
f, i, z, o = (Sequence(name, n) for name in ("f", "i", "z", "o"))

W_f, W_i, W_z, W_o = (Parameter(name, n, n) for name in ("W_f", "W_i", "W_z", "W_o"))
U_f, U_i, U_z, U_o = (Parameter(name, n, d) for name in ("U_f", "U_i", "U_z", "U_o"))
b_f, b_i, b_z, b_o = (Parameter(name, n) for name in ("b_f", "b_i", "b_z", "b_o"))
p_f, p_i, p_o = (Parameter(name, n) for name in ("p_f", "p_i", "p_o"))

LSTM = Cell(
    "LSTM",
    Eq(a_f[t], W_f * h[t - 1] + U_f * x[t] + b_f),
    Eq(f[t], sigma(a_f[t])),
    Eq(a_i[t], W_i * h[t - 1] + U_i * x[t] + b_i),
    Eq(i[t], sigma(a_i[t])),
    Eq(a_z[t], W_z * h[t - 1] + U_z * x[t] + b_z),
    Eq(z[t], tanh(a_z[t])),
    Eq(c[t], hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t])),
    Eq(a_o[t], W_o * h[t - 1] + U_o * x[t] + b_o),
    Eq(o[t], sigma(a_o[t])),
    Eq(h[t], hadamard(o[t], tanh(c[t]))),
    source="Gers, Schmidhuber & Cummins 2000, Learning to forget",
    note="The gradient is the full one. The published algorithm truncates it by design: that is LSTM_truncated.",
)

B_f, B_i, B_z, B_o = (Parameter(name, n, n + d) for name in ("B_f", "B_i", "B_z", "B_o"))

LSTM_BLOCK = Cell(
    "LSTM_block",
    Eq(a_f[t], B_f * concat(h[t - 1], x[t]) + b_f),
    Eq(f[t], sigma(a_f[t])),
    Eq(a_i[t], B_i * concat(h[t - 1], x[t]) + b_i),
    Eq(i[t], sigma(a_i[t])),
    Eq(a_z[t], B_z * concat(h[t - 1], x[t]) + b_z),
    Eq(z[t], tanh(a_z[t])),
    Eq(c[t], hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t])),
    Eq(a_o[t], B_o * concat(h[t - 1], x[t]) + b_o),
    Eq(o[t], sigma(a_o[t])),
    Eq(h[t], hadamard(o[t], tanh(c[t]))),
    source="Gers, Schmidhuber & Cummins 2000, with one weight block per gate",
)

LSTM_1997 = Cell(
    "LSTM_1997",
    Eq(a_i[t], W_i * h[t - 1] + U_i * x[t] + b_i),
    Eq(i[t], sigma(a_i[t])),
    Eq(a_z[t], W_z * h[t - 1] + U_z * x[t] + b_z),
    Eq(z[t], tanh(a_z[t])),
    Eq(c[t], c[t - 1] + hadamard(i[t], z[t])),
    Eq(a_o[t], W_o * h[t - 1] + U_o * x[t] + b_o),
    Eq(o[t], sigma(a_o[t])),
    Eq(h[t], hadamard(o[t], tanh(c[t]))),
    source="Hochreiter & Schmidhuber 1997, Long short-term memory (no forget gate)",
    note="The gradient is the full one. The algorithm of 1997 truncates it by design: that is LSTM_1997_truncated.",
)

PEEPHOLE_LSTM = Cell(
    "peephole_LSTM",
    Eq(a_f[t], W_f * h[t - 1] + U_f * x[t] + hadamard(p_f, c[t - 1]) + b_f),
    Eq(f[t], sigma(a_f[t])),
    Eq(a_i[t], W_i * h[t - 1] + U_i * x[t] + hadamard(p_i, c[t - 1]) + b_i),
    Eq(i[t], sigma(a_i[t])),
    Eq(a_z[t], W_z * h[t - 1] + U_z * x[t] + b_z),
    Eq(z[t], tanh(a_z[t])),
    Eq(c[t], hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t])),
    Eq(a_o[t], W_o * h[t - 1] + U_o * x[t] + hadamard(p_o, c[t]) + b_o),
    Eq(o[t], sigma(a_o[t])),
    Eq(h[t], hadamard(o[t], tanh(c[t]))),
    source="Gers & Schmidhuber 2000, Recurrent nets that time and count",
    note="The gradient is the full one. The published algorithm truncates it, the peephole paths included: that is "
    "peephole_LSTM_truncated.",
)

# With a projection the hidden state has r entries, so that the recurrent matrices are n x r.
r = sizes("r")
m, h_r, W_r = Sequence("m", n), Sequence("h", r), Parameter("W_r", r, n)
R_f, R_i, R_z, R_o = (Parameter(name, n, r) for name in ("W_f", "W_i", "W_z", "W_o"))

LSTM_PROJECTION = Cell(
    "LSTM_projection",
    Eq(a_f[t], R_f * h_r[t - 1] + U_f * x[t] + b_f),
    Eq(f[t], sigma(a_f[t])),
    Eq(a_i[t], R_i * h_r[t - 1] + U_i * x[t] + b_i),
    Eq(i[t], sigma(a_i[t])),
    Eq(a_z[t], R_z * h_r[t - 1] + U_z * x[t] + b_z),
    Eq(z[t], tanh(a_z[t])),
    Eq(c[t], hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t])),
    Eq(a_o[t], R_o * h_r[t - 1] + U_o * x[t] + b_o),
    Eq(o[t], sigma(a_o[t])),
    Eq(m[t], hadamard(o[t], tanh(c[t]))),
    Eq(h_r[t], W_r * m[t]),
    source="Sak, Senior & Beaufays 2014, Long short-term memory recurrent neural network architectures",
)
