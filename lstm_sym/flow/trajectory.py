r"""A cell with random weights, run along random inputs: the values of all its letters at every step.

The steps are the cell's own equations, one NumPy function each, in the order in which they read each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from sympy import Expr, Symbol

from .. import lambdify
from ..activations import Activation, tanh
from ..cell import Cell
from ..nodes.algebra import MatrixSum
from ..symbols import At, Parameter, Sequence, letters, t

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Setting:
    r"""What a numeric experiment is made of; equal settings give equal numbers.

    Every symbolic size is ``size``. A weight of shape (rows, cols) is drawn from
    :math:`\mathcal N(0, \mathrm{gain}^2/\mathrm{cols})`, the weights of a column (a peephole) from
    :math:`\mathcal N(0, \mathrm{gain}^2/\mathrm{rows})`, inputs from :math:`\mathcal N(0, \mathrm{inputs}^2)`;
    biases are 0, and so is the state before the first step. ``fixed`` sets parameters by name, to a number
    for every entry or to an array of the parameter's shape, a column as (rows,) or (rows, 1).
    ``phi`` is the activation of a cell that leaves it open.
    """

    size: int = 16
    seed: int = 0
    gain: float = 1.0
    inputs: float = 1.0
    fixed: Mapping[str, Any] = field(default_factory=dict)
    phi: Activation = tanh

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"the size is at least 1, got {self.size}")
        if self.seed < 0:
            raise ValueError(f"the seed is not negative, got {self.seed}")
        for name in ("gain", "inputs"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"{name} is a finite number and not negative, got {getattr(self, name)}")

    def __str__(self) -> str:
        told = [f"n = {self.size}", f"seed {self.seed}"]
        told += [f"gain {self.gain:g}"] if self.gain != 1 else []
        told += [f"inputs {self.inputs:g}"] if self.inputs != 1 else []
        told += [f"{name} = {v:g}" if np.ndim(v) == 0 else f"{name} given" for name, v in self.fixed.items()]
        return ", ".join(told)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The values of a cell's letters over ``steps`` steps.

    ``parameters`` have their shapes, a column (rows, 1); ``sequences`` are arrays (steps + 1, rows, 1), row 0
    the state before the first step (NaN for what is no state).
    """

    cell: Cell
    setting: Setting
    steps: int
    parameters: Mapping[Parameter, Array]
    sequences: Mapping[Sequence, Array]

    def values(self, letter: Any, start: int = 1, stop: int | None = None) -> Array:
        """A size, a parameter, or ``v[t - k]`` at the times t = start, ..., stop: (stop - start + 1, rows, 1)."""
        if isinstance(letter, Symbol):
            return np.array(self.setting.size)
        if isinstance(letter, Parameter):
            return self.parameters[letter]
        shift = int(letter.index - t)
        stop = self.steps if stop is None else stop
        if start + shift < 0 or stop + shift > self.steps:
            raise IndexError(f"{letter} at t = {start}, ..., {stop} leaves the times 0, ..., {self.steps}")
        return self.sequences[letter.sequence][start + shift : stop + shift + 1]

    def evaluate(self, expr: Expr, start: int = 1, stop: int | None = None) -> Array:
        """An expression at the times t = start, ..., stop, the times in the first axis."""
        read = arguments(expr)
        return np.asarray(lambdify(read, expr)(*[self.values(letter, start, stop) for letter in read]))


def arguments(expr: Expr) -> tuple[Any, ...]:
    """What an expression reads: its letters, and the sizes that none of them has."""
    read = letters(expr)
    known = {size for letter in read for size in letter.shape}
    sizes = {s for s in expr.free_symbols if isinstance(s, Symbol) and s != t} - known
    return (*read, *sorted(sizes, key=str))


def recurrent_part(cell: Cell, phi: Activation = tanh) -> Cell:
    """The equations that the states depend on, with ``phi`` for an activation that the cell leaves open.

    A ``ValueError`` refuses a cell without a state, or one that looks back more than one step: its
    one-step Jacobian does not carry all that it remembers.
    """
    if not cell.states:
        raise ValueError(f"cell {cell.name} has no state, so nothing flows through time")
    for letter in cell.letters:
        if isinstance(letter, At) and int(t - letter.index) > 1:
            raise ValueError(f"cell {cell.name} reads {letter}; the flow is that of cells that look back one step")
    needed = set(cell.states)
    for sequence in reversed(cell.order):
        if sequence in needed:
            needed |= {a.sequence for a in letters(cell.definition(sequence)) if isinstance(a, At)}
    if phi.row is None or phi.order:
        raise ValueError(f"the activation {phi.text} is not a known function; take one such as tanh")
    kept = [equation for equation in cell.equations if equation.lhs.sequence in needed]
    unknown = {f for equation in kept for f in equation.rhs.atoms(Activation) if f.row is None}
    replace = {f: Activation(phi.name, f.order) for f in unknown}
    equations = [eq.func(eq.lhs, eq.rhs.xreplace(replace), evaluate=False) for eq in kept]
    return Cell(cell.name, *equations, source=cell.source)


def run(cell: Cell, setting: Setting, steps: int) -> Trajectory:
    """The trajectory of the recurrent part of a cell from the zero state.

    A ``ValueError`` names a parameter of ``setting.fixed`` that the cell lacks or that has another shape.
    """
    if steps < 1:
        raise ValueError(f"the number of steps is at least 1, got {steps}")
    cell = recurrent_part(cell, setting.phi)
    parameters = drawn_parameters(cell, setting)
    rng = np.random.default_rng([setting.seed, 1])
    sequences: dict[Sequence, Array] = {}
    for sequence in (*cell.inputs, *cell.order):
        values = np.full((steps + 1, *_shape(sequence, setting.size)), np.nan)
        if sequence in cell.inputs:
            values[1:] = rng.normal(0.0, setting.inputs, values[1:].shape)
        if sequence in cell.states:
            values[0] = 0.0
        sequences[sequence] = values
    _fill(cell, steps, parameters, sequences)
    return Trajectory(cell, setting, steps, parameters, sequences)


def _fill(cell: Cell, steps: int, parameters: Mapping[Parameter, Array], sequences: dict[Sequence, Array]) -> None:
    """Every defined sequence, step by step."""
    lines = []
    for equation in cell.equations:
        read = letters(equation.rhs)
        function = lambdify(read, equation.rhs)
        sources = [
            (parameters[a], None) if isinstance(a, Parameter) else (sequences[a.sequence], int(a.index - t))
            for a in read
        ]
        lines.append((sequences[equation.lhs.sequence], function, sources))
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(1, steps + 1):
            for target, function, sources in lines:
                target[k] = function(*[values if shift is None else values[k + shift] for values, shift in sources])
            if not all(np.isfinite(target[k]).all() for target, _, _ in lines):
                raise ValueError(
                    f"cell {cell.name}: its own values overflow at step {k}; take smaller weights or inputs"
                )


def drawn_parameters(cell: Cell, setting: Setting) -> dict[Parameter, Array]:
    """Random weights, zero biases, and what is fixed; arrays of the parameters' shapes."""
    names = [parameter.text for parameter in cell.parameters]
    for name in setting.fixed:
        if name not in names:
            raise ValueError(f"cell {cell.name} has no parameter {name!r}; its parameters are {', '.join(names)}")
    rng = np.random.default_rng([setting.seed, 0])
    drawn = {}
    for parameter in cell.parameters:
        rows, cols = shape = _shape(parameter, setting.size)
        fan_in = rows if cols == 1 and parameter.cols == 1 else cols
        values = rng.normal(0.0, setting.gain / np.sqrt(fan_in), shape)
        if is_bias(cell, parameter):
            values = np.zeros(shape)
        if parameter.text in setting.fixed:
            values = _fixed(cell, parameter, setting.fixed[parameter.text], shape)
        drawn[parameter] = values
    return drawn


def is_bias(cell: Cell, parameter: Parameter) -> bool:
    """Whether some equation adds the parameter to other terms, as in W h + b."""
    sums = (term for equation in cell.equations for term in equation.rhs.atoms(MatrixSum))
    return any(parameter in term.args for term in sums)


def _fixed(cell: Cell, parameter: Parameter, given: Any, shape: tuple[int, int]) -> Array:
    values = np.asarray(given, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError(f"cell {cell.name}: {parameter.text} is set to {given}, which is not finite")
    if values.ndim and values.shape != shape and not (shape[1] == 1 and values.shape == shape[:1]):
        raise ValueError(f"cell {cell.name}: {parameter.text} has shape {shape}, got one of shape {values.shape}")
    return np.broadcast_to(values, shape).copy() if values.ndim == 0 else values.reshape(shape)


def _shape(letter: Any, size: int) -> tuple[int, int]:
    rows, cols = (int(side.subs(dict.fromkeys(side.free_symbols, size))) for side in letter.shape)
    return rows, cols
