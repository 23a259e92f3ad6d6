"""Which documents are woven, and from which derivations their formulas come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from ..latex import answer
from ..latex.notation import notation_named
from ..latex.weave import SYNTAX
from ..proof.claim import Claim, steps_of
from ..proof.derivation import Derivation
from ..proof.load import load_claims, load_derivations

FOLDER = Path("derivations")


def derivations_at(sources: tuple[Path, ...] = ()) -> dict[str, Derivation]:
    """The derivations of files and folders, by default those of the folder ``derivations``, if there is one."""
    paths = sources or ((FOLDER,) if FOLDER.is_dir() else ())
    return load_derivations(paths)


def claims_at(sources: tuple[Path, ...] = ()) -> tuple[Claim, ...]:
    """The claims of files and folders, by default those of the folder ``derivations``; what they cite must be there."""
    paths = sources or ((FOLDER,) if FOLDER.is_dir() else ())
    claims = load_claims(paths)
    derivations = load_derivations(paths) if claims else {}
    for claim in claims:
        steps_of(claim, derivations)
    return claims


def answering(sources: tuple[Path, ...] = (), notation: str | None = None) -> Callable[[str], str]:
    """What answers queries; derivations are read when the first query asks for one.

    ``notation`` is that of queries which name none themselves.
    """
    derivations = cache(lambda: derivations_at(sources))
    claims = cache(lambda: {claim.id: claim for claim in claims_at(sources)})
    if notation is not None:
        notation_named(notation)

    @cache
    def formula(query: str) -> str:
        words = query.split()
        if notation is not None and words and not words[-1].startswith("notation="):
            query = f"{query} notation={notation}"
        kind = words[:1]
        if kind not in (["derivation"], ["claim"]):
            return answer(query)
        return answer(query, derivations(), claims() if kind == ["claim"] else {})

    return formula


def documents(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, and the Markdown and TeX files of folders, sorted; hidden folders are passed over."""
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise ValueError(f"no such file or folder: {path}")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            if file == path or (file.suffix.lower() in SYNTAX and file.is_file() and not _hidden(file, path)):
                found[file] = None
    return [file for file in found if not file.is_dir()]


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
