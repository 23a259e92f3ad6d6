"""NumPy's universal functions on exact numbers, by the names NumPy gives them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from . import circular
from . import numbers as n
from .array import Array, Scalar, array_of, exact, numbers_of, result_of
from .branches import TOLD
from .constants import reading
from .frames import Unsupported
from .integers import Discrete, dependent, discrete, plain
from .numbers import Domain, Numbers

# --- what is made of other functions --------------------------------------------------------------


def constant(x: Numbers, value: float) -> Numbers:
    return x.domain.constant(value)


def chosen(mask: Any, x: Numbers, y: Numbers, decided: bool = True) -> Numbers:
    """x where the mask is true, y elsewhere; the mask is ``decided`` by comparing the two."""
    shape = np.broadcast_shapes(np.shape(mask), x.shape, y.shape)
    parts = []
    for ring, a, b in zip(x.domain.rings, x.parts, y.parts):
        width = max(len(a), len(b))
        a, b = (n.lifted(n.widened(ring, part, width), len(shape)) for part in (a, b))
        parts.append(np.where(mask, a, b))
    decided = x.decided or y.decided or (decided and (x.varies or y.varies))
    return Numbers(x.domain, tuple(parts), x.varies or y.varies, x.degree | y.degree, x.slope | y.slope, decided)


def maximum(x: Numbers, y: Numbers, asked: str = "") -> Numbers:
    return chosen(x.domain.order(x, y, asked) >= 0, x, y)


def minimum(x: Numbers, y: Numbers, asked: str = "") -> Numbers:
    return chosen(x.domain.order(x, y, asked) <= 0, x, y)


def absolute(x: Numbers) -> Numbers:
    return chosen(x.domain.order(x, constant(x, 0), "absolute") >= 0, x, n.negative(x), decided=False)


def sign(x: Numbers) -> Numbers:
    return x.domain.constant(x.domain.order(x, constant(x, 0), "sign")).chosen_by(x.depends)


def square(x: Numbers) -> Numbers:
    x.domain.squared(x)
    return n.multiply(x, x)


def heaviside(x: Numbers, y: Numbers) -> Numbers:
    order = x.domain.order(x, constant(x, 0), "heaviside")
    return chosen(order == 0, y, x.domain.constant((order > 0).astype(int))).chosen_by(x.depends)


def power(x: Numbers, y: Numbers) -> Numbers:
    """x to the power y: by squaring, by a root, or as exp(y log x)."""
    if y.varies:
        return n.apply("exp", n.multiply(y, n.apply("log", x)))
    exponents = np.unique(y.domain.shadow(y))
    if len(exponents) != 1:
        return n.apply("exp", n.multiply(y, n.apply("log", x)))
    exponent = reading(float(exponents[0]))
    if not exponent.plain:
        return n.apply("exp", n.multiply(y, n.apply("log", x)))
    found = exponent.rational
    if found.denominator == 2:
        return _spread(n.power(n.apply("sqrt", x), found.numerator), y)
    if found == 2:
        return _spread(square(x), y)
    whole = math.floor(found)
    result = n.power(x, whole)
    rest = found - whole
    if rest:
        result = n.multiply(result, n.apply("exp", n.multiply(constant(x, float(rest)), n.apply("log", x))))
    return _spread(result, y)


def _spread(x: Numbers, y: Numbers) -> Numbers:
    """x in the shape that it and y have together."""
    return n.add(x, x.domain.constant(np.zeros(np.broadcast_shapes(x.shape, y.shape))))


def logaddexp(x: Numbers, y: Numbers) -> Numbers:
    return n.apply("log", n.add(n.apply("exp", x), n.apply("exp", y)))


def hyperbolic(sign: int) -> Callable[[Numbers], Numbers]:
    def half_sum(x: Numbers) -> Numbers:
        e = n.apply("exp", x)
        other = n.reciprocal(e)
        both = n.add(e, other) if sign > 0 else n.subtract(e, other)
        return n.multiply(both, constant(x, 0.5))

    return half_sum


def logarithm(base: int) -> Callable[[Numbers], Numbers]:
    return lambda x: n.divide(n.apply("log", x), n.apply("log", constant(x, base)))


def elementwise(name: str) -> Callable[[Numbers], Numbers]:
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
    "exp": elementwise("exp"),
    "exp2": lambda x: n.apply("exp", n.multiply(x, n.apply("log", constant(x, 2)))),
    "expm1": lambda x: n.subtract(n.apply("exp", x), constant(x, 1)),
    "log": elementwise("log"),
    "log1p": lambda x: n.apply("log", n.add(x, constant(x, 1))),
    "log2": logarithm(2),
    "log10": logarithm(10),
    "sqrt": elementwise("sqrt"),
    "tanh": elementwise("tanh"),
    "sin": circular.sine,
    "cos": circular.cosine,
    "tan": circular.tangent,
    "arctan": circular.arctangent,
    "erf": circular.error_function,
    "erfc": circular.complementary,
    "ndtr": circular.normal_distribution,
    "sinh": hyperbolic(-1),
    "cosh": hyperbolic(1),
    "expit": elementwise("sigmoid"),
    "log_expit": lambda x: n.apply("log", n.apply("sigmoid", x)),
    "logit": lambda x: n.apply("log", n.divide(x, n.subtract(constant(x, 1), x))),
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
    "fmax": partial(maximum, asked="maximum"),
    "minimum": partial(minimum, asked="minimum"),
    "fmin": partial(minimum, asked="minimum"),
    "heaviside": heaviside,
    "logaddexp": logaddexp,
    "hypot": lambda x, y: n.apply("sqrt", n.add(square(x), square(y))),
}

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}

TESTS: dict[str, Callable[[Any], Any]] = {
    "isnan": np.zeros_like,
    "isinf": lambda infinite: infinite,
    "isfinite": np.logical_not,
}
"""From which entries are infinite; a nan is refused before."""

PIECEWISE_CONSTANT = ("floor", "ceil", "rint", "trunc", "floor_divide", "remainder", "fmod", "divmod", "mod")


def call_ufunc(domain: Domain, name: str, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A universal function, or one of its methods, on arrays of which some are exact."""
    from .contraction import matmul

    out = options.pop("out", None)
    if options.pop("where", True) is not True:
        raise Unsupported(f"np.{name}(where=…) is not followed")
    options = {key: value for key, value in options.items() if key not in ("dtype", "casting", "order", "subok")}
    if method != "__call__":
        return _method(domain, name, method, inputs, options, out)
    if name in ("matmul", "dot"):
        return delivered(matmul(domain, *inputs), out)
    if name in TESTS:
        numbers = numbers_of(inputs[0], domain)
        domain.refuse_zeros(numbers)
        return real(TESTS[name](domain.infinite(numbers)), domain)
    if name == "multiply" and inputs[0] is inputs[1]:
        name, inputs = "square", inputs[:1]
    operands = [numbers_of(x, domain) for x in inputs]
    if name in COMPARISONS:
        return real(COMPARISONS[name](domain.order(operands[0], operands[1], name), 0), domain, operands)
    if name in ("equal", "not_equal"):
        return asked(domain, name, domain.same(*operands) == (name == "equal"), operands)
    if name in ("logical_not", "logical_and", "logical_or", "logical_xor"):
        zero = domain.constant(0)
        return asked(domain, name, getattr(np, name)(*[~domain.same(x, zero) for x in operands]), operands)
    if name in PIECEWISE_CONSTANT:
        if any(x.varies for x in operands):
            raise Unsupported(f"np.{name} of a number that depends on the inputs has no derivative to check")
        found = getattr(np, name)(*[domain.shadow(x) for x in operands])
        depends = any(x.depends for x in operands)
        return result_of(domain.constant(found).chosen_by(depends)) if depends else found
    table: dict[str, Any] = UNARY if len(operands) == 1 else BINARY
    if name not in table:
        raise Unsupported(f"np.{name} is not followed on exact numbers")
    result = table[name](*operands)
    if name == "multiply" and domain.noting and all(x.decided for x in operands):
        domain.asks(name, domain.shadow(result) != 0)
    return delivered(result_of(result), out)


def real(mask: Any, domain: Domain, operands: Sequence[Numbers] = ()) -> Any:
    """Truth values as NumPy would give them, of a comparison of these numbers."""
    depends = any(x.depends for x in operands)
    return discrete(mask if np.ndim(mask) else np.bool_(mask), domain, depends=depends, told=depends)


def asked(domain: Domain, name: str, truth: Any, operands: Sequence[Numbers]) -> Any:
    """Truth values that are asked for, which is a decision where comparisons have made the numbers.

    Others are equal at a point in a million only, or at all.
    """
    if any(x.decided for x in operands):
        domain.asks(name, truth, *operands)
    return real(truth, domain, operands)


def delivered(result: Array, out: Any) -> Array:
    """The result, written to ``out`` where that is given."""
    target = out[0] if isinstance(out, tuple) else out
    if target is None:
        return result
    if not isinstance(target, Array) or isinstance(target, Scalar):
        raise Unsupported("exact numbers are written into an array that was made outside of the check")
    if target.shape != np.broadcast_shapes(target.shape, result.shape):
        raise ValueError(f"non-broadcastable output operand with shape {target.shape} for {result.shape}")
    target[...] = result
    return target


def _method(domain: Domain, name: str, method: str, inputs: Any, options: dict[str, Any], out: Any) -> Any:
    """``reduce``, ``accumulate``, ``outer`` and ``at`` of a universal function."""
    from . import reductions

    if method == "reduce":
        function = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}.get(name)
        if function:
            options.setdefault("axis", 0)
            return delivered(reductions.REDUCTIONS[function](inputs[0], **options), out)
    if method == "accumulate" and name == "add":
        return delivered(reductions.cumsum(inputs[0], axis=options.get("axis", 0)), out)
    if method == "outer":
        a, b = (x if isinstance(x, Array) else exact(x, domain) for x in inputs)
        left = a.reshape(a.shape + (1,) * b.ndim)
        return delivered(call_ufunc(domain, name, "__call__", (left, b), {}), out)
    if method == "at" and name in ("add", "subtract"):
        return _at(domain, name, *inputs)
    raise Unsupported(f"np.{name}.{method} is not followed on exact numbers")


def _at(domain: Domain, name: str, target: Any, index: Any, values: Any) -> None:
    """Unbuffered addition: every occurrence of an index counts."""
    from .array import plain_index

    if not isinstance(target, Array):
        raise Unsupported("exact numbers are written into an array that was made outside of the check")
    addresses = target.at[plain_index(index)]
    new = numbers_of(values, domain)
    new = n.add(new, domain.constant(np.zeros(np.shape(addresses))))
    flat = np.ravel(addresses)
    terms = array_of(new.reshape((flat.size,)))
    for k, address in enumerate(flat):
        one = Array(target.store, np.array([address]))
        one[...] = call_ufunc(domain, name, "__call__", (one, terms[k]), {})


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


REDUCED = {"logical_or": "any", "logical_and": "all", "maximum": "any", "minimum": "all", "multiply": "all"}
OF_TRUTH = {"add": "logical_or", "maximum": "logical_or", "minimum": "logical_and"}
"""What functions of numbers make of truth values."""
ASKED = (*COMPARISONS, "equal", "not_equal", *TOLD, "logical_xor", "bitwise_xor", "maximum", "minimum")


def _noted(domain: Domain, name: str, method: str, inputs: Any, result: Any) -> Any:
    """Integers or truth values made of some that depend on the inputs; what is asked of them is noted."""
    truth = np.asarray(result).dtype.kind == "b"
    told = name in ("logical_not", "invert") and inputs[0].told
    name = OF_TRUTH.get(name, name) if truth and method == "__call__" else name
    if method == "reduce" and name in REDUCED and np.asarray(inputs[0]).dtype.kind == "b":
        domain.asks(REDUCED[name], np.asarray(result) != 0)
        told = truth
    elif method == "__call__" and name in ("maximum", "minimum"):
        domain.asks(name, np.greater_equal(*map(plain, inputs)))
    elif method == "__call__" and name in ASKED and truth:
        domain.asks(name, result)
        told = True
    return discrete(result, domain, depends=True, told=told)
