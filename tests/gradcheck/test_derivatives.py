"""The derivative of an expression in the source is that of the function it stands for."""

import ast

import numpy as np
import pytest

from lstm_sym.gradcheck.diagnosis.derivatives import NoRule, derivative

EXPRESSIONS = [
    "x",
    "-x * y",
    "3 - x",
    "y / x",
    "x / y",
    "(1 + x) / (2 + x ** 3)",
    "x ** 2 + x ** 1",
    "np.tanh(2 * x)",
    "np.exp(-x) * np.sin(x) + np.cos(x)",
    "np.log(1 + np.exp(x))",
    "np.log1p(x ** 2)",
    "np.sqrt(1 + x ** 2)",
    "np.square(x) + np.arctan(x) + np.abs(x)",
    "x * sigmoid(x)",
    "np.where(x > 0, x, 0.1 * x)",
    "np.maximum(0, x) + np.minimum(x, 2 * x)",
    "own(x * x)",
    "x * (x > 0)",
]


def value(text, x):
    own = {"np": np, "x": x, "y": 1.7, "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "own": lambda a: a**3 + a}
    return eval(text, own)


def body(name, argument):
    own = ast.parse("a ** 3 + a", mode="eval").body
    if name != "own":
        return None
    return ast.parse(ast.unparse(own).replace("a", f"({ast.unparse(argument)})"), mode="eval").body


@pytest.mark.parametrize("text", EXPRESSIONS)
@pytest.mark.parametrize("x", [0.7, -1.3])
def test_the_derivative_is_the_slope(text, x):
    made = ast.unparse(derivative(ast.parse(text, mode="eval").body, "x", body))
    slope = (value(text, x + 1e-6) - value(text, x - 1e-6)) / 2e-6
    assert value(made, x) == pytest.approx(slope, rel=1e-7), made


@pytest.mark.parametrize("text", ["np.gamma(x)", "x @ x", "x ** y", "np.sum(x, axis=0)", "[x]"])
def test_what_has_no_rule_has_no_derivative(text):
    with pytest.raises(NoRule):
        derivative(ast.parse(text, mode="eval").body, "x", body)
