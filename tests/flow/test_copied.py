"""The copied recursion: right for two steps, wrong from the third; the true one is the exported module's."""

import numpy as np

from lstm_sym import export_module
from lstm_sym.backpropagation import bptt
from lstm_sym.cells import LSTM
from lstm_sym.flow import Setting, run
from lstm_sym.flow.copied import copied_errors, gradients


def test_it_is_right_for_two_steps_and_wrong_from_the_third():
    errors = copied_errors(Setting(size=3), steps=6, seeds=4)
    for found in (errors.weights, errors.first_input):
        assert found.shape == (6, 4)
        assert (found[:2] < 1e-14).all() and (found[2:] > 1e-4).all()
    assert list(errors.steps) == [1, 2, 3, 4, 5, 6]


def test_the_error_is_of_second_order_in_what_the_lost_path_carries():
    """With no weight from h to the next cell state, the path is not there."""
    closed = {name: 0.0 for name in ("W_f", "W_i", "W_z")}
    assert (copied_errors(Setting(size=3, fixed=closed), steps=5, seeds=2).weights < 1e-14).all()


def test_the_true_gradient_is_that_of_the_exported_module():
    trajectory = run(LSTM, Setting(size=2, seed=6), 5)
    given = np.random.default_rng(0).normal(size=(5, 2, 1))
    module = {}
    exec(compile(export_module(LSTM), "LSTM", "exec"), module)
    params = module["Params"](*[v[:, 0] if p.cols == 1 else v for p, v in trajectory.parameters.items()])
    x = next(v for s, v in trajectory.sequences.items() if s.text == "x")[1:, None, :, 0]
    zero = module["State"](np.zeros((1, 2)), np.zeros((1, 2)))
    _, _, cache = module["forward"](params, x, zero)
    d_params, d_x, _ = module["backward"](params, cache, given[:, None, :, 0], zero)
    weights, first = gradients(trajectory, bptt(LSTM), given, copied=False)
    np.testing.assert_allclose(weights, np.concatenate([d.ravel() for d in d_params]), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(first[:, 0], d_x[0, 0], rtol=1e-12)
