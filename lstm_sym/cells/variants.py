r"""The variants of the LSTM that Greff et al. 2017 compare, each by its change to the LSTM with peepholes.

A gate that is held at 1 is gone with its pre-activation: NIG, NFG and NOG have no input, forget or output gate,
NIAF and NOAF no input or output activation function, NP no peepholes. CIFG couples the input and the forget gate,
FGR lets the gates of the step before act on the gates.
"""

from __future__ import annotations

from itertools import product

from sympy import Eq

from ..activations import tanh
from ..cell import changed
from ..nodes import hadamard
from ..symbols import Parameter, t
from .lstm import LSTM, PEEPHOLE_LSTM, a_f, a_i, a_o, a_z, c, f, h, i, n, o, z

GREFF = "Greff et al. 2017, LSTM: A search space odyssey"

NIG = changed(PEEPHOLE_LSTM, "NIG", Eq(c[t], hadamard(f[t], c[t - 1]) + z[t]), without=(a_i, i), source=GREFF)
NFG = changed(PEEPHOLE_LSTM, "NFG", Eq(c[t], c[t - 1] + hadamard(i[t], z[t])), without=(a_f, f), source=GREFF)
NOG = changed(PEEPHOLE_LSTM, "NOG", Eq(h[t], tanh(c[t])), without=(a_o, o), source=GREFF)
NIAF = changed(
    PEEPHOLE_LSTM,
    "NIAF",
    Eq(z[t], PEEPHOLE_LSTM.definition(a_z)),
    without=(a_z,),
    source=GREFF,
)
NOAF = changed(PEEPHOLE_LSTM, "NOAF", Eq(h[t], hadamard(o[t], c[t])), source=GREFF)
NP = changed(LSTM, "NP", source=GREFF)
CIFG = changed(
    PEEPHOLE_LSTM,
    "CIFG",
    Eq(c[t], hadamard(1 - i[t], c[t - 1]) + hadamard(i[t], z[t])),
    without=(a_f, f),
    source=GREFF,
)

R = {a + b: Parameter(f"R_{a}{b}", n, n) for a, b in product("ifo", repeat=2)}
"""``R["fi"]`` leads from the forget gate of the step before to the input gate."""

FGR = changed(
    PEEPHOLE_LSTM,
    "FGR",
    *[
        Eq(a[t], PEEPHOLE_LSTM.definition(a) + R["i" + b] * i[t - 1] + R["f" + b] * f[t - 1] + R["o" + b] * o[t - 1])
        for a, b in ((a_i, "i"), (a_f, "f"), (a_o, "o"))
    ],
    source=GREFF,
)
