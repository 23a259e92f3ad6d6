"""C libraries for tests: many cells in one, so that the compiler runs twice and not a hundred times."""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
import subprocess
import sys
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS
from lstm_sym.export import c_loader
from lstm_sym.export.c_code import c_module, prefix_of
from lstm_sym.export.c_loader import c_files
from lstm_sym.export.plan import with_activation

from .cells import CELLS as MORE

COMPILER = shutil.which("cc") or shutil.which("gcc")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler (cc or gcc) on the path")

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
QUICK = ["-std=c99", "-O0", "-shared", "-fPIC"]

ALL = [with_activation(cell, "tanh") for cell in CELLS.values()]
ALL += [Cell(f"{cell.name}_more", *cell.equations) for cell in MORE]
"""The cells of the zoo, and one for each kind of equation; the names differ."""

MATRICES = [cell for cell in ALL if any(s.shape[1] != 1 for s in (*cell.order, *cell.inputs))]
"""Those with a matrix among their sequences."""

KINDS = (
    *("RNN_loss", "LSTM_block", "peephole_LSTM", "LSTM_projection", "GRU_reset_before", "QRNN", "sLSTM"),
    *("layer_norm_LSTM", "LSTM_truncated", "two_outputs_more", "composed_more", "three_blocks_more"),
    *("inner_product_more", "no_state_more"),
    *("hardtanh_more", "elu_more", "softsign_more", "diagonal_relu_more"),
    *("mLSTM", "delta_rule_more", "matrix_memory_more", "memory_and_hidden_more"),
)
SOME = [cell for cell in ALL if cell.name in KINDS]
"""Cells that together have every kind of operation; the sanitizers watch these."""

SINGLE = [cell for cell in ALL if cell in SOME or cell.name in ("LSTM", "GRU")]
"""The cells that are also compiled for float32."""

DTYPES = {"float64": [], "float32": ["-DSINGLE"]}
_NUMBER = count(1)


def compiled(source: Path, target: Path, *flags: str) -> Path:
    command = [str(COMPILER), *flags, str(source), "-o", str(target), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:4000]
    return target


source_of, loader_of = cache(c_module), cache(c_loader.loader_of)


def libraries(folder: Path, cells: list[Cell], *flags: str, single: list[Cell] | None = None) -> dict[str, Path]:
    """A library of all the cells for each dtype; that of float32 of the cells ``single`` alone, if they are given."""
    built = {}
    for dtype, flag in DTYPES.items():
        source = folder / f"{dtype}.c"
        held = cells if single is None or dtype == "float64" else single
        source.write_text("\n".join(source_of(cell) for cell in held))
        built[dtype] = compiled(source, folder / f"{dtype}.so", *flags, *flag)
    return built


def loaded(cell: Cell, folder: Path, built: dict[str, Path] | None = None) -> Any:
    """The Python module of a cell, with a library that is there or the one that it builds."""
    own = f"{prefix_of(cell)}.py"
    for name, text in c_files(cell).items() if built is None else [(own, loader_of(cell))]:
        (folder / name).write_text(text)
    name = f"c_module_{next(_NUMBER)}"
    spec = importlib.util.spec_from_file_location(name, folder / own)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    if built is not None:
        module.library = lambda dtype: ctypes.CDLL(str(built[str(np.dtype(dtype))]))
    return module
