"""The names that the letters of a cell have in its module, and the axes of their arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Add, Expr

from ..cell import Cell
from ..symbols import Sequence, adjoint, direct, t
from .calls import FUNCTIONS
from .naming import identifier, identifiers, unused
from .numpy_code import HELPERS
from .plan import Plan, carry
from .rows import Rows

OF_FRAMEWORKS = {
    "jax", "jnp", "lax", "torch", "nn", "xp", "scan", "linear_scan", "parts", "shifted", "given", "kept", "kind",
    "reverse", "math", "array_namespace", "run", "Layer", "Recurrence", "Mapping",
    "sigmoid_slope", "tanh_slope", "projected", "plain_scan", "calls", "fixed", "SMALL", "NumPyCalls",
    "CALLS", "calls_for", "uncast", "nullcontext",
}  # fmt: skip
"""Names that the modules of frameworks use beside those of the NumPy module."""

RESERVED = {
    "Any", "Array", "B", "CHUNK_BYTES", "Cache", "Inputs", "NamedTuple", "Outputs", "Params", "Pieces", "Prepared",
    "SHAPES", "SIZES", "State", "T", "Workspace", "advance", "applied", "backward", "cache", "checked", "chunk",
    "coefficients", "d_given", "d_initial", "d_inputs", "d_outputs", "d_params", "d_piece", "d_state", "deviation",
    "dtype", "every", "factors", "final", "fitting", "flat", "forward", "gradient", "gradients", "inputs", "laid_out",
    "len", "list", "map", "normalised", "np", "npt", "number", "outer", "outputs", "over_steps", "params", "piece",
    "pieces", "prepared", "range", "reversed", "run", "seen", "self", "sigma", "sizes", "spare", "stacked", "start",
    "state",
    "states", "steps", "stop", "sum", "t", "total", "truncated", "values", "views", "wanted", "whole", "work",
    "workspace", "zeros", "zip",
    *FUNCTIONS, *HELPERS, *OF_FRAMEWORKS,
}  # fmt: skip

STEP, STEPS = ("B",), ("T", "B")
"""The leading axes of the arrays of one step and of all steps."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``names`` of parameters, sequences and sizes; ``before`` are those of the states one step earlier."""

    cell: Cell
    names: Mapping[Any, str]
    before: Mapping[Sequence, str]
    sizes: tuple[Any, ...]

    @property
    def inputs(self) -> str:
        """The second argument of ``forward``: the input itself, or ``inputs`` for several."""
        return "inputs" if self.has_inputs else self.names[self.cell.inputs[0]]

    @property
    def inputs_t(self) -> str:
        """The second argument of ``step``: the input of one step, or ``inputs_t`` for several."""
        return unused(f"{self.inputs}_t", {*RESERVED, *self.names.values(), *self.before.values()})

    has_inputs = property(lambda self: len(self.cell.inputs) > 1)
    has_outputs = property(lambda self: len(self.cell.outputs) > 1)
    input_type = property(lambda self: "Inputs" if self.has_inputs else "Array")
    output_type = property(lambda self: "Outputs" if self.has_outputs else "Array")

    def rows(self, kept: Iterable[Sequence] | None = None) -> Rows:
        """How code in the loop refers to letters, given those ``kept`` for all steps; without it, code outside."""
        step = "" if kept is None else "[t]"
        names = {letter: name for letter, name in self.names.items() if not isinstance(letter, Sequence)}
        for letter, name in self.names.items():
            if isinstance(letter, Sequence):
                names[letter[t]] = f"{name}{step}" if kept is None or letter in kept else name
        for state, name in self.before.items():
            names[state[t - 1]] = f"{name}{step}"
        for output in self.cell.outputs:
            field = f".{self.names[output]}" if self.has_outputs else ""
            names[direct(output)[t]] = f"d_outputs{field}{step}"
        return Rows(names, STEPS if kept is None else STEP)

    def axes(self, letters: Iterable[Any], lead: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
        """The axes of the array of each letter, by its name: a column has one axis beside the leading ones."""
        shapes = {a: a.shape[:1] if a.shape[1] == 1 else a.shape for a in letters}
        return {self.names[a]: (*lead, *[self._axis(size) for size in shape]) for a, shape in shapes.items()}

    def _axis(self, size: Expr) -> str:
        """A size as the text of an axis: a name, a number, or a sum of them."""
        parts: list[str] = []
        for term in Add.make_args(size):
            number, symbol = term.as_coeff_Mul()
            if symbol == 1:
                parts.append(str(number))
            elif symbol in self.names and number.is_Integer and number > 0:
                parts += [self.names[symbol]] * int(number)
            else:
                raise ValueError(f"cell {self.cell.name}: the size {size} is not a sum of sizes")
        return " + ".join(parts)


def vocabulary_of(plan: Plan, more: Iterable[Sequence] = ()) -> Vocabulary:
    """Names for every letter of a plan, and for ``more``; δv is ``d_v``, the state before a step ``h_prev``."""
    cell = plan.cell
    made = [line.target for line in (*plan.forward.lines, *plan.backward.lines)]
    forward = dict.fromkeys([*cell.inputs, *cell.states, *[s for s in made if s.mark != "delta"]])
    names: dict[Any, str] = identifiers([*cell.parameters, *forward], taken=RESERVED)
    before: dict[Sequence, str] = {}

    def name(wanted: str) -> str:
        return unused(wanted, {*RESERVED, *names.values(), *before.values()})

    for state in cell.states:
        before[state] = name(f"{names[state]}_prev")
        names[carry(state)] = name(f"carry_{names[state]}")
    own = [adjoint(letter) for letter in (*cell.inputs, *cell.parameters)]
    for letter in dict.fromkeys([*own, *[s for s in made if s.mark == "delta"]]):
        names[letter] = name(f"d_{identifier(letter).removeprefix('delta_')}")
    for letter in more:
        names[letter] = name(identifier(letter).replace("k_delta_", "k_"))
    lettered: list[Any] = [*cell.parameters, *forward]
    shapes = [size for letter in lettered for size in letter.shape]
    sizes = tuple(sorted({symbol for size in shapes for symbol in size.free_symbols}, key=str))
    for size in sizes:
        names[size] = name(identifier(size))
    return Vocabulary(cell, names, before, sizes)
