"""NumPy's functions on exact numbers: what moves entries is done on addresses, the rest by tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import contraction
from .array import Array, array_of, exact, numbers_of, placed, plain_index, result_of, stacked
from .frames import Unsupported
from .integers import Discrete, dependent, discrete
from .numbers import Domain, gathered
from .reductions import REDUCTIONS, norm
from .ufuncs import BINARY, COMPARISONS, PIECEWISE_CONSTANT, TESTS, UNARY, call_ufunc, maximum, minimum, real

VIEWS = (
    "transpose", "reshape", "ravel", "squeeze", "expand_dims", "swapaxes", "moveaxis", "rollaxis", "broadcast_to",
    "atleast_1d", "atleast_2d", "atleast_3d", "split", "array_split", "hsplit", "vsplit", "dsplit", "flip", "fliplr",
    "flipud", "rot90", "diagonal", "matrix_transpose", "permute_dims", "unstack",
)  # fmt: skip
"""They move entries of one array, by view where NumPy makes a view."""

MOVES: dict[str, tuple[int, ...]] = {
    "concatenate": (0,), "concat": (0,), "stack": (0,), "hstack": (0,), "vstack": (0,), "dstack": (0,),
    "column_stack": (0,), "block": (0,), "where": (1, 2), "select": (1, 2), "choose": (1,), "take": (0,),
    "take_along_axis": (0,), "repeat": (0,), "tile": (0,), "roll": (0,), "pad": (0,), "tril": (0,), "triu": (0,),
    "diag": (0,), "diagflat": (0,), "delete": (0,), "insert": (0, 2), "append": (0, 1), "compress": (1,),
    "extract": (1,), "resize": (0,), "broadcast_arrays": (0, 1, 2, 3),
}  # fmt: skip
"""They copy entries of several arrays, at those positions among the arguments; what they fill up with is 0."""

LIKE: dict[str, float | None] = {"zeros_like": 0.0, "ones_like": 1.0, "empty_like": None}


def call_function(domain: Domain, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """One of NumPy's functions on arguments of which some are exact."""
    name = function if isinstance(function, str) else function.__name__
    plain = getattr(np, name, None) if not isinstance(function, str) else getattr(np, function, None)
    if name in SPECIAL:
        return SPECIAL[name](domain, *args, **options)
    if name in MOVES and not (name == "where" and len(args) == 1):
        return moved(domain, plain, args, options, MOVES[name])
    if name in VIEWS:
        return viewed(domain, plain, args, options)
    if name in REDUCTIONS or (name == "where" and len(args) == 1):
        first = args[0] if isinstance(args[0], Array) else array_of(numbers_of(args[0], domain))
        return REDUCTIONS["nonzero" if name == "where" else name](first, *args[1:], **options)
    if name in (*UNARY, *BINARY, *COMPARISONS, *TESTS, *PIECEWISE_CONSTANT, *UFUNC_NAMES):
        return call_ufunc(domain, UFUNC_NAMES.get(name, name), "__call__", args, options)
    raise Unsupported(f"np.{name} is not followed on exact numbers")


UFUNC_NAMES = {
    "abs": "absolute", "pow": "power", "matmul": "matmul", "equal": "equal", "not_equal": "not_equal",
    "logical_not": "logical_not", "logical_and": "logical_and", "logical_or": "logical_or",
    "logical_xor": "logical_xor", "conj": "conjugate",
}  # fmt: skip


# --- moving entries -------------------------------------------------------------------------------


def viewed(domain: Domain, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A function that moves the entries of its first argument."""
    first = args[0] if isinstance(args[0], Array) else stacked(args[0], domain)
    result = function(np.asarray(first.at), *args[1:], **options)
    if isinstance(result, list | tuple):
        return type(result)(placed(first, part) for part in result)
    return placed(first, result)


def moved(domain: Domain, function: Any, args: tuple[Any, ...], options: dict[str, Any], positions: Any) -> Any:
    """A function that copies entries; it works on addresses into one pool, whose first number is 0."""
    pool, size = [domain.constant(np.zeros(1))], 1

    def addressed(x: Any) -> Any:
        nonlocal size
        if isinstance(x, list | tuple):
            return type(x)(map(addressed, x))
        numbers = numbers_of(x, domain)
        count = int(np.prod(numbers.shape))
        pool.append(numbers.reshape((count,)))
        size += count
        return np.arange(size - count, size).reshape(numbers.shape)

    inner = [addressed(x) if k in positions else plain_index(x) for k, x in enumerate(args)]
    if "constant_values" in options:
        options = {**options, "constant_values": addressed(options["constant_values"])}
    out = options.pop("out", None)
    options.pop("dtype", None)
    addresses = function(*inner, **options)
    whole = gathered(pool).chosen_by(dependent([x for k, x in enumerate(args) if k not in positions]))

    def made(at: Any) -> Any:
        numbers = whole.each(lambda part: part[:, np.asarray(at)])
        return array_of(numbers) if isinstance(at, np.ndarray) else result_of(numbers)

    if isinstance(addresses, list | tuple):
        return type(addresses)(map(made, addresses))
    result = made(addresses)
    if out is not None:
        out[...] = result
        return out
    return result


# --- what has a rule of its own -------------------------------------------------------------------


def clip(domain: Domain, x: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **bounds: Any) -> Any:
    """The entries between two bounds."""
    low, high = bounds.get("min", a_min), bounds.get("max", a_max)
    result = x if isinstance(x, Array) else array_of(numbers_of(x, domain))
    if low is not None:
        result = result_of(maximum(result.read(), numbers_of(low, domain), "lower bound"))
    if high is not None:
        result = result_of(minimum(result.read(), numbers_of(high, domain), "upper bound"))
    if out is not None:
        out[...] = result
        return out
    return result


def like(value: float | None) -> Callable[..., Any]:
    def make(domain: Domain, x: Any, dtype: Any = None, shape: Any = None, **rest: Any) -> Any:
        return filled(domain, x.shape if shape is None else shape, value, dtype or x.dtype)

    return make


def full_like(domain: Domain, x: Any, fill_value: Any, dtype: Any = None, shape: Any = None, **rest: Any) -> Any:
    return filled(domain, x.shape if shape is None else shape, fill_value, dtype or x.dtype)


def filled(domain: Domain, shape: Any, value: Any, dtype: Any) -> Any:
    """A new array full of one value, exact if its type is that of floating-point numbers.

    With ``None`` it holds what nobody can know, so that code which reads it differs from run to run.
    """
    kind = np.dtype(dtype)
    if kind.kind in "biu":
        return discrete(np.full(shape, value or 0, kind), domain)
    if kind.kind != "f":
        raise Unsupported(f"an array of the type {kind} cannot hold exact numbers")
    if value is None:
        return array_of(domain.junk(np.empty(shape).shape))
    made = exact(np.zeros(shape), domain)
    made[...] = value
    return made


def copy(domain: Domain, x: Any, *args: Any, **options: Any) -> Any:
    return x.__copy__() if isinstance(x, Array) else stacked(x, domain)


def in_order(x: Any, order: str, domain: Domain) -> Array:
    """The array itself if it lies in this order, else a copy that does."""
    if isinstance(x, Array) and x.flags[f"{order}_CONTIGUOUS"]:
        return x
    own: Array = copy(domain, x)
    return Array(own.store, np.asarray(own.at, order=order))  # type: ignore[call-overload]


def copyto(domain: Domain, target: Any, source: Any, **options: Any) -> None:
    if not isinstance(target, Array):
        raise Unsupported("exact numbers are written into an array that was made outside of the check")
    target[options.get("where", ...)] = source


def cross_shapes(domain: Domain, x: Any) -> Any:
    return np.shape(x.at if isinstance(x, Array) else x)


def outer(domain: Domain, a: Any, b: Any, out: Any = None) -> Any:
    x, y = (u if isinstance(u, Array) else array_of(numbers_of(u, domain)) for u in (a, b))
    result = x.reshape(-1, 1) * y.reshape(1, -1)
    if out is not None:
        out[...] = result
        return out
    return result


def inner(domain: Domain, a: Any, b: Any) -> Any:
    x, y = (u if isinstance(u, Array) else array_of(numbers_of(u, domain)) for u in (a, b))
    if not x.ndim or not y.ndim:
        return x * y
    return contraction.tensordot(domain, x, y, ((x.ndim - 1,), (y.ndim - 1,)))


def vdot(domain: Domain, a: Any, b: Any) -> Any:
    x, y = (u if isinstance(u, Array) else array_of(numbers_of(u, domain)) for u in (a, b))
    return (x.reshape(-1) * y.reshape(-1)).sum()


def kron(domain: Domain, a: Any, b: Any) -> Any:
    if a.ndim != 2 or b.ndim != 2:
        raise Unsupported("np.kron is followed for matrices only")
    product = a[:, None, :, None] * b[None, :, None, :]
    return product.reshape(a.shape[0] * b.shape[0], a.shape[1] * b.shape[1])


def trace(domain: Domain, x: Any, *args: Any, **options: Any) -> Any:
    return np.diagonal(x, *args, **options).sum(axis=-1)


def sort(domain: Domain, x: Any, axis: int = -1, **options: Any) -> Any:
    return np.take_along_axis(x, REDUCTIONS["argsort"](x, axis=axis), axis)


def array_equal(domain: Domain, a: Any, b: Any, **options: Any) -> Any:
    x, y = numbers_of(a, domain), numbers_of(b, domain)
    if x.shape != y.shape:
        return False
    equal = bool(np.all(domain.same(x, y)))
    if x.decided or y.decided:
        domain.asks("equal", equal, x, y)
    return equal


def allclose(domain: Domain, a: Any, b: Any, *args: Any, **options: Any) -> Any:
    x, y = numbers_of(a, domain), numbers_of(b, domain)
    close = np.allclose(domain.shadow(x), domain.shadow(y), *args, **options)
    domain.asks("isclose", close, x, y)
    return bool(close)


def isclose(domain: Domain, a: Any, b: Any, *args: Any, **options: Any) -> Any:
    x, y = numbers_of(a, domain), numbers_of(b, domain)
    close = np.isclose(domain.shadow(x), domain.shadow(y), *args, **options)
    domain.asks("isclose", close, x, y)
    return real(close, domain, (x, y))


def logsumexp(domain: Domain, x: Any, axis: Any = None, b: Any = None, keepdims: bool = False, **options: Any) -> Any:
    e = np.exp(x) if b is None else b * np.exp(x)
    return np.log(e.sum(axis=axis, keepdims=keepdims))


def softmax(domain: Domain, x: Any, axis: Any = None) -> Any:
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(domain: Domain, x: Any, axis: Any = None) -> Any:
    return x - logsumexp(domain, x, axis=axis, keepdims=True)


def multi_dot(domain: Domain, arrays: Any, **options: Any) -> Any:
    result = arrays[0]
    for other in arrays[1:]:
        result = np.dot(result, other)
    return result


def average(domain: Domain, x: Any, axis: Any = None, weights: Any = None, **options: Any) -> Any:
    if weights is None:
        return x.mean(axis=axis)
    return (x * weights).sum(axis=axis) / (weights + 0 * x).sum(axis=axis)


def nan_to_num(domain: Domain, x: Any, *args: Any, **options: Any) -> Any:
    return x.__copy__()


def sliding_window_view(domain: Domain, x: Array, *args: Any, **options: Any) -> Any:
    return placed(x, np.lib.stride_tricks.sliding_window_view(np.asarray(x.at), *args, **options))


def as_strided(domain: Domain, x: Array, shape: Any = None, strides: Any = None, **options: Any) -> Any:
    own = np.asarray(x.at)
    found = np.lib.stride_tricks.as_strided(own, shape, strides, **options)
    (low, high), (first, last) = np.lib.array_utils.byte_bounds(own), np.lib.array_utils.byte_bounds(found)
    if first < low or last > high:
        raise Unsupported("np.lib.stride_tricks.as_strided reads memory outside of the array")
    return placed(x, found)


def convolve(domain: Domain, a: Any, v: Any, mode: str = "full") -> Any:
    """The sum over k of a[n - k] v[k], for vectors."""
    long, short = (u if isinstance(u, Array) else array_of(numbers_of(u, domain)) for u in (a, v))
    long, short = (long, short) if long.size >= short.size else (short, long)
    n, m = long.size, short.size
    padded = np.pad(long, (m - 1, m - 1))
    sums = np.lib.stride_tricks.sliding_window_view(padded, m) @ short[::-1]
    cut = {"full": (0, n + m - 1), "same": ((m - 1) // 2, (m - 1) // 2 + n), "valid": (m - 1, n)}
    if mode not in cut:
        raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")
    return sums[slice(*cut[mode])]


def correlate(domain: Domain, a: Any, v: Any, mode: str = "valid") -> Any:
    """The sum over k of a[n + k] v[k], for vectors."""
    x, y = (u if isinstance(u, Array) else array_of(numbers_of(u, domain)) for u in (a, v))
    if x.size < y.size:
        return correlate(domain, y, x, mode)[::-1]
    return convolve(domain, x, y[::-1], mode)


SPECIAL: dict[str, Callable[..., Any]] = {
    "dot": contraction.dot,
    "tensordot": contraction.tensordot,
    "einsum": contraction.einsum,
    "norm": lambda domain, x, *args, **options: norm(x, *args, **options),
    "copy": copy,
    "array": copy,
    "asarray": lambda domain, x, *args, **options: x,
    "asanyarray": lambda domain, x, *args, **options: x,
    "ascontiguousarray": lambda domain, x, *args, **options: in_order(x, "C", domain),
    "asfortranarray": lambda domain, x, *args, **options: in_order(x, "F", domain),
    "full_like": full_like,
    "shape": cross_shapes,
    "size": lambda domain, x, axis=None: x.size if axis is None else x.shape[axis],
    "ndim": lambda domain, x: x.ndim,
    "isscalar": lambda domain, x: not x.ndim,
    "iscomplexobj": lambda domain, x: False,
    "clip": clip,
    "copyto": copyto,
    "outer": outer,
    "inner": inner,
    "vdot": vdot,
    "kron": kron,
    "trace": trace,
    "sort": sort,
    "array_equal": array_equal,
    "allclose": allclose,
    "isclose": isclose,
    "logsumexp": logsumexp,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "multi_dot": multi_dot,
    "average": average,
    "nan_to_num": nan_to_num,
    "sliding_window_view": sliding_window_view,
    "as_strided": as_strided,
    "convolve": convolve,
    "correlate": correlate,
    **{name: like(value) for name, value in LIKE.items()},
}

__all__ = ["Discrete", "call_function"]
