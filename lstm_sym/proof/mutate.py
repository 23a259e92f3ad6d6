r"""Small edits of an expression: a term dropped, a sign flipped, a transpose, two factors swapped, …

They serve twice: as mutants, which must be refused or refuted, and as hints, where one of them would make a
false step true. An edit may be ill-typed; it is built only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Add, Basic, Expr, Mul
from sympy.matrices.expressions.matexpr import MatrixExpr

from ..activations import TABLE, Activation, Applied, Elementwise
from ..nodes.algebra import MatrixProduct, MatrixSum, Transposed, add, multiply, summands
from ..nodes.elementwise import Hadamard, HadamardPower, Maximum, Scaled, hadamard
from ..nodes.normalisation import Normalised
from ..nodes.operand import is_matrix
from ..symbols import At, Parameter, letters


@dataclass(frozen=True, slots=True)
class Mutant:
    """An edit: what is done, and how to build the edited expression (which may raise a shape error)."""

    kind: str
    what: str
    build: Callable[[], Expr]


def mutants(expr: Expr, pool: tuple[Any, ...] = ()) -> Iterator[Mutant]:
    """Every edit of one place in ``expr``; ``pool`` holds further letters that may be taken for one another."""
    known = tuple(dict.fromkeys([*letters(expr), *pool]))
    for path, node in _places(expr):
        for kind, what, make in _edits(node, known):
            yield Mutant(kind, what, lambda path=path, make=make: _rebuilt(expr, path, make))  # type: ignore[misc]


Edit = tuple[str, str, Callable[[], Any]]
Path = tuple[int, ...]


def _places(expr: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if not isinstance(expr, Expr):
        return
    yield path, expr
    if isinstance(expr, At | Parameter):
        return
    for i, part in enumerate(expr.args):
        yield from _places(part, (*path, i))


def _rebuilt(expr: Basic, path: Path, make: Callable[[], Any]) -> Any:
    if not path:
        return make()
    parts = list(expr.args)
    parts[path[0]] = _rebuilt(parts[path[0]], path[1:], make)
    if isinstance(expr, MatrixSum):
        return add(*parts)
    return multiply(*parts) if isinstance(expr, MatrixProduct) else expr.func(*parts)


def _edits(node: Any, known: tuple[Any, ...]) -> Iterator[Edit]:
    if isinstance(node, MatrixSum | Add):
        yield from _sum_edits(node)
    if isinstance(node, MatrixProduct):
        yield from _product_edits(node)
    if isinstance(node, Hadamard):
        yield from _hadamard_edits(node)
    if isinstance(node, Maximum):
        for side in node.args:
            yield "drop a side", f"{side} for {node}", lambda side=side: side  # type: ignore[misc]
    if isinstance(node, Scaled):
        yield "drop a factor", f"without {node.scale}", lambda: node.matrix
    if isinstance(node, Normalised):
        yield "drop a normalisation", f"{node.args[0]} for {node}", lambda: node.args[0]
    if isinstance(node, HadamardPower):
        yield (
            "power",
            f"{-node.args[1]} for the power {node.args[1]}",
            lambda: HadamardPower(node.args[0], -node.args[1]),
        )
    if isinstance(node, Mul):
        yield "sign", f"-({node})", lambda: -node
    if isinstance(node, Transposed):
        yield "transpose", f"{node.args[0]} for {node}", lambda: node.args[0]
    elif is_matrix(node) and isinstance(node, MatrixExpr) and node.cols != 1:
        yield "transpose", f"{node}.T for {node}", lambda: Transposed(node)
    if isinstance(node, Elementwise | Applied):
        yield from _function_edits(node)
    if isinstance(node, At):
        yield from _letter_edits(node, known)
    if isinstance(node, Parameter):
        yield from _parameter_edits(node, known)


def _sum_edits(node: Any) -> Iterator[Edit]:
    terms = node.args
    total = add if isinstance(node, MatrixSum) else Add
    for i, term in enumerate(terms):
        others = [*terms[:i], *terms[i + 1 :]]
        yield "drop a term", f"without {term}", lambda others=others: total(*others)  # type: ignore[misc]
        flipped = [*terms[:i], -term, *terms[i + 1 :]]
        yield "sign", f"{-term} for {term}", lambda flipped=flipped: total(*flipped)  # type: ignore[misc]


def _product_edits(node: MatrixProduct) -> Iterator[Edit]:
    factors = node.matrices
    yield "sign", f"{-node} for {node}", lambda: -node
    for i in range(len(factors) - 1):
        swapped = (*factors[:i], factors[i + 1], factors[i], *factors[i + 2 :])
        yield (
            "order",
            f"{factors[i + 1]} before {factors[i]}",
            lambda swapped=swapped: multiply(node.scalar, *swapped),  # type: ignore[misc]
        )
    for i, factor in enumerate(factors):
        if isinstance(factor, MatrixSum):
            first, *rest = summands(factor)
            inside = (*factors[:i], first, *factors[i + 1 :])
            yield (
                "parenthesis",
                f"only {first} inside",
                lambda inside=inside, rest=rest: add(multiply(node.scalar, *inside), *rest),  # type: ignore[misc]
            )


def _hadamard_edits(node: Hadamard) -> Iterator[Edit]:
    yield "sign", f"{-node} for {node}", lambda: -node
    for i, factor in enumerate(node.args):
        others = [*node.args[:i], *node.args[i + 1 :]]
        yield "drop a factor", f"without {factor}", lambda others=others: hadamard(*others)  # type: ignore[misc]
        if isinstance(factor, MatrixSum):
            first, *rest = summands(factor)
            yield (
                "parenthesis",
                f"only {first} inside",
                lambda others=others, first=first, rest=rest: add(hadamard(*others, first), *rest),  # type: ignore[misc]
            )
    for i in range(len(node.args)):
        for j in range(i):
            pair = node.args[j], node.args[i]
            if isinstance(pair[0], Parameter | At) and isinstance(pair[1], Parameter | At):
                others = [a for k, a in enumerate(node.args) if k not in (i, j)]
                yield (
                    "order",
                    f"the matrix product {pair[0]}*{pair[1]}",
                    lambda others=others, pair=pair: hadamard(*others, multiply(*pair)),  # type: ignore[misc]
                )


def _function_edits(node: Any) -> Iterator[Edit]:
    function: Activation = node.function
    other = function.prime if function.order == 0 else Activation(function.name, function.order - 1)
    yield "derivative", f"{other.text} for {function.text}", lambda: other(node.argument)
    if function.name in ("sigma", "tanh"):
        twin = Activation("tanh" if function.name == "sigma" else "sigma", function.order)
        yield "function", f"{twin.text} for {function.text}", lambda: twin(node.argument)
    if function.row is not None and function.order == 0 and function.name in TABLE:
        yield "derivative", f"{function.text} applied twice", lambda: function(node)


def _letter_edits(node: At, known: tuple[Any, ...]) -> Iterator[Edit]:
    for shift in (-1, 1):
        moved = node.sequence[node.index + shift]
        yield "index", f"{moved} for {node}", lambda moved=moved: moved  # type: ignore[misc]
    yield from _swaps(node, [a.sequence[node.index] for a in known if isinstance(a, At)])


def _parameter_edits(node: Parameter, known: tuple[Any, ...]) -> Iterator[Edit]:
    yield from _swaps(node, [a for a in known if isinstance(a, Parameter)])


def _swaps(node: Any, others: list[Any]) -> Iterator[Edit]:
    for other in dict.fromkeys(others):
        if other != node and other.shape == node.shape and _mark(other) == _mark(node):
            yield "letter", f"{other} for {node}", lambda other=other: other  # type: ignore[misc]


def _mark(letter: Any) -> str:
    return letter.sequence.mark if isinstance(letter, At) else letter.mark
