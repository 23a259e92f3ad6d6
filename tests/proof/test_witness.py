"""Witnesses: small, exact, replayable; the ones that the documentation prints recomputed by hand."""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import exp
from math import tanh as float_tanh
from pathlib import Path

import pytest
from sympy import Symbol

from lstm_sym.activations import sigma, tanh
from lstm_sym.proof.derivation import Derivation
from lstm_sym.proof.given import Given
from lstm_sym.proof.judge import verify_step
from lstm_sym.proof.kernel import decide
from lstm_sym.proof.load import load_derivations
from lstm_sym.proof.witness import find_witness, replay
from lstm_sym.symbols import Parameter, sizes

n = sizes("n")
A, B = Parameter("A", n, n), Parameter("B", n, n)
s = Symbol("s")


@cache
def derivations():
    return load_derivations([Path(__file__).parents[2] / "derivations"])


def witness_of(name: str, number: int):
    outcome = verify_step(derivations()[name], number).outcome
    assert outcome.verdict == "refuted"
    return outcome.witness


def test_the_smallest_size_that_refutes_is_found() -> None:
    witness = find_witness(Given(), A * B, B * A)
    assert witness.exact
    assert set(witness.instance.sizes.values()) == {2}
    entries = [v for rows in witness.letters.values() for row in rows for v in row]
    assert all(v in (-2, -1, 0, 1, 2) for v in entries)


def test_a_witness_replays_and_a_tampered_one_does_not() -> None:
    witness = find_witness(Given(), A * B, B * A)
    assert replay(Given(), A * B, B * A, witness)
    tampered = replace(witness, values=tuple((place, Fraction(0)) for place, _ in witness.values))
    assert not replay(Given(), A * B, B * A, tampered)
    assert not replay(Given(), A * B, A * B, witness)


def test_nothing_refutes_a_true_statement() -> None:
    assert find_witness(Given(), (A * B).T, B.T * A.T) is None
    assert find_witness(Given(), tanh(s), 2 * sigma(2 * s) - 1) is None


def test_balls_separate_what_floats_cannot() -> None:
    """The two sides differ by 1e-30 at every point; the balls are refined until they part."""
    tiny = Symbol("tiny")
    witness = find_witness(Given(), sigma(s), sigma(s) + tiny**100 / 10**30)
    assert witness is not None
    assert not witness.exact or witness.left != witness.right


def test_n21_by_hand() -> None:
    """φ(z) = z²/2, so φ' = z: two products of 2 x 2 matrices."""
    witness = witness_of("rnn.jacobian.pulled-out", 2)
    W, U, h, b = (witness.letters[name] for name in ("W", "U", "h[0]", "b"))
    assert witness.exact

    def step(state, time):
        x = witness.letters[f"x[{time}]"][0][0]
        a = [sum(W[p][q] * state[q][0] for q in range(2)) + U[p][0] * x + b[p][0] for p in range(2)]
        return a, [[v * v / 2] for v in a]

    a1, h1 = step(h, 1)
    a2, _ = step(h1, 2)
    D1, D2 = ([[a[0], 0], [0, a[1]]] for a in (a1, a2))

    def times(p, q):
        return [[sum(p[r][k] * q[k][c] for k in range(2)) for c in range(2)] for r in range(2)]

    right_order = times(times(D2, W), times(D1, W))
    pulled_out = times(times(times(W, W), D2), D1)
    r, c = witness.entry
    assert Fraction(witness.left) == right_order[r][c]
    assert Fraction(witness.right) == pulled_out[r][c]
    assert right_order != pulled_out


def test_n20_by_hand() -> None:
    """T = 3, scalar, only W_z and the last loss gradient not 0: every gate is 1/2 and every state 0."""
    witness = witness_of("lstm.copied.hidden", 1)
    nonzero = {name: rows[0][0] for name, rows in witness.letters.items() if rows[0][0]}
    assert nonzero == {"W_z": 1, "e_h[3]": 1}
    half = Fraction(1, 2)
    f = i = o = half
    A = i * 1  # diag(i (1 - z²)) W_z at rest
    delta_h3 = Fraction(1)
    delta_c3 = delta_h3 * o
    delta_h2 = A * delta_c3
    delta_c2 = delta_h2 * o + f * delta_c3
    right = A * delta_c2
    J = o * A  # the hidden state's own Jacobian
    copied = J * (J * delta_h3)
    assert (Fraction(witness.left), Fraction(witness.right)) == (right, copied) == (Fraction(3, 16), Fraction(1, 16))


def test_n11_by_hand() -> None:
    """The candidate's index, recomputed in floats from the printed letters."""
    witness = witness_of("lstm.forward.cell", 2)
    values = {name: float(rows[0][0]) for name, rows in witness.letters.items()}

    def s_(v):
        return 1 / (1 + exp(-v))

    h, c, candidates = values.get("h[0]", 0.0), values.get("c[0]", 0.0), {}
    for time in (1, 2):

        def pre(gate, h=h, time=time):
            return (
                values.get(f"W_{gate}", 0) * h
                + values.get(f"U_{gate}", 0) * values.get(f"x[{time}]", 0)
                + values.get(f"b_{gate}", 0)
            )

        f, i, o, candidates[time] = s_(pre("f")), s_(pre("i")), s_(pre("o")), float_tanh(pre("z"))
        before = c
        c = f * c + i * candidates[time]
        h = o * float_tanh(c)
    printed = [float(text.strip("[]").split("+/-")[0]) for text in (witness.left, witness.right)]
    assert printed[0] == pytest.approx(c, rel=1e-10)
    assert printed[1] == pytest.approx(f * before + i * candidates[1], rel=1e-10)


def test_the_text_names_every_number_that_matters() -> None:
    text = str(witness_of("lstm.copied.hidden", 1))
    assert "T=3" in text
    assert "W_z=1" in text
    assert "3/16" in text
    assert "1/16" in text


def test_the_hint_names_the_edit_that_would_make_it_true() -> None:
    result = verify_step(derivations()["lstm.forward.cell"], 2)
    assert "z[t] for z[t - 1]" in result.outcome.hint
    wrong = Derivation("transposes").start((A * B).T).eq(A.T * B.T, by="each transposed")
    assert "before" in verify_step(wrong, 1).outcome.hint


def test_json_of_a_witness_is_plain_data() -> None:
    data = witness_of("lstm.copied.hidden", 1).as_json()
    assert data["left"] == "3/16"
    assert data["letters"]["W_z"] == [["1"]]
    assert data["exact"] is True


def test_decide_is_deterministic() -> None:
    step = derivations()["rnn.jacobian.pulled-out"].steps[1]
    given = derivations()["rnn.jacobian.pulled-out"].given
    assert decide(step, given).witness == decide(step, given).witness
