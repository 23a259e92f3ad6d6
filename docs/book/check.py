"""``python -m book.check`` opens the built book in Chromium without a network; skipped where there is no Chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys

from .node import CHECKED_WITH, install_packages
from .places import BOOK, HTML, MODULES

BROWSERS = ("chromium-headless-shell", "chromium")
"""The one without a window is smaller, and takes less time."""


def main() -> int:
    """0 if every page is well or there is no browser to tell, 1 for a fault, 2 if the book cannot be checked."""
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        print(f"skipped: no chromium here (Debian: apt install {BROWSERS[0]}); no page was opened", file=sys.stderr)
        return 0
    try:
        install_packages(browser=True)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 2
    return subprocess.call(["node", BOOK / "browser.cjs", MODULES / CHECKED_WITH, chromium, HTML])


if __name__ == "__main__":
    sys.exit(main())
