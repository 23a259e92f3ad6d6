"""The pictures: each from data of a tested function, with a caption that states settings and seed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .diagram import cell_picture
from .exact import (
    activation_curves,
    copied_recursion,
    forget_half_life,
    transient_growth,
    vanishing_and_exploding,
)
from .measured import flow_picture, heat_map, shrinking_gradient
from .picture import Picture, drawn, write_both, write_picture
from .theme import THEMES, Words, chinese_fonts

PICTURES: dict[str, Callable[[], Picture]] = {
    "shrinking-gradient": shrinking_gradient,
    "sensitivities": heat_map,
    "transient-growth": transient_growth,
    "activations": activation_curves,
    "half-life": forget_half_life,
    "vanishing-exploding": vanishing_and_exploding,
    "copied-recursion": copied_recursion,
}
"""What computes and draws each picture, by its name."""


def write_gallery(folder: Path) -> list[Path]:
    """Every picture on both grounds, as SVG files in a folder that exists."""
    return [path for make in PICTURES.values() for path in write_both(make(), folder)]


__all__ = [
    "PICTURES",
    "THEMES",
    "Picture",
    "Words",
    "cell_picture",
    "chinese_fonts",
    "drawn",
    "flow_picture",
    "write_both",
    "write_gallery",
    "write_picture",
]
