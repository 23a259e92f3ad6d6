"""Functions that are made of others, and the identities that their derivatives are written with."""

import math

import numpy as np
import pytest
import scipy.special as sp

from lstm_sym.gradcheck import gradcheck, same_function

ANY, POSITIVE, INSIDE = np.zeros(4), np.full(4, 2.0), np.full(4, 0.3)
LN2 = math.log(2)
SCALE, ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def selu(x):
    return np.where(x > 0, SCALE * x, SCALE * ALPHA * np.expm1(x))


def log_cosh(x):
    return np.abs(x) + np.log1p(np.exp(-2 * np.abs(x))) - np.log(2)


def mish(x):
    return x * np.tanh(softplus(x))


def mish_slope(x, factor=4):
    """As its authors print it."""
    omega = 4 * (x + 1) + factor * np.exp(2 * x) + np.exp(3 * x) + np.exp(x) * (4 * x + 6)
    return np.exp(x) * omega / (2 * np.exp(x) + np.exp(2 * x) + 2) ** 2


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def gelu_slope(x, cubic=0.134145):
    t = np.tanh(0.7978845608028654 * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * math.sqrt(2 / math.pi) * (1 + cubic * x**2)


@pytest.mark.parametrize(
    "f, slope, wrong, x",
    [
        (gelu, gelu_slope, lambda x: gelu_slope(x, 0.044715), ANY),
        (gelu, lambda x: gelu_slope(x, 3 * 0.044715), lambda x: gelu_slope(x, 0.1341), ANY),
        (mish, mish_slope, lambda x: mish_slope(x, 2), ANY),
        (selu, lambda x: SCALE * np.where(x > 0, 1, ALPHA * np.exp(x)), lambda x: np.where(x > 0, SCALE, 1.0), ANY),
        (selu, lambda x: np.where(x > 0, SCALE, selu(x) + SCALE * ALPHA), lambda x: selu(x) + SCALE * ALPHA, ANY),
        (softplus, sigmoid, lambda x: sigmoid(-x), ANY),
        (lambda x: x * np.logaddexp(0, x), lambda x: x * sigmoid(x) + softplus(x), softplus, ANY),
        (lambda x: x * np.log(sigmoid(x)), lambda x: x * sigmoid(-x) - softplus(-x), sigmoid, ANY),
        (lambda x: x * np.log(np.cosh(x)), lambda x: x * np.tanh(x) + log_cosh(x), np.tanh, ANY),
        (lambda x: x * np.log(x**2), lambda x: 2 * np.log(np.abs(x)) + 2, lambda x: np.log(np.abs(x)) + 2, ANY),
        (lambda x: np.exp(-2 * np.log(x)), lambda x: -2 / x**3, lambda x: -2 / x**2, POSITIVE),
        (np.exp2, lambda x: LN2 * 2**x, np.exp2, ANY),
        (lambda x: np.exp2(1.4426950408889634 * x), np.exp, np.exp2, ANY),
        (np.log10, lambda x: 0.4342944819032518 / x, lambda x: 1 / x, POSITIVE),
        (np.sinh, lambda x: (np.exp(x) + np.exp(-x)) / 2, np.sinh, ANY),
        (np.arcsinh, lambda x: 1 / np.sqrt(x**2 + 1), lambda x: 1 / np.sqrt(x**2 + 2), ANY),
        (lambda x: np.arccosh(1 + x), lambda x: 1 / np.sqrt(x**2 + 2 * x), lambda x: 1 / np.sqrt(x**2 + x), POSITIVE),
        (np.arctanh, lambda x: 1 / (1 - x**2), lambda x: 1 / (1 + x**2), INSIDE),
        (np.arcsin, lambda x: 1 / np.sqrt(1 - x**2), lambda x: 1 / np.sqrt(1 + x**2), INSIDE),
        (lambda x: x * np.arccos(x), lambda x: np.pi / 2 - np.arcsin(x) - x / np.sqrt(1 - x**2), np.arccos, INSIDE),
        (np.sinc, lambda x: (np.cos(np.pi * x) - np.sinc(x)) / x, lambda x: (np.cos(x) - np.sinc(x)) / x, ANY),
        (np.deg2rad, lambda x: np.pi / 180 + 0 * x, lambda x: 180 / np.pi + 0 * x, ANY),
        (sp.log_ndtr, lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi) / sp.ndtr(x), lambda x: 1 / sp.ndtr(x), ANY),
        (sp.erfcx, lambda x: 2 * x * sp.erfcx(x) - 2 / np.sqrt(np.pi), lambda x: 2 * x * sp.erfcx(x), ANY),
        (sp.entr, lambda x: -np.log(x) - 1, lambda x: -np.log(x), POSITIVE),
        (sp.logit, lambda x: 1 / (x * (1 - x)), lambda x: 1 / x, INSIDE),
        (lambda x: sp.xlogy(x, 1 + x), lambda x: np.log1p(x) + x / (1 + x), lambda x: np.log1p(x), POSITIVE),
    ],
)  # fmt: skip
def test_derivatives(f, slope, wrong, x):
    report = gradcheck(f, lambda inputs, d: d * slope(inputs[0]), {"x": x}, diagnose=False)
    assert report.verdict == "right", str(report)
    report = gradcheck(f, lambda inputs, d: d * wrong(inputs[0]), {"x": x}, diagnose=False)
    assert report.verdict == "wrong" and report.witness, str(report)


@pytest.mark.parametrize(
    "f, slopes, wrong",
    [
        (sp.rel_entr, lambda x, y: (np.log(x) - np.log(y) + 1, -x / y), 0),
        (sp.kl_div, lambda x, y: (np.log(x / y), 1 - x / y), 1),
        (lambda x, y: x * np.log(x * y * y), lambda x, y: (np.log(x) + 2 * np.log(y) + 1, 2 * x / y), 0),
        (np.arctan2, lambda x, y: (y / (x**2 + y**2), -x / (x**2 + y**2)), 1),
        (np.logaddexp2, lambda x, y: (2**x / (2**x + 2**y), sigmoid((y - x) * np.log(2))), 0),
    ],
)
def test_derivatives_in_two_variables(f, slopes, wrong):
    inputs = {"x": POSITIVE, "y": POSITIVE + 1}

    def backward(inputs, d, factors=(1, 1)):
        return tuple(d * slope * factor for slope, factor in zip(slopes(*inputs), factors))

    assert gradcheck(lambda x, y: f(x, y), backward, inputs).verdict == "right"
    factors = [2 if k == wrong else 1 for k in range(2)]
    report = gradcheck(lambda x, y: f(x, y), lambda i, d: backward(i, d, factors), inputs, diagnose=False)
    assert report.inputs == {"x": wrong != 0, "y": wrong != 1} and report.witness, str(report)


def test_an_angle_goes_round_the_circle():
    points = {"y": np.array([1.0, 1.0, -1.0, -1.0]), "x": np.array([2.0, -2.0, -2.0, 2.0])}

    def other(y, x):
        return np.where(x > 0, np.arctan(y / x), np.arctan(y / x) + np.where(y > 0, np.pi, -np.pi))

    assert same_function(lambda y, x: np.arctan2(y, x), other, points).verdict == "equal"
    assert same_function(lambda y, x: np.arctan2(y, x), lambda y, x: np.arctan(y / x), points).verdict == "different"


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def log_softmax(x):
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("logarithm", [lambda x: np.log(softmax(x)), log_softmax, lambda x: sp.log_softmax(x, axis=1)])
@pytest.mark.parametrize("other", [lambda x: np.log(sp.softmax(x, axis=1)), log_softmax])
def test_an_entropy_in_several_styles(logarithm, other):
    def backward(inputs, d, forgotten=0):
        p, q = softmax(inputs[0]), other(inputs[0])
        return -d[:, None] * p * (q - (1 - forgotten) * (p * q).sum(axis=1, keepdims=True))

    def forward(x):
        return -(softmax(x) * logarithm(x)).sum(axis=1)

    inputs = {"x": np.zeros((3, 4))}
    assert gradcheck(forward, backward, inputs).verdict == "right"
    assert gradcheck(forward, lambda i, d: backward(i, d, 1), inputs, diagnose=False).verdict == "wrong"


def test_what_replaces_a_division_by_zero_is_refused():
    report = gradcheck(lambda x: np.nan_to_num(x / (x - x)), lambda i, d: 0 * d, {"x": ANY})
    assert report.verdict == "undecided" and "divides by 0" in str(report)
    assert gradcheck(lambda x: np.nan_to_num(x * x), lambda i, d: 2 * d * i[0], {"x": ANY}).verdict == "right"
