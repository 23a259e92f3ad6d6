"""Engine 2: agreement over F_p at distinct sizes, its error bound, and what the two engines do not share."""

import pytest
from sympy import Symbol

from lstm_sym.activations import elu, exp, hardtanh, log, relu, sigma, softplus, softsign, step, tanh
from lstm_sym.backpropagation import T, bptt
from lstm_sym.cells import CELLS, LSTM, RNN
from lstm_sym.cells.lstm import W_f, a_f, c, f, h, i, z
from lstm_sym.nodes import Eye, Total, Trace, diag, hadamard, hadamard_power
from lstm_sym.proof.domains import PRIME, FiniteField
from lstm_sym.proof.field import agree_at, field_check
from lstm_sym.proof.given import Given
from lstm_sym.proof.trajectory import Instance
from lstm_sym.symbols import Parameter, sizes, t
from lstm_sym.symbols import adjoint as delta

n, d = sizes("n d")
s = Symbol("s")
A, B = Parameter("A", n, n), Parameter("B", n, n)
u, v = Parameter("u", n), Parameter("v", n)
nothing = Given()


@pytest.mark.parametrize(
    "left, right, agrees",
    [
        ((A * B).T, B.T * A.T, True),
        ((A * B).T, A.T * B.T, False),
        (A * A**-1, Eye(n), True),
        (Trace(A * B), Trace(B * A), True),
        (hadamard_power(A, 2), A**2, False),
        (tanh(s), 2 * sigma(2 * s) - 1, True),
        (sigma.prime(s), sigma(s) * (1 - sigma(s)), True),
        (sigma.prime(s), sigma(s) * sigma(s), False),
        (sigma.prime.prime(s), sigma.prime(s) * (1 - 2 * sigma(s)), True),
        (softplus.prime(s), sigma(s), True),
        (exp(u - v), hadamard(exp(u), exp(-v)), True),
        (log(exp(u - 2 * v)), u - 2 * v, True),
        (log(exp(u - 2 * v)), u - v, False),
        (exp(u + log(v)), hadamard(exp(u), v), True),
        (hardtanh(s), relu(s + 1) - relu(s - 1) - 1, True),
        (hardtanh.prime(s), step(s + 1) - step(s - 1), True),
        (hardtanh.prime(s), step(s), False),
        (hardtanh(-s), -hardtanh(s), True),
        (elu(s), relu(s) + (1 - step(s)) * (exp(s) - 1), True),
        (elu.prime(s), step(s) + (1 - step(s)) * exp(s), True),
        (elu.prime(s), exp(s), False),
        (softsign.prime(s), (1 - softsign(s)) ** 2, False),
        (hadamard_power(softsign(A), 2), hadamard_power(softsign(-A), 2), True),
    ],
    ids=str,
)
def test_identities(left, right, agrees) -> None:
    assert field_check(nothing, left, right).agrees is agrees


def test_sizes_are_distinct_and_never_one() -> None:
    checked = field_check(Given(LSTM), c[t], hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t]))
    assert checked.agrees
    for instance in checked.tried:
        values = list(instance.sizes.values())
        assert len(set(values)) == len(values) >= 2
        assert min(values) > 1


def test_the_error_bound_is_small_and_grows_with_the_degree() -> None:
    low, high = field_check(nothing, A * B, A * B), field_check(nothing, A**6, A**6)
    assert 0 < low.error_bound < high.error_bound < 1e-15


@pytest.mark.parametrize("name", ["RNN_loss", "peephole_LSTM", *(name for name in CELLS if "truncated" in name)])
@pytest.mark.parametrize("last", [1, 4])
def test_every_backward_equation_is_the_derivative_of_the_loss(name, last) -> None:
    """At the first step, and where it is the last one too: δ by dual numbers, the right side from the equations.

    The rest of the zoo is tried at a middle step with the backward pass, and proved by the theorem.
    """
    cell = CELLS[name]
    given = Given(cell)
    sizes_of = {symbol: value for symbol, value in zip(sizes("d m n"), (2, 4, 3), strict=True)}
    instance = Instance(sizes_of, {t: 1, T: last})
    for equation in bptt(cell).equations:
        assert agree_at(given, equation.lhs, equation.rhs, instance), equation


@pytest.mark.parametrize(
    "wrong",
    [
        hadamard(delta(c)[t], c[t - 1], f[t]),
        hadamard(delta(c)[t], c[t], f[t], 1 - f[t]),
        hadamard(delta(c)[t], c[t - 1], f[t], 1 - f[t], f[t]),
        hadamard(delta(c)[t + 1], c[t - 1], f[t], 1 - f[t]),
        -hadamard(delta(c)[t], c[t - 1], f[t], 1 - f[t]),
    ],
    ids=str,
)
def test_wrong_backward_equations_disagree(wrong) -> None:
    assert not field_check(Given(LSTM), delta(a_f)[t], wrong).agrees


def test_a_transpose_is_seen_because_sizes_exceed_one() -> None:
    right = W_f.T * delta(a_f)[t]
    assert not field_check(Given(LSTM), right, W_f * delta(a_f)[t]).agrees


def test_total_derivatives_follow_every_path() -> None:
    hidden = RNN.states[0]
    checked = field_check(Given(RNN), Total(hidden[t + 1], hidden[t]), diag(hidden[t + 1]))
    assert not checked.agrees
    assert field_check(Given(LSTM), Total(h[t], h[t]), Eye(n)).agrees


def test_exp_of_the_mirrored_argument_is_the_inverse() -> None:
    field = FiniteField(3)
    element = field.random("x")
    assert field.exp(element) * field.exp(-element) == 1
    assert field.exp(element - element) == 1
    assert field.step(element) + field.step(-element) == 1
    assert field.log(1 / element) == -field.log(element)
    assert field.exp(element) != FiniteField(4).exp(element)
    assert int(field.random("y")) < PRIME
