"""The exported LSTM, GRU and RNN, forward and backward, against torch.nn and against the matrix products alone.

``python benchmarks/export.py [--sizes S,M,L,XL] [--cells LSTM,GRU,RNN] [--dtypes float32,float64] [--runs 9]``

One pass forward and one backward with all gradients, on one thread. The ways are run in turns, so that what else the
machine does falls on all of them alike; the medians are given as ratios to ``torch.nn``. ``products`` does the plan's
matrix products with NumPy and nothing else: no pass in NumPy can be faster. ``c`` is the C functions on arrays that
stay; it needs a C compiler. ``scaling`` (``--scaling``) is one row for each number of steps, with the time per step and
the memory, and the memory of passes in pieces and of the forward pass alone; ``streaming`` (``--streaming``) a single
step in a loop against the forward pass.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from lstm_sym.cells import CELLS
from lstm_sym.export import export_module
from lstm_sym.export.experiment import imported
from lstm_sym.export.files import export_files
from lstm_sym.export.memory import memory_of
from lstm_sym.export.plan import plan_of
from lstm_sym.export.stacking import stacking_of

SIZES = {"S": (50, 1, 32, 32), "M": (100, 32, 64, 128), "L": (100, 64, 128, 256), "XL": (200, 16, 256, 512)}
"""T steps, B sequences, d inputs, n units."""

GATES = {"LSTM": 4, "GRU": 3, "RNN_tanh": 1}
TORCH = {"LSTM": "LSTM", "GRU": "GRU", "RNN_tanh": "RNN"}

Way = Callable[[], Any]


def arguments(module: Any, lengths: dict[str, int], dtype: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Parameters, inputs, state and gradients for a module of a cell with one input and one output."""
    rng = np.random.default_rng(0)
    drawn = {
        name: (rng.standard_normal([lengths[axis] for axis in axes]) / lengths["units"] ** 0.5).astype(dtype)
        for name, axes in module.SHAPES.items()
    }
    group = {g: [v for k, v in drawn.items() if k.startswith(f"{g}.")] for g in ("params", "state", "d_state")}
    state, d_state = module.State(*group["state"]), module.State(*group["d_state"])
    return module.Params(*group["params"]), drawn["x"], state, drawn["d_outputs"], d_state


def numpy_way(cell: str, size: tuple[int, int, int, int], dtype: Any) -> Way:
    """The exported module, with its workspace kept."""
    module = imported(export_module(CELLS[cell]), cell)
    params, x, state, d_outputs, d_state = arguments(module, _lengths(module, size), dtype)
    _, _, cache = module.forward(params, x, state)
    work = cache.work

    def run() -> Any:
        outputs, final, cache = module.forward(params, x, state, work)
        return outputs, final, module.backward(params, cache, d_outputs, d_state)

    return run


def torch_way(cell: str, size: tuple[int, int, int, int], dtype: Any) -> Way:
    """torch.nn and its backward()."""
    import torch

    torch.set_num_threads(1)
    T, B, d, n = size
    kind = torch.float32 if dtype == np.float32 else torch.float64
    layer = getattr(torch.nn, TORCH[cell])(d, n, dtype=kind)
    x = torch.randn(T, B, d, dtype=kind, requires_grad=True)
    states = [torch.randn(1, B, n, dtype=kind, requires_grad=True) for _ in range(2 if cell == "LSTM" else 1)]
    gradient = torch.randn(T, B, n, dtype=kind)

    def run() -> Any:
        for leaf in (x, *states, *layer.parameters()):
            leaf.grad = None
        outputs, _ = layer(x, tuple(states) if cell == "LSTM" else states[0])
        outputs.backward(gradient)

    return run


def c_way(cell: str, size: tuple[int, int, int, int], dtype: Any) -> Way:
    """The exported C functions on arrays that stay, built here."""
    folder = Path(tempfile.mkdtemp(prefix="lstm-sym-"))
    for name, text in export_files(CELLS[cell], "c").items():
        (folder / name).write_text(text)
    spec = importlib.util.spec_from_file_location(f"c_{cell}", next(folder.glob("*.py")))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    prepared = module.Prepared(*arguments(module, _lengths(module, size), dtype))
    shutil.rmtree(folder)

    def run() -> Any:
        prepared.forward()
        prepared.backward()

    return run


def products_way(cell: str, size: tuple[int, int, int, int], dtype: Any) -> Way:
    """The matrix products of the plan in NumPy, and nothing else."""
    T, B, d, n = size
    wide = GATES[cell] * n
    rng = np.random.default_rng(0)
    W, U, x, h = (rng.standard_normal(s).astype(dtype) for s in ((wide, n), (wide, d), (T * B, d), (T, B, n)))
    a, out, back = np.ones((T, B, wide), dtype), np.empty((B, wide), dtype), np.empty((B, n), dtype)
    rows = a.reshape(T * B, wide)

    def run() -> Any:
        np.matmul(x, U.T, out=rows)
        for step in h:
            step.dot(W.T, out=out)
        for step in a:
            step.dot(W, out=back)
        return rows.T @ h.reshape(T * B, n), rows.T @ x, rows @ U

    return run


WAYS: dict[str, Callable[[str, tuple[int, int, int, int], Any], Way]] = {
    "torch.nn": torch_way,
    "numpy": numpy_way,
    **({"c": c_way} if shutil.which(os.environ.get("CC", "cc")) else {}),
    "products": products_way,
}
"""What is compared, by its column; the first is what the others are divided by."""


def _lengths(module: Any, size: tuple[int, int, int, int]) -> dict[str, int]:
    T, B, d, n = size
    units = module.SHAPES["state.h"][1]
    return {"T": T, "B": B, module.SHAPES["x"][2]: d, units: n, "units": n}


def measured(ways: dict[str, Way], runs: int) -> dict[str, float]:
    """The median of the seconds of every way, run in turns; the first turn is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(runs + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in seconds.items()}


def compare(cells: list[str], sizes: list[str], dtypes: list[str], runs: int) -> None:
    others = [name for name in WAYS if name != "torch.nn"]
    print(f"| cell | size | dtype | torch.nn | {' | '.join(others)} | numpy / products |")
    print(f"|---|---|---|---:|{'---:|' * (len(others) + 1)}")
    for cell in cells:
        for size in sizes:
            for dtype in dtypes:
                ways = {name: make(cell, SIZES[size], np.dtype(dtype)) for name, make in WAYS.items()}
                found = measured(ways, runs)
                ratios = " | ".join(f"{found[name] / found['torch.nn']:.2f}" for name in others)
                share = f"{found['numpy'] / found['products']:.2f}"
                print(
                    f"| {cell} | {size} | {dtype} | {found['torch.nn'] * 1e3:.2f} ms | {ratios} | {share} |", flush=True
                )


def scaling(runs: int) -> None:
    """Time and memory of the LSTM by the number of steps and sequences, and the memory of its variants."""
    print("| T | B | ms | µs per step | memory of one pass | by the plan |")
    print("|---:|---:|---:|---:|---:|---:|")
    module = imported(export_module(CELLS["LSTM"]), "LSTM")
    plan = memory_of(stacking_of(plan_of(CELLS["LSTM"]))).bytes_of(8)
    for T, B in ((100, 8), (1000, 8), (10_000, 8), (10_000, 1), (1000, 1), (1000, 32), (1000, 64)):
        size = (T, B, 32, 64)
        found = measured({"numpy": numpy_way("LSTM", size, np.dtype(np.float64))}, runs)["numpy"]
        given = arguments(module, _lengths(module, size), np.float64)
        peak = peak_of(lambda given=given: both(module, given))
        lengths = {"T": T, "B": B, "d": 32, "n": 64}
        whole = int(plan.subs({symbol: lengths[symbol.name] for symbol in plan.free_symbols}))
        print(f"| {T} | {B} | {found * 1e3:.1f} | {found / T * 1e6:.1f} | {peak / 1e6:.1f} MB | {whole / 1e6:.1f} MB |")
    print()
    print("| B | outputs and d_x | both passes | in pieces of 100 | forward alone |")
    print("|---:|---:|---:|---:|---:|")
    pieces = imported(export_module(CELLS["LSTM"], pieces=True), "LSTM")
    alone = imported(export_module(CELLS["LSTM"], forward_only=True), "LSTM")
    for B in (1, 8):
        given = arguments(module, _lengths(module, (10_000, B, 32, 64)), np.float64)
        returned = given[1].nbytes + given[3].nbytes
        peaks = [
            peak_of(lambda given=given: both(module, given)),
            peak_of(lambda given=given: in_pieces(pieces, given)),
            peak_of(lambda given=given: alone.forward(*given[:3])),
        ]
        print(f"| {B} | {returned / 1e6:.1f} MB | " + " | ".join(f"{peak / 1e6:.1f} MB" for peak in peaks) + " |")


def both(module: Any, given: tuple[Any, ...]) -> Any:
    """A pass forward and one back."""
    outputs, final, cache = module.forward(*given[:3])
    return outputs, final, module.backward(given[0], cache, *given[3:])


def in_pieces(module: Any, given: tuple[Any, ...]) -> Any:
    """The same, 100 steps at a time."""
    outputs, final, pieces = module.forward_in_pieces(*given[:3], 100)
    return outputs, final, module.backward_in_pieces(given[0], pieces, *given[3:])


def peak_of(run: Callable[[], Any]) -> int:
    """The most memory that is taken at once, with what is returned."""
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def streaming(runs: int) -> None:
    """A step of the LSTM and the GRU in a loop, against their forward pass over all steps with the workspace kept."""
    print("| cell | size | forward, µs per step | step, µs | step / forward |")
    print("|---|---|---:|---:|---:|")
    for name in ("LSTM", "GRU"):
        module = imported(export_module(CELLS[name], step=True), name)
        for label in ("S", "M"):
            T, *_ = SIZES[label]
            params, x, state = arguments(module, _lengths(module, SIZES[label]), np.float32)[:3]
            work, ready = module.forward(params, x, state)[2].work, module.Prepared(params)

            def loop(module=module, x=x, state=state, ready=ready) -> None:
                for x_t in x:
                    _, state = module.step(ready, x_t, state)

            ways = {
                "forward": lambda module=module, args=(params, x, state, work): module.forward(*args),
                "step": loop,
            }
            found = measured(ways, runs)
            one, other = found["forward"] / T * 1e6, found["step"] / T * 1e6
            print(f"| {name} | {label} | {one:.1f} | {other:.1f} | {other / one:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", default="LSTM")
    parser.add_argument("--sizes", default="S,M,L,XL")
    parser.add_argument("--dtypes", default="float32,float64")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--streaming", action="store_true")
    given = parser.parse_args()
    if given.scaling:
        scaling(given.runs)
    elif given.streaming:
        streaming(given.runs)
    else:
        cells = ["RNN_tanh" if name == "RNN" else name for name in given.cells.split(",")]
        compare(cells, given.sizes.split(","), given.dtypes.split(","), given.runs)


if __name__ == "__main__":
    main()
