"""NumPy functions as formulas, through latexify-py."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from lstm_sym.latex import answer
from lstm_sym.latex.numpy_code import MISSING, latex_of_function

pytest.importorskip("latexify")


def rows(text: str) -> list[str]:
    return [row.removesuffix(r" \\") for row in text.splitlines()[1:-1]]


def test_the_reference_reads_like_the_cell() -> None:
    assert rows(answer("reference rnn_step")) == [
        "a &= W h + U x + b",
        r"\mathbf{return} &\;\; \tanh\left(a\right)",
    ]
    assert r"c_{\mathrm{new}} &= f \odot c + i \odot z" in rows(answer("reference lstm_step"))


def matrix_product(A: Any, B: Any, C: Any) -> Any:
    return A @ (B * C)


def entrywise_product(A: Any, B: Any, C: Any) -> Any:
    return (A @ B) * C


def left_to_right(A: Any, B: Any, C: Any) -> Any:
    return A * B @ C


def bracketed(c: Any, o: Any) -> Any:
    return np.tanh(c) * o * (1 - o) ** 2 - (c - o)


def outer(delta_a: Any, h: Any, W: Any) -> Any:
    return np.outer(delta_a, h) + (W @ h).T + 0.5 * W.T


@pytest.mark.parametrize(
    "function, tex",
    [
        (matrix_product, r"A \left(B \odot C\right)"),
        (entrywise_product, r"\left(A B\right) \odot C"),
        (left_to_right, r"\left(A \odot B\right) C"),
        (bracketed, r"\tanh\left(c\right) \odot o \odot"),
        (outer, r"\mathtt{delta\_a} h^{\top} + \left(W h\right)^{\top} + 0.5 W^{\top}"),
    ],
)
def test_the_two_products_differ(function: Any, tex: str) -> None:
    assert tex in latex_of_function(function)


def loop(x: Any) -> Any:
    for _ in range(3):
        x = x + 1
    return x


def method(x: Any) -> Any:
    return x.sum(axis=0)


def sliced(x: Any) -> Any:
    return x[1:]


@pytest.mark.parametrize("function, said", [(loop, "line"), (method, "the call x.sum"), (sliced, "Slice")])
def test_code_without_a_formula_is_refused(function: Any, said: str) -> None:
    with pytest.raises(ValueError, match=f"no LaTeX for the function {function.__name__}: .*{said}"):
        latex_of_function(function)


def test_without_latexify_a_plain_message_stands_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "latexify", None)
    assert answer("reference lstm_step") == MISSING
