r"""What every matrix letter and node shares: operators with shape checks that keep the written order."""

from __future__ import annotations

from typing import Any

from sympy import Basic, Expr, Function, SympifyError, sympify
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.matexpr import MatrixExpr

_DIVIDED = "a matrix divides nothing; entry by entry it is hadamard(..., hadamard_power({}, -1))"
_ENTRYWISE = "for an expression, entry by entry, take {} from lstm_sym.activations"


class Operand(MatrixExpr):
    r"""A matrix expression of this library, of shape ``(rows, cols)`` with symbolic sizes.

    SymPy's own operators reorder a sum and merge a product as soon as they are built; here
    ``W*h + U*x + b`` stays the line that was written. A scalar added to a matrix is that scalar
    times the all-ones matrix, so ``1 - f`` means what papers mean by it.
    """

    __slots__ = ()
    _op_priority = 12.0
    is_commutative = False

    def __add__(self, other: Any) -> MatrixExpr:
        from .algebra import add

        return add(self, like(other, self))

    def __radd__(self, other: Any) -> MatrixExpr:
        from .algebra import add

        return add(like(other, self), self)

    def __sub__(self, other: Any) -> MatrixExpr:
        from .algebra import add, multiply

        return add(self, multiply(-1, like(other, self)))

    def __rsub__(self, other: Any) -> MatrixExpr:
        from .algebra import add, multiply

        return add(like(other, self), multiply(-1, self))

    def __neg__(self) -> MatrixExpr:
        from .algebra import multiply

        return multiply(-1, self)

    def __mul__(self, other: Any) -> MatrixExpr:
        from .algebra import multiply

        return multiply(self, as_operand(other))

    def __rmul__(self, other: Any) -> MatrixExpr:
        from .algebra import multiply

        return multiply(as_operand(other), self)

    __matmul__ = __mul__
    __rmatmul__ = __rmul__

    def __truediv__(self, other: Any) -> MatrixExpr:
        from .algebra import multiply

        divisor = as_operand(other)
        if is_matrix(divisor):
            raise TypeError(f"{self} / {divisor}: {_DIVIDED.format(divisor)}")
        return multiply(1 / divisor, self)

    def __rtruediv__(self, other: Any) -> MatrixExpr:
        raise TypeError(f"{other} / {self}: {_DIVIDED.format(self)}")

    def __abs__(self) -> MatrixExpr:
        raise TypeError(f"abs({self}): {_ENTRYWISE.format('absolute')}")

    def __lt__(self, other: Any) -> Any:
        raise TypeError(f"{self} and {other} are matrices, which are not ordered; the larger of two entries is maximum")

    __le__ = __gt__ = __ge__ = __lt__

    def __array_ufunc__(self, function: Any, *_: Any, **__: Any) -> Any:
        raise TypeError(
            f"np.{function.__name__} computes with numbers, {self} is an expression; those have *, hadamard, and the "
            "functions of lstm_sym.activations, such as tanh; a constant matrix is a Parameter"
        )

    def __pow__(self, exponent: Any) -> MatrixExpr:
        from .algebra import MatrixPower

        return MatrixPower(self, sympify(exponent))

    def applyfunc(self, func: Any) -> MatrixExpr:
        """Refused: SymPy's node for it has no derivative that is right, and no numeric form."""
        raise TypeError(f"{self}.applyfunc: {_ENTRYWISE.format(getattr(func, '__name__', 'the function'))}")

    def transpose(self) -> MatrixExpr:
        from .algebra import Transposed

        return Transposed(self)

    def inverse(self) -> MatrixExpr:
        return self**-1

    def doit(self, **hints: Any) -> MatrixExpr:
        """The same expression with its parts done; no reordering."""
        if not self.args or not hints.get("deep", True):
            return self
        return self.func(*[part.doit(**hints) for part in self.args])

    def _eval_Eq(self, other: Any) -> None:
        """Refuse an equation of two shapes, which SymPy would turn into ``False``, its sides forgotten."""
        require_matrix(f"the equation of {self} and {other}", self, other)
        require_same_shape("an equation", self, other)

    def _eval_derivative(self, symbol: Any) -> MatrixExpr:
        raise TypeError(
            f"diff({self}, {symbol}): SymPy's diff does not differentiate matrix expressions of this library; "
            "use pushforward, pullback or jacobian of lstm_sym.differentiate"
        )

    def _pretty(self, printer: Any) -> Any:
        from sympy.printing.pretty.stringpict import prettyForm

        return prettyForm(str(self))

    def _repr_latex_(self) -> str:
        from ..latex.printer import latex

        return f"$\\displaystyle {latex(self)}$"

    def _latex(self, printer: Any) -> str:
        from ..latex.printer import latex

        return latex(self)


def like(value: Any, model: MatrixExpr) -> MatrixExpr:
    """``value`` itself if it is a matrix, else ``value`` times the all-ones matrix of ``model``'s shape."""
    from .algebra import Ones, multiply

    value = as_operand(value)
    if is_matrix(value):
        return value
    return multiply(value, Ones(*model.shape))


def as_operand(value: Any) -> Expr:
    """``value`` as a matrix or a scalar; text, ``None`` and truth values are neither."""
    try:
        expr = sympify(value, strict=True)
    except SympifyError:
        expr = None
    if not isinstance(expr, Expr):
        raise TypeError(f"{value!r} is neither a matrix nor a scalar{_indexed(value)}")
    return expr


def as_expression(value: Any) -> Any:
    """``value`` as SymPy knows it; text is refused, since SymPy would evaluate it."""
    try:
        return sympify(value, strict=True)
    except SympifyError:
        raise TypeError(f"{value!r} is no expression; text is never evaluated") from None


def is_matrix(expr: Any) -> bool:
    return bool(getattr(expr, "is_Matrix", False))


def text_shape(expr: MatrixExpr) -> str:
    """``n x d``, as error messages print a shape."""
    return f"{expr.rows} x {expr.cols}"


def same_size(a: Expr, b: Expr) -> bool:
    """Whether two symbolic sizes are equal; sizes are compared as polynomials, never guessed."""
    return a == b or bool((a - b).expand() == 0)


def require_matrix(operation: str, *operands: Any) -> None:
    if not operands:
        raise TypeError(f"{operation} takes matrices, got none")
    for given in operands:
        if not is_matrix(given):
            if _indexed(given):
                raise TypeError(f"{operation} takes matrices; {given} is none{_indexed(given)}")
            raise TypeError(
                f"{operation} takes matrices; {given} is the scalar {type(given).__name__}{_applied(given)}"
            )


def _indexed(given: Any) -> str:
    """What to do with a sequence that stands without an index."""
    return (
        f": write its value at a time, as in {given}[t]"
        if isinstance(given, Basic) and hasattr(given, "__getitem__")
        else ""
    )


def _applied(given: Any) -> str:
    """What to do with a function of SymPy's that was called on a matrix."""
    called = isinstance(given, Function) and any(map(is_matrix, given.args))
    return f"; {_ENTRYWISE.format(type(given).__name__)}" if called else ""


def require_same_shape(operation: str, *operands: MatrixExpr) -> None:
    """Raise the shape error of an elementwise operation, naming every operand with its shape."""
    first = operands[0]
    for other in operands[1:]:
        if not (same_size(first.rows, other.rows) and same_size(first.cols, other.cols)):
            listed = " and ".join(f"{o} ({text_shape(o)})" for o in (first, other))
            raise ShapeError(f"{operation} needs operands of one shape, got {listed}")


def require_square(operation: str, matrix: MatrixExpr) -> None:
    if not same_size(matrix.rows, matrix.cols):
        raise ShapeError(f"{operation} needs a square matrix, got {matrix} ({text_shape(matrix)})")


def require_column(operation: str, matrix: MatrixExpr) -> None:
    if not same_size(matrix.cols, sympify(1)):
        raise ShapeError(f"{operation} needs a column vector, got {matrix} ({text_shape(matrix)})")
