"""The module of a cell against what does not come from it: the equations, the reference, two numeric derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from ..activations import Activation, tanh
from ..cell import Cell
from ..cells import CELLS, cell_named
from .experiment import Arrays, Experiment, by_equations, experiment_on, held, imported
from .module import export_module
from .oracle import ORACLES, Oracle
from .plan import with_activation

TOLERANCES = {
    "equations": 1e-12,
    "reference": 1e-12,
    "complex step": 1e-11,
    "central differences": 1e-6,
}
"""The largest relative error allowed. The same sums in another order differ by some roundings of 1e-16 each; the
complex step subtracts nothing, so it is as good, but it runs through other functions (the complex tanh); central
differences with step s lose s² to curvature and 1e-16/s to cancellation, and more where a gradient is small."""

COMPLEX_STEP = 1e-30
CENTRAL_STEP = 1e-5


@dataclass(frozen=True, slots=True)
class Comparison:
    """One quantity by one method: the largest error, relative to the largest entry."""

    quantity: str
    method: str
    error: float

    @property
    def passed(self) -> bool:
        return self.error <= TOLERANCES[self.method]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All comparisons for one cell; ``notes`` say what could not be compared, and why."""

    cell: str
    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return bool(self.comparisons) and all(comparison.passed for comparison in self.comparisons)

    @property
    def failed(self) -> tuple[Comparison, ...]:
        return tuple(comparison for comparison in self.comparisons if not comparison.passed)

    def worst(self, method: str) -> float | None:
        """The largest error by one method; ``None`` if the method was not used."""
        return max((c.error for c in self.comparisons if c.method == method), default=None)

    def __str__(self) -> str:
        quantities = dict.fromkeys(c.quantity for c in self.comparisons)
        methods = [method for method in TOLERANCES if self.worst(method) is not None]
        cells = {(c.quantity, c.method): f"{c.error:.1e}{'' if c.passed else ' !'}" for c in self.comparisons}
        table = [["", *methods], *[[q, *[cells.get((q, m), "-") for m in methods]] for q in quantities]]
        widths = [max(len(row[k]) for row in table) for k in range(len(methods) + 1)]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in table
        ]
        head = f"{self.cell}: {'passed' if self.passed else 'FAILED'}, {len(self.comparisons)} comparisons"
        return "\n".join([head, *lines, *[f"note: {note}" for note in self.notes]])


def check_cell(cell: Cell | str, *, phi: Activation | str = tanh) -> CheckReport:
    """Export a cell, or the cell of that name, and compare everything that its module computes.

    A cell that leaves its activation open is checked with ``phi``.
    """
    found = cell_named(cell) if isinstance(cell, str) else cell
    return check_source(found, export_module(found, phi=phi), phi=phi)


def check_source(cell: Cell, source: str, *, phi: Activation | str = tanh) -> CheckReport:
    """Compare what the source of a cell's module computes with what the cell's equations say."""
    specified = with_activation(cell, phi)
    module = imported(source, cell.name)
    experiment = experiment_on(specified)
    gradients = experiment.gradients(module)
    comparisons = list(_forward(experiment, module))
    notes = []
    oracle = _oracle(cell, specified)
    if oracle:
        given = (experiment.params, experiment.inputs, experiment.states)
        outputs, wanted = oracle(*given, next(iter(experiment.d_outputs.values())), experiment.d_state)
        (output,) = experiment.run(module)[0].values()
        comparisons += [_compared("outputs", "reference", output, outputs), *_all("reference", gradients, wanted)]
    else:
        notes.append("no hand-written reference for this cell")
    smooth, follows = held(experiment, module)
    if smooth is not experiment:
        notes.append("the derivative is truncated: numeric derivatives hold the states fixed where the gradient stops")
    comparisons += _all("central differences", gradients, _of(experiment, _entrywise(smooth, follows, _central)))
    try:
        comparisons += _all("complex step", gradients, _of(experiment, _entrywise(smooth, follows, _complex)))
    except TypeError as error:
        notes.append(f"no complex step: {error}")
    return CheckReport(cell.name, tuple(comparisons), tuple(notes))


def _oracle(cell: Cell, specified: Cell) -> Oracle | None:
    """The reference for a cell of the zoo, an open activation being tanh; not for another cell of that name."""
    known = CELLS.get(cell.name)
    same = known is not None and with_activation(known, tanh).equations == specified.equations
    return ORACLES.get(cell.name) if same else None


def relative_error(found: Any, wanted: Any) -> float:
    """The largest difference over the largest wanted entry; infinite where a shape differs or a value is no number."""
    if np.shape(found) != np.shape(wanted) or not np.isfinite(found).all():
        return float("inf")
    scale = np.abs(wanted).max(initial=0.0)
    return float(np.abs(found - wanted).max(initial=0.0) / (scale or 1.0))


def _compared(quantity: str, method: str, found: Any, wanted: Any) -> Comparison:
    return Comparison(quantity, method, relative_error(found, wanted))


def _all(method: str, found: Arrays, wanted: Arrays) -> Iterable[Comparison]:
    if found.keys() != wanted.keys():
        raise AssertionError(f"{method} knows the gradients {sorted(wanted)}, the module {sorted(found)}")
    return [_compared(f"d {name}", method, found[name], wanted[name]) for name in found]


def _forward(experiment: Experiment, module: ModuleType) -> Iterable[Comparison]:
    outputs, final, _ = experiment.run(module)
    wanted_outputs, wanted_final = by_equations(experiment)
    for name, value in outputs.items():
        yield _compared(f"{name} at every step", "equations", value, wanted_outputs[name])
    for name, value in final.items():
        yield _compared(f"{name} at the end", "equations", value, wanted_final[name])


Slope = Callable[[Callable[[Any], Any], Any, Any], float]


def _central(loss: Callable[[Any], Any], value: Any, index: Any) -> float:
    """(L(v + s) - L(v - s)) / 2s in one entry of v."""
    ends = []
    for step in (CENTRAL_STEP, -CENTRAL_STEP):
        moved = value.copy()
        moved[index] += step
        ends.append(loss(moved))
    return float((ends[0] - ends[1]) / (2 * CENTRAL_STEP))


def _complex(loss: Callable[[Any], Any], value: Any, index: Any) -> float:
    """Im L(v + i s) / s in one entry of v: no difference of close numbers (Squire & Trapp 1998)."""
    moved = value.astype(complex)
    moved[index] += 1j * COMPLEX_STEP
    return float(loss(moved).imag / COMPLEX_STEP)


def _entrywise(experiment: Experiment, module: ModuleType, slope: Slope) -> Arrays:
    """The slope of the loss in every entry of every parameter, input and initial state."""
    found: Arrays = {}
    for group, ending in (("params", ""), ("inputs", ""), ("states", "0")):
        for name, value in getattr(experiment, group).items():

            def loss(moved: Any, group: str = group, name: str = name) -> Any:
                return experiment.moved(group, name, moved).loss(module)

            slopes = [slope(loss, value, index) for index in np.ndindex(value.shape)]
            found[f"{name}{ending}"] = np.reshape(slopes, value.shape)
    return found


def _of(experiment: Experiment, found: Arrays) -> Arrays:
    """The gradients of the experiment's own letters; that of a state at which every gradient stops is 0."""
    names = [*experiment.params, *experiment.inputs]
    return {name: found[name] for name in names} | {
        f"{name}0": found.get(f"{name}0", np.zeros_like(value)) for name, value in experiment.states.items()
    }
