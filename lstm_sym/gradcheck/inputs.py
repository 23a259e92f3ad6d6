"""What is given as inputs: which of it has a gradient, and what cannot be checked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from .arrays.layout import PLAIN
from .frames import shown
from .signatures import Misuse, by_parameter
from .trees import leaves, mapped, named
from .visible import slots_of


def moves(value: Any) -> bool:
    """Whether an input is of floating-point numbers, so that it has a gradient."""
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind == "f"
    return isinstance(value, float)


def kind_of(value: Any) -> str:
    """What an input is, in the words of Python and NumPy."""
    kind = f"{value.dtype} array" if isinstance(value, np.ndarray) else type(value).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def named_inputs(forward: Callable[..., Any], inputs: Any, fixed: Collection[str] = ()) -> dict[str, Any]:
    """Inputs by the names of forward's parameters, in containers of their own.

    A container that the code sees by itself, too, would be filled with exact numbers there.
    """
    by_name = by_parameter(forward, inputs)
    try:
        for name, tree in by_name.items():
            for path, value in leaves(tree):
                _require_plain(named(name, path), value)
                if not fixed or not {name, named(name, path)} & {*fixed}:
                    _require_seen_through(named(name, path), value)
        return {name: mapped(lambda _, value: value, tree) for name, tree in by_name.items()}
    except RecursionError:
        raise Misuse("a container among the inputs holds itself, or is nested too deeply") from None


def _require_plain(name: str, value: Any) -> None:
    """Arrays of a class of its own may have arithmetic of their own, as matrices and masked arrays have."""
    if isinstance(value, np.ndarray) and type(value) not in PLAIN:
        raise Misuse(
            f"{name} is a {type(value).__name__}, whose own arithmetic exact numbers do not follow; "
            f"pass np.asarray({name}) where the functions take plain arrays"
        )


def _require_seen_through(name: str, value: Any) -> None:
    """Arrays inside an object of the user's, and those of other libraries, would be passed on unchecked."""
    if moves(value) and np.isnan(value).any():
        raise Misuse(f"{name} is not a number, or has an entry that is none (nan)")
    if hasattr(value, "__array__") and not isinstance(value, np.ndarray | np.generic):
        raise Misuse(f"{name} is a {type(value).__name__} and would not be checked; pass np.asarray({name})")
    inside = [key for key, field in numbers_inside(value) if not isinstance(field, float)]
    if inside:
        raise Misuse(
            f"{name} is a {type(value).__name__}, whose {', '.join(inside)} would not be checked; "
            "pass such arrays in a dictionary, a tuple, a named tuple or a dataclass"
        )


def numbers_inside(value: Any) -> list[tuple[str, Any]]:
    """The floating-point numbers, and arrays of such, among the attributes of an object of the user's."""
    slots = {key: getattr(value, key, None) for key in slots_of(value)}
    own = {} if moves(value) else slots | getattr(value, "__dict__", {})
    return [(key, field) for key, field in own.items() if moves(field)]


def require_functions(*functions: Any) -> None:
    """Misuse where something cannot be called."""
    for function in functions:
        if not callable(function):
            raise Misuse(f"a function is needed, not {shown(function)}")
