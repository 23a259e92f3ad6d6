"""PyTorch's recurrent modules against autograd in float64: outputs, final states and every gradient."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_sym.export.check import relative_error
from lstm_sym.weights import pytorch_module
from lstm_sym.weights.packing import PACKINGS

from .swaps import swaps

torch = pytest.importorskip("torch", reason="the extra torch is not installed")
torch.set_num_threads(1)

KINDS = {
    "RNN_TANH": {"mode": "RNN_TANH"},
    "RNN_RELU": {"mode": "RNN_RELU", "nonlinearity": "relu"},
    "LSTM": {"mode": "LSTM"},
    "LSTM with projection": {"mode": "LSTM", "proj_size": 2},
    "GRU": {"mode": "GRU"},
}
CASES = list(itertools.product(KINDS, (1, 2), (False, True)))
kinds = pytest.mark.parametrize(
    "kind, layers, both", CASES, ids=[f"{kind}, {layers}{', both directions' * both}" for kind, layers, both in CASES]
)


def built(kind, d=3, n=4, **options):
    """The module of PyTorch, and its mode."""
    given = {**KINDS[kind], **options}
    mode = given.pop("mode")
    return getattr(torch.nn, mode.split("_")[0])(d, n, **given).double(), mode


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def arrays(value):
    """NumPy arrays of the same structure."""
    return tuple(map(arrays, value)) if isinstance(value, tuple) else value.detach().numpy()


def flat(value):
    return list(value) if isinstance(value, tuple) else [value]


def experiment(module, T=4, B=3, lengths=None):
    """The inputs, PyTorch's results by name, and what the loss weighs them with."""
    d, n, k = module.input_size, module.hidden_size, module.proj_size or module.hidden_size
    directions = module.num_layers * (2 if module.bidirectional else 1)
    x = draw(B, T, d) if module.batch_first else draw(T, B, d)
    state = (draw(directions, B, k), draw(directions, B, n)) if module.mode == "LSTM" else draw(directions, B, k)
    given = x
    if lengths is not None:
        given = torch.nn.utils.rnn.pack_padded_sequence(
            x, torch.tensor(lengths), batch_first=module.batch_first, enforce_sorted=False
        )
    output, final = module(given, state)
    if lengths is not None:
        output, _ = torch.nn.utils.rnn.pad_packed_sequence(output, batch_first=module.batch_first, total_length=T)
    weights = torch.randn_like(output), tuple(map(torch.randn_like, flat(final)))
    final = final if isinstance(final, tuple) else (final,)
    loss = (output * weights[0]).sum() + sum((f * w).sum() for f, w in zip(final, weights[1], strict=True))
    loss.backward()
    results = {"output": output, **{f"final {k}": value for k, value in enumerate(final)}, "d x": x.grad}
    results |= {f"d initial {k}": value.grad for k, value in enumerate(flat(state))}
    results |= {name: parameter.grad for name, parameter in module.named_parameters()}
    weights = arrays(weights[0]), arrays(weights[1]) if len(final) > 1 else arrays(weights[1][0])
    return arrays(x), arrays(state), weights, {name: arrays(value) for name, value in results.items()}


def computed(loaded, x, state, weights, lengths=None):
    """The same results by the exported cells."""
    output, final, trace = pytorch_module.forward(loaded, x, state, lengths)
    gradients, d_x, d_state = pytorch_module.backward(loaded, trace, *weights)
    results = {"output": output, **{f"final {k}": value for k, value in enumerate(flat(final))}, "d x": d_x}
    return results | {f"d initial {k}": value for k, value in enumerate(flat(d_state))} | gradients


def worst(found, wanted):
    assert found.keys() == wanted.keys()
    return max(relative_error(found[name], wanted[name]) for name in wanted)


@kinds
@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    T=st.integers(1, 6), B=st.integers(1, 4), d=st.integers(1, 4), n=st.integers(3, 5),
    bias=st.booleans(), batch_first=st.booleans(), seed=st.integers(0, 2**31),
)  # fmt: skip
def test_everything_agrees_with_autograd(kind, layers, both, T, B, d, n, bias, batch_first, seed):
    torch.manual_seed(seed)
    module, mode = built(kind, d, n, num_layers=layers, bidirectional=both, bias=bias, batch_first=batch_first)
    x, state, weights, wanted = experiment(module, T, B)
    loaded = pytorch_module.load(module.state_dict(), mode, batch_first=batch_first)
    assert worst(computed(loaded, x, state, weights), wanted) <= 1e-12


@kinds
def test_sequences_of_unlike_length_agree_with_packed_ones(kind, layers, both):
    torch.manual_seed(0)
    module, mode = built(kind, num_layers=layers, bidirectional=both)
    lengths = np.array([3, 5, 1, 3])
    x, state, weights, wanted = experiment(module, T=5, B=4, lengths=lengths)
    loaded = pytorch_module.load(module.state_dict(), mode)
    assert worst(computed(loaded, x, state, weights, lengths), wanted) <= 1e-12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_first", [False, True])
def test_a_single_sequence_needs_no_batch(kind, batch_first):
    torch.manual_seed(4)
    module, mode = built(kind, num_layers=2, bidirectional=True, batch_first=batch_first)
    k = module.proj_size or module.hidden_size
    x, h, c = draw(5, 3), draw(4, k), draw(4, module.hidden_size)
    state = (h, c) if mode == "LSTM" else h
    output, final = module(x, state)
    (output.sum() + sum(value.sum() for value in flat(final))).backward()
    loaded = pytorch_module.load(module.state_dict(), mode, batch_first=batch_first)
    found, found_final, trace = pytorch_module.forward(loaded, arrays(x), arrays(state))
    ones = [np.ones_like(value) for value in flat(found_final)]
    gradients, d_x, d_state = pytorch_module.backward(
        loaded, trace, np.ones_like(found), tuple(ones) if mode == "LSTM" else ones[0]
    )
    pairs = [(found, output), (d_x, x.grad), (gradients["weight_hh_l1_reverse"], module.weight_hh_l1_reverse.grad)]
    pairs += [*zip(flat(found_final), flat(final), strict=True)]
    pairs += [(one, other.grad) for one, other in zip(flat(d_state), flat(state), strict=True)]
    for one, other in pairs:
        assert one.shape == tuple(other.shape) and relative_error(one, arrays(other)) <= 1e-12


def test_what_pytorch_holds_and_no_array_is_told():
    module, mode = built("LSTM")
    with pytest.raises(ValueError, match=r"weight_ih_l0 is a Parameter that makes no array: .*detach\(\)\.numpy"):
        pytorch_module.load(dict(module.named_parameters()), mode)
    with pytest.raises(ValueError, match=r"weight_ih_l0 is a Tensor that makes no array: .*BFloat16"):
        pytorch_module.load(module.bfloat16().state_dict(), mode)
    loaded = pytorch_module.load(module.double().state_dict(), mode)
    packed = torch.nn.utils.rnn.pack_padded_sequence(torch.zeros(5, 2, 3), torch.tensor([5, 3]))
    with pytest.raises(ValueError, match="x is a packed sequence; give the two values of pad_packed_sequence"):
        pytorch_module.forward(loaded, packed)
    found, _, _ = pytorch_module.forward(loaded, torch.zeros(5, 2, 3, dtype=torch.float64))
    assert isinstance(found, np.ndarray)


@kinds
@pytest.mark.parametrize("bias", [True, False])
def test_weights_go_back_into_pytorch(kind, layers, both, bias):
    torch.manual_seed(1)
    module, mode = built(kind, num_layers=layers, bidirectional=both, bias=bias)
    loaded = pytorch_module.load(module.state_dict(), mode)
    other, _ = built(kind, num_layers=layers, bidirectional=both, bias=bias)
    other.load_state_dict({name: torch.tensor(array) for name, array in pytorch_module.state_dict(loaded).items()})
    x = draw(4, 3, 3)
    assert relative_error(arrays(other(x)[0]), arrays(module(x)[0])) <= 1e-13


def test_a_module_inside_a_larger_model_is_found_by_its_prefix():
    torch.manual_seed(2)
    model = torch.nn.ModuleDict({"lstm": torch.nn.LSTM(3, 4), "head": torch.nn.Linear(4, 2)})
    loaded = pytorch_module.load(model.state_dict(), "LSTM", prefix="lstm.")
    x = torch.randn(5, 2, 3)
    found, _, _ = pytorch_module.forward(loaded, x.numpy())
    assert found.dtype == np.float32 and relative_error(found, arrays(model["lstm"](x)[0])) < 1e-6


# --- what is caught -----------------------------------------------------------------------------


@pytest.mark.parametrize("cell, name, letters", swaps("PyTorch", "LSTM", "GRU"))
def test_every_swap_of_gates_is_caught(cell, name, letters, monkeypatch):
    torch.manual_seed(3)
    module, mode = built(cell)
    x, state, weights, wanted = experiment(module)
    monkeypatch.setitem(PACKINGS, ("PyTorch", cell), {**PACKINGS["PyTorch", cell], name: letters})
    found = computed(pytorch_module.load(module.state_dict(), mode), x, state, weights)
    assert relative_error(found["output"], wanted["output"]) > 1e-3
