"""Every node is an ordinary SymPy tree: it survives substitution, pickling, hashing and printing."""

import pickle

import pytest
import sympy
from sympy import Expr, MatrixSymbol, Symbol, srepr, symbols
from sympy.core.symbol import Str
from sympy.matrices.expressions.matexpr import MatrixExpr

import lstm_sym.activations
import lstm_sym.nodes
import lstm_sym.symbols
from lstm_sym.activations import Applied, Elementwise, phi, sigma
from lstm_sym.nodes import (
    Block,
    Determinant,
    Diag,
    Eye,
    Hadamard,
    HadamardPower,
    MatrixPower,
    MatrixProduct,
    MatrixSum,
    MaxAbs,
    Nonnegative,
    Norm,
    Ones,
    OrderedProduct,
    Partial,
    SpectralRadius,
    StopGradient,
    TimeSum,
    Total,
    Trace,
    Transposed,
    Zero,
)
from lstm_sym.symbols import At, Parameter, Sequence, adjoint, indices, sizes, t

n, d = sizes("n d")
k, T = indices("k T")
gamma = Symbol("gamma")
W, V, U, b = Parameter("W", n, n), Parameter("V", n, n), Parameter("U", n, d), Parameter("b", n)
h, x, M = Sequence("h", n), Sequence("x", d), Sequence("M", n, n)

NODES = {
    Parameter: W,
    At: h[t],
    Zero: Zero(n, d),
    Eye: Eye(n),
    Ones: Ones(n, d),
    MatrixSum: W * h[t] + U * x[t] + b,
    MatrixProduct: gamma * W * h[t],
    Transposed: U.T,
    MatrixPower: MatrixPower(W, T),
    Trace: Trace(W * V),
    Norm: Norm(W * V),
    MaxAbs: MaxAbs(b),
    SpectralRadius: SpectralRadius(W),
    Determinant: Determinant(gamma * Eye(n) - W),
    Hadamard: Hadamard(h[t], b),
    HadamardPower: HadamardPower(h[t], gamma),
    Diag: Diag(h[t]),
    Elementwise: sigma(W * h[t]),
    Applied: phi(gamma),
    Block: Block((W, h[t]), (W, b)),
    OrderedProduct: OrderedProduct(M[k], (k, t + 1, T)),
    TimeSum: TimeSum(M[k] * h[t], (k, 1, T)),
    StopGradient: StopGradient(h[t]),
    Partial: Partial(h[t], b),
    Total: Total(Symbol("L"), W),
}
"""One expression of each node type."""

NAMESPACE = {**vars(sympy), **vars(lstm_sym.symbols), **vars(lstm_sym.activations), **vars(lstm_sym.nodes), "Str": Str}

every_node = pytest.mark.parametrize("node", NODES.values(), ids=[kind.__name__ for kind in NODES])


def test_the_table_has_every_node() -> None:
    public = {getattr(lstm_sym.nodes, name) for name in lstm_sym.nodes.__all__}
    classes = {kind for kind in public if isinstance(kind, type)} - {lstm_sym.nodes.Operand}
    assert {kind for kind in classes if not issubclass(kind, Nonnegative)} <= NODES.keys()
    assert all(type(node) is kind for kind, node in NODES.items())


@every_node
def test_it_is_a_sympy_expression(node) -> None:
    assert isinstance(node, MatrixExpr if node.is_Matrix else Expr)
    assert node.func(*node.args) == node


@every_node
def test_equal_nodes_are_equal_and_hash_alike(node) -> None:
    again = node.func(*node.args)
    assert again == node and hash(again) == hash(node) and len({again, node}) == 1
    assert node != Symbol("other") and node != MatrixSymbol("other", n, n)


@every_node
def test_pickling_keeps_it(node) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        back = pickle.loads(pickle.dumps(node, protocol))
        assert back == node and type(back) is type(node) and str(back) == str(node)


@every_node
def test_srepr_reads_back(node) -> None:
    assert eval(srepr(node), dict(NAMESPACE)) == node


@every_node
def test_doit_keeps_it(node) -> None:
    assert node.doit() == node and node.doit(deep=False) == node


@every_node
def test_it_prints(node) -> None:
    assert str(node) == repr(node) and "object at" not in str(node)
    assert node._repr_latex_().startswith("$") and sympy.latex(node)


@every_node
def test_sizes_are_substituted(node) -> None:
    small = node.subs(n, 3)
    assert type(small) is type(node) and n not in small.atoms(Symbol)
    if node.is_Matrix:
        assert small.shape == tuple(size.subs(n, 3) for size in node.shape)
    assert node.xreplace({n: sympy.Integer(3)}) == small


@every_node
def test_time_is_shifted_and_shifted_back(node) -> None:
    assert node.subs(t, t + 1).subs(t, t - 1) == node
    assert (node.subs(t, t + 1) != node) == (t in node.free_symbols)


@every_node
def test_replacing_what_is_not_there_changes_nothing(node) -> None:
    assert node.subs(Symbol("q"), 2) == node and node.xreplace({Symbol("q"): Symbol("r")}) is node


@every_node
def test_a_symbol_of_a_letter_s_name_is_another_thing(node) -> None:
    assert node.subs({Symbol("W"): 2, Symbol("h"): 2, Symbol("n"): 2}) == node


@pytest.mark.parametrize(
    "node, old, new, result",
    [
        (W * h[t], W, V, V * h[t]),
        (W * h[t], h[t], b, W * b),
        (W * h[t], W, W + V, (W + V) * h[t]),
        (W + V, V, Zero(n, n), W),
        (W * V, V, Eye(n), W),
        (W * V, V, Zero(n, n), Zero(n, n)),
        (Hadamard(h[t], b), b, Ones(n), h[t]),
        (MatrixPower(W, k), k, 1, W),
        (MatrixPower(W, k), k, 0, Eye(n)),
        (HadamardPower(b, gamma), gamma, 0, Ones(n)),
        (gamma * W, gamma, 1, W),
        (gamma * W, gamma, 0, Zero(n, n)),
        (sigma(gamma * h[t]), gamma, 2, sigma(2 * h[t])),
        (phi(gamma), gamma, 2, phi(2)),
        (Trace(W), W, Zero(n, n), sympy.S.Zero),
        (adjoint(h)[t], t, T, adjoint(h)[T]),
        (Block((W, b), (V, b)), V, W, Block((W, b), (W, b))),
    ],
    ids=str,
)
def test_substitution_builds_the_node_anew(node, old, new, result) -> None:
    assert node.subs(old, new) == result


@pytest.mark.parametrize(
    "old, new, message", [(W, U, r"U \(n x d\) and h\[t\]"), (h[t], x[t], r"W \(n x n\) and x\[t\]")]
)
def test_a_substitution_of_another_shape_is_refused(old, new, message) -> None:
    with pytest.raises(ValueError, match=message):
        (W * h[t]).subs(old, new)


def test_two_letters_differ_by_name_shape_and_mark() -> None:
    m = symbols("m", integer=True, positive=True)
    assert len({W, V, Parameter("W", n, m), adjoint(W), Parameter("W", n, n), Sequence("W", n, n)[t]}) == 5
