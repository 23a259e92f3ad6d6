r"""What a pass forward and back of a NumPy module takes in memory, beside the arrays that the caller gives.

It is the workspace, the outputs, the gradients, the matrices stacked for them, and one array for what an expression
over all steps makes in between. The views of the workspace for each
step are objects of Python: with a single sequence they take a share that counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Add, Expr, Integer, Max, Min, Symbol, floor

from ..nodes.algebra import Zero
from ..symbols import At
from .backward_code import BackwardCode
from .forward_code import ForwardCode
from .places import Places
from .stacking import Stacking
from .vocabulary import vocabulary_of
from .workspace import CHUNK_BYTES, read_by

T, B = Symbol("T", positive=True, integer=True), Symbol("B", positive=True, integer=True)

VIEW_BYTES = 136
"""A view of an array of two axes, and its place in a tuple; measured with tracemalloc."""

TUPLE_BYTES = 48
"""A tuple of views, and its place in a list."""


@dataclass(frozen=True, slots=True)
class Memory:
    """``numbers`` that arrays hold, ``chunk`` numbers for each step of a chunk, ``views`` of each step, as bytes."""

    numbers: Expr
    chunk: Expr
    views: int
    lists: int

    def bytes_of(self, itemsize: int) -> Expr:
        """The bytes of all, in T, B and the sizes of the equations."""
        steps = Min(T, Max(1, floor(CHUNK_BYTES / (self.chunk * itemsize)))) if self.chunk != 0 else Integer(0)
        views = VIEW_BYTES * self.views + TUPLE_BYTES * self.lists
        return (self.numbers + self.chunk * steps) * itemsize + T * views


def memory_of(s: Stacking) -> Memory:
    """The memory of a module whose loops write into a workspace: its sequences are columns."""
    places = Places(s, vocabulary_of(s.plan, [line.target for line in s.coefficients]))
    pulled = BackwardCode(places)
    code = [*ForwardCode(places).body(), *pulled.body(), *pulled.coefficients()]
    attributes, views = read_by(places, code)
    made = places.space.made(attributes | {part for parts in views.values() for part in parts})
    leads = {"T, B": T * B, "T + 1, B": (T + 1) * B, "B": B}
    extents = [places.space.extents[name] for name in made if name in places.space.extents]
    numbers = [leads[lead] * size for lead, size in extents if lead in leads]
    cell, wanted = s.plan.cell, s.plan.wanted
    outside = [line for run in (s.forward, s.backward) for line in (*run.before, *run.after)]
    between = [line.target.shape[0] for line in outside if not isinstance(line.value, Zero | At)]
    numbers.append(T * B * Max(*between) if between else Integer(0))
    numbers += [T * B * output.shape[0] for output in cell.outputs]
    numbers += [T * B * given.shape[0] for given in cell.inputs if given in wanted]
    numbers += [2 * p.shape[0] * p.shape[1] for p in cell.parameters]
    return Memory(
        numbers=Add(*numbers),
        chunk=Add(*[B * size for lead, size in extents if lead not in leads]),
        views=sum(len(parts) for name, parts in views.items() if name != "factors"),
        lists=sum(name != "factors" for name in views),
    )
