"""What stands in for Python's module ``math``: functions of exact numbers, and of constants without rounding."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.array import Array, exact, result_of
from ..arrays.integers import dependent
from ..arrays.nans import tested
from ..arrays.ufuncs import call_ufunc
from ..exact.numbers import Domain
from ..frames import caught

MATH = (
    *("exp", "expm1", "log1p", "log2", "log10", "sqrt", "tanh", "sinh", "cosh", "fabs"),
    *("sin", "cos", "tan", "erf", "erfc"),
)

EXACT = ("sqrt", "cbrt", "exp", "exp2", "expm1", "log", "log1p", "tanh", "sinh", "cosh", "power", "float_power")
"""Functions of constants that are not rounded."""


DEFINED_FROM = {"sqrt": 0, "log": 0, "log2": 0, "log10": 0, "log1p": -1}
"""From where on functions have a value; at the limit itself a root has one, and no logarithm."""

OVERFLOWING = ("exp", "expm1", "sinh", "cosh")


def require_value(name: str, x: Array) -> None:
    """Raise the error of ``math`` where a function has no value and the code catches errors."""
    if not caught():
        return
    if name in OVERFLOWING:
        x.domain.asks("finite", True, x.read())
    if name in DEFINED_FROM:
        sign = int(x.domain.order(x.item().read(), x.domain.constant(DEFINED_FROM[name]), "defined"))
        if sign < 0 or (sign == 0 and name != "sqrt"):
            x.domain.undefined.raised(ValueError("math domain error"))


def exact_inside(x: Any) -> bool:
    """Whether an argument is exact or holds something that is."""
    if isinstance(x, Array):
        return True
    if isinstance(x, list | tuple):
        return any(map(exact_inside, x))
    return isinstance(x, dict) and any(map(exact_inside, x.values()))


def math_table(domain: Domain) -> dict[str, Any]:
    """What stands in for the functions of the module ``math``."""

    def one(name: str, ufunc: str = "") -> Callable[[Any], Any]:
        plain = getattr(math, name)

        def call(x: Any) -> Any:
            if dependent(x):
                x = exact(x, domain)
            if isinstance(x, Array):
                require_value(name, x)
                return call_ufunc(domain, ufunc or name, "__call__", (x.item(),), {})
            found = plain(x)
            if name in EXACT and math.isfinite(found):
                return call_ufunc(domain, name, "__call__", (x,), {})
            return found

        return call

    def log(x: Any, base: Any = None) -> Any:
        x = exact(x, domain) if dependent(x) else x
        if not isinstance(x, Array):
            found = math.log(x) if base is None else math.log(x, base)
            return found if base is not None else call_ufunc(domain, "log", "__call__", (x,), {})
        require_value("log", x)
        result = np.log(x.item())
        return result if base is None else result / np.log(result_of(domain.constant(base)))

    def power(x: Any, y: Any) -> Any:
        if isinstance(x, Array) and isinstance(y, float) and y != int(y):
            require_value("sqrt", x)
        if isinstance(x, Array) or isinstance(y, Array):
            return x**y
        return result_of(domain.constant(math.fabs(x))) ** y if x > 0 else math.pow(x, y)

    def summed(values: Any) -> Any:
        values = list(values)
        return sum(values) if exact_inside(values) else math.fsum(values)

    def tests(name: str) -> Callable[[Any], Any]:
        plain = getattr(math, name)
        return lambda x: tested(domain, name, x.item()) if isinstance(x, Array) else plain(x)

    return {name: one(name) for name in MATH} | {
        "atan": one("atan", "arctan"),
        "log": log,
        "pow": power,
        "hypot": lambda *x: sum((u * u for u in x[1:]), x[0] * x[0]) ** 0.5 if exact_inside(x) else math.hypot(*x),
        "fsum": summed,
        **{name: tests(name) for name in ("isnan", "isinf", "isfinite")},
    }
