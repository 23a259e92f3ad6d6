"""NumPy's functions on exact numbers: what moves entries is done on addresses, the rest by tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..exact.numbers import Domain, gathered
from ..frames import Unsupported
from ..stand_ins.borrowed import BORROWED, in_python
from ..trees import leaves
from . import contraction
from .along import ALONG
from .array import Array, Scalar, array_of, chosen_by, exact, numbers_of, placed, plain_index, result_of, stacked
from .exponential_sums import EXPONENTIAL_SUMS
from .integers import dependent, discrete
from .layout import elementwise, laid, lying, to_be_read
from .linear_algebra import LINEAR_ALGEBRA
from .nans import TESTS, nan_to_num
from .overwriting import WRITES, overwritten
from .reductions import REDUCTIONS, norm
from .ufuncs import BINARY, COMPARISONS, PIECEWISE_CONSTANT, UNARY, call_ufunc, delivered, maximum, minimum, real
from .windows import WINDOWS

VIEWS = (
    "transpose", "reshape", "ravel", "squeeze", "expand_dims", "swapaxes", "moveaxis", "rollaxis", "broadcast_to",
    "atleast_1d", "atleast_2d", "atleast_3d", "split", "array_split", "hsplit", "vsplit", "dsplit", "flip", "fliplr",
    "flipud", "rot90", "diagonal", "matrix_transpose", "permute_dims", "unstack",
)  # fmt: skip
"""They move entries of one array, by view where NumPy makes a view."""

MOVES: dict[str, tuple[int, ...]] = {
    "concatenate": (0,), "concat": (0,), "stack": (0,), "hstack": (0,), "vstack": (0,), "dstack": (0,),
    "column_stack": (0,), "block": (0,), "where": (1, 2), "select": (1, 2), "choose": (1,), "take": (0,),
    "take_along_axis": (0,), "repeat": (0,), "tile": (0,), "roll": (0,), "tril": (0,), "triu": (0,),
    "diagflat": (0,), "delete": (0,), "insert": (0, 2), "append": (0, 1), "compress": (1,),
    "extract": (1,), "resize": (0,), "meshgrid": (0, 1, 2, 3),
}  # fmt: skip
"""They copy entries of several arrays, at those positions among the arguments; what they fill up with is 0."""

CONDITIONED = ("where", "compress", "extract")
"""Their first argument says which entries, and may be of numbers."""

MOVED = (
    "constant_values", "default", "fill_value", "arrays", "arr", "ary", "a", "x", "tup", "choicelist", "values", "v",
    "A", "m", "choices",
)  # fmt: skip
"""The names of arguments whose entries they copy."""

LIKE: dict[str, float | None] = {"zeros_like": 0.0, "ones_like": 1.0, "empty_like": None}


def call_function(domain: Domain, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """One of NumPy's functions on arguments of which some are exact."""
    name = function if isinstance(function, str) else getattr(function, "__name__", "")
    plain = getattr(np, name, None)
    if name in SPECIAL:
        return SPECIAL[name](domain, *args, **options)
    if name in MOVES and not (name == "where" and len(args) == 1):
        if name in CONDITIONED and isinstance(args[0], Array):
            args = (args[0].astype(bool), *args[1:])
        return moved(domain, plain, args, options, MOVES[name])
    if name in WRITES:
        return overwritten(domain, name, args, options)
    if name in VIEWS:
        return viewed(domain, plain, args, options)
    if name in REDUCTIONS or (name == "where" and len(args) == 1):
        first = args[0] if isinstance(args[0], Array) else array_of(numbers_of(args[0], domain))
        return REDUCTIONS["nonzero" if name == "where" else name](first, *args[1:], **options)
    if name in (*UNARY, *BINARY, *COMPARISONS, *TESTS, *PIECEWISE_CONSTANT, *UFUNC_NAMES):
        return call_ufunc(domain, UFUNC_NAMES.get(name, name), "__call__", args, options)
    if name in BORROWED:
        return in_python(domain, name)(*args, **options)
    if getattr(function, "__module__", "") == "numpy.linalg" and not varying((args, options)):
        return of_constants(domain, function, args, options)
    raise Unsupported(f"np.{name} is not followed on exact numbers")


def varying(x: Any) -> bool:
    """Whether an argument depends on the inputs."""
    if isinstance(x, Array):
        return x.store.numbers.varies
    return isinstance(x, list | tuple | dict) and any(map(varying, x.values() if isinstance(x, dict) else x))


def shadows(x: Any) -> Any:
    """Arguments with floating-point numbers in the place of exact ones."""
    if isinstance(x, dict):
        return {key: shadows(value) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return type(x)(map(shadows, x))
    return laid(x.shadow, x.at) if isinstance(x, Array) else x


def of_constants(domain: Domain, function: Any, args: Any, options: dict[str, Any]) -> Any:
    """What NumPy makes of numbers that depend on nothing."""
    from ..stand_ins.stand_in import StandIn

    args, options = shadows(args), shadows(options)
    result = function(*args, **options)
    arrays = [x for _, x in leaves((args, options)) if isinstance(x, np.ndarray)]
    if any(isinstance(y, np.ndarray) and np.may_share_memory(x, y) for x in arrays for _, y in leaves(result)):
        raise Unsupported(f"np.{function.__name__} gives a view, which is not followed on exact numbers")
    return StandIn(domain).given(result)


UFUNC_NAMES = {
    "abs": "absolute", "pow": "power", "matmul": "matmul", "equal": "equal", "not_equal": "not_equal",
    "logical_not": "logical_not", "logical_and": "logical_and", "logical_or": "logical_or",
    "logical_xor": "logical_xor", "conj": "conjugate",
}  # fmt: skip


# --- moving entries -------------------------------------------------------------------------------


def viewed(domain: Domain, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A function that moves the entries of its first argument."""
    first = stacked(args[0], domain)
    if isinstance(first, Scalar):
        result = viewed(domain, function, (array_of(first.read()), *args[1:]), options)
        return result[()] if isinstance(result, Array) and not result.ndim else result
    result = function(first.at, *args[1:], **options)
    if isinstance(result, list | tuple):
        return type(result)(placed(first, part) for part in result)
    return placed(first, result)


def moved(domain: Domain, function: Any, args: tuple[Any, ...], options: dict[str, Any], positions: Any) -> Any:
    """A function that copies entries; it works on addresses into one pool, whose first number is 0."""
    if options.get("copy") is False:
        raise Unsupported(f"np.{function.__name__}(copy=False) is not followed")
    pool, size = [domain.constant(np.zeros(1))], 1

    def addressed(x: Any) -> Any:
        nonlocal size
        if isinstance(x, list | tuple):
            return type(x)(map(addressed, x))
        numbers = numbers_of(x, domain)
        count = int(np.prod(numbers.shape))
        pool.append(numbers.reshape((count,)))
        size += count
        return to_be_read(lying(x), size - count)

    inner = [addressed(x) if k in positions else plain_index(x) for k, x in enumerate(args)]
    out = options.pop("out", None)
    options.pop("dtype", None)
    options = {key: addressed(x) if key in MOVED else plain_index(x) for key, x in options.items()}
    found = function(*inner, **options)
    whole = gathered(pool).chosen_by(dependent([x for k, x in enumerate(args) if k not in positions]))

    def made(at: Any) -> Any:
        numbers = whole.each(lambda part: part[:, np.asarray(at)])
        return array_of(numbers, at) if isinstance(at, np.ndarray) else result_of(numbers)

    if isinstance(found, list | tuple):
        return type(found)(map(made, found))
    return delivered(made(found), out)


def pad(domain: Domain, x: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap") or options.get("reflect_type") == "odd":
        raise Unsupported(f"np.pad in the mode {mode!r} is not followed")
    return moved(domain, np.pad, (x, pad_width, mode), options, (0,))


# --- what has a rule of its own -------------------------------------------------------------------


def clip(domain: Domain, x: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **bounds: Any) -> Any:
    """The entries between two bounds."""
    low, high = bounds.get("min", a_min), bounds.get("max", a_max)
    result = numbers_of(x, domain)
    if low is not None:
        result = maximum(result, numbers_of(low, domain), "lower bound")
    if high is not None:
        result = minimum(result, numbers_of(high, domain), "upper bound")
    like = elementwise([u for u in (x, low, high) if u is not None])
    return delivered(result_of(result, like), out, core=0)


def like(value: float | None) -> Callable[..., Any]:
    def make(
        domain: Domain, x: Any, dtype: Any = None, order: Any = "K", subok: bool = True, *, shape: Any = None, **_: Any
    ) -> Any:
        return full_like(domain, x, value, dtype, order, shape=shape)

    return make


def full_like(
    domain: Domain, x: Any, fill_value: Any, dtype: Any = None, order: Any = "K", subok: bool = True, *,
    shape: Any = None, **_: Any,
) -> Any:  # fmt: skip
    model = np.empty_like(lying(stacked(x, domain) if isinstance(x, list | tuple) else x), order=order, shape=shape)
    return filled(domain, model, fill_value, dtype or getattr(x, "dtype", None) or float)


def filled(domain: Domain, model: Any, value: Any, dtype: Any) -> Any:
    """A new array of the shape and layout of another, full of one value, and exact if its type is of floats.

    With ``None`` or nan it holds what nobody can know, so that code which reads it differs from run to run.
    """
    kind = np.dtype(dtype)
    if kind.kind in "biu":
        return discrete(np.full_like(model, 0 if value is None else value, kind), domain)
    if kind.kind != "f":
        raise Unsupported(f"an array of the type {kind} cannot hold exact numbers")
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return array_of(domain.junk(model.shape), model)
    made = array_of(domain.constant(np.zeros(model.shape)), model)
    made[...] = value
    return made


def copy(domain: Domain, x: Any, order: Any = "K", subok: bool = False) -> Array:
    own = stacked(x, domain)
    return array_of(own.read(), np.array(own.at, order=order))


def in_order(domain: Domain, x: Any, order: Any) -> Array:
    """The array itself if it lies in this order, else a copy that does."""
    own = stacked(x, domain)
    at = np.asarray(own.at, order=order)
    return own if at is own.at else array_of(own.read(), at)


def broadcast_arrays(domain: Domain, *arrays: Any, subok: bool = False) -> tuple[Any, ...]:
    own = [array_of(x.read()) if isinstance(x, Scalar) else stacked(x, domain) for x in arrays]
    return tuple(placed(x, at) for x, at in zip(own, np.broadcast_arrays(*[x.at for x in own])))


def diag(domain: Domain, x: Any, k: int = 0) -> Any:
    """The matrix that has a vector on a diagonal; of a matrix, a view of a diagonal."""
    own = stacked(x, domain)
    return placed(own, np.diag(own.at, k)) if own.ndim == 2 else moved(domain, np.diag, (own, k), {}, (0,))


def cross_shapes(domain: Domain, x: Any) -> Any:
    return np.shape(x.at if isinstance(x, Array) else x)


def outer(domain: Domain, a: Any, b: Any, out: Any = None) -> Any:
    x, y = (u if isinstance(u, Array) else array_of(numbers_of(u, domain)) for u in (a, b))
    return delivered(x.reshape(-1, 1) * y.reshape(1, -1), out)


def inner(domain: Domain, a: Any, b: Any) -> Any:
    x, y = (u if isinstance(u, Array) else array_of(numbers_of(u, domain)) for u in (a, b))
    if not x.ndim or not y.ndim:
        return contraction.dot(domain, x, y)
    return contraction.tensordot(domain, x, y, ((x.ndim - 1,), (y.ndim - 1,)))[() if x.ndim == y.ndim == 1 else ...]


def vdot(domain: Domain, a: Any, b: Any) -> Any:
    x, y = (u if isinstance(u, Array) else array_of(numbers_of(u, domain)) for u in (a, b))
    return (x.reshape(-1) * y.reshape(-1)).sum()


def kron(domain: Domain, a: Any, b: Any) -> Any:
    x, y = (stacked(u, domain) for u in (a, b))
    ndim = max(x.ndim, y.ndim)
    left, right = ((1,) * (ndim - u.ndim) + u.shape for u in (x, y))
    wide = x.reshape([size for own in left for size in (own, 1)])
    product = wide * y.reshape([size for own in right for size in (1, own)])
    return product if not ndim else product.reshape([p * q for p, q in zip(left, right)])


def shares_memory(domain: Domain, a: Any, b: Any, *args: Any, **options: Any) -> bool:
    exact = isinstance(a, Array) and isinstance(b, Array)
    return exact and a.store is b.store and np.shares_memory(a.at, b.at)


def trace(domain: Domain, x: Any, *args: Any, **options: Any) -> Any:
    return np.diagonal(x, *args, **options).sum(axis=-1)


def sort(domain: Domain, x: Any, axis: int = -1, **options: Any) -> Any:
    if axis is None:
        x, axis = x.reshape(-1), 0
    order = REDUCTIONS["argsort"](x, axis=axis)
    found: Any = np.take_along_axis(x, order, axis)
    return array_of(found.read(), np.copy(x.at))


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
    return real(close, domain, (a, b), operands=(x, y))


def multi_dot(domain: Domain, arrays: Any, **options: Any) -> Any:
    if any(np.ndim(x) != 2 for x in arrays[1:-1]):
        raise np.linalg.LinAlgError("array given that is not two-dimensional")
    result = arrays[0]
    for other in arrays[1:]:
        result = np.dot(result, other)
    return result


def vander(domain: Domain, x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of the entries of a vector, column by column."""
    exponents = np.arange(len(x) if N is None else N)
    return x.reshape(-1, 1) ** (exponents if increasing else exponents[::-1])


def polyval(domain: Domain, p: Any, x: Any) -> Any:
    """The polynomial with these coefficients, the highest first, by Horner's rule."""
    result: Any = np.zeros_like(x) if isinstance(x, Array) else exact(np.zeros(np.shape(x)), domain)
    for coefficient in p:
        result = result * x + coefficient
    return result


def rounded(name: str) -> Callable[..., Any]:
    def call(domain: Domain, x: Any, *args: Any, **options: Any) -> Any:
        numbers = numbers_of(x, domain)
        if numbers.varies:
            raise Unsupported(f"np.{name} of a number that depends on the inputs has no derivative to check")
        if numbers.decided:
            domain.asks("int", True)
        found = exact(getattr(np, name)(domain.shadow(numbers), *args, **options), domain)
        return chosen_by(numbers.decided, found)

    return call


SPECIAL: dict[str, Callable[..., Any]] = {
    "dot": contraction.dot,
    "tensordot": contraction.tensordot,
    "einsum": contraction.einsum,
    "norm": lambda domain, x, *args, **options: norm(x, *args, **options),
    "copy": copy,
    "ascontiguousarray": lambda domain, x, *args, **options: in_order(domain, np.atleast_1d(x), "C"),
    "asfortranarray": lambda domain, x, *args, **options: in_order(domain, np.atleast_1d(x), "F"),
    "broadcast_arrays": broadcast_arrays,
    "diag": diag,
    "real": lambda domain, x: x,
    "full_like": full_like,
    "shape": cross_shapes,
    "size": lambda domain, x, axis=None: x.size if axis is None else x.shape[axis],
    "ndim": lambda domain, x: x.ndim,
    "isscalar": lambda domain, x: isinstance(x, Scalar),
    "iscomplexobj": lambda domain, x: False,
    "pad": pad,
    "clip": clip,
    "outer": outer,
    "inner": inner,
    "vdot": vdot,
    "kron": kron,
    "shares_memory": shares_memory,
    "may_share_memory": shares_memory,
    "iterable": lambda domain, x: x.ndim > 0,
    "trace": trace,
    "sort": sort,
    "array_equal": array_equal,
    "allclose": allclose,
    "isclose": isclose,
    "multi_dot": multi_dot,
    "nan_to_num": nan_to_num,
    "vander": vander,
    "result_type": lambda domain, *args: np.result_type(*[x.dtype if isinstance(x, Array) else x for x in args]),
    "polyval": polyval,
    **{name: rounded(name) for name in ("round", "around", "fix")},
    **{name: like(value) for name, value in LIKE.items()},
    **ALONG,
    **EXPONENTIAL_SUMS,
    **LINEAR_ALGEBRA,
    **WINDOWS,
}
