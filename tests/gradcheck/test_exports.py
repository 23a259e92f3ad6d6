"""The modules that are exported for the cells, and broken copies of them."""

from itertools import islice

import numpy as np
import pytest

from lstm_sym.activations import tanh
from lstm_sym.cells import CELLS
from lstm_sym.export import export_module
from lstm_sym.export.experiment import experiment_on, imported
from lstm_sym.export.plan import with_activation
from lstm_sym.gradcheck import gradcheck
from lstm_sym.gradcheck.edits import edits_of


def subject(name):
    """The module of a cell, and its passes as a pair (out, cache), backward(dout, cache)."""
    cell = with_activation(CELLS[name], tanh)
    module = imported(export_module(CELLS[name], phi=tanh), name)
    experiment = experiment_on(cell)
    state = module.State(*(np.zeros(v.shape) for v in experiment.states.values()))
    params = module.Params(*(np.zeros(v.shape) for v in experiment.params.values()))
    inputs = [np.zeros(v.shape) for v in experiment.inputs.values()]
    x = module.Inputs(*inputs) if len(inputs) > 1 else inputs[0]

    def forward(params, x, state):
        outputs, final, cache = module.forward(params, x, state)
        return (outputs, final), (params, cache)

    def backward(dout, cache):
        return module.backward(*cache, *dout)

    return module, experiment, forward, backward, {"params": params, "x": x, "state": state}


@pytest.mark.parametrize("name", [name for name in CELLS if name != "layer_norm_LSTM"])
def test_the_export_of_a_cell_is_right_and_a_truncated_one_is_no_gradient(name):
    _, _, forward, backward, inputs = subject(name)
    report = gradcheck(forward, backward, inputs, diagnose=False)
    assert report.verdict == ("wrong" if name.endswith("_truncated") else "right"), str(report)[:500]


def test_many_square_roots_leave_a_gradient_undecided():
    """Half of a field's elements have no root: at every point tried some deviation of the layer norms has none."""
    _, _, forward, backward, inputs = subject("layer_norm_LSTM")
    report = gradcheck(forward, backward, inputs, diagnose=False)
    assert report.verdict == "undecided" and "a square root of what is no square in the field" in str(report)


@pytest.mark.parametrize("name", ["RNN_tanh", "LSTM", "peephole_LSTM"])
def test_a_broken_copy_is_wrong(name):
    module, experiment, forward, backward, inputs = subject(name)
    right = experiment.gradients(module)

    def breaking():
        for edit in list(edits_of(module.backward))[::5]:
            module.backward = edit.function
            try:
                with np.errstate(all="ignore"):
                    found = experiment.gradients(module)
            except Exception:
                continue
            if any(not np.allclose(found[k], right[k], rtol=1e-8) for k in right):
                yield edit

    broken = list(islice(breaking(), 4))
    assert broken
    for edit in broken:
        module.backward = edit.function
        report = gradcheck(forward, backward, inputs, diagnose=False)
        assert report.verdict == "wrong", f"{edit.before} -> {edit.after}: {report}"[:500]
