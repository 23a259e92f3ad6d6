"""How long it takes to decide that the LSTM's backward pass is right, here and in SymPy.

The normal form decides each line for all sizes at once. SymPy gets the same mathematics at fixed sizes, entry by
entry: one entry of dL/dW_f of the unrolled net by ``diff``, against the backward recursion written out.
Every measurement runs in a child process of its own, so that no cache of an earlier one helps.

    python benchmarks/normal_form.py --limit 20
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import sympy
from sympy import Expr, Function, Matrix, Symbol, expand, simplify, symbols

from lstm_sym.backpropagation import bptt
from lstm_sym.cells import LSTM
from lstm_sym.cells.lstm import c, h
from lstm_sym.differentiate import pullback
from lstm_sym.nodes import Zero
from lstm_sym.nodes.algebra import add
from lstm_sym.proof import Derivation, Given, verify_step
from lstm_sym.proof.normal_form import NormalForm
from lstm_sym.symbols import At, direct, letters, mark_of, t

Task = Callable[[], bool]

SHORT = 1.0
"""Seconds under which a measurement is repeated."""


def measured(task: Task, limit: float) -> float | None:
    """The seconds that ``task`` takes in a fresh process, or ``None`` if they are more than the limit."""
    here, there = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_report, args=(task, there))
    child.start()
    there.close()
    try:
        if not here.poll(limit):
            return None
        outcome = here.recv()
    finally:
        child.kill()
        child.join()
    if isinstance(outcome, str):
        raise RuntimeError(outcome)
    return outcome


def _report(task: Task, pipe: Any) -> None:
    started = time.perf_counter()
    try:
        decided = task()
        pipe.send(time.perf_counter() - started if decided else f"{task} did not decide its identity")
    except Exception as error:
        pipe.send(f"{task}: {error!r}")


# --- the normal form ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One line of the backward pass, decided from the equations of the cell."""

    left: Expr
    right: Expr

    def normal_form(self) -> bool:
        """Both sides in normal form, with the left side's definition by the chain rule put in."""
        given = Given(LSTM)
        form = NormalForm(lambda letter: given.definition(letter) if letter == self.left else None, given.value_of)
        return form.equal(self.left, self.right)

    def whole_decision(self) -> bool:
        """The kernel's verdict: the normal form and the finite field."""
        derivation = Derivation("line", given=Given(LSTM)).start(self.left).eq(self.right, by="bptt")
        return verify_step(derivation, 1).outcome.verdict == "proved"


@dataclass(frozen=True)
class OneStep:
    """The pullback through one whole step, written out down to weights, inputs and old states."""

    letter: Any

    def decide(self) -> bool:
        """Pullbacks through the composed step against the backward recursion, for arbitrary gradients at h and c."""
        backward = bptt(LSTM, seeds=(h, c))
        lines = {e.lhs: _last(e.rhs) for e in backward.adjoints} | {e.lhs: e.rhs for e in LSTM.equations}
        composed = {sequence: _composed(sequence[t]) for sequence in (h, c)}
        left = add(*[pullback(composed[s], direct(s)[t], self.letter) for s in (h, c)])
        return NormalForm(lines.get).equal(left, self.claim(backward))

    def claim(self, backward: Any) -> Expr:
        """What the recursion says the gradient is."""
        if not isinstance(self.letter, At):
            (total,) = [e.rhs for e in backward.parameter_gradients if e.lhs.wrt == self.letter]
            return total.body
        if self.letter.index == t:
            (line,) = [e.rhs for e in backward.input_gradients if e.lhs.sequence.name == self.letter.sequence.name]
            return line
        initial = [e for e in backward.initial_state_gradients if e.lhs.sequence.name == self.letter.sequence.name]
        return initial[0].rhs.xreplace({a: a.sequence[t] for a in letters(initial[0].rhs) if isinstance(a, At)})


def _last(expr: Expr) -> Expr:
    """A line of the recursion at the last step, where what comes from later is zero."""
    later = [a for a in letters(expr) if isinstance(a, At) and a.index == t + 1 and mark_of(a) == "delta"]
    return expr.xreplace({a: Zero(*a.shape) for a in later})


def _composed(expr: Expr) -> Expr:
    """An expression with every equation of its step put in."""
    while True:
        inside = {a: LSTM.definition(a.sequence) for a in letters(expr) if isinstance(a, At) and a.index == t}
        inside = {a: rhs for a, rhs in inside.items() if rhs is not None}
        if not inside:
            return expr
        expr = expr.xreplace(inside)


def name_of(letter: Any) -> str:
    return str(letter).replace("Total(L, ", "dL/d").replace(")", "") if "Total" in str(letter) else str(letter)


# --- SymPy, entry by entry ------------------------------------------------------------------------


class sigma(Function):
    """σ as an opaque function with σ' = σ(1 - σ)."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return self * (1 - self)


class tanh(Function):
    """tanh as an opaque function with tanh' = 1 - tanh²."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 - self**2


OPAQUE = (sigma, tanh)
WRITTEN = (lambda z: 1 / (1 + sympy.exp(-z)), sympy.tanh)


@dataclass(frozen=True)
class Entries:
    """dL/dW_f at one entry of an LSTM with ``n`` units and one input over ``steps`` steps."""

    n: int
    steps: int
    functions: tuple[Any, Any]
    decide: Callable[[Expr], Expr]

    def __call__(self) -> bool:
        weights = {f"{kind}_{gate}": self._letter(f"{kind}_{gate}", kind) for kind in "WUb" for gate in "fizo"}
        trace = self._forward(weights)
        loss = sum((self._column(f"e{k}").T * trace[k]["h"])[0] for k in range(1, self.steps + 1))
        entry = weights["W_f"][0, self.n - 1]
        return self.decide(loss.diff(entry) - self._backward(weights, trace)[0, self.n - 1]) == 0

    def _letter(self, name: str, kind: str) -> Matrix:
        cols = {"W": self.n, "U": 1, "b": 1}[kind]
        return Matrix(self.n, cols, lambda i, j: Symbol(f"{name}_{i}{j}"))

    def _column(self, name: str) -> Matrix:
        return Matrix(symbols(f"{name}_:{self.n}"))

    def _forward(self, weights: dict[str, Matrix]) -> list[dict[str, Matrix]]:
        squash, saturate = self.functions
        trace = [{"h": self._column("h0"), "c": self._column("c0")}]
        for k in range(1, self.steps + 1):
            before, x = trace[-1], Matrix([Symbol(f"x{k}")])
            a = {g: weights[f"W_{g}"] * before["h"] + weights[f"U_{g}"] * x + weights[f"b_{g}"] for g in "fizo"}
            now = {g: a[g].applyfunc(saturate if g == "z" else squash) for g in "fizo"}
            now["c"] = _times(now["f"], before["c"]) + _times(now["i"], now["z"])
            now["s"] = now["c"].applyfunc(saturate)
            now["h"] = _times(now["o"], now["s"])
            trace.append(now)
        return trace

    def _backward(self, weights: dict[str, Matrix], trace: list[dict[str, Matrix]]) -> Matrix:
        zero, one = Matrix.zeros(self.n, 1), Matrix.ones(self.n, 1)
        gradient = Matrix.zeros(self.n, self.n)
        later = dict.fromkeys(("f", "i", "z", "o", "carried"), zero)
        for k in range(self.steps, 0, -1):
            now, before = trace[k], trace[k - 1]
            dh = self._column(f"e{k}")
            for g in "fizo":
                dh += weights[f"W_{g}"].T * later[g]
            dc = _times(dh, now["o"], one - _times(now["s"], now["s"])) + later["carried"]
            later = {
                "o": _times(dh, now["s"], now["o"], one - now["o"]),
                "f": _times(dc, before["c"], now["f"], one - now["f"]),
                "i": _times(dc, now["z"], now["i"], one - now["i"]),
                "z": _times(dc, now["i"], one - _times(now["z"], now["z"])),
                "carried": _times(dc, now["f"]),
            }
            gradient += later["f"] * before["h"].T
        return gradient


def _times(*columns: Matrix) -> Matrix:
    product = columns[0]
    for column in columns[1:]:
        product = product.multiply_elementwise(column)
    return product


WAYS = {
    "`expand`, σ and tanh opaque": (OPAQUE, expand),
    "`simplify`, σ and tanh opaque": (OPAQUE, simplify),
    "`simplify`, σ = 1/(1 + exp(-z))": (WRITTEN, simplify),
}


# --- the tables -----------------------------------------------------------------------------------


def repeated(tasks: dict[Any, Task], limit: float, repeats: int) -> dict[Any, float | None]:
    """The median of each task's measurements, taken in turns; a long one is measured once."""
    seconds: dict[Any, list[float | None]] = {key: [measured(task, limit)] for key, task in tasks.items()}
    for _ in range(repeats - 1):
        for key, task in tasks.items():
            first = seconds[key][0]
            if first is not None and first < SHORT:
                seconds[key].append(measured(task, limit))
    return {key: None if None in found else median(found) for key, found in seconds.items()}


def sympy_times(limit: float, repeats: int) -> Iterator[tuple[int, int, dict[str, str]]]:
    """A row per size and number of steps; a case above one that was too long is not run."""
    too_long: dict[str, list[tuple[int, int]]] = {way: [] for way in WAYS}
    for n in (1, 2, 3):
        for steps in (1, 2, 3):
            run = {
                way: Entries(n, steps, *how)
                for way, how in WAYS.items()
                if not any(m <= n and fewer <= steps for m, fewer in too_long[way])
            }
            found = repeated(run, limit, repeats)
            for way, seconds in found.items():
                if seconds is None:
                    too_long[way].append((n, steps))
            yield n, steps, {way: shown(found[way], limit) if way in found else "not run" for way in WAYS}


def shown(seconds: float | None, limit: float) -> str:
    if seconds is None:
        return f"> {limit:g} s"
    return f"{1000 * seconds:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one measurement (60)")
    parser.add_argument("--repeats", type=int, default=5, help="measurements of whatever is short (5)")
    options = parser.parse_args()

    print(
        f"Python {platform.python_version()}, SymPy {sympy.__version__}, {platform.machine()}; seconds are medians of"
    )
    print(f"{options.repeats} where one run takes less than {SHORT:g} s, limit {options.limit:g} s.\n")

    lines = [Line(e.lhs, e.rhs) for e in bptt(LSTM).equations]
    times = repeated({(k, way): getattr(line, way) for k, line in enumerate(lines)
                      for way in ("normal_form", "whole_decision")}, options.limit, options.repeats)  # fmt: skip
    print("| line of the backward pass, all sizes | normal form | whole decision |\n|---|---:|---:|")
    for k, line in enumerate(lines):
        cells = [shown(times[k, way], options.limit) for way in ("normal_form", "whole_decision")]
        print(f"| `{name_of(line.left)}` | {cells[0]} | {cells[1]} |", flush=True)

    targets = [h[t - 1], c[t - 1], *(s[t] for s in LSTM.inputs), *LSTM.parameters]
    steps = repeated({letter: OneStep(letter).decide for letter in targets}, options.limit, options.repeats)
    print("\n| pullback of one whole step, written out, all sizes | pullback and normal form |\n|---|---:|")
    for letter, seconds in steps.items():
        print(f"| to `{letter}` | {shown(seconds, options.limit)} |", flush=True)

    print(f"\n| SymPy, one entry of dL/dW_f | {' | '.join(WAYS)} |\n|---|{'---:|' * len(WAYS)}")
    for n, count, cells in sympy_times(options.limit, options.repeats):
        print(f"| n = {n}, T = {count} | {' | '.join(cells.values())} |", flush=True)


if __name__ == "__main__":
    main()
