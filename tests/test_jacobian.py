"""The Jacobian of the joint state over one step and over many."""

import pytest
from sympy import Eq

from lstm_sym.activations import phi, tanh
from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS, LINEAR_RNN, LSTM, LSTM_1997, RNN, RNN_TANH
from lstm_sym.cells.lstm import W_f, W_i, W_o, W_z, c, f, h, i, o, x, z
from lstm_sym.cells.rnn import W, a
from lstm_sym.jacobian import (
    diagonalised_power,
    linear_jacobian_power,
    partial,
    state_jacobian,
    state_jacobian_product,
    within_step,
)
from lstm_sym.nodes import Block, MatrixPower, OrderedProduct, Total, diag, hadamard, hadamard_power, scaled
from lstm_sym.proof.domains import FiniteField
from lstm_sym.proof.evaluation import evaluate
from lstm_sym.proof.given import Given
from lstm_sym.proof.normal_form import NormalForm
from lstm_sym.proof.trajectory import Instance, Trajectory
from lstm_sym.symbols import Parameter, Sequence, indices, sizes, t

n, d, m, r, N = sizes("n d m r N")
k, lag = indices("k n_steps")


def d_sigma(u):
    return hadamard(u, 1 - u)


def d_tanh(u):
    return 1 - hadamard_power(u, 2)


A = (
    diag(hadamard(c[t - 1], d_sigma(f[t]))) * W_f
    + diag(hadamard(z[t], d_sigma(i[t]))) * W_i
    + diag(hadamard(i[t], d_tanh(z[t]))) * W_z
)
OUTER = diag(hadamard(o[t], d_tanh(tanh(c[t]))))
LSTM_BLOCKS = [
    (h, h, diag(hadamard(tanh(c[t]), d_sigma(o[t]))) * W_o + OUTER * A),
    (h, c, diag(hadamard(o[t], d_tanh(tanh(c[t])), f[t]))),
    (c, h, A),
    (c, c, diag(f[t])),
]


@pytest.mark.parametrize("later, earlier, block", LSTM_BLOCKS, ids=str)
def test_the_blocks_of_the_lstm(later, earlier, block) -> None:
    assert NormalForm().equal(within_step(LSTM, later, earlier[t - 1]), block)


def test_the_joint_jacobian_of_the_lstm() -> None:
    step = state_jacobian(LSTM)
    assert isinstance(step, Block) and step.shape == (2 * n, 2 * n) and LSTM.states == (h, c)
    rows = [[block for later, _, block in LSTM_BLOCKS if later == row] for row in (h, c)]
    assert NormalForm().equal(step, Block(*rows))


@pytest.mark.parametrize(
    "cell, written",
    [
        (RNN, "diag(phi'(a[t]))*W"),
        (RNN_TANH, "diag(1 - hadamard_power(h[t], 2))*W"),
        (LINEAR_RNN, "W"),
        (CELLS["LSTM_1997_truncated"], "[0, diag(hadamard(o[t], 1 - hadamard_power(tanh(c[t]), 2))); 0, I]"),
        (
            CELLS["LSTM_truncated"],
            "[0, diag(hadamard(o[t], 1 - hadamard_power(tanh(c[t]), 2), f[t])); 0, diag(f[t])]",
        ),
        (CELLS["mLSTM"], "[scaled(f[t], I), 0; 0, scaled(f[t], I)]"),
    ],
    ids=lambda part: getattr(part, "name", ""),
)
def test_one_step(cell, written) -> None:
    assert str(state_jacobian(cell)) == written


@pytest.mark.parametrize("name", [name for name in CELLS if "truncated" not in name and name != "mLSTM"])
def test_one_step_is_that_of_dual_numbers(name) -> None:
    """At the first step: later, h(t-1) itself depends on c(t-1), which a total derivative follows too."""
    cell = CELLS[name]
    field = FiniteField(4)
    where = Trajectory(Given(cell), Instance({n: 3, d: 2, m: 4, r: 5, N: 3}, {t: 1}), field, field.random)
    step = state_jacobian(cell)
    true = [[Total(later[t], earlier[t - 1]) for earlier in cell.states] for later in cell.states]
    assert evaluate(step, where) == evaluate(Block(*true), where)


@pytest.mark.parametrize("name", ["RNN", "linear_RNN", "LSTM", "peephole_LSTM"])
def test_many_steps_are_those_of_dual_numbers(name) -> None:
    cell = CELLS[name]
    field = FiniteField(6)
    where = Trajectory(Given(cell), Instance({n: 3, d: 2}, {t: 0, lag: 3}), field, field.random)
    product = state_jacobian_product(cell, lag)
    true = [[Total(later[t + lag], earlier[t]) for earlier in cell.states] for later in cell.states]
    assert evaluate(product, where) == evaluate(Block(*true), where)


def test_the_product_has_the_latest_factor_leftmost() -> None:
    product = state_jacobian_product(RNN, lag)
    assert product == OrderedProduct(diag(phi.prime(a[k])) * W, (k, t + 1, t + lag))
    first, second = diag(phi.prime(a[t + 1])) * W, diag(phi.prime(a[t + 2])) * W
    assert product.subs(lag, 2).doit() == second * first


def test_the_count_may_have_the_name_of_the_index() -> None:
    product = state_jacobian_product(RNN, k)
    assert product.index != k and product.free_symbols >= {k, t} and product.subs(k, 0).doit() == MatrixPower(W, 0)


def test_powers_of_the_linear_case() -> None:
    assert linear_jacobian_power(LINEAR_RNN, lag) == MatrixPower(W, lag)
    field = FiniteField(0)
    where = Trajectory(Given(LINEAR_RNN), Instance({n: 3, d: 2}, {t: 1, lag: 3}), field, field.random)
    product = evaluate(state_jacobian_product(LINEAR_RNN, lag), where)
    assert product == evaluate(linear_jacobian_power(LINEAR_RNN, lag), where)


@pytest.mark.parametrize("cell", [RNN, LSTM, LSTM_1997], ids=lambda cell: cell.name)
def test_a_nonlinear_cell_has_no_power(cell) -> None:
    message = f"of cell {cell.name} depends on time; its product over steps is ordered, not a power"
    with pytest.raises(ValueError, match=message):
        linear_jacobian_power(cell, lag)


def test_the_diagonalised_power() -> None:
    basis, eigenvalues = Parameter("Q", n, n), Parameter("lambda", n)
    powered = diagonalised_power(basis, eigenvalues, lag)
    assert str(powered) == "Q*diag(hadamard_power(lambda, n_steps))*Q**(-1)"
    field = FiniteField(0)
    where = Trajectory(Given(), Instance({n: 3}, {lag: 4}), field, field.random)
    once = diagonalised_power(basis, eigenvalues, 1)
    assert evaluate(powered, where) == evaluate(MatrixPower(once, lag), where)


@pytest.mark.parametrize(
    "sequence, letter, written",
    [
        (h, o[t], "diag(tanh(c[t]))"),
        (c, f[t], "diag(c[t - 1])"),
        (f, LSTM.preactivations[0][t], "diag(hadamard(f[t], 1 - f[t]))"),
        (h, h[t - 1], "0"),
        (LSTM.preactivations[0], h[t - 1], "W_f"),
    ],
    ids=str,
)
def test_the_immediate_partial_follows_no_other_path(sequence, letter, written) -> None:
    assert str(partial(LSTM, sequence, letter)) == written


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda: partial(LSTM, x, h[t]), "cell LSTM has no equation for x"),
        (lambda: state_jacobian(Cell("layer", Eq(h[t], tanh(o[t])))), "no state"),
    ],
)
def test_refusals(build, message) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_a_matrix_state_stands_as_the_column_of_its_entries() -> None:
    rows, cols = sizes("N M")
    C = next(state for state in CELLS["mLSTM"].states if state.text == "C")
    assert within_step(CELLS["mLSTM"], C, C[t - 1]).shape == (rows * cols, rows * cols)


B, q, y, q2, R = Sequence("B", n, d), Sequence("q", d), Sequence("y", n), Sequence("q2", n), Parameter("R", n, n)


@pytest.mark.parametrize(
    "later, what",
    [
        (Eq(B[t], R * B[t - 1] + q2[t] * q[t].T), r"R\*dot_B\[t - 1\] by dot_B"),
        (Eq(B[t], B[t - 1] * q[t] * q[t].T), r"dot_B\[t - 1\]\*q\[t\]\*q\[t\].T by dot_B"),
        (Eq(B[t], tanh(B[t - 1]) + q2[t] * q[t].T), "by dot_B"),
        (Eq(B[t], scaled(y[t - 1].T * q2[t], B[t - 1])), "by dot_y"),
        (Eq(B[t], B[t - 1] + y[t - 1] * q[t].T), r"dot_y\[t - 1\]\*q\[t\].T by dot_y"),
    ],
    ids=str,
)
def test_a_jacobian_that_would_need_a_kronecker_product_is_refused(later, what) -> None:
    cell = Cell("memory", later, Eq(y[t], tanh(y[t - 1])))
    with pytest.raises(TypeError, match=f"no Jacobian of .*{what}.* would need a Kronecker product"):
        state_jacobian(cell)
