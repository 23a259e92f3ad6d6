"""Derivations as aligned rows with their reasons."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sympy import Eq

from lstm_sym.activations import sigma
from lstm_sym.latex import PYTORCH, answer, latex_derivation
from lstm_sym.latex.text import text_in_math
from lstm_sym.nodes import Zero
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n = sizes("n")
W, V, W_f = Parameter("W", n, n), Parameter("V", n, n), Parameter("W_f", n, n)
h = Sequence("h", n)


def step(left: Any, relation: str, right: Any, reason: str, expected: str = "proved") -> Any:
    return SimpleNamespace(left=left, relation=relation, right=right, reason=reason, expected=expected)


def chain(*steps: Any) -> Any:
    return SimpleNamespace(name="x.y", claim="", steps=steps)


def rows(derivation: Any, notation: Any = None) -> list[str]:
    return [row.removesuffix(r" \\") for row in latex_derivation(derivation, notation).splitlines()[1:-1]]


def test_steps_share_a_chain() -> None:
    both = chain(step((W * V).T, "=", V.T * W.T, "transpose of a product"), step(V.T * W.T, "=", V, "100% sure"))
    assert rows(both) == [
        r"\left(W V\right)^{\top} &= V^{\top} W^{\top} && \text{transpose of a product}",
        r"&= V && \text{100\% sure}",
    ]


def test_a_new_beginning_shows_its_left_side() -> None:
    both = chain(step(W, "=", V, "one"), step(W.T, "=", V.T, "two"))
    assert rows(both)[1] == r"W^{\top} &= V^{\top} && \text{two}"


def test_a_refuted_step_is_struck_and_the_chain_stays() -> None:
    both = chain(step(W * V, "=", V * W, "they say", "refuted"), step(W * V, "=", W * V, "so"))
    assert rows(both) == [
        r"W V &\overset{!}{\neq} V W && \text{they say}",
        r"&= W V && \text{so}",
    ]


@pytest.mark.parametrize(
    "relation, expected, sign",
    [
        ("=", "proved", "="),
        ("<=", "proved", r"\leq"),
        ("<", "proved", "<"),
        ("=", "refuted", r"\overset{!}{\neq}"),
        ("<=", "refuted", r"\overset{!}{\nleq}"),
        ("<", "refuted", r"\overset{!}{\nless}"),
    ],
)
def test_each_relation_has_its_sign(relation: str, expected: str, sign: str) -> None:
    assert rows(chain(step(W, relation, V, "r", expected))) == [rf"W &{sign} V && \text{{r}}"]


def test_a_zero_side_is_plain_where_its_shape_is_known() -> None:
    assert rows(chain(step(h[t], "=", Zero(n), "r"))) == [r"h^{(t)} &= 0 && \text{r}"]
    assert rows(chain(step(Zero(n), "=", h[t], "r"))) == [r"\mathbf{0}_{n} &= h^{(t)} && \text{r}"]


def test_what_is_given_stands_first_and_conditions_beside_the_reason() -> None:
    derivation = chain(step(W, "=", V, "so"))
    derivation.given = SimpleNamespace(cell=SimpleNamespace(name="LSTM_x"), equations=(Eq(V, 2 * W, evaluate=False),))
    derivation.steps[0].assumes, derivation.steps[0].admit = ("W is invertible",), "Gelfand 1941"
    assert rows(derivation) == [
        r"& && \text{given the cell LSTM\_x}",
        r"V &= 2 W && \text{given}",
        r"W &= V && \text{so}\text{; if }\text{W is invertible}\text{; admitted: Gelfand 1941}",
    ]


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match=r"derivation x\.y has no steps"):
        latex_derivation(chain())
    with pytest.raises(ValueError, match="no LaTeX for the relation '~'; the relations are =, <=, <"):
        latex_derivation(chain(step(W, "~", V, "r")))


def test_a_derivation_is_found_by_name_and_printed_in_a_notation() -> None:
    known = {"x.y": chain(step(W_f, "=", V, "r"))}
    assert r"W_{\mathrm{hf}} &= V" in answer("derivation x.y notation=pytorch", known)
    assert rows(known["x.y"], PYTORCH)[0].startswith(r"W_{\mathrm{hf}}")
    with pytest.raises(ValueError, match=r"unknown derivation 'z'; the derivations are: x\.y"):
        answer("derivation z", known)


def test_a_derivation_of_the_proof_engine_prints() -> None:
    proof = pytest.importorskip("lstm_sym.proof.derivation")
    derivation = proof.Derivation("gate").start(sigma(h[t]).T).eq(sigma(h[t].T), by="entry by entry")
    assert rows(derivation) == [
        r"\sigma\left(h^{(t)}\right)^{\top} &= \sigma\left(h^{(t)\top}\right) && \text{entry by entry}"
    ]


@pytest.mark.parametrize(
    "words, tex",
    [
        ("chain rule", r"\text{chain rule}"),
        ("50% of W_f & {x} #1 $", r"\text{50\% of W\_f \& \{x\} \#1 \$}"),
        (r"a\b^c~d", r"\text{a\textbackslash{}b\textasciicircum{}c\textasciitilde{}d}"),
        ("∂⁺h, σ' ≤ ¼", r"\text{$\partial$$^{+}$h, $\sigma$' $\leq$ $\tfrac{1}{4}$}"),
        ("κI, Q⁻¹Q, e⁻²ᶻ, h₁", r"\text{$\kappa$I, Q$^{-1}$Q, e$^{-2z}$, h$_{1}$}"),
        ("因为 naïve", r"\text{因为 naïve}"),
        ("two\nlines", r"\text{two lines}"),
    ],
)
def test_words_are_escaped(words: str, tex: str) -> None:
    assert text_in_math(words) == tex
