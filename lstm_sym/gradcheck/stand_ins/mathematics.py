"""What stands in for Python's module ``math``: functions of exact numbers, and of constants without rounding."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.array import Array, exact, result_of
from ..arrays.integers import dependent
from ..arrays.ufuncs import call_ufunc
from ..exact.numbers import Domain

MATH = (
    *("exp", "expm1", "log1p", "log2", "log10", "sqrt", "tanh", "sinh", "cosh", "fabs"),
    *("sin", "cos", "tan", "erf", "erfc"),
)

EXACT = ("sqrt", "cbrt", "exp", "exp2", "expm1", "log", "log1p", "tanh", "sinh", "cosh", "power", "float_power")
"""Functions of constants that are not rounded."""


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
        result = np.log(x.item())
        return result if base is None else result / np.log(result_of(domain.constant(base)))

    def power(x: Any, y: Any) -> Any:
        if isinstance(x, Array) or isinstance(y, Array):
            return x**y
        return result_of(domain.constant(math.fabs(x))) ** y if x > 0 else math.pow(x, y)

    def summed(values: Any) -> Any:
        values = list(values)
        return sum(values) if exact_inside(values) else math.fsum(values)

    def finite(answer: bool, plain: Any) -> Callable[[Any], Any]:
        return lambda x: answer if isinstance(x, Array) else plain(x)

    return {name: one(name) for name in MATH} | {
        "atan": one("atan", "arctan"),
        "log": log,
        "pow": power,
        "hypot": lambda *x: sum((u * u for u in x[1:]), x[0] * x[0]) ** 0.5 if exact_inside(x) else math.hypot(*x),
        "fsum": summed,
        "isnan": finite(False, math.isnan),
        "isinf": finite(False, math.isinf),
        "isfinite": finite(True, math.isfinite),
    }
