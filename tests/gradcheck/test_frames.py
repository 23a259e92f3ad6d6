"""What is told of errors in the code under test."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck


class Mute(Exception):
    def __str__(self):
        raise SystemExit


class Odd(BaseException):
    def __str__(self):
        return 5


ERRORS = [
    (Mute(), ": `raise error`"),
    (Odd(), "raises Odd at"),
    (ValueError("\udcff \x1b[31m\nred"), r": \udcff \x1b[31m red"),
    (ValueError("a" * 10**6), "a" * 300),
]


@pytest.mark.parametrize("error, text", ERRORS, ids=lambda value: type(value).__name__)
def test_an_error_is_told_whatever_it_says(error, text):
    def forward(x):
        raise error

    report = gradcheck(forward, lambda i, d: d, [np.zeros(3)])
    (said,) = report.diagnosis
    assert report.verdict == "undecided" and text in said and said.isprintable() and len(said) < 500
    assert f"raises {type(error).__name__} at test_frames.py:" in said
