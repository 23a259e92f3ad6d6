"""Norms and determinants in both engines, and their real values."""

import numpy as np
import pytest
from flint import arb
from sympy import Rational, Symbol

from lstm_sym.nodes import Determinant, Eye, MaxAbs, Norm, Ones, OrderedProduct, SpectralRadius, concat, entries
from lstm_sym.proof import Derivation, verify_step
from lstm_sym.proof.domains import Balls, precision
from lstm_sym.proof.evaluation import evaluate
from lstm_sym.proof.given import Given
from lstm_sym.proof.normal_form import NormalForm
from lstm_sym.proof.trajectory import Instance, Trajectory
from lstm_sym.symbols import Parameter, indices, sizes

n, d = sizes("n d")
k, N = indices("k N")
lam, a, b = Symbol("lambda"), Symbol("a"), Symbol("b")
A, B, v, w = Parameter("A", n, d), Parameter("B", n, d), Parameter("v", n), Parameter("w", d)


def verdict(left, right, **options) -> str:
    return verify_step(Derivation("s").start(left).eq(right, by="s", **options), 1).outcome.verdict


@pytest.mark.parametrize(
    "left, right",
    [
        (Norm(A + B), Norm(B + A)),
        (Norm(A.T), Norm(A)),
        (Norm(A - B), Norm(B - A)),
        (Norm(A - A + Eye(n) * A), Norm(A)),
        (Norm(A - A), 0),
        (Norm(Eye(n) * Eye(n)), 1),
        (MaxAbs(-v), MaxAbs(v)),
        (Norm(OrderedProduct(Eye(n), (k, 1, N))), 1),
        (Determinant(entries([[a, b], [b, a]])), a**2 - b**2),
        (Determinant(lam * Eye(3) - entries([[Rational(1, 2)] * 3] * 3)), lam**2 * (lam - Rational(3, 2))),
        (Determinant(lam * Eye(2) - entries([[8, 8], [-8, -8]])), lam**2),
        (Determinant(entries([[a, b], [0, 2]]) * entries([[1, 0], [a, b]])), 2 * a * b),
    ],
)
def test_identities(left, right) -> None:
    options = {"on": N} if N in left.free_symbols else {}
    assert verdict(left, right, **options) == "proved"


@pytest.mark.parametrize(
    "left, right",
    [
        (Norm(A), Norm(B)),
        (Norm(A + B), Norm(A) + Norm(B)),
        (Norm(2 * A), Norm(A)),
        (MaxAbs(v), Norm(v)),
        (Norm(concat(v, w)), Norm(v) + Norm(w)),
        (Determinant(entries([[a, b], [b, a]])), a**2 + b**2),
        (Determinant(entries([[a, 0], [0, b]])), -a * b),
    ],
)
def test_what_is_false_is_refuted(left, right) -> None:
    assert verdict(left, right) == "refuted"


@pytest.mark.parametrize("rows, cols", [(1, 1), (1, 3), (2, 2), (3, 2), (3, 3), (4, 3)])
def test_real_values_are_those_of_numpy(rows, cols) -> None:
    numbers = np.random.default_rng(rows + cols).normal(size=(rows, cols)).round(3)
    matrix = entries([[Rational(str(x)) for x in row] for row in numbers])
    with precision(128):
        where = Trajectory(Given(), Instance({}, {}), Balls(), lambda *_: arb(0))
        norm, largest = (evaluate(kind(matrix), where) for kind in (Norm, MaxAbs))
        assert float(norm.mid()) == pytest.approx(np.linalg.norm(numbers, 2), rel=1e-12)
        assert float(largest.mid()) == pytest.approx(np.abs(numbers).max(), rel=1e-12)
        assert norm.rad() < 1e-20
        if rows == cols:
            radius, determinant = (evaluate(kind(matrix), where) for kind in (SpectralRadius, Determinant))
            assert float(radius.mid()) == pytest.approx(np.abs(np.linalg.eigvals(numbers)).max(), rel=1e-12)
            assert float(determinant.mid()) == pytest.approx(np.linalg.det(numbers), rel=1e-12)


def test_the_norm_of_a_constant_matrix_knows_its_shape() -> None:
    """The normal form of an all-ones matrix is the number 1 whatever its size, yet its norm is the root of the size."""
    form = NormalForm()
    assert not form.equal(Norm(Ones(n)), Norm(Ones(d)))
    assert form.equal(Norm(Ones(n)), Norm(Ones(1, n)))
