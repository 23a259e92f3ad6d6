"""Integers and truth values among exact numbers, which know whether comparisons have made them."""

from __future__ import annotations

import operator
import sys
from collections.abc import Iterator
from dis import opname
from types import FrameType
from typing import Any

import numpy as np

from ..exact.numbers import Domain
from ..frames import foreign

COMPARING = ("COMPARE_OP", "CONTAINS_OP")


def running(frame: FrameType) -> str:
    """The instruction of the code that is running."""
    return opname[frame.f_code.co_code[frame.f_lasti]]


class Selected(np.ndarray):
    """Addresses that comparisons have selected, so that it depends on the inputs how many they are."""


class Discrete(np.ndarray):
    """An array of integers or truth values; what floating-point numbers come of it are exact ones."""

    domain: Domain
    depends: bool
    """Whether it depends on the inputs, by comparisons of numbers that do."""
    told: bool
    """Whether the ways of its truth values have been noted when it was made."""
    selected: bool
    """Whether it depends on the inputs how many entries it has."""
    counts: bool
    """Whether its integers are sums of what comparisons have made: of many outcomes a few points show some."""

    def __array_finalize__(self, other: Any) -> None:
        self.domain = getattr(other, "domain", None)  # type: ignore[assignment]
        self.depends = getattr(other, "depends", False)
        self.selected = getattr(other, "selected", False)
        self.counts = getattr(other, "counts", False)
        self.told = False

    size = property(lambda self: counted(self, np.asarray(self).size, self.domain))
    shape = property(
        lambda self: counted(self, np.asarray(self).shape, self.domain),
        lambda self, shape: np.ndarray.shape.__set__(self, shape),  # type: ignore[attr-defined]
    )

    def __getitem__(self, index: Any) -> Any:
        from .array import plain_index

        found = super().__getitem__(plain_index(index))
        depends, selected = self.depends or dependent(index), self.selected or selects(index)
        return discrete(found, self.domain, depends=depends, selected=selected, counts=self.counts)

    def __setitem__(self, index: Any, value: Any) -> None:
        from .array import plain_index

        super().__setitem__(plain_index(index), plain(value))
        if dependent((index, value)):
            self.written()

    def written(self) -> None:
        """Note that what depends on the inputs has been written into it."""
        own: Any = self
        while isinstance(own, Discrete):
            own.depends, own.told = True, False
            own = own.base

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self))) if self.depends else super().__iter__()

    def __bool__(self) -> bool:
        """Its truth, which Python itself asks for where it compares whole lists."""
        truth = bool(np.asarray(self))
        if running(sys._getframe(1)) in COMPARING:
            self.taken_out()
        if self.depends and not self.told:
            self.domain.asks("truth", truth)
        return truth

    def __int__(self) -> int:
        if not self.told:
            self.taken_out()
        return int(np.asarray(self))

    def __index__(self) -> int:
        if self.counts:
            self.taken_out()
        return operator.index(np.asarray(self))

    def taken_out(self) -> None:
        """Note that something is decided by it that is not seen."""
        if self.depends:
            self.domain.asks("int", True)

    def tobytes(self, *args: Any, **options: Any) -> Any:
        self.taken_out()
        return super().tobytes(*args, **options)

    def view(self, *args: Any, **options: Any) -> Any:
        found = super().view(*args, **options)
        if found.dtype != self.dtype:
            self.taken_out()
        return found

    def item(self, *index: Any) -> Any:
        if not self.depends:
            return super().item(*index)
        return self.reshape(-1)[index[0] if index else 0] if len(index) < 2 else self[index]

    def tolist(self) -> Any:
        if not self.depends:
            return super().tolist()
        return [row.tolist() for row in self] if self.ndim else self

    def astype(self, dtype: Any, *args: Any, **options: Any) -> Any:
        from .array import chosen_by, exact

        kind = np.dtype(dtype)
        if kind.kind == "f" and self.domain is not None:
            found = exact(np.asarray(super().astype(kind, *args, **options)), self.domain)
            found = chosen_by(self.depends, found)
            return found.item() if isinstance(self, DiscreteScalar) else found
        return super().astype(kind, *args, **options)

    def dot(self, other: Any, out: Any = None) -> Any:
        """NumPy's own method would turn exact numbers into an array of its own."""
        found = np.dot(self, other, out)
        return discrete(found, self.domain, depends=dependent((self, other)), counts=True)

    def _exact(self) -> Any:
        from .array import exact

        return exact(self, self.domain)

    def mean(self, *args: Any, **options: Any) -> Any:
        return self._exact().mean(*args, **options)

    def var(self, *args: Any, **options: Any) -> Any:
        return self._exact().var(*args, **options)

    def std(self, *args: Any, **options: Any) -> Any:
        return self._exact().std(*args, **options)

    def argmax(self, *args: Any, **options: Any) -> Any:
        return discrete(np.asarray(self).argmax(*args, **options), self.domain, depends=self.depends)

    def argmin(self, *args: Any, **options: Any) -> Any:
        return discrete(np.asarray(self).argmin(*args, **options), self.domain, depends=self.depends)

    def nonzero(self) -> Any:
        found = np.asarray(self).nonzero()
        return tuple(discrete(k, self.domain, depends=self.depends, selected=self.depends) for k in found)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        from .ufuncs import call_discrete

        return call_discrete(self.domain, ufunc, method, inputs, options)


class DiscreteScalar(Discrete):
    """One integer or truth value that depends on the inputs, which nothing changes in place."""

    def __hash__(self) -> int:  # type: ignore[override]
        self.taken_out()
        return hash(np.asarray(self)[()])

    def item(self, *index: Any) -> Any:
        return self

    def __eq__(self, other: Any) -> Any:
        """Whether it equals another, which lists and dictionaries ask as well as the code itself."""
        if running(sys._getframe(1)) in COMPARING:
            return super().__eq__(other)
        self.taken_out()
        return np.asarray(self) == plain(other)


def _repeating(name: str) -> Any:
    """A product, which repeats a sequence."""

    def operate(self: DiscreteScalar, other: Any) -> Any:
        if isinstance(other, list | tuple | str | bytes):
            return other * int(np.asarray(self))
        return getattr(Discrete, name)(self, other)

    return operate


for _name in ("__mul__", "__rmul__"):
    setattr(DiscreteScalar, _name, _repeating(_name))


def _out_of_place(name: str) -> Any:
    return lambda self, other: getattr(Discrete, f"__{name}__")(self, other)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift"):
    setattr(DiscreteScalar, f"__i{_name}__", _out_of_place(_name))


def discrete(
    x: Any, domain: Domain, *, depends: bool = False, told: bool = False, selected: bool = False, counts: bool = False
) -> Any:
    """Real integers or truth values as ``Discrete`` ones; scalars stay NumPy's unless they depend on the inputs."""
    if depends and isinstance(x, bool | int | np.bool_ | np.integer):
        found: Any = np.asarray(x).view(DiscreteScalar)
    elif isinstance(x, np.ndarray) and x.dtype.kind in "biu":
        found = x if isinstance(x, Discrete) else x.view(Discrete)
    else:
        return x
    found.domain, found.depends = domain, depends or found.depends
    found.told, found.selected = told or found.told, (selected or found.selected) and found.ndim > 0
    found.counts = (counts or found.counts) and found.depends
    return found


def dependent(x: Any) -> bool:
    """Whether integers or truth values inside depend on the inputs."""
    if isinstance(x, Discrete):
        return x.depends
    if isinstance(x, list | tuple):
        return any(map(dependent, x))
    return isinstance(x, dict) and any(map(dependent, x.values()))


def plain(x: Any) -> Any:
    """As NumPy has it."""
    if isinstance(x, Discrete):
        return np.asarray(x)[()]
    return type(x)(map(plain, x)) if type(x) in (list, tuple) and dependent(x) else x


def selected(x: Any) -> bool:
    """Whether it depends on the inputs how many entries an array has."""
    return bool(x.selected) if isinstance(x, Discrete) else isinstance(getattr(x, "at", None), Selected)


def selects(index: Any) -> bool:
    """Whether it depends on the inputs how many entries an index picks out."""
    if isinstance(index, tuple):
        return any(map(selects, index))
    return isinstance(index, Discrete) and index.depends and (index.selected or index.dtype.kind == "b")


def counted(x: Any, sizes: Any, domain: Domain) -> Any:
    """The size or shape of an array as the code under test gets it."""
    if not selected(x) or not foreign(sys._getframe(2).f_code.co_filename):
        return sizes
    if isinstance(sizes, tuple):
        return tuple(discrete(size, domain, depends=True) for size in sizes)
    return discrete(sizes, domain, depends=True)
