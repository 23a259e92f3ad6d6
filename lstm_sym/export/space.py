"""The workspace of a NumPy module: its buffers, the sequences that are parts of them, and views for every step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sympy import Add, Expr

from ..symbols import Sequence
from .layout import assignment, tight
from .naming import unused
from .numpy_code import plain
from .rows import Rows
from .vocabulary import RESERVED, Vocabulary


@dataclass
class Space:
    """What stands where. ``whole`` are arrays over all steps, ``single`` those of one step, ``parts`` views of them.

    A name in the code of one step is that of its array here: ``f`` is ``work.f[t]``.
    """

    words: Vocabulary
    sizes: Rows
    whole: dict[str, str] = field(default_factory=dict)
    single: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    bundles: dict[tuple[Sequence, ...], str] = field(default_factory=dict)
    extents: dict[str, tuple[str, Expr]] = field(default_factory=dict)
    """The leading axes and the width of each array that stands for sequences."""

    def name(self, wanted: str) -> str:
        words = self.words
        taken = {*RESERVED, *words.names.values(), *words.before.values()}
        return unused(wanted, {*taken, *self.whole, *self.single, *self.parts})

    def width(self, sequences: Iterable[Sequence]) -> Expr:
        return Add(*[s.shape[0] for s in sequences])

    def over_steps(self, name: str, size: Expr, lead: str = "T, B") -> None:
        self.whole[name] = f"({lead}, {plain(self.sizes.size(size))})"
        self.extents[name] = lead, size

    def of_a_step(self, name: str, size: Expr) -> None:
        self.single[name] = f"(B, {plain(self.sizes.size(size))})"
        self.extents[name] = "B", size

    def bundle(self, sequences: tuple[Sequence, ...], names: dict[Sequence, str], lead: str = "T, B") -> None:
        """A buffer for sequences side by side, and each of them as a part of it."""
        name = names[sequences[0]] if len(sequences) == 1 else self.name(joined(names[s] for s in sequences))
        self.over_steps(name, self.width(sequences), lead)
        self.bundles[sequences] = name
        for k, s in enumerate(sequences):
            if len(sequences) > 1:
                self.parts[names[s]] = self._slice(name, sequences, k, k + 1)

    def run(self, sequences: tuple[Sequence, ...], names: dict[Sequence, str]) -> str:
        """The name of a contiguous run of a bundle."""
        if len(sequences) == 1:
            return names[sequences[0]]
        if sequences in self.bundles:
            return self.bundles[sequences]
        whole, buffer = next((b, name) for b, name in self.bundles.items() if set(sequences) <= set(b))
        first = whole.index(sequences[0])
        text = self._slice(buffer, whole, first, first + len(sequences))
        known = [name for name, part in self.parts.items() if part == text]
        name = known[0] if known else self.name(joined(names[s] for s in sequences))
        self.parts[name] = text
        return name

    def offset(self, whole: tuple[Sequence, ...], index: int) -> str:
        return plain(self.sizes.size(self.width(whole[:index]))) if index else ""

    def _slice(self, buffer: str, whole: tuple[Sequence, ...], start: int, stop: int) -> str:
        low, high = self.offset(whole, start), "" if stop == len(whole) else self.offset(whole, stop)
        return tight(f"self.{buffer}[..., {low}:{high}]")

    def made(self, used: set[str]) -> set[str]:
        """The buffers that code reads, or parts of which it reads."""
        text = " ".join(part for name, part in self.parts.items() if name in used)
        names = {*self.whole, *self.single}
        return {name for name in names if name in used or f"self.{name}[" in text or f"self.{name}." in text}

    def lines(self, used: set[str]) -> list[str]:
        """The statements that make the buffers and the parts that code reads."""
        body: list[str] = []
        parts = {name: text for name, text in self.parts.items() if name in used}
        needed = self.made(used)
        for names in (self.whole, self.single):
            for name, shape in names.items():
                if name in needed:
                    body += assignment(f"self.{name}", f"np.empty({shape}, dtype)", indent=2)
        for name, made in self.constants.items():
            body += assignment(f"self.{name}", made, indent=2) if name in used else []
        for name, part in parts.items():
            body += assignment(f"self.{name}", part, indent=2)
        return body


def joined(names: Iterable[Any]) -> str:
    """One name for several side by side: ``f_i_o_z``, ``d_f_i_o_z``."""
    names = list(names)
    for front in ("d_a_", "d_", "k_a_", "k_"):
        if all(name.startswith(front[:2]) for name in names) and any(name.startswith(front) for name in names):
            short = [name.removeprefix(front).removeprefix(front[:2]) for name in names]
            return front[:2] + "_".join(short)
    return "_".join(name.removeprefix("a_") for name in names)
