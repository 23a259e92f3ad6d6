"""What the tests of the backends share: arrays of a library, and an experiment whose arrays are a library's."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from sympy import preorder_traversal

from lstm_sym.export import export_module
from lstm_sym.export.experiment import Experiment, imported, structures
from lstm_sym.export.plan import plan_of
from lstm_sym.export.variant import biases_of

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
def module_of(cell, backend="numpy", **options):
    return imported(export_module(cell, backend, **options), cell.name)


# --- modules with options -----------------------------------------------------------------------


def one_step(module, x, k):
    """The input of step k."""
    return module.Inputs(*[value[k, ...] for value in x]) if hasattr(module, "Inputs") else x[k, ...]


def named(cell, outputs, final):
    """Outputs and states by the keys that ``results`` uses."""
    several = outputs if len(cell.outputs) > 1 else [outputs]
    found = {f"{s.text} at every step": value for s, value in zip(cell.outputs, several, strict=True)}
    return found | {f"{s.text} at the end": value for s, value in zip(cell.states, final, strict=True)}


def by_steps(experiment: Experiment, module, back=np.asarray, ready=None):
    """What ``forward`` gives, by one call of ``step`` after the other, as arrays of NumPy."""
    cell = experiment.cell
    params, x, state = structures(module, cell, experiment.params, experiment.inputs, experiment.states)
    outputs = []
    for k in range(next(iter(experiment.inputs.values())).shape[0]):
        values, state = module.step(params if ready is None else ready(params), one_step(module, x, k), state)
        outputs.append([back(value) for value in (values if len(cell.outputs) > 1 else [values])])
    joined = [np.stack(values) for values in zip(*outputs, strict=True)]
    return named(cell, joined if len(cell.outputs) > 1 else joined[0], map(back, state))


def forward_alone(experiment: Experiment, module, back=np.asarray):
    """What the forward pass of a module without a backward pass gives, as arrays of NumPy."""
    cell = experiment.cell
    outputs, final = module.forward(*structures(module, cell, experiment.params, experiment.inputs, experiment.states))
    return {name: back(value) for name, value in named(cell, outputs, final).items()}


def forward_of_both(experiment: Experiment, module):
    """What ``forward`` gives beside the cache."""
    outputs, final, _ = experiment.run(module)
    found = {f"{name} at every step": value for name, value in outputs.items()}
    return found | {f"{name} at the end": value for name, value in final.items()}


def gradient_names(cell):
    """What wrt takes for a cell, with the gradients of an experiment that each name asks for."""
    initial = [f"{s.text}0" for s in cell.states]
    biases = [p.text for p in biases_of(cell)]
    names = {a.text: [a.text] for a in (*cell.parameters, *cell.inputs)}
    return names | ({"state": initial} if initial else {}) | ({"biases": biases} if biases else {})
