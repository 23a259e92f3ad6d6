"""The hand-written reference, for the cells that it covers, with the letters of their equations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import reference as ref

Arrays = dict[str, Any]
Oracle = Callable[[Arrays, Arrays, Arrays, Any, Arrays], tuple[Any, Arrays]]
"""From parameters, inputs, initial states, and the gradients of the outputs and final states: outputs, gradients."""


def rnn(params: Arrays, inputs: Arrays, states: Arrays, d_outputs: Any, d_state: Arrays) -> tuple[Any, Arrays]:
    x, h0 = inputs["x"], states["h"]
    h = ref.rnn_forward(params, x, h0)
    return h, ref.rnn_backward(params, x, h0, h, d_outputs, d_state["h"])


def rnn_output(params: Arrays, inputs: Arrays, states: Arrays, d_outputs: Any, d_state: Arrays) -> tuple[Any, Arrays]:
    x, h0 = inputs["x"], states["h"]
    h = ref.rnn_forward(params, x, h0)
    outer, d_h = ref.output_backward(params, h, d_outputs)
    return ref.output_forward(params, h), ref.rnn_backward(params, x, h0, h, d_h, d_state["h"]) | outer


def rnn_loss(params: Arrays, inputs: Arrays, states: Arrays, d_outputs: Any, d_state: Arrays) -> tuple[Any, Arrays]:
    y = ref.output_forward(params, ref.rnn_forward(params, inputs["x"], states["h"]))
    d_y, d_target = ref.squared_error_backward(y, inputs["target"], d_outputs)
    _, grads = rnn_output(params, inputs, states, d_y, d_state)
    return ref.squared_error(y, inputs["target"]), grads | {"target": d_target}


def lstm(params: Arrays, inputs: Arrays, states: Arrays, d_outputs: Any, d_state: Arrays) -> tuple[Any, Arrays]:
    data = inputs["x"], states["h"], states["c"]
    trace = ref.lstm_forward(params, *data)
    return trace.h, ref.lstm_backward(params, *data, trace, d_outputs, d_state["h"], d_state["c"])


def lstm_block(params: Arrays, inputs: Arrays, states: Arrays, d_outputs: Any, d_state: Arrays) -> tuple[Any, Arrays]:
    """B = [W U], gate by gate."""
    n = states["h"].shape[1]
    split = {name: value for name, value in params.items() if name.startswith("b_")}
    for gate in "fizo":
        split |= {f"W_{gate}": params[f"B_{gate}"][:, :n], f"U_{gate}": params[f"B_{gate}"][:, n:]}
    h, grads = lstm(split, inputs, states, d_outputs, d_state)
    for gate in "fizo":
        grads[f"B_{gate}"] = np.hstack([grads.pop(f"W_{gate}"), grads.pop(f"U_{gate}")])
    return h, grads


ORACLES: dict[str, Oracle] = {
    "RNN": rnn,
    "RNN_tanh": rnn,
    "RNN_output": rnn_output,
    "RNN_loss": rnn_loss,
    "LSTM": lstm,
    "LSTM_block": lstm_block,
    "LSTM_1997": lstm,
    "peephole_LSTM": lstm,
}
"""By the name of the cell; an RNN with tanh as its activation."""
