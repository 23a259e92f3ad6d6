"""Runs the cells of a folder of libraries; ``less`` gives them too small a scratch. For a process of its own."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from lstm_sym.export.experiment import experiment_on

from .c_libraries import DTYPES, SOME, loaded


def main(folder: str, how: str) -> None:
    built = {dtype: Path(folder, f"{dtype}.so") for dtype in DTYPES}
    with tempfile.TemporaryDirectory() as place:
        for cell in SOME:
            module = loaded(cell, Path(place), built)
            if how == "less":
                module.scratch = lambda sizes, dtype: np.empty(1, dtype)
            for dtype in DTYPES:
                given = experiment_on(cell)
                groups = {
                    group: {name: value.astype(dtype) for name, value in getattr(given, group).items()}
                    for group in ("params", "inputs", "states", "d_outputs", "d_state")
                }
                replace(given, **groups).gradients(module)
            print(cell.name, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
