"""Generators of random numbers in the code under test: what they draw are exact constants."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

from .randomness import is_generator as of_numpy


class Drawing:
    """A generator of NumPy's whose arrays of floating-point numbers are given as exact ones."""

    def __init__(self, plain: Any, given: Callable[[Any], Any]) -> None:
        self.__dict__.update(plain=plain, given=given)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        plain, given = self.__dict__["plain"], self.__dict__["given"]
        value = getattr(plain, name)
        return (lambda *args, **options: given(value(*args, **options))) if callable(value) else value


class _Kind(type):
    original: Any
    given: Callable[[Any], Any]

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(getattr(x, "plain", x), cls.original)

    def __call__(cls, *args: Any, **options: Any) -> Any:
        return Drawing(cls.original(*args, **options), cls.given)


def kind(original: type, given: Callable[[Any], Any]) -> type:
    """One of NumPy's types of generators, whose objects give exact arrays."""
    return _Kind(original.__name__, (), {"original": original, "given": staticmethod(given)})


def copied(generator: Any, later: bool) -> Any:
    """A generator in the same state, or in one that it comes to when many numbers have been drawn."""
    if not later or isinstance(generator, random.Random):
        return copy.deepcopy(generator)
    bits = getattr(generator, "bit_generator", None) or generator._bit_generator
    return type(generator)(bits.jumped() if hasattr(bits, "jumped") else type(bits)(0))


def is_generator(value: Any) -> bool:
    return of_numpy(value) or isinstance(value, random.Random)
