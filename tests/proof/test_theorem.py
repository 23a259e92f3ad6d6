"""BPTT as a theorem: proved for every cell, with evidence at every length, and broken when the recursion is."""

from dataclasses import replace

import pytest
from sympy import Eq

from lstm_sym.backpropagation import T, bptt
from lstm_sym.cells import CELLS, LSTM, RNN
from lstm_sym.nodes import MatrixSum, Zero
from lstm_sym.nodes.algebra import add
from lstm_sym.proof import bptt_theorem, verify_step
from lstm_sym.proof.theorem import UnrolledCheck
from lstm_sym.symbols import adjoint, t


@pytest.mark.parametrize("name", ["RNN_tanh", "RNN_output", *(name for name in CELLS if "truncated" in name)])
def test_proved_for_the_cells_that_no_derivation_is_about(name) -> None:
    theorem = bptt_theorem(CELLS[name], lengths=(1, 2, 3))
    outcomes = [verify_step(theorem, number).outcome for number in (1, 2, 3)]
    assert [outcome.verdict for outcome in outcomes] == ["proved"] * 3
    assert outcomes[0].method == "induction on k and finite field"
    assert [evidence.agrees for evidence in outcomes[2].evidence] == [True] * 3


@pytest.mark.parametrize("cell", [RNN, LSTM], ids=lambda cell: cell.name)
def test_evidence_at_length_100(cell) -> None:
    evidence = UnrolledCheck(bptt(cell), 100).gather()
    assert evidence.agrees
    assert evidence.error_bound < 1e-9


def _without_last_term(equation: Eq) -> Eq:
    terms = equation.rhs.args if isinstance(equation.rhs, MatrixSum) else ()
    return Eq(equation.lhs, add(*terms[:-1]), evaluate=False) if terms else equation


@pytest.mark.parametrize("length", [2, 3, 10])
@pytest.mark.parametrize("letter", ["h", "c"])
def test_a_recursion_without_a_carry_disagrees(letter, length) -> None:
    backward = bptt(LSTM)
    state = next(s for s in LSTM.states if s.name == letter)
    broken = tuple(_without_last_term(e) if e.lhs == adjoint(state)[t] else e for e in backward.adjoints)
    assert broken != backward.adjoints
    assert not UnrolledCheck(replace(backward, adjoints=broken), length).gather().agrees


def test_the_induction_fails_for_a_broken_recursion(monkeypatch) -> None:
    backward = bptt(LSTM)
    broken = tuple(_without_last_term(e) if e.lhs == adjoint(LSTM.states[0])[t] else e for e in backward.adjoints)
    monkeypatch.setattr("lstm_sym.proof.theorem.bptt", lambda cell: replace(backward, adjoints=broken))
    outcome = verify_step(bptt_theorem(LSTM, lengths=(1,)), 1).outcome
    assert outcome.verdict == "refuted"


def test_without_its_boundary_the_theorem_fails(monkeypatch) -> None:
    backward = bptt(RNN)
    monkeypatch.setattr("lstm_sym.proof.theorem.bptt", lambda cell: replace(backward, boundary=()))
    assert verify_step(bptt_theorem(RNN, lengths=(1,)), 2).outcome.verdict == "refuted"


def test_the_boundary_is_zero_at_the_end() -> None:
    assert all(e.lhs.index == T + 1 and isinstance(e.rhs, Zero) for e in bptt(LSTM).boundary)
