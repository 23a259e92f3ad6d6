"""Bounds: certificates, hypotheses, named inequalities, induction, functions of one variable, refutations."""

import pytest
from sympy import Rational, Symbol

from lstm_sym.activations import exp, log, phi, sigma, tanh
from lstm_sym.nodes import MaxAbs, Nonnegative, Norm, Ones, OrderedProduct, Positive, TimeSum, diag, entries
from lstm_sym.proof import Derivation, verify_step
from lstm_sym.proof.inequalities import Cited, norm_of_diagonal, norm_of_product, norm_of_sum, range_of
from lstm_sym.symbols import Parameter, Sequence, indices, sizes

z, y = Symbol("z", real=True), Symbol("y", real=True)
n = sizes("n")
k, N = indices("k N")
eta, q = Symbol("eta", real=True), Symbol("q", real=True)
A, B, v = Parameter("A", n, n), Parameter("B", n, n), Parameter("v", n)
V, g = Sequence("V", n, n), Sequence("g", 1)
half, quarter = Rational(1, 2), Rational(1, 4)


def outcome(left, relation, right, **options):
    return verify_step(getattr(Derivation("b").start(left), relation)(right, by="b", **options), 1).outcome


def verdict(left, relation, right, **options) -> str:
    return outcome(left, relation, right, **options).verdict


@pytest.mark.parametrize(
    "left, relation, right, slack",
    [
        (sigma.prime(z), "le", quarter, (sigma(z) - half) ** 2),
        (tanh.prime(z), "le", 1, tanh(z) ** 2),
        (0, "lt", sigma(z), sigma(z)),
        (sigma(z), "lt", 1, sigma(-z)),
        (tanh(z), "lt", 1, 2 * sigma(-2 * z)),
        (2 * y * z, "le", y**2 + z**2, (y - z) ** 2),
        (0, "lt", exp(y) + exp(z), exp(y) + exp(z)),
    ],
)
def test_certificates(left, relation, right, slack) -> None:
    assert verdict(left, relation, right, slack=slack) == "proved"


@pytest.mark.parametrize(
    "left, relation, right, expected",
    [
        (sigma.prime(z), "le", quarter, "proved"),
        (sigma.prime(z), "lt", quarter, "refuted"),
        (sigma.prime(z), "le", Rational(249, 1000), "refuted"),
        (sigma.prime(z), "lt", Rational(251, 1000), "proved"),
        (tanh.prime(z), "le", 1, "proved"),
        (tanh.prime(z), "lt", 1, "refuted"),
        (tanh(z) ** 2, "lt", 1, "proved"),
        (tanh(z) ** 2, "lt", Rational(99, 100), "refuted"),
        (sigma(z) ** 3, "le", sigma(z) ** 2, "proved"),
        (sigma(z) ** 2, "le", sigma(z) ** 3, "refuted"),
        (-1, "lt", tanh(tanh(z)), "proved"),
        (tanh.prime(z), "le", sigma(z), "refuted"),
    ],
)
def test_without_certificate(left, relation, right, expected) -> None:
    assert verdict(left, relation, right) == expected


def test_a_false_certificate_proves_nothing() -> None:
    assert verdict(2 * y * z, "le", y**2 + z**2, slack=(y + z) ** 2) == "undecided"
    assert verdict(2 * y * z, "le", y**2 + z**2, slack=y**2 + z**2 - 2 * y * z) == "undecided"
    assert verdict(0, "lt", tanh(z) ** 2, slack=tanh(z) ** 2) == "refuted"


# --- hypotheses and named inequalities -----------------------------------------------------------


@pytest.mark.parametrize(
    "left, right, options",
    [
        (Norm(A * B), Norm(A) * Norm(B), {"slack": norm_of_product(A, B)}),
        (Norm(A + B), Norm(A) + Norm(B), {"slack": norm_of_sum(A, B)}),
        (Norm(A.T), Norm(A), {}),
        (Norm(-A), Norm(A), {}),
        (
            Norm(A * B),
            eta * Norm(B),
            {"slack": (norm_of_product(A, B), (eta - Norm(A)) * Norm(B)), "assumes": (Norm(A) <= eta,)},
        ),
        (
            Norm(diag(tanh(v))),
            1,
            {"slack": (norm_of_diagonal(tanh(v)), range_of(tanh, v, 1))},
        ),
        (MaxAbs(sigma.prime(v)), quarter, {"slack": range_of(sigma.prime, v, quarter)}),
    ],
)
def test_named_inequalities_prove(left, right, options) -> None:
    assert verdict(left, "le", right, **options) == "proved"


WRONG = {
    "the product taken for the sum": (Norm(A * B), Norm(A) + Norm(B), {"slack": norm_of_product(A, B)}),
    "a factor lost": (Norm(A * B), Norm(A), {"slack": norm_of_product(A, B)}),
    "turned round": (Norm(A) * Norm(B), Norm(A * B), {"slack": norm_of_product(A, B)}),
    "a negative factor": (-Norm(A) * Norm(B), -Norm(A * B), {"slack": norm_of_product(A, B).times(-1)}),
    "a factor of unknown sign": (q * Norm(A * B), q * Norm(A) * Norm(B), {"slack": norm_of_product(A, B).times(q)}),
    "a range too small": (MaxAbs(sigma.prime(v)), Rational(1, 5), {"slack": range_of(sigma.prime, v, Rational(1, 5))}),
    "a range of nothing known": (MaxAbs(phi(v)), 1, {"slack": range_of(phi, v, 1)}),
    "no such inequality": (Norm(A), 0, {"slack": Cited("wishful thinking", (A,))}),
    "the hypothesis not made": (Norm(A), eta, {"slack": eta - Norm(A)}),
    "the hypothesis of another letter": (Norm(A), eta, {"slack": eta - Norm(A), "assumes": (Norm(B) <= eta,)}),
    "the hypothesis the other way": (Norm(A), eta, {"slack": eta - Norm(A), "assumes": (Norm(A) >= eta,)}),
}  # fmt: skip


@pytest.mark.parametrize("left, right, options", WRONG.values(), ids=WRONG)
def test_wrong_certificates_prove_nothing(left, right, options) -> None:
    assert verdict(left, "le", right, **options) in ("refuted", "undecided")


def test_a_witness_meets_the_hypotheses() -> None:
    found = outcome(q**2, "le", 2 * q, assumes=(Nonnegative(q),))
    assert found.verdict == "refuted"
    assert found.witness.letters["q"][0][0] > 2
    assert verdict(q**2, "le", q, assumes=(Nonnegative(q), Nonnegative(1 - q))) == "undecided"
    assert verdict(q**2, "le", q, assumes=(Nonnegative(q), Nonnegative(1 - q)), slack=q * (1 - q)) == "proved"


@pytest.mark.parametrize(
    "left, relation, right",
    [(193, "lt", Norm(entries([[Rational(9, 10), 50], [0, Rational(9, 10)]]) ** 9)), (1, "lt", exp(Rational(1)))],
)
def test_constants_are_decided_by_balls(left, relation, right) -> None:
    assert verdict(left, relation, right) == "proved"
    assert verdict(right, relation, left) == "refuted"


# --- induction ------------------------------------------------------------------------------------

PRODUCT = OrderedProduct(V[k], (k, 1, N))
STEP = (
    norm_of_product(V[N + 1], PRODUCT),
    (eta - Norm(V[N + 1])) * Norm(PRODUCT),
    eta * (eta**N - Norm(PRODUCT)),
)
BOUNDED = (Nonnegative(eta), Norm(V[k]) <= eta)


def test_a_bound_by_induction() -> None:
    found = outcome(Norm(PRODUCT), "le", eta**N, on=N, assumes=BOUNDED, slack=STEP)
    assert (found.verdict, found.method.split(",")[0]) == ("proved", "induction on N")


@pytest.mark.parametrize("left_out", range(len(STEP)))
def test_every_part_of_the_certificate_is_needed(left_out) -> None:
    parts = STEP[:left_out] + STEP[left_out + 1 :]
    assert verdict(Norm(PRODUCT), "le", eta**N, on=N, assumes=BOUNDED, slack=parts) == "undecided"


@pytest.mark.parametrize("left_out", range(len(BOUNDED)))
def test_every_hypothesis_is_needed(left_out) -> None:
    kept = BOUNDED[:left_out] + BOUNDED[left_out + 1 :]
    assert verdict(Norm(PRODUCT), "le", eta**N, on=N, assumes=kept, slack=STEP) in ("undecided", "refuted")


@pytest.mark.parametrize(
    "left, right, options",
    [
        (q**N, Rational(1, 2), {"slack": (q * (half - q**N), (1 - q) / 2)}),
        (q**N + 1, 1, {"slack": (q * -(q**N),)}),
        (q ** (2 * N), q**N, {"slack": q * (q**N - q ** (2 * N))}),
    ],
    ids=["false at the base", "false everywhere", "a step that does not follow"],
)
def test_wrong_inductions_prove_nothing(left, right, options) -> None:
    assumes = (Nonnegative(q), Nonnegative(1 - q))
    assert verdict(left, "le", right, on=N, assumes=assumes, **options) in ("undecided", "refuted")


def test_a_hypothesis_about_the_index_of_the_induction_is_refused() -> None:
    found = outcome(g[N], "le", g[N], on=N, assumes=(Positive(g[N]),), slack=g[N])
    assert found.verdict == "undecided" and "depends on N" in found.detail


def test_an_induction_does_not_begin_above_its_base() -> None:
    """N >= 3 fails at N = 2, from which the step to 3 would have to be made."""
    found = outcome(
        q**N, "le", 1, on=N, assumes=(N >= 3, Nonnegative(q), Nonnegative(1 - q)), slack=(q * (1 - q**N), 1 - q)
    )
    assert found.verdict == "undecided" and "does not reach it" in found.detail


# --- functions of one variable --------------------------------------------------------------------


@pytest.mark.parametrize(
    "left, relation, right, options",
    [
        (z, "le", exp(z - 1), {"tangent": 1}),
        (1 - z, "le", -log(z), {"tangent": 1, "assumes": (Positive(z),)}),
        (exp(-z) + log(Rational(2)), "lt", 2, {"assumes": (Nonnegative(z),)}),
        (tanh(z), "lt", 2 * sigma(z), {"assumes": (Nonnegative(z), Nonnegative(3 - z))}),
        (sigma(z) * sigma(-z), "lt", sigma(z + 1), {"assumes": (Nonnegative(z),)}),
    ],
)
def test_one_variable(left, relation, right, options) -> None:
    assert verdict(left, relation, right, **options) == "proved"


@pytest.mark.parametrize(
    "left, relation, right, options",
    [
        (z, "le", exp(z - 1), {"tangent": 0}),
        (z, "lt", exp(z - 1), {"tangent": 1}),
        (exp(z - 1), "le", z, {"tangent": 1}),
        (1 - z, "le", -log(z), {"tangent": 1, "assumes": (Positive(z - 2),)}),
        (1, "lt", exp(z), {"assumes": (Nonnegative(z),)}),
        (tanh(z), "lt", sigma(z), {"assumes": (Nonnegative(z), Nonnegative(3 - z))}),
    ],
)
def test_one_variable_wrongly(left, relation, right, options) -> None:
    assert verdict(left, relation, right, **options) in ("refuted", "undecided")


# --- bounds that look right where one happens to look ---------------------------------------------

S = sigma(z)
RESTRICTED = {
    "two roots that touch in the search": (0, (S - half) * (S - Rational(6, 11)), {}),
    "a root beside the end of the range": (0, S * (S - Rational(1, 22)), {}),
    "an index that a sum takes the name of": (
        zero := 0 * Ones(1, 1),
        TimeSum(g[k], (k, 1, N)) + g[k],
        {"assumes": (Nonnegative(g[k]),)},
    ),
    "a hypothesis outside its range": (zero, g[10], {"assumes": (Positive(g[k]), k <= 3), "slack": g[10]}),
    "ends in the wrong order": (z, 2, {"assumes": (Nonnegative(z - 5), Nonnegative(3 - z))}),
}


@pytest.mark.parametrize("left, right, options", RESTRICTED.values(), ids=RESTRICTED)
def test_what_is_false_somewhere_is_not_proved(left, right, options) -> None:
    assert verdict(left, "le", right, **options) in ("refuted", "undecided")


def test_a_hypothesis_on_every_index_holds_where_a_witness_reads() -> None:
    assert verdict(0 * Ones(1, 1), "le", tanh(g[10]), assumes=(Nonnegative(g[k]),)) == "undecided"


def test_a_half_line_takes_precedence_over_the_line() -> None:
    assert verdict(quarter, "lt", S, assumes=(Nonnegative(z),)) == "proved"
