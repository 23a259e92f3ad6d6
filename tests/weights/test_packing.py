"""The table of packings is a linear map: read by it, gradients back by its adjoint, parameters by a right inverse."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_sym.cells import GRU, GRU_RESET_BEFORE, LSTM, LSTM_PROJECTION, PEEPHOLE_LSTM, RNN_TANH
from lstm_sym.weights.packing import PACKINGS, packed, packed_gradient, unpacked
from lstm_sym.weights.stack import module_of
from lstm_sym.weights.variants import coupled

SIZES = {"n": 3, "m": 3, "d": 2, "r": 4}
CELLS = {
    "RNN": (RNN_TANH,),
    "SimpleRNN": (RNN_TANH,),
    "GRU": (GRU,),
    "GRU_reset_before": (GRU_RESET_BEFORE,),
    "LSTM": (LSTM, LSTM_PROJECTION, PEEPHOLE_LSTM, coupled(LSTM), coupled(PEEPHOLE_LSTM)),
}
CASES = [(key, cell) for key in PACKINGS for cell in CELLS[key[1]]]
cases = pytest.mark.parametrize("key, cell", CASES, ids=[f"{key[0]}-{cell.name}" for key, cell in CASES])


def shape_of(module, letter):
    return [SIZES[axis] for axis in module.SHAPES[f"params.{letter}"]]


def random_params(module, rng):
    return module.Params(*[rng.normal(size=shape_of(module, letter)) for letter in module.Params._fields])


def names_of(key, module):
    """The arrays of which the cell reads some letter."""
    return [name for name, letters in PACKINGS[key].items() if set(letters) & set(module.Params._fields)]


def random_arrays(key, module, rng):
    arrays = {}
    for name in names_of(key, module):
        letters = PACKINGS[key][name]
        shape = shape_of(module, next(letter for letter in letters if letter in module.Params._fields))
        arrays[name] = rng.normal(size=[shape[0] * len(letters), *shape[1:]])
    return arrays


@cases
def test_every_letter_of_the_cell_is_read(key, cell):
    module = module_of(cell)
    places = Counter(letter for name in names_of(key, module) for letter in PACKINGS[key][name])
    lacking = (
        {"p_i", "p_f", "p_o", "W_r"} if key[0] == "Keras" else {"p_i", "p_f", "p_o"} if key[0] == "PyTorch" else {"W_r"}
    )
    assert set(module.Params._fields) - lacking <= places.keys()
    assert all(count <= 2 for count in places.values())


@cases
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_gradients_go_back_by_the_adjoint(key, cell, seed):
    """The inner products of p and A w, and of A^T p and w, are one number."""
    module, rng = module_of(cell), np.random.default_rng(seed)
    arrays, d_params = random_arrays(key, module, rng), random_params(module, rng)
    read = unpacked(PACKINGS[key], arrays, module)
    back = packed_gradient(PACKINGS[key], d_params, arrays)
    assert {name: array.shape for name, array in back.items()} == {name: array.shape for name, array in arrays.items()}
    there = sum((one * other).sum() for one, other in zip(read, d_params, strict=True))
    here = sum((arrays[name] * back[name]).sum() for name in arrays)
    assert abs(there - here) <= 1e-12 * sum(np.abs(array).sum() for array in arrays.values())


@cases
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_parameters_come_back_as_they_were(key, cell, seed):
    module, names = module_of(cell), names_of(key, module_of(cell))
    params = random_params(module, np.random.default_rng(seed))
    params = params._replace(**{
        letter: np.zeros_like(value)
        for letter, value in zip(params._fields, params, strict=True)
        if not any(letter in PACKINGS[key][name] for name in names)
    })  # fmt: skip
    again = unpacked(PACKINGS[key], packed(PACKINGS[key], params, names), module)
    for letter, value, wanted in zip(params._fields, again, params, strict=True):
        np.testing.assert_array_equal(value, wanted, err_msg=letter)


def test_two_places_of_a_letter_are_their_sum():
    rng = np.random.default_rng(0)
    module = module_of(LSTM)
    arrays = {"W": rng.normal(size=(12, 2)), "R": rng.normal(size=(12, 3)), "B": rng.normal(size=24)}
    params = unpacked(PACKINGS["ONNX", "LSTM"], arrays, module)
    np.testing.assert_array_equal(params.b_f, arrays["B"][6:9] + arrays["B"][18:21])
    np.testing.assert_array_equal(params.U_z, arrays["W"][9:12])
    np.testing.assert_array_equal(params.W_o, arrays["R"][3:6])


def test_a_letter_of_which_there_is_no_array_is_zero_and_cannot_come_back():
    module = module_of(LSTM)
    arrays = {"kernel": np.ones((12, 2), np.float32), "recurrent_kernel": np.ones((12, 3), np.float32)}
    params = unpacked(PACKINGS["Keras", "LSTM"], arrays, module)
    assert params.b_o.shape == (3,) and params.b_o.dtype == np.float32 and not params.b_o.any()
    assert packed(PACKINGS["Keras", "LSTM"], params, arrays).keys() == arrays.keys()
    with pytest.raises(ValueError, match="b_o is not 0, and the arrays kernel, recurrent_kernel have no place for it"):
        packed(PACKINGS["Keras", "LSTM"], params._replace(b_o=np.ones(3)), arrays)


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"W": (11, 2)}, r"W has shape \(11, 2\); its 11 rows are not 4 equal blocks"),
        ({"W": (16, 2)}, r"W has shape \(16, 2\), which makes .* U_f of shape \(4, 2\); wanted \(n, d\) = \(3, 2\)"),
        ({"R": (12, 4)}, r"R has shape \(12, 4\), which makes .* W_f of shape \(3, 4\); wanted \(n, n\) = \(3, 3\)"),
        ({"B": (12, 1)}, r"B has shape \(12, 1\); its 12 rows are not 8 equal blocks"),
        ({"B": (24, 1)}, r"B has shape \(24, 1\), which makes the block b_f of shape \(3, 1\); wanted \(n\)"),
    ],
)  # fmt: skip
def test_an_array_that_does_not_fit_is_named(changed, told):
    shapes = {"W": (12, 2), "R": (12, 3), "B": (24,)} | changed
    arrays = {name: np.zeros(shape) for name, shape in shapes.items()}
    with pytest.raises(ValueError, match=told):
        unpacked(PACKINGS["ONNX", "LSTM"], arrays, module_of(LSTM))
