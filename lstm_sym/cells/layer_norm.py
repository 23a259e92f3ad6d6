r"""The LSTM with layer normalisation, gate by gate.

With :math:`u_g = W_g h'` and :math:`v_g = U_g x`, a gate reads
:math:`a_g = g_g \odot \operatorname{LN}(u_g) + k_g \odot \operatorname{LN}(v_g) + b_g`.
"""

from __future__ import annotations

from sympy import Eq

from ..activations import tanh
from ..cell import changed
from ..nodes import hadamard, normalised
from ..symbols import Parameter, Sequence, t
from .lstm import LSTM, U_f, U_i, U_o, U_z, W_f, W_i, W_o, W_z, a_f, a_i, a_o, a_z, b_f, b_i, b_o, b_z, c, h, n, o, x

u_f, u_i, u_z, u_o = (Sequence(name, n) for name in ("u_f", "u_i", "u_z", "u_o"))
v_f, v_i, v_z, v_o = (Sequence(name, n) for name in ("v_f", "v_i", "v_z", "v_o"))
g_f, g_i, g_z, g_o, g_c, b_c = (Parameter(name, n) for name in ("g_f", "g_i", "g_z", "g_o", "g_c", "b_c"))
k_f, k_i, k_z, k_o = (Parameter(name, n) for name in ("k_f", "k_i", "k_z", "k_o"))
a_c = Sequence("a_c", n)

LAYER_NORM_LSTM = changed(
    LSTM,
    "layer_norm_LSTM",
    *[Eq(u[t], W * h[t - 1]) for u, W in ((u_f, W_f), (u_i, W_i), (u_z, W_z), (u_o, W_o))],
    *[Eq(v[t], U * x[t]) for v, U in ((v_f, U_f), (v_i, U_i), (v_z, U_z), (v_o, U_o))],
    Eq(a_f[t], hadamard(g_f, normalised(u_f[t])) + hadamard(k_f, normalised(v_f[t])) + b_f),
    Eq(a_i[t], hadamard(g_i, normalised(u_i[t])) + hadamard(k_i, normalised(v_i[t])) + b_i),
    Eq(a_z[t], hadamard(g_z, normalised(u_z[t])) + hadamard(k_z, normalised(v_z[t])) + b_z),
    Eq(a_o[t], hadamard(g_o, normalised(u_o[t])) + hadamard(k_o, normalised(v_o[t])) + b_o),
    Eq(a_c[t], hadamard(g_c, normalised(c[t])) + b_c),
    Eq(h[t], hadamard(o[t], tanh(a_c[t]))),
    source="Ba, Kiros & Hinton 2016, Layer normalization, eqs. 20 to 22",
    note="Each gate is normalised on its own; the paper normalises the stack of all four at once. Implementations add "
    "a small number to the variance, so that it is never 0.",
)
