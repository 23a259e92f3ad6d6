r"""The sLSTM, the cell of the xLSTM with exponential gates and a normaliser state.

The normaliser is ``n`` and the stabiliser ``m``, so the state has N entries.
"""

from __future__ import annotations

from sympy import Eq

from ..activations import exp, sigma, softplus, tanh
from ..cell import Cell, changed
from ..nodes import hadamard, hadamard_power, maximum
from ..symbols import Parameter, Sequence, sizes, t

N, d = sizes("N d")

h, c, n, m, mu, x = (*(Sequence(name, N) for name in ("h", "c", "n", "m", "mu")), Sequence("x", d))
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

SLSTM_ANY_STABILISER = changed(
    SLSTM,
    "sLSTM_any_stabiliser",
    Eq(m[t], mu[t]),
    note="No rule says what the stabiliser is: any sequence mu will do.",
)

SLSTM_UNSTABILISED = changed(
    SLSTM,
    "sLSTM_unstabilised",
    Eq(i[t], exp(a_i[t])),
    Eq(f[t], exp(l[t])),
    without=(m,),
    note="Without a stabiliser: what the sLSTM computes, but for its exponentials, which overflow.",
)
