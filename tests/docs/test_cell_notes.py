"""What the book says of a cell beside its equations, in both languages."""

import pytest
from book.cell_notes import CHINESE, note_of
from book.cell_pages import cell_page
from book.markdown import plain
from book.places import LANGUAGES

from lstm_sym.cells import CELLS, MIN_GRU, RNN


def test_every_note_is_translated_and_every_translation_used():
    assert {cell.note for cell in CELLS.values() if cell.note} == CHINESE.keys()


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.folder)
def test_the_page_of_a_cell_tells_its_note(language):
    note = note_of(MIN_GRU, language)
    assert note and plain(note) in "\n".join(cell_page(MIN_GRU, None, language))
    assert note_of(RNN, language) == ""
