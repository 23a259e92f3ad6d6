"""The files of a cell for a folder: a module, or a C source with its header and the Python module that loads it."""

from __future__ import annotations

from typing import Any

from ..activations import Activation
from ..cell import Cell
from .c_code import prefix_of
from .c_loader import c_files
from .layered_text import with_layers
from .module import export_module
from .plan import with_activation
from .variant import variant_of


def export_files(
    cell: Cell, to: str = "numpy", *, phi: Activation | str | None = None, **options: Any
) -> dict[str, str]:
    """The texts of the files of a cell by their names; for the arguments see ``export_module``."""
    if to == "c":
        variant = variant_of(**options)
        variant.require(to)
        files, loader = c_files(with_activation(cell, phi), variant), f"{prefix_of(cell)}.py"
        return files | {loader: with_layers(files[loader], cell, "loader of C")} if variant.layers else files
    return {f"{prefix_of(cell)}.py": export_module(cell, to, phi=phi, **options)}
