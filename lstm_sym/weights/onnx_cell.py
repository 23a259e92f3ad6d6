r"""The cell that an ONNX node computes: what its attributes change in the equations makes another cell.

The equations are those of the documentation of the operators (ai.onnx, opset 14 to 22): with the activations
f, g, h and the step before marked by a prime,

- RNN: :math:`H = f(W X + R H' + Wb + Rb)`;
- GRU: :math:`h = g(W_h X + R_h (r \odot H') + Rb_h + Wb_h)`, with ``linear_before_reset``
  :math:`h = g(W_h X + r \odot (R_h H' + Rb_h) + Wb_h)`, and :math:`H = (1 - z) \odot h + z \odot H'`;
- LSTM: the gates i and f see :math:`P \odot C'`, o sees :math:`P \odot C`; :math:`C = f \odot C' + i \odot c`,
  :math:`H = o \odot h(C)`; with ``input_forget`` :math:`f = 1 - i`.

``clip`` bounds what f and g are applied to. The documentation says "the input of activations"; onnxruntime, with which
this agrees, leaves the argument C of h as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf, nan
from typing import Any

import numpy as np

from ..activations import Elementwise, relu, sigma, softplus, softsign, tanh
from ..cell import Cell
from ..cells import GRU, GRU_RESET_BEFORE, LSTM, PEEPHOLE_LSTM, RNN_TANH, gru, lstm, rnn
from ..symbols import t
from .variants import (
    Function,
    clipped,
    coupled,
    exactly,
    hard_sigmoid,
    leaky_relu,
    scaled_elu,
    thresholded_relu,
    with_functions,
)

REQUIRED = nan
"""Stands where ONNX documents no default."""


@dataclass(frozen=True, slots=True)
class Form:
    """An activation that ONNX names: its formula, and the defaults of alpha and beta if it takes them."""

    formula: Callable[..., Any]
    alpha: float | None = None
    beta: float | None = None


ACTIVATIONS: dict[str, Form] = {
    "Relu": Form(relu),
    "Tanh": Form(tanh),
    "Sigmoid": Form(sigma),
    "Affine": Form(lambda a, alpha, beta: alpha * a + beta, REQUIRED, REQUIRED),
    "LeakyRelu": Form(leaky_relu, 0.01),
    "ThresholdedRelu": Form(thresholded_relu, 1.0),
    "ScaledTanh": Form(lambda a, alpha, beta: alpha * tanh(beta * a), REQUIRED, REQUIRED),
    "HardSigmoid": Form(hard_sigmoid, 0.2, 0.5),
    "Elu": Form(scaled_elu, 1.0),
    "Softsign": Form(softsign),
    "Softplus": Form(softplus),
}

DEFAULTS: dict[str, tuple[str, ...]] = {
    "RNN": ("Tanh",),
    "GRU": ("Sigmoid", "Tanh"),
    "LSTM": ("Sigmoid", "Tanh", "Tanh"),
}

SLOTS: dict[str, tuple[tuple[Elementwise, ...], ...]] = {
    "RNN": ((tanh(rnn.a[t]),),),
    "GRU": ((sigma(gru.a_z[t]), sigma(gru.a_r[t])), (tanh(gru.a_n[t]),)),
    "LSTM": (
        (sigma(lstm.a_i[t]), sigma(lstm.a_o[t]), sigma(lstm.a_f[t])),
        (tanh(lstm.a_z[t]),),
        (tanh(lstm.c[t]),),
    ),
}
"""Where the activations f, g, h of each operator stand in the cell's equations."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An activation with its numbers."""

    name: str
    alpha: float | None
    beta: float | None

    def __call__(self, a: Any) -> Any:
        numbers = [exactly(number) for number in (self.alpha, self.beta) if number is not None]
        return ACTIVATIONS[self.name].formula(a, *numbers)


@dataclass(frozen=True, slots=True)
class Equations:
    """What decides the equations of one direction of a node."""

    op_type: str
    activations: tuple[Chosen, ...]
    peepholes: bool = False
    linear_before_reset: bool = False
    input_forget: bool = False
    clip: float = inf

    @property
    def packing(self) -> str:
        """The key of the node's packing among those of ONNX."""
        return "GRU_reset_before" if self.op_type == "GRU" and not self.linear_before_reset else self.op_type


@cache
def cell_of(equations: Equations) -> Cell:
    """The cell: one of the zoo, as it is where nothing is changed."""
    if equations.op_type == "RNN":
        cell = RNN_TANH
    elif equations.op_type == "GRU":
        cell = GRU if equations.linear_before_reset else GRU_RESET_BEFORE
    else:
        cell = PEEPHOLE_LSTM if equations.peepholes else LSTM
    if equations.input_forget:
        cell = coupled(cell)
    names = tuple(chosen.name for chosen in equations.activations)
    if names == DEFAULTS[equations.op_type] and equations.clip == inf:
        return cell
    functions = {
        node: chosen if equations.clip == inf or node.argument == lstm.c[t] else _bounded(chosen, equations.clip)
        for chosen, nodes in zip(equations.activations, SLOTS[equations.op_type], strict=True)
        for node in nodes
    }
    source = f"ONNX operator {equations.op_type} with the activations {', '.join(names)}, rewritten from {cell.name}"
    return with_functions(cell, f"ONNX_{cell.name}", functions, source)


def _bounded(chosen: Chosen, clip: float) -> Function:
    return lambda a: chosen(clipped(a, exactly(clip)))


def equations_of(op_type: str, attributes: Mapping[str, Any], peepholes: bool, directions: int) -> list[Equations]:
    """What the attributes decide for each direction; ``ValueError`` for a value that is not allowed."""
    flags = {
        name: bool(one_of(attributes, name, (0, 1)))
        for name in ("linear_before_reset", "input_forget")
        if name in attributes
    }
    clip = inf if "clip" not in attributes else number("clip", attributes["clip"])
    if not clip > 0:
        raise ValueError(f"clip is {clip}; a threshold is positive, and without a clip nothing is bounded")
    return [
        Equations(op_type, activations, peepholes, clip=clip, **flags)
        for activations in _activations(op_type, attributes, directions)
    ]


def one_of(attributes: Mapping[str, Any], name: str, allowed: Any) -> Any:
    """The value of an attribute, the first of those allowed if it is not given."""
    value = attributes.get(name, next(iter(allowed)))
    if isinstance(value, bool) or not isinstance(value, int | np.integer | str) or value not in allowed:
        raise ValueError(f"{name} is {value!r}; it may be {', '.join(map(repr, allowed))}")
    return value


def number(name: str, value: Any) -> float:
    """The value of an attribute as a number; ``ValueError`` if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating) or value != value:
        raise ValueError(f"{name} is {value!r}, which is no number")
    return float(value)


def several(attributes: Mapping[str, Any], name: str, default: Sequence[Any]) -> list[Any]:
    """The values of an attribute that is a list; ``ValueError`` if it is none."""
    value = attributes.get(name, default)
    if isinstance(value, str | bytes) or not isinstance(value, Sequence | np.ndarray):
        raise ValueError(f"{name} is {value!r}; it is a list")
    return list(value)


def _activations(op_type: str, attributes: Mapping[str, Any], directions: int) -> list[tuple[Chosen, ...]]:
    """f, g, h of each direction; alpha and beta go, in this order, to the activations that take one."""
    each = len(DEFAULTS[op_type])
    names = several(attributes, "activations", DEFAULTS[op_type] * directions)
    if len(names) != each * directions:
        raise ValueError(
            f"activations has {len(names)} names; {op_type} wants {each} for each of {directions} directions"
        )
    for name in names:
        if name not in ACTIVATIONS:
            raise ValueError(f"unknown activation {name!r}; ONNX documents {', '.join(ACTIVATIONS)}")
    alphas, betas = (iter(several(attributes, f"activation_{which}", ())) for which in ("alpha", "beta"))
    chosen = [
        Chosen(
            name,
            _number(name, "alpha", ACTIVATIONS[name].alpha, alphas),
            _number(name, "beta", ACTIVATIONS[name].beta, betas),
        )
        for name in names
    ]
    for which, rest in (("alpha", alphas), ("beta", betas)):
        if left := list(rest):
            raise ValueError(f"activation_{which} has {len(left)} numbers more than the activations take")
    return [tuple(chosen[k : k + each]) for k in range(0, len(chosen), each)]


def _number(name: str, which: str, default: float | None, given: Iterator[float]) -> float | None:
    if default is None:
        return None
    found = next(given, None)
    if found is None and default != default:
        raise ValueError(f"activation {name} needs a number in activation_{which}; ONNX documents no default")
    value = default if found is None else number(f"activation_{which}", found)
    if value in (inf, -inf):
        raise ValueError(f"activation_{which} is {value}; activation {name} wants a finite number")
    return value
