"""What the gates of an LSTM do to its gradients, and what they do not (N07, N12 to N15, N17, N18)."""

from sympy import Eq, Integer, Limit, Rational, Symbol, oo

from lstm_sym.activations import exp, log, sigma, tanh
from lstm_sym.cells import LSTM, LSTM_1997
from lstm_sym.cells.lstm import (
    U_f,
    U_i,
    U_o,
    U_z,
    W_f,
    W_i,
    W_z,
    a_f,
    a_i,
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
    z,
)
from lstm_sym.jacobian import state_jacobian, within_step
from lstm_sym.nodes import (
    Block,
    Eye,
    MaxAbs,
    Nonnegative,
    Norm,
    Ones,
    OrderedProduct,
    Positive,
    TimeSum,
    Total,
    Zero,
    concat,
    diag,
    hadamard,
    hadamard_power,
)
from lstm_sym.proof import Derivation, Given
from lstm_sym.proof.inequalities import (
    largest_of_product,
    largest_of_sum,
    norm_of_diagonal,
    norm_of_product,
    norm_of_sum,
    range_of,
)
from lstm_sym.symbols import Parameter, Sequence, indices, t

k, steps = indices("k N")
n = c[t].rows
beta, w = Symbol("beta", real=True), Symbol("w", real=True)
quarter, half = Rational(1, 4), Rational(1, 2)


def at_rest(cell, forget_bias):
    """State, input and biases 0, W_z = w I, and the forget gate's bias as given; the other weights are arbitrary."""
    nought = (*(U for U in (U_f, U_i, U_z, U_o) if U in cell.parameters), b_i, b_z, b_o, h[0], c[0])
    zeros = [Eq(letter, Zero(*letter.shape), evaluate=False) for letter in nought]
    bias = [Eq(b_f, forget_bias * Ones(n), evaluate=False)] if b_f in cell.parameters else []
    return Given(cell, (*zeros, *bias, Eq(W_z, w * Eye(n), evaluate=False)))


# --- gates and explosion (N07, N14) -----------------------------------------------------------------

resting = state_jacobian(LSTM).subs(t, 1)
rest = Block((w / 4 * Eye(n), sigma(beta) / 2 * Eye(n)), (w / 2 * Eye(n), sigma(beta) * Eye(n)))
rate = sigma(beta) + w / 4
v = Parameter("v", n)
many = OrderedProduct(rest, (k, 1, steps + 1))

gates = (
    Derivation("lstm.rest.eigenvalue", claim="N07", title="The LSTM at rest", given=at_rest(LSTM, beta))
    .start(resting)
    .eq(rest, by="at rest i = o = 1/2, f = σ(β), z = 0 and tanh' = 1")
    .start(rest * concat(v / 2, v))
    .eq(rate * concat(v / 2, v), by="so (v/2, v) is an eigenvector for every v, with the eigenvalue σ(β) + w/4")
    .start(rest * concat(sigma(beta) * v, -w / 2 * v))
    .eq(Zero(2 * n, 1), by="and the other n eigenvalues are 0")
    .start(many)
    .eq(rate**steps * rest, by="J² = (σ(β) + w/4) J, by induction on N", on=steps)
)

explosion = (
    Derivation("lstm.rest.explosion", claim="N07", title="Where the LSTM at rest explodes, with forget bias 1")
    .start(4 * (1 - sigma(Integer(1))))
    .lt(Rational(10758, 10000), by="the weight at which σ(1) + w/4 is 1")
    .start(Rational(10757, 10000))
    .lt(4 * (1 - sigma(Integer(1))), by="from below")
    .start(1)
    .lt(
        sigma(Integer(1)) + w / 4,
        by="σ(1) + w/4 exceeds 1 for every w above that weight",
        assumes=(Positive(w - 4 * (1 - sigma(Integer(1)))),),
        slack=(w - 4 * (1 - sigma(Integer(1)))) / 4,
    )
    .start(sigma(Integer(1)) + w / 4)
    .refute_le(1, by="the gates taken for a protection against explosion")
)

path = hadamard(c[t - 1], f[t], 1 - f[t])
sees = within_step(LSTM, c, h[t - 1])
parts = (
    diag(path) * W_f,
    diag(hadamard(z[t], i[t], 1 - i[t])) * W_i,
    diag(hadamard(i[t], 1 - hadamard_power(z[t], 2))) * W_z,
)
factors = [MaxAbs(part.matrices[0].args[0]) for part in parts]
weights = [Norm(part.matrices[1]) for part in parts]

squashing = (
    Derivation("lstm.path.bound", claim="N14", title="What bounds the path through the gates", given=Given(LSTM))
    .start(sees)
    .eq(parts[0] + parts[1] + parts[2], by="the three gates that write the cell state", lemma="lstm.carousel.writes")
    .start(Norm(parts[0] + parts[1] + parts[2]))
    .le(
        factors[0] * weights[0] + factors[1] * weights[1] + factors[2] * weights[2],
        by="‖A + B‖ ≤ ‖A‖ + ‖B‖, ‖A B‖ ≤ ‖A‖ ‖B‖, ‖diag(v)‖ ≤ max |vᵢ|",
        slack=(
            norm_of_sum(parts[0] + parts[1], parts[2]),
            norm_of_sum(parts[0], parts[1]),
            *(norm_of_product(*part.matrices) for part in parts),
            *(norm_of_diagonal(p.matrices[0].args[0]).times(weight) for p, weight in zip(parts, weights)),
        ),
        lemma="norm.sum",
    )
    .start(factors[0])
    .le(
        MaxAbs(c[t - 1]) * MaxAbs(sigma.prime(a_f[t])),
        by="the entries of a product; f = σ(a_f), and σ' = σ(1 - σ)",
        slack=largest_of_product(c[t - 1], sigma.prime(a_f[t])),
        lemma="max.product",
    )
    .le(
        MaxAbs(c[t - 1]) / 4,
        by="σ' ≤ 1/4: the gate's slope is small, but it is multiplied by the cell state",
        slack=range_of(sigma.prime, a_f[t], quarter).times(MaxAbs(c[t - 1])),
        lemma="sigmoid.slope",
    )
)

cell_value, gate = Symbol("c", real=True), Symbol("a", real=True)

unbounded = (
    Derivation("lstm.path.unbounded", claim="N14", title="No bound holds for every cell state and weight")
    .start(cell_value * sigma.prime(gate))
    .refute_le(1, by="small slopes taken for small factors")
    .start(sigma(beta) + w / 4)
    .refute_le(1, by="more activations taken for less explosion")
)

# --- the size of the states (N12, N13) --------------------------------------------------------------

F = Symbol("F", real=True)
keep, write = hadamard(f[steps + 1], c[steps]), hadamard(i[steps + 1], z[steps + 1])
size = (1 - F) * MaxAbs(c[steps])
limit_of_size = (1 - F) * F**steps * MaxAbs(c[0]) + 1 - F**steps

regulated = (
    Derivation(
        "lstm.state.bounded",
        claim="N12",
        title="Forget gates below F keep the cell bounded",
        given=Given(LSTM),
    )
    .start(size)
    .le(
        limit_of_size,
        by="|c| ≤ F |c'| + 1 at every step, by induction on N",
        on=steps,
        assumes=(Nonnegative(F), Nonnegative(1 - F), MaxAbs(f[k]) <= F),
        slack=(
            largest_of_sum(keep, write).times(1 - F),
            largest_of_product(f[steps + 1], c[steps]).times(1 - F),
            (1 - F) * (F - MaxAbs(f[steps + 1])) * MaxAbs(c[steps]),
            F * (limit_of_size - size),
            largest_of_product(i[steps + 1], z[steps + 1]).times(1 - F),
            range_of(sigma, a_i[steps + 1], 1).times((1 - F) * MaxAbs(z[steps + 1])),
            range_of(tanh, a_z[steps + 1], 1).times(1 - F),
        ),
        lemma="max.sum",
    )
)

added = hadamard(i[steps + 1], z[steps + 1])

growing = (
    Derivation("lstm.state.growing", claim="N12", title="Without them it may grow by 1 a step", given=Given(LSTM_1997))
    .start(MaxAbs(c[steps]))
    .le(
        MaxAbs(c[0]) + steps,
        by="|c| ≤ |c'| + 1 at every step, by induction on N",
        on=steps,
        slack=(
            largest_of_sum(c[steps], added),
            largest_of_product(i[steps + 1], z[steps + 1]),
            range_of(sigma, a_i[steps + 1], 1).times(MaxAbs(z[steps + 1])),
            range_of(tanh, a_z[steps + 1], 1),
            MaxAbs(c[0]) + steps - MaxAbs(c[steps]),
        ),
        lemma="max.sum",
    )
    .start(MaxAbs(c[2]))
    .refute_le(MaxAbs(c[0]) + 1, by="more than the step of one", instances=())
)

x = Symbol("x", real=True)

output = (
    Derivation("lstm.output.range", claim="N13", title="The hidden state lies strictly between -1 and 1")
    .start(sigma(gate) * tanh(x))
    .lt(
        1,
        by="1 - σ(a) tanh(x) = σ(-a) + 2 σ(a) σ(-2x)",
        slack=(sigma(-gate), 2 * sigma(gate) * sigma(-2 * x)),
        lemma="tanh.from-sigmoid",
    )
    .start(-1)
    .lt(
        sigma(gate) * tanh(x),
        by="and σ(a) tanh(x) + 1 = σ(-a) + 2 σ(a) σ(2x)",
        slack=(sigma(-gate), 2 * sigma(gate) * sigma(2 * x)),
        lemma="tanh.from-sigmoid",
    )
)

# --- the bias of the forget gate (N15) --------------------------------------------------------------

T = Symbol("T", integer=True, positive=True)
bias = -log(exp(1 / T) - 1)

forget_bias = (
    Derivation("lstm.forget.bias", claim="N15", title="The bias that keeps 1/e over T steps")
    .start(log(sigma(bias)))
    .eq(-1 / T, by="σ(b) = 1/(1 + e⁻ᵇ) = e^(-1/T), so that σ(b)ᵀ = 1/e")
    .start(Limit(bias - log(T), T, oo))
    .eq(0, by="it is log T in the limit")
    .start(Limit(T * (bias - log(T)), T, oo))
    .eq(-half, by="the next term is -1/(2T)")
    .start(Limit(T**2 * (bias - log(T) + 1 / (2 * T)), T, oo))
    .eq(-Rational(1, 24), by="and the one after it -1/(24 T²)")
)

half_life = (
    Derivation("lstm.forget.half-life", claim="N15", title="Half-lives of a forget gate at its bias")
    .start(Rational(221, 100))
    .lt(log(half) / log(sigma(Integer(1))), by="bias 1 halves in more than 2.21 steps")
    .lt(Rational(222, 100), by="and in fewer than 2.22")
    .start(Rational(1426, 100))
    .lt(log(half) / log(sigma(Integer(3))), by="bias 3 in more than 14.26")
    .lt(Rational(1427, 100), by="and in fewer than 14.27")
    .start(Rational(10321, 100))
    .lt(log(half) / log(sigma(Integer(5))), by="bias 5 in more than 103.21")
    .lt(Rational(10322, 100), by="and in fewer than 103.22")
)

# --- products of forget gates (N17) -----------------------------------------------------------------

g = Sequence("g", 1)
one = Ones(1)
kept = OrderedProduct(g[k], (k, 1, steps))
lost = TimeSum(one - g[k], (k, 1, steps))
next_gate = g[steps + 1]
shortfall = one - kept * (one + lost)
between = (Positive(g[k]), Positive(1 - g[k]))

forgetting = (
    Derivation("lstm.forget.product", claim="N17", title="The product of forget gates vanishes if they lose enough")
    .start(kept * (one + lost))
    .le(
        one,
        by="by induction on N; so the product vanishes if the sum of the 1 - g diverges",
        on=steps,
        assumes=between,
        slack=(
            next_gate * shortfall,
            (1 - next_gate) ** 2,
            (1 - next_gate) * next_gate * shortfall,
            (1 - next_gate) * next_gate * kept * lost,
        ),
    )
    .start(one - lost)
    .le(
        kept,
        by="(1 - a)(1 - b) ≥ 1 - a - b, by induction on N; so it does not vanish if the sum converges",
        on=steps,
        assumes=between,
        slack=(next_gate * (kept - (one - lost)), (1 - next_gate) * lost),
    )
)

y = Symbol("y", real=True)

logarithm = (
    Derivation("lstm.forget.logarithm", claim="N17", title="What a gate loses, in logarithms")
    .start(1 - y)
    .le(-log(y), by="-log is convex, and touches its tangent at 1", assumes=(Positive(y),), tangent=1)
)

fast, slow = (OrderedProduct((1 - (k + 1) ** -p) * one, (k, 1, steps)) for p in (2, 1))

examples = (
    Derivation("lstm.forget.examples", claim="N17", title="Gates that approach 1 fast enough, and too slowly")
    .start(fast)
    .eq((steps + 2) / (2 * (steps + 1)) * one, by="1 - 1/k² from k = 2 on, by induction on N", on=steps)
    .start(Limit((steps + 2) / (2 * (steps + 1)), steps, oo))
    .eq(half, by="half of the cell state is kept forever")
    .start(slow)
    .eq(1 / (steps + 1) * one, by="1 - 1/k from k = 2 on, by induction on N", on=steps)
    .start(Limit(1 / (steps + 1), steps, oo))
    .eq(0, by="and here nothing is")
)

# --- without forget gate (N18) ----------------------------------------------------------------------

bare = state_jacobian(LSTM_1997).subs(t, 1)
bare_rest = Block((w / 4 * Eye(n), half * Eye(n)), (w / 2 * Eye(n), Eye(n)))
bare_many = OrderedProduct(bare_rest, (k, 1, steps + 1))
third = bare_rest.subs(w, -3)

without = (
    Derivation("lstm.1997.rest", claim="N18", title="Without forget gate, at rest", given=at_rest(LSTM_1997, 0))
    .start(bare)
    .eq(bare_rest, by="at rest i = o = 1/2, z = 0 and tanh' = 1")
    .start(bare_many)
    .eq((1 + w / 4) ** steps * bare_rest, by="J² = (1 + w/4) J, by induction on N", on=steps)
    .start(bare_many.subs(w, -3))
    .eq(quarter**steps * third, by="with w = -3 every step back leaves a quarter", on=steps)
    .start(Limit(quarter**steps, steps, oo))
    .eq(0, by="so the gradient vanishes")
)

vanishing = (
    Derivation("lstm.1997.vanishing", claim="N18", title="It vanishes for -8 < w < 0")
    .start(-1)
    .lt(1 + w / 4, by="w > -8", assumes=(Positive(w + 8),), slack=(w + 8) / 4)
    .start(1 + w / 4)
    .lt(1, by="w < 0", assumes=(Positive(-w),), slack=-w / 4)
    .start(1 + w / 4)
    .refute_le(1, by="for w > 0 it explodes")
)

avoided = (
    Derivation("lstm.1997.total", claim="N18", title="The total derivative is not 1", given=Given(LSTM_1997))
    .start(Total(c[2], c[1]))
    .refute_eq(Eye(n), by="the truncated derivative of 1997 taken for the total one")
)

closed = (
    Derivation("lstm.1997.closed-output", claim="N18", title="A large cell state closes the output path")
    .start(1 - tanh(x) ** 2)
    .le(
        4 * exp(-2 * x),
        by="1 - tanh² = 4 e⁻²ˣ σ(2x)², and σ < 1",
        slack=4 * exp(-2 * x) * (1 + sigma(2 * x)) * sigma(-2 * x),
    )
)

two_gates = (
    Derivation("lstm.1997.gates", claim="N08", title="The LSTM of 1997 keeps its cell whole", given=Given(LSTM_1997))
    .start(c[t])
    .eq(c[t - 1] + hadamard(i[t], z[t]), by="an input gate writes, an output gate reads, and nothing forgets")
    .start(h[t])
    .eq(hadamard(o[t], tanh(c[t])), by="the output gate")
)
