"""The gradient check: random points in the field, a real witness for every mismatch, a diagnosis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .comparison import Point, at_point
from .diagnosis import diagnosed
from .modular import Singular, Unlucky
from .report import GradientError, GradientReport
from .subject import STYLES, Failed, Misuse, Subject, named_inputs
from .witness import Witness, find_witness

POINTS = 2
POINTS_WITH_BRANCHES = 6
"""Points tried where comparisons choose the way, so that other branches are taken."""

PATIENCE = 400
"""Points tried in all; many are given up where a square root is taken."""

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


def checked_gradients(
    backward: Callable[..., Any], /, inputs: Any = None, **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator for a forward pass that ``assert_gradients`` of its backward pass, once, as it is defined.

    ``inputs`` are those of ``gradcheck``; where they are left out, the options other than ``style``, ``seed`` and
    ``diagnose`` are shapes by the name of forward's parameters: ``@checked_gradients(backward, x=(5, 3), W=(4, 3))``.
    The function stays as it is and costs nothing when it is called; it has ``gradients`` as an attribute.
    """
    settings = {key: options.pop(key) for key in ("style", "seed", "diagnose") if key in options}
    if inputs is not None and options:
        raise Misuse(f"inputs are given, and the shapes of {', '.join(options)} besides")

    def check(forward: Callable[..., Any]) -> Callable[..., Any]:
        own = {name: _of_shape(value) for name, value in options.items()} if inputs is None else inputs
        assert_gradients(forward, backward, own, **settings)
        forward.gradients = backward  # type: ignore[attr-defined]
        return forward

    return check


def _of_shape(value: Any) -> Any:
    """Zeros of a shape, which the check replaces; ``()`` is a scalar, anything but a tuple passed on as it is."""
    if isinstance(value, tuple):
        return np.zeros(value) if value else 0.0
    return value


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
        found = 0
        while found < wanted and tried < PATIENCE:
            tried += 1
            if tried > 3 and time.monotonic() - started > SECONDS:
                return
            try:
                point = at_point(self.subject, self.seed + tried, steady=not found)
            except (Unlucky, Singular) as error:
                self.unlucky = str(error)
                continue
            found += 1
            wanted = POINTS_WITH_BRANCHES if point.comparisons else POINTS
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
