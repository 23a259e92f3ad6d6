"""Sphinx's settings for the book, the same for both languages."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import lstm_sym
from book.places import BOOK, WORK

project = "lstm-sym"
author = "the lstm-sym authors"
version = release = lstm_sym.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "book.annotations",
    "book.formulas",
    "book.figures",
    "book.languages",
    "book.sidebar",
    "book.chinese_search",
]
nitpicky = True
exclude_patterns = ["_*.md"]
nitpick_ignore_regex = [("py:.*", r"(?!lstm_sym\.).*")]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_inherit_docstrings = False
templates_path = [str(BOOK / "templates")]

myst_enable_extensions = ["amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True

html_theme = "furo"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#08306b", "color-brand-content": "#0b5394"},
    "dark_css_variables": {"color-brand-primary": "#9cc7f5", "color-brand-content": "#7fb4ee"},
}
html_static_path = [str(BOOK / "static"), str(WORK / "static")]
html_css_files = ["text/wght.css", "text/wght-italic.css", "book.css"]
html_copy_source = False
html_show_copyright = False
html_math_renderer = "katex"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 160
