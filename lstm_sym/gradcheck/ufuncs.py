"""NumPy's universal functions on exact numbers, by the names NumPy gives them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from . import circular, special
from . import numbers as n
from .array import Array, Discrete, Scalar, array_of, discrete, exact, numbers_of, result_of
from .frames import Unsupported
from .numbers import Domain, Numbers
from .powers import cube_root, power, square

# --- what is made of other functions --------------------------------------------------------------


def maximum(x: Numbers, y: Numbers, asked: str = "") -> Numbers:
    return n.chosen(x.domain.order(x, y, asked) >= 0, x, y)


def minimum(x: Numbers, y: Numbers, asked: str = "") -> Numbers:
    return n.chosen(x.domain.order(x, y, asked) <= 0, x, y)


def absolute(x: Numbers) -> Numbers:
    return n.chosen(x.domain.order(x, n.constant(x, 0), "absolute") >= 0, x, n.negative(x))


def sign(x: Numbers) -> Numbers:
    return x.domain.constant(x.domain.order(x, n.constant(x, 0), "sign"))


def heaviside(x: Numbers, y: Numbers) -> Numbers:
    order = x.domain.order(x, n.constant(x, 0), "heaviside")
    return n.chosen(order == 0, y, x.domain.constant((order > 0).astype(int)))


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
    "exp2": special.to_the(2),
    "exp10": special.to_the(10),
    "expm1": lambda x: n.subtract(n.apply("exp", x), n.constant(x, 1)),
    "log": elementwise("log"),
    "log1p": lambda x: n.apply("log", n.add(x, n.constant(x, 1))),
    "log2": special.logarithm(2),
    "log10": special.logarithm(10),
    "sqrt": elementwise("sqrt"),
    "cbrt": cube_root,
    "tanh": elementwise("tanh"),
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
    "expit": elementwise("sigmoid"),
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
    "fmax": partial(maximum, asked="maximum"),
    "minimum": partial(minimum, asked="minimum"),
    "fmin": partial(minimum, asked="minimum"),
    "heaviside": heaviside,
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
        return real(COMPARISONS[name](domain.order(operands[0], operands[1], name), 0), domain)
    if name in ("equal", "not_equal"):
        return real(domain.same(*operands) == (name == "equal"), domain)
    if name in ("logical_not", "logical_and", "logical_or", "logical_xor"):
        zero = domain.constant(0)
        return real(getattr(np, name)(*[~domain.same(x, zero) for x in operands]), domain)
    if name in PIECEWISE_CONSTANT:
        if any(x.varies for x in operands):
            raise Unsupported(f"np.{name} of a number that depends on the inputs has no derivative to check")
        return getattr(np, name)(*[domain.shadow(x) for x in operands])
    table: dict[str, Any] = UNARY if len(operands) == 1 else BINARY
    if name not in table:
        raise Unsupported(f"np.{name} is not followed on exact numbers")
    return delivered(result_of(table[name](*operands)), out)


def real(mask: Any, domain: Domain) -> Any:
    """Truth values as NumPy would give them."""
    return discrete(mask, domain) if np.ndim(mask) else np.bool_(mask)


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
    if method == "accumulate" and name in ("add", "multiply"):
        cumulative = reductions.REDUCTIONS["cumsum" if name == "add" else "cumprod"]
        return delivered(cumulative(inputs[0], axis=options.get("axis", 0)), out)
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
    plain = [np.asarray(x) if isinstance(x, Discrete) else x for x in inputs]
    if "out" in options:
        options["out"] = tuple(np.asarray(x) if isinstance(x, Discrete) else x for x in options["out"])
    if any(isinstance(x, Array) for x in (*plain, *options.get("out", ()))):
        assert domain is not None
        return call_ufunc(domain, ufunc.__name__, method, tuple(plain), options)
    result = getattr(ufunc, method)(*plain, **options)
    if domain is None:
        return result
    if isinstance(result, np.ndarray) and result.dtype.kind == "f":
        if method == "__call__" and ufunc.__name__ in (*UNARY, *BINARY):
            return call_ufunc(domain, ufunc.__name__, method, tuple(plain), {})
        return exact(result, domain)
    return discrete(result, domain)
