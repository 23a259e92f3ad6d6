r"""Hand-written NumPy of the RNN and the LSTM, forward and backward: the independent oracle.

Written from the papers, not with this library: what the library derives is compared with it.
The step functions take column vectors, or matrices of columns with biases of shape ``(n, 1)``, so their
lines are the papers' lines. The passes over a sequence take

- parameters as a mapping by name, in the papers' orientation: ``W`` (n, n), ``U`` (n, d), ``b`` (n,),
- ``x`` of shape (T, B, d) and initial states of shape (B, n),
- the gradients that the loss gives every output, (T, B, n), and the final states, (B, n),

and return every gradient by the name of what it belongs to: a parameter, ``x``, ``h0``, ``c0``, ``target``.

Forward: Elman 1990; Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000; Gers & Schmidhuber 2000.
Backward: Werbos 1990, eq. 12; Goodfellow, Bengio & Courville 2016, section 10.2.2; Greff et al. 2017,
section II.B (the LSTM with peepholes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Named = Mapping[str, Array]


def sigmoid(a: Array) -> Array:
    r""":math:`\sigma(a) = 1/(1+e^{-a})`, written with tanh, which never overflows."""
    return 0.5 * np.tanh(0.5 * a) + 0.5


# --- one step, as the papers write it -----------------------------------------------------------


def rnn_step(W: Array, U: Array, b: Array, h: Array, x: Array) -> Array:
    r""":math:`h^{(t)} = \tanh(W h^{(t-1)} + U x^{(t)} + b)` (Elman 1990)."""
    a = W @ h + U @ x + b
    return np.tanh(a)


def lstm_step(
    W_z: Array, U_z: Array, b_z: Array,
    W_i: Array, U_i: Array, b_i: Array,
    W_f: Array, U_f: Array, b_f: Array,
    W_o: Array, U_o: Array, b_o: Array,
    h: Array, c: Array, x: Array,
) -> tuple[Array, ...]:  # fmt: skip
    r"""One step of the LSTM with forget gate (Gers, Schmidhuber & Cummins 2000)."""
    z = np.tanh(W_z @ h + U_z @ x + b_z)
    i = sigmoid(W_i @ h + U_i @ x + b_i)
    f = sigmoid(W_f @ h + U_f @ x + b_f)
    c_new = f * c + i * z
    o = sigmoid(W_o @ h + U_o @ x + b_o)
    h_new = o * np.tanh(c_new)
    return z, i, f, o, c_new, h_new


def peephole_lstm_step(
    W_z: Array, U_z: Array, b_z: Array,
    W_i: Array, U_i: Array, p_i: Array, b_i: Array,
    W_f: Array, U_f: Array, p_f: Array, b_f: Array,
    W_o: Array, U_o: Array, p_o: Array, b_o: Array,
    h: Array, c: Array, x: Array,
) -> tuple[Array, ...]:  # fmt: skip
    r"""One step of the LSTM whose gates see the cell state, the output gate the new one (Gers & Schmidhuber 2000)."""
    z = np.tanh(W_z @ h + U_z @ x + b_z)
    i = sigmoid(W_i @ h + U_i @ x + p_i * c + b_i)
    f = sigmoid(W_f @ h + U_f @ x + p_f * c + b_f)
    c_new = f * c + i * z
    o = sigmoid(W_o @ h + U_o @ x + p_o * c_new + b_o)
    h_new = o * np.tanh(c_new)
    return z, i, f, o, c_new, h_new


def lstm_1997_step(
    W_z: Array, U_z: Array, b_z: Array,
    W_i: Array, U_i: Array, b_i: Array,
    W_o: Array, U_o: Array, b_o: Array,
    h: Array, c: Array, x: Array,
) -> tuple[Array, ...]:  # fmt: skip
    r"""One step of the first LSTM: no forget gate (Hochreiter & Schmidhuber 1997)."""
    z = np.tanh(W_z @ h + U_z @ x + b_z)
    i = sigmoid(W_i @ h + U_i @ x + b_i)
    c_new = c + i * z
    o = sigmoid(W_o @ h + U_o @ x + b_o)
    h_new = o * np.tanh(c_new)
    return z, i, o, c_new, h_new


# --- the RNN over a sequence --------------------------------------------------------------------


def rnn_forward(params: Named, x: Array, h0: Array) -> Array:
    """The states ``h`` of shape (T, B, n) after each step."""
    W, U, b = params["W"], params["U"], params["b"][:, None]
    h = np.empty((len(x), *h0.shape), h0.dtype)
    column = h0.T
    for t in range(len(x)):
        column = rnn_step(W, U, b, column, x[t].T)
        h[t] = column.T
    return h


def rnn_backward(params: Named, x: Array, h0: Array, h: Array, d_h: Array, d_h_last: Array) -> dict[str, Array]:
    r"""Every gradient of the tanh RNN (Goodfellow et al. 2016, eqs. 10.20 to 10.28)."""
    W, U = params["W"], params["U"]
    grads = {name: np.zeros_like(params[name]) for name in ("W", "U", "b")} | {"x": np.zeros_like(x)}
    later = d_h_last.T
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h0
        delta_h = d_h[t].T + later
        delta_a = (1 - h[t].T ** 2) * delta_h
        grads["W"] += delta_a @ before
        grads["U"] += delta_a @ x[t]
        grads["b"] += delta_a.sum(axis=1)
        grads["x"][t] = (U.T @ delta_a).T
        later = W.T @ delta_a
    return {**grads, "h0": later.T.copy()}


def output_forward(params: Named, h: Array) -> Array:
    r"""The outputs :math:`y^{(t)} = V h^{(t)} + b_y`, shape (T, B, m)."""
    return h @ params["V"].T + params["b_y"]


def output_backward(params: Named, h: Array, d_y: Array) -> tuple[dict[str, Array], Array]:
    r"""The gradients of V and b_y, and what reaches ``h`` (Goodfellow et al. 2016, eqs. 10.19, 10.22, 10.24)."""
    grads = {name: np.zeros_like(params[name]) for name in ("V", "b_y")}
    for t in range(len(h)):
        grads["V"] += d_y[t].T @ h[t]
        grads["b_y"] += d_y[t].sum(axis=0)
    return grads, d_y @ params["V"]


def squared_error(y: Array, target: Array) -> Array:
    r"""The loss of each step and sequence, :math:`\ell = \tfrac12 \|y - \mathrm{target}\|^2`, shape (T, B, 1)."""
    return 0.5 * ((y - target) ** 2).sum(axis=-1, keepdims=True)


def squared_error_backward(y: Array, target: Array, d_ell: Array) -> tuple[Array, Array]:
    r"""What the loss gives ``y`` and ``target``: :math:`\pm(y - \mathrm{target})\,\delta\ell`."""
    d_y = (y - target) * d_ell
    return d_y, -d_y


# --- the LSTM over a sequence -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LSTMTrace:
    """What the forward pass of an LSTM leaves behind, arrays of shape (T, B, n); ``f`` is 1 without a forget gate."""

    z: Array
    i: Array
    f: Array
    o: Array
    c: Array
    h: Array


def lstm_forward(params: Named, x: Array, h0: Array, c0: Array) -> LSTMTrace:
    """The gates and states after each step.

    Which LSTM it is follows from the parameters: peepholes where there is a ``p_i``, no forget gate where
    there is no ``W_f``.
    """
    W, U, b, p = (_by_gate(params, letter) for letter in "WUbp")
    steps = []
    h, c = h0.T, c0.T
    for t in range(len(x)):
        read = [part[gate] for gate in W for part in (W, U, p, b) if gate in part] + [h, c, x[t].T]
        if p:
            step = peephole_lstm_step(*read)
        elif "f" in W:
            step = lstm_step(*read)
        else:
            z, i, o, *states = lstm_1997_step(*read)
            step = (z, i, np.ones_like(i), o, *states)
        steps.append(step)
        c, h = step[-2:]
    return LSTMTrace(*(np.stack([column.T for column in columns]) for columns in zip(*steps, strict=True)))


def lstm_backward(
    params: Named, x: Array, h0: Array, c0: Array, trace: LSTMTrace, d_h: Array, d_h_last: Array, d_c_last: Array
) -> dict[str, Array]:
    r"""Every gradient of the LSTM (Greff et al. 2017, section II.B; R there is W here, W there is U here).

    With :math:`\sigma' = y(1-y)` and :math:`\tanh' = 1 - y^2` from the stored values.
    """
    W, U, p = (_by_gate(params, letter) for letter in "WUp")
    gates = tuple(W)
    grads = {name: np.zeros_like(value) for name, value in params.items()} | {"x": np.zeros_like(x)}
    later_h, later_c = d_h_last.T, d_c_last.T
    for t in reversed(range(len(x))):
        z, i, f, o, c = (part[t].T for part in (trace.z, trace.i, trace.f, trace.o, trace.c))
        h_before, c_before = (trace.h[t - 1], trace.c[t - 1].T) if t > 0 else (h0, c0.T)
        delta_h = d_h[t].T + later_h
        delta = {"o": delta_h * np.tanh(c) * o * (1 - o)}
        delta_c = delta_h * o * (1 - np.tanh(c) ** 2) + later_c
        if p:
            delta_c = delta_c + p["o"] * delta["o"]
        delta["f"] = delta_c * c_before * f * (1 - f)
        delta["i"] = delta_c * z * i * (1 - i)
        delta["z"] = delta_c * i * (1 - z**2)
        for gate in gates:
            grads[f"W_{gate}"] += delta[gate] @ h_before
            grads[f"U_{gate}"] += delta[gate] @ x[t]
            grads[f"b_{gate}"] += delta[gate].sum(axis=1)
            grads["x"][t] += (U[gate].T @ delta[gate]).T
        for gate in p:
            seen = c if gate == "o" else c_before
            grads[f"p_{gate}"] += (delta[gate] * seen).sum(axis=1)
        later_h = np.sum([W[gate].T @ delta[gate] for gate in gates], axis=0)
        later_c = f * delta_c
        if p:
            later_c = later_c + p["i"] * delta["i"] + p["f"] * delta["f"]
    return {**grads, "h0": later_h.T.copy(), "c0": later_c.T.copy()}


def _by_gate(params: Named, letter: str) -> dict[str, Array]:
    """The parameters of one letter by gate; vectors as columns."""
    found = {gate: params[f"{letter}_{gate}"] for gate in "zifo" if f"{letter}_{gate}" in params}
    return {gate: value[:, None] if value.ndim == 1 else value for gate, value in found.items()}
