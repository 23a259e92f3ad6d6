"""The switch between the languages: every page leads to the same page in the other language."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from .places import LANGUAGES, language_of


def titled(app: Sphinx, config: Config) -> None:
    """The title of the book in the language that it is built in."""
    config.html_title = language_of(config.language).title


def switched(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """``languages`` in a page's context: each language's name, tag, and address from this page; empty for this one."""
    up = "../" * (pagename.count("/") + 1)
    here = language_of(app.config.language)
    context["languages"] = [
        (one.name, one.sphinx.replace("_", "-"), "" if one == here else f"{up}{one.folder}/{pagename}.html")
        for one in LANGUAGES
    ]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", titled)
    app.connect("html-page-context", switched)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
