"""Layers, directions and lengths of exported modules: against plain calls on each sequence by itself."""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from lstm_sym.activations import tanh
from lstm_sym.cells import CELLS, GRU, LSTM, RNN_LOSS, cell_named
from lstm_sym.export import export_module, layers
from lstm_sym.export.experiment import imported
from lstm_sym.export.files import export_files
from lstm_sym.export.freshness import staleness
from lstm_sym.export.plan import with_activation

from .backends import ARRAYS, TOLERANCE
from .cells import CELLS as MORE
from .stacked import LENGTHS, B, T, close, converted, flat, network_of, one_by_one

ZOO = {name: with_activation(cell, tanh) for name, cell in CELLS.items()}
SEVERAL = {cell.name: cell for cell in MORE if cell.name in ("two_outputs", "two_inputs", "matrix_memory", "no_state")}
EVERY = ZOO | SEVERAL
SOME = ["LSTM", "GRU", "RNN_loss", "LSTM_projection", "SRU", "QRNN"]
"""Cells for the costly backends: several states, several inputs, widths that differ or must be the same."""


@cache
def layered(cell, backend="numpy"):
    return imported(export_module(cell, backend, layers=True), cell.name)


def both(net, lengths=None):
    outputs, finals, trace = net.module.forward_layers(net.params, net.x, net.states, lengths)
    return outputs, finals, *net.module.backward_layers(net.params, trace, net.d_outputs, net.d_states)


def as_is(net, cell, backend="numpy", convert=np.asarray):
    return converted(net, convert, layered(cell, backend))


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lengths", [None, LENGTHS, [T] * B, [0] * B], ids=["whole", "ragged", "full", "none"])
@pytest.mark.parametrize("name", EVERY)
def test_every_cell_in_two_layers_and_directions_is_as_each_sequence_by_itself(name, lengths):
    net = network_of(EVERY[name])
    close(both(as_is(net, EVERY[name]), lengths), one_by_one(net, lengths))


@pytest.mark.parametrize("seed", range(4))
def test_random_lengths_layers_and_directions(seed):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, T, B, endpoint=True)
    net = network_of(GRU, layers=1 + seed, directions=1 + seed % 2, seed=seed)
    close(both(as_is(net, GRU), lengths), one_by_one(net, lengths))


def test_float32_stays_float32():
    net = network_of(LSTM, dtype="float32")
    found = both(as_is(net, LSTM), LENGTHS)
    assert {value.dtype for value in flat(found)} == {np.dtype("float32")}
    close(found, one_by_one(network_of(LSTM), LENGTHS), 1e-5)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SOME)
def test_the_array_api_agrees(name, dtype):
    convert, back = ARRAYS["array-api"]()
    net = network_of(ZOO[name], dtype=dtype)
    found = both(as_is(net, ZOO[name], "array-api", convert), convert(np.array(LENGTHS)))
    close(found, one_by_one(network_of(ZOO[name]), LENGTHS), TOLERANCE[dtype], back)


def test_the_array_api_module_takes_tensors():
    torch = pytest.importorskip("torch", reason="the extra torch is not installed")
    net = as_is(network_of(LSTM), LSTM, "array-api", torch.asarray)
    close(both(net, torch.tensor(LENGTHS)), one_by_one(network_of(LSTM), LENGTHS))


@pytest.mark.parametrize("name", ["LSTM", "RNN_loss"])
def test_numba_agrees(name, tmp_path, monkeypatch):
    pytest.importorskip("numba", reason="the extra numba is not installed")
    (tmp_path / f"numba_{name}.py").write_text(export_module(ZOO[name], "numba", layers=True), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(f"numba_{name}")
    monkeypatch.delitem(sys.modules, f"numba_{name}")
    net = network_of(ZOO[name])
    close(both(converted(net, np.asarray, module), LENGTHS), one_by_one(net, LENGTHS))


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
@pytest.mark.parametrize("name", SOME)
def test_c_agrees(name, tmp_path, monkeypatch):
    for file, text in export_files(ZOO[name], "c", layers=True).items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    (stem,) = [path.stem for path in tmp_path.glob("*.py")]
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(stem)
    monkeypatch.delitem(sys.modules, stem)
    net = network_of(ZOO[name])
    for lengths in (LENGTHS, None):
        close(both(converted(net, np.asarray, module), lengths), one_by_one(net, lengths))
    net = network_of(ZOO[name], dtype="float32")
    close(both(converted(net, np.asarray, module), LENGTHS), one_by_one(network_of(ZOO[name]), LENGTHS), 1e-5)


# --- what is passed -----------------------------------------------------------------------------


def test_a_layer_may_be_bare_params_and_a_direction_says_its_way():
    """Gradients and states come back in the form of the layers."""
    net = as_is(network_of(GRU, directions=1), GRU)
    module, bare = net.module, [params for (params,) in net.params]
    said = [(module.Direction(bare[0], reverse=True),), module.Direction(bare[1])]
    outputs, finals, trace = module.forward_layers(bare, net.x, [s for (s,) in net.states], LENGTHS)
    d_params, _, d_initial = module.backward_layers(bare, trace, net.d_outputs)
    assert [type(one) for one in (*finals, *d_params, *d_initial)] == [module.State] * 2 + [module.Params] * 2 + [
        module.State
    ] * 2
    net.d_states = [[module.State(*map(np.zeros_like, s)) for s in row] for row in net.d_states]
    close([outputs, d_params], [one_by_one(net, LENGTHS)[k] for k in (0, 2)])
    outputs, finals, trace = module.forward_layers(said, net.x, [net.states[0], net.states[1][0]], LENGTHS)
    d_params, *_ = module.backward_layers(said, trace, net.d_outputs)
    assert isinstance(finals[0], tuple) and isinstance(finals[1], module.State)
    assert isinstance(d_params[0][0], module.Params) and isinstance(d_params[1], module.Params)
    net.reverse = [[True], [False]]
    close([outputs, d_params], [one_by_one(net, LENGTHS)[k] for k in (0, 2)])


def test_layers_of_unlike_cells():
    lower, upper = as_is(network_of(GRU, layers=1), GRU), layered(LSTM)
    rng = np.random.default_rng(0)
    width = 2 * lower.states[0][0].h.shape[1]
    params = upper.Params(
        *[
            rng.normal(0, 0.5, [{"n": 3, "d": width}[a] for a in upper.SHAPES[f"params.{f}"]])
            for f in upper.Params._fields
        ]
    )
    layers = [lower.params[0], upper.Direction(params)]
    outputs, finals, trace = lower.module.forward_layers(layers, lower.x, lengths=LENGTHS)
    between, _, below = lower.module.forward_layers(lower.params, lower.x, lengths=LENGTHS)
    wanted, last, above = upper.forward_layers([params], between, lengths=LENGTHS)
    close([outputs, finals[1]], [wanted, last[0]], 0)
    weights = rng.normal(size=outputs.shape)
    (d_upper,), d_between, _ = upper.backward_layers([params], above, weights)
    d_lower, d_x, _ = lower.module.backward_layers(lower.params, below, d_between)
    found = lower.module.backward_layers(layers, trace, weights)
    close([found[0], found[1]], [[d_lower[0], d_upper], d_x], 0)


def test_nothing_is_computed_on_padding_and_nothing_given_is_changed():
    net = as_is(network_of(LSTM), LSTM)
    clean = both(net, LENGTHS)
    for b, length in enumerate(LENGTHS):
        net.x[length:, b] = net.d_outputs[length:, b] = np.nan
    given = flat([net.params, net.x, net.states, net.d_outputs, net.d_states])
    before = [value.copy() for value in given]
    close(both(net, np.array(LENGTHS, "uint8")), clean, 0)
    for value, kept in zip(given, before, strict=True):
        np.testing.assert_array_equal(value, kept)


def test_states_that_are_not_given_are_zero():
    net = as_is(network_of(LSTM), LSTM)
    zero = [[net.module.State(*map(np.zeros_like, s)) for s in row] for row in net.states]
    (one, _, a), (other, _, b) = (net.module.forward_layers(net.params, net.x, s, LENGTHS) for s in (None, zero))
    close([one, net.module.backward_layers(net.params, a, net.d_outputs)], 
          [other, net.module.backward_layers(net.params, b, net.d_outputs, zero)], 0)  # fmt: skip


def _forward(net, **changes):
    given = {"layers": net.params, "x": net.x, "states": net.states, "lengths": LENGTHS} | changes
    return net.module.forward_layers(**given)


@pytest.mark.parametrize(
    "change, kind, told",
    [
        (lambda n: {"layers": []}, ValueError, "layers is empty"),
        (lambda n: {"layers": n.params[0][0]}, TypeError, "layers is a Params; wanted a list of layers"),
        (lambda n: {"layers": [n.x]}, TypeError, "layer 0 is a ndarray; wanted Params, a Direction, or a tuple"),
        (lambda n: {"layers": [(n.x,)], "states": None}, TypeError, "layer 0, direction 0: params is a ndarray"),
        (lambda n: {"layers": [n.params[0][:1] * 3], "states": None}, ValueError, "layer 0 has 3 directions; say of"),
        (
            lambda n: {"layers": [n.params[0][:1], n.params[1]], "states": None},
            ValueError,
            r"layer 1, direction 0, which reads the outputs of layer 0: x has shape \(5, 6, 3\); wanted \(T, B, d\) = "
            r"\(5, 6, 6\)",
        ),
        (lambda n: {"x": n.x[0]}, ValueError, r"layer 0, direction 0: x has shape \(6, 2\); wanted the axes"),
        (lambda n: {"x": n.x.tolist()}, TypeError, "layer 0, direction 0: x is of type list"),
        (lambda n: {"x": n.x.astype("float32")}, TypeError, "layer 0, direction 0: x is float32, the arguments before"),
        (lambda n: {"x": n.x[:0]}, ValueError, "there is no step to compute: T is 0"),
        (lambda n: {"x": n.x[:, :0], "lengths": [], "states": None}, ValueError, "there is no sequence to compute"),
        (lambda n: {"states": []}, ValueError, r"states has \[\] values in its layers; wanted \[2, 2\]"),
        (
            lambda n: {"states": [n.states[0], [n.states[0][0], type(n.states[0][0])(n.x[0], n.x[0])]]},
            ValueError,
            r"layer 1, direction 1, which reads the outputs of layer 0: state.h has shape \(6, 2\)",
        ),
        (lambda n: {"lengths": [1, 2]}, ValueError, r"lengths has shape \(2,\); wanted 6 whole numbers"),
        (lambda n: {"lengths": 3}, ValueError, r"lengths has shape \(\); wanted 6 whole numbers"),
        (lambda n: {"lengths": np.ones((6, 1), int)}, ValueError, r"lengths has shape \(6, 1\)"),
        (lambda n: {"lengths": np.ones(6)}, TypeError, "lengths holds .*1.0.*; wanted whole numbers"),
        (lambda n: {"lengths": [1, 2, 3, 4, 5, "6"]}, TypeError, "lengths holds '6'; wanted whole numbers"),
        (lambda n: {"lengths": [1, 2, 3, 4, 5, 6]}, ValueError, "lengths holds 6; wanted 0 to 5 steps"),
        (lambda n: {"lengths": [1, 2, 3, 4, 5, -1]}, ValueError, "lengths holds -1; wanted 0 to 5 steps"),
    ],
)
def test_misuse_is_told(change, kind, told):
    net = as_is(network_of(LSTM), LSTM)
    with pytest.raises(kind, match=told):
        _forward(net, **change(net))


@pytest.mark.parametrize(
    "change, kind, told",
    [
        (lambda n: {"d_outputs": n.x}, ValueError, r"d_outputs has shape \(5, 6, 2\); wanted .*, \(5, 6, 6\)"),
        (lambda n: {"d_outputs": [1.0]}, ValueError, "d_outputs has shape list; wanted"),
        (
            lambda n: {"d_states": n.d_states[:1]},
            ValueError,
            r"d_states has \[2\] values in its layers; wanted \[2, 2\]",
        ),
        (lambda n: {"d_states": [n.params[0], n.d_states[1]]}, TypeError, "layer 0, direction 0: d_state is a Params"),
        (
            lambda n: {"d_states": [n.d_states[0], [type(s)(*n.params[0][0][:2]) for s in n.d_states[1]]]},
            ValueError,
            r"layer 1, direction 0: d_state.h has shape \(3, 3\)",
        ),
        (lambda n: {"layers": n.params[:1]}, ValueError, "the trace is that of other layers"),
    ],
)
def test_misuse_of_the_backward_pass_is_told(change, kind, told):
    net = as_is(network_of(LSTM), LSTM)
    trace = _forward(net)[2]
    with pytest.raises(kind, match=told):
        net.module.backward_layers(
            **{"layers": net.params, "trace": trace, "d_outputs": net.d_outputs, "d_states": None} | change(net)
        )


def test_a_cell_of_several_inputs_is_the_lowest_layer_or_refused():
    net = as_is(network_of(RNN_LOSS_TANH), RNN_LOSS_TANH)
    told = "layer 1, direction 0, which reads the outputs of layer 0: inputs is a ndarray of"
    with pytest.raises(TypeError, match=told):
        net.module.forward_layers([net.params[0], net.params[0]], net.x)


RNN_LOSS_TANH = with_activation(RNN_LOSS, tanh)


# --- the text -----------------------------------------------------------------------------------


def test_the_text_is_the_code_of_this_library_after_the_module_itself():
    source, alone = (export_module(LSTM, layers=some, pieces=True) for some in (True, False))
    assert alone[alone.index("class Params") :] in source and inspect.getsource(layers.forward_layers) in source


@pytest.mark.parametrize("backend", ["numpy", "numba", "array-api", "c"])
def test_no_name_is_defined_twice(backend):
    few = backend in ("numba", "c")  # what they define beside the two passes does not depend on the cell
    for cell in [ZOO[name] for name in SOME] if few else (*ZOO.values(), *MORE):
        files = export_files(cell, backend, layers=True)
        text = next(text for name, text in files.items() if name.endswith(".py"))
        names = re.findall(r"^(?:def|class) (\w+)", text, re.MULTILINE)
        assert len(names) == len(set(names)), cell.name


@pytest.mark.skipif(shutil.which("ruff", path=sys.prefix + "/bin") is None, reason="ruff is not installed")
def test_the_files_pass_ruff(tmp_path):
    for name in ("LSTM", "RNN_loss"):
        (tmp_path / f"{name}.py").write_text(export_module(ZOO[name], layers=True), encoding="utf-8")
        (tmp_path / f"{name}_xp.py").write_text(export_module(ZOO[name], "array-api", layers=True), encoding="utf-8")
        text = next(text for file, text in export_files(ZOO[name], "c", layers=True).items() if file.endswith(".py"))
        (tmp_path / f"{name}_c.py").write_text(text, encoding="utf-8")
    ruff = [f"{sys.prefix}/bin/ruff"]
    rules = ["--isolated", "--line-length=120", "--no-cache"]
    lint = ["--select=E,F,I,B,UP,SIM,RUF", "--ignore=RUF001,RUF002,RUF003,E741,B905", "--target-version=py311"]
    done = subprocess.run([*ruff, "check", *rules, *lint, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    done = subprocess.run([*ruff, "format", "--diff", *rules, tmp_path / "LSTM.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_file_with_layers_knows_its_cell():
    source = export_module(LSTM, layers=True)
    assert staleness(source) is None and staleness(source, LSTM) is None
    assert staleness(source, cell_named("LSTM_1997")) == "the equations of LSTM_1997 have changed since it was written"
    assert staleness(export_files(GRU, "c", layers=True)["gru.py"]) is None


@pytest.mark.parametrize(
    "backend, told",
    [("c", "are in the Python module beside the C file: export to a folder"), ("onnx", "an ONNX graph is no text")],
)
def test_what_has_no_layers_says_so(backend, told):
    with pytest.raises(ValueError, match=told):
        export_module(LSTM, backend, layers=True)


def test_here_a_direction_must_name_its_module():
    with pytest.raises(AttributeError):
        layers.forward_layers([layered(LSTM).Params(*[np.ones(1)] * 12)], np.ones((2, 1, 1)))
