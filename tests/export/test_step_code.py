"""A single step of the NumPy modules, again and again, gives what their forward pass gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_sym.activations import tanh
from lstm_sym.cells import CELLS, LSTM
from lstm_sym.export import experiment as experiments
from lstm_sym.export import export_module
from lstm_sym.export.check import relative_error
from lstm_sym.export.experiment import experiment_on
from lstm_sym.export.plan import with_activation

from .backends import TOLERANCE, by_steps, converted, forward_of_both, module_of
from .cells import CELLS as MORE

ALL = [with_activation(cell, tanh) for cell in (*CELLS.values(), *MORE)]
SOME = [
    cell for cell in ALL if cell.name in ("LSTM", "GRU", "RNN_loss", "two_outputs", "mLSTM", "LSTM_block", "no_state")
]


def prepared_once(module):
    """What makes parameters ready, once."""
    kept = {}
    return lambda params: kept.setdefault("ready", module.Prepared(params))


def require_agreement(experiment, module, bound):
    wanted = forward_of_both(experiment, module)
    for found in (by_steps(experiment, module), by_steps(experiment, module, ready=prepared_once(module))):
        assert found.keys() == wanted.keys()
        for name, value in found.items():
            assert value.dtype == wanted[name].dtype and relative_error(value, wanted[name]) <= bound, name


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("cell", ALL, ids=lambda cell: cell.name)
def test_steps_are_the_forward_pass(cell, dtype):
    experiment = converted(experiment_on(cell), lambda value: value.astype(dtype))
    require_agreement(experiment, module_of(cell, step=True), TOLERANCE[dtype])


@pytest.mark.parametrize("cell", ALL, ids=lambda cell: cell.name)
def test_one_sequence(cell, monkeypatch):
    monkeypatch.setattr(experiments, "B", 1)
    require_agreement(experiment_on(cell), module_of(cell, step=True), TOLERANCE["float64"])


@pytest.mark.parametrize("cell", SOME, ids=lambda cell: cell.name)
def test_all_sizes(cell, monkeypatch):
    module = module_of(cell, step=True)

    @settings(max_examples=15, deadline=None)
    @given(st.integers(1, 5), st.integers(1, 4), st.permutations([1, 2, 3, 4, 5, 6, 7]), st.integers(0, 99))
    def agrees(T, B, sizes, seed):
        monkeypatch.setattr(experiments, "T", T)
        monkeypatch.setattr(experiments, "B", B)
        monkeypatch.setattr(experiments, "SIZES", tuple(sizes))
        require_agreement(experiment_on(cell, seed), module, 1e-11)

    agrees()


# --- one call -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lstm():
    return module_of(LSTM, step=True)


def drawn(module, B=2, n=3, d=4, dtype=np.float64):
    rng = np.random.default_rng(3)
    length = {"T": 5, "B": B, "n": n, "d": d}
    values = {k: rng.normal(0, 0.5, [length[a] for a in v]).astype(dtype) for k, v in module.SHAPES.items()}
    groups = [[v for k, v in values.items() if k.startswith(f"{group}.")] for group in ("params", "state")]
    return module.Params(*groups[0]), values["x_t"], module.State(*groups[1])


def test_the_step_of_the_LSTM_is_one_product(lstm):
    source = export_module(LSTM, step=True)
    body = source[source.index("def step(") :]
    assert body.count(".dot(") == 1 and "matmul" not in body and body.count("tanh(") == 4  # two calls, two comments
    assert "# c[t] = hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t])\n    multiply(f, c_prev, c)\n" in body
    assert source.startswith(export_module(LSTM).split("Source:")[0])


@pytest.mark.parametrize("cell", SOME, ids=lambda cell: cell.name)
def test_results_are_the_callers_own(cell):
    """Writing into an output or a state changes nothing in later calls, and later calls nothing in them."""
    experiment, module = experiment_on(cell), module_of(cell, step=True)
    params, x, state = experiments.structures(module, cell, experiment.params, experiment.inputs, experiment.states)
    first = module.Inputs(*[v[0] for v in x]) if hasattr(module, "Inputs") else x[0]
    ready = module.Prepared(params)
    before = [value.copy() for value in state]
    outputs, after = module.step(ready, first, state)
    kept = [value.copy() for value in (*flat(outputs), *after)]
    module.step(ready, first, after)
    for a, b in zip(kept, (*flat(outputs), *after), strict=True):
        np.testing.assert_array_equal(a, b)
    for value in flat(outputs):
        value[...] = np.nan
    for a, b in zip((*before, *kept[len(flat(outputs)) :]), (*state, *after), strict=True):
        np.testing.assert_array_equal(a, b)


def flat(outputs):
    return list(outputs) if isinstance(outputs, tuple) else [outputs]


def test_one_prepared_serves_any_number_of_sequences(lstm):
    params, *_ = drawn(lstm)
    ready = lstm.Prepared(params)
    for B in (2, 1, 3, 2):
        _, x_t, state = drawn(lstm, B=B)
        for a, b in zip(lstm.step(ready, x_t, state)[1], lstm.step(params, x_t, state)[1], strict=True):
            np.testing.assert_array_equal(a, b)


def test_strided_and_read_only_arguments(lstm):
    params, x_t, state = drawn(lstm)
    wanted = lstm.step(params, x_t, state)[0]
    turned = lstm.Params(*[np.asfortranarray(value) for value in params])
    wide = np.zeros((2, 8))[:, ::2]
    wide[...] = x_t
    wide.flags.writeable = False
    np.testing.assert_allclose(lstm.step(turned, wide, state)[0], wanted, rtol=1e-13)


@pytest.mark.parametrize("size", [1000.0, -1000.0])
def test_saturated_gates_warn_of_nothing(lstm, size):
    params, x_t, state = drawn(lstm)
    params = params._replace(b_f=np.full(3, size), b_o=np.full(3, -size))
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        assert all(np.isfinite(value).all() for value in lstm.step(params, x_t, state)[1])


@pytest.mark.parametrize("prepared", [False, True], ids=["params", "prepared"])
@pytest.mark.parametrize(
    "change, kind, message",
    [
        (lambda p, x, s: (x[None], s), ValueError, r"x_t has shape \(1, 2, 4\); wanted the axes \(B, d\)"),
        (lambda p, x, s: (x[:, :2], s), ValueError, r"x_t has shape \(2, 2\); wanted \(B, d\) = \(2, 4\)"),
        (lambda p, x, s: (x[:0], s), ValueError, "there is no sequence to compute: B is 0"),
        (lambda p, x, s: (x.tolist(), s), TypeError, "x_t is of type list; wanted an array of float32 or float64"),
        (lambda p, x, s: (x.astype("float32"), s), TypeError, "x_t is float32, the arguments before it are float64"),
        (lambda p, x, s: (x, s._replace(c=s.c[:1])), ValueError, r"state.c has shape \(1, 3\); wanted \(B, n\)"),
        (lambda p, x, s: (x, s.h), TypeError, r"state is a ndarray of \['state'\]; wanted \['state.h', 'state.c'\]"),
        (lambda p, x, s: (x, tuple(s)), TypeError, "state is a tuple of"),
        (lambda p, x, s: (x, None), TypeError, "state is a NoneType of"),
    ],
)
def test_wrong_arguments_are_named(lstm, prepared, change, kind, message):
    params, x_t, state = drawn(lstm)
    given = lstm.Prepared(params) if prepared else params
    if prepared:
        lstm.step(given, x_t, state)
    with pytest.raises(kind, match=message):
        lstm.step(given, *change(params, x_t, state))


@pytest.mark.parametrize(
    "change, kind, message",
    [
        (lambda p: p._replace(W_i=p.W_i[:2]), ValueError, r"params.W_i has shape \(2, 3\); wanted \(n, n\)"),
        (lambda p: p._replace(U_o=None), TypeError, "params.U_o is of type NoneType"),
        (lambda p: list(p), TypeError, "params is a list of"),
    ],
)
def test_wrong_parameters_are_named_when_they_are_prepared(lstm, change, kind, message):
    params, *_ = drawn(lstm)
    with pytest.raises(kind, match=message):
        lstm.Prepared(change(params))
