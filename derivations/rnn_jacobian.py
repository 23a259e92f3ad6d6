"""The Jacobian of a recurrent network over n steps (N01), and the pull-out of W that it does not allow (N21)."""

from sympy import Symbol

from lstm_sym.activations import phi
from lstm_sym.cells import LINEAR_RNN, RNN
from lstm_sym.cells.rnn import U, W, a, h, x
from lstm_sym.nodes import Eye, OrderedProduct, Partial, Total, diag, hadamard_power
from lstm_sym.proof import Derivation, Given
from lstm_sym.symbols import Parameter, indices, t

n = W.rows
k, steps = indices("k N")
Q, eigenvalues = Parameter("Q", n, n), Parameter("lambda", n)
kappa = Symbol("kappa")
D = {j: diag(phi.prime(a[t + j])) for j in (1, 2)}

one_step = (
    Derivation("rnn.jacobian.step", claim="N01", title="One step of the RNN", given=Given(RNN))
    .start(Total(h[t + 1], h[t]))
    .eq(
        Partial(h[t + 1], a[t + 1]) * Partial(a[t + 1], h[t]),
        by="chain rule: h acts on the next state through the pre-activation alone",
    )
    .eq(D[1] * Partial(a[t + 1], h[t]), by="φ acts entry by entry, so its Jacobian is diagonal")
    .eq(D[1] * W, by="a = W h' + U x + b is affine in h'")
)

product = (
    Derivation("rnn.jacobian.product", claim="N01", title="N steps of the RNN", given=Given(RNN))
    .start(Total(h[t + steps], h[t]))
    .eq(
        OrderedProduct(diag(phi.prime(a[k])) * W, (k, t + 1, t + steps)),
        by="chain rule at each step, by induction on N",
        on=steps,
        lemma="rnn.jacobian.step",
    )
)

two_steps = (
    Derivation("rnn.jacobian.two-steps", claim="N01", title="Two steps, written out", given=Given(RNN))
    .start(Total(h[t + 2], h[t]))
    .eq(D[2] * W * D[1] * W, by="the product at N = 2, the later factor leftmost", lemma="rnn.jacobian.product")
)

linear_power = (
    Derivation(
        "rnn.jacobian.linear", claim="N01", title="Without activation it is a power of W", given=Given(LINEAR_RNN)
    )
    .start(Total(h[t + steps], h[t]))
    .eq(W**steps, by="every D is I, by induction on N", on=steps)
)

identity_factors = (
    Derivation("rnn.jacobian.identity", claim="N01", title="If every D is I, the product is a power of W")
    .start(OrderedProduct(Eye(n) * W, (k, t + 1, t + steps)))
    .eq(W**steps, by="I W = W, by induction on N", on=steps)
)

scaled_factors = (
    Derivation("rnn.jacobian.scaled", claim="N01", title="If every D is κI, the product is a scaled power of W")
    .start(OrderedProduct(kappa * W, (k, t + 1, t + steps)))
    .eq(kappa**steps * W**steps, by="a number commutes with every matrix, by induction on N", on=steps)
)

not_a_power = (
    Derivation("rnn.jacobian.not-a-power", claim="N01", title="In general it is no power of W", given=Given(RNN))
    .start(Total(h[2], h[0]))
    .refute_eq(W**2, by="the factors φ' left out")
)

diagonalised = (
    Derivation("rnn.power.diagonalised", claim="N01", title="The power of a diagonalisable W")
    .start((Q * diag(eigenvalues) * Q**-1) ** steps)
    .eq(
        Q * diag(hadamard_power(eigenvalues, steps)) * Q**-1,
        by="neighbouring Q⁻¹Q cancel, by induction on N",
        on=steps,
        assumes=("Q is invertible",),
    )
)

first_D = {j: diag(phi.prime(a[j])) for j in (1, 2)}

pulled_out = (
    Derivation("rnn.jacobian.pulled-out", claim="N21", title="W does not commute with the slopes", given=Given(RNN))
    .start(Total(h[2], h[0]))
    .eq(
        first_D[2] * W * first_D[1] * W, by="the ordered product of the first two steps", lemma="rnn.jacobian.two-steps"
    )
    .refute_eq(W**2 * first_D[2] * first_D[1], by="W pulled out of the product")
)

pulled_out_scalar = (
    Derivation("rnn.jacobian.commuting", claim="N21", title="It does if every slope is the same number")
    .start((kappa * Eye(n)) * W * (kappa * Eye(n)) * W)
    .eq(W**2 * (kappa * Eye(n)) * (kappa * Eye(n)), by="κI commutes with W")
)

input_path = (
    Derivation("rnn.jacobian.input", claim="N01", title="The path of an input", given=Given(RNN))
    .start(Total(h[t + 1], x[t + 1]))
    .eq(D[1] * U, by="the input enters the pre-activation of its own step")
)
