"""What somebody's functions can see: the names of their modules, closures, classes, instances and containers."""

from __future__ import annotations

import sys
import types
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from .frames import attribute, foreign

CONTAINERS = dict | list | deque

PLAIN = {int, float, complex, bool, str, bytes, type(None)}
"""What nothing can be seen in."""

KEEPING = {"__wrapped__", "cache_clear", "func"}
"""Attributes by which a function leads to another one."""

MANY = 100
"""Entries from which data that no code names is not looked at: whole data sets lie about in modules."""


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
        self._named: set[str] = set()
        self._seen: set[int] = set()
        self._alive: list[Any] = []
        self._waiting: list[Any] = []
        self._walking = False

    def enter(self, value: Any) -> None:
        """Visit what a function, class, instance or module of the user's can see, however deep it lies."""
        self._waiting.append(value)
        if self._walking:
            return
        self._walking = True
        try:
            while self._waiting:
                self._enter(self._waiting.pop())
        finally:
            self._walking = False

    def _enter(self, value: Any) -> None:
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        self._alive.append(value)
        if has(value, "cache_clear"):
            self.functions.append(value)
        if isinstance(value, types.MethodType):
            self.enter(value.__func__)
            self.enter(value.__self__)
        elif isinstance(value, types.FunctionType):
            self._named |= names_of(value.__code__)
            if foreign(value.__code__.co_filename):
                self._space(value.__globals__, is_module=True)
                for cell in value.__closure__ or ():
                    self._space(Cell(cell))
                if value.__defaults__ or value.__kwdefaults__:
                    self._space(Defaults(value))
            if "__wrapped__" in vars(value):
                self.enter(vars(value)["__wrapped__"])
        elif isinstance(value, types.ModuleType):
            made_in_memory = getattr(value, "__spec__", None) is None
            if foreign(getattr(value, "__file__", None) or ("<memory>" if made_in_memory else "<__none")):
                self._space(vars(value), is_module=True)
        elif isinstance(value, type):
            for member in list(vars(value).values()):
                self._look_into(getattr(member, "__func__", member))
        elif is_partial(value):
            self.enter(value.func)
        elif isinstance(value, CONTAINERS):
            self._space(value)
        elif of_the_user(value):
            self.enter(type(value))
            if hasattr(value, "__dict__"):
                self._space(vars(value))
            if slots_of(value):
                self._space(Slots(value))

    def _space(self, space: Any, is_module: bool = False) -> None:
        if id(space) in self.spaces:
            return
        self.spaces[id(space)] = space
        self.opened(space, is_module)
        if is_module:
            self._named |= names_in(space)
        for key, value in list(space.items() if isinstance(space, dict) else enumerate(space)):
            hidden = isinstance(key, str) and key.startswith("__") and key.endswith("__")
            unused = is_module and key not in self._named and is_large(value)
            if not hidden and not unused and not self.visit(space, key, value):
                self._look_into(value)

    def _look_into(self, value: Any) -> None:
        if type(value) in PLAIN:
            return
        if self._sees_its_module_only(value):
            self._named |= names_of(value.__code__)
            return
        home = attribute(value, "__module__") or attribute(value, "__name__") or ""
        if home.split(".")[0] == "lstm_sym":
            return
        kinds = types.FunctionType | types.MethodType | types.ModuleType | type
        if (
            isinstance(value, kinds | CONTAINERS)
            or has(value, "__wrapped__")
            or is_partial(value)
            or of_the_user(value)
        ):
            self.enter(value)

    def _sees_its_module_only(self, value: Any) -> bool:
        """Whether a value is a function that leads nowhere but to a module that is visited already: most are such."""
        if type(value) is not types.FunctionType or id(value.__globals__) not in self.spaces:
            return False
        return not (value.__closure__ or value.__defaults__ or value.__kwdefaults__ or vars(value).keys() & KEEPING)


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


class Defaults(dict[Any, Any]):
    """The default values of a function's parameters, by position and by name."""

    def __init__(self, function: types.FunctionType) -> None:
        self.function = function
        super().__init__(enumerate(function.__defaults__ or ()))
        self.update(function.__kwdefaults__ or {})

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        positional = [self[place] for place in range(len(self.function.__defaults__ or ()))]
        self.function.__defaults__ = tuple(positional) or None
        self.function.__kwdefaults__ = {name: self[name] for name in self.function.__kwdefaults__ or {}} or None


class Slots(dict[str, Any]):
    """What an instance holds in slots."""

    def __init__(self, instance: Any) -> None:
        self.instance = instance
        super().__init__({name: getattr(instance, name) for name in slots_of(instance) if hasattr(instance, name)})

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        setattr(self.instance, key, value)

    def put_back(self, saved: dict[str, Any]) -> None:
        """What the slots held, and nothing in those that were empty."""
        for name in slots_of(self.instance):
            if name in saved:
                setattr(self.instance, name, saved[name])
            elif hasattr(self.instance, name):
                delattr(self.instance, name)


def slots_of(value: Any) -> list[str]:
    """The names of an instance's slots."""
    found: list[str] = []
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        found += [slots] if isinstance(slots, str) else list(slots)
    return [name for name in found if name not in ("__dict__", "__weakref__")]


def names_in(space: dict[str, Any]) -> set[str]:
    """The names that the functions and classes of a module speak of."""
    found: set[str] = set()
    for value in list(space.values()):
        members = list(vars(value).values()) if isinstance(value, type) else [value]
        for member in members:
            function = getattr(member, "__func__", getattr(member, "fget", member))
            while has(function, "__wrapped__"):
                function = function.__wrapped__
            code = getattr(function, "__code__", None)
            if isinstance(code, types.CodeType):
                found |= names_of(code)
    return found


@lru_cache(maxsize=10_000)
def names_of(code: types.CodeType) -> frozenset[str]:
    """The names of globals and attributes in a piece of code and in what is defined inside it."""
    inside = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return frozenset(code.co_names).union(*map(names_of, inside))


def is_large(value: Any) -> bool:
    """Whether a value is data of many entries."""
    if isinstance(value, np.ndarray):
        return value.size > MANY
    return isinstance(value, dict | list) and len(value) > MANY


def is_partial(value: Any) -> bool:
    """Whether a value is a function with some of its arguments given."""
    return has(value, "func") and has(value, "args")


def has(value: Any, name: str) -> bool:
    """Whether an object has an attribute of its own; one that makes up attributes as they are asked for has not."""
    return hasattr(type(value), name) or name in getattr(value, "__dict__", ())


def of_the_user(value: Any) -> bool:
    """Whether a value is an instance of a class that the user has written."""
    module = sys.modules.get(type(value).__module__)
    file = getattr(module, "__file__", None)
    return file is not None and (hasattr(value, "__dict__") or bool(slots_of(value))) and foreign(file)
