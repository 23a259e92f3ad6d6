"""What asks whether numbers are nan, and what passes over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..exact.numbers import Domain, Numbers
from .array import Array, numbers_of, stacked
from .integers import discrete
from .ufuncs import real

TESTS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "isnan": lambda nan, infinite, x: nan,
    "isinf": lambda nan, infinite, x: infinite,
    "isposinf": lambda nan, infinite, x: infinite & (x > 0),
    "isneginf": lambda nan, infinite, x: infinite & (x < 0),
    "isfinite": lambda nan, infinite, x: ~(nan | infinite),
}
"""From which entries are nan, which are infinite, and their floating-point numbers."""

BY_OVERFLOW = {"isnan": "isnan by overflow", "isfinite": "isfinite by overflow", "nan": "nan by overflow"}
"""What is asked in vain where nothing else makes a number nan, as no exact number overflows."""


def tested(domain: Domain, name: str, x: Any, out: Any = None) -> Any:
    """One of ``TESTS``."""
    numbers = numbers_of(x, domain)
    infinite = domain.infinite(numbers)
    truth = TESTS[name](missing(numbers) | (infinite & False), infinite, domain.shadow(numbers))
    domain.asks(_asked(domain, name), truth, numbers)
    return real(truth, domain, (x,), out, [numbers])


def missing(numbers: Numbers) -> Any:
    """Which entries the code is told to be nan; what a division by 0 gives is refused, since it may be inf or nan."""
    numbers.domain.refuse_zeros(numbers)
    return numbers.domain.without_value(numbers)


def _asked(domain: Domain, name: str) -> str:
    return name if domain.undefined.possible else BY_OVERFLOW.get(name, name)


def _passed_over(numbers: Numbers) -> Any:
    """The same, with a note of it."""
    found = missing(numbers)
    numbers.domain.asks(_asked(numbers.domain, "nan"), found, numbers)
    return found


def passing_over(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction of those entries that are not nan."""

    def call(x: Array, *args: Any, where: Any = True, **options: Any) -> Any:
        nan = _passed_over(x.read())
        there = where if where is np._NoValue or not np.any(nan) else np.broadcast_to(where, x.shape) & ~nan
        return function(x, *args, **({} if there is True else {"where": there}), **options)

    return call


def filled(function: Callable[..., Any], value: float) -> Callable[..., Any]:
    """A function of an array in which a constant stands where an entry is nan."""

    def call(x: Array, *args: Any, **options: Any) -> Any:
        nan = _passed_over(x.read())
        whole: Any = np.where(discrete(nan, x.domain, depends=True, told=True), value, x) if np.any(nan) else x
        return function(whole, *args, **options)

    return call


def nan_to_num(
    domain: Domain, x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """The numbers themselves, or a constant where they are nan; an infinite one is refused."""
    own = stacked(x, domain)
    gone = _passed_over(own.read())
    domain.refuse_infinite(own.read())
    if not copy:
        own.require_writeable("assignment destination is read-only")
    found: Any = own.__copy__() if copy else own
    if np.any(gone) and found.ndim:
        found[discrete(gone, domain, depends=True, told=True)] = nan
    elif np.any(gone):
        found = stacked(nan, domain)
    return found if found.ndim else found[()]
