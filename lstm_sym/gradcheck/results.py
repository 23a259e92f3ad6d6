"""What the functions under test have returned: whether it can be compared, and is the same twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arrays.array import Array
from .exact.field import Field
from .subject import Leaf
from .trees import leaves


def refuse_zeros(domain: Field, *trees: Any) -> None:
    """Raise ``Singular`` if an exact number among these results is infinite, or made of a division by 0."""
    found = [value for tree in trees for _, value in leaves(tree) if isinstance(value, Array)]
    domain.refuse_infinite(*[value.read() for value in found])


def undefined_in(results: Any) -> bool:
    """Whether a result holds what has no value."""
    return any(np.isnan(value.shadow).any() for _, value in leaves(results) if isinstance(value, Array))


def shape_problem(leaf: Leaf, gradient: Array) -> str | None:
    """What is wrong with the shape of a gradient."""
    if gradient.shape == leaf.shape or (leaf.shape == () and gradient.size == 1):
        return None
    return f"the gradient of {leaf.name} has the shape {gradient.shape}, {leaf.name} has {leaf.shape}"


def same_results(domain: Field, first: Any, second: Any) -> bool:
    """Whether two trees hold the same numbers."""
    a, b = ([value for _, value in leaves(tree)] for tree in (first, second))
    if len(a) != len(b):
        return False
    for x, y in zip(a, b):
        if isinstance(x, Array) and isinstance(y, Array):
            if x.shape != y.shape or not np.all(domain.same(x.read(), y.read())):
                return False
        elif isinstance(x, np.ndarray) and not np.array_equal(x, y):
            return False
    return True


def siblings_given(leaf: Any, leaves: Sequence[Any], gradients: Sequence[Any]) -> bool:
    """Whether others in the same container get a gradient, so that this one is forgotten and not left out."""
    near = [g for own, g in zip(leaves, gradients) if own.path[:-1] == leaf.path[:-1] and own.name != leaf.name]
    return any(gradient is not None for gradient in near)
