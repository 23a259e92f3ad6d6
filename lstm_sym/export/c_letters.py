"""The identifiers, in C or another language, of the letters of a plan, of its arrays, and of what a caller passes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..symbols import Sequence, adjoint, direct
from .c_runtime import FUNCTIONS, RUNTIME
from .language import Language
from .naming import unused
from .plan import carry
from .vocabulary import Vocabulary

KEYWORDS = """auto break case char const continue default do double else enum extern float for goto if inline int long
register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm"""
OWN = """T B t j col inner row total sizes params inputs state last outputs cache scratch d_params d_inputs d_state
d_last d_outputs first second rows chunk_panels size_t none"""
LIBRARY = "j0 j1 jn y0 y1 yn gamma signgam"
RESERVED = set(re.findall(r"\b[A-Za-z_]\w+\b", RUNTIME)).union(KEYWORDS.split(), OWN.split(), LIBRARY.split())

C = Language(
    "C", "{}", "(real){}", FUNCTIONS, frozenset(RESERVED), ascii=True, parts=True, entry="{0}[{1} * {3} + {2}]"
)


@dataclass(slots=True)
class CNames:
    """``names`` of letters and sizes, ``before`` of the states one step earlier, ``arguments`` of a caller's arrays."""

    names: Mapping[Any, str]
    before: Mapping[Sequence, str]
    arguments: Mapping[Any, str]
    language: Language = C
    used: set[str] = field(default_factory=set)

    def new(self, wanted: str) -> str:
        """A name that nothing bears yet."""
        name = unused(wanted, {*self.language.reserved, *self.used})
        self.used.add(name)
        return name


def c_names(vocabulary: Vocabulary, language: Language = C) -> CNames:
    """The names of the NumPy module where the language allows them."""
    cell, found = vocabulary.cell, CNames({}, {}, {}, language)

    def named(text: str) -> str:
        plain = "".join(c if c.isascii() else f"u{ord(c):04x}" for c in text) if language.ascii else text
        name = found.new(plain)
        found.used.add(f"{name}_row")
        return name

    names = {letter: named(name) for letter, name in vocabulary.names.items()}
    before = {state: named(name) for state, name in vocabulary.before.items()}
    arguments: dict[Any, str] = {s: named(f"all_{names[s]}") for s in cell.inputs}
    for s in cell.outputs:
        arguments[s] = named(f"out_{names[s]}")
        arguments[direct(s)] = named(f"e_{names[s]}")
    for s in cell.inputs:
        arguments[adjoint(s)] = named(f"all_{names[adjoint(s)]}")
    for s in cell.states:
        arguments[carry(s)] = named(f"all_{names[carry(s)]}")
    return CNames(names, before, arguments, language, found.used)
