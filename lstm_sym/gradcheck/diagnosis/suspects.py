"""Where a mistake may stand: the statements on which no right gradient depends."""

from __future__ import annotations

import ast

from .edits import Definition
from .places import filled
from .screening import Screen

ASSIGNMENTS = (ast.Assign, ast.AugAssign)


def suspected(definitions: list[Definition], screen: Screen, right: set[str]) -> set[int]:
    """The statements, by ``id``, that may be changed with no right gradient spoilt.

    What a statement assigns is multiplied by a number: a right gradient that is wrong then depends on it. Of
    statements that assign nothing, or several things, this says nothing, and they are among them.
    """
    found = set()
    for definition in definitions:
        for node in ast.walk(definition.node):
            if isinstance(node, ASSIGNMENTS) and not isinstance(node.value, ast.Tuple | ast.List | ast.Dict):
                edit = definition.edit(((node.value, filled("1.7 * a", a=node.value)),))
                if edit is not None:
                    with edit.applied():
                        if not right.issubset(screen.exact()):
                            continue
            if isinstance(node, ast.stmt):
                found.add(id(node))
    return found
