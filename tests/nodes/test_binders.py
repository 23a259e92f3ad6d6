"""Sums over time and ordered products: bound indices are never captured, the latest factor stands leftmost."""

import pytest
from sympy import Sum, Symbol
from sympy.matrices.exceptions import ShapeError

from lstm_sym.nodes import Eye, OrderedProduct, TimeSum, Zero, hadamard
from lstm_sym.nodes.binders import fresh
from lstm_sym.symbols import Parameter, Sequence, indices, sizes, t

n, d = sizes("n d")
k, T = indices("k T")
k1, k2 = indices("k' k''")
W, U, b = Parameter("W", n, n), Parameter("U", n, d), Parameter("b", n)
h, M = Sequence("h", n), Sequence("M", n, n)


@pytest.mark.parametrize(
    "expr, done",
    [
        (TimeSum(h[k], (k, 1, 3)), h[1] + h[2] + h[3]),
        (TimeSum(h[t], (t, 1, 2)), h[1] + h[2]),
        (TimeSum(h[k], (k, T, T + 2)), h[T] + h[T + 1] + h[T + 2]),
        (TimeSum(h[k - 1], (k, T - 1, T)), h[T - 2] + h[T - 1]),
        (TimeSum(h[k], (k, 1, 0)), Zero(n)),
        (TimeSum(h[k], (k, 5, 1)), Zero(n)),
        (TimeSum(b, (k, 1, 2)), b + b),
        (OrderedProduct(M[k], (k, 1, 3)), M[3] * M[2] * M[1]),
        (OrderedProduct(M[k], (k, T, T + 2)), M[T + 2] * M[T + 1] * M[T]),
        (OrderedProduct(M[k], (k, t + 1, t + 1)), M[t + 1]),
        (OrderedProduct(M[k] * W, (k, 1, 2)), M[2] * W * M[1] * W),
        (OrderedProduct(M[k], (k, T, T - 1)), Eye(n)),
        (OrderedProduct(M[k], (k, T, T - 4)), Eye(n)),
        (TimeSum(OrderedProduct(M[k], (k, t, 2)) * h[t], (t, 1, 2)), M[2] * M[1] * h[1] + M[2] * h[2]),
        (TimeSum(h[k], (k, 1, T)), TimeSum(h[k], (k, 1, T))),
        (OrderedProduct(M[k], (k, t, T)), OrderedProduct(M[k], (k, t, T))),
    ],
    ids=str,
)
def test_doit(expr, done) -> None:
    assert expr.doit() == done


CAPTURES = [
    # expression, what is replaced, what by, the result
    (TimeSum(h[k] + h[t], (k, 1, T)), t, k, TimeSum(h[k1] + h[k], (k1, 1, T))),
    (TimeSum(h[k] + h[t], (k, 1, T)), t, k + 1, TimeSum(h[k1] + h[k + 1], (k1, 1, T))),
    (TimeSum(h[k] + b, (k, 1, T)), b, h[k], TimeSum(h[k1] + h[k], (k1, 1, T))),
    (TimeSum(h[k] + h[k1] + h[t], (k, 1, T)), t, k, TimeSum(h[k2] + h[k1] + h[k], (k2, 1, T))),
    (TimeSum(h[k] + h[t], (k, 1, T)), t, k + k1, TimeSum(h[k2] + h[k + k1], (k2, 1, T))),
    (OrderedProduct(M[k] * W, (k, 1, T)), W, M[k], OrderedProduct(M[k1] * M[k], (k1, 1, T))),
    (
        TimeSum(TimeSum(M[k] * h[t], (k, 1, t)), (t, 1, T)).body,
        t,
        k,
        TimeSum(M[k1] * h[k], (k1, 1, k)),
    ),
    (
        TimeSum(TimeSum(M[k1] * h[k] + b, (k1, 1, T)), (k, 1, T)),
        b,
        h[k],
        TimeSum(TimeSum(M[k2] * h[k1] + h[k], (k2, 1, T)), (k1, 1, T)),
    ),
]


@pytest.mark.parametrize("expr, old, new, result", CAPTURES, ids=str)
def test_a_replacement_is_not_captured(expr, old, new, result) -> None:
    replacements = [expr.subs(old, new), expr.xreplace({old: new})]
    if isinstance(old, Symbol):
        replacements.append(expr.subs({old: new}, simultaneous=True))
    for replaced in replacements:
        assert replaced.subs(T, 2).doit() == result.subs(T, 2).doit()
        assert replaced.free_symbols == result.free_symbols
    assert expr.subs(old, new) == result


def test_the_written_out_sum_says_that_nothing_was_captured() -> None:
    expr = TimeSum(hadamard(h[k], h[t]), (k, 1, T))
    assert expr.subs({t: k, T: 2}).doit() == hadamard(h[1], h[k]) + hadamard(h[2], h[k])
    assert expr.xreplace({t: k}).subs(T, 2).doit() == hadamard(h[1], h[k]) + hadamard(h[2], h[k])


def test_the_bound_index_is_left_alone() -> None:
    expr = TimeSum(h[k], (k, 1, T))
    assert expr.subs(k, 3) == expr and k not in expr.free_symbols and expr.bound_symbols == [k]
    assert expr.subs(T, k) == TimeSum(h[k1], (k1, 1, k))


def test_a_letter_in_the_bound_index_is_replaced_in_place() -> None:
    assert TimeSum(W * h[k], (k, 1, T)).xreplace({h[k]: h[k - 1]}) == TimeSum(W * h[k - 1], (k, 1, T))


def test_fresh() -> None:
    assert fresh(k, h[t]) == k and fresh(k, h[k]) == k1 and fresh(k, h[k], k1 + t) == k2
    assert fresh(k, h[k]).assumptions0 == k.assumptions0
    assert fresh(k, Sum(k, (k, 1, T))) == k


@pytest.mark.parametrize(
    "build, error, message",
    [
        (lambda: TimeSum(2, (k, 1, T)), TypeError, "TimeSum takes matrices; 2 is the scalar int"),
        (lambda: OrderedProduct(2, (k, 1, T)), TypeError, "OrderedProduct takes matrices; 2 is the scalar int"),
        (
            lambda: OrderedProduct(U, (k, 1, T)),
            ShapeError,
            r"an ordered product needs a square matrix, got U \(n x d\)",
        ),
        (lambda: TimeSum(b, (3, 1, T)), TypeError, "TimeSum binds a symbol, got 3"),
        (lambda: TimeSum(b, (k, 1, k)), ValueError, "the bounds 1 and k of TimeSum contain its own index k"),
        (
            lambda: TimeSum(b, (k, 1, T)).xreplace({k: Symbol("q") + 1}),
            TypeError,
            r"TimeSum binds a symbol, got q \+ 1",
        ),
    ],
)
def test_refusals(build, error, message) -> None:
    with pytest.raises(error, match=message):
        build()
