"""The shapes of the inputs, as the command line writes them: ``x=5x3,h0=4,Whh=4x4,s,T=5``, ``params.W=4x4``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import Any

SIZES = (4, 3, 5, 2, 7, 6, 8, 9)
"""What letters in the place of sizes stand for, in the order in which they are met."""

ITEM = re.compile(r"\s*([A-Za-z_]\w*(?:\.\w+)*)\s*(?:=\s*(.*?)\s*)?$")
FLOAT = r"-?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?"
LARGEST = 1 << 16
MOST = 1 << 20
"""The number of entries that all inputs may have together."""

MOST_AXES = 32

MOST_TURNED = 3
"""How many lone numbers are read otherwise than they are likely to be meant, at once."""

WRITE = (
    "write sizes with x between, such as 5x3, and what a dictionary or a tuple has entry by entry: params.W=5x3, "
    "states.0=4"
)
SMALLER = "exact numbers are slow, and sizes from 2 to 7, all different, show the same mistakes"


@dataclass(frozen=True, slots=True)
class Spec:
    """One parameter: its shape, or a value to pass on; a lone number may mean either."""

    name: str
    shape: tuple[int, ...] | None
    literal: Any = None

    @property
    def ambiguous(self) -> bool:
        return self.shape is not None and self.literal is not None


def read_shapes(text: str) -> list[Spec]:
    """The parameters in ``--shapes``; a ``ValueError`` names what cannot be read."""
    letters: dict[str, int] = {}
    specs = []
    for item in _items(text):
        match = ITEM.match(item)
        if match is None or match[2] == "":
            raise ValueError(f"--shapes: {item.strip()!r} is no NAME=SHAPE; write x=5x3, or s for a scalar, or T=5")
        specs.append(_spec(match[1], match[2], letters))
    names = [spec.name for spec in specs]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"--shapes: {twice[0]} is given twice")
    whole = [name for name in names if any(other.startswith(f"{name}.") for other in names)]
    if whole:
        raise ValueError(f"--shapes: {whole[0]} is given as a whole and by its entries")
    entries = sum(prod(spec.shape or ()) for spec in specs)
    if entries > MOST:
        raise ValueError(f"--shapes: the inputs have {entries} entries, more than {MOST}; {SMALLER}")
    if not specs:
        raise ValueError("--shapes: no parameter is given")
    return specs


def _items(text: str) -> list[str]:
    """The parts between commas, but for commas in brackets."""
    items, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            items.append("")
        else:
            items[-1] += letter
    return [item for item in items if item.strip()]


def _spec(name: str, value: str | None, letters: dict[str, int]) -> Spec:
    if value is None:
        return Spec(name, ())
    if value.startswith("[") and value.endswith("]"):
        items = [item.strip() for item in value[1:-1].split(",")]
        if set(items) <= {"True", "False"}:
            return Spec(name, None, [item == "True" for item in items])
        if not all(re.fullmatch(rf"-?\d+|{FLOAT}", item) for item in items):
            raise ValueError(f"--shapes: {name}={value} is no list of numbers")
        whole = all(re.fullmatch(r"-?\d+", item) for item in items)
        return Spec(name, None, [int(item) if whole else float(item) for item in items])
    if re.fullmatch(FLOAT, value):
        return Spec(name, None, float(value))
    if re.fullmatch(r"-\d+|0", value):
        return Spec(name, None, int(value))
    sizes = value.split("x")
    if not all(re.fullmatch(r"\d+|[A-Za-wyzA-Z]", size) for size in sizes):
        raise ValueError(f"--shapes: {name}={value} is no shape; {WRITE}")
    shape = tuple(int(size) if size.isdigit() else letters.setdefault(size, SIZES[len(letters) % 8]) for size in sizes)
    if len(shape) > MOST_AXES:
        raise ValueError(f"--shapes: {name} has {len(shape)} axes, more than {MOST_AXES}; {SMALLER}")
    if min(shape) < 1 or max(shape) > LARGEST:
        raise ValueError(f"--shapes: {name}={value} has a size that is not from 1 to {LARGEST}; {SMALLER}")
    return Spec(name, shape, shape[0] if len(shape) == 1 else None)


def readings(specs: list[Spec], integers: frozenset[str]) -> Iterator[list[Spec]]:
    """The ways to read lone numbers as sizes or as integers, the likeliest first.

    A lone number is the size of a vector, unless the parameter is known to take an integer.
    """
    doubtful = [spec.name for spec in specs if spec.ambiguous]
    for count in range(min(len(doubtful), MOST_TURNED) + 1):
        for turned in combinations(doubtful, count):
            yield [_settled(spec, (spec.name in integers) != (spec.name in turned)) for spec in specs]


def _settled(spec: Spec, integer: bool) -> Spec:
    if not spec.ambiguous:
        return spec
    return Spec(spec.name, None, spec.literal) if integer else Spec(spec.name, spec.shape)


def by_parameter(specs: list[Spec]) -> dict[str, Any]:
    """What each parameter is given: of names with dots a dictionary, or a tuple where 0, 1 and so on follow."""
    grown: dict[str, Any] = {}
    for spec in specs:
        *path, last = spec.name.split(".")
        branch = grown
        for key in path:
            branch = branch.setdefault(key, {})
        branch[last] = spec
    return {name: _counted(branch) for name, branch in grown.items()}


def _counted(branch: Any) -> Any:
    if isinstance(branch, Spec):
        return branch
    entries = {key: _counted(entry) for key, entry in branch.items()}
    return tuple(entries.values()) if list(entries) == [str(k) for k in range(len(entries))] else entries
