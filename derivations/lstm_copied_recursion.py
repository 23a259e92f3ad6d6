"""A widely copied BPTT recursion for the LSTM is wrong from the third step on (N20).

It carries the adjoint of h through the next hidden state only, so that the path from h to the next
cell state and from there onward is lost.
"""

from sympy import Eq

from lstm_sym.activations import tanh
from lstm_sym.backpropagation import T
from lstm_sym.cells import LSTM
from lstm_sym.cells.lstm import W_f, W_i, W_o, W_z, a_f, a_i, a_o, a_z, c, f, h, i, o, z
from lstm_sym.jacobian import within_step
from lstm_sym.nodes import Partial, Zero, diag, hadamard, hadamard_power
from lstm_sym.proof import Derivation, Given
from lstm_sym.symbols import Sequence, claimed, direct, t
from lstm_sym.symbols import adjoint as delta

e = direct(h)
hat_h, hat_c = claimed(delta(h)), claimed(delta(c))
n = h[t].rows

slope = 1 - hadamard_power(tanh(c[t]), 2)
J, A = Sequence("J", n, n), Sequence("A", n, n)  # how h and c of a step see the hidden state before it
jacobians = (
    Eq(J[t], within_step(LSTM, h, h[t - 1]), evaluate=False),
    Eq(A[t], within_step(LSTM, c, h[t - 1]), evaluate=False),
)
right = Given(LSTM, jacobians)

copied = Given(
    LSTM,
    (
        jacobians[0],
        Eq(hat_h[t], e[t] + J[t + 1].T * hat_h[t + 1], evaluate=False),
        Eq(hat_c[t], hadamard(hat_c[t + 1], f[t + 1]) + hadamard(hat_h[t], o[t], slope), evaluate=False),
        Eq(hat_h[T + 1], Zero(n, 1), evaluate=False),
        Eq(hat_c[T + 1], Zero(n, 1), evaluate=False),
    ),
)

wrong_from_three = (
    Derivation("lstm.copied.hidden", claim="N20", title="The copied recursion at T = 3", given=copied)
    .start(delta(h)[t])
    .refute_eq(hat_h[t], by="the copied recursion for the hidden state", instances=({t: 1, T: 3},))
    .start(delta(c)[t])
    .refute_eq(hat_c[t], by="the copied recursion for the cell state", instances=({t: 1, T: 3},))
)

from_two = {"assumes": (T >= 2,)}

right_at_the_end = (
    Derivation("lstm.copied.last-two", claim="N20", title="It is right at the last two steps", given=copied)
    .start(delta(h)[T])
    .eq(hat_h[T], by="at T only the loss speaks")
    .start(delta(h)[T - 1])
    .eq(hat_h[T - 1], by="at T - 1 the lost path would need a cell state at T + 1", **from_two)
    .start(delta(c)[T - 1])
    .eq(hat_c[T - 1], by="likewise", **from_two)
)

missing_term = (
    Derivation("lstm.copied.missing-term", claim="N20", title="The missing term", given=right)
    .start(delta(h)[t])
    .eq(
        e[t] + J[t + 1].T * delta(h)[t + 1] + A[t + 1].T * hadamard(f[t + 2], delta(c)[t + 2]),
        by="chain rule on the joint state: the last term is the path h → c⁺ → c⁺⁺",
    )
    .refute_eq(
        e[t] + J[t + 1].T * delta(h)[t + 1],
        by="the copied line, with true adjoints put in",
        instances=({t: 1, T: 3},),
    )
)

cell_jacobian = (
    Derivation("lstm.copied.cell-jacobian", claim="N20", title="How the next cell state sees h", given=right)
    .start(A[t])
    .eq(
        Partial(c[t], f[t]) * Partial(f[t], a_f[t]) * W_f
        + Partial(c[t], i[t]) * Partial(i[t], a_i[t]) * W_i
        + Partial(c[t], z[t]) * Partial(z[t], a_z[t]) * W_z,
        by="chain rule through the three gates that write the cell state",
    )
    .eq(
        diag(hadamard(c[t - 1], f[t], 1 - f[t])) * W_f
        + diag(hadamard(z[t], i[t], 1 - i[t])) * W_i
        + diag(hadamard(i[t], 1 - hadamard_power(z[t], 2))) * W_z,
        by="each factor is diagonal",
    )
)

correction = (
    Derivation("lstm.copied.correction", claim="N20", title="The right recursion", given=right)
    .start(delta(h)[t])
    .eq(
        e[t]
        + W_f.T * delta(a_f)[t + 1]
        + W_i.T * delta(a_i)[t + 1]
        + W_z.T * delta(a_z)[t + 1]
        + W_o.T * delta(a_o)[t + 1],
        by="carry the adjoints of the pre-activations: they hold both paths",
        lemma="lstm.backward.hidden",
    )
    .eq(
        e[t] + J[t + 1].T * delta(h)[t + 1] + A[t + 1].T * hadamard(f[t + 2], delta(c)[t + 2]),
        by="which is the copied line and the missing term",
        lemma="lstm.copied.missing-term",
    )
)
