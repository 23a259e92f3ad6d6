"""Cells as libraries vary them: values from the formulas, gradients from the equations."""

import numpy as np
import pytest
from sympy import Rational

from lstm_sym.cells import CIFG, LSTM, PEEPHOLE_LSTM
from lstm_sym.cells.lstm import a_f, c, f, i
from lstm_sym.export import check_cell, lambdify
from lstm_sym.symbols import Parameter, sizes, t
from lstm_sym.weights.onnx_cell import ACTIVATIONS, DEFAULTS, Chosen, Equations, cell_of
from lstm_sym.weights.variants import (
    clipped,
    coupled,
    exactly,
    hard_sigmoid,
    leaky_relu,
    scaled_elu,
    thresholded_relu,
)

n = sizes("n")
a = Parameter("a", n)
third, half, tenth = Rational(1, 3), Rational(1, 2), Rational(1, 10)
POINTS = np.array([-30.0, -2.0, -0.7, -0.2, 0.0, 0.2, 0.4, 0.7, 2.0, 30.0])[:, None]


@pytest.mark.parametrize(
    "formula, wanted",
    [
        (clipped(a, half), lambda x: np.clip(x, -0.5, 0.5)),
        (leaky_relu(a, tenth), lambda x: np.where(x >= 0, x, 0.1 * x)),
        (thresholded_relu(a, half), lambda x: np.where(x > 0.5, x, 0)),
        (hard_sigmoid(a, third, half), lambda x: np.clip(x / 3 + 0.5, 0, 1)),
        (scaled_elu(a, tenth), lambda x: np.where(x >= 0, x, 0.1 * np.expm1(x))),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
def test_functions_of_the_libraries_by_those_of_the_table(formula, wanted):
    np.testing.assert_allclose(lambdify([a], formula)(POINTS), wanted(POINTS), rtol=1e-14, atol=1e-15)


def test_numbers_stay_exact():
    assert exactly(0.1) == Rational(1, 10) and exactly(np.float32(0.3)) == Rational("0.30000001192092896")
    assert str(clipped(a, exactly(0.3))) == "3/10*hardtanh(10/3*a)"


def test_coupled_gates():
    cell = coupled(PEEPHOLE_LSTM)
    assert cell.definition(f) == 1 - i[t] and cell.definition(a_f) is None
    assert {p.text for p in PEEPHOLE_LSTM.parameters} - {p.text for p in cell.parameters} == {
        "W_f",
        "U_f",
        "b_f",
        "p_f",
    }
    assert cell.definition(c).xreplace({f[t]: 1 - i[t]}) == CIFG.definition(c)
    assert all(cell.definition(gate) == CIFG.definition(gate) for gate in CIFG.order if gate != c)


def test_a_node_that_changes_nothing_is_a_cell_of_the_zoo():
    defaults = tuple(Chosen(name, None, None) for name in DEFAULTS["LSTM"])
    assert cell_of(Equations("LSTM", defaults)) is LSTM
    assert cell_of(Equations("LSTM", defaults, peepholes=True)) is PEEPHOLE_LSTM


def chosen(*names):
    numbers = {"Affine": (0.7, 0.2), "ScaledTanh": (0.7, 1.3), "HardSigmoid": (0.3, 0.4)}
    return tuple(
        Chosen(name, *(numbers.get(name) or (ACTIVATIONS[name].alpha, ACTIVATIONS[name].beta))) for name in names
    )


@pytest.mark.parametrize(
    "equations",
    [
        *(Equations("RNN", chosen(name)) for name in ACTIVATIONS),
        Equations("RNN", chosen("Tanh"), clip=0.4),
        Equations("GRU", chosen("Sigmoid", "Tanh"), clip=0.4),
        Equations("GRU", chosen("HardSigmoid", "Softsign"), linear_before_reset=True, clip=0.4),
        Equations("LSTM", chosen("Sigmoid", "Tanh", "Tanh"), clip=0.4),
        Equations("LSTM", chosen("Sigmoid", "Tanh", "Tanh"), peepholes=True, input_forget=True),
        Equations("LSTM", chosen("HardSigmoid", "ScaledTanh", "Elu"), peepholes=True, input_forget=True, clip=0.4),
    ],
    ids=lambda given: cell_of(given).name + ", " + ", ".join(chosen.name for chosen in given.activations),
)
def test_the_module_of_every_variant_has_the_gradient_of_its_equations(equations):
    report = check_cell(cell_of(equations))
    assert report.passed, report
    assert {comparison.method for comparison in report.comparisons} >= {"equations", "central differences"}
