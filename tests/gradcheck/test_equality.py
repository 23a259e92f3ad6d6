"""Whether two functions are one and the same."""

import numpy as np
import pytest

from lstm_sym.gradcheck import same_function

X = np.zeros((2, 3))

PAIRS = [
    (lambda x: (x * x, 3), lambda x: (x**2, 3), "equal"),
    (lambda x: (x * x, 3), lambda x: (x**2, 4), "different: an output that has no derivative is 3 and 4"),
    (lambda x: (x, x > 0), lambda x: (x, x + x > 0), "equal"),
    (lambda x: (x, x[0] > 0), lambda x: (x, x[0] < 0), "different: an output that has no derivative is ["),
    (lambda x: (x, np.argmax(x[0])), lambda x: (x, np.argmax(-x[0])), "different: an output that has no derivative"),
    (lambda x: (x, 2 * x), lambda x: {"a": x, "b": x + x}, "equal"),
    (lambda x: (x, 2 * x), lambda x: x, "different: the outputs have the shapes [(2, 3), (2, 3)] and [(2, 3)]"),
    (lambda x: (x, 2 * x), lambda x: (x, 3 * x), "different: entry (0, 0) of output 1 is "),
    (lambda x: x, lambda x: 1 / 0, "undecided: <lambda> raises ZeroDivisionError"),
]


@pytest.mark.parametrize("f, g, text", PAIRS)
def test_two_functions(f, g, text):
    assert str(same_function(f, g, [X], outputs=["first"])).startswith(text)


def test_a_second_function_that_takes_something_else_is_misuse():
    with pytest.raises(ValueError, match=r"<lambda>\(x, y\) cannot be called with x: missing a required argument"):
        same_function(lambda x: x, lambda x, y: x, [X])
