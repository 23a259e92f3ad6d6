"""A cell over a fixed number of steps stays a list of bindings."""

import pytest

from lstm_sym.cells import CELLS, LSTM, RNN
from lstm_sym.symbols import At, letters, t
from lstm_sym.unrolling import unroll


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("steps", [1, 3])
def test_each_binding_reads_what_stands_before_it(name, steps) -> None:
    cell = CELLS[name]
    equations = unroll(cell, steps)
    assert len(equations) == steps * len(cell.equations)
    defined: set = set()
    for equation in equations:
        for letter in letters(equation.rhs):
            if isinstance(letter, At) and letter.sequence in cell.order and letter.index >= 1:
                assert letter in defined
        assert equation.lhs not in defined
        defined.add(equation.lhs)


@pytest.mark.parametrize("steps", [1, 10, 40])
def test_nothing_is_expanded(steps) -> None:
    """The number of nodes is linear in the number of steps."""
    size = sum(_size(equation.rhs) for equation in unroll(LSTM, steps))
    assert size == steps * sum(_size(equation.rhs.subs(t, 1)) for equation in LSTM.equations)


def test_the_first_and_the_last_step() -> None:
    equations = unroll(RNN, 2)
    assert [str(e.lhs) + " = " + str(e.rhs) for e in equations] == [
        "a[1] = W*h[0] + U*x[1] + b",
        "h[1] = phi(a[1])",
        "a[2] = W*h[1] + U*x[2] + b",
        "h[2] = phi(a[2])",
    ]


@pytest.mark.parametrize("steps", [0, -1])
def test_fewer_than_one_step_is_refused(steps) -> None:
    with pytest.raises(ValueError, match=f"unroll takes at least one step, got {steps}"):
        unroll(RNN, steps)


def _size(expr) -> int:
    return 1 if isinstance(expr, At) else 1 + sum(_size(part) for part in expr.args)
