"""Random expressions: whatever has one normal form has one value over the finite field, at every size tried."""

import random

import pytest
from sympy.matrices.exceptions import ShapeError

from lstm_sym.activations import phi, relu, sigma, tanh
from lstm_sym.nodes import (
    Block,
    Diag,
    Eye,
    MatrixPower,
    Ones,
    OrderedProduct,
    TimeSum,
    Trace,
    Transposed,
    hadamard,
    hadamard_power,
)
from lstm_sym.proof.domains import FiniteField, Singular
from lstm_sym.proof.evaluation import evaluate
from lstm_sym.proof.given import Given
from lstm_sym.proof.normal_form import NormalForm
from lstm_sym.proof.polynomial import TooLarge, Unsupported
from lstm_sym.proof.trajectory import Instance, Trajectory
from lstm_sym.symbols import Parameter, Sequence, indices, sizes

n, d = sizes("n d")
outer, inner_index, m = indices("k j m")
W, V, X, y = Parameter("W", n, n), Parameter("V", n, n), Parameter("X", n, d), Parameter("y", d)
u, v = Parameter("u", n), Parameter("v", n)
A, h = Sequence("A", n, n), Sequence("h", n)
POINTS = (({n: 3, d: 4}, {m: 4}), ({n: 2, d: 3}, {m: 2}))


class Expressions:
    """Well-shaped random expressions of a given depth; ``bound`` are the indices that enclosing binders bind."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def matrix(self, depth: int, bound: tuple = ()):
        choose = self.random.choice
        if depth <= 0:
            return choose([W, V, W.T, Eye(n), Ones(n, n), Diag(u), A[choose([1, m, *bound])]])
        make = choose(
            [
                lambda: self.matrix(depth - 1, bound) + self.matrix(depth - 1, bound),
                lambda: self.matrix(depth - 1, bound) * self.matrix(depth - 1, bound),
                lambda: hadamard(self.matrix(depth - 1, bound), self.matrix(depth - 1, bound)),
                lambda: Transposed(self.matrix(depth - 1, bound)),
                lambda: choose([tanh, sigma, phi, relu, sigma.prime])(self.matrix(depth - 1, bound)),
                lambda: self.column(depth - 1, bound) * self.column(depth - 1, bound).T,
                lambda: Diag(self.column(depth - 1, bound)),
                lambda: choose([-1, 2]) * self.matrix(depth - 1, bound),
                lambda: MatrixPower(self.matrix(depth - 1, bound), choose([2, -1, m, m + 1])),
                lambda: hadamard_power(self.matrix(depth - 1, bound), choose([2, -1, m, 3])),
                lambda: self.bound(TimeSum, depth, bound),
                lambda: self.bound(OrderedProduct, depth, bound),
                lambda: self.cut(depth, bound),
            ]
        )
        return make()

    def column(self, depth: int, bound: tuple = ()):
        choose = self.random.choice
        if depth <= 0:
            return choose([u, v, Ones(n, 1), h[choose([1, m, *bound])], X * y])
        make = choose(
            [
                lambda: self.matrix(depth - 1, bound) * self.column(depth - 1, bound),
                lambda: self.column(depth - 1, bound) + self.column(depth - 1, bound),
                lambda: hadamard(self.column(depth - 1, bound), self.column(depth - 1, bound)),
                lambda: choose([tanh, sigma, phi])(self.column(depth - 1, bound)),
                lambda: hadamard_power(self.column(depth - 1, bound), choose([2, -1, m])),
                lambda: Trace(self.matrix(depth - 1, bound)) * self.column(depth - 1, bound),
            ]
        )
        return make()

    def bound(self, node, depth: int, bound: tuple):
        index = outer if outer not in bound else inner_index
        if index in bound:
            return self.matrix(depth - 1, bound)
        low, high = self.random.choice([1, 2, *bound]), self.random.choice([m, m + 1, *bound])
        return node(self.matrix(depth - 1, (*bound, index)), (index, low, high))

    def cut(self, depth: int, bound: tuple):
        left, right = Block((self.matrix(depth - 1, bound), X)), Block((self.matrix(depth - 1, bound),), (X.T,))
        return left * right


def value(expr) -> tuple:
    field = FiniteField(1)
    return tuple(
        str(evaluate(expr, Trajectory(Given(), Instance(sizes_, indices_), field, field.random)))
        for sizes_, indices_ in POINTS
    )


@pytest.mark.parametrize("seed", range(3))
def test_equal_forms_have_equal_values(seed) -> None:
    expressions, form = Expressions(seed), NormalForm()
    known: dict = {}
    met = 0
    for _ in range(1500):
        try:
            expr = expressions.matrix(expressions.random.choice([2, 2, 3]))
            key = form.algebra.freeze(form(expr))
            found = value(expr)
        except (Singular, Unsupported, TooLarge, ShapeError):
            continue
        met += key in known
        first, seen = known.setdefault(key, (expr, found))
        assert found == seen, f"{expr} and {first} have one normal form, but differ"
    assert met > 60


def test_the_judge_sees_a_wrong_form(monkeypatch) -> None:
    """A transpose that forgets to swap rows and columns is found at once."""
    from lstm_sym.proof.polynomial import Algebra

    monkeypatch.setattr(Algebra, "transpose", lambda self, a: a)
    with pytest.raises(AssertionError, match="one normal form, but differ"):
        test_equal_forms_have_equal_values(0)
