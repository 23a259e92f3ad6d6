r"""Slips in the derivative of a maximum, which is 1 at the largest entry and 0 at the others."""

from __future__ import annotations

import ast

from .carries import Changes
from .places import Places, filled, indices, name

LARGEST = {"max", "amax", "argmax", "maximum"}
MOST = 8
"""Arrays of which the maximum may have been taken."""


def handed_to_the_largest(places: Places) -> Changes:
    """What a window is given, where it belongs to the window's largest entry: the mask of that, times the adjoint."""
    if not places.names & LARGEST:
        return
    for node in places.of(ast.AugAssign, ast.Assign):
        target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]  # type: ignore[attr-defined]
        if not isinstance(target, ast.Subscript) or not any(isinstance(part, ast.Slice) for part in indices(target)):
            continue
        adjoints = {ast.unparse(row): row for row in places.rows(node) if _counted(row, places)}
        for text in [text for text in places.given if not text.startswith("d")][:MOST]:
            window = ast.Subscript(name(text), target.slice, ast.Load())
            for adjoint in adjoints.values():
                made = filled("(x == x.max()) * d", x=window, d=adjoint)
                yield ((node.value, made),), ""  # type: ignore[attr-defined]


def _counted(row: ast.expr, places: Places) -> bool:
    """Whether this is read at indices that loops count, and is an adjoint by its name."""
    names = [n.id for n in ast.walk(row) if isinstance(n, ast.Name)]
    return names[0].startswith(("d", "g")) and not set(names[1:]).isdisjoint(places.counters)
