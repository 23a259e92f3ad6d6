"""Notations are data."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from lstm_sym.cells import CELLS, LSTM, RNN
from lstm_sym.latex import NOTATIONS, NOTE, PYTORCH, SUBSCRIPT, latex, notation_named
from lstm_sym.symbols import Sequence, sizes, t


def test_notations_are_found_by_name() -> None:
    assert [notation_named(name) for name in ("note", "subscript", "pytorch")] == [NOTE, SUBSCRIPT, PYTORCH]
    with pytest.raises(ValueError, match="unknown notation 'Note'; the notations are note, subscript, pytorch"):
        notation_named("Note")


def test_a_notation_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        NOTE.name = "mine"  # type: ignore[misc]


@pytest.mark.parametrize("notation", NOTATIONS.values(), ids=NOTATIONS)
def test_no_two_rows_rename_to_one_glyph(notation: object) -> None:
    for table in (notation.sequences, notation.parameters):  # type: ignore[attr-defined]
        assert len({(row.head, row.label) for row in table}) == len(table)
        assert len({row.name for row in table}) == len(table)


def test_z_is_a_candidate_only_beside_a_cell_state() -> None:
    z = Sequence("z", sizes("n"))[t]
    assert latex(z, NOTE.for_cell(LSTM)) == r"\tilde{C}^{(t)}"
    assert latex(z, NOTE.for_cell(RNN)) == "z^{(t)}"
    assert all(NOTE.for_cell(cell) is NOTE for cell in CELLS.values() if any(s.name == "c" for s in cell.order))
