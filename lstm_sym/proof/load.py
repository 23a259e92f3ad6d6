"""Reading derivations and claims from Python files: those at module level, alone or in a list, tuple or dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from ..source_file import imported
from .claim import Claim
from .derivation import Derivation, DerivationError
from .lemmas import lemmas_first, place

Value = TypeVar("Value", Derivation, Claim)


def load_derivations(paths: Sequence[Path]) -> dict[str, Derivation]:
    """The derivations of files and folders, by name.

    A name of a file or variable that begins with an underscore is private and passed over. A path that
    is missing or holds no derivation is a ``ValueError``; a file that cannot be read or imported, a name
    given twice and a lemma that does not exist are a ``DerivationError`` that begins with ``file:line``.
    """
    found: dict[str, Derivation] = {}
    read: dict[Path, list[Derivation]] = {}
    for path in paths:
        files = {file.resolve(): file for file in derivation_files(path)}
        new = {home: load_file(file) for home, file in files.items() if home not in read}
        read |= new
        if not any(read[home] for home in files):
            raise ValueError(f"{path} holds no derivation: no module-level value made by Derivation(...)")
        for derivation in (derivation for derivations in new.values() for derivation in derivations):
            if derivation.name in found:
                raise DerivationError(named_twice(found[derivation.name], derivation))
            found[derivation.name] = derivation
    lemmas_first(found)
    return found


def derivation_files(path: Path) -> list[Path]:
    """The file itself, or the Python files of a folder and the folders in it, sorted."""
    if not path.exists():
        raise ValueError(f"no such file or folder: {path}")
    if not path.is_dir():
        if path.suffix != ".py":
            raise ValueError(f"{path} is not a Python file; a derivation is a Python module")
        return [path]
    return [file for file in sorted(path.rglob("*.py")) if _is_public(file.relative_to(path)) and file.is_file()]


def load_file(path: Path) -> list[Derivation]:
    """The derivations of one file, in the order of their definition."""
    found: dict[str, Derivation] = {}
    for derivation in _values_of(imported(path, DerivationError), Derivation):
        if not derivation.steps:
            raise DerivationError(f"{path}: derivation {derivation.name} has no step")
        first = found.setdefault(derivation.name, derivation)
        if first is not derivation:
            raise DerivationError(named_twice(first, derivation))
    return [_at_home(derivation, path) for derivation in found.values()]


def load_claims(paths: Sequence[Path]) -> tuple[Claim, ...]:
    """The claims of files and folders, ordered by id; an id given twice is a ``DerivationError``."""
    found: dict[str, Claim] = {}
    for file in dict.fromkeys(file.resolve() for path in paths for file in derivation_files(path)):
        for claim in _values_of(imported(file, DerivationError), Claim):
            if found.setdefault(claim.id, claim) is not claim:
                raise DerivationError(f"{file}: a second claim {claim.id}")
    return tuple(found[name] for name in sorted(found))


def _at_home(derivation: Derivation, path: Path) -> Derivation:
    """The derivation, with the file of its steps named as the reader named it."""
    home = str(path.resolve())
    steps = (replace(step, file=str(path)) if step.file == home else step for step in derivation.steps)
    return replace(derivation, steps=tuple(steps))


def _is_public(path: Path) -> bool:
    return path.name != "conftest.py" and not any(part.startswith(("_", ".")) for part in path.parts)


def _values_of(module: ModuleType, kind: type[Value]) -> Iterator[Value]:
    """The public values of that kind at module level, alone or in a list, tuple or dictionary."""
    for name, value in vars(module).items():
        if not name.startswith("_"):
            several = value.values() if isinstance(value, dict) else value
            found = several if isinstance(value, dict | list | tuple) else (value,)
            yield from (element for element in found if isinstance(element, kind))


def named_twice(first: Derivation, second: Derivation) -> str:
    """That two derivations bear one name, and where they stand."""
    return f"{place(second)}: a second derivation named {second.name}; the first is at {place(first)}"
