"""A quick look in floating point at whether an edit may mend a gradient, before the exact check says so."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ..frames import Unsupported
from ..inputs import moves
from ..subject import Failed, Leaf, Subject
from ..trees import leaves, mapped

STEP = 1e-5
TOLERANCE = 1e-6
FLOOR = 1e-9
"""Of a slope, and of a difference that central differences cannot resolve."""
SINGLE = 1e-2, 2e-3, 2e-4
"""The same where outputs are in single precision."""
SEED = 4


class Screen:
    """Slopes along a random direction in each input, by central differences; they only choose what is looked at."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.leaves = subject.leaves
        generator = np.random.default_rng(SEED)
        self.values = {leaf.name: self._value(leaf, generator) for leaf in self.leaves}
        self.directions = {leaf.name: generator.normal(size=leaf.shape) for leaf in self.leaves}
        outputs, _ = self._forward({})
        kinds = [np.asarray(y).dtype for _, y in leaves(outputs)]
        single = any(kind.kind == "f" and kind.itemsize < 8 for kind in kinds)
        self.step, self.tolerance, self.floor = SINGLE if single else (STEP, TOLERANCE, FLOOR)
        self.cotangents = mapped(lambda _, y: generator.normal(size=np.shape(y)) if moves(y) else None, outputs)
        self.true = {leaf.name: self._slope(leaf.name) for leaf in self.leaves}

    @staticmethod
    def _value(leaf: Leaf, generator: Any) -> Any:
        given = np.asarray(leaf.value, float)
        noise = generator.normal(size=leaf.shape)
        return np.where(given == 0, 0.6 * noise, given * (1 + 0.1 * noise))

    def _inputs(self, moved: dict[str, Any]) -> dict[str, Any]:
        values = {leaf.path: self.values[leaf.name] + moved.get(leaf.name, 0) for leaf in self.leaves}

        def made(path: Any, value: Any) -> Any:
            if path not in values:
                return value.copy() if isinstance(value, np.ndarray) else value
            return values[path].copy() if isinstance(value, np.ndarray) else float(values[path])

        return {name: mapped(made, tree, (name,)) for name, tree in self.subject.inputs.items()}

    def _forward(self, moved: dict[str, Any]) -> tuple[Any, Any]:
        self._seed()
        return self.subject.split(self.subject.run_forward(self._inputs(moved)))

    @staticmethod
    def _seed() -> None:
        np.random.seed(SEED)
        random.seed(SEED)

    def _slope(self, name: str) -> float:
        values = []
        for step in (self.step, -self.step):
            outputs, _ = self._forward({name: step * self.directions[name]})
            pairs = zip(leaves(self.cotangents), leaves(outputs))
            values.append(sum(float(np.sum(bar * y)) for (_, bar), (_, y) in pairs if bar is not None))
        return (values[0] - values[1]) / (2 * self.step)

    def exact(self) -> list[str]:
        """The inputs in which backward as it is now may be right."""
        subject = self.subject
        found = []
        try:
            _, cache = self._forward({}) if subject.style == "cache" else (None, None)
            bars = mapped(lambda _, bar: np.copy(bar)[()] if bar is not None else None, self.cotangents)
            self._seed()
            with np.errstate(all="ignore"):
                given = subject.gradients(subject.run_backward(self._inputs({}), bars, cache))
            for leaf, gradient in zip(self.leaves, given):
                if gradient is None or np.shape(gradient) == leaf.shape:
                    with np.errstate(all="ignore"):
                        moved = 0 if gradient is None else gradient * self.directions[leaf.name]
                        slope, true = float(np.sum(moved)), self.true[leaf.name]
                    if abs(slope - true) <= self.tolerance * abs(true) + self.floor:
                        found.append(leaf.name)
        except (Failed, Unsupported, TypeError, ValueError, ArithmeticError):
            return []
        return found
