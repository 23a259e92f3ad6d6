"""What the field knows of exp and log, whatever is evaluated first."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck, same_function
from lstm_sym.gradcheck.exact import numbers as n
from lstm_sym.gradcheck.exact.field import Field
from lstm_sym.gradcheck.exact.modular import CHAIN, PRIMES, Modular


def softmax_loss(x):
    p = np.exp(x - np.max(x, axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return -np.sum(np.log(p[:, 0]))


def backward_with(shift):
    def backward(inputs, d):
        (x,) = inputs
        p = np.exp(shift(x))
        p /= p.sum(axis=1, keepdims=True)
        dx = p.copy()
        dx[:, 0] -= 1
        return (dx * d,)

    return backward


@pytest.mark.parametrize(
    "shift",
    [
        lambda x: x,
        lambda x: x - np.min(x, axis=1, keepdims=True),
        lambda x: x + np.max(x, axis=1, keepdims=True),
        lambda x: x - np.max(x),
        lambda x: x - 3,
    ],
    ids=["none", "min", "plus", "one", "three"],
)
def test_a_softmax_may_be_shifted_otherwise_than_in_forward(shift):
    report = gradcheck(softmax_loss, backward_with(shift), {"x": np.zeros((2, 3))})
    assert report.verdict == "right", str(report)


def test_a_logarithm_is_of_the_value_and_not_of_what_was_written_over_it():
    field = Field(1)
    x = field.letters("x", np.array([0.5]))
    e = n.apply("exp", x)
    for ring, part in zip(field.rings, e.parts):
        part[...] = ring.mul(part, part)
    assert not field.same(n.apply("log", e), x).any()
    assert field.same(n.apply("log", n.apply("exp", x)), x).all()


@pytest.mark.parametrize("p", CHAIN[:2])
def test_the_logarithms_of_small_primes(p):
    ring = Modular(p, 12345)
    assert [pow(ring.generator, ring.logarithm(prime), p) for prime in PRIMES] == list(PRIMES)


@pytest.mark.parametrize("text", ["x * y", "x / y", "x ** 2 * y", "1 / x", "x * x", "2 * x", "x * y * y", "x ** 0.5"])
@pytest.mark.parametrize("first", [True, False])
def test_logarithms_of_products_whatever_is_taken_first(text, first):
    def forward(x, y):
        terms = {
            "x * y": np.log(x) + np.log(y), "x / y": np.log(x) - np.log(y), "x ** 2 * y": 2 * np.log(x) + np.log(y),
            "1 / x": -np.log(x), "x * x": 2 * np.log(x), "2 * x": np.log(2) + np.log(x),
            "x * y * y": np.log(x) + 2 * np.log(y), "x ** 0.5": np.log(x) / 2,
        }  # fmt: skip
        return terms[text]

    def other(x, y):
        products = {
            "x * y": x * y, "x / y": x / y, "x ** 2 * y": x**2 * y, "1 / x": 1 / x, "x * x": x * x, "2 * x": 2 * x,
            "x * y * y": x * y * y, "x ** 0.5": x**0.5,
        }  # fmt: skip
        return np.log(products[text])

    inputs = {"x": np.full(2, 2.0), "y": np.full(2, 3.0)}
    pair = (forward, other) if first else (other, forward)
    assert same_function(*pair, inputs).verdict == "equal"
    assert same_function(forward, lambda x, y: other(x, y) + 1e-9 * x, inputs).verdict == "different"


@pytest.mark.parametrize("factor", [0.25, 0.5, 1, 2, 4, 8, -1, -4, 3])
def test_an_exponential_is_the_same_again_whatever_comes_between(factor):
    field = Field(1)
    x = field.letters("x", np.array([0.5, -1.5]))
    first = n.apply("exp", x)
    n.apply("exp", n.multiply(x, field.constant(factor)))
    again = n.apply("exp", x)
    assert all(np.array_equal(a, b) for a, b in zip(first.parts, again.parts))


def test_a_divisor_counts_once_at_a_point():
    field = Field(1)
    x = field.letters("x", np.array([0.5, -1.5]))
    degrees = []
    for divisor in (x, n.add(x, x), n.multiply(x, field.constant(2)), n.multiply(x, x)):
        n.reciprocal(divisor)
        degrees.append(field.divisors)
    assert degrees == [2.0, 4.0, 4.0, 8.0]
