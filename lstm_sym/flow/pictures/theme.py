"""What every picture looks like: two grounds, colours that differ in brightness too, fonts that carry Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Words:
    """The same said in English and in Chinese.

    Chinese words inside a picture hold no formula: matplotlib sets those with fonts that lack Chinese characters.
    """

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """The words in ``en`` or ``zh``."""
        return {"en": self.en, "zh": self.zh}[language]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of one ground; series k has colour, dash and marker k, so that none depends on colour alone.

    ``language`` is that of the few words in a picture.
    """

    ground: str
    ink: str
    faint: str
    fill: str
    colours: tuple[str, ...]
    dashes: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
    markers: tuple[str, ...] = ("o", "s", "^", "D")
    language: str = "en"

    def say(self, words: Words) -> str:
        """The words in the picture's language."""
        return words.in_language(self.language)

    def series(self, number: int, *, markers: bool = False) -> dict[str, Any]:
        """How the line of a series is drawn."""
        style = {"color": self.colours[number], "linestyle": self.dashes[number], "linewidth": 1.8}
        return style | ({"marker": self.markers[number], "markersize": 4} if markers else {})


LIGHT = Theme("#ffffff", "#1a1a1a", "#c8c8c8", "#eef2f7", ("#08306b", "#c05a00", "#1b8a7a", "#a0519b"))
DARK = Theme("#131416", "#e6e6e6", "#4a4d52", "#23272e", ("#cfe6ff", "#f29a3c", "#35a892", "#d48fe8"))
THEMES = {"light": LIGHT, "dark": DARK}

CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Microsoft YaHei")
"""Fonts with Chinese characters; those that are installed stand behind the default one."""


def chinese_fonts() -> list[str]:
    """Those of the fonts that matplotlib finds here; without one, the words in a picture can only be English."""
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return [name for name in CHINESE if name in installed]


@contextmanager
def style(theme: Theme) -> Iterator[None]:
    """Matplotlib's settings for one picture; nothing of the caller's own settings shines through."""
    import matplotlib

    settings: dict[Any, Any] = {
        "svg.hashsalt": "lstm-sym",
        "svg.fonttype": "path",
        "font.family": ["DejaVu Sans", *chinese_fonts()],
        "font.size": 10,
        "mathtext.fontset": "dejavusans",
        "figure.facecolor": theme.ground,
        "axes.facecolor": theme.ground,
        "axes.edgecolor": theme.ink,
        "axes.labelcolor": theme.ink,
        "axes.grid": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.color": theme.faint,
        "grid.linewidth": 0.6,
        "text.color": theme.ink,
        "xtick.color": theme.ink,
        "ytick.color": theme.ink,
        "legend.frameon": False,
        "legend.handlelength": 3.2,
    }
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        yield
