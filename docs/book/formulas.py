"""Formulas set by KaTeX when the book is built; one that KaTeX refuses fails the build and is told where it stands.

The extension sphinxcontrib.katex does nearly this. It shows an error in red and goes on, and it speaks to KaTeX
through a socket: on a busy machine it found the socket before anybody listened and ended the build.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from .places import BOOK, KATEX

STRICT = {"throwOnError": True, "strict": "error"}

logger = logging.getLogger(__name__)


class KaTeXError(Exception):
    """KaTeX cannot set a formula; the text is its own."""


@cache
def katex() -> subprocess.Popen[str]:
    """The process that sets formulas; it ends with this one, when its input does."""
    command = ["node", str(BOOK / "katex.cjs"), str(KATEX / "katex.min.js")]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")


@cache
def as_html(latex: str, *, display: bool = False) -> str:
    """A formula as HTML and MathML; one that is not wholly right is a ``KaTeXError``."""
    process = katex()
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps([latex, {**STRICT, "displayMode": display}]) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("node has ended while it set formulas; what it says stands above")
    answer = json.loads(line)
    if "error" in answer:
        raise KaTeXError(answer["error"])
    return str(answer["html"])


def visit_inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(translator.starttag(node, "span", "", CLASS="math"))
    _set(translator, node, display=False)
    translator.body.append("</span>")
    raise nodes.SkipNode


def visit_display(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(translator.starttag(node, "div", "", CLASS="math"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})</span>')
    _set(translator, node, display=True)
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def _set(translator: Any, node: nodes.Element, *, display: bool) -> None:
    try:
        translator.body.append(as_html(node.astext(), display=display))
    except KaTeXError as error:
        logger.warning("%s in the formula %r", error, node.astext(), location=node, type="katex")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.add_css_file("katex/katex.min.css")
    return {"parallel_read_safe": True, "parallel_write_safe": False}
