"""Runs the cells of a folder of libraries, then one with too small a scratch. For a process of its own."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from lstm_sym.cell import Cell
from lstm_sym.export.experiment import experiment_on

from .backends import converted
from .c_libraries import DTYPES, SOME, loaded


def run(cell: Cell, module: Any) -> None:
    for dtype in DTYPES:
        converted(experiment_on(cell), lambda value, dtype=dtype: value.astype(dtype)).gradients(module)


def main(folder: str) -> None:
    built = {dtype: Path(folder, f"{dtype}.so") for dtype in DTYPES}
    with tempfile.TemporaryDirectory() as place:
        for cell in SOME:
            run(cell, loaded(cell, Path(place), built))
            print(cell.name, flush=True)
        small = loaded(SOME[0], Path(place), built)
        small.scratch = lambda sizes, dtype: np.empty(1, dtype)
        run(SOME[0], small)


if __name__ == "__main__":
    main(sys.argv[1])
