"""A picture: its data drawn on a figure, its caption with the settings, its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from ...atomic import write_whole
from .theme import DARK, LIGHT, THEMES, Theme, Words, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("svg", "png", "pdf")


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn, ``width`` by ``height`` inches, and a ``caption`` that states the settings and the seed."""

    name: str
    caption: Words
    width: float
    height: float
    draw: Callable[[Figure, Theme], None]


def drawn(picture: Picture, theme: Theme = LIGHT, form: str = "svg") -> bytes:
    """The picture as a file's content; equal pictures give equal bytes under one version of matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ValueError("pictures need matplotlib: pip install 'lstm-sym[pictures]'") from None
    with style(theme):
        figure = Figure(figsize=(picture.width, picture.height), layout="constrained")
        picture.draw(figure, theme)
        file = BytesIO()
        figure.savefig(file, format=form, dpi=150, metadata=_metadata(picture, form))
    return file.getvalue()


def write_picture(picture: Picture, path: Path, *, dark: bool = False) -> None:
    """The picture as a file; its ending tells the format, svg, png or pdf."""
    form = path.suffix.removeprefix(".").lower()
    if form not in FORMATS:
        raise ValueError(f"{path}: a picture's file ends in .{', .'.join(FORMATS)}")
    content = drawn(picture, DARK if dark else LIGHT, form)
    if form == "svg":
        write_whole(path, content.decode())
    else:
        path.write_bytes(content)


def write_both(picture: Picture, folder: Path) -> list[Path]:
    """``NAME-light.svg`` and ``NAME-dark.svg`` in a folder that exists."""
    paths = {folder / f"{picture.name}-{name}.svg": theme for name, theme in THEMES.items()}
    for path, theme in paths.items():
        write_whole(path, drawn(picture, theme).decode())
    return list(paths)


def _metadata(picture: Picture, form: str) -> dict[str, str | None]:
    """What a file says of itself; no date, so that equal pictures are equal files."""
    told: dict[str, str | None] = {"Title": picture.name}
    if form == "svg":
        return told | {"Description": picture.caption.en, "Date": None, "Creator": None}
    return told | ({"CreationDate": None} if form == "pdf" else {})
