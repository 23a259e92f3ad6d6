"""The user's module during a check and after it."""

import random
import threading

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck, same_function

X = np.zeros(3)
WEIGHTS = {"W": np.ones((3, 3)), "list": [np.ones(3)]}
UNUSED = np.random.default_rng(0).normal(size=(1000, 300))
DATA = UNUSED[:6, :20].copy()
MISSING = np.array([1.0, np.nan])
count = 0


class Net:
    def __init__(self):
        self.W = WEIGHTS["W"]

    def forward(self, x):
        self.x = x
        return np.tanh(self.W @ x)

    def backward(self, inputs, d):
        da = d * (1 - np.tanh(self.W @ self.x) ** 2)
        self.dW = np.outer(da, self.x)
        return self.W.T @ da


NET = Net()


def stateful(x):
    global count, last
    count += 1
    last = x
    WEIGHTS["cache"] = x
    WEIGHTS["list"].append(x)
    return NET.forward(x)


def backward(inputs, d):
    assert WEIGHTS["cache"] is last is WEIGHTS["list"][-1]
    return NET.backward(inputs, d)


def test_nothing_is_left_in_the_module():
    before = dict(globals()), {**WEIGHTS, "list": list(WEIGHTS["list"])}, dict(vars(NET))
    np.random.seed(3)
    random.seed(3)
    assert gradcheck(stateful, backward, [X]).ok
    after = dict(globals()), WEIGHTS, vars(NET)
    for old, new in zip(before, after):
        assert old.keys() == new.keys()
        assert all(new[name] is old[name] for name in old if name != "list")
    assert len(WEIGHTS["list"]) == 1 and np.random.rand() == np.random.RandomState(3).rand()
    assert random.random() == random.Random(3).random()


def test_data_that_is_not_used_is_left_alone():
    """It would take a minute to make it exact, and what is missing has no exact value."""
    assert gradcheck(np.tanh, lambda inputs, d: d * (1 - np.tanh(inputs[0]) ** 2), [X]).ok


def test_data_that_is_used_is_exact():
    def scaled(x):
        return x * DATA[0, :3] + DATA[1:2, 0].sum()

    assert gradcheck(scaled, lambda inputs, d: d * DATA[0, :3], [X]).ok
    assert gradcheck(scaled, lambda inputs, d: d * DATA[0, 1:4], [X]).verdict == "wrong"
    missing = gradcheck(lambda x: x * MISSING[1], lambda inputs, d: d * MISSING[1], [X])
    assert missing.verdict == "undecided" and "nan has no exact value" in str(missing)


def verdict_on_a_gradient(factor, x):
    return gradcheck(lambda x: np.tanh(x), lambda i, d: factor * d / np.cosh(i[0]) ** 2, [x]).ok


def verdict_on_a_function(factor, x):
    return same_function(lambda x: np.tanh(x), lambda x: factor * np.tanh(x), [x]).ok


@pytest.mark.parametrize("verdict", [verdict_on_a_gradient, verdict_on_a_function])
def test_checks_in_several_threads_wait_for_one_another(verdict):
    x, found = X, []

    def check(factor):
        found.append((factor, verdict(factor, x)))

    threads = [threading.Thread(target=check, args=(1 + k % 2,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [(1, True), (1, True), (2, False), (2, False)]


class Anything:
    """Makes up every attribute that it is asked for, as a mock or a lazy import does."""

    def __getattr__(self, name):
        return Anything()

    def __call__(self, *args):
        raise AssertionError("nothing of this is to be called")


ANYTHING = Anything()


def test_what_makes_up_its_attributes_is_left_alone():
    assert gradcheck(lambda x: x * bool(ANYTHING), lambda i, d: d, [X]).ok
