"""A page for every cell: its equations, its diagram, what is derived from them, how gradients flow, its code."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import lstm_sym.cells
from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS
from lstm_sym.latex import answer
from lstm_sym.nodes.derivatives import StopGradient
from lstm_sym.proof.derivation import Derivation

from .cell_notes import note_of
from .markdown import block, formula, plain, table, toctree
from .places import Language
from .staging import Files
from .statements import Statement, assignment_of, shown_code
from .words import Words, words_in

ROOM = Path(lstm_sym.cells.__file__).parent


def cell_pages(derivations: Iterable[Derivation], language: Language) -> Files:
    """The overview and a page per cell."""
    words = words_in(language)
    theorems = {d.given.cell.name: d for d in derivations if d.given.cell is not None and d.name.startswith("bptt.")}
    pages = {"cells/index.md": overview(words)}
    for cell in CELLS.values():
        pages[f"cells/{cell.name}.md"] = "\n".join(cell_page(cell, theorems.get(cell.name), language))
    return {path: text.encode() for path, text in pages.items()}


def overview(words: Words) -> str:
    """Every cell with its source."""
    rows = ((f"[{plain(cell.name)}]({cell.name}.md)", plain(cell.source)) for cell in CELLS.values())
    parts = [f"# {words.cells}\n", words.cells_intro + "\n", table((words.cell, words.source), rows)]
    return "\n".join([*parts, toctree(CELLS, hidden=True)])


def cell_page(cell: Cell, theorem: Derivation | None, language: Language) -> Iterator[str]:
    """One cell, from its equations to its code."""
    words = words_in(language)
    truncated = any(equation.has(StopGradient) for equation in cell.equations)
    yield f"(cell-{cell.name})=\n# {plain(cell.name)}\n"
    yield "{.about}\n" + plain(cell.source) + "\n"
    if cell.note:
        yield plain(note_of(cell, language)) + "\n"
    for kind in ("states", "inputs", "parameters"):
        letters = ", ".join(f"`{letter.text}`" for letter in getattr(cell, kind))
        yield f"- {getattr(words, kind)}{words.colon}{letters}"
    yield f"\n## {words.equations}\n\n" + formula(answer(f"cell {cell.name}"))
    yield f"## {words.diagram}\n\n" + block("picture", f"cell-{cell.name}", "")
    yield f"## {words.backward}\n"
    if truncated:
        yield words.truncated + "\n"
    yield formula(answer(f"backward {cell.name}"))
    yield words.boundary + "\n\n" + formula(answer(f"backward {cell.name} boundary"))
    yield words.gradients + "\n"
    yield from (formula(answer(f"backward {cell.name} {part}")) for part in ("parameters", "inputs", "initial"))
    if theorem is not None:
        yield f"{words.theorem} [`{theorem.name}`](#derivation-{theorem.name})\n"
    yield f"## {words.jacobian}\n"
    if any(state.shape[1] != 1 for state in cell.states):
        yield words.vectorised + "\n"
    yield formula(answer(f"jacobian {cell.name}"))
    yield f"## {words.flow}\n\n" + block("picture", f"flow-{cell.name}", "")
    found = defined_in(cell)
    if found is not None:
        yield shown_code(*found, words)


def defined_in(cell: Cell) -> tuple[Path, Statement] | None:
    """The module of the room ``cells`` and the statement that writes the cell's equations, or ``None``."""
    for file in sorted(ROOM.glob("*.py")):
        text = file.read_text(encoding="utf-8")
        for name in _names_of(cell, file):
            statement = assignment_of(text, name)
            if statement is not None:
                return file, statement
    return None


def _names_of(cell: Cell, file: Path) -> Iterator[str]:
    """The module-level names in a file of the room that stand for the cell."""
    module = getattr(lstm_sym.cells, file.stem, None)
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if module is not None and getattr(module, name, None) is cell:
                yield name
