r"""The two derivatives as nodes: the immediate partial :math:`\partial^+` and the total derivative :math:`d`.

Most published errors on recurrent networks confuse them, so they never share a type: the immediate
partial differentiates one equation with every other path held fixed, the total derivative follows
every path through time (Werbos 1990; the sign :math:`\partial^+` is that of Pascanu et al. 2013, eq. 5).
"""

from __future__ import annotations

from typing import Any

from sympy import sympify
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.matexpr import MatrixExpr

from .operand import Operand, as_expression, is_matrix, require_matrix, same_size, text_shape


class Derivative(Operand):
    r"""A derivative of ``of`` with respect to the letter ``wrt``.

    Column by column vector, the Jacobian of shape ``(of.rows, wrt.rows)`` with entry
    :math:`(i, j) = \partial y_i/\partial x_j`; scalar by matrix, the gradient of ``wrt``'s shape.
    """

    def __new__(cls, of: Any, wrt: Any) -> MatrixExpr:
        of, wrt = as_expression(of), as_expression(wrt)
        if not is_matrix(wrt):
            raise TypeError(f"a derivative is taken with respect to a matrix letter, got {wrt}")
        if is_matrix(of):
            for part in (of, wrt):
                if not same_size(part.cols, sympify(1)):
                    raise ShapeError(f"a Jacobian needs column vectors, got {part} ({text_shape(part)})")
        return MatrixExpr.__new__(cls, of, wrt)

    of = property(lambda self: self.args[0])
    wrt = property(lambda self: self.args[1])

    @property
    def shape(self) -> tuple[Any, Any]:
        return (self.of.rows, self.wrt.rows) if is_matrix(self.of) else self.wrt.shape

    def doit(self, **hints: Any) -> MatrixExpr:
        return self

    def _sympystr(self, printer: Any) -> str:
        return f"{type(self).__name__}({printer._print(self.of)}, {printer._print(self.wrt)})"


class StopGradient(Operand):
    r""":math:`\operatorname{sg}(A)`: the value of ``A``, held fixed by every derivative.

    It states a truncated derivative as equations: the 1997 LSTM algorithm cuts the gradient where a
    pre-activation reads the previous step (Hochreiter & Schmidhuber 1997, appendix A.1).
    """

    def __new__(cls, operand: Any) -> MatrixExpr:
        require_matrix("stop_gradient", operand)
        return MatrixExpr.__new__(cls, operand)

    shape = property(lambda self: self.args[0].shape)

    def _sympystr(self, printer: Any) -> str:
        return f"stop_gradient({printer._print(self.args[0])})"


class Partial(Derivative):
    r"""The immediate partial :math:`\partial^+ y/\partial x`: other paths held fixed."""


class Total(Derivative):
    r"""The total derivative :math:`dy/dx`: every path followed."""
