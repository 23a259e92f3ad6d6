"""What reads what in one step of a cell: a graph made from its equations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import singledispatchmethod
from typing import Any

from ..activations import Activation, Applied, Elementwise
from ..cell import Cell
from ..latex import latex
from ..nodes.algebra import MatrixProduct, MatrixSum, Ones, Transposed, add, coefficient
from ..nodes.block import Block
from ..nodes.derivatives import StopGradient
from ..nodes.elementwise import Diag, Hadamard, HadamardPower, Maximum, Scaled
from ..nodes.normalisation import Normalised
from ..symbols import At, Parameter, Sequence, letters, t

MANY = 2
"""A degree that no affine map has."""


@dataclass(frozen=True, slots=True)
class Node:
    r"""One box: ``kind`` is ``source`` (a state or input), ``map``, ``operation`` or ``result``; texts are LaTeX.

    ``label`` says what is done, ``name`` what comes out, ``detail`` lists the parameters.
    """

    kind: str
    label: str
    name: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """``source`` and ``target`` count nodes; ``sign`` is a minus where the value is subtracted; ``stopped`` where
    no derivative passes."""

    source: int
    target: int
    sign: str = ""
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """A directed graph without cycles; edges lead from what is read to what reads it."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def data_flow(cell: Cell) -> Graph:
    """The graph of one step: states before it and inputs, maps with parameters, operations, states and outputs."""
    builder = Builder(cell)
    for sequence in cell.order:
        if sequence not in builder.folded:
            builder.define(sequence)
    for sequence in dict.fromkeys([*cell.states, *cell.outputs]):
        result = builder.add(Node("result", latex(sequence[t])))
        builder.connect(builder.place[sequence[t]], result)
    return Graph(tuple(builder.nodes), tuple(dict.fromkeys(builder.edges)))


class Builder:
    """The nodes and edges made so far, and the node of every letter and subexpression."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.place: dict[Any, int] = {}
        self.folded = {s for s in cell.preactivations if len(cell.consumers(s)) == 1 and s not in cell.states}

    def add(self, node: Node, reads: Iterable[Edge] = ()) -> int:
        self.nodes.append(node)
        number = len(self.nodes) - 1
        self.edges += [replace(edge, target=number) for edge in reads]
        return number

    def connect(self, source: int, target: int) -> None:
        self.edges.append(Edge(source, target))

    def define(self, sequence: Sequence) -> None:
        """The node of a sequence's equation, with the sequence's name."""
        edge = self.read(self.cell.definition(sequence))
        number = edge.source
        node = self.nodes[number]
        if node.name or node.kind == "source" or edge.sign or edge.stopped:
            number = self.add(Node("operation", "="), [edge])
        self.nodes[number] = replace(self.nodes[number], name=latex(sequence[t]))
        self.place[sequence[t]] = number

    def read(self, expr: Any) -> Edge:
        """An edge from the node of an expression, made when it is first met; its target is still open."""
        if isinstance(expr, StopGradient):
            return replace(self.read(expr.args[0]), stopped=True)
        if isinstance(expr, Transposed):
            return self.read(expr.args[0])
        if isinstance(expr, At) and expr.index == t and expr.sequence in self.folded:
            return self.read(self.cell.definition(expr.sequence))
        if expr not in self.place:
            self.place[expr] = self.affine(expr, "") if is_affine_map(expr) else self.build(expr)
        return Edge(self.place[expr], -1)

    def affine(self, expr: Any, label: str) -> int:
        """One node for W h + U x + b, under the function that is applied to it."""
        parameters = [letter for letter in letters(expr) if isinstance(letter, Parameter)]
        held = {node.args[0] for node in expr.atoms(StopGradient)}
        reads = [
            replace(self.read(letter), stopped=letter in held) for letter in letters(expr) if isinstance(letter, At)
        ]
        return self.add(Node("map", label, detail=r",\,".join(latex(p) for p in parameters)), reads)

    @singledispatchmethod
    def build(self, expr: Any) -> int:
        """A node for an expression; one without a rule of its own bears its type's name."""
        parts = [part for part in expr.args if getattr(part, "is_Matrix", False)]
        return self.add(Node("operation", rf"\mathrm{{{type(expr).__name__}}}"), map(self.read, parts))

    @build.register(At)
    @build.register(Parameter)
    def _(self, expr: Any) -> int:
        return self.add(Node("source", latex(expr)))

    @build.register(Elementwise)
    @build.register(Applied)
    def _(self, expr: Any) -> int:
        argument = expr.argument
        if isinstance(argument, At) and argument.index == t and argument.sequence in self.folded:
            argument = self.cell.definition(argument.sequence)
        if is_affine_map(argument):
            return self.affine(argument, _function(expr.function))
        return self.add(Node("operation", _function(expr.function)), [self.read(argument)])

    @build.register(Hadamard)
    def _(self, expr: Hadamard) -> int:
        return self.add(Node("operation", r"\odot"), map(self.read, expr.args))

    @build.register(HadamardPower)
    def _(self, expr: HadamardPower) -> int:
        return self.add(Node("operation", rf"(\cdot)^{{{expr.args[1]}}}"), [self.read(expr.args[0])])

    @build.register(Maximum)
    def _(self, expr: Maximum) -> int:
        return self.add(Node("operation", r"\max"), map(self.read, expr.args))

    @build.register(Scaled)
    def _(self, expr: Scaled) -> int:
        return self.add(Node("operation", r"\cdot"), map(self.read, expr.args))

    @build.register(Normalised)
    def _(self, expr: Normalised) -> int:
        return self.add(Node("operation", r"\mathrm{LN}"), [self.read(expr.args[0])])

    @build.register(MatrixSum)
    def _(self, expr: MatrixSum) -> int:
        first, *rest = expr.args
        if isinstance(first, Ones) and len(rest) == 1 and coefficient(rest[0]) == -1:
            return self.add(Node("operation", "1 -"), [self.read(-rest[0])])
        affine = [term for term in expr.args if isinstance(term, Parameter) or is_affine_map(term)]
        if not any(map(is_affine_map, affine)):
            affine = []
        others = [self.summand(term) for term in expr.args if term not in affine]
        return self.add(Node("operation", "+"), [*([self.read(add(*affine))] if affine else []), *others])

    def summand(self, term: Any) -> Edge:
        """A term of a sum; the sign of one that is subtracted stands at its edge."""
        return replace(self.read(-term), sign="-") if coefficient(term).could_extract_minus_sign() else self.read(term)

    @build.register(MatrixProduct)
    def _(self, expr: MatrixProduct) -> int:
        scalar = "" if expr.scalar == 1 else latex(expr.scalar)
        if len(expr.matrices) == 1:
            return self.add(Node("operation", rf"{scalar}\,\cdot"), [self.read(expr.matrices[0])])
        return self.add(Node("operation", r"\times", detail=scalar), map(self.read, expr.matrices))

    @build.register(Diag)
    def _(self, expr: Diag) -> int:
        return self.add(Node("operation", r"\mathrm{diag}"), [self.read(expr.args[0])])

    @build.register(Block)
    def _(self, expr: Block) -> int:
        return self.add(Node("operation", r"[\,;\,]"), map(self.read, _parts(expr)))

    @build.register(Ones)
    def _(self, expr: Ones) -> int:
        return self.add(Node("source", "1"))


def is_affine_map(expr: Any) -> bool:
    """Whether an expression is W u + … + b: parameters, and letters that nothing but parameters multiplies."""
    has_parameter = any(isinstance(letter, Parameter) for letter in letters(expr))
    return has_parameter and not isinstance(expr, Parameter) and _degree(expr) == 1


def _degree(expr: Any) -> int:
    """How many values along a trajectory are multiplied with each other; ``MANY`` for what is no polynomial."""
    if isinstance(expr, At):
        return 1
    if isinstance(expr, MatrixSum):
        return max(map(_degree, expr.args))
    if isinstance(expr, Block):
        return max(map(_degree, _parts(expr)))
    if isinstance(expr, MatrixProduct):
        return sum(map(_degree, expr.matrices))
    if isinstance(expr, Hadamard | Scaled):
        return sum(map(_degree, expr.args))
    if isinstance(expr, StopGradient | Transposed):
        return _degree(expr.args[0])
    return MANY if any(isinstance(letter, At) for letter in letters(expr)) else 0


def _parts(expr: Block) -> Iterator[Any]:
    return (part for row in expr.args for part in row)


def _function(function: Activation) -> str:
    """The sign of an elementwise function, φ for one that is left open."""
    name = function.row.latex if function.row else rf"\{function.name}"
    return name + "'" * function.order
