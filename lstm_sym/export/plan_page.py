"""A plan as a page of text: what is stacked, taken out of the loop and stored, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import Add, Expr, Integer, factor_terms
from sympy.matrices.expressions.matexpr import MatrixExpr

from ..activations import Activation, Elementwise
from ..cell import Cell
from ..nodes.algebra import MatrixProduct, MatrixSum, Zero
from ..nodes.elementwise import Hadamard, HadamardPower, Maximum
from ..symbols import At, Parameter, adjoint, t
from .memory import VIEW_BYTES, B, T, memory_of
from .plan import Line, plan_of, streamed, with_activation
from .stacking import Stacking, stacking_of
from .variant import Variant, variant_of

EXAMPLE = {"T": 100, "B": 32}
EXAMPLE_SIZE = 128


def plan_text(cell: Cell, *, phi: Activation | str | None = None, **options: Any) -> str:
    """What a module of ``cell`` computes, where, and at what cost; for the options of a variant see ``export_module``.

    The plan of a module with a single step is that of the step, and a page of its own.
    """
    variant, specified = variant_of(**options), with_activation(cell, phi)
    plan = plan_of(specified, variant)
    pages = [_page(stacking_of(plan), _head(cell, variant))]
    if variant.step:
        alone = streamed(plan_of(specified, Variant(forward_only=True)))
        pages.append(_page(stacking_of(alone), f"A single step of {cell.name}: B sequences", steps=False))
    return "\n\n".join(pages)


def _head(cell: Cell, variant: Variant) -> str:
    """The first line of a page, and what the variant leaves out."""
    head = f"The plan of {cell.name}: T steps, B sequences"
    if variant.forward_only:
        return f"{head}\nThe forward pass alone, a chunk of steps after the other: memory does not grow with T"
    return head if variant.wrt is None else f"{head}\nGradients of {', '.join(variant.wrt)} alone"


def _page(s: Stacking, head: str, *, steps: bool = True) -> str:
    """The sections of a page; without ``steps`` those of one step."""
    before = [line for line in s.forward.before if not isinstance(line.value, Zero)]
    sections = [
        ("Before the loop, for all steps at once", [*map(str, s.hoisted), *_lines(before), *_early(s.forward.loop)]),
        ("In the loop, at each step" if steps else "In order", [*map(str, s.recurrent), *_in_loop(s, steps)]),
        ("After the loop, for all steps at once", _lines(s.forward.after)),
        ("Backward: before the loop", _lines(s.backward.before)),
        ("Backward: coefficients, for a chunk of steps at once", _lines(s.coefficients)),
        ("Backward: in the loop, from the last step to the first", _backward_loop(s)),
        ("Backward: after the loop, for all steps at once", _backward_after(s)),
        (
            "Side by side in one array",
            [", ".join(x.text for x in b) for b in (*s.bundles, *s.adjoint_bundles) if b[1:]],
        ),
        (
            "Stored by the forward pass for the backward pass",
            [", ".join(x.text for x in s.plan.stored)] if s.plan.stored else [],
        ),
        ("Cost", _cost(s, steps=steps)),
    ]
    body = [line for title, lines in sections if lines for line in ("", title, *[f"  {line}" for line in lines])]
    return "\n".join([head, *body])


def _lines(lines: Iterable[Line]) -> list[str]:
    return [f"{line.target[t]} = {line.value}" for line in lines if not isinstance(line.value, Zero)]


def _in_loop(s: Stacking, steps: bool) -> list[str]:
    """The lines of the loop; of a single step, in which nothing stands before it, what is added to products."""
    if steps:
        return _lines(s.forward.loop)
    stacked = {target for stack in s.recurrent for target in stack.targets}
    lines = [line for line in s.forward.loop if not isinstance(line.value, Zero)]
    return [f"{line.target[t]} {'also gets' if line.target in stacked else '='} {line.value}" for line in lines]


def _early(lines: Iterable[Line]) -> list[str]:
    early = [(line.target, line.early) for line in lines if line.early is not None]
    return [f"{target[t]} starts as {value}" for target, value in early if not isinstance(value, Zero)]


def _backward_loop(s: Stacking) -> list[str]:
    targets = {line.target for line in s.backward.after}
    body = _lines(s.backward.loop)
    body += [str(gather) for gather in s.gathers if gather.target not in targets]
    return body + [f"{adjoint(state)[t - 1]} gets {value}" for state, value in s.carries if not isinstance(value, Zero)]


def _backward_after(s: Stacking) -> list[str]:
    targets = {line.target for line in s.backward.after}
    body = [str(gather) for gather in s.gathers if gather.target in targets]
    body += [*_lines(s.backward.after), *map(str, s.outers)]
    return body + [f"gradient of {parameter.text}: the sum of {value}" for parameter, value in s.gradients]


# --- cost ---------------------------------------------------------------------------------------


def products(s: Stacking) -> Expr:
    """The floating-point operations of all stacked products: 2 m n for a matrix (m, n) and one row."""
    matrices: list[Any] = [matrix for stack in (*s.hoisted, *s.recurrent) for _, matrix in stack.parts]
    matrices += [matrix for gather in s.gathers for _, matrix in gather.parts]
    matrices += [parameter for outer in s.outers if outer.operand is not None for parameter, _ in outer.parts]
    return 2 * T * B * Add(*[matrix.shape[0] * matrix.shape[1] for matrix in matrices])


def others(s: Stacking) -> Expr:
    """The operations of all other lines, one for each entry and each sum, product or function; tanh counts as one."""
    values = [line.value for run in (s.forward, s.backward) for line in run.lines]
    values += [line.early for run in (s.forward, s.backward) for line in run.lines if line.early is not None]
    values += [line.value for line in s.coefficients] + [value for _, value in s.carries]
    stacked = [source.shape[0] for x in (*s.recurrent, *s.hoisted) for source in x.targets]
    return T * B * Add(*map(operations, values), *stacked)


def operations(expr: Any) -> Expr:
    """The elementwise operations of an expression for one row; products with a matrix count as in ``products``."""
    inner = Add(*[operations(part) for part in getattr(expr, "args", ()) if isinstance(part, MatrixExpr)])
    if isinstance(expr, At | Parameter | Zero) or not isinstance(expr, MatrixExpr):
        return Integer(0)
    if isinstance(expr, MatrixSum | Hadamard):
        return inner + (len(expr.args) - 1) * expr.shape[0]
    if isinstance(expr, MatrixProduct):
        pairs = zip(expr.matrices, expr.matrices[1:], strict=False)
        return inner + 2 * Add(*[left.shape[0] * left.shape[1] for left, _ in pairs])
    if isinstance(expr, Elementwise | HadamardPower | Maximum):
        return inner + expr.shape[0]
    return inner


def stored(s: Stacking) -> Expr:
    """The numbers that the forward pass stores."""
    return T * B * Add(*[x.shape[0] * x.shape[1] for x in s.plan.stored])


def _cost(s: Stacking, *, steps: bool) -> list[str]:
    flops, rest, kept = products(s), others(s), stored(s)
    if not steps:
        return [f"products   {_written(flops / T)} operations", f"all else   {_written(rest / T)} operations"]
    at = {symbol: EXAMPLE.get(symbol.name, EXAMPLE_SIZE) for symbol in (flops + rest + kept).free_symbols}
    numbers = [int(value.subs(at)) for value in (flops, rest, kept)]
    return [
        f"products   {_written(flops)} operations: the lower bound, if all else were free",
        f"all else   {_written(rest)} operations",
        f"stored     {_written(kept)} numbers, of 4 bytes in float32 and 8 in float64",
        f"For T = {EXAMPLE['T']}, B = {EXAMPLE['B']} and every size {EXAMPLE_SIZE}: {numbers[0] / 1e9:.2f} Gflop in "
        f"products, {numbers[1] / 1e9:.3f} in all else, {numbers[2] * 4 / 1e6:.1f} MB stored in float32.",
        *_memory(s, at),
    ]


def _memory(s: Stacking, at: dict[Any, int]) -> list[str]:
    """What a NumPy module takes, where it has a workspace."""
    lines = (*s.plan.forward.lines, *s.plan.backward.lines)
    if s.plan.wanted.nothing or any(line.target.shape[1] != 1 for line in lines):
        return []
    memory = memory_of(s)
    for symbol in memory.bytes_of(4).free_symbols:
        at.setdefault(symbol, EXAMPLE.get(symbol.name, EXAMPLE_SIZE))
    mine, one = (int(memory.bytes_of(4).subs(at | {B: batch})) / 1e6 for batch in (EXAMPLE["B"], 1))
    return [
        f"memory     of NumPy: {_written(memory.numbers)} numbers in arrays, the workspace, outputs and gradients;",
        f"           views: {memory.views} of each step, {VIEW_BYTES} bytes each; coefficients: a chunk of half a MB",
        f"           With these sizes {mine:.1f} MB in float32, with B = 1 {one:.1f} MB.",
    ]


def _written(value: Expr) -> str:
    return str(factor_terms(value)).replace("**2", "²").replace("*", " ")
