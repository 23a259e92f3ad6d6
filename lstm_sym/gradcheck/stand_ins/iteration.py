"""NumPy's classes that walk through arrays or glue them together, for exact ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..arrays.array import Array, plain_index, stacked
from ..exact.numbers import Domain
from ..frames import Unsupported
from .classes import plain_type


class Glue:
    """``np.r_`` or ``np.c_``: NumPy's own puts addresses together."""

    def __init__(self, plain: Any, domain: Domain) -> None:
        self.plain, self.domain = plain, domain

    def __getitem__(self, key: Any) -> Any:
        from ..arrays.functions import moved
        from .mathematics import exact_inside
        from .stand_in import StandIn

        if not exact_inside(key if isinstance(key, tuple) else (key,)):
            return StandIn(self.domain).given(self.plain[plain_index(key)])
        parts = [self._spread(part) for part in (key if isinstance(key, tuple) else (key,))]
        words = [part for part in parts if isinstance(part, str)]
        arrays = tuple(parts[len(words) :])
        return moved(self.domain, lambda *at: self.plain[(*words, *at)], arrays, {}, range(len(arrays)))

    def _spread(self, part: Any) -> Any:
        return self.plain[part] if isinstance(part, slice) else part


def ndenumerate(x: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Each entry with its index."""
    return ((place, x[place]) for place in np.ndindex(*np.shape(x.at if isinstance(x, Array) else x)))


class Walk:
    """``np.nditer`` over exact arrays: NumPy's own walks over their addresses."""

    def __init__(self, operands: Any, *settings: Any, **options: Any) -> None:
        self.single = isinstance(operands, Array)
        self.operands = (operands,) if self.single else tuple(operands)
        if settings[1:] or options.keys() - {"flags", "op_flags", "order"}:
            raise Unsupported("np.nditer is followed with flags and an order only")
        if any(not isinstance(x, Array | np.ndarray) for x in self.operands):
            raise Unsupported("np.nditer is followed over arrays only")
        flags = list(settings[0] if settings else options.get("flags", ()))
        if set(flags) & {"external_loop", "buffered", "reduce_ok"}:
            raise Unsupported("np.nditer is followed entry by entry only")
        order = options.get("order", "K")
        self.plain = np.nditer([self._places(x) for x in self.operands], flags=flags, order=order)

    @staticmethod
    def _places(x: Any) -> Any:
        return np.asarray(x.at if isinstance(x, Array) else x)

    @property
    def value(self) -> Any:
        """The views of single entries at this place, which can be written to."""
        found = tuple(
            Array(x.store, np.array(place)) if isinstance(x, Array) else place
            for x, place in zip(self.operands, self.plain.value if len(self.operands) > 1 else (self.plain.value,))
        )
        return found[0] if self.single else found

    def __getitem__(self, k: int) -> Any:
        return self.value if self.single else self.value[k]

    def __setitem__(self, k: int, value: Any) -> None:
        self[k][...] = value

    def __iter__(self) -> Iterator[Any]:
        while not self.plain.finished:
            yield self.value
            self.plain.iternext()

    def __enter__(self) -> Walk:
        return self

    def __exit__(self, *exc: object) -> None:
        self.plain.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)


def tables(domain: Domain) -> dict[str, Any]:
    """What stands in for them."""

    def fromiter(values: Iterable[Any], dtype: Any = float, count: int = -1, **options: Any) -> Any:
        items = list(values)[: count if count >= 0 else None]
        if np.dtype(plain_type(dtype)).kind == "f":
            return stacked(items, domain).__copy__()
        return np.fromiter(items, plain_type(dtype), count, **options)

    def broadcast(*arrays: Any) -> Any:
        shape = np.broadcast_shapes(*[np.shape(x.at if isinstance(x, Array) else x) for x in arrays])
        return SimpleNamespace(shape=shape, ndim=len(shape), nd=len(shape), size=int(np.prod(shape)))

    def nditer(operands: Any, *settings: Any, **options: Any) -> Any:
        several = operands if isinstance(operands, list | tuple) else [operands]
        inside = any(isinstance(x, Array) for x in several)
        return Walk(operands, *settings, **options) if inside else np.nditer(operands, *settings, **options)

    return {
        "r_": Glue(np.r_, domain),
        "c_": Glue(np.c_, domain),
        "ndenumerate": ndenumerate,
        "nditer": nditer,
        "fromiter": fromiter,
        "broadcast": broadcast,
    }
