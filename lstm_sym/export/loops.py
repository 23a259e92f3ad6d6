"""Loops over time around calls, and the pieces of code that both passes are made of."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from sympy.matrices.expressions.matexpr import MatrixExpr

from ..nodes.algebra import Transposed, Zero
from ..symbols import direct, t
from .calls import FUNCTIONS, Calls
from .layout import WIDTH, assignment, comment
from .passes import words
from .places import Places
from .vocabulary import Vocabulary


def forward_loop(places: Places, calls: Calls) -> list[str]:
    """The loop from the first step to the last."""
    used = words(calls.lines)
    viewed, body = _opened(places, calls, used)
    places.views["forward_steps"] = viewed
    given = {places.at_step[x]: places.names[x] for x in places.cell.inputs if places.at_step[x] in used}
    sources = {"views": "work.forward_steps"} | given
    return body + _over(sources, 1) + _unpacked(viewed, "views", 2) + statements(calls.lines, 2)


def backward_loop(places: Places, calls: Calls) -> list[str]:
    """The loop from the last step to the first, in chunks if there are coefficients."""
    used, whole, step = words(calls.lines), places.rows(True), places.rows(False)
    viewed, body = _opened(places, calls, used)
    factors = [name for name in viewed if name in places.chunked]
    viewed = [name for name in viewed if name not in factors] or [places.names[places.cell.states[0]]]
    places.views |= {"backward_steps": viewed, "factors": factors}
    given = {step.names[direct(x)[t]]: whole.names[direct(x)[t]] for x in places.cell.outputs}
    given |= {places.at_step[x]: places.names[x] for x in places.cell.inputs}
    given = {"views": "work.backward_steps"} | {local: array for local, array in given.items() if local in used}
    if not factors:
        given = {local: f"{array}[::-1]" for local, array in given.items()}
        return body + _over(given, 1) + _unpacked(viewed, "views", 2) + statements(calls.lines, 2)
    given = {local: f"{array}[start:stop][::-1]" for local, array in given.items()}
    given["factors"] = "work.factors[: stop - start][::-1]"
    return [
        *body,
        "    for stop in range(T, 0, -work.chunk):",
        "        start = max(0, stop - work.chunk)",
        "        coefficients(work, start, stop)",
        *_over(given, 2),
        *_unpacked(viewed, "views", 3),
        *_unpacked(factors, "factors", 3),
        *statements(calls.lines, 3),
    ]


def _opened(places: Places, calls: Calls, used: set[str]) -> tuple[list[str], list[str]]:
    """The names that have a view for each step, and the statements that open the others before the loop."""
    space = places.space
    for name, shape in calls.spare.items():
        space.single.setdefault(name, shape)
    space.constants |= calls.constants
    single = [name for name in (*space.single, *space.constants) if name in used]
    viewed = [name for name in (*space.whole, *space.parts) if name in used]
    body = functions(used)
    body += assignment(", ".join(single), ", ".join(f"work.{name}" for name in single)) if single else []
    return viewed, body


def _over(sources: dict[str, str], depth: int) -> list[str]:
    """The head of a loop over arrays and lists of views side by side."""
    pad, names = "    " * depth, ", ".join(sources)
    if len(sources) == 1:
        return [f"{pad}for {names} in {sources[names]}:"]
    line = f"{pad}for {names} in zip({', '.join(sources.values())}):"
    if len(line) <= WIDTH:
        return [line]
    return [
        f"{pad}steps = zip(",
        *[f"{pad}    {x}," for x in sources.values()],
        f"{pad})",
        f"{pad}for {names} in steps:",
    ]


def _unpacked(names: list[str], group: str, depth: int) -> list[str]:
    return assignment(", ".join(names) if len(names) > 1 else f"({names[0]},)", group, indent=depth)


def add_to(calls: Calls, value: MatrixExpr, target: str) -> None:
    """Add the value of an expression to an array."""
    if not isinstance(value, Zero):
        with calls.operand(value) as term:
            calls.call("add", target, term, out=target)


def functions(used: set[str]) -> list[str]:
    """Local names for NumPy's functions."""
    names = [name for name in FUNCTIONS if name in used]
    return assignment(", ".join(names), ", ".join(f"np.{name}" for name in names)) if names else []


def statements(lines: Iterable[str], indent: int) -> list[str]:
    body: list[str] = []
    for line in lines:
        if line.startswith("# "):
            body += comment(line[2:], indent=indent)
        elif "[...] = " in line:
            target, value = line.split(" = ", 1)
            body += assignment(target, value, indent=indent)
        else:
            body.append("    " * indent + line)
    return body


def views_of(names: list[str], steps: str, targets: list[str] | None = None) -> list[str]:
    """``a, b = (values[steps] for values in (work.a, work.b))``."""
    targets = names if targets is None else targets
    if len(names) < 2:
        return [f"    {target} = work.{name}{steps}" for name, target in zip(names, targets, strict=True)]
    arrays = ", ".join(f"work.{name}" for name in names)
    line = f"    {', '.join(targets)} = (values{steps} for values in ({arrays}))"
    if len(line) <= 120:
        return [line]
    return [f"    {target} = work.{name}{steps}" for name, target in zip(names, targets, strict=True)]


def consecutive(places: list[int]) -> list[list[int]]:
    """Runs of numbers, each one more than that before it."""
    groups = groupby(enumerate(sorted(places)), key=lambda pair: pair[1] - pair[0])
    return [[place for _, place in group] for _, group in groups]


def matrix_source(matrix: MatrixExpr, words: Vocabulary) -> str:
    return f"{words.names[matrix.args[0]]}.T" if isinstance(matrix, Transposed) else words.names[matrix]
