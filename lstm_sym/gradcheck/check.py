"""The gradient check: random points in the field, a real witness for every mismatch, a diagnosis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from .comparison import POINTS, POINTS_WITH_BRANCHES, Point, at_point
from .diagnosis import diagnosed
from .heights import Heights
from .modular import Singular, Unlucky
from .report import GradientError, GradientReport
from .subject import STYLES, Failed, Misuse, Subject, named_inputs
from .witness import Witness, find_witness

PATIENCE = 400
"""Points tried in all; many are given up where square roots of square roots are taken."""

SECONDS = 20.0


def gradcheck(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: Any,
    *,
    style: str = "auto",
    seed: int = 0,
    diagnose: bool = True,
) -> GradientReport:
    """Whether ``backward`` is the gradient of ``forward``, exactly.

    ``forward(*inputs)`` returns outputs and ``backward(inputs, cotangents)`` the gradients, both any nest of tuples
    and dictionaries. In the style ``"cache"`` forward returns ``(out, cache)`` and ``backward(dout, cache)`` the
    gradients. Of the arrays of floating-point numbers among ``inputs``, which may be a mapping by parameter, shapes
    and sizes are what counts; everything else is passed on as it is.
    """
    if style not in ("auto", *STYLES):
        raise Misuse(f"unknown style {style!r}; the styles are auto, {', '.join(STYLES)}")
    subject = Subject(forward, backward, named_inputs(forward, inputs), style)
    if not subject.leaves:
        raise Misuse("no input is of floating-point numbers, so there is no gradient to check")
    return Check(subject, seed, diagnose).report()


def assert_gradients(forward: Callable[..., Any], backward: Callable[..., Any], inputs: Any, **options: Any) -> None:
    """Raise a ``GradientError`` with the whole report unless ``gradcheck`` says right."""
    report = gradcheck(forward, backward, inputs, **options)
    if not report.ok:
        raise GradientError(str(report))


def gradient_of(
    forward: Callable[..., Any], inputs: Any, **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that checks a backward pass when it is defined, and leaves it as it is.

    It takes what ``gradcheck`` takes, and raises a ``GradientError`` unless the gradients are right.

    >>> import numpy as np
    >>> @gradient_of(np.tanh, [np.zeros((2, 3))], style="vjp")
    ... def tanh_backward(inputs, d):
    ...     (x,) = inputs
    ...     return d * (1 - np.tanh(x) ** 2)
    """

    def checked(backward: Callable[..., Any]) -> Callable[..., Any]:
        assert_gradients(forward, backward, inputs, **options)
        return backward

    return checked


class Check:
    """One check, from the first point to the report."""

    def __init__(self, subject: Subject, seed: int, diagnose: bool) -> None:
        self.subject = subject
        self.seed = seed
        self.diagnose = diagnose
        self.points: list[Point] = []

    def report(self) -> GradientReport:
        try:
            for point in self._points():
                self.points.append(point)
                if not point.right:
                    break
        except Failed as error:
            return self._undecided(str(error))
        if not self.points:
            return self._undecided(f"none of the random points tried could be evaluated: {self.unlucky}")
        last = self.points[-1]
        if last.right:
            bound = 1.0
            for point in self.points:
                bound *= point.error_bound
            return GradientReport("right", dict(last.exact), self._notes(), bound, points=len(self.points))
        return self._not_right(last)

    def _points(self) -> Iterator[Point]:
        started = time.monotonic()
        wanted, tried, self.unlucky = POINTS, 0, ""
        found, heights = 0, Heights()
        while found < wanted and tried < PATIENCE:
            tried += 1
            if tried > 3 and time.monotonic() - started > SECONDS:
                return
            try:
                point = at_point(self.subject, heights.seed(self.seed + tried), steady=not found)
            except Singular as error:
                raise Failed(str(error)) from error
            except Unlucky as error:
                self.unlucky = str(error)
                heights.missed(error)
                continue
            if not point.right and point.guessed and heights.grow():
                continue
            found += 1
            heights.found()
            wanted = POINTS_WITH_BRANCHES if point.branches else POINTS
            yield point

    def _notes(self) -> tuple[str, ...]:
        ties = list(dict.fromkeys(tie for point in self.points for tie in point.ties))
        return tuple(
            f"at {tie} a branch is decided by two equal numbers: at this kink the derivative is a convention"
            for tie in ties
        )

    def _undecided(self, reason: str, exact: dict[str, bool] | None = None) -> GradientReport:
        inputs = exact or {leaf.name: False for leaf in self.subject.leaves}
        return GradientReport("undecided", inputs, (reason,), points=len(self.points))

    def _not_right(self, point: Point) -> GradientReport:
        wrong = [leaf for leaf in self.subject.leaves if not point.exact[leaf.name]]
        diagnosis = [*point.changed, *point.unsteady, *point.shapes.values(), *self._notes()]
        witness: Witness | None = None
        candidates = [leaf for leaf in wrong if leaf.name not in point.shapes]
        if candidates:
            try:
                witness = find_witness(self.subject, candidates, point.seed)
            except Failed as error:
                diagnosis.append(f"the counterexample cannot be run: {error}")
        confirmed = bool(witness or point.changed or point.shapes)
        if not confirmed:
            if not point.unsteady:
                diagnosis.append(
                    "the exact numbers differ, but no real counterexample was found: the code may rely on an identity "
                    "that they do not have, or on rounded constants"
                )
            return GradientReport("undecided", dict(point.exact), tuple(diagnosis), points=len(self.points))
        if self.diagnose:
            diagnosis += diagnosed(self.subject, point)
        return GradientReport("wrong", dict(point.exact), tuple(diagnosis), 0.0, witness, len(self.points))
