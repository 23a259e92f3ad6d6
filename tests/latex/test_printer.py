"""The printer, node by node."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import (
    Eq,
    Function,
    HadamardProduct,
    Integer,
    Le,
    Limit,
    Lt,
    Matrix,
    MatrixSymbol,
    Rational,
    Symbol,
    init_printing,
    oo,
)
from sympy import exp as sympy_exp
from sympy.matrices.expressions.matexpr import MatrixExpr

from lstm_sym.activations import Activation, identity, phi, relu, sigma, softplus, tanh
from lstm_sym.latex import NOTE, PYTORCH, SUBSCRIPT, latex, latex_aligned
from lstm_sym.nodes import (
    Block,
    Determinant,
    Eye,
    MatrixPower,
    MaxAbs,
    Nonnegative,
    Norm,
    Ones,
    Operand,
    OrderedProduct,
    Partial,
    Positive,
    SpectralRadius,
    StopGradient,
    TimeSum,
    Total,
    Trace,
    Transposed,
    Zero,
    beside,
    concat,
    diag,
    entries,
    hadamard,
    hadamard_power,
)
from lstm_sym.symbols import Parameter, Sequence, adjoint, claimed, direct, indices, sizes, t, tangent

n, d = sizes("n d")
k, T = indices("k T")
L, z, gamma = Symbol("L"), Symbol("z"), Symbol("gamma")
W, V, U, b, W_f = (
    Parameter("W", n, n),
    Parameter("V", n, n),
    Parameter("U", n, d),
    Parameter("b", n),
    Parameter("W_f", n, n),
)
h, x, f, a_f, c = Sequence("h", n), Sequence("x", d), Sequence("f", n), Sequence("a_f", n), Sequence("c", n)
M, ell, target = Sequence("M", n, n), Sequence("ell", 1), Sequence("target", n)

TABLE = [
    # letters
    (W, "W"),
    (W_f, "W_{f}"),
    (Parameter("lambda", n), r"\lambda"),
    (Parameter("W_hh", n, n), r"W_{\mathrm{hh}}"),
    (Parameter("a_f_1", n), "a_{f_{1}}"),
    (Parameter("p'", n), "p'"),
    (h[t], "h^{(t)}"),
    (h[t - 1], "h^{(t - 1)}"),
    (a_f[0], "a_{f}^{(0)}"),
    (c[t], "C^{(t)}"),
    (Symbol("c"), "c"),
    (ell[t], r"\ell^{(t)}"),
    (target[t], r"\mathrm{target}^{(t)}"),
    (h, "h"),
    (adjoint(h)[t], r"\delta h^{(t)}"),
    (adjoint(a_f)[t + 1], r"\delta a_{f}^{(t + 1)}"),
    (tangent(a_f)[t], r"\dot{a}_{f}^{(t)}"),
    (direct(h)[t], "e_{h}^{(t)}"),
    (direct(a_f)[t], "e_{a_{f}}^{(t)}"),
    (claimed(h)[t], r"\hat{h}^{(t)}"),
    (claimed(adjoint(a_f))[t], r"\widehat{\delta a}_{f}^{(t)}"),
    (claimed(target)[t], r"\widehat{\mathrm{target}}^{(t)}"),
    (adjoint(W), r"\delta W"),
    (Sequence("e_h", n)[t], r"\mathtt{e\_h}^{(t)}"),
    (Symbol("delta") * h[t], r"\mathtt{delta} \, h^{(t)}"),
    # constants
    (Zero(n), r"\mathbf{0}_{n}"),
    (Zero(n, d), r"\mathbf{0}_{n \times d}"),
    (Zero(n + d, d), r"\mathbf{0}_{\left(d + n\right) \times d}"),
    (Ones(n, d), r"\mathbf{1}_{n \times d}"),
    (Eye(n), r"\mathbf{I}_{n}"),
    (2 * Ones(n), r"2 \mathbf{1}_{n}"),
    (Integer(0), "0"),
    # sums
    (1 - f[t], "1 - f^{(t)}"),
    (f[t] - 1, "f^{(t)} - 1"),
    (2 - f[t], "2 - f^{(t)}"),
    ((1 + gamma) - f[t], r"\left(\gamma + 1\right) - f^{(t)}"),
    (Ones(n) + Ones(n), r"\mathbf{1}_{n} + \mathbf{1}_{n}"),
    (1 - W, r"\mathbf{1}_{n \times n} - W"),
    (b - (1 + f[t]), r"b - \left(1 + f^{(t)}\right)"),
    (-b - f[t], "-b - f^{(t)}"),
    (b - 2 * f[t], "b - 2 f^{(t)}"),
    # products
    (W * h[t - 1] + U * x[t] + b, "W h^{(t - 1)} + U x^{(t)} + b"),
    (W * (b + h[t]), r"W \left(b + h^{(t)}\right)"),
    (W * hadamard(f[t], c[t]), r"W \left(f^{(t)} \odot C^{(t)}\right)"),
    (hadamard(W * f[t], c[t]), r"\left(W f^{(t)}\right) \odot C^{(t)}"),
    (hadamard(f[t], 1 - f[t]), r"f^{(t)} \odot \left(1 - f^{(t)}\right)"),
    (-hadamard(f[t], c[t]), r"-f^{(t)} \odot C^{(t)}"),
    (hadamard(-f[t], c[t]), r"-f^{(t)} \odot C^{(t)}"),
    (Rational(1, 2) * h[t].T * h[t], r"\frac{1}{2} h^{(t)\top} h^{(t)}"),
    (-Rational(1, 2) * W, r"-\frac{1}{2} W"),
    ((1 + gamma) * W, r"\left(\gamma + 1\right) W"),
    (-(1 + gamma) * W, r"-\left(\gamma + 1\right) W"),
    (Trace(W) * V, r"\operatorname{tr}\left(W\right) V"),
    (Norm(W) * V, r"\left\lVert W \right\rVert V"),
    (MaxAbs(W + V), r"\left\lVert W + V \right\rVert_{\max}"),
    (Determinant(W), r"\det\left(W\right)"),
    (SpectralRadius(W), r"\rho\left(W\right)"),
    (Norm(W) <= 2, r"\left\lVert W \right\rVert \leq 2"),
    (Positive(1 - W), r"\mathbf{1}_{n \times n} - W > 0"),
    (Nonnegative(Norm(W) - 1), r"\left\lVert W \right\rVert - 1 \geq 0"),
    (entries([[1, -2], [0, Rational(1, 2)]]), r"\begin{bmatrix}1 & -2 \\ 0 & \frac{1}{2}\end{bmatrix}"),
    (Limit(Symbol("q") ** k + 1, k, oo), r"\lim_{k \to \infty} \left(q^{k} + 1\right)"),
    (Limit(1 / (k + 1), k, oo), r"\lim_{k \to \infty} \frac{1}{k + 1}"),
    (Parameter("ab", n, n) * Parameter("cd", n, n), r"\mathrm{ab} \, \mathrm{cd}"),
    (Symbol("ab") * Symbol("cd"), r"\mathrm{ab} \, \mathrm{cd}"),
    (Symbol("ab") * W, r"\mathrm{ab} \, W"),
    # superscripts
    (W.T, r"W^{\top}"),
    ((W * V).T, r"\left(W V\right)^{\top}"),
    ((W + V).T, r"\left(W + V\right)^{\top}"),
    (adjoint(W).T, r"\left(\delta W\right)^{\top}"),
    (adjoint(h)[t].T, r"\delta h^{(t)\top}"),
    (W**2, "W^{2}"),
    (W**-1, "W^{-1}"),
    (MatrixPower(W, t), "W^{t}"),
    (M[t], "M^{(t)}"),
    (M[t] ** 2, r"\left(M^{(t)}\right)^{2}"),
    (Transposed(W) ** k, r"\left(W^{\top}\right)^{k}"),
    (hadamard_power(b, 2), r"b^{\odot 2}"),
    (hadamard_power(f[t], -1), r"\left(f^{(t)}\right)^{\odot \left(-1\right)}"),
    (hadamard_power(b, k + 1), r"b^{\odot \left(k + 1\right)}"),
    (1 - hadamard_power(tanh(b), 2), r"1 - \tanh\left(b\right)^{\odot 2}"),
    (tanh(hadamard_power(b, 2)), r"\tanh\left(b^{\odot 2}\right)"),
    (Ones(n, n) ** 2, r"\mathbf{1}_{n \times n}^{2}"),
    # functions
    (sigma(a_f[t]), r"\sigma\left(a_{f}^{(t)}\right)"),
    (sigma.prime(b), r"\sigma'\left(b\right)"),
    (phi.prime.prime(b), r"\varphi''\left(b\right)"),
    (Activation("sigma", 4)(b), r"\sigma^{(4)}\left(b\right)"),
    (Activation("g")(b), r"\varphi_{g}\left(b\right)"),
    (identity(b), r"\operatorname{id}\left(b\right)"),
    (relu(b), r"\operatorname{relu}\left(b\right)"),
    (softplus(b), r"\operatorname{softplus}\left(b\right)"),
    (tanh(z), r"\tanh\left(z\right)"),
    (2 * sigma(2 * z) - 1, r"2 \sigma\left(2 z\right) - 1"),
    (tanh(z) ** 2, r"\tanh\left(z\right)^{2}"),
    (diag(b), r"\operatorname{diag}\left(b\right)"),
    (diag(b) ** k, r"\operatorname{diag}\left(b\right)^{k}"),
    (StopGradient(h[t - 1]), r"\operatorname{sg}\left(h^{(t - 1)}\right)"),
    # blocks, binders, derivatives
    (concat(h[t - 1], x[t]), r"\begin{bmatrix}h^{(t - 1)} \\ x^{(t)}\end{bmatrix}"),
    (beside(W, U), r"\begin{bmatrix}W & U\end{bmatrix}"),
    (Block((W, Zero(n)), (W, b)), r"\begin{bmatrix}W & \mathbf{0}_{n} \\ W & b\end{bmatrix}"),
    (concat(h[t], x[t]).T, r"\begin{bmatrix}h^{(t)} \\ x^{(t)}\end{bmatrix}^{\top}"),
    (TimeSum(h[t], (t, 1, T)), r"\sum_{t=1}^{T} h^{(t)}"),
    (TimeSum(h[t] + b, (t, 1, T)), r"\sum_{t=1}^{T} \left(h^{(t)} + b\right)"),
    (TimeSum(-h[t], (t, 1, T)), r"\sum_{t=1}^{T} \left(-h^{(t)}\right)"),
    (TimeSum(h[t], (t, 1, T)) + b, r"\sum_{t=1}^{T} h^{(t)} + b"),
    (TimeSum(M[t], (t, 1, T)) * W, r"\left(\sum_{t=1}^{T} M^{(t)}\right) W"),
    (TimeSum(M[t] * W, (t, 1, T)), r"\sum_{t=1}^{T} M^{(t)} W"),
    (
        OrderedProduct(diag(h[k]) * W, (k, t + 1, t + T)),
        r"\mathop{\overleftarrow{\prod}}\limits_{k=t + 1}^{T + t} \operatorname{diag}\left(h^{(k)}\right) W",
    ),
    (Partial(h[t], h[t - 1]), r"\frac{\partial^{+} h^{(t)}}{\partial h^{(t - 1)}}"),
    (Total(L, W_f), r"\frac{d L}{d W_{f}}"),
    (Partial(W * h[t], h[t]), r"\frac{\partial^{+} \left(W h^{(t)}\right)}{\partial h^{(t)}}"),
    (Total(h[t], b).T, r"\left(\frac{d h^{(t)}}{d b}\right)^{\top}"),
    # relations
    (Eq(h[t], Zero(n), evaluate=False), "h^{(t)} = 0"),
    (Eq(Zero(n), Zero(n), evaluate=False), r"\mathbf{0}_{n} = \mathbf{0}_{n}"),
    (Le(z, 1), r"z \leq 1"),
    (Lt(z, 1), "z < 1"),
    # SymPy's own scalars
    (sympy_exp(-2 * z), "e^{- 2 z}"),
    (Rational(1, 4) - (z - Rational(1, 2)) ** 2, r"\frac{1}{4} - \left(z - \frac{1}{2}\right)^{2}"),
    (Matrix([[8, 6], [-8, -6]]), r"\left[\begin{matrix}8 & 6\\-8 & -6\end{matrix}\right]"),
]


@pytest.mark.parametrize("expr, expected", TABLE, ids=[expected for _, expected in TABLE])
def test_each_node_prints_by_its_rule(expr: Any, expected: str) -> None:
    assert latex(expr) == expected


@pytest.mark.parametrize(
    "expr, notation, expected",
    [
        (h[t - 1].T, SUBSCRIPT, r"h_{t - 1}^{\top}"),
        (hadamard_power(f[t], 2), SUBSCRIPT, r"f_{t}^{\odot 2}"),
        (a_f[t], SUBSCRIPT, r"a_{\mathrm{f},t}"),
        (direct(h)[t], SUBSCRIPT, "e_{h,t}"),
        (adjoint(a_f)[t + 1], SUBSCRIPT, r"\delta a_{\mathrm{f},t + 1}"),
        (Sequence("z", n)[t], SUBSCRIPT, r"\tilde{c}_{t}"),
        (tangent(Sequence("z", n))[t], SUBSCRIPT, r"\dot{\tilde{c}}_{t}"),
        (Parameter("h_0", n), SUBSCRIPT, r"\mathtt{h\_0}"),
        (h[0], SUBSCRIPT, "h_{0}"),
        (Sequence("z", n)[t], PYTORCH, "g_{t}"),
        (Sequence("g", n)[t], PYTORCH, r"\mathtt{g}_{t}"),
        (W_f, PYTORCH, r"W_{\mathrm{hf}}"),
        (Parameter("U_z", n, d), PYTORCH, r"W_{\mathrm{ig}}"),
        (Sequence("z", n)[t], NOTE, r"\tilde{C}^{(t)}"),
        (Sequence("C", n)[t], NOTE, r"\mathcal{C}^{(t)}"),
        (Parameter("W_z", n, n), NOTE, "W_{C}"),
        (Parameter("W_C", n, n), NOTE, r"\mathtt{W\_C}"),
    ],
)
def test_letters_in_each_notation(expr: Any, notation: Any, expected: str) -> None:
    assert latex(expr, notation) == expected


class Foo(Operand):
    """A node that nobody wrote a rule for; its inherited hook calls the printer."""

    def __new__(cls, operand: Any) -> Foo:
        return MatrixExpr.__new__(cls, operand)

    shape = property(lambda self: self.args[0].shape)


class SubEye(Eye):
    """A subclass means something else, so it does not inherit the rule."""


@pytest.mark.parametrize(
    "expr, name",
    [
        (Foo(W), "Foo"),
        (W + Foo(W), "Foo"),
        (Trace(Foo(W)) + 1, "Foo"),
        (SubEye(n), "SubEye"),
        (MatrixSymbol("A", n, n), "MatrixSymbol"),
        (MatrixSymbol("A", n, n) + MatrixSymbol("B", n, n), "MatAdd"),
        (HadamardProduct(MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)), "HadamardProduct"),
        (Function("g")(z), "g"),
    ],
)
def test_a_node_without_a_rule_is_refused(expr: Any, name: str) -> None:
    with pytest.raises(TypeError, match=f"no LaTeX for {name}; write a rule _print_{name}"):
        latex(expr)


@pytest.mark.parametrize("name", ["1", "a b", r"\lambda", "W_", "h^2", ""])
def test_a_name_that_is_not_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no LaTeX for the name"):
        latex(Parameter(name, n))


def test_equations_are_aligned() -> None:
    rows = [Eq(h[t], W * h[t - 1], evaluate=False), (adjoint(h)[T + 1], Zero(n)), Le(z, 1)]
    assert latex_aligned(rows) == "\n".join(
        [
            r"\begin{aligned}",
            r"h^{(t)} &= W h^{(t - 1)} \\",
            r"\delta h^{(T + 1)} &= 0 \\",
            r"z &\leq 1",
            r"\end{aligned}",
        ]
    )


def test_the_notation_reaches_letters_inside_sympys_own_nodes() -> None:
    expr = Trace(W_f) ** 2 + 2 * Trace(W_f * V)
    assert r"W_{\mathrm{hf}}" in latex(expr, PYTORCH)
    assert "W_{f}" not in latex(expr, PYTORCH)


def test_global_printing_settings_change_nothing() -> None:
    from sympy.printing.printer import Printer

    kept = dict(Printer._global_settings)
    try:
        init_printing(order="rev-lex", use_latex=False, wrap_line=False)
        Printer.set_global_settings(mul_symbol="times", mode="inline")
        assert latex(2 * z + z**2) == "z^{2} + 2 z"
    finally:
        Printer._global_settings.clear()
        Printer._global_settings.update(kept)


def test_nodes_show_themselves_in_notebooks() -> None:
    assert hadamard(f[t], c[t])._repr_latex_() == r"$\displaystyle f^{(t)} \odot C^{(t)}$"
    assert Trace(W)._repr_latex_() == r"$\displaystyle \operatorname{tr}\left(W\right)$"
