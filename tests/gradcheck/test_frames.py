"""What is told of errors in the code under test."""

import linecache

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


TYPED = """
import math
import numpy as np

W = np.array([[1.0, 2.0], [3.0, 4.0]])

def forward(x):
    out = np.zeros(2)
    out[:] = W @ x * math.exp(0.5)
    return out

def backward(inputs, d):
    dx = np.zeros(2)
    dx[:] = {} @ d * math.exp(0.5)
    return dx
"""


@pytest.mark.parametrize("place", ["<string>", "<stdin>", "<ipython-input-1-0a>", "/tmp/ipykernel_1/2.py"])
@pytest.mark.parametrize("matrix, verdict, told", [("W.T", "right", 0), ("W", "wrong", 1)])
def test_what_was_typed_in_is_checked_and_no_edit_is_looked_for(place, matrix, verdict, told):
    space = {"__name__": "__main__"}
    exec(compile(TYPED.format(matrix), place, "exec"), space)
    report = gradcheck(space["forward"], space["backward"], [np.zeros(2)])
    assert report.verdict == verdict
    why = "what would mend backward is not looked for: its source cannot be read; put it into a file"
    assert report.diagnosis.count(why) == told


def test_what_was_typed_into_a_cell_is_mended():
    text, place = TYPED.format("W"), "<ipython-input-2-0b>"
    linecache.cache[place] = len(text), None, text.splitlines(keepends=True), place
    space = {"__name__": "__main__"}
    exec(compile(text, place, "exec"), space)
    report = gradcheck(space["forward"], space["backward"], [np.zeros(2)])
    assert f"x is exact if `W @ d` is replaced by `W.T @ d` ({place}:14)" in str(report)
