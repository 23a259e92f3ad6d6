"""Letters are told apart by their text; two that share one would be mixed up by whoever reads or evaluates them."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Symbol

from ..symbols import At, Parameter


def require_distinct_names(*sides: Expr) -> None:
    """Raise a ``ValueError`` for two different letters of one text."""
    seen: dict[str, Any] = {}
    for side in sides:
        for node in side.atoms(Parameter, At, Symbol):
            what = node.sequence if isinstance(node, At) else node
            known = seen.setdefault(_text(what), what)
            if known != what:
                raise ValueError(f"two different letters are called {_text(what)}: rename one of them")


def _text(what: Any) -> str:
    return what.name if isinstance(what, Symbol) else what.text
