"""The modules of PyTorch, JAX and the array API agree with the NumPy module on every cell, and name what is wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_sym.activations import tanh
from lstm_sym.cells import CELLS, GRU, LSTM, RNN_TANH, cell_named
from lstm_sym.export import experiment as experiments
from lstm_sym.export import export_module
from lstm_sym.export.check import relative_error
from lstm_sym.export.experiment import experiment_on
from lstm_sym.export.freshness import staleness
from lstm_sym.export.plan import plan_of, with_activation
from lstm_sym.export.recurrence import backward_flow, forward_flow

from .backends import ARRAYS, SINGLE, TOLERANCE, converted, module_of, operations, results
from .cells import CELLS as MORE

ZOO = {name: with_activation(cell, tanh) for name, cell in CELLS.items()}
OTHERS = {f"other {cell.name}": cell for cell in MORE}
backends = pytest.mark.parametrize("backend", ARRAYS)


@pytest.mark.parametrize("name", [*ZOO, *OTHERS])
@pytest.mark.parametrize("backend", ["torch", "array-api"])
def test_every_cell_agrees_with_numpy(backend, name):
    for dtype in TOLERANCE:
        _require_agreement({**ZOO, **OTHERS}[name], backend, dtype)


@pytest.mark.parametrize("name", ZOO)
def test_every_cell_of_the_zoo_agrees_with_numpy_in_jax(name):
    """Without compilation, which takes most of the time; test_jax_backend compiles some."""
    ARRAYS["jax"]()
    import jax

    with jax.disable_jit():
        _require_agreement(ZOO[name], "jax", "float64")
        if name in SINGLE:
            _require_agreement(ZOO[name], "jax", "float32")


def test_the_cells_in_float32_have_every_operation_of_the_zoo():
    found = {name: operations(cell) for name, cell in ZOO.items()}
    assert set().union(*(found[name] for name in SINGLE)) == set().union(*found.values())


@cache
def numpy_results(cell):
    return results(experiment_on(cell), module_of(cell))


def _require_agreement(cell, backend, dtype):
    convert, back = ARRAYS[backend]()
    exact = experiment_on(cell)
    wanted = numpy_results(cell)
    found = results(converted(exact, lambda value: convert(value.astype(dtype))), module_of(cell, backend))
    assert found.keys() == wanted.keys()
    for name, value in found.items():
        assert back(value).dtype == dtype, name
        assert relative_error(back(value), wanted[name]) <= TOLERANCE[dtype], name


@pytest.mark.parametrize("backend", ["torch", "array-api"])
@pytest.mark.parametrize("name", ["LSTM", "GRU", "SRU", "QRNN"])
def test_all_sizes_agree(backend, name, monkeypatch):
    convert, back = ARRAYS[backend]()
    cell = ZOO[name]
    ours, theirs = module_of(cell, backend), module_of(cell)

    @settings(max_examples=8, deadline=None)
    @given(st.integers(1, 6), st.integers(1, 4), st.permutations([1, 2, 3, 4, 5, 6, 7]), st.integers(0, 99))
    def agrees(T, B, sizes, seed):
        monkeypatch.setattr(experiments, "T", T)
        monkeypatch.setattr(experiments, "B", B)
        monkeypatch.setattr(experiments, "SIZES", tuple(sizes))
        experiment = experiment_on(cell, seed)
        wanted = results(experiment, theirs)
        for quantity, value in results(converted(experiment, convert), ours).items():
            assert relative_error(back(value), wanted[quantity]) <= 1e-11, quantity

    agrees()


# --- what recurs --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["diagonal_linear", "minGRU", "minLSTM", "SRU", "QRNN"])
def test_a_diagonal_linear_recurrence_is_an_associative_scan_in_both_directions(name):
    plan = plan_of(ZOO[name])
    for flow in (forward_flow(plan), backward_flow(plan)):
        assert [stage.diagonal is not None for stage in flow.stages if stage.carried] == [True]
    source = export_module(ZOO[name], "jax")
    assert "associative_scan" in source and "lax.scan" not in source


@pytest.mark.parametrize("name", ["RNN_tanh", "linear_RNN", "LSTM", "GRU", "sLSTM", "IndRNN"])
def test_a_recurrence_that_is_not_diagonal_and_linear_is_a_scan(name):
    assert all(stage.diagonal is None for stage in forward_flow(plan_of(ZOO[name])).stages)


def test_the_truncated_derivative_of_the_lstm_recurs_along_the_carousel_alone():
    (scan,) = [stage for stage in backward_flow(plan_of(ZOO["LSTM_truncated"])).stages if stage.carried]
    assert scan.diagonal is not None and [letter.text for letter in scan.carried] == ["back c"]


# --- the files ----------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("ruff", path=sys.prefix + "/bin") is None, reason="ruff is not installed")
def test_the_files_pass_ruff(tmp_path):
    for backend in ARRAYS:
        for name in ("LSTM", "GRU", "peephole_LSTM", "SRU", "sLSTM", "layer_norm_LSTM", "RNN_loss", "FGR"):
            (tmp_path / f"{name}_{backend.replace('-', '_')}.py").write_text(export_module(ZOO[name], backend))
    run = [f"{sys.prefix}/bin/ruff", "check", "--isolated", "--line-length=120", "--select=E,F,I,B,UP,SIM,RUF"]
    done = subprocess.run([*run, "--ignore=RUF001,RUF002,RUF003,E741,B905", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@backends
def test_a_file_says_where_it_comes_from(backend):
    source = export_module(LSTM, backend)
    assert staleness(source) is None and staleness(source, GRU) is not None
    assert "# c[t] = hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t])" in source
    assert "truncated: no gradient passes a stop_gradient" in export_module(cell_named("LSTM_truncated"), backend)


# --- numbers and misuse -------------------------------------------------------------------------


@backends
@pytest.mark.parametrize("scale", [1000.0, -1000.0])
def test_numbers_are_right_far_out(backend, scale):
    """Pre-activations of ±1000 saturate; nothing overflows, nothing is NaN."""
    convert, back = ARRAYS[backend]()
    experiment = experiment_on(LSTM)
    params = {k: np.full_like(v, scale) if k.startswith("b") else v for k, v in experiment.params.items()}
    far = replace(experiment, params=params)
    wanted = results(far, module_of(LSTM))
    for name, value in results(converted(far, convert), module_of(LSTM, backend)).items():
        assert np.isfinite(back(value)).all(), name
        assert relative_error(back(value), wanted[name]) <= 1e-12, name


@backends
@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"x": np.zeros((4, 5))}, ValueError, r"x has shape .*; wanted the axes \(T, B, d\)"),
        ({"x": np.zeros((4, 5, 2), np.float32)}, TypeError, r"x is .*float32, the arguments before it are .*float64"),
        ({"x": np.zeros((4, 5, 2), np.int64)}, TypeError, r"x is of type .*int64; wanted an array"),
        ({"x": np.zeros((0, 5, 2))}, ValueError, "there is no step to compute: T is 0"),
        ({"x": np.zeros((4, 0, 2)), "h": np.zeros((0, 3))}, ValueError, "there is no sequence to compute: B is 0"),
        ({"h": np.zeros((5, 4))}, ValueError, r"(state.h|params.W) has shape"),
    ],
)
def test_what_is_wrong_is_named(backend, change, error, message):
    convert, _ = ARRAYS[backend]()
    module = module_of(RNN_TANH, backend)
    given = {"W": np.zeros((3, 3)), "U": np.zeros((3, 2)), "b": np.zeros(3)}
    given |= {"x": np.zeros((4, 5, 2)), "h": np.zeros((5, 3)), **change}
    W, U, b, x, h = (convert(value) for value in given.values())
    with pytest.raises(error, match=message):
        module.forward(module.Params(W, U, b), x, module.State(h))


@backends
def test_an_argument_that_is_no_array_of_the_library_is_named(backend):
    ARRAYS[backend]()
    module = module_of(RNN_TANH, backend)
    with pytest.raises(TypeError, match=r"params.W is of type list; wanted an array"):
        module.forward(module.Params([[0.0]], [[0.0]], [0.0]), [[[0.0]]], module.State([[0.0]]))
