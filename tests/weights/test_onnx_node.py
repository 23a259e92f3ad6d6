"""ONNX's operators without ONNX: layouts, gradients, weights in and out, and what is refused."""

import numpy as np
import pytest

from lstm_sym.weights import onnx_node
from lstm_sym.weights.onnx_node import WEIGHTS

from .onnx_nodes import GATES, NODES, computed, inputs

nodes = pytest.mark.parametrize("op_type, attributes", NODES, ids=lambda value: str(value).replace("'", ""))


@nodes
def test_layout_1_has_the_batch_before_the_steps(op_type, attributes):
    """onnxruntime does not run it; it is layout 0 with the axes of the documentation exchanged."""
    directions = 2 if "bidirectional" in attributes.values() else 1
    given = inputs(op_type, directions)
    wanted = computed(op_type, attributes, given)
    turned = {k: v.swapaxes(0, 1) if k in ("X", "initial_h", "initial_c") else v for k, v in given.items()}
    found = computed(op_type, {**attributes, "layout": 1}, turned)
    np.testing.assert_array_equal(found["Y"], wanted["Y"].transpose(2, 0, 1, 3))
    for name in wanted.keys() - {"Y"}:
        np.testing.assert_array_equal(found[name], wanted[name].swapaxes(0, 1))


@nodes
@pytest.mark.parametrize("layout", [0, 1])
def test_the_gradient_of_every_input_is_the_slope_of_the_loss(op_type, attributes, layout):
    """In float64, along a random line through all inputs at once; an input's share is tested by its own slope."""
    directions = 2 if "bidirectional" in attributes.values() else 1
    attributes = {**attributes, "layout": layout}
    rng = np.random.default_rng(1)
    given = {k: v if k == "sequence_lens" else v.astype(float) for k, v in inputs(op_type, directions).items()}
    given["sequence_lens"] = np.array([3, 5, 0, 4])
    if layout:
        given |= {k: given[k].swapaxes(0, 1) for k in ("X", "initial_h", "initial_c") if k in given}
    names = [name for name in WEIGHTS[op_type] if name in given]
    weighed = {name: rng.normal(size=value.shape) for name, value in computed(op_type, attributes, given).items()}

    def run(arrays):
        node = onnx_node.load(op_type, attributes, {name: arrays[name] for name in names})
        others = {k: v for k, v in arrays.items() if k not in (*names, "X")}
        return node, *onnx_node.forward(node, arrays["X"], **others)

    def loss(arrays):
        return sum((run(arrays)[1][name] * weight).sum() for name, weight in weighed.items())

    node, _, trace = run(given)
    gradients = onnx_node.backward(node, trace, weighed)
    assert gradients.keys() == given.keys() - {"sequence_lens"}
    for name, gradient in gradients.items():
        along, step = rng.normal(size=given[name].shape), 1e-6
        ends = [loss({**given, name: given[name] + s * along}) for s in (step, -step)]
        assert (gradient * along).sum() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6, abs=1e-8), name


@nodes
def test_weights_come_back(op_type, attributes):
    given = inputs(op_type, 2 if "bidirectional" in attributes.values() else 1)
    weights = {name: given[name] for name in WEIGHTS[op_type] if name in given}
    node = onnx_node.load(op_type, attributes, weights)
    back = onnx_node.weights(node)
    assert {name: array.shape for name, array in back.items()} == {name: array.shape for name, array in weights.items()}
    again = onnx_node.load(op_type, attributes, back)
    for one, other in zip(node.layers[0], again.layers[0], strict=True):
        for value, wanted in zip(other.params, one.params, strict=True):
            np.testing.assert_array_equal(value, wanted)


@pytest.mark.parametrize(
    "op_type, attributes, told",
    [
        ("Gru", {}, "unknown operator 'Gru'; the operators are RNN, GRU, LSTM"),
        ("RNN", {"linear_before_reset": 1}, "the operator RNN has no attribute 'linear_before_reset'"),
        ("GRU", {"input_forget": 1}, "the operator GRU has no attribute 'input_forget'"),
        ("LSTM", {"output_sequence": 1}, "the operator LSTM has no attribute 'output_sequence'; it has hidden_size"),
        ("LSTM", {"direction": "backward"}, "direction is 'backward'; it may be 'forward', 'reverse', 'bidirectional'"),
        (
            "LSTM",
            {"direction": "bidirectional"},
            r"W has shape \(1, 8, 3\); its first axis has one entry for each of 2",
        ),
        ("LSTM", {"layout": 2}, "layout is 2; it may be 0, 1"),
        ("LSTM", {"input_forget": 2}, "input_forget is 2; it may be 0, 1"),
        ("LSTM", {"clip": 0.0}, "clip is 0.0; a threshold is positive"),
        ("LSTM", {"clip": "1"}, "clip is '1', which is no number"),
        ("LSTM", {"clip": [1.0]}, r"clip is \[1\.0\], which is no number"),
        ("LSTM", {"direction": ["forward"]}, r"direction is \['forward'\]; it may be 'forward', 'reverse'"),
        ("LSTM", {"layout": True}, "layout is True; it may be 0, 1"),
        ("LSTM", {"activations": "Sigmoid"}, "activations is 'Sigmoid'; it is a list"),
        ("RNN", {"activations": ["Elu"], "activation_alpha": 0.3}, "activation_alpha is 0.3; it is a list"),
        ("RNN", {"activations": ["Elu"], "activation_alpha": ["x"]}, "activation_alpha is 'x', which is no number"),
        ("RNN", {"activations": ["Elu"], "activation_alpha": [np.inf]}, "activation Elu wants a finite number"),
        ("LSTM", {"hidden_size": 3}, r"hidden_size is 3, but R has shape \(1, 8, 2\)"),
        ("LSTM", {"activations": ["Tanh"]}, "activations has 1 names; LSTM wants 3 for each of 1 directions"),
        ("RNN", {"activations": ["Gelu"]}, "unknown activation 'Gelu'; ONNX documents Relu, Tanh, Sigmoid"),
        ("RNN", {"activations": ["Affine"]}, "activation Affine needs a number in activation_alpha; ONNX documents no"),
        ("RNN", {"activation_alpha": [0.1]}, "activation_alpha has 1 numbers more than the activations take"),
        ("GRU", {"activation_beta": [0.1, 0.2]}, "activation_beta has 2 numbers more than the activations take"),
    ],
)
def test_what_is_not_known_or_not_allowed_is_told(op_type, attributes, told):
    weights = inputs(op_type) if op_type in GATES else {}
    with pytest.raises(ValueError, match=told):
        onnx_node.load(op_type, attributes, {name: weights[name] for name in ("W", "R", "B", "P") if name in weights})


def test_weights_and_inputs_that_are_none_are_told():
    given = inputs("GRU")
    weights = {name: given[name] for name in ("W", "R", "B")}
    with pytest.raises(ValueError, match="the operator GRU has no weight 'P'; it has W, R, B"):
        onnx_node.load("GRU", {}, {**weights, "P": given["B"]})
    with pytest.raises(ValueError, match="the operator GRU needs the weight R"):
        onnx_node.load("GRU", {}, {"W": given["W"]})
    node = onnx_node.load("GRU", {}, weights)
    with pytest.raises(ValueError, match="W is of type int64; wanted floating point numbers"):
        onnx_node.load("GRU", {}, {**weights, "W": np.ones_like(given["W"], int)})
    with pytest.raises(ValueError, match=r"X has shape \(4, 3\); wanted the axes \(T, B, d\)"):
        onnx_node.forward(node, given["X"][0])
    with pytest.raises(ValueError, match=r"initial_h has shape \(4, 2\); wanted 1 directions"):
        onnx_node.forward(node, given["X"], initial_h=given["initial_h"][0])
    with pytest.raises(ValueError, match="the operator GRU has no input initial_c"):
        onnx_node.forward(node, given["X"], initial_c=given["initial_h"])
    with pytest.raises(ValueError, match=r"initial_h has shape \(2, 4, 2\); wanted 1 directions"):
        onnx_node.forward(node, given["X"], initial_h=np.repeat(given["initial_h"], 2, axis=0))
    with pytest.raises(ValueError, match=r"direction 0: state.h has shape \(3, 2\); wanted \(B, m\) = \(4, 2\)"):
        onnx_node.forward(node, given["X"], initial_h=given["initial_h"][:, :3])
    _, trace = onnx_node.forward(node, given["X"])
    with pytest.raises(ValueError, match=r"Y has shape \(5, 4, 2\); wanted \(T, directions, B, n\) with 1 directions"):
        onnx_node.backward(node, trace, {"Y": np.zeros((5, 4, 2), np.float32)})
    with pytest.raises(ValueError, match="the operator GRU has no output 'Y_c'; it has Y, Y_h"):
        onnx_node.backward(node, trace, {"Y_c": given["initial_h"]})
