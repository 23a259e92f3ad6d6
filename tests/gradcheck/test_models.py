"""Whole models are right, and mistakes in them wrong, with a witness."""

import pytest

from lstm_sym.gradcheck import gradcheck

from .corpus import models
from .corpus.cases import value
from .test_wrong import broken

MISTAKES = {
    "engine": [
        ("other.grad += self.data * out.grad", "other.grad = self.data * out.grad"),
        ("(1 - t**2) * out.grad", "(1 - t) * out.grad"),
        ("for node in reversed(order):", "for node in order[-2:]:"),
    ],
    "gaussian_process": [
        (" - np.outer(alpha, alpha)", ""),
        ("d * 2 * G @ A", "d * G @ A"),
        ("d * alpha", "d * y"),
    ],
    "runge_kutta": [
        ("g2 = d * h / 3 + h / 2 * J(u3) * g3", "g2 = d * h / 3"),
        ("u3 = u + h / 2 * slope(u2, k)", "u3 = u + h / 2 * slope(u, k)"),
        ("ys[-2::-1]", "ys[::-1]"),
    ],
    "kalman": [
        ("dpredicted = dpredicted + dS", "dpredicted = dpredicted - dS"),
        (" - K.T @ dP", ""),
        ("A.T @ dmean, A.T @ dpredicted @ A", "A.T @ dmean, A @ dpredicted @ A.T"),
        ("dpredicted @ A @ P.T + dpredicted.T @ A @ P", "2 * dpredicted @ A"),
    ],
    "attention": [
        ("(dp - (dp * p).sum(-1, keepdims=True))", "dp * (1 - p)"),
        ("ds.transpose(0, 1, 3, 2) @ q", "ds @ q"),
        (" + dv @ Wv.T", ""),
    ],
    "sinkhorn": [
        ("dA + np.outer(dq, v), dv + A.T @ dq", "dA + np.outer(dq, v), dv"),
        ("-dv * v**2", "-dv * v"),
        ("np.outer(u, -dv * v**2)", "np.outer(u, dv * v**2)"),
    ],
    "log_running_sum": [
        ("np.cumsum((d / sums)[::-1])[::-1]", "np.cumsum(d / sums)"),
        ("(d / sums)[::-1]", "d[::-1]"),
        ("np.cumsum((d / sums)[::-1])[::-1]", "d / sums"),
    ],
    "transducer": [
        ("down = b[t + 1, u] + blank[t, u]", "down = b[t + 1, u]"),
        ("np.logaddexp(down, right)", "right"),
        ("a[t, u] + right - total", "a[t, u] + right"),
    ],
    "graph_attention": [
        ("np.outer(de.sum(1), a) + np.outer(de.sum(0), b)", "np.outer(de.sum(1), a + b)"),
        ("np.where(e > 0, 1, 0.2)", "np.where(e > 0, 1, 0)"),
        (", z.T @ de.sum(0)", ", z.T @ de.sum(1)"),
    ],
    "exponential_gates": [
        (" - y[t])", ")"),
        ("1 + np.exp(f)", "1 + np.exp(-f)"),
        ("np.cumsum(di[::-1])[::-1]", "np.cumsum(di)"),
    ],
    "mixture": [
        ("e**2 / variance - 1", "e**2 / variance + 1"),
        (" / np.sqrt(variance)", ""),
        ("(2 * variance)", "variance"),
    ],
}

ROWS = [(name, *row) for name, rows in MISTAKES.items() for row in rows]


@pytest.mark.parametrize("forward, backward, shapes", models.CASES, ids=[case[0] for case in models.CASES])
def test_a_model_is_right(forward, backward, shapes):
    report = gradcheck(getattr(models, forward), getattr(models, backward), value(shapes))
    assert (report.verdict, report.unreached) == ("right", ()), str(report)


@pytest.mark.parametrize("name, right, wrong", ROWS, ids=[f"{row[0]}-{k}" for k, row in enumerate(ROWS)])
def test_a_mistake_in_a_model_is_wrong_and_has_a_witness(name, right, wrong):
    report = gradcheck(*broken(models, name, right, wrong), diagnose=False)
    assert report.verdict == "wrong" and report.witness, str(report)


def test_every_model_has_three_mistakes():
    assert set(MISTAKES) == {case[0] for case in models.CASES}
    assert min(map(len, MISTAKES.values())) >= 3
