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
from .arrays import floats
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
KEY = re.compile(rf"({'|'.join(NAMES)})_l(0|[1-9]\d*)(_reverse)?")


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
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"a state dict is wanted, got a {type(state_dict).__name__}; give module.state_dict()")
    given = {name.removeprefix(prefix): value for name, value in state_dict.items() if name.startswith(prefix)}
    depth, endings, names = _structure(given, mode, prefix)
    key, cell = MODES[mode]
    if "weight_hr" in names:
        if mode != "LSTM":
            raise ValueError(f"{prefix}weight_hr_l0: a {mode} has no projection, an LSTM alone has one")
        cell = LSTM_PROJECTION
    cell_module = module_of(cell)

    arrays = {
        f"_l{layer}{ending}": {
            name: floats(f"{prefix}{name}_l{layer}{ending}", given[f"{name}_l{layer}{ending}"]) for name in names
        }
        for layer in range(depth)
        for ending in endings
    }

    def direction(suffix: str) -> Direction:
        try:
            params = unpacked(PACKINGS["PyTorch", key], arrays[suffix], cell_module)
        except ValueError as error:
            raise ValueError(f"in {prefix}*{suffix}: {error}") from None
        return Direction(cell_module, params, suffix.endswith("_reverse"))

    layers = tuple(tuple(direction(f"_l{layer}{ending}") for ending in endings) for layer in range(depth))
    _require_one_module(arrays, prefix)
    stack.require_fitting(layers)
    return Module(layers, key, names, batch_first)


def _require_one_module(arrays: Mapping[str, Mapping[str, Array]], prefix: str) -> None:
    """A module has one hidden size and one dtype, and the directions of a layer read the same input."""
    for suffix, own in arrays.items():
        for name, beside in (("weight_hh", "_l0"), ("weight_ih", suffix.removesuffix("_reverse"))):
            one, other = own[name], arrays[beside][name]
            if (one.shape, one.dtype) != (other.shape, other.dtype):
                raise ValueError(
                    f"{prefix}{name}{suffix} is {one.dtype} of shape {one.shape}, {prefix}{name}{beside} is "
                    f"{other.dtype} of shape {other.shape}; in one module they are alike"
                )


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
    A single sequence may come without the axis of the batch, as in PyTorch; so do its output and states then.
    ``lengths`` are those of a packed sequence; the output is padded with 0, as by ``pad_packed_sequence``.
    """
    x = _sequences("x", x)
    single = x.ndim == 2
    outputs, finals, trace = stack.forward(
        module.layers, _time_first(module, x), None if state is None else _unstacked(module, state, single), lengths
    )
    return _as_given(module, outputs, single), _stacked(finals, single), trace


def backward(module: Module, trace: Trace, d_output: Array, d_state: Any = None) -> tuple[dict[str, Array], Array, Any]:
    """The gradients by the names of the state dict, that of ``x``, and those of the initial state."""
    d_output = _sequences("d_output", d_output)
    single = d_output.ndim == 2
    d_states = None if d_state is None else _unstacked(module, d_state, single)
    d_params, d_x, d_initial = stack.backward(module.layers, trace, _time_first(module, d_output), d_states)
    return gradients(module, d_params), _as_given(module, d_x, single), _stacked(d_initial, single)


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


def _sequences(name: str, x: Any) -> Array:
    """An array (T, B, ·) or (B, T, ·) in the module's order, or a single sequence (T, ·)."""
    if hasattr(x, "batch_sizes"):
        raise ValueError(f"{name} is a packed sequence; give the two values of pad_packed_sequence, x and lengths")
    array = floats(name, x)
    if array.ndim not in (2, 3):
        raise ValueError(f"{name} has shape {array.shape}; wanted three axes, or two for a single sequence")
    return array


def _time_first(module: Module, x: Array) -> Array:
    if x.ndim == 2:
        return x[:, None]
    return x.swapaxes(0, 1) if module.batch_first else x


def _as_given(module: Module, x: Array, single: bool) -> Array:
    """The inverse of ``_time_first``."""
    if single:
        return x[:, 0]
    return x.swapaxes(0, 1) if module.batch_first else x


def _unstacked(module: Module, state: Any, single: bool) -> list[Any]:
    """One ``State`` for each direction from arrays (layers times directions, B, ·), of a single sequence without B."""
    directions = directions_of(module.layers)
    fields = directions[0].module.State._fields
    given = state if isinstance(state, tuple | list) else (state,)
    arrays = [floats("the state", array) for array in given]
    axes = 2 if single else 3
    if len(arrays) != len(fields) or any(a.ndim != axes or len(a) != len(directions) for a in arrays):
        raise ValueError(
            f"a state of shapes {[array.shape for array in arrays]}; wanted {len(fields)} of {axes} axes, the first "
            f"of {len(directions)} directions"
        )
    arrays = [array[:, None] for array in arrays] if single else arrays
    return [direction.module.State(*parts) for direction, *parts in zip(directions, *arrays, strict=True)]


def _stacked(states: list[Any], single: bool) -> Any:
    arrays = tuple(np.stack(parts) for parts in zip(*states, strict=True))
    arrays = tuple(array[:, 0] for array in arrays) if single else arrays
    return arrays if len(arrays) > 1 else arrays[0]
