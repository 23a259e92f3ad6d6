"""The forward pass of the LSTM: its gates (N09), its candidate (N10) and the candidate's index (N11)."""

from sympy import Eq

from lstm_sym.activations import sigma, tanh
from lstm_sym.cells import LSTM
from lstm_sym.cells.lstm import (
    B_f,
    B_i,
    B_o,
    B_z,
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
    b_i,
    b_o,
    b_z,
    c,
    f,
    h,
    i,
    o,
    x,
    z,
)  # fmt: skip
from lstm_sym.nodes import Total, Zero, beside, concat, hadamard
from lstm_sym.proof import Derivation, Given
from lstm_sym.symbols import t

lstm = Given(LSTM)
state = concat(h[t - 1], x[t])
blocks = Given(
    equations=tuple(
        Eq(block, beside(W, U), evaluate=False)
        for block, W, U in ((B_f, W_f, U_f), (B_i, W_i, U_i), (B_z, W_z, U_z), (B_o, W_o, U_o))
    )
)

forget_gate = (
    Derivation("lstm.forward.forget-gate", claim="N09", title="The forget gate", given=lstm)
    .start(f[t])
    .eq(sigma(a_f[t]), by="the gate is σ of its pre-activation")
    .eq(sigma(W_f * h[t - 1] + U_f * x[t] + b_f), by="the pre-activation reads the previous step and the input")
)

block_forms = [
    Derivation(f"lstm.forward.block-{name}", claim="N09", title="One block of weights or two", given=blocks)
    .start(block * state + bias)
    .eq(W * h[t - 1] + U * x[t] + bias, by="a row of blocks times a column of blocks")
    for name, block, W, U, bias in (
        ("forget", B_f, W_f, U_f, b_f),
        ("input", B_i, W_i, U_i, b_i),
        ("candidate", B_z, W_z, U_z, b_z),
        ("output", B_o, W_o, U_o, b_o),
    )
]

candidate = (
    Derivation("lstm.forward.candidate", claim="N10", title="The candidate", given=lstm)
    .start(z[t])
    .eq(tanh(a_z[t]), by="the candidate is tanh of its pre-activation")
    .eq(2 * sigma(2 * a_z[t]) - 1, by="tanh is σ rescaled", lemma="tanh.from-sigmoid")
)

cell_update = (
    Derivation(
        "lstm.forward.cell", claim="N11", title="The cell update takes the candidate of its own step", given=lstm
    )
    .start(c[t])
    .eq(hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t]), by="what is kept of the old state plus what is let in")
    .refute_eq(
        hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t - 1]),
        by="the candidate of the step before, as it is sometimes printed",
        instances=({t: 2},),
    )
)

candidate_reads_input = (
    Derivation(
        "lstm.forward.candidate-input", claim="N11", title="The candidate depends on the input of its step", given=lstm
    )
    .start(Total(z[t - 1], x[t]))
    .eq(Zero(z[t].rows, x[t].rows), by="nothing at t - 1 reads the input of t")
    .start(Total(z[t], x[t]))
    .refute_eq(
        Zero(z[t].rows, x[t].rows), by="the candidate taken for one that does not read x at t", instances=({t: 1},)
    )
)

hidden_state = (
    Derivation("lstm.forward.hidden", claim="N13", title="The hidden state", given=lstm)
    .start(h[t])
    .eq(hadamard(o[t], tanh(c[t])), by="the output gate opens the squashed cell state")
    .eq(hadamard(sigma(a_o[t]), tanh(hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t]))), by="the cell update put in")
)

input_gate = (
    Derivation("lstm.forward.input-gate", claim="N10", title="The input gate", given=lstm)
    .start(i[t])
    .eq(sigma(a_i[t]), by="the gate is σ of its pre-activation")
    .eq(sigma(W_i * h[t - 1] + U_i * x[t] + b_i), by="the pre-activation reads the previous step and the input")
)

carried_forget = (
    Derivation("lstm.forward.forget-mirrored", claim="N09", title="What the forget gate drops", given=lstm)
    .start(1 - f[t])
    .eq(sigma(-a_f[t]), by="1 - σ(a) = σ(-a)", lemma="sigmoid.mirror")
)
