"""A cell from its equations: what follows from them, and what is refused with the equation named."""

import numpy as np
import pytest
from sympy import Eq, MatrixSymbol, Symbol, sin
from sympy.matrices.exceptions import ShapeError

from lstm_sym.activations import sigma, tanh
from lstm_sym.cell import Cell, changed, truncated
from lstm_sym.cells import CELLS, LSTM, PEEPHOLE_LSTM, RNN, RNN_LOSS, lstm
from lstm_sym.nodes import StopGradient, TimeSum, hadamard
from lstm_sym.symbols import Parameter, Sequence, indices, sizes, t

n, d = sizes("n d")
k, T = indices("k T")
gamma = Symbol("gamma")
W, U, V, b = Parameter("W", n, n), Parameter("U", n, d), Parameter("V", d, n), Parameter("b", n)
h, g, a, x, ell = Sequence("h", n), Sequence("g", n), Sequence("a", n), Sequence("x", d), Sequence("ell", 1)


def names(letters) -> str:
    return " ".join(map(str, letters))


def test_a_cell_of_one_s_own() -> None:
    cell = Cell(
        "own",
        Eq(h[t], hadamard(g[t], h[t - 1]) + hadamard(1 - g[t], a[t])),
        Eq(g[t], sigma(U * x[t] + b)),
        Eq(a[t], tanh(W * h[t - 2] + U * x[t])),
    )
    assert names(cell.order) == "g a h" and names(cell.states) == "h" and names(cell.inputs) == "x"
    assert names(cell.parameters) == "U b W" and names(cell.outputs) == "h" and cell.preactivations == ()
    assert cell.consumers(h) == ((a, 2), (h, 1)) and cell.consumers(x) == ((g, 0), (a, 0))
    assert cell.definition(g) == sigma(U * x[t] + b) and cell.definition(x) is None
    assert str(cell).splitlines()[0] == "g[t] = sigma(U*x[t] + b)" and repr(cell) == "<Cell own: 3 equations>"
    assert cell._repr_latex_().startswith("$$")


def test_a_cell_without_state() -> None:
    cell = Cell("layer", Eq(h[t], tanh(U * x[t] + b)))
    assert cell.states == () and cell.outputs == (h,) and cell.inputs == (x,)


@pytest.mark.parametrize("cell", [RNN, RNN_LOSS, LSTM, PEEPHOLE_LSTM], ids=lambda cell: cell.name)
def test_the_order_of_the_equations_does_not_matter(cell) -> None:
    turned = Cell(cell.name, *reversed(cell.equations), loss=cell.loss)
    for what in ("inputs", "parameters", "outputs", "states", "preactivations", "order"):
        assert set(getattr(turned, what)) == set(getattr(cell, what))
    assert set(turned.equations) == set(cell.equations)
    defined: set = set()
    for equation in turned.equations:
        read = {other.sequence for other in equation.rhs.atoms(type(h[t])) if other.index == t}
        assert read & set(turned.order) <= defined
        defined.add(equation.lhs.sequence)


REFUSED = [
    (lambda: Cell("c"), ValueError, "cell c has no equations"),
    (lambda: Cell("c", h[t]), TypeError, r"cell c: h\[t\] is not an equation; write Eq\(h\[t\], ...\)"),
    (lambda: Cell("c", Eq(h[t], h[t])), TypeError, "cell c: True is not an equation; .* with unequal sides"),
    (
        lambda: Cell("c", Eq(h[t - 1], b)),
        ValueError,
        r"cell c: h\[t - 1\] = b must define a sequence at time t",
    ),
    (lambda: Cell("c", Eq(b, W * h[t])), ValueError, r"cell c: b = W\*h\[t\] must define a sequence at time t"),
    (
        lambda: Cell("c", Eq(h[t], 1, evaluate=False)),
        ValueError,
        r"cell c: the right side of h\[t\] = 1 is a scalar",
    ),
    (
        lambda: Cell("c", Eq(h[t], gamma, evaluate=False)),
        ValueError,
        r"cell c: the right side of h\[t\] = gamma is a scalar",
    ),
    (
        lambda: Cell("c", Eq(h[t], V * h[t - 1], evaluate=False)),
        ValueError,
        r"cell c: shapes clash in h\[t\] = V\*h\[t - 1\]: h\[t\] is n x 1, the right side is d x 1",
    ),
    (
        lambda: Cell("c", Eq(h[t], V * h[t - 1])),
        ShapeError,
        r"an equation needs operands of one shape, got h\[t\] \(n x 1\) and V\*h\[t - 1\] \(d x 1\)",
    ),
    (lambda: Cell("c", Eq(h[t], U * h[t - 1])), ShapeError, r"U \* h\[t - 1\] .* U \(n x d\) and h\[t - 1\] \(n x 1\)"),
    (
        lambda: Cell("c", Eq(h[t], b), Eq(h[t], W * b)),
        ValueError,
        r"cell c: h has two definitions; the second is h\[t\] = W\*b",
    ),
    (
        lambda: Cell("c", Eq(h[t], W * h[t + 1])),
        ValueError,
        r"cell c: h\[t\] = W\*h\[t \+ 1\] reads the future value h\[t \+ 1\]",
    ),
    (
        lambda: Cell("c", Eq(h[t], W * h[3])),
        ValueError,
        r"cell c: h\[t\] = W\*h\[3\] reads h\[3\]; indices are t, t - 1",
    ),
    (lambda: Cell("c", Eq(h[t], W * h[k])), ValueError, r"reads h\[k\]; indices are t, t - 1"),
    (lambda: Cell("c", Eq(h[t], TimeSum(h[k], (k, 1, t - 1)))), ValueError, r"reads h\[k\]; indices are t, t - 1"),
    (
        lambda: Cell("c", Eq(h[t], W * g[t - 1])),
        ValueError,
        r"cell c: undefined letter g in h\[t\] = W\*g\[t - 1\]: it is read at an earlier time",
    ),
    (
        lambda: Cell("c", Eq(h[t], gamma * W * h[t - 1])),
        ValueError,
        r"cell c: undefined letter gamma in h\[t\] = gamma\*W\*h\[t - 1\]; declare it with Parameter",
    ),
    (
        lambda: Cell("c", Eq(h[t], MatrixSymbol("S", n, n) * h[t - 1])),
        ValueError,
        r"cell c: undefined letter S in h\[t\] = S\*h\[t - 1\]; declare it with Parameter",
    ),
    (lambda: Cell("c", Eq(h[t], h[t - 1] + T * b)), ValueError, "undefined letter T in"),
    (
        lambda: Cell("c", Eq(h[t], sigma(h[t]))),
        ValueError,
        r"cell c: a cycle within one time step through h\[t\] = sigma\(h\[t\]\); involved: h",
    ),
    (
        lambda: Cell("c", Eq(a[t], W * b), Eq(h[t], W * g[t]), Eq(g[t], tanh(h[t]) + a[t])),
        ValueError,
        r"a cycle within one time step through h\[t\] = W\*g\[t\]; involved: h, g",
    ),
    (lambda: Cell("c", Eq(h[t], b), loss=h), ValueError, "cell c: the loss h is not a 1 x 1 sequence"),
    (lambda: Cell("c", Eq(h[t], b), loss=ell), ValueError, "cell c: the loss ell is not a 1 x 1 sequence that an eq"),
    (lambda: Cell("", Eq(h[t], b)), ValueError, "'' is no name for a cell"),
    (lambda: Cell("../c", Eq(h[t], b)), ValueError, r"'\.\./c' is no name for a cell; a name has letters, digits"),
    (lambda: Cell("c\n1", Eq(h[t], b)), ValueError, "is no name for a cell"),
    (
        lambda: Cell("c", Eq(h[t], b), Eq(Sequence("delta_h", n)[t], h[t])),
        ValueError,
        "cell c: delta_h is what the backward pass calls a quantity of h; give one of the two letters another name",
    ),
    (
        lambda: Cell("c", Eq(h[t], h[t - 1] + Parameter("e_h", n))),
        ValueError,
        "cell c: e_h is what the backward pass calls a quantity of h",
    ),
    (
        lambda: Cell("c", Eq(h[t], t * W * h[t - 1])),
        ValueError,
        r"cell c: h\[t\] = t\*W\*h\[t - 1\] reads the time t itself; a coefficient that changes with time is an input",
    ),
    (lambda: (W * b).applyfunc(sin), TypeError, r"W\*b\.applyfunc: .* take sin from lstm_sym\.activations"),
    (lambda: np.ones((2, 2)) * b, TypeError, r"np\.multiply computes with numbers, b is an expression"),
    (
        lambda: changed(LSTM, "c", without=(lstm.o,)),
        ValueError,
        r"c leaves o out of cell LSTM, but h\[t\] = hadamard\(o\[t\], tanh\(c\[t\]\)\) reads it; write that line anew",
    ),
    (
        lambda: changed(LSTM, "c", Eq(lstm.f[t], 1 - lstm.i[t])),
        ValueError,
        r"no line of c reads a_f any more, which would make it an output; leave it out with without=\(a_f,\)",
    ),
    (lambda: changed(LSTM, "c", without=(h,)), ValueError, r"c leaves h out of cell LSTM, but a_f\[t\] = .* reads it"),
    (lambda: changed(LSTM, "c", h[t]), TypeError, r"cell c: h\[t\] is not an equation"),
    (lambda: Cell("c", Eq(h[t], b), loss=2), ValueError, "cell c: the loss 2 is not a 1 x 1 sequence"),
]


@pytest.mark.parametrize("build, error, message", REFUSED)
def test_refusals_name_the_equation(build, error, message) -> None:
    with pytest.raises(error, match=message):
        build()


def test_truncated_cuts_where_a_preactivation_reads_a_state() -> None:
    cut = truncated(PEEPHOLE_LSTM)
    assert cut.name == "peephole_LSTM_truncated" and cut.source == PEEPHOLE_LSTM.source
    for sequence in cut.order:
        stopped = {node.args[0] for node in cut.definition(sequence).atoms(StopGradient)}
        read = {letter for letter in PEEPHOLE_LSTM.definition(sequence).atoms(type(h[t]))}
        states = {letter for letter in read if letter.sequence in PEEPHOLE_LSTM.states}
        assert stopped == (states if sequence in PEEPHOLE_LSTM.preactivations else set())
        kept = cut.definition(sequence).xreplace({StopGradient(letter): letter for letter in stopped})
        assert kept == PEEPHOLE_LSTM.definition(sequence)


@pytest.mark.parametrize("name", [name for name in CELLS if name.endswith("_truncated")])
def test_truncation_keeps_what_is_inferred(name) -> None:
    whole, cut = CELLS[name.removesuffix("_truncated")], CELLS[name]
    for what in ("states", "inputs", "parameters", "outputs", "order", "preactivations"):
        assert getattr(cut, what) == getattr(whole, what)
    assert "stop_gradient(h[t - 1])" in str(cut)


@pytest.mark.parametrize(
    "other",
    [Parameter("U", n, n), Sequence("U", n)[t - 1]],
    ids=["parameter", "sequence"],
)
def test_two_letters_of_one_name_are_refused(other):
    h, x, U = Sequence("h", n), Sequence("x", n), Parameter("U", n)
    term = other * x[t] if other.cols != 1 else other
    equations = [Eq(h[t], term + U)]
    if other.cols == 1:
        equations.append(Eq(other.sequence[t], x[t]))
    with pytest.raises(ValueError, match="two different letters are called U"):
        Cell("twins", *equations)
