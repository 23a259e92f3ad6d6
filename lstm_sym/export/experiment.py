r"""One numeric experiment with the module of a cell: data on which no mistake can hide, and the loss on it.

Mistakes that published backward passes hold are invisible at T = 2, at zero states, at n = 1, with one
sequence, or with a loss at the last step alone. So T = 4, and all sizes differ from each other and from T
and the batch; every state is nonzero; the loss weighs every output of every step and the final states.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, count
from types import ModuleType
from typing import Any

import numpy as np

from ..cell import Cell
from ..nodes.derivatives import StopGradient
from ..symbols import At, Sequence, letters, t
from .functions import lambdify
from .module import export_module

T, B = 4, 5
SIZES = (3, 2, 6, 7, 8, 9, 10)
"""The lengths of the symbolic sizes, in reading order, then upwards: distinct, and different from T and B."""

Arrays = dict[str, Any]
_NUMBER = count(1)


@dataclass(frozen=True, slots=True)
class Experiment:
    """Random values for every letter of a cell; arrays by the letter's text."""

    cell: Cell
    params: Arrays
    inputs: Arrays
    states: Arrays
    d_outputs: Arrays
    d_state: Arrays

    def moved(self, group: str, name: str, value: Any) -> Experiment:
        """The same experiment with another value of one letter; every array of the dtype of ``value``."""
        groups = {key: dict(getattr(self, key)) for key in ("params", "inputs", "states")}
        groups = {key: {k: v.astype(value.dtype) for k, v in arrays.items()} for key, arrays in groups.items()}
        groups[group][name] = value
        return Experiment(self.cell, **groups, d_outputs=self.d_outputs, d_state=self.d_state)

    def run(self, module: ModuleType) -> tuple[Arrays, Arrays, Any]:
        """Outputs and final states of a module's forward pass, by the letter's text, and its cache."""
        params, inputs, state = structures(module, self.cell, self.params, self.inputs, self.states)
        outputs, final, cache = module.forward(params, inputs, state)
        several = len(self.cell.outputs) > 1
        named = dict(zip(_texts(self.cell.outputs), outputs if several else [outputs], strict=True))
        return named, dict(zip(_texts(self.cell.states), final, strict=True)), cache

    def gradients(self, module: ModuleType) -> Arrays:
        """Every gradient by a module's backward pass: parameters, inputs, and initial states as ``h0``."""
        cell = self.cell
        params, _, _ = structures(module, cell, self.params, self.inputs, self.states)
        _, _, cache = self.run(module)
        several = len(cell.outputs) > 1
        d_outputs = module.Outputs(*self.d_outputs.values()) if several else next(iter(self.d_outputs.values()))
        d_params, d_inputs, d_state = module.backward(params, cache, d_outputs, module.State(*self.d_state.values()))
        found = dict(zip(_texts(cell.parameters), d_params, strict=True))
        found |= dict(zip(_texts(cell.inputs), d_inputs if len(cell.inputs) > 1 else [d_inputs], strict=True))
        return found | {f"{name}0": value for name, value in zip(_texts(cell.states), d_state, strict=True)}

    def loss(self, module: ModuleType) -> Any:
        """The weighted sum of all outputs and final states."""
        outputs, final, _ = self.run(module)
        return sum((self.d_outputs[k] * v).sum() for k, v in outputs.items()) + sum(
            (self.d_state[k] * v).sum() for k, v in final.items()
        )


def experiment_on(cell: Cell, seed: int = 0) -> Experiment:
    """Random data for a cell, all of order 1."""
    rng = np.random.default_rng(seed)
    lettered: list[Any] = [*cell.parameters, *cell.inputs, *cell.order]
    symbols = dict.fromkeys(s for a in lettered for size in a.shape for s in sorted(size.free_symbols, key=str))
    lengths = dict(zip(symbols, chain(SIZES, count(SIZES[-1] + 1)), strict=False))

    def drawn(letters: Iterable[Any], *lead: int) -> Arrays:
        shapes = {a.text: a.shape[:1] if a.shape[1] == 1 else a.shape for a in letters}
        return {
            name: rng.normal(0.0, 0.6, (*lead, *[int(size.subs(lengths)) for size in shape]))
            for name, shape in shapes.items()
        }

    return Experiment(
        cell=cell,
        params=drawn(cell.parameters),
        inputs=drawn(cell.inputs, T, B),
        states=drawn(cell.states, B),
        d_outputs=drawn(cell.outputs, T, B),
        d_state=drawn(cell.states, B),
    )


def by_equations(experiment: Experiment) -> tuple[Arrays, Arrays]:
    """Outputs and final states from the cell's equations, one after the other, by ``lambdify``."""
    cell = experiment.cell
    columns = {p: experiment.params[p.text] for p in cell.parameters}
    columns = {p: v[:, None] if v.ndim == 1 else v for p, v in columns.items()}
    known: dict[Any, Any] = {s[t - 1]: _as_matrices(s, experiment.states[s.text]) for s in cell.states}
    functions = {eq.lhs: (read := letters(eq.rhs), lambdify(read, eq.rhs)) for eq in cell.equations}
    outputs: dict[Sequence, list[Any]] = {s: [] for s in cell.outputs}
    for step in range(T):
        known |= {s[t]: _as_matrices(s, experiment.inputs[s.text][step]) for s in cell.inputs}
        for left, (read, function) in functions.items():
            known[left] = function(*[columns[a] if a in columns else known[a] for a in read])
        for s in cell.outputs:
            outputs[s].append(_as_rows(s, known[s[t]]))
        known |= {s[t - 1]: known[s[t]] for s in cell.states}
    final = {s.text: _as_rows(s, known[s[t]]) for s in cell.states}
    return {s.text: np.stack(values) for s, values in outputs.items()}, final


def _as_matrices(letter: Any, values: Any) -> Any:
    """Values of a module, of which a column has one axis, as the equations take them: (..., rows, cols)."""
    return values[..., None] if letter.shape[1] == 1 else values


def _as_rows(letter: Any, values: Any) -> Any:
    """Values of the equations as those of a module."""
    return values[..., 0] if letter.shape[1] == 1 else values


def held(experiment: Experiment, module: ModuleType) -> tuple[Experiment, ModuleType]:
    """The experiment whose ordinary derivative is the truncated one: what a gradient stops at becomes an input.

    For a cell without ``StopGradient`` the experiment and the module are returned as they are.
    """
    cell = experiment.cell
    stops = dict.fromkeys(node for eq in cell.equations for node in sorted(eq.rhs.atoms(StopGradient), key=str))
    if not stops:
        return experiment, module
    replace: dict[Any, Any] = {}
    inputs = dict(experiment.inputs)
    before, after = _states_of_each_step(experiment, module)
    for k, stop in enumerate(stops):
        letter = stop.args[0]
        if not (isinstance(letter, At) and letter.sequence in cell.states):
            raise ValueError(f"cell {cell.name}: {stop} holds no state, so its truncated derivative cannot be checked")
        stand_in = Sequence(f"held{k}", *letter.shape)
        replace[stop] = stand_in[t]
        inputs[stand_in.text] = (after if letter.index == t else before)[letter.sequence.text]
    equations = [eq.func(eq.lhs, eq.rhs.xreplace(replace), evaluate=False) for eq in cell.equations]
    other = Cell(f"{cell.name}_held", *equations, source=cell.source)
    return _on_other_cell(experiment, other, inputs), imported(export_module(other), other.name)


def _on_other_cell(experiment: Experiment, other: Cell, inputs: Arrays) -> Experiment:
    """The same data for a cell in which some states are read no more; their final gradients go to the last output."""
    d_outputs = {name: value.copy() for name, value in experiment.d_outputs.items()}
    for name in experiment.states.keys() - set(_texts(other.states)):
        if name not in _texts(other.outputs):
            raise ValueError(f"cell {other.name}: {name} is neither a state nor an output, so it cannot be checked")
        d_outputs.setdefault(name, np.zeros((T, *experiment.d_state[name].shape)))[-1] += experiment.d_state[name]
    return Experiment(
        cell=other,
        params=experiment.params,
        inputs={name: inputs[name] for name in _texts(other.inputs)},
        states={name: experiment.states[name] for name in _texts(other.states)},
        d_outputs={name: d_outputs[name] for name in _texts(other.outputs)},
        d_state={name: experiment.d_state[name] for name in _texts(other.states)},
    )


def imported(source: str, name: str) -> ModuleType:
    """The module of a source that ``export_module`` has written, without a file."""
    filename = f"<{name} {next(_NUMBER)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    module = ModuleType(name)
    exec(compile(source, filename, "exec"), module.__dict__)
    return module


def _states_of_each_step(experiment: Experiment, module: ModuleType) -> tuple[Arrays, Arrays]:
    """The states before and after every step, from one step at a time."""
    trajectory = [experiment.states]
    for step in range(T):
        inputs = {name: value[step : step + 1] for name, value in experiment.inputs.items()}
        arguments = structures(module, experiment.cell, experiment.params, inputs, trajectory[-1])
        trajectory.append(dict(zip(trajectory[-1], module.forward(*arguments)[1], strict=True)))
    stacked = {name: np.stack([states[name] for states in trajectory]) for name in experiment.states}
    return {k: v[:-1] for k, v in stacked.items()}, {k: v[1:] for k, v in stacked.items()}


def structures(module: ModuleType, cell: Cell, params: Arrays, inputs: Arrays, states: Arrays) -> tuple[Any, Any, Any]:
    given = [inputs[name] for name in _texts(cell.inputs)]
    x = module.Inputs(*given) if len(given) > 1 else given[0]
    return module.Params(*[params[name] for name in _texts(cell.parameters)]), x, module.State(*states.values())


def _texts(letters: Iterable[Any]) -> list[str]:
    return [letter.text for letter in letters]
