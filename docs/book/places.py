"""The two languages of the book, and where its parts lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "docs"
BOOK = Path(__file__).resolve().parent

BUILD = ROOT / "build"
HTML = BUILD / "docs"
"""The finished book: a folder per language, and the page that chooses between them."""

WORK = BUILD / "docs-work"
"""What a build leaves for the next one: npm's packages, staged sources, Sphinx's doctrees, verdicts."""

MODULES = WORK / "node_modules"
KATEX = MODULES / "katex" / "dist"


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the book: the folder of its chapters, Sphinx's name for it, its own name, the book's title."""

    folder: str
    sphinx: str
    name: str
    title: str

    @property
    def chapters(self) -> Path:
        return CHAPTERS / self.folder

    @property
    def source(self) -> Path:
        return WORK / "source" / self.folder

    @property
    def html(self) -> Path:
        return HTML / self.folder


ENGLISH = Language("en", "en", "English", "lstm-sym")
CHINESE = Language("zh", "zh_CN", "中文", "lstm-sym")
LANGUAGES = (ENGLISH, CHINESE)


def language_of(sphinx: str) -> Language:
    """The language by Sphinx's name for it."""
    return next(language for language in LANGUAGES if language.sphinx == sphinx)
