"""The outlet that writes formulas: one faithful printer, notations as data, blocks woven into documents."""

from .derivation import latex_derivation, written_derivation, written_statements
from .notation import NOTATIONS, NOTE, PYTORCH, SUBSCRIPT, Notation, notation_named
from .printer import latex, latex_aligned
from .query import answer
from .weave import WeaveResult, refresh, weave_text

__all__ = [
    "NOTATIONS",
    "NOTE",
    "PYTORCH",
    "SUBSCRIPT",
    "Notation",
    "WeaveResult",
    "answer",
    "latex",
    "latex_aligned",
    "latex_derivation",
    "notation_named",
    "refresh",
    "weave_text",
    "written_derivation",
    "written_statements",
]
