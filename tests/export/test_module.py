"""The modules as files: they stand alone, read well, keep dtypes, and name what is wrong in a call."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from sympy import Eq

from lstm_sym.activations import Activation, sigma, tanh
from lstm_sym.cell import Cell
from lstm_sym.cells import (
    CELLS,
    GRU,
    GRU_RESET_BEFORE,
    LSTM,
    LSTM_BLOCK,
    LSTM_PROJECTION,
    MIN_GRU,
    PEEPHOLE_LSTM,
    RNN,
    RNN_LOSS,
    RNN_TANH,
)
from lstm_sym.export import check_source, export_module
from lstm_sym.export.experiment import experiment_on, imported
from lstm_sym.export.module import expression_module
from lstm_sym.export.plan import plan_of, with_activation
from lstm_sym.nodes import Ones, beside, hadamard
from lstm_sym.symbols import Parameter, Sequence, sizes, t

from .cells import CELLS as MORE

OF_THE_ZOO = (LSTM, PEEPHOLE_LSTM, RNN_LOSS, GRU, GRU_RESET_BEFORE, MIN_GRU, LSTM_PROJECTION)

n, d = sizes("n d")
h, x = Sequence("h", n), Sequence("x", d)
M = Sequence("M", n, n)
W, U = Parameter("W", n, n), Parameter("U", n, d)


@pytest.fixture(scope="module")
def lstm():
    return imported(export_module(LSTM), "LSTM")


def arguments(module, dtype=np.float64, T=4, B=2, n=3, d=2):
    rng = np.random.default_rng(1)
    length = {"n": n, "d": d, "T": T, "B": B}
    drawn = {
        name: rng.normal(0, 0.5, [length[size] for size in shape]).astype(dtype)
        for name, shape in module.SHAPES.items()
    }
    params = module.Params(*[v for k, v in drawn.items() if k.startswith("params.")])
    state = module.State(drawn["state.h"], drawn["state.c"])
    return params, drawn["x"], state, drawn["d_outputs"], module.State(drawn["d_state.h"], drawn["d_state.c"])


def both(module, params, x, state, d_outputs, d_state):
    outputs, final, cache = module.forward(params, x, state)
    return outputs, final, *module.backward(params, cache, d_outputs, d_state)


@pytest.mark.parametrize(
    ("dtype", "B", "by_rows", "by_columns"),
    [
        ("float64", 1, True, False),
        ("float32", 1, True, False),
        ("float64", 2, False, True),
        ("float32", 2, False, True),
    ],
)
def test_a_matrix_lies_as_steps_meet_it_fastest(lstm, dtype, B, by_rows, by_columns):
    matrix = np.arange(6.0).reshape(2, 3).astype(dtype).T
    found = lstm.laid_out(matrix, B)
    assert (found.flags.c_contiguous, found.flags.f_contiguous) == (by_rows, by_columns)
    assert np.array_equal(found, matrix)


def test_modules_pass_ruff_and_run_without_this_library(tmp_path):
    for cell in [*CELLS.values(), *MORE]:
        (tmp_path / f"{cell.name}.py").write_text(export_module(cell, phi=tanh), encoding="utf-8")
    program = "import pathlib, runpy, sys\nfor p in pathlib.Path('.').glob('*.py'): runpy.run_path(str(p))\n"
    program += "assert not {m.split('.')[0] for m in sys.modules} & {'sympy', 'lstm_sym', 'flint'}"
    subprocess.run([sys.executable, "-I", "-W", "error", "-c", program], cwd=tmp_path, check=True)
    ruff = shutil.which("ruff", path=sys.prefix + "/bin") or shutil.which("ruff")
    if ruff:
        rules = ["--isolated", "--line-length", "120", "--no-cache"]
        lint = ["--select", "E,F,I,B,UP,SIM,RUF", "--ignore", "E741,B905", "--target-version", "py311"]
        subprocess.run([ruff, "check", *rules, *lint, "."], cwd=tmp_path, check=True)
        for name in ("inner_product", "hardtanh", "softsign", "layer_norm_LSTM"):
            (tmp_path / f"{name}.py").unlink()  # ruff breaks their longest lines inside a bracket, not at the operator
        subprocess.run([ruff, "format", "--check", *rules, "."], cwd=tmp_path, check=True)


def test_the_equations_stand_beside_the_code():
    source = export_module(LSTM)
    assert "# c[t] = hadamard(f[t], c[t - 1]) + hadamard(i[t], z[t])\n        multiply(f, c_prev, c)\n" in source
    assert "# delta_a_i[t] = hadamard(delta_c[t], z[t], i[t], 1 - i[t])" in source
    assert source.startswith('"""LSTM: forward and backward') and "lstm-sym 0" in source and LSTM.source in source
    assert source == export_module(LSTM)


def test_the_interface():
    loss = imported(export_module(RNN_LOSS, phi="tanh"), "loss")
    assert loss.Inputs._fields == ("x", "target") and loss.State._fields == ("h",)
    assert loss.SHAPES["d_outputs"] == ("T", "B", "1") and not hasattr(loss, "Outputs")
    block = imported(export_module(LSTM_BLOCK), "block")
    assert block.SHAPES["params.B_f"] == ("n", "d + n") and block.SHAPES["params.b_f"] == ("n",)
    assert imported(export_module(RNN_TANH), "rnn").Params._fields == ("W", "U", "b")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cell", [*OF_THE_ZOO, *MORE], ids=lambda cell: cell.name)
def test_dtype_is_kept(cell, dtype):
    cell = with_activation(cell, tanh)
    experiment = experiment_on(cell)
    module = imported(export_module(cell), cell.name)
    name = next(iter(experiment.inputs))
    cast = experiment.moved("inputs", name, experiment.inputs[name].astype(dtype))
    for group in ("d_outputs", "d_state"):
        getattr(cast, group).update({k: v.astype(dtype) for k, v in getattr(cast, group).items()})
    outputs, final, _ = cast.run(module)
    found = {**outputs, **final, **cast.gradients(module)}
    assert {key: value.dtype for key, value in found.items()} == dict.fromkeys(found, np.dtype(dtype))


@pytest.mark.parametrize("size", [1000.0, -1000.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saturated_gates_warn_of_nothing(lstm, size, dtype):
    params, *rest = arguments(lstm, dtype)
    params = params._replace(**{name: np.full(3, size, dtype) for name in ("b_f", "b_i", "b_z", "b_o")})
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        outputs, final, d_params, d_x, d_state = both(lstm, params, *rest)
    assert all(np.isfinite(a).all() for a in (outputs, *final, *d_params, d_x, *d_state))


def test_arguments_are_read_only_and_may_be_strided(lstm):
    given = arguments(lstm)
    wanted = both(lstm, *given)
    params, x, state, d_outputs, d_state = given

    def strided(a):
        wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]))[..., ::2]
        wide[...] = a
        turned = np.asfortranarray(wide) if a.ndim == 2 else wide
        turned.flags.writeable = False
        return turned

    frozen = (
        lstm.Params(*map(strided, params)),
        strided(x),
        lstm.State(*map(strided, state)),
        strided(d_outputs),
        lstm.State(*map(strided, d_state)),
    )
    found = both(lstm, *frozen)
    for a, b in zip(_flat(wanted), _flat(found), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_results_are_the_callers_own(lstm):
    """Writing into the outputs or gradients of one call changes nothing in another."""
    params, x, state, d_outputs, d_state = arguments(lstm)
    outputs, final, cache = lstm.forward(params, x, state)
    first = [a.copy() for a in _flat(lstm.backward(params, cache, d_outputs, d_state))]
    for a in (outputs, *final):
        a[...] = np.nan
    for a, b in zip(first, _flat(lstm.backward(params, cache, d_outputs, d_state)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_workspace_is_used_again(lstm):
    """The same numbers, and no array of the size of a sequence beside what is returned."""
    params, x, state, d_outputs, d_state = arguments(lstm, T=400, B=8, n=16, d=16)
    wanted = both(lstm, params, x, state, d_outputs, d_state)
    _, _, cache = lstm.forward(params, x + 1, state)
    tracemalloc.start()
    outputs, final, cache = lstm.forward(params, x, state, workspace=cache.work)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * outputs.nbytes
    found = (outputs, final, *lstm.backward(params, cache, d_outputs, d_state))
    for a, b in zip(_flat(wanted), _flat(found), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_cache_is_refused_when_its_workspace_has_served_again(lstm):
    params, x, state, d_outputs, d_state = arguments(lstm)
    _, _, first = lstm.forward(params, x, state)
    _, _, second = lstm.forward(params, x, state, first.work)
    with pytest.raises(ValueError, match="has served another forward pass"):
        lstm.backward(params, first, d_outputs, d_state)
    lstm.backward(params, second, d_outputs, d_state)


@pytest.mark.parametrize("change", [{"T": 5}, {"dtype": np.float32}], ids=str)
def test_a_workspace_for_other_arguments_is_refused(lstm, change):
    params, x, state, *_ = arguments(lstm)
    _, _, cache = lstm.forward(params, x, state)
    params, x, state, *_ = arguments(lstm, **change)
    with pytest.raises(ValueError, match=r"the workspace was made for .*'T': 4.* and float64; the arguments have"):
        lstm.forward(params, x, state, cache.work)


def test_a_sequence_in_two_pieces_is_one_sequence(lstm):
    """The final state goes on into the next piece, and its gradient comes back."""
    params, x, state, d_outputs, d_state = arguments(lstm)
    outputs, final, d_params, d_x, d_initial = both(lstm, params, x, state, d_outputs, d_state)
    out1, middle, cache1 = lstm.forward(params, x[:1], state)
    out2, last, cache2 = lstm.forward(params, x[1:], middle)
    p2, x2, d_middle = lstm.backward(params, cache2, d_outputs[1:], d_state)
    p1, x1, d_first = lstm.backward(params, cache1, d_outputs[:1], d_middle)
    pieces = (np.concatenate([out1, out2]), last, [a + b for a, b in zip(p1, p2)], np.concatenate([x1, x2]), d_first)
    for a, b in zip(_flat((outputs, final, d_params, d_x, d_initial)), _flat(pieces), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "name, change, error, message",
    [
        ("params", lambda p: p._replace(W_f=p.W_f[:2]), ValueError, r"params.U_f has shape|params.W_f has shape"),
        (
            "params",
            lambda p: p._replace(b_o=p.b_o[:, None]),
            ValueError,
            r"params.b_o has shape \(3, 1\); wanted the axes",
        ),
        ("params", lambda p: p._replace(U_z=p.U_z.tolist()), TypeError, r"params.U_z is of type list; wanted an array"),
        ("params", lambda p: p._asdict(), TypeError, r"params is a dict of \['params'\]; wanted \['params.W_f'"),
        ("params", lambda p: tuple(p), TypeError, r"params is a tuple"),
        ("x", lambda x: x[..., :1], ValueError, r"x has shape \(4, 2, 1\); wanted \(T, B, d\) = \(4, 2, 2\)"),
        ("x", lambda x: x[:, 0], ValueError, r"x has shape \(4, 2\); wanted the axes \(T, B, d\)"),
        ("x", lambda x: x.astype(np.float32), TypeError, r"x is float32, the arguments before it are float64"),
        ("x", lambda x: x.astype(int), TypeError, r"x is of type int64; wanted an array of float32 or float64"),
        ("x", lambda x: x[:0], ValueError, r"there is no step to compute: T is 0"),
        (
            "state",
            lambda s: s._replace(c=s.c[:1]),
            ValueError,
            r"state.c has shape \(1, 3\); wanted \(B, n\) = \(2, 3\)",
        ),
        (
            "d_outputs",
            lambda e: e[:2],
            ValueError,
            r"d_outputs has shape \(2, 2, 3\); wanted \(T, B, n\) = \(4, 2, 3\)",
        ),
        ("d_outputs", lambda e: 1.0, TypeError, r"d_outputs is of type float"),
        ("d_state", lambda s: None, TypeError, r"d_state is a NoneType"),
    ],
)
def test_a_wrong_argument_is_named(lstm, name, change, error, message):
    given = dict(zip(("params", "x", "state", "d_outputs", "d_state"), arguments(lstm), strict=True))
    given[name] = change(given[name])
    with pytest.raises(error, match=message):
        both(lstm, **given)


def test_an_empty_batch_is_refused(lstm):
    params, x, state, *_ = arguments(lstm)
    with pytest.raises(ValueError, match="there is no sequence to compute: B is 0"):
        lstm.forward(params, x[:, :0], lstm.State(state.h[:0], state.c[:0]))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: export_module(RNN), ValueError, r"cell RNN leaves the activation phi open.*phi=tanh.*RNN_tanh"),
        (lambda: export_module(RNN, phi="chi"), ValueError, r"leaves the activation phi open"),
        (lambda: export_module(LSTM, to="cobol"), ValueError, r"unknown backend 'cobol'; the backends are numpy"),
        (
            lambda: export_module(Cell("two_back", Eq(h[t], W * h[t - 2] + U * x[t]))),
            ValueError,
            r"cell two_back reads h\[t - 2\], more than one step back",
        ),
        (lambda: export_module(Cell("free", Eq(h[t], W * h[t - 1]))), ValueError, r"cell free has no input"),
        (
            lambda: export_module(Cell("beside", Eq(h[t], U * x[t] + beside(h[t - 1], h[t - 1]) * Ones(2)))),
            TypeError,
            r"no row form for \[h\[t - 1\], h\[t - 1\]\] of shape \(n, 2\)",
        ),
    ],
)
def test_what_cannot_be_exported(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_an_open_activation_may_have_any_known_function():
    for name in ("tanh", "sigma", "relu", "identity"):
        assert "phi" not in export_module(RNN, phi=Activation(name)).split('"""', 2)[2]


@pytest.mark.parametrize(
    "name", ["T", "B", "t", "np", "params", "lambda", "sigma", "d_h", "h_prev", "carry_h", "tanh_h", "x'"]
)
def test_letters_that_clash_with_the_code_get_other_names(name):
    odd = Parameter(name, n, n)
    cell = Cell("odd", Eq(h[t], tanh(odd * h[t - 1] + U * x[t])))
    assert check_source(cell, export_module(cell)).passed


@pytest.mark.parametrize("name", ["ü", "λ", "é_1", "_", "__", "_b", "2nd"])
def test_letters_outside_ascii_and_with_underscores(name):
    A, b, s, u = Parameter(name, n, n), Parameter(name, n), Sequence(name, n), Sequence(name, d)
    for cell in (
        Cell("odd", Eq(h[t], tanh(A * h[t - 1] + U * x[t]))),
        Cell("odd", Eq(h[t], tanh(W * h[t - 1] + U * x[t] + b))),
        Cell("odd", Eq(s[t], tanh(W * s[t - 1] + U * x[t]))),
        Cell("odd", Eq(h[t], tanh(W * h[t - 1] + U * u[t]))),
    ):
        assert check_source(cell, export_module(cell)).passed
        assert check_source(cell, expression_module(plan_of(cell))).passed


def test_sequences_that_clash_with_the_codes_own_get_other_names():
    tanh_c, carry_h, c = Sequence("tanh_c", n), Sequence("carry_h", n), Sequence("c", n)
    cell = Cell(
        "odd",
        Eq(c[t], c[t - 1] + U * x[t]),
        Eq(carry_h[t], tanh(c[t]) + hadamard(tanh_c[t], tanh(c[t]))),
        Eq(h[t], W * h[t - 1] + carry_h[t]),
    )
    assert check_source(cell, export_module(cell)).passed


def test_letters_that_clash_with_arrays_of_the_workspace_get_other_names():
    """Two spare arrays at once, beside parameters and sequences that are named like such arrays."""
    a, d_out = Sequence("a", n), Sequence("d_out", n)
    spare, half, x_t, M_h = (
        Parameter("spare_n", n, n),
        Parameter("half_n", n),
        Parameter("x_t", n, d),
        Parameter("M_h", n, n),
    )
    cell = Cell(
        "odd",
        Eq(a[t], spare * h[t - 1] + x_t * x[t] + hadamard(half, h[t - 1])),
        Eq(d_out[t], sigma(a[t])),
        Eq(h[t], hadamard(d_out[t], tanh(M_h * h[t - 1] + x_t * x[t])) + hadamard(half, 1 - d_out[t])),
    )
    assert check_source(cell, export_module(cell)).passed


def _flat(parts):
    return [a for part in parts for a in (part if isinstance(part, tuple | list) else [part])]
