"""The identity of a cell: a hash of its equations, which says whether a file that was written from it is stale."""

from __future__ import annotations

import hashlib

from sympy import Tuple, srepr

from ..cell import Cell


def cell_hash(cell: Cell) -> str:
    """The SHA-256 of SymPy's ``srepr`` of the equations."""
    return hashlib.sha256(srepr(Tuple(*cell.equations)).encode()).hexdigest()


def hash_line(cell: Cell) -> str:
    """The line of a generated file that carries the hash."""
    return f"Cell hash: {cell_hash(cell)}"
