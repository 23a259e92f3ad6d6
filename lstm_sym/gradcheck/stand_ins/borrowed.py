"""What NumPy itself has written in Python runs on exact numbers as the code under test does."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..exact.numbers import Domain
from ..frames import attribute

if TYPE_CHECKING:
    from .stand_in import StandIn

BORROWED = (
    "diff", "gradient", "trapezoid", "trapz", "cross", "polyval", "polyder", "polyadd", "polysub",
    "piecewise", "cov", "corrcoef", "apply_over_axes", "unwrap", "nanmean", "nanprod", "nancumsum",
    "nancumprod", "cumulative_sum", "cumulative_prod", "triu_indices_from", "tril_indices_from",
    "diag_indices_from",
)  # fmt: skip
"""Those of its functions that do nothing which exact numbers cannot follow."""


def in_python(domain: Domain, name: str) -> Callable[..., Any]:
    """NumPy's function of that name with stand-ins for what it calls."""
    from .stand_in import StandIn

    return _rebound(inspect.unwrap(getattr(np, name)), StandIn(domain), {})


def _rebound(plain: Any, stand_in: StandIn, made: dict[Any, Any]) -> Any:
    """A function of NumPy's, and those that it alone uses, with other global names; ``made`` are those made so far."""
    if plain not in made:
        space = dict(plain.__globals__)
        made[plain] = types.FunctionType(plain.__code__, space, plain.__name__, plain.__defaults__, plain.__closure__)
        made[plain].__kwdefaults__ = plain.__kwdefaults__
        for used in _names(plain.__code__) & space.keys():
            space[used] = _replaced(space[used], stand_in, made)
    return made[plain]


def _names(code: types.CodeType) -> set[str]:
    """The global names that a function uses, those of the functions inside it included."""
    inside = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return set(code.co_names).union(*map(_names, inside))


def _replaced(value: Any, stand_in: StandIn, made: dict[Any, Any]) -> Any:
    """What stands in for one of NumPy's modules, functions or types inside NumPy; the rest stays."""
    if isinstance(value, types.ModuleType):
        return stand_in.numpy if value.__name__.startswith("numpy") else value
    name = attribute(value, "__name__") or ""
    if callable(value) and getattr(np, name, None) is value:
        return getattr(stand_in.numpy, name)
    return _rebound(value, stand_in, made) if isinstance(value, types.FunctionType) else value
