r"""Keras 3's SimpleRNN, LSTM, GRU and Bidirectional, from ``get_config()`` and ``get_weights()``.

The equations are those of ``SimpleRNNCell``, ``LSTMCell`` and ``GRUCell``, for rows: a gate is
:math:`\sigma(x K + h' R + b)`; the GRU's candidate is :math:`\tanh(x K_h + b_h + r \odot (h' R_h + \beta_h))` with
``reset_after``, else :math:`\tanh(x K_h + (r \odot h') R_h + b_h)`; its state is
:math:`h = z \odot h' + (1 - z) \odot \tilde h`. Bidirectional joins its layers' outputs by its ``merge_mode``; steps
that a mask leaves out are skipped (``masking``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from ..activations import Elementwise, elu, exp, hardtanh, identity, relu, sigma, softplus, softsign, tanh
from ..cell import Cell
from ..cells import GRU, GRU_RESET_BEFORE, LSTM, RNN_TANH, gru, lstm, rnn
from ..symbols import t
from . import stack
from .arrays import floats
from .masking import Mask, mask_of
from .packing import PACKINGS, packed, packed_gradient, unpacked
from .stack import Direction, Layers, module_of
from .variants import exactly, hard_sigmoid, with_functions

Array = npt.NDArray[Any]

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": tanh,
    "sigmoid": sigma,
    "linear": identity,
    "relu": relu,
    "softplus": softplus,
    "softsign": softsign,
    "elu": elu,
    "exponential": exp,
    "hard_tanh": hardtanh,
    "hard_sigmoid": lambda a: hard_sigmoid(a, exactly(1) / 6, exactly(0.5)),
}

SLOTS: dict[str, dict[str, tuple[Elementwise, ...]]] = {
    "SimpleRNN": {"activation": (tanh(rnn.a[t]),)},
    "LSTM": {
        "activation": (tanh(lstm.a_z[t]), tanh(lstm.c[t])),
        "recurrent_activation": (sigma(lstm.a_i[t]), sigma(lstm.a_f[t]), sigma(lstm.a_o[t])),
    },
    "GRU": {
        "activation": (tanh(gru.a_n[t]),),
        "recurrent_activation": (sigma(gru.a_z[t]), sigma(gru.a_r[t])),
    },
}
"""Where the activations of each layer stand in the cell's equations."""

DEFAULTS = {"activation": "tanh", "recurrent_activation": "sigmoid"}

WITHOUT_EFFECT = {
    "name", "trainable", "dtype", "unroll", "seed", "return_state",
    "kernel_initializer", "recurrent_initializer", "bias_initializer", "unit_forget_bias",
    "kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer",
    "kernel_constraint", "recurrent_constraint", "bias_constraint",
}  # fmt: skip
"""Keys of a configuration that change neither the outputs nor their gradients: how weights begin, what training adds
to a loss or does to weights, how steps are scheduled. Everything is computed in the dtype of the weights."""

OFF: dict[str, Any] = {"dropout": 0, "recurrent_dropout": 0, "stateful": False}
"""Keys whose effect is not computed, with the value that switches it off."""

WEIGHTS = ("kernel", "recurrent_kernel", "bias")

MERGE_MODES = ("concat", "sum", "ave", "mul", None)


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of Keras: its one or two directions, how their weights are packed, and which outputs it gives."""

    layers: Layers
    packing: str
    names: tuple[str, ...]
    return_sequences: bool
    zero_output_for_mask: bool = False
    merge_mode: str | None = "concat"


@dataclass(frozen=True, slots=True)
class Trace:
    """What ``backward`` needs of a forward pass: the run on the steps that count, and the outputs of each direction."""

    run: stack.Trace
    steps: int
    mask: Mask | None
    parts: tuple[Array, ...]


def load(class_name: str, config: Mapping[str, Any], weights: Iterable[Any]) -> Layer:
    """The layer with that ``get_config()`` and those ``get_weights()``.

    ``class_name`` is SimpleRNN, LSTM, GRU, or Bidirectional around one of them. Raises ``ValueError`` for a key or a
    value of the configuration whose effect is not computed here, and for weights that do not fit.
    """
    arrays = [floats(f"weight {k} of {class_name}", array) for k, array in enumerate(weights)]
    parts = _directions(config) if class_name == "Bidirectional" else [(class_name, config)]
    settings = [_settings(*part) for part in parts]
    kind, first = parts[0][0], settings[0]
    merge_mode, zero = "concat", first["zero_output_for_mask"]
    if len(parts) == 2:
        _require_a_pair(parts, settings)
        # Bidirectional sets zero_output_for_mask of its layers anew.
        merge_mode, zero = config.get("merge_mode", "concat"), first["return_sequences"]
    names = WEIGHTS if first["use_bias"] else WEIGHTS[:2]
    wanted = len(parts) * len(names)
    if len(arrays) != wanted:
        raise ValueError(f"{class_name} with this configuration has {wanted} weights, got {len(arrays)}")
    before = kind == "GRU" and not first["reset_after"]
    packing = "GRU_reset_before" if before else kind
    directions = []
    for k, one in enumerate(settings):
        module = module_of(_cell(kind, before, *(one[name] for name in SLOTS[kind])))
        own = zip(names, arrays[k * len(names) : (k + 1) * len(names)], strict=True)
        params = unpacked(
            PACKINGS["Keras", packing], {name: _blocks(packing, name, array) for name, array in own}, module
        )
        directions.append(Direction(module, params, one["go_backwards"]))
    for one, direction in zip(settings, directions, strict=True):
        if one["units"] not in (None, stack.width(direction)):
            raise ValueError(f"{kind}: units is {one['units']}, but the weights are those of {stack.width(direction)}")
    if merge_mode not in ("concat", None) and len({stack.width(direction) for direction in directions}) > 1:
        raise ValueError(f"Bidirectional: merge_mode {merge_mode!r} wants two layers of as many units")
    return Layer((tuple(directions),), packing, names, first["return_sequences"], zero, merge_mode)


def masking(x: Any, mask_value: float = 0.0) -> Array:
    """The mask that ``Masking(mask_value)`` gives ``x``, (B, T): the steps of which some entry is another value."""
    found: Array = np.any(np.asarray(x) != mask_value, axis=-1)
    return found


def forward(
    layer: Layer, x: Array, initial_state: Sequence[Array] | None = None, mask: Array | None = None
) -> tuple[Any, list[Array], Trace]:
    """What ``layer(x, initial_state, mask)`` gives, with ``return_state``: the output, the states, and the trace.

    ``x`` is (B, T, d); the states are h, or h and c, (B, n), those of the backward layer after those of the other;
    ``mask`` is (B, T), true at the steps that count. The output is a pair where ``merge_mode`` is ``None``.
    """
    x = floats("x", x)
    if x.ndim != 3:
        raise ValueError(f"x has shape {x.shape}; wanted the axes (B, T, d)")
    states = None if initial_state is None else _grouped(layer, initial_state)
    x = x.swapaxes(0, 1)
    kept = None if mask is None else mask_of(mask, *x.shape[:2])
    given = (x, states) if kept is None else (kept.gathered(x), states, kept.lengths)
    outputs, finals, run = stack.forward(layer.layers, *given)
    parts = tuple(
        _shown(layer, direction, part, kept)
        for direction, part in zip(layer.layers[0], np.split(outputs, _bounds(layer), axis=-1), strict=True)
    )
    return _merged(layer, parts), _flat(finals), Trace(run, len(x), kept, parts)


def backward(
    layer: Layer, trace: Trace, d_output: Any, d_states: Sequence[Array] | None = None
) -> tuple[list[Array], Array, list[Array]]:
    """The gradients in the order of ``get_weights()``, that of ``x``, and those of the initial states."""
    directions, mask = layer.layers[0], trace.mask
    d_finals = None if d_states is None else _grouped(layer, d_states)
    d_parts = [
        _hidden(layer, direction, d_part, trace)
        for direction, d_part in zip(directions, _parted(layer, d_output, trace.parts), strict=True)
    ]
    d_params, d_x, d_initial = stack.backward(layer.layers, trace.run, np.concatenate(d_parts, axis=-1), d_finals)
    d_x = d_x if mask is None else mask.scattered(d_x)
    return gradients(layer, d_params), d_x.swapaxes(0, 1), _flat(d_initial)


def gradients(layer: Layer, d_params: Iterable[Any]) -> list[Array]:
    """Gradients of the cells' parameters, one for each direction, in the order of ``get_weights()``."""
    return _in_keras_order(layer, packed_gradient, d_params)


def weights(layer: Layer) -> list[Array]:
    """Weights in the order of ``get_weights()``, from which ``load`` makes the same layer."""
    return _in_keras_order(layer, packed, [direction.params for direction in layer.layers[0]])


def _in_keras_order(layer: Layer, pack: Callable[..., dict[str, Array]], params: Iterable[Any]) -> list[Array]:
    return [
        array.reshape(2, -1) if name == "bias" and layer.packing == "GRU" else array.T
        for one in params
        for name, array in pack(PACKINGS["Keras", layer.packing], one, layer.names).items()
    ]


def _blocks(packing: str, name: str, array: Array) -> Array:
    """A weight as a column of blocks: matrices transposed, the two biases of a GRU one after the other."""
    if name != "bias":
        return array.T
    pair = packing == "GRU"
    if array.ndim != (2 if pair else 1) or (pair and len(array) != 2):
        raise ValueError(
            f"bias has shape {array.shape}; {packing} wants {'two rows, one for each bias' if pair else 'one axis'}"
        )
    return array.reshape(-1)


@cache
def _cell(kind: str, reset_before: bool, *activations: str) -> Cell:
    cell = {"SimpleRNN": RNN_TANH, "LSTM": LSTM, "GRU": GRU_RESET_BEFORE if reset_before else GRU}[kind]
    if activations == tuple(DEFAULTS[name] for name in SLOTS[kind]):
        return cell
    functions = {
        node: ACTIVATIONS[activation]
        for activation, nodes in zip(activations, SLOTS[kind].values(), strict=True)
        for node in nodes
    }
    source = f"Keras layer {kind} with the activations {', '.join(activations)}, rewritten from {cell.name}"
    return with_functions(cell, f"Keras_{cell.name}", functions, source)


def _settings(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that decide what is computed, with Keras' defaults for those that are not given."""
    if kind not in SLOTS:
        raise ValueError(f"unknown layer {kind!r}; the layers are {', '.join(SLOTS)}, Bidirectional")
    known: dict[str, Any] = {name: DEFAULTS[name] for name in SLOTS[kind]}
    known |= {
        "units": None,
        "use_bias": True,
        "go_backwards": False,
        "return_sequences": False,
        "zero_output_for_mask": False,
    }
    known |= {"reset_after": True} if kind == "GRU" else {}
    for key, value in config.items():
        if key in OFF and value != OFF[key]:
            raise ValueError(f"{kind}: {key} is {value!r}, which is not computed here; give {key}={OFF[key]!r}")
        if key not in known and key not in OFF and key not in WITHOUT_EFFECT:
            raise ValueError(f"{kind} has no key {key!r} that is known here; known are {', '.join(known)}")
        if key in known and isinstance(known[key], bool) and not isinstance(value, bool | np.bool_):
            raise ValueError(f"{kind}: {key} is {value!r}; it is True or False")
        if key in SLOTS[kind] and not (isinstance(value, str) and value in ACTIVATIONS):
            raise ValueError(f"{kind}: unknown {key} {value!r}; known are {', '.join(ACTIVATIONS)}")
    return {key: config.get(key, value) for key, value in known.items()}


def _directions(config: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The class and the configuration of the two layers in a Bidirectional."""
    for key, value in config.items():
        if key not in ("name", "trainable", "dtype", "layer", "backward_layer", "merge_mode"):
            raise ValueError(f"Bidirectional has no key {key!r} that is known here")
        if key == "merge_mode" and value not in MERGE_MODES:
            known = ", ".join(map(repr, MERGE_MODES))
            raise ValueError(f"Bidirectional: unknown merge_mode {value!r}; known are {known}")
    for key in ("layer", "backward_layer"):
        if key not in config:
            raise ValueError(f"Bidirectional: the configuration lacks {key!r}")
        if not (isinstance(config[key], Mapping) and {"class_name", "config"} <= config[key].keys()):
            raise ValueError(f"Bidirectional: {key} is no serialized layer with class_name and config")
        if not str(config[key].get("module", "keras")).startswith("keras"):
            raise ValueError(f"Bidirectional: {key} is of the module {config[key]['module']!r}, not of Keras")
    return [(config[key]["class_name"], config[key]["config"]) for key in ("layer", "backward_layer")]


def _require_a_pair(parts: list[tuple[str, Mapping[str, Any]]], settings: list[dict[str, Any]]) -> None:
    if [one["go_backwards"] for one in settings] != [False, True]:
        raise ValueError("Bidirectional: its layer has go_backwards=False and its backward_layer True, no other way")
    if parts[0][0] != parts[1][0]:
        raise ValueError(f"Bidirectional: the layers are of two kinds, {parts[0][0]} and {parts[1][0]}")
    for key in ("use_bias", "return_sequences", "reset_after"):
        if settings[0].get(key) != settings[1].get(key):
            raise ValueError(f"Bidirectional: the two layers differ in {key}")


# --- from the outputs of the cells to those of the layer, and back --------------------------------


def _bounds(layer: Layer) -> Any:
    return np.cumsum([stack.width(direction) for direction in layer.layers[0]])[:-1]


def _shown(layer: Layer, direction: Direction, outputs: Array, mask: Mask | None) -> Array:
    """What a direction gives, the batch first: all of its outputs, or the last that it computes.

    A layer that goes backwards leaves its outputs in the order in which they are computed; in a pair they are turned.
    """
    if mask is not None:
        source = mask.source(reverse=direction.reverse, zero=layer.zero_output_for_mask)
        outputs = mask.spread(outputs, source)
    if not layer.return_sequences:
        return outputs[0 if direction.reverse else -1]
    return (outputs[::-1] if _is_turned(layer) else outputs).swapaxes(0, 1)


def _hidden(layer: Layer, direction: Direction, d_part: Array, trace: Trace) -> Array:
    """The adjoint of ``_shown``."""
    if layer.return_sequences:
        d_outputs = d_part.swapaxes(0, 1)
        d_outputs = d_outputs[::-1] if _is_turned(layer) else d_outputs
    else:
        d_outputs = np.zeros((trace.steps, *d_part.shape), d_part.dtype)
        d_outputs[0 if direction.reverse else -1] = d_part
    if trace.mask is None:
        return d_outputs
    source = trace.mask.source(reverse=direction.reverse, zero=layer.zero_output_for_mask)
    return trace.mask.collected(d_outputs, source)


def _is_turned(layer: Layer) -> bool:
    return layer.layers[0][0].reverse


def _merged(layer: Layer, parts: tuple[Array, ...]) -> Any:
    if len(parts) == 1:
        return parts[0]
    one, other = parts
    if layer.merge_mode == "sum":
        return one + other
    if layer.merge_mode == "ave":
        return (one + other) / 2
    if layer.merge_mode == "mul":
        return one * other
    return parts if layer.merge_mode is None else np.concatenate(parts, axis=-1)


def _parted(layer: Layer, d_output: Any, parts: tuple[Array, ...]) -> Sequence[Array]:
    """The adjoint of ``_merged`` at ``parts``."""
    if len(parts) == 2 and layer.merge_mode is None:
        if len(d_output) != 2:
            raise ValueError(f"d_output has {len(d_output)} arrays; wanted one for each of the two outputs")
        return [_fitting(d_part, part) for d_part, part in zip(d_output, parts, strict=True)]
    d_output = _fitting(d_output, _merged(layer, parts))
    if len(parts) == 1:
        return [d_output]
    if layer.merge_mode == "concat":
        return np.split(d_output, _bounds(layer), axis=-1)
    if layer.merge_mode == "mul":
        return [d_output * parts[1], d_output * parts[0]]
    d_output = d_output / 2 if layer.merge_mode == "ave" else d_output
    return [d_output, d_output]


def _fitting(d_output: Any, output: Array) -> Array:
    array = floats("d_output", d_output)
    if array.shape != output.shape:
        raise ValueError(f"d_output has shape {array.shape}; wanted that of the output, {output.shape}")
    return array


def _grouped(layer: Layer, states: Sequence[Array]) -> list[Any]:
    """One ``State`` for each direction from Keras' list."""
    directions, rest = layer.layers[0], iter(states)
    each = len(directions[0].module.State._fields)
    if len(states) != each * len(directions):
        raise ValueError(f"{len(states)} states; wanted {each * len(directions)}")
    return [
        direction.module.State(*(floats("a state", state) for state in islice(rest, each))) for direction in directions
    ]


def _flat(states: Iterable[Any]) -> list[Array]:
    return [array for state in states for array in state]
