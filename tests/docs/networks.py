"""The networks of the errata in plain numbers of 50 digits, with derivatives as limits of difference quotients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mpmath import exp, mp, mpf, tanh

mp.dps = 50
ZERO = mpf(0)
STEP = mpf(10) ** -16
"""A central difference over it is right to some 30 digits."""

Vector = list[Any]


def sigma(z: Any) -> Any:
    return 1 / (1 + exp(-z))


@dataclass(frozen=True)
class ScalarLSTM:
    """An LSTM of one unit. ``forget`` is the gate itself, for ever, where it is given."""

    W: dict[str, Any]
    U: dict[str, Any]
    forget: Any = None
    lagging_candidate: bool = False

    def run(self, inputs: Sequence[Any], h: Any = ZERO, c: Any = ZERO) -> list[tuple[Any, Any]]:
        """The states after each step; a lagging candidate is that of the step before, 0 before the first."""
        states, before = [], mpf(0)
        for x in inputs:
            a = {gate: self.W.get(gate, 0) * h + self.U.get(gate, 0) * x for gate in "fizo"}
            f = sigma(a["f"]) if self.forget is None else self.forget
            candidate = tanh(a["z"])
            c = f * c + sigma(a["i"]) * (before if self.lagging_candidate else candidate)
            h = sigma(a["o"]) * tanh(c)
            before = candidate
            states.append((h, c))
        return states

    def jacobian(self, x: Any, h: Any, c: Any) -> list[Vector]:
        """That of one step: rows and columns in the order h, c."""
        return jacobian(lambda state: list(self.run([x], *state)[-1]), [h, c])

    def copied_deltas(self, inputs: Sequence[Any]) -> tuple[Vector, Vector]:
        """What the copied recursion makes of the loss h(T): for h and for c, at the steps 1 to T."""
        states = [(mpf(0), mpf(0)), *self.run(inputs)]
        delta_h, delta_c = [mpf(1)], [self._slope(*states[-1])]
        for x, state in reversed(list(zip(inputs[1:], states[1:-1], strict=True))):
            (hidden, _), (_, carousel) = self.jacobian(x, *state)
            delta_h.append(hidden * delta_h[-1])
            delta_c.append(carousel * delta_c[-1] + self._slope(*state) * delta_h[-1])
        return delta_h[::-1], delta_c[::-1]

    def true_deltas(self, inputs: Sequence[Any]) -> tuple[Vector, Vector]:
        """What a change of h or of c after a step, with the other held, does to h(T).

        For c its own step's h follows, since h is made of c.
        """
        states = self.run(inputs)
        delta_h, delta_c = [], []
        for k, (h, c) in enumerate(states, start=1):
            rest = inputs[k:]

            def last(state: Vector, rest: Sequence[Any] = rest) -> Vector:
                return [self.run(rest, *state)[-1][0] if rest else state[0]]

            ((by_h, by_c),) = jacobian(last, [h, c])
            delta_h.append(by_h)
            delta_c.append(by_c + by_h * self._slope(h, c))
        return delta_h, delta_c

    @staticmethod
    def _slope(h: Any, c: Any) -> Any:
        """dh/dc within a step, o(1 - tanh² c); o is h/tanh c, and one half at rest."""
        return (h / tanh(c) if c else mpf(1) / 2) * (1 - tanh(c) ** 2)


def at_rest(w: Any, f: Any) -> ScalarLSTM:
    """Every parameter 0 but the candidate's recurrent weight; the forget gate is f."""
    return ScalarLSTM({"z": w}, {}, forget=f)


def jacobian(function: Callable[[Vector], Vector], at: Vector) -> list[Vector]:
    """Central differences: entry (i, j) is that of component i by component j."""
    columns = []
    for j in range(len(at)):
        high, low = (function([v + s * STEP * (i == j) for i, v in enumerate(at)]) for s in (1, -1))
        columns.append([(a - b) / (2 * STEP) for a, b in zip(high, low, strict=True)])
    return [list(row) for row in zip(*columns, strict=True)]


def affine(W: list[Vector], x: Vector, b: Vector) -> Vector:
    return [sum(w * v for w, v in zip(row, x, strict=True)) + c for row, c in zip(W, b, strict=True)]
