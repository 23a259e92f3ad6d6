"""Generators of random numbers, wherever they come from, and what they draw."""

import random

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

GLOBAL = np.random.default_rng(2)
X = np.zeros((4, 3))


def masked(x, rng):
    keep = (rng.random(x.shape) if isinstance(rng, np.random.Generator) else rng.random_sample(x.shape)) < 0.5
    return x * keep, keep


def masked_by_python(x, rng):
    keep = np.array([[rng.random() < 0.5 for _ in row] for row in x])
    return x * keep, keep


GENERATORS = [
    (masked, np.random.default_rng(1)),
    (masked, np.random.RandomState(1)),
    (masked_by_python, random.Random(1)),
]


@pytest.mark.parametrize("forward, rng", GENERATORS)
def test_a_generator_among_the_inputs_starts_every_run_from_its_state(forward, rng):
    report = gradcheck(forward, lambda d, keep: d * keep, [X, rng], style="cache")
    assert report.verdict == "right", str(report)
    assert gradcheck(forward, lambda d, keep: d * ~keep, [X, rng], style="cache").verdict == "wrong"


@pytest.mark.parametrize("rng", [np.random.default_rng(1), np.random.RandomState(1)])
def test_backward_draws_other_numbers_than_forward(rng):
    def backward(inputs, d):
        return masked(d, inputs[1])[0], None

    report = gradcheck(lambda x, rng: masked(x, rng)[0], backward, [X, rng])
    assert report.verdict == "wrong" and "run again" not in str(report)


def of_a_seed(x):
    rng = np.random.RandomState(3)
    return rng, rng.randn(2, x.size), rng.uniform(size=2)


def of_a_new_generator(x):
    rng = np.random.default_rng(3)
    return rng, rng.normal(size=(2, x.size)), rng.standard_normal(2)


def of_a_global(x):
    return GLOBAL, GLOBAL.normal(size=(2, x.size)), GLOBAL.standard_normal(2)


@pytest.mark.parametrize("drawn", [of_a_seed, of_a_new_generator, of_a_global])
@pytest.mark.parametrize("scale, verdict", [(1, "right"), (2, "wrong")])
def test_what_is_drawn_takes_part_in_arithmetic(drawn, scale, verdict):
    """Methods of arrays, and writing into them, would lose exact numbers in an array of NumPy's own."""

    def forward(x):
        rng, W, b = drawn(x)
        assert isinstance(rng, np.random.Generator | np.random.RandomState)
        b += W.dot(x)
        return np.tanh(b), (W, b)

    def backward(d, cache):
        W, b = cache
        return W.T.dot(d * (1 - np.tanh(b) ** 2)) * scale

    assert gradcheck(forward, backward, [np.zeros(3)]).verdict == verdict


def test_a_reservoir_is_scaled_by_its_largest_eigenvalue():
    """NumPy itself computes of constants what exact numbers cannot follow."""

    def forward(u):
        W = np.random.RandomState(0).rand(3, 3)
        W *= 0.9 / np.max(np.abs(np.linalg.eigvals(W)))
        return np.tanh(W.dot(u)), (W, u)

    def backward(d, cache):
        W, u = cache
        return W.T.dot(d * (1 - np.tanh(W.dot(u)) ** 2))

    assert gradcheck(forward, backward, [np.zeros(3)]).verdict == "right"
    report = gradcheck(lambda u: np.linalg.eigvals(np.outer(u, u)), backward, [np.zeros(3)])
    assert report.verdict == "undecided" and "np.eigvals is not followed" in str(report)
