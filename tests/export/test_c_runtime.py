"""The elementwise functions of a C file: a few roundings of the exact values, exact where they end, NaN through."""

from __future__ import annotations

import ctypes
import subprocess

import numpy as np
import pytest

from lstm_sym.activations import TABLE
from lstm_sym.export.c_code import FLAGS
from lstm_sym.export.c_runtime import FUNCTIONS, RUNTIME

from .c_libraries import COMPILER, DTYPES, needs_compiler

EXACT = {
    "sigma": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "exp": np.exp,
    "softplus": lambda x: np.logaddexp(0, x),
    "softsign": lambda x: x / (1 + np.abs(x)),
}

WRAPPER = """
void each_{0}(size_t n, const real *x, real *y)
{{
    INDEPENDENT
    for (size_t i = 0; i < n; i++)
        y[i] = {0}(x[i]);
}}
"""


@pytest.fixture(scope="module", params=DTYPES)
def functions(request, tmp_path_factory):
    """The functions over arrays of one dtype, built as the files of a cell are."""
    folder = tmp_path_factory.mktemp(request.param)
    text = "#include <math.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n" + RUNTIME
    text += "".join(WRAPPER.format(FUNCTIONS[name]) for name in EXACT)
    (folder / "functions.c").write_text(text)
    command = [
        str(COMPILER),
        *FLAGS.split(),
        "-shared",
        "-fPIC",
        *DTYPES[request.param],
        "functions.c",
        "-o",
        "f.so",
        "-lm",
    ]
    subprocess.run(command, cwd=folder, check=True)
    library, dtype = ctypes.CDLL(str(folder / "f.so")), np.dtype(request.param)

    def at(name, values):
        x = np.asarray(values, dtype)
        y = np.empty_like(x)
        pointers = ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data)
        getattr(library, f"each_{FUNCTIONS[name]}")(ctypes.c_size_t(x.size), *pointers)
        return x, y

    return at


@needs_compiler
@pytest.mark.parametrize("name", EXACT)
def test_a_few_roundings(functions, name):
    rng = np.random.default_rng(0)
    x, y = functions(
        name, np.concatenate([rng.normal(0, 3, 20000), rng.normal(0, 1e-3, 10000), rng.uniform(-80, 80, 10000)])
    )
    wanted = EXACT[name](x.astype(np.longdouble))
    roundings = np.abs((y - wanted) / np.spacing(np.abs(wanted).astype(x.dtype)))
    assert roundings.max() <= 4


@needs_compiler
def test_ends(functions):
    ends = [1000, -1000, np.inf, -np.inf, 0, np.nan]
    np.testing.assert_array_equal(functions("sigma", ends)[1], [1, 0, 1, 0, 0.5, np.nan])
    np.testing.assert_array_equal(functions("tanh", ends)[1], [1, -1, 1, -1, 0, np.nan])
    np.testing.assert_array_equal(functions("exp", ends)[1], [np.inf, 0, np.inf, 0, 1, np.nan])
    np.testing.assert_array_equal(functions("softplus", [1000, -1000, np.nan])[1], [1000, 0, np.nan])


def test_every_row_of_the_table_has_a_function():
    assert {*FUNCTIONS, "identity"} == set(TABLE)
