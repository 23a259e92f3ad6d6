"""Powers whose exponents differ from entry to entry, roots, and constants in them, as people write them."""

import math
from functools import partial

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck, same_function

K = np.arange(4)
ANY, POSITIVE = np.zeros(4), np.full(4, 2.0)


def verdict(f, slope, x):
    report = gradcheck(f, lambda inputs, d: d * slope(inputs[0]), {"x": x}, diagnose=False)
    assert bool(report.witness) == (report.verdict == "wrong"), str(report)
    return report.verdict


@pytest.mark.parametrize(
    "scale, same, other",
    [
        (lambda: 0.9 ** np.arange(4), lambda: [0.9**k for k in range(4)], lambda: 0.9 ** np.arange(1, 5)),
        (lambda: 0.9 ** np.arange(1, 5), lambda: np.cumprod(np.full(4, 0.9)), lambda: 0.9 ** np.arange(4)),
        (lambda: 0.9 ** (K + 1), lambda: np.multiply.accumulate(np.full(4, 0.9)), lambda: np.full(4, 0.9)),
        (lambda: np.power(2.0, np.arange(4)), lambda: [1.0, 2.0, 4.0, 8.0], lambda: 2.0 * np.arange(4)),
        (lambda: 0.99 ** np.arange(4)[::-1], lambda: [0.99 ** (3 - k) for k in range(4)], lambda: 0.99 ** np.arange(4)),
        (lambda: 10000.0 ** (np.arange(4) / 2), lambda: [1.0, 100.0, 1e4, 1e6], lambda: 100.0 ** (np.arange(4) / 2)),
        (
            lambda: 1 / 10000 ** (2 * np.arange(4) / 6),
            lambda: np.exp(-2 * np.arange(4) * np.log(10000.0) / 6),
            lambda: np.exp(2 * np.arange(4) * np.log(10000.0) / 6),
        ),
        (
            lambda: np.exp(np.arange(0, 8, 2) * -(math.log(10000.0) / 8)),
            lambda: [1 / 10000 ** (2 * i / 8) for i in range(4)],
            lambda: [1 / 1000 ** (2 * i / 8) for i in range(4)],
        ),
        (
            lambda: 2.0 ** (-8 * np.arange(4) / 12),
            lambda: (2 ** (-8 / 12)) ** np.arange(4),
            lambda: 2.0 ** -np.arange(4),
        ),
        (lambda: 0.999 ** np.arange(1, 5), lambda: 1 - (1 - np.power(0.999, K + 1)), lambda: 0.999 ** np.arange(4)),
        (lambda: np.logspace(-3, 0, 4), lambda: 0.1 ** np.arange(4)[::-1], lambda: 0.1 ** np.arange(4)),
        (lambda: np.geomspace(1, 8, 4), lambda: 2.0 ** np.arange(4), lambda: 3.0 ** np.arange(4)),
        (lambda: np.linspace(-1, 1, 7)[:4], lambda: -1 + np.arange(4) / 3, lambda: -1 + np.arange(4) / 4),
    ],
)
def test_constants_in_a_row(scale, same, other):
    """Bias corrections, discounts, positional encodings, frequencies of rotary embeddings, slopes of ALiBi."""
    for slope, expected in ((same, "right"), (other, "wrong")):
        assert verdict(lambda x: x * scale(), partial(constant_slope, slope), ANY) == expected


def constant_slope(slope, x):
    return np.array(slope())


@pytest.mark.parametrize(
    "f, slope, wrong, x",
    [
        (lambda x: x**K, lambda x: K * x ** np.maximum(K - 1, 0), lambda x: K * x**K, ANY),
        (lambda x: x ** -(K + 0.0), lambda x: -K / (x ** (K - 1) * x**2), lambda x: -K / x**K, ANY),
        (lambda x: np.vander(x, 4).sum(axis=1), lambda x: 1 + 2 * x + 3 * x**2, lambda x: 1 + 2 * x + 2 * x**2, ANY),
        (lambda x: np.polyval([1.0, 2.0, 3.0], x), lambda x: 2 * x + 2, lambda x: 2 * x + 3, ANY),
        (lambda x: np.sqrt((x + 9) ** 6), lambda x: 3 * (x + 9) * abs(x + 9), lambda x: 3 * (x + 9) ** 2, ANY),
        (lambda x: np.tanh(x) ** 99, lambda x: 99 * np.tanh(x) ** 98 / np.cosh(x) ** 2, np.tanh, ANY),
        (lambda x: x**1e6, lambda x: 1e6 * x**999999, lambda x: x**1e6, ANY),
        (lambda x: x ** (K / 2), lambda x: K / 2 * np.sqrt(x) ** (K - 2), lambda x: K * x ** (K / 2 - 1), POSITIVE),
        (lambda x: x ** (1 / 3), lambda x: 1 / (3 * (x ** (1 / 3)) ** 2), lambda x: x ** (2 / 3) / 3, POSITIVE),
        (lambda x: x**0.7, lambda x: 0.7 * np.exp(-0.3 * np.log(x)), lambda x: 0.7 * x**0.3, POSITIVE),
        (np.cbrt, lambda x: 1 / (3 * np.cbrt(x * x)), lambda x: 1 / (3 * np.cbrt(x)), ANY),
        (lambda x: (x**2 + 1) ** 1.7, lambda x: 3.4 * x * (x**2 + 1) ** 0.7, lambda x: 1.7 * (x**2 + 1) ** 0.7, ANY),
        (lambda x: x**1.5, lambda x: 1.5 * np.sqrt(x), lambda x: 1.5 * x, POSITIVE),
        (lambda x: np.float_power(x, 3), lambda x: 3 * x**2, lambda x: 3 * x, ANY),
        (lambda x: np.power(x, 3.0, out=np.empty_like(x)), lambda x: 3 * x**2, lambda x: 3 * x, ANY),
        (lambda x: x**x, lambda x: x**x * (np.log(x) + 1), lambda x: x**x * np.log(x), POSITIVE),
        (lambda x: 2.0**x, lambda x: math.log(2) * np.exp2(x), lambda x: np.exp2(x), ANY),
        (lambda x: np.e**x, np.exp, lambda x: x * np.e ** (x - 1), ANY),
    ],
)
def test_powers_of_inputs(f, slope, wrong, x):
    assert verdict(f, slope, x) == "right"
    assert verdict(f, wrong, x) == "wrong"


@pytest.mark.parametrize("p", [3, 2.5, 1.7])
@pytest.mark.parametrize("power, verdict", [(0, "right"), (1, "wrong")])
def test_a_norm_of_any_order(p, power, verdict):
    def backward(inputs, d):
        (x,) = inputs
        n = np.sum(np.abs(x) ** p) ** (1 / p)
        return d * np.sign(x) * np.abs(x) ** (p - 1) * n ** (power + 1 - p)

    report = gradcheck(lambda x: np.sum(np.abs(x) ** p) ** (1 / p), backward, {"x": ANY}, diagnose=False)
    assert report.verdict == verdict, str(report)


def test_products_of_all_but_one():
    def backward(inputs, d):
        (x,) = inputs
        return np.array([sum(d[t] * np.prod(np.delete(x[: t + 1], s)) for t in range(s, 4)) for s in range(4)])

    assert gradcheck(np.cumprod, backward, [ANY]).verdict == "right"


@pytest.mark.parametrize(
    "f, factor",
    [
        (lambda x: x * np.exp(np.linspace(0, math.log(8), 4)), [1, 2, 4, 8]),
        (lambda x: x * len(np.arange(0, stop=math.exp(1.3))), 4),
        (lambda x: x * round(math.exp(1.3)) * math.floor(math.exp(1.3)), 12),
        (lambda x: sum(x for _ in range(int(math.sqrt(9)))), 3),
        (lambda x: x * [1, 2, 3][int(math.pow(2, 1))] * np.arange(9)[np.power(2, 3)], 24),
        (lambda x: x * np.random.normal(2, 0 * math.exp(-1), 4), 2),
        (lambda x: x * (2.0 if isinstance(math.exp(1), float) and f"{math.exp(1):.2f}" == "2.72" else 1.0), 2),
    ],
)
def test_constants_that_are_exact_are_numbers_for_all_else(f, factor):
    assert verdict(f, lambda x: np.array(factor) + 0 * x, ANY) == "right"
    assert verdict(f, lambda x: 0.9 * np.array(factor) + 0 * x, ANY) == "wrong"


def returns(r):
    G, run = np.zeros_like(r), 0.0
    for t in reversed(range(len(r))):
        run = r[t] + 0.97 * run
        G[t] = run
    return G


@pytest.mark.parametrize("turned, expected", [(False, "right"), (True, "wrong")])
def test_discounted_returns_by_a_matrix_of_powers(turned, expected):
    def backward(inputs, d):
        t = np.arange(len(d))
        M = np.triu(0.97 ** (t[None, :] - t[:, None]))
        return M @ d if turned else d @ M

    assert gradcheck(returns, backward, {"r": ANY}, diagnose=False).verdict == expected


@pytest.mark.parametrize(
    "f, g, expected",
    [
        (lambda x, y: x**0.5 * y**0.5, lambda x, y: np.sqrt(x * y), "equal"),
        (lambda x, y: np.cbrt(x) * np.cbrt(y), lambda x, y: (x * y) ** (1 / 3), "equal"),
        (lambda x, y: (x**0.3) ** 10, lambda x, y: x**3, "equal"),
        (lambda x, y: (x**0.3) ** 10, lambda x, y: x**3.1, "different"),
        (lambda x, y: x ** np.array([1, 0.5, 0.25]), lambda x, y: [x[0], x[1] ** 0.5, np.sqrt(np.sqrt(x[2]))], "equal"),
        (lambda x, y: x ** np.array([1, 0.5, 0.25]), lambda x, y: [x[0], x[1] ** 0.5, np.sqrt(x[2])], "different"),
    ],
)
def test_the_laws_of_powers(f, g, expected):
    inputs = {"x": np.full(3, 2.0), "y": np.full(3, 3.0)}
    assert same_function(f, lambda x, y: np.array(g(x, y)), inputs).verdict == expected
