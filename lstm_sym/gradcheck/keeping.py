"""Leaving what somebody's functions see as it was before they were run."""

from __future__ import annotations

import copy
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays.layout import part, whole_of
from .stand_ins.randomness import is_generator, set_state, state_of
from .visible import Cell, Slots, Visible


class Kept:
    """Everything that functions see by name is afterwards as it was; the arrays that they write into are copies."""

    def __init__(self, *functions: Callable[..., Any] | None) -> None:
        self.functions = [function for function in functions if function is not None]
        self.visible = Visible(self._visit, self._opened)
        self.generators: list[tuple[Any, Any]] = []
        self.undo: list[Callable[[], None]] = []
        self.copies: dict[int, tuple[Any, Any]] = {}

    def __enter__(self) -> Kept:
        for function in self.functions:
            self.visible.enter(function)
        return self

    def __exit__(self, *exc: object) -> None:
        for step in reversed(self.undo):
            step()
        for function in self.visible.functions:
            function.cache_clear()

    def _opened(self, space: Any, is_module: bool) -> None:
        saved = dict(space) if isinstance(space, dict) else list(space)
        self.undo.append(lambda: _restore(space, saved))

    def _visit(self, space: Any, key: Any, value: Any) -> bool:
        if isinstance(value, np.ndarray):
            space[key] = self._copy(value)
        elif is_generator(value):
            state = copy.deepcopy(state_of(value))
            self.generators.append((value, state))
            self.undo.append(lambda: set_state(value, state))
        else:
            return False
        return True

    def _copy(self, value: Any) -> Any:
        """A copy that lies in memory as the array does, and is a view of the copy of what that is a view of."""
        if id(value) not in self.copies:
            whole = whole_of(value)
            made = value.copy(order="K") if whole is None else part(self._copy(whole), whole, value)
            self.copies[id(value)] = value, made
        return self.copies[id(value)][1]


def _restore(space: Any, saved: Any) -> None:
    """Put back what a space held; a module that has been imported meanwhile stays."""
    if isinstance(space, Slots):
        space.put_back(saved)
        return
    if not isinstance(space, dict):
        space.clear()
        space.extend(saved)
        return
    for key in [key for key, value in space.items() if key not in saved and not isinstance(value, types.ModuleType)]:
        del space[key]
    for key, value in saved.items():
        if isinstance(space, Cell) or key not in space or space[key] is not value:
            space[key] = value
