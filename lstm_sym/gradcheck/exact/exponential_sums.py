"""The softmax of ``scipy.special`` and what belongs to it, on exact numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .numbers import Domain


def logsumexp(domain: Domain, x: Any, axis: Any = None, b: Any = None, keepdims: bool = False, **options: Any) -> Any:
    e = np.exp(x) if b is None else b * np.exp(x)
    return np.log(e.sum(axis=axis, keepdims=keepdims))


def softmax(domain: Domain, x: Any, axis: Any = None) -> Any:
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(domain: Domain, x: Any, axis: Any = None) -> Any:
    return x - logsumexp(domain, x, axis=axis, keepdims=True)


EXPONENTIAL_SUMS: dict[str, Callable[..., Any]] = {
    "logsumexp": logsumexp,
    "softmax": softmax,
    "log_softmax": log_softmax,
}
