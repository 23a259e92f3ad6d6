"""Expressions as NumPy functions."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Iterable
from collections.abc import Sequence as Listing
from itertools import count
from typing import Any

import numpy as np
from sympy import Basic, Eq, Symbol, sympify

from ..activations import Activation, Applied, Elementwise
from ..nodes.binders import Binder
from ..symbols import At, Parameter, Sequence
from . import arrays
from .naming import identifiers, unused
from .numpy_code import HELPERS, source
from .sharing import derivatives_from_values, repeated

RUNTIME = {name: getattr(arrays, name) for name in arrays.RUNTIME}
ARRAYS = (At, Parameter, Sequence)
RESERVED = {"np", "dtype", *HELPERS, *RUNTIME}
_NUMBER = count(1)


def lambdify(args: Iterable[Any], expr: Any, modules: str = "numpy", cse: bool = True) -> Callable[..., Any]:
    r"""A NumPy function of ``args`` that computes ``expr``, or a list or tuple of expressions at once.

    ``args`` are letters (``W``, ``h[t-1]``), whole sequences (``h``: an array with time as its first axis,
    row 0 the value at time 0), scalar symbols and sizes (numbers), time indices and bounds (integers), and
    unspecified activations (``phi``, ``phi.prime``: functions of an array). The parameters bear readable
    names (``h[t-1]`` is ``h_prev``) and may be given by position or by name.

    A matrix of shape (n, m) is an array of shape (..., n, m), a column vector (..., n, 1); leading axes are
    a batch and broadcast. A scalar is an array of the batch's shape. Sizes that no argument gives are read
    off the arrays. With ``cse`` what occurs twice is computed once, under a name of its own.

    ``inspect.getsource`` shows the code. Raises ``ValueError`` naming the letters that ``args`` lack.

    >>> import numpy as np
    >>> from lstm_sym.activations import tanh
    >>> from lstm_sym.symbols import Parameter, Sequence, sizes, t
    >>> n = sizes("n")
    >>> W, h = Parameter("W", n, n), Sequence("h", n)
    >>> step = lambdify([W, h[t - 1]], tanh(W * h[t - 1]))
    >>> step(np.zeros((2, 2)), np.ones((5, 2, 1))).shape
    (5, 2, 1)
    """
    if modules != "numpy":
        raise ValueError(f"lambdify writes NumPy functions, got modules={modules!r}; modules='numpy' is what there is")
    arguments = [_argument(argument) for argument in args]
    twice = [argument for k, argument in enumerate(arguments) if argument in arguments[:k]]
    if twice:
        raise ValueError(f"the argument {twice[0]} is given twice")
    many = isinstance(expr, list | tuple)
    exprs = [_expression(one) for one in (expr if many else [expr])]
    _require_arguments(exprs, arguments)
    text = _written(arguments, exprs, many and type(expr), cse)
    return _compiled(text)


def _written(arguments: list[Any], exprs: list[Any], kind: Any, cse: bool) -> str:
    names: dict[Any, str] = identifiers(arguments, taken=RESERVED)
    parameters = list(names.values())
    sizes = _sizes(arguments, names)
    names |= identifiers(sizes, taken={*RESERVED, *parameters})
    known = {names[size]: where for size, where in sizes.items()} | {"dtype": _dtype(arguments, names)}
    body, named = [], dict(names)
    shown = [derivatives_from_values(one) for one in exprs] if cse else exprs
    for node in repeated(shown) if cse else ():
        name = _temporary(node, named)
        body.append(f"{name} = {source(node, named)}")
        named[node] = name
    results = [source(one, named) for one in shown]
    values = ", ".join(results) + ("," if kind is tuple and len(results) == 1 else "")
    body.append(f"return {f'[{values}]' if kind is list else f'({values})' if kind else values}")
    words = set(re.findall(r"\w+", " ".join(body)))
    lines = [f"# {one}" for one in exprs]
    lines += [f"{name} = {where}" for name, where in known.items() if name in words]
    return f"def computed({', '.join(parameters)}):\n" + "".join(f"    {line}\n" for line in [*lines, *body])


def _dtype(arguments: list[Any], names: dict[Any, str]) -> str:
    given = [names[argument] for argument in arguments if isinstance(argument, ARRAYS)]
    return f"np.result_type({', '.join(given)})" if given else "float"


def _sizes(arguments: list[Any], names: dict[Any, str]) -> dict[Any, str]:
    """The sizes that no argument is, with the array whose shape tells each."""
    where: dict[Any, str] = {}
    for argument in arguments:
        if isinstance(argument, ARRAYS):
            for axis, size in zip((-2, -1), argument.shape, strict=True):
                if isinstance(size, Symbol) and size not in arguments:
                    where.setdefault(size, f"{names[argument]}.shape[{axis}]")
    return where


def _temporary(node: Any, names: dict[Any, str]) -> str:
    """A name for a shared part: ``tanh_c`` for an activation of a letter, else ``s1``, ``s2``, …"""
    used = {*names.values(), *RESERVED}
    if isinstance(node, Elementwise | Applied) and node.argument in names:
        return unused(f"{node.function.text.replace(chr(39), '_prime')}_{names[node.argument]}", used)
    return next(name for k in count(1) if (name := f"s{k}") not in used)


def _compiled(text: str) -> Callable[..., Any]:
    """The function of the source that this module has written, known to ``inspect`` and to tracebacks."""
    filename = f"<lambdify {next(_NUMBER)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"np": np, **RUNTIME, **{name: _helper(name) for name in HELPERS}}
    exec(compile(text, filename, "exec"), namespace)
    function: Callable[..., Any] = namespace["computed"]
    function.__doc__ = text
    return function


def _helper(name: str) -> Callable[[Any], Any]:
    namespace: dict[str, Any] = {"np": np}
    exec(f"def {name}(x):\n    return {HELPERS[name].format(x='x')}\n", namespace)
    helper: Callable[[Any], Any] = namespace[name]
    return helper


# --- what the arguments must give ---------------------------------------------------------------


def _argument(argument: Any) -> Any:
    argument = sympify(argument)
    if not isinstance(argument, At | Parameter | Sequence | Symbol | Activation):
        raise TypeError(
            f"an argument is a letter, a whole sequence, a symbol or an activation; got {argument} "
            f"({type(argument).__name__})"
        )
    return argument


def _expression(expr: Any) -> Any:
    if isinstance(expr, Eq):
        raise TypeError(f"{expr} is an equation; pass its right-hand side")
    return sympify(expr)


def _require_arguments(exprs: Listing[Any], arguments: list[Any]) -> None:
    sizes = {size for argument in arguments if isinstance(argument, ARRAYS) for size in argument.shape}
    needed = dict.fromkeys(_needed(exprs, set(arguments)))
    missing = [letter for letter in needed if letter not in arguments and letter not in sizes]
    if missing:
        named = ", ".join(
            letter.text if isinstance(letter, Sequence | Activation) else str(letter) for letter in missing
        )
        raise ValueError(f"the arguments do not provide {named}, which the expression reads; add to args")


def _needed(exprs: Listing[Any], given: set[Any]) -> Iterable[Any]:
    """The letters, symbols and functions that ``exprs`` read; what a bound index reaches is a whole sequence."""
    stack: list[tuple[Any, frozenset[Symbol]]] = [(expr, frozenset()) for expr in reversed(exprs)]
    visited = set()
    while stack:
        node, bound = item = stack.pop()
        if item in visited:
            continue
        visited.add(item)
        if isinstance(node, At):
            runs = bool(bound & node.index.free_symbols)
            if node in given and not runs:
                yield node
            elif runs or node.sequence in given:
                yield node.sequence
                stack.append((node.index, bound))
            else:
                yield node
        elif isinstance(node, Binder):
            stack += [(node.high, bound), (node.low, bound), (node.body, bound | {node.index})]
        elif isinstance(node, Activation):
            if node.row is None:
                yield node
        elif isinstance(node, Parameter) or (isinstance(node, Symbol) and node not in bound):
            yield node
        elif isinstance(node, Basic):
            stack += [(argument, bound) for argument in reversed(node.args)]
