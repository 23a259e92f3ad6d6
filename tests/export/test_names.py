"""Letters with names that generated code, or a library around it, uses itself."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Eq

from lstm_sym.activations import tanh
from lstm_sym.cell import Cell
from lstm_sym.export import export_module
from lstm_sym.export.experiment import imported
from lstm_sym.export.onnx_graph import export_onnx
from lstm_sym.symbols import Parameter, Sequence, sizes, t

n, d = sizes("n d")
h, x = Sequence("h", n), Sequence("x", d)
LIBRARIES = ("torch", "jnp", "jax", "xp", "np", "lax", "nn", "math")
HELPERS = (
    "scan",
    "kind",
    "parts",
    "calls",
    "uncast",
    "nullcontext",
    "reverse",
    "module",
    "lengths",
    "named",
    "work",
    "T",
)
OF_A_MODULE = ("type", "to", "float", "training", "parameters", "state_dict", "register_parameter")


def cell_with(name: str) -> Cell:
    U, b = Parameter("U", n, d), Parameter("b", n)
    return Cell("named", Eq(h[t], tanh(Parameter(name, n, n) * h[t - 1] + U * x[t] + b)))


@pytest.mark.parametrize("name", [*LIBRARIES, *HELPERS, *OF_A_MODULE])
def test_a_parameter_may_have_any_name(name):
    random = np.random.default_rng(0)
    W, U, b, given = (random.normal(size=shape) for shape in ((4, 4), (4, 2), 4, (5, 3, 2)))
    plain = imported(export_module(cell_with(name), layers=True), "named")
    (wanted, _, _) = plain.forward_layers([plain.Params(W, U, b)], given)
    torch = pytest.importorskip("torch", reason="the extra torch is not installed")
    module = imported(export_module(cell_with(name), "torch", layers=True), "named")
    layers = module.Layers(d=2, n=4).double()
    with torch.no_grad():
        for parameter, value in zip(layers.layers[0][0].params, (W, U, b), strict=True):
            parameter.copy_(torch.from_numpy(value))
    outputs, _ = layers(torch.from_numpy(given))
    outputs.sum().backward()
    assert np.allclose(outputs.detach().numpy(), wanted, rtol=1e-12)
    assert all(parameter.grad is not None for parameter in layers.parameters())


@pytest.mark.parametrize("name", ["h_first", "h_last"])
def test_a_letter_named_like_an_end_of_a_graph_is_refused(name):
    pytest.importorskip("onnx", reason="the extra onnx is not installed")
    with pytest.raises(ValueError, match=f"the graph has an input or output {name} of its own; rename that letter"):
        export_onnx(cell_with(name))


@pytest.mark.parametrize("B, width", [(3, 4), (64, 80)], ids=["small steps", "large steps"])
def test_autocast_is_kept_out(B, width):
    torch = pytest.importorskip("torch", reason="the extra torch is not installed")
    layer = imported(export_module(cell_with("W"), "torch"), "named").Layer(d=2, n=width)
    given = torch.randn(5, B, 2)
    wanted, _ = layer(given)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, _ = layer(given)
        found.sum().backward()
    assert found.dtype == torch.float32 and torch.equal(found, wanted)
    assert all(parameter.grad.dtype == torch.float32 for parameter in layer.parameters())
