"""NumPy source as the nodes of an ONNX graph."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .dialect import side_by_side
from .numpy_code import HELPERS

ENTRYWISE = {"tanh": "Tanh", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "sign": "Sign"}
TWO = {"maximum": "Max", "minimum": "Min", "where": "Where"}
OPERATORS: dict[type, str] = {ast.Add: "Add", ast.Sub: "Sub", ast.Mult: "Mul", ast.Div: "Div", ast.MatMult: "MatMul"}


@dataclass(slots=True)
class Graph:
    """Nodes as they are made; ``prefix`` keeps the names of a subgraph apart from those around it."""

    elem: int
    prefix: str = ""
    nodes: list[Any] = field(default_factory=list)

    def node(
        self, kind: str, inputs: Iterable[str], output: str | None = None, *, says: str = "", **attributes: Any
    ) -> str:
        from onnx import helper

        output = output or f"{self.prefix}{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], doc_string=says, **attributes))
        return output

    def number(self, value: float) -> str:
        from onnx import helper

        return self.node("Constant", [], value=helper.make_tensor("", self.elem, [], [value]))

    def whole_numbers(self, *values: int) -> str:
        from onnx import TensorProto, helper

        return self.node("Constant", [], value=helper.make_tensor("", TensorProto.INT64, [len(values)], values))


def expression(numpy: str, graph: Graph, env: dict[str, str]) -> str:
    """The value of a NumPy expression, as nodes."""
    return Expression(graph, env).visit(ast.parse(numpy, mode="eval").body)


class Expression(ast.NodeVisitor):
    """The nodes of a graph for one NumPy expression; what it visits gives the name of a value."""

    def __init__(self, graph: Graph, env: dict[str, str]) -> None:
        self.graph, self.env = graph, env

    def visit(self, node: ast.AST) -> str:
        found: str = super().visit(node)
        return found

    def generic_visit(self, node: ast.AST) -> str:
        raise TypeError(f"{ast.unparse(node)} has no ONNX form")

    def visit_Name(self, node: ast.Name) -> str:
        return self.env[node.id]

    def visit_Constant(self, node: ast.Constant) -> str:
        return self.graph.number(float(node.value))  # type: ignore[arg-type]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> str:
        return self.graph.node("Neg", [self.visit(node.operand)])

    def visit_BinOp(self, node: ast.BinOp) -> str:
        if isinstance(node.op, ast.Pow):
            base = self.visit(node.left)
            if isinstance(node.right, ast.Constant) and node.right.value == 2:
                return self.graph.node("Mul", [base, base])
            return self.graph.node("Pow", [base, self.visit(node.right)])
        return self.graph.node(OPERATORS[type(node.op)], [self.visit(node.left), self.visit(node.right)])

    def visit_Compare(self, node: ast.Compare) -> str:
        return self.graph.node("Greater", [self.visit(node.left), self.visit(node.comparators[0])])

    def visit_Attribute(self, node: ast.Attribute) -> str:
        if node.attr == "T":
            return self.graph.node("Transpose", [self.visit(node.value)], perm=[1, 0])
        return self.visit(node.value) if node.attr == "real" else self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> str:
        if ast.unparse(node.slice) != "(..., None)":
            return self.generic_visit(node)
        return self.column(self.visit(node.value))

    def visit_Call(self, node: ast.Call) -> str:
        called = ast.unparse(node.func)
        name = called.removeprefix("np.")
        if called in FORMS:
            return FORMS[called](self, node)
        if called in HELPERS:
            (argument,) = node.args
            inner = Expression(self.graph, {"x": self.visit(argument)})
            return inner.visit(ast.parse(HELPERS[called].format(x="x"), mode="eval").body)
        if called.startswith("np.") and name in ENTRYWISE | TWO:
            return self.graph.node((ENTRYWISE | TWO)[name], [self.visit(argument) for argument in node.args])
        raise TypeError(f"{called} has no ONNX form")

    def column(self, value: str) -> str:
        """With an axis of length 1 at the end."""
        return self.graph.node("Unsqueeze", [value, self.graph.whole_numbers(-1)])

    def mean(self, value: str) -> str:
        return self.graph.node("ReduceMean", [value, self.graph.whole_numbers(-1)], keepdims=1)

    def centred(self, value: str) -> str:
        return self.graph.node("Sub", [value, self.mean(value)])

    def deviation(self, value: str) -> str:
        centred = self.centred(value)
        return self.graph.node("Sqrt", [self.mean(self.graph.node("Mul", [centred, centred]))])


def _normalised(here: Expression, node: ast.Call) -> str:
    value = here.visit(node.args[0])
    return here.graph.node("Div", [here.centred(value), here.deviation(value)])


def _logaddexp(here: Expression, node: ast.Call) -> str:
    """The larger one, and what the other adds: the exponential never overflows."""
    a, b = (here.visit(argument) for argument in node.args)
    node_, one = here.graph.node, here.graph.number(1.0)
    distance = node_("Neg", [node_("Abs", [node_("Sub", [a, b])])])
    return node_("Add", [node_("Max", [a, b]), node_("Log", [node_("Add", [one, node_("Exp", [distance])])])])


def _concatenated(here: Expression, node: ast.Call) -> str:
    (parts,), axis = node.args, int(ast.literal_eval(node.keywords[0].value))
    assert isinstance(parts, ast.Tuple)
    return here.graph.node("Concat", [here.visit(part) for part in parts.elts], axis=axis)


def _summed(here: Expression, node: ast.Call) -> str:
    kept = any(keyword.arg == "keepdims" for keyword in node.keywords)
    return here.graph.node("ReduceSum", [here.visit(node.args[0]), here.graph.whole_numbers(-1)], keepdims=int(kept))


def _applied(here: Expression, node: ast.Call) -> str:
    """A v, for the matrix A and the column v of each row."""
    matrix, vector = (here.visit(argument) for argument in node.args)
    product = here.graph.node("MatMul", [matrix, here.column(vector)])
    return here.graph.node("Squeeze", [product, here.graph.whole_numbers(-1)])


def _outer(here: Expression, node: ast.Call) -> str:
    u, v = (here.visit(argument) for argument in node.args)
    return here.graph.node("Mul", [here.column(u), here.graph.node("Unsqueeze", [v, here.graph.whole_numbers(-2)])])


FORMS: dict[str, Callable[[Expression, ast.Call], str]] = {
    "sigma": lambda here, node: here.graph.node("Sigmoid", [here.visit(node.args[0])]),
    "deviation": lambda here, node: here.deviation(here.visit(node.args[0])),
    "normalised": _normalised,
    "np.logaddexp": _logaddexp,
    "np.concatenate": _concatenated,
    "np.block": lambda here, node: here.visit(side_by_side(node)),
    "np.clip": lambda here, node: here.graph.node("Clip", [here.visit(argument) for argument in node.args]),
    "np.expm1": lambda here, node: here.graph.node(
        "Sub", [here.graph.node("Exp", [here.visit(node.args[0])]), here.graph.number(1.0)]
    ),
    "np.ones_like": lambda here, node: here.graph.number(1.0),
    "np.sum": _summed,
    "np.swapaxes": lambda here, node: here.graph.node("Einsum", [here.visit(node.args[0])], equation="...ij->...ji"),
    "applied": _applied,
    "outer": _outer,
}
"""The functions that are more than one node, or a node with attributes."""
