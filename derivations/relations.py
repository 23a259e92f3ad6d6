"""How the cells are related: which are special cases of others, which are the same in other letters, which are not."""

from sympy import Eq

from lstm_sym.activations import exp, phi, sigma, tanh
from lstm_sym.cells import (
    CIFG,
    IND_RNN,
    LSTM_1997,
    MIN_GRU,
    MIN_LSTM,
    NFG,
    PEEPHOLE_LSTM,
    QRNN,
    SLSTM,
    SRU,
    gru,
    lstm,
    xlstm,
)
from lstm_sym.cells import diagonal as scan
from lstm_sym.nodes import (
    Nonnegative,
    Ones,
    OrderedProduct,
    Total,
    Zero,
    beside,
    concat,
    diag,
    hadamard,
    hadamard_power,
)
from lstm_sym.proof import Derivation, Given
from lstm_sym.symbols import Parameter, Sequence, indices, t

n, c, h, f, i = lstm.n, lstm.c, lstm.h, lstm.f, lstm.i
NO_PEEPHOLES = tuple(Eq(p, Zero(n), evaluate=False) for p in (lstm.p_f, lstm.p_i, lstm.p_o))

no_peephole = (
    Derivation("relations.peephole-zero", title="p = 0 gives the LSTM", given=Given(None, NO_PEEPHOLES))
    .start(concat(*[PEEPHOLE_LSTM.definition(s) for s in lstm.LSTM.order]))
    .eq(concat(*[lstm.LSTM.definition(s) for s in lstm.LSTM.order]), by="p = 0, line by line")
)
forget_one = (
    Derivation(
        "relations.forget-gate-one",
        title="The LSTM with f = 1 is that of 1997",
        given=Given(None, (Eq(f[t], Ones(n), evaluate=False),)),
    )
    .start(concat(*[lstm.LSTM.definition(s) for s in LSTM_1997.order]))
    .eq(concat(*[LSTM_1997.definition(s) for s in LSTM_1997.order]), by="f = 1, line by line")
)
forget_one_peephole = (
    Derivation(
        "relations.forget-gate-one-peephole",
        title="NFG without peepholes is the LSTM of 1997",
        given=Given(None, NO_PEEPHOLES),
    )
    .start(concat(*[NFG.definition(s) for s in LSTM_1997.order]))
    .eq(concat(*[LSTM_1997.definition(s) for s in LSTM_1997.order]), by="p = 0, line by line")
)
coupled = (
    Derivation(
        "relations.coupled-gates", title="CIFG is the LSTM with f = 1 - i", given=Given(None, (Eq(f[t], 1 - i[t]),))
    )
    .start(concat(*[PEEPHOLE_LSTM.definition(s) for s in CIFG.order]))
    .eq(concat(*[CIFG.definition(s) for s in CIFG.order]), by="f = 1 - i, line by line")
)

block_weights = (
    Derivation(
        "relations.block-weights",
        title="One weight block per gate, or two matrices",
        given=Given(
            None,
            tuple(
                Eq(B, beside(V, S))
                for B, V, S in (
                    (lstm.B_f, lstm.W_f, lstm.U_f),
                    (lstm.B_i, lstm.W_i, lstm.U_i),
                    (lstm.B_z, lstm.W_z, lstm.U_z),
                    (lstm.B_o, lstm.W_o, lstm.U_o),
                )
            ),
        ),
    )
    .start(concat(*[lstm.LSTM_BLOCK.definition(s) for s in lstm.LSTM.order]))
    .eq(concat(*[lstm.LSTM.definition(s) for s in lstm.LSTM.order]), by="B = [W U], product of blocks, line by line")
)

m, g_h, g_n, r = gru.m, gru.h, gru.n, gru.r
keep = sigma(gru.W_z * g_h[t - 1] + gru.U_z * gru.x[t] + gru.b_z)
let_in = sigma(-gru.W_z * g_h[t - 1] - gru.U_z * gru.x[t] - gru.b_z)
complement = (
    Derivation("relations.update-gate-complement", title="z and 1 - z differ by the sign of the weights of z")
    .start(hadamard(1 - let_in, g_h[t - 1]) + hadamard(let_in, g_n[t]))
    .eq(
        hadamard(keep, g_h[t - 1]) + hadamard(1 - keep, g_n[t]),
        by="σ(-a) = 1 - σ(a): Chung's h with the weights -W_z, -U_z, -b_z is Cho's",
    )
)
recurrent_candidate = {gru.q[t]: gru.GRU.definition(gru.q)}
reset_after = gru.GRU.definition(gru.a_n).xreplace(recurrent_candidate)
reset_place = (
    Derivation(
        "relations.reset-place",
        title="The reset before and after the recurrent matrix differ, even if b_q = 0",
        given=Given(None, (Eq(gru.b_q, Zero(m), evaluate=False),)),
    )
    .start(gru.GRU_RESET_BEFORE.definition(gru.a_n))
    .refute_eq(reset_after, by="the matrix and the reset commute")
)
w = Parameter("w", m)
reset_diagonal = (
    Derivation(
        "relations.reset-place-diagonal",
        title="They agree if W_n is diagonal and b_q = 0",
        given=Given(None, (Eq(gru.W_n, diag(w)), Eq(gru.b_q, Zero(m), evaluate=False))),
    )
    .start(gru.GRU_RESET_BEFORE.definition(gru.a_n))
    .eq(reset_after, by="diagonal matrices commute with the reset")
)

s_h, a, s_b = scan.h, scan.a, scan.b
min_gru = (
    Derivation(
        "relations.minGRU-scan",
        title="minGRU is a diagonal linear recurrence",
        given=Given(None, (Eq(a[t], 1 - scan.z[t]), Eq(s_b[t], hadamard(scan.z[t], scan.n[t])))),
    )
    .start(MIN_GRU.definition(s_h))
    .eq(scan.DIAGONAL_LINEAR.definition(s_h), by="a = 1 - z, b = z ⊙ n, which read the input alone")
)
min_lstm = (
    Derivation(
        "relations.minLSTM-scan",
        title="minLSTM is a diagonal linear recurrence",
        given=Given(None, (Eq(a[t], scan.f_share[t]), Eq(s_b[t], hadamard(scan.i_share[t], scan.n[t])))),
    )
    .start(MIN_LSTM.definition(s_h))
    .eq(scan.DIAGONAL_LINEAR.definition(s_h), by="a = f', b = i' ⊙ n, which read the input alone")
)
scanned = tuple(
    Derivation(
        f"relations.{cell.name}-scan",
        title=f"The cell state of the {cell.name} is a diagonal linear recurrence",
        given=Given(None, (Eq(a[t], scan.f[t]), Eq(s_b[t], hadamard(1 - scan.f[t], scan.z[t])))),
    )
    .start(cell.definition(scan.c))
    .eq(
        scan.DIAGONAL_LINEAR.definition(s_h).xreplace({s_h[t - 1]: scan.c[t - 1]}),
        by="a = f, b = (1 - f) ⊙ z, which read inputs alone",
    )
    for cell in (SRU, QRNN)
)
steps, k = indices("N k")
independent = (
    Derivation(
        "relations.IndRNN-jacobian",
        title="Over N steps the IndRNN scales each coordinate by a power of its own weight",
        given=Given(IND_RNN),
    )
    .start(Total(s_h[t + steps], s_h[t]))
    .eq(
        OrderedProduct(diag(hadamard(phi.prime(a[k]), scan.w)), (k, t + 1, t + steps)),
        by="chain rule at each step, by induction on N",
        on=steps,
    )
    .eq(
        diag(hadamard_power(scan.w, steps)) * OrderedProduct(diag(phi.prime(a[k])), (k, t + 1, t + steps)),
        by="diagonal matrices commute, by induction on N",
        on=steps,
    )
)


def _after(later, earlier):
    """The scan operator: a step (a, b) after another."""
    return hadamard(later[0], earlier[0]), hadamard(later[0], earlier[1]) + later[1]


_FIRST, _SECOND, _THIRD = ((a[t + k], s_b[t + k]) for k in range(3))
associative = (
    Derivation("relations.scan-associative", title="The scan operator is associative")
    .start(concat(*_after(_after(_THIRD, _SECOND), _FIRST)))
    .eq(concat(*_after(_THIRD, _after(_SECOND, _FIRST))), by="⊙ is associative and distributes over the sum")
)

X_c, X_n, l, stab = xlstm.c, xlstm.n, xlstm.l, xlstm.m
stabiliser = (
    Derivation("relations.stabiliser", title="c exp(m) and n exp(m) obey recursions without m", given=Given(SLSTM))
    .start(concat(hadamard(X_c[t], exp(stab[t])), hadamard(X_n[t], exp(stab[t]))))
    .eq(
        concat(
            hadamard(exp(l[t]), X_c[t - 1], exp(stab[t - 1])) + hadamard(exp(xlstm.a_i[t]), xlstm.z[t]),
            hadamard(exp(l[t]), X_n[t - 1], exp(stab[t - 1])) + exp(xlstm.a_i[t]),
        ),
        by="exp(l + m' - m) exp(m) = exp(l) exp(m'), exp(a_i - m) exp(m) = exp(a_i)",
    )
    .start(xlstm.h[t])
    .eq(
        hadamard(xlstm.o[t], X_c[t], exp(stab[t]), hadamard_power(hadamard(X_n[t], exp(stab[t])), -1)),
        by="the factor exp(m) cancels, so h is a function of c exp(m) and n exp(m) alone",
        assumes=(Nonnegative(X_n[0]),),
    )
)


def _raw(letter):
    """The same quantity of the cell without stabiliser, which runs beside the one with it."""
    return Sequence(f"{letter.name}_raw", *letter.shape)


UNSTABILISED = tuple(
    equation.xreplace({sequence: _raw(sequence) for sequence in xlstm.SLSTM_UNSTABILISED.order})
    for equation in xlstm.SLSTM_UNSTABILISED.equations
)
SAME_BEGINNING = (
    Eq(_raw(xlstm.h)[0], xlstm.h[0]),
    Eq(_raw(X_c)[0], hadamard(exp(stab[0]), X_c[0])),
    Eq(_raw(X_n)[0], hadamard(exp(stab[0]), X_n[0])),
)


def _beside_unstabilised(name, title, cell):
    """The theorem on ``cell`` and the one without stabiliser, over the same inputs, from the same beginning."""
    return (
        Derivation(name, title=title, given=Given(cell, (*UNSTABILISED, *SAME_BEGINNING)))
        .start(concat(X_c[k], X_n[k], xlstm.h[k]))
        .eq(
            concat(*(hadamard(exp(-stab[k]), _raw(s)[k]) for s in (X_c, X_n)), _raw(xlstm.h)[k]),
            by="equal h give equal gates; exp(-m) goes from each step to the next and cancels in c / n, induction on k",
            on=k,
            assumes=(Nonnegative(X_n[0]),),
        )
    )


stabiliser_any = _beside_unstabilised(
    "relations.stabiliser-any",
    "For every sequence m, c and n are exp(-m) times those without it, and h is the same",
    xlstm.SLSTM_ANY_STABILISER,
)
stabiliser_own = _beside_unstabilised(
    "relations.stabiliser-own", "So too with the sLSTM's own m, which is made of the gates", SLSTM
)

normaliser_one = (
    Derivation(
        "relations.normaliser-one",
        title="sLSTM with n = 1 is an LSTM without output activation",
        given=Given(None, (Eq(X_n[t], Ones(xlstm.N), evaluate=False),)),
    )
    .start(SLSTM.definition(xlstm.h))
    .eq(hadamard(xlstm.o[t], X_c[t]), by="n = 1; c = f ⊙ c' + i ⊙ z is the line of the LSTM, its gates exponential")
    .refute_eq(hadamard(xlstm.o[t], tanh(X_c[t])), by="the LSTM's own output has a tanh")
)
