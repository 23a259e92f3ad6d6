"""What stands in for NumPy, math and scipy.special in the code under test.

It makes exact arrays where NumPy would make arrays of floating-point numbers, and hands everything that has no exact
number in it to NumPy itself.
"""

from __future__ import annotations

import builtins
import math
import random
import types
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..arrays.array import (
    Array,
    Scalar,
    array_of,
    chosen_by,
    exact,
    numbers_of,
    placed,
    plain_index,
    result_of,
    stacked,
)
from ..arrays.functions import MOVES, VIEWS, call_function, filled, in_order, shadows
from ..arrays.functions import copy as copied
from ..arrays.integers import Discrete, DiscreteScalar, dependent, discrete, plain
from ..arrays.reductions import REDUCTIONS
from ..arrays.ufuncs import call_ufunc
from ..exact.modular import Cramped
from ..exact.numbers import Domain
from ..frames import Unsupported
from .builtins import builtins_of
from .classes import ABSTRACT, FLOATS, ArrayType, FloatType, plain_type
from .generators import Drawing, kind
from .iteration import tables
from .mathematics import EXACT, exact_inside, math_table

MADE = {"zeros": 0.0, "ones": 1.0, "empty": None}
"""What a new array is full of; ``None`` for what NumPy happens to find in memory."""

GRIDS = ("arange", "linspace")
"""They make constants of constants."""

OF_SHAPES = ("shape", "ndim", "size", "zeros_like", "ones_like", "empty_like", "result_type", "isscalar")
"""What asks nothing of the entries."""

SELECTING = ("nonzero", "flatnonzero", "argwhere", "unique", "compress", "extract")
"""What gives as many entries as the entries say."""


AVERAGES = ("average", "median", "quantile", "percentile")
"""What makes floating-point numbers of integers and truth values."""

COUNTING = ("sum", "count_nonzero", "cumsum", "trace", "dot", "inner", "vdot", "tensordot", "einsum", "bincount")
"""What makes one integer of many."""

FOLLOWED = {
    *OF_SHAPES, *SELECTING, *GRIDS, *COUNTING, *VIEWS, *MOVES, *REDUCTIONS, *MADE,
    "full", "full_like", "array", "asarray", "copy", "diag", "eye", "outer", "kron", "sort",
    "unravel_index", "ravel_multi_index", "ix_",
}  # fmt: skip
"""Functions of which nothing is decided by truth values, or by integers, that is not noted elsewhere."""


def as_float(x: Any) -> Any:
    """An exact number that is a constant as Python's own, for what makes numbers of its own."""
    return builtins.float(x) if isinstance(x, Scalar) else plain(x)


class Module(types.ModuleType):
    """A module whose attributes are looked up in a table first, then in the module that it stands in for."""

    def __init__(self, original: types.ModuleType, table: dict[str, Any], other: Callable[[Any], Any]) -> None:
        super().__init__(original.__name__)
        self.__dict__.update(_original=original, _table=table, _other=other)

    def __getattr__(self, name: str) -> Any:
        table = self.__dict__["_table"]
        if name not in table:
            table[name] = self.__dict__["_other"](getattr(self.__dict__["_original"], name))
        return table[name]


class StandIn:
    """The stand-ins for one domain."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.unseeded = np.random.default_rng(0)
        """What seeds the generators that the code makes without a seed."""
        table: dict[str, Any] = {name: self._maker(value) for name, value in MADE.items()}
        table |= {
            "full": self._full,
            "logspace": self._logspace,
            "geomspace": self._geomspace,
            "array": self._array,
            "asarray": self._asarray,
            "asanyarray": self._asarray,
            "copy": self._copy,
            "ndarray": ArrayType,
            "vectorize": self._vectorize,
            "frompyfunc": lambda function, nin, nout: self._vectorize(function, otypes="O"),
            **tables(domain),
            **ABSTRACT,
        }
        self.builtins = builtins_of(self.domain)
        table |= dict.fromkeys(FLOATS, FloatType)
        self.numpy = Module(np, table, self.replaced)
        self.linalg = Module(np.linalg, {name: self._last_axes(name) for name in ("trace", "diagonal")}, self.replaced)
        self.random = Module(np.random, {}, self._random)
        strides = Module(np.lib.stride_tricks, {}, self.replaced)
        library = Module(np.lib, {"stride_tricks": strides}, lambda value: value)
        table |= {"linalg": self.linalg, "random": self.random, "lib": library}
        self.math = Module(math, math_table(domain), lambda value: value)

    def _last_axes(self, name: str) -> Callable[..., Any]:
        """A function of matrices that are the last two axes, as those of ``np.linalg`` are."""
        return partial(getattr(self.numpy, name), axis1=-2, axis2=-1)

    # --- one value ----------------------------------------------------------------------------------

    def replaced(self, value: Any) -> Any:
        """What stands in for one of NumPy's own values: functions are wrapped, the rest stays."""
        if isinstance(value, np.ufunc):
            return self._ufunc(value)
        if isinstance(value, types.ModuleType) and value.__name__ == "numpy.testing":
            return Module(value, {}, self.replaced)
        if isinstance(value, type) or not callable(value):
            return value
        if (getattr(value, "__module__", None) or "").startswith("numpy.testing"):
            return lambda *args, **options: value(*shadows(args), **shadows(options))
        return self._wrapped(value)

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        name = getattr(function, "__name__", "")

        def call(*args: Any, **options: Any) -> Any:
            if "dtype" in options:
                options["dtype"] = plain_type(options["dtype"])
            args = tuple(x if isinstance(x, str) else plain_type(x) for x in args)
            if name in GRIDS:
                args, options = tuple(map(as_float, args)), {key: as_float(x) for key, x in options.items()}
            if exact_inside(args) or exact_inside(options):
                return call_function(self.domain, function, args, options)
            depends = name not in OF_SHAPES and (dependent(args) or dependent(options))
            if depends and name in AVERAGES:
                return call_function(self.domain, function, args, options)
            selecting = depends and (name in SELECTING or (name == "where" and len(args) == 1))
            own = tuple(x if type(x) is Discrete else plain(x) for x in args)
            found = self.given(function(*own, **options), depends, selecting)
            return self._decided(name, args, found) if depends else found

        call.__name__ = name
        return call

    def _decided(self, name: str, args: Any, found: Any) -> Any:
        """What a function has made of integers and truth values that depend on the inputs, with a note of it."""
        if isinstance(found, DiscreteScalar) and found.dtype.kind == "b":
            if not found.told:
                self.domain.asks("truth", bool(np.asarray(found)))
            return discrete(found, self.domain, depends=True, told=True)
        counts = any(isinstance(x, Discrete) and x.counts for x in args)
        if name not in FOLLOWED or (counts and name not in (*COUNTING, *REDUCTIONS, *OF_SHAPES)):
            self.domain.asks("int", True)
        return discrete(found, self.domain, depends=True, counts=name in COUNTING)

    def _ufunc(self, ufunc: np.ufunc) -> Any:
        return Ufunc(self, ufunc)

    def given(self, value: Any, depends: bool = False, selected: bool = False) -> Any:
        """What NumPy has given, with arrays of floating-point numbers made exact.

        It may have been made of what ``depends`` on the inputs, and so may be how many entries it has.
        """
        if isinstance(value, tuple | list) and (depends or any(isinstance(item, np.ndarray) for item in value)):
            items = [self.given(item, depends, selected) for item in value]
            return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return chosen_by(depends, exact(np.asarray(value), self.domain))
        if isinstance(value, np.floating) and depends:
            return result_of(self.domain.constant(value).chosen_by(True))
        if isinstance(value, Discrete) and not selected:
            return value
        return discrete(value, self.domain, depends=depends, selected=selected)

    # --- making arrays ------------------------------------------------------------------------------

    def _maker(self, value: float | None) -> Callable[..., Any]:
        def make(shape: Any, dtype: Any = builtins.float, order: Any = "C", **options: Any) -> Any:
            model = np.empty(plain_index(shape), order=order)
            return filled(self.domain, model, value, plain_type(dtype) or builtins.float)

        return make

    def _full(self, shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", **options: Any) -> Any:
        if dtype is None:
            dtype = builtins.float if exact_inside(fill_value) else np.asarray(fill_value).dtype
        model = np.empty(plain_index(shape), order=order)
        return filled(self.domain, model, fill_value, plain_type(dtype))

    def _logspace(self, start: float, stop: float, num: int = 50, endpoint: bool = True, base: float = 10.0) -> Any:
        return base ** exact(np.linspace(as_float(start), as_float(stop), num, endpoint), self.domain)

    def _geomspace(self, start: float, stop: float, num: int = 50, endpoint: bool = True) -> Any:
        ratio = result_of(self.domain.constant(stop)) / start
        return start * ratio ** exact(np.linspace(0, 1, num, endpoint), self.domain)

    def _array(
        self, x: Any, dtype: Any = None, *, copy: Any = True, order: Any = "K", ndmin: int = 0, **options: Any
    ) -> Any:
        dtype = plain_type(dtype)
        if not exact_inside(x):
            real = np.array(plain(x), dtype, copy=copy, order=order, ndmin=ndmin, **options)
            return self.given(real, dependent(x))
        own = stacked(x, self.domain)
        made: Array = copied(self.domain, own, order) if copy else in_order(self.domain, own, order)
        if isinstance(made, Scalar):
            made = copied(self.domain, made)
        if dtype is not None and np.dtype(dtype).kind not in "fO":
            return made.astype(dtype)
        return placed(made, np.array(made.at, copy=False, ndmin=ndmin)) if ndmin > made.ndim else made

    def _copy(self, x: Any, order: Any = "K", subok: bool = False) -> Any:
        return self._array(x, order=order)

    def _asarray(self, x: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, **options: Any) -> Any:
        if isinstance(x, np.ndarray) and dtype is None and order is None and not copy:
            return x
        return self._array(x, dtype, copy=copy, order=order or "K")

    def _vectorize(self, function: Callable[..., Any] | None = None, *settings: Any, **options: Any) -> Any:
        if function is None:
            return partial(self._vectorize, *settings, **options)
        if options.get("signature") or options.get("excluded"):
            raise Unsupported("np.vectorize with a signature or with excluded arguments is not followed")

        def call(*args: Any) -> Any:
            if not exact_inside(args):
                return self.given(np.vectorize(function, *settings, **options)(*args))
            arrays = np.broadcast_arrays(*[array_of(numbers_of(x, self.domain)).at for x in args])
            shape = arrays[0].shape
            flat = [array_of(numbers_of(x, self.domain)) + exact(np.zeros(shape), self.domain) for x in args]
            rows = zip(*[array.reshape(-1) for array in flat])
            values = [function(*row) for row in rows]
            if not options.get("otypes") and not settings and _cut_off(values):
                raise Unsupported(
                    "np.vectorize takes the type of its first value, here an integer, and cuts the others off: "
                    "it needs otypes=[float]"
                )
            return stacked(values, self.domain).reshape(shape)

        return call

    # --- the neighbours -----------------------------------------------------------------------------

    def drawing(self, generator: Any) -> Any:
        """A generator of NumPy's that gives exact arrays; others stay."""
        return generator if isinstance(generator, random.Random | Drawing) else Drawing(generator, self.given)

    def _random(self, value: Any) -> Any:
        if value is np.random.default_rng:
            return lambda seed=None: self.drawing(
                np.random.default_rng(self.unseeded.integers(1 << 62) if seed is None else seed)
            )
        if value in (np.random.Generator, np.random.RandomState):
            return kind(value, self.given)
        if isinstance(value, type) or not callable(value):
            return value
        if getattr(value, "__name__", "") in ("seed", "get_state", "set_state"):
            return value
        return lambda *args, **options: self.given(
            value(*map(as_float, args), **{key: as_float(x) for key, x in options.items()})
        )


def _real(args: tuple[Any, ...]) -> bool:
    """Whether NumPy would give floating-point numbers: whole powers of integers are integers."""
    return len(args) == 1 or np.result_type(*args).kind == "f"


class Ufunc:
    """A universal function; on constants that are not exact yet it gives exact results where it can."""

    def __init__(self, stand_in: StandIn, ufunc: np.ufunc) -> None:
        self.stand_in, self.ufunc = stand_in, ufunc
        self.__name__ = ufunc.__name__

    def __call__(self, *args: Any, **options: Any) -> Any:
        name, domain = self.ufunc.__name__, self.stand_in.domain
        if len(args) > self.ufunc.nin:
            args, options["out"] = args[: self.ufunc.nin], args[self.ufunc.nin :]
        if "dtype" in options:
            options["dtype"] = plain_type(options["dtype"])
        if exact_inside(args) or exact_inside(options):
            return call_ufunc(domain, name, "__call__", args, options)
        if name in EXACT and "out" not in options and not any(isinstance(x, list) for x in args) and _real(args):
            try:
                return call_ufunc(domain, name, "__call__", args, options)
            except Cramped:
                raise
            except (ArithmeticError, TypeError, ValueError):
                pass
        return self.stand_in.given(self.ufunc(*args, **options))

    def _method(self, method: str, *args: Any, **options: Any) -> Any:
        if exact_inside(args):
            return call_ufunc(self.stand_in.domain, self.ufunc.__name__, method, args, options)
        return self.stand_in.given(getattr(self.ufunc, method)(*args, **options))

    def __getattr__(self, name: str) -> Any:
        if name in ("reduce", "accumulate", "outer", "at", "reduceat"):
            return lambda *args, **options: self._method(name, *args, **options)
        return getattr(self.ufunc, name)


def _cut_off(values: list[Any]) -> bool:
    """Whether the first value is an integer and others are none."""
    whole = [isinstance(value, int | np.integer | np.bool_) for value in values]
    return any(whole[:1]) and not all(whole)
