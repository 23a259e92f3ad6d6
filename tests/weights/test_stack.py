"""Layers, directions and lengths: against each sequence by itself, and against central differences."""

from dataclasses import replace

import numpy as np
import pytest

from lstm_sym.cells import GRU, LSTM, RNN_TANH
from lstm_sym.weights.stack import Direction, backward, forward, module_of, zero_state

T, B = 6, 5
LENGTHS = np.array([4, 6, 0, 1, 4])


def direction(cell, n, d, rng, reverse=False):
    module = module_of(cell)
    sizes = {"n": n, "m": n, "d": d}
    shapes = [[sizes[axis] for axis in module.SHAPES[f"params.{letter}"]] for letter in module.Params._fields]
    return Direction(module, module.Params(*[rng.normal(0, 0.6, shape) for shape in shapes]), reverse)


def network(rng):
    """Three layers of unlike cells and widths; the second in two directions, of unlike cells and widths too."""
    return (
        (direction(LSTM, 3, 2, rng),),
        (direction(GRU, 4, 3, rng), direction(RNN_TANH, 2, 3, rng, reverse=True)),
        (direction(LSTM, 2, 6, rng, reverse=True),),
    )


def data(layers, rng):
    zero = [zero_state(one, B) for layer in layers for one in layer]
    states, d_states = ([type(s)(*[rng.normal(size=v.shape) for v in s]) for s in zero] for _ in range(2))
    return rng.normal(size=(T, B, 2)), states, rng.normal(size=(T, B, 2)), d_states


def params_of(layers):
    return [one.params for layer in layers for one in layer]


def values(groups):
    """The arrays of named tuples, one after the other."""
    return [value for group in groups for value in group]


def along(groups, others, step):
    """Named tuples moved by ``step`` in the direction of others."""
    return [
        type(group)(*[value + step * way for value, way in zip(group, other, strict=True)])
        for group, other in zip(groups, others, strict=True)
    ]


def of_sequence(groups, b):
    """The states of one sequence of the batch."""
    return [type(group)(*[value[b : b + 1] for value in group]) for group in groups]


def assert_close(found, wanted):
    for one, other in zip(values(found), values(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)


def test_every_sequence_is_as_it_is_by_itself():
    rng = np.random.default_rng(0)
    layers = network(rng)
    x, states, d_outputs, d_states = data(layers, rng)
    outputs, finals, trace = forward(layers, x, states, LENGTHS)
    d_params, d_x, d_initial = backward(layers, trace, d_outputs, d_states)
    total = [type(one)(*map(np.zeros_like, one)) for one in d_params]
    for b, length in enumerate(LENGTHS):
        own = slice(b, b + 1)
        assert not outputs[length:, b].any() and not d_x[length:, b].any()
        last, first = of_sequence(states, b), of_sequence(d_states, b)
        if length > 0:
            out, last, kept = forward(layers, x[:length, own], last)
            parts, dx, first = backward(layers, kept, d_outputs[:length, own], first)
            total = along(total, parts, 1.0)
            assert_close([[outputs[:length, own], d_x[:length, own]]], [[out, dx]])
        assert_close([*of_sequence(finals, b), *of_sequence(d_initial, b)], [*last, *first])
    assert_close(d_params, total)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "ragged"])
def test_the_gradient_is_the_slope_of_the_loss_along_a_random_line(lengths):
    rng = np.random.default_rng(1)
    layers, others = network(rng), network(rng)
    x, states, d_outputs, d_states = data(layers, rng)
    x_way, states_way, _, _ = data(layers, rng)

    def moved(step):
        params = iter(along(params_of(layers), params_of(others), step))
        there = tuple(tuple(replace(one, params=next(params)) for one in layer) for layer in layers)
        outputs, finals, trace = forward(there, x + step * x_way, along(states, states_way, step), lengths)
        loss = (outputs * d_outputs).sum()
        return loss + sum((v * w).sum() for v, w in zip(values(finals), values(d_states), strict=True)), trace

    d_params, d_x, d_initial = backward(layers, moved(0.0)[1], d_outputs, d_states)
    ways = [x_way, *values(params_of(others)), *values(states_way)]
    slope = sum((v * w).sum() for v, w in zip([d_x, *values(d_params), *values(d_initial)], ways, strict=True))
    assert slope == pytest.approx((moved(1e-5)[0] - moved(-1e-5)[0]) / 2e-5, rel=1e-8)


def test_nothing_that_is_passed_is_changed():
    rng = np.random.default_rng(2)
    layers = network(rng)
    x, states, d_outputs, d_states = data(layers, rng)
    given = [x, d_outputs, *values(states), *values(d_states), *values(params_of(layers))]
    before = [value.copy() for value in given]
    _, _, trace = forward(layers, x, states, LENGTHS)
    first = backward(layers, trace, d_outputs, d_states)
    second = backward(layers, trace, d_outputs, d_states)
    for value, kept in zip([*given, first[1]], [*before, second[1]], strict=True):
        np.testing.assert_array_equal(value, kept)


def test_states_that_are_not_given_are_zero():
    rng = np.random.default_rng(3)
    layers = network(rng)
    x, _, d_outputs, _ = data(layers, rng)
    zero = [zero_state(one, B) for layer in layers for one in layer]
    implied, said = forward(layers, x), forward(layers, x, zero)
    np.testing.assert_array_equal(implied[0], said[0])
    np.testing.assert_array_equal(
        backward(layers, implied[2], d_outputs)[1], backward(layers, said[2], d_outputs, zero)[1]
    )


@pytest.mark.parametrize(
    "arguments, told",
    [
        ({"x": np.zeros((T, 2))}, r"x has shape \(6, 2\); wanted the axes \(T, B, d\)"),
        ({"states": []}, "0 states for 4 directions"),
        ({"lengths": np.array([1, 2])}, r"lengths has shape \(2,\); wanted 5 whole numbers"),
        ({"lengths": np.ones(B)}, r"lengths holds np.float64\(1.0\); wanted whole numbers"),
        ({"lengths": np.array([1, 2, 3, 7, 1])}, "lengths holds 7; wanted 0 to 6 steps"),
        ({"lengths": np.array([1, -2, 3, 4, 1])}, "lengths holds -2; wanted 0 to 6 steps"),
        ({"x": np.zeros((T, B, 3))}, r"x has shape \(6, 5, 3\); wanted \(T, B, d\) = \(6, 5, 2\)"),
    ],
)
def test_misuse_is_told(arguments, told):
    with pytest.raises((TypeError, ValueError), match=told):
        forward(network(np.random.default_rng(4)), **({"x": np.zeros((T, B, 2))} | arguments))


def test_a_gradient_of_another_shape_is_told():
    layers = network(np.random.default_rng(5))
    _, _, trace = forward(layers, np.ones((T, B, 2)))
    with pytest.raises(ValueError, match=r"d_outputs has shape \(6, 5, 3\); wanted that of the outputs, \(6, 5, 2\)"):
        backward(layers, trace, np.zeros((T, B, 3)))
