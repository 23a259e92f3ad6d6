"""Sphinx's settings for the book, the same for both languages."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import lstm_sym
from book.places import BOOK, KATEX, WORK

project = "lstm-sym"
author = "the lstm-sym authors"
version = release = lstm_sym.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinxcontrib.katex",
    "book.formulas",
    "book.figures",
    "book.languages",
    "book.chinese_search",
]
nitpicky = True
templates_path = [str(BOOK / "templates")]

myst_enable_extensions = ["amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True

html_theme = "furo"
html_static_path = [str(BOOK / "static"), str(WORK / "static")]
html_css_files = ["book.css"]
html_copy_source = False
html_show_copyright = False
html_math_renderer = "katex_strict"

katex_prerender = True
katex_js_path = str(KATEX / "katex.min.js")
katex_css_path = "katex/katex.min.css"
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/languages.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
