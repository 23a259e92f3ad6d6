r"""A derivation as aligned rows: the first left side, then one relation a row with its reason beside it."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Rows
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Line:
    """One step, written: ``left`` is empty where the chain goes on; ``conditions`` where there are none."""

    left: str
    sign: str
    right: str
    conditions: str


def latex_derivation(derivation: Derivation, notation: Notation | None = None) -> str:
    r"""What is given, then the steps one below another, each ``relation right && reason``.

    A left side is printed where a chain begins: at the first step, and where a step does not start from
    the right side before it. A step expected to be refuted has a struck relation, and the chain goes on
    from its left side.
    """
    cell = getattr(getattr(derivation, "given", None), "cell", None)
    header = [f"& && {text_in_math(f'given the cell {cell.name}')}"] if cell else []
    given, lines = written_derivation(derivation, notation)
    rows = [
        f"{line.left} &{line.sign} {line.right} && {_reason(step, line)}".lstrip()
        for line, step in zip(lines, derivation.steps, strict=True)
    ]
    return aligned([*header, *(f"{row} && {text_in_math('given')}" for row in given), *rows])


def written_derivation(
    derivation: Derivation, notation: Notation | None = None
) -> tuple[tuple[str, ...], tuple[Line, ...]]:
    """The equations that are given, as rows ``left &= right``, and the steps; the reasons are the caller's to set."""
    if not derivation.steps:
        raise ValueError(f"derivation {derivation.name} has no steps to show")
    printer = NodePrinter(notation or NOTE)
    given = tuple(map(printer.aligned_row, getattr(getattr(derivation, "given", None), "equations", ())))
    lines = []
    here: Any = None
    for step in derivation.steps:
        line = _written(printer, step)
        lines.append(replace(line, left="") if step.left == here else line)
        here = step.left if step.expected == "refuted" else step.right
    return given, tuple(lines)


def latex_statements(steps: Iterable[Step], notation: Notation | None = None) -> str:
    """Steps as statements of their own, ``left relation right`` with what each assumes; those to be refuted struck."""
    rows = []
    for line in written_statements(steps, notation):
        beside = f" && {text_in_math('if ')}{line.conditions}" if line.conditions else ""
        rows.append(f"{line.left} &{line.sign} {line.right}{beside}")
    return aligned(rows)


def written_statements(steps: Iterable[Step], notation: Notation | None = None) -> tuple[Line, ...]:
    """Steps, each with its left side, as statements of their own."""
    printer = NodePrinter(notation or NOTE)
    return tuple(_written(printer, step) for step in steps)


def _written(printer: NodePrinter, step: Step) -> Line:
    signs = FAILS if step.expected == "refuted" else HOLDS
    if step.relation not in signs:
        raise ValueError(f"no LaTeX for the relation {step.relation!r}; the relations are {', '.join(signs)}")
    conditions = (
        text_in_math(condition) if isinstance(condition, str) else printer.doprint(condition)
        for condition in getattr(step, "assumes", ())
    )
    # A left side keeps its size: nothing before it fixes its shape.
    left, right = printer.doprint(step.left), printer.side(step.right, step.left)
    return Line(left, signs[step.relation], right, text_in_math(", ").join(conditions))


def _reason(step: Step, line: Line) -> str:
    """The reason with everything it rests on: conditions, and facts taken on trust."""
    source = getattr(step, "admit", "")
    admitted = text_in_math(f"; admitted: {source}") if source else ""
    conditions = text_in_math("; if ") + line.conditions if line.conditions else ""
    return text_in_math(step.reason) + conditions + admitted
