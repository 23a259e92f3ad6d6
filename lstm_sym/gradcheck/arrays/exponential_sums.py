"""The softmax of ``scipy.special`` and what belongs to it, on exact numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..exact.numbers import Domain
from .array import stacked


def logsumexp(domain: Domain, x: Any, axis: Any = None, b: Any = None, keepdims: bool = False, **options: Any) -> Any:
    terms: Any = stacked(x, domain)
    if b is None and _nothing(domain, terms, axis):
        flat = axis is None and not keepdims
        add: Any = np.logaddexp
        return add.reduce(terms.reshape(-1) if flat else terms, axis=0 if flat else axis, keepdims=keepdims)
    e = np.exp(terms) if b is None else b * np.exp(terms)
    return np.log(e.sum(axis=axis, keepdims=keepdims))


def _nothing(domain: Domain, x: Any, axis: Any) -> bool:
    """Whether a sum has terms alone that are 0: what masks is carried along then, as in floating point."""
    numbers = x.read()
    gone = domain.masked(numbers) | (domain.infinite(numbers) & (domain.shadow(numbers) < 0))
    return bool(np.any(np.all(gone, axis=axis)))


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
