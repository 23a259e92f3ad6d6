"""What a pass takes in memory is what the plan says, for one sequence as for many."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from lstm_sym.cells import CELLS
from lstm_sym.export.memory import VIEW_BYTES, memory_of
from lstm_sym.export.plan import plan_of
from lstm_sym.export.plan_page import plan_text
from lstm_sym.export.stacking import stacking_of

from .backends import module_of

BAR = 1.2


def peak_and_plan(name, T, B, d, n, dtype):
    """The bytes that a pass forward and back takes at its peak, and those of the plan."""
    module = module_of(CELLS[name])
    lengths = {"T": T, "B": B, "n": n, "d": d, "m": d}
    rng = np.random.default_rng(0)
    values = {k: rng.normal(0, 0.1, [lengths[a] for a in v]).astype(dtype) for k, v in module.SHAPES.items()}
    params, state, d_state = (
        kind(*[v for k, v in values.items() if k.startswith(f"{group}.")])
        for kind, group in ((module.Params, "params"), (module.State, "state"), (module.State, "d_state"))
    )
    module.forward(params, values["x"], state)
    tracemalloc.start()
    kept = module.forward(params, values["x"], state)
    kept += module.backward(params, kept[-1], values["d_outputs"], d_state)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    planned = memory_of(stacking_of(plan_of(CELLS[name]))).bytes_of(np.dtype(dtype).itemsize)
    return peak, int(planned.subs({size: lengths[size.name] for size in planned.free_symbols}))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("T, B, d, n", [(400, 1, 32, 64), (60, 32, 32, 64), (200, 1, 16, 128)])
@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN_tanh", "minGRU"])
def test_the_peak_is_within_a_fifth_of_the_plan(name, T, B, d, n, dtype):
    peak, planned = peak_and_plan(name, T, B, d, n, dtype)
    assert planned / BAR <= peak <= planned * BAR


def test_the_views_count_where_there_is_one_sequence():
    """Without them the plan would be wrong by more than the bar."""
    peak, planned = peak_and_plan("LSTM", 400, 1, 32, 64, "float32")
    views = 400 * VIEW_BYTES * memory_of(stacking_of(plan_of(CELLS["LSTM"]))).views
    assert peak > BAR * (planned - views)


def test_the_page_says_so():
    text = plan_text(CELLS["LSTM"])
    assert "views: 17 of each step, 136 bytes each" in text and "memory     of NumPy: " in text
    assert "memory  " not in plan_text(CELLS["mLSTM"]) and "memory  " not in plan_text(CELLS["LSTM"], forward_only=True)
