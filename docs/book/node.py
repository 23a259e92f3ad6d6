"""What the book takes from npm: KaTeX to set formulas, and for its check a driver of the browser."""

from __future__ import annotations

import shutil
import subprocess

from .places import BOOK, KATEX, MODULES, WORK
from .staging import Files, below

PACKAGES = ("package.json", "package-lock.json")
CHECKED_WITH = "playwright-core"
MISSING = "the book needs node and npm to set its formulas (Debian: apt install nodejs npm)"


def install_packages(*, browser: bool = False) -> None:
    """Install what the lock file says, unless it is there; without node and npm a ``RuntimeError`` says so."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise RuntimeError(MISSING)
    wanted = {name: (BOOK / name).read_bytes() for name in PACKAGES}
    present = all((WORK / name).exists() and (WORK / name).read_bytes() == wanted[name] for name in PACKAGES)
    if present and KATEX.is_dir() and (not browser or (MODULES / CHECKED_WITH).is_dir()):
        return
    WORK.mkdir(parents=True, exist_ok=True)
    for name, content in wanted.items():
        (WORK / name).write_bytes(content)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", *([] if browser else ["--omit=dev"])]
    if subprocess.run(command, cwd=WORK, stdout=subprocess.DEVNULL).returncode:
        raise RuntimeError("npm cannot install KaTeX; what it says stands above")


def static_files() -> Files:
    """The style sheet and fonts of KaTeX, of the version that sets the formulas, and the font of the text."""
    font = MODULES / "@fontsource-variable" / "source-serif-4"
    return {
        f"{folder}/{name}": content
        for folder, home, pattern in (
            ("katex", KATEX, "katex.min.css"),
            ("katex", KATEX, "*.woff2"),
            ("text", font, "wght*.css"),
            ("text", font, "*-wght-*.woff2"),
        )
        for name, content in below(home, pattern).items()
    }
