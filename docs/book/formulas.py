"""Formulas set by KaTeX when the book is built; one that KaTeX refuses fails the build and is told where it stands.

The extension sphinxcontrib.katex asks KaTeX to set an error in red and go on; here nothing is let pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinxcontrib import katex

STRICT = {"throwOnError": True, "strict": "error"}

logger = logging.getLogger(__name__)
Visitor = Callable[[Any, nodes.Element], None]


def told(visit: Visitor) -> Visitor:
    """The visitor of a formula, with KaTeX's error as a warning of Sphinx at the formula's place."""

    def visitor(translator: Any, node: nodes.Element) -> None:
        try:
            visit(translator, node)
        except katex.KaTeXError as error:
            logger.warning("KaTeX refuses %r: %s", node.astext(), error, location=node, type="katex")
            raise nodes.SkipNode from error

    return visitor


def setup(app: Sphinx) -> dict[str, Any]:
    katex.KATEX_DEFAULT_OPTIONS.update(STRICT)
    inline, block = told(katex.html_visit_math), told(katex.html_visit_displaymath)
    app.add_html_math_renderer("katex_strict", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
