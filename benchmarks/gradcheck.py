"""The exact gradient check against central differences in NumPy, on right code and on code with one mistake.

The codes are those of tests/gradcheck: right passes, and the same with a mistake that is in print. The differences use
a step of 1e-6, rtol 1e-3 and atol 1e-5. A second table is an RNN over T steps whose carry has W for its transpose, with
a loss at the last step; a third the seconds over T.

    python benchmarks/gradcheck.py
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lstm_sym.gradcheck import gradcheck

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.gradcheck.corpus.cases import RIGHT
from tests.gradcheck.test_wrong import ROWS, broken

STEP, RTOL, ATOL = 1e-6, 1e-3, 1e-5
SCALE = 0.3


def rnn(x: Any, h0: Any, W: Any, U: Any) -> Any:
    h = h0
    for xt in x:
        h = np.tanh(h @ W.T + xt @ U.T)
    return h


def carried(transposed: bool) -> Callable[[Any, Any], Any]:
    """The backward pass of ``rnn``, right or with W for its transpose in the carry."""

    def backward(inputs: Any, d: Any) -> Any:
        x, h0, W, U = inputs
        hs = [h0]
        for xt in x:
            hs.append(np.tanh(hs[-1] @ W.T + xt @ U.T))
        dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
        for t in reversed(range(len(x))):
            a = d * (1 - hs[t + 1] ** 2)
            dW += a.T @ hs[t]
            dU += a.T @ x[t]
            dx[t] = a @ U
            d = a @ (W.T if transposed else W)
        return dx, d, dW, dU

    return backward


def differences(forward: Any, backward: Any, inputs: list[Any]) -> bool:
    """Whether backward passes central differences: arrays in, one array out."""
    random = np.random.default_rng(0)
    values = [random.normal(0, SCALE, v.shape) for v in inputs]
    bar = random.normal(size=np.shape(forward(*values)))
    for place, given in enumerate(backward(tuple(values), bar.copy())):
        for index in np.ndindex(values[place].shape):
            ends = []
            for sign in (1, -1):
                moved = [v.copy() for v in values]
                moved[place][index] += sign * STEP
                ends.append(np.sum(bar * forward(*moved)))
            wanted = (ends[0] - ends[1]) / (2 * STEP)
            if abs(given[index] - wanted) > ATOL + RTOL * abs(wanted):
                return False
    return True


def shapes(T: int, n: int, d: int, B: int) -> list[Any]:
    return [np.zeros(s) for s in ((T, B, d), (B, n), (n, n), (n, d))]


def timed(function: Callable[..., Any], *args: Any, **options: Any) -> tuple[Any, float]:
    started = time.perf_counter()
    return function(*args, **options), time.perf_counter() - started


def lines() -> Iterator[str]:
    found = [timed(gradcheck, *case, diagnose=False) for case in RIGHT]
    wrong = [timed(gradcheck, *broken(*row[1:]), diagnose=False) for row in ROWS]
    alarms = sum(report.verdict == "wrong" for report, _ in found)
    caught = sum(report.verdict == "wrong" for report, _ in wrong)
    seconds = sum(s for _, s in found + wrong)
    yield f"exact check: {caught} of {len(wrong)} mistakes caught, {seconds:.1f} s in all"
    yield f"{alarms} of {len(found)} right codes reported wrong"
    yield "| T, n = 5, d = 3 | transpose missing: differences | exact | right code: differences | exact |"
    yield "|---|---|---|---|---|"
    for T in (4, 10, 20):
        row = []
        for mistake in (True, False):
            passed, slow = timed(differences, rnn, carried(mistake), shapes(T, 5, 3, 1))
            report, fast = timed(gradcheck, rnn, carried(mistake), shapes(T, 5, 3, 1), diagnose=False)
            row += [f"{'passes' if passed else 'fails'}, {slow:.2f} s", f"{report.verdict}, {fast:.2f} s"]
        yield f"| {T} | {' | '.join(row)} |"
    yield "| T, n = 16, d = 8, B = 2 | exact check of right code |"
    yield "|---:|---:|"
    for T in (25, 50, 100, 200):
        report, seconds = timed(gradcheck, rnn, carried(False), shapes(T, 16, 8, 2))
        yield f"| {T} | {report.verdict}, {seconds:.2f} s |"


if __name__ == "__main__":
    for line in lines():
        print(line, flush=True)
