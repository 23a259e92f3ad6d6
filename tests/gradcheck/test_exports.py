"""The modules that are exported for the cells are right, and what a machine breaks in them is wrong."""

import ast
from itertools import islice

import numpy as np
import pytest

from lstm_sym.activations import tanh
from lstm_sym.cells import CELLS
from lstm_sym.export import export_module
from lstm_sym.export.experiment import experiment_on
from lstm_sym.export.plan import with_activation
from lstm_sym.gradcheck import gradcheck

from .mutation import executed, mutants, seen_by_floats
from .test_mutants import ALL, wanted

WHOLE = [name for name in CELLS if not name.endswith("_truncated")]
KINDS = ("transpose", "term or factor", "sign", "index", "statement", "constant", "order", "operator", "parentheses")


def passes(space):
    """Forward and backward of a module as a pair (out, cache), backward(dout, cache)."""

    def forward(params, x, state):
        outputs, final, cache = space["forward"](params, x, state)
        return (outputs, final), (params, cache)

    def backward(dout, cache):
        return space["backward"](*cache, *dout)

    return forward, backward


def subject(name):
    """The source of a cell's module, its passes, and zeros for its inputs."""
    source = export_module(CELLS[name], phi=tanh)
    space = executed(ast.parse(source), name)
    experiment = experiment_on(with_activation(CELLS[name], tanh))

    def zeros(arrays):
        return [np.zeros(array.shape) for array in arrays.values()]

    inputs = zeros(experiment.inputs)
    x = space["Inputs"](*inputs) if len(inputs) > 1 else inputs[0]
    state, params = space["State"](*zeros(experiment.states)), space["Params"](*zeros(experiment.params))
    return source, passes(space), {"params": params, "x": x, "state": state}


def broken(name, source, right, inputs):
    """The mutants of a module as programs, with what floating point sees.

    All of them, or of two kinds, other ones for every cell, one from the middle that changes the gradient.
    """

    def judged(found):
        for mutant in found:
            program = passes(mutant.namespace(name))
            yield mutant, program, seen_by_floats(right, program, inputs)

    every = list(mutants(source, "forward", "backward"))
    if ALL:
        return judged(every)
    first = 2 * WHOLE.index(name)
    kinds = [KINDS[(first + k) % len(KINDS)] for k in range(len(KINDS))]
    groups = [[mutant for mutant in every if mutant.kind == kind] for kind in kinds]
    found = (next((j for j in judged(g[len(g) // 2 :]) if j[2] == "changed"), None) for g in groups)
    return islice((one for one in found if one), 1)


@pytest.mark.parametrize("name", list(CELLS))
def test_the_export_of_a_cell_is_right_and_a_truncated_one_is_no_gradient(name):
    _, program, inputs = subject(name)
    report = gradcheck(*program, inputs, diagnose=False)
    assert report.verdict == ("wrong" if name.endswith("_truncated") else "right"), str(report)[:500]


@pytest.mark.parametrize("name", WHOLE)
def test_a_broken_copy_is_wrong(name, record_property):
    source, right, inputs = subject(name)
    tried = 0
    for mutant, program, seen in broken(name, source, right, inputs):
        report = gradcheck(*program, inputs, diagnose=False)
        assert report.verdict in wanted(seen, report), f"{mutant}: {seen}, {report}"[:600]
        tried += 1
    assert tried
    record_property("tried", tried)
