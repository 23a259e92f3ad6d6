"""Layers of PyTorch modules: against ``torch.nn`` and its packed sequences, and against plain NumPy calls."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache

import pytest

from lstm_sym.activations import relu, tanh
from lstm_sym.cells import CELLS, GRU, LSTM, LSTM_PROJECTION, RNN_TANH, SRU, elman
from lstm_sym.export import export_module
from lstm_sym.export.experiment import imported
from lstm_sym.export.freshness import staleness
from lstm_sym.export.plan import with_activation

from .backends import SINGLE
from .stacked import LENGTHS, close, converted, fields, flat, mapped, network_of, one_by_one

torch = pytest.importorskip("torch", reason="the extra torch is not installed")
torch.set_num_threads(1)
packing = torch.nn.utils.rnn

ZOO = {name: with_activation(cell, tanh) for name, cell in CELLS.items()}
NETWORKS = {
    "RNN": (RNN_TANH, torch.nn.RNN, {}),
    "RNN, relu": (elman(relu), torch.nn.RNN, {"nonlinearity": "relu"}),
    "LSTM": (LSTM, torch.nn.LSTM, {}),
    "LSTM without biases": (LSTM, torch.nn.LSTM, {"bias": False}),
    "LSTM with projection": (LSTM_PROJECTION, torch.nn.LSTM, {"proj_size": 2}),
    "GRU": (GRU, torch.nn.GRU, {}),
}
SIZES = {"RNN": {"n": 4}, "LSTM": {"n": 4}, "GRU": {"m": 4}}
RAGGED = torch.tensor([3, 5, 1, 5])


@cache
def layered(cell):
    return imported(export_module(cell, "torch", layers=True), cell.name)


def drawn(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def pair(kind, **options):
    """A network of torch.nn and our layers with its weights."""
    cell, network, own = NETWORKS[kind]
    torch.manual_seed(0)
    theirs = network(3, 4, num_layers=2, bidirectional=True, **own, **options).double()
    batch_first = {"batch_first": True} if options.get("batch_first") else {}
    return theirs, layered(cell).Layers.from_torch(theirs.state_dict(), **batch_first), layered(cell)


def agree(a, b, tolerance=1e-12):
    assert a.shape == b.shape
    assert (a - b).abs().max() <= tolerance * max(1, b.abs().max())


def stacked(finals):
    """The fields of final states as torch.nn has them, one after the other along the first axis."""
    return [torch.stack(field) for field in zip(*[state for row in finals for state in row], strict=True)]


def require_gradients(module, ours, theirs):
    """Every array of torch.nn stacks letters; its gradient is that of the letters, and each bias has it."""
    for k, row in enumerate(ours.layers):
        for layer, ending in zip(row, ("", "_reverse"), strict=True):
            for name, letters in module.PACKED.items():
                if (wanted := getattr(theirs, f"{name}_l{k}{ending}", None)) is not None:
                    agree(torch.cat([layer.get_parameter(letter).grad for letter in letters]), wanted.grad)


@pytest.mark.parametrize("given", ["zero", "states"])
@pytest.mark.parametrize("lengths", [None, RAGGED], ids=["whole", "ragged"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_torch_nn_agrees_in_outputs_final_states_and_all_gradients(kind, lengths, given):
    theirs, ours, module = pair(kind)
    x = drawn(5, 4, 3)
    widths = [4, 4] if "LSTM" in kind else [4]
    widths[0] = 2 if "projection" in kind else 4
    first = [drawn(4, 4, width) for width in widths]
    hx = None if given == "zero" else tuple(first) if len(first) > 1 else first[0]
    given_x = x if lengths is None else packing.pack_padded_sequence(x, lengths, enforce_sorted=False)
    wanted, last = theirs(given_x, hx)
    wanted = wanted if lengths is None else packing.pad_packed_sequence(wanted)[0]
    wanted_finals = list(last) if isinstance(last, tuple) else [last]
    weights = [torch.randn_like(v) for v in (wanted, *wanted_finals)]
    sum((v * w).sum() for v, w in zip([wanted, *wanted_finals], weights, strict=True)).backward()
    inputs = [x] if given == "zero" else [x, *first]
    gradients = [v.grad.clone() for v in inputs]
    for v in inputs:
        v.grad = None
    states = None
    if given == "states":
        states = [tuple(module.State(*[v[2 * k + j] for v in first]) for j in range(2)) for k in range(2)]
    outputs, finals = ours(x, states, lengths)
    finals = stacked(finals)
    for a, b in zip([outputs, *finals], [wanted, *wanted_finals], strict=True):
        agree(a, b)
    sum((v * w).sum() for v, w in zip([outputs, *finals], weights, strict=True)).backward()
    for v, gradient in zip(inputs, gradients, strict=True):
        agree(v.grad, gradient)
    require_gradients(module, ours, theirs)


@pytest.mark.parametrize("enforce_sorted", [True, False])
def test_a_packed_sequence_gives_a_packed_sequence(enforce_sorted):
    theirs, ours, _ = pair("LSTM")
    lengths = RAGGED.sort(descending=True).values if enforce_sorted else RAGGED
    packed = packing.pack_padded_sequence(drawn(5, 4, 3), lengths, enforce_sorted=enforce_sorted)
    (wanted, last), (found, finals) = theirs(packed), ours(packed)
    agree(found.data, wanted.data)
    assert torch.equal(found.batch_sizes, wanted.batch_sizes)
    again, others = (packing.pad_packed_sequence(one)[0] for one in (found, wanted))
    for a, b in zip([again, *stacked(finals)], [others, *last], strict=True):
        agree(a, b)
    with pytest.raises(ValueError, match="a PackedSequence says its lengths itself"):
        ours(packed, lengths=lengths)


def test_batch_first_and_dropout_are_those_of_torch():
    theirs, ours, _ = pair("GRU", batch_first=True)
    x = drawn(4, 5, 3)
    agree(ours(x)[0], theirs(x)[0])
    found = layered(GRU).Layers.from_torch(theirs.state_dict(), batch_first=True, dropout=1.0)
    theirs.dropout = 1.0
    agree(found(x)[0], theirs(x)[0])  # what the upper layer reads is all dropped, so nothing is random
    agree(found(x, lengths=[5] * 4)[1][0][1].h, theirs(x)[1][1])
    states = [tuple(layered(GRU).State(drawn(4, 4)) for _ in range(2)) for _ in range(2)]
    agree(found(x, states)[0], theirs(x, torch.stack([s.h for row in states for s in row]))[0])
    agree(found.eval()(x)[0], theirs.eval()(x)[0])


@pytest.mark.parametrize("name", ZOO)
def test_every_cell_is_as_each_sequence_by_itself(name):
    net, module = network_of(ZOO[name]), layered(ZOO[name])
    there = converted(net, lambda v: torch.tensor(v, requires_grad=True), module)
    outputs, finals, _ = module.forward_layers(there.params, there.x, there.states, LENGTHS)
    loss = sum((v * w).sum() for v, w in zip(flat([outputs, finals]), flat([there.d_outputs, there.d_states])))
    given = flat([there.params, there.x, there.states])
    gradients = iter(torch.autograd.grad(loss, given, allow_unused=True))

    def grad(value):
        return mapped(lambda v: next(gradients), value)

    d_params, d_x, d_states = ([[grad(p) for p in row] for row in there.params], grad(there.x),
                               [[grad(s) for s in row] for row in there.states])  # fmt: skip
    found = (outputs, finals, d_params, d_x, d_states)
    close(found, one_by_one(net, LENGTHS), back=lambda value: value.detach().numpy())


@pytest.mark.parametrize("name", ["LSTM", "SRU", "RNN_loss"])
def test_gradcheck_passes(name):
    net, module = network_of(ZOO[name], directions=2), layered(ZOO[name])
    there = converted(net, lambda v: torch.tensor(v[:3, :2] if v.ndim == 3 else v), module)
    there.states = [[mapped(lambda v: v[:2].clone(), s) for s in row] for row in there.states]
    given = [v.requires_grad_() for v in flat([there.params, there.x, there.states])]

    def run(*arrays):
        rest = iter(arrays)
        params = [[mapped(lambda v: next(rest), p) for p in row] for row in there.params]
        x = mapped(lambda v: next(rest), there.x)
        states = [[mapped(lambda v: next(rest), s) for s in row] for row in there.states]
        outputs, finals, _ = module.forward_layers(params, x, states, [1, 3])
        return tuple(flat([outputs, finals]))

    assert torch.autograd.gradcheck(run, given)


def test_float32_and_the_layers_of_a_cell_that_reads_what_it_gives():
    """The SRU's input is as wide as its state, so the layer above two directions has a state twice as wide."""
    module = layered(SRU)
    net = module.Layers(m=3, num_layers=2, bidirectional=True)
    outputs, finals = net(torch.randn(5, 4, 3), lengths=RAGGED)
    assert outputs.shape == (5, 4, 12) and outputs.dtype == torch.float32
    assert [state.c.shape for row in finals for state in row] == [(4, 3)] * 2 + [(4, 6)] * 2
    outputs.sum().backward()
    assert all(value.grad is not None for value in net.parameters())


def test_a_state_dict_of_ours_is_loaded_again():
    _, ours, module = pair("LSTM")
    other = module.Layers(d=3, n=4, num_layers=2, bidirectional=True, dtype=torch.float64)
    other.load_state_dict(ours.state_dict())
    x = drawn(5, 4, 3)
    assert torch.equal(other(x)[0], ours(x)[0])


@pytest.mark.parametrize(
    "options, told",
    [
        ({"num_layers": 0}, "num_layers is 0; wanted one layer or more"),
        ({"dropout": 2.0}, "dropout is 2.0; wanted a probability"),
    ],
)
def test_options_that_make_no_network_are_told(options, told):
    with pytest.raises(ValueError, match=told):
        layered(LSTM).Layers(d=2, n=3, **options)


@pytest.mark.parametrize(
    "given, told",
    [
        ({"x": torch.zeros(5, 4, 2)}, r"layer 0, direction 0: x has shape torch.Size\(\[5, 4, 2\]\); wanted"),
        ({"lengths": [5, 5]}, "lengths has shape .2,.; wanted 4 whole numbers"),
        ({"lengths": torch.ones(4)}, r"lengths holds tensor\(1.\); wanted whole numbers"),
        ({"lengths": [5, 5, 5, 6]}, "lengths holds 6; wanted 0 to 5"),
        ({"states": []}, "states has 0 layers; wanted 2"),
    ],
)
def test_misuse_is_told(given, told):
    net = layered(LSTM).Layers(d=3, n=4, num_layers=2, bidirectional=True)
    with pytest.raises((TypeError, ValueError), match=told):
        net(**{"x": torch.zeros(5, 4, 3)} | given)


def test_a_cell_with_several_inputs_has_one_layer():
    cell = ZOO["RNN_loss"]
    with pytest.raises(ValueError, match="a layer of RNN_loss cannot read the outputs of another"):
        layered(cell).Layers(d=2, m=3, n=4, num_layers=2)
    module = layered(cell)
    net = module.Layers(d=2, m=3, n=4, bidirectional=True, batch_first=True)
    x = module.Inputs(torch.randn(4, 5, 2), torch.randn(4, 5, 3))
    assert fields(net(x, lengths=RAGGED)[0])[0].shape == (4, 5, 2)


@pytest.mark.parametrize(
    "network, change, told",
    [
        (torch.nn.LSTM(3, 4, proj_size=2), {}, "weight_hr_l0 belongs to an LSTM with a projection"),
        (torch.nn.LSTM(3, 4), {"prefix": "rnn."}, "the state dict lacks rnn.weight_ih_l0"),
        (torch.nn.Sequential(torch.nn.LSTM(3, 4), torch.nn.Linear(4, 1)), {}, "the state dict lacks weight_ih_l0"),
        (
            torch.nn.ModuleDict({"a": torch.nn.LSTM(3, 4), "ab": torch.nn.Linear(4, 1)}),
            {"prefix": "a"},
            "lacks aweight",
        ),
    ],
)
def test_a_state_dict_that_does_not_fit_is_refused(network, change, told):
    with pytest.raises(ValueError, match=told):
        layered(LSTM).Layers.from_torch(network.state_dict(), **change)


def test_names_that_are_not_the_modules_are_told_and_a_prefix_says_which_are():
    both = torch.nn.ModuleDict({"rnn": torch.nn.LSTM(3, 4, num_layers=3), "head": torch.nn.Linear(4, 1)})
    assert len(layered(LSTM).Layers.from_torch(both.state_dict(), prefix="rnn.").layers) == 3
    more = torch.nn.LSTM(3, 4).state_dict() | {"weight_ih_l7": torch.zeros(1)}
    with pytest.raises(ValueError, match=r"a torch\.nn\.LSTM of 1 layers has no weight_ih_l7; say in prefix"):
        layered(LSTM).Layers.from_torch(more)


def test_a_cell_that_torch_has_not_takes_no_state_dict():
    assert not hasattr(layered(SRU).Layers, "from_torch")


@pytest.mark.skipif(shutil.which("ruff", path=sys.prefix + "/bin") is None, reason="ruff is not installed")
def test_the_files_pass_ruff(tmp_path):
    for name in (*SINGLE, "GRU"):
        source = export_module(ZOO[name], "torch", layers=True)
        alone = export_module(ZOO[name], "torch")
        assert staleness(source) is None and alone[alone.index("class Params") :] in source
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    run = [f"{sys.prefix}/bin/ruff", "check", "--isolated", "--line-length=120", "--select=E,F,I,B,UP,SIM,RUF"]
    rules = ["--ignore=RUF001,RUF002,RUF003,E741,B905", "--no-cache", "--target-version=py311"]
    done = subprocess.run([*run, *rules, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
