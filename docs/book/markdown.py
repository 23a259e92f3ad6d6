r"""Pieces of MyST Markdown: plain text made safe, formulas, tables, marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MEANT = re.compile(r"([\\`*_{}\[\]<>$|#~^&!])")


def plain(text: str) -> str:
    r"""Text whose signs mean themselves, on one line.

    >>> print(plain("a_f reads h'\nand 1 < 2"))
    a\_f reads h' and 1 \< 2
    """
    return MEANT.sub(r"\\\1", " ".join(text.split()))


def formula(latex: str) -> str:
    """A displayed formula."""
    return f"$$\n{latex}\n$$\n"


def mark(text: str, kind: str) -> str:
    """A word with a class of the style sheet."""
    return f"[{text}]{{.mark .{kind}}}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what stands in it is Markdown without line breaks."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def block(kind: str, argument: str, content: str, *, fence: str = ":::", **options: str) -> str:
    """A directive with its options and content."""
    told = "".join(f":{name.replace('_', '-')}: {value}\n" for name, value in options.items())
    body = f"\n{content.strip()}\n" if content.strip() else ""
    return f"{fence}{{{kind}}} {argument}\n{told}{body}{fence}\n"


def folded(summary: str, content: str) -> str:
    """Content that opens with a click."""
    return f"<details><summary>{summary}</summary>\n\n{content.strip()}\n\n</details>\n"


def code(text: str, *, first_line: int = 1) -> str:
    """Python with its line numbers."""
    return block("code-block", "python", text.rstrip(), fence="`````", lineno_start=str(first_line))


def toctree(pages: Iterable[str], *, hidden: bool = False) -> str:
    """The pages below this one."""
    options = ":hidden:\n" if hidden else ":maxdepth: 1\n"
    return "```{toctree}\n" + options + "\n" + "\n".join(pages) + "\n```\n"
