"""The backward passes, line for line as papers print them, and against dual numbers on unrolled nets."""

import pytest
from sympy import Eq

from lstm_sym.activations import tanh
from lstm_sym.backpropagation import AdjointRule, L, T, bptt
from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS, LINEAR_RNN, LSTM, LSTM_1997, PEEPHOLE_LSTM, RNN, RNN_LOSS, RNN_OUTPUT
from lstm_sym.cells.lstm import (
    U_f,
    U_i,
    U_o,
    U_z,
    W_f,
    W_i,
    W_o,
    W_z,
    a_f,
    a_i,
    a_o,
    a_z,
    c,
    f,
    h,
    i,
    o,
    p_f,
    p_i,
    p_o,
    x,
    z,
)
from lstm_sym.cells.rnn import U, V, W, a
from lstm_sym.cells.rnn import h as h_rnn
from lstm_sym.nodes import TimeSum, Total, Zero, hadamard, hadamard_power
from lstm_sym.proof.domains import FiniteField
from lstm_sym.proof.evaluation import evaluate
from lstm_sym.proof.given import Given
from lstm_sym.proof.normal_form import NormalForm
from lstm_sym.proof.trajectory import Instance, Trajectory
from lstm_sym.symbols import Parameter, Sequence, adjoint, direct, sizes, t

n, d, m, r, N, M = sizes("n d m r N M")


def D(letter):
    """δv at time t, or at the time of an indexed letter."""
    return adjoint(letter[t] if isinstance(letter, Sequence) else letter)


def later(letter):
    """δv at the next step."""
    return D(letter).subs(t, t + 1)


def one_minus_square(u):
    return 1 - hadamard_power(u, 2)


DIRECT = direct(h)[t]
FROM_GATES = [W_f.T * later(a_f), W_i.T * later(a_i), W_z.T * later(a_z), W_o.T * later(a_o)]
GATE_LINES = {
    D(h): DIRECT + FROM_GATES[0] + FROM_GATES[1] + FROM_GATES[2] + FROM_GATES[3],
    D(a_o): hadamard(D(h), tanh(c[t]), o[t], 1 - o[t]),
    D(a_f): hadamard(D(c), c[t - 1], f[t], 1 - f[t]),
    D(a_i): hadamard(D(c), z[t], i[t], 1 - i[t]),
    D(a_z): hadamard(D(c), i[t], one_minus_square(z[t])),
    D(x): U_f.T * D(a_f) + U_i.T * D(a_i) + U_z.T * D(a_z) + U_o.T * D(a_o),
}
THROUGH_H = hadamard(D(h), o[t], one_minus_square(tanh(c[t])))
CAROUSEL = hadamard(f[t + 1], later(c))
PEEPHOLES = hadamard(p_o, D(a_o)) + hadamard(p_i, later(a_i)) + hadamard(p_f, later(a_f))

TEXTBOOK = [
    (LSTM, {**GATE_LINES, D(c): THROUGH_H + CAROUSEL}),
    (PEEPHOLE_LSTM, {**GATE_LINES, D(c): THROUGH_H + PEEPHOLES + CAROUSEL}),
]


@pytest.mark.parametrize("cell, lines", TEXTBOOK, ids=lambda part: getattr(part, "name", ""))
def test_the_lstm_line_for_line(cell, lines) -> None:
    backward = bptt(cell)
    derived = {equation.lhs: equation.rhs for equation in (*backward.adjoints, *backward.input_gradients)}
    assert derived.keys() == lines.keys()
    for left, right in lines.items():
        assert NormalForm().equal(derived[left], right), left


WRITTEN = {
    "LSTM": """
        delta_h[t] = e_h[t] + W_f.T*delta_a_f[t + 1] + W_i.T*delta_a_i[t + 1] + W_z.T*delta_a_z[t + 1]\
 + W_o.T*delta_a_o[t + 1]
        delta_a_o[t] = hadamard(delta_h[t], tanh(c[t]), o[t], 1 - o[t])
        delta_c[t] = hadamard(delta_h[t], o[t], 1 - hadamard_power(tanh(c[t]), 2)) + hadamard(delta_c[t + 1], f[t + 1])
        delta_a_z[t] = hadamard(delta_c[t], i[t], 1 - hadamard_power(z[t], 2))
        delta_a_i[t] = hadamard(delta_c[t], z[t], i[t], 1 - i[t])
        delta_a_f[t] = hadamard(delta_c[t], c[t - 1], f[t], 1 - f[t])
    """,
    "LSTM_1997": """
        delta_h[t] = e_h[t] + W_i.T*delta_a_i[t + 1] + W_z.T*delta_a_z[t + 1] + W_o.T*delta_a_o[t + 1]
        delta_a_o[t] = hadamard(delta_h[t], tanh(c[t]), o[t], 1 - o[t])
        delta_c[t] = hadamard(delta_h[t], o[t], 1 - hadamard_power(tanh(c[t]), 2)) + delta_c[t + 1]
        delta_a_z[t] = hadamard(delta_c[t], i[t], 1 - hadamard_power(z[t], 2))
        delta_a_i[t] = hadamard(delta_c[t], z[t], i[t], 1 - i[t])
    """,
    "LSTM_1997_truncated": """
        delta_h[t] = e_h[t]
        delta_a_o[t] = hadamard(delta_h[t], tanh(c[t]), o[t], 1 - o[t])
        delta_c[t] = hadamard(delta_h[t], o[t], 1 - hadamard_power(tanh(c[t]), 2)) + delta_c[t + 1]
        delta_a_z[t] = hadamard(delta_c[t], i[t], 1 - hadamard_power(z[t], 2))
        delta_a_i[t] = hadamard(delta_c[t], z[t], i[t], 1 - i[t])
    """,
    "RNN": """
        delta_h[t] = e_h[t] + W.T*delta_a[t + 1]
        delta_a[t] = hadamard(delta_h[t], phi'(a[t]))
    """,
    "RNN_tanh": """
        delta_h[t] = e_h[t] + W.T*delta_a[t + 1]
        delta_a[t] = hadamard(delta_h[t], 1 - hadamard_power(h[t], 2))
    """,
    "RNN_output": """
        delta_y[t] = e_y[t]
        delta_h[t] = V.T*delta_y[t] + W.T*delta_a[t + 1]
        delta_a[t] = hadamard(delta_h[t], phi'(a[t]))
    """,
    "RNN_loss": """
        delta_h[t] = V.T*r[t] + W.T*delta_a[t + 1]
        delta_a[t] = hadamard(delta_h[t], phi'(a[t]))
    """,
    "linear_RNN": """
        delta_h[t] = e_h[t] + W.T*delta_h[t + 1]
    """,
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_the_lines_as_written(name) -> None:
    lines = [f"{equation.lhs} = {equation.rhs}" for equation in bptt(CELLS[name]).adjoints]
    assert lines == [line.strip() for line in WRITTEN[name].strip().splitlines()]


@pytest.mark.parametrize("cell", [RNN_LOSS], ids=lambda cell: cell.name)
def test_the_squared_error(cell) -> None:
    backward = bptt(cell)
    gradients = {str(e.lhs): str(e.rhs) for e in (*backward.parameter_gradients, *backward.input_gradients)}
    assert gradients["Total(L, V)"] == "TimeSum(r[t]*h[t].T, (t, 1, T))"
    assert gradients["Total(L, b_y)"] == "TimeSum(r[t], (t, 1, T))"
    assert gradients["delta_target[t]"] == "-r[t]" and backward.seeds == ()


@pytest.mark.parametrize("cell", [LSTM, PEEPHOLE_LSTM, LSTM_1997], ids=lambda cell: cell.name)
def test_the_parameter_gradients_of_an_lstm(cell) -> None:
    gradients = {equation.lhs: equation.rhs for equation in bptt(cell).parameter_gradients}
    peeped = {"p_f": c[t - 1], "p_i": c[t - 1], "p_o": c[t]}
    for parameter in cell.parameters:
        kind, gate = str(parameter).split("_")
        of = D(Sequence(f"a_{gate}", n))
        step = {"W": of * h[t - 1].T, "U": of * x[t].T, "b": of}.get(kind)
        step = hadamard(of, peeped[str(parameter)]) if step is None else step
        assert gradients[Total(L, parameter)] == TimeSum(step, (t, 1, T))


def test_the_initial_states() -> None:
    first = {equation.lhs: equation.rhs for equation in bptt(LSTM).initial_state_gradients}
    assert first == {
        D(h[0]): W_f.T * D(a_f[1]) + W_i.T * D(a_i[1]) + W_z.T * D(a_z[1]) + W_o.T * D(a_o[1]),
        D(c[0]): hadamard(D(c[1]), f[1]),
    }
    (linear,) = bptt(LINEAR_RNN).initial_state_gradients
    assert linear == Eq(adjoint(h_rnn)[0], W.T * adjoint(h_rnn)[1])


@pytest.mark.parametrize("name", CELLS)
def test_beyond_the_last_step_every_adjoint_is_zero(name) -> None:
    backward = bptt(CELLS[name])
    assert len(backward.boundary) == len(backward.adjoints)
    for equation, bound in zip(backward.adjoints, backward.boundary, strict=True):
        assert bound.lhs == equation.lhs.subs(t, T + 1) and bound.rhs == Zero(*equation.lhs.shape)


@pytest.mark.parametrize("name", CELLS)
def test_each_line_reads_what_is_known_by_then(name) -> None:
    backward = bptt(CELLS[name])
    known: set = set()
    for equation in backward.adjoints:
        read = {letter for letter in equation.rhs.atoms(type(h[t])) if letter.sequence.mark == "delta"}
        assert all(letter in known or (letter.index - t).is_positive for letter in read)
        known.add(equation.lhs)


# --- seeds ----------------------------------------------------------------------------------------


def test_seeds_are_the_outputs_unless_given() -> None:
    assert bptt(LSTM).seeds == (h,) and bptt(RNN_OUTPUT).seeds == RNN_OUTPUT.outputs and bptt(RNN_LOSS).seeds == ()


def test_a_seed_adds_its_direct_gradient() -> None:
    both = {equation.lhs: equation.rhs for equation in bptt(LSTM, seeds=(h, c)).adjoints}
    plain = {equation.lhs: equation.rhs for equation in bptt(LSTM).adjoints}
    assert NormalForm().equal(both[D(c)], direct(c)[t] + plain[D(c)])
    assert all(both[left] == plain[left] for left in plain if left != D(c))


def test_no_seed_gives_no_direct_gradient() -> None:
    assert bptt(RNN, seeds=()).adjoints[0].rhs == W.T * adjoint(a)[t + 1]


def test_a_seeded_activation_keeps_its_own_line() -> None:
    lines = {equation.lhs: equation.rhs for equation in bptt(LSTM, seeds=(f,)).adjoints}
    assert lines[D(f)] == direct(f)[t] + hadamard(D(c), c[t - 1])
    assert lines[D(a_f)] == hadamard(D(f), f[t], 1 - f[t])


@pytest.mark.parametrize("seed", [x, Sequence("q", n), h[t]], ids=str)
def test_an_unknown_seed_is_refused(seed) -> None:
    with pytest.raises(ValueError, match="cell LSTM does not define the seed"):
        bptt(LSTM, seeds=(seed,))


# --- against dual numbers --------------------------------------------------------------------------

SKIPPING = Cell(
    "skipping",
    Eq(a[t], W * h_rnn[t - 1] + Parameter("W_2", n, n) * h_rnn[t - 2] + U * Sequence("x", d)[t]),
    Eq(h_rnn[t], tanh(a[t])),
)
SHARED = Cell("shared", Eq(h[t], hadamard(W_f * h[t - 1], W_f * h[t - 1]) + W_f.T * x[t].subs(d, n)))


@pytest.mark.parametrize(
    "cell", [*(cell for name, cell in CELLS.items() if "truncated" not in name), SKIPPING, SHARED], ids=lambda c: c.name
)
def test_the_derived_gradients_are_those_of_dual_numbers(cell) -> None:
    """At T = 4 with distinct sizes: every adjoint at a middle step, every parameter and input gradient."""
    backward = bptt(cell)
    given = Given(cell, (*backward.adjoints, *backward.boundary))
    truth = Given(cell)
    at = Instance({n: 3, d: 2, m: 4, r: 5, N: 3, M: 4}, {t: 2, T: 4})
    field = FiniteField(5)
    derived = Trajectory(given, at, field, field.random)
    true = Trajectory(truth, at, field, field.random)
    gradients = (*backward.parameter_gradients, *backward.input_gradients, *backward.initial_state_gradients)
    for equation in (*backward.adjoints, *gradients):
        assert evaluate(equation.rhs, derived) == evaluate(equation.lhs, true), equation.lhs


def test_a_state_read_two_steps_back() -> None:
    (line,) = [e for e in bptt(SKIPPING).adjoints if e.lhs == adjoint(h_rnn)[t]]
    assert str(line.rhs) == "e_h[t] + W.T*delta_a[t + 1] + W_2.T*delta_a[t + 2]"
    first, before = bptt(SKIPPING).initial_state_gradients
    assert str(first) == "Eq(delta_h[0], W.T*delta_a[1] + W_2.T*delta_a[2])"
    assert str(before) == "Eq(delta_h[-1], W_2.T*delta_a[1])"
    assert {equation.lhs.index - T for equation in bptt(SKIPPING).boundary} == {1, 2}


def test_a_parameter_that_no_gradient_reaches() -> None:
    cell = Cell("b", Eq(h[t], f[t] + W_f * x[t].subs(d, n)), Eq(f[t], W_o * h[t - 1]), Eq(o[t], W_i * h[t]))
    gradient = AdjointRule(cell, (h,)).parameter_gradient(W_i)
    assert gradient == Zero(n, n)


def test_text_and_latex() -> None:
    backward = bptt(RNN)
    assert "delta_h[T + 1] = 0" in str(backward) and "delta_h[0] = W.T*delta_a[1]" in str(backward)
    assert backward._repr_latex_().startswith("$$") and V not in RNN.parameters


def test_a_loss_that_reads_an_earlier_step_is_refused():
    h, x, ell = Sequence("h", n), Sequence("x", n), Sequence("ell", 1)
    W = Parameter("W", n, n)
    cell = Cell("late", Eq(h[t], W * h[t - 1] + x[t]), Eq(ell[t], h[t - 1].T * h[t - 1]), loss=ell)
    with pytest.raises(ValueError, match="the loss reads h of an earlier step through ell"):
        bptt(cell)
