"""Scalars read off a matrix: what they are at once, what they refuse."""

import pytest
from sympy import Rational, Symbol
from sympy.matrices.exceptions import ShapeError

from lstm_sym.nodes import Block, Determinant, Eye, MaxAbs, Norm, SpectralRadius, Zero, entries
from lstm_sym.symbols import Parameter, sizes

n, d = sizes("n d")
W, U = Parameter("W", n, n), Parameter("U", n, d)


@pytest.mark.parametrize(
    "made, value",
    [(Norm(Zero(n, d)), 0), (Norm(Eye(n)), 1), (MaxAbs(Zero(n)), 0), (Determinant(Eye(n)), 1)],
)
def test_values_that_show_at_once(made, value) -> None:
    assert made == value


@pytest.mark.parametrize(
    "kind, name", [(Norm, "norm"), (MaxAbs, "max_abs"), (Determinant, "det"), (SpectralRadius, "rho")]
)
def test_they_print_and_take_matrices_only(kind, name) -> None:
    assert str(kind(W)) == f"{name}(W)"
    with pytest.raises(TypeError, match="takes matrices; z is the scalar Symbol"):
        kind(Symbol("z"))


@pytest.mark.parametrize("kind", [Determinant, SpectralRadius])
def test_some_take_square_matrices_only(kind) -> None:
    with pytest.raises(ShapeError, match=r"needs a square matrix, got U \(n x d\)"):
        kind(U)


def test_entries_are_a_block_matrix_of_scalars() -> None:
    made = entries([[1, Rational(-1, 2)], [0, Symbol("w")]])
    assert isinstance(made, Block) and made.shape == (2, 2)
    assert entries([[3]]).shape == (1, 1)


@pytest.mark.parametrize(
    "rows, message",
    [
        ([], "at least one of each"),
        ([[1, 2], [3]], r"rows of equal length, at least one of each; got rows of \[2, 1\]"),
        ([[W]], "the entries of a matrix are scalars; W is a matrix"),
    ],
)
def test_entries_refuse(rows, message) -> None:
    with pytest.raises(TypeError, match=message):
        entries(rows)
