r"""Elementwise functions and powers in the normal form: atoms over their normalised argument."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sympy import Add, Dummy, Expr, Integer, Mul, Pow, Symbol

from ..activations import Activation, Applied, derivative
from ..activations import X as ARGUMENT
from ..activations import Y as VALUE
from ..symbols import t
from .polynomial import COLUMN, DELTA, ONE, ROW, Polynomial, Unsupported

if TYPE_CHECKING:
    from .normal_form import NormalForm


EXPONENT_LIMIT = 64


def applied(function: Activation, argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    if function.row is None:
        return atom_of(("function", function.name, function.order), argument, to, slots)
    if function.order:
        formula = derivative(Activation(function.name, function.order - 1))
        return _formula(formula, argument, applied(Activation(function.name), argument, to, slots), to, slots)
    special = _SPECIAL.get(function.name)
    if special is not None:
        return special(argument, to, slots)
    return atom_of(("function", function.name), argument, to, slots)


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
        return raised(_formula(formula.base, x, y, to, slots), formula.exp, formula.base, to, slots)
    if isinstance(formula, Applied):
        return applied(formula.function, _formula(formula.argument, x, y, to, slots), to, slots)
    raise Unsupported(f"no normal form for the derivative {formula}")


def atom_of(head: tuple[Any, ...], argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
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
    value = atom_of(("function", "sigma"), argument, to, slots)
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
        value = atom_of(("function", "tanh"), argument, to, slots)
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
    """relu(z) = z step(z); relu(-z) = relu(z) - z."""
    if not argument:
        return {}
    turned, is_turned = _mirrored(argument, to)
    value = to.algebra.multiply(turned, _step(turned, to, slots))
    return to.algebra.add(value, argument) if is_turned else value


def _absolute(argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """|z| = z (2 step(z) - 1), |-z| = |z|."""
    if not argument:
        return {}
    argument, _ = _mirrored(argument, to)
    sign = to.algebra.add(to.algebra.scale(_step(argument, to, slots), Fraction(2)), to.algebra.constant(-ONE))
    return to.algebra.multiply(argument, sign)


def _step(argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """step(0) = 0, step(c z) = step(z) for c > 0."""
    if not argument:
        return {}
    leading = abs(to.algebra.freeze(argument)[0][1])
    return atom_of(("function", "step"), to.algebra.scale(argument, 1 / leading), to, slots)


_SPECIAL: dict[str, Callable[[Polynomial, NormalForm, tuple[int, ...]], Polynomial]] = {
    "sigma": _sigma,
    "tanh": _tanh,
    "exp": _exp,
    "relu": _relu,
    "step": _step,
    "absolute": _absolute,
    "identity": lambda argument, to, slots: argument,
}


def raised(base: Polynomial, exponent: Expr, source: Expr, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """A power entry by entry: of each factor of a single term, else by multiplication or as an opaque quotient."""
    if not exponent.is_Integer:
        return _raised_symbolically(base, exponent, source, to)
    count = int(exponent)
    if abs(count) > EXPONENT_LIMIT:
        raise Unsupported(f"{source} to the power {count}")
    if count >= 0:
        return to.algebra.power(base, count)
    steps = {symbol: t for symbol in source.atoms(Dummy)}
    if not (isinstance(source, Symbol) and source.is_positive):
        to.divisors[f"{source.xreplace(steps)} has no zero entry"] = None
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
    quotient = atom_of(("quotient",), monic, to, slots)
    return to.algebra.scale(to.algebra.power(quotient, -count), leading**count)


def _raised_symbolically(base: Polynomial, exponent: Expr, source: Expr, to: NormalForm) -> Polynomial:
    constant, rest = exponent.as_coeff_Add()
    if len(base) != 1 or not constant.is_Integer:
        raise Unsupported(f"{source} to the power {exponent}")
    ((term, scalar),) = base.items()
    if term.dims or term.times or scalar != 1:
        raise Unsupported(f"{source} to the power {exponent}")
    result = raised(base, Integer(constant), source, to, ())
    for part in Add.make_args(rest):
        number, symbol = part.as_coeff_Mul()
        if not number.is_Integer:
            raise Unsupported(f"{source} to the power {exponent}")
        for factor in term.factors:
            key = ("symbolic power", factor.atom, symbol)
            powered = to.algebra.atom(key, factor.indices, Fraction(int(number)) * factor.exponent)
            result = to.algebra.multiply(result, powered)
    return result
