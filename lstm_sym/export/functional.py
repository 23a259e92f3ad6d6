r"""The two passes of a cell without assignment into arrays: functions of one step, scanned over time.

A stage that does not recur is a line over whole sequences, a recurrence that is linear entry by entry one call, and
any other a scan (``scanned``).
"""

from __future__ import annotations

from ..nodes.algebra import summands
from ..symbols import Sequence, t
from .layout import assignment
from .recurrence import Stage, sequences
from .rows import row_source
from .scanned import write_scan
from .writer import ALL, Writer, note, shift, sum_source


def write(writer: Writer, wanted: set[Sequence]) -> None:
    """The lines of a pass after which the sequences ``wanted`` are known under their names."""
    stages = writer.flow.stages
    for k, stage in enumerate(stages):
        later = sequences([line.value for other in stages[k + 1 :] for line in other.lines], writer.flow.before)
        for other in stages[k + 1 :]:
            later |= sequences(other.diagonal or (), writer.flow.before)
        if stage.diagonal:
            shift(writer, stage.diagonal)
            _diagonal(writer, stage)
        elif stage.carried:
            shift(writer, [line.value for line in stage.lines], {line.target for line in stage.lines})
            write_scan(writer, stage, later | wanted)
        else:
            for line in stage.lines:
                shift(writer, [line.value])
                note(writer, line, indent=1)
                writer.lines += writer.put(writer.names[line.target[t]], sum_source(writer, summands(line.value), ALL))


def _diagonal(writer: Writer, stage: Stage) -> None:
    (line,) = stage.lines
    assert stage.diagonal is not None
    note(writer, line, indent=1)
    rows, name = writer.rows(ALL), writer.names[line.target[t]]
    factor, summand = (writer.style.dialect.said(row_source(part, rows)) for part in stage.diagonal)
    back = ", reverse=True" if writer.reverse else ""
    writer.lines += assignment(name, f"linear_scan({factor}, {summand}, {writer.initial[line.target]}{back})")
    writer.last[line.target] = f"{name}[{'0' if writer.reverse else '-1'}, ...]"
