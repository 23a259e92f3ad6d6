"""What a module is to hold beside the two passes or instead of them, and whose gradients it computes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sympy import preorder_traversal

from ..cell import Cell
from ..nodes.algebra import MatrixSum
from ..symbols import Parameter

BIASES, STATE = "biases", "state"
"""Words for several gradients: of all biases of a cell, of all its initial states."""

TOLD = re.compile(r"variant: (.+?)[;.]\s")


@dataclass(frozen=True, slots=True)
class Variant:
    """The options that a module is written with; without any it has ``forward`` and ``backward``.

    With ``step`` it also computes a single step, with ``pieces`` passes that store the state before every k-th step,
    with ``layers`` passes over layers and directions; ``forward_only`` leaves the backward pass out. ``wrt`` names what
    the backward pass gives the gradients of: parameters, inputs, ``state`` for the initial states, ``biases`` for all
    biases; ``None`` is everything. From piece to piece goes the gradient of the state, so with ``pieces`` it is always
    among them.
    """

    step: bool = False
    forward_only: bool = False
    wrt: tuple[str, ...] | None = None
    pieces: bool = False
    layers: bool = False

    def __post_init__(self) -> None:
        if self.wrt is not None and not self.wrt:
            raise ValueError("wrt names no gradient; for a module without a backward pass give forward_only")
        if self.forward_only and self.wrt is not None:
            raise ValueError("the forward pass alone computes no gradients: leave out forward_only or wrt")
        if self.forward_only and self.pieces:
            raise ValueError("the forward pass alone stores no states: leave out forward_only or pieces")
        if self.layers and (self.forward_only or self.wrt is not None):
            raise ValueError("the functions over layers need every gradient: leave out layers, or forward_only and wrt")

    def __str__(self) -> str:
        """The options as the command line spells them."""
        flags = {
            "--step": self.step,
            "--forward-only": self.forward_only,
            "--pieces": self.pieces,
            "--layers": self.layers,
        }
        given = [flag for flag, on in flags.items() if on]
        return " ".join([*given, *([f"--wrt {','.join(self.wrt)}"] if self.wrt is not None else [])])

    def require(self, backend: str) -> None:
        """Raise ``ValueError`` for an option that a backend does not know."""
        for option in OPTIONS:
            if getattr(self, option) not in (False, None) and option not in TAKEN_BY.get(backend, ()):
                takes = " or ".join(f"--to {name}" for name, options in TAKEN_BY.items() if option in options)
                flag = f"--{option.replace('_', '-')}"
                raise ValueError(f"{OPTIONS[option]} ({flag}) is not written for {backend}; there is {takes}")


OPTIONS = {
    "step": "a function of one step",
    "forward_only": "the forward pass alone",
    "wrt": "a backward pass for some gradients",
    "pieces": "a pass in pieces",
}
"""What the options ask for."""

TAKEN_BY: dict[str, tuple[str, ...]] = {
    "numpy": ("step", "forward_only", "wrt", "pieces"),
    "torch": ("step", "forward_only", "wrt"),
    "jax": ("step", "forward_only", "wrt"),
    "array-api": ("step", "forward_only", "wrt"),
}
"""The options that each backend knows; a backend that is not listed knows none."""

WHOLE = Variant()
"""Both passes, and every gradient."""


def variant_of(
    *,
    step: bool = False,
    forward_only: bool = False,
    wrt: Iterable[str] | None = None,
    pieces: bool = False,
    layers: bool = False,
) -> Variant:
    """The variant of these options, as ``export_module`` takes them; ``TypeError`` if ``wrt`` is one string."""
    if isinstance(wrt, str):
        raise TypeError(f"wrt is the string {wrt!r}; give a list of names, such as {wrt.split(',')}")
    return Variant(step, forward_only, None if wrt is None else tuple(dict.fromkeys(wrt)), pieces, layers)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a backward pass gives the gradients of: letters of the cell, and with ``state`` its initial states."""

    letters: frozenset[Any] = frozenset()
    state: bool = False

    def __contains__(self, letter: Any) -> bool:
        return letter in self.letters

    @property
    def nothing(self) -> bool:
        return not self.letters and not self.state


def wanted_of(cell: Cell, variant: Variant) -> Wanted:
    """The gradients that a variant asks for; ``ValueError`` for a name that is none of the cell's."""
    letters: list[Any] = [*cell.parameters, *cell.inputs]
    if variant.forward_only:
        return Wanted()
    if variant.wrt is None:
        return Wanted(frozenset(letters), True)
    by_name = {letter.text: letter for letter in letters}
    found: list[Any] = []
    for name in variant.wrt:
        if name in by_name:
            found.append(by_name[name])
        elif name == BIASES and (biases := biases_of(cell)):
            found += biases
        elif not (name == STATE and cell.states):
            words = [*([BIASES] if biases_of(cell) else []), *([STATE] if cell.states else [])]
            listed = ", ".join([*by_name, *words])
            raise ValueError(f"cell {cell.name} has no gradient of {name!r}; wrt takes {listed}")
    return Wanted(frozenset(found), variant.pieces or (STATE in variant.wrt and STATE not in by_name))


def biases_of(cell: Cell) -> list[Parameter]:
    """The biases of a cell: its column parameters that stand nowhere but as terms of sums.

    >>> from lstm_sym.cells import LSTM, PEEPHOLE_LSTM
    >>> [parameter.text for parameter in biases_of(LSTM)]
    ['b_f', 'b_i', 'b_z', 'b_o']
    >>> len(biases_of(PEEPHOLE_LSTM)) < sum(parameter.cols == 1 for parameter in PEEPHOLE_LSTM.parameters)
    True
    """
    nodes = [node for equation in cell.equations for node in preorder_traversal(equation.rhs)]
    terms = [term for node in nodes if isinstance(node, MatrixSum) for term in node.args]
    return [p for p in cell.parameters if p.cols == 1 and 0 < _count(p, nodes) == _count(p, terms)]


def _count(letter: Any, nodes: Iterable[Any]) -> int:
    return sum(node == letter for node in nodes)


def variant_told(variant: Variant) -> str:
    """A line of a header about the options of a module; nothing if there are none."""
    return f";\nvariant: {variant}" if str(variant) else ""


def variant_in(source: str) -> str:
    """The options that a generated file was written with, as the command line spells them."""
    found = TOLD.search(source)
    return found[1] if found else ""
