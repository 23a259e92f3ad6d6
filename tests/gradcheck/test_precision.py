"""Numbers are real numbers whatever the precision of their type; what is rounded to integers or digits is refused."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

TENTH, THIRD, ROOT, CUBIC = np.float32(0.1), np.float32(1 / 3), np.float32(np.sqrt(2)), np.float16(0.044715)
SOME = np.array([0.1, 1 / 3, np.pi, 0.5], np.float32)
SINGLE = np.float32


@pytest.mark.parametrize(
    "f, slope",
    [
        (lambda x: x * TENTH, lambda x: 0.1 + 0 * x),
        (lambda x: x * (1 - TENTH), lambda x: 0.9 + 0 * x),
        (lambda x: x * THIRD, lambda x: 1 / 3 + 0 * x),
        (lambda x: x * ROOT, lambda x: np.sqrt(2) + 0 * x),
        (lambda x: x * SOME, lambda x: np.array([0.1, 1 / 3, np.pi, 0.5])),
        (lambda x: x * np.array([0.1, 1 / 3, np.pi, 0.5], "float32"), lambda x: np.array([0.1, 1 / 3, np.pi, 0.5])),
        (lambda x: x * np.arange(0, 0.4, 0.1, dtype=SINGLE), lambda x: 0.1 * np.arange(4)),
        (lambda x: x * np.linspace(0, 1, 4, dtype=np.dtype("f4")), lambda x: np.arange(4) / 3),
        (lambda x: x.astype("<f4") + np.float16(x) + np.asarray(x, np.half), lambda x: 3 + 0 * x),
        (lambda x: np.full_like(x, 0.1, dtype="float16") * x, lambda x: np.array(0.1, np.single) + 0 * x),
    ],
)
def test_a_precision_is_not_looked_at(f, slope):
    report = gradcheck(f, lambda i, d: d * slope(i[0]), {"x": np.zeros(4)}, diagnose=False)
    assert report.verdict == "right", str(report)
    report = gradcheck(f, lambda i, d: d * (slope(i[0]) + 0.01), {"x": np.zeros(4)}, diagnose=False)
    assert report.verdict == "wrong" and report.witness, str(report)


def test_what_is_made_of_a_rounded_number_is_not_known_better_than_that():
    """A product in half precision is no short decimal, and no counterexample either."""
    report = gradcheck(
        lambda x: x * (CUBIC * 3), lambda i, d: d * (0.134145 + 0 * i[0]), {"x": np.zeros(4)}, diagnose=False
    )
    assert report.verdict == "undecided", str(report)


@pytest.mark.parametrize("f", [np.round, np.around, np.rint, np.fix, np.floor, lambda x: x.round(2), lambda x: x // 1])
def test_rounding_is_refused(f):
    report = gradcheck(lambda x: x + f(x), lambda i, d: d, {"x": np.zeros(4)})
    assert report.verdict == "undecided" and ("derivative to check" in str(report) or ".round of" in str(report))
