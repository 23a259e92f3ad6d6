"""Python's own functions that decide something on numbers, for exact ones: what they decide is noted."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from .array import Scalar, stacked
from .integers import dependent, discrete, selected
from .numbers import Domain

NUMBER = Scalar | int | float | np.floating | np.integer


def builtins_of(domain: Domain) -> dict[str, Callable[..., Any]]:
    """What stands in for them."""
    return {
        "max": _extreme(builtins.max, np.argmax),
        "min": _extreme(builtins.min, np.argmin),
        "sorted": _sorted,
        "any": lambda items: _quantified(domain, "any", items),
        "all": lambda items: _quantified(domain, "all", items),
        "len": lambda items: discrete(builtins.len(items), domain, depends=selected(items)),
    }


def _exact(items: list[Any]) -> bool:
    return any(isinstance(x, Scalar) for x in items) and all(isinstance(x, NUMBER) for x in items)


def _extreme(plain: Callable[..., Any], find: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        items = list(args[0]) if len(args) == 1 else list(args)
        if options or not _exact(items):
            return plain(items, **options)
        return items[int(np.asarray(find(stacked(items, _domain(items)))))]

    return call


def _domain(items: list[Any]) -> Domain:
    return next(x.domain for x in items if isinstance(x, Scalar))


def _sorted(items: Any, **options: Any) -> list[Any]:
    found = list(items)
    if options or not _exact(found):
        return sorted(found, **options)
    return [found[k] for k in np.asarray(np.argsort(stacked(found, _domain(found)), kind="stable")).tolist()]


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
