"""The JAX module compiled, differentiated and mapped over a further axis."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_sym.cells import CELLS
from lstm_sym.export.check import relative_error
from lstm_sym.export.experiment import experiment_on

from .backends import converted, jax_arrays, module_of, results

jax = pytest.importorskip("jax", reason="the extra jax is not installed")


@pytest.mark.parametrize("name", ["LSTM", "GRU", "minGRU", "mLSTM"])
def test_a_compiled_gradient_agrees_with_numpy(name):
    convert, back = jax_arrays()
    cell = CELLS[name]
    exact, module = experiment_on(cell), module_of(cell, "jax")
    wanted = results(exact, module_of(cell))
    there = converted(exact, convert)
    params, x, state = module.Params(*there.params.values()), there.inputs["x"], module.State(*there.states.values())
    (d_outputs,), d_state = there.d_outputs.values(), there.d_state.values()

    def loss(params, x, state):
        outputs, final = module.run(params, x, state)
        return (outputs * d_outputs).sum() + sum((a * b).sum() for a, b in zip(final, d_state, strict=True))

    d_params, d_x, d_initial = jax.jit(jax.grad(loss, (0, 1, 2)))(params, x, state)
    found = dict(zip(exact.params, d_params, strict=True)) | {"x": d_x}
    found |= {f"{k}0": value for k, value in zip(exact.states, d_initial, strict=True)}
    for quantity, value in found.items():
        assert relative_error(back(value), wanted[f"d {quantity}"]) <= 1e-12, quantity


def test_it_maps_over_several_sequences_of_batches():
    convert, back = jax_arrays()
    module = module_of(CELLS["SRU"], "jax")
    experiment = converted(experiment_on(CELLS["SRU"]), convert)
    params, state = module.Params(*experiment.params.values()), module.State(*experiment.states.values())
    x = jax.numpy.stack([experiment.inputs["x"], 2 * experiment.inputs["x"]])

    def total(x):
        return module.run(params, x, state)[0].sum()

    gradient = jax.grad(total)
    mapped = jax.jit(jax.vmap(gradient))(x)
    single = jax.jit(gradient)
    for k in range(2):
        assert np.abs(back(mapped[k]) - back(single(x[k]))).max() <= 1e-12
