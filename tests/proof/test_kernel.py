"""The kernel: four verdicts, induction, side conditions, and that only it can call a step proved."""

import pickle

import pytest
from sympy import Eq, Rational, Symbol
from sympy.matrices.exceptions import ShapeError

import lstm_sym.proof.kernel as kernel
from lstm_sym.activations import phi, sigma, tanh
from lstm_sym.backpropagation import L, T
from lstm_sym.cells import LSTM, RNN
from lstm_sym.cells.lstm import W_f, a_f, c, f, h, i, z
from lstm_sym.nodes import Eye, Ones, OrderedProduct, TimeSum, Total, Zero, diag, hadamard, hadamard_power
from lstm_sym.proof import Derivation, DerivationError, Given, Outcome, Proved, verify_step
from lstm_sym.symbols import Parameter, Sequence, indices, sizes, t
from lstm_sym.symbols import adjoint as delta

n, d = sizes("n d")
k, N = indices("k N")
A, B, Q = Parameter("A", n, n), Parameter("B", n, n), Parameter("Q", n, n)
u, v, x = Sequence("u", n), Sequence("v", n), Sequence("x", d)
s = Symbol("s", real=True)


def outcome(left, right, *, given=None, relation="eq", **options) -> Outcome:
    chain = Derivation("test", given=given or Given()).start(left)
    return verify_step(getattr(chain, relation)(right, by="test", **options), 1).outcome


def test_both_engines_make_a_proof() -> None:
    result = outcome((A * B).T, B.T * A.T)
    assert (result.verdict, result.method) == ("proved", "normal form and finite field")
    assert result.proof.right == B.T * A.T


below = hadamard_power(1 + u[t], -1)
FRACTIONS = A * below + A * hadamard(u[t], below), A * Ones(n)


def test_the_field_alone_is_only_probable() -> None:
    """The normal form does not clear a fraction under a sum."""
    result = outcome(*FRACTIONS)
    assert result.verdict == "probable"
    assert 0 < result.error_bound < 1e-12
    assert "normal forms differ" in result.detail


def test_false_is_refuted_with_a_witness() -> None:
    result = outcome(A * B, B * A)
    assert (result.verdict, result.method) == ("refuted", "exact rationals")
    assert result.proof is None


def test_a_side_condition_is_listed() -> None:
    result = outcome(hadamard(u[t], hadamard_power(u[t], -1)), hadamard(v[t], hadamard_power(v[t], -1)))
    assert result.verdict == "proved"
    assert result.assumes == ("u[t] has no zero entry", "v[t] has no zero entry")


def test_only_the_kernel_makes_a_proof() -> None:
    with pytest.raises(TypeError, match="only the proof kernel"):
        Proved(A, "=", B, "because I say so", object())
    with pytest.raises(AssertionError, match="kernel made a proof"):
        Outcome("proved", "by decree", 0.0)
    with pytest.raises(AssertionError, match="has a witness"):
        Outcome("refuted", "by decree", 0.0)


def test_results_travel_between_processes() -> None:
    result = verify_step(Derivation("test").start(A * B).eq(A * B, by="same"), 1)
    again = pickle.loads(pickle.dumps(result))
    assert again.outcome == result.outcome
    assert again.ok


def test_admitted_facts_are_visible() -> None:
    chain = Derivation("test").start(FRACTIONS[0]).eq(FRACTIONS[1], by="test", admit="somebody")
    result = verify_step(chain, 1)
    assert result.ok
    assert result.outcome.verdict == "probable"
    assert result.outcome.assumes[-1] == "admitted: somebody"
    assert result.as_json()["admit"] == "somebody"


def test_what_is_false_cannot_be_admitted() -> None:
    assert outcome(A * B, B * A, admit="somebody").verdict == "refuted"
    assert outcome(sigma(s), Rational(1, 2), relation="le", admit="somebody").verdict == "refuted"


@pytest.mark.parametrize(
    "left, right",
    [
        (A**N * B, B * A**N),
        (OrderedProduct(diag(v[k]) * A, (k, 1, N)), A**N),
        (TimeSum(v[k], (k, 1, N)), N * v[1]),
        ((Q * diag(u[t]) * Q**-1) ** N, Q * diag(u[t]) * Q**-1),
    ],
    ids=str,
)
def test_false_inductions_are_refuted(left, right) -> None:
    assert outcome(left, right, on=N).verdict == "refuted"


@pytest.mark.parametrize(
    "left, right",
    [
        (OrderedProduct(A, (k, 1, N)), A**N),
        (OrderedProduct(A, (k, t + 1, t + N)), A**N),
        (TimeSum(v[k + 1] - v[k], (k, 1, N)), v[N + 1] - v[1]),
        ((Q * A * Q**-1) ** N, Q * A**N * Q**-1),
        (A.T**N, (A**N).T),
    ],
    ids=str,
)
def test_true_inductions_are_proved(left, right) -> None:
    assert outcome(left, right, on=N).verdict == "proved"


def test_without_induction_the_telescope_is_not_proved() -> None:
    assert outcome(TimeSum(v[k + 1] - v[k], (k, 1, N)), v[N + 1] - v[1]).verdict == "undecided"


def test_the_jacobian_product_by_induction() -> None:
    hidden, a, W = RNN.states[0], RNN.preactivations[0], RNN.parameters[0]
    right = OrderedProduct(diag(phi.prime(a[k])) * W, (k, t + 1, t + N))
    assert outcome(Total(hidden[t + N], hidden[t]), right, given=Given(RNN), on=N).verdict == "proved"
    wrong = OrderedProduct(W * diag(phi.prime(a[k])), (k, t + 1, t + N))
    assert outcome(Total(hidden[t + N], hidden[t]), wrong, given=Given(RNN), on=N).verdict == "refuted"


def test_an_adjoint_is_zero_beyond_the_end() -> None:
    given = Given(LSTM)
    assert outcome(delta(c)[T + 1], Zero(n, 1), given=given).verdict == "proved"
    assert outcome(delta(c)[T], Zero(n, 1), given=given).verdict == "refuted"
    without_next = hadamard(delta(h)[T], LSTM.preactivations[0][T])
    assert outcome(delta(c)[T], without_next, given=given).verdict == "refuted"


def test_a_definition_is_not_used_beyond_its_range() -> None:
    """At t = T the next adjoint is 0, not what its recursion would say: true inside the sequence, false at its end."""
    right = hadamard(delta(a_f)[t + 1], Zero(n, 1)) + hadamard(delta(f)[t + 1], f[t + 1], 1 - f[t + 1])
    assert outcome(delta(a_f)[t + 1], right, given=Given(LSTM)).verdict == "proved"
    recursion = delta(h)[t + 1] - sum((e.T * 0 * delta(h)[t + 1] for e in [A]), Zero(n, 1))
    assert outcome(delta(h)[t + 1], recursion, given=Given(LSTM)).verdict == "proved"
    from lstm_sym.backpropagation import bptt

    line = next(e for e in bptt(LSTM).adjoints if e.lhs == delta(h)[t])
    assert outcome(line.lhs.subs(t, t + 1), line.rhs.subs(t, t + 1), given=Given(LSTM)).verdict == "refuted"


def test_definitions_of_parameters_and_initial_states() -> None:
    given = Given(LSTM, (Eq(c[0], Zero(n, 1), evaluate=False),))
    assert outcome(c[1], hadamard(i[1], z[1]), given=given).verdict == "proved"
    assert outcome(c[1], hadamard(i[1], z[1]), given=Given(LSTM)).verdict == "refuted"


def test_the_gradient_of_a_parameter() -> None:
    right = TimeSum(delta(a_f)[t] * h[t - 1].T, (t, 1, T))
    assert outcome(Total(L, W_f), right, given=Given(LSTM)).verdict == "proved"
    shifted = TimeSum(delta(a_f)[t] * h[t].T, (t, 1, T))
    assert outcome(Total(L, W_f), shifted, given=Given(LSTM)).verdict == "refuted"
    from_zero = TimeSum(delta(a_f)[t] * h[t - 1].T, (t, 2, T))
    assert outcome(Total(L, W_f), from_zero, given=Given(LSTM)).verdict == "refuted"


@pytest.mark.parametrize(
    "build, error, match",
    [
        (lambda d_: d_.start(A).eq(u[t], by="x"), ShapeError, r"A \(n x n\) and u\[t\] \(n x 1\)"),
        (lambda d_: d_.start(A).eq(s, by="x"), TypeError, "A is a matrix and s is a scalar"),
        (lambda d_: d_.start(A).le(B, by="x"), TypeError, "a bound compares scalars"),
        (lambda d_: d_.eq(A, by="x"), DerivationError, "comes before the first step"),
    ],
)
def test_ill_typed_steps_are_refused(build, error, match) -> None:
    with pytest.raises(error, match=match):
        build(Derivation("test"))


def test_an_engine_that_lies_is_caught_by_the_other(monkeypatch) -> None:
    """A wrong pullback rule makes the normal form agree with the wrong line; the field does not."""
    from lstm_sym.backpropagation import AdjointRule

    original = AdjointRule.collected
    wrong = lambda self, sequence: 2 * original(self, sequence)  # noqa: E731
    monkeypatch.setattr(AdjointRule, "collected", wrong)
    result = outcome(delta(f)[t], 2 * hadamard(delta(c)[t], c[t - 1]), given=Given(LSTM))
    assert result.verdict == "refuted"


def test_evidence_that_disagrees_withdraws_the_proof() -> None:
    from lstm_sym.proof.report import Evidence

    class Disagrees:
        def gather(self) -> Evidence:
            return Evidence("a contrary check", False, 0.0, 0.0)

    result = outcome(A, A, evidence=(Disagrees(),))
    assert result.verdict == "undecided"
    assert "a contrary check" in result.detail
    assert result.proof is None


def test_the_seal_is_private() -> None:
    assert "_KERNEL" not in getattr(kernel, "__all__", [])
    assert not hasattr(kernel, "KERNEL")
    assert Eye(n) == Eye(n)
    assert tanh(s) != sigma(s)


def test_a_letter_is_not_defined_again_at_one_of_the_times_of_its_equation() -> None:
    with pytest.raises(ValueError, match=r"the givens define u\[2\] twice: by v\[0\], and with u\[t\]"):
        Given(None, (Eq(u[t], u[t - 1]), Eq(u[2], v[0])))
    Given(None, (Eq(u[t], u[t - 1]), Eq(u[0], v[0])))
