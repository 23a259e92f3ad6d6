"""Right code with one place changed by machine: whatever changes the gradient is caught, nothing else is.

Here some mutants are tried of each code; ``make mutants`` tries all.
"""

import ast
import inspect
import os
from itertools import islice

import pytest

from lstm_sym.gradcheck import gradcheck

from .corpus.cases import MODULES, value
from .mutation import executed, mutants, seen_by_floats

ALL = bool(os.environ.get("LSTM_SYM_ALL_MUTANTS"))
STRIDE = 1 if ALL else 121
CODES = [(module, *case) for module in MODULES for case in module.CASES]
WANTED = {"changed": ("wrong",), "overwrites": ("wrong",), "same": ("right",)}
"""What else there is, code that raises, gives NaN or another structure, must not be right."""


def wanted(seen, report):
    """The verdicts that will do; a mutant that divides by an exact zero, which rounding hides, may stay undecided."""
    hidden = seen == "changed" and "divides by 0" in str(report)
    return (*WANTED.get(seen, ("wrong", "undecided")), *(["undecided"] if hidden else []))


@pytest.mark.parametrize("number", range(len(CODES)), ids=[code[1] for code in CODES])
def test_no_mutant_survives_that_changes_the_gradient(number, record_property):
    module, forward, backward, shapes = CODES[number]
    source, inputs = inspect.getsource(module), value(shapes)
    space = executed(ast.parse(source), module.__name__)
    tried = 0
    for mutant in islice(mutants(source, forward, backward), 7 * number % STRIDE, None, STRIDE):
        changed = mutant.namespace(module.__name__)
        program = changed[forward], changed[backward]
        seen = seen_by_floats((space[forward], space[backward]), program, inputs)
        report = gradcheck(*program, inputs, diagnose=False)
        assert report.verdict in wanted(seen, report), f"{mutant}: {seen}, {report}"[:600]
        tried += 1
    record_property("tried", tried)


HALF = """
def forward(x):
    return 0.5 * x * x

def backward(inputs, d):
    (x,) = inputs
    return x * d * 1
"""


def test_floating_point_tells_what_a_mutant_does():
    space = executed(ast.parse(HALF), "half")
    right = space["forward"], space["backward"]
    inputs = {"x": value((3,))}
    found = {}
    for mutant in mutants(HALF, "forward", "backward"):
        changed = mutant.namespace("half")
        found[str(mutant)] = seen_by_floats(right, (changed["forward"], changed["backward"]), inputs)
    assert found["term or factor, line 7: x * d * 1 -> x * d"] == "same"
    assert found["term or factor, line 7: x * d -> x"] == "changed"
    assert found["sign, line 7: x * d -> -(x * d)"] == "changed"
    for text, seen in (
        ("    inputs[0][:] = 0 * inputs[0]\n    return x.copy() * d", "changed"),
        ("    made = x * d\n    d *= 2\n    return made", "overwrites"),
        ("    return [x * d, None]", "another structure"),
        ("    return x * d * np.inf", "raises"),
        ("    return x * d + float('nan')", "NaN"),
    ):
        changed = executed(ast.parse(HALF.replace("    return x * d * 1", text)), "half")
        assert seen_by_floats(right, (changed["forward"], changed["backward"]), inputs) == seen
