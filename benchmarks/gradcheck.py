"""The exact gradient check against the checks that others use, on the same codes.

The first table is of the codes of tests/gradcheck, right ones and the same with a mistake that is in print, at values
drawn from the normal distribution. The second is of codes on which a tolerance fails: gradients that have vanished
over 20 steps, single precision, kinks. The third is the exact check's time over the number of steps.

    python benchmarks/gradcheck.py
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from other_checks import Program, by_differences, by_jax, by_jax_in_double, by_torch

from lstm_sym.gradcheck import gradcheck
from lstm_sym.gradcheck.inputs import moves
from lstm_sym.gradcheck.trees import leaves

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.gradcheck.corpus.cases import RIGHT
from tests.gradcheck.test_wrong import ROWS, broken

OTHERS: dict[str, Callable[[Program, list[Any]], bool]] = {
    "central differences": by_differences,
    "torch.autograd.gradcheck": by_torch,
    "jax check_grads": by_jax,
    "the same in double": by_jax_in_double,
}
SMALL = 0.01
"""The standard deviation of the weights in many a character model, ``randn(n, n) * 0.01``."""


def rnn(x: Any, h0: Any, W: Any, U: Any) -> Any:
    """The last state."""
    return states(x, h0, W, U)[-1]


def states(x: Any, h0: Any, W: Any, U: Any) -> list[Any]:
    hs = [h0]
    for xt in x:
        hs.append(np.tanh(hs[-1] @ W.T + xt @ U.T))
    return hs


def pulled(x: Any, hs: Any, W: Any, U: Any, d: Any, transposed: bool = False, depth: int | None = None) -> Any:
    """The gradients of x, h0, W and U; wrong with W for its transpose in the carry, or cut off after some steps."""
    dW, dU, dx = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
    for t in reversed(range(len(x))):
        if depth is not None and t < len(x) - depth:
            d = np.zeros_like(d)
        a = d * (1 - hs[t + 1] ** 2)
        dW += a.T @ hs[t]
        dU += a.T @ x[t]
        dx[t] = a @ U
        d = a @ (W.T if transposed else W)
    return dx, d, dW, dU


def rnn_backward(**mistake: Any) -> Callable[[Any, Any], Any]:
    def backward(inputs: Any, d: Any) -> Any:
        x, h0, W, U = inputs
        return pulled(x, states(x, h0, W, U), W, U, d, **mistake)

    return backward


def initial_state(transposed: bool) -> tuple[Callable[..., Any], Callable[[Any, Any], Any]]:
    """The last state as a function of the first, at weights that are given."""
    random = np.random.default_rng(2)
    x, W, U = (random.normal(size=sizes(20)[k]) * scale for k, scale in ((0, 1), (2, SMALL), (3, SMALL)))

    def forward(h0: Any) -> Any:
        return rnn(x, h0, W, U)

    def backward(inputs: Any, d: Any) -> Any:
        return (pulled(x, states(x, inputs[0], W, U), W, U, d, transposed)[1],)

    return forward, backward


def encoder_decoder(x: Any, y: Any, h0: Any, We: Any, Ue: Any, Wd: Any, Ud: Any) -> Any:
    """An RNN reads x, another begins with its last state and reads y."""
    return rnn(y, rnn(x, h0, We, Ue), Wd, Ud)


def encoder_decoder_backward(transposed: bool) -> Callable[[Any, Any], Any]:
    def backward(inputs: Any, d: Any) -> Any:
        x, y, h0, We, Ue, Wd, Ud = inputs
        read = states(x, h0, We, Ue)
        dy, d, dWd, dUd = pulled(y, states(y, read[-1], Wd, Ud), Wd, Ud, d)
        dx, dh0, dWe, dUe = pulled(x, read, We, Ue, d, transposed)
        return dx, dy, dh0, dWe, dUe, dWd, dUd

    return backward


def single(x: Any, W: Any) -> Any:
    return np.tanh(x.astype(np.float32) @ W.astype(np.float32))


def single_backward(inputs: Any, d: Any) -> Any:
    x, W = (v.astype(np.float32) for v in inputs)
    a = d.astype(np.float32) * (1 - np.tanh(x @ W) ** 2)
    return a @ W.T, x.T @ a


def layer(x: Any, W: Any, b: Any) -> Any:
    return np.maximum(x @ W + b, 0)


def layer_backward(inputs: Any, d: Any) -> Any:
    x, W, b = inputs
    a = d * (x @ W + b > 0)
    return a @ W.T, x.T @ a, a.sum(0)


def sizes(T: int, n: int = 5, d: int = 3, B: int = 2) -> list[tuple[int, ...]]:
    """Of x, h0, W and U."""
    return [(T, B, d), (B, n), (n, n), (n, d)]


def program(forward: Callable[..., Any], backward: Callable[..., Any], shapes: list[tuple[int, ...]]) -> Program:
    return Program(forward, backward, [np.zeros(shape) for shape in shapes])


def drawn(code: Program, *scales: float) -> list[Any]:
    """Normal values for the inputs, input by input of these standard deviations, or all of 1."""
    random = np.random.default_rng(0)
    found = [value for tree in code.named.values() for _, value in leaves(tree) if moves(value)]
    factors = scales or (1.0,) * len(found)
    return [np.asarray(random.normal(0, 1, np.shape(v)) * s) for v, s in zip(found, factors, strict=True)]


def hard() -> Iterator[tuple[str, Program, list[Any]]]:
    """Codes on which a tolerance fails, with the values they are tried at."""
    small = (1, 1, SMALL, SMALL)
    for T in (4, 20):
        wrong = program(rnn, rnn_backward(transposed=True), sizes(T))
        yield f"wrong: W for its transpose in the carry, T = {T}, weights of order 1", wrong, drawn(wrong)
        yield f"wrong: the same, T = {T}, weights randn * 0.01", wrong, drawn(wrong, *small)
    code = program(rnn, rnn_backward(depth=5), sizes(20))
    yield "wrong: cut off after 5 of 20 steps, weights randn * 0.01", code, drawn(code, *small)
    code = program(*initial_state(True), [(2, 5)])
    yield "wrong: W for its transpose, T = 20, gradient of h0 only, weights randn * 0.01", code, drawn(code)
    both = [sizes(10)[0], *sizes(10), *sizes(10)[2:]]
    code = program(encoder_decoder, encoder_decoder_backward(True), both)
    values = drawn(code, 1, *small, *small[2:])
    yield (
        "wrong: W for its transpose in an encoder, 10 + 10 steps, weights randn * 0.01",
        code,
        drawn(code, 1, *small, *small[2:]),
    )
    code = program(encoder_decoder, encoder_decoder_backward(False), both)
    yield "right: the same encoder and decoder", code, values
    code = program(single, single_backward, [(4, 3), (3, 5)])
    yield "right: computes in single precision", code, drawn(code)
    code = program(layer, layer_backward, [(4, 3), (3, 5), (5,)])
    values = drawn(code, 1, 1, 0)
    values[0][-1] = 0
    yield "right: relu with biases of 0 and one input padded with 0, a kink", code, values


def timed(function: Callable[..., Any], *args: Any, **options: Any) -> tuple[Any, float]:
    """The result and the seconds of processor time, which other jobs of the machine disturb less than the clock."""
    started = time.process_time()
    return function(*args, **options), time.process_time() - started


def on_the_corpus() -> Iterator[str]:
    yield f"| check | of {len(ROWS)} mistakes caught | of {len(RIGHT)} right codes reported wrong | seconds |"
    yield "|---|---:|---:|---:|"
    codes = [(Program(*case), True) for case in RIGHT] + [(Program(*broken(*row[1:])), False) for row in ROWS]
    warm, _ = codes[0]
    for check in OTHERS.values():
        check(warm, drawn(warm))
    rows: dict[str, list[tuple[bool, bool, float]]] = {"exact": [], **{name: [] for name in OTHERS}}
    for code, right in codes:
        report, seconds = timed(gradcheck, code.forward, code.backward, code.inputs, diagnose=False)
        if report.verdict == "undecided":
            yield f"undecided: {code.forward.__name__}"
        rows["exact"].append((right, report.verdict != "wrong", seconds))
        for name, check in OTHERS.items():
            passed, seconds = timed(check, code, drawn(code))
            rows[name].append((right, passed, seconds))
    for name, row in rows.items():
        caught = sum(not right and not passed for right, passed, _ in row)
        wrong = sum(right and not passed for right, passed, _ in row)
        yield f"| {name} | {caught} | {wrong} | {sum(s for _, _, s in row):.1f} |"
    names = [f"{row[0]}: {row[2]}" for row in ROWS]
    for check in OTHERS:
        missed = [name for name, (_, passed, _) in zip(names, rows[check][len(RIGHT) :], strict=True) if passed]
        yield f"missed by {check}: {', '.join(missed) or 'none'}"
        alarms = [case[0].__name__ for case, (_, passed, _) in zip(RIGHT, rows[check], strict=False) if not passed]
        yield f"right and reported wrong by {check}: {', '.join(alarms) or 'none'}"


def on_hard_codes() -> Iterator[str]:
    yield f"| code | exact | {' | '.join(OTHERS)} |"
    yield "|---|---|" + "---|" * len(OTHERS)
    for name, code, values in hard():
        report, seconds = timed(gradcheck, code.forward, code.backward, code.inputs, diagnose=False)
        cells = [f"{report.verdict}, {seconds:.2f} s"]
        for check in OTHERS.values():
            passed, seconds = timed(check, code, values)
            cells.append(f"{'passes' if passed else 'fails'}, {seconds:.2f} s")
        yield f"| {name} | {' | '.join(cells)} |"


def over_steps() -> Iterator[str]:
    yield "| T, n = 16, d = 8, B = 2 | exact check of right code |"
    yield "|---:|---:|"
    for T in (25, 50, 100, 200):
        code = program(rnn, rnn_backward(), sizes(T, 16, 8))
        report, seconds = timed(gradcheck, code.forward, code.backward, code.inputs)
        yield f"| {T} | {report.verdict}, {seconds:.2f} s |"


if __name__ == "__main__":
    for table in (on_the_corpus, on_hard_codes, over_steps):
        for line in table():
            print(line, flush=True)
        print()
