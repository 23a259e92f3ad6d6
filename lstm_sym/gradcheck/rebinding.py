"""Running somebody's functions with stand-ins for NumPy, with nothing in their files changed."""

from __future__ import annotations

import builtins
import copy
import random
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from .array import Array, exact
from .frames import foreign
from .integers import discrete
from .stand_in import Module, StandIn

SEED = 20010814


class Rebinding:
    """The functions' modules with stand-ins bound to the names of NumPy, for the length of a ``with`` block."""

    def __init__(self, stand_in: StandIn, functions: tuple[Callable[..., Any], ...]) -> None:
        self.stand_in = stand_in
        self.functions = functions
        self.undo: list[Callable[[], None]] = []
        self.spaces: dict[int, dict[str, Any]] = {}
        self.generators: list[tuple[Any, Any]] = []
        self._seen: set[int] = set()
        self._alive: list[Any] = []

    def __enter__(self) -> Rebinding:
        try:
            for function in self.functions:
                self._enter(function)
            plain = builtins.__import__
            self.undo.append(lambda: setattr(builtins, "__import__", plain))
            builtins.__import__ = self._importing(plain)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        for step in reversed(self.undo):
            step()
        self.undo.clear()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The same random numbers in every run."""
        states = np.random.get_state(), random.getstate()
        np.random.seed(SEED)
        random.seed(SEED)
        for generator, state in self.generators:
            _set_state(generator, copy.deepcopy(state))
        try:
            yield
        finally:
            np.random.set_state(states[0])
            random.setstate(states[1])

    # --- finding the names ----------------------------------------------------------------------

    def _enter(self, value: Any) -> None:
        """Rebind what a function, class, instance or module of the user's can see."""
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        self._alive.append(value)
        if isinstance(value, types.MethodType):
            self._enter(value.__func__)
            self._enter(value.__self__)
        elif isinstance(value, types.FunctionType):
            if foreign(value.__code__.co_filename):
                self._space(value.__globals__)
                self._cells(value)
            if hasattr(value, "__wrapped__"):
                self._enter(value.__wrapped__)
        elif isinstance(value, types.ModuleType):
            made_in_memory = getattr(value, "__spec__", None) is None
            if foreign(getattr(value, "__file__", None) or ("<memory>" if made_in_memory else "<__none")):
                self._space(vars(value))
        elif isinstance(value, type):
            for member in list(vars(value).values()):
                self._look_into(getattr(member, "__func__", member))
        elif _partial(value):
            self._enter(value.func)
        elif isinstance(value, dict | list):
            self._container(value)
        elif _of_the_user(value):
            self._enter(type(value))
            if hasattr(value, "__dict__"):
                self._space(vars(value), globals_too=False)

    def _space(self, space: dict[str, Any], globals_too: bool = True) -> None:
        if id(space) in self.spaces:
            return
        self.spaces[id(space)] = space
        for name, value in list(space.items()):
            if name.startswith("__") and name.endswith("__"):
                continue
            new = self._replacement(value)
            if new is not value:
                self._set(space, name, new)
            else:
                self._look_into(value)
        own = self.stand_in.builtins.items() if globals_too else ()
        for name, value in [pair for pair in own if pair[0] not in space]:
            space[name] = value
            self.undo.append(partial(space.pop, name, None))

    def _set(self, space: Any, name: Any, new: Any) -> None:
        old = space[name]
        space[name] = new
        self.undo.append(lambda: space.__setitem__(name, old))

    def _cells(self, function: types.FunctionType) -> None:
        for cell in function.__closure__ or ():
            try:
                value = cell.cell_contents
            except ValueError:
                continue
            new = self._replacement(value)
            if new is not value:
                cell.cell_contents = new
                self.undo.append(partial(setattr, cell, "cell_contents", value))
            else:
                self._look_into(value)

    def _container(self, value: Any) -> None:
        for key, item in list(value.items() if isinstance(value, dict) else enumerate(value)):
            new = self._replacement(item)
            if new is not item:
                self._set(value, key, new)
            else:
                self._look_into(item)

    def _look_into(self, value: Any) -> None:
        if (getattr(value, "__module__", None) or getattr(value, "__name__", None) or "").startswith("lstm_sym"):
            return
        kinds = types.FunctionType | types.MethodType | types.ModuleType | type | dict | list
        if isinstance(value, kinds) or hasattr(value, "__wrapped__") or _partial(value) or _of_the_user(value):
            self._enter(value)

    # --- what stands in ---------------------------------------------------------------------------

    def _replacement(self, value: Any) -> Any:
        """The stand-in for one value of the user's names; the value itself where it stays."""
        stand_in = self.stand_in
        if isinstance(value, Array | Module):
            return value
        if isinstance(value, types.ModuleType):
            return self._module(value.__name__) or value
        if isinstance(value, np.ndarray):
            if value.dtype.kind == "f":
                return exact(value, stand_in.domain)
            return discrete(value, stand_in.domain)
        if isinstance(value, np.random.Generator | np.random.RandomState):
            self.generators.append((value, copy.deepcopy(_state(value))))
            first = copy.deepcopy(_state(value))
            self.undo.append(lambda: _set_state(value, first))
            return value
        if value is np.ndarray or value in (np.float64, np.float32) if isinstance(value, type) else False:
            return stand_in.numpy.__getattr__(value.__name__)
        origin = getattr(value, "__module__", None) or ""
        name = getattr(value, "__name__", "")
        if isinstance(value, np.ufunc):
            return stand_in.replaced(value)
        if origin == "math" and isinstance(value, types.BuiltinFunctionType):
            return stand_in.math.__getattr__(name)
        if callable(value) and not isinstance(value, type):
            if origin.startswith("numpy.random") or type(getattr(value, "__self__", None)) is np.random.RandomState:
                return stand_in.random.__getattr__(name) if hasattr(np.random, name) else value
            if origin.split(".")[0] == "numpy" or origin.startswith("scipy.special"):
                return getattr(stand_in.numpy, name) if hasattr(np, name) else stand_in.replaced(value)
        return value

    def _module(self, name: str) -> Any:
        stand_in = self.stand_in
        if name == "math":
            return stand_in.math
        if name.split(".")[0] == "numpy":
            found: Any = stand_in.numpy
            for part in name.split(".")[1:]:
                found = getattr(found, part)
            return found
        if name in ("scipy", "scipy.special"):
            special = (
                Module(sys.modules["scipy.special"], {}, stand_in.replaced) if "scipy.special" in sys.modules else None
            )
            if name == "scipy.special":
                return special
            return Module(sys.modules["scipy"], {"special": special} if special else {}, lambda value: value)
        return None

    def _importing(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        """``__import__`` for an import inside one of the functions."""

        def imported(name: str, space: Any = None, local: Any = None, names: Any = (), level: int = 0) -> Any:
            module = plain(name, space, local, names, level)
            if level or space is None or id(space) not in self.spaces:
                return module
            if name == "math" or name.split(".")[0] in ("numpy", "scipy"):
                return self._module(module.__name__) or module
            return module

        return imported


def _partial(value: Any) -> bool:
    return hasattr(value, "func") and hasattr(value, "args")


def _of_the_user(value: Any) -> bool:
    """Whether a value is an instance of a class that the user has written."""
    module = sys.modules.get(type(value).__module__)
    file = getattr(module, "__file__", None)
    return file is not None and hasattr(value, "__dict__") and foreign(file)


def _state(generator: Any) -> Any:
    return generator.bit_generator.state if hasattr(generator, "bit_generator") else generator.get_state()


def _set_state(generator: Any, state: Any) -> None:
    if hasattr(generator, "bit_generator"):
        generator.bit_generator.state = state
    else:
        generator.set_state(state)
