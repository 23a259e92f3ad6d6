"""What somebody's functions can see: the names of their modules, closures, classes, instances and containers."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

from .frames import foreign


class Visible:
    """A walk through everything that functions of the user's see by name.

    ``visit(space, key, value)`` is called for every name in a space, which is a dictionary, a list or a closure's cell;
    where it is true, the walk does not look into the value. ``opened(space, is_module)`` is called for every space
    before.
    """

    def __init__(self, visit: Callable[[Any, Any, Any], bool], opened: Callable[[Any, bool], None]) -> None:
        self.visit = visit
        self.opened = opened
        self.spaces: dict[int, Any] = {}
        self.functions: list[Any] = []
        """Functions that keep what they have returned."""
        self._seen: set[int] = set()
        self._alive: list[Any] = []

    def enter(self, value: Any) -> None:
        """Visit what a function, class, instance or module of the user's can see."""
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        self._alive.append(value)
        if hasattr(value, "cache_clear"):
            self.functions.append(value)
        if isinstance(value, types.MethodType):
            self.enter(value.__func__)
            self.enter(value.__self__)
        elif isinstance(value, types.FunctionType):
            if foreign(value.__code__.co_filename):
                self._space(value.__globals__, is_module=True)
                for cell in value.__closure__ or ():
                    self._space(Cell(cell))
                for default in (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()):
                    self._look_into(default)
            if hasattr(value, "__wrapped__"):
                self.enter(value.__wrapped__)
        elif isinstance(value, types.ModuleType):
            made_in_memory = getattr(value, "__spec__", None) is None
            if foreign(getattr(value, "__file__", None) or ("<memory>" if made_in_memory else "<__none")):
                self._space(vars(value), is_module=True)
        elif isinstance(value, type):
            for member in list(vars(value).values()):
                self._look_into(getattr(member, "__func__", member))
        elif is_partial(value):
            self.enter(value.func)
        elif isinstance(value, dict | list):
            self._space(value)
        elif of_the_user(value):
            self.enter(type(value))
            if hasattr(value, "__dict__"):
                self._space(vars(value))

    def _space(self, space: Any, is_module: bool = False) -> None:
        if id(space) in self.spaces:
            return
        self.spaces[id(space)] = space
        self.opened(space, is_module)
        for key, value in list(enumerate(space) if isinstance(space, list) else space.items()):
            hidden = isinstance(key, str) and key.startswith("__") and key.endswith("__")
            if not hidden and not self.visit(space, key, value):
                self._look_into(value)

    def _look_into(self, value: Any) -> None:
        home = getattr(value, "__module__", None) or getattr(value, "__name__", None) or ""
        if home.split(".")[0] == "lstm_sym":
            return
        kinds = types.FunctionType | types.MethodType | types.ModuleType | type | dict | list
        if isinstance(value, kinds) or hasattr(value, "__wrapped__") or is_partial(value) or of_the_user(value):
            self.enter(value)


class Cell(dict[str, Any]):
    """What a closure's cell holds, under the key ``""``; nothing where it is empty."""

    def __init__(self, cell: types.CellType) -> None:
        self.cell = cell
        try:
            super().__init__({"": cell.cell_contents})
        except ValueError:
            super().__init__()

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self.cell.cell_contents = value


def is_partial(value: Any) -> bool:
    """Whether a value is a function with some of its arguments given."""
    return hasattr(value, "func") and hasattr(value, "args")


def of_the_user(value: Any) -> bool:
    """Whether a value is an instance of a class that the user has written."""
    module = sys.modules.get(type(value).__module__)
    file = getattr(module, "__file__", None)
    return file is not None and hasattr(value, "__dict__") and foreign(file)
