"""The bounds hold at every step, and are what the formula for the LSTM says."""

import numpy as np
import pytest

from lstm_sym.cells import CELLS, LSTM
from lstm_sym.flow import Setting, run, step_jacobian
from lstm_sym.flow.bounds import norm_bound, step_bounds
from lstm_sym.nodes import Eye, Transposed, Zero
from lstm_sym.symbols import Parameter, Sequence, sizes, t

CANCELLING = ("sLSTM", "layer_norm_LSTM")
"""Here terms of the Jacobian cancel, the paths through the stabiliser or the parts of a projection, which the triangle
inequality cannot see: the bound is true and loose."""


@pytest.mark.parametrize(
    "name, gain", [*((name, 3.0) for name in CELLS), *((name, 0.5) for name in ("RNN", "LSTM", "GRU", *CANCELLING))]
)
def test_no_step_exceeds_its_bound(name, gain):
    trajectory = run(CELLS[name], Setting(size=3, seed=1, gain=gain, inputs=0 if name == "linear_RNN" else 1), 40)
    jacobian = step_jacobian(trajectory)
    norms = np.linalg.norm(jacobian.at(1, 40), 2, axis=(1, 2))
    bounds = step_bounds(jacobian.formula, trajectory)
    assert bounds.shape == (40,) and (norms <= bounds * (1 + 1e-12)).all()
    assert name in CANCELLING or (bounds < 30 * norms).all(), "the bound says something"


def test_the_bound_of_the_lstm_is_the_one_derived():
    trajectory = run(LSTM, Setting(size=4, seed=2, fixed={"b_f": 1}), 12)
    W = {p.text[2:]: np.linalg.norm(v, 2) for p, v in trajectory.parameters.items() if p.text.startswith("W_")}
    v = {s.text: values[..., 0] for s, values in trajectory.sequences.items()}
    bounds = step_bounds(step_jacobian(trajectory).formula, trajectory)
    for k in range(1, 13):
        f, i, z, o, c = (v[name][k] for name in "fizoc")
        before = v["c"][k - 1]
        slope = 1 - np.tanh(c) ** 2
        a = (
            abs(before * f * (1 - f)).max() * W["f"]
            + abs(z * i * (1 - i)).max() * W["i"]
            + abs(i * (1 - z**2)).max() * W["z"]
        )
        to_h = abs(np.tanh(c) * o * (1 - o)).max() * W["o"] + abs(o * slope).max() * a
        wanted = np.linalg.norm([[to_h, abs(o * slope * f).max()], [a, f.max()]], 2)
        assert bounds[k - 1] == pytest.approx(wanted, rel=1e-12)


def test_a_bound_is_nearly_attained_where_units_agree():
    """With no recurrent weight and one forget gate for all units, only the output paths differ between units."""
    closed = {name: 0.0 for name in ("W_f", "W_i", "W_z", "W_o", "b_i", "U_f")}
    trajectory = run(LSTM, Setting(size=3, fixed=closed | {"b_f": 2.0}), 5)
    jacobian = step_jacobian(trajectory)
    norms = np.linalg.norm(jacobian.at(1, 5), 2, axis=(1, 2))
    np.testing.assert_allclose(step_bounds(jacobian.formula, trajectory), norms, rtol=0.05)


def test_rules_for_single_nodes():
    n = sizes("n")
    trajectory = run(CELLS["RNN"], Setting(size=3, seed=1), 4)
    W = next(p for p in trajectory.parameters if p.text == "W")
    norm = np.linalg.norm(trajectory.parameters[W], 2)
    assert norm_bound(Transposed(W), trajectory) == pytest.approx(norm)
    assert norm_bound(W, trajectory) == pytest.approx(norm)
    assert norm_bound(Eye(n), trajectory) == 1 and norm_bound(Zero(n, n), trajectory) == 0
    h = Sequence("h", n)
    assert norm_bound(h[t], trajectory).shape == (4,)
    assert isinstance(W, Parameter)
