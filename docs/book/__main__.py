"""``python -m book`` builds the book in both languages."""

from __future__ import annotations

import subprocess
import sys
from shutil import rmtree
from time import perf_counter

from lstm_sym.proof.load import load_claims
from lstm_sym.schedule import executor

from .cell_pages import cell_pages
from .derivation_pages import derivation_pages, read_modules
from .gallery import draw_gallery, pictures_in
from .interface_pages import interface_pages
from .ledger import LEDGER, ledger
from .node import install_packages, static_files
from .places import BOOK, HTML, LANGUAGES, WORK, Language
from .staging import below, joined, mirror
from .verdicts import DERIVATIONS, NotAsMeant, current_verdicts


def main() -> int:
    started = perf_counter()
    try:
        install_packages()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        stage()
    except NotAsMeant as error:
        print(error, file=sys.stderr)
        return 1
    told("pages and pictures made", started)
    processes = [sphinx(language) for language in LANGUAGES]
    if any([process.wait() for process in processes]):
        return 1
    (HTML / "index.html").write_bytes((BOOK / "choose.html").read_bytes())
    told(f"{HTML / 'index.html'} built", started)
    return 0


def stage() -> None:
    """What Sphinx reads: the chapters, the generated pages and the pictures of each language."""
    mirror(WORK / "static", static_files())
    modules, claims, found = read_modules(), load_claims([DERIVATIONS]), current_verdicts()
    derivations = {derivation.name: derivation for module in modules for derivation in module.derivations}
    with executor() as pool:
        draw_gallery(pool)
    for language in LANGUAGES:
        pages = (
            below(language.chapters, "*.md"),
            {LEDGER: ledger(claims, derivations, found, language).encode()},
            derivation_pages(modules, found.steps, found.claims, language),
            cell_pages(derivations.values(), language),
            interface_pages(language),
            pictures_in(language),
        )
        if mirror(language.source, joined(*pages)):
            rmtree(language.html, ignore_errors=True)


def sphinx(language: Language) -> subprocess.Popen[bytes]:
    """Sphinx at work on one language; a warning is an error, and so is a reference that leads nowhere."""
    folders = ["-c", BOOK, "-d", WORK / "doctrees" / language.folder, language.source, language.html]
    options = ["-W", "--keep-going", "-n", "-q", "-D", f"language={language.sphinx}", *map(str, folders)]
    return subprocess.Popen([sys.executable, "-m", "sphinx", "-b", "html", *options])


def told(what: str, started: float) -> None:
    print(f"{perf_counter() - started:5.1f} s  {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
