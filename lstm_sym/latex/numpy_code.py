r"""LaTeX of a plain NumPy function, through latexify-py, shown beside the symbolic equations.

latexify prints ``A * B`` and ``A @ B`` alike, drops the brackets of ``tanh(c) * o`` and escapes every
underscore. Here ``@`` is a product, ``*`` of two arrays is ⊙, a function keeps its brackets, and
``h_prev`` is h with the label prev.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from typing import Any

from .letter import spelled, symbols
from .notation import NOTE
from .printer import aligned

MISSING = r"\text{The NumPy reference is shown where latexify-py is installed; it needs Python 3.13 or older.}"

FUNCTIONS = {
    "tanh": r"\tanh",
    "exp": r"\exp",
    "log": r"\log",
    "sigmoid": r"\sigma",
    "sigma": r"\sigma",
    "diag": r"\operatorname{diag}",
    "phi": r"\varphi",
}


def latex_of_function(function: Callable[..., Any]) -> str:
    r"""The assignments of a pure function and its result, as aligned rows in the order of the code.

    Code that has no form as a formula, such as a loop, raises ``ValueError`` with the function named.
    """
    try:
        import latexify
    except ImportError:
        return MISSING
    try:
        body = latexify.parser.parse_function(function).body[0].body
        return aligned([_row(statement) for statement in body if not _is_docstring(statement)])
    except latexify.exceptions.LatexifyError as error:
        raise ValueError(f"no LaTeX for the function {function.__name__}: {error}") from None


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _row(statement: ast.stmt) -> str:
    from latexify.exceptions import LatexifyNotSupportedError

    write = _expressions()
    if isinstance(statement, ast.Assign):
        return " &= ".join(map(write, [*statement.targets, statement.value]))
    if isinstance(statement, ast.Return) and statement.value is not None:
        return r"\mathbf{return} &\;\; " + write(statement.value)
    raise LatexifyNotSupportedError(f"line {statement.lineno} is neither an assignment nor a return with a value")


@cache
def _expressions() -> Callable[[ast.AST], str]:
    """latexify's writer of expressions, made faithful to NumPy's two products."""
    from latexify.codegen import ExpressionCodegen
    from latexify.exceptions import LatexifyNotSupportedError

    class Expressions(ExpressionCodegen):
        def visit_Name(self, node: ast.Name) -> str:
            try:
                return symbols(NOTE).glyph(node.id).static
            except ValueError:
                return spelled(node.id)

        def visit_Attribute(self, node: ast.Attribute) -> str:
            if node.attr == "T":
                return f"{self._operand(node.value, ast.BinOp, ast.UnaryOp)}^{{\\top}}"
            raise LatexifyNotSupportedError(f"the attribute .{node.attr}")

        def visit_Call(self, node: ast.Call) -> str:
            name = ast.unparse(node.func).removeprefix("np.")
            if node.keywords or not name.isidentifier():
                raise LatexifyNotSupportedError(f"the call {ast.unparse(node)}")
            if name == "outer" and len(node.args) == 2:
                column, row = (self._operand(part, ast.BinOp, ast.UnaryOp) for part in node.args)
                return f"{column} {row}^{{\\top}}"
            sign = FUNCTIONS.get(name, rf"\operatorname{{{name.replace('_', chr(92) + '_')}}}")
            return rf"{sign}\left({', '.join(map(self.visit, node.args))}\right)"

        def visit_Tuple(self, node: ast.Tuple) -> str:
            return ",\\; ".join(map(self.visit, node.elts))

        def visit_BinOp(self, node: ast.BinOp) -> str:
            if isinstance(node.op, ast.MatMult):
                return " ".join(self._factor(side, ast.MatMult) for side in (node.left, node.right))
            if isinstance(node.op, ast.Mult):
                gap = " " if isinstance(node.left, ast.Constant) else r" \odot "
                return gap.join(self._factor(side, ast.Mult) for side in (node.left, node.right))
            if isinstance(node.op, ast.Pow):
                base = self._operand(node.left, ast.BinOp, ast.UnaryOp, ast.Attribute)
                return rf"{base}^{{\odot {self.visit(node.right)}}}"
            return str(super().visit_BinOp(node))

        def _factor(self, side: ast.expr, product: type) -> str:
            nested = isinstance(side, ast.BinOp) and not isinstance(side.op, product | ast.Pow)
            return rf"\left({self.visit(side)}\right)" if nested else self._operand(side, ast.UnaryOp)

        def _operand(self, side: ast.expr, *looser: type) -> str:
            return rf"\left({self.visit(side)}\right)" if isinstance(side, looser) else str(self.visit(side))

    return Expressions().visit
