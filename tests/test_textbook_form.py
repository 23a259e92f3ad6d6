"""Textbook form: what each rule writes, and that no rule changes a value."""

import pytest
from sympy import Symbol

import lstm_sym.textbook_form
from lstm_sym.activations import identity, sigma
from lstm_sym.nodes import (  # fmt: skip
    Eye,
    MatrixPower,
    Ones,
    StopGradient,
    TimeSum,
    Trace,
    Transposed,
    Zero,
    diag,
    hadamard,
    hadamard_power,
    scaled,
)
from lstm_sym.proof.domains import FiniteField
from lstm_sym.proof.evaluation import evaluate
from lstm_sym.proof.given import Given
from lstm_sym.proof.trajectory import Instance, Trajectory
from lstm_sym.symbols import Parameter, Sequence, indices, sizes, t
from lstm_sym.textbook_form import RULES, Rule, tidy

n, d = sizes("n d")
k, T = indices("k T")
gamma = Symbol("gamma")
W, V, U, R = Parameter("W", n, n), Parameter("V", n, n), Parameter("U", n, d), Parameter("R", n, d)
u, v, w = Parameter("u", n), Parameter("v", n), Parameter("w", n)
h, M, s = Sequence("h", n), Sequence("M", n, n), Parameter("s", 1)

FACTORS = "(A ⊙ B - A ⊙ C) ⊙ D = A ⊙ (B - C) ⊙ D"
TABLE = [
    # what the calculus produces, what a paper prints, the rule
    ((W + V).T, "W.T + V.T", "(A + B)ᵀ = Aᵀ + Bᵀ"),
    ((W * V * u).T, "u.T*V.T*W.T", "(A B)ᵀ = Bᵀ Aᵀ"),
    ((2 * W).T, "2*W.T", "(A B)ᵀ = Bᵀ Aᵀ"),
    (diag(u).T * W, "diag(u)*W", "diag(v)ᵀ = diag(v)"),
    (hadamard(W, V).T, "hadamard(W.T, V.T)", "(A ⊙ B)ᵀ = Aᵀ ⊙ Bᵀ"),
    (hadamard_power(W, 2).T, "hadamard_power(W.T, 2)", "(A ⊙ B)ᵀ = Aᵀ ⊙ Bᵀ"),
    (hadamard(u.T, v.T).T, "hadamard(u, v)", "(A ⊙ B)ᵀ = Aᵀ ⊙ Bᵀ"),
    (hadamard(u.T, v.T), "hadamard(u, v).T", "uᵀ ⊙ vᵀ = (u ⊙ v)ᵀ"),
    (hadamard(u, W * v).T, "hadamard(u.T, v.T*W.T)", "(A ⊙ B)ᵀ = Aᵀ ⊙ Bᵀ"),
    ((W * hadamard(u, v)).T, "hadamard(u, v).T*W.T", "(A B)ᵀ = Bᵀ Aᵀ"),
    (hadamard(u, v).T, "hadamard(u, v).T", ""),
    (MatrixPower(W, k).T, "(W.T)**k", "(A ⊙ B)ᵀ = Aᵀ ⊙ Bᵀ"),
    (TimeSum(W * h[k], (k, 1, T)).T, "TimeSum(h[k].T*W.T, (k, 1, T))", "(A ⊙ B)ᵀ = Aᵀ ⊙ Bᵀ"),
    (W * diag(u) * diag(v) * V, "W*diag(hadamard(u, v))*V", "diag(u) diag(v) = diag(u ⊙ v)"),
    (diag(u) * v, "hadamard(u, v)", "diag(v) u = v ⊙ u"),
    (3 * W * diag(u) * V * v, "3*W*hadamard(u, V*v)", "diag(v) u = v ⊙ u"),
    (diag(u) * diag(v) * w, "hadamard(u, v, w)", "diag(v) u = v ⊙ u"),
    (hadamard(u * v.T, Eye(n)) * Ones(n), "hadamard(u, v)", "(u vᵀ ⊙ I) 1 = u ⊙ v"),
    (2 * W * hadamard(3 * u * v.T, Eye(n)) * Ones(n), "6*W*hadamard(u, v)", "(u vᵀ ⊙ I) 1 = u ⊙ v"),
    (W + V + 2 * W, "3*W + V", "α A + β A = (α + β) A"),
    (W - V - W, "-V", "α A + β A = (α + β) A"),
    (W - W, "0", "α A + β A = (α + β) A"),
    (hadamard(hadamard(u, v) - hadamard(u, w), h[t]), "hadamard(u, v - w, h[t])", FACTORS),
    (hadamard(w, 2 * u - hadamard(v, u, u)), "hadamard(w, u, 2*1 - hadamard(v, u))", FACTORS),
    (hadamard(hadamard(u, u) - hadamard(u, v), w), "hadamard(u, u - v, w)", FACTORS),
    (hadamard(w - hadamard(u, v), v), "hadamard(w - hadamard(u, v), v)", ""),
    (Ones(1, n) * hadamard(u * v.T, W) * Ones(n), "u.T*W*v", "1ᵀ (u vᵀ ⊙ G) 1 = uᵀ G v"),
    (3 * Ones(1, n) * hadamard(W, u * v.T, V) * Ones(n), "3*u.T*hadamard(W, V)*v", "1ᵀ (u vᵀ ⊙ G) 1 = uᵀ G v"),
    (v * Ones(1, d) * hadamard(U.T, R.T) * Ones(n), "v*1*hadamard(U, R)*1", "1ᵀ (Aᵀ ⊙ Bᵀ) 1 = 1ᵀ (A ⊙ B) 1"),
    (Ones(1, d) * hadamard(U.T, R.T) * u, "1*hadamard(U.T, R.T)*u", ""),
    (Ones(1, n) * hadamard(W, V) * Ones(n), "1*hadamard(W, V)*1", ""),
    (scaled(s, W).T, "scaled(s, W.T)", "(s A)ᵀ = s Aᵀ"),
    (V * scaled(s, W * u), "scaled(s, V*W*u)", "A (s B) = s A B"),
    (u * Ones(1, 1), "u", "A 1 = A for the 1 x 1 matrix 1"),
    (identity(W * u), "W*u", "id(a) = a"),
    (identity.prime(u), "1", "id(a) = a"),
    (W * u + v, "W*u + v", ""),
    (hadamard(u, 1 - u), "hadamard(u, 1 - u)", ""),
    (diag(u) * W, "diag(u)*W", ""),
    (sigma(diag(u) * v), "sigma(hadamard(u, v))", ""),
    (StopGradient(diag(u) * v), "stop_gradient(hadamard(u, v))", ""),
    (identity.prime.prime(u), "identity''(u)", ""),
    (Trace((W + V).T), "tr(W.T + V.T)", ""),
]  # fmt: skip


@pytest.mark.parametrize("expr, written, rule", TABLE, ids=lambda part: str(part))
def test_textbook_form(expr, written, rule) -> None:
    done = tidy(expr)
    assert str(done) == written and tidy(done) == done
    if expr.is_Matrix:
        assert done.shape == expr.shape


@pytest.mark.parametrize("expr, written, rule", TABLE, ids=lambda part: str(part))
def test_the_value_is_kept(expr, written, rule) -> None:
    field = FiniteField(0)
    where = Trajectory(Given(), Instance({n: 3, d: 2}, {t: 2, T: 4, k: 3}), field, field.random)
    assert evaluate(tidy(expr), where) == evaluate(expr, where)


def test_every_rule_is_in_the_table() -> None:
    assert {rule.name for rule in RULES} == {rule for _, _, rule in TABLE if rule}


@pytest.mark.parametrize("name, expr", [(rule, expr) for expr, _, rule in TABLE if rule], ids=str)
def test_a_rule_gives_none_where_it_does_not_apply(name, expr) -> None:
    (rule,) = [rule for rule in RULES if rule.name == name]
    assert rule.apply(W * u) is None and rule.apply(W) is None and rule.apply(gamma) is None


def test_letters_and_scalars_stay() -> None:
    for letter in (W, h[t], h, gamma, sigma, Zero(n)):
        assert tidy(letter) == letter


def test_a_rule_that_changes_the_shape_is_caught(monkeypatch) -> None:
    wrong = Rule("A = Aᵀ", lambda expr: Transposed(expr) if expr == U * Parameter("q", d, 2) else None)
    monkeypatch.setattr(lstm_sym.textbook_form, "RULES", (wrong,))
    with pytest.raises(AssertionError, match=r"rule A = Aᵀ changed the shape \(n, 2\) of U\*q to \(2, n\)"):
        tidy(U * Parameter("q", d, 2))
