"""The query language of documents and of the command line."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from lstm_sym.cells import CELLS
from lstm_sym.latex import NOTATIONS, answer


def rows(query: str, **options: Any) -> list[str]:
    return [row.removesuffix(r" \\") for row in answer(query, **options).splitlines()[1:-1]]


def test_a_cell_is_its_equations() -> None:
    assert rows("cell LSTM") == [
        r"a_{f}^{(t)} &= W_{f} h^{(t - 1)} + U_{f} x^{(t)} + b_{f}",
        r"f^{(t)} &= \sigma\left(a_{f}^{(t)}\right)",
        r"a_{i}^{(t)} &= W_{i} h^{(t - 1)} + U_{i} x^{(t)} + b_{i}",
        r"i^{(t)} &= \sigma\left(a_{i}^{(t)}\right)",
        r"a_{C}^{(t)} &= W_{C} h^{(t - 1)} + U_{C} x^{(t)} + b_{C}",
        r"\tilde{C}^{(t)} &= \tanh\left(a_{C}^{(t)}\right)",
        r"C^{(t)} &= f^{(t)} \odot C^{(t - 1)} + i^{(t)} \odot \tilde{C}^{(t)}",
        r"a_{o}^{(t)} &= W_{o} h^{(t - 1)} + U_{o} x^{(t)} + b_{o}",
        r"o^{(t)} &= \sigma\left(a_{o}^{(t)}\right)",
        r"h^{(t)} &= o^{(t)} \odot \tanh\left(C^{(t)}\right)",
    ]


def test_a_backward_pass_is_its_adjoint_equations() -> None:
    assert rows("backward LSTM") == [
        r"\delta h^{(t)} &= e_{h}^{(t)} + W_{f}^{\top} \delta a_{f}^{(t + 1)} + W_{i}^{\top} \delta a_{i}^{(t + 1)}"
        r" + W_{C}^{\top} \delta a_{C}^{(t + 1)} + W_{o}^{\top} \delta a_{o}^{(t + 1)}",
        r"\delta a_{o}^{(t)} &= \delta h^{(t)} \odot \tanh\left(C^{(t)}\right)"
        r" \odot o^{(t)} \odot \left(1 - o^{(t)}\right)",
        r"\delta C^{(t)} &= \delta h^{(t)} \odot o^{(t)} \odot \left(1 - \tanh\left(C^{(t)}\right)^{\odot 2}\right)"
        r" + \delta C^{(t + 1)} \odot f^{(t + 1)}",
        r"\delta a_{C}^{(t)} &= \delta C^{(t)} \odot i^{(t)}"
        r" \odot \left(1 - \left(\tilde{C}^{(t)}\right)^{\odot 2}\right)",
        r"\delta a_{i}^{(t)} &= \delta C^{(t)} \odot \tilde{C}^{(t)} \odot i^{(t)} \odot \left(1 - i^{(t)}\right)",
        r"\delta a_{f}^{(t)} &= \delta C^{(t)} \odot C^{(t - 1)} \odot f^{(t)} \odot \left(1 - f^{(t)}\right)",
    ]


@pytest.mark.parametrize(
    "query, row",
    [
        ("cell LSTM c", r"C^{(t)} &= f^{(t)} \odot C^{(t - 1)} + i^{(t)} \odot \tilde{C}^{(t)}"),
        ("  cell   lstm  c ", r"C^{(t)} &= f^{(t)} \odot C^{(t - 1)} + i^{(t)} \odot \tilde{C}^{(t)}"),
        ("cell LSTM c notation=subscript", r"c_{t} &= f_{t} \odot c_{t - 1} + i_{t} \odot \tilde{c}_{t}"),
        ("cell LSTM c notation=pytorch", r"c_{t} &= f_{t} \odot c_{t - 1} + i_{t} \odot g_{t}"),
        ("cell LSTM a_f notation=pytorch",
         r"a_{\mathrm{f},t} &= W_{\mathrm{hf}} h_{t - 1} + W_{\mathrm{if}} x_{t} + b_{\mathrm{f}}"),
        ("cell LSTM_block a_f", r"a_{f}^{(t)} &= B_{f} \begin{bmatrix}h^{(t - 1)} \\ x^{(t)}\end{bmatrix} + b_{f}"),
        ("cell RNN a", r"a^{(t)} &= W h^{(t - 1)} + U x^{(t)} + b"),
        ("cell RNN_loss ell", r"\ell^{(t)} &= \frac{1}{2} r^{(t)\top} r^{(t)}"),
        ("backward RNN delta_h", r"\delta h^{(t)} &= e_{h}^{(t)} + W^{\top} \delta a^{(t + 1)}"),
        ("backward RNN inputs", r"\delta x^{(t)} &= U^{\top} \delta a^{(t)}"),
        ("backward RNN initial", r"\delta h^{(0)} &= W^{\top} \delta a^{(1)}"),
        ("backward RNN boundary", r"\delta h^{(T + 1)} &= 0"),
        ("backward RNN parameters", r"\frac{d L}{d W} &= \sum_{t=1}^{T} \delta a^{(t)} h^{(t - 1)\top}"),
        ("backward LSTM_truncated delta_h", r"\widehat{\delta h}^{(t)} &= e_{h}^{(t)}"),
        ("backward LSTM_truncated parameters",
         r"\widehat{\delta W}_{f} &= \sum_{t=1}^{T} \widehat{\delta a}_{f}^{(t)} "
         r"\operatorname{sg}\left(h^{(t - 1)}\right)^{\top}"),
        ("jacobian RNN",
         r"\frac{d h^{(t)}}{d h^{(t - 1)}} &= \operatorname{diag}\left(\varphi'\left(a^{(t)}\right)\right) W"),
        ("jacobian RNN product",
         r"\frac{d h^{(t + \tau)}}{d h^{(t)}} &= \mathop{\overleftarrow{\prod}}\limits_{k=t + 1}^{t + \tau} "
         r"\operatorname{diag}\left(\varphi'\left(a^{(k)}\right)\right) W"),
        ("jacobian linear_RNN power", r"\frac{d h^{(t + \tau)}}{d h^{(t)}} &= W^{\tau}"),
        ("jacobian LSTM_truncated",
         r"J^{(t)} &= \begin{bmatrix}J_{hh}^{(t)} & J_{hC}^{(t)} \\ J_{Ch}^{(t)} & J_{CC}^{(t)}\end{bmatrix}"),
    ],
)  # fmt: skip
def test_the_first_row_of_each_query(query: str, row: str) -> None:
    assert rows(query)[0] == row


def test_the_jacobian_of_the_joint_state_names_its_blocks() -> None:
    through_o = r"\tanh\left(C^{(t)}\right) \odot o^{(t)} \odot \left(1 - o^{(t)}\right)"
    through_c = r"o^{(t)} \odot \left(1 - \tanh\left(C^{(t)}\right)^{\odot 2}\right)"
    assert rows("jacobian LSTM")[2:] == [
        r"J_{CC}^{(t)} &= \operatorname{diag}\left(f^{(t)}\right)",
        rf"J_{{hh}}^{{(t)}} &= \operatorname{{diag}}\left({through_o}\right) W_{{o}}"
        rf" + \operatorname{{diag}}\left({through_c}\right) J_{{Ch}}^{{(t)}}",
        rf"J_{{hC}}^{{(t)}} &= \operatorname{{diag}}\left({through_c} \odot f^{{(t)}}\right)",
    ]


def test_unrolling_is_linear_in_the_steps() -> None:
    assert len(rows("unroll LSTM 7")) == 70
    assert rows("unroll RNN 2")[2] == r"a^{(2)} &= W h^{(1)} + U x^{(2)} + b"


IN_ALL_NOTATIONS = ("RNN_loss", "LSTM", "LSTM_truncated", "GRU", "sLSTM")


@pytest.mark.parametrize(
    "cell, notation",
    [pair for pair in product(CELLS, NOTATIONS) if pair[0] in IN_ALL_NOTATIONS or pair[1] == "note"],
)
def test_every_cell_answers_every_query_in_every_notation(cell: str, notation: str) -> None:
    queries = ["cell X", "backward X", "jacobian X", "unroll X 2"]
    queries += [f"backward X {part}" for part in ("inputs", "initial", "parameters", "boundary")]
    queries += [] if "truncated" in cell or cell == "mLSTM" else ["jacobian X product"]
    for query in queries:
        assert answer(f"{query.replace('X', cell)} notation={notation}").startswith(r"\begin{aligned}")


@pytest.mark.parametrize(
    "query, said",
    [
        ("", r"unknown query ''; a query begins with cell, backward, jacobian, unroll, derivation, claim, reference"),
        ("__import__('os')", "unknown query"),
        ("cell", r"the query 'cell' should read 'cell CELL \[LETTER\]'"),
        ("cell LSTM c d", r"should read 'cell CELL \[LETTER\]'"),
        ("cell FOO", "unknown cell 'FOO'; the cells are RNN, .*LSTM"),
        ("cell LSTM q", "unknown equation of cell LSTM: 'q'; there are a_f, f, .*, h"),
        ("backward LSTM q", "unknown part or adjoint of cell LSTM: 'q'; there are inputs, .*delta_h"),
        ("jacobian LSTM q", "unknown form 'q' of the Jacobian of cell LSTM; there are product and power"),
        ("jacobian LSTM power", "the Jacobian of cell LSTM depends on time, .*ask for 'jacobian LSTM product'"),
        ("jacobian LSTM_truncated product", "cell LSTM_truncated has a truncated derivative"),
        ("jacobian mLSTM product", "cell mLSTM has a matrix for a state; only its one-step Jacobian is shown"),
        ("unroll RNN", "takes a number of steps from 1 to 50, got ''"),
        ("unroll RNN 0", "takes a number of steps from 1 to 50, got '0'"),
        ("unroll RNN ²", "takes a number of steps"),
        ("unroll RNN 1000000000", "takes a number of steps"),
        ("derivation x", "unknown derivation 'x'; the derivations are: none loaded"),
        ("derivation", "should read 'derivation NAME'"),
        ("reference numpy", "unknown reference function 'numpy'; there are .*lstm_step"),
        ("cell LSTM notation=x", "unknown notation 'x'; the notations are note, subscript, pytorch"),
    ],
)
def test_what_cannot_be_answered_says_what_can(query: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        answer(query)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
