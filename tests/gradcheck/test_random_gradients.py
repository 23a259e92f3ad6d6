"""Random programs with a gradient, right ones and such with one place changed, and what gradcheck says of them.

What is right is told by differences of long doubles, by nothing of the check and nothing of the program's own
backward pass. Here some are tried; with LSTM_SYM_ALL_MUTANTS thousands.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lstm_sym.gradcheck import GradientReport, gradcheck

from .compositions import COMPOSITIONS
from .mutation import Mutant, executed, mutants
from .numerical import Program, agrees, at_witness, seen
from .operations import OPERATIONS as SINGLE
from .tapes import Tape

PROGRAMS = 3000 if os.environ.get("LSTM_SYM_ALL_MUTANTS") else 16
BLOCKS = 2
OPERATIONS = (*SINGLE, *COMPOSITIONS)
POINTS = 3
MOSTLY = 0.85

LIMITS = (
    "a comparison too close to call",
    "two numbers too close to be told apart",
    "divides by 0",
    "but no real counterexample was found",
    "returns no gradient for",
    "may take another argument first",
    "a number that is too large for floating point",
    "exact numbers do not follow what the code does",
)
"""What code that is right may stay undecided for, and code that is wrong as well."""


def program_of(space: dict[str, Any]) -> Program:
    return space["forward"], space["backward"]


def changes(tape: Tape, text: str) -> list[Mutant]:
    """Every change of one place of the backward pass, except that a gradient is left out of what is returned."""
    found = [*mutants(text, "forward", "backward"), *confused(tape, text)]
    return [mutant for mutant in found if mutant.kind != "order" or "None" not in str(mutant)]


def confused(tape: Tape, text: str) -> Iterator[Mutant]:
    """Another variable of the same shape, another branch of ``where``, a copy that is not made, a lost repetition."""
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    places = {node: place for place, node in enumerate(nodes)}
    (backward,) = (node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == "backward")
    shapes = {name: tape.value(name).shape for name in tape.variables()}
    shapes |= {f"d_{name}": shape for name, shape in shapes.items()}
    for node in ast.walk(backward):
        kind, new = "variable", None
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in shapes:
            alike = [name for name, shape in shapes.items() if shape == shapes[node.id] and name != node.id]
            new = ast.Name(tape.pick(alike), ast.Load()) if alike else None
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "where" and len(node.args) == 3:
                test, first, second = node.args
                kind, new = "branch", ast.Call(node.func, [test, second, first], [])
            elif node.func.attr in ("copy", "flip") and not node.keywords and not node.args:
                kind, new = "copy", node.func.value
        elif isinstance(node, ast.Expr) and ".at(" in ast.unparse(node):
            array, index, added = node.value.args
            kind, new = "repetition", ast.AugAssign(ast.Subscript(array, index, ast.Store()), ast.Add(), added)
        if new is not None:
            yield Mutant(kind, tree, places[node], node, new)


def written(seed: int) -> tuple[Tape, str, Program]:
    tape = Tape(seed, OPERATIONS)
    text = tape.text()
    return tape, text, program_of(executed(ast.parse(text), "written"))


def undecided(report: GradientReport) -> bool:
    """Whether no verdict is given for a reason that is a limit."""
    return report.verdict == "undecided" and any(limit in str(report) for limit in LIMITS)


def suits(what: str, report: GradientReport, program: Program, inputs: dict[str, Any]) -> bool:
    """Whether a verdict is one that a program may have of whose gradient this is known.

    One that is changed may be right if it is told what was not reached. One that seems the same is wrong nevertheless
    if a counterexample shows it, and none that does not is accepted.
    """
    if report.verdict == "undecided":
        return what in ("raises", "NaN") or undecided(report)
    if report.verdict == "right":
        return what == "same" or bool(report.unreached or report.unchecked)
    if what == "changed":
        return True
    shown = at_witness(program, inputs, report.witness) if report.witness else None
    return shown is not True and (what != "same" or shown is False)


def known_of(program: Program, inputs: dict[str, Any]) -> str:
    """What a program's own gradient is: not right where two numbers are always equal of which one is the largest."""
    found = [agrees(program, inputs, seed) for seed in range(POINTS)]
    return "changed" if False in found else "same" if True in found else "NaN"


@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_random_gradient_is_right_if_differences_say_so(block):
    known, verdicts = [], []
    for seed in range(block, PROGRAMS, BLOCKS):
        tape, text, program = written(seed)
        known.append(known_of(program, tape.given()))
        report = gradcheck(*program, tape.given(), diagnose=False)
        verdicts.append(report.verdict)
        assert suits(known[-1], report, program, tape.given()), f"seed {seed}, {known[-1]}\n{text}\n{report}"
    assert known.count("same") >= MOSTLY * len(known), known
    assert verdicts.count("right") >= MOSTLY * len(verdicts), verdicts


def test_a_random_gradient_with_one_place_changed_is_not_right_unless_it_is_the_same():
    tried = []
    for seed in range(PROGRAMS):
        tape, text, program = written(seed)
        found = changes(tape, text)
        if not found or known_of(program, tape.given()) != "same":
            continue
        mutant = tape.pick(found)
        changed = program_of(mutant.namespace("written"))
        what = seen(program, changed, tape.given())
        report = gradcheck(*changed, tape.given(), diagnose=False)
        assert suits(what, report, changed, tape.given()), f"seed {seed}: {mutant}, {what}\n{text}\n{report}"
        tried.append((what, report.verdict))
    assert tried.count(("changed", "wrong")) > len(tried) / 3 and ("same", "right") in tried, tried


@pytest.mark.parametrize("seed", [318, 668])
def test_two_decisions_that_have_to_go_their_rare_ways_at_once(seed):
    tape, text, program = written(seed)
    changed = program_of(tape.pick(changes(tape, text)).namespace("written"))
    assert seen(program, changed, tape.given()) == "changed"
    assert gradcheck(*changed, tape.given(), diagnose=False).verdict == "wrong"


# --- the judges are judged ------------------------------------------------------------------------------

X = {"x": np.zeros(3)}


def square(factor=2.0, far=0.0, step=0.0):
    def forward(x):
        return x**2

    def backward(inputs, d):
        (x,) = inputs
        return factor * x * d + far * (x > 40) + step * x * d

    return forward, backward


def overwriting(inputs, d):
    d *= 2
    return inputs[0] * d


@pytest.mark.parametrize("factor, known", [(2.0, True), (2.001, False), (-2.0, False)])
def test_differences_know_a_gradient(factor, known):
    assert agrees(square(factor), X, 0) is known


@pytest.mark.parametrize(
    "mutant, what",
    [
        (square(), "same"),
        (square(2.00001), "changed"),
        (square(far=1.0), "far"),
        (square(step=1e-14), "same"),
        (square(np.nan), "NaN"),
        ((square()[0], overwriting), "overwrites"),
        ((square()[0], lambda inputs, d: inputs[1]), "raises"),
        ((square()[0], lambda inputs, d: (2 * inputs[0] * d)[None]), "changed"),
    ],
)
def test_differences_know_what_has_changed(mutant, what):
    assert seen(square(), mutant, X) == what


@pytest.mark.parametrize("operation", dict.fromkeys(OPERATIONS), ids=lambda operation: operation.__name__)
def test_every_operation_is_drawn(operation):
    def drawn(tape):
        operation(tape)
        names.add(tape.steps[-1].name)

    names: set[str] = set()
    for seed in range(40):
        Tape(seed, (drawn,))
    assert names, operation


def test_a_program_is_its_seed():
    assert written(5)[1] == written(5)[1]
    assert len({re.sub(r"\d", "", written(seed)[1]) for seed in range(20)}) == 20
