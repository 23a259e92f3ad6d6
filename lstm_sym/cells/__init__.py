"""The zoo: every cell by its name, and that of its truncated derivative."""

from ..cell import Cell, truncated
from .diagonal import DIAGONAL_LINEAR, IND_RNN, MIN_GRU, MIN_LSTM, QRNN, SRU
from .gru import GRU, GRU_RESET_BEFORE, MGU
from .layer_norm import LAYER_NORM_LSTM
from .lstm import LSTM, LSTM_1997, LSTM_BLOCK, LSTM_PROJECTION, PEEPHOLE_LSTM
from .mlstm import MLSTM
from .rnn import LINEAR_RNN, RNN, RNN_LOSS, RNN_OUTPUT, RNN_TANH, elman
from .variants import CIFG, FGR, NFG, NIAF, NIG, NOAF, NOG, NP
from .xlstm import SLSTM

_WRITTEN = (
    *(RNN, RNN_TANH, RNN_OUTPUT, RNN_LOSS, LINEAR_RNN),
    *(LSTM, LSTM_BLOCK, LSTM_1997, PEEPHOLE_LSTM, LSTM_PROJECTION),
    *(NIG, NFG, NOG, NIAF, NOAF, NP, CIFG, FGR),
    *(GRU, GRU_RESET_BEFORE, MGU),
    *(IND_RNN, DIAGONAL_LINEAR, MIN_GRU, MIN_LSTM, SRU, QRNN),
    *(SLSTM, MLSTM, LAYER_NORM_LSTM),
)
_TRUNCATED = tuple(truncated(cell) for cell in (LSTM, LSTM_1997, PEEPHOLE_LSTM))

CELLS: dict[str, Cell] = {cell.name: cell for cell in (*_WRITTEN, *_TRUNCATED)}
"""Every cell of the zoo by name."""


def cell_named(name: str) -> Cell:
    """The cell of that name, upper or lower case; a ``ValueError`` lists the names there are."""
    found = {known.lower(): cell for known, cell in CELLS.items()}.get(name.lower())
    if found is None:
        known = ", ".join(CELLS)
        raise ValueError(f"unknown cell {name!r}; the cells are {known}; one of your own is FILE.py:NAME")
    return found


__all__ = [
    "CELLS",
    "CIFG",
    "DIAGONAL_LINEAR",
    "FGR",
    "GRU",
    "GRU_RESET_BEFORE",
    "IND_RNN",
    "LAYER_NORM_LSTM",
    "LINEAR_RNN",
    "LSTM",
    "LSTM_1997",
    "LSTM_BLOCK",
    "LSTM_PROJECTION",
    "MGU",
    "MIN_GRU",
    "MIN_LSTM",
    "MLSTM",
    "NFG",
    "NIAF",
    "NIG",
    "NOAF",
    "NOG",
    "NP",
    "PEEPHOLE_LSTM",
    "QRNN",
    "RNN",
    "RNN_LOSS",
    "RNN_OUTPUT",
    "RNN_TANH",
    "SLSTM",
    "SRU",
    "cell_named",
    "elman",
]
