"""Trajectories: the cell's own values, reproducible, with the state before the first step in row 0."""

import numpy as np
import pytest
from sympy import Eq

from lstm_sym import Cell, Parameter, Sequence, sizes, t, tanh
from lstm_sym.activations import phi, relu
from lstm_sym.cells import CELLS, RNN_LOSS, RNN_TANH, cell_named
from lstm_sym.flow import Setting, run
from lstm_sym.flow.trajectory import is_bias, recurrent_part
from lstm_sym.reference import lstm_forward, rnn_forward

n = sizes("n")


def named(trajectory):
    params = {p.text: v[:, 0] if p.cols == 1 else v for p, v in trajectory.parameters.items()}
    return params, {s.text: v[..., 0] for s, v in trajectory.sequences.items()}


def test_the_values_are_those_of_the_reference():
    params, values = named(run(RNN_TANH, Setting(size=3, seed=1), 7))
    np.testing.assert_allclose(values["h"][1:], rnn_forward(params, values["x"][1:, None], np.zeros((1, 3)))[:, 0])
    for name in ("LSTM", "LSTM_1997", "peephole_LSTM"):
        params, values = named(run(cell_named(name), Setting(size=3, seed=1), 7))
        trace = lstm_forward(params, values["x"][1:, None], np.zeros((1, 3)), np.zeros((1, 3)))
        for letter in "ch":
            np.testing.assert_allclose(values[letter][1:], getattr(trace, letter)[:, 0], rtol=1e-12)


def test_what_is_no_state_has_no_value_before_the_first_step():
    _, values = named(run(cell_named("LSTM"), Setting(size=2), 3))
    assert (values["h"][0] == 0).all() and (values["c"][0] == 0).all() and np.isnan(values["f"][0]).all()


def test_only_what_the_states_need_is_run():
    part = recurrent_part(RNN_LOSS)
    assert [s.text for s in part.order] == ["a", "h"] and [p.text for p in part.parameters] == ["W", "U", "b"]
    assert part.definition(part.order[1]) == tanh(part.order[0][t])
    assert "relu" in str(recurrent_part(RNN_LOSS, relu))


@pytest.mark.parametrize("name", CELLS)
def test_biases_are_what_is_added(name):
    cell = recurrent_part(CELLS[name])
    assert {p.text for p in cell.parameters if is_bias(cell, p)} == {
        p.text for p in cell.parameters if p.text.startswith("b")
    }


def test_a_weight_that_stands_alone_is_no_bias():
    n, m = sizes("n m")
    p, a, V = Sequence("p", m), Sequence("a", n), Parameter("V", m, n)
    cell = Cell("projected", Eq(a[t], Parameter("W", n, m) * p[t - 1] + Parameter("b", n)), Eq(p[t], V * tanh(a[t])))
    trajectory = run(cell, Setting(size=3), 2)
    assert trajectory.parameters[V].all() and not named(trajectory)[0]["b"].any()


def test_values_at_shifted_times():
    trajectory = run(RNN_TANH, Setting(size=2), 5)
    h = next(s for s in trajectory.sequences if s.text == "h")
    np.testing.assert_array_equal(trajectory.values(h[t - 1]), trajectory.sequences[h][:-1])
    np.testing.assert_array_equal(trajectory.values(h[t], 2, 3), trajectory.sequences[h][2:4])
    with pytest.raises(IndexError, match=r"h\[t \+ 1\] at t = 1, ..., 5 leaves the times 0, ..., 5"):
        trajectory.values(h[t + 1])


def test_fixed_parameters_are_numbers_or_arrays():
    params, _ = named(run(RNN_TANH, Setting(size=2, fixed={"b": 0.5, "W": [[1, 2], [3, 4]], "U": 0}), 1))
    assert params["b"].tolist() == [0.5, 0.5] and params["W"].tolist() == [[1, 2], [3, 4]] and not params["U"].any()


def test_weights_have_the_scale_that_is_asked_for():
    params, _ = named(run(RNN_TANH, Setting(size=200, gain=3), 1))
    assert params["W"].std() == pytest.approx(3 / np.sqrt(200), rel=0.02) and not params["b"].any()


def test_a_setting_tells_itself():
    assert str(Setting(8, 1, 2.0, 0.5, {"b_f": 1.0, "W": np.eye(2)})) == (
        "n = 8, seed 1, gain 2, inputs 0.5, b_f = 1, W given"
    )


h, x, W = Sequence("h", n), Sequence("x", n), Parameter("W", n, n)


@pytest.mark.parametrize(
    "cell, match",
    [
        (Cell("flat", Eq(h[t], tanh(W * x[t]))), "cell flat has no state, so nothing flows through time"),
        (Cell("far", Eq(h[t], tanh(W * h[t - 2] + x[t]))), r"cell far reads h\[t - 2\]; the flow is that of cells"),
    ],
)
def test_cells_without_a_one_step_flow_are_refused(cell, match):
    with pytest.raises(ValueError, match=match):
        run(cell, Setting(size=2), 3)


def test_an_open_activation_needs_a_known_one():
    with pytest.raises(ValueError, match="the activation phi is not a known function"):
        run(cell_named("RNN"), Setting(phi=phi), 3)
