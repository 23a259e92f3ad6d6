"""Statements chosen to mislead: false ones that a careless engine would prove, true ones that it would refute.

Each false one was once proved, or seemed probable, to some version of an engine; each true one was once refuted.
"""

import signal
from contextlib import suppress
from dataclasses import replace

import pytest
from sympy import Eq, Integer, Rational, Symbol, pi, sqrt

from lstm_sym.activations import relu, sigma, step
from lstm_sym.backpropagation import L, T
from lstm_sym.cells import LINEAR_RNN, RNN_LOSS
from lstm_sym.cells.rnn import U, W, b, h, r, x, y
from lstm_sym.nodes import (
    Block,
    Diag,
    Eye,
    MatrixPower,
    Ones,
    Partial,
    TimeSum,
    Total,
    Trace,
    Zero,
    beside,
    concat,
    hadamard,
    hadamard_power,
    inner,
)
from lstm_sym.proof import Derivation, Given, Step, verify_step
from lstm_sym.proof.conditions import Conditions
from lstm_sym.proof.kernel import decide
from lstm_sym.proof.normal_form import NormalForm
from lstm_sym.proof.polynomial import Unsupported
from lstm_sym.symbols import Parameter, Sequence, direct, indices, sizes, t
from lstm_sym.symbols import adjoint as delta

n, d = sizes("n d")
steps, k, j = indices("N k j")
low, high, c = indices("low high c")
z = Symbol("z", real=True)
V, Q, v = Parameter("V", n, n), Parameter("Q", n, n), Parameter("v", n)
A, B, one = Sequence("A", n, n), Sequence("B", n, n), Sequence("one", 1)
e = direct(h)
linear, loss, nothing = Given(LINEAR_RNN), Given(RNN_LOSS), Given()
at_end = Given(LINEAR_RNN, (Eq(e[T + 1], Zero(n, 1)), Eq(e[T + 2], Zero(n, 1))))
from_rest = Given(LINEAR_RNN, (Eq(h[0], Zero(n, 1)), Eq(x[0], Zero(d, 1)), Eq(b, Zero(n, 1))))
counted = Given(None, (Eq(A[t], steps * B[t]),))
before_first = W * h[t - 2] + U * x[t - 1] + b
two_later = e[t] + W.T * (e[t + 1] + W.T * delta(h)[t + 2])
closed = TimeSum(TimeSum(delta(h)[k] * x[j].T, (j, 1, k)), (k, 1, T))
powers = [Parameter(f"P{i}", size) for i, size in enumerate(sizes("s1 s2 s3 s4 s5 s6"))]


@pytest.fixture(autouse=True)
def no_hang():
    def stop(*_):
        raise TimeoutError("the engine does not come to an end")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def verdict(left, right, given=nothing, relation="=", **options) -> str:
    return decide(Step(Integer(0) + left, relation, Integer(0) + right, "x", **options), given).verdict


FALSE = {
    "an input before the first step": (Total(h[t + steps], x[t - 1]), W ** (steps + 1) * U, linear, {"on": steps}),
    "an adjoint beyond the end": (
        delta(h)[t],
        W.T**steps * delta(h)[t + steps] + TimeSum(W.T**k * e[t + k], (k, 0, steps - 1)),
        linear,
        {"on": steps},
    ),
    "an equation before the first step": (W**steps * h[t - 1], W**steps * before_first, linear, {}),
    "an adjoint at an index without bounds": (delta(h)[k], two_later.subs(t, k), linear, {}),
    "a residual beyond the end": (
        TimeSum(delta(y)[k], (k, 1, steps)),
        TimeSum(r[k], (k, 1, steps)),
        loss,
        {},
    ),
    "an equation at an index without bounds": (h[k], W * h[k - 1] + U * x[k] + b, linear, {}),
    "a sum beside it changes nothing": (delta(h)[t] * x[t].T + closed, two_later * x[t].T + closed, linear, {}),
    "a sum that may be empty": (
        V**c * TimeSum(A[k], (k, low, high)),
        V**c * (A[high] + TimeSum(A[k], (k, low, high - 1))),
        nothing,
        {},
    ),
    "nested sums over one index": (
        V**c * TimeSum(TimeSum(A[k] * B[j], (j, low, k)), (k, low + 1, high)),
        V**c * TimeSum(TimeSum(A[j] * B[j], (j, low, k)), (k, low + 1, high)),
        nothing,
        {},
    ),
    "a bound that runs": (
        V**c * TimeSum(TimeSum(A[j], (j, 1, k)), (k, low + 1, high)),
        V**c * TimeSum(TimeSum(A[j], (j, 1, k)), (k, low + 2, high + 1)),
        nothing,
        {},
    ),
    "an elementwise square under a power": (
        MatrixPower(hadamard_power(W, 2), high - low) * V**c,
        MatrixPower(W, high - low) * V**c,
        nothing,
        {},
    ),
    "an exponent that runs": (
        V**c * TimeSum(W * Diag(hadamard_power(v, k)), (k, low + 1, high)),
        V**c * TimeSum(W * Diag(hadamard_power(v, k)), (k, low + 2, high + 1)),
        nothing,
        {},
    ),
    "the loss doubled": (Total(2 * L, h[t]), delta(h)[t], linear, {}),
    "another scalar than the loss": (Total(inner(h[t], h[t]), h[t]), delta(h)[t], linear, {}),
    "any scalar for the loss": (Total(Symbol("other"), W), Total(L, W), linear, {}),
    "half an exponent": (z ** (steps / 2), Integer(1), nothing, {}),
    "half an elementwise exponent": (hadamard_power(v, steps / 2), Ones(n, 1), nothing, {}),
    "a square root": (sqrt(z), Integer(1), nothing, {}),
    "an instance that hides the rest": (h[t - 1], before_first, linear, {"instances": ({t: 2},)}),
    "relu off its kink": (relu(z), z, nothing, {}),
    "the step at a number": (step(Integer(5)), Integer(0), nothing, {}),
    "the step at 0": (step(z) + step(-z), Integer(1), nothing, {}),
    "relu of a letter": (relu(one[1]), one[1], nothing, {}),
    "only near the end": (delta(h)[t], e[t] + W.T * e[t + 1] + W.T * W.T * e[t + 2], at_end, {}),
    "only near the start": (h[t], U * x[t] + W * U * x[t - 1], from_rest, {}),
    "a polynomial in the count": (
        steps * (steps - 1) * (steps - 2) * (steps - 3) * V**steps,
        Zero(n, n),
        nothing,
        {},
    ),
    "a polynomial in the size": ((n - 3) * (n - 5) * V, Zero(n, n), nothing, {}),
    "a sum empty where it is tried": (V**c * TimeSum(A[k], (k, low + 1, high)), Zero(n, n), nothing, {}),
    "a power at 0 only": (V**steps, Q**steps, nothing, {"instances": ({steps: 0},)}),
    "a bound index in the givens": (TimeSum(A[1], (steps, 1, 2)), 2 * B[1], counted, {}),
}


@pytest.mark.parametrize("name", FALSE)
def test_false_is_never_proved_nor_probable(name) -> None:
    left, right, given, options = FALSE[name]
    assert verdict(left, right, given, **options) in ("refuted", "undecided")


@pytest.mark.parametrize(
    "left, relation, right",
    [
        (Rational(1, 10**80), "<=", (sigma(z) ** 3 - Rational(1, 4)) ** 2),
        (sigma(z) ** 2 * (1 - sigma(z)), "<", Rational(4, 27)),
    ],
)
def test_false_bounds_are_never_proved(left, relation, right) -> None:
    assert verdict(left, right, relation=relation) in ("refuted", "undecided")


TRUE = {
    "halves of exponents": (hadamard(hadamard_power(v, Rational(1, 2)), hadamard_power(v, Rational(1, 2))), v, nothing),
    "a bound index in the givens": (TimeSum(A[1], (steps, 1, 2)), 2 * steps * B[1], counted),
    "an assumption of a symbol": (relu(Symbol("a", positive=True)), Symbol("a", positive=True), nothing),
    "the trace of a power": (Trace(W ** (steps + 1)), Trace(W**steps * W), nothing),
    "many look-alike indices": ((v.T * v) ** 10, v.T * v * (v.T * v) ** 9, nothing),
    "a high power": (z ** (10**9), z * z ** (10**9 - 1), nothing),
    "a constant of analysis": (z + pi, pi + z, nothing),
    "a product in an exponent": (W ** (steps * k), W ** (k * steps), nothing),
    "six sizes": (
        sum((p.T * p for p in powers[1:]), powers[0].T * powers[0]),
        sum((p.T * p for p in powers[-2::-1]), powers[-1].T * powers[-1]),
        nothing,
    ),
    "an index of the givens that the statement lacks": (h[t], W * h[t - 1] + U * x[t] + b, at_end),
    "a Jacobian by a parameter": (Total(h[1], b), Eye(n), linear),
    "a partial of the loss": (Partial(L, W), Partial(L, W), linear),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_is_never_refuted_and_comes_to_an_end(name) -> None:
    left, right, given = TRUE[name]
    assert verdict(left, right, given) != "refuted"


@pytest.mark.parametrize("name", ["a bound index in the givens", "the trace of a power", "six sizes"])
def test_some_of_them_are_proved(name) -> None:
    left, right, given = TRUE[name]
    assert verdict(left, right, given) == "proved"


def test_conditions_open_what_they_imply() -> None:
    assert verdict(h[t - 1], before_first, linear) == "refuted"
    assert verdict(h[t - 1], before_first, linear, assumes=(t >= 2,)) == "proved"
    assert verdict(h[k], W * h[k - 1] + U * x[k] + b, linear, assumes=(k >= 1,)) == "proved"
    assert verdict(delta(h)[k], e[k] + W.T * delta(h)[k + 1], linear, assumes=(k >= 1, k <= T)) == "proved"
    assert verdict(delta(h)[k], e[k] + W.T * delta(h)[k + 1], linear, assumes=(k >= 1,)) == "refuted"
    assert verdict(delta(h)[t], two_later, linear, assumes=(t + 1 <= T,)) == "proved"


def test_what_conditions_imply() -> None:
    conditions = Conditions((k <= T, low < high))
    assert conditions.imply(T - k)
    assert conditions.imply(T - 1)
    assert conditions.imply(high - 1)
    assert conditions.imply(2 * T - k - t)
    assert not conditions.imply(T - k - 1)
    assert not conditions.imply(t - 2)
    assert not conditions.imply(k - 1)
    assert not conditions.imply(k * T)


LOOK_ALIKES = {
    "nested binders": (
        TimeSum(TimeSum(A[k] * B[j], (j, 1, k)), (k, 1, T)),
        TimeSum(TimeSum(A[j] * B[j], (j, 1, k)), (k, 1, T)),
    ),
    "a shifted outer sum": (
        TimeSum(TimeSum(A[j], (j, 1, k)), (k, 1, T)),
        TimeSum(TimeSum(A[j], (j, 1, k)), (k, 2, T + 1)),
    ),
    "an elementwise square under an inverse": (hadamard(W, W) ** -1 * W, Eye(n)),
    "exponents that run": (
        TimeSum(Diag(hadamard_power(v, k)), (k, 1, T)),
        TimeSum(Diag(hadamard_power(v, k)), (k, 2, T + 1)),
    ),
    "cuts that do not match": (
        hadamard(
            Eye(n + d),
            Block((Parameter("X", n, d), Parameter("Y", n, n)), (Parameter("Z", d, d), Parameter("P", d, n))),
        ),
        Zero(n + d, n + d),
    ),
    "cuts around a diagonal": (
        beside(Parameter("M", 1, n), Parameter("K", 1, d))
        * Diag(Parameter("q", n + d))
        * concat(Parameter("C", d), Parameter("E", n)),
        Zero(1, 1),
    ),
    "a symbol of the engine's own name": (
        TimeSum(A[k] * B[indices("tau_0")], (k, 1, T)),
        TimeSum(A[k] * B[k], (k, 1, T)),
    ),
    "a sum that may be empty": (TimeSum(A[k], (k, steps, t)), A[t] + TimeSum(A[k], (k, steps, t - 1))),
}


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_the_normal_form_alone_keeps_them_apart(name) -> None:
    left, right = LOOK_ALIKES[name]
    with suppress(Unsupported):
        assert not NormalForm().equal(left, right)


@pytest.mark.parametrize(
    "build, match",
    [
        (lambda: Given(LINEAR_RNN, (Eq(b, h[0]),)), "constant in time, by h"),
        (lambda: Given(None, (Eq(W, V), Eq(W, Q))), "define W twice"),
        (lambda: Given(None, (Eq(W * V, V),)), r"equations Eq\(letter"),
        (lambda: Given(LINEAR_RNN, (Eq(h[t], Zero(n, 1)),)), "which the cell defines already"),
        (lambda: Given(None, (Eq(v, Zero(d, 1), evaluate=False),)), "of another shape"),
        (lambda: verdict(Integer(0), sigma(z), relation=">"), "is none of"),
        (lambda: verdict(Symbol("w") * Ones(1, 1), Parameter("w", 1)), "two different letters are called w"),
        (lambda: verdict(Symbol("z"), z), "two different letters are called z"),
        (lambda: verdict(Parameter("delta_h", n), Parameter("h", n, 1, "delta")), "two different letters"),
    ],
)
def test_misuse_is_told(build, match) -> None:
    with pytest.raises((TypeError, ValueError), match=match):
        build()


def test_an_instance_outside_the_contract_is_told() -> None:
    outcome = decide(Step(V, "=", V, "x", instances=({t: 0},)), nothing)
    assert outcome.verdict == "undecided"
    assert "against 1 <= t" in outcome.detail


def test_a_proof_cannot_be_forged_from_another() -> None:
    proof = verify_step(Derivation("test").start(V).eq(V, by="same"), 1).outcome.proof
    with pytest.raises(TypeError, match="only the proof kernel"):
        replace(proof, right=Q)
