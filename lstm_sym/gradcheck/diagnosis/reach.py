"""Which functions of the user's another one calls, as far as its names tell."""

from __future__ import annotations

import sys
import types
from typing import Any

from ..frames import foreign


def reached(function: Any) -> list[types.FunctionType]:
    """The function itself and those of the user's that it calls, directly or through others, in that order."""
    found: dict[int, types.FunctionType] = {}
    waiting = [function]
    while waiting:
        value = waiting.pop(0)
        owner = getattr(value, "__self__", None)
        own = getattr(value, "__func__", value)
        if not isinstance(own, types.FunctionType) or id(own) in found or not foreign(own.__code__.co_filename):
            continue
        found[id(own)] = own
        names = _names(own.__code__)
        values = [_bound(owner, name, own) for name in names]
        waiting += values
        classes = [vars(value) for value in values if _of_the_user(value)]
        waiting += [value for members in classes for name, value in members.items() if name in names or _special(name)]
        waiting += [cell.cell_contents for cell in own.__closure__ or () if _filled(cell)]
    return list(found.values())


def reached_with_methods(function: Any) -> list[types.FunctionType]:
    """The same, and the methods that any of them may call on objects, with what those call."""
    found: dict[int, types.FunctionType] = {}
    waiting = [function]
    while waiting:
        for own in reached(waiting.pop(0)):
            if id(own) not in found:
                found[id(own)] = own
                waiting += methods_named(own)
    return list(found.values())


def methods_named(function: Any) -> list[types.FunctionType]:
    """The methods of the user's classes that a function may call on an object that it is given."""
    names = getattr(getattr(function, "__code__", None), "co_names", ())
    classes = [value for value in getattr(function, "__globals__", {}).values() if isinstance(value, type)]
    found = [vars(one).get(name) for one in classes for name in names]
    return [own for own in found if isinstance(own, types.FunctionType) and foreign(own.__code__.co_filename)]


def _names(code: types.CodeType) -> list[str]:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return list(dict.fromkeys([*code.co_names, *(name for c in inner for name in _names(c))]))


def _bound(owner: Any, name: str, function: types.FunctionType) -> Any:
    """What a name in the code of a function means: a global, or an attribute of the instance it belongs to."""
    if name in function.__globals__:
        return function.__globals__[name]
    return getattr(owner, name, None) if owner is not None and hasattr(type(owner), name) else None


def _special(name: str) -> bool:
    """Whether a method is called without its name, as operators call it."""
    return name.startswith("__") and name.endswith("__")


def _filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _of_the_user(value: Any) -> bool:
    """A class in the user's file: its methods are called by their names on what is made of it."""
    return isinstance(value, type) and foreign(getattr(sys.modules.get(value.__module__), "__file__", None) or "<none>")
