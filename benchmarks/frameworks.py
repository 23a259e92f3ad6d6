"""The exported PyTorch and JAX modules of the LSTM beside what one would write by hand.

One measurement is a forward pass and the gradients of all parameters, of the input and of the initial state, in
float32 and on one thread. The rivals take turns, and the table shows the median of the ratios of a turn.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from lstm_sym.cells import LSTM
from lstm_sym.export import export_module
from lstm_sym.export.experiment import imported

SHAPES = {"S": (50, 1, 32, 32), "M": (100, 32, 64, 128), "L": (100, 64, 128, 256), "XL": (200, 16, 256, 512)}
"""T, B, d, n."""

GATES = "fizo"
Run = Callable[[], Any]


def drawn(shape: tuple[int, int, int, int]) -> tuple[list[Any], Any, list[Any], Any]:
    """Parameters, x, the initial state and the gradient of the outputs, in float32."""
    T, B, d, n = shape
    rng = np.random.default_rng(0)
    made = [rng.normal(0, n**-0.5, size) for _ in GATES for size in ((n, n), (n, d), (n,))]
    others = [rng.normal(0, 1, size) for size in ((T, B, d), (B, n), (B, n), (T, B, n))]
    params, (x, h, c, weight) = ([np.float32(value) for value in values] for values in (made, others))
    return params, x, [h, c], weight


def torch_rivals(shape: tuple[int, int, int, int]) -> dict[str, Run]:
    import torch

    torch.set_num_threads(1)
    module = imported(export_module(LSTM, "torch"), "lstm_torch")
    given, x, state, weight = drawn(shape)
    tensors = [torch.tensor(value, requires_grad=True) for value in (*given, x, *state)]
    params, inputs, start = tensors[:12], tensors[12], tensors[13:]
    d_outputs = torch.tensor(weight)
    W, U, b = (torch.cat([params[3 * k + j] for k in range(4)]).detach().requires_grad_() for j in range(3))

    def ours() -> Any:
        outputs, _ = module.run(module.Params(*params), inputs, module.State(*start))
        return torch.autograd.grad((outputs * d_outputs).sum(), tensors)

    def by_hand() -> Any:
        """The gates stacked and the input projected beforehand, as a careful person writes it."""
        h, c = start
        projected = inputs @ U.T + b
        outputs = []
        for a in projected.unbind(0):
            a_f, a_i, a_z, a_o = (a + h @ W.T).chunk(4, -1)
            c = torch.sigmoid(a_f) * c + torch.sigmoid(a_i) * torch.tanh(a_z)
            h = torch.sigmoid(a_o) * torch.tanh(c)
            outputs.append(h)
        loss = (torch.stack(outputs) * d_outputs).sum()
        return torch.autograd.grad(loss, [W, U, b, inputs, *start])

    network = torch.nn.LSTM(shape[2], shape[3])

    def library() -> Any:
        outputs, _ = network(inputs, (start[0][None], start[1][None]))
        return torch.autograd.grad((outputs * d_outputs).sum(), [*network.parameters(), inputs, *start])

    _require_close(ours()[-3:], by_hand()[-3:])
    return {"ours": ours, "by hand": by_hand, "torch.nn.LSTM": library}


def jax_rivals(shape: tuple[int, int, int, int]) -> dict[str, Run]:
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    import jax
    import jax.numpy as jnp
    from jax import lax

    module = imported(export_module(LSTM, "jax"), "lstm_jax")
    params, x, state, weight = drawn(shape)
    arrays = [jnp.asarray(value) for value in (*params, x, *state)]
    d_outputs = jnp.asarray(weight)
    W, U, b = (jnp.concatenate([arrays[3 * k + j] for k in range(4)]) for j in range(3))

    def loss(*arrays: Any) -> Any:
        outputs, _ = module.run(module.Params(*arrays[:12]), arrays[12], module.State(*arrays[13:]))
        return (outputs * d_outputs).sum()

    def loss_by_hand(W: Any, U: Any, b: Any, x: Any, h: Any, c: Any) -> Any:
        def step(carry: Any, x: Any) -> Any:
            h, c = carry
            a_f, a_i, a_z, a_o = jnp.split(h @ W.T + x @ U.T + b, 4, -1)
            c = jax.nn.sigmoid(a_f) * c + jax.nn.sigmoid(a_i) * jnp.tanh(a_z)
            h = jax.nn.sigmoid(a_o) * jnp.tanh(c)
            return (h, c), h

        return (lax.scan(step, (h, c), x)[1] * d_outputs).sum()

    ours = jax.jit(jax.grad(loss, tuple(range(15))))
    by_hand = jax.jit(jax.grad(loss_by_hand, tuple(range(6))))
    stacked = (W, U, b, *arrays[12:])
    _require_close(ours(*arrays)[-3:], by_hand(*stacked)[-3:])
    return {
        "ours": lambda: jax.block_until_ready(ours(*arrays)),
        "by hand": lambda: jax.block_until_ready(by_hand(*stacked)),
    }


def _require_close(found: Any, wanted: Any) -> None:
    """What is compared computes the same."""
    for a, b in zip(found, wanted, strict=True):
        if np.abs(np.asarray(a) - np.asarray(b)).max() > 1e-4 * np.abs(np.asarray(b)).max():
            raise AssertionError("the two do not compute the same gradients")


def measured(rivals: dict[str, Run], turns: int) -> Iterator[dict[str, float]]:
    """The seconds of each rival, turn by turn; a short run is repeated within its turn."""
    for run in rivals.values():
        run()
    began = time.perf_counter()
    next(iter(rivals.values()))()
    repeats = max(1, int(0.05 / (time.perf_counter() - began)))
    for _ in range(turns):
        times = {}
        for name, run in rivals.items():
            began = time.perf_counter()
            for _ in range(repeats):
                run()
            times[name] = (time.perf_counter() - began) / repeats
        yield times


def table(backend: str, rivals_of: Callable[[Any], dict[str, Run]], shapes: list[str], turns: int) -> None:
    for name in shapes:
        runs = list(measured(rivals_of(SHAPES[name]), turns))
        others = [rival for rival in runs[0] if rival != "ours"]
        ratios = [f"{median(run['ours'] / run[rival] for run in runs):.2f} of {rival}" for rival in others]
        print(
            f"| {backend} | {name} | {1e3 * median(run['ours'] for run in runs):.2f} ms | {', '.join(ratios)} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--backends", nargs="+", choices=["torch", "jax"], default=["torch", "jax"])
    parser.add_argument("--turns", type=int, default=7)
    given = parser.parse_args()
    print("| backend | shape | ours, forward and backward | ratio |\n|---|---|---:|---|")
    for backend in given.backends:
        table(backend, {"torch": torch_rivals, "jax": jax_rivals}[backend], given.shapes, given.turns)
