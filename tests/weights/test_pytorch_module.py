"""PyTorch's state dicts without PyTorch: what is read off the names, what goes back, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from lstm_sym.weights import pytorch_module, with_params

GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}
D_IN, HIDDEN = 3, 4


def state_dict(mode="LSTM", *, layers=1, both=False, bias=True, projection=0, drop=(), more=()):
    """Random arrays under the names and in the shapes that PyTorch documents."""
    rng, rows = np.random.default_rng(0), GATES[mode] * HIDDEN
    state = projection or HIDDEN
    found = {}
    for layer in range(layers):
        for ending in ("", "_reverse")[: 1 + both]:
            read = state * (1 + both) if layer else D_IN
            shapes = {"weight_ih": (rows, read), "weight_hh": (rows, state)}
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
            shapes |= {"weight_hr": (projection, HIDDEN)} if projection else {}
            found |= {f"{name}_l{layer}{ending}": rng.normal(size=shape) for name, shape in shapes.items()}
    kept = {name: array for name, array in found.items() if name not in drop}
    return kept | {name: np.zeros((4, 4)) for name in more}


def small(given):
    """A state dict of half the hidden size, but for what it reads."""
    rows = {name: array[: 2 * HIDDEN] for name, array in given.items()}
    return rows | {"weight_hh_l0": rows["weight_hh_l0"][:, :2], "weight_ih_l0": np.zeros((2 * HIDDEN, HIDDEN))}


@pytest.mark.parametrize("mode", GATES)
@pytest.mark.parametrize(
    "options", [{}, {"layers": 2}, {"both": True}, {"layers": 3, "both": True, "bias": False}], ids=str
)
def test_the_names_tell_layers_directions_and_biases(mode, options):
    given = state_dict(mode, **options)
    module = pytorch_module.load(given, mode)
    assert [len(layer) for layer in module.layers] == [1 + options.get("both", False)] * options.get("layers", 1)
    assert pytorch_module.state_dict(module).keys() == given.keys()
    again = pytorch_module.load(pytorch_module.state_dict(module), mode)
    x = np.random.default_rng(1).normal(size=(4, 2, D_IN))
    np.testing.assert_array_equal(pytorch_module.forward(again, x)[0], pytorch_module.forward(module, x)[0])


def test_a_projection_makes_the_output_narrow():
    module = pytorch_module.load(state_dict(projection=2), "LSTM")
    output, (h, c), _ = pytorch_module.forward(module, np.ones((5, 2, D_IN)))
    assert output.shape == (5, 2, 2) and h.shape == (1, 2, 2) and c.shape == (1, 2, HIDDEN)


def test_the_batch_may_be_the_first_axis():
    given, x = state_dict("GRU", layers=2, both=True), np.random.default_rng(2).normal(size=(5, 2, D_IN))
    steps_first, batch_first = (pytorch_module.load(given, "GRU", batch_first=first) for first in (False, True))
    one, other = pytorch_module.forward(steps_first, x), pytorch_module.forward(batch_first, x.swapaxes(0, 1))
    np.testing.assert_array_equal(one[0], other[0].swapaxes(0, 1))
    np.testing.assert_array_equal(one[1], other[1])
    back = [
        pytorch_module.backward(steps_first, one[2], one[0]),
        pytorch_module.backward(batch_first, other[2], other[0]),
    ]
    np.testing.assert_array_equal(back[0][1], back[1][1].swapaxes(0, 1))


def test_other_parameters_in_the_same_module():
    module = pytorch_module.load(state_dict("GRU", layers=2, both=True), "GRU")
    params = [one.params for layer in module.layers for one in layer]
    moved = [one._replace(b_q=one.b_q + 1) for one in params]
    found = pytorch_module.state_dict(replace(module, layers=with_params(module.layers, moved)))
    before = pytorch_module.state_dict(module)
    changed = {name for name in found if (found[name] != before[name]).any()}
    assert changed == {name for name in found if name.startswith("bias_hh")}


@pytest.mark.parametrize(
    "given, mode, told",
    [
        (state_dict(), "lstm", "unknown mode 'lstm'; the modes are RNN_TANH, RNN_RELU, LSTM, GRU"),
        ({}, "LSTM", "no name begins with '', so there is no array of torch.nn.LSTM"),
        (state_dict(more=["head.weight"]), "LSTM", "head.weight is no array of torch.nn.LSTM; give the module's own"),
        (state_dict(more=["weight_ch_l0"]), "LSTM", "weight_ch_l0 is no array of torch.nn.LSTM"),
        (state_dict(drop=["bias_hh_l0"]), "LSTM", "the state dict lacks bias_hh_l0"),
        (state_dict(layers=3, drop=["weight_ih_l1"]), "LSTM", "the state dict lacks weight_ih_l1"),
        (state_dict(both=True, drop=["weight_hh_l0_reverse"]), "LSTM", "the state dict lacks weight_hh_l0_reverse"),
        (state_dict("GRU", more=["weight_hr_l0"]), "GRU", "weight_hr_l0: a GRU has no projection, an LSTM alone has"),
        (state_dict("GRU"), "LSTM", r"in \*_l0: weight_hh has shape .*; wanted \(n, n\) = \(3, 3\)"),
        (state_dict("GRU", both=True), "RNN_TANH", r"in \*_l0: weight_hh has shape \(12, 4\), which makes"),
        (state_dict(more=["weight_ih_l00"]), "LSTM", "weight_ih_l00 is no array of torch.nn.LSTM"),
        (
            state_dict() | {"weight_ih_l0": np.zeros((16, 3), np.float32)},
            "LSTM",
            r"in \*_l0: weight_hh is float64, weight_ih is float32; give all arrays one dtype",
        ),
        (
            state_dict() | {"bias_ih_l0": np.zeros(16, int)},
            "LSTM",
            "bias_ih_l0 is of type int64; wanted floating point numbers",
        ),
        (state_dict() | {"bias_ih_l0": None}, "LSTM", "bias_ih_l0 is of type object; wanted floating point numbers"),
        (state_dict() | {"bias_ih_l0": np.array(1.0)}, "LSTM", "bias_ih is a single number; wanted 4 blocks of rows"),
        (
            state_dict(both=True) | {"weight_ih_l0_reverse": np.zeros((16, 2))},
            "LSTM",
            r"weight_ih_l0_reverse is float64 of shape \(16, 2\), weight_ih_l0 is float64 of shape \(16, 3\)",
        ),
        (
            state_dict(layers=2) | {k.replace("l0", "l1"): v for k, v in small(state_dict()).items()},
            "LSTM",
            r"weight_hh_l1 is float64 of shape \(8, 2\), weight_hh_l0 is float64 of shape \(16, 4\)",
        ),
        (
            state_dict(layers=2) | {k.replace("l0", "l1"): v.astype("f") for k, v in state_dict().items()},
            "LSTM",
            r"weight_hh_l1 is float32 of shape \(16, 4\), weight_hh_l0 is float64",
        ),
        (state_dict(layers=2) | {"weight_ih_l1": np.zeros((16, 5))}, "LSTM", "layer 1 takes 5 inputs, layer 0 gives 4"),
    ],
)
def test_a_state_dict_that_does_not_fit_is_told(given, mode, told):
    with pytest.raises(ValueError, match=told):
        pytorch_module.load(given, mode)


def test_states_that_do_not_fit_are_told():
    module = pytorch_module.load(state_dict(layers=2), "LSTM")
    x, h = np.zeros((5, 2, 3)), np.zeros((2, 2, 4))
    with pytest.raises(ValueError, match=r"a state of shapes \[\(2, 2, 4\)\]; wanted 2 of 3 axes, .* 2 directions"):
        pytorch_module.forward(module, x, h)
    with pytest.raises(ValueError, match=r"a state of shapes \[\(1, 2, 4\), \(1, 2, 4\)\]; wanted 2 of 3 axes"):
        pytorch_module.forward(module, x, (h[:1], h[:1]))
    with pytest.raises(ValueError, match=r"x has shape \(5,\); wanted three axes, or two for a single sequence"):
        pytorch_module.forward(module, x[:, 0, 0])
    with pytest.raises(ValueError, match=r"wanted 2 of 2 axes, the first of 2 directions"):
        pytorch_module.forward(module, x[:, 0], (h, h))
    with pytest.raises(ValueError, match="the state is of type int64; wanted floating point numbers"):
        pytorch_module.forward(module, x, (h, h.astype(int)))
    with pytest.raises(ValueError, match="x is of type bool; wanted floating point numbers"):
        pytorch_module.forward(module, x > 0)


def test_lists_are_arrays():
    module = pytorch_module.load(state_dict(), "LSTM")
    x, h = np.ones((5, 2, 3)), np.ones((1, 2, 4))
    wanted, _, _ = pytorch_module.forward(module, x, (h, h))
    found, _, trace = pytorch_module.forward(module, x.tolist(), [h.tolist(), h])
    np.testing.assert_array_equal(found, wanted)
    assert pytorch_module.backward(module, trace, found.tolist(), [h, h])[1].shape == x.shape


def test_a_module_is_no_state_dict():
    with pytest.raises(TypeError, match=r"a state dict is wanted, got a list; give module\.state_dict"):
        pytorch_module.load(list(state_dict().items()), "LSTM")
