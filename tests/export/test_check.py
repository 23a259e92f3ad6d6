"""Every module is right, and no mistake in a module passes."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_sym.activations import tanh
from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS, LSTM, LSTM_1997, MLSTM, PEEPHOLE_LSTM, RNN_LOSS, elman
from lstm_sym.export import check_cell, check_source, export_module
from lstm_sym.export.check import TOLERANCES, relative_error
from lstm_sym.export.experiment import SIZES, B, T, experiment_on, imported

from .cells import CELLS as MORE

REFERENCED = ("RNN", "RNN_tanh", "RNN_output", "RNN_loss", "LSTM", "LSTM_block", "LSTM_1997", "peephole_LSTM")


@pytest.mark.parametrize("cell", [*CELLS.values(), *MORE], ids=lambda cell: cell.name)
def test_the_module_of_every_cell(cell):
    report = check_cell(cell)
    assert report.passed, report
    used = {c.method for c in report.comparisons}
    assert used >= {"equations", "central differences"}
    assert ("reference" in used) == (cell.name in REFERENCED)
    assert ("complex step" in used) == (cell.name not in ("softplus", "sLSTM"))
    wanted = {a.text for a in (*cell.parameters, *cell.inputs)} | {f"{s.text}0" for s in cell.states}
    for method in used - {"equations"}:
        assert {c.quantity.removeprefix("d ") for c in report.comparisons if c.method == method} - {"outputs"} == wanted


def test_the_data_hide_nothing():
    assert T >= 4 and B >= 2 and len({T, B, *SIZES}) == 2 + len(SIZES) and min(SIZES) >= 2
    experiment = experiment_on(PEEPHOLE_LSTM)
    for group in (experiment.params, experiment.inputs, experiment.states, experiment.d_outputs, experiment.d_state):
        for name, value in group.items():
            assert (value != 0).all(), name


MISTAKES = [
    # what the mistake is, the line that is right, what stands there instead, a gradient that must turn red
    ("a transposed weight in the carry", "d_a_f[t] @ W_f", "d_a_f[t] @ W_f.T", "h0"),
    ("no carry of c", "carry_c = d_c * f[t]", "carry_c = 0 * d_c", "c0"),
    ("no carry of h", "d_h = carry_h + d_outputs[t]", "d_h = 0 * carry_h + d_outputs[t]", "W_f"),
    ("a carry lost along one gate", " + d_a_o[t] @ W_o", "", "h0"),
    ("a sign", "1 - tanh_c[t] ** 2", "1 + tanh_c[t] ** 2", "U_i"),
    ("tanh' at an activated value", "d_c * i[t] * (1 - z[t] ** 2)", "d_c * i[t] * (1 - np.tanh(z[t]) ** 2)", "W_z"),
    ("sigma where sigma' belongs", "tanh_c[t] * o[t] * (1 - o[t])", "tanh_c[t] * o[t]", "W_o"),
    (
        "an index shifted by one",
        "W_f=over_steps(d_a_f, h_prev)",
        "W_f=over_steps(d_a_f, cache.o * cache.tanh_c)",
        "W_f",
    ),
    ("an outer product turned", "W_i=over_steps(d_a_i, h_prev)", "W_i=over_steps(h_prev, d_a_i)", "W_i"),
    ("the gate order swapped", "d_c * z[t] * i[t]", "d_c * i[t] * i[t]", "b_i"),
    ("one step only", "b_z=d_a_z.sum(axis=(0, 1))", "b_z=d_a_z[-1].sum(axis=0)", "b_z"),
    ("the mean over the batch", "b_o=d_a_o.sum(axis=(0, 1))", "b_o=d_a_o.sum(axis=0).mean(axis=0)", "b_o"),
    ("an input gradient without a gate", " + d_a_f @ U_f", "", "x"),
    ("the new state for the old", "d_c * c_prev[t] * f[t]", "d_c * tanh_c[t] * f[t]", "U_f"),
    ("the final gradient of c ignored", "carry_c = d_state.c", "carry_c = 0 * d_state.c", "c0"),
    ("the final gradient of h ignored", "carry_h = d_state.h", "carry_h = 0 * d_state.h", "b_f"),
    ("missing brackets", "o[t] * (1 - tanh_c[t] ** 2)", "o[t] - tanh_c[t] ** 2", "U_z"),
    ("a forgotten input weight", "U_o=over_steps(d_a_o, x)", "U_o=0 * over_steps(d_a_o, x)", "U_o"),
    ("a wrong shape", "b_f=d_a_f.sum(axis=(0, 1))", "b_f=d_a_f.sum(axis=0)", "b_f"),
    ("not a number", "b_f=d_a_f.sum(axis=(0, 1))", "b_f=np.nan * d_a_f.sum(axis=(0, 1))", "b_f"),
]


@pytest.mark.parametrize("mistake, right, wrong, gradient", MISTAKES, ids=[row[0] for row in MISTAKES])
def test_a_mistake_in_the_lstm_turns_red(mistake, right, wrong, gradient):
    source = export_module(LSTM)
    assert source.count(right) == 1, f"the module has no line {right!r} any more"
    report = check_source(LSTM, source.replace(right, wrong))
    assert not report.passed
    methods = {c.method for c in report.failed if c.quantity == f"d {gradient}"}
    assert methods == {"reference", "complex step", "central differences"}, report


@pytest.mark.parametrize(
    "right, wrong, gradient",
    [
        ("p_f=(d_a_f * c_prev).sum(axis=(0, 1))", "p_f=(d_a_f * c).sum(axis=(0, 1))", "p_f"),
        ("p_o=(d_a_o * c).sum(axis=(0, 1))", "p_o=(d_a_o * c_prev).sum(axis=(0, 1))", "p_o"),
        ("d_a_f[t] * p_f + ", "", "c0"),
        (" + d_a_o[t] * p_o", "", "W_i"),
    ],
)
def test_a_mistake_in_the_peepholes_turns_red(right, wrong, gradient):
    source = export_module(PEEPHOLE_LSTM)
    assert source.count(right) == 1
    failed = check_source(PEEPHOLE_LSTM, source.replace(right, wrong)).failed
    assert f"d {gradient}" in {c.quantity for c in failed}


@pytest.mark.parametrize(
    "right, wrong, gradient",
    [("V=over_steps(d_y, h)", "V=over_steps(d_y, h_prev)", "V"), ("d_target = -d_r", "d_target = d_r", "target")],
)
def test_a_mistake_in_the_loss_turns_red(right, wrong, gradient):
    source = export_module(RNN_LOSS, phi=tanh)
    assert source.count(right) == 1
    failed = check_source(RNN_LOSS, source.replace(right, wrong)).failed
    assert f"d {gradient}" in {c.quantity for c in failed}


@pytest.mark.parametrize(
    "right, wrong, gradient",
    [
        ("outer(d_u[t], q[t])", "np.swapaxes(outer(q[t], d_u[t]), -1, -2) * 2", "C0"),
        ("outer(d_u[t], q[t])", "outer(d_u[t], k[t])", "W_v"),
        ("d_v = i * applied(d_C, k)", "d_v = i * applied(d_C, q)", "b_v"),
        (" + i * applied(np.swapaxes(d_C, -1, -2), v)", "", "W_k"),
        (" + n * d_s", "", "W_q"),
        ("carry_n + q[t] * d_s[t]", "carry_n", "n0"),
        ("np.where(absolute_s - 1 > 0, np.ones_like(absolute_s - 1), 0)", "1", "b_q"),
        ("(-1 + 2 * np.where(s > 0, np.ones_like(s), 0))", "1", "W_q"),
        ("carry_C = f[t][..., None] * d_C[t]", "carry_C = d_C[t]", "w_f"),
        ("M ** (-0.5) * (d_k @ W_k)", "d_k @ W_k", "x"),
        ("over_steps(M ** (-0.5) * d_k, x)", "over_steps(d_k, x)", "W_k"),
    ],
)
def test_a_mistake_in_the_matrix_memory_turns_red(right, wrong, gradient):
    source = export_module(MLSTM)
    assert source.count(right) == 1, f"the module has no line {right!r} any more"
    failed = {(c.quantity, c.method) for c in check_source(MLSTM, source.replace(right, wrong)).failed}
    assert {(f"d {gradient}", "complex step"), (f"d {gradient}", "central differences")} <= failed


def test_the_kinks_of_the_matrix_memory_on_both_sides():
    """Steps with |s| below and above 1, s of either sign: there each branch of the backward pass is at work."""
    experiment = experiment_on(MLSTM, seed=3)
    module = imported(export_module(MLSTM), "mLSTM")
    gradients = experiment.gradients(module)
    s = experiment.run(module)[2].s
    assert (s > 1).any() and (s < -1).any() and (abs(s) < 1).any()
    rng = np.random.default_rng(0)
    for group, names in (("params", ["W_q", "w_f", "b_k"]), ("states", ["n", "C"]), ("inputs", ["x"])):
        for name in names:
            value = getattr(experiment, group)[name]
            direction = rng.normal(size=value.shape)
            slope = experiment.moved(group, name, value + 1e-30j * direction).loss(module).imag / 1e-30
            claimed = np.sum(gradients[f"{name}0" if group == "states" else name] * direction)
            assert relative_error(claimed, slope) < TOLERANCES["complex step"], name


def test_a_mistake_in_the_forward_pass_turns_red_by_the_equations():
    source = export_module(LSTM)
    report = check_source(LSTM, source.replace("f[t] * c_prev[t] + i[t]", "i[t] * c_prev[t] + f[t]"))
    assert {"equations", "reference"} <= {c.method for c in report.failed}


def test_truncation_is_not_the_full_gradient():
    """The module of the truncated cell, presented as that of the cell, fails in all that the recurrence reaches."""
    report = check_source(LSTM, export_module(CELLS["LSTM_truncated"]))
    assert {"d W_f", "d h0", "d x"} <= {c.quantity for c in report.failed}


def test_the_report_reads_as_a_table():
    report = check_cell("RNN_tanh")
    lines = str(report).splitlines()
    assert lines[0] == f"RNN_tanh: passed, {len(report.comparisons)} comparisons"
    assert lines[1].split("  ") != [] and all(method in lines[1] for method in TOLERANCES)
    assert report.worst("reference") < TOLERANCES["reference"] and report.failed == ()


def test_a_cell_of_ones_own_activation():
    assert check_cell(elman(), phi="sigma").worst("reference") is None
    with pytest.raises(ValueError, match="unknown cell 'GRV'"):
        check_cell("GRV")


def test_another_cell_of_a_known_name_is_not_compared_with_the_reference():
    cell = Cell("LSTM", *LSTM_1997.equations)
    assert check_cell(cell).passed and check_cell(cell).worst("reference") is None


@pytest.mark.parametrize(
    "found, wanted, error",
    [
        ([1.0, 2.0], [1.0, 2.5], 0.2),
        ([0.5, 0.0], [0.0, 0.0], 0.5),
        ([1.0], [1.0, 2.0], np.inf),
        ([np.nan], [1.0], np.inf),
        ([np.inf], [np.inf], np.inf),
    ],
)
def test_relative_error(found, wanted, error):
    assert relative_error(np.array(found), np.array(wanted)) == pytest.approx(error)
