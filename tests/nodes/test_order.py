"""Conditions on every entry: they are values that survive substitution and pickling."""

import pickle

from sympy import Symbol

from lstm_sym.nodes import Nonnegative, Positive
from lstm_sym.symbols import Sequence, indices, sizes

n = sizes("n")
k, j = indices("k j")
f = Sequence("f", n)


def test_they_say_what_they_mean() -> None:
    assert str(Nonnegative(f[k])) == "f[k] >= 0"
    assert str(Positive(1 - f[k])) == "1 - f[k] > 0"


def test_they_survive() -> None:
    condition = Positive(f[k])
    assert condition.subs(k, j + 1) == Positive(f[j + 1])
    assert pickle.loads(pickle.dumps(condition)) == condition
    assert condition != Nonnegative(f[k]) and condition == Positive(f[k])
    assert isinstance(condition, Nonnegative)
    assert Nonnegative(Symbol("z")).free_symbols == {Symbol("z")}
