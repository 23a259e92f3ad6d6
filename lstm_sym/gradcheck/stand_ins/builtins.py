"""Python's own functions that decide something on numbers, for exact ones: what they decide is noted."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..arrays.array import Scalar, stacked
from ..arrays.integers import dependent, discrete, plain, selected
from ..exact.numbers import Domain
from .classes import FloatType, IntType, TypeType

NUMBER = Scalar | int | float | np.floating | np.integer


def builtins_of(domain: Domain) -> dict[str, Any]:
    """What stands in for them."""
    return {
        "int": IntType,
        "float": FloatType,
        "type": TypeType,
        "max": _extreme(domain, builtins.max, np.argmax, "maximum"),
        "min": _extreme(domain, builtins.min, np.argmin, "minimum"),
        "sorted": partial(_sorted, domain),
        "any": lambda items: _quantified(domain, "any", items),
        "all": lambda items: _quantified(domain, "all", items),
        "len": lambda items: discrete(builtins.len(items), domain, depends=selected(items)),
    }


def _exact(items: list[Any]) -> bool:
    return any(isinstance(x, Scalar) for x in items) and all(isinstance(x, NUMBER) for x in items)


def _extreme(domain: Domain, function: Any, find: Callable[..., Any], asked: str) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        items = list(args[0]) if len(args) == 1 else list(args)
        if not options and _exact(items):
            return items[int(plain(find(stacked(items, domain))))]
        if not options and dependent(items) and len(items) == 2:
            first, second = plain(items)
            domain.asks(asked, first >= second)
            return items[int(find([first, second]))]
        return function(items, **options)

    return call


def _sorted(domain: Domain, items: Any, **options: Any) -> list[Any]:
    found = list(items)
    if options or not _exact(found):
        return sorted(found, **options)
    return [found[k] for k in plain(np.argsort(stacked(found, domain), kind="stable")).tolist()]


def _quantified(domain: Domain, name: str, items: Any) -> bool:
    """``any`` or ``all``, which look no further than they must."""
    depends, wanted = False, name == "any"
    found = not wanted
    for item in items:
        depends = depends or dependent(item)
        if bool(item) is wanted:
            found = wanted
            break
    if depends:
        domain.asks(name, found)
    return found
