"""A cell as an ONNX graph, run by onnxruntime, against the NumPy module."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Eq

from lstm_sym.activations import tanh
from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS, LSTM
from lstm_sym.export.check import relative_error
from lstm_sym.export.experiment import experiment_on
from lstm_sym.export.freshness import cell_hash
from lstm_sym.export.module import export_module
from lstm_sym.export.onnx_graph import OPSET, export_onnx
from lstm_sym.export.plan import plan_of, with_activation
from lstm_sym.export.vocabulary import vocabulary_of
from lstm_sym.nodes import concat
from lstm_sym.symbols import Parameter, Sequence, sizes, t

from .backends import SINGLE, TOLERANCE, module_of
from .cells import CELLS as MORE

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")

RUNNABLE = {cell.name: with_activation(cell, tanh) for cell in CELLS.values()}
RUNNABLE |= {f"other {cell.name}": cell for cell in MORE if cell.name != "three_blocks"}


def outputs_of(model, cell, experiment, dtype):
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = vocabulary_of(plan_of(cell)).names
    given = {names[p]: experiment.params[p.text] for p in cell.parameters}
    given |= {names[s]: experiment.inputs[s.text] for s in cell.inputs}
    given |= {f"{names[s]}_first": experiment.states[s.text] for s in cell.states}
    return session.run(None, {name: value.astype(dtype) for name, value in given.items()})


@pytest.mark.parametrize("name", RUNNABLE)
def test_onnxruntime_computes_every_cell(name):
    cell = RUNNABLE[name]
    experiment = experiment_on(cell)
    outputs, final, _ = experiment.run(module_of(cell))
    for dtype, tolerance in TOLERANCE.items():
        if dtype == "float32" and name not in SINGLE and name in CELLS:
            continue
        found = outputs_of(export_onnx(cell, dtype=dtype), cell, experiment, dtype)
        for value, wanted in zip(found, [*outputs.values(), *final.values()], strict=True):
            assert value.dtype == dtype and relative_error(value, wanted) <= tolerance


@pytest.mark.parametrize("bias", [1000.0, -1000.0])
def test_numbers_are_right_far_out(bias):
    experiment = experiment_on(LSTM)
    for name in experiment.params:
        if name.startswith("b"):
            experiment.params[name][:] = bias
    (wanted,), _, _ = (
        list(part.values()) if isinstance(part, dict) else part for part in experiment.run(module_of(LSTM))
    )
    found = outputs_of(export_onnx(LSTM, dtype="float64"), LSTM, experiment, "float64")[0]
    assert np.isfinite(found).all() and np.abs(found - wanted).max() <= 1e-12


def test_a_graph_says_where_it_comes_from():
    model = export_onnx(LSTM)
    assert {entry.key: entry.value for entry in model.metadata_props} == {"hash of the equations": cell_hash(LSTM)}
    assert [entry.version for entry in model.opset_import] == [OPSET]
    (scan,) = [node for node in model.graph.node if node.op_type == "Scan"]
    (body,) = [attribute.g for attribute in scan.attribute if attribute.name == "body"]
    assert "c[t] = hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t])" in [node.doc_string for node in body.node]
    assert "stop_gradient" in export_onnx(CELLS["LSTM_truncated"]).graph.doc_string


def test_what_has_no_onnx_form_is_refused_by_name():
    n, d = sizes("n d")
    h, x, p, W = Sequence("h", n), Sequence("x", d), Parameter("p", n), Parameter("W", n, 2 * n + d)
    cell = Cell("joined", Eq(h[t], tanh(W * concat(h[t - 1], p, x[t]))))
    with pytest.raises(TypeError, match=r"np.broadcast_to has no ONNX form"):
        export_onnx(cell)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: export_onnx(LSTM, dtype="float16"), "a graph holds float32 or float64, got dtype='float16'"),
        (lambda: export_onnx(CELLS["RNN"]), "leaves the activation phi open"),
        (lambda: export_module(LSTM, "onnx"), "an ONNX graph is no text"),
    ],
)
def test_misuse_is_told(call, message):
    with pytest.raises(ValueError, match=message):
        call()
