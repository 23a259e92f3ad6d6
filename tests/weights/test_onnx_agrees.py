"""ONNX's operators: its own node cases, and random nodes against onnxruntime in float32."""

import numpy as np
import pytest

from lstm_sym.weights import onnx_node
from lstm_sym.weights.onnx_cell import ACTIVATIONS
from lstm_sym.weights.onnx_node import INPUTS
from lstm_sym.weights.packing import PACKINGS

from .onnx_nodes import GATES, HIDDEN, NODES, computed, difference, inputs
from .swaps import swaps

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")

FLOAT32 = 5e-6
"""The relative error allowed against onnxruntime: the roundings of float32, 6e-8 each, through 5 steps."""

CAUGHT = 1e-3
"""What a wrong node must differ by, far above the roundings."""

OUTPUTS = ("Y", "Y_h", "Y_c")


def model_of(op_type, attributes, given, stored=()):
    """A model of one node; the inputs ``stored`` are initializers."""
    outputs = OUTPUTS[: 3 if op_type == "LSTM" else 2]
    names = [name if name in given else "" for name in INPUTS[: 8 if op_type == "LSTM" else 6]]
    node = onnx.helper.make_node(op_type, names, outputs, name="cell", **attributes)
    kinds = {name: onnx.helper.np_dtype_to_tensor_dtype(array.dtype) for name, array in given.items()}
    graph = onnx.helper.make_graph(
        [node],
        "one node",
        [onnx.helper.make_tensor_value_info(k, kinds[k], v.shape) for k, v in given.items() if k not in stored],
        [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs],
        [onnx.numpy_helper.from_array(given[name], name) for name in stored],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 14)], ir_version=8)


def by_onnxruntime(op_type, attributes, given):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    model = model_of(op_type, {"hidden_size": HIDDEN, **attributes}, given).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return dict(zip(OUTPUTS, session.run(None, given), strict=False))


# --- ONNX's own cases ---------------------------------------------------------------------------


def node_cases():
    from onnx.backend.test.case.node import _NodeTestCases, gru, lstm, rnn

    modules = {module.__name__ for module in (gru, lstm, rnn)}
    assert len(modules) == 3
    return {case.name: case for case in _NodeTestCases if case.model.graph.node[0].op_type in GATES}


NODE_CASES = node_cases()


def by_case(case):
    """What the case wants, and what it gives to compute it from."""
    (node,) = case.model.graph.node
    attributes = {a.name: onnx_node._plain(onnx.helper.get_attribute_value(a)) for a in node.attribute}
    arrays, results = case.data_sets[0]
    given = dict(zip([name for name, tensor in zip(INPUTS, node.input, strict=False) if tensor], arrays, strict=True))
    named = [name for name, tensor in zip(OUTPUTS, node.output, strict=False) if tensor]
    return node.op_type, attributes, given, dict(zip(named, results, strict=True))


@pytest.mark.parametrize("name", NODE_CASES)
def test_the_node_case(name):
    *case, wanted = by_case(NODE_CASES[name])
    assert difference(computed(*case), wanted) <= FLOAT32


def test_there_are_eighteen_of_them():
    assert len(NODE_CASES) == 18


# --- random nodes -------------------------------------------------------------------------------

nodes = pytest.mark.parametrize("op_type, attributes", NODES, ids=lambda value: str(value).replace("'", ""))


@nodes
def test_a_random_node_agrees_with_onnxruntime(op_type, attributes):
    """With every input, and with each that may be left out left out."""
    full = inputs(op_type, 2 if "bidirectional" in attributes.values() else 1)
    for left_out in (None, *full.keys() - {"X", "W", "R"}):
        given = {name: array for name, array in full.items() if name != left_out}
        found = computed(op_type, attributes, given)
        assert difference(found, by_onnxruntime(op_type, attributes, given)) <= FLOAT32, f"without {left_out}"


@pytest.mark.parametrize("op_type", GATES)
def test_sequences_without_any_step_agree_with_onnxruntime(op_type):
    attributes = {"direction": "bidirectional"}
    given = {**inputs(op_type, 2), "sequence_lens": np.array([3, 0, 5, 0], np.int32)}
    assert difference(computed(op_type, attributes, given), by_onnxruntime(op_type, attributes, given)) <= FLOAT32


NUMBERS = {
    "Affine": ([0.7], [0.2]),
    "LeakyRelu": ([0.1], []),
    "ThresholdedRelu": ([0.4], []),
    "ScaledTanh": ([0.7], [1.3]),
    "HardSigmoid": ([0.3], [0.4]),
    "Elu": ([0.6], []),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("clip", [{}, {"clip": 0.4}], ids=["", "clipped"])
def test_every_activation_agrees_with_onnxruntime(name, clip):
    alpha, beta = NUMBERS.get(name, ([], []))
    attributes = {"activations": [name], **clip}
    attributes |= {"activation_alpha": alpha} if alpha else {}
    attributes |= {"activation_beta": beta} if beta else {}
    given = inputs("RNN")
    assert difference(computed("RNN", attributes, given), by_onnxruntime("RNN", attributes, given)) <= FLOAT32


DEFAULT_NUMBERS = [name for name in NUMBERS if name not in ("Affine", "ScaledTanh", "ThresholdedRelu")]


@pytest.mark.parametrize("name", DEFAULT_NUMBERS)
def test_the_documented_defaults_of_alpha_and_beta_are_those_of_onnxruntime(name):
    """But for ThresholdedRelu, for which onnxruntime takes another alpha than the documented 1."""
    given = inputs("RNN")
    attributes = {"activations": [name]}
    assert difference(computed("RNN", attributes, given), by_onnxruntime("RNN", attributes, given)) <= FLOAT32


@pytest.mark.parametrize("op_type", ["GRU", "LSTM"])
def test_alpha_and_beta_go_to_the_activations_that_take_them(op_type):
    """Two directions with unlike activations, and one that takes no number before one that does."""
    forward, back = {
        "GRU": (["Sigmoid", "ScaledTanh"], ["HardSigmoid", "LeakyRelu"]),
        "LSTM": (["Sigmoid", "Affine", "Softsign"], ["HardSigmoid", "Tanh", "LeakyRelu"]),
    }[op_type]
    attributes = {
        "direction": "bidirectional",
        "activations": [*forward, *back],
        "activation_alpha": [0.8, 0.25, 0.1],
        "activation_beta": [0.6, 0.4],
    }
    given = inputs(op_type, 2)
    assert difference(computed(op_type, attributes, given), by_onnxruntime(op_type, attributes, given)) <= FLOAT32


# --- what is caught -----------------------------------------------------------------------------

SWAPS = swaps("ONNX", "GRU", "GRU_reset_before", "LSTM")


@pytest.mark.parametrize("cell, name, letters", SWAPS)
def test_every_swap_of_gates_is_caught(cell, name, letters, monkeypatch):
    op_type = cell.split("_")[0]
    attributes = {"linear_before_reset": 1} if cell == "GRU" else {}
    given = inputs(op_type)
    wanted = by_onnxruntime(op_type, attributes, given)
    monkeypatch.setitem(PACKINGS, ("ONNX", cell), {**PACKINGS["ONNX", cell], name: letters})
    assert difference(computed(op_type, attributes, given), wanted) > CAUGHT


def test_most_swaps_would_pass_the_node_cases(monkeypatch):
    """Their weights are constant, so that they cannot tell one gate from another."""
    survivors = []
    for swap in SWAPS:
        cell, name, letters = swap.values
        op_type = cell.split("_")[0]
        with monkeypatch.context() as patch:
            patch.setitem(PACKINGS, ("ONNX", cell), {**PACKINGS["ONNX", cell], name: letters})
            cases = [by_case(case) for case in NODE_CASES.values()]
            if all(difference(computed(*case), wanted) <= FLOAT32 for *case, wanted in cases if case[0] == op_type):
                survivors.append(swap.id)
    assert len(survivors) > len(SWAPS) / 2


DROPPED = [
    ("RNN", {"direction": "reverse"}, "direction"),
    ("RNN", {"clip": 0.3}, "clip"),
    ("RNN", {"activations": ["Relu"]}, "activations"),
    ("RNN", {"activations": ["LeakyRelu"], "activation_alpha": [0.3]}, "activation_alpha"),
    ("RNN", {"activations": ["HardSigmoid"], "activation_beta": [0.3]}, "activation_beta"),
    ("GRU", {"direction": "reverse"}, "direction"),
    ("GRU", {"clip": 0.3}, "clip"),
    ("GRU", {"linear_before_reset": 1}, "linear_before_reset"),
    ("GRU", {"activations": ["HardSigmoid", "Tanh"]}, "activations"),
    ("LSTM", {"direction": "reverse"}, "direction"),
    ("LSTM", {"clip": 0.3}, "clip"),
    ("LSTM", {"input_forget": 1}, "input_forget"),
    ("LSTM", {"activations": ["Sigmoid", "Tanh", "Softsign"]}, "activations"),
    *[("RNN", {}, name) for name in ("B", "sequence_lens", "initial_h")],
    *[("GRU", {}, name) for name in ("B", "sequence_lens", "initial_h")],
    *[("LSTM", {}, name) for name in ("B", "P", "sequence_lens", "initial_h", "initial_c")],
]


@pytest.mark.parametrize("op_type, attributes, dropped", DROPPED, ids=lambda value: str(value).replace("'", ""))
def test_every_dropped_attribute_and_input_is_caught(op_type, attributes, dropped):
    given = inputs(op_type)
    wanted = by_onnxruntime(op_type, attributes, given)
    assert difference(computed(op_type, attributes, given), wanted) <= FLOAT32
    attributes = {name: value for name, value in attributes.items() if name != dropped}
    given = {name: array for name, array in given.items() if name != dropped}
    assert difference(computed(op_type, attributes, given), wanted) > CAUGHT


# --- in and out ---------------------------------------------------------------------------------


def test_a_node_is_read_from_a_model_with_its_weights():
    given = inputs("LSTM", 2)
    attributes = {"hidden_size": HIDDEN, "direction": "bidirectional", "input_forget": 1, "clip": 0.7}
    node = onnx_node.read(model_of("LSTM", attributes, given, stored=("W", "R", "B", "P")))
    others = {name: given[name] for name in ("sequence_lens", "initial_h", "initial_c")}
    found, _ = onnx_node.forward(node, given["X"], **others)
    assert difference(found, by_onnxruntime("LSTM", attributes, given)) <= FLOAT32
    with pytest.raises(ValueError, match="the graph gives the node LSTM its initial_c; pass it to forward"):
        onnx_node.forward(node, given["X"], **{name: others[name] for name in ("sequence_lens", "initial_h")})


def test_a_model_that_does_not_say_which_node_is_told():
    given = inputs("GRU")
    model = model_of("GRU", {"hidden_size": HIDDEN}, given, stored=("W", "R", "B"))
    assert onnx_node.read(model, "cell").op_type == "GRU"
    with pytest.raises(ValueError, match="one RNN, GRU or LSTM named 'other' is wanted; there is: none"):
        onnx_node.read(model, "other")
    computed_weight = model_of("GRU", {"hidden_size": HIDDEN}, given, stored=("W", "B"))
    with pytest.raises(ValueError, match="the weight R of GRU 'cell' is not stored in the model but given"):
        onnx_node.read(computed_weight)
    model.graph.node.append(model.graph.node[0])
    with pytest.raises(ValueError, match="there is: GRU 'cell', GRU 'cell'"):
        onnx_node.read(model)
    del model.graph.node[1]
    model.graph.node[0].domain = "com.example"
    with pytest.raises(ValueError, match=r"of the domain 'com\.example'"):
        onnx_node.read(model)
    with pytest.raises(TypeError, match=r"a model is wanted, got a str; read a file with onnx\.load"):
        onnx_node.read("model.onnx")


def test_weights_in_constant_nodes_and_stored_states_are_read():
    given = inputs("LSTM")
    others = ("sequence_lens", "initial_h", "initial_c")
    model = model_of("LSTM", {"hidden_size": HIDDEN}, given, stored=("R", "B", "P", *others))
    constant = onnx.helper.make_node("Constant", [], ["W"], value=onnx.numpy_helper.from_array(given["W"], "W"))
    model.graph.node.insert(0, constant)
    node = onnx_node.read(model)
    wanted = by_onnxruntime("LSTM", {}, given)
    assert difference(onnx_node.forward(node, given["X"])[0], wanted) <= FLOAT32
    moved = {**given, "initial_c": given["initial_c"] + 1}
    found, _ = onnx_node.forward(node, given["X"], initial_c=moved["initial_c"])
    assert difference(found, by_onnxruntime("LSTM", {}, moved)) <= FLOAT32


def test_an_input_that_the_operator_does_not_have_is_told():
    given = inputs("GRU")
    model = model_of("GRU", {"hidden_size": HIDDEN}, given, stored=("W", "R", "B"))
    model.graph.node[0].input.extend(["c0", ""])
    with pytest.raises(ValueError, match="the operator GRU has no input initial_c; 'cell' connects one"):
        onnx_node.read(model)
