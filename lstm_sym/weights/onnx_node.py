r"""The operators RNN, GRU and LSTM of ONNX, called with ONNX's inputs and giving ONNX's outputs.

A node runs the exported module of the cell that its attributes decide (``onnx_cell``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import stack
from .onnx_cell import cell_of, equations_of, one_of
from .packing import PACKINGS, packed, packed_gradient, unpacked
from .stack import Direction, Trace, module_of

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
    """A node of ONNX: its directions, the names of its weights, its layout, and the inputs that its graph connects."""

    op_type: str
    directions: tuple[Direction, ...]
    packing: str
    names: tuple[str, ...]
    layout: int
    connected: tuple[str, ...] = ()


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
    arrays = {name: np.asarray(weights[name]) for name in WEIGHTS[op_type] if name in weights}
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
    return Node(op_type, directions, packing, tuple(arrays), one_of(attributes, "layout", (0, 1)))


def read(model: onnx.ModelProto, name: str = "") -> Node:
    """The one RNN, GRU or LSTM of a model, or the one of that name, with its weights from the model's initializers.

    Raises ``ValueError`` where there is none or more than one, and for a weight that the graph computes.
    """
    from onnx.helper import get_attribute_value
    from onnx.numpy_helper import to_array

    found = [node for node in model.graph.node if node.op_type in ATTRIBUTES and name in ("", node.name)]
    if len(found) != 1:
        there = ", ".join(f"{node.op_type} {node.name!r}" for node in found) or "none"
        raise ValueError(f"one RNN, GRU or LSTM{f' named {name!r}' if name else ''} is wanted; there is: {there}")
    (node,) = found
    if node.domain not in ("", "ai.onnx"):
        raise ValueError(
            f"{node.op_type} {node.name!r} is of the domain {node.domain!r}; only ONNX's own are known here"
        )
    stored = {tensor.name: to_array(tensor) for tensor in model.graph.initializer}
    inputs = {name: tensor for name, tensor in zip(INPUTS, node.input, strict=False) if tensor}
    for weight in inputs.keys() & WEIGHTS[node.op_type]:
        if inputs[weight] not in stored:
            raise ValueError(
                f"the weight {weight} of {node.op_type} {node.name!r} is computed by the graph, not stored"
            )
    attributes = {attribute.name: _plain(get_attribute_value(attribute)) for attribute in node.attribute}
    weights = {weight: stored[inputs[weight]] for weight in WEIGHTS[node.op_type] if weight in inputs}
    connected = tuple(name for name in inputs if name in ("sequence_lens", "initial_h", "initial_c"))
    return replace(load(node.op_type, attributes, weights), connected=connected)


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

    Raises ``ValueError`` where an input that the graph connects is not given.
    """
    given = {"h": initial_h, "c": initial_c, "lens": sequence_lens}
    for name in node.connected:
        if given[name.split("_")[1]] is None:
            raise ValueError(f"the graph gives the node {node.op_type} its {name}; pass it to forward")
    fields = node.directions[0].module.State._fields
    if initial_c is not None and "c" not in fields:
        raise ValueError(f"the operator {node.op_type} has no input initial_c")
    X = X.swapaxes(0, 1) if node.layout else X
    states = [stack.zero_state(direction, X.shape[1]) for direction in node.directions]
    for name in fields:
        if (value := given[name]) is not None:
            value = value.swapaxes(0, 1) if node.layout else value
            states = [state._replace(**{name: part}) for state, part in zip(states, value, strict=True)]
    outputs, finals, trace = stack.forward((node.directions,), X, states, sequence_lens)
    Y = outputs.reshape(*outputs.shape[:2], len(node.directions), -1)
    Y = Y.swapaxes(0, 1) if node.layout else Y.swapaxes(1, 2)
    return {"Y": Y, **_states(node, "Y", finals)}, trace


def backward(node: Node, trace: Trace, d_outputs: Mapping[str, Array]) -> dict[str, Array]:
    """The gradients of every input by ONNX's name, from those of the outputs; an output not given has gradient 0."""
    directions = node.directions
    fields = directions[0].module.State._fields
    _require_known(node.op_type, "output", d_outputs, ["Y", *[f"Y_{name}" for name in fields]])
    steps, batch = trace.shape
    d_Y = d_outputs.get("Y")
    if d_Y is None:
        flat = np.zeros((steps, batch, len(directions) * stack.width(directions[0])), directions[0].params[0].dtype)
    else:
        d_Y = d_Y.swapaxes(0, 1) if node.layout else d_Y.swapaxes(1, 2)
        flat = d_Y.reshape(steps, batch, -1)
    d_states = [stack.zero_state(direction, batch) for direction in directions]
    for name in fields:
        if (value := d_outputs.get(f"Y_{name}")) is not None:
            value = value.swapaxes(0, 1) if node.layout else value
            d_states = [state._replace(**{name: part}) for state, part in zip(d_states, value, strict=True)]
    d_params, d_x, d_initial = stack.backward((directions,), trace, flat, d_states)
    return {
        "X": d_x.swapaxes(0, 1) if node.layout else d_x,
        **gradients(node, d_params),
        **_states(node, "initial", d_initial),
    }


def gradients(node: Node, d_params: Iterable[Any]) -> dict[str, Array]:
    """Gradients of the cells' parameters, one for each direction, as those of the node's weights."""
    packing = PACKINGS["ONNX", node.packing]
    return _over_directions([packed_gradient(packing, one, node.names) for one in d_params])


def weights(node: Node) -> dict[str, Array]:
    """Weights from which ``load`` makes the same node; the whole of a bias is in Wb, what no equation reads is 0."""
    packing = PACKINGS["ONNX", node.packing]
    return _over_directions([packed(packing, direction.params, node.names) for direction in node.directions])


def _over_directions(arrays: list[dict[str, Array]]) -> dict[str, Array]:
    return {name: np.stack([one[name] for one in arrays]) for name in arrays[0]}


def _states(node: Node, prefix: str, states: list[Any]) -> dict[str, Array]:
    axis = 1 if node.layout else 0
    names = node.directions[0].module.State._fields
    return {f"{prefix}_{name}": np.stack([getattr(state, name) for state in states], axis) for name in names}


def _require_known(op_type: str, kind: str, found: Iterable[str], known: Iterable[str]) -> None:
    for name in found:
        if name not in known:
            raise ValueError(f"the operator {op_type} has no {kind} {name!r}; it has {', '.join(known)}")
