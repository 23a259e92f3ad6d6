r"""Notations: which glyph a letter gets and where its time index stands. Data only.

A row of a notation renames one letter; every other letter keeps its own name. A letter whose own name
would look like a renamed one is spelled out in typewriter, so nothing printed can mean two things.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..cell import Cell

SUPERSCRIPT_INDEX, SUBSCRIPT_INDEX = "superscript", "subscript"


@dataclass(frozen=True, slots=True)
class Renamed:
    r"""One letter's glyph: ``head`` carries marks such as the hat, ``label`` is its subscript."""

    name: str
    head: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Notation:
    r"""A way to write the letters.

    ``index`` places the time index: ``superscript`` for :math:`h^{(t)}`, ``subscript`` for :math:`h_t`.
    ``sequences`` and ``parameters`` rename letters. ``carousel`` holds rows that mean something only
    beside a cell state ``c``: the letter ``z`` is the candidate of an LSTM but the update gate of a GRU.
    """

    name: str
    index: str
    description: str
    sequences: tuple[Renamed, ...] = ()
    parameters: tuple[Renamed, ...] = ()
    carousel: tuple[str, ...] = ()

    def for_cell(self, cell: Cell) -> Notation:
        """This notation with the rows that make sense for ``cell``."""
        if any(sequence.name == "c" for sequence in cell.order):
            return self
        keep = tuple(row for row in self.sequences if row.name not in self.carousel)
        parameters = tuple(row for row in self.parameters if row.name not in self.carousel)
        return Notation(self.name, self.index, self.description, keep, parameters)


NOTE = Notation(
    "note",
    SUPERSCRIPT_INDEX,
    "h^(t), the cell state C^(t), its candidate C with a tilde",
    sequences=(
        Renamed("c", "C"),
        Renamed("C", r"\mathcal{C}"),
        Renamed("z", r"\tilde{C}"),
        Renamed("a_z", "a", "C"),
        Renamed("J_hh", "J", "hh"),
        Renamed("J_hc", "J", "hC"),
        Renamed("J_ch", "J", "Ch"),
        Renamed("J_cc", "J", "CC"),
    ),
    parameters=(
        Renamed("W_z", "W", "C"),
        Renamed("U_z", "U", "C"),
        Renamed("b_z", "b", "C"),
        Renamed("B_z", "B", "C"),
    ),
    carousel=("z", "a_z", "W_z", "U_z", "b_z", "B_z"),
)

SUBSCRIPT = Notation(
    "subscript",
    SUBSCRIPT_INDEX,
    "h_t, the cell state c_t, its candidate c with a tilde; labels upright, indices italic",
    sequences=(
        Renamed("z", r"\tilde{c}"),
        Renamed("a_z", "a", r"\mathrm{c}"),
    ),
    parameters=(
        Renamed("W_z", "W", r"\mathrm{c}"),
        Renamed("U_z", "U", r"\mathrm{c}"),
        Renamed("b_z", "b", r"\mathrm{c}"),
        Renamed("B_z", "B", r"\mathrm{c}"),
    ),
    carousel=("z", "a_z", "W_z", "U_z", "b_z", "B_z"),
)

PYTORCH = Notation(
    "pytorch",
    SUBSCRIPT_INDEX,
    "PyTorch's names: gates i, f, g, o, weights W_hf (hidden to f) and W_if (input to f), one bias per gate",
    sequences=(
        Renamed("z", "g"),
        Renamed("a_z", "a", r"\mathrm{g}"),
    ),
    parameters=(
        Renamed("W", "W", r"\mathrm{hh}"),
        Renamed("U", "W", r"\mathrm{ih}"),
        Renamed("b", "b", r"\mathrm{h}"),
        Renamed("W_f", "W", r"\mathrm{hf}"),
        Renamed("W_i", "W", r"\mathrm{hi}"),
        Renamed("W_z", "W", r"\mathrm{hg}"),
        Renamed("W_o", "W", r"\mathrm{ho}"),
        Renamed("U_f", "W", r"\mathrm{if}"),
        Renamed("U_i", "W", r"\mathrm{ii}"),
        Renamed("U_z", "W", r"\mathrm{ig}"),
        Renamed("U_o", "W", r"\mathrm{io}"),
        Renamed("b_z", "b", r"\mathrm{g}"),
        Renamed("B_z", "B", r"\mathrm{g}"),
    ),
    carousel=("z", "a_z", "W_z", "U_z", "b_z", "B_z"),
)

NOTATIONS: dict[str, Notation] = {notation.name: notation for notation in (NOTE, SUBSCRIPT, PYTORCH)}
"""Every notation by name; the first is the default."""


def notation_named(name: str) -> Notation:
    """The notation of that name; a ``ValueError`` lists the names there are."""
    if name not in NOTATIONS:
        raise ValueError(f"unknown notation {name!r}; the notations are {', '.join(NOTATIONS)}")
    return NOTATIONS[name]
