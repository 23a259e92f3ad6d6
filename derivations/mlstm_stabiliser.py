"""A stabiliser for the mLSTM: exp(-m) goes through memory and normaliser, until it meets the floor of the divisor."""

from sympy import Eq

from lstm_sym.activations import absolute, exp, sigma, softplus
from lstm_sym.cell import changed
from lstm_sym.cells import MLSTM
from lstm_sym.cells.mlstm import C, a_f, a_i, f, i, k, n, q, r, s, u, v
from lstm_sym.nodes import hadamard, hadamard_power, maximum, scaled
from lstm_sym.proof import Derivation, Given
from lstm_sym.symbols import Sequence, t

l, m = Sequence("l", 1), Sequence("m", 1)

STABILISED = changed(
    MLSTM,
    "mLSTM_stabilised",
    Eq(l[t], -softplus(-a_f[t])),
    Eq(m[t], maximum(l[t] + m[t - 1], a_i[t])),
    Eq(i[t], exp(a_i[t] - m[t])),
    Eq(f[t], exp(l[t] + m[t - 1] - m[t])),
)

forget = (
    Derivation("mlstm.stabiliser.forget", title="exp(l) is the forget gate", given=Given(STABILISED))
    .start(exp(l[t]))
    .eq(sigma(a_f[t]), by="l = -softplus(-a_f), the logarithm of the sigmoid")
)
memory = (
    Derivation(
        "mlstm.stabiliser.memory", title="exp(m) C and exp(m) n obey recursions without m", given=Given(STABILISED)
    )
    .start(scaled(exp(m[t]), C[t]))
    .eq(
        scaled(exp(l[t]), scaled(exp(m[t - 1]), C[t - 1])) + scaled(exp(a_i[t]), v[t] * k[t].T),
        by="exp(l + m' - m) exp(m) = exp(l) exp(m'), exp(a_i - m) exp(m) = exp(a_i)",
    )
    .start(scaled(exp(m[t]), n[t]))
    .eq(scaled(exp(l[t]), scaled(exp(m[t - 1]), n[t - 1])) + scaled(exp(a_i[t]), k[t]), by="likewise")
)
read_out = (
    Derivation(
        "mlstm.stabiliser.read-out",
        title="C and n with their factors exp(m) are read alike, over a divisor with exp(m) too",
        given=Given(STABILISED),
    )
    .start(u[t])
    .eq(
        scaled(hadamard_power(hadamard(exp(m[t]), r[t]), -1), scaled(exp(m[t]), C[t]) * q[t]),
        by="exp(m) cancels",
    )
)
floor = (
    Derivation(
        "mlstm.stabiliser.floor", title="A floor of 1 below the stabilised product is no floor of 1 below the other"
    )
    .start(hadamard(exp(m[t]), maximum(absolute(s[t]), 1)))
    .refute_eq(
        maximum(absolute(hadamard(exp(m[t]), s[t])), 1), by="the floor stays 1, though the product has a factor exp(-m)"
    )
)
