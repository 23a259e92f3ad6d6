"""The terms of a gradient: they sum to what the exported module computes, and none is lost."""

import numpy as np
import pytest

from lstm_sym import export_module
from lstm_sym.backpropagation import bptt
from lstm_sym.cells import cell_named
from lstm_sym.flow import Setting, contributions, run
from lstm_sym.flow.weight_gradient import adjoints_of

CELLS = ["RNN_tanh", "LSTM", "LSTM_1997", "peephole_LSTM"]


@pytest.mark.parametrize("name", CELLS)
def test_the_terms_sum_to_the_gradient_of_the_exported_module(name):
    trajectory = run(cell_named(name), Setting(size=3, seed=1), 12)
    cell = trajectory.cell
    module = {}
    exec(compile(export_module(cell), name, "exec"), module)
    params = module["Params"](*[v[:, 0] if p.cols == 1 else v for p, v in trajectory.parameters.items()])
    zero = module["State"](*[np.zeros((1, 3)) for _ in cell.states])
    x = trajectory.sequences[cell.inputs[0]][1:, None, :, 0]
    _, _, cache = module["forward"](params, x, zero)
    gradient = np.random.default_rng([0, 2]).normal(size=(3, 1))
    gradient /= np.linalg.norm(gradient)
    last = module["State"](gradient.T, *[np.zeros((1, 3)) for _ in cell.states[1:]])
    wanted = module["backward"](params, cache, np.zeros((12, 1, 3)), last)[0]
    for parameter in cell.parameters:
        found = contributions(trajectory, parameter.text)
        norm = np.linalg.norm(getattr(wanted, parameter.text))
        np.testing.assert_allclose(10**found.total, norm, rtol=1e-12)
        assert found.term.shape == found.rest.shape == (12,) and found.rest[-1] == -np.inf


def test_no_term_vanishes_over_ten_thousand_steps():
    trajectory = run(cell_named("RNN"), Setting(size=3), 10_000)
    found = contributions(trajectory, "W")
    assert np.isfinite(found.term[:-1]).all() and found.term[-2] < -1000
    assert found.term[-1] == -np.inf, "the oldest term meets the zero state"


def test_recent_terms_carry_the_gradient_of_a_contracting_network():
    """Sensitivities vanish, the gradient does not: the newest terms hold nearly all of it."""
    found = contributions(run(cell_named("RNN"), Setting(size=8, gain=0.5), 100), "W")
    assert found.total > -1 and found.missing[4] < 0.03 and found.missing[20] < 1e-6


def test_adjoints_are_those_of_central_differences():
    trajectory = run(cell_named("LSTM"), Setting(size=2, seed=3), 5)
    gradient = np.array([[0.6], [0.8]])
    found, logs = adjoints_of(trajectory, bptt(trajectory.cell, seeds=trajectory.cell.states[:1]), gradient)
    delta_c = next(v for s, v in found.items() if s.text == "delta_c") * 10.0 ** logs[:, None, None]
    h, c = trajectory.cell.states

    def loss(move):
        from lstm_sym.flow.trajectory import _fill

        sequences = {s: values[2:].copy() for s, values in trajectory.sequences.items()}
        sequences[c][0] += move
        _fill(trajectory.cell, 3, trajectory.parameters, sequences)
        return (gradient * sequences[h][-1]).sum()

    f = trajectory.sequences[next(s for s in trajectory.sequences if s.text == "f")]
    moves = 1e-6 * np.eye(2)[..., None]
    slopes = [(loss(m) - loss(-m)) / 2e-6 for m in moves]
    # c at step 2 reaches the loss through c at step 3 alone, apart from the output of step 2, which is held fixed.
    np.testing.assert_allclose((delta_c[2] * f[3])[:, 0], slopes, rtol=1e-6)


def test_an_unknown_parameter_is_told():
    with pytest.raises(ValueError, match="cell RNN has no parameter 'Q'; its parameters are W, U, b"):
        contributions(run(cell_named("RNN"), Setting(size=2), 3), "Q")
