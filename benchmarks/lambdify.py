"""A lambdified expression against NumPy written by hand for the same line: the ratio of their times.

    OMP_NUM_THREADS=1 python benchmarks/lambdify.py

Sizes are n = 128 and d = 64, columns have a batch of 32; the two run in turns, and the medians are compared.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from lstm_sym import bptt, lambdify
from lstm_sym.cells import LSTM, RNN_TANH
from lstm_sym.jacobian import state_jacobian
from lstm_sym.symbols import Parameter, letters

ROUNDS, REPEATS = 31, 10
SIZES = {"n": 128, "d": 64, "1": 1}
BATCH = 32

Array = Any
Function = Callable[..., Array]


def pre_activation(W_f: Array, h_prev: Array, U_f: Array, x: Array, b_f: Array) -> Array:
    return W_f @ h_prev + U_f @ x + b_f


def cell_state(f: Array, c_prev: Array, i: Array, z: Array) -> Array:
    return f * c_prev + i * z


def adjoint_of_cell(d_h: Array, o: Array, c: Array, d_c_next: Array, f_next: Array) -> Array:
    return d_h * o * (1 - np.tanh(c) ** 2) + d_c_next * f_next


def adjoint_of_gate(d_c: Array, c_prev: Array, f: Array) -> Array:
    return d_c * c_prev * f * (1 - f)


def rnn_jacobian(h: Array, W: Array) -> Array:
    return (1 - h**2) * W


LINES = {str(equation.lhs): equation.rhs for equation in (*LSTM.equations, *bptt(LSTM).adjoints)}
CASES: dict[str, tuple[Any, Function]] = {
    "a_f[t]": (LINES["a_f[t]"], pre_activation),
    "c[t]": (LINES["c[t]"], cell_state),
    "delta_c[t]": (LINES["delta_c[t]"], adjoint_of_cell),
    "delta_a_f[t]": (LINES["delta_a_f[t]"], adjoint_of_gate),
    "dh[t]/dh[t-1] of the RNN": (state_jacobian(RNN_TANH), rnn_jacobian),
}
"""An expression, and a function of its letters in the order in which the expression reads them."""


def values_of(expression: Any, rng: np.random.Generator) -> list[Array]:
    """Random arrays for the letters of an expression: a batch of columns, parameters without one."""
    shapes = [[SIZES[str(size)] for size in letter.shape] for letter in letters(expression)]
    leads = [[] if isinstance(letter, Parameter) else [BATCH] for letter in letters(expression)]
    return [rng.uniform(-1, 1, lead + shape) for lead, shape in zip(leads, shapes, strict=True)]


def seconds(function: Function, arguments: list[Array]) -> float:
    start = time.perf_counter()
    for _ in range(REPEATS):
        function(*arguments)
    return (time.perf_counter() - start) / REPEATS


def main() -> None:
    rng = np.random.default_rng(0)
    print("| expression | lambdified | by hand | ratio |\n|---|---:|---:|---:|")
    for name, (expression, by_hand) in CASES.items():
        derived, arguments = lambdify(letters(expression), expression), values_of(expression, rng)
        np.testing.assert_allclose(derived(*arguments), by_hand(*arguments), rtol=1e-12)
        times = [(seconds(derived, arguments), seconds(by_hand, arguments)) for _ in range(ROUNDS)]
        ours, theirs = (1e6 * statistics.median(column) for column in zip(*times, strict=True))
        print(f"| `{name}` | {ours:.1f} µs | {theirs:.1f} µs | {ours / theirs:.2f} |")


if __name__ == "__main__":
    main()
