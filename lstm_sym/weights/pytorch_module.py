r"""``torch.nn.RNN``, ``LSTM`` and ``GRU`` from their state dict, called as PyTorch calls them.

The equations are those of the documentation of ``torch.nn`` ("Recurrent Layers"): in the LSTM
:math:`c_t = f_t \odot c_{t-1} + i_t \odot g_t`, with ``proj_size`` :math:`h_t = W_{hr} (o_t \odot \tanh(c_t))`; in
the GRU :math:`n_t = \tanh(W_{in} x_t + b_{in} + r_t \odot (W_{hn} h_{t-1} + b_{hn}))` and
:math:`h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}`. Dropout between layers acts in training only and is not computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..activations import relu
from ..cell import Cell
from ..cells import GRU, LSTM, LSTM_PROJECTION, RNN_TANH, elman
from . import stack
from .packing import PACKINGS, packed, packed_gradient, unpacked
from .stack import Direction, Layers, Trace, directions_of, module_of

Array = npt.NDArray[Any]

MODES: dict[str, tuple[str, Cell]] = {
    "RNN_TANH": ("RNN", RNN_TANH),
    "RNN_RELU": ("RNN", elman(relu, "RNN_relu")),
    "LSTM": ("LSTM", LSTM),
    "GRU": ("GRU", GRU),
}
"""The packing and the cell of each value of PyTorch's attribute ``mode``."""

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
KEY = re.compile(rf"({'|'.join(NAMES)})_l(\d+)(_reverse)?")


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
    depth, endings, names = _structure(given, mode, prefix)
    key, cell = MODES[mode]
    if "weight_hr" in names:
        if mode != "LSTM":
            raise ValueError(f"{prefix}weight_hr_l0: a {mode} has no projection, an LSTM alone has one")
        cell = LSTM_PROJECTION
    cell_module = module_of(cell)

    def direction(suffix: str) -> Direction:
        arrays = {name: np.asarray(given[f"{name}{suffix}"]) for name in names}
        try:
            params = unpacked(PACKINGS["PyTorch", key], arrays, cell_module)
        except ValueError as error:
            raise ValueError(f"in {prefix}*{suffix}: {error}") from None
        return Direction(cell_module, params, suffix.endswith("_reverse"))

    layers = tuple(tuple(direction(f"_l{layer}{ending}") for ending in endings) for layer in range(depth))
    stack.require_fitting(layers)
    return Module(layers, key, names, batch_first)


def _structure(given: Mapping[str, Any], mode: str, prefix: str) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """The number of layers, the endings of the directions, and the arrays of each; none is missing, none too many."""
    way_out = "give the module's own state dict, or prefix='path.to.module.'"
    if not given:
        raise ValueError(f"no name begins with {prefix!r}, so there is no array of torch.nn.{mode}; {way_out}")
    parts = []
    for name in given:
        if (match := KEY.fullmatch(name)) is None:
            raise ValueError(f"{prefix}{name} is no array of torch.nn.{mode}; {way_out}")
        parts.append(match.groups())
    present = {name for name, _, _ in parts}
    biases = {"bias_ih", "bias_hh"} if present & {"bias_ih", "bias_hh"} else set()
    names = tuple(name for name in NAMES if name in present | biases | {"weight_ih", "weight_hh"})
    depth = 1 + max(int(layer) for _, layer, _ in parts)
    endings = ("", "_reverse") if any(ending for _, _, ending in parts) else ("",)
    for layer in range(depth):
        for ending in endings:
            for name in names:
                if f"{name}_l{layer}{ending}" not in given:
                    raise ValueError(f"the state dict lacks {prefix}{name}_l{layer}{ending}")
    return depth, endings, names


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
    return {
        f"{name}{suffix}": array
        for suffix, direction in zip(module.suffixes, directions_of(module.layers), strict=True)
        for name, array in packed(packing, direction.params, module.names).items()
    }


def _time_first(module: Module, x: Array) -> Array:
    if x.ndim != 3:
        raise ValueError(
            f"an array of shape {x.shape} where one of three axes is wanted; a single sequence is a batch of 1"
        )
    return x.swapaxes(0, 1) if module.batch_first else x


def _unstacked(module: Module, state: Any) -> list[Any]:
    """One ``State`` for each direction from arrays (layers times directions, B, ·)."""
    directions = directions_of(module.layers)
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
