"""Keras' layers without Keras: weights in and out, and what is refused."""

import numpy as np
import pytest

from lstm_sym.weights import keras_layer

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
        ("GRU", {"reset_after": False}, r"bias has shape \(12,\), which makes the block b_r of shape \(4,\)"),
        ("Bidirectional", wrapped("LSTM"), "Bidirectional with this configuration has 6 weights, got 3"),
        ("Bidirectional", wrapped("LSTM") | {"merge_mode": "sum"}, "merge_mode is 'sum'; 'concat' is what is computed"),
        ("Bidirectional", wrapped("LSTM") | {"weights": []}, "Bidirectional has no key 'weights' that is known here"),
        ("Bidirectional", wrapped("LSTM", go_backwards=True), "has go_backwards=False and its backward_layer True"),
        ("Bidirectional", wrapped("LSTM") | {"layer": wrapped("GRU")["layer"]}, "are of two kinds, GRU and LSTM"),
        ("Bidirectional", wrapped("GRU") | {"layer": OTHER}, "the two layers differ in reset_after"),
        ("Bidirectional", {"layer": wrapped("GRU")["layer"]}, "the configuration lacks 'backward_layer'"),
    ],
)
def test_what_is_not_known_or_not_computed_is_told(kind, config, told):
    with pytest.raises(ValueError, match=told):
        keras_layer.load(kind, config, weights(kind if kind in GATES else "LSTM"))


def test_states_that_do_not_fit_are_told():
    layer = keras_layer.load("LSTM", {}, weights("LSTM"))
    with pytest.raises(ValueError, match="1 states; wanted 2"):
        keras_layer.forward(layer, np.ones((4, 5, D_IN)), [np.zeros((4, UNITS))])
