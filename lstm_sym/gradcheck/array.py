"""An array of exact numbers that behaves as NumPy's arrays of floating-point numbers do.

It is a store of numbers and an array of addresses into it. Whatever moves entries about (a slice, a transpose,
a concatenation) is done by NumPy itself on the addresses, which lie in memory as the floating-point numbers would:
so what is a view there is a view here, and a write through it is seen by every other view.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .frames import Unsupported, place
from .integers import Discrete, Selected, counted, dependent, plain, selects
from .numbers import Domain, Numbers, lifted, widened

FLOAT = np.dtype(np.float64)


class Store:
    """Flat numbers that arrays share, and overwrite."""

    __slots__ = ("numbers", "watched", "written")

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self.watched = False
        self.written = ""
        """Where it was last written to, if it is watched."""

    def write(self, addresses: Any, values: Numbers) -> None:
        """Overwrite the numbers at some addresses by values that broadcast to them."""
        own, parts = self.numbers, []
        dimensions = np.ndim(addresses)
        for ring, part, new in zip(own.domain.rings, own.parts, values.parts):
            width = max(len(part), len(new))
            part, new = widened(ring, part, width), widened(ring, lifted(new, dimensions), width)
            part[:, addresses] = new
            parts.append(part)
        if self.watched:
            self.written = place()
        self.numbers = Numbers(
            own.domain,
            tuple(parts),
            own.varies or values.varies,
            own.degree | values.degree,
            own.slope | values.slope,
            own.decided or values.decided,
        )


class Array:
    """An array of exact numbers."""

    __slots__ = ("at", "store")
    __array_priority__ = 1000
    dtype = FLOAT
    itemsize = 8

    def __init__(self, store: Store, at: Any) -> None:
        self.store = store
        self.at = at

    if TYPE_CHECKING:  # the operators are bound below, from a table

        def __add__(self, other: Any) -> Array: ...
        def __radd__(self, other: Any) -> Array: ...
        def __sub__(self, other: Any) -> Array: ...
        def __mul__(self, other: Any) -> Array: ...
        def __rmul__(self, other: Any) -> Array: ...
        def __truediv__(self, other: Any) -> Array: ...
        def __pow__(self, other: Any) -> Array: ...
        def __rpow__(self, other: Any) -> Array: ...

    # --- what it is -----------------------------------------------------------------------------

    @property
    def domain(self) -> Domain:
        return self.store.numbers.domain

    shape = property(lambda self: counted(self, np.shape(self.at), self.domain))
    ndim = property(lambda self: np.ndim(self.at))
    size = property(lambda self: counted(self, int(np.size(self.at)), self.domain))
    nbytes = property(lambda self: 8 * int(np.size(self.at)))
    flags = property(lambda self: np.asarray(self.at).flags)
    strides = property(lambda self: np.asarray(self.at).strides)
    real = property(lambda self: self)

    @property
    def base(self) -> Any:
        return None if self.size == self.store.numbers.shape[0] else self.store

    def read(self) -> Numbers:
        """The numbers, in the array's shape."""
        at = np.asarray(self.at)
        return self.store.numbers.each(lambda part: part[:, at])

    @property
    def shadow(self) -> Any:
        """The entries as floating-point numbers, to be shown and compared."""
        return np.asarray(self.domain.shadow(self.read()))

    # --- places ---------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.at)

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[k] for k in range(len(self.at)))

    def __getitem__(self, index: Any) -> Any:
        found = chosen_by(dependent(index), placed(self, self.at[plain_index(index)]))
        if selects(index):
            found.at = np.asarray(found.at).view(Selected)
        return found

    def __setitem__(self, index: Any, value: Any) -> None:
        addresses = self.at[plain_index(index)]
        values = numbers_of(value, self.domain).chosen_by(dependent(index))
        self.store.write(addresses, fitting(values, np.shape(addresses)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        from .methods import method

        return method(self, name)

    # --- leaving ----------------------------------------------------------------------------------

    def __array__(self, *args: Any, **options: Any) -> Any:
        raise Unsupported("exact numbers would be turned into a NumPy array here, and lose what is being checked")

    def _constant(self, use: str) -> float:
        numbers = self.store.numbers
        if self.size != 1:
            raise TypeError("only length-1 arrays can be converted to Python scalars")
        if numbers.varies:
            raise Unsupported(f"{use} takes a number that depends on the inputs out of the check")
        return float(self.shadow.reshape(()))

    def __float__(self) -> float:
        return self._constant("float()")

    def __int__(self) -> int:
        if self.store.numbers.decided:
            self.domain.asks("int", True)
        return int(self._constant("int()"))

    def __index__(self) -> int:
        if self.store.numbers.varies or self.ndim:
            raise TypeError("only integer scalar arrays can be converted to a scalar index")
        return int(self._constant("an index"))

    def __complex__(self) -> complex:
        raise Unsupported("complex numbers are not followed")

    def __round__(self, digits: Any = None) -> Any:
        raise Unsupported("round() has no derivative")

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous")
        numbers = self.read().reshape(())
        truth = bool(self.domain.order(numbers, self.domain.constant(0)))
        if numbers.decided:
            self.domain.asks("truth", truth)
        return truth

    def __format__(self, form: str) -> str:
        return format(float(self.shadow.reshape(())), form) if self.size == 1 else str(self)

    def __repr__(self) -> str:
        return repr(self.shadow)

    def __str__(self) -> str:
        return str(self.shadow)

    def __copy__(self) -> Array:
        return type(self)(*_fresh(self.read()))

    def __deepcopy__(self, memory: Any) -> Array:
        return self.__copy__()

    __hash__ = None  # type: ignore[assignment]

    # --- NumPy's protocols ------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        from .ufuncs import call_ufunc

        return call_ufunc(self.domain, ufunc.__name__, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        from .functions import call_function

        return call_function(self.domain, function, args, options)


class Scalar(Array):
    """One exact number, which nothing changes in place."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        return chosen_by(dependent(index), placed(self, np.asarray(self.at)[plain_index(index)]))

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError("'numpy.float64' object does not support item assignment")


def _fresh(numbers: Numbers) -> tuple[Store, Any]:
    size = int(np.prod(numbers.shape))
    flat = numbers.each(lambda part: part.reshape(len(part), size))
    return Store(flat), np.arange(size).reshape(numbers.shape)


def array_of(numbers: Numbers) -> Array:
    """An array that holds the numbers."""
    return Array(*_fresh(numbers))


def result_of(numbers: Numbers) -> Array:
    """The same, a ``Scalar`` where NumPy would give one."""
    return Array(*_fresh(numbers)) if numbers.shape else Scalar(*_fresh(numbers))


def placed(x: Array, addresses: Any) -> Any:
    """What NumPy's own operation on the addresses of ``x`` gives: a scalar, a view or a copy."""
    if not isinstance(addresses, np.ndarray):
        return Scalar(*_fresh(x.store.numbers.each(lambda part: part[:, np.asarray(addresses)])))
    if np.may_share_memory(addresses, x.at):
        return Array(x.store, addresses)
    return array_of(x.store.numbers.each(lambda part: part[:, addresses]))


def chosen_by(depends: bool, x: Array) -> Array:
    """An array whose entries were picked out by what depends on the inputs, if this is said."""
    if depends and not x.store.numbers.varies:
        x.store.numbers = x.store.numbers.chosen_by(depends)
    return x


def plain_index(index: Any) -> Any:
    """An index that NumPy's own arrays take."""
    if isinstance(index, tuple):
        return tuple(map(plain_index, index))
    if isinstance(index, Discrete):
        return plain(index)
    if isinstance(index, Array):
        if index.ndim or index.store.numbers.varies:
            raise IndexError("arrays used as indices must be of integer (or boolean) type")
        return int(index)
    return index


def exact(x: Any, domain: Domain) -> Array:
    """Real numbers as an array of exact ones."""
    return array_of(domain.constant(np.asarray(x)).chosen_by(dependent(x)))


def numbers_of(x: Any, domain: Domain) -> Numbers:
    """The numbers of an array, a number, or a nested sequence of such."""
    if isinstance(x, Array):
        return x.read()
    if isinstance(x, list | tuple):
        return stacked(x, domain).read()
    return domain.constant(np.asarray(x)).chosen_by(dependent(x))


def stacked(items: Any, domain: Domain) -> Array:
    """A nested sequence as one array."""
    if isinstance(items, Array):
        return items
    if not isinstance(items, list | tuple):
        return exact(items, domain)
    if not items:
        return exact(np.zeros(0), domain)
    arrays = [stacked(item, domain) for item in items]
    if len({array.shape for array in arrays}) > 1:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(f"an array needs parts of one shape, got {shapes}")
    from .functions import call_function

    return call_function(domain, np.stack, (arrays,), {})


def fitting(numbers: Numbers, shape: tuple[int, ...]) -> Numbers:
    """Numbers that are to be written to a place of that shape."""
    while len(numbers.shape) > len(shape) and numbers.shape[0] == 1:
        numbers = numbers.reshape(numbers.shape[1:])
    if len(numbers.shape) > len(shape) or np.broadcast_shapes(numbers.shape, shape) != shape:
        raise ValueError(f"could not broadcast input array from shape {numbers.shape} into shape {shape}")
    return numbers


def _operator(name: str, *, swapped: bool = False) -> Any:
    def operate(self: Array, other: Any = None) -> Any:
        from .ufuncs import call_ufunc

        if other is None:
            return call_ufunc(self.domain, name, "__call__", (self,), {})
        if not isinstance(other, Array | np.ndarray | np.generic | int | float | list | tuple):
            return NotImplemented
        pair = (other, self) if swapped else (self, other)
        return call_ufunc(self.domain, name, "__call__", pair, {})

    return operate


def _in_place(name: str) -> Any:
    def operate(self: Array, other: Any) -> Any:
        from .ufuncs import call_ufunc

        if isinstance(self, Scalar):
            return call_ufunc(self.domain, name, "__call__", (self, other), {})
        return call_ufunc(self.domain, name, "__call__", (self, other), {"out": (self,)})

    return operate


OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "pow": "power",
    "matmul": "matmul", "floordiv": "floor_divide", "mod": "remainder",
}  # fmt: skip
COMPARISONS = {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
}

for _short, _name in OPERATORS.items():
    setattr(Array, f"__{_short}__", _operator(_name))
    setattr(Array, f"__r{_short}__", _operator(_name, swapped=True))
    setattr(Array, f"__i{_short}__", _in_place(_name))
for _short, _name in COMPARISONS.items():
    setattr(Array, f"__{_short}__", _operator(_name))
for _short, _name in {"neg": "negative", "pos": "positive", "abs": "absolute"}.items():
    setattr(Array, f"__{_short}__", _operator(_name))
