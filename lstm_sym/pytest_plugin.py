"""Derivations under pytest: one item per step of every derivation in the folder ``derivations``.

A project that has lstm_sym installed needs no more than the folder; the ini option
``lstm_sym_derivations`` names others, relative to the root or to where pytest is called. Files there that do
not speak of lstm_sym, and test files, are left to pytest. Nothing of SymPy is imported before such a file is met.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .proof.derivation import Derivation
    from .proof.verification import Ledger

OPTION = "lstm_sym_derivations"
LIBRARY = pytest.StashKey["Library"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(OPTION, "folders of derivations, each step of which is a test", type="args", default=["derivations"])


@pytest.hookimpl(hookwrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Iterator[None]:
    """Put our collector in the place of pytest's own, which would import the file again; doctests stay."""
    outcome: Any = yield
    source = _source_of_derivations(file_path, parent.config)
    if source is not None:
        others = [c for c in outcome.get_result() if b">>>" in source and type(c) is not pytest.Module]
        outcome.force_result([DerivationFile.from_parent(parent, path=file_path), *others])


def _source_of_derivations(file: Path, config: pytest.Config) -> bytes | None:
    """The text of a file of derivations, ``None`` for any other file."""
    if file.suffix != ".py" or file.name.startswith("_") or file.name == "conftest.py":
        return None
    if not any(folder in file.parents for folder in _folders(config)):
        return None
    if any(file.match(pattern) for pattern in config.getini("python_files")):
        return None
    try:
        source = file.read_bytes()
    except OSError:
        return b""
    return source if b"lstm_sym" in source else None


def _folders(config: pytest.Config) -> list[Path]:
    bases = dict.fromkeys((config.rootpath, config.invocation_params.dir))
    return [base / folder for base in bases for folder in config.getini(OPTION)]


class Library:
    """The derivations that a session has read, file by file, and the verdicts on their steps."""

    def __init__(self, config: pytest.Config) -> None:
        from .proof.verification import Ledger

        self.config = config
        self.files: dict[Path, list[Derivation]] = {}
        self.ledger = Ledger(self.find)

    def read(self, file: Path) -> list[Derivation]:
        """The derivations of a file, with its path as a reader at the root would name it."""
        from .proof.derivation import DerivationError
        from .proof.load import load_file, named_twice

        if file not in self.files:
            derivations = load_file(Path(os.path.relpath(file)) if Path.cwd() in file.parents else file)
            names = {d.name: d for known in self.files.values() for d in known}
            for twice in (d for d in derivations if d.name in names):
                raise DerivationError(named_twice(names[twice.name], twice))
            self.files[file] = derivations
        return self.files[file]

    def find(self, name: str) -> Derivation:
        """The derivation of that name, from the files read so far, else from the rest of the folders."""
        for known in self._every_file():
            for derivation in known:
                if derivation.name == name:
                    return derivation
        raise LookupError(name)

    def require_lemmas(self, derivation: Derivation) -> None:
        """Refuse a lemma that is nowhere to be found, and lemmas that cite one another in a circle."""
        from .proof.lemmas import cited, lemmas_first

        known, waiting = {derivation.name: derivation}, sorted(cited(derivation))
        while waiting:
            name = waiting.pop()
            with suppress(LookupError):
                if name not in known:
                    known[name] = self.find(name)
                    waiting.extend(cited(known[name]))
        lemmas_first(known)

    def _every_file(self) -> Iterator[list[Derivation]]:
        from .proof.derivation import DerivationError
        from .proof.load import derivation_files

        yield from list(self.files.values())
        for folder in _folders(self.config):
            for file in derivation_files(folder) if folder.is_dir() else ():
                with suppress(DerivationError, ValueError):
                    yield self.read(file) if _source_of_derivations(file, self.config) else []


class DerivationFile(pytest.File):
    """A Python file of derivations."""

    def collect(self) -> Iterator[DerivationItems]:
        from .proof.derivation import DerivationError

        if LIBRARY not in self.config.stash:
            self.config.stash[LIBRARY] = Library(self.config)
        library = self.config.stash[LIBRARY]
        try:
            derivations = library.read(self.path)
            for derivation in derivations:
                library.require_lemmas(derivation)
        except (DerivationError, ValueError) as error:
            raise self.CollectError(str(error)) from error
        for derivation in derivations:
            yield DerivationItems.from_parent(self, name=derivation.name, derivation=derivation, library=library)


class DerivationItems(pytest.Collector):
    """The steps of one derivation."""

    def __init__(self, derivation: Derivation, library: Library, **options: Any) -> None:
        super().__init__(**options)
        self.derivation = derivation
        self.library = library

    def collect(self) -> Iterator[StepItem]:
        for number in range(1, len(self.derivation.steps) + 1):
            yield StepItem.from_parent(
                self, name=str(number), derivation=self.derivation, number=number, ledger=self.library.ledger
            )


class StepItem(pytest.Item):
    """One step: passes if its verdict is the one that the derivation means."""

    def __init__(self, derivation: Derivation, number: int, ledger: Ledger, **options: Any) -> None:
        super().__init__(**options)
        self.derivation = derivation
        self.number = number
        self.ledger = ledger

    def runtest(self) -> None:
        result = self.ledger.result(self.derivation.name, self.number)
        self.user_properties += [("verdict", result.outcome.verdict), ("method", result.outcome.method)]
        if result.outcome.assumes:
            self.user_properties.append(("assumes", "; ".join(result.outcome.assumes)))
        if not result.ok:
            raise StepFailure(result.failure_text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Our own text for a step that fails or cannot be checked; a traceback only for a fault of the machinery."""
        from .proof.derivation import DerivationError

        if isinstance(excinfo.value, StepFailure | DerivationError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        step = self.derivation.steps[self.number - 1]
        return self.path, step.line - 1, f"{self.derivation.name}, step {self.number}: {step.reason}"


class StepFailure(Exception):
    """A step whose verdict is not the one its derivation means; its text is all there is to say."""
