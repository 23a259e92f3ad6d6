"""Faithfulness: expressions that print alike have equal values, in every notation."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Symbol

from lstm_sym.activations import Activation
from lstm_sym.backpropagation import bptt
from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS
from lstm_sym.latex import NOTATIONS, NOTE, SUBSCRIPT, latex
from lstm_sym.latex.printer import NodePrinter
from lstm_sym.nodes import Eye, MatrixPower, MatrixSum, Ones
from lstm_sym.symbols import MARKS, Parameter, Sequence, letters, marked, t

from .judge import (
    CONSTANTS,
    LETTERS,
    MARKED,
    SCALARS,
    U,
    W,
    b,
    binary,
    collisions,
    h,
    k,
    n,
    normalised,
    one_level,
    unary,
)

ATOMS = [*LETTERS, *MARKED, *CONSTANTS]
SHALLOW = [*ATOMS, *sorted(one_level(ATOMS, ATOMS), key=str)]
FEW = one_level([W, b, h[t], Ones(n), Eye(n)], [W, b, h[t], Ones(n)])
DEEP = [*FEW, *sorted(one_level(FEW, [W, b, h[t]]), key=str)]


@pytest.mark.parametrize("notation", [NOTE, SUBSCRIPT], ids=lambda notation: notation.name)
@pytest.mark.parametrize("expressions", [SHALLOW, DEEP], ids=["every pair of letters", "three operations deep"])
def test_every_small_expression_prints_apart_from_those_of_another_value(notation: Any, expressions: Any) -> None:
    assert len(expressions) > 2000
    assert list(collisions(expressions, lambda expr: latex(expr, notation))) == []


@st.composite
def populations(draw: Any) -> list[Any]:
    """Expressions grown at random from a few letters, each from those before it, small ones preferred."""
    grown: list[Any] = draw(st.lists(st.sampled_from(ATOMS), min_size=2, max_size=3, unique=True))
    for _ in range(draw(st.integers(2, 6))):
        left, right = (grown[draw(st.integers(0, len(grown) - 1))] for _ in range(2))
        if left.is_Matrix and right.is_Matrix:
            grown += [e for e in [*unary(left), *binary(left, right), *binary(right, left)] if len(str(e)) < 90]
        grown.sort(key=lambda expr: len(str(expr)))
        del grown[120:]
    return grown


@settings(max_examples=25, deadline=None, derandomize=True)
@given(populations())
def test_random_expressions_that_print_alike_have_equal_values(grown: list[Any]) -> None:
    assert list(collisions(grown, latex)) == []


class WithoutBrackets(NodePrinter):
    def _bracketed(self, expr: Any, *looser: type) -> str:
        return self._print(expr)


class HadamardAsProduct(NodePrinter):
    def _print_Hadamard(self, expr: Any) -> str:
        return super()._print_Hadamard(expr).replace(r"\odot ", "")


class ElementwisePowerAsPower(NodePrinter):
    def _print_HadamardPower(self, expr: Any) -> str:
        return super()._print_HadamardPower(expr).replace(r"\odot ", "")


class OnesWithoutSize(NodePrinter):
    def _print_Ones(self, expr: Any) -> str:
        return "1"


class BareBases(NodePrinter):
    def _base(self, expr: Any) -> str:
        return self._print(expr)


class WithoutPrimes(NodePrinter):
    def _print_Activation(self, expr: Any) -> str:
        return super()._print_Activation(expr).replace("'", "")


class UnsignedSums(NodePrinter):
    def _print_MatrixSum(self, expr: MatrixSum) -> str:
        return " + ".join(map(self._print, expr.args)).replace("-", "")


class OneDerivative(NodePrinter):
    def _print_Partial(self, expr: Any) -> str:
        return self._print_Total(expr)


@pytest.mark.parametrize(
    "broken",
    [
        WithoutBrackets,
        HadamardAsProduct,
        ElementwisePowerAsPower,
        OnesWithoutSize,
        BareBases,
        WithoutPrimes,
        UnsignedSums,
        OneDerivative,
    ],
)
def test_the_judge_catches_a_printer_that_loses_something(broken: type[NodePrinter]) -> None:
    found = collisions([*SHALLOW, *DEEP], lambda expr: broken(NOTE).doprint(expr))
    assert next(found, None) is not None


# fmt: off
NAMES = (
    "a", "a_f", "a_f_1", "f", "h", "h_0", "h_1", "h_t", "h1", "h'", "e", "e_h", "e_t", "delta", "delta_h", "c",
    "C", "z", "g", "i", "W", "W_z", "W_c", "W_C", "W_g", "W_hf", "W_if", "W_hh", "W1", "I", "I_n", "I_2", "J",
    "J_hc", "J_h_c", "sigma", "sigma_max", "phi", "varphi", "varphi_f", "tanh", "exp", "tr", "diag", "sg", "id",
    "ell", "l", "target", "alpha_f", "d", "n", "t", "k", "dot", "hat", "pi", "ab",
)
# fmt: on


@pytest.mark.parametrize("notation", NOTATIONS.values(), ids=NOTATIONS)
def test_no_two_letters_print_alike(notation: Any) -> None:
    """Whatever the names, marks, kinds and times: also against powers, functions and signs that look alike."""
    sequences = [Sequence(name, n, mark=mark)[time] for name, mark, time in product(NAMES, MARKS, (0, 1, t, t - 1))]
    parameters = [Parameter(name, n, n, mark) for name, mark in product(NAMES, MARKS)]
    functions = [Activation(name, order) for name, order in product(NAMES, (0, 1, 4))]
    others = [MatrixPower(Parameter(name, n, n), power) for name in set(NAMES) - {"t", "k"} for power in (t, k)]
    others += [direct.T for direct in (h[t], h[0], W, U)] + [Ones(n), Ones(n, n), Eye(n), Eye(2)]
    seen: dict[str, Any] = {}
    for expr in [*sequences, *parameters, *functions, *others]:
        other = seen.setdefault(normalised(latex(expr, notation)), expr)
        assert other == expr, f"{other} and {expr} print alike as {latex(expr, notation)}"


@pytest.mark.parametrize("notation", NOTATIONS.values(), ids=NOTATIONS)
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_no_two_letters_of_a_cell_print_alike(notation: Any, cell: Cell) -> None:
    backward = bptt(cell)
    found = {letter for equation in [*cell.equations, *backward.equations] for letter in letters(equation)}
    every = {marked(letter, mark) for letter in found for mark in MARKS}
    assert len({normalised(latex(letter, notation.for_cell(cell))) for letter in every}) == len(every)


@pytest.mark.parametrize(
    "expr, said",
    [
        (Symbol("W") * W, "the parameter W and the scalar W"),
        (W * Parameter("W", n), "the parameter W and the parameter W"),
        (Symbol("k") * Symbol("k", integer=True) * W, "the scalar k and the scalar k"),
        (Sequence("h", 1)[t] * h[t].T, "the sequence h and the sequence h"),
    ],
)
def test_two_letters_of_one_print_in_one_expression_are_refused(expr: Any, said: str) -> None:
    with pytest.raises(ValueError, match=f"two letters print alike as .*: {said}"):
        latex(expr)


def test_the_scalars_of_the_enumeration_differ() -> None:
    assert len({latex(scalar * W) for scalar in SCALARS}) == len(SCALARS)
