"""The classes of numbers and arrays, as the code under test sees them: exact ones are their instances."""

from __future__ import annotations

import builtins
import numbers
from typing import Any

import numpy as np

from ..arrays.array import Array, Scalar, Written, exact
from ..arrays.integers import Discrete, DiscreteScalar, dependent
from ..frames import Unsupported

FLOATS = ("float64", "float32", "float16", "longdouble", "float_", "double", "single", "half")


class _Standing(type):
    """What stands in for a class is equal to it, as in a dictionary of classes that was made before."""

    original: type

    def __eq__(cls, other: Any) -> bool:
        return other is cls or other is cls.original

    def __hash__(cls) -> int:
        return hash(cls.original)


class _IntType(_Standing):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, builtins.int | DiscreteScalar)

    def __subclasscheck__(cls, other: Any) -> bool:
        return issubclass(other, builtins.int)

    def __call__(cls, *args: Any, **options: Any) -> Any:
        x = args[0] if len(args) == 1 else None
        if isinstance(x, Array) and x.size == 1 and x.store.numbers.decided and not x.store.numbers.varies:
            return x.reshape(-1)[0].astype(builtins.int)
        if isinstance(x, Discrete) and x.depends and x.size == 1:
            return x.reshape(-1)[0].astype(builtins.int)
        return builtins.int(*args, **options)


class IntType(builtins.int, metaclass=_IntType):
    """``int`` that leaves integers as they are that depend on the inputs."""

    original = builtins.int
    dtype = np.dtype(np.int64)


class _FloatType(_Standing):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, builtins.float | Scalar)

    def __call__(cls, x: Any = 0.0) -> Any:
        if isinstance(x, Array):
            return x.item() if x.size == 1 else x.__copy__()
        if dependent(x):
            return exact(x, x.domain).item()
        if isinstance(x, Written):
            raise Unsupported("float() reads a number that depends on the inputs from its text, which loses what it is")
        return builtins.float(x)


class FloatType(builtins.float, metaclass=_FloatType):
    """``float`` that leaves exact numbers as they are."""

    original = builtins.float
    dtype = np.dtype(np.float64)


class _ArrayType(_Standing):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, np.ndarray | Array) and not isinstance(x, DiscreteScalar | Scalar)


class ArrayType(metaclass=_ArrayType):
    """``np.ndarray``, of which exact arrays are instances."""

    original = np.ndarray


class _AbstractType(type):
    original: Any

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, cls.original | Scalar)

    def __subclasscheck__(cls, other: Any) -> bool:
        return issubclass(other, cls.original)


def _abstract(original: type) -> type:
    """One of NumPy's types of scalars, such as ``np.floating``, of which exact scalars are instances."""
    return _AbstractType(original.__name__, (), {"original": original})


ABSTRACT = {name: _abstract(getattr(np, name)) for name in ("floating", "inexact", "number", "generic")}

numbers.Real.register(Scalar)

SEEN = {
    builtins.int: IntType,
    DiscreteScalar: IntType,
    builtins.float: FloatType,
    Scalar: FloatType,
    np.float64: FloatType,
    np.ndarray: ArrayType,
    Array: ArrayType,
    Discrete: ArrayType,
}
"""What takes the place of the class of an object where the code compares it with ``int``, ``float`` or an array's."""


def is_truth(x: Any) -> bool:
    """Whether it is a truth value that depends on the inputs."""
    return isinstance(x, DiscreteScalar) and x.dtype.kind == "b"


class _TypeType(type):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, builtins.type)

    def __subclasscheck__(cls, other: Any) -> bool:
        return issubclass(other, builtins.type)

    def __call__(cls, *args: Any, **options: Any) -> Any:
        if len(args) != 1:
            return builtins.type(*args, **options)
        found = np.bool_ if is_truth(args[0]) else builtins.type(args[0])
        return SEEN.get(found, found)


class TypeType(builtins.type, metaclass=_TypeType):
    """``type`` that says of exact numbers what they stand for."""


def plain_type(dtype: Any) -> Any:
    """A type of floating-point numbers as ``float``, since no precision is looked at; anything else as it is."""
    if isinstance(dtype, _AbstractType):
        return dtype.original
    if dtype is FloatType or dtype is IntType:
        return builtins.float if dtype is FloatType else builtins.int
    if not isinstance(dtype, str | type | np.dtype):
        return dtype
    try:
        return builtins.float if np.dtype(dtype).kind == "f" else dtype
    except (TypeError, ValueError):
        return dtype
