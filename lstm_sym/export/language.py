"""What differs between the languages in which a program of loops over entries is written: C, and Python for Numba."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """How a language writes the entries of columns, and what its products can do.

    ``number`` is a whole number among real ones, ``real`` a fraction or a whole quantity made real, both with the
    text for ``{}``. ``functions`` are those of the table of activations and ``larger``, ``to_power`` and
    ``square_root``. ``reserved`` are the names that no letter can have; with ``ascii`` no letter beyond ASCII either.
    With ``parts`` a product reads and writes columns of wider arrays, and can add to what is there; without it,
    whole arrays alone, so that what is not whole is copied entry by entry. A loop over entries has at most ``pairs`` of
    rows of which one is written and that a compiler cannot know to be apart, if that is not 0. ``entry`` is
    that of a matrix of parameters, by its name, row, column, and number of columns.
    """

    name: str
    number: str
    real: str
    functions: Mapping[str, str]
    reserved: frozenset[str]
    ascii: bool
    parts: bool
    entry: str
    pairs: int = 0
