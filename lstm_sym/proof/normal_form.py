r"""Engine 1: the normal form of a matrix expression in symbolic sizes.

An expression becomes a polynomial in indexed letters: a matrix product is a contraction, ⊙ a shared
index, diag and I a δ that is eliminated. σ, tanh and exp are atoms over their normalised argument, σ' and
tanh' polynomials in them. Two expressions with equal normal forms are equal for all sizes and values;
unequal normal forms decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import singledispatch
from typing import Any

from sympy import Add, Dummy, Expr, Mul, Pow, Rational, Symbol, ZeroMatrix

from ..activations import Applied, Elementwise, relu
from ..nodes.algebra import Eye, MatrixPower, MatrixProduct, MatrixSum, Ones, Trace, Transposed
from ..nodes.binders import OrderedProduct, TimeSum
from ..nodes.block import Block
from ..nodes.derivatives import Derivative, StopGradient
from ..nodes.elementwise import Diag, Hadamard, HadamardPower, Maximum, Scaled
from ..nodes.normalisation import Deviation, Normalised
from ..symbols import At, Parameter, t
from .binder_steps import EXPANSION_LIMIT, FACTOR_STEPS, TERM_STEPS, spare_steps, step_of
from .blocks import Part, common_parts, located, off_diagonal, part_size, parts_of
from .clearing import cleared
from .conditions import Conditions
from .function_form import EXP, TANH, applied, raised
from .polynomial import COLUMN, DELTA, ONE, ROW, Algebra, Polynomial, Unsupported


class NormalForm:
    """Normal forms over one table of atoms.

    ``unfold`` gives the definition of a letter that is to be written out, or ``None`` to keep it;
    ``value_of`` what a derivative node stands for. At the tie ``TANH``, tanh z is written as 2σ(2z) - 1, at
    ``EXP`` σ and softplus also by exp and log. With ``open_meaning``, a normalisation is written as what it
    means rather than as a function. ``positive`` tells why a divisor is above 0, or ``None``: then that it is not 0 is
    listed among the ``divisors``.
    """

    def __init__(
        self,
        unfold: Callable[[Any], Any] = lambda letter: None,
        value_of: Callable[[Any], Any] = lambda node: None,
        conditions: Conditions | None = None,
        *,
        tie: int = 0,
        open_meaning: bool = False,
        positive: Callable[[Expr], str | None] = lambda divisor: None,
    ) -> None:
        self.conditions = conditions or Conditions()
        self.unfold = self.conditions.remembered(unfold)
        self.value_of = self.conditions.remembered(value_of)
        self.tie = tie
        self.open_meaning = open_meaning
        self.met_meaning = False
        self.algebra = Algebra()
        self.positive = positive
        self.divisors: dict[str, None] = {}
        self.discharged: dict[str, None] = {}
        self._divided: set[Any] = set()
        self.met: dict[str, set[Any]] = {"sigma": set(), "tanh": set(), "exp": set()}
        self._done: dict[Any, Polynomial] = {}
        self.parts: dict[Any, tuple[Part, ...]] = {}

    def __call__(self, expr: Expr, rows: Part = None, cols: Part = None) -> Polynomial:
        """The polynomial of one entry of ``expr``, or of one entry in a block of its rows and columns."""
        key = expr, rows, cols, self.conditions.scope
        if key not in self._done:
            self._done[key] = _form(expr, self, rows, cols)
        return self._done[key]

    def equal(self, left: Expr, right: Expr) -> bool:
        """Whether both sides have one normal form, block by block."""
        row_parts = common_parts(parts_of(left, 0, self), parts_of(right, 0, self))
        col_parts = common_parts(parts_of(left, 1, self), parts_of(right, 1, self))
        return all(self._agree(left, right, rows, cols) for rows in row_parts for cols in col_parts)

    def _agree(self, left: Expr, right: Expr, rows: Part, cols: Part) -> bool:
        a, b = self(left, rows, cols), self(right, rows, cols)
        return a == b or not cleared(self.algebra.add(a, self.algebra.scale(b, -ONE)), self.algebra)

    @property
    def wanted_tie(self) -> int:
        """The next tie that can matter: ``TANH`` if σ(2z) stands beside tanh(z), ``EXP`` if exp or log does; or 0."""
        if self.tie < TANH and self.met["sigma"] & self.met["tanh"]:
            return TANH
        return EXP if self.tie < EXP and self.met["exp"] else 0

    def divide_by(self, source: Expr) -> None:
        """Note what a division owes, or why it owes nothing."""
        key = source, self.conditions.scope
        if key in self._divided:
            return
        self._divided.add(key)
        why = self.positive(source)
        if why is None:
            shown = source.xreplace({symbol: t for symbol in source.atoms(Dummy)})
            self.divisors[f"{shown} has no zero entry"] = None
        else:
            self.discharged[why] = None

    def slots(self, expr: Any, rows: Part, cols: Part) -> tuple[int, ...]:
        row_size, col_size = part_size(expr, 0, rows), part_size(expr, 1, cols)
        return (*([] if row_size == 1 else [ROW]), *([] if col_size == 1 else [COLUMN]))


@singledispatch
def _form(expr: Any, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    raise Unsupported(f"no normal form for {type(expr).__name__}; register one with @_form.register")


# --- letters and constants ------------------------------------------------------------------------


@_form.register(At)
@_form.register(Parameter)
def _(expr: Any, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    definition = to.unfold(expr)
    if definition is not None:
        return to(definition, rows, cols)
    return to.algebra.atom(("letter", expr, rows, cols), to.slots(expr, rows, cols))


@_form.register(Derivative)
def _(expr: Derivative, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    value = to.value_of(expr)
    if value is not None:
        return to(value, rows, cols)
    return to.algebra.atom(("letter", expr, rows, cols), to.slots(expr, rows, cols))


@_form.register(ZeroMatrix)
def _(expr: ZeroMatrix, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    return {}


@_form.register(Ones)
def _(expr: Ones, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    return to.algebra.constant(ONE)


@_form.register(Eye)
def _(expr: Eye, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    if rows != cols:
        return off_diagonal(expr, rows, cols)
    slots = to.slots(expr, rows, cols)
    return to.algebra.atom(DELTA, slots) if slots else to.algebra.constant(ONE)


@_form.register(StopGradient)
def _(expr: StopGradient, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    """sg(A) has the value of A."""
    return to(expr.args[0], rows, cols)


# --- linear structure -----------------------------------------------------------------------------


@_form.register(MatrixSum)
def _(expr: MatrixSum, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    return to.algebra.add(*[to(term, rows, cols) for term in expr.args])


@_form.register(MatrixProduct)
def _(expr: MatrixProduct, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    """(A B)_ij = Σ_k A_ik B_kj, over each block of k."""
    scalar, (first, *others) = expr.scalar, expr.matrices

    def chain(left: Expr, rest: list[Expr], row: Part) -> Polynomial:
        if not rest:
            return to(left, row, cols)
        inner = common_parts(parts_of(left, 1, to), parts_of(rest[0], 0, to))
        pieces = []
        for part in inner:
            right = chain(rest[0], rest[1:], part)
            pieces.append(to.algebra.contract(to(left, row, part), right, part_size(left, 1, part)))
        return to.algebra.add(*pieces)

    product = chain(first, others, rows)
    return product if scalar == 1 else to.algebra.multiply(to(scalar), product)


def _product(factors: list[Expr]) -> Expr:
    return factors[0] if len(factors) == 1 else MatrixProduct(*factors)


@_form.register(Transposed)
def _(expr: Transposed, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    """(Aᵀ)_ij = A_ji"""
    return to.algebra.transpose(to(expr.args[0], cols, rows))


@_form.register(Trace)
def _(expr: Trace, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    """tr A = Σ_k A_kk"""
    body = expr.args[0]
    parts = common_parts(parts_of(body, 0, to), parts_of(body, 1, to))
    return to.algebra.add(*[to.algebra.trace(to(body, part, part), part_size(body, 0, part)) for part in parts])


@_form.register(Block)
def _(expr: Block, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    i, inner_rows = located(expr, 0, rows)
    j, inner_cols = located(expr, 1, cols)
    return to(expr.args[i][j], inner_rows, inner_cols)


@_form.register(Diag)
def _(expr: Diag, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    """diag(v)_ij = δ_ij v_i"""
    if rows != cols:
        return off_diagonal(expr, rows, cols)
    slots = to.slots(expr, rows, cols)
    vector = to(expr.args[0], rows, None)
    return to.algebra.multiply(to.algebra.atom(DELTA, slots), vector) if slots else vector


# --- entry by entry -------------------------------------------------------------------------------


@_form.register(Hadamard)
def _(expr: Hadamard, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    result = to.algebra.constant(ONE)
    for factor in expr.args:
        result = to.algebra.multiply(result, to(factor, rows, cols))
    return result


@_form.register(HadamardPower)
def _(expr: HadamardPower, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    base, exponent = expr.args
    return raised(to(base, rows, cols), exponent, base, to, to.slots(base, rows, cols))


@_form.register(Elementwise)
def _(expr: Elementwise, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    argument = to(expr.argument, rows, cols)
    return applied(expr.function, argument, to, to.slots(expr, rows, cols))


@_form.register(Maximum)
def _(expr: Maximum, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    """max(A, B) = B + relu(A - B)"""
    left, right = (to(side, rows, cols) for side in expr.args)
    difference = to.algebra.add(left, to.algebra.scale(right, -ONE))
    return to.algebra.add(right, applied(relu, difference, to, to.slots(expr, rows, cols)))


@_form.register(Scaled)
def _(expr: Scaled, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    """(s A)_ij = s A_ij"""
    return to.algebra.multiply(to(expr.scale), to(expr.matrix, rows, cols))


@_form.register(Deviation)
@_form.register(Normalised)
def _(expr: Any, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    """What the node means where that is asked for, else a function of all entries of its argument."""
    to.met_meaning = True
    if to.open_meaning:
        return to(expr.meaning, rows, cols)
    if parts_of(expr.args[0], 0, to) != (None,):
        raise Unsupported(f"{expr} of a vector cut into blocks")
    key = (type(expr).__name__, to.algebra.freeze(to(expr.args[0])))
    return to.algebra.atom(key, to.slots(expr, rows, cols))


# --- scalars --------------------------------------------------------------------------------------


@_form.register(Rational)
def _(expr: Rational, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    return to.algebra.constant(Fraction(int(expr.p), int(expr.q)))


@_form.register(Symbol)
def _(expr: Symbol, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    return to.algebra.atom(("scalar", expr))


@_form.register(Add)
def _(expr: Add, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    return to.algebra.add(*[to(term) for term in expr.args])


@_form.register(Mul)
def _(expr: Mul, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    result = to.algebra.constant(ONE)
    for factor in expr.args:
        result = to.algebra.multiply(result, to(factor))
    return result


@_form.register(Pow)
def _(expr: Pow, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    return raised(to(expr.base), expr.exp, expr.base, to, ())


@_form.register(Applied)
def _(expr: Applied, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    return applied(expr.function, to(expr.argument), to, ())


# --- powers and binders ---------------------------------------------------------------------------


@_form.register(MatrixPower)
def _(expr: MatrixPower, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    base, exponent = expr.args
    constant, symbolic = exponent.as_coeff_Add()
    if isinstance(base, Diag):
        return to(Diag(HadamardPower(base.args[0], exponent)), rows, cols)
    if isinstance(base, Transposed):
        return to(Transposed(MatrixPower(base.args[0], exponent)), rows, cols)
    if exponent.is_Integer and exponent < 0:
        to.divisors[f"{base} is invertible"] = None
        if isinstance(base, MatrixPower) and base.args[1] == -1:
            return to(MatrixPower(base.args[0], -exponent), rows, cols)
        if exponent != -1:
            return to(_product([MatrixPower(base, -1)] * -int(exponent)), rows, cols)
        return to.algebra.atom(("inverse", _base_key(base, to, rows, cols)), to.slots(expr, rows, cols))
    if exponent.is_Integer and exponent <= EXPANSION_LIMIT:
        return to(_product([base] * int(exponent)), rows, cols)
    if not to.conditions.imply(exponent):
        to.divisors[f"{base} is invertible"] = None
    if constant >= 1:
        return to(_product([base] * int(constant) + [MatrixPower(base, symbolic)]), rows, cols)
    return to.algebra.atom(("power", _base_key(base, to, rows, cols), exponent), to.slots(expr, rows, cols))


def _base_key(base: Expr, to: NormalForm, rows: Part, cols: Part) -> Any:
    """The key of the atom that a base is, or its whole normal form."""
    if rows is not None or cols is not None:
        raise Unsupported(f"a power of {base} cut into blocks")
    form = to(base)
    if len(form) == 1:
        ((term, scalar),) = form.items()
        bare = scalar == 1 and len(term.factors) == 1 and not term.dims and not term.times
        if bare and term.factors[0].indices == (ROW, COLUMN) and term.factors[0].exponent == 1:
            return to.algebra.key(term.factors[0].atom)
    return to.algebra.freeze(form)


@_form.register(OrderedProduct)
def _(expr: OrderedProduct, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    """Written out if short, its latest factors split off if it has at least one more than a symbol's worth."""
    constant = spare_steps(expr, to.conditions)
    if constant is None:
        return to(expr.doit(), rows, cols)
    if constant > 0:
        latest = [expr.at(expr.high - j) for j in range(constant)]
        rest = OrderedProduct(expr.body, (expr.index, expr.low, expr.high - constant))
        return to(_product([*latest, rest]), rows, cols)
    step = step_of(expr, FACTOR_STEPS)
    body = expr.at(step)
    with to.conditions.within(step, expr.low, expr.high):
        if isinstance(body, Diag):
            return _diagonal_product(expr, body, to, rows, cols)
        parts = common_parts(parts_of(body, 0, to), parts_of(body, 1, to))
        key = tuple(to.algebra.freeze(to(body, p, q)) for p in parts for q in parts)
    return to.algebra.atom(("ordered product", key, expr.low, expr.high, rows, cols), to.slots(expr, rows, cols))


def _diagonal_product(expr: OrderedProduct, body: Diag, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    """A product of diagonal matrices is diagonal: the entries multiply one by one."""
    if rows != cols:
        return off_diagonal(expr, rows, cols)
    frozen = to.algebra.freeze(to(body.args[0], rows, None))
    slots = to.slots(expr, rows, cols)
    entry = to.algebra.atom(("product of entries", frozen, expr.low, expr.high), slots[:1])
    return to.algebra.multiply(to.algebra.atom(DELTA, slots), entry) if slots else entry


@_form.register(TimeSum)
def _(expr: TimeSum, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    constant = spare_steps(expr, to.conditions)
    if constant is None:
        return to(expr.doit(), rows, cols)
    if constant > 0:
        latest = [to(expr.at(expr.high - j), rows, cols) for j in range(constant)]
        rest = TimeSum(expr.body, (expr.index, expr.low, expr.high - constant))
        return to.algebra.add(*latest, to(rest, rows, cols))
    step = step_of(expr, TERM_STEPS)
    never_empty = to.conditions.imply(expr.high - expr.low + 1)
    with to.conditions.within(step, expr.low, expr.high):
        body = to(expr.at(step), rows, cols)
    return to.algebra.sum_over_time(body, step, expr.low, expr.high, countable=never_empty)
