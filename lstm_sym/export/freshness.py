"""Whether a generated file is that of the cell as it is now: its header tells the cell, the version and a hash."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from .. import __version__
from ..activations import TABLE
from ..cell import Cell
from ..cells import cell_named
from ..nodes.derivatives import StopGradient
from .plan import with_activation
from .variant import WHOLE, Variant, variant_in, variant_told

WRITTEN = re.compile(r"Written by lstm-sym (\S+) from the equations of the cell (\S+)\.")
HASHED = re.compile(r"hash of the equations: ([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class Origin:
    """What the header of a generated file says; ``variant`` are its options as the command line spells them."""

    cell: str
    version: str
    hash: str
    variant: str = ""


def cell_hash(cell: Cell) -> str:
    """Sixteen digits that change with the name of a cell, its equations and the shapes of its letters."""
    letters: list[Any] = [*cell.parameters, *cell.inputs, *cell.order]
    shapes = [f"{letter.text}: {letter.shape}" for letter in letters]
    text = "\n".join([cell.name, *map(str, cell.equations), *shapes])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def source_told(cell: Cell, variant: Variant = WHOLE) -> str:
    """Where the equations are from, whether their derivative is truncated, the module's options, the hash."""
    source = cell.source or "no source given"
    if any(equation.has(StopGradient) for equation in cell.equations):
        source += ";\ntruncated: no gradient passes a stop_gradient, so these are not the gradients of the loss"
    return f"{source}{variant_told(variant)};\nhash of the equations: {cell_hash(cell)}"


def origin_of(source: str) -> Origin:
    """The origin of a generated file; ``ValueError`` if it tells of none."""
    written, hashed = WRITTEN.search(source), HASHED.search(source)
    if not written or not hashed:
        raise ValueError("the file has no header of lstm-sym export; write it with lstm-sym export CELL -o FILE")
    return Origin(written[2], written[1], hashed[1], variant_in(source))


def staleness(source: str, cell: Cell | None = None, variant: Variant = WHOLE) -> str | None:
    """Why a generated file is stale; ``None`` if it is fresh. Without ``cell`` it is that of its name in the zoo.

    A file is checked with the options that it was written with, which its header tells; a ``variant`` that has any is
    required of it.
    """
    origin = origin_of(source)
    if cell is None:
        cell = cell_named(origin.cell)
    if origin.version != __version__:
        return f"it was written by lstm-sym {origin.version}, this is {__version__}"
    if origin.hash not in hashes(cell):
        return f"the equations of {cell.name} have changed since it was written"
    if variant != WHOLE and origin.variant != str(variant):
        return f"it was written {f'with {origin.variant}' if origin.variant else 'without options'}, not with {variant}"
    return None


def hashes(cell: Cell) -> set[str]:
    """The hash of a cell, or those with each activation that it leaves open."""
    try:
        return {cell_hash(with_activation(cell, None))}
    except ValueError:
        return {cell_hash(with_activation(cell, name)) for name in TABLE}
