"""The carousel path against the total derivative of the cell state (N16)."""

from sympy import Eq, Rational

from lstm_sym.activations import tanh
from lstm_sym.cell import truncated
from lstm_sym.cells import LSTM, LSTM_1997
from lstm_sym.cells.lstm import U_i, U_o, U_z, W_f, W_i, W_z, b_i, b_o, b_z, c, f, h, i, o, z
from lstm_sym.jacobian import within_step
from lstm_sym.nodes import Eye, OrderedProduct, Partial, Total, Zero, diag, hadamard, hadamard_power
from lstm_sym.proof import Derivation, Given
from lstm_sym.symbols import Sequence, indices, t

k, steps = indices("k N")
n = c[t].rows
A = Sequence("A", n, n)  # how the cell state sees the hidden state of the step before
writing = Given(LSTM, (Eq(A[t], within_step(LSTM, c, h[t - 1]), evaluate=False),))
squash = diag(hadamard(o[t - 1], 1 - hadamard_power(tanh(c[t - 1]), 2)))

carousel_step = (
    Derivation("lstm.carousel.step", claim="N16", title="The carousel over one step", given=Given(LSTM))
    .start(Partial(c[t], c[t - 1]))
    .eq(diag(f[t]), by="c = f ⊙ c' + i ⊙ z with the gates held fixed")
)

carousel = (
    Derivation("lstm.carousel.path", claim="N16", title="The carousel over N steps", given=Given(truncated(LSTM)))
    .start(Total(c[t + steps], c[t]))
    .eq(
        OrderedProduct(diag(f[k]), (k, t + 1, t + steps)),
        by="with the pre-activations cut off, the carousel is the only path; induction on N",
        on=steps,
        lemma="lstm.carousel.step",
    )
)

carousel_1997 = (
    Derivation(
        "lstm.carousel.constant",
        claim="N16",
        title="Without forget gate it is constant",
        given=Given(truncated(LSTM_1997)),
    )
    .start(Total(c[t + steps], c[t]))
    .eq(Eye(n) ** steps, by="the truncated derivative of 1997, by induction on N", on=steps)
)

writes = (
    Derivation("lstm.carousel.writes", claim="N16", title="How the cell state sees the hidden state", given=writing)
    .start(A[t])
    .eq(
        diag(hadamard(c[t - 1], f[t], 1 - f[t])) * W_f
        + diag(hadamard(z[t], i[t], 1 - i[t])) * W_i
        + diag(hadamard(i[t], 1 - hadamard_power(z[t], 2))) * W_z,
        by="the three gates that write the cell state",
    )
)

total = (
    Derivation("lstm.carousel.total", claim="N16", title="The total derivative has a second path", given=writing)
    .start(Total(c[t], c[t - 1]))
    .eq(
        Partial(c[t], c[t - 1]) + A[t] * Partial(h[t - 1], c[t - 1]),
        by="the carousel, and the path through the hidden state into the gates",
        assumes=(t >= 2,),
    )
    .eq(
        diag(f[t]) + A[t] * squash,
        by="both Jacobians written out",
        assumes=(t >= 2,),
        lemma="lstm.carousel.step",
    )
    .refute_eq(diag(f[t]), by="the carousel taken for the whole", instances=({t: 2},))
)

at_rest = Given(
    LSTM_1997,
    tuple(
        Eq(letter, value, evaluate=False)
        for letter, value in (
            (W_z, -4 * Eye(n)),
            *((U, Zero(*U.shape)) for U in (U_i, U_z, U_o)),
            *((b, Zero(*b.shape)) for b in (b_i, b_z, b_o)),
            (h[0], Zero(n, 1)),
            (c[0], Zero(n, 1)),
        )
    ),
)

cancellation = (
    Derivation("lstm.carousel.cancellation", claim="N16", title="The two paths can cancel", given=at_rest)
    .start(Total(c[2], c[1]))
    .eq(
        Eye(n) + Rational(1, 4) * W_z,
        by="at rest i = o = 1/2, z = 0 and tanh' = 1; only the candidate's path is left beside the carousel",
    )
    .eq(Zero(n, n), by="W_z = -4 I")
)
