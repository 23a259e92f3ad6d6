"""The backward pass of the LSTM, one quantity after another.

δv is the total derivative of the loss with respect to v. Every line says which paths it follows.
"""

from lstm_sym.activations import sigma, tanh
from lstm_sym.backpropagation import L, T
from lstm_sym.cells import LSTM, PEEPHOLE_LSTM
from lstm_sym.cells.lstm import (
    U_f,
    U_i,
    U_o,
    U_z,
    W_f,
    W_i,
    W_o,
    W_z,
    a_f,
    a_i,
    a_o,
    a_z,
    b_f,
    c,
    f,
    h,
    i,
    o,
    p_f,
    p_i,
    p_o,
    x,
    z,
)  # fmt: skip
from lstm_sym.nodes import Partial, TimeSum, Total, diag, hadamard, hadamard_power
from lstm_sym.proof import Derivation, Given
from lstm_sym.symbols import adjoint as delta
from lstm_sym.symbols import direct, t

lstm, peephole = Given(LSTM), Given(PEEPHOLE_LSTM)
e = direct(h)

hidden_state = (
    Derivation("lstm.backward.hidden", title="The hidden state", given=lstm)
    .start(delta(h)[t])
    .eq(
        e[t]
        + Partial(a_f[t + 1], h[t]).T * delta(a_f)[t + 1]
        + Partial(a_i[t + 1], h[t]).T * delta(a_i)[t + 1]
        + Partial(a_z[t + 1], h[t]).T * delta(a_z)[t + 1]
        + Partial(a_o[t + 1], h[t]).T * delta(a_o)[t + 1],
        by="chain rule: h feeds the loss and the four pre-activations of the next step",
    )
    .eq(
        e[t]
        + W_f.T * delta(a_f)[t + 1]
        + W_i.T * delta(a_i)[t + 1]
        + W_z.T * delta(a_z)[t + 1]
        + W_o.T * delta(a_o)[t + 1],
        by="each pre-activation is affine in h",
    )
)

output_gate = (
    Derivation("lstm.backward.output-gate", title="The output gate", given=lstm)
    .start(delta(o)[t])
    .eq(Partial(h[t], o[t]).T * delta(h)[t], by="chain rule: o feeds h alone")
    .eq(hadamard(delta(h)[t], tanh(c[t])), by="h = o ⊙ tanh(c) is linear in o, entry by entry")
    .start(delta(a_o)[t])
    .eq(Partial(o[t], a_o[t]).T * delta(o)[t], by="chain rule: a_o feeds o alone")
    .eq(diag(sigma.prime(a_o[t])) * delta(o)[t], by="σ acts entry by entry")
    .eq(hadamard(delta(o)[t], o[t], 1 - o[t]), by="σ' = σ(1 - σ), and o = σ(a_o)", lemma="sigmoid.derivative")
    .eq(hadamard(delta(h)[t], tanh(c[t]), o[t], 1 - o[t]), by="δo put in")
)

cell_state = (
    Derivation("lstm.backward.cell", title="The cell state", given=lstm)
    .start(delta(c)[t])
    .eq(
        Partial(h[t], c[t]).T * delta(h)[t] + Partial(c[t + 1], c[t]).T * delta(c)[t + 1],
        by="chain rule: c feeds h of its step and c of the next",
    )
    .eq(
        diag(hadamard(o[t], tanh.prime(c[t]))) * delta(h)[t] + diag(f[t + 1]) * delta(c)[t + 1],
        by="both act entry by entry",
    )
    .eq(
        hadamard(delta(h)[t], o[t], 1 - hadamard_power(tanh(c[t]), 2)) + hadamard(delta(c)[t + 1], f[t + 1]),
        by="tanh' = 1 - tanh²",
        lemma="tanh.derivative",
    )
)

forget_gate = (
    Derivation("lstm.backward.forget-gate", title="The forget gate", given=lstm)
    .start(delta(f)[t])
    .eq(Partial(c[t], f[t]).T * delta(c)[t], by="chain rule: f feeds c alone")
    .eq(hadamard(delta(c)[t], c[t - 1]), by="c = f ⊙ c' + i ⊙ z")
    .start(delta(a_f)[t])
    .eq(hadamard(delta(f)[t], f[t], 1 - f[t]), by="σ' = σ(1 - σ), and f = σ(a_f)", lemma="sigmoid.derivative")
    .eq(hadamard(delta(c)[t], c[t - 1], f[t], 1 - f[t]), by="δf put in")
)

input_gate = (
    Derivation("lstm.backward.input-gate", title="The input gate", given=lstm)
    .start(delta(i)[t])
    .eq(Partial(c[t], i[t]).T * delta(c)[t], by="chain rule: i feeds c alone")
    .eq(hadamard(delta(c)[t], z[t]), by="c = f ⊙ c' + i ⊙ z")
    .start(delta(a_i)[t])
    .eq(hadamard(delta(i)[t], i[t], 1 - i[t]), by="σ' = σ(1 - σ), and i = σ(a_i)", lemma="sigmoid.derivative")
    .eq(hadamard(delta(c)[t], z[t], i[t], 1 - i[t]), by="δi put in")
)

candidate = (
    Derivation("lstm.backward.candidate", title="The candidate", given=lstm)
    .start(delta(z)[t])
    .eq(Partial(c[t], z[t]).T * delta(c)[t], by="chain rule: z feeds c alone")
    .eq(hadamard(delta(c)[t], i[t]), by="c = f ⊙ c' + i ⊙ z")
    .start(delta(a_z)[t])
    .eq(hadamard(delta(z)[t], tanh.prime(a_z[t])), by="tanh acts entry by entry")
    .eq(
        hadamard(delta(z)[t], 1 - hadamard_power(z[t], 2)),
        by="tanh' = 1 - tanh², and z = tanh(a_z)",
        lemma="tanh.derivative",
    )
    .eq(hadamard(delta(c)[t], i[t], 1 - hadamard_power(z[t], 2)), by="δz put in")
)

input_gradient = (
    Derivation("lstm.backward.input", title="The input", given=lstm)
    .start(delta(x)[t])
    .eq(
        U_f.T * delta(a_f)[t] + U_i.T * delta(a_i)[t] + U_z.T * delta(a_z)[t] + U_o.T * delta(a_o)[t],
        by="chain rule: x feeds the four pre-activations of its step",
    )
)

weight_gradients = (
    Derivation("lstm.backward.weights", title="The parameters of a gate", given=lstm)
    .start(Total(L, W_f))
    .eq(TimeSum(delta(a_f)[t] * h[t - 1].T, (t, 1, T)), by="W_f enters every step through a_f = W_f h' + …")
    .start(Total(L, U_f))
    .eq(TimeSum(delta(a_f)[t] * x[t].T, (t, 1, T)), by="U_f enters every step through a_f = … + U_f x + …")
    .start(Total(L, b_f))
    .eq(TimeSum(delta(a_f)[t], (t, 1, T)), by="b_f enters every step through a_f = … + b_f")
)

initial_states = (
    Derivation("lstm.backward.initial", title="The initial states", given=lstm)
    .start(delta(h)[0])
    .eq(
        W_f.T * delta(a_f)[1] + W_i.T * delta(a_i)[1] + W_z.T * delta(a_z)[1] + W_o.T * delta(a_o)[1],
        by="h(0) feeds the four pre-activations of the first step, and no loss",
    )
    .start(delta(c)[0])
    .eq(hadamard(delta(c)[1], f[1]), by="c(0) feeds c(1) alone")
)

peephole_cell = (
    Derivation("lstm.backward.peephole-cell", title="The cell state with peepholes", given=peephole)
    .start(delta(c)[t])
    .eq(
        hadamard(delta(h)[t], o[t], 1 - hadamard_power(tanh(c[t]), 2))
        + hadamard(p_o, delta(a_o)[t])
        + hadamard(p_i, delta(a_i)[t + 1])
        + hadamard(p_f, delta(a_f)[t + 1])
        + hadamard(f[t + 1], delta(c)[t + 1]),
        by="chain rule: c also feeds the output gate of its step and two gates of the next",
    )
)

peephole_weights = (
    Derivation("lstm.backward.peephole-weights", title="The peephole weights", given=peephole)
    .start(Total(L, p_f))
    .eq(TimeSum(hadamard(delta(a_f)[t], c[t - 1]), (t, 1, T)), by="the forget gate looks at the old cell state")
    .start(Total(L, p_o))
    .eq(TimeSum(hadamard(delta(a_o)[t], c[t]), (t, 1, T)), by="the output gate looks at the new cell state")
)
