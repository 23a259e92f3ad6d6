"""Running somebody's functions with stand-ins for NumPy, with nothing in their files changed."""

from __future__ import annotations

import builtins
import copy
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from ..arrays.array import Array, Scalar, exact
from ..arrays.integers import discrete
from ..arrays.layout import laid, part, whole_of
from ..exact.numbers import Domain
from ..frames import attribute, foreign
from ..visible import PLAIN, Visible
from .randomness import frozen, is_generator, set_state, state_of, unseeded
from .stand_in import Module, StandIn

NUMPY_TYPES = (np.ndarray, np.float64, np.float32, np.floating, np.inexact, np.number, np.generic)

ONE_AT_A_TIME = threading.RLock()
"""The names of a module are the same for all threads."""


class Rebinding:
    """The functions' modules with stand-ins bound to the names of NumPy, for the length of a ``with`` block."""

    def __init__(self, stand_in: StandIn, functions: tuple[Callable[..., Any], ...]) -> None:
        self.stand_in = stand_in
        self.functions = functions
        self.undo: list[Callable[[], None]] = []
        self.visible = Visible(self._visit, self._opened)
        self.generators: list[tuple[Any, Any]] = []
        self._arrays: dict[int, tuple[Any, Array]] = {}
        """Exact arrays by the identity of the real ones, which stay alive here."""

    def __enter__(self) -> Rebinding:
        try:
            for function in self.functions:
                self.visible.enter(function)
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
        for function in self.visible.functions:
            function.cache_clear()

    @contextmanager
    def frozen(self, stream: int = 0) -> Iterator[None]:
        """The same random numbers in every run of one stream."""
        self.stand_in.unseeded = unseeded(stream)
        with frozen(self.generators, stream):
            yield

    # --- names ----------------------------------------------------------------------------------

    def _opened(self, space: Any, is_module: bool) -> None:
        own = self.stand_in.builtins.items() if is_module else ()
        for name, value in [pair for pair in own if pair[0] not in space]:
            space[name] = value
            self.undo.append(partial(space.pop, name, None))

    def _visit(self, space: Any, key: Any, value: Any) -> bool:
        new = self._replacement(value)
        if new is value:
            return False
        space[key] = new
        self.undo.append(lambda: space.__setitem__(key, value))
        return True

    # --- what stands in ---------------------------------------------------------------------------

    def _in_memory(self, value: Any) -> Array:
        """An exact array for a real one: the same one every time, and a view where it is a view of another."""
        if id(value) not in self._arrays:
            self._arrays[id(value)] = value, self._made(value)
        return self._arrays[id(value)][1]

    def _made(self, value: Any) -> Array:
        whole = whole_of(value)
        if whole is None:
            return exact(value, self.stand_in.domain)
        own = self._in_memory(whole)
        return Array(own.store, part(own.at, whole, value))

    def _replacement(self, value: Any) -> Any:
        """The stand-in for one value of the user's names; the value itself where it stays."""
        stand_in = self.stand_in
        if type(value) in PLAIN or (type(value) is types.FunctionType and foreign(value.__code__.co_filename)):
            return value
        if isinstance(value, Array):
            return value if value.domain is stand_in.domain else _as_constants(value, stand_in.domain)
        if isinstance(value, Module):
            return value
        if isinstance(value, types.ModuleType):
            return self._module(value.__name__) or value
        if isinstance(value, np.ndarray):
            if value.dtype.kind == "f":
                return value if np.isnan(value).any() else self._in_memory(value)
            return discrete(value, stand_in.domain)
        if is_generator(value):
            self.generators.append((value, copy.deepcopy(state_of(value))))
            first = copy.deepcopy(state_of(value))
            self.undo.append(lambda: set_state(value, first))
            return stand_in.drawing(value)
        if isinstance(value, np.vectorize):
            self.visible.enter(value.pyfunc)
            settings = {"otypes": value.otypes, "signature": value.signature, "excluded": value.excluded}
            return stand_in.numpy.vectorize(value.pyfunc, **settings)
        if isinstance(value, type) and value in NUMPY_TYPES:
            return stand_in.numpy.__getattr__(value.__name__)
        origin = attribute(value, "__module__") or ""
        name = attribute(value, "__name__") or ""
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

        def imported(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
            module = plain(name, globals, locals, fromlist, level)
            if level or globals is None or id(globals) not in self.visible.spaces:
                return module
            if name == "math" or name.split(".")[0] in ("numpy", "scipy"):
                return self._module(module.__name__) or module
            return module

        return imported


def _as_constants(value: Array, domain: Domain) -> Any:
    """What code has kept from an earlier run: numbers that do not depend on the inputs of this one."""
    shadow = laid(np.nan_to_num(value.shadow), value.at)
    return exact(shadow, domain)[()] if isinstance(value, Scalar) else exact(shadow, domain)
