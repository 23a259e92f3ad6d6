"""Counterexamples are found where the code compares, and only where forward has a derivative."""

import ast
import inspect

import numpy as np
import pytest
from flint import fmpq

from lstm_sym.gradcheck import gradcheck
from lstm_sym.gradcheck.exact.balls import Balls
from lstm_sym.gradcheck.exact.modular import Unlucky
from lstm_sym.gradcheck.exact.numbers import divide
from lstm_sym.gradcheck.subject import Subject
from lstm_sym.gradcheck.witness import COARSE, BallBench

from .corpus import batched, layers
from .corpus.cases import value
from .mutation import executed

SLIPS = [
    (layers, "mlp", "hidden <= 0", "hidden < 0"),
    (layers, "mlp", "hidden <= 0", "hidden <= 1"),
    (layers, "attention", "s.max(axis=1", "s.max(axis=0"),
    (layers, "huber", "np.sign(r)", "r"),
    (layers, "huber", "np.where(np.abs(r) < 1", "np.where(np.abs(r) < 2"),
    (layers, "huber", "inputs[0] - inputs[1]", "inputs[0] + inputs[1]"),
    (batched, "temporal_softmax", "np.max(flat, axis=1", "np.max(flat, axis=0"),
]


@pytest.mark.parametrize("module, name, right, wrong", SLIPS)
def test_a_slip_where_the_code_compares_has_a_witness(module, name, right, wrong):
    source = inspect.getsource(module)
    head, define, backward = source.partition(f"def {name}_backward(")
    assert right in backward
    space = executed(ast.parse(head + define + backward.replace(right, wrong, 1)), module.__name__)
    shapes = next(case[2] for case in module.CASES if case[0] == name)
    report = gradcheck(space[name], space[f"{name}_backward"], value(shapes), diagnose=False)
    assert report.verdict == "wrong" and report.witness, str(report)


@pytest.mark.parametrize("factor, verdict", [(1, "right"), (2, "wrong")])
def test_equal_constants_are_the_largest_together(factor, verdict):
    """Padding behind softplus: two balls around log 2, of one number."""

    def padded(x):
        return np.concatenate([-(x**2), np.zeros((len(x), 2))], axis=1)

    def forward(x):
        a = np.log1p(np.exp(padded(x)))
        e = np.exp(a - a.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def backward(inputs, d):
        (x,) = inputs
        p, slope = forward(x), 1 / (1 + np.exp(-padded(x)))
        da = p * (d - (d * p).sum(axis=1, keepdims=True))
        return factor * (da * slope)[:, : x.shape[1]] * -2 * x

    report = gradcheck(forward, backward, [np.zeros((1, 2))], diagnose=False)
    assert report.verdict == verdict and bool(report.witness) is (verdict == "wrong"), str(report)


@pytest.mark.parametrize(
    "x, y, ties",
    [
        ([1, 0], [1, 0], 0),
        ([1, 2], [1, 2], 0),
        ([1, 2], [1, 3], 1),
        ([1, 2], [1], 1),
        ([1, 0], [1], 0),
        ([1], [1], 0),
        ([1, 2], [2, 3], 0),
    ],
)
def test_two_equal_numbers_tie_if_they_move_apart(x, y, ties):
    domain = Balls()

    def number(value, *tangents):
        made = domain.rationals([fmpq(value)], (1,))
        return domain.moving(made, np.array(tangents)[:, None]) if tangents else made

    assert domain.order(number(*x), number(*y)) == x[0] - y[0]
    assert len(domain.ties) == ties


def test_fine_numbers_are_all_different():
    bench = BallBench(Subject(layers.huber, layers.huber_backward, value({"x": (70,), "y": (7,)}), "vjp"), COARSE)
    sizes = np.abs(bench.rationals["x"])
    assert len(np.unique(sizes)) == 70 and sizes.min() > 0 and sizes.max() <= 1


@pytest.mark.parametrize("mask", [lambda y: y == y.max(), lambda y: y >= y.max(), lambda y: y == np.max(y[None])])
@pytest.mark.parametrize("factor, verdict", [(1, "right"), (2, "wrong")])
def test_a_number_is_found_again_among_others_whatever_its_radius(mask, factor, verdict):
    def backward(inputs, d):
        y = np.exp(inputs[0])
        return factor * d * y * mask(y)

    report = gradcheck(lambda x: np.exp(x).max(), backward, [np.zeros((3, 2))], diagnose=False)
    assert report.verdict == verdict and bool(report.witness) == (verdict == "wrong"), str(report)


def test_two_balls_with_one_midpoint_are_not_equal():
    domain = Balls()
    third = [divide(domain.constant(np.ones(1)), domain.constant(np.full(1, 3.0))) for _ in range(2)]
    assert domain.order(third[0], third[0]) == 0 and domain.same(third[0], third[0])
    with pytest.raises(Unlucky):
        domain.order(*third)
    with pytest.raises(Unlucky):
        domain.same(*third)
    assert domain.order(*third, either=True) == 0


@pytest.mark.parametrize("function", [np.log, np.sqrt])
@pytest.mark.parametrize("factor, verdict", [(3, "wrong"), (2, "right")])
def test_a_number_that_has_no_root_or_logarithm_matters_where_it_is_used(function, factor, verdict):
    def backward(inputs, d):
        (x,) = inputs
        with np.errstate(invalid="ignore"):
            function(-(x**2) - 1)
        return factor * d * x

    report = gradcheck(np.square, backward, [np.zeros(3)], diagnose=False)
    assert report.verdict == verdict and bool(report.witness) == (verdict == "wrong"), str(report)
