"""Every module is right, and no mistake in a module passes."""

from __future__ import annotations

import re

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
    (
        "a transposed weight in the carry",
        "W_all = np.concatenate((W_z, W_f,",
        "W_all = np.concatenate((W_z, W_f.T,",
        "h0",
    ),
    ("no carry of c", "multiply(d_c, f, carry_c)", "carry_c.fill(0.0)", "c0"),
    ("no carry of h", "add(carry_h, e_h, d_h)", "np.copyto(d_h, e_h)", "W_f"),
    ("a carry lost along one gate", "W_all = np.concatenate((W_z,", "W_all = np.concatenate((0 * W_z,", "h0"),
    ("a sign", "subtract(1, spare_n, k_c)", "np.add(1, spare_n, k_c)", "U_i"),
    ("tanh' at an activated value", "multiply(z, z, ", "multiply(np.tanh(z), np.tanh(z), ", "W_z"),
    ("sigma where sigma' belongs", "subtract(1, o, k_a_o)", "k_a_o.fill(1.0)", "W_o"),
    ("an index shifted by one", ".T @ flat(work.h_prev)", ".T @ flat(work.h)", "W_f"),
    ("an outer product turned", "W_i=d_M_h[2 * n : 3 * n]", "W_i=d_M_h[2 * n : 3 * n].T", "W_i"),
    ("the gate order swapped", "multiply(k_a_i, z, k_a_i)", "multiply(k_a_i, f, k_a_i)", "b_i"),
    ("the rows of another gate", "b_z=d_bias[:n]", "b_z=d_bias[n : 2 * n]", "b_z"),
    ("one step only", "b_o=d_bias[3 * n :]", "b_o=work.d_a_o[-1].sum(axis=0)", "b_o"),
    (
        "the mean over the batch",
        "d_bias = flat(work.d_f_i_o_z).sum(axis=0)",
        "d_bias = work.d_f_i_o_z.sum(0).mean(0)",
        "b_o",
    ),
    ("an input gradient without a gate", "U_all = np.concatenate((U_z,", "U_all = np.concatenate((0 * U_z,", "x"),
    ("the new state for the old", "multiply(k_a_f, c_prev, k_a_f)", "multiply(k_a_f, tanh_c, k_a_f)", "U_f"),
    ("coefficients of other steps", "work.factors[: stop - start][::-1]", "work.factors[: stop - start]", "b_z"),
    ("the final gradient of c ignored", "np.copyto(work.carry_c, d_state.c)", "work.carry_c.fill(0.0)", "c0"),
    ("the final gradient of h ignored", "np.copyto(work.carry_h, d_state.h)", "work.carry_h.fill(0.0)", "b_f"),
    ("missing brackets", "multiply(k_c, o, k_c)", "subtract(o, spare_n, k_c)", "U_z"),
    ("a forgotten input weight", "U_o=d_M_x[3 * n :]", "U_o=0 * d_M_x[3 * n :]", "U_o"),
    ("a wrong shape", "b_f=d_bias[n : 2 * n]", "b_f=d_bias[n : 2 * n, None]", "b_f"),
    ("not a number", "b_f=d_bias[n : 2 * n]", "b_f=np.nan * d_bias[n : 2 * n]", "b_f"),
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
        ("work.d_a_f * work.c_prev", "work.d_a_f * work.c", "p_f"),
        ("work.d_a_o * work.c)", "work.d_a_o * work.c_prev)", "p_o"),
        ("multiply(d_a_f, p_f, carry_c)", "carry_c.fill(0.0)", "c0"),
        ("add(d_c, spare_n, d_c)", "", "W_i"),
    ],
)
def test_a_mistake_in_the_peepholes_turns_red(right, wrong, gradient):
    source = export_module(PEEPHOLE_LSTM)
    assert source.count(right) == 1
    failed = check_source(PEEPHOLE_LSTM, source.replace(right, wrong)).failed
    assert f"d {gradient}" in {c.quantity for c in failed}


@pytest.mark.parametrize(
    "right, wrong, gradient",
    [("T @ flat(work.h),", "T @ flat(work.h_prev),", "V"), ("d_target = -work.d_r", "d_target = work.d_r", "target")],
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
    report = check_source(LSTM, source.replace("multiply(f, c_prev, c)", "multiply(i, c_prev, c)"))
    assert {"equations", "reference"} <= {c.method for c in report.failed}


@pytest.mark.parametrize("chunk", [1, 3])
def test_coefficients_in_chunks_of_steps_give_the_same(chunk):
    """T = 4 steps in chunks of 1, and of 3 with one left over."""
    source, count = re.subn(r"chunk = min\(.*", f"chunk = {chunk}", export_module(LSTM))
    assert count == 1 and check_source(LSTM, source).passed


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
