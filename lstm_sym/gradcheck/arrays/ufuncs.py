"""NumPy's universal functions on exact numbers, by the names NumPy gives them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..decisions.branches import TOLD
from ..exact import circular, special
from ..exact import numbers as n
from ..exact.numbers import Domain, Numbers
from ..exact.powers import cube_root, power, square
from ..frames import Unsupported
from .array import Array, Scalar, array_of, exact, numbers_of, result_of
from .integers import Discrete, dependent, discrete, plain
from .layout import elementwise, laid, lying

# --- what is made of other functions --------------------------------------------------------------


def maximum(x: Numbers, y: Numbers, asked: str = "") -> Numbers:
    """The larger number, or the one that is nan."""
    first = (x.domain.order(x, y, asked, either=True) >= 0) | x.domain.without_value(x)
    return n.chosen(first, x, y).chosen_by(x.depends or y.depends)


def minimum(x: Numbers, y: Numbers, asked: str = "") -> Numbers:
    first = (x.domain.order(x, y, asked, either=True) <= 0) | x.domain.without_value(x)
    return n.chosen(first, x, y).chosen_by(x.depends or y.depends)


def of_numbers(extreme: Callable[..., Numbers]) -> Callable[..., Numbers]:
    """``maximum`` or ``minimum`` that takes the other number where one is nan."""

    def call(x: Numbers, y: Numbers, asked: str = "") -> Numbers:
        own, other = x.domain.without_value(x), x.domain.without_value(y)
        return extreme(n.chosen(own, y, x), n.chosen(other, x, y), asked)

    call.__name__ = extreme.__name__
    return call


def absolute(x: Numbers) -> Numbers:
    return n.chosen(x.domain.order(x, n.constant(x, 0), "absolute") >= 0, x, n.negative(x))


def sign(x: Numbers) -> Numbers:
    return x.domain.constant(x.domain.order(x, n.constant(x, 0), "sign")).chosen_by(x.depends)


def heaviside(x: Numbers, y: Numbers) -> Numbers:
    order = x.domain.order(x, n.constant(x, 0), "heaviside")
    return n.chosen(order == 0, y, x.domain.constant((order > 0).astype(int))).chosen_by(x.depends)


def with_sign_of(x: Numbers, y: Numbers) -> Numbers:
    """The absolute value of x, with the sign of y; 0 is positive."""
    negative = y.domain.order(y, n.constant(y, 0), "sign") < 0
    size = absolute(x)
    return n.chosen(negative, n.negative(size), size).chosen_by(x.depends or y.depends)


def known(name: str) -> Callable[[Numbers], Numbers]:
    return lambda x: n.apply(name, x)


UNARY: dict[str, Callable[[Numbers], Numbers]] = {
    "negative": n.negative,
    "positive": lambda x: x,
    "conjugate": lambda x: x,
    "absolute": absolute,
    "fabs": absolute,
    "sign": sign,
    "square": square,
    "reciprocal": n.reciprocal,
    "exp": known("exp"),
    "exp2": special.to_the(2),
    "exp10": special.to_the(10),
    "expm1": lambda x: n.subtract(n.apply("exp", x), n.constant(x, 1)),
    "log": known("log"),
    "log1p": lambda x: n.apply("log", n.add(x, n.constant(x, 1))),
    "log2": special.logarithm(2),
    "log10": special.logarithm(10),
    "sqrt": known("sqrt"),
    "cbrt": cube_root,
    "tanh": known("tanh"),
    "arctanh": special.of_half_quotient,
    "arcsinh": special.of_sum_with_root(1),
    "arccosh": special.of_sum_with_root(-1),
    "sin": circular.sine,
    "cos": circular.cosine,
    "tan": circular.tangent,
    "sinc": special.cardinal_sine,
    "arctan": circular.arctangent,
    "arcsin": circular.arcsine,
    "arccos": circular.arccosine,
    "deg2rad": special.scaled(math.pi / 180),
    "radians": special.scaled(math.pi / 180),
    "rad2deg": special.scaled(180 / math.pi),
    "degrees": special.scaled(180 / math.pi),
    "erf": circular.error_function,
    "erfc": circular.complementary,
    "erfcx": lambda x: n.multiply(n.apply("exp", square(x)), circular.complementary(x)),
    "ndtr": circular.normal_distribution,
    "log_ndtr": lambda x: n.apply("log", circular.normal_distribution(x)),
    "entr": lambda x: n.negative(special.times_logarithm(x, x)),
    "sinh": special.hyperbolic(-1),
    "cosh": special.hyperbolic(1),
    "expit": known("sigmoid"),
    "log_expit": lambda x: n.apply("log", n.apply("sigmoid", x)),
    "logit": lambda x: n.apply("log", n.divide(x, n.subtract(n.constant(x, 1), x))),
}

BINARY: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    "add": n.add,
    "subtract": n.subtract,
    "multiply": n.multiply,
    "true_divide": n.divide,
    "divide": n.divide,
    "power": power,
    "float_power": power,
    "maximum": partial(maximum, asked="maximum"),
    "fmax": partial(of_numbers(maximum), asked="maximum"),
    "minimum": partial(minimum, asked="minimum"),
    "fmin": partial(of_numbers(minimum), asked="minimum"),
    "heaviside": heaviside,
    "copysign": with_sign_of,
    "logaddexp": special.logaddexp,
    "logaddexp2": lambda x, y: special.logarithm(2)(n.add(special.to_the(2)(x), special.to_the(2)(y))),
    "arctan2": circular.angle,
    "xlogy": special.times_logarithm,
    "xlog1py": lambda x, y: special.times_logarithm(x, n.add(y, n.constant(y, 1))),
    "rel_entr": special.relative_entropy,
    "kl_div": lambda x, y: n.add(n.subtract(special.relative_entropy(x, y), x), y),
    "hypot": lambda x, y: n.apply("sqrt", n.add(square(x), square(y))),
}

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}

PIECEWISE_CONSTANT = ("floor", "ceil", "rint", "trunc", "floor_divide", "remainder", "fmod", "divmod", "mod")


def call_ufunc(domain: Domain, name: str, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A universal function, or one of its methods, on arrays of which some are exact."""
    from .contraction import matmul
    from .nans import TESTS, tested

    out = options.pop("out", None)
    where = options.pop("where", True)
    if where is not True:
        return _where(domain, name, method, inputs, options, out, where)
    order = options.pop("order", None)
    options = {key: value for key, value in options.items() if key not in ("dtype", "casting", "subok")}
    if method != "__call__":
        return _method(domain, name, method, inputs, options, out)
    if name in ("matmul", "dot"):
        return delivered(matmul(domain, *inputs), out, core=2 - sum(lying(x).ndim == 1 for x in inputs))
    if name in TESTS:
        return tested(domain, name, inputs[0], out)
    if name == "multiply" and inputs[0] is inputs[1]:
        name, inputs = "square", inputs[:1]
    operands = [numbers_of(x, domain) for x in inputs]
    depends = any(x.depends for x in operands)
    if name == "signbit":
        name, operands = "less", [*operands, domain.constant(0)]
    if name in COMPARISONS:
        truth = COMPARISONS[name](domain.order(operands[0], operands[1], name), 0)
        return real(truth, domain, inputs, out, operands)
    if name in ("equal", "not_equal"):
        return _equal(domain, name, inputs, out, operands)
    if name in ("logical_not", "logical_and", "logical_or", "logical_xor"):
        zero = domain.constant(0)
        truth = getattr(np, name)(*[~domain.same(x, zero) for x in operands])
        return asked(domain, name, truth, inputs, out, operands)
    if name in PIECEWISE_CONSTANT:
        if any(x.varies for x in operands):
            raise Unsupported(f"np.{name} of a number that depends on the inputs has no derivative to check")
        if depends:
            domain.asks("int", True)
        return _constants(getattr(np, name)(*[domain.shadow(x) for x in operands]), domain, inputs, out, depends)
    table: dict[str, Any] = UNARY if len(operands) == 1 else BINARY
    if name not in table:
        raise Unsupported(f"np.{name} is not followed on exact numbers")
    result = table[name](*operands)
    result = result if result.varies else result.chosen_by(depends)
    if name == "multiply" and domain.noting and all(x.decided for x in operands):
        domain.asks(name, domain.shadow(result) != 0)
    like = None if out is not None else elementwise(inputs, order)
    return delivered(result_of(result, like), out, core=0)


def _equal(domain: Domain, name: str, inputs: Any, out: Any, operands: Sequence[Numbers]) -> Any:
    """Which numbers are equal, or are not; what is nan equals nothing, itself neither."""
    first, second = operands
    nan = domain.without_value(first) | domain.without_value(second)
    truth = (domain.same(first, second) & ~np.bool_(nan)) == (name == "equal")
    if np.any(domain.infinite(first) | domain.infinite(second)):
        domain.asks("isinf", truth, *sorted(operands, key=lambda x: not x.depends)[:1])
    elif np.any(nan) or inputs[0] is inputs[1]:
        domain.asks(name, truth, first, second)
    return asked(domain, name, truth, inputs, out, operands)


def asked(domain: Domain, name: str, truth: Any, inputs: Any, out: Any, operands: Sequence[Numbers]) -> Any:
    """Truth values that are asked for, which is a decision where comparisons have made the numbers.

    Others are equal at a point in a million only, or at all.
    """
    if any(x.decided for x in operands):
        domain.asks(name, truth, *operands)
    return real(truth, domain, inputs, out, operands)


def _constants(values: Any, domain: Domain, inputs: Any, out: Any, depends: bool) -> Any:
    """Constants that NumPy has computed, as exact numbers."""
    if isinstance(values, tuple):
        return tuple(_constants(value, domain, inputs, None, depends) for value in values)
    numbers = domain.constant(values).chosen_by(depends)
    return delivered(result_of(numbers, elementwise(inputs)), out, core=0)


def real(mask: Any, domain: Domain, inputs: Any, out: Any = None, operands: Sequence[Numbers] = ()) -> Any:
    """Truth values of operands as NumPy would give them, or in ``out`` where that is given.

    Where they are told of numbers that depend on the inputs, these are ``operands``.
    """
    depends = any(x.depends for x in operands)
    target = out[0] if isinstance(out, tuple) else out
    if isinstance(target, Array):
        return delivered(array_of(domain.constant(mask).chosen_by(depends)), target)
    if target is None:
        like = elementwise(inputs)
        values = mask if like is None else laid(mask, like)
        return discrete(values if np.ndim(values) else np.bool_(values), domain, depends=depends, told=depends)
    if target.shape != np.broadcast_shapes(target.shape, np.shape(mask)):
        raise ValueError(f"non-broadcastable output operand with shape {target.shape} for {np.shape(mask)}")
    np.copyto(np.asarray(target), mask)
    if depends and isinstance(target, Discrete):
        target.written()
    return target


def delivered(result: Array, out: Any, *, core: int | None = None) -> Array:
    """The result, written to ``out`` where that is given.

    This has its shape, or one that it is stretched to, but for the last ``core`` axes.
    """
    target = out[0] if isinstance(out, tuple) else out
    if target is None:
        return result
    if target is ...:
        return array_of(result.read())
    if not isinstance(target, Array) or isinstance(target, Scalar):
        raise Unsupported("exact numbers are written into an array that was made outside of the check")
    kept = result.ndim if core is None else core
    whole = result.shape if core is None else np.broadcast_shapes(target.shape, result.shape)
    if target.shape != whole or target.shape[target.ndim - kept :] != result.shape[result.ndim - kept :]:
        raise ValueError(f"non-broadcastable output operand with shape {target.shape} for {result.shape}")
    target.require_writeable("output array is read-only")
    target[...] = result
    return target


def _where(domain: Domain, name: str, method: str, inputs: Any, options: dict[str, Any], out: Any, where: Any) -> Any:
    """A function of the entries at which ``where`` is true; the others of the result stay what they are in ``out``."""
    where = np.asarray(where)
    if method != "__call__":
        from .reductions import REDUCTIONS

        return delivered(REDUCTIONS[REDUCED[name]](inputs[0], **{"axis": 0} | options, where=where), out)
    arrays = [array_of(numbers_of(x, domain)) for x in inputs]
    target = out[0] if isinstance(out, tuple) else out
    shape = np.broadcast_shapes(where.shape, *[x.shape for x in arrays])
    if target is None:
        target = array_of(domain.junk(shape))
    mask = np.broadcast_to(where, shape)
    chosen = [Array(x.store, np.broadcast_to(x.at, shape)[mask]) for x in arrays]
    target[mask] = call_ufunc(domain, name, method, tuple(chosen), options)
    return target


REDUCED = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}


def _method(domain: Domain, name: str, method: str, inputs: Any, options: dict[str, Any], out: Any) -> Any:
    """``reduce``, ``accumulate``, ``reduceat``, ``outer`` and ``at`` of a universal function."""
    from . import reductions

    if method == "at":
        return _at(domain, name, *inputs)
    if method == "outer":
        a, b = (x if isinstance(x, Array) else exact(x, domain) for x in inputs)
        left = a.reshape(a.shape + (1,) * b.ndim)
        return delivered(call_ufunc(domain, name, "__call__", (left, b), {}), out)
    if name not in BINARY:
        raise Unsupported(f"np.{name}.{method} is not followed on exact numbers")
    x, *rest = inputs
    options = {"axis": 0} | options
    if method == "reduce":
        function = reductions.REDUCTIONS[REDUCED[name]] if name in REDUCED else reductions.reduced_by(BINARY[name])
        return delivered(function(x, *rest, **(options if not rest else options | {"axis": rest.pop(0)})), out)
    if method == "accumulate":
        return delivered(reductions.cumulative(BINARY[name])(x, *rest, **({} if rest else options)), out)
    starts, *rest = rest
    ends = [*starts[1:], x.shape[options["axis"]]]
    parts = [range(i, j) if i < j else [i] for i, j in zip(starts, ends)]
    rows = [_method(domain, name, "reduce", (np.take(x, [*part], options["axis"]),), options, None) for part in parts]
    whole: Any = np.stack(rows, options["axis"])
    return delivered(array_of(whole.read(), np.add.reduceat(lying(x), starts, options["axis"])), out)


def _at(domain: Domain, name: str, target: Any, index: Any, *values: Any) -> None:
    """Unbuffered operations: every occurrence of an index counts."""
    from .array import plain_index

    if not isinstance(target, Array):
        raise Unsupported("exact numbers are written into an array that was made outside of the check")
    if not target.flags.writeable:
        raise Unsupported(f"np.{name}.at writes into an array that is read-only")
    addresses = target.at[plain_index(index)]
    flat = np.ravel(addresses)
    terms = [
        array_of(n.add(numbers_of(x, domain), domain.constant(np.zeros(np.shape(addresses))))).reshape(-1)
        for x in values
    ]
    for k, address in enumerate(flat):
        one = Array(target.store, np.array([address]))
        one[...] = call_ufunc(domain, name, "__call__", (one, *[term[k] for term in terms]), {})


def call_discrete(domain: Domain | None, ufunc: Any, method: str, inputs: Any, options: dict[str, Any]) -> Any:
    """A universal function on integers and truth values; what would be floating-point becomes exact."""
    if any(isinstance(x, Array) for x in (*inputs, *options.get("out", ()))):
        assert domain is not None
        return call_ufunc(domain, ufunc.__name__, method, inputs, options)
    depends = dependent(inputs)
    if "out" in options:
        for x in options["out"]:
            if depends and isinstance(x, Discrete):
                x.written()
        options["out"] = tuple(np.asarray(x) if isinstance(x, Discrete) else x for x in options["out"])
    result = getattr(ufunc, method)(*map(plain, inputs), **options)
    if domain is None:
        return result
    if np.asarray(result).dtype.kind == "f" and (depends or isinstance(result, np.ndarray)):
        if method == "__call__" and ufunc.__name__ in (*UNARY, *BINARY):
            return call_ufunc(domain, ufunc.__name__, method, inputs, {})
        return result_of(domain.constant(result).chosen_by(depends))
    return _noted(domain, ufunc.__name__, method, inputs, result) if depends else discrete(result, domain)


WHETHER_ALL_OR_ANY = {
    **dict.fromkeys(("logical_or", "bitwise_or", "maximum"), "any"),
    **dict.fromkeys(("logical_and", "bitwise_and", "minimum", "multiply"), "all"),
}
OF_TRUTH = {"add": "logical_or", "maximum": "logical_or", "minimum": "logical_and"}
"""What functions of numbers make of truth values."""
ASKED = (*COMPARISONS, "equal", "not_equal", *TOLD, "logical_xor", "bitwise_xor", "maximum", "minimum")


SUMS = ("matmul", "vecdot", ("reduce", "add"), ("accumulate", "add"))
"""What makes one integer of many."""
ROUGH = ("floor_divide", "remainder", "fmod", "divmod", "right_shift", "bitwise_count", "gcd", "lcm", "sign")
"""What has the same value at many integers."""


def _noted(domain: Domain, name: str, method: str, inputs: Any, result: Any) -> Any:
    """Integers or truth values made of some that depend on the inputs; what is asked of them is noted."""
    truth = np.asarray(result).dtype.kind == "b"
    told = name in ("logical_not", "invert") and inputs[0].told
    name = OF_TRUTH.get(name, name) if truth and method == "__call__" else name
    counts = any(isinstance(x, Discrete) and x.counts for x in inputs) or name in SUMS or (method, name) in SUMS
    if method != "__call__" and name in WHETHER_ALL_OR_ANY and np.asarray(inputs[0]).dtype.kind == "b":
        domain.asks(WHETHER_ALL_OR_ANY[name], np.asarray(result) != 0)
        told = truth
    elif method == "__call__" and name in ("maximum", "minimum"):
        domain.asks(name, np.greater_equal(*map(plain, inputs)))
    elif method == "__call__" and name in ASKED and truth:
        domain.asks(name, result)
        told = True
    elif counts and name in ROUGH:
        domain.asks("int", True)
    return discrete(result, domain, depends=True, told=told, counts=counts and not truth)
