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

from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol, ZeroMatrix

from ..activations import Activation, Applied, Elementwise, derivative
from ..activations import X as ARGUMENT
from ..activations import Y as VALUE
from ..nodes.algebra import Eye, MatrixPower, MatrixProduct, MatrixSum, Ones, Trace, Transposed
from ..nodes.binders import OrderedProduct, TimeSum
from ..nodes.block import Block
from ..nodes.derivatives import Derivative, StopGradient
from ..nodes.elementwise import Diag, Hadamard, HadamardPower
from ..nodes.operand import same_size
from ..symbols import At, Parameter
from .polynomial import COLUMN, DELTA, ROW, Algebra, Polynomial

Part = tuple[Expr, Expr] | None
"""A block of rows or columns as (offset, size), or ``None`` for all of them."""

ONE = Fraction(1)
EXPANSION_LIMIT = 64


class Unsupported(Exception):
    """The normal form has no rule for this; another engine may."""


class NormalForm:
    """Normal forms over one table of atoms.

    ``unfold`` gives the definition of a letter that is to be written out, or ``None`` to keep it;
    ``value_of`` what a derivative node stands for. With ``tie_tanh``, tanh z is written as 2σ(2z) - 1.
    """

    def __init__(
        self,
        unfold: Callable[[Any], Any] = lambda letter: None,
        value_of: Callable[[Any], Any] = lambda node: None,
        *,
        tie_tanh: bool = False,
    ) -> None:
        self.unfold = unfold
        self.value_of = value_of
        self.tie_tanh = tie_tanh
        self.algebra = Algebra()
        self.divisors: dict[Expr, None] = {}
        self.met: dict[str, set[Any]] = {"sigma": set(), "tanh": set()}
        self._done: dict[Any, Polynomial] = {}

    def __call__(self, expr: Expr, rows: Part = None, cols: Part = None) -> Polynomial:
        """The polynomial of one entry of ``expr``, or of one entry in a block of its rows and columns."""
        key = expr, rows, cols
        if key not in self._done:
            self._done[key] = _form(expr, self, rows, cols)
        return self._done[key]

    def equal(self, left: Expr, right: Expr) -> bool:
        """Whether both sides have one normal form, block by block."""
        row_parts = _common(_parts(left, 0, self), _parts(right, 0, self))
        col_parts = _common(_parts(left, 1, self), _parts(right, 1, self))
        return all(self(left, rows, cols) == self(right, rows, cols) for rows in row_parts for cols in col_parts)

    @property
    def wants_tie(self) -> bool:
        """Whether some σ(2z) stands beside tanh(z), so that tying the two can matter."""
        return not self.tie_tanh and bool(self.met["sigma"] & self.met["tanh"])

    def slots(self, expr: Any, rows: Part, cols: Part) -> tuple[int, ...]:
        row_size, col_size = _size(expr, 0, rows), _size(expr, 1, cols)
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
        if rows is None or cols is None:
            raise Unsupported(f"{expr} cut on one side only")
        return {}
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
        inner = _common(_parts(left, 1, to), _parts(_product(rest), 0, to))
        pieces = []
        for part in inner:
            right = chain(rest[0], rest[1:], part)
            pieces.append(to.algebra.contract(to(left, row, part), right, _size(left, 1, part)))
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
    parts = _common(_parts(body, 0, to), _parts(body, 1, to))
    return to.algebra.add(*[to.algebra.trace(to(body, part, part), _size(body, 0, part)) for part in parts])


@_form.register(Block)
def _(expr: Block, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    i, inner_rows = _located(expr, 0, rows)
    j, inner_cols = _located(expr, 1, cols)
    return to(expr.args[i][j], inner_rows, inner_cols)


@_form.register(Diag)
def _(expr: Diag, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    """diag(v)_ij = δ_ij v_i"""
    if rows != cols:
        if rows is None or cols is None:
            raise Unsupported(f"{expr} cut on one side only")
        return {}
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
    return _raised(to(base, rows, cols), exponent, base, to, to.slots(base, rows, cols))


@_form.register(Elementwise)
def _(expr: Elementwise, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    argument = to(expr.argument, rows, cols)
    return _applied(expr.function, argument, to, to.slots(expr, rows, cols))


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
    return _raised(to(expr.base), expr.exp, expr.base, to, ())


@_form.register(Applied)
def _(expr: Applied, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    return _applied(expr.function, to(expr.argument), to, ())


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
        to.divisors[base] = None
        if isinstance(base, MatrixPower) and base.args[1] == -1:
            return to(MatrixPower(base.args[0], -exponent), rows, cols)
        if exponent != -1:
            return to(_product([MatrixPower(base, -1)] * -int(exponent)), rows, cols)
        return to.algebra.atom(("inverse", _base_key(base, to, rows, cols)), to.slots(expr, rows, cols))
    if exponent.is_Integer and exponent <= EXPANSION_LIMIT:
        return to(_product([base] * int(exponent)), rows, cols)
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
        if scalar == 1 and len(term.factors) == 1 and term.factors[0].indices == (ROW, COLUMN):
            return to.algebra.key(term.factors[0].atom)
    return to.algebra.freeze(form)


@_form.register(OrderedProduct)
def _(expr: OrderedProduct, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    """Written out if short, its latest factors split off if it has at least one more than a symbol's worth."""
    constant = _spare_steps(expr)
    if constant is None:
        return to(expr.doit(), rows, cols)
    if constant > 0:
        latest = [expr.at(expr.high - j) for j in range(constant)]
        rest = OrderedProduct(expr.body, (expr.index, expr.low, expr.high - constant))
        return to(_product([*latest, rest]), rows, cols)
    step = Symbol("kappa", integer=True, nonnegative=True)
    body = expr.at(step)
    parts = _common(_parts(body, 0, to), _parts(body, 1, to))
    key = tuple(to.algebra.freeze(to(body, p, q)) for p in parts for q in parts)
    return to.algebra.atom(("ordered product", key, expr.low, expr.high, rows, cols), to.slots(expr, rows, cols))


@_form.register(TimeSum)
def _(expr: TimeSum, to: NormalForm, rows: Part, cols: Part) -> Polynomial:
    constant = _spare_steps(expr)
    if constant is None:
        return to(expr.doit(), rows, cols)
    if constant > 0:
        latest = [to(expr.at(expr.high - j), rows, cols) for j in range(constant)]
        rest = TimeSum(expr.body, (expr.index, expr.low, expr.high - constant))
        return to.algebra.add(*latest, to(rest, rows, cols))
    step = Symbol("sigma_t", integer=True, nonnegative=True)
    return to.algebra.sum_over_time(to(expr.at(step), rows, cols), step, expr.low, expr.high)


def _spare_steps(expr: Any) -> int | None:
    """How many steps a binder has beyond a symbolic number; ``None`` if the number is a small integer."""
    count = (expr.high - expr.low + 1).expand()
    if count.is_Integer:
        if count > EXPANSION_LIMIT:
            raise Unsupported(f"{count} steps are too many to write out")
        return None
    constant = int(count.as_coeff_Add()[0])
    return max(constant, 0)


# --- elementwise functions ------------------------------------------------------------------------


def _applied(function: Activation, argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    if function.row is None:
        return _atom_of(("function", function.name, function.order), argument, to, slots)
    if function.order:
        formula = derivative(Activation(function.name, function.order - 1))
        return _formula(formula, argument, _applied(Activation(function.name), argument, to, slots), to, slots)
    special = _SPECIAL.get(function.name)
    if special is not None:
        return special(argument, to, slots)
    return _atom_of(("function", function.name), argument, to, slots)


def _formula(formula: Expr, x: Polynomial, y: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """A derivative of the table, in the argument x and the value y."""
    if formula == ARGUMENT:
        return x
    if formula == VALUE:
        return y
    if formula.is_Rational:
        return to(formula)
    if isinstance(formula, Add):
        return to.algebra.add(*[_formula(term, x, y, to, slots) for term in formula.args])
    if isinstance(formula, Mul):
        result = to.algebra.constant(ONE)
        for factor in formula.args:
            result = to.algebra.multiply(result, _formula(factor, x, y, to, slots))
        return result
    if isinstance(formula, Pow):
        return _raised(_formula(formula.base, x, y, to, slots), formula.exp, formula.base, to, slots)
    if isinstance(formula, Applied):
        return _applied(formula.function, _formula(formula.argument, x, y, to, slots), to, slots)
    raise Unsupported(f"no normal form for the derivative {formula}")


def _atom_of(head: tuple[Any, ...], argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """An opaque function of a polynomial; a matrix argument is keyed in one of its two orientations."""
    frozen = to.algebra.freeze(argument)
    used = {index for term, _ in frozen for factor in term.factors for index in factor.indices}
    if COLUMN in used:
        turned = to.algebra.freeze(to.algebra.transpose(argument))
        if ROW not in used:
            return to.algebra.atom((*head, turned), (COLUMN,))
        if turned < frozen:
            return to.algebra.atom((*head, turned), (COLUMN, ROW))
    return to.algebra.atom((*head, frozen), tuple(slot for slot in slots if slot in used))


def _mirrored(argument: Polynomial, to: NormalForm) -> tuple[Polynomial, bool]:
    """The argument or its negative, whichever leads with a positive number, and whether it was turned."""
    leading = to.algebra.freeze(argument)[0][1]
    return (to.algebra.scale(argument, -ONE), True) if leading < 0 else (argument, False)


def _sigma(argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """σ(-z) = 1 - σ(z), σ(0) = 1/2."""
    if not argument:
        return to.algebra.constant(Fraction(1, 2))
    argument, turned = _mirrored(argument, to)
    to.met["sigma"].add(to.algebra.freeze(argument))
    value = _atom_of(("function", "sigma"), argument, to, slots)
    return to.algebra.add(to.algebra.constant(ONE), to.algebra.scale(value, -ONE)) if turned else value


def _tanh(argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """tanh(-z) = -tanh(z); where asked, tanh z = 2σ(2z) - 1."""
    if not argument:
        return {}
    argument, turned = _mirrored(argument, to)
    double = to.algebra.scale(argument, Fraction(2))
    to.met["tanh"].add(to.algebra.freeze(double))
    if to.tie_tanh:
        doubled = to.algebra.scale(_sigma(double, to, slots), Fraction(2))
        value = to.algebra.add(doubled, to.algebra.constant(-ONE))
    else:
        value = _atom_of(("function", "tanh"), argument, to, slots)
    return to.algebra.scale(value, -ONE) if turned else value


def _exp(argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """exp(a + b) = exp(a) exp(b): one atom per term, to the power of its number."""
    result = to.algebra.constant(ONE)
    for term, scalar in argument.items():
        used = {index for factor in term.factors for index in factor.indices}
        key = ("function", "exp", to.algebra.freeze({term: ONE}))
        atom = to.algebra.atom(key, tuple(slot for slot in slots if slot in used), scalar)
        result = to.algebra.multiply(result, atom)
    return result


def _relu(argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """relu(z) = z step(z)"""
    return to.algebra.multiply(argument, _atom_of(("function", "step"), argument, to, slots))


_SPECIAL: dict[str, Callable[[Polynomial, NormalForm, tuple[int, ...]], Polynomial]] = {
    "sigma": _sigma,
    "tanh": _tanh,
    "exp": _exp,
    "relu": _relu,
    "identity": lambda argument, to, slots: argument,
}


def _raised(base: Polynomial, exponent: Expr, source: Expr, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """A power entry by entry: of each factor of a single term, else by multiplication or as an opaque quotient."""
    if not exponent.is_Integer:
        return _raised_symbolically(base, exponent, source, to)
    count = int(exponent)
    if count >= 0:
        return to.algebra.power(base, count)
    to.divisors[source] = None
    if not base:
        raise Unsupported(f"division by {source}, which is 0")
    if len(base) == 1:
        ((term, scalar),) = base.items()
        cut = any(to.algebra.key(factor.atom) == DELTA for factor in term.factors)
        if cut:
            raise Unsupported(f"division by {source}, which has zeros")
        if not term.dims and not term.times:
            powered = tuple(factor._replace(exponent=factor.exponent * count) for factor in term.factors)
            return to.algebra.collect([(term._replace(factors=powered), scalar**count)])
    leading = to.algebra.freeze(base)[0][1]
    monic = to.algebra.scale(base, 1 / leading)
    quotient = _atom_of(("quotient",), monic, to, slots)
    return to.algebra.scale(to.algebra.power(quotient, -count), leading**count)


def _raised_symbolically(base: Polynomial, exponent: Expr, source: Expr, to: NormalForm) -> Polynomial:
    constant, rest = exponent.as_coeff_Add()
    if len(base) != 1 or not constant.is_Integer:
        raise Unsupported(f"{source} to the power {exponent}")
    ((term, scalar),) = base.items()
    if term.dims or term.times or scalar != 1:
        raise Unsupported(f"{source} to the power {exponent}")
    result = _raised(base, Integer(constant), source, to, ())
    for part in Add.make_args(rest):
        number, symbol = part.as_coeff_Mul()
        for factor in term.factors:
            key = ("symbolic power", factor.atom, symbol)
            powered = to.algebra.atom(key, factor.indices, Fraction(int(number)) * factor.exponent)
            result = to.algebra.multiply(result, powered)
    return result


# --- blocks ---------------------------------------------------------------------------------------


def _parts(expr: Expr, axis: int, to: NormalForm) -> tuple[Part, ...]:
    """Where an axis is cut into blocks; ``(None,)`` for one that is not."""
    if isinstance(expr, Block):
        blocks = [row[0] for row in expr.args] if axis == 0 else list(expr.args[0])
        sizes = [block.shape[axis] for block in blocks]
        if len(sizes) == 1:
            return _parts(blocks[0], axis, to)
        offsets = [Add(*sizes[:k]) for k in range(len(sizes))]
        return tuple(zip(offsets, sizes, strict=True))
    if isinstance(expr, MatrixProduct):
        return _parts(expr.matrices[0 if axis == 0 else -1], axis, to)
    if isinstance(expr, Transposed):
        return _parts(expr.args[0], 1 - axis, to)
    if isinstance(expr, Diag):
        return _parts(expr.args[0], 0, to)
    if isinstance(expr, Elementwise | OrderedProduct | TimeSum | HadamardPower | StopGradient):
        inner = expr.argument if isinstance(expr, Elementwise) else expr.args[0]
        return _parts(inner, axis, to)
    if isinstance(expr, MatrixSum | Hadamard):
        parts: tuple[Part, ...] = (None,)
        for term in expr.args:
            parts = _common(parts, _parts(term, axis, to))
        return parts
    if isinstance(expr, At | Parameter | Derivative):
        meaning = to.value_of(expr) if isinstance(expr, Derivative) else to.unfold(expr)
        return (None,) if meaning is None else _parts(meaning, axis, to)
    return (None,)


def _common(a: tuple[Part, ...], b: tuple[Part, ...]) -> tuple[Part, ...]:
    if a == (None,) or a == b:
        return b
    if b == (None,):
        return a
    raise Unsupported(f"blocks {a} and {b} do not fit one another")


def _size(expr: Any, axis: int, part: Part) -> Expr:
    return expr.shape[axis] if part is None else part[1]


def _located(expr: Block, axis: int, part: Part) -> tuple[int, Part]:
    """The block of rows (or columns) that a part names, and what is left of the part inside it."""
    count = len(expr.args) if axis == 0 else len(expr.args[0])
    if count == 1:
        return 0, part
    for k, own in enumerate(_parts(expr, axis, NormalForm())):
        if part is not None and own is not None and same_size(own[0], part[0]) and same_size(own[1], part[1]):
            return k, None
    raise Unsupported(f"{expr} is not cut at {part}")
