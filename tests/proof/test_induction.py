"""Induction on what sequences are: one stack of them, whose parts read each other."""

from dataclasses import replace

import pytest
from sympy import Eq

from derivations.relations import stabiliser_any, stabiliser_own
from lstm_sym.activations import exp, tanh
from lstm_sym.cell import changed
from lstm_sym.cells import xlstm
from lstm_sym.nodes import Ones, TimeSum, concat, hadamard
from lstm_sym.proof import Derivation, Given, Outcome, verify_step
from lstm_sym.symbols import Parameter, Sequence, indices, sizes, t

n = sizes("n")
k, j = indices("k j")
W = Parameter("W", n, n)
u, v, p, q, x = (Sequence(name, n) for name in "uvpqx")


def outcome(left, right, *equations) -> Outcome:
    return verify_step(
        Derivation("test", given=Given(None, equations)).start(left).eq(right, by="test", on=k), 1
    ).outcome


CROSSED = (
    Eq(u[t], tanh(W * v[t - 1]) + x[t]),
    Eq(v[t], hadamard(u[t], v[t - 1])),
    Eq(p[t], tanh(W * (q[t - 1] - Ones(n))) + x[t]),
    Eq(q[t], hadamard(p[t], q[t - 1] - Ones(n)) + Ones(n)),
)
BEGIN = Eq(u[0], p[0]), Eq(v[0], q[0] - Ones(n))


def test_sequences_that_read_each_other_are_one_claim() -> None:
    result = outcome(concat(u[k], v[k]), concat(p[k], q[k] - Ones(n)), *CROSSED, *BEGIN)
    assert (result.verdict, result.method) == ("proved", "induction on k and finite field")


def test_it_does_not_matter_on_which_side_the_letter_stands() -> None:
    result = outcome(concat(p[k], q[k] - Ones(n)), concat(u[k], v[k]), *CROSSED, *BEGIN)
    assert result.verdict == "proved"


def test_part_of_a_claim_need_not_carry_itself() -> None:
    """v at k + 1 reads u at k, of which the claim on v alone says nothing."""
    delayed = Eq(v[t], u[t - 1]), Eq(u[t], tanh(u[t - 1])), Eq(q[t], p[t - 1]), Eq(p[t], tanh(p[t - 1]))
    begin = Eq(u[0], p[0]), Eq(v[0], q[0])
    assert outcome(v[k], q[k], *delayed, *begin).verdict != "proved"
    assert outcome(concat(u[k], v[k]), concat(p[k], q[k]), *delayed, *begin).verdict == "proved"


@pytest.mark.parametrize("dropped", BEGIN, ids=str)
def test_the_base_is_wanted(dropped) -> None:
    begin = [equation for equation in BEGIN if equation != dropped]
    assert outcome(concat(u[k], v[k]), concat(p[k], q[k] - Ones(n)), *CROSSED, *begin).verdict == "refuted"


def test_a_hypothesis_is_about_its_own_step_only() -> None:
    """u is 0 at the beginning, and x afterwards: what holds at k must not be used at k + 1."""
    assert outcome(u[k], 0 * Ones(n), Eq(u[t], x[t]), Eq(u[0], 0 * Ones(n), evaluate=False)).verdict == "refuted"


def test_a_claim_that_says_what_a_letter_is_by_itself_helps_nobody() -> None:
    assert outcome(u[k], hadamard(u[k], u[k]), Eq(u[t], x[t]), Eq(u[0], Ones(n), evaluate=False)).verdict == "refuted"


def test_a_hypothesis_is_not_read_into_a_sum_whose_index_has_its_name() -> None:
    zero = Eq(u[0], 0 * Ones(n), evaluate=False)
    total = Eq(v[t], v[t - 1] + TimeSum(u[j], (j, 1, t)))
    assert (
        outcome(concat(u[j], v[j]).subs(j, k), 0 * concat(u[k], v[k]), Eq(u[t], x[t]), total, zero).verdict != "proved"
    )


@pytest.mark.parametrize("theorem", [stabiliser_any, stabiliser_own], ids=lambda theorem: theorem.name)
def test_the_stabiliser(theorem) -> None:
    result = verify_step(theorem, 1).outcome
    assert (result.verdict, result.method) == ("proved", "induction on k and finite field")
    assert result.assumes == ("n[0] >= 0",)


l, m, a_i = xlstm.l, xlstm.m, xlstm.a_i
BROKEN = [
    Eq(xlstm.f[t], exp(l[t] - m[t])),
    Eq(xlstm.f[t], exp(l[t] + m[t] - m[t - 1])),
    Eq(xlstm.i[t], exp(a_i[t])),
    Eq(xlstm.i[t], exp(a_i[t] - m[t - 1])),
    Eq(xlstm.n[t], hadamard(xlstm.f[t], xlstm.n[t - 1]) + Ones(xlstm.N)),
]


@pytest.mark.parametrize("line", BROKEN, ids=str)
def test_a_broken_stabiliser_is_refuted(line) -> None:
    cell = changed(xlstm.SLSTM_ANY_STABILISER, "broken", line)
    broken = replace(stabiliser_any, given=Given(cell, stabiliser_any.given.equations))
    assert verify_step(broken, 1).outcome.verdict == "refuted"


@pytest.mark.parametrize("which", range(3))
def test_the_stabiliser_wants_the_same_beginning(which) -> None:
    equations = [e for e in stabiliser_any.given.equations if e.lhs.index == t]
    begin = [e for e in stabiliser_any.given.equations if e.lhs.index == 0]
    del begin[which]
    apart = replace(stabiliser_any, given=Given(xlstm.SLSTM_ANY_STABILISER, (*equations, *begin)))
    assert verify_step(apart, 1).outcome.verdict == "refuted"
