"""Letters: sizes, indices, parameters, sequences and their marks."""

import pytest
from sympy import Rational, Symbol

from lstm_sym.nodes import TimeSum
from lstm_sym.symbols import (
    MARKS,
    At,
    Parameter,
    Sequence,
    adjoint,
    claimed,
    direct,
    indices,
    letters,
    mark_of,
    marked,
    sizes,
    t,
    tangent,
)

n, d = sizes("n d")
k, T = indices("k T")
W, U, b = Parameter("W", n, n), Parameter("U", n, d), Parameter("b", n)
h, x = Sequence("h", n), Sequence("x", d)


def test_sizes_and_indices() -> None:
    assert n.is_positive and n.is_integer and t.is_nonnegative and not t.is_positive
    assert sizes("m") == Symbol("m", integer=True, positive=True)
    assert sizes("p, q") == sizes("p q") and indices("t") == t


@pytest.mark.parametrize(
    "letter, shape, text",
    [
        (W, (n, n), "W"),
        (b, (n, 1), "b"),
        (Parameter("B", n, n + d), (n, d + n), "B"),
        (Parameter("A", 2, 3), (2, 3), "A"),
        (h[t], (n, 1), "h[t]"),
        (h[t - 1], (n, 1), "h[t - 1]"),
        (h[0], (n, 1), "h[0]"),
        (Sequence("C", n, n)[T], (n, n), "C[T]"),
        (adjoint(h)[t], (n, 1), "delta_h[t]"),
        (adjoint(h[t]), (n, 1), "delta_h[t]"),
        (adjoint(W), (n, n), "delta_W"),
        (tangent(W), (n, n), "dot_W"),
        (direct(h)[t], (n, 1), "e_h[t]"),
        (claimed(h)[t], (n, 1), "hat_h[t]"),
        (claimed(adjoint(h))[t], (n, 1), "hatdelta_h[t]"),
    ],
    ids=str,
)
def test_shape_and_text(letter, shape, text) -> None:
    assert letter.shape == shape and str(letter) == text


def test_time() -> None:
    assert h[t].subs(t, t + 1) == h[t + 1] and h[t].subs(t, 3) == h[3] and h[t].free_symbols == {t, n}
    assert h[t + 1 - 1] == h[t] and isinstance(h[t], At) and h[t].sequence == h and h[t].index == t


def test_marks() -> None:
    assert mark_of(h[t]) == "" and mark_of(adjoint(h)[t]) == "delta" and mark_of(claimed(W)) == "hat"
    assert marked(adjoint(h)[t], "") == h[t] and len({marked(h, mark) for mark in MARKS}) == len(MARKS)
    assert adjoint(h) != Sequence("delta_h", n)


@pytest.mark.parametrize(
    "expr, found",
    [
        (W * h[t - 1] + U * x[t] + b, (W, h[t - 1], U, x[t], b)),
        (W * h[t] + W * h[t], (W, h[t])),
        (TimeSum(W * h[k], (k, 1, T)), (W, h[k])),
        (Symbol("z"), ()),
    ],
    ids=str,
)
def test_letters_in_reading_order(expr, found) -> None:
    assert letters(expr) == found


@pytest.mark.parametrize(
    "build, error, message",
    [
        (lambda: Parameter("W", -1), TypeError, r"the shape of W is \(-1, 1\); sizes are positive integers"),
        (lambda: Parameter("W", 1.5), TypeError, r"the shape of W is \(1.5, 1\)"),
        (lambda: Sequence("h", Rational(1, 2)), TypeError, r"the shape of h is \(1/2, 1\)"),
        (lambda: Sequence("h", W), TypeError, r"the shape of h is \(W, 1\)"),
        (
            lambda: Parameter("W", n, n, "bar"),
            ValueError,
            "unknown mark 'bar'; the marks are delta, dot, e, hat, hatdelta",
        ),
        (lambda: h[Rational(1, 2)], TypeError, r"h\[1/2\]: a time index is an integer"),
        (lambda: h[W], TypeError, r"h\[W\]: a time index is an integer"),
        (lambda: claimed(claimed(h)), ValueError, "unknown mark 'hathat'"),
    ],
)
def test_refusals(build, error, message) -> None:
    with pytest.raises(error, match=message):
        build()
