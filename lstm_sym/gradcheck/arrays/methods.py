"""The methods of NumPy's arrays, for exact ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..frames import Unsupported
from .array import Array, Scalar, array_of, exact, fresh, numbers_of, placed
from .functions import call_function
from .integers import discrete
from .layout import laid
from .reductions import REDUCTIONS

BY_FUNCTION = (
    "ravel", "squeeze", "swapaxes", "repeat", "take", "diagonal", "dot", "clip", "compress", "trace",
)  # fmt: skip


def _reshape(x: Array, *shape: Any, **options: Any) -> Any:
    wanted = shape[0] if len(shape) == 1 and not isinstance(shape[0], int | np.integer) else shape
    return placed(x, np.asarray(x.at).reshape(wanted, **options))


def _transpose(x: Array, *axes: Any) -> Any:
    return placed(x, np.asarray(x.at).transpose(*axes))


def _copy(x: Array, order: Any = "C") -> Array:
    return type(x)(*fresh(x.read(), x.at.copy(order)))


def _flatten(x: Array, order: Any = "C") -> Array:
    at = x.at.flatten(order)
    return array_of(x.store.numbers.each(lambda part: part[:, at]))


def _astype(
    x: Array, dtype: Any, order: Any = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
) -> Any:
    kind = np.dtype(dtype)
    if kind.kind in "fO":
        at = x.at.astype(np.int64, order, copy=copy)
        return x if at is x.at else type(x)(*fresh(x.read(), at))
    if kind.kind == "b":
        found = ~x.domain.same(x.read(), x.domain.constant(0))
    elif kind.kind in "iu" and not x.store.numbers.varies:
        found = np.asarray(x.shadow).astype(kind)
        if x.store.numbers.decided and np.any(found != x.shadow):
            x.domain.asks("int", True)
    else:
        raise Unsupported(f".astype({kind}) takes numbers that depend on the inputs out of the check")
    depends = x.store.numbers.decided
    return discrete(laid(found, x.at.astype(kind, order)), x.domain, depends=depends)[
        () if isinstance(x, Scalar) else ...
    ]


def _view(x: Array, dtype: Any = None) -> Array:
    if dtype is not None and np.dtype(dtype) != x.dtype:
        raise Unsupported(f"the bits of exact numbers cannot be read as {dtype}")
    return Array(x.store, x.at.view())


def _fill(x: Array, value: Any) -> None:
    x[...] = value


def _item(x: Array, *index: Any) -> Any:
    if index:
        return x[index if len(index) > 1 else np.unravel_index(index[0], x.shape)]
    if x.size != 1:
        raise ValueError("can only convert an array of size 1 to a Python scalar")
    return _reshape(x, 1)[0]


def _tolist(x: Array) -> Any:
    return [_tolist(row) for row in x] if x.ndim else _item(x)


def _sort(x: Array, axis: int = -1, **options: Any) -> None:
    x[...] = np.sort(x, axis=axis)


METHODS: dict[str, Callable[..., Any]] = {
    **REDUCTIONS,
    "reshape": _reshape,
    "transpose": _transpose,
    "copy": _copy,
    "flatten": _flatten,
    "conj": lambda x: x,
    "conjugate": lambda x: x,
    "astype": _astype,
    "setflags": lambda x, *args, **options: x.at.setflags(*args, **options),
    "fill": _fill,
    "item": _item,
    "tolist": _tolist,
    "sort": _sort,
    "view": _view,
    "put": lambda x, indices, values, mode="raise": np.put(x, indices, values, mode),
}

PROPERTIES: dict[str, Callable[[Array], Any]] = {
    "T": _transpose,
    "mT": lambda x: placed(x, np.swapaxes(x.at, -1, -2)),
}


def method(x: Array, name: str) -> Any:
    """The attribute of that name, as NumPy's arrays have it."""
    if name in PROPERTIES:
        return PROPERTIES[name](x)
    if name in METHODS:
        function = METHODS[name]
        return lambda *args, **options: function(x, *args, **options)
    if name in BY_FUNCTION:
        return lambda *args, **options: call_function(x.domain, name, (x, *args), options)
    if hasattr(np.ndarray, name):
        raise Unsupported(f"the method .{name} of arrays is not followed on exact numbers")
    raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")


__all__ = ["exact", "method", "numbers_of"]
