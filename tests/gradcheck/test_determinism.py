"""A program that is run twice at one point gives the same residues, whatever the point has learnt in between."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck
from lstm_sym.gradcheck.arrays.array import array_of
from lstm_sym.gradcheck.exact.field import Field
from lstm_sym.gradcheck.exact.heights import Seed
from lstm_sym.gradcheck.exact.modular import Singular, Unlucky
from lstm_sym.gradcheck.stand_ins.rebinding import Rebinding
from lstm_sym.gradcheck.stand_ins.stand_in import StandIn

SHADOW = np.array([0.7, -0.4, 1.3])
UNARY = {
    "exp": "exp", "log": "log", "sqrt": "sqrt", "cbrt": "cbrt", "tanh": "tanh", "square": "square", "log1p": "log1p",
    "negative": "negative", "absolute": "absolute", "expit": "sigmoid",
}  # fmt: skip
POWERS = (2, 3, -1, 0.5, 1.5, 1 / 3, np.array([0, 1, 2]), np.array([0.5, 1.0, 1.5]), np.pi)


def program(random, length):
    """Lines of a program without branches: the operation and the lines that it is of."""
    for k in range(length):
        yield random.choice([*UNARY, "add", "mul", "div", "power"]), *random.integers(0, k + 2, 2), random.integers(9)


def run(lines, x, y, stand_in):
    values = [x, y]
    for name, i, j, k in lines:
        a, b = values[i], values[j]
        if name in UNARY:
            value = 1 / (1 + stand_in.numpy.exp(-a)) if name == "expit" else getattr(stand_in.numpy, name)(a)
        else:
            value = a + b if name == "add" else a * b if name == "mul" else a / b if name == "div" else a ** POWERS[k]
        values.append(value)
    return values


@pytest.mark.parametrize("height, programs", [(0, 80), (1, 10)])
def test_a_program_gives_the_same_again(height, programs):
    """Programs whose second run could find more: logarithms of what was met meanwhile, roots of what was squared."""
    random, found = np.random.default_rng(height), 0
    for seed in range(programs):
        lines = list(program(random, 8))
        field = Field(Seed(seed, height))
        stand_in = StandIn(field)
        try:
            with np.errstate(all="ignore"):
                runs = [
                    run(lines, *(array_of(field.letters(name, SHADOW)) for name in "xy"), stand_in) for _ in range(2)
                ]
        except (Singular, Unlucky):
            continue
        found += 1
        for a, b in zip(*([value.read().parts[:-1] for value in values] for values in runs)):
            assert all(np.array_equal(u, v) for u, v in zip(a, b)), lines
    assert found > programs / 4


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: np.exp(np.arange(6)[:, None] * np.log(1 + x**2)),
        lambda x: (np.exp(2 * np.log(1 + x) + 3 * x), np.exp(3 * x), np.exp(np.log(1 + x) + 3 * x)),
        lambda x: (np.log(np.exp(x) * np.exp(2 * x)), np.log(np.exp(3 * x))),
        lambda x: (np.sqrt(x**4), (x**2) ** 2, np.sqrt(x**4)),
    ],
)
def test_what_is_learnt_after_a_value_does_not_change_it(forward):
    field = Field(1)
    stand_in = StandIn(field)
    with Rebinding(stand_in, (forward,)):
        first, second = (forward(array_of(field.letters("x", np.array([0.7, 1.3])))) for _ in range(2))
    for a, b in zip(*([tree] if not isinstance(tree, tuple) else tree for tree in (first, second))):
        assert all(np.array_equal(u, v) for u, v in zip(a.read().parts[:-1], b.read().parts[:-1]))


def test_what_really_differs_from_run_to_run_is_told():
    calls = []

    def forward(x):
        calls.append(1)
        return x * len(calls)

    report = gradcheck(forward, lambda i, d: d, {"x": np.zeros(3)}, diagnose=False)
    assert report.verdict != "right" and "forward returns other values when it is run again" in str(report)


def test_gradients_that_are_added_to_those_before_are_told():
    """Even where the same array is returned every time, so that its first values are gone after the second."""
    held, reset = np.zeros(3), np.zeros(3)

    def adding(inputs, d):
        held[...] += 2 * inputs[0] * d
        return held

    def setting(inputs, d):
        reset[...] = 0
        reset[...] += 2 * inputs[0] * d
        return reset

    report = gradcheck(np.square, adding, [np.zeros(3)], diagnose=False)
    assert report.verdict == "undecided" and report.diagnosis[0].startswith("backward adds to the gradients"), str(
        report
    )
    assert gradcheck(np.square, setting, [np.zeros(3)]).verdict == "right"


def test_outputs_in_one_array_for_every_run_are_told_where_they_differ():
    buffer, calls = np.zeros(3), []

    def forward(x):
        calls.append(1)
        np.multiply(x, len(calls), out=buffer)
        return buffer

    report = gradcheck(forward, lambda i, d: d, [np.zeros(3)], diagnose=False)
    assert report.verdict != "right" and "forward returns other values when it is run again" in str(report)
