"""Normalisation over many rows: the mistakes that are made in it are wrong, with a witness, in every style."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck, same_function

from .corpus import norms
from .test_wrong import broken

MISTAKES = {
    "layer_norm_rows": [
        ("(N * g - g.sum(axis=-1, keepdims=True) - xhat * np.sum(g * xhat, axis=-1, keepdims=True))", "(N * g)"),
        (" - xhat * np.sum(g * xhat, axis=-1, keepdims=True)", ""),
        ("(inv / N)", "inv"),
        ("N * g -", "g -"),
    ],
    "layer_norm_std": [
        (" + dstd * centred / (n * std)", ""),
        ("(n * std)", "std"),
        ("/ (std + EPS) ** 2", "/ (std + EPS)"),
        ("(n * std)", "(n * (std + EPS))"),
        ("dcentred - dcentred.mean(axis=1, keepdims=True)", "dcentred"),
    ],
    "layer_norm_power": [
        ("dvar * 2 * (x - mu) / n", "0"),
        ("dvar * 2 * (x - mu) / n", "dvar * 2 * (x - mu)"),
        ("(var + EPS) ** (-1.5)", "(var + EPS) ** (-0.5)"),
        ("-0.5 * (var + EPS)", "0.5 * (var + EPS)"),
        (" + dmu / n", " + dmu"),
    ],
    "batch_norm_staged": [
        ("dx1 = dxmu1 + dxmu2", "dx1 = dxmu1"),
        ("dsq = 1.0 / N * np.ones", "dsq = np.ones"),
        ("-1.0 / (sqrtvar**2)", "-1.0 / sqrtvar"),
        ("np.sum(dxmu1 + dxmu2, axis=0)", "np.sum(dxmu1)"),
    ],
    "batch_norm_short": [
        (" - dgamma * xhat", ""),
        ("gamma * ivar / N", "gamma * ivar"),
        ("gamma * ivar / N", "gamma * ivar**3 / N"),
    ],
    "group_norm": [
        (" - flat * (dnorm * flat).sum(1, keepdims=True) / k", ""),
        ("dnorm.sum(1, keepdims=True) / k", "dnorm.sum(1, keepdims=True)"),
        ("dx / np.sqrt(var + EPS)", "dx / (var + EPS)"),
    ],
    "rms_norm": [
        (" - r**3 * x * np.mean(dg * x, axis=-1, keepdims=True)", ""),
        ("np.mean(dg * x, axis=-1, keepdims=True)", "np.sum(dg * x, axis=-1, keepdims=True)"),
        ("r**3", "r"),
    ],
    "unit_rows": [
        (" - y * np.sum(d * y, axis=1, keepdims=True)", ""),
        ("y * np.sum(d * y, axis=1, keepdims=True)", "y * np.mean(d * y, axis=1, keepdims=True)"),
        ("y = x / n\n", "y = x / n**2\n"),
    ],
    "cosine": [
        (" - x * xy / (xx * both)", ""),
        ("(xx * both)", "both"),
        ("np.sqrt(xx * yy)", "xx * yy"),
        ("y * xy / (yy * both)", "x * xy / (yy * both)"),
    ],
    "weight_norm": [
        (" - (g * dg / norms**2)[:, None] * v", ""),
        ("norms**2", "norms"),
        ("np.sum(dW * v, axis=1) / norms", "np.mean(dW * v, axis=1) / norms"),
    ],
    "adam_step": [
        (" + 0.002 * g * dv1", ""),
        ("droot / (2 * root)", "droot / root"),
        ("(root + 1e-8) ** 2", "(root + 1e-8)"),
        ("droot / (2 * root)", "droot / (2 * (root + 1e-8))"),
    ],
    "deep_relu": [
        (" - y * (d * y).mean(-1, keepdims=True)", ""),
        ("(d * y).mean", "(d * y).sum"),
        ("r * (d - d.mean", "r**3 * (d - d.mean"),
        ("dh * (y1 > 0)", "dh"),
    ],
    "transformer_block": [
        ("dx = dy + normed_back(dn1, n1, r1)", "dx = normed_back(dn1, n1, r1)"),
        ("normed_back(dn1, n1, r1)", "dn1 * r1"),
        ("(dp - (dp * p).sum(-1, keepdims=True))", "dp"),
        ("normed_back(da @ W1.T, n2, r2)", "normed_back(da @ W1.T, n2, r1)"),
    ],
}

ROWS = [(name, *row) for name, rows in MISTAKES.items() for row in rows]


@pytest.mark.parametrize("name, right, wrong", ROWS, ids=[f"{row[0]}-{k}" for k, row in enumerate(ROWS)])
def test_a_mistake_in_a_normalisation_is_wrong_and_has_a_witness(name, right, wrong):
    report = gradcheck(*broken(norms, name, right, wrong), diagnose=False)
    assert report.verdict == "wrong" and report.witness, str(report)


def test_every_style_has_three_mistakes():
    assert set(MISTAKES) == {case[0] for case in norms.CASES}
    assert min(map(len, MISTAKES.values())) >= 3


def test_a_mistake_is_diagnosed_where_roots_are_beyond_the_prime_field():
    report = gradcheck(*broken(norms, "layer_norm_rows", "dout.sum(axis=0)", "2 * dout.sum(axis=0)"))
    assert report.verdict == "wrong" and report.inputs == {"x": True, "gamma": True, "beta": False}
    assert "exact if" in str(report) or "backward gives 2 times the gradient of beta" in report.diagnosis


@pytest.mark.parametrize("n", [1, 9])
@pytest.mark.parametrize(
    "f, g, same",
    [
        (lambda x, y: np.sqrt(1 / (1 + y**2)), lambda x, y: 1 / np.sqrt(1 + y**2), True),
        (lambda x, y: np.sqrt(1 + x * x) * np.sqrt(1 + y * y), lambda x, y: np.sqrt((1 + y**2) * (1 + x**2)), True),
        (lambda x, y: np.sqrt((1 + y**2) * (1 + x**2)), lambda x, y: np.sqrt(1 + x * x) * np.sqrt(1 + y * y), True),
        (lambda x, y: np.sqrt((1 + x * x) / (1 + y * y)), lambda x, y: np.hypot(1, x) / np.hypot(1, y), True),
        (lambda x, y: (1 + x * x) ** -0.5, lambda x, y: 1 / np.sqrt(1 + np.square(x)), True),
        (lambda x, y: (1 + x * x) ** 1.5, lambda x, y: np.sqrt(1 + x * x) ** 3, True),
        (lambda x, y: np.sqrt(12 * (1 + x * x)), lambda x, y: 2 * np.sqrt(3) * np.sqrt(1 + x * x), True),
        (lambda x, y: np.sqrt(x * x * (1 + y * y)), lambda x, y: np.abs(x) * np.sqrt(1 + y * y), True),
        (lambda x, y: np.sqrt((x - y) ** 2), lambda x, y: np.abs(x - y), True),
        (lambda x, y: np.sqrt(np.square(x)), lambda x, y: np.abs(x), True),
        (lambda x, y: np.tanh(1 / np.sqrt(1 + x * x)), lambda x, y: np.tanh((1 + x * x) ** -0.5), True),
        (lambda x, y: np.sqrt(1 + x * x) * np.sqrt(1 + y * y), lambda x, y: -np.sqrt((1 + y**2) * (1 + x**2)), False),
        (lambda x, y: np.sqrt((x - y) ** 2), lambda x, y: x - y, False),
        (lambda x, y: np.sqrt(x * x), lambda x, y: x, False),
        (lambda x, y: np.sqrt(1 + x * x), lambda x, y: 1 + np.abs(x), False),
    ],
)
def test_roots_go_together(f, g, same, n):
    report = same_function(f, g, {"x": np.zeros(n), "y": np.zeros(n)})
    assert report.verdict == ("equal" if same else "different"), str(report)


def test_the_sign_of_a_square_decides_a_branch():
    """Of one number that is positive by chance nothing could be told."""
    for f in (lambda x: np.sqrt(x * x), lambda x: np.sqrt(x * x - 2 * x + 1)):
        report = gradcheck(f, lambda inputs, d: d, [0.0])
        assert report.verdict == "wrong" and report.witness


def distances(x, y):
    return np.sqrt(((x[:, None] - y[None]) ** 2).sum(-1) + 1e-8)


@pytest.mark.parametrize("power, verdict", [(1, "right"), (2, "wrong")])
def test_distances_between_all_pairs(power, verdict):
    def backward(inputs, d):
        x, y = inputs
        g = (d / distances(x, y) ** power)[..., None] * (x[:, None] - y[None])
        return g.sum(1), -g.sum(0)

    report = gradcheck(distances, backward, {"x": np.zeros((5, 3)), "y": np.zeros((4, 3))}, diagnose=False)
    assert report.verdict == verdict, str(report)


def log_likelihood(x, mean, rho):
    s = np.sqrt(np.log1p(np.exp(rho)) + 1e-3)
    return -np.sum(np.log(s) + 0.5 * ((x - mean) / s) ** 2 + 0.5 * np.log(2 * np.pi))


@pytest.mark.parametrize("half, verdict", [(0.5, "right"), (1, "wrong")])
def test_logarithms_of_roots_of_logarithms(half, verdict):
    def backward(inputs, d):
        x, mean, rho = inputs
        s = np.sqrt(np.log1p(np.exp(rho)) + 1e-3)
        z = (x - mean) / s
        return -d * z / s, d * z / s, d * (z**2 - 1) / s * half / s / (1 + np.exp(-rho))

    inputs = dict.fromkeys(("x", "mean", "rho"), np.zeros(9))
    report = gradcheck(log_likelihood, backward, inputs, diagnose=False)
    assert report.verdict == verdict and report.inputs == {"x": True, "mean": True, "rho": half == 0.5}
