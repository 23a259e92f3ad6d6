r"""The printer: one rule per node, brackets from precedence, and never two meanings for one print.

What is printed fixes the value. Matrix product and ⊙ differ, each bracketed inside the other; an
all-ones column is a plain 1 beside another term of a sum, whose shape it shares, and a bold 1 with its
size elsewhere; the arrow over an ordered product says that its index grows to the left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from sympy import Basic, E, Expr, NumberSymbol, S, Symbol, pi
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.matrixbase import MatrixBase
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE, precedence_traditional

from ..activations import TABLE, Activation, Elementwise
from ..nodes.algebra import Eye, MatrixProduct, MatrixSum, Ones, Zero, coefficient
from ..nodes.binders import Binder
from ..nodes.block import Block
from ..nodes.derivatives import StopGradient
from ..nodes.elementwise import Diag, Hadamard
from ..nodes.operand import is_matrix
from ..symbols import At, Parameter, Sequence
from . import letter
from .notation import NOTE, SUBSCRIPT_INDEX, Notation

_LOOSER_THAN_PRODUCT = (MatrixSum, Hadamard, Binder)
_LOOSER_THAN_HADAMARD = (MatrixSum, MatrixProduct, Binder)
_TAKES_SUPERSCRIPT = (Elementwise, Diag, Block, StopGradient, Eye, Ones, Zero)
_UPRIGHT_AFTER = re.compile(r"\} \\math(?=rm|tt)")
_SIGNS = {"==": "=", "!=": r"\neq", "<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq"}


def latex(expr: Any, notation: Notation | None = None) -> str:
    r"""``expr`` as LaTeX, in ``notation`` (the note's :math:`h^{(t)}` by default).

    A node without a rule raises ``TypeError``; two letters of one expression that would print alike raise
    ``ValueError``.

    >>> from lstm_sym.nodes import hadamard
    >>> from lstm_sym.symbols import Parameter, Sequence, sizes, t
    >>> n = sizes("n")
    >>> W, f, h = Parameter("W", n, n), Sequence("f", n), Sequence("h", n)
    >>> print(latex(W * hadamard(f[t], h[t - 1])))
    W \left(f^{(t)} \odot h^{(t - 1)}\right)
    """
    return NodePrinter(notation or NOTE).doprint(expr)


def latex_aligned(equations: Iterable[Any], notation: Notation | None = None) -> str:
    """Equations, or pairs of sides, one below another in an ``aligned`` environment."""
    printer = NodePrinter(notation or NOTE)
    return aligned([printer.aligned_row(equation) for equation in equations])


def aligned(rows: Iterable[str]) -> str:
    r"""Rows that already hold their ``&``, in an ``aligned`` environment."""
    body = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


class NodePrinter(LatexPrinter):
    """SymPy's printer for scalars, and this library's rules for its own nodes, under one notation."""

    def __init__(self, notation: Notation) -> None:
        super().__init__({**LatexPrinter._default_settings, "imaginary_unit": "ti"})
        self.notation = notation
        self._sequences = letter.sequences(notation)
        self._parameters = letter.parameters(notation)
        self._symbols = letter.symbols(notation)
        self._seen: dict[str, Basic] = {}

    def _print(self, expr: Any, **options: Any) -> str:
        """The rule of this printer for exactly that class; SymPy's own only for SymPy's scalars."""
        rule = f"_print_{type(expr).__name__}"
        if getattr(type(self), rule, None) is not getattr(LatexPrinter, rule, None):
            return getattr(self, rule)(expr, **options)
        if isinstance(expr, Basic):
            foreign = isinstance(expr, AppliedUndef) or not type(expr).__module__.startswith("sympy.")
            matrix = isinstance(expr, MatrixExpr) and not isinstance(expr, MatrixBase)
            constant = isinstance(expr, NumberSymbol) and expr not in (E, pi)
            if foreign or matrix or constant:
                return self.emptyPrinter(expr)
        return super()._print(expr, **options)

    def emptyPrinter(self, expr: Any) -> str:
        kind = type(expr).__name__
        raise TypeError(f"no LaTeX for {kind}; write a rule _print_{kind} in lstm_sym/latex/printer.py")

    _print_Basic = emptyPrinter

    # --- letters ---------------------------------------------------------------------------------

    def _print_Symbol(self, expr: Any, **options: Any) -> str:
        return self._distinct(self._symbols.glyph(expr.name).static, expr)

    def _print_Parameter(self, expr: Parameter) -> str:
        return self._distinct(self._parameters.glyph(expr.name).marked(expr.mark).static, expr)

    def _print_Sequence(self, expr: Sequence) -> str:
        return self._distinct(self._sequences.glyph(expr.name).marked(expr.mark).static, expr)

    def _print_At(self, expr: At) -> str:
        glyph = self._sequences.glyph(expr.sequence.name).marked(expr.sequence.mark)
        self._distinct(glyph.at("", self.notation.index), expr.sequence)
        return glyph.at(self._print(expr.index), self.notation.index)

    def _print_Activation(self, expr: Activation) -> str:
        row = TABLE.get(expr.name)
        sign = row.latex if row else self._unspecified(expr.name)
        self._distinct(sign, Activation(expr.name))
        return sign + ("'" * expr.order if expr.order < 4 else f"^{{({expr.order})}}")

    def _unspecified(self, name: str) -> str:
        r"""φ for the function ``phi``; any other function without a row is a φ labelled with its name."""
        if name == "phi":
            return r"\varphi"
        return rf"\varphi_{{{name if len(name) == 1 else letter.spelled(name)}}}"

    def _distinct(self, text: str, letter: Basic) -> str:
        """Refuse a second letter that prints as ``text``."""
        other = self._seen.setdefault(text, letter)
        if other != letter:
            kinds = " and ".join(f"the {_kind(one)} {one}" for one in (other, letter))
            raise ValueError(f"two letters print alike as {text}: {kinds}; rename one of them")
        return text

    # --- constants ---------------------------------------------------------------------------------

    def _print_Zero(self, expr: Any) -> str:
        # The class of SymPy's number 0 has this name too.
        return rf"\mathbf{{0}}_{{{self._size(expr)}}}" if is_matrix(expr) else "0"

    def _print_Ones(self, expr: Ones) -> str:
        return rf"\mathbf{{1}}_{{{self._size(expr)}}}"

    def _print_Eye(self, expr: Any) -> str:
        return rf"\mathbf{{I}}_{{{self._print(expr.rows)}}}"

    def _size(self, expr: MatrixExpr) -> str:
        """``n`` for a column, ``n x d`` for any other shape."""
        if expr.cols == 1:
            return self._print(expr.rows)
        return r" \times ".join(self._print(size) if size.is_Atom else self._in_brackets(size) for size in expr.shape)

    # --- algebra -----------------------------------------------------------------------------------

    def _print_MatrixSum(self, expr: MatrixSum) -> str:
        shaped = any(not _is_constant(term) for term in expr.args)
        text = ""
        for term in expr.args:
            minus = coefficient(term).could_extract_minus_sign()
            term = -term if minus else term
            plain = shaped and _is_constant(term) and term.cols == 1
            sign = ("- " if text else "-") if minus else ("+ " if text else "")
            written = self._number(coefficient(term)) if plain else self._bracketed(term, MatrixSum)
            text += (" " if text else "") + sign + written
        return text

    def _number(self, scalar: Expr) -> str:
        return self._in_brackets(scalar) if scalar.is_Add else self._print(scalar)

    def _print_MatrixProduct(self, expr: MatrixProduct) -> str:
        if len(expr.matrices) == 1:
            # s (A ⊙ B) = (s A) ⊙ B, so a scalar alone needs no brackets after it.
            matrices = [self._bracketed(expr.matrices[0], MatrixSum)]
        else:
            matrices = [self._bracketed(factor, *_LOOSER_THAN_PRODUCT) for factor in expr.matrices]
        minus, size = ("-", -expr.scalar) if expr.scalar.could_extract_minus_sign() else ("", expr.scalar)
        loose = precedence_traditional(size) < PRECEDENCE["Mul"]
        scalar = [] if size == 1 else [self._in_brackets(size) if loose else self._print(size)]
        return minus + _side_by_side(scalar + matrices)

    def _print_Mul(self, expr: Any) -> str:
        """SymPy's product of scalars, with a gap before an upright name."""
        return _UPRIGHT_AFTER.sub(r"} \\, \\math", super()._print_Mul(expr))

    def _print_Transposed(self, expr: Any) -> str:
        base = expr.args[0]
        if isinstance(base, At):
            # One superscript holds both the time and the sign of the transpose.
            text = self._print(base)
            return text + r"^{\top}" if self.notation.index == SUBSCRIPT_INDEX else text[: -len("}")] + r"\top}"
        return self._base(base) + r"^{\top}"

    def _print_MatrixPower(self, expr: Any) -> str:
        return f"{self._base(expr.args[0])}^{{{self._print(expr.args[1])}}}"

    def _print_HadamardPower(self, expr: Any) -> str:
        base, exponent = expr.args
        number = exponent.is_Atom and not exponent.could_extract_minus_sign()
        return rf"{self._base(base)}^{{\odot {self._print(exponent) if number else self._in_brackets(exponent)}}}"

    def _base(self, expr: MatrixExpr) -> str:
        """What a superscript goes on."""
        bare = isinstance(expr, _TAKES_SUPERSCRIPT)
        if isinstance(expr, Parameter):
            bare = expr.mark != "delta"
        if isinstance(expr, At):
            bare = expr.sequence.mark != "delta" and self.notation.index == SUBSCRIPT_INDEX
        return self._print(expr) if bare else self._in_brackets(expr)

    def _print_Trace(self, expr: Any) -> str:
        return self._call(r"\operatorname{tr}", expr.args[0])

    def _print_Norm(self, expr: Any) -> str:
        return rf"\left\lVert {self._print(expr.args[0])} \right\rVert"

    def _print_MaxAbs(self, expr: Any) -> str:
        return rf"\left\lVert {self._print(expr.args[0])} \right\rVert_{{\max}}"

    def _print_SpectralRadius(self, expr: Any) -> str:
        return self._call(r"\rho", expr.args[0])

    def _print_Determinant(self, expr: Any) -> str:
        return self._call(r"\det", expr.args[0])

    # --- entry by entry ----------------------------------------------------------------------------

    def _print_Hadamard(self, expr: Hadamard) -> str:
        return r" \odot ".join(self._bracketed(factor, *_LOOSER_THAN_HADAMARD) for factor in expr.args)

    def _print_Diag(self, expr: Diag) -> str:
        return self._call(r"\operatorname{diag}", expr.args[0])

    def _print_Elementwise(self, expr: Any) -> str:
        return self._call(self._print(expr.function), expr.argument)

    _print_Applied = _print_Elementwise

    def _print_StopGradient(self, expr: Any) -> str:
        return self._call(r"\operatorname{sg}", expr.args[0])

    # --- blocks, binders, derivatives --------------------------------------------------------------

    def _print_Block(self, expr: Block) -> str:
        rows = r" \\ ".join(" & ".join(self._print_block(block) for block in row) for row in expr.args)
        return rf"\begin{{bmatrix}}{rows}\end{{bmatrix}}"

    def _print_block(self, block: Any) -> str:
        """A block of one entry is that entry where it is a number times 1."""
        if block.shape == (1, 1) and (_is_constant(block) or isinstance(block, Zero)):
            return self._print(S.Zero if isinstance(block, Zero) else coefficient(block))
        return self._print(block)

    def _print_TimeSum(self, expr: Binder) -> str:
        return self._bound(r"\sum", expr)

    def _print_OrderedProduct(self, expr: Binder) -> str:
        return self._bound(r"\mathop{\overleftarrow{\prod}}\limits", expr)

    def _bound(self, sign: str, expr: Binder) -> str:
        index, low, high = (self._print(part) for part in (expr.index, expr.low, expr.high))
        signed = coefficient(expr.body).could_extract_minus_sign()
        body = self._in_brackets(expr.body) if signed else self._bracketed(expr.body, MatrixSum)
        return f"{sign}_{{{index}={low}}}^{{{high}}} {body}"

    def _print_Partial(self, expr: Any) -> str:
        return self._fraction(r"\partial^{+}", r"\partial", expr)

    def _print_Total(self, expr: Any) -> str:
        return self._fraction("d", "d", expr)

    def _fraction(self, above: str, below: str, expr: Any) -> str:
        of, wrt = (
            self._print(part) if isinstance(part, Symbol | Parameter | At | Block) else self._in_brackets(part)
            for part in (expr.of, expr.wrt)
        )
        return rf"\frac{{{above} {of}}}{{{below} {wrt}}}"

    # --- limits and relations ------------------------------------------------------------------------

    def _print_Limit(self, expr: Any) -> str:
        body, index, target, _ = expr.args
        written = self._in_brackets(body) if body.is_Add else self._print(body)
        return rf"\lim_{{{self._print(index)} \to {self._print(target)}}} {written}"

    def _print_Nonnegative(self, expr: Any) -> str:
        return rf"{self._print(expr.args[0])} \geq 0"

    def _print_Positive(self, expr: Any) -> str:
        return f"{self._print(expr.args[0])} > 0"

    def _print_Relational(self, expr: Relational) -> str:
        return f"{self._print(expr.lhs)} {_SIGNS[expr.rel_op]} {self.side(expr.rhs, expr.lhs)}"

    _print_Equality = _print_Unequality = _print_StrictLessThan = _print_LessThan = _print_Relational
    _print_StrictGreaterThan = _print_GreaterThan = _print_Relational

    def aligned_row(self, equation: Any) -> str:
        """``left &= right`` of an equation or of a pair of sides."""
        if isinstance(equation, Relational):
            left, right, sign = equation.lhs, equation.rhs, _SIGNS[equation.rel_op]
        else:
            (left, right), sign = equation, "="
        return f"{self._print(left)} &{sign} {self.side(right, left)}"

    def side(self, expr: Any, other: Any) -> str:
        """A side of a relation; a zero matrix is a plain 0 where the other side fixes its shape."""
        plain = isinstance(expr, Zero) and is_matrix(other) and not isinstance(other, Zero)
        return "0" if plain else self._print(expr)

    # --- brackets ----------------------------------------------------------------------------------

    def _bracketed(self, expr: Any, *looser: type) -> str:
        return self._in_brackets(expr) if isinstance(expr, looser) else self._print(expr)

    def _in_brackets(self, expr: Any) -> str:
        return rf"\left({self._print(expr)}\right)"

    def _call(self, function: str, argument: Any) -> str:
        return rf"{function}\left({self._print(argument)}\right)"


def _is_constant(term: MatrixExpr) -> bool:
    """Whether the term is a number times the all-ones matrix."""
    if isinstance(term, MatrixProduct):
        return len(term.matrices) == 1 and isinstance(term.matrices[0], Ones)
    return isinstance(term, Ones)


def _side_by_side(factors: list[str]) -> str:
    """Factors next to each other, with a gap where an upright name could run into its neighbour."""
    text = factors[0]
    for left, right in pairwise(factors):
        upright = left.startswith((r"\mathrm", r"\mathtt")) or right.startswith((r"\mathrm", r"\mathtt"))
        text += (r" \, " if upright else " ") + right
    return text


def _kind(letter: Basic) -> str:
    kinds = {Parameter: "parameter", Sequence: "sequence", Activation: "function"}
    return next((name for kind, name in kinds.items() if isinstance(letter, kind)), "scalar")


__all__ = ["NodePrinter", "aligned", "latex", "latex_aligned"]
