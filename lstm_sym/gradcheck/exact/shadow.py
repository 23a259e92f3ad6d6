"""Floating-point numbers beside the residues of one number, which say how it compares with others."""

from __future__ import annotations

from typing import Any

import numpy as np

from .infinity import Infinity


class Shadow:
    """Their arithmetic, which tells of what overflows."""

    def __init__(self, infinity: Infinity) -> None:
        self._told: Any = {"over": "call", "divide": "call", "call": infinity.overflow}

    def add(self, a: Any, b: Any) -> Any:
        with np.errstate(**self._told):
            return np.add(a, b)

    def sub(self, a: Any, b: Any) -> Any:
        with np.errstate(**self._told):
            return np.subtract(a, b)

    def mul(self, a: Any, b: Any) -> Any:
        with np.errstate(**self._told):
            return np.multiply(a, b)

    def neg(self, a: Any) -> Any:
        return np.negative(a)

    def inv(self, a: Any) -> Any:
        with np.errstate(**self._told):
            return np.divide(1.0, a)

    def sum(self, a: Any, axis: int) -> Any:
        with np.errstate(**self._told):
            return a.sum(axis)

    def matmul(self, a: Any, b: Any) -> Any:
        with np.errstate(**self._told):
            return a @ b

    def exp(self, a: Any) -> Any:
        with np.errstate(**self._told):
            return np.exp(a)

    def log(self, a: Any) -> Any:
        with np.errstate(**self._told):
            return np.log(a)

    def power(self, a: Any, exponent: float) -> Any:
        with np.errstate(**self._told, invalid="ignore"):
            return np.power(a, exponent)

    def is_zero(self, a: Any) -> Any:
        return np.equal(a, 0)

    def rational(self, numerator: int, denominator: int) -> float:
        return numerator / denominator
