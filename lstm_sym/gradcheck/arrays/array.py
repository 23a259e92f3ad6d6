"""An array of exact numbers that behaves as NumPy's arrays of floating-point numbers do.

It is a store of numbers and an array of addresses into it. Whatever moves entries about (a slice, a transpose,
a concatenation) is done by NumPy itself on the addresses, which lie in memory as the floating-point numbers would
(``layout``): so what is a view there is a view here, and a write through it is seen by every other view.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..exact.numbers import Domain, Numbers
from ..frames import Unsupported
from .integers import Discrete, Selected, counted, dependent, plain, selects
from .layout import addresses, apart, as_given, in_c_order
from .store import Store

FLOAT = np.dtype(np.float64)


class Written(str):
    """A number that depends on the inputs, as text."""

    __slots__ = ()


class Array:
    """An array of exact numbers."""

    __slots__ = ("at", "store")
    __array_priority__ = 1000
    dtype = FLOAT
    itemsize = 8

    def __init__(self, store: Store, at: Any) -> None:
        self.store = store
        self.at = at
        if store.first is None:
            store.first = at

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

    ndim = property(lambda self: self.at.ndim)
    size = property(lambda self: counted(self, self.at.size, self.domain))
    nbytes = property(lambda self: self.at.nbytes)
    flags = property(lambda self: self.at.flags)
    strides = property(lambda self: self.at.strides)
    real = property(lambda self: self)

    @property
    def shape(self) -> tuple[int, ...]:
        found: tuple[int, ...] = counted(self, self.at.shape, self.domain)
        return found

    @shape.setter
    def shape(self, shape: Any) -> None:
        self.at = self.at.view()
        self.at.shape = shape

    @property
    def flat(self) -> Any:
        """The entries one after another."""
        from .flat import Flat

        return Flat(self)

    @flat.setter
    def flat(self, values: Any) -> None:
        self.flat[...] = values

    @property
    def base(self) -> Any:
        return None if self.at is self.store.first else self.store

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
            found.at = found.at.view(Selected)
        return found

    def __setitem__(self, index: Any, value: Any) -> None:
        at = self.at[plain_index(index)]
        self.require_writeable("assignment destination is read-only")
        values = numbers_of(value, self.domain).chosen_by(dependent(index))
        self.store.write(at, fitting(values, np.shape(at)))

    def require_writeable(self, otherwise: str) -> None:
        if not self.at.flags.writeable:
            raise ValueError(otherwise)

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
        self._taken_out()
        return self._constant("float()")

    def __int__(self) -> int:
        self._taken_out()
        return int(self._constant("int()"))

    def __index__(self) -> int:
        if self.store.numbers.varies or self.ndim:
            raise TypeError("only integer scalar arrays can be converted to a scalar index")
        return int(self._constant("an index"))

    def __complex__(self) -> complex:
        raise Unsupported("complex numbers are not followed")

    def __round__(self, digits: Any = None) -> Any:
        if self.store.numbers.varies:
            raise Unsupported("round() has no derivative")
        self._taken_out()
        return round(self._constant("round()"), digits)

    def _taken_out(self) -> None:
        """Note that something is decided by a number that is not seen, where comparisons have made it."""
        if self.store.numbers.decided:
            self.domain.asks("int", True)

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous")
        numbers = self.read().reshape(())
        truth = bool(self.domain.order(numbers, self.domain.constant(0)))
        if numbers.decided:
            self.domain.asks("truth", truth)
        return truth

    def __format__(self, form: str) -> str:
        return self._text(format(float(self.shadow.reshape(())), form)) if self.size == 1 else str(self)

    def __repr__(self) -> str:
        return repr(self.shadow)

    def __str__(self) -> str:
        return self._text(str(self.shadow))

    def _text(self, text: str) -> str:
        return Written(text) if self.store.numbers.varies else text

    def __copy__(self) -> Array:
        return type(self)(*fresh(self.read(), np.copy(self.at)))

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

    def __hash__(self) -> int:  # type: ignore[override]
        raise Unsupported("a number is a key, of a dictionary, a set or a cache as lru_cache keeps one: not followed")

    def __getitem__(self, index: Any) -> Any:
        found = chosen_by(dependent(index), placed(self, self.at[plain_index(index)]))
        return array_of(found.read()) if index is ... else found

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError("'numpy.float64' object does not support item assignment")


def _stored(numbers: Numbers) -> Store:
    size = int(np.prod(numbers.shape))
    return Store(numbers.each(lambda part: part.reshape(len(part), size)))


def fresh(numbers: Numbers, like: Any = None) -> tuple[Store, Any]:
    """A store of the numbers, and addresses of all of them."""
    return _stored(numbers), addresses(numbers.shape, like)


def array_of(numbers: Numbers, like: Any = None) -> Array:
    """An array that holds the numbers, and lies in memory as an array of NumPy's that is its model."""
    return Array(*fresh(numbers, like))


def result_of(numbers: Numbers, like: Any = None) -> Array:
    """The same, a ``Scalar`` where NumPy would give one."""
    return Array(*fresh(numbers, like)) if numbers.shape else Scalar(*fresh(numbers))


def of_kind(numbers: Numbers, like: Any) -> Array:
    """An array or a ``Scalar``, as its model is one."""
    return array_of(numbers, like) if isinstance(like, np.ndarray) else result_of(numbers)


def instead_of(x: Any, numbers: Numbers) -> Array:
    """An array that holds the numbers, each in a place of its own, where one of NumPy's has its entries."""
    return Array(_stored(numbers), as_given(x if apart(x) else np.copy(x)))


def placed(x: Array, at: Any) -> Any:
    """What NumPy's own operation on the addresses of ``x`` gives: a scalar, a view or a copy."""
    if not isinstance(at, np.ndarray):
        return Scalar(*fresh(x.store.numbers.each(lambda part: part[:, np.asarray(at)])))
    if at is x.at or (isinstance(x, Scalar) and not at.ndim):
        return x
    if np.may_share_memory(at, x.at) and not isinstance(x, Scalar):
        return Array(x.store, at)
    return array_of(x.store.numbers.each(lambda part: part[:, at]), at)


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
        if index.counts:
            index.taken_out()
        return plain(index)
    if isinstance(index, Array):
        if index.ndim or index.store.numbers.varies:
            raise IndexError("arrays used as indices must be of integer (or boolean) type")
        return int(index)
    return index


def exact(x: Any, domain: Domain) -> Array:
    """Real numbers as an array of exact ones, which lies in memory as they do."""
    own = np.asarray(x)
    return Array(_stored(domain.constant(own).chosen_by(dependent(x))), as_given(own))


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

    made: Array = call_function(domain, np.stack, (arrays,), {})
    return made if in_c_order(made.at) else array_of(made.read())


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
        if name == "matmul" and self.ndim < 2:
            raise ValueError("inplace matrix multiplication requires the first operand to have two dimensions")
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
