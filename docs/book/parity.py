"""Whether the two languages of a chapter are the same book: headings by level, formulas, pictures, claims, code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .places import LANGUAGES

PARTS = {
    "sections": re.compile(r"^(#+) ", re.MULTILINE),
    "formula blocks": re.compile(r"^<!-- lstm-sym: (.*?) -->", re.MULTILINE),
    "pictures": re.compile(r"^```\{picture\} (\S+)", re.MULTILINE),
    "claims": re.compile(r"\b(N\d\d[ab]?)\b"),
}
FENCED = re.compile(r"^(`{3,})(.*?)\n(?:.*?\n)??\1`*$", re.MULTILINE | re.DOTALL)


def _without_code(text: str) -> str:
    """The chapter without the code that it shows, in which a # begins a comment."""
    return FENCED.sub(lambda found: found[0] if found[2].startswith("{picture}") else "", text)


def parts_of(text: str) -> dict[str, list[str]]:
    """What a chapter holds, in the order in which it comes; of claims, which are named at all."""
    told = _without_code(text)
    found = {name: pattern.findall(told) for name, pattern in PARTS.items()}
    return found | {"claims": sorted(set(found["claims"]))}


def differences(english: str, chinese: str) -> Iterator[str]:
    """What one language of a chapter has and the other has not, or has elsewhere."""
    there = parts_of(chinese)
    for name, here in parts_of(english).items():
        if here != there[name]:
            k = next((k for k, pair in enumerate(zip(here, there[name])) if pair[0] != pair[1]), None)
            k = min(len(here), len(there[name])) if k is None else k
            one, other = ((found[k : k + 1] or ["nothing"])[0] for found in (here, there[name]))
            yield f"{name} differ: {len(here)} and {len(there[name])}, number {k + 1} is {one} and {other}"


def disparities(folders: tuple[Path, Path] = (LANGUAGES[0].chapters, LANGUAGES[1].chapters)) -> list[str]:
    """Every difference between the chapters of two folders, each in a line that names the chapter."""
    names = [{path.name for path in folder.glob("*.md")} for folder in folders]
    found = [f"{name}: only in one language" for name in sorted(names[0] ^ names[1])]
    for name in sorted(names[0] & names[1]):
        found += [f"{name}: {d}" for d in differences(*((f / name).read_text(encoding="utf-8") for f in folders))]
    return found
