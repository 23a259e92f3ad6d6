"""The calculus: each rule against dual numbers and central differences, each pullback as the transpose of its push."""

from __future__ import annotations

import math
import zlib
from typing import Any

import pytest
from sympy import Expr, Symbol
from sympy.matrices.exceptions import ShapeError

import lstm_sym.tangents
from lstm_sym.activations import Elementwise, absolute, exp, identity, log, phi, relu, sigma, softplus, sqrt, tanh
from lstm_sym.cotangents import pull_rule
from lstm_sym.differentiate import depends, jacobian, pullback, pushforward
from lstm_sym.nodes import (
    Block,
    Eye,
    MatrixPower,
    MatrixProduct,
    Ones,
    OrderedProduct,
    Partial,
    StopGradient,
    TimeSum,
    Total,
    Trace,
    Zero,
    beside,
    concat,
    deviation,
    diag,
    hadamard,
    hadamard_power,
    maximum,
    normalised,
    scaled,
)
from lstm_sym.nodes.operand import is_matrix
from lstm_sym.proof.domains import Domain, FiniteField
from lstm_sym.proof.evaluation import evaluate
from lstm_sym.proof.given import Given
from lstm_sym.proof.trajectory import Instance, Trajectory
from lstm_sym.symbols import At, Parameter, Sequence, indices, mark_of, sizes, t, tangent
from lstm_sym.tangents import push_rule

n, d = sizes("n d")
k, i, p, T = indices("k i p T")
gamma = Symbol("gamma")
W, V, U, b, c = (
    Parameter("W", n, n),
    Parameter("V", n, n),
    Parameter("U", n, d),
    Parameter("b", n),
    Parameter("c", n),
)
h, x, M, r = Sequence("h", n), Sequence("x", d), Sequence("M", n, n), Sequence("r", 1)

POINT = Instance({n: 3, d: 2}, {t: 2, T: 4, p: 3, k: 6, i: 7})

TABLE = [
    # expression, the letter that moves
    (W, W),
    (W, V),
    (h[t], h[t]),
    (h[t], h[t - 1]),
    (Zero(n), b),
    (Eye(n), W),
    (Ones(n, d), U),
    (StopGradient(W * h[t]), W),
    (StopGradient(h[t]) + W * h[t], h[t]),
    (hadamard(StopGradient(sigma(h[t])), h[t]), h[t]),
    (W * h[t] + U * x[t] + b, x[t]),
    (W + V - 2 * W, W),
    (gamma * W * V * W * U, W),
    (h[t].T * W * h[t], h[t]),
    (h[t] * (h[t].T * h[t]), h[t]),
    (U.T * W.T, W),
    ((W * U).T, U),
    (W * W.T, W),
    (MatrixPower(W, 3), W),
    (MatrixPower(W, -1), W),
    (MatrixPower(W, -3), W),
    (MatrixPower(W.T, -2) * V, W),
    (MatrixPower(W, p), W),
    (MatrixPower(W + V, p + 1) * b, V),
    (MatrixPower(W * V, 2), V),
    (MatrixPower(M[i], p), M[i]),
    (hadamard(W, V, W), W),
    (hadamard(2 * b, W * b, b), b),
    (hadamard_power(b, 3), b),
    (hadamard_power(W * b, -2), W),
    (sigma(W * h[t] + b), W),
    (tanh(W * h[t] + b), h[t]),
    (identity(W), W),
    (softplus(b), b),
    (exp(W), W),
    (phi(W * h[t]), h[t]),
    (sigma.prime(b), b),
    (tanh.prime.prime(b), b),
    (phi.prime(b), b),
    (tanh(sigma(W * tanh(b))), b),
    (diag(b), b),
    (W * diag(W * b) * V, b),
    (diag(b) * W * diag(b), b),
    (maximum(W * h[t], b), h[t]),
    (maximum(b, W * h[t]), W),
    (scaled(h[t].T * b, W * h[t]), h[t]),
    (scaled(b.T * b, W * V), b),
    (scaled(b.T * c, W * V), W),
    (normalised(W * h[t]), h[t]),
    (hadamard(normalised(b), sigma(b)), b),
    (W * b * deviation(h[t]), h[t]),
    (absolute(W * b), b),
    (sqrt(hadamard(W * b, W * b) + 1), b),
    (concat(h[t], x[t]), h[t]),
    (concat(h[t], x[t]), x[t]),
    (Block((W, U), (h[t].T, x[t].T)), U),
    (Block((W, U), (U.T, Eye(d))) * concat(h[t], x[t]), U),
    (beside(W, V) * concat(h[t], W * h[t]), W),
    (concat(sigma(h[t]), hadamard(h[t], b), x[t]), h[t]),
    (TimeSum(W * h[k], (k, 1, T)), W),
    (TimeSum(W * h[k - 1], (k, 2, T)), h[t]),
    (TimeSum(MatrixPower(W, 2) * M[k], (k, 1, T)), M[t]),
    (TimeSum(W * h[t], (t, 1, T)), h[t]),
    (TimeSum(TimeSum(M[k] * h[i], (k, 1, T)), (i, 1, T)), M[t]),
    (OrderedProduct(M[k], (k, 1, T)), M[t]),
    (OrderedProduct(M[t], (t, 1, T)), M[t]),
    (OrderedProduct(diag(h[k]) * W, (k, 1, T)), W),
    (OrderedProduct(diag(h[k]) * W, (k, 1, T)) * b, h[t]),
    (W * OrderedProduct(W + M[k], (k, 1, T)) * W, W),
    (Trace(W * V * W), W),
    (Trace(U * U.T), U),
    (Trace(MatrixPower(W, -1)), W),
]
SMOOTH_ONLY = [(log(hadamard(b, b)), b), (relu(W * b), b), (sigma(W * b), W), (MatrixPower(W, -2), W)]


class Floats(Domain):
    """Double precision, with sin for every unspecified function."""

    def rational(self, p: int, q: int) -> float:
        return p / q

    def exp(self, x: float) -> float:
        return math.exp(x)

    def log(self, x: float) -> float:
        return math.log(x)

    def step(self, x: float) -> float:
        return float(x > 0)

    def sqrt(self, x: float) -> float:
        return math.sqrt(abs(x))

    def opaque(self, name: str, order: int, x: float) -> float:
        return math.sin(x + order * math.pi / 2)


def drawn(name: str, i: int, j: int) -> float:
    """A number that the letter's name decides; a diagonal above 2 keeps matrices invertible."""
    return zlib.crc32(f"{name},{i},{j}".encode()) / 2**32 - 0.5 + 2 * (i == j)


def in_the_field(expr: Expr, seed: int = 0) -> Any:
    field = FiniteField(seed)
    return evaluate(expr, Trajectory(Given(), POINT, field, field.random))


def in_floats(expr: Expr, source: Any = drawn) -> list[float]:
    return _flat(evaluate(expr, Trajectory(Given(), POINT, Floats(), source)))


def _flat(value: Any) -> list[float]:
    return [entry for line in value for entry in line] if isinstance(value, list) else [value]


def inner(a: Expr, b: Expr) -> Expr:
    return Trace(a.T * b) if is_matrix(a) else a * b


def is_transpose(pushed: Expr, pulled: Expr, expr: Expr, letter: Any) -> bool:
    """⟨G, push(v)⟩ = ⟨pull(G), v⟩ at a random point of the field."""
    cotangent = Parameter("G", *expr.shape) if is_matrix(expr) else Symbol("G")
    moved = tangent(letter)
    return bool(in_the_field(inner(cotangent, pushed)) == in_the_field(inner(pulled, moved)))


def is_derivative(pushed: Expr, expr: Expr, letter: Any) -> bool:
    """The tangent is that of dual numbers, which know no rule of the calculus."""
    field = FiniteField(1)
    where = Trajectory(Given(), POINT, field, field.random)
    moving = where._moving({where.key(letter): where.letter(tangent(letter))})
    duals = _flat(evaluate(expr, moving))
    return [getattr(entry, "tangent", 0) for entry in duals] == _flat(evaluate(pushed, where))


def central_difference(expr: Expr, letter: Any, step: float = 1e-5) -> list[float]:
    where = Trajectory(Given(), POINT, Floats(), drawn)
    what, time = where.key(letter)
    name, dot = (
        (what.text, f"dot_{what.text}") if time is None else (f"{what.text}[{time}]", f"dot_{what.text}[{time}]")
    )

    def shifted(sign: int) -> Any:
        return lambda of, i, j: drawn(of, i, j) + (sign * step * drawn(dot, i, j) if of == name else 0.0)

    return [(a - b) / (2 * step) for a, b in zip(in_floats(expr, shifted(1)), in_floats(expr, shifted(-1)))]


def runs_over(expr: Expr, letter: Any) -> bool:
    """Whether a binder of the expression runs over the letter's sequence."""
    return isinstance(letter, At) and any(
        a.sequence == letter.sequence and a.index.has(node.index)
        for node in expr.atoms(TimeSum, OrderedProduct)
        for a in node.body.atoms(At)
    )


SINGLE = [(expr, letter) for expr, letter in TABLE if not runs_over(expr, letter)]
IN_BINDERS = [(expr, letter) for expr, letter in TABLE if runs_over(expr, letter)]


@pytest.mark.parametrize("expr, letter", SINGLE, ids=str)
def test_pushforward_is_the_derivative_of_dual_numbers(expr, letter) -> None:
    pushed = pushforward(expr, {letter: tangent(letter)})
    assert not is_matrix(expr) or pushed.shape == expr.shape
    assert is_derivative(pushed, expr, letter)


DIFFERENCES = [pair for pair in SINGLE if not pair[0].atoms(StopGradient)] + SMOOTH_ONLY


@pytest.mark.parametrize("expr, letter", DIFFERENCES, ids=str)
def test_pushforward_is_the_central_difference(expr, letter) -> None:
    pushed = in_floats(pushforward(expr, {letter: tangent(letter)}))
    assert pushed == pytest.approx(central_difference(expr, letter), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("expr, letter", SINGLE, ids=str)
def test_pullback_is_the_transpose_of_the_pushforward(expr, letter) -> None:
    cotangent = Parameter("G", *expr.shape) if is_matrix(expr) else Symbol("G")
    pulled = pullback(expr, cotangent, letter)
    assert pulled.shape == letter.shape
    assert is_transpose(pushforward(expr, {letter: tangent(letter)}), pulled, expr, letter)


@pytest.mark.parametrize("expr, letter", IN_BINDERS, ids=str)
def test_pullback_through_a_binder_is_the_gradient_of_dual_numbers(expr, letter) -> None:
    pulled = pullback(expr, Parameter("G", *expr.shape), letter)
    field = FiniteField(2)
    where = Trajectory(Given(), POINT, field, field.random)
    moving = where._moving({where.key(letter): where.letter(tangent(letter))})
    paired = evaluate(Trace(Parameter("G", *expr.shape).T * expr), moving)
    assert paired.tangent == evaluate(inner(pulled, tangent(letter)), where)


@pytest.mark.parametrize("expr, letter", [(e, a) for e, a in IN_BINDERS if a.sequence in (h, M)], ids=str)
def test_a_sequence_moves_at_every_step_under_a_binder(expr, letter) -> None:
    binder = next(iter(sorted(expr.atoms(TimeSum, OrderedProduct), key=str)))
    met = [a for a in binder.body.atoms(At) if a.sequence == letter.sequence and a.index.has(binder.index)]
    pushed = pushforward(expr, {a: tangent(a) for a in met})
    field = FiniteField(3)
    where = Trajectory(Given(), POINT, field, field.random)
    moves = {(letter.sequence, time): where.letter(tangent(letter.sequence)[time]) for time in range(10)}
    duals = _flat(evaluate(expr, where._moving(moves)))
    assert [entry.tangent for entry in duals] == _flat(evaluate(pushed, where))


COLUMNS = [
    (expr, letter)
    for expr, letter in SINGLE
    if is_matrix(expr) and expr.cols == 1 and letter.cols == 1
] + [
    (h[t].T * h[t], h[t]),
    ((h[t] * h[t].T + W) * b, h[t]),
    (diag(h[t]) ** 2 * b, h[t]),
    (diag(h[t]) ** -1 * b, h[t]),
    (W * diag(h[t]) * b, h[t]),
    (diag(W * h[t]) * b, h[t]),
    ((W + diag(h[t]) + h[t] * b.T) * sigma(h[t]), h[t]),
    (TimeSum(MatrixPower(W, k) * h[t], (k, 0, T)), h[t]),
    (beside(W, U) * concat(tanh(h[t]), x[t]), h[t]),
]  # fmt: skip


@pytest.mark.parametrize("expr, letter", COLUMNS, ids=str)
def test_jacobian(expr, letter) -> None:
    step = jacobian(expr, letter)
    assert step.shape == (expr.rows, letter.rows)
    moved = pushforward(expr, {letter: tangent(letter)})
    assert in_the_field(step * tangent(letter)) == in_the_field(moved)


@pytest.mark.parametrize(
    "expr, letter, written",
    [
        (W * h[t] + U * x[t] + b, h[t], "W"),
        (W * h[t] + U * x[t] + b, x[t], "U"),
        (h[t], h[t], "I"),
        (h[t], h[t - 1], "0"),
        (sigma(h[t]), h[t], "diag(hadamard(sigma(h[t]), 1 - sigma(h[t])))"),
        (tanh(h[t]), h[t], "diag(1 - hadamard_power(tanh(h[t]), 2))"),
        (phi(W * h[t]), h[t], "diag(phi'(W*h[t]))*W"),
        (hadamard(b, h[t]), h[t], "diag(b)"),
        (h[t].T * h[t], h[t], "2*h[t].T"),
        (concat(h[t], x[t]), h[t], "[I; 0]"),
        (relu(h[t]), h[t], "diag(step(h[t]))"),
    ],
)
def test_jacobians_as_a_textbook_writes_them(expr, letter, written) -> None:
    assert str(jacobian(expr, letter)) == written


@pytest.mark.parametrize(
    "expr, letter, written",
    [
        (W * h[t], W, "G*h[t].T"),
        (W * h[t], h[t], "W.T*G"),
        (hadamard(b, h[t]), b, "hadamard(G, h[t])"),
        (diag(b) * h[t], b, "hadamard(G, h[t])"),
        (b, b, "G"),
        (c, b, "0"),
        (StopGradient(b), b, "0"),
        (sigma(b), b, "hadamard(G, sigma(b), 1 - sigma(b))"),
        (TimeSum(W * h[k], (k, 1, T)), h[t], "W.T*G"),
        (TimeSum(W * h[k], (k, 1, T)), W, "TimeSum(G*h[k].T, (k, 1, T))"),
    ],
)
def test_pullbacks_as_a_textbook_writes_them(expr, letter, written) -> None:
    assert str(pullback(expr, Parameter("G", n), letter)) == written


def test_an_index_of_the_directions_is_not_captured() -> None:
    fixed = TimeSum(W * h[k], (k, 1, T))
    k1 = indices("k'")
    assert pushforward(fixed, {W: M[k]}) == TimeSum(M[k] * h[k1], (k1, 1, T))
    assert pullback(fixed, h[k], W) == TimeSum(h[k] * h[k1].T, (k1, 1, T))
    assert pullback(TimeSum(h[t], (t, 1, T)), b, h[t]) == b
    power = pushforward(MatrixPower(M[i], p), {M[i]: W})
    assert str(power) == "TimeSum(M[i]**i'*W*M[i]**(-i' + p - 1), (i', 0, p - 1))"


def test_depends() -> None:
    assert depends(W * h[t], W) and depends(W * h[t], h[t]) and not depends(W * h[t], h[t - 1])


@pytest.mark.parametrize(
    "build, error, message",
    [
        (lambda: pushforward(W * h[t], {h[t]: x[t]}), ShapeError, r"a direction .* h\[t\] \(n x 1\) and x\[t\]"),
        (lambda: pullback(W * h[t], x[t], W), ShapeError, r"a pullback .* W\*h\[t\] \(n x 1\) and x\[t\] \(d x 1"),
        (lambda: pullback(Trace(W), W, W), TypeError, r"a pullback takes matrices; tr\(W\) is the scalar Trace"),
        (lambda: pushforward(Partial(h[t], b) * b, {b: c}), TypeError, r"Partial\(h\[t\], b\) is itself a derivative"),
        (lambda: pullback(Total(h[t], b) * b, b, b), TypeError, r"Total\(h\[t\], b\) is itself a derivative"),
        (lambda: pushforward(Trace(W) * V, {V: W}), TypeError, r"the scalar factor tr\(W\) depends on letters"),
        (lambda: pushforward(hadamard_power(b, Trace(W)), {W: V}), TypeError, r"the exponent tr\(W\) depends"),
        (lambda: pushforward(phi(Trace(W)), {W: V}), TypeError, "no pushforward for Applied; register one with"),
        (lambda: pullback(Symbol("q"), Symbol("g"), W), TypeError, "no pullback for Symbol; register one with"),
        (lambda: pushforward(TimeSum(h[k], (k, 1, T)), {h[t]: b}), TypeError, r"give the direction of h\[k\]"),
        (
            lambda: pullback(TimeSum(TimeSum(M[k] * h[i], (k, 1, i)), (i, 1, T)), b, M[t]),
            TypeError,
            r"which steps of TimeSum\(M\[k\]\*h\[i\], \(k, 1, i\)\) meet M\[t\] depends on i",
        ),
        (lambda: jacobian(W * h[t], W), TypeError, r"no Jacobian of dot_W\*h\[t\]"),
        (lambda: jacobian(TimeSum(W * h[t], (t, 1, T)), h[t]), TypeError, "not of the form J dot_h"),
    ],
)  # fmt: skip
def test_refusals(build, error, message) -> None:
    with pytest.raises(error, match=message):
        build()


# --- the checker catches a wrong rule -------------------------------------------------------------


@pytest.mark.parametrize(
    "expr, letter, wrong",
    [
        (W * h[t], h[t], W.T * tangent(h)[t]),
        (hadamard(b, b), b, hadamard(b, tangent(b))),
        (MatrixPower(W, -1), W, W**-1 * tangent(W) * W**-1),
        (MatrixPower(W, 2), W, 2 * W * tangent(W)),
        (sigma(b), b, hadamard(sigma(b), tangent(b))),
        (tanh(b), b, hadamard(1 - hadamard_power(tanh(tanh(b)), 2), tangent(b))),
        (Trace(W * V), W, Trace(V.T * tangent(W))),
        (W * V, W, V * tangent(W)),
    ],
    ids=str,
)
def test_a_wrong_tangent_is_caught(expr, letter, wrong) -> None:
    right = pushforward(expr, {letter: tangent(letter)})
    cotangent = Parameter("G", *expr.shape) if is_matrix(expr) else Symbol("G")
    pulled = pullback(expr, cotangent, letter)
    assert is_derivative(right, expr, letter) and is_transpose(right, pulled, expr, letter)
    assert not is_derivative(wrong, expr, letter) and not is_transpose(wrong, pulled, expr, letter)


def test_a_wrong_rule_is_caught(monkeypatch) -> None:
    """f for f' in the rule of elementwise functions, a frequent slip in published code."""
    expr = sigma(W * h[t])
    monkeypatch.setattr(lstm_sym.tangents, "derivative_at", lambda function, argument: Elementwise(function, argument))
    assert not is_derivative(pushforward(expr, {W: tangent(W)}), expr, W)


def test_every_node_has_a_rule_or_a_reason() -> None:
    kinds = {type(node) for expr, _ in TABLE for node in _nodes(expr)}
    assert {MatrixProduct, OrderedProduct, TimeSum, StopGradient, Trace, Zero, Eye, Ones} <= kinds
    assert kinds <= push_rule.registry.keys() & pull_rule.registry.keys()


def _nodes(expr: Any) -> list[Any]:
    inside = [] if isinstance(expr, At | Parameter) else [part for part in expr.args if is_matrix(part)]
    rows = [block for part in expr.args if isinstance(expr, Block) for block in part]
    return [expr, *(node for part in (*inside, *rows) for node in _nodes(part))]


def test_tangents_are_letters_of_their_own() -> None:
    assert mark_of(tangent(h)[t]) == "dot" and tangent(h)[t] != h[t]
