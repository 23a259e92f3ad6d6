"""A package whose names are imported when they are first asked for, so that ``--help`` answers without SymPy."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any


class LazyPackage(ModuleType):
    """A package that finds each name of ``__homes__`` in the submodule written there."""

    __homes__: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        home = self.__dict__.get("__homes__", {}).get(name)
        if home is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{self.__name__}.{home}"), name)
        self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *self.__homes__})
