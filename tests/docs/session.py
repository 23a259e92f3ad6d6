"""Sessions that a chapter shows: its files are written into an empty folder, its commands run and compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w/]+\.\w+)`[:\uff1a]$")
"""A file that a sentence before a block names last; a file that is named again is added to."""
SECONDS = re.compile(r"\b\d+\.\d+ ?s\b")
NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]\d+)?")


def blocks(page: str) -> list[re.Match[str]]:
    return list(BLOCK.finditer(page))


def files(page: str) -> list[str]:
    """The files that a page writes, in order."""
    return [found[1] for block in blocks(page) if (found := FILE.search(block["before"]))]


def shown(body: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output that follows it."""
    command, *others = re.split(r"^\$ ", body, flags=re.MULTILINE)
    assert command == ""
    return [(line, output) for line, _, output in (other.partition("\n") for other in others)]


def run(page: str, folder: Path) -> int:
    """How many commands of a page have printed there what it shows; one that has not is an ``AssertionError``."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment |= {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
    }
    commands = 0
    for block in blocks(page):
        name = FILE.search(block["before"])
        if name:
            path = folder / name[1]
            path.parent.mkdir(exist_ok=True)
            before = f"{path.read_text(encoding='utf-8')}\n" if path.exists() else ""
            path.write_text(before + block["body"], encoding="utf-8")
        if block["kind"] != "console":
            continue
        for command, wanted in shown(block["body"]):
            ran = subprocess.run(
                command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8"
            )
            assert_alike(ran.stdout, wanted, f"$ {command}\n{ran.stderr}")
            commands += 1
    return commands


def assert_alike(got: str, wanted: str, where: str) -> None:
    """The same text, but for seconds, and for the last digits of numbers that floating point makes."""
    got, wanted = (SECONDS.sub("… s", text) for text in (got, wanted))
    assert NUMBER.sub("#", got) == NUMBER.sub("#", wanted), where
    pairs = zip(NUMBER.findall(got), NUMBER.findall(wanted), strict=True)
    for left, right in pairs:
        assert float(left) == pytest.approx(float(right), rel=1e-4, abs=2e-6), where
