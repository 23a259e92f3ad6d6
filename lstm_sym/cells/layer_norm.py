r"""The LSTM with layer normalisation, gate by gate: :math:`a_g = g_g \odot \operatorname{LN}(W_g h' + U_g x) + b_g`."""

from __future__ import annotations

from sympy import Eq

from ..activations import tanh
from ..cell import changed
from ..nodes import hadamard, normalised
from ..symbols import Parameter, Sequence, t
from .lstm import LSTM, U_f, U_i, U_o, U_z, W_f, W_i, W_o, W_z, a_f, a_i, a_o, a_z, b_f, b_i, b_o, b_z, c, h, n, o, x

u_f, u_i, u_z, u_o, a_c = (Sequence(name, n) for name in ("u_f", "u_i", "u_z", "u_o", "a_c"))
g_f, g_i, g_z, g_o, g_c, b_c = (Parameter(name, n) for name in ("g_f", "g_i", "g_z", "g_o", "g_c", "b_c"))

LAYER_NORM_LSTM = changed(
    LSTM,
    "layer_norm_LSTM",
    Eq(u_f[t], W_f * h[t - 1] + U_f * x[t]),
    Eq(a_f[t], hadamard(g_f, normalised(u_f[t])) + b_f),
    Eq(u_i[t], W_i * h[t - 1] + U_i * x[t]),
    Eq(a_i[t], hadamard(g_i, normalised(u_i[t])) + b_i),
    Eq(u_z[t], W_z * h[t - 1] + U_z * x[t]),
    Eq(a_z[t], hadamard(g_z, normalised(u_z[t])) + b_z),
    Eq(u_o[t], W_o * h[t - 1] + U_o * x[t]),
    Eq(a_o[t], hadamard(g_o, normalised(u_o[t])) + b_o),
    Eq(a_c[t], hadamard(g_c, normalised(c[t])) + b_c),
    Eq(h[t], hadamard(o[t], tanh(a_c[t]))),
    source="Ba, Kiros & Hinton 2016, Layer normalization, eqs. 20 to 22",
    note="Each gate is normalised on its own, state and input together; the paper normalises the stack of all gates, "
    "and state and input apart. Implementations add a small number to the variance, so that it is never 0.",
)
