r"""The GRU, with the reset gate after and before the recurrent matrix, and the MGU, which has one gate.

The GRUs take the convention of Cho et al. 2014, which is that of PyTorch, Keras and ONNX: :math:`h = z \odot h' +
(1 - z) \odot n`, so that the update gate ``z`` keeps the old state. Chung et al. 2014 print the complement, z and
1 - z exchanged. The state has m entries here, since ``n`` is the candidate.
"""

from __future__ import annotations

from sympy import Eq

from ..activations import sigma, tanh
from ..cell import Cell
from ..nodes import hadamard
from ..symbols import Parameter, Sequence, sizes, t

m, d = sizes("m d")

h, x = Sequence("h", m), Sequence("x", d)
a_r, a_z, a_f, a_n = (Sequence(name, m) for name in ("a_r", "a_z", "a_f", "a_n"))
r, z, f, q, n = (Sequence(name, m) for name in "rzfqn")

W_r, W_z, W_f, W_n = (Parameter(name, m, m) for name in ("W_r", "W_z", "W_f", "W_n"))
U_r, U_z, U_f, U_n = (Parameter(name, m, d) for name in ("U_r", "U_z", "U_f", "U_n"))
b_r, b_z, b_f, b_n, b_q = (Parameter(name, m) for name in ("b_r", "b_z", "b_f", "b_n", "b_q"))

CHO = "z keeps the old state, as in PyTorch, Keras and ONNX; in Chung et al. 2014 z and 1 - z are exchanged."

# The recurrent candidate q has a bias b_q of its own, inside the reset; b_n stands outside it, beside the input.
# PyTorch's bias_ih and bias_hh are b_n and b_q for the candidate, and add up to b_r and b_z for the gates.
GRU = Cell(
    "GRU",
    Eq(a_r[t], W_r * h[t - 1] + U_r * x[t] + b_r),
    Eq(r[t], sigma(a_r[t])),
    Eq(a_z[t], W_z * h[t - 1] + U_z * x[t] + b_z),
    Eq(z[t], sigma(a_z[t])),
    Eq(q[t], W_n * h[t - 1] + b_q),
    Eq(a_n[t], hadamard(r[t], q[t]) + U_n * x[t] + b_n),
    Eq(n[t], tanh(a_n[t])),
    Eq(h[t], hadamard(z[t], h[t - 1]) + hadamard(1 - z[t], n[t])),
    source="Cho et al. 2014, Learning phrase representations using RNN encoder-decoder, arXiv v1",
    note=CHO,
)

GRU_RESET_BEFORE = Cell(
    "GRU_reset_before",
    Eq(a_r[t], W_r * h[t - 1] + U_r * x[t] + b_r),
    Eq(r[t], sigma(a_r[t])),
    Eq(a_z[t], W_z * h[t - 1] + U_z * x[t] + b_z),
    Eq(z[t], sigma(a_z[t])),
    Eq(a_n[t], W_n * hadamard(r[t], h[t - 1]) + U_n * x[t] + b_n),
    Eq(n[t], tanh(a_n[t])),
    Eq(h[t], hadamard(z[t], h[t - 1]) + hadamard(1 - z[t], n[t])),
    source="Cho et al. 2014, Learning phrase representations using RNN encoder-decoder, arXiv v3",
    note=CHO,
)

MGU = Cell(
    "MGU",
    Eq(a_f[t], W_f * h[t - 1] + U_f * x[t] + b_f),
    Eq(f[t], sigma(a_f[t])),
    Eq(a_n[t], W_n * hadamard(f[t], h[t - 1]) + U_n * x[t] + b_n),
    Eq(n[t], tanh(a_n[t])),
    Eq(h[t], hadamard(1 - f[t], h[t - 1]) + hadamard(f[t], n[t])),
    source="Zhou et al. 2016, Minimal gated unit for recurrent neural networks",
)
