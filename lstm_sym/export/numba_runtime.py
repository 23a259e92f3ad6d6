r"""The fixed part of a module for Numba: how it compiles, and elementwise functions that LLVM vectorises.

The functions are those of the C runtime: :math:`e^x = 2^k e^r` with :math:`k` the whole number nearest to
:math:`x / \ln 2`, and :math:`e^r - 1` by its Taylor polynomial. A call of libm for each entry would keep a loop from
being vectorised, and Numba has no vector library of its own. ``type(x)`` is float32 or float64 when a function is
compiled, so that constants have it, and the branches that are for the other are left out.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

from .language import Language

COMPILED = '''
try:
    import numba
    import scipy.linalg.cython_blas  # noqa: F401  # Numba takes matrix products from there
except ImportError as error:
    numba = None
    warnings.warn(
        f"{error}: NumPy computes the same more slowly; for compiled functions, pip install numba scipy",
        RuntimeWarning,
        stacklevel=2,
    )


def compiled(function: Any) -> Any:
    """The function, compiled at the first call for a dtype and kept in a cache; as it is where Numba is absent.

    Products and sums are fused; nothing changes what NaN and infinities do.
    """
    if numba is None:
        return function
    options = {"error_model": "numpy", "fastmath": {"contract", "nsz"}, "nogil": True}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # there is no file, or no folder that can be written
        return numba.njit(**options)(function)
'''

FUNCTIONS = {
    "put": '''
def put(target: Array, values: Array) -> None:
    """target[:] = values, which Numba compiles several times more slowly."""
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            target[i, j] = values[i, j]
''',
    "product": """
def product(a: Array, b: Array, out: Array) -> None:
    np.dot(a, b, out)
""",
    "single": '''
def single(x: Any) -> Any:
    """Whether x is a float32; known when this is compiled."""
    real = type(x)
    return real(1) + real(1e-9) == real(1)
''',
    "whole": '''
def whole(x: Any) -> Any:
    """Adding it rounds to a whole number, which then stands in the last bits."""
    real = type(x)
    return real(12582912.0) if single(x) else real(6755399441055744.0)
''',
    "power_of_2": '''
def power_of_2(x: Any) -> Any:
    """2^k, where x = k + whole(x); infinite for the k one beyond the largest."""
    real = type(x)
    if single(x):
        return real(np.uint32((np.float32(x).view(np.uint32) + np.uint32(127)) << np.uint32(23)).view(np.float32))
    return real(np.uint64((np.float64(x).view(np.uint64) + np.uint64(1023)) << np.uint64(52)).view(np.float64))
''',
    "between": """
def between(x: Any, low: Any, high: Any) -> Any:
    x = low if x < low else x
    return high if x > high else x
""",
    "rest": '''
def rest(x: Any, k: Any) -> Any:
    """x - k ln 2, with ln 2 in two parts."""
    real = type(x)
    high = real(0.693359375) if single(x) else real(6.93147180369123816490e-01)
    low = real(-2.12194440e-4) if single(x) else real(1.90821492927058770002e-10)
    return (x - k * high) - k * low
''',
    "expm1_near_0": '''
def expm1_near_0(r: Any) -> Any:
    """e^r - 1 for |r| <= ln(2) / 2."""
    real = type(r)
    if single(r):
        p = real(1 / 5040)
    else:
        p = real(1 / 6227020800)
        p = p * r + real(1 / 479001600)
        p = p * r + real(1 / 39916800)
        p = p * r + real(1 / 3628800)
        p = p * r + real(1 / 362880)
        p = p * r + real(1 / 40320)
        p = p * r + real(1 / 5040)
    p = p * r + real(1 / 720)
    p = p * r + real(1 / 120)
    p = p * r + real(1 / 24)
    p = p * r + real(1 / 6)
    p = p * r + real(0.5)
    return r + r * r * p
''',
    "exp_of": """
def exp_of(x: Any) -> Any:
    real = type(x)
    low = real(-104) if single(x) else real(-746)
    high = real(89) if single(x) else real(710)
    y = between(x, low, high)
    k = (y * real(1.4426950408889634) + whole(x)) - whole(x)
    half = (k * real(0.5) + whole(x)) - whole(x)
    scale = power_of_2((k - half) + whole(x))
    return (expm1_near_0(rest(y, k)) + real(1)) * power_of_2(half + whole(x)) * scale
""",
    "sigma_of": '''
def sigma_of(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow."""
    real = type(x)
    high = real(89) if single(x) else real(710)
    y = between(-x, real(4) - high, high)
    shifted = y * real(1.4426950408889634) + whole(x)
    scale = power_of_2(shifted)
    return real(1) / (real(1) + (scale + scale * expm1_near_0(rest(y, shifted - whole(x)))))
''',
    "tanh_of": '''
def tanh_of(x: Any) -> Any:
    """e / (e + 2) with e = exp(2 x) - 1."""
    real = type(x)
    high = real(10) if single(x) else real(20)
    y = real(2) * between(x, -high, high)
    shifted = y * real(1.4426950408889634) + whole(x)
    scale = power_of_2(shifted)
    e = scale * expm1_near_0(rest(y, shifted - whole(x))) + (scale - real(1))
    return e / (e + real(2))
''',
    "softplus_of": '''
def softplus_of(x: Any) -> Any:
    """log(1 + exp(x)), without overflow."""
    real = type(x)
    return (real(0) if x < real(0) else x) + np.log1p(exp_of(-absolute_of(x)))
''',
    "step_of": """
def step_of(x: Any) -> Any:
    real = type(x)
    return real(1) if x > real(0) else real(0)
""",
    "relu_of": """
def relu_of(x: Any) -> Any:
    real = type(x)
    return real(0) if x < real(0) else x
""",
    "hardtanh_of": """
def hardtanh_of(x: Any) -> Any:
    real = type(x)
    return between(x, real(-1), real(1))
""",
    "elu_of": """
def elu_of(x: Any) -> Any:
    real = type(x)
    return x if x > real(0) else np.expm1(x)
""",
    "softsign_of": """
def softsign_of(x: Any) -> Any:
    real = type(x)
    return x / (real(1) + absolute_of(x))
""",
    "absolute_of": """
def absolute_of(x: Any) -> Any:
    real = type(x)
    return -x if x < real(0) else x
""",
    "larger": '''
def larger(x: Any, y: Any) -> Any:
    """The larger of two; x where it is no number."""
    return x if x > y or x != x else y
''',
}
"""What the loops call: functions of one number, through all of which NaN goes, and two of matrices.

The compiler meets each of them once, not once for every call.
"""

PAIRS = 15
"""Before a loop, LLVM checks that rows do not overlap: fewer such pairs are faster, over 128 no loop is vectorised."""

OWN = """T B t j col inner row total real np npt warnings numba scipy compiled checked measured behaved fitting Any
Array NamedTuple Params State Inputs Outputs Cache Workspace SHAPES SIZES dtype sizes lengths self forward backward
forward_loop backward_loop log sqrt power"""

NUMBA = Language(
    "Numba",
    "real({})",
    "real({})",
    {
        **{name: f"{name}_of" for name in ("sigma", "tanh", "softplus", "exp", "step", "relu", "hardtanh", "elu")},
        **{"softsign": "softsign_of", "absolute": "absolute_of", "log": "np.log", "sqrt": "np.sqrt"},
        **{"larger": "larger", "to_power": "np.power", "square_root": "np.sqrt"},
    },
    frozenset([*keyword.kwlist, *dir(builtins), *FUNCTIONS, *OWN.split()]),
    ascii=False,
    parts=False,
    pairs=PAIRS,
    entry="{0}[{1}, {2}]",
)


def functions_called(code: str) -> Iterable[str]:
    """The texts of the functions that code calls, and of those that they call, in an order in which each is known."""
    wanted, waiting = set(), [code]
    while waiting:
        text = waiting.pop()
        for name in FUNCTIONS:
            if name not in wanted and re.search(rf"(?<![\w.]){name}\(", text):
                wanted.add(name)
                waiting.append(FUNCTIONS[name])
    called = [name for name in FUNCTIONS if name in wanted]
    return [f"@compiled\n{FUNCTIONS[name].strip()}" for name in called]
