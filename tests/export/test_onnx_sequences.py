"""ONNX graphs over sequences of unlike length and back, run by onnxruntime, against plain NumPy calls."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_sym.activations import tanh
from lstm_sym.cells import CELLS, LSTM
from lstm_sym.export.onnx_graph import export_onnx
from lstm_sym.export.plan import plan_of, with_activation
from lstm_sym.export.vocabulary import vocabulary_of

from .backends import SINGLE, TOLERANCE
from .stacked import LENGTHS, close, fields, network_of, one_by_one

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")

ZOO = {name: with_activation(cell, tanh) for name, cell in CELLS.items()}


def computed(cell, net, dtype, lengths, reverse):
    """Outputs and final states of the graph."""
    model = export_onnx(cell, dtype=dtype, lengths=lengths is not None, reverse=reverse)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = vocabulary_of(plan_of(cell)).names
    given = dict(zip([names[p] for p in cell.parameters], net.params[0][0], strict=True))
    given |= dict(zip([names[s] for s in cell.inputs], fields(net.x), strict=True))
    given |= dict(zip([f"{names[s]}_first" for s in cell.states], net.states[0][0], strict=True))
    given = {name: value.astype(dtype) for name, value in given.items()}
    return session.run(None, given if lengths is None else {**given, "lengths": np.array(lengths)})


@pytest.mark.parametrize("lengths, reverse", [(LENGTHS, False), (LENGTHS, True), (None, True), ([0] * 6, True)])
@pytest.mark.parametrize("name", [*SINGLE, "GRU", "minGRU", "RNN_output", "QRNN", "FGR"])
def test_a_cell_is_as_each_sequence_by_itself(name, lengths, reverse):
    net = network_of(ZOO[name], layers=1, directions=1)
    net.reverse = [[reverse]]
    outputs, finals, *_ = one_by_one(net, lengths)
    for dtype, tolerance in TOLERANCE.items():
        found = computed(ZOO[name], net, dtype, lengths, reverse)
        assert {value.dtype for value in found} == {np.dtype(dtype)}
        close(found, [*fields(outputs), *finals[0][0]], tolerance)


@pytest.mark.parametrize("reverse", [False, True])
def test_padding_may_hold_anything(reverse):
    net = network_of(LSTM, layers=1, directions=1)
    net.reverse = [[reverse]]
    outputs, finals, *_ = one_by_one(net, LENGTHS)
    for b, length in enumerate(LENGTHS):
        net.x[length:, b] = np.nan
    close(computed(LSTM, net, "float64", LENGTHS, reverse), [outputs, *finals[0][0]])


def test_a_plain_graph_is_as_without_the_options():
    plain = export_onnx(LSTM, lengths=False, reverse=False)
    assert plain == export_onnx(LSTM) and "lengths" not in [value.name for value in plain.graph.input]
    assert [value.name for value in export_onnx(LSTM, lengths=True).graph.input][-1] == "lengths"


@pytest.mark.parametrize("lengths", [False, True])
def test_no_sequence_gives_empty_outputs_and_no_step_is_refused(lengths):
    session = runtime.InferenceSession(export_onnx(LSTM, lengths=lengths).SerializeToString())

    def run(**sizes):
        sizes |= {"n": 3, "d": 2}
        given = {
            value.name: np.ones([sizes[axis] for axis in value.shape], "float32") for value in session.get_inputs()
        }
        return session.run(None, given | ({"lengths": np.zeros(sizes["B"], int)} if lengths else {}))

    assert [value.shape for value in run(T=4, B=0)] == [(4, 0, 3), (0, 3), (0, 3)]
    with pytest.raises(Exception, match="while running Scan node"):
        run(T=0, B=2)
