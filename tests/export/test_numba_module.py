"""The Numba module of every cell agrees with its NumPy module: its loops in Python, and some of them compiled."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Eq

from lstm_sym.activations import tanh
from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS, LSTM, SLSTM
from lstm_sym.export import export_module
from lstm_sym.export.check import relative_error
from lstm_sym.export.experiment import experiment_on, imported
from lstm_sym.export.freshness import cell_hash, staleness
from lstm_sym.export.numba_runtime import FUNCTIONS as TEXTS
from lstm_sym.symbols import Parameter, Sequence, sizes, t

from .c_libraries import ALL
from .test_c_module import TOLERANCES, as_dtype, errors, run, scaled_error, wide

numba = pytest.importorskip("numba", reason="the extra numba is not installed")
pytest.importorskip("scipy.linalg.cython_blas", reason="the extra numba is not installed")

NAMES = ("GRU_reset_before", "inner_product_more", "two_inputs_more", "matrix_memory_more", "memory_and_hidden_more")
COMPILED = [cell for cell in ALL if cell.name in NAMES]
"""Beside the LSTM: products of parts and of gates, sums over the entries of a row, several inputs; then matrices, with
products of each other and with columns."""

n, d = sizes("n d")
h, x = Sequence("h", n), Sequence("x", d)
_NUMBER = count(1)


def in_python(source, monkeypatch):
    """A module whose loops are not compiled, as with NUMBA_DISABLE_JIT=1."""
    with monkeypatch.context() as patch:
        patch.setattr(numba.config, "DISABLE_JIT", True)
        return imported(source, "loops")


def from_file(path):
    name = f"numba_module_{next(_NUMBER)}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("numba") / "lstm.py"
    path.write_text(export_module(LSTM, "numba"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def lstm(file):
    """The LSTM, compiled once for each dtype."""
    return from_file(file)


@pytest.fixture(scope="module")
def reference():
    return imported(export_module(LSTM), "LSTM")


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ALL, ids=lambda cell: cell.name)
def test_the_loops_of_every_cell_agree_with_its_numpy_module(cell, monkeypatch):
    module = in_python(export_module(cell, "numba"), monkeypatch)
    for dtype, tolerance in TOLERANCES.items():
        experiment = as_dtype(experiment_on(cell), dtype)
        found = errors(module, cell, experiment)
        assert max(found.values()) <= tolerance, found
        assert all(v.dtype == dtype for v in experiment.gradients(module).values())


@pytest.mark.parametrize("cell", COMPILED, ids=lambda cell: cell.name)
def test_compiled_cells_agree_with_their_numpy_modules(cell):
    """These modules have no file, so that there is no cache, and no failure."""
    found = errors(imported(export_module(cell, "numba"), cell.name), cell, experiment_on(cell))
    assert max(found.values()) <= TOLERANCES["float64"], found


@pytest.mark.parametrize("dtype", TOLERANCES)
@settings(max_examples=25, deadline=None)
@given(lengths=st.tuples(*[st.integers(1, 20)] * 4))
def test_any_sizes(dtype, lengths, lstm, reference):
    """A sum whose terms cancel is as exact as they are: of the size of the weights, 0.3."""
    size = dict(zip("TBnd", lengths, strict=True))
    found, wanted = (run(module, *wide(module, dtype, **size)) for module in (lstm, reference))
    assert max(scaled_error(a, b, 0.3) for a, b in zip(found, wanted, strict=True)) <= TOLERANCES[dtype]


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("size", [{}, {"B": 1}, {"T": 1}, {"B": 2, "n": 64, "d": 32}], ids=str)
def test_rows_longer_than_a_vector(dtype, size, lstm, reference):
    found, wanted = (run(module, *wide(module, dtype, **size)) for module in (lstm, reference))
    assert max(map(relative_error, found, wanted)) <= TOLERANCES[dtype]
    assert all(array.dtype == dtype for array in found)


def saturated(module, cell, dtype):
    """The error at inputs of a thousand, then outputs where one entry of an input is no number."""
    experiment = as_dtype(experiment_on(cell), dtype)
    name, value = next(iter(experiment.inputs.items()))
    large = replace(experiment, inputs={name: value * np.asarray(1000, dtype)})
    for quantity, error in errors(module, cell, large, least=1.0).items():
        assert error <= (1000 if quantity.startswith("d U") else 1) * TOLERANCES[dtype], quantity
    value = value.copy()
    value[1, 0] = np.nan
    outputs, _, _ = replace(experiment, inputs={name: value}).run(module)
    for output in outputs.values():
        assert np.isnan(output[1:, 0]).all() and np.isfinite(output[:, 1:]).all() and np.isfinite(output[0]).all()


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_large_pre_activations_and_what_is_no_number(dtype, lstm, monkeypatch):
    saturated(lstm, LSTM, dtype)
    for cell in (CELLS["GRU"], SLSTM):
        saturated(in_python(export_module(cell, "numba"), monkeypatch), cell, dtype)


FUNCTIONS = {
    "sigma": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "exp": np.exp,
    "softplus": lambda x: np.logaddexp(0, x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "hardtanh": lambda x: np.clip(x, -1, 1),
    "relu": lambda x: np.maximum(x, 0),
    "step": lambda x: (x > 0).astype(x.dtype),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "absolute": np.abs,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_one_number(name):
    """Within three roundings of what long double gives, and the limits where that is beyond all bounds."""
    namespace = {"np": np, "Any": object, "Array": np.ndarray}
    for text in TEXTS.values():
        exec(text, namespace)
    function = namespace[f"{name}_of"]
    for real, edge in ((np.float32, 80), (np.float64, 700)):
        points = np.concatenate([np.linspace(-edge, edge, 801), np.linspace(-2, 2, 201), [-1e-6, 1e-6, 0]]).astype(real)
        wanted = FUNCTIONS[name](points.astype(np.longdouble))
        found = np.array([function(point) for point in points])
        assert found.dtype == real
        assert (
            np.max(np.abs(found - wanted) / np.maximum(np.abs(wanted), np.finfo(real).tiny)) <= 3 * np.finfo(real).eps
        )
        assert np.isnan(function(real(np.nan))) or name == "step"
        with np.errstate(over="ignore"):
            low, high = function(real(-1000)), function(real(1000))
        limits = {"sigma": (0, 1), "tanh": (-1, 1), "exp": (0, np.inf), "softplus": (0, 1000), "elu": (-1, 1000)}
        assert name not in limits or (low, high) == limits[name]


def test_mistakes_in_the_loops_turn_red(monkeypatch):
    source = export_module(LSTM, "numba")
    for right, wrong in [
        ("d_h * tanh_c_row[j]", "d_h"),
        ("for t in range(T - 1, -1, -1):", "for t in range(T):"),
        ("U_z)", "U_f)"),
        ("real(1) / (real(1) + (scale", "real(1) / (real(1.0001) + (scale"),
        ("row + B]", "row]"),
    ]:
        assert right in source, right
        module = in_python(source.replace(right, wrong), monkeypatch)
        assert max(errors(module, LSTM, experiment_on(LSTM)).values()) > 1e-6, right


# --- arrays and misuse --------------------------------------------------------------------------


def test_arrays_of_any_memory_are_served_by_the_same_compiled_loops(lstm):
    params, x, state, d_outputs, d_state = wide(lstm, "float64")
    wanted = run(lstm, params, x, state, d_outputs, d_state)
    compiled = len(lstm.forward_loop.signatures), len(lstm.backward_loop.signatures)
    fixed = params.b_f.copy()
    fixed.flags.writeable = False
    turned = params._replace(W_f=np.asfortranarray(params.W_f), b_f=fixed)
    strided = np.repeat(d_outputs, 2, axis=-1)[..., ::2]
    for a, b in zip(run(lstm, turned, np.asfortranarray(x), state, strided, d_state), wanted, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (len(lstm.forward_loop.signatures), len(lstm.backward_loop.signatures)) == compiled


def test_a_workspace_serves_the_pass_after_and_nothing_else(lstm):
    params, x, state, d_outputs, d_state = wide(lstm, "float64")
    outputs, last, cache = lstm.forward(params, x, state)
    first = lstm.backward(params, cache, d_outputs, d_state)
    kept = outputs.copy(), first[1].copy()
    again = lstm.forward(params, 2 * x, state, cache.work)
    assert again[2].work is cache.work
    lstm.backward(params, again[2], d_outputs, d_state)
    np.testing.assert_array_equal((outputs, first[1])[0], kept[0])
    np.testing.assert_array_equal(first[1], kept[1])
    with pytest.raises(ValueError, match="the workspace of this cache has served another forward pass since"):
        lstm.backward(params, cache, d_outputs, d_state)
    with pytest.raises(ValueError, match=r"the workspace was made for .*'T': 30"):
        lstm.forward(params, x[1:], state, cache.work)
    outputs[...], last.h[...] = np.nan, np.nan
    one, two = (lstm.backward(params, again[2], d_outputs, d_state)[1] for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_wrong_arguments_are_named(lstm):
    params, x, state, d_outputs, d_state = wide(lstm, "float64")
    _, _, cache = lstm.forward(params, x, state)
    with pytest.raises(ValueError, match=r"params.W_f has shape \(36, 37\)"):
        lstm.forward(params._replace(W_f=params.W_f[1:]), x, state)
    with pytest.raises(ValueError, match="there is no step to compute: T is 0"):
        lstm.forward(params, x[:0], state)
    with pytest.raises(ValueError, match="there is no sequence to compute: B is 0"):
        lstm.forward(params, x[:, :0], lstm.State(state.h[:0], state.c[:0]))
    with pytest.raises(TypeError, match=r"state\.h is float32, the arguments before it are float64"):
        lstm.forward(params, x, state._replace(h=state.h.astype("float32")))
    with pytest.raises(ValueError, match=r"d_outputs has shape \(29, 11, 37\)"):
        lstm.backward(params, cache, d_outputs[1:], d_state)
    for dtype in ("complex128", "float16", ">f8"):
        with pytest.raises(TypeError, match=f"the arrays are {dtype}; the compiled loops are for float32 and float64"):
            run(lstm, *wide(lstm, dtype))


def test_what_has_no_form_is_named():
    W, U = Parameter("W", n, n), Parameter("U", n, d)
    with pytest.raises(TypeError, match="no row form for the constant matrix"):
        export_module(Cell("inverse", Eq(h[t], tanh((W**-1) * h[t - 1] + U * x[t]))), "numba")


def test_letters_that_clash_with_the_module_get_other_names(monkeypatch):
    names = [
        ("real", "row", "j"),
        ("put", "product", "sigma_of"),
        ("np", "cache", "x_row"),
        ("forward_loop", "h_row", "h"),
    ]
    names += [("λ", "ü", "_"), ("numba", "lambda", "B")]
    for k, (first, second, third) in enumerate(names):
        state, A, b, U = Sequence(first, n), Parameter(second, n, n), Parameter(third, n), Parameter("U", n, d)
        cell = Cell(f"clash_{k}", Eq(state[t], tanh(A * state[t - 1] + U * x[t] + b)))
        module = in_python(export_module(cell, "numba"), monkeypatch)
        assert max(errors(module, cell, experiment_on(cell)).values()) <= 1e-12


# --- what Numba does ----------------------------------------------------------------------------


def test_the_cache_lies_beside_the_file_and_is_used(file, lstm):
    run(lstm, *wide(lstm, "float64"))
    assert list(file.parent.glob("__pycache__/lstm.forward_loop-*.nbi"))
    again = from_file(file)
    run(again, *wide(again, "float64"))
    for function in (again.forward_loop, again.backward_loop):
        assert sum(function.stats.cache_hits.values()) == 1 and not function.stats.cache_misses


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="it looks for instructions of x86-64")
def test_the_loops_over_entries_are_vectorised(lstm):
    """Every σ and tanh of the step: LLVM leaves a loop as it is where too many rows might overlap."""
    run(lstm, *wide(lstm, "float32"))
    (code,) = [text for types, text in lstm.forward_loop.inspect_asm().items() if "float32" in str(types)]
    assert len(re.findall(r"\bv?divps\b", code)) >= 5


def test_without_numba_numpy_computes_the_same_and_a_warning_says_so(reference, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.warns(RuntimeWarning, match=r"numba.*: NumPy computes the same .* pip install numba scipy") as warned:
        module = imported(export_module(LSTM, "numba"), "without")
    assert len(warned) == 1
    given = wide(module, "float64")
    for a, b in zip(run(module, *given), run(reference, *given), strict=True):
        np.testing.assert_array_equal(a, b)
    _, _, cache = module.forward(*given[:3])
    assert module.forward(*given[:3], cache.work)[2].work is cache.work
    with pytest.raises(ValueError, match="T is 0"):
        module.forward(given[0], given[1][:0], given[2])


# --- the files ----------------------------------------------------------------------------------


def test_a_source_says_what_it_is_from():
    source = export_module(LSTM, "numba")
    assert f"hash of the equations: {cell_hash(LSTM)}" in source and staleness(source) is None
    assert staleness(source, CELLS["GRU"]) is not None
    assert (
        "# c[t] = hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t])\n                c_row[j] = f_row[j] * c_prev_row[j]"
        in source
    )
    assert "truncated: no gradient passes a stop_gradient" in export_module(CELLS["LSTM_truncated"], "numba")
    assert source == export_module(LSTM, "numba")


@pytest.mark.skipif(shutil.which("ruff", path=sys.prefix + "/bin") is None, reason="ruff is not installed")
def test_the_files_pass_ruff(tmp_path):
    for cell in ALL:
        (tmp_path / f"{cell.name}.py").write_text(export_module(cell, "numba"), encoding="utf-8")
    rules = ["--isolated", "--line-length=120", "--no-cache"]
    lint = ["--select=E,F,I,B,UP,SIM,RUF", "--ignore=RUF001,RUF002,RUF003,E741,B905", "--target-version=py311"]
    done = subprocess.run([f"{sys.prefix}/bin/ruff", "check", *rules, *lint, "."], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stdout.decode()
    done = subprocess.run([f"{sys.prefix}/bin/ruff", "format", "--check", *rules, "LSTM.py", "GRU.py"], cwd=tmp_path)
    assert done.returncode == 0
