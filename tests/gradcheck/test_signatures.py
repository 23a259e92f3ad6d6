"""The parameters of the functions under test, and the inputs by their names."""

from functools import lru_cache

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck, same_function

X = np.zeros(3)


def rest(x, *others):
    return x * others[0]


def named(**given):
    return given["x"] * given["y"]


def passed_on(*args, **options):
    return args[0] * args[1]


def only_named(x, *, y):
    return x * y


def only_placed(x, y, /):
    return x * y


def by_other(inputs, d):
    return inputs[1] * d, inputs[0] * d


TAKEN = [
    (rest, [X, X], ["x", "others[0]"]),
    (named, {"x": X, "y": X}, ["x", "y"]),
    (passed_on, {"x": X, "y": X}, ["x", "y"]),
    (passed_on, [X, X], ["args[0]", "args[1]"]),
    (only_named, {"y": X, "x": X}, ["x", "y"]),
    (only_placed, (X, X), ["x", "y"]),
]


@pytest.mark.parametrize("forward, inputs, names", TAKEN)
def test_inputs_are_named_by_the_parameters(forward, inputs, names):
    report = gradcheck(forward, by_other, inputs)
    assert report.inputs == dict.fromkeys(names, True)


REFUSED = [
    (lambda: 3, {"x": X}, "has no parameter x; it has none"),
    (lambda x: x, {"x": X, 3: X}, "has no parameter 3; it has x"),
    (lambda x: x, [X, X], "<lambda> takes x, but the inputs are 2"),
    (lambda x, y: x, [X], "nothing is given for y"),
    (named, [X], "named takes nothing, but the inputs are 1"),
    (lambda x: x, X, r"inputs must be a sequence, such as \[x\], or a mapping .*, not array"),
    (lambda x: x, None, "inputs must be a sequence"),
    (lambda x: x, b"x", "inputs must be a sequence"),
]


@pytest.mark.parametrize("forward, inputs, message", REFUSED)
def test_inputs_that_a_function_does_not_take_are_misuse(forward, inputs, message):
    with pytest.raises(ValueError, match=message):
        gradcheck(forward, by_other, inputs)


class Nameless:
    """Something to call that raises an error when it is asked for its name."""

    @property
    def __name__(self):
        raise RuntimeError("no name")

    def __call__(self, x, y):
        return x * y


def test_a_name_that_raises_an_error_is_not_needed():
    assert gradcheck(Nameless(), by_other, [X, X]).ok
    assert same_function(Nameless(), lambda x, y: y * x, [X, X]).verdict == "equal"
    with pytest.raises(ValueError, match="nothing is given for y, which Nameless takes"):
        gradcheck(Nameless(), by_other, [X])


@lru_cache
def square(x):
    return x * x


@pytest.mark.parametrize("point", [X, 0.0])
def test_what_a_cache_keeps_by_numbers_is_not_followed(point):
    report = gradcheck(lambda x: square(x), lambda inputs, d: 2 * inputs[0] * d, [point])
    assert report.verdict == "undecided" and ("a cache as lru_cache keeps one" in str(report)) is (point is not X)
