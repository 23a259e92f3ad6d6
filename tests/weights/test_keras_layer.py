"""Keras' layers without Keras: weights in and out, and what is refused."""

import numpy as np
import pytest

from lstm_sym.weights import keras_layer, pytorch_module
from lstm_sym.weights.masking import Mask

GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
D_IN, UNITS = 3, 2


def weights(kind, *, bias=True, reset_after=True):
    """Random arrays in the shapes of ``get_weights()``."""
    rng, columns = np.random.default_rng(0), GATES[kind] * UNITS
    shapes = [(D_IN, columns), (UNITS, columns)]
    shapes += [(2, columns) if kind == "GRU" and reset_after else (columns,)] if bias else []
    return [rng.normal(size=shape) for shape in shapes]


def wrapped(kind, **config):
    """The configuration of Bidirectional around a layer."""
    parts = {"layer": False, "backward_layer": True}
    return {
        "merge_mode": "concat",
        **{part: {"class_name": kind, "config": {"go_backwards": back} | config} for part, back in parts.items()},
    }


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("bias", [True, False], ids=["biases", "no biases"])
def test_weights_come_back(kind, bias):
    given = weights(kind, bias=bias)
    layer = keras_layer.load(kind, {"use_bias": bias}, given)
    back = keras_layer.weights(layer)
    assert [array.shape for array in back] == [array.shape for array in given]
    again = keras_layer.load(kind, {"use_bias": bias}, back)
    for value, wanted in zip(again.layers[0][0].params, layer.layers[0][0].params, strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_two_directions_take_their_weights_in_turn():
    there, back = weights("LSTM"), [2 * array for array in weights("LSTM")]
    layer = keras_layer.load("Bidirectional", wrapped("LSTM"), [*there, *back])
    for found, given in zip(keras_layer.weights(layer), [*there, *back], strict=True):
        np.testing.assert_array_equal(found, given)
    output, states, _ = keras_layer.forward(layer, np.ones((4, 5, D_IN)))
    assert output.shape == (4, 2 * UNITS) and len(states) == 4


OTHER = {"class_name": "GRU", "config": {"reset_after": False}}


@pytest.mark.parametrize(
    "kind, config, told",
    [
        ("RNN", {}, "unknown layer 'RNN'; the layers are SimpleRNN, LSTM, GRU, Bidirectional"),
        ("LSTM", {"reset_after": True}, "LSTM has no key 'reset_after' that is known here; known are activation, rec"),
        ("LSTM", {"implementation": 2}, "LSTM has no key 'implementation' that is known here"),
        ("GRU", {"dropout": 0.2}, "GRU: dropout is 0.2, which is not computed here; give dropout=0"),
        ("GRU", {"recurrent_dropout": 0.1}, "GRU: recurrent_dropout is 0.1, which is not computed here"),
        ("LSTM", {"stateful": True}, "LSTM: stateful is True, which is not computed here; give stateful=False"),
        ("LSTM", {"activation": "gelu"}, "LSTM: unknown activation 'gelu'; known are tanh, sigmoid, linear"),
        ("LSTM", {"recurrent_activation": {"class_name": "own"}}, "LSTM: unknown recurrent_activation {'class_name'"),
        ("LSTM", {"use_bias": False}, "LSTM with this configuration has 2 weights, got 3"),
        ("GRU", {"reset_after": False}, r"bias has shape \(2, 6\); GRU_reset_before wants one axis"),
        ("Bidirectional", wrapped("LSTM"), "Bidirectional with this configuration has 6 weights, got 3"),
        (
            "Bidirectional",
            wrapped("LSTM") | {"merge_mode": "max"},
            "unknown merge_mode 'max'; known are 'concat', 'sum', 'ave', 'mul', None",
        ),
        ("Bidirectional", wrapped("LSTM") | {"weights": []}, "Bidirectional has no key 'weights' that is known here"),
        ("Bidirectional", wrapped("LSTM", go_backwards=True), "has go_backwards=False and its backward_layer True"),
        ("Bidirectional", wrapped("LSTM") | {"layer": wrapped("GRU")["layer"]}, "are of two kinds, GRU and LSTM"),
        ("Bidirectional", wrapped("GRU") | {"layer": OTHER}, "the two layers differ in reset_after"),
        ("LSTM", {"units": 3}, "LSTM: units is 3, but the weights are those of 2"),
        ("LSTM", {"return_sequences": "no"}, "LSTM: return_sequences is 'no'; it is True or False"),
        ("GRU", {"reset_after": None}, "GRU: reset_after is None; it is True or False"),
        ("LSTM", {"time_major": True}, "LSTM has no key 'time_major' that is known here"),
        ("Bidirectional", wrapped("LSTM") | {"layer": 3}, "layer is no serialized layer with class_name and config"),
        (
            "Bidirectional",
            wrapped("LSTM") | {"layer": wrapped("LSTM")["layer"] | {"module": "mine"}},
            "layer is of the module 'mine', not of Keras",
        ),
        ("Bidirectional", {"layer": wrapped("GRU")["layer"]}, "the configuration lacks 'backward_layer'"),
    ],
)
def test_what_is_not_known_or_not_computed_is_told(kind, config, told):
    with pytest.raises(ValueError, match=told):
        keras_layer.load(kind, config, weights(kind if kind in GATES else "LSTM"))


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_layers_of_keras_become_a_module_of_pytorch(kind):
    """The letters between are the cell's, so that weights go from each library to each other."""
    layer = keras_layer.load("Bidirectional", wrapped(kind, return_sequences=True), 2 * weights(kind))
    module = pytorch_module.Module(layer.layers, kind, pytorch_module.NAMES[:4], batch_first=True)
    again = pytorch_module.load(pytorch_module.state_dict(module), kind, batch_first=True)
    x = np.random.default_rng(1).normal(size=(4, 5, D_IN))
    np.testing.assert_array_equal(pytorch_module.forward(again, x)[0], keras_layer.forward(layer, x)[0])


def test_states_that_do_not_fit_are_told():
    layer = keras_layer.load("LSTM", {}, weights("LSTM"))
    with pytest.raises(ValueError, match="1 states; wanted 2"):
        keras_layer.forward(layer, np.ones((4, 5, D_IN)), [np.zeros((4, UNITS))])


def test_arrays_that_do_not_fit_are_told():
    layer = keras_layer.load("GRU", {"return_sequences": True}, weights("GRU"))
    x = np.ones((4, 5, D_IN))
    with pytest.raises(ValueError, match=r"x has shape \(4, 3\); wanted the axes \(B, T, d\)"):
        keras_layer.forward(layer, x[:, 0])
    for mask in (np.ones((5, 4), bool), np.ones((4, 5)), np.ones(5, bool)):
        with pytest.raises(ValueError, match=r"mask has shape .*; wanted truth values of shape \(B, T\) = \(4, 5\)"):
            keras_layer.forward(layer, x, mask=mask)
    output, _, trace = keras_layer.forward(layer, x)
    with pytest.raises(ValueError, match=r"d_output has shape \(4, 2\); wanted that of the output, \(4, 5, 2\)"):
        keras_layer.backward(layer, trace, output[:, 0])
    with pytest.raises(ValueError, match=r"weight 1 of GRU is of type int64; wanted floating point numbers"):
        keras_layer.load("GRU", {}, [*weights("GRU")[:1], np.ones((2, 6), int)])


@pytest.mark.parametrize(
    "kind, shape, told",
    [
        ("LSTM", (2, 4), r"bias has shape \(2, 4\); LSTM wants one axis"),
        ("LSTM", (8, 1), r"bias has shape \(8, 1\)"),
        ("LSTM", (6,), r"bias has shape \(6,\); its 6 rows are not 4 equal blocks"),
        ("GRU", (12,), r"bias has shape \(12,\); GRU wants two rows, one for each bias"),
        ("GRU", (3, 4), r"bias has shape \(3, 4\); GRU wants two rows"),
        ("GRU", (2, 9), r"bias has shape \(18,\), which makes the block b_r of shape \(3,\)"),
    ],
)
def test_a_bias_of_another_shape_is_told(kind, shape, told):
    with pytest.raises(ValueError, match=told):
        keras_layer.load(kind, {}, [*weights(kind)[:2], np.ones(shape)])


def test_a_pair_with_unlike_numbers_of_units_can_be_joined_in_one_way_only():
    small = [array[:, :UNITS] if array.ndim == 2 else array[:UNITS] for array in weights("SimpleRNN")]
    large = [np.ones((D_IN, 5)), np.ones((5, 5)), np.ones(5)]
    config = wrapped("SimpleRNN")
    output, _, _ = keras_layer.forward(
        keras_layer.load("Bidirectional", config, [*small, *large]), np.ones((4, 5, D_IN))
    )
    assert output.shape == (4, UNITS + 5)
    with pytest.raises(ValueError, match="merge_mode 'sum' wants two layers of as many units"):
        keras_layer.load("Bidirectional", config | {"merge_mode": "sum"}, [*small, *large])


def test_a_pair_of_outputs_takes_a_pair_of_gradients():
    layer = keras_layer.load("Bidirectional", wrapped("GRU") | {"merge_mode": None}, 2 * weights("GRU"))
    output, _, trace = keras_layer.forward(layer, np.ones((4, 5, D_IN)))
    assert [part.shape for part in output] == 2 * [(4, UNITS)]
    with pytest.raises(ValueError, match="d_output has 4 arrays; wanted one for each of the two outputs"):
        keras_layer.backward(layer, trace, output[0])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("zero", [False, True])
def test_a_mask_moves_gradients_by_the_adjoints_of_its_moves(reverse, zero):
    rng = np.random.default_rng(0)
    mask = Mask(rng.random((6, 7)) < 0.5)
    x, y = rng.normal(size=(2, 6, 7, 2))
    assert (mask.gathered(x) * y).sum() == pytest.approx((x * mask.scattered(y)).sum(), rel=1e-13)
    source = mask.source(reverse=reverse, zero=zero)
    assert (mask.spread(x, source) * y).sum() == pytest.approx((x * mask.collected(y, source)).sum(), rel=1e-13)


def test_the_output_of_a_masked_step_by_hand():
    """Steps 1, 2 and 4 of 0 to 5 count."""
    mask = Mask(np.array([[False], [True], [True], [False], [True], [False]]))
    there, back = (mask.source(reverse=reverse, zero=False)[:, 0].tolist() for reverse in (False, True))
    assert there == [-1, 0, 1, 1, 2, 2] and back == [0, 0, 1, 2, 2, -1]
    assert mask.source(reverse=True, zero=True)[:, 0].tolist() == [-1, 0, 1, -1, 2, -1]
