"""Random nodes of ONNX on which no mistake can hide, and what the exported cells make of them."""

import numpy as np

from lstm_sym.export.check import relative_error
from lstm_sym.weights import onnx_node
from lstm_sym.weights.onnx_node import WEIGHTS

T, B, D_IN, HIDDEN = 5, 4, 3, 2
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
BOTH = {"direction": "bidirectional"}
ATTRIBUTES = {
    "RNN": ({}, {"direction": "reverse"}, BOTH, {"clip": 0.3}, {"clip": 0.3, **BOTH}),
    "GRU": (
        {},
        {"linear_before_reset": 1},
        {"direction": "reverse"},
        {"linear_before_reset": 1, **BOTH},
        {"clip": 0.3},
        {"clip": 0.3, "linear_before_reset": 1, **BOTH},
    ),
    "LSTM": (
        {},
        {"direction": "reverse"},
        BOTH,
        {"clip": 0.3},
        {"input_forget": 1},
        {"input_forget": 1, "clip": 0.3, **BOTH},
    ),
}
NODES = [(op_type, attributes) for op_type, several in ATTRIBUTES.items() for attributes in several]


def inputs(op_type, directions=1, seed=0):
    """Every input of the operator: distinct weights, nonzero initial states, lengths that differ."""
    rng, rows = np.random.default_rng(seed), GATES[op_type] * HIDDEN

    def draw(*shape):
        return rng.normal(0, 0.7, shape).astype(np.float32)

    found = {
        "X": draw(T, B, D_IN),
        "W": draw(directions, rows, D_IN),
        "R": draw(directions, rows, HIDDEN),
        "B": draw(directions, 2 * rows),
        "sequence_lens": np.array([3, 5, 1, 4], np.int32),
        "initial_h": draw(directions, B, HIDDEN),
    }
    if op_type == "LSTM":
        found |= {"initial_c": draw(directions, B, HIDDEN), "P": draw(directions, 3 * HIDDEN)}
    return found


def computed(op_type, attributes, given):
    node = onnx_node.load(op_type, attributes, {name: given[name] for name in WEIGHTS[op_type] if name in given})
    others = {name: given[name] for name in ("sequence_lens", "initial_h", "initial_c") if name in given}
    return onnx_node.forward(node, given["X"], **others)[0]


def difference(found, wanted):
    assert found.keys() >= wanted.keys()
    return max(relative_error(found[name], wanted[name]) for name in wanted)
