"""Sine, cosine, arc tangent and the error function: SIREN, rotary embeddings, positional encodings, exact GELU."""

import math

import numpy as np
import pytest
import scipy.special
from scipy.special import erf

from lstm_sym.gradcheck import gradcheck, same_function


def siren(x, W, b):
    return np.sin(30 * (x @ W + b)), (x, W, b)


def siren_backward(d, cache, slope=np.cos, factor=30, sign=1):
    x, W, b = cache
    a = sign * factor * d * slope(30 * (x @ W + b))
    return a @ W.T, x.T @ a, a.sum(axis=0)


LAYER = {"x": np.zeros((4, 3)), "W": np.zeros((3, 5)), "b": np.zeros(5)}


@pytest.mark.parametrize(
    "options, verdict",
    [({}, "right"), ({"slope": np.sin}, "wrong"), ({"factor": 1}, "wrong"), ({"sign": -1}, "wrong")],
)
def test_a_layer_of_sines(options, verdict):
    report = gradcheck(siren, lambda d, cache: siren_backward(d, cache, **options), LAYER, diagnose=False)
    assert report.verdict == verdict and bool(report.witness) == (verdict == "wrong"), str(report)


def two_layers(x, W, V):
    return np.cos(np.sin(x @ W) @ V)


def two_layers_backward(inputs, d, inner=np.cos):
    x, W, V = inputs
    s = np.sin(x @ W)
    b = -d * np.sin(s @ V)
    a = b @ V.T * inner(x @ W)
    return a @ W.T, x.T @ a, s.T @ b


def test_sines_of_sines():
    inputs = {"x": np.zeros((4, 3)), "W": np.zeros((3, 5)), "V": np.zeros((5, 2))}
    assert gradcheck(two_layers, two_layers_backward, inputs).verdict == "right"
    report = gradcheck(two_layers, lambda i, d: two_layers_backward(i, d, np.sin), inputs, diagnose=False)
    assert report.verdict == "wrong" and report.inputs == {"x": False, "W": False, "V": True}


def rotated(q, sign=1):
    T, D = q.shape
    angles = np.arange(T)[:, None] / 10000 ** (np.arange(0, D, 2) / D)
    c, s = np.cos(angles), sign * np.sin(angles)
    out = np.empty_like(q)
    out[:, ::2] = q[:, ::2] * c - q[:, 1::2] * s
    out[:, 1::2] = q[:, ::2] * s + q[:, 1::2] * c
    return out


@pytest.mark.parametrize("sign, verdict", [(-1, "right"), (1, "wrong")])
def test_a_rotary_embedding_is_turned_back(sign, verdict):
    report = gradcheck(rotated, lambda inputs, d: rotated(d, sign), {"q": np.zeros((5, 4))}, diagnose=False)
    assert report.verdict == verdict


def encoded(x, W):
    T, D = x.shape
    encoding = np.zeros((T, D))
    position = np.arange(0, T)[:, np.newaxis]
    term = np.exp(np.arange(0, D, 2) * (-np.log(10000.0) / D))
    encoding[:, 0::2] = np.sin(position * term)
    encoding[:, 1::2] = np.cos(position * term)
    return np.tanh((x + encoding) @ W), (x, encoding, W)


@pytest.mark.parametrize("forgotten, verdict", [(False, "right"), (True, "wrong")])
def test_a_positional_encoding(forgotten, verdict):
    def backward(d, cache):
        x, encoding, W = cache
        y = x + encoding
        a = d * (1 - np.tanh(y @ W) ** 2)
        return a @ W.T, (x if forgotten else y).T @ a

    report = gradcheck(encoded, backward, {"x": np.zeros((5, 4)), "W": np.zeros((4, 3))}, diagnose=False)
    assert report.verdict == verdict, str(report)


def gelu(x):
    return 0.5 * x * (1 + erf(x / np.sqrt(2)))


@pytest.mark.parametrize(
    "slope, verdict",
    [
        (lambda x: 0.5 * (1 + erf(x / np.sqrt(2))) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), "right"),
        (lambda x: scipy.special.ndtr(x) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi), "right"),
        (lambda x: 1 - scipy.special.erfc(x / np.sqrt(2)) / 2 + x / np.sqrt(2 * np.pi) * np.exp(-0.5 * x**2), "right"),
        (lambda x: 0.5 * (1 + erf(x / np.sqrt(2))) + x * np.exp(-(x**2)) / np.sqrt(2 * np.pi), "wrong"),
        (lambda x: 0.5 * (1 + erf(x / np.sqrt(2))) + x * np.exp(-(x**2) / 2) / np.sqrt(np.pi), "wrong"),
        (lambda x: 0.5 * (1 + erf(x)) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), "wrong"),
        (lambda x: 0.5 * (1 + erf(x / np.sqrt(2))), "wrong"),
    ],
)  # fmt: skip
def test_exact_gelu(slope, verdict):
    report = gradcheck(gelu, lambda inputs, d: d * slope(inputs[0]), {"x": np.zeros((4, 3))}, diagnose=False)
    assert report.verdict == verdict and bool(report.witness) == (verdict == "wrong"), str(report)


@pytest.mark.parametrize(
    "f, slope, verdict",
    [
        (np.arctan, lambda x: 1 / (1 + x**2), "right"),
        (np.arctan, lambda x: 1 / (1 - x**2), "wrong"),
        (np.arctan, lambda x: 1 / np.sqrt(1 + x**2), "wrong"),
        (np.tan, lambda x: 1 / np.cos(x) ** 2, "right"),
        (np.tan, lambda x: 1 + np.tan(x) ** 2, "right"),
        (np.tan, lambda x: 1 - np.tan(x) ** 2, "wrong"),
        (lambda x: x + np.sin(x) ** 2, lambda x: 1 + np.sin(2 * x), "right"),
        (lambda x: x + np.sin(x) ** 2, lambda x: 1 + 2 * np.sin(x), "wrong"),
    ],
)
def test_derivatives(f, slope, verdict):
    report = gradcheck(f, lambda inputs, d: d * slope(inputs[0]), {"x": np.zeros(5)}, diagnose=False)
    assert report.verdict == verdict, str(report)


def test_the_functions_of_math():
    def forward(x):
        return math.sin(x) + math.atan(x) * math.erf(x) - math.cos(x) * math.erfc(x) + math.tan(x)

    def backward(inputs, d):
        (x,) = inputs
        bell = 2 / math.sqrt(math.pi) * math.exp(-x * x)
        dx = math.cos(x) + math.erf(x) / (1 + x * x) + math.atan(x) * bell
        return d * (dx + math.sin(x) * math.erfc(x) + math.cos(x) * bell + 1 / math.cos(x) ** 2)

    assert gradcheck(forward, backward, [0.0]).verdict == "right"


@pytest.mark.parametrize(
    "f, g, verdict",
    [
        (lambda x, y: np.sin(x + y), lambda x, y: np.sin(x) * np.cos(y) + np.cos(x) * np.sin(y), "equal"),
        (lambda x, y: np.sin(x + y), lambda x, y: np.sin(x) * np.cos(y) - np.cos(x) * np.sin(y), "different"),
        (lambda x, y: np.cos(2 * x), lambda x, y: 1 - 2 * np.sin(x) ** 2, "equal"),
        (lambda x, y: np.tan(x), lambda x, y: np.sin(2 * x) / (1 + np.cos(2 * x)), "equal"),
        (lambda x, y: np.sin(-x), lambda x, y: -np.sin(x), "equal"),
        (lambda x, y: np.cos(-x), lambda x, y: -np.cos(x), "different"),
        (lambda x, y: np.arctan(-x), lambda x, y: -np.arctan(x), "equal"),
        (lambda x, y: erf(-x), lambda x, y: erf(x), "different"),
        (lambda x, y: np.sin(x) ** 2 / (1 - np.cos(x)), lambda x, y: 1 + np.cos(x), "equal"),
        (lambda x, y: np.sin(x + 2 * np.pi), lambda x, y: np.sin(x), "undecided"),
    ],
)
def test_addition_theorems_hold_and_the_period_is_not_known(f, g, verdict):
    assert same_function(f, g, {"x": np.zeros(3), "y": np.zeros(3)}).verdict == verdict


@pytest.mark.parametrize("name", ["i0", "unwrap", "spacing", "nextafter", "interp"])
def test_what_has_no_rule_is_refused_by_name(name):
    function = getattr(np, name)
    report = gradcheck(lambda x: function(*[x] * getattr(function, "nin", 1)), lambda i, d: d, {"x": np.zeros(3)})
    assert report.verdict == "undecided" and f"np.{name} is not followed on exact numbers" in str(report)


def fourier_features(x, B):
    phase = 2 * np.pi * x @ B
    return np.concatenate([np.sin(phase), np.cos(phase)], axis=-1)


@pytest.mark.parametrize("factor, verdict", [(2 * np.pi, "right"), (np.pi, "wrong"), (2, "wrong")])
def test_fourier_features(factor, verdict):
    def backward(inputs, d):
        x, B = inputs
        phase = 2 * np.pi * x @ B
        k = phase.shape[-1]
        dphase = factor * (d[:, :k] * np.cos(phase) - d[:, k:] * np.sin(phase))
        return dphase @ B.T, x.T @ dphase

    report = gradcheck(fourier_features, backward, {"x": np.zeros((5, 2)), "B": np.zeros((2, 4))}, diagnose=False)
    assert report.verdict == verdict, str(report)


@pytest.mark.parametrize("sign, verdict", [(1, "right"), (-1, "wrong")])
def test_polar_coordinates_of_a_point(sign, verdict):
    def forward(x, y):
        return np.hypot(x, y), np.arctan(y / x)

    def backward(inputs, bars):
        (x, y), (dr, dt) = inputs, bars
        r = np.sqrt(x**2 + y**2)
        return dr * x / r - sign * dt * y / r**2, dr * y / r + dt * x / r**2

    report = gradcheck(forward, backward, {"x": np.zeros(9), "y": np.zeros(9)}, diagnose=False)
    assert report.verdict == verdict and report.inputs == {"x": sign > 0, "y": True}
