"""The forward pass alone gives what forward and backward give forward, in memory that does not grow with the steps."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from lstm_sym.activations import tanh
from lstm_sym.cells import CELLS, LSTM
from lstm_sym.export import experiment as experiments
from lstm_sym.export import export_module, forward_alone
from lstm_sym.export.check import relative_error
from lstm_sym.export.experiment import experiment_on, imported, structures
from lstm_sym.export.plan import with_activation

from . import backends
from .backends import TOLERANCE, by_steps, converted, forward_of_both, module_of
from .cells import CELLS as MORE

ALL = [with_activation(cell, tanh) for cell in (*CELLS.values(), *MORE)]


def made(cell, monkeypatch, **options):
    """A module whose chunks are short, so that a few steps are several of them, the last one shorter."""
    monkeypatch.setattr(forward_alone, "CHUNK_BYTES", 3000)
    return imported(export_module(cell, forward_only=True, **options), cell.name)


@pytest.mark.parametrize("cell", ALL, ids=lambda cell: cell.name)
def test_it_is_the_forward_pass_of_both(cell, monkeypatch):
    monkeypatch.setattr(experiments, "T", 23)
    module = made(cell, monkeypatch)
    for dtype, bound in TOLERANCE.items():
        experiment = converted(experiment_on(cell), lambda value, dtype=dtype: value.astype(dtype))
        wanted = forward_of_both(experiment, module_of(cell))
        found = backends.forward_alone(experiment, module)
        assert found.keys() == wanted.keys()
        for name, value in found.items():
            assert value.dtype == dtype and relative_error(value, wanted[name]) <= bound, name


@pytest.mark.parametrize("T, B", [(1, 1), (2, 1), (40, 1), (7, 6)])
@pytest.mark.parametrize("name", ["LSTM", "minGRU", "mLSTM", "RNN_loss"])
def test_any_number_of_steps(name, T, B, monkeypatch):
    monkeypatch.setattr(experiments, "T", T)
    monkeypatch.setattr(experiments, "B", B)
    cell = CELLS[name]
    if name == "RNN_loss":
        cell = with_activation(cell, tanh)
    experiment = experiment_on(cell)
    wanted = forward_of_both(experiment, module_of(cell))
    for key, value in backends.forward_alone(experiment, made(cell, monkeypatch)).items():
        assert relative_error(value, wanted[key]) <= TOLERANCE["float64"], key


@pytest.mark.parametrize("name", ["LSTM", "mLSTM", "GRU"])
def test_with_a_step(name, monkeypatch):
    module = made(CELLS[name], monkeypatch, step=True)
    experiment = experiment_on(CELLS[name])
    wanted = backends.forward_alone(experiment, module)
    for key, value in by_steps(experiment, module).items():
        assert relative_error(value, wanted[key]) <= TOLERANCE["float64"], key


@pytest.mark.parametrize("name", ["LSTM", "GRU", "minGRU", "sLSTM", "mLSTM"])
def test_the_memory_beside_the_outputs_does_not_grow(name, monkeypatch):
    """From 500 steps, which are several chunks, to 4000."""
    cell = CELLS[name]
    module = imported(export_module(cell, forward_only=True), name)

    def beside(T):
        monkeypatch.setattr(experiments, "T", T)
        monkeypatch.setattr(experiments, "SIZES", (16, 16, 16, 16))
        experiment = experiment_on(cell)
        given = structures(module, cell, experiment.params, experiment.inputs, experiment.states)
        module.forward(*given)
        tracemalloc.start()
        outputs, _ = module.forward(*given)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak - outputs.nbytes

    few, many = beside(500), beside(4000)
    assert many <= few + 4096
    assert few > 0


def test_there_is_nothing_of_a_backward_pass():
    source = export_module(LSTM, forward_only=True)
    module = imported(source, "LSTM")
    assert not {"backward", "Cache", "coefficients", "fitting"} & set(vars(module))
    assert not [name for name in module.SHAPES if name.startswith("d_")]
    assert (
        source.startswith('"""LSTM: forward over a sequence and a batch, in NumPy.')
        and "gradient" not in source.split("class")[0]
    )
    assert "does not grow with T" in module.forward.__doc__
    assert "# c[t] = hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t])" in source and "tanh_c" not in source


def test_results_are_the_callers_own():
    module = imported(export_module(LSTM, forward_only=True), "LSTM")
    experiment = experiment_on(LSTM)
    given = structures(module, LSTM, experiment.params, experiment.inputs, experiment.states)
    outputs, final = module.forward(*given)
    kept = [outputs.copy(), *(value.copy() for value in final)]
    outputs[...] = np.nan
    np.testing.assert_array_equal(final.h, kept[1])
    again, last = module.forward(*given)
    np.testing.assert_array_equal(again, kept[0])
    assert not np.shares_memory(last.h, again)


@pytest.mark.parametrize(
    "change, kind, message",
    [
        (lambda p, x, s: (p, x[:0], s), ValueError, "there is no step to compute: T is 0"),
        (lambda p, x, s: (p, x[0], s), ValueError, r"x has shape \(5, 2\); wanted the axes \(T, B, d\)"),
        (lambda p, x, s: (p, x, s._replace(h=s.h[:, :1])), ValueError, r"state.h has shape \(5, 1\); wanted \(B, n\)"),
        (lambda p, x, s: (p._replace(b_f=1.0), x, s), TypeError, "params.b_f is of type float"),
    ],
)
def test_wrong_arguments_are_named(change, kind, message):
    module = module_of(LSTM, forward_only=True)
    experiment = experiment_on(LSTM)
    given = structures(module, LSTM, experiment.params, experiment.inputs, experiment.states)
    with pytest.raises(kind, match=message):
        module.forward(*change(*given))
