"""The pictures of the book, drawn from computed data; kept as long as the library does not change."""

from __future__ import annotations

import sys
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from lstm_sym.cells import CELLS
from lstm_sym.flow import Setting, gradient_flow
from lstm_sym.flow.pictures import PICTURES, THEMES, Picture, cell_picture, chinese_fonts, drawn, flow_picture

from .figures import CAPTIONS
from .fingerprint import fingerprint, keep, kept
from .places import CHINESE, LANGUAGES, WORK, Language
from .staging import Files, below, joined, mirror

DRAWN = WORK / "pictures"
FLOW, LAG = Setting(size=8, seed=0), 60
"""How the flow through each cell is measured for its page."""

NO_FONT = "no font with Chinese characters here (Debian: fonts-wqy-microhei); the words in pictures stay English"


def names() -> list[str]:
    """The pictures of the chapters, and of each cell its diagram and its flow."""
    return [*PICTURES, *(f"{kind}-{name}" for kind in ("cell", "flow") for name in CELLS)]


def made(name: str) -> Picture:
    """The picture of that name, its data computed."""
    if name in PICTURES:
        return PICTURES[name]()
    kind, _, cell = name.partition("-")
    return cell_picture(CELLS[cell]) if kind == "cell" else flow_picture(gradient_flow(CELLS[cell], FLOW, LAG))


def drawn_for_all(name: str, languages: tuple[str, ...]) -> tuple[dict[str, str], dict[str, Files]]:
    """A picture's captions and its files on both grounds, by language; a diagram has no words, so it is drawn once."""
    picture = made(name)
    captions = {one.folder: picture.caption.in_language(one.folder) for one in LANGUAGES}
    files: dict[str, Files] = {}
    for language in languages[:1] if name.startswith("cell-") else languages:
        grounds = {ground: replace(theme, language=language) for ground, theme in THEMES.items()}
        files[language] = {f"{name}-{ground}.svg": drawn(picture, theme) for ground, theme in grounds.items()}
    return captions, files


def draw_gallery(pool: Executor | None) -> None:
    """Draw all pictures, unless they are there from this state of the library."""
    languages = ("en", "zh") if chinese_fonts() else ("en",)
    if len(languages) == 1:
        print(NO_FONT, file=sys.stderr)
    key = " ".join([fingerprint((Path(__file__),), ("matplotlib", "numpy")), *languages])
    if kept(CAPTIONS, key) is not None:
        return
    every, each = names(), pool.map if pool else map
    found = dict(zip(every, each(drawn_for_all, every, [languages] * len(every)), strict=True))
    for language in languages:
        mirror(DRAWN / language, joined(*(files.get(language, {}) for _, files in found.values())))
    keep(CAPTIONS, key, {name: captions for name, (captions, _) in found.items()})


def pictures_in(language: Language) -> Files:
    """The pictures whose words are in the language, and those that have no words in it."""
    spoken = below(DRAWN / language.folder) if language == CHINESE and chinese_fonts() else {}
    return {f"pictures/{name}": content for name, content in (below(DRAWN / "en") | spoken).items()}
