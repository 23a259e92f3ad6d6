r"""A derivation as aligned rows: the first left side, then one relation a row with its reason beside it."""

from __future__ import annotations

from collections.abc import Sequence as Rows
from typing import Any, Protocol

from .notation import NOTE, Notation
from .printer import NodePrinter, aligned
from .text import text_in_math

HOLDS = {"=": "=", "<=": r"\leq", "<": "<"}
FAILS = {"=": r"\overset{!}{\neq}", "<=": r"\overset{!}{\nleq}", "<": r"\overset{!}{\nless}"}
"""The relation of a step that is there to be refuted, under a warning sign."""


class Step(Protocol):
    """What is read of a step of a derivation."""

    @property
    def left(self) -> Any: ...
    @property
    def relation(self) -> str: ...
    @property
    def right(self) -> Any: ...
    @property
    def reason(self) -> str: ...
    @property
    def expected(self) -> str: ...


class Derivation(Protocol):
    """What is read of a derivation."""

    @property
    def name(self) -> str: ...
    @property
    def steps(self) -> Rows[Any]: ...


def latex_derivation(derivation: Derivation, notation: Notation | None = None) -> str:
    r"""The steps one below another, each ``relation right && reason``.

    A left side is printed where a chain begins: at the first step, and where a step does not start from
    the right side before it. A step expected to be refuted has a struck relation, and the chain goes on
    from its left side.
    """
    if not derivation.steps:
        raise ValueError(f"derivation {derivation.name} has no steps to show")
    printer = NodePrinter(notation or NOTE)
    rows: list[str] = []
    here: Any = None
    for step in derivation.steps:
        rows += _rows(printer, step, begins=step.left != here)
        here = step.left if step.expected == "refuted" else step.right
    return aligned(rows)


def _rows(printer: NodePrinter, step: Step, *, begins: bool) -> list[str]:
    signs = FAILS if step.expected == "refuted" else HOLDS
    if step.relation not in signs:
        raise ValueError(f"no LaTeX for the relation {step.relation!r}; the relations are {', '.join(signs)}")
    # A side keeps its size when it begins a chain: nothing before it fixes its shape.
    row = f"&{signs[step.relation]} {printer.side(step.right, step.left)} && {text_in_math(step.reason)}"
    return [f"{printer.doprint(step.left)} {row}"] if begins else [row]
