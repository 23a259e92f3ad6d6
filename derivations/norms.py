"""The inequalities that bounds cite: norms of products, sums and diagonals, and largest entries.

‖A‖ ≤ α means α²|x|² - |A x|² ≥ 0 for every x, and that is what is assumed and shown of it. Two such statements about
A and B give one about A B, and so on: each proof is one line of algebra.
"""

from sympy import Rational, Symbol

from lstm_sym.nodes import MaxAbs, Nonnegative, Norm, Ones, concat, diag, hadamard, hadamard_power, inner
from lstm_sym.proof import Derivation
from lstm_sym.proof.inequalities import entry_of_diagonal, norm_of_diagonal
from lstm_sym.symbols import Parameter, sizes

n, m, k = sizes("n m k")
alpha, beta = Symbol("alpha", real=True), Symbol("beta", real=True)
A, B = Parameter("A", k, m), Parameter("B", m, n)
x, y = Parameter("x", n), B * Parameter("x", n)

bounded_A = alpha**2 * inner(y, y) - inner(A * y, A * y)  # at y = B x
bounded_B = beta**2 * inner(x, x) - inner(y, y)

product = (
    Derivation("norm.product", title="The norm of a product")
    .start(0)
    .le(
        (alpha * beta) ** 2 * inner(x, x) - inner(A * B * x, A * B * x),
        by="‖A‖ ≤ α at B x, and ‖B‖ ≤ β at x, times α²",
        assumes=(Nonnegative(bounded_A), Nonnegative(bounded_B)),
        slack=(bounded_A, alpha**2 * bounded_B),
    )
)

C = Parameter("C", m, n)
u, v = B * x, C * x
bounded_u, bounded_v = (b**2 * inner(x, x) - inner(w, w) for b, w in ((alpha, u), (beta, v)))

sum_of_two = (
    Derivation("norm.sum", title="The norm of a sum")
    .start(0)
    .le(
        alpha * beta * ((alpha + beta) ** 2 * inner(x, x) - inner(u + v, u + v)),
        by="‖B‖ ≤ α and ‖C‖ ≤ β at x, and a square: what Cauchy and Schwarz say of the mixed term",
        assumes=(Nonnegative(alpha), Nonnegative(beta), Nonnegative(bounded_u), Nonnegative(bounded_v)),
        slack=(
            beta * (alpha + beta) * bounded_u,
            alpha * (alpha + beta) * bounded_v,
            inner(beta * u - alpha * v, beta * u - alpha * v),
        ),
    )
)

d = Parameter("v", n)
room = alpha**2 * Ones(n) - hadamard_power(d, 2)

diagonal = (
    Derivation("norm.diagonal", title="The norm of a diagonal matrix is at most its largest entry")
    .start(0)
    .le(
        alpha**2 * inner(x, x) - inner(diag(d) * x, diag(d) * x),
        by="the sum of (α² - vᵢ²) xᵢ², and |vᵢ| ≤ α for every i",
        assumes=(Nonnegative(room),),
        slack=inner(Ones(n), hadamard(room, hadamard_power(x, 2))),
    )
)

before, after = sizes("i j")
s = Parameter("s", 1)
entry = concat(Parameter("u", before), s, Parameter("w", after))
unit = concat(0 * Ones(before), Ones(1), 0 * Ones(after))
at_unit = alpha**2 * inner(unit, unit) - inner(diag(entry) * unit, diag(entry) * unit)

diagonal_entry = (
    Derivation("norm.diagonal-entry", title="And at least every entry")
    .start(inner(s, s))
    .le(
        alpha**2,
        by="‖diag(v)‖ ≤ α at the unit vector of that entry",
        assumes=(Nonnegative(at_unit),),
        slack=at_unit,
    )
)

diagonal_norm = (
    Derivation("norm.of-diagonal", claim="N03", title="The norm of a diagonal matrix is its largest entry")
    .start(Norm(diag(d)))
    .le(MaxAbs(d), by="it is at most that", slack=norm_of_diagonal(d), lemma="norm.diagonal")
    .start(MaxAbs(d))
    .le(Norm(diag(d)), by="and at least that", slack=entry_of_diagonal(d), lemma="norm.diagonal-entry")
)

a, b = Symbol("a", real=True), Symbol("b", real=True)
within = (Nonnegative(alpha - a), Nonnegative(alpha + a), Nonnegative(beta - b), Nonnegative(beta + b))
half = Rational(1, 2)

largest_of_product = (
    Derivation("max.product", title="The size of a product")
    .start(a * b)
    .le(
        alpha * beta,
        by="half of (α - a)(β + b) + (α + a)(β - b)",
        assumes=within,
        slack=(half * (alpha - a) * (beta + b), half * (alpha + a) * (beta - b)),
    )
    .start(-a * b)
    .le(
        alpha * beta,
        by="half of (α - a)(β - b) + (α + a)(β + b)",
        assumes=within,
        slack=(half * (alpha - a) * (beta - b), half * (alpha + a) * (beta + b)),
    )
)

largest_of_sum = (
    Derivation("max.sum", title="The size of a sum")
    .start(a + b)
    .le(alpha + beta, by="a ≤ α and b ≤ β", assumes=within, slack=(alpha - a, beta - b))
    .start(-a - b)
    .le(alpha + beta, by="-a ≤ α and -b ≤ β", assumes=within, slack=(alpha + a, beta + b))
)
