r"""The two passes of a cell without assignment into arrays: functions of one step, scanned over time.

A stage that does not recur is a line over whole sequences, a recurrence that is linear entry by entry one call, and
any other a scan (``scanned``).
"""

from __future__ import annotations

from sympy.matrices.expressions.matexpr import MatrixExpr

from ..nodes.algebra import Ones, summands
from ..nodes.elementwise import Scaled
from ..symbols import Sequence, t
from .layout import assignment
from .numpy_code import bracketed
from .recurrence import Stage, sequences
from .rows import Rows, row_source
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
    texts = factor_source(stage.diagonal[0], rows), row_source(stage.diagonal[1], rows)
    factor, summand = map(writer.style.dialect.said, texts)
    back = ", reverse=True" if writer.reverse else ""
    writer.lines += assignment(name, f"linear_scan({factor}, {summand}, {writer.initial[line.target]}{back})")
    writer.last[line.target] = f"{name}[{'0' if writer.reverse else '-1'}, ...]"


def factor_source(factor: MatrixExpr, rows: Rows) -> str:
    """The factor of a linear recurrence, which broadcasts: one number for all entries is not written out for each."""
    if isinstance(factor, Scaled) and isinstance(factor.matrix, Ones):
        return f"{bracketed(row_source(factor.scale, rows))}{'' if factor.cols == 1 else '[..., None]'}"
    return row_source(factor, rows)
