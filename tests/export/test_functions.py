"""lambdify: every node against NumPy written by hand, over batches, with readable source and named errors."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from sympy import Eq, Integer, Rational, Symbol, pi

from lstm_sym.activations import TABLE, Activation, exp, log, phi, relu, sigma, softplus, step, tanh
from lstm_sym.backpropagation import T, bptt
from lstm_sym.cells.lstm import LSTM
from lstm_sym.export import lambdify
from lstm_sym.jacobian import diagonalised_power, state_jacobian
from lstm_sym.nodes import (
    Block,
    Determinant,
    Diag,
    Eye,
    Hadamard,
    HadamardPower,
    MatrixPower,
    MaxAbs,
    Norm,
    OrderedProduct,
    Partial,
    SpectralRadius,
    StopGradient,
    TimeSum,
    Total,
    Trace,
    Zero,
    concat,
    diag,
    entries,
    hadamard,
    hadamard_power,
    inner,
)
from lstm_sym.symbols import Parameter, Sequence, adjoint, indices, letters, sizes, t

n, d = sizes("n d")
k, low, high = indices("k low high")
alpha = Symbol("alpha")
W, V, U, b, p = (
    Parameter("W", n, n),
    Parameter("V", n, n),
    Parameter("U", n, d),
    Parameter("b", n),
    Parameter("p", n),
)
h, x, M = Sequence("h", n), Sequence("x", d), Sequence("M", n, n)


def T_(a):
    return np.swapaxes(a, -1, -2)


def each(function, *arrays):
    """A function of single matrices, mapped by a plain loop over the batch."""
    batch = np.broadcast_shapes(*[a.shape[:-2] for a in arrays])
    arrays = [np.broadcast_to(a, batch + a.shape[-2:]) for a in arrays]
    results = [function(*[a[index] for a in arrays]) for index in np.ndindex(batch)]
    return np.reshape(results, batch + np.shape(results[0]))


def logistic(z):
    return 1 / (1 + np.exp(-z))


NODES = [
    (W + V, [W, V], lambda W, V: W + V),
    (W - 2 * V, [W, V], lambda W, V: W - 2 * V),
    (-(W - V), [W, V], lambda W, V: V - W),
    (W - (V - W), [W, V], lambda W, V: 2 * W - V),
    (W * V * b, [W, V, b], lambda W, V, b: W @ V @ b),
    (U * x[t], [U, x[t]], lambda U, x: U @ x),
    ((W + V) * b, [W, V, b], lambda W, V, b: (W + V) @ b),
    (Rational(1, 3) * W * b, [W, b], lambda W, b: W @ b / 3),
    (alpha * W, [alpha, W], lambda alpha, W: alpha * W),
    (pi * W, [W], lambda W: np.pi * W),
    (W.T * U, [W, U], lambda W, U: W.T @ U),
    (h[t].T * W * h[t], [h[t], W], lambda h, W: h.T @ W @ h),
    (b * h[t].T, [b, h[t]], lambda b, h: b @ h.T),
    (W**3, [W], lambda W: W @ W @ W),
    (MatrixPower(W, k), [W, k], lambda W, k: np.linalg.matrix_power(W, k)),
    (W**-1, [W], np.linalg.inv),
    (W**-1 * U, [W, U], lambda W, U: np.linalg.inv(W) @ U),
    (W * V**-1, [W, V], lambda W, V: W @ np.linalg.inv(V)),
    (W**-2 * b, [W, b], lambda W, b: np.linalg.inv(W @ W) @ b),
    (Hadamard(b, p, b), [b, p], lambda b, p: b * p * b),
    (hadamard(2, b, p), [b, p], lambda b, p: 2 * b * p),
    (hadamard_power(b, 3), [b], lambda b: b * b * b),
    (HadamardPower(b, -1), [b], lambda b: 1 / b),
    (HadamardPower(b, -2), [b], lambda b: 1 / (b * b)),
    (HadamardPower(hadamard(b, b), Rational(1, 2)), [b], np.abs),
    (diag(b), [b], lambda b: np.diag(b[:, 0])),
    (diag(b) * W, [b, W], lambda b, W: np.diag(b[:, 0]) @ W),
    (W * diag(b), [W, b], lambda W, b: W @ np.diag(b[:, 0])),
    (W * diag(b) * V, [W, b, V], lambda W, b, V: W @ np.diag(b[:, 0]) @ V),
    (diag(b) * W * diag(p), [b, W, p], lambda b, W, p: np.diag(b[:, 0]) @ W @ np.diag(p[:, 0])),
    (diag(b) * W * p, [b, W, p], lambda b, W, p: np.diag(b[:, 0]) @ W @ p),
    (Diag(W * b) + W, [W, b], lambda W, b: np.diag((W @ b)[:, 0]) + W),
    (1 - b, [b], lambda b: 1 - b),
    (b - 1, [b], lambda b: b - 1),
    (W - Eye(n), [W], lambda W: W - np.eye(len(W))),
    (Block((W, U)), [W, U], lambda W, U: np.hstack([W, U])),
    (concat(h[t], x[t]), [h[t], x[t]], lambda h, x: np.vstack([h, x])),
    (Block((W, b), (Zero(1, n), Eye(1))), [W, b], lambda W, b: np.block([[W, b], [np.zeros((1, len(W))), np.eye(1)]])),
    (StopGradient(W * b), [W, b], lambda W, b: W @ b),
    (Trace(W) * V, [W, V], lambda W, V: np.trace(W) * V),
    (Trace(W), [W], np.trace),
    (Norm(W * V), [W, V], lambda W, V: np.linalg.svd(W @ V)[1][0]),
    (Norm(b), [b], lambda b: np.sqrt((b * b).sum())),
    (MaxAbs(U), [U], lambda U: max(abs(u) for u in U.ravel())),
    (SpectralRadius(W), [W], lambda W: max(abs(np.linalg.eigvals(W)))),
    (Determinant(W), [W], np.linalg.det),
    (Norm(W) * V, [W, V], lambda W, V: np.linalg.svd(W)[1][0] * V),
    (entries([[1, alpha], [0, -2]]), [alpha], lambda a: np.array([[1, a], [0, -2]])),
    (inner(W, V), [W, V], lambda W, V: (W * V).sum()),
    (Integer(2) * Trace(W) - 1, [W], lambda W: 2 * np.trace(W) - 1),
    (sigma(W * b), [W, b], lambda W, b: logistic(W @ b)),
    (sigma.prime(b), [b], lambda b: logistic(b) * (1 - logistic(b))),
    (sigma.prime.prime(b), [b], lambda b: logistic(b) * (1 - logistic(b)) * (1 - 2 * logistic(b))),
    (tanh(b), [b], np.tanh),
    (tanh.prime(b), [b], lambda b: 1 / np.cosh(b) ** 2),
    (tanh.prime.prime(b), [b], lambda b: -2 * np.tanh(b) / np.cosh(b) ** 2),
    (softplus(b), [b], lambda b: np.log(1 + np.exp(b))),
    (softplus.prime(b), [b], logistic),
    (exp.prime(b), [b], np.exp),
    (log(hadamard(b, b)), [b], lambda b: np.log(b * b)),
    (log.prime(b), [b], lambda b: 1 / b),
    (relu(b - p), [b, p], lambda b, p: np.maximum(b - p, 0)),
    (relu.prime(b), [b], lambda b: (b > 0).astype(float)),
    (step(b - p), [b, p], lambda b, p: (b > p).astype(float)),
    (sigma(Trace(W)) * V, [W, V], lambda W, V: logistic(np.trace(W)) * V),
    (diagonalised_power(W, b, k), [W, b, k], lambda W, b, k: W @ np.diag(b[:, 0] ** k) @ np.linalg.inv(W)),
]


def values(args, batch, rng):
    lengths = {n: 3, d: 2}
    found = []
    for argument in args:
        if isinstance(argument, Symbol):
            found.append({alpha: 1.7, k: 3}[argument])
        else:
            shape = tuple(int(size.subs(lengths)) for size in argument.shape)
            found.append(rng.normal(0, 1, batch + shape) + (2 * np.eye(*shape) if shape[1] == 3 else 0))
    return found


@pytest.mark.parametrize("cse", [True, False])
@pytest.mark.parametrize("batch", [(), (4,), (2, 5)], ids=str)
@pytest.mark.parametrize("expr, args, direct", NODES, ids=[str(row[0]) for row in NODES])
def test_every_node(expr, args, direct, batch, cse):
    given = values(args, batch, np.random.default_rng(0))
    arrays = [value for value in given if isinstance(value, np.ndarray)]

    def single(*matrices):
        left = iter(matrices)
        return direct(*[next(left) if isinstance(value, np.ndarray) else value for value in given])

    found = lambdify(args, expr, cse=cse)(*given)
    np.testing.assert_allclose(found, each(single, *arrays), rtol=1e-11, atol=1e-12)


def test_batches_broadcast_against_shared_parameters():
    function = lambdify([W, U, b, h[t - 1], x[t]], Block((tanh(W * h[t - 1] + U * x[t] + b), b)))
    rng = np.random.default_rng(1)
    given = rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), rng.normal(size=(3, 1))
    found = function(*given, rng.normal(size=(7, 1, 3, 1)), rng.normal(size=(5, 2, 1)))
    assert found.shape == (7, 5, 3, 2)


# --- sums and products over time ----------------------------------------------------------------


def test_a_sum_over_time_indexes_whole_sequences():
    expr = TimeSum(h[k] * x[k - 1].T, (k, low, high))
    function = lambdify([h, x, low, high], expr)
    rng = np.random.default_rng(2)
    hs, xs = rng.normal(size=(6, 4, 3, 1)), rng.normal(size=(6, 4, 2, 1))
    wanted = sum(hs[j] @ T_(xs[j - 1]) for j in range(2, 6))
    np.testing.assert_allclose(function(hs, xs, 2, 5), wanted, rtol=1e-13)
    assert not function(hs, xs, 3, 2).any() and function(hs, xs, 3, 2).shape == (3, 2)
    with pytest.raises(IndexError, match="time -1 lies before the first value"):
        function(hs, xs, 0, 2)


def test_an_ordered_product_has_the_latest_factor_leftmost():
    function = lambdify([M, low, high], OrderedProduct(M[k], (k, low, high)))
    ms = np.random.default_rng(3).normal(size=(5, 3, 3))
    np.testing.assert_allclose(function(ms, 1, 3), ms[3] @ ms[2] @ ms[1], rtol=1e-13)
    np.testing.assert_array_equal(function(ms, 2, 1), np.eye(3))


def test_a_binder_hides_its_index_only_inside():
    expr = h[t] + TimeSum(W * h[t], (t, 1, high))
    hs = np.random.default_rng(4).normal(size=(4, 3, 1))
    found = lambdify([h, t, W, high], expr)(hs, 0, np.eye(3), 3)
    np.testing.assert_allclose(found, hs.sum(axis=0), rtol=1e-13)


def test_the_parameter_gradients_of_the_lstm():
    gradient = bptt(LSTM).parameter_gradients[0].rhs
    a_f = adjoint(Sequence("a_f", n))
    function = lambdify([a_f, h, T], gradient)
    rng = np.random.default_rng(5)
    deltas, hs = rng.normal(size=(5, 3, 1)), rng.normal(size=(5, 3, 1))
    np.testing.assert_allclose(function(deltas, hs, 4), sum(deltas[j] @ hs[j - 1].T for j in range(1, 5)), rtol=1e-13)


# --- the source ---------------------------------------------------------------------------------

SOURCES = [
    (tanh(W * h[t - 1] + U * x[t] + b), [W, U, b, h[t - 1], x[t]], "return np.tanh(W @ h_prev + U @ x + b)"),
    (diag(1 - hadamard_power(h[t], 2)) * W, [W, h[t]], "return (1 - h**2) * W"),
    (W**-1 * b, [W, b], "return solve(W, b)"),
    (hadamard(sigma(b), 1 - sigma(b)), [b], "sigma_b = sigma(b)\n    return sigma_b * (1 - sigma_b)"),
    (sigma.prime(W * b), [W, b], "s1 = sigma(W @ b)\n    return s1 * (1 - s1)"),
    (W * (V * b + b), [W, V, b], "return W @ (V @ b + b)"),
    (W - (V - W), [W, V], "return W - (V - W)"),
]


@pytest.mark.parametrize("expr, args, code", SOURCES, ids=[row[2].splitlines()[-1] for row in SOURCES])
def test_the_source_is_what_a_person_would_write(expr, args, code):
    source = inspect.getsource(lambdify(args, expr))
    assert source.rstrip().endswith(code)
    assert f"# {expr}" in source


def test_names_are_unique_identifiers():
    odd = [h[t - 1], Sequence("h_prev", n)[t], h[t + 1], h[0], *[Parameter(name, n) for name in ("lambda", "np", "W'")]]
    function = lambdify([*odd, b], [letter + b for letter in odd])
    assert list(inspect.signature(function).parameters) == [
        "h_prev", "h_prev_2", "h_next", "h_0", "lambda_", "np_2", "W_prime", "b",
    ]  # fmt: skip
    columns = [np.full((2, 1), float(i)) for i in range(8)]
    for i, value in enumerate(function(*columns)):
        assert (value == i + 7).all()


def test_arguments_by_name_and_results_of_the_kind_asked_for():
    assert isinstance(lambdify([b], b)(b=np.ones((2, 1))), np.ndarray)
    assert isinstance(lambdify([b], [b, 2 * b])(np.ones((2, 1))), list)
    assert isinstance(lambdify([b], (b,))(np.ones((2, 1))), tuple)


def test_shared_parts_are_computed_once():
    calls = []

    def counting(a):
        calls.append(1)
        return np.tanh(a)

    y = phi(W * b)
    expr = hadamard(y, y) + W * y
    lambdify([phi, W, b], [expr, y])(counting, np.eye(2), np.ones((2, 1)))
    assert len(calls) == 1
    lambdify([phi, W, b], [expr, y], cse=False)(counting, np.eye(2), np.ones((2, 1)))
    assert len(calls) == 5


def test_a_deep_expression_compiles():
    y = h[t]
    for _ in range(100):
        y = tanh(W * y)
    assert lambdify([W, h[t]], y)(np.eye(2), np.ones((2, 1))).shape == (2, 1)


def test_an_open_activation_is_an_argument():
    function = lambdify([phi, phi.prime, b], hadamard(phi(b), phi.prime(b)))
    column = np.array([[0.3], [-0.2]])
    found = function(np.sin, np.cos, column)
    np.testing.assert_allclose(found, np.sin(column) * np.cos(column))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(dtype):
    jacobian = state_jacobian(LSTM)
    args = letters(jacobian)
    given = [np.full([3 if size == n else 1 for size in a.shape], 0.5, dtype) for a in args]
    assert lambdify(args, jacobian)(*given).dtype == dtype


@pytest.mark.parametrize("name", sorted(TABLE))
def test_large_arguments_warn_of_nothing(name):
    function = lambdify([b], [Activation(name)(b), Activation(name, 1)(b)])
    column = np.array([[1000.0], [-1000.0]]) if name not in ("exp", "log", "sqrt") else np.array([[-1000.0], [-2.0]])
    if name in ("log", "sqrt"):
        column = -column
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert all(np.isfinite(value).all() for value in function(column))


# --- what is refused ----------------------------------------------------------------------------

REFUSED = [
    ([W], W * h[t - 1] + b, {}, ValueError, r"do not provide h\[t - 1\], b, which the expression reads"),
    ([h[t]], TimeSum(h[k], (k, 1, high)), {}, ValueError, r"do not provide h, high"),
    ([b], phi(b), {}, ValueError, r"do not provide phi"),
    ([phi, b], phi.prime(b), {}, ValueError, r"do not provide phi'"),
    ([b], alpha * b, {}, ValueError, r"do not provide alpha"),
    ([], Eye(n), {}, ValueError, r"do not provide n"),
    ([b, b], b, {}, ValueError, r"the argument b is given twice"),
    ([b], b, {"modules": "torch"}, ValueError, r"modules='torch'"),
    ([W * b], W * b, {}, TypeError, r"an argument is a letter.*W\*b"),
    ([b], Eq(b, p, evaluate=False), {}, TypeError, r"is an equation; pass its right-hand side"),
    ([b, h[t]], Partial(h[t], b), {}, TypeError, r"is a derivative that nothing has evaluated"),
    ([b, h[t]], Total(h[t], b), {}, TypeError, r"is a derivative that nothing has evaluated"),
]


@pytest.mark.parametrize("args, expr, options, error, message", REFUSED, ids=[row[4] for row in REFUSED])
def test_what_is_refused(args, expr, options, error, message):
    with pytest.raises(error, match=message):
        lambdify(args, expr, **options)


def test_a_node_without_a_rule_says_how_to_add_one():
    from sympy import MatrixSymbol

    with pytest.raises(TypeError, match=r"no NumPy form for MatrixSymbol; register one with @to_numpy.register"):
        lambdify([b], MatrixSymbol("A", n, n) + MatrixSymbol("B", n, n))
