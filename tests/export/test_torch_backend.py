"""The PyTorch module under autograd: gradcheck, refusals, and the state dicts of torch.nn."""

from __future__ import annotations

import sys

import pytest

from lstm_sym.activations import relu
from lstm_sym.cells import CELLS, GRU, LSTM, LSTM_PROJECTION, RNN_TANH, elman
from lstm_sym.export.dialect import TORCH

from .backends import module_of

torch = pytest.importorskip("torch", reason="the extra torch is not installed")
torch.set_num_threads(1)

NETWORKS = {
    "RNN": (RNN_TANH, torch.nn.RNN, {}),
    "RNN, relu": (elman(relu), torch.nn.RNN, {"nonlinearity": "relu"}),
    "LSTM": (LSTM, torch.nn.LSTM, {}),
    "LSTM without biases": (LSTM, torch.nn.LSTM, {"bias": False}),
    "LSTM with projection": (LSTM_PROJECTION, torch.nn.LSTM, {"proj_size": 2}),
    "GRU": (GRU, torch.nn.GRU, {}),
    "GRU without biases": (GRU, torch.nn.GRU, {"bias": False}),
}


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SRU", "LSTM_projection", "linear_RNN", "mLSTM"])
def test_gradcheck_passes(name):
    module = module_of(CELLS[name], "torch")
    torch.manual_seed(0)
    sizes = {"T": 3, "B": 2, "n": 3, "m": 3, "d": 2, "r": 2, "M": 3, "N": 2, "1": 1}

    def drawn(name):
        return torch.randn([sizes[axis] for axis in module.SHAPES[name]], dtype=torch.float64, requires_grad=True)

    names = [name for name in module.SHAPES if not name.startswith("d_")]
    states = len(module.State._fields)

    def run(*arrays):
        *params, x = arrays[:-states]
        outputs, final = module.run(module.Params(*params), x, module.State(*arrays[-states:]))
        return outputs, *final

    assert torch.autograd.gradcheck(run, [drawn(name) for name in names])


@pytest.mark.parametrize("name", ["LSTM", "GRU", "FGR", "layer_norm_LSTM"])
def test_what_is_given_is_left_as_it_was(name):
    """The steps write in place: into stores of their own, never into an argument or the cache."""
    module = module_of(CELLS[name], "torch")
    torch.manual_seed(0)
    sizes = {"T": 4, "B": 2, "n": 3, "m": 3, "d": 2, "r": 2}
    drawn = {name: torch.randn([sizes[axis] for axis in axes]) for name, axes in module.SHAPES.items()}
    copies = {name: values.clone() for name, values in drawn.items()}
    params, state, d_state = (
        kind(*[drawn[f"{group}.{field}"] for field in kind._fields])
        for group, kind in [("params", module.Params), ("state", module.State), ("d_state", module.State)]
    )
    h, final, cache = module.forward(params, drawn["x"], state)
    kept = [values.clone() for values in (h, *final, *cache)]
    first, again = (flat(module.backward(params, cache, drawn["d_outputs"], d_state)) for _ in range(2))
    assert all(torch.equal(drawn[name], copies[name]) for name in drawn)
    assert all(torch.equal(a, b) for a, b in zip((h, *final, *cache), kept, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    (again, *_), _ = module.forward(params, drawn["x"], state)[:2]
    assert torch.equal(h[0], again)


def flat(values):
    return [values] if isinstance(values, torch.Tensor) else [a for value in values for a in flat(value)]


def results_of(module, dtype):
    """Everything that both passes return, on numbers drawn anew."""
    sizes = {"T": 4, "B": 2, "n": 3, "m": 3, "d": 2, "r": 2}
    torch.manual_seed(0)
    drawn = {name: torch.randn([sizes.get(axis, 5) for axis in axes]).to(dtype) for name, axes in module.SHAPES.items()}
    params, state, d_state = (
        kind(*[drawn[f"{group}.{field}"] for field in kind._fields])
        for group, kind in [("params", module.Params), ("state", module.State), ("d_state", module.State)]
    )
    outputs, final, cache = module.forward(params, drawn["x"], state)
    return flat([outputs, final, module.backward(params, cache, drawn["d_outputs"], d_state)])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN_tanh", "FGR", "sLSTM", "LSTM_projection", "LSTM_block", "MGU"])
def test_small_steps_call_numpy_and_compute_what_pytorch_computes(name, dtype, monkeypatch):
    module = module_of(CELLS[name], "torch")
    state = torch.zeros(2, 3, dtype=dtype)
    assert isinstance(module.calls_for(state), module.NumPyCalls)
    by_numpy = results_of(module, dtype)
    monkeypatch.setattr(module, "SMALL", 0)
    assert module.calls_for(state) is torch
    tolerance = {"rtol": 1e-12, "atol": 1e-12} if dtype is torch.float64 else {"rtol": 1e-5, "atol": 1e-5}
    for a, b in zip(by_numpy, results_of(module, dtype), strict=True):
        assert a.dtype == b.dtype == dtype
        assert torch.allclose(a, b, **tolerance)


def test_without_numpy_every_step_calls_pytorch(monkeypatch):
    module = module_of(LSTM, "torch")
    wanted = results_of(module, torch.float64)
    monkeypatch.setattr(module, "CALLS", {})
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert module.calls_for(torch.zeros(2, 3)) is torch
    assert all(torch.allclose(a, b, rtol=1e-12) for a, b in zip(wanted, results_of(module, torch.float64), strict=True))


def test_small_steps_take_tensors_of_any_strides_that_autograd_watches():
    module = module_of(LSTM, "torch")
    layer = module.Layer(d=2, n=3, dtype=torch.float64)
    x = torch.randn(2, 4, 2, dtype=torch.float64).transpose(0, 1)
    start = module.State(*[torch.randn(1, 3, dtype=torch.float64, requires_grad=True) for _ in "hc"])
    outputs, _ = layer(x, module.State(*[values.expand(2, 3) for values in start]))
    found = torch.autograd.grad(outputs.sum(), start)
    each = [layer(x[:, k : k + 1].contiguous(), start)[0].sum() for k in range(2)]
    wanted = torch.autograd.grad(sum(each), start)
    assert all(torch.allclose(a, b, rtol=1e-12) for a, b in zip(found, wanted, strict=True))


def test_a_final_state_may_be_changed_in_place():
    layer = module_of(LSTM, "torch").Layer(d=2, n=3)
    x = torch.randn(4, 2, 2)
    outputs, final = layer(x)
    (outputs.sum() + final.c.mul_(2).sum()).backward()
    plain = layer.get_parameter("W_f").grad.clone()
    layer.zero_grad()
    outputs, final = layer(x)
    (outputs.sum() + 2 * final.c.sum()).backward()
    assert torch.allclose(layer.get_parameter("W_f").grad, plain)


def test_the_passes_record_nothing():
    module = module_of(LSTM, "torch")
    layer = module.Layer(d=2, n=3)
    state = module.State(torch.zeros(2, 3), torch.zeros(2, 3))
    assert not module.forward(layer.params, torch.randn(4, 2, 2), state)[0].requires_grad


@pytest.mark.parametrize(
    ("numpy", "said"),
    [
        ("v * s * (1 - s)", "sigmoid_slope(v, s)"),
        ("(1 - y**2) * u * v", "tanh_slope(u * v, y)"),
        ("(u + w) * s * (1 - s)", "sigmoid_slope(u + w, s)"),
        ("u * v * (1 - s)", "u * v * (1 - s)"),
        ("s * (1 - s)", "s * (1 - s)"),
        ("2 * (1 - y**2)", "2 * (1 - y**2)"),
        ("v * s * (1 - r)", "v * s * (1 - r)"),
        ("v * (2 - y**2)", "v * (2 - y**2)"),
    ],
)
def test_a_slope_is_one_call_where_it_multiplies_an_array(numpy, said):
    assert TORCH.said(numpy) == said
    assert "slope" not in TORCH.said(numpy, in_loop=True)


def test_a_second_derivative_is_refused():
    module = module_of(LSTM, "torch")
    layer = module.Layer(d=2, n=3, dtype=torch.float64)
    x = torch.randn(4, 2, 2, dtype=torch.float64, requires_grad=True)
    with pytest.raises(RuntimeError, match="LSTM has no second derivative here"):
        torch.autograd.grad(layer(x)[0].sum(), x, create_graph=True)


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_state_dict_of_torch_gives_its_outputs_and_gradients(kind):
    cell, network, options = NETWORKS[kind]
    torch.manual_seed(0)
    theirs = network(3, 4, num_layers=2, bidirectional=True, **options).double()
    below = network(3, 4, **options).double()
    x = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    wanted, _ = below(x)
    wanted.square().sum().backward()
    d_x, x.grad = x.grad, None
    module = module_of(cell, "torch")
    sizes = {"m": 4} if cell is GRU else {"n": 4, "r": 2} if "proj_size" in options else {"n": 4}
    layer = module.Layer(d=3, **sizes, dtype=torch.float64)
    layer.load_state_dict(module.from_torch(below.state_dict())._asdict())
    outputs, _ = layer(x)
    outputs.square().sum().backward()
    assert torch.allclose(outputs, wanted, rtol=1e-12, atol=1e-12)
    assert torch.allclose(x.grad, d_x, rtol=1e-11, atol=1e-12)
    upper = module.from_torch(theirs.state_dict(), layer=1, reverse=True)
    recurrent = theirs.weight_hh_l1_reverse.detach()
    first = module.PACKED["weight_hh"][0]
    assert torch.equal(getattr(upper, first), recurrent[: getattr(upper, first).shape[0]])


@pytest.mark.parametrize("swapped", [(0, 1), (0, 2), (1, 2), (2, 3)])
def test_a_gate_out_of_order_would_be_seen(swapped):
    """The gates of a trained network lie in one order only: with two of them swapped the outputs differ."""
    torch.manual_seed(0)
    theirs = torch.nn.LSTM(3, 4).double()
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    module = module_of(LSTM, "torch")
    params = module.from_torch(theirs.state_dict())
    i, j = (module.PACKED["weight_hh"][k] for k in swapped)
    wrong = params._replace(**{i: getattr(params, j), j: getattr(params, i)})
    zero = module.State(*torch.zeros(2, 2, 4, dtype=torch.float64))
    assert torch.allclose(module.run(params, x, zero)[0], theirs(x)[0])
    assert not torch.allclose(module.run(wrong, x, zero)[0], theirs(x)[0], atol=1e-3)


@pytest.mark.parametrize(
    "network, change, message",
    [
        (torch.nn.LSTM(3, 4), {"layer": 1}, "the state dict lacks weight_ih_l1; it has weight_ih_l0"),
        (torch.nn.LSTM(3, 4, proj_size=2), {}, "weight_hr_l0 belongs to an LSTM with a projection"),
        (torch.nn.RNN(3, 5), {}, "weight_ih_l0 has 5 rows, which are not 4 equal blocks"),
    ],
)
def test_a_state_dict_that_does_not_fit_is_refused(network, change, message):
    with pytest.raises(ValueError, match=message):
        module_of(LSTM, "torch").from_torch(network.state_dict(), **change)


def test_a_cell_that_torch_has_not_has_no_table_of_its_arrays():
    assert not hasattr(module_of(CELLS["MGU"], "torch"), "from_torch")
