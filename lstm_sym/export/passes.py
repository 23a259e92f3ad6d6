"""The two functions of a NumPy module, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..symbols import At, Sequence, adjoint, letters, t
from .layout import assignment, comment
from .naming import identifier
from .plan import Line, Pass, Plan, carry
from .rows import Rows, axes_of, row_source, total_source
from .vocabulary import STEP, Vocabulary

ROOM = 90
"""The longest gradient that is written as a field; a longer one gets a line of its own before."""


def words(lines: Iterable[str]) -> set[str]:
    """The names that code reads or writes, without comments, attributes and keywords."""
    code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return set(re.findall(r"(?<![\w.])[^\W\d]\w*(?!\w)(?!=)", code))


def forward_body(plan: Plan, words_of: Vocabulary, stored: set[Sequence]) -> list[str]:
    """The values of every step; ``stored`` are the sequences that the cache keeps."""
    cell, names = plan.cell, words_of.names
    kept = _kept(plan.forward, {*stored, *cell.states, *cell.outputs}) | {*cell.inputs, *cell.states}
    body = [f"    {words_of.before[s]}, {names[s]} = steps(state.{names[s]}, T)" for s in cell.states]
    body += _outside(plan.forward.before, words_of) + _hoisted(plan.forward, words_of)
    body += _buffers(plan.forward, kept - {*cell.states}, words_of)
    loop = _loop(plan.forward, kept, words_of)
    body += ["    for t in range(T):", *loop] if loop else []
    return body + _outside(plan.forward.after, words_of)


def backward_body(plan: Plan, words_of: Vocabulary) -> list[str]:
    """The adjoints of every step from the last to the first, then the sums over steps."""
    cell, names = plan.cell, words_of.names
    kept = _kept(plan.backward, _sequences_of_gradients(plan)) | {*cell.inputs, *cell.states, *plan.stored}
    body = _outside(plan.backward.before, words_of) + _hoisted(plan.backward, words_of)
    body += _buffers(plan.backward, kept, words_of)
    body += [f"    {names[carry(s)]} = d_state.{names[s]}" for s in plan.carried]
    loop, rows = _loop(plan.backward, kept, words_of), words_of.rows(kept)
    for state, value in plan.carries:
        loop += comment(f"{adjoint(state)[t - 1]} gets {value}", indent=2)
        loop += assignment(names[carry(state)], row_source(value, rows), indent=2)
    body += ["    for t in reversed(range(T)):", *loop] if loop else []
    body += _outside(plan.backward.after, words_of)
    fields, gradients = [], dict(plan.gradients)
    for parameter in cell.parameters:
        total = total_source(gradients[parameter], words_of.rows()) if parameter in gradients else "None"
        if len(total) > ROOM:
            body += assignment(names[adjoint(parameter)], total)
            total = names[adjoint(parameter)]
        fields.append(f"        {names[parameter]}={total},")
    return [*body, *(["    d_params = Params(", *fields, "    )"] if fields else ["    d_params = Params()"])]


def step_lines(plan: Plan, texts: Mapping[Any, str], *, indent: int = 1) -> list[str]:
    """The lines of a streamed plan, in which ``texts`` say what code of one step calls every letter."""
    rows, body = Rows(texts, STEP), []
    for line in plan.forward.loop:
        body += comment(_equation(line), indent=indent)
        body += assignment(texts[line.target[t]], row_source(line.value, rows), indent=indent)
    return body


def _kept(run: Pass, wanted: set[Sequence]) -> set[Sequence]:
    """The sequences of a pass that are arrays over all steps: computed outside the loop, or needed there."""
    outside = {line.target for line in (*run.before, *run.after)}
    after = {a.sequence for line in run.after for a in line.read if isinstance(a, At)}
    hoisted = {line.target for line in run.loop if line.early is not None}
    return outside | hoisted | {line.target for line in run.loop if line.target in wanted | after}


def _sequences_of_gradients(plan: Plan) -> set[Sequence]:
    return {a.sequence for _, value in plan.gradients for a in letters(value) if isinstance(a, At)}


def _outside(lines: Iterable[Line], words_of: Vocabulary) -> list[str]:
    """Lines for all steps at once."""
    rows, body = words_of.rows(), []
    for line in lines:
        body += comment(_equation(line))
        body += assignment(words_of.names[line.target], row_source(line.value, rows))
    return body


def _hoisted(run: Pass, words_of: Vocabulary) -> list[str]:
    """The terms of the loop's lines that do not depend on the recurrence, for all steps at once."""
    rows, body = words_of.rows(), []
    for line in run.loop:
        if line.early is not None:
            name = words_of.names[line.target]
            body += assignment(f"{name}[:]" if line.target in words_of.before else name, row_source(line.early, rows))
    return body


def _loop(run: Pass, kept: set[Sequence], words_of: Vocabulary) -> list[str]:
    rows, body = words_of.rows(kept), []
    for line in run.loop:
        body += comment(_equation(line), indent=2)
        sign = "=" if line.early is None else "+="
        body += assignment(rows.names[line.target[t]], row_source(line.value, rows), indent=2, sign=sign)
    return body


def _equation(line: Line) -> str:
    return f"{line.target[t]} = {line.equation}".replace(line.target.text, identifier(line.target), 1)


def _buffers(run: Pass, kept: set[Sequence], words_of: Vocabulary) -> list[str]:
    """An empty array over all steps for each sequence that the loop fills; those of one size in one line."""
    by_size: dict[str, list[str]] = {}
    for line in run.loop:
        if line.target in kept and line.early is None:
            shape = words_of.rows().shape(*axes_of(line.target[t]))
            by_size.setdefault(shape, []).append(words_of.names[line.target])
    body = []
    for shape, names in by_size.items():
        empty = f"np.empty({shape}, dtype)"
        body += assignment(", ".join(names), empty if len(names) == 1 else f"({empty} for _ in range({len(names)}))")
    return body
