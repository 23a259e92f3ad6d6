"""The reference: a page for every room of the library, written from its docstrings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import lstm_sym

from .markdown import plain, toctree
from .places import Language
from .staging import Files
from .words import Words, words_in

LIBRARY = Path(lstm_sym.__file__).parent


def interface_pages(language: Language) -> Files:
    """The overview and a page per room."""
    words = words_in(language)
    rooms = tuple(public_rooms())
    pages = {"interface/index.md": overview(rooms, words)}
    pages |= {f"interface/{room}.md": room_page(room) for room in rooms}
    return {path: text.encode() for path, text in pages.items()}


def public_rooms() -> Iterator[str]:
    """The modules and packages at the top of the library."""
    for path in sorted(LIBRARY.iterdir()):
        if not path.name.startswith("_") and (path.suffix == ".py" or (path / "__init__.py").exists()):
            yield path.stem


def overview(rooms: tuple[str, ...], words: Words) -> str:
    """What each room is for, in the words of its docstring."""
    lines = [f"# {words.interface}\n", words.interface_intro + "\n"]
    lines += [f"- [`{room}`]({room}.md): {plain(_first_sentence(f'lstm_sym.{room}'))}" for room in rooms]
    return "\n".join([*lines, "", toctree(rooms, hidden=True)])


def room_page(room: str) -> str:
    """The room's docstring, then what each of its modules holds."""
    parts = [f"# {plain(room)}\n"]
    if (LIBRARY / room).is_dir():
        parts.append(_documented(f"lstm_sym.{room}"))
        for path in sorted((LIBRARY / room).rglob("*.py")):
            name = ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts).removesuffix(".__init__")
            if not path.stem.startswith("_"):
                parts += [f"## {plain(name.removeprefix('lstm_sym.'))}\n", _documented(name, "members")]
    else:
        parts.append(_documented(f"lstm_sym.{room}", "members"))
    return "\n".join(parts)


def _documented(module: str, *options: str) -> str:
    told = "".join(f"   :{option}:\n" for option in options)
    return f"```{{eval-rst}}\n.. automodule:: {module}\n{told}```\n"


def _first_sentence(module: str) -> str:
    path = LIBRARY.parent.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.partition("\n\n")[0]
