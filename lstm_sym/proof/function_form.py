r"""Elementwise functions and powers in the normal form: atoms over their normalised argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sympy import Add, Expr, Integer, Mul, Pow, Symbol

from ..activations import Activation, Applied, derivative
from ..activations import X as ARGUMENT
from ..activations import Y as VALUE
from ..nodes.operand import is_matrix
from .polynomial import COLUMN, DELTA, ONE, ROW, Factor, Polynomial, Term, Unsupported

if TYPE_CHECKING:
    from .normal_form import NormalForm


EXPONENT_LIMIT = 64
TANH, EXP = 1, 2
"""Ties: tanh written by σ, then σ by exp."""


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
    if to.tie >= EXP:
        return _written_by_exp(argument, to, slots)
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
    if to.tie >= TANH:
        doubled = to.algebra.scale(_sigma(double, to, slots), Fraction(2))
        value = to.algebra.add(doubled, to.algebra.constant(-ONE))
    else:
        value = atom_of(("function", "tanh"), argument, to, slots)
    return to.algebra.scale(value, -ONE) if turned else value


def _written_by_exp(argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """σ(z) = 1/(1 + exp(-z)), whose denominator is never 0."""
    below = to.algebra.add(to.algebra.constant(ONE), _exp(to.algebra.scale(argument, -ONE), to, slots))
    return reciprocal(below, 1, to, slots)


def _softplus(argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """Where asked, softplus z = log(1 + exp z)."""
    to.met["exp"].add(to.algebra.freeze(argument))
    if to.tie < EXP:
        return atom_of(("function", "softplus"), argument, to, slots)
    return _log(to.algebra.add(to.algebra.constant(ONE), _exp(argument, to, slots)), to, slots)


def _log(argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """log(exp(a)) = a, also of products and powers of exponentials."""
    to.met["exp"].add(to.algebra.freeze(argument))
    if len(argument) == 1:
        ((term, scalar),) = argument.items()
        inside = [_inside("exp", factor, to) for factor in term.factors]
        if scalar == 1 and not term.dims and not term.times and None not in inside:
            parts = [to.algebra.scale(p, Fraction(f.exponent)) for p, f in zip(inside, term.factors) if p is not None]
            return to.algebra.add(*parts)
    return atom_of(("function", "log"), argument, to, slots)


def _inside(name: str, factor: Factor, to: NormalForm) -> Polynomial | None:
    """The argument of a factor that is that function of it, in the factor's own indices."""
    key = to.algebra.key(factor.atom)
    if not (isinstance(key, tuple) and key[:2] == ("function", name)):
        return None
    argument = dict(key[2])
    used = {index for term in argument for one in term.factors for index in one.indices if index < 0}
    return argument if set(factor.indices) == used and len(factor.indices) < 2 else None


def _exp(argument: Polynomial, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """exp(a + b) = exp(a) exp(b): one atom per term, to the power of its number; exp(log(a)) = a."""
    to.met["exp"].add(to.algebra.freeze(argument))
    result = to.algebra.constant(ONE)
    for term, scalar in argument.items():
        logarithm = _inside("log", term.factors[0], to) if _is_bare(term) else None
        if logarithm is not None and scalar.denominator == 1:
            value = (
                to.algebra.power(logarithm, scalar.numerator)
                if scalar > 0
                else reciprocal(logarithm, -scalar.numerator, to, slots)
            )
            result = to.algebra.multiply(result, value)
            continue
        used = {index for factor in term.factors for index in factor.indices}
        key = ("function", "exp", to.algebra.freeze({term: ONE}))
        atom = to.algebra.atom(key, tuple(slot for slot in slots if slot in used), scalar)
        result = to.algebra.multiply(result, atom)
    return result


def _is_bare(term: Term) -> bool:
    """Whether a term is one factor to the power 1."""
    return len(term.factors) == 1 and not term.dims and not term.times and term.factors[0].exponent == 1


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
    "log": _log,
    "softplus": _softplus,
    "relu": _relu,
    "step": _step,
    "absolute": _absolute,
    "identity": lambda argument, to, slots: argument,
}


def raised(base: Polynomial, exponent: Expr, source: Expr, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """A power entry by entry: of each factor of a single term, else by multiplication or as an opaque quotient.

    A size is positive, so it has roots, too.
    """
    if isinstance(source, Symbol) and source.is_positive and exponent.is_Rational and exponent.q == 2:
        return to.algebra.atom(("scalar", source), (), Fraction(int(exponent.p), 2))
    if not exponent.is_Integer:
        return _raised_symbolically(base, exponent, source, to, slots)
    count = int(exponent)
    if abs(count) > EXPONENT_LIMIT:
        raise Unsupported(f"{source} to the power {count}")
    if count >= 0:
        return to.algebra.power(base, count)
    positive = isinstance(source, Symbol) and source.is_positive
    if not positive and (is_matrix(source) or not to.conditions.imply(source - 1)):
        to.divide_by(source)
    if not base:
        raise Unsupported(f"division by {source}, which is 0")
    if len(base) == 1:
        ((term, _),) = base.items()
        if any(to.algebra.key(factor.atom) == DELTA for factor in term.factors):
            raise Unsupported(f"division by {source}, which has zeros")
    return reciprocal(base, -count, to, slots)


def reciprocal(base: Polynomial, count: int, to: NormalForm, slots: tuple[int, ...]) -> Polynomial:
    """1/base^count, factor by factor of a single term, else as an opaque quotient; base must not be 0 anywhere."""
    if len(base) == 1:
        ((term, scalar),) = base.items()
        if not term.dims and not term.times:
            powered = tuple(factor._replace(exponent=-factor.exponent * count) for factor in term.factors)
            return to.algebra.collect([(term._replace(factors=powered), scalar**-count)])
    leading = to.algebra.freeze(base)[0][1]
    monic = to.algebra.scale(base, 1 / leading)
    quotient = atom_of(("quotient",), monic, to, slots)
    return to.algebra.scale(to.algebra.power(quotient, count), leading**-count)


def _raised_symbolically(
    base: Polynomial, exponent: Expr, source: Expr, to: NormalForm, slots: tuple[int, ...]
) -> Polynomial:
    """b^(N + 2) = b² b^N: the power of each factor of a single term, or of a sum or a number as a whole."""
    constant, rest = exponent.as_coeff_Add()
    if not base or not constant.is_Integer:
        raise Unsupported(f"{source} to the power {exponent}")
    if not to.conditions.imply(exponent):
        to.divide_by(source)
    result = raised(base, Integer(constant), source, to, slots)
    for part in Add.make_args(rest):
        number, symbol = part.as_coeff_Mul()
        if not number.is_Integer:
            raise Unsupported(f"{source} to the power {exponent}")
        for powered in _symbolic_powers(base, symbol, Fraction(int(number)), to, slots):
            result = to.algebra.multiply(result, powered)
    return result


def _symbolic_powers(
    base: Polynomial, symbol: Expr, number: Fraction, to: NormalForm, slots: tuple[int, ...]
) -> Iterator[Polynomial]:
    """The factors of base^(number · symbol)."""
    (term, scalar), *others = base.items()
    if others or term.dims or term.times or scalar != 1:
        whole = atom_of(("power of a sum", symbol), base, to, slots)
        if len(whole) != 1 or number.denominator != 1 or number < 0:
            raise Unsupported(f"the power {number * symbol} of a sum")
        yield to.algebra.power(whole, number.numerator)
        return
    for factor in term.factors:
        yield to.algebra.atom(("symbolic power", factor.atom, symbol), factor.indices, number * factor.exponent)
