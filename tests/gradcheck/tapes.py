"""Random programs with a forward and a backward pass, written as the text of a NumPy module.

A tape picks operations one after the other; each writes its lines of the forward pass and the lines that carry
gradients back through it. Shapes are those that NumPy gives when the lines are run at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LARGEST = 60.0
MOST_ENTRIES = 60

HELPERS = {
    "sigmoid": "def sigmoid(x):\n    return 1 / (1 + np.exp(-x))\n",
    "softmax": (
        "def softmax(x, axis):\n    e = np.exp(x - x.max(axis=axis, keepdims=True))\n"
        "    return e / e.sum(axis=axis, keepdims=True)\n"
    ),
    "unbroadcast": (
        "def unbroadcast(g, x):\n    while g.ndim > x.ndim:\n        g = g.sum(axis=0)\n"
        "    for axis in range(x.ndim):\n        if x.shape[axis] == 1 and g.shape[axis] != 1:\n"
        "            g = g.sum(axis=axis, keepdims=True)\n    return g\n"
    ),
}

Back = Sequence["str | tuple[str, str]"]
"""Lines, and contributions to the gradient of a variable."""


class Unfit(Exception):
    """An operation that does not suit what there is."""


@dataclass(frozen=True)
class Step:
    """The lines of one operation."""

    name: str
    forward: tuple[str, ...]
    back: Back


class Tape:
    """A program while it is written."""

    def __init__(self, seed: int, operations: Sequence[Callable[[Tape], None]]) -> None:
        self.random = np.random.default_rng((seed, 7))
        self.space: dict[str, Any] = {"np": np}
        self.inputs: list[str] = []
        self.steps: list[Step] = []
        self.used: set[str] = set()
        self.methods = self.chance()
        self.helpers = self.chance()
        self.cached = self.chance(0.3)
        self.zeros = self.chance(0.4)
        self.nested = self.chance(0.2)
        self.numbers: list[str] = []
        for helper in HELPERS.values():
            exec(helper, self.space)
        n, m, k = (self.pick((1, 2, 3, 3, 4)) for _ in range(3))
        shapes = [(n, m), (m, k), (k,), (m,), (n, 1), (m, m), (2, n, m), (2, m, k), (), (n,), (1, m), (k, n)]
        for name in "xyzr"[: int(self.random.integers(1, 5))]:
            self.space[name] = np.asarray(self.random.normal(size=self.pick(shapes)))
            self.inputs.append(name)
        wanted, tried = int(self.random.integers(2, 9)), 0
        while len(self.steps) < wanted and tried < 60:
            tried += 1
            try:
                self.pick(operations)(self)
            except Unfit:
                continue

    # --- choices -------------------------------------------------------------------------------------

    def chance(self, p: float = 0.5) -> bool:
        return bool(self.random.random() < p)

    def pick(self, items: Sequence[Any]) -> Any:
        return items[int(self.random.integers(len(items)))]

    def variables(self) -> list[str]:
        return [*self.inputs, *(step.name for step in self.steps)]

    def value(self, name: str) -> Any:
        return np.asarray(self.space[name])

    def a(self, fits: Callable[[Any], bool] = lambda x: True) -> str:
        """A variable, more likely a late one or one that nothing uses yet."""
        names = [name for name in self.variables() if fits(self.value(name))]
        if not names:
            raise Unfit
        fresh = [name for name in names if name not in self.used]
        return self.pick(fresh if fresh and self.chance(0.6) else names)

    def axis(self, name: str) -> int:
        ndim = self.value(name).ndim
        if not ndim:
            raise Unfit
        return int(self.random.integers(-ndim, ndim))

    def called(self, function: str, x: str, *arguments: str) -> str:
        """``x.sum(axis=0)`` or ``np.sum(x, axis=0)``."""
        if self.methods and x.isidentifier():
            return f"{x}.{function}({', '.join(arguments)})"
        return f"np.{function}({', '.join((x, *arguments))})"

    def number(self, most: int) -> str:
        """An input of integers below ``most``, of which there is one entry or several."""
        name = f"n{len(self.numbers)}"
        self.space[name] = self.random.integers(0, most, int(self.random.integers(1, 5)))
        self.numbers.append(name)
        return name

    # --- writing -------------------------------------------------------------------------------------

    def fresh(self) -> str:
        return f"v{len(self.steps)}"

    def add(self, lines: str | Sequence[str], back: Back, reads: Sequence[str]) -> None:
        """One operation, unless its values are of no use."""
        name = self.fresh()
        forward = (lines,) if isinstance(lines, str) else tuple(lines)
        with np.errstate(all="ignore"):
            exec("\n".join(forward), self.space)
        value = np.asarray(self.space[name])
        if value.size > MOST_ENTRIES or not value.size or not np.all(np.abs(value) < LARGEST):
            raise Unfit
        self.steps.append(Step(name, forward, tuple(back)))
        self.used.update(reads)

    def summed(self, gradient: str, x: str, like: str) -> str:
        """A gradient of the shape of ``like``, summed over the axes along which ``x`` was repeated."""
        shape, wide = self.value(x).shape, self.value(like).shape
        if shape == wide:
            return gradient
        if self.helpers:
            return f"unbroadcast({gradient}, {x})"
        if not shape:
            return f"np.sum({gradient})"
        missing = len(wide) - len(shape)
        axes = [k for k in range(len(wide)) if k < missing or (shape[k - missing] == 1 and wide[k] != 1)]
        along = str(axes[0]) if len(axes) == 1 else str(tuple(axes))
        if not missing:
            return f"np.sum({gradient}, axis={along}, keepdims=True)"
        if all(k < missing for k in axes):
            return f"np.sum({gradient}, axis={along})"
        return f"np.sum({gradient}, axis={along}).reshape({x}.shape)"

    # --- the module ----------------------------------------------------------------------------------

    def text(self) -> str:
        """The source of the program."""
        outputs = [step.name for step in self.steps if step.name not in self.used]
        names = [*self.inputs, *self.numbers]
        nested = self.nested and len(self.inputs) > 1
        bare = [*names[:1], "p", *self.numbers] if nested else names
        entries = self.inputs[1:]
        unpack = [f"{name} = p['{name}']" for name in entries] if nested else []
        forward = [*unpack, *(line for step in self.steps for line in step.forward)]
        if self.chance(0.5) and len(outputs) > 1:
            result = "{" + ", ".join(f"'{name}': {name}" for name in outputs) + "}"
            bar = [f"d_{name} = d['{name}']" for name in outputs]
        elif len(outputs) == 1:
            result, bar = outputs[0], [f"d_{outputs[0]} = d"]
        else:
            result, bar = f"({', '.join(outputs)})", [f"{', '.join(f'd_{name}' for name in outputs)} = d"]
        bar = [*bar, *self._carried(set(outputs))]
        gradients = [f"d_{name}" for name in self.inputs]
        given = ", ".join(gradients)
        if nested:
            given = f"{gradients[0]}, {{" + ", ".join(f"'{e}': {g}" for e, g in zip(entries, gradients[1:])) + "}"
        absent = ", None" * len(self.numbers)
        last = f"return {given}{absent}" if nested or absent or len(gradients) > 1 else f"return {given}"
        kept = self._kept(names)
        if self.cached:
            head = f"def backward(d, cache):\n    {', '.join(kept)}, = cache"
            end, again = f"return {result}, ({', '.join(kept)},)", []
        else:
            head = f"def backward(inputs, d):\n    {', '.join(bare)}, = inputs"
            end, again = f"return {result}", forward
        body = "\n    ".join(line for text in (*again, *bar, last) for line in text.split("\n"))
        first = "\n    ".join(line for text in (*forward, end) for line in text.split("\n"))
        text = f"def forward({', '.join(bare)}):\n    {first}\n\n\n{head}\n    {body}\n"
        helpers = [helper for name, helper in HELPERS.items() if f"{name}(" in text]
        return "\n\n".join(["import numpy as np\n", *helpers, text])

    def _kept(self, names: Sequence[str]) -> list[str]:
        """What forward saves: all that its lines define."""
        words = set(re.findall(r"\b[vw]\d+\b", "\n".join(line for step in self.steps for line in step.forward)))
        return [*names, *sorted(words)]

    def _carried(self, known: set[str]) -> list[str]:
        """The lines of the backward pass; every gradient is a new array, or added up in zeros."""
        lines = []
        if self.zeros:
            begun = {*self.variables()} - known
            lines += [f"d_{name} = np.zeros_like({name})" for name in self.variables() if name in begun]
            known = known | begun
        for step in reversed(self.steps):
            if step.name not in known:
                continue
            for item in step.back:
                if isinstance(item, str):
                    lines.append(item.replace("DV", f"d_{step.name}"))
                    continue
                x, expression = item[0], item[1].replace("DV", f"d_{step.name}")
                if x not in known:
                    lines.append(f"d_{x} = {expression}")
                elif self.zeros and x in begun and self.value(x).ndim:
                    lines.append(f"d_{x} += {expression}")
                else:
                    lines.append(f"d_{x} = d_{x} + {expression}")
                known.add(x)
        unused = [name for name in self.inputs if name not in known]
        return [*lines, *(f"d_{name} = np.zeros_like({name})" for name in unused)]

    def given(self) -> dict[str, Any]:
        """The inputs, by parameter."""
        names = {name: self.space[name] for name in self.inputs}
        if self.nested and len(self.inputs) > 1:
            first, *rest = self.inputs
            names = {first: names[first], "p": {name: names[name] for name in rest}}
        return names | {name: self.space[name] for name in self.numbers}
