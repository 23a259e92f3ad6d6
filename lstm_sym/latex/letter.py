r"""How the name of a letter becomes a glyph, such that two names never get the same one.

A name is a head, labels joined by ``_``, and primes: ``a_f``, ``lambda``, ``W_hh``, ``k'``. A one-letter
head is itself, a Greek one its sign, a longer one upright. A name whose glyph is taken, by a constant,
a function, a derivative sign or a renamed letter, is spelled out in typewriter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..activations import TABLE
from .notation import SUBSCRIPT_INDEX, Notation, Renamed

_NAME = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)('*)")

# fmt: off
SIGNS = {
    name: f"\\{name}"
    for name in (
        "alpha", "beta", "gamma", "epsilon", "varepsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
        "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta",
        "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "ell",
    )
}

FUNCTIONS = frozenset(TABLE) | {
    "pi", "diag", "tr", "sg", "id", "LN", "sd", "abs", "sin", "cos", "tan", "sinh", "cosh", "ln", "max", "min", "sign",
}
# fmt: on
"""Names that read as a function or a number when they stand alone."""

SIGN_HEADS = frozenset(("delta", "partial", "varphi", "e"))
"""Heads that read as δ of a quantity, as ∂, as an unspecified activation, as e or the direct gradient e."""

MARKED = {
    "": "{0}",
    "delta": r"\delta {0}",
    "dot": r"\dot{{{0}}}",
    "hat": r"\hat{{{0}}}",
    "hatdelta": r"\widehat{{\delta {0}}}",
}


@dataclass(frozen=True, slots=True)
class Glyph:
    r"""The parts of a printed letter; the index goes beside the label or above both."""

    head: str
    label: str = ""
    primes: str = ""

    def marked(self, mark: str) -> Glyph:
        """The glyph under a mark of ``symbols.MARKS``."""
        if mark == "e":
            return Glyph("e", self.static)
        pattern = MARKED[mark]
        if mark in ("dot", "hat") and self.head.startswith(r"\math"):
            pattern = pattern.replace(r"\hat", r"\widehat")
        return Glyph(pattern.format(self.head), self.label, self.primes)

    @property
    def static(self) -> str:
        """The letter without an index."""
        return self.head + (f"_{{{self.label}}}" if self.label else "") + self.primes

    def at(self, index: str, placement: str) -> str:
        """The letter with its time index."""
        if placement == SUBSCRIPT_INDEX:
            return f"{self.head}_{{{self.label + ',' if self.label else ''}{index}}}{self.primes}"
        return f"{self.static}^{{({index})}}"


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The glyphs of one kind of letter (sequences, parameters or symbols) under one notation."""

    notation: Notation
    renamed: tuple[Renamed, ...]
    taken: tuple[Renamed, ...]

    def glyph(self, name: str) -> Glyph:
        matched = _NAME.fullmatch(name)
        if not matched:
            raise ValueError(f"no LaTeX for the name {name!r}; a name is a letter, then letters and digits, _ and '")
        stem, primes = matched.groups()
        for row in self.renamed:
            if row.name == stem:
                return Glyph(row.head, row.label, primes)
        glyph = self._own(stem)
        if glyph is None or any((row.head, row.label) == (glyph.head, glyph.label) for row in self.taken):
            glyph = Glyph(spelled(stem))
        return Glyph(glyph.head, glyph.label, primes)

    def _own(self, stem: str) -> Glyph | None:
        """The glyph of a name by itself, or ``None`` if it means something else."""
        head, *labels = stem.split("_")
        if head in SIGN_HEADS or stem in FUNCTIONS:
            return None
        sign = SIGNS.get(head, head if len(head) == 1 else rf"\mathrm{{{head}}}")
        label = ""
        for part in reversed(labels):
            written = self._label(part)
            if written is None:
                return None
            label = f"{written}_{{{label}}}" if label else written
        return Glyph(sign, label)

    def _label(self, part: str) -> str | None:
        if self.notation.index == SUBSCRIPT_INDEX:
            return None if part[0].isdigit() or part in SIGNS else rf"\mathrm{{{part}}}"
        return SIGNS.get(part, part if len(part) == 1 or part.isdigit() else rf"\mathrm{{{part}}}")


def sequences(notation: Notation) -> Alphabet:
    return Alphabet(notation, notation.sequences, notation.sequences)


def parameters(notation: Notation) -> Alphabet:
    return Alphabet(notation, notation.parameters, notation.parameters)


def symbols(notation: Notation) -> Alphabet:
    """Scalars are never renamed, and keep clear of renamed parameters."""
    return Alphabet(notation, (), notation.parameters)


def spelled(name: str) -> str:
    r"""The name letter by letter in typewriter, where its glyph means something else."""
    return rf"\mathtt{{{name.replace('_', chr(92) + '_')}}}"
