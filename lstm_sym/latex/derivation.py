r"""A derivation as aligned rows: the first left side, then one relation a row with its reason beside it."""

from __future__ import annotations

from collections.abc import Iterable
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
    r"""What is given, then the steps one below another, each ``relation right && reason``.

    A left side is printed where a chain begins: at the first step, and where a step does not start from
    the right side before it. A step expected to be refuted has a struck relation, and the chain goes on
    from its left side.
    """
    if not derivation.steps:
        raise ValueError(f"derivation {derivation.name} has no steps to show")
    printer = NodePrinter(notation or NOTE)
    rows = _given(printer, derivation)
    here: Any = None
    for step in derivation.steps:
        rows += _rows(printer, step, begins=step.left != here)
        here = step.left if step.expected == "refuted" else step.right
    return aligned(rows)


def _given(printer: NodePrinter, derivation: Derivation) -> list[str]:
    """What the derivation takes as given: its cell by name, further equations in full."""
    given = getattr(derivation, "given", None)
    cell = getattr(given, "cell", None)
    header = [f"& && {text_in_math(f'given the cell {cell.name}')}"] if cell else []
    equations = getattr(given, "equations", ())
    return header + [f"{printer.aligned_row(equation)} && {text_in_math('given')}" for equation in equations]


def _rows(printer: NodePrinter, step: Step, *, begins: bool) -> list[str]:
    signs = FAILS if step.expected == "refuted" else HOLDS
    if step.relation not in signs:
        raise ValueError(f"no LaTeX for the relation {step.relation!r}; the relations are {', '.join(signs)}")
    row = f"&{signs[step.relation]} {printer.side(step.right, step.left)} && {_reason(printer, step)}"
    # A side that begins a chain keeps its size: nothing before it fixes its shape.
    return [f"{printer.doprint(step.left)} {row}"] if begins else [row]


def _reason(printer: NodePrinter, step: Step) -> str:
    """The reason with everything it rests on: conditions, and facts taken on trust."""
    source = getattr(step, "admit", "")
    admitted = text_in_math(f"; admitted: {source}") if source else ""
    conditions = conditions_of(printer, step)
    return text_in_math(step.reason) + (text_in_math("; if ") + conditions if conditions else "") + admitted


def conditions_of(printer: NodePrinter, step: Step) -> str:
    """The side conditions of a step, one after another; empty if there are none."""
    shown = [
        text_in_math(condition) if isinstance(condition, str) else printer.doprint(condition)
        for condition in getattr(step, "assumes", ())
    ]
    return text_in_math(", ").join(shown)


def latex_statements(steps: Iterable[Step], notation: Notation | None = None) -> str:
    """Steps as statements of their own, ``left relation right`` with what each assumes; those to be refuted struck."""
    printer = NodePrinter(notation or NOTE)
    rows = []
    for step in steps:
        signs = FAILS if step.expected == "refuted" else HOLDS
        conditions = conditions_of(printer, step)
        beside = f" && {text_in_math('if ')}{conditions}" if conditions else ""
        right = printer.side(step.right, step.left)
        rows.append(f"{printer.doprint(step.left)} &{signs[step.relation]} {right}{beside}")
    return aligned(rows)
