"""A cell as a command names it: one of the zoo by its name, or one of the user's own as FILE.py:NAME."""

from __future__ import annotations

from pathlib import Path

from ..cell import Cell
from ..source_file import imported
from . import cell_named


def cell_at(text: str) -> Cell:
    """The cell of the zoo of that name, or the cell NAME of a Python file, given as ``FILE.py:NAME``.

    NAME is that of the variable or of the cell; a file that holds one cell alone needs none. A ``ValueError``
    tells which cells there are, and where the file is at fault with ``file:line``.
    """
    file, name = _parted(text)
    if file is None:
        return cell_named(text)
    cells = cells_of(file)
    if not name and len(set(map(id, cells.values()))) == 1:
        return next(iter(cells.values()))
    if name not in cells:
        known = ", ".join(cells)
        raise ValueError(
            f"{file} has no cell {name!r}; its cells are {known}"
            if name
            else f"{file} holds several cells; write {file}:NAME, with NAME one of {known}"
        )
    return cells[name]


def cells_of(path: Path) -> dict[str, Cell]:
    """The module-level cells of a file by the names of their variables, and by their own."""
    if not path.is_file():
        raise ValueError(f"no such file: {path}")
    found = {name: value for name, value in vars(imported(path)).items() if isinstance(value, Cell)}
    if not found:
        raise ValueError(f"{path} holds no cell: no module-level value made by Cell(...)")
    return found | {cell.name: cell for cell in found.values() if cell.name not in found}


def _parted(text: str) -> tuple[Path | None, str]:
    if text.endswith(".py"):
        return Path(text), ""
    file, colon, name = text.rpartition(":")
    return (Path(file), name) if colon and file.endswith(".py") else (None, text)
