r"""Queries: one line that names a formula, as documents and ``lstm-sym latex -q`` write it.

===============================  ==================================================================
``cell LSTM``                    every equation of the cell
``cell LSTM c``                  the equation that defines ``c``
``backward LSTM``                the adjoint equations of one step
``backward LSTM delta_h``        one of them
``backward LSTM PART``           ``inputs``, ``initial``, ``parameters`` or ``boundary``
``jacobian LSTM``                the one-step Jacobian of the joint state, its blocks named
``jacobian LSTM product``        the Jacobian over τ steps, an ordered product
``jacobian linear_RNN power``    the same for a cell whose Jacobian is constant in time, a power
``unroll RNN 3``                 the equations of the steps 1, 2, 3
``derivation NAME``              the steps of a derivation with their reasons
``reference NAME``               a function of ``lstm_sym.reference``, the hand-written NumPy
``claim ID``                     what is true of a claim, as the steps that it cites state it
``claim ID refuted``             what is said and false
===============================  ==================================================================

Any of them may end with ``notation=NAME``. Words are separated by blanks; nothing is evaluated as code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from inspect import getmembers, isfunction
from typing import Any

from sympy import Add, Eq, Expr, Symbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from ..backpropagation import Backward, bptt
from ..cell import Cell
from ..cells import cell_named
from ..jacobian import linear_jacobian_power, state_jacobian, state_jacobian_product
from ..linear_map import entries
from ..nodes.binders import OrderedProduct
from ..nodes.block import Block, concat
from ..nodes.derivatives import StopGradient, Total
from ..symbols import Sequence, adjoint, claimed, indices, letters, mark_of, t
from ..unrolling import unroll
from .derivation import Derivation, latex_derivation, latex_statements
from .notation import NOTE, Notation, notation_named
from .numpy_code import latex_of_function
from .printer import latex_aligned

TAU = Symbol("tau", integer=True, positive=True)
K = indices("k")


@dataclass(frozen=True, slots=True)
class Query:
    """A query in its words: the kind of formula, its subject, what of it, and the notation.

    ``cells`` may be its subject beside those of the zoo.
    """

    kind: str
    subject: str
    detail: str = ""
    notation: Notation = NOTE
    cells: Mapping[str, Cell] = field(default_factory=dict)

    @property
    def cell(self) -> Cell:
        """The cell that is the subject: one that the query was given, or one of the zoo."""
        return self.cells[self.subject] if self.subject in self.cells else cell_named(self.subject)


def parse(text: str, cells: Mapping[str, Cell] | None = None) -> Query:
    """The query that ``text`` spells; a ``ValueError`` says what is wrong with it."""
    words = text.split()
    notation = NOTE
    if words and words[-1].startswith("notation="):
        notation = notation_named(words.pop().removeprefix("notation="))
    if not words or words[0] not in KINDS:
        raise ValueError(f"unknown query {text.strip()!r}; a query begins with {', '.join(KINDS)}")
    kind, *rest = words
    if not 1 <= len(rest) <= (2 if KINDS[kind].takes_detail else 1):
        raise ValueError(f"the query {text.strip()!r} should read {KINDS[kind].form}")
    return Query(kind, rest[0], rest[1] if len(rest) > 1 else "", notation, cells or {})


def answer(
    query: str,
    derivations: Mapping[str, Derivation] | None = None,
    cells: Mapping[str, Cell] | None = None,
    claims: Mapping[str, Any] | None = None,
) -> str:
    """The LaTeX that a query asks for; unknown names raise ``ValueError`` with those that exist.

    ``cells`` are known by the names given here, beside those of the zoo.
    """
    parsed = parse(query, cells)
    if parsed.kind == "claim":
        return _write_claim(parsed, derivations or {}, claims or {})
    return KINDS[parsed.kind].write(parsed, derivations or {})


def equations_of(query: Query) -> tuple[Any, ...]:
    """The equations that a query about a cell asks for."""
    return KINDS[query.kind].equations(query.cell, query.detail)


def _cell(cell: Cell, detail: str) -> tuple[Eq, ...]:
    return _one_of(cell.equations, detail, f"equation of cell {cell.name}") if detail else cell.equations


def _backward(cell: Cell, detail: str) -> tuple[Eq, ...]:
    backward = bptt(cell)
    parts = _parts(backward)
    found = parts.get(detail)
    if found is None:
        found = _one_of(backward.adjoints, detail, f"part or adjoint of cell {cell.name}", *filter(None, parts))
    return tuple(map(_hatted, found)) if _is_truncated(cell) else found


def _parts(backward: Backward) -> dict[str, tuple[Eq, ...]]:
    return {
        "": backward.adjoints,
        "inputs": backward.input_gradients,
        "initial": backward.initial_state_gradients,
        "parameters": backward.parameter_gradients,
        "boundary": backward.boundary,
    }


def _is_truncated(cell: Cell) -> bool:
    """Whether its backward pass holds some paths fixed, so that it is not the gradient."""
    return any(equation.has(StopGradient) for equation in cell.equations)


def _hatted(equation: Eq) -> Eq:
    r"""The equation with a hat on every δ: what a truncated backward pass computes is not the total derivative."""
    hats = {a: claimed(a) for a in letters(equation) if mark_of(a) == "delta"}
    left, right = (side.xreplace(hats) for side in equation.args)
    return Eq(claimed(adjoint(left.wrt)) if isinstance(left, Total) else left, right, evaluate=False)


def _jacobian(cell: Cell, detail: str) -> tuple[Any, ...]:
    if detail and _is_truncated(cell):
        raise ValueError(f"cell {cell.name} has a truncated derivative; only its one-step Jacobian is shown")
    if detail and _has_matrices(cell):
        raise ValueError(f"cell {cell.name} has a matrix for a state; only its one-step Jacobian is shown")
    if detail == "power":
        return _power(cell)
    if detail == "product":
        return _product(cell)
    if detail:
        raise ValueError(f"unknown form {detail!r} of the Jacobian of cell {cell.name}; there are product and power")
    step = state_jacobian(cell)
    left = _joint(cell)[t] if _is_truncated(cell) or _has_matrices(cell) else _state_derivative(cell, t, t - 1)
    return _named_blocks(cell, left, step) if isinstance(step, Block) else ((left, step),)


def _has_matrices(cell: Cell) -> bool:
    return any(state.shape[1] != 1 for state in cell.states)


def _joint(cell: Cell) -> Sequence:
    """The letter of the joint state's Jacobian."""
    size = Add(*[entries(state) for state in cell.states])
    return Sequence("J", size, size)


def _power(cell: Cell) -> tuple[Any, ...]:
    try:
        return ((_state_derivative(cell, t + TAU, t), linear_jacobian_power(cell, TAU)),)
    except ValueError:
        known = f"ask for 'jacobian {cell.name} product'"
        raise ValueError(f"the Jacobian of cell {cell.name} depends on time, so it has no power; {known}") from None


def _product(cell: Cell) -> tuple[Any, ...]:
    left = _state_derivative(cell, t + TAU, t)
    product = state_jacobian_product(cell, TAU)
    if not isinstance(state_jacobian(cell), Block):
        return ((left, product),)
    step = _joint(cell)
    limits = (K, t + 1, t + TAU)
    return ((left, OrderedProduct(step[K], limits)), (step[t], _state_derivative(cell, t, t - 1)))


def _state_derivative(cell: Cell, later: Expr, earlier: Expr) -> MatrixExpr:
    return Total(*[concat(*[state[time] for state in cell.states]) for time in (later, earlier)])


def _named_blocks(cell: Cell, left: MatrixExpr, step: Block) -> tuple[Any, ...]:
    """The Jacobian as a matrix of named blocks, then each block; a block met inside a later one keeps its name."""
    names = [[f"J_{later.name}{earlier.name}" for earlier in cell.states] for later in cell.states]
    blocks = [[Sequence(name, block.rows, block.cols)[t] for name, block in zip(*row)] for row in zip(names, step.args)]
    known: dict[MatrixExpr, MatrixExpr] = {}
    lines: list[Any] = []
    for values, row in reversed(list(zip(step.args, blocks))):
        lines += [(name, value.xreplace(known)) for value, name in zip(values, row)]
        known |= {value: name for value, name in zip(values, row) if letters(value)}
    return ((left, Block(*blocks)), *lines)


def _unrolled(cell: Cell, detail: str) -> tuple[Eq, ...]:
    if not detail.isdecimal() or not 1 <= int(detail) <= 50:
        raise ValueError(f"the query 'unroll {cell.name}' takes a number of steps from 1 to 50, got {detail!r}")
    return unroll(cell, int(detail))


def _one_of(equations: Iterable[Eq], name: str, what: str, *others: str) -> tuple[Eq, ...]:
    found = {equation.lhs.sequence.text: equation for equation in equations}
    if name not in found:
        raise ValueError(f"unknown {what}: {name!r}; there are {', '.join([*others, *found])}")
    return (found[name],)


def _write_cell_query(query: Query, derivations: Mapping[str, Derivation]) -> str:
    return latex_aligned(equations_of(query), query.notation.for_cell(query.cell))


def _write_derivation(query: Query, derivations: Mapping[str, Derivation]) -> str:
    if query.subject not in derivations:
        known = ", ".join(sorted(derivations)) or "none loaded"
        raise ValueError(f"unknown derivation {query.subject!r}; the derivations are: {known}")
    return latex_derivation(derivations[query.subject], query.notation)


def _write_reference(query: Query, derivations: Mapping[str, Derivation]) -> str:
    try:
        from .. import reference
    except ImportError:
        raise ValueError("there is no lstm_sym.reference, so no NumPy reference to show") from None
    functions = {
        name: function
        for name, function in getmembers(reference, isfunction)
        if function.__module__ == reference.__name__ and not name.startswith("_")
    }
    if query.subject not in functions:
        raise ValueError(f"unknown reference function {query.subject!r}; there are {', '.join(functions)}")
    return latex_of_function(functions[query.subject])


def _write_claim(query: Query, derivations: Mapping[str, Derivation], claims: Mapping[str, Any]) -> str:
    if query.subject not in claims:
        known = ", ".join(claims) or "none loaded"
        raise ValueError(f"unknown claim {query.subject!r}; the claims are: {known}")
    if query.detail not in ("", "refuted"):
        raise ValueError(f"unknown part {query.detail!r} of a claim; there is 'refuted'")
    claim = claims[query.subject]
    cited = claim.fails if query.detail else claim.holds
    if not cited:
        raise ValueError(f"claim {claim.id} cites no step that is {query.detail or 'proved'}")
    return latex_statements([derivations[name].steps[number - 1] for name, number in cited], query.notation)


def _no_equations(cell: Cell, detail: str) -> tuple[Any, ...]:
    raise ValueError("only queries about a cell have equations")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of query: how it reads, the equations it stands for and how it is written."""

    form: str
    takes_detail: bool = True
    equations: Callable[[Cell, str], tuple[Any, ...]] = _no_equations
    write: Callable[[Query, Mapping[str, Derivation]], str] = _write_cell_query


KINDS: dict[str, Kind] = {
    "cell": Kind("'cell CELL [LETTER]'", equations=_cell),
    "backward": Kind("'backward CELL [delta_LETTER|inputs|initial|parameters|boundary]'", equations=_backward),
    "jacobian": Kind("'jacobian CELL [product|power]'", equations=_jacobian),
    "unroll": Kind("'unroll CELL STEPS'", equations=_unrolled),
    "derivation": Kind("'derivation NAME'", takes_detail=False, write=_write_derivation),
    "claim": Kind("'claim ID [refuted]'"),
    "reference": Kind("'reference FUNCTION'", takes_detail=False, write=_write_reference),
}
"""Every kind of query."""
