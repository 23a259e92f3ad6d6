"""Keras 3's recurrent layers against autograd of its PyTorch backend in float64."""

import os
import tempfile

import numpy as np
import pytest

from lstm_sym.export.check import relative_error
from lstm_sym.weights import keras_layer
from lstm_sym.weights.keras_layer import ACTIVATIONS
from lstm_sym.weights.packing import PACKINGS

from .swaps import swaps

torch = pytest.importorskip("torch", reason="the extra torch is not installed")
torch.set_num_threads(1)
HOME = tempfile.TemporaryDirectory()
os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("KERAS_HOME", HOME.name)
keras = pytest.importorskip("keras", reason="the extra keras is not installed")
if keras.config.backend() != "torch":
    pytest.skip("Keras runs on another backend than PyTorch, whose autograd is needed", allow_module_level=True)

# Keras' variables turn into arrays in the way of NumPy 1.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

B, T, D_IN, UNITS = 3, 5, 4, 2

FLOAT64 = 1e-12
FLOAT32 = 1e-5
"""Keras multiplies matrices of float64 in float32 on this backend; the LSTM, and the GRU with ``reset_after``, have a
path of their own that does not. The relative error allowed for the rest is that of float32 through 5 steps."""

KINDS = {
    "SimpleRNN": ("SimpleRNN", {}, FLOAT32),
    "SimpleRNN without biases": ("SimpleRNN", {"use_bias": False, "activation": "relu"}, FLOAT32),
    "LSTM": ("LSTM", {}, FLOAT64),
    "LSTM without biases": ("LSTM", {"use_bias": False}, FLOAT64),
    "LSTM, other activations": ("LSTM", {"activation": "softsign", "recurrent_activation": "hard_sigmoid"}, FLOAT32),
    "GRU": ("GRU", {}, FLOAT64),
    "GRU without biases": ("GRU", {"use_bias": False}, FLOAT64),
    "GRU, reset before": ("GRU", {"reset_after": False}, FLOAT32),
    "GRU, other activations": ("GRU", {"activation": "elu", "recurrent_activation": "hard_sigmoid"}, FLOAT32),
}
kinds = pytest.mark.parametrize("kind", KINDS)


def built(kind, around="", seed=0, merge_mode="concat", **options):
    """A layer with random weights; ``around`` it Bidirectional, or backwards."""
    name, more, _ = KINDS[kind]
    options = {"return_sequences": True, "return_state": True, "dtype": "float64", **more, **options}
    layer = getattr(keras.layers, name)(UNITS, go_backwards=around == "backwards", **options)
    if around == "both":
        layer, name = keras.layers.Bidirectional(layer, merge_mode, dtype="float64"), "Bidirectional"
    layer.build((None, None, D_IN))
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.normal(0, 0.7, array.shape) for array in layer.get_weights()])
    return name, layer


def experiment(layer, states, seed=1, mask=None):
    """The inputs, Keras' results by name, and what the loss weighs them with."""
    rng = np.random.default_rng(seed)
    x = torch.tensor(rng.normal(size=(B, T, D_IN)), requires_grad=True)
    initial = [torch.tensor(rng.normal(size=(B, UNITS)), requires_grad=True) for _ in range(states)]
    results = layer(x, initial_state=initial, mask=None if mask is None else torch.tensor(mask))
    weights = [rng.normal(size=tuple(result.shape)) for result in results]
    sum((torch.tensor(weight) * result).sum() for weight, result in zip(weights, results, strict=True)).backward()
    wanted = {f"result {k}": result for k, result in enumerate(results)}
    wanted |= {f"d weight {k}": variable.value.grad for k, variable in enumerate(layer.weights)}
    wanted |= {"d x": x.grad} | {f"d state {k}": state.grad for k, state in enumerate(initial)}
    given = x.detach().numpy(), [state.detach().numpy() for state in initial], weights
    return given, {name: value.detach().numpy() for name, value in wanted.items()}


def computed(layer, x, initial, weights, mask=None):
    output, states, trace = keras_layer.forward(layer, x, initial, mask)
    outputs = list(output) if isinstance(output, tuple) else [output]
    d_output = weights[0] if len(outputs) == 1 else tuple(weights[: len(outputs)])
    d_weights, d_x, d_initial = keras_layer.backward(layer, trace, d_output, weights[len(outputs) :])
    found = {f"result {k}": result for k, result in enumerate([*outputs, *states])}
    found |= {f"d weight {k}": value for k, value in enumerate(d_weights)}
    return found | {"d x": d_x} | {f"d state {k}": value for k, value in enumerate(d_initial)}


def states_of(layer):
    return sum(len(direction.module.State._fields) for direction in layer.layers[0])


@kinds
@pytest.mark.parametrize("around", ["", "backwards", "both"])
@pytest.mark.parametrize("return_sequences", [True, False], ids=["every output", "the last output"])
def test_everything_agrees_with_autograd(kind, around, return_sequences):
    name, layer = built(kind, around, return_sequences=return_sequences)
    loaded = keras_layer.load(name, layer.get_config(), layer.get_weights())
    given, wanted = experiment(layer, states_of(loaded))
    found = computed(loaded, *given)
    assert found.keys() == wanted.keys()
    for quantity, value in wanted.items():
        assert relative_error(found[quantity], value) <= KINDS[kind][2], quantity


def difference(name, layer, mask=None):
    """The largest relative error of any result or gradient, and its name."""
    loaded = keras_layer.load(name, layer.get_config(), layer.get_weights())
    given, wanted = experiment(layer, states_of(loaded), mask=mask)
    found = computed(loaded, *given, mask)
    assert found.keys() == wanted.keys()
    return max((relative_error(found[quantity], value), quantity) for quantity, value in wanted.items())


each_output = pytest.mark.parametrize("return_sequences", [True, False], ids=["every output", "the last output"])
MASK = np.array([[0, 1, 1, 0, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]], bool)
"""Masked steps at the start, within and at the end of a sequence, and a sequence without any step."""


@each_output
@pytest.mark.parametrize("merge_mode", keras_layer.MERGE_MODES)
@pytest.mark.parametrize("mask", [None, MASK], ids=["", "masked"])
def test_every_merge_mode(return_sequences, merge_mode, mask):
    name, layer = built("LSTM", "both", merge_mode=merge_mode, return_sequences=return_sequences)
    error, quantity = difference(name, layer, mask)
    assert error <= (FLOAT64 if mask is None else FLOAT32), quantity


@each_output
@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU", "GRU, reset before"])
@pytest.mark.parametrize("around", ["", "backwards", "both"])
@pytest.mark.parametrize("zero", [False, True], ids=["", "zero output"])
def test_masked_steps_are_skipped(kind, around, return_sequences, zero):
    name, layer = built(kind, around, return_sequences=return_sequences, zero_output_for_mask=zero)
    error, quantity = difference(name, layer, MASK)
    assert error <= FLOAT32, quantity


@pytest.mark.parametrize("around, dropped", [("", "zero_output_for_mask"), ("both", "merge_mode")])
def test_every_dropped_key_of_a_mask_and_of_a_pair_is_caught(around, dropped):
    name, layer = built("GRU", around, merge_mode="mul", zero_output_for_mask=True)
    config = {key: value for key, value in layer.get_config().items() if key != dropped}
    loaded = keras_layer.load(name, config, layer.get_weights())
    wanted = layer(np.ones((B, T, D_IN)), mask=torch.tensor(MASK))[0].detach().numpy()
    found, _, _ = keras_layer.forward(loaded, np.ones((B, T, D_IN)), mask=MASK)
    assert found.shape != wanted.shape or relative_error(found, wanted) > 1e-3


def test_the_mask_of_a_masking_layer():
    x = np.random.default_rng(4).normal(size=(B, T, D_IN))
    x[~MASK], x[0, 1, 0] = 7.0, 7.0
    name, layer = built("LSTM", return_state=False)
    model = keras.Sequential(
        [keras.Input((T, D_IN), dtype="float64"), keras.layers.Masking(7.0, dtype="float64"), layer]
    )
    mask = keras_layer.masking(x, 7.0)
    np.testing.assert_array_equal(mask, MASK)
    loaded = keras_layer.load(name, layer.get_config(), layer.get_weights())
    found, _, _ = keras_layer.forward(loaded, x, mask=mask)
    assert relative_error(found, model(x).detach().numpy()) <= FLOAT32


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation):
    name, layer = built("SimpleRNN", activation=activation)
    layer.set_weights([array / 4 for array in layer.get_weights()])
    loaded = keras_layer.load(name, layer.get_config(), layer.get_weights())
    given, wanted = experiment(layer, 1)
    found = computed(loaded, *given)
    assert max(relative_error(found[quantity], value) for quantity, value in wanted.items()) <= FLOAT32


@kinds
@pytest.mark.parametrize("around", ["", "both"])
def test_weights_go_back_into_keras(kind, around):
    name, layer = built(kind, around)
    loaded = keras_layer.load(name, layer.get_config(), layer.get_weights())
    _, other = built(kind, around, seed=2)
    other.set_weights(keras_layer.weights(loaded))
    x = np.random.default_rng(3).normal(size=(B, T, D_IN))
    np.testing.assert_allclose(other(x)[0].detach().numpy(), layer(x)[0].detach().numpy(), rtol=1e-5, atol=1e-6)


SWAPPED = {"LSTM": "LSTM", "GRU": "GRU", "GRU_reset_before": "GRU, reset before"}


@pytest.mark.parametrize("cell, name, letters", swaps("Keras", *SWAPPED))
def test_every_swap_of_gates_is_caught(cell, name, letters, monkeypatch):
    kind, layer = built(SWAPPED[cell])
    monkeypatch.setitem(PACKINGS, ("Keras", cell), {**PACKINGS["Keras", cell], name: letters})
    loaded = keras_layer.load(kind, layer.get_config(), layer.get_weights())
    given, wanted = experiment(layer, states_of(loaded))
    assert relative_error(computed(loaded, *given)["result 0"], wanted["result 0"]) > 1e-3


DROPPED = [
    ("LSTM", "backwards", "go_backwards"),
    ("GRU, reset before", "", "reset_after"),
    ("LSTM, other activations", "", "activation"),
    ("LSTM, other activations", "", "recurrent_activation"),
]


@pytest.mark.parametrize("kind, around, key", DROPPED, ids=[f"{kind}: {key}" for kind, _, key in DROPPED])
def test_every_dropped_key_is_caught(kind, around, key):
    name, layer = built(kind, around)
    config = {other: value for other, value in layer.get_config().items() if other != key}
    if key == "reset_after":
        with pytest.raises(ValueError, match=r"GRU wants two rows, one for each bias"):
            keras_layer.load(name, config, layer.get_weights())
        return
    loaded = keras_layer.load(name, config, layer.get_weights())
    given, wanted = experiment(layer, states_of(loaded))
    assert relative_error(computed(loaded, *given)["result 0"], wanted["result 0"]) > 1e-3


def test_layers_on_each_other_are_layers_in_turn():
    """Two layers of a Sequential: what one gives the next takes, and gradients go back through both."""
    (_, first), second = built("LSTM", "both", return_state=False), keras.layers.GRU(UNITS, dtype="float64")
    model = keras.Sequential([keras.Input((T, D_IN), dtype="float64"), first, second])
    one, two = (
        keras_layer.load(type(layer).__name__, layer.get_config(), layer.get_weights()) for layer in model.layers
    )
    x = torch.randn(B, T, D_IN, dtype=torch.float64, requires_grad=True)
    output = model(x)
    output.sum().backward()
    between, _, below = keras_layer.forward(one, x.detach().numpy())
    found, _, above = keras_layer.forward(two, between)
    assert relative_error(found, output.detach().numpy()) <= FLOAT32
    _, d_between, _ = keras_layer.backward(two, above, np.ones_like(found))
    _, d_x, _ = keras_layer.backward(one, below, d_between)
    assert relative_error(d_x, x.grad.numpy()) <= FLOAT32
