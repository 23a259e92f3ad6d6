r"""A cell's forward pass as an ONNX graph: what recurs is a ``Scan``, what does not stands before or after it.

The inputs of the graph are the parameters, the inputs (T, B, ·) and the initial states, by the names of the NumPy
module; its outputs are the outputs of every step and the final states, with the ending ``_last``. The equations are the
``doc_string`` of the nodes that end them. A graph has one type of numbers, float32 or float64. Without a sequence
(B is 0) its outputs are empty; a ``Scan`` over no step (T is 0) is refused by onnxruntime.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .. import __version__
from ..activations import Activation
from ..cell import Cell
from ..nodes.algebra import add
from ..symbols import At, Sequence, t
from .freshness import cell_hash, source_told
from .functional import factor_source
from .onnx_nodes import Graph, expression
from .onnx_sequences import LENGTHS, Sequences, around
from .passes import words
from .plan import plan_of, with_activation
from .recurrence import Flow, Stage, ats, forward_flow
from .rows import Rows, row_source
from .scanned import split_terms
from .vocabulary import STEP, STEPS, Vocabulary, vocabulary_of
from .writer import ALL, noted

OPSET, IR_VERSION = 18, 8
"""The version of the operators, and that of the format which came with it."""

DTYPES = ("float32", "float64")


def export_onnx(
    cell: Cell,
    *,
    phi: Activation | str | None = None,
    dtype: str = "float32",
    lengths: bool = False,
    reverse: bool = False,
) -> Any:
    """The ONNX model of a cell, an ``onnx.ModelProto``.

    With ``lengths`` the graph has that input too, int64 (B,): the steps of each sequence, from 0 to T. Its final state
    is the one after its own last step, and outputs beyond are 0. With ``reverse`` every sequence runs from its last
    step to its first.

    Raises ``ValueError`` for an open activation, a type of numbers that is not float32 or float64, and where ``onnx``
    is not installed, and ``TypeError`` with the name of a function that has no ONNX form.
    """
    try:
        import onnx
    except ImportError:
        raise ValueError("an ONNX graph needs the extra onnx: pip install 'lstm-sym[onnx]'") from None
    if dtype not in DTYPES:
        raise ValueError(f"a graph holds float32 or float64, got dtype={dtype!r}")
    whole = with_activation(cell, phi)
    plan = plan_of(whole)
    model = _model(whole, vocabulary_of(plan), forward_flow(plan), dtype, Sequences(lengths, reverse))
    onnx.checker.check_model(model, full_check=True)
    return model


def _model(cell: Cell, names: Vocabulary, flow: Flow, dtype: str, sequences: Sequences) -> Any:
    from onnx import TensorProto, helper

    elem = TensorProto.FLOAT if dtype == "float32" else TensorProto.DOUBLE

    def declared(axes: dict[str, tuple[str, ...]], ending: str = "") -> list[Any]:
        """A size that is a sum or a number is an axis as well; a sum has no name of its own."""
        return [
            helper.make_tensor_value_info(
                f"{name}{ending}", elem, [int(axis) if axis.isdigit() else axis for axis in shape]
            )
            for name, shape in axes.items()
        ]

    known = dict(names.rows().names)
    own = {f"{names.names[s]}{ending}" for s in cell.states for ending in ("_first", "_last")}
    for name in sorted({*own, *([LENGTHS] if sequences.lengths else [])} & set(known.values())):
        raise ValueError(f"cell {cell.name}: the graph has an input or output {name} of its own; rename that letter")
    graph = Graph(elem)
    env = {name: name for name in known.values()}
    env |= _sizes(cell, names, flow, graph)
    builder = _Builder(graph, known, flow, env, {s: f"{names.names[s]}_first" for s in cell.states})
    for stage in flow.stages:
        builder.stage(stage)
    nodes = graph.nodes
    if not sequences.lengths:
        for state in cell.states:
            builder.last(state)
    if not sequences.plain:
        inputs, outputs, states = ([names.names[s] for s in some] for some in (cell.inputs, cell.outputs, cell.states))
        nodes = around(sequences, nodes, elem, inputs, outputs, {name: f"{name}_first" for name in states})
    counts = [helper.make_tensor_value_info(LENGTHS, TensorProto.INT64, ["B"])] if sequences.lengths else []
    made = helper.make_graph(
        nodes,
        cell.name,
        [
            *declared(names.axes(cell.parameters)),
            *declared(names.axes(cell.inputs, STEPS)),
            *declared(names.axes(cell.states, STEP), "_first"),
            *counts,
        ],
        [*declared(names.axes(cell.outputs, STEPS)), *declared(names.axes(cell.states, STEP), "_last")],
        doc_string=(
            f"{cell.name}: forward over a sequence and a batch.\n\n"
            f"Written by lstm-sym {__version__} from the equations of the cell {cell.name}.\n"
            f"Source: {source_told(cell)}."
        ),
    )
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="lstm-sym", producer_version=__version__
    )
    model.ir_version = IR_VERSION
    helper.set_model_props(model, {"hash of the equations": cell_hash(cell)})
    return model


def _sizes(cell: Cell, names: Vocabulary, flow: Flow, graph: Graph) -> dict[str, str]:
    """The sizes that the equations read as numbers, from the shapes of the parameters."""
    rows = names.rows()
    read = words(row_source(line.value, rows) for stage in flow.stages for line in stage.lines)
    found: dict[str, str] = {}
    for parameter, axes in names.axes(cell.parameters).items():
        for k, axis in enumerate(axes):
            if axis in read and axis not in found:
                shape = graph.node("Shape", [parameter], start=k, end=k + 1)
                found[axis] = graph.node("Cast", [shape], to=graph.elem)
    return found


@dataclass(slots=True)
class _Builder:
    """The stages of a pass as nodes; ``env`` says which value of the graph a name of the source is."""

    graph: Graph
    names: dict[Any, str]
    flow: Flow
    env: dict[str, str]
    initial: dict[Sequence, str]
    lasts: dict[Sequence, str] = field(default_factory=dict)
    shifts: set[At] = field(default_factory=set)

    def stage(self, stage: Stage) -> None:
        if stage.diagonal:
            self._shift(stage.diagonal)
            rows = Rows(self.names, ALL)
            texts = factor_source(stage.diagonal[0], rows), row_source(stage.diagonal[1], rows)
            factor, summand = (expression(text, self.graph, self.env) for text in texts)
            self._diagonal(stage, factor, summand)
        elif stage.carried:
            inside = {line.target for line in stage.lines}
            self._shift((line.value for line in stage.lines), inside)
            self._scan(stage, inside)
        else:
            for line in stage.lines:
                self._shift([line.value])
                self._named(self._written(line.value), self.names[line.target[t]], noted(line))

    def last(self, state: Sequence) -> None:
        name = f"{self.names[state[t]]}_last"
        if state in self.lasts:
            self._named(self.lasts[state], name)
        else:
            index = self.graph.whole_numbers(-1)
            row = self.graph.node("Gather", [self.names[state[t]], index], axis=0)
            self.graph.node("Squeeze", [row, self.graph.whole_numbers(0)], name)

    def _named(self, value: str, name: str, says: str = "") -> None:
        self.graph.node("Identity", [value], name, says=says)
        self.env[name] = name

    def _written(self, value: Any) -> str:
        return expression(row_source(value, Rows(self.names, ALL)), self.graph, self.env)

    def _shift(self, values: Iterable[Any], inside: Iterable[Sequence] = ()) -> None:
        """The values of the step before, as sequences of their own."""
        graph = self.graph
        for letter in dict.fromkeys(a for value in values for a in ats(value)):
            sequence = self.flow.before.get(letter)
            if sequence is None or sequence in inside or letter in self.shifts:
                continue
            self.shifts.add(letter)
            first = graph.node("Unsqueeze", [self.initial[sequence], graph.whole_numbers(0)])
            bounds = [graph.whole_numbers(bound) for bound in (0, -1, 0)]
            rest = graph.node("Slice", [self.names[sequence[t]], *bounds])
            graph.node("Concat", [first, rest], self.names[letter], axis=0)

    def _diagonal(self, stage: Stage, factor: str, summand: str) -> None:
        (line,) = stage.lines
        name = self.names[line.target[t]]
        # A factor that is the same at every step is not scanned: the step reads it from the graph around it.
        assert stage.diagonal is not None
        scanned = [value for value, part in zip((factor, summand), stage.diagonal, strict=True) if ats(part)]
        inner = {value: f"{name}/{value}_now" for value in scanned}
        body = Graph(self.graph.elem, f"{name}/")
        before = f"{name}/before"
        product = body.node("Mul", [inner.get(factor, factor), before])
        body.node("Add", [product, inner.get(summand, summand)], f"{name}/after", says=noted(line))
        self._finish(body, [(line.target, before, f"{name}/after")], inner, {line.target: f"{name}/after"})

    def _scan(self, stage: Stage, inside: set[Sequence]) -> None:
        lag = {a: sequence for a, sequence in self.flow.before.items() if sequence in inside}

        def early(value: Any) -> bool:
            return not any(a in lag or (a not in self.flow.before and a.sequence in inside) for a in ats(value))

        first = self.names[stage.carried[0][t]]
        body = Graph(self.graph.elem, f"{first}/")
        local = dict(self.env)
        scanned: dict[str, str] = {}
        ends = {}
        befores = {sequence: f"{first}/{self.names[a]}" for a, sequence in lag.items()}
        local |= {self.names[a]: befores[sequence] for a, sequence in lag.items()}
        for line in stage.lines:
            split = split_terms(line, early)
            for a in dict.fromkeys(a for term in split.late for a in ats(term) if early(a)):
                scanned[self.names[a]] = local[self.names[a]] = f"{first}/{self.names[a]}"
            value = expression(row_source(add(*split.late), Rows(self.names, STEP)), body, local) if split.late else ""
            if split.soon:
                known = self._written(add(*split.soon))
                scanned[known] = f"{first}/{known}_now"
                value = body.node("Add", [scanned[known], value])
            name = f"{first}/{self.names[line.target[t]]}_now"
            body.node("Identity", [value], name, says=noted(line))
            local[self.names[line.target[t]]] = ends[line.target] = name
        carried = [(s, befores[s], ends[s]) for s in stage.carried]
        self._finish(body, carried, scanned, ends)

    def _finish(
        self, body: Graph, carried: list[tuple[Sequence, str, str]], scanned: dict[str, str], ends: dict[Sequence, str]
    ) -> None:
        """The Scan: states before and after a step, the rows that it takes and those that it keeps."""
        from onnx import helper

        def values(names: Iterable[str]) -> list[Any]:
            return [helper.make_tensor_value_info(name, body.elem, None) for name in names]

        handed = [body.node("Identity", [after], f"{after}_handed") for _, _, after in carried]
        subgraph = helper.make_graph(
            body.nodes,
            f"{body.prefix}step",
            values([*(before for _, before, _ in carried), *scanned.values()]),
            values([*handed, *ends.values()]),
        )
        for sequence, _, _ in carried:
            self.lasts[sequence] = f"{self.names[sequence[t]]}/end"
        outputs = [*(self.lasts[s] for s, _, _ in carried), *(self.names[s[t]] for s in ends)]
        inputs = [*(self.initial[s] for s, _, _ in carried), *scanned]
        self.graph.nodes.append(helper.make_node("Scan", inputs, outputs, body=subgraph, num_scan_inputs=len(scanned)))
        self.env |= {self.names[s[t]]: self.names[s[t]] for s in ends}
