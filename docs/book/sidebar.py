"""The sidebar names pages only, so it is made of their titles.

Sphinx would copy every page's sections and objects for the sidebar of each page and drop them again: two thirds of
the time that it takes for the book.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

BEFORE_THE_THEME = 400
"""The theme's own handlers have 500."""


def shortened(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """``toctree`` in a page's context, which the theme calls for the sidebar, from titles alone."""
    whole, env = context["toctree"], app.env

    def of_titles(**options: Any) -> str:
        contents, env.tocs = env.tocs, titles(env)
        try:
            return str(whole(**options))
        finally:
            env.tocs = contents

    context["toctree"] = of_titles


@cache
def titles(env: BuildEnvironment) -> dict[str, nodes.bullet_list]:
    """The contents of every page without its sections, unless they hold the pages below it."""
    return {page: contents if _leads_on(contents) else _title(contents) for page, contents in env.tocs.items()}


def _leads_on(contents: nodes.bullet_list) -> bool:
    return any(True for _ in contents.findall(addnodes.toctree))


def _title(contents: nodes.bullet_list) -> nodes.bullet_list:
    entries = [nodes.list_item("", entry[0].deepcopy()) for entry in contents if isinstance(entry, nodes.list_item)]
    return nodes.bullet_list("", *entries)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", shortened, priority=BEFORE_THE_THEME)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
