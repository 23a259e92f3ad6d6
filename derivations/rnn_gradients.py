"""Why gradients of a recurrent network vanish or explode: the bounds, and what they do not say (N02 to N06)."""

from sympy import Integer, Limit, Rational, Symbol, oo

from lstm_sym.activations import exp, log, phi, tanh
from lstm_sym.cells import RNN
from lstm_sym.cells.rnn import U, W, a, h
from lstm_sym.nodes import (
    Determinant,
    Eye,
    MaxAbs,
    Nonnegative,
    Norm,
    OrderedProduct,
    SpectralRadius,
    TimeSum,
    Total,
    diag,
    entries,
)
from lstm_sym.proof import Derivation, Given
from lstm_sym.proof.inequalities import norm_of_diagonal, norm_of_product
from lstm_sym.symbols import Sequence, indices, t
from lstm_sym.symbols import adjoint as delta

n = W.rows
k, steps = indices("k N")
eta, gamma, s = (Symbol(name, real=True) for name in ("eta", "gamma", "s"))
r = Symbol("r", positive=True)

# --- sharing is not the cause (N02) -----------------------------------------------------------------

V = Sequence("V", n, n)  # one matrix per step, no two the same
untied = OrderedProduct(V[k], (k, 1, steps))

untied_vanish = (
    Derivation("rnn.untied.bound", claim="N02", title="Untied weights contract, too")
    .start(Norm(untied))
    .le(
        eta**steps,
        by="‖A B‖ ≤ ‖A‖ ‖B‖, by induction on N; nowhere are two matrices the same",
        on=steps,
        assumes=(Nonnegative(eta), Norm(V[k]) <= eta),
        slack=(
            norm_of_product(V[steps + 1], untied),
            (eta - Norm(V[steps + 1])) * Norm(untied),
            eta * (eta**steps - Norm(untied)),
        ),
        lemma="norm.product",
    )
)

one = Eye(1)
falling, rising = (OrderedProduct(factor * one, (k, 1, steps)) for factor in (k / (k + 1), (k + 1) / k))

untied_products = (
    Derivation("rnn.untied.scalar", claim="N02", title="Weights that are all different vanish and explode, too")
    .start(falling)
    .eq(1 / (steps + 1) * one, by="neighbours cancel, by induction on N", on=steps)
    .start(Limit(1 / (steps + 1), steps, oo))
    .eq(0, by="so it vanishes")
    .start(rising)
    .eq((steps + 1) * one, by="neighbours cancel, by induction on N", on=steps)
    .start(Limit(steps + 1, steps, oo))
    .eq(oo, by="so it explodes")
)

GELFAND = "Gelfand 1941, Normierte Ringe; Horn & Johnson 2013, corollary 5.6.14"

gelfand = (
    Derivation("rnn.tied.gelfand", claim="N02", title="Tied weights: the rate is the spectral radius")
    .start(Limit(Norm(W**steps) ** (1 / steps), steps, oo))
    .eq(SpectralRadius(W), by="Gelfand's formula; so a power of W goes to 0 if ρ(W) < 1, and only then", admit=GELFAND)
)

nine = Rational(9, 10)
shear = entries([[nine, 50], [0, nine]])
sheared = OrderedProduct(shear, (k, 1, steps))

tied_rate = (
    Derivation("rnn.tied.rate", claim="N02", title="The rate of one matrix, followed to the limit")
    .start(sheared)
    .eq(
        nine**steps * entries([[1, Rational(500, 9) * steps], [0, 1]]),
        by="the power of [0.9 50; 0 0.9], whose eigenvalues are 0.9, by induction on N",
        on=steps,
    )
    .start(Limit(exp(log(1 + Rational(500, 9) * steps) / steps), steps, oo))
    .eq(1, by="what is more than the power of the eigenvalue grows too slowly for the N-th root to see it")
)

# --- small weights (N03) ----------------------------------------------------------------------------

D = diag(phi.prime(a[t + steps + 1]))
J = D * W
chain = OrderedProduct(diag(phi.prime(a[k])) * W, (k, t + 1, t + steps))
slopes = MaxAbs(phi.prime(a[t + steps + 1]))

vanishing = (
    Derivation("rnn.vanishing.bound", claim="N03", title="A sufficient condition for vanishing", given=Given(RNN))
    .start(Total(h[t + steps], h[t]))
    .eq(chain, by="the ordered product", on=steps, lemma="rnn.jacobian.product")
    .start(Norm(chain))
    .le(
        (gamma * s) ** steps,
        by="‖W‖ ≤ s and |φ'| ≤ γ, by induction on N",
        on=steps,
        assumes=(Nonnegative(gamma), Nonnegative(s), Norm(W) <= s, MaxAbs(phi.prime(a[k])) <= gamma),
        slack=(
            norm_of_product(J, chain),
            norm_of_product(D, W).times(Norm(chain)),
            norm_of_diagonal(phi.prime(a[t + steps + 1])).times(Norm(W) * Norm(chain)),
            (gamma - slopes) * Norm(W) * Norm(chain),
            gamma * (s - Norm(W)) * Norm(chain),
            gamma * s * ((gamma * s) ** steps - Norm(chain)),
        ),
        lemma="norm.product",
    )
    .start(Limit((1 / (1 + r)) ** steps, steps, oo))
    .eq(0, by="γ s = 1/(1 + r) < 1 makes it vanish")
)

q = Symbol("q", real=True)

not_exploding = (
    Derivation("rnn.exploding.needs", claim="N03", title="A necessary condition for exploding")
    .start(q**steps)
    .le(
        1,
        by="with q = γ s ≤ 1 the bound never exceeds 1, by induction on N; so exploding needs ‖W‖ > 1/γ",
        on=steps,
        assumes=(Nonnegative(q), Nonnegative(1 - q)),
        slack=(q * (1 - q**steps), 1 - q),
    )
)

big = entries([[0, 1000], [0, 0]])
halves = entries([[Rational(1, 2)] * 3] * 3)
lam = Symbol("lambda")

size_of_entries = (
    Derivation("rnn.entries.say-nothing", claim="N03", title="The size of the entries decides nothing")
    .start(big * big)
    .eq(entries([[0, 0], [0, 0]]), by="an entry of 1000, and the square is 0")
    .start(Determinant(lam * Eye(3) - halves))
    .eq(
        lam**2 * (lam - Rational(3, 2)),
        by="every entry is 1/2, and the characteristic polynomial has the root 3/2",
    )
)

# --- the eigenvalue is the wrong number (N03b) ------------------------------------------------------

nilpotent = entries([[8, 8], [-8, -8]])
at_point = diag(entries([[1], [Rational(3, 4)]])) * nilpotent  # at the fixed point (0, 1/2): 1 - tanh² = 1 and 3/4
steps_there = OrderedProduct(at_point, (k, 1, steps + 1))

eigenvalue = (
    Derivation("rnn.eigenvalue.exploding", claim="N03b", title="Eigenvalues 0, and the gradient doubles at every step")
    .start(nilpotent * nilpotent)
    .eq(entries([[0, 0], [0, 0]]), by="so both eigenvalues of W are 0")
    .start(Determinant(lam * Eye(2) - nilpotent))
    .eq(lam**2, by="as the characteristic polynomial says")
    .start(at_point)
    .eq(entries([[8, 8], [-6, -6]]), by="the Jacobian of h = tanh(W h' + b) at the fixed point (0, 1/2)")
    .start(steps_there)
    .eq(2**steps * at_point, by="J² = 2 J, by induction on N", on=steps)
    .start(tanh(log(Integer(3)) / 2))
    .eq(Rational(1, 2), by="the second entry of the fixed point, whose pre-activation is log(3)/2")
)

doubling = (
    Derivation("rnn.eigenvalue.refuted", claim="N03b", title="The bound with the eigenvalue in place of the norm")
    .start(Norm(at_point))
    .refute_le(0, by="the eigenvalue 0 of W, times slopes of at most 1, taken for a bound on D W")
)

# --- transient growth (N04) -------------------------------------------------------------------------

back = (diag(phi.prime(a[t])) * W).T

monotone = (
    Derivation("rnn.monotone.needs", claim="N04", title="When every step back shrinks the gradient", given=Given(RNN))
    .start(Norm(back * delta(h)[t]))
    .le(Norm(back) * Norm(delta(h)[t]), by="‖A δ‖ ≤ ‖A‖ ‖δ‖", slack=norm_of_product(back, delta(h)[t]))
    .le(
        eta * Norm(delta(h)[t]),
        by="‖D W‖ ≤ η",
        assumes=(Norm(back) <= eta,),
        slack=(eta - Norm(back)) * Norm(delta(h)[t]),
    )
)

transient = (
    Derivation("rnn.monotone.fails", claim="N04", title="Eigenvalues below 1, and a growth of 193 before the decay")
    .start(193)
    .lt(Norm(shear**9), by="the ninth power of [0.9 50; 0 0.9]")
    .start(Norm(shear**100))
    .lt(1, by="the hundredth")
    .start(Norm(shear))
    .refute_le(1, by="eigenvalues below 1 taken for a contraction")
)

# --- old terms of the gradient (N05) ----------------------------------------------------------------

w = Symbol("w", real=True)
geometric = TimeSum(w**k * one, (k, 0, steps - 1))

newest = (
    Derivation("rnn.terms.newest", claim="N05", title="The newest terms carry the gradient")
    .start((1 - w) * geometric)
    .eq((1 - w**steps) * one, by="the geometric series, by induction on N", on=steps)
    .start(((1 - w**steps) - (1 - w**5)) * one)
    .le(
        w**5 * (1 - w**steps) * one,
        by="what is older than five steps is at most w⁵ of the whole",
        assumes=(Nonnegative(w), Nonnegative(1 - w)),
        slack=w**steps * (1 - w) * (1 + w + w**2 + w**3 + w**4) * one,
    )
)

# --- early inputs (N06) -----------------------------------------------------------------------------

seen = diag(phi.prime(a[t])) * U

input_bound = (
    Derivation("rnn.input.bound", claim="N06", title="Early inputs matter less, under contraction", given=Given(RNN))
    .start(Norm(chain * seen))
    .le(Norm(chain) * Norm(seen), by="‖A B‖ ≤ ‖A‖ ‖B‖", slack=norm_of_product(chain, seen), lemma="norm.product")
    .le(
        eta**steps * Norm(seen),
        by="the N steps contract by η each",
        assumes=(Norm(chain) <= eta**steps,),
        slack=(eta**steps - Norm(chain)) * Norm(seen),
        lemma="rnn.vanishing.bound",
    )
)

turn = entries([[0, -1], [1, 0]])
turned = OrderedProduct(turn, (k, 1, steps))

input_constant = (
    Derivation("rnn.input.constant", claim="N06", title="With an orthogonal W and no activation they matter forever")
    .start(turned.T * turned)
    .eq(Eye(2), by="a rotation keeps every length, by induction on N", on=steps)
)

input_refuted = (
    Derivation("rnn.input.refuted", claim="N06", title="No decay without contraction")
    .start(Norm(turn**10))
    .refute_le(Rational(9, 10), by="after ten steps an input taken to matter less")
)
