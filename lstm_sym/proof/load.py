"""Reading derivations and claims from Python files: every one at module level, alone or in a list or tuple."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from .claim import Claim
from .derivation import Derivation, DerivationError
from .lemmas import lemmas_first, place

Value = TypeVar("Value", Derivation, Claim)
_numbers = itertools.count(1)


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
    for derivation in _values_of(_imported(path), Derivation):
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
        for claim in _values_of(_imported(file), Claim):
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
    """The public values of that kind at module level, alone or in a list or tuple."""
    for name, value in vars(module).items():
        if not name.startswith("_"):
            found = value if isinstance(value, list | tuple) else (value,)
            yield from (element for element in found if isinstance(element, kind))


def _imported(path: Path) -> ModuleType:
    """The module of a file, under a name of its own that leaves ``sys.modules`` as it was."""
    name = f"_derivations_{next(_numbers)}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is not a Python file; a derivation is a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with redirect_stdout(sys.stderr):
            spec.loader.exec_module(module)
    except SyntaxError as error:
        file = error.filename or str(path)
        raise DerivationError(f"{_shown(path, file)}:{error.lineno or 1}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        where = f"{path}:{_line_of(error, path)}" if _line_of(error, path) else str(path)
        raise DerivationError(f"{where}: {_described(error)}") from error
    finally:
        sys.modules.pop(name, None)
    return module


def _line_of(error: BaseException, path: Path) -> int:
    """The last line of the file itself that led to the error; 0 if it was never reached."""
    line, trace, file = 0, error.__traceback__, str(path.resolve())
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _described(error: BaseException) -> str:
    if isinstance(error, DerivationError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return f"{type(error).__name__}: {error}"


def _shown(path: Path, file: str) -> str:
    return str(path) if Path(file) == path.resolve() else file


def named_twice(first: Derivation, second: Derivation) -> str:
    """That two derivations bear one name, and where they stand."""
    return f"{place(second)}: a second derivation named {second.name}; the first is at {place(first)}"
