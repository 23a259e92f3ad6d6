r"""``torch.nn.RNN``, ``LSTM`` and ``GRU`` from their state dict, called as PyTorch calls them.

The equations are those of the documentation of ``torch.nn`` ("Recurrent Layers"): in the LSTM
:math:`c_t = f_t \odot c_{t-1} + i_t \odot g_t`, with ``proj_size`` :math:`h_t = W_{hr} (o_t \odot \tanh(c_t))`; in
the GRU :math:`n_t = \tanh(W_{in} x_t + b_{in} + r_t \odot (W_{hn} h_{t-1} + b_{hn}))` and
:math:`h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}`. Dropout between layers acts in training only and is not computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..activations import relu
from ..cell import Cell
from ..cells import GRU, LSTM, LSTM_PROJECTION, RNN_TANH, elman
from . import stack
from .packing import PACKINGS, packed, packed_gradient, unpacked
from .stack import Direction, Layers, Trace, module_of

Array = npt.NDArray[Any]

MODES: dict[str, tuple[str, Cell]] = {
    "RNN_TANH": ("RNN", RNN_TANH),
    "RNN_RELU": ("RNN", elman(relu, "RNN_relu")),
    "LSTM": ("LSTM", LSTM),
    "GRU": ("GRU", GRU),
}
"""The packing and the cell of each value of PyTorch's attribute ``mode``."""

KEY = re.compile(r"(weight_ih|weight_hh|bias_ih|bias_hh|weight_hr)_l(\d+)(_reverse)?")


@dataclass(frozen=True, slots=True)
class Module:
    """A recurrent module of PyTorch: its layers, and how its state dict names their arrays."""

    layers: Layers
    packing: str
    names: tuple[str, ...]
    batch_first: bool

    @property
    def suffixes(self) -> list[str]:
        """What the names of each direction's arrays end in, the lowest layer first."""
        return [
            f"_l{k}{'_reverse' if direction.reverse else ''}"
            for k, layer in enumerate(self.layers)
            for direction in layer
        ]


def load(state_dict: Mapping[str, Any], mode: str, *, batch_first: bool = False, prefix: str = "") -> Module:
    """The module with that state dict; ``mode`` is RNN_TANH, RNN_RELU, LSTM or GRU, PyTorch's ``module.mode``.

    How many layers and directions there are, whether there are biases and a projection, is read off the names.
    In the state dict of a larger model ``prefix`` says which names are the module's ("encoder.lstm.").
    Raises ``ValueError`` for a name that does not belong there, one that is missing, and a shape that does not fit.
    """
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r}; the modes are {', '.join(MODES)}")
    given = {name.removeprefix(prefix): value for name, value in state_dict.items() if name.startswith(prefix)}
    found = {name: KEY.fullmatch(name) for name in given}
    unknown = [name for name, match in found.items() if match is None]
    if unknown or not given:
        what = (
            f"{prefix}{unknown[0]} is no array" if unknown else f"no name begins with {prefix!r}, so there is no array"
        )
        raise ValueError(f"{what} of torch.nn.{mode}; give the module's own state dict, or prefix='path.to.module.'")
    parts = [match.groups() for match in found.values() if match]
    depth = 1 + max(int(layer) for _, layer, _ in parts)
    endings = ("", "_reverse") if any(reverse for _, _, reverse in parts) else ("",)
    names = tuple(dict.fromkeys(["weight_ih", "weight_hh", *[name for name, _, _ in parts]]))
    if "bias_ih" in names or "bias_hh" in names:
        names = tuple(dict.fromkeys([*names, "bias_ih", "bias_hh"]))
    wanted = [f"{name}_l{layer}{ending}" for layer in range(depth) for ending in endings for name in names]
    missing = [name for name in wanted if name not in given]
    if missing:
        raise ValueError(f"the state dict lacks {prefix}{missing[0]}")
    key, cell = MODES[mode]
    if "weight_hr" in names:
        if mode != "LSTM":
            raise ValueError(f"{prefix}weight_hr_l0: a {mode} has no projection, an LSTM alone has one")
        cell = LSTM_PROJECTION
    module, packing = module_of(cell), PACKINGS["PyTorch", key]

    def direction(layer: int, ending: str) -> Direction:
        arrays = {name: np.asarray(given[f"{name}_l{layer}{ending}"]) for name in names}
        try:
            return Direction(module, unpacked(packing, arrays, module), bool(ending))
        except ValueError as error:
            raise ValueError(f"{error} (in layer {layer}{', reverse' if ending else ''})") from None

    layers = tuple(tuple(direction(layer, ending) for ending in endings) for layer in range(depth))
    stack.require_fitting(layers)
    return Module(layers, key, names, batch_first)


def forward(module: Module, x: Array, state: Any = None, lengths: Array | None = None) -> tuple[Array, Any, Trace]:
    """What ``module(x, state)`` gives, the output and the final state, and the trace.

    ``state`` is ``h_0``, or ``(h_0, c_0)`` for an LSTM, each (layers times directions, B, ·); 0 if it is not given.
    ``lengths`` are those of a packed sequence; the output is padded with 0, as by ``pad_packed_sequence``.
    """
    outputs, finals, trace = stack.forward(
        module.layers, _time_first(module, x), None if state is None else _unstacked(module, state), lengths
    )
    return _time_first(module, outputs), _stacked(finals), trace


def backward(module: Module, trace: Trace, d_output: Array, d_state: Any = None) -> tuple[dict[str, Array], Array, Any]:
    """The gradients by the names of the state dict, that of ``x``, and those of the initial state."""
    d_states = None if d_state is None else _unstacked(module, d_state)
    d_params, d_x, d_initial = stack.backward(module.layers, trace, _time_first(module, d_output), d_states)
    return gradients(module, d_params), _time_first(module, d_x), _stacked(d_initial)


def gradients(module: Module, d_params: Iterable[Any]) -> dict[str, Array]:
    """Gradients of the cells' parameters, one for each direction, by the names of the state dict."""
    packing = PACKINGS["PyTorch", module.packing]
    return {
        f"{name}{suffix}": array
        for suffix, one in zip(module.suffixes, d_params, strict=True)
        for name, array in packed_gradient(packing, one, module.names).items()
    }


def state_dict(module: Module) -> dict[str, Array]:
    """A state dict from which ``load`` makes the same module; the whole of a gate's bias is in ``bias_ih``."""
    packing = PACKINGS["PyTorch", module.packing]
    directions = [direction for layer in module.layers for direction in layer]
    return {
        f"{name}{suffix}": array
        for suffix, direction in zip(module.suffixes, directions, strict=True)
        for name, array in packed(packing, direction.params, module.names).items()
    }


def with_params(module: Module, params: Iterable[Any]) -> Module:
    """The module with other parameters of the cells, one ``Params`` for each direction."""
    rest = iter(params)
    layers = tuple(tuple(replace(direction, params=next(rest)) for direction in layer) for layer in module.layers)
    return replace(module, layers=layers)


def _time_first(module: Module, x: Array) -> Array:
    if x.ndim != 3:
        raise ValueError(
            f"an array of shape {x.shape} where one of three axes is wanted; a single sequence is a batch of 1"
        )
    return x.swapaxes(0, 1) if module.batch_first else x


def _unstacked(module: Module, state: Any) -> list[Any]:
    """One ``State`` for each direction from arrays (layers times directions, B, ·)."""
    directions = [direction for layer in module.layers for direction in layer]
    arrays = state if isinstance(state, tuple) else (state,)
    fields = directions[0].module.State._fields
    if len(arrays) != len(fields) or any(len(array) != len(directions) for array in arrays):
        raise ValueError(
            f"a state of shapes {[array.shape for array in arrays]}; "
            f"wanted {len(fields)} of {len(directions)} directions"
        )
    return [direction.module.State(*parts) for direction, *parts in zip(directions, *arrays, strict=True)]


def _stacked(states: list[Any]) -> Any:
    arrays = tuple(np.stack(parts) for parts in zip(*states, strict=True))
    return arrays if len(arrays) > 1 else arrays[0]
