"""What the tests of the backends share: arrays of a library, and an experiment whose arrays are a library's."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from lstm_sym.export import export_module
from lstm_sym.export.experiment import Experiment, imported

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
GROUPS = ("params", "inputs", "states", "d_outputs", "d_state")


def holds_columns(cell) -> bool:
    """Whether no sequence of a cell is a matrix; these backends refuse the others."""
    return all(sequence.shape[1] == 1 for sequence in (*cell.inputs, *cell.order))


def torch_arrays():
    torch = pytest.importorskip("torch", reason="the extra torch is not installed")
    return torch.from_numpy, lambda value: value.detach().numpy()


def jax_arrays():
    jax = pytest.importorskip("jax", reason="the extra jax is not installed")
    jax.config.update("jax_enable_x64", True)
    return jax.numpy.asarray, np.asarray


def strict_arrays():
    pytest.importorskip("array_api_compat", reason="the extra array-api is not installed")
    strict = pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    return strict.asarray, lambda value: np.asarray(value._array)


ARRAYS = {"torch": torch_arrays, "jax": jax_arrays, "array-api": strict_arrays}
"""For each backend, what makes its arrays from NumPy's, and what makes NumPy's from them."""


def converted(experiment: Experiment, convert) -> Experiment:
    """The same experiment with other arrays."""
    groups = {name: {k: convert(v) for k, v in getattr(experiment, name).items()} for name in GROUPS}
    return replace(experiment, **groups)


def results(experiment: Experiment, module):
    """Outputs, final states and gradients, by name."""
    outputs, final, _ = experiment.run(module)
    return {
        **{f"{name} at every step": value for name, value in outputs.items()},
        **{f"{name} at the end": value for name, value in final.items()},
        **{f"d {name}": value for name, value in experiment.gradients(module).items()},
    }


@cache
def module_of(cell, backend="numpy"):
    return imported(export_module(cell, backend), cell.name)
