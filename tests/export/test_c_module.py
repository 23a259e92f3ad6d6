"""The C functions of every cell agree with its NumPy module, and keep to what C allows."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Eq

from lstm_sym.activations import tanh
from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS, LSTM, PEEPHOLE_LSTM, SLSTM
from lstm_sym.export import export_module
from lstm_sym.export.c_code import c_module
from lstm_sym.export.check import relative_error
from lstm_sym.export.experiment import experiment_on, imported
from lstm_sym.export.freshness import cell_hash, staleness
from lstm_sym.nodes import beside, diag
from lstm_sym.symbols import Parameter, Sequence, sizes, t

from .backends import module_of, operations
from .c_libraries import (
    ALL,
    COMPILER,
    MATRICES,
    QUICK,
    SINGLE,
    SOME,
    WARNINGS,
    compiled,
    libraries,
    loaded,
    needs_compiler,
)

pytestmark = needs_compiler

TOLERANCES = {"float64": 1e-12, "float32": 1e-5}
GROUPS = ("params", "inputs", "states", "d_outputs", "d_state")

n, d = sizes("n d")
h, x = Sequence("h", n), Sequence("x", d)
W, U = Parameter("W", n, n), Parameter("U", n, d)


def as_dtype(experiment, dtype):
    return replace(experiment, **{g: {k: v.astype(dtype) for k, v in getattr(experiment, g).items()} for g in GROUPS})


def scaled_error(found, wanted, least):
    """The relative error; that of values all smaller than ``least`` is relative to that."""
    scale = np.abs(wanted).max(initial=0.0)
    return relative_error(found, wanted) * (min(1.0, scale / least) if least and scale else 1.0)


def errors(module, cell, experiment, least=0.0):
    """The error of everything that a C module computes, relative to the NumPy module.

    A gradient of saturated gates is what 1 - o leaves of its roundings: there, ``least`` is
    the size of o (times x for U).
    """
    reference = module_of(cell)
    (outputs, last, _), (wanted, wanted_last, _) = experiment.run(module), experiment.run(reference)
    gradients, wanted_gradients = experiment.gradients(module), experiment.gradients(reference)
    assert gradients.keys() == wanted_gradients.keys()
    return {
        **{k: scaled_error(outputs[k], v, least) for k, v in wanted.items()},
        **{f"last {k}": scaled_error(last[k], v, least) for k, v in wanted_last.items()},
        **{f"d {k}": scaled_error(gradients[k], v, least) for k, v in wanted_gradients.items()},
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """All cells in one library of float64 and some in one of float32, without a warning."""
    return libraries(tmp_path_factory.mktemp("cells"), ALL, *QUICK, *WARNINGS, single=SINGLE)


def test_some_cells_have_every_operation():
    assert set().union(*map(operations, SOME)) == set().union(*map(operations, ALL))


@pytest.mark.parametrize("cell", ALL, ids=lambda cell: cell.name)
def test_every_cell_agrees_with_its_numpy_module(cell, built, tmp_path):
    module = loaded(cell, tmp_path, built)
    for dtype, tolerance in TOLERANCES.items():
        if dtype == "float32" and cell not in SINGLE:
            continue
        experiment = as_dtype(experiment_on(cell), dtype)
        found = errors(module, cell, experiment)
        assert max(found.values()) <= tolerance, found
        assert all(v.dtype == dtype for v in experiment.gradients(module).values())


def wide(module, dtype, T=30, B=11, n=37, d=19):
    """Sizes that fill no tile, and more rows than are packed at a time."""
    rng = np.random.default_rng(2)
    lengths = {"T": T, "B": B, "n": n, "d": d}

    def drawn(group):
        return [
            rng.normal(0, 0.3, [lengths[axis] for axis in axes]).astype(dtype)
            for name, axes in module.SHAPES.items()
            if name.split(".")[0] == group
        ]

    params, (x,), (d_outputs,) = module.Params(*drawn("params")), drawn("x"), drawn("d_outputs")
    return params, x, module.State(*drawn("d_state")), d_outputs, module.State(*drawn("d_state"))


def run(module, params, x, state, d_outputs, d_state):
    outputs, last, cache = module.forward(params, x, state)
    d_params, d_x, d_first = module.backward(params, cache, d_outputs, d_state)
    return [outputs, *last, *d_params, d_x, *d_first]


def sized(module, dtype, lengths):
    """Random arguments of both passes for some lengths of the axes, small enough to saturate nothing."""
    rng, groups = np.random.default_rng(3), {}
    for name, axes in module.SHAPES.items():
        shape = [int(lengths.get(axis, axis)) for axis in axes]
        values = rng.normal(0, 0.3 / np.sqrt(shape[-1]), shape).astype(dtype)
        groups.setdefault(name.split(".")[0], []).append(values)
    (x,) = (group for name, group in groups.items() if name not in ("params", "state", "d_outputs", "d_state"))
    (d_outputs,) = groups["d_outputs"]
    params, x = module.Params(*groups["params"]), module.Inputs(*x) if len(x) > 1 else x[0]
    return params, x, module.State(*groups["state"]), d_outputs, module.State(*groups["d_state"])


def arrays(values):
    return [array for value in values for array in (value if isinstance(value, tuple) else (value,))]


@pytest.mark.parametrize("cell", MATRICES, ids=lambda cell: cell.name)
def test_matrices_of_any_shape(cell, built, tmp_path):
    """Rows and columns in any relation to each other and to the vectors of the machine.

    A gradient of one number is a sum of terms that may cancel: ``least`` is what such a term amounts to.
    """
    module, reference = loaded(cell, tmp_path, built), module_of(cell)
    axes = {axis for shape in module.SHAPES.values() for axis in shape if axis.isidentifier()}

    @settings(max_examples=25, deadline=None)
    @given(st.fixed_dictionaries({axis: st.integers(1, 4 if axis in ("T", "B") else 13) for axis in sorted(axes)}))
    def agrees(lengths):
        for dtype, tolerance in TOLERANCES.items():
            found, wanted = (arrays(run(m, *sized(m, dtype, lengths))) for m in (module, reference))
            assert all(scaled_error(a, b, least=0.01) <= tolerance for a, b in zip(found, wanted, strict=True))

    agrees()


def test_the_build_of_the_module_itself_at_sizes_that_fill_no_tile(tmp_path):
    module = loaded(PEEPHOLE_LSTM, tmp_path)
    reference = imported(export_module(PEEPHOLE_LSTM), "peephole")
    for dtype, tolerance in TOLERANCES.items():
        for size in ({}, {"B": 1}, {"B": 2, "n": 64, "d": 32}):
            found, wanted = (run(m, *wide(m, dtype, **size)) for m in (module, reference))
            assert max(map(relative_error, found, wanted)) <= tolerance
    assert len(list(tmp_path.glob("*.so"))) == 2


CBLAS = """
enum { CblasRowMajor = 101, CblasNoTrans = 111, CblasTrans = 112 };
#define DEFINE(name, real)                                                                          \\
    static inline void name(int order, int ta, int tb, int M, int N, int K, real alpha, const real *A, \\
                            int lda, const real *B, int ldb, real beta, real *C, int ldc)           \\
    {                                                                                               \\
        (void)order, (void)tb;                                                                      \\
        for (int i = 0; i < M; i++)                                                                 \\
            for (int j = 0; j < N; j++) {                                                           \\
                real sum = 0;                                                                       \\
                for (int k = 0; k < K; k++)                                                         \\
                    sum += (ta == CblasTrans ? A[k * lda + i] : A[i * lda + k]) * B[k * ldb + j];   \\
                C[i * ldc + j] = alpha * sum + (beta == 0 ? 0 : beta * C[i * ldc + j]);             \\
            }                                                                                       \\
    }
DEFINE(cblas_sgemm, float)
DEFINE(cblas_dgemm, double)
"""


@pytest.mark.parametrize("option", ["-DPLAIN_C", "-DUSE_CBLAS"])
def test_without_what_one_compiler_offers_and_with_a_cblas(option, tmp_path):
    (tmp_path / "cblas.h").write_text(CBLAS)
    own = tmp_path / "module"
    own.mkdir()
    built = libraries(tmp_path, [LSTM], *QUICK, "-Wall", "-Wextra", "-Wpedantic", "-Werror", option, f"-I{tmp_path}")
    module, reference = loaded(LSTM, own, built), imported(export_module(LSTM), "LSTM")
    for dtype, tolerance in TOLERANCES.items():
        found, wanted = (run(m, *wide(m, dtype)) for m in (module, reference))
        assert max(map(relative_error, found, wanted)) <= tolerance


def test_the_sanitizers_find_nothing(tmp_path):
    """Every kind of operation, both dtypes, under the address and undefined-behaviour sanitizers."""
    asan = subprocess.run([str(COMPILER), "-print-file-name=libasan.so"], capture_output=True, text=True).stdout.strip()
    if not Path(asan).is_absolute():
        pytest.skip("the C compiler has no address sanitizer")
    sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"]
    libraries(tmp_path, SOME, *QUICK, *sanitize)
    done = sanitized(asan, tmp_path)
    assert done.stdout.split() == [cell.name for cell in SOME], done.stderr[-3000:]
    assert done.returncode != 0 and "heap-buffer-overflow" in done.stderr, "a scratch that is too small passes"


def sanitized(asan, folder):
    root = Path(__file__).parents[2]
    environment = os.environ | {
        "LD_PRELOAD": asan,
        "ASAN_OPTIONS": "detect_leaks=0",
        "PYTHONPATH": f"{root}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        "PYTHONMALLOC": "malloc",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "tests.export.c_sanitized", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=root)


def test_a_mistake_in_the_c_source_turns_red(tmp_path):
    source = c_module(LSTM)
    for k, (right, wrong) in enumerate(
        [
            ("d_h * o_row[j]", "d_h"),
            ("for (size_t t = T; t-- > 0;)", "for (size_t t = 0; t < T; t++)"),
            ("U_z, n, d, d, 1)", "U_f, n, d, d, 1)"),
            ("1 / (1 + (scale", "1 / (1.0001 + (scale"),
        ]
    ):
        assert source.count(right) == 1, right
        folder = tmp_path / str(k)
        folder.mkdir()
        (folder / "cells.c").write_text(source.replace(right, wrong))
        module = loaded(LSTM, folder, {"float64": compiled(folder / "cells.c", folder / "wrong.so", *QUICK)})
        assert max(errors(module, LSTM, experiment_on(LSTM)).values()) > 1e-6, right


@pytest.mark.parametrize("cell", [LSTM, CELLS["GRU"], SLSTM], ids=lambda cell: cell.name)
def test_large_pre_activations_and_what_is_no_number(cell, built, tmp_path):
    module = loaded(cell, tmp_path, built)
    for dtype in TOLERANCES:
        experiment = as_dtype(experiment_on(cell), dtype)
        name, value = next(iter(experiment.inputs.items()))
        large = replace(experiment, inputs={name: value * np.asarray(1000, dtype)})
        for quantity, error in errors(module, cell, large, least=1.0).items():
            scale = 1000 if quantity.startswith("d U") else 1
            assert error <= scale * TOLERANCES[dtype], quantity
        value = value.copy()
        value[1, 0] = np.nan
        outputs, _, _ = replace(experiment, inputs={name: value}).run(module)
        for output in outputs.values():
            assert np.isnan(output[1:, 0]).all() and np.isfinite(output[:, 1:]).all() and np.isfinite(output[0]).all()


def test_backward_changes_nothing_that_it_reads(built, tmp_path):
    module = loaded(LSTM, tmp_path, built)
    params, x, state, d_outputs, d_state = wide(module, "float64")
    outputs, last, cache = module.forward(params, x, state)
    first = module.backward(params, cache, d_outputs, d_state)
    outputs[...] = np.nan
    last.h[...] = np.nan
    again = module.backward(params, cache, d_outputs, d_state)
    for a, b in zip([*first[0], first[1], *first[2]], [*again[0], again[1], *again[2]], strict=True):
        np.testing.assert_array_equal(a, b)


def test_prepared_calls_read_their_arrays_anew(built, tmp_path):
    module = loaded(LSTM, tmp_path, built)
    given = wide(module, "float32")
    prepared = module.Prepared(*given)
    for scale in (1, 2):
        given[1][...] *= scale
        prepared.forward()
        prepared.backward()
        found = [prepared.outputs, *prepared.last, *prepared.d_params, prepared.d_inputs, *prepared.d_first]
        for a, b in zip(found, run(module, *given), strict=True):
            np.testing.assert_array_equal(a, b)


def test_calls_beside_each_other(built, tmp_path):
    module = loaded(LSTM, tmp_path, built)
    given = [wide(module, "float64", B=b) for b in (3, 4)]
    wanted = [run(module, *each) for each in given]
    wrong: list[int] = []

    def work(k):
        for _ in range(20):
            if not all(np.array_equal(a, b) for a, b in zip(run(module, *given[k]), wanted[k], strict=True)):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_arrays_that_are_not_contiguous(built, tmp_path):
    module = loaded(LSTM, tmp_path, built)
    params, x, state, d_outputs, d_state = wide(module, "float64")
    turned = np.asfortranarray(x), params._replace(W_f=np.asfortranarray(params.W_f))
    strided = np.repeat(d_outputs, 2, axis=-1)[..., ::2]
    wanted = run(module, params, x, state, d_outputs, d_state)
    for a, b in zip(run(module, turned[1], turned[0], state, strided, d_state), wanted, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("cell", SOME, ids=lambda cell: cell.name)
@pytest.mark.parametrize("steps, batch", [(0, 5), (4, 0), (0, 0)])
def test_no_step_or_no_sequence(cell, steps, batch, built, tmp_path):
    """The Python module refuses them, the functions define them."""
    module, whole = loaded(cell, tmp_path, built), experiment_on(cell)
    sizes = module.checked(params=module.Params(*whole.params.values()), state=module.State(*whole.states.values()),
                           **{group(module): arguments(module, whole.inputs, "Inputs")})  # fmt: skip
    module.checked = lambda **given: {**sizes, "T": steps, "B": batch}
    rows = {"inputs": (steps, batch), "d_outputs": (steps, batch), "states": (batch,), "d_state": (batch,)}
    empty = replace(whole, **{
        name: {k: v[tuple(slice(size) for size in lead)] for k, v in getattr(whole, name).items()}
        for name, lead in rows.items()
    })  # fmt: skip
    _, last, _ = empty.run(module)
    gradients = empty.gradients(module)
    for name, value in empty.states.items():
        np.testing.assert_array_equal(last[name], value)
        np.testing.assert_array_equal(gradients[f"{name}0"], empty.d_state[name])
    for name, value in empty.params.items():
        np.testing.assert_array_equal(gradients[name], np.zeros_like(value))


def group(module):
    return "inputs" if hasattr(module, "Inputs") else next(name for name in module.SHAPES if "." not in name)


def arguments(module, values, kind):
    return getattr(module, kind)(*values.values()) if hasattr(module, kind) else next(iter(values.values()))


def test_wrong_arguments_are_named(built, tmp_path, monkeypatch):
    module = loaded(LSTM, tmp_path, built)
    given = wide(module, "float64")
    _, _, cache = module.forward(*given[:3])
    with pytest.raises(ValueError, match=r"params.W_f has shape \(36, 37\)"):
        module.forward(given[0]._replace(W_f=given[0].W_f[1:]), *given[1:3])
    with pytest.raises(ValueError, match="there is no step to compute: T is 0"):
        module.forward(given[0], given[1][:0], given[2])
    with pytest.raises(ValueError, match=r"the cache is of another forward pass: \d+ numbers; wanted \d+"):
        module.backward(given[0], cache._replace(x=given[1][:-1]), given[3][:-1], given[4])
    half = loaded(LSTM, tmp_path)
    with pytest.raises(TypeError, match="the arrays are complex128; lstm has functions for float32 and float64"):
        run(half, *wide(half, "complex128"))
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(OSError, match="there is no C compiler 'no-such-compiler'; install one, or name yours in CC"):
        run(half, *wide(half, "float64"))
    monkeypatch.setenv("CC", str(COMPILER))
    half.FLAGS = "-no-such-flag"
    with pytest.raises(OSError, match=r"could not build .*lstm\.c"):
        run(half, *wide(half, "float64"))


def test_letters_that_clash_with_c_get_other_names(tmp_path):
    names = [("int", "row", "j"), ("sigma", "tile", "pack"), ("T", "cache", "x_row"), ("exp", "h_row", "h")]
    names += [("λ", "ü", "_")]
    cells = []
    for k, (first, second, third) in enumerate(names):
        state, A, b = Sequence(first, n), Parameter(second, n, n), Parameter(third, n)
        cells.append(Cell(f"clash_{k}", Eq(state[t], tanh(A * state[t - 1] + U * x[t] + b))))
    built = libraries(tmp_path, cells, *QUICK, *WARNINGS)
    for cell in cells:
        assert max(errors(loaded(cell, tmp_path, built), cell, experiment_on(cell)).values()) <= 1e-12


def test_what_has_no_c_form_is_named():
    M, p = Sequence("M", n, n), Parameter("p", n)
    with pytest.raises(TypeError, match=r"no C form for Diag \(diag\(p\)\)"):
        c_module(Cell("turned", Eq(M[t], diag(p) * M[t - 1] * W), Eq(h[t], M[t] * h[t - 1] + U * x[t])))
    with pytest.raises(TypeError, match=r"no C form for .*: columns are put below each other, not matrices"):
        c_module(Cell("halves", Eq(M[t], beside(W, U) * beside(M[t - 1], h[t - 1] * x[t].T).T), Eq(h[t], U * x[t])))
    with pytest.raises(TypeError, match="no C form for the constant matrix"):
        c_module(Cell("inverse", Eq(h[t], tanh((W**-1) * h[t - 1] + U * x[t]))))


def test_the_memory_of_the_mlstm_is_written_by_rows_and_columns():
    source = c_module(CELLS["mLSTM"])
    assert "double *C; /* B x N x M */" in source
    line = "C_row[j * M + col] = f_row[0] * C_prev_row[j * M + col] + i_row[0] * (v_row[j] * k_row[col]);"
    assert source.count(line) == 1


def test_a_source_says_what_it_is_from():
    source = c_module(LSTM)
    assert (
        "Gers, Schmidhuber & Cummins 2000" in source
        and f"hash of the equations: {cell_hash(LSTM)}" in source
        and staleness(source) is None
    )
    assert "/* c[t] = hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t]) */" in source
    assert source != c_module(CELLS["NP"]) and "malloc" not in source and "static real" not in source
