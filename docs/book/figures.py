"""The directive ``picture NAME``: a picture on a light and a dark ground, its caption in the language of the book."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from .places import WORK, language_of

CAPTIONS = WORK / "captions.json"
"""The caption of every picture by its name and a language, and what the pictures were drawn from."""


@cache
def captions() -> dict[str, dict[str, str]]:
    """What the pictures of this build are."""
    return dict(json.loads(CAPTIONS.read_text(encoding="utf-8"))["content"])


class PictureDirective(SphinxDirective):
    """A figure of two images, of which the theme shows one."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        known = captions()
        if name not in known:
            raise self.error(f"unknown picture {name!r}; the pictures are {', '.join(known)}")
        caption = known[name][language_of(self.env.app.config.language).folder]
        figure = nodes.figure(classes=["picture"])
        for ground in ("light", "dark"):
            alt = caption.partition(": ")[0]
            figure += nodes.image(uri=f"/pictures/{name}-{ground}.svg", alt=alt, classes=[f"only-{ground}"])
        figure += nodes.caption("", caption)
        self.set_source_info(figure)
        return [figure]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("picture", PictureDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
