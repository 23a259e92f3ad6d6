"""The class of a NumPy module that makes the arrays of its passes, and views of them for every step."""

from __future__ import annotations

import re

from sympy import Add

from .layout import assignment
from .numpy_code import plain
from .places import Places

CHUNK_BYTES = 500_000
"""What the coefficients of a chunk of steps take: more leaves the caches, less makes more calls; measured."""


def read_by(places: Places, code: list[str]) -> tuple[set[str], dict[str, list[str]]]:
    """The attributes of a workspace that code reads, and the arrays of those that are views for each step."""
    attributes = set(re.findall(r"work\.(\w+)", "\n".join(code)))
    return attributes, {name: parts for name, parts in places.views.items() if name in attributes}


def workspace_class(places: Places, code: list[str], told: tuple[str, str]) -> str:
    """The class that makes the arrays that the code reads; ``told`` is its docstring."""
    attributes, views = read_by(places, code)
    body = places.space.lines(attributes | {part for parts in views.values() for part in parts})
    for name, parts in views.items():
        tuple_of = ", ".join(f"self.{part}" for part in parts)
        body += assignment("views", f"({tuple_of},)" if len(parts) == 1 else tuple_of, indent=2)
        body.append(f"        self.{name} = list(zip(*views))")
    text = "\n".join(body)
    sizes = [places.words.names[size] for size in places.words.sizes]
    read = [name for name in ["T", "B", *sizes] if re.search(rf"(?<![\w.]){name}(?!\w)", text) or name in ("T", "B")]
    lines = [
        "class Workspace:",
        f'    """{told[0]}',
        "",
        f"    {told[1]}",
        '    """',
        "",
        "    def __init__(self, sizes: dict[str, int], dtype: Any) -> None:",
        "        self.sizes, self.dtype, self.run = sizes, dtype, 0",
        *assignment(", ".join(read), ", ".join(f'sizes["{name}"]' for name in read), indent=2),
    ]
    if "chunk" in attributes:
        widths = [line.target.shape[0] for line in places.stacking.coefficients]
        width = plain(places.space.sizes.size(Add(*widths)))
        lines += [
            f"        chunk = min(T, max(1, {CHUNK_BYTES} // (B * ({width}) * np.dtype(dtype).itemsize)))",
            "        self.chunk = chunk",
        ]
    return "\n".join([*lines, *body])
