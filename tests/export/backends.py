"""What the tests of the backends share: arrays of a library, and an experiment whose arrays are a library's."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from sympy import preorder_traversal

from lstm_sym.export import export_module
from lstm_sym.export.experiment import Experiment, imported
from lstm_sym.export.plan import plan_of

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
GROUPS = ("params", "inputs", "states", "d_outputs", "d_state")


SINGLE = ("LSTM", "LSTM_block", "peephole_LSTM_truncated", "RNN_loss", "SRU", "sLSTM", "mLSTM", "layer_norm_LSTM")
"""Cells of the zoo that together have every operation of it, a scan and an associative scan: those that the costly
backends compute in float32 too."""


def operations(cell) -> set[str]:
    """The kinds of nodes and the functions in the lines of both passes."""
    plan = plan_of(cell)
    lines = [*plan.forward.lines, *plan.backward.lines]
    values = [value for line in lines for value in (line.value, line.early) if value is not None]
    values += [value for _, value in (*plan.carries, *plan.gradients)]
    nodes = [node for value in values for node in preorder_traversal(value)]
    return {type(node).__name__ for node in nodes} | {str(node.function) for node in nodes if hasattr(node, "function")}


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
