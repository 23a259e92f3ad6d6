"""A step, and the forward pass alone, of the modules of PyTorch, JAX and the array API."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_sym.activations import tanh
from lstm_sym.cells import CELLS, LSTM
from lstm_sym.export import experiment as experiments
from lstm_sym.export import export_module, streams
from lstm_sym.export.check import relative_error
from lstm_sym.export.experiment import experiment_on, imported, structures
from lstm_sym.export.plan import with_activation

from . import backends
from .backends import ARRAYS, SINGLE, TOLERANCE, by_steps, converted, forward_of_both, module_of
from .cells import CELLS as MORE

ZOO = {name: with_activation(cell, tanh) for name, cell in CELLS.items()}
OTHERS = {f"other {cell.name}": cell for cell in MORE}
T = 11
CHUNK = 600
"""The numbers of a chunk here: T steps are several chunks, the last one shorter."""


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch):
    monkeypatch.setattr(streams, "CHUNK_NUMBERS", CHUNK)
    monkeypatch.setattr(experiments, "T", T)


def require_agreement(cell, backend, dtype):
    convert, back = ARRAYS[backend]()
    exact = experiment_on(cell)
    wanted = forward_of_both(exact, module_of(cell))
    experiment = converted(exact, lambda value: convert(value.astype(dtype)))
    alone = imported(export_module(cell, backend, forward_only=True, step=True), cell.name)
    found = [backends.forward_alone(experiment, alone, back), by_steps(experiment, alone, back)]
    found.append(by_steps(experiment, module_of(cell, backend, step=True), back))
    for values in found:
        assert values.keys() == wanted.keys()
        for name, value in values.items():
            assert value.dtype == dtype and relative_error(value, wanted[name]) <= TOLERANCE[dtype], name


@pytest.mark.parametrize("name", [*ZOO, *OTHERS])
@pytest.mark.parametrize("backend", ["torch", "array-api"])
def test_every_cell_agrees_with_numpy(backend, name):
    for dtype in TOLERANCE:
        require_agreement({**ZOO, **OTHERS}[name], backend, dtype)


@pytest.mark.parametrize("name", SINGLE)
def test_cells_with_every_operation_of_the_zoo_agree_with_numpy_in_jax(name):
    ARRAYS["jax"]()
    import jax

    with jax.disable_jit():
        require_agreement(ZOO[name], "jax", "float64")
        require_agreement(ZOO[name], "jax", "float32")


@pytest.mark.parametrize("name", ["LSTM", "SRU", "RNN_loss"])
def test_jax_compiles_both(name):
    convert, back = ARRAYS["jax"]()
    import jax

    cell = ZOO[name]
    experiment = converted(experiment_on(cell), convert)
    module = imported(export_module(cell, "jax", forward_only=True, step=True), name)
    wanted = forward_of_both(experiment_on(cell), module_of(cell))
    module.forward, module.step = jax.jit(module.forward), jax.jit(module.step)
    for found in (backends.forward_alone(experiment, module, back), by_steps(experiment, module, back)):
        for key, value in found.items():
            assert relative_error(value, wanted[key]) <= TOLERANCE["float64"], key


@pytest.mark.parametrize("steps", [9, 40])
@pytest.mark.parametrize("backend", ARRAYS)
def test_no_more_than_a_chunk_of_steps_is_computed_at_once(backend, steps, monkeypatch):
    """So that nothing but the outputs grows with the steps: every array beside them is of a call of advance."""
    monkeypatch.setattr(experiments, "T", steps)
    convert, back = ARRAYS[backend]()
    experiment = converted(experiment_on(LSTM), convert)
    module = imported(export_module(LSTM, backend, forward_only=True), "LSTM")
    seen, advance = [], module.advance

    def watched(params, x, state):
        seen.append(x.shape[0])
        return advance(params, x, state)

    module.advance = watched
    backends.forward_alone(experiment, module, back)
    n = experiment.states["h"].shape[1]
    assert 0 < max(seen) <= CHUNK // (experiments.B * 10 * n) < 9
    if backend != "jax":
        assert sum(seen) == steps


@pytest.mark.parametrize("backend", ["torch", "array-api"])
def test_the_outputs_of_a_chunk_hold_no_larger_array(backend):
    """An output that is a part of an array of a chunk would keep all of it."""
    import torch

    module = imported(export_module(ZOO["LSTM_block"], backend, forward_only=True), "block")
    arrays = experiment_on(ZOO["LSTM_block"])
    given = structures(module, arrays.cell, *[
        {k: torch.from_numpy(v) for k, v in group.items()} for group in (arrays.params, arrays.inputs, arrays.states)
    ])  # fmt: skip
    outputs, _ = module.forward(*given)
    assert outputs.untyped_storage().nbytes() == outputs.numel() * outputs.element_size()


@pytest.mark.parametrize("backend", ARRAYS)
def test_the_forward_pass_alone_has_nothing_of_a_backward_pass(backend):
    ARRAYS[backend]()
    source = export_module(LSTM, backend, forward_only=True)
    module = imported(source, "LSTM")
    assert not {"backward", "Cache", "run", "Recurrence", "Layer"} & set(vars(module))
    assert ": forward over a sequence and a batch, in" in source and "does not grow with T" in module.forward.__doc__
    assert hasattr(module, "from_torch") == (backend == "torch")


@pytest.mark.parametrize(
    "change, kind, message",
    [
        (lambda x, s: (x[None, ...], s), ValueError, r"x_t has shape .*; wanted the axes \(B, d\)"),
        (lambda x, s: (x[:, :1], s), ValueError, r"x_t has shape .*; wanted \(B, d\) = \(5, 2\)"),
        (lambda x, s: (x, s._replace(h=s.h[:1, :])), ValueError, "state.h has shape"),
        (lambda x, s: (np.zeros((5, 2)).tolist(), s), TypeError, "x_t is of type list"),
    ],
)
@pytest.mark.parametrize("backend", ARRAYS)
def test_wrong_arguments_of_a_step_are_named(backend, change, kind, message):
    convert, _ = ARRAYS[backend]()
    experiment = converted(experiment_on(LSTM), convert)
    module = module_of(LSTM, backend, step=True)
    params, x, state = structures(module, LSTM, experiment.params, experiment.inputs, experiment.states)
    with pytest.raises(kind, match=message):
        module.step(params, *change(x[0, ...], state))
