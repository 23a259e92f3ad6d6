r"""The operators RNN, GRU and LSTM of ONNX, called with ONNX's inputs and giving ONNX's outputs.

A node runs the exported module of the cell that its attributes decide (``onnx_cell``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import stack
from .arrays import floats
from .onnx_cell import cell_of, equations_of, one_of
from .packing import PACKINGS, packed, packed_gradient, unpacked
from .stack import Direction, Layers, Trace, module_of

if TYPE_CHECKING:
    import onnx

Array = npt.NDArray[Any]

DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
SHARED = ("hidden_size", "direction", "layout", "clip", "activations", "activation_alpha", "activation_beta")
ATTRIBUTES = {"RNN": SHARED, "GRU": (*SHARED, "linear_before_reset"), "LSTM": (*SHARED, "input_forget")}
WEIGHTS = {"RNN": ("W", "R", "B"), "GRU": ("W", "R", "B"), "LSTM": ("W", "R", "B", "P")}
INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")


@dataclass(frozen=True, slots=True)
class Node:
    """A node of ONNX: its one layer, the names of its weights, its layout, and the inputs that its graph connects,
    with those of them that are stored in the model."""

    op_type: str
    layers: Layers
    packing: str
    names: tuple[str, ...]
    layout: int
    connected: tuple[str, ...] = ()
    stored: Mapping[str, Array] = field(default_factory=dict)

    @property
    def states(self) -> tuple[str, ...]:
        """h, or h and c."""
        fields: tuple[str, ...] = self.layers[0][0].module.State._fields
        return fields


def load(op_type: str, attributes: Mapping[str, Any], weights: Mapping[str, Any]) -> Node:
    """The node with those attributes and the weights ``W``, ``R``, and ``B`` and ``P`` where there are such.

    Raises ``ValueError`` for an attribute, an activation or a weight that the operator does not have, for a value
    that is not allowed, and for a shape that does not fit.
    """
    if op_type not in ATTRIBUTES:
        raise ValueError(f"unknown operator {op_type!r}; the operators are {', '.join(ATTRIBUTES)}")
    _require_known(op_type, "attribute", attributes, ATTRIBUTES[op_type])
    _require_known(op_type, "weight", weights, WEIGHTS[op_type])
    for name in ("W", "R"):
        if name not in weights:
            raise ValueError(f"the operator {op_type} needs the weight {name}")
    reverse = DIRECTIONS[one_of(attributes, "direction", DIRECTIONS)]
    arrays = {name: floats(name, weights[name]) for name in WEIGHTS[op_type] if name in weights}
    for name, array in arrays.items():
        if array.ndim != (2 if name in "BP" else 3) or len(array) != len(reverse):
            raise ValueError(
                f"{name} has shape {array.shape}; its first axis has one entry for each of {len(reverse)} directions"
            )
    hidden = arrays["R"].shape[-1]
    if attributes.get("hidden_size", hidden) != hidden:
        raise ValueError(f"hidden_size is {attributes['hidden_size']}, but R has shape {arrays['R'].shape}")
    equations = equations_of(op_type, attributes, "P" in arrays, len(reverse))
    packing = equations[0].packing
    modules = [module_of(cell_of(one)) for one in equations]
    params = [
        unpacked(PACKINGS["ONNX", packing], {name: array[k] for name, array in arrays.items()}, module)
        for k, module in enumerate(modules)
    ]
    directions = tuple(map(Direction, modules, params, reverse))
    return Node(op_type, (directions,), packing, tuple(arrays), one_of(attributes, "layout", (0, 1)))


def read(model: onnx.ModelProto, name: str = "") -> Node:
    """The one RNN, GRU or LSTM of a model, or the one of that name, with its weights from the model's initializers
    and constants; initial states and lengths that are stored there are taken where ``forward`` is given none.

    Raises ``ValueError`` where there is none or more than one, and for a weight that the graph computes.
    """
    from onnx.helper import get_attribute_value

    if not hasattr(model, "graph"):
        raise TypeError(f"a model is wanted, got a {type(model).__name__}; read a file with onnx.load")
    found = [node for node in model.graph.node if node.op_type in ATTRIBUTES and name in ("", node.name)]
    if len(found) != 1:
        there = ", ".join(f"{node.op_type} {node.name!r}" for node in found) or "none"
        raise ValueError(f"one RNN, GRU or LSTM{f' named {name!r}' if name else ''} is wanted; there is: {there}")
    (node,) = found
    if node.domain not in ("", "ai.onnx"):
        raise ValueError(
            f"{node.op_type} {node.name!r} is of the domain {node.domain!r}; only ONNX's own are known here"
        )
    stored = _stored(model)
    inputs = {name: tensor for name, tensor in zip(INPUTS, node.input, strict=False) if tensor}
    states = {"initial_h", "initial_c"} if node.op_type == "LSTM" else {"initial_h"}
    for other in inputs.keys() - {"X", "sequence_lens", *states, *WEIGHTS[node.op_type]}:
        raise ValueError(f"the operator {node.op_type} has no input {other}; {node.name!r} connects one")
    for weight in inputs.keys() & WEIGHTS[node.op_type]:
        if inputs[weight] not in stored:
            raise ValueError(
                f"the weight {weight} of {node.op_type} {node.name!r} is not stored in the model but given to or "
                "computed by its graph; fold the model's constants, or give its values to load(op_type, attributes, "
                "weights)"
            )
    attributes = {attribute.name: _plain(get_attribute_value(attribute)) for attribute in node.attribute}
    weights = {weight: stored[inputs[weight]] for weight in WEIGHTS[node.op_type] if weight in inputs}
    connected = tuple(name for name in inputs if name in ("sequence_lens", "initial_h", "initial_c"))
    own = {name: stored[inputs[name]] for name in connected if inputs[name] in stored}
    return replace(load(node.op_type, attributes, weights), connected=connected, stored=own)


def _stored(model: onnx.ModelProto) -> dict[str, Array]:
    """The tensors of a model that are there without computing: its initializers, and the values of its constants."""
    from onnx.numpy_helper import to_array

    found = {tensor.name: to_array(tensor) for tensor in model.graph.initializer}
    constants = [node for node in model.graph.node if node.op_type == "Constant" and node.domain in ("", "ai.onnx")]
    values = [(node.output[0], value) for node in constants for value in node.attribute]
    return found | {name: to_array(value.t) for name, value in values if value.name == "value"}


def _plain(value: Any) -> Any:
    """An attribute's value with its texts as ``str``."""
    if isinstance(value, bytes):
        return value.decode()
    return [_plain(item) for item in value] if isinstance(value, list) else value


def forward(
    node: Node,
    X: Array,
    *,
    sequence_lens: Array | None = None,
    initial_h: Array | None = None,
    initial_c: Array | None = None,
) -> tuple[dict[str, Array], Trace]:
    """``Y`` and ``Y_h``, for an LSTM ``Y_c``, in the node's layout, and the trace.

    The final state of a sequence without any step is 0: ONNX does not say, and onnxruntime does so.
    Raises ``ValueError`` where an input that the graph connects is not given.
    """
    if initial_c is not None and "c" not in node.states:
        raise ValueError(f"the operator {node.op_type} has no input initial_c")
    given = {"sequence_lens": sequence_lens, "initial_h": initial_h, "initial_c": initial_c}
    given = {name: node.stored.get(name) if value is None else value for name, value in given.items()}
    for name in node.connected:
        if given[name] is None:
            raise ValueError(f"the graph gives the node {node.op_type} its {name}; pass it to forward")
    X = floats("X", X)
    if X.ndim != 3:
        axes = "(B, T, d)" if node.layout else "(T, B, d)"
        raise ValueError(f"X has shape {X.shape}; wanted the axes {axes}")
    x = _batch_second(node, X)
    states = _by_direction(node, "initial", given, x.shape[1])
    outputs, finals, trace = stack.forward(node.layers, x, states, given["sequence_lens"])
    finals = _of_some_steps(finals, trace)
    Y = outputs.reshape(*outputs.shape[:2], len(states), -1)
    Y = Y.swapaxes(0, 1) if node.layout else Y.swapaxes(1, 2)
    return {"Y": Y, **_by_name(node, "Y", finals)}, trace


def backward(node: Node, trace: Trace, d_outputs: Mapping[str, Array]) -> dict[str, Array]:
    """The gradients of every input by ONNX's name, from those of the outputs; an output not given has gradient 0."""
    _require_known(node.op_type, "output", d_outputs, ["Y", *[f"Y_{name}" for name in node.states]])
    d_states = _of_some_steps(_by_direction(node, "Y", d_outputs, trace.shape[1]), trace)
    if "Y" in d_outputs:
        d_Y = floats("Y", d_outputs["Y"])
        if d_Y.ndim != 4 or d_Y.shape[2 if node.layout else 1] != len(node.layers[0]):
            axes = "(B, T, directions, n)" if node.layout else "(T, directions, B, n)"
            raise ValueError(f"Y has shape {d_Y.shape}; wanted {axes} with {len(node.layers[0])} directions")
        d_Y = d_Y.swapaxes(0, 1) if node.layout else d_Y.swapaxes(1, 2)
        d_Y = d_Y.reshape(*d_Y.shape[:2], -1)
    else:
        d_Y = np.zeros((*trace.shape, sum(map(stack.width, node.layers[0]))), d_states[0].h.dtype)
    d_params, d_x, d_initial = stack.backward(node.layers, trace, d_Y, d_states)
    return {
        "X": _batch_second(node, d_x),
        **gradients(node, d_params),
        **_by_name(node, "initial", d_initial),
    }


def _of_some_steps(states: list[Any], trace: Trace) -> list[Any]:
    """The states, or their gradients, with 0 for the sequences that have no step."""
    if trace.lengths is None:
        return states
    some = trace.lengths[:, None] > 0
    return [state._make(np.where(some, value, 0) for value in state) for state in states]


def gradients(node: Node, d_params: Iterable[Any]) -> dict[str, Array]:
    """Gradients of the cells' parameters, one for each direction, as those of the node's weights."""
    packing = PACKINGS["ONNX", node.packing]
    return _over_directions([packed_gradient(packing, one, node.names) for one in d_params])


def weights(node: Node) -> dict[str, Array]:
    """Weights from which ``load`` makes the same node; the whole of a bias is in Wb, what no equation reads is 0."""
    packing = PACKINGS["ONNX", node.packing]
    return _over_directions([packed(packing, direction.params, node.names) for direction in node.layers[0]])


def _over_directions(arrays: list[dict[str, Array]]) -> dict[str, Array]:
    return {name: np.stack([one[name] for one in arrays]) for name in arrays[0]}


def _batch_second(node: Node, array: Array) -> Array:
    """An array of the node's layout with the steps, or the directions, before the batch; its own inverse."""
    return array.swapaxes(0, 1) if node.layout else array


def _by_direction(node: Node, prefix: str, given: Mapping[str, Any], batch: int) -> list[Any]:
    """The states of each direction from ONNX's arrays, 0 where there is none."""
    states = [stack.zero_state(direction, batch) for direction in node.layers[0]]
    for name in node.states:
        if (array := given.get(f"{prefix}_{name}")) is not None:
            array = floats(f"{prefix}_{name}", array)
            if array.ndim != 3 or array.shape[1 if node.layout else 0] != len(states):
                raise ValueError(f"{prefix}_{name} has shape {array.shape}; wanted {len(states)} directions")
            parts = _batch_second(node, array)
            states = [state._replace(**{name: part}) for state, part in zip(states, parts, strict=True)]
    return states


def _by_name(node: Node, prefix: str, states: list[Any]) -> dict[str, Array]:
    """ONNX's arrays of the states of each direction."""
    return {
        f"{prefix}_{name}": _batch_second(node, np.stack([getattr(state, name) for state in states]))
        for name in node.states
    }


def _require_known(op_type: str, kind: str, found: Iterable[str], known: Iterable[str]) -> None:
    for name in found:
        if name not in known:
            raise ValueError(f"the operator {op_type} has no {kind} {name!r}; it has {', '.join(known)}")
