"""The pictures of the book, drawn from computed data."""

from __future__ import annotations

import json

from lstm_sym.flow.pictures import PICTURES, THEMES, Picture, drawn

from .figures import CAPTIONS
from .places import LANGUAGES
from .staging import Files


def all_pictures() -> list[Picture]:
    """Every picture, computed."""
    return [make() for make in PICTURES.values()]


def drawn_pictures(pictures: list[Picture]) -> Files:
    """Each picture on both grounds."""
    return {f"pictures/{p.name}-{name}.svg": drawn(p, theme) for p in pictures for name, theme in THEMES.items()}


def write_captions(pictures: list[Picture]) -> None:
    """The captions for the directive ``picture``."""
    told = {p.name: {language.folder: p.caption for language in LANGUAGES} for p in pictures}
    CAPTIONS.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
