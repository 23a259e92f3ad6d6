"""The gradient check: random points in the field, a real witness for every mismatch, a diagnosis."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from itertools import chain, count
from numbers import Integral
from typing import Any

import numpy as np

from .comparison import POINTS, POINTS_WITH_BRANCHES, Point, at_point
from .continuity import continuous
from .decisions.branches import Branches
from .decisions.magnitude import NEGLIGIBLE, SMALLER, USUAL, beside, ignoring, reaching
from .diagnosis.hypotheses import diagnosed
from .exact.heights import Heights
from .exact.modular import Cramped, Singular, Unlucky
from .frames import shown
from .inputs import named_inputs, require_functions
from .keeping import Kept
from .replay import OTHER_VALUES, contradiction, denied, forward_differs
from .report import GradientError, GradientReport, Verdict
from .signatures import require_option
from .stand_ins.rebinding import ONE_AT_A_TIME
from .subject import STYLES, Failed, Leaf, Misuse, Subject, require_leaves
from .witness import TINIEST, Witness, find_witness

PATIENCE = 400
"""Points tried in all; many are given up where square roots of square roots are taken."""

MORE = 3
"""Points after one that shows a mistake, where code branches: another branch may show more of it."""

LEAST = 1e-300
"""The least bound that is told: the product over many points would not be a number of double precision."""

SECONDS = 20.0
"""A far guard: other bounds are of work, so that the report does not depend on the machine."""

BEYOND = 4
"""How many times as many points are tried where comparisons go other ways as at the usual numbers."""

ATTEMPTS = 12
"""Points tried of one unusual size."""

FEW = 3
"""The same where numbers are too large, as others of that size will be."""


def gradcheck(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: Any,
    *,
    style: str = "auto",
    fixed: Collection[str] = (),
    seed: int = 0,
    diagnose: bool = True,
) -> GradientReport:
    """Whether ``backward`` is the gradient of ``forward``, exactly.

    ``forward(*inputs)`` returns outputs and ``backward(inputs, cotangents)`` the gradients, both any nest of tuples
    and dictionaries. In the style ``"cache"`` forward returns ``(out, cache)`` and ``backward(dout, cache)`` the
    gradients. Of the arrays of floating-point numbers among ``inputs``, which may be a mapping by parameter, shapes
    and sizes are what counts; everything else is passed on as it is, and so are the floating-point numbers that
    ``fixed`` names, a parameter or an entry such as ``"settings['eps']"``. No gradient is checked that backward does
    not give: one that is ``None``, missing from a dictionary, or that of a Python number among arrays.
    """
    if not isinstance(style, str) or style not in ("auto", *STYLES):
        raise Misuse(f"unknown style {shown(style)}; the styles are auto, {', '.join(STYLES)}")
    require_option("fixed", fixed, str, Collection, form="the names of inputs")
    require_option("seed", seed, Integral, form="a whole number")
    require_option("diagnose", diagnose, bool, form="True or False")
    require_functions(forward, backward)
    held = frozenset([fixed] if isinstance(fixed, str) else fixed)
    subject = Subject(forward, backward, named_inputs(forward, inputs, held), style, fixed=held)
    require_leaves(subject, "there is no gradient to check")
    with ONE_AT_A_TIME:
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
        self.branches = Branches()
        self.heights = Heights()
        self.unlucky = ""
        self.cramped = False
        """Whether the last point failed for want of a root, which another one may have."""
        self.tried = 0
        self.negligible: list[str] = []
        self.shown: tuple[Subject, Point] | None = None
        """Where a mistake has shown."""

    def report(self) -> GradientReport:
        """The verdict; what the functions see by name is left as it was."""
        with Kept(self.subject.forward, self.subject.backward):
            found = self._found()
        reason = self._otherwise_in_floating_point(found)
        if reason:
            return replace(self._undecided(reason), points=found.points)
        if found.verdict != "wrong" or not self.diagnose or self.shown is None:
            return found
        with Kept(self.subject.forward, self.subject.backward):
            return replace(found, diagnosis=(*found.diagnosis, *diagnosed(*self.shown)))

    def _otherwise_in_floating_point(self, found: GradientReport) -> str:
        """Why a verdict does not hold of the code as its user runs it; empty where it does."""
        if found.ok:
            return contradiction(self.subject, self.points)
        if found.witness and self.shown and forward_differs(*self.shown):
            return OTHER_VALUES
        if found.witness and self.shown and denied(*self.shown, found.witness):
            return (
                f"the gradient of {found.witness.entry} is wrong on exact numbers and true in floating point: "
                "exact numbers do not follow what the code does"
            )
        return ""

    def _found(self) -> GradientReport:
        started = time.monotonic()
        try:
            for point in self._points(started):
                self.points.append(point)
                self.branches.add(point.branches)
                wrong = [point for point in self.points if not point.right]
                if wrong and not (point.may_branch and len(self.points) <= MORE + self.points.index(wrong[0])):
                    break
            last = max(self.points, key=_mistakes, default=None)
            if last is None or (last.underflows and not last.right):
                found = self._as_floating_point_has_it(last)
                if found is not None:
                    return found
        except Failed as error:
            return self._undecided(str(error))
        if last is None:
            return self._undecided(f"none of the random points tried could be evaluated: {self.unlucky}")
        if not last.right:
            return self._not_right(last, self.subject)
        elapsed = time.monotonic() - started
        return self._beyond(time.monotonic() + max(SECONDS, 2 * elapsed)) or self._right()

    def _points(self, started: float) -> Iterator[Point]:
        wanted, tried, found = POINTS, 0, 0
        while found < wanted and tried < PATIENCE:
            tried += 1
            if tried > 3 and time.monotonic() - started > SECONDS:
                return
            point = self._at(self.subject, tried, steady=not found)
            if point is None or (not point.right and point.guessed and self.heights.grow()):
                continue
            found += 1
            self.heights.found()
            wanted = POINTS_WITH_BRANCHES if point.may_branch else POINTS
            yield point

    def _at(self, subject: Subject, tried: int, steady: bool = False) -> Point | None:
        """A point, unless it shows nothing."""
        self.tried += 1
        try:
            return at_point(subject, self.heights.seed(self.seed + tried), steady=steady)
        except Singular as error:
            raise Failed(str(error)) from error
        except Unlucky as error:
            self.unlucky = str(error)
            self.cramped = isinstance(error, Cramped)
            self.heights.missed(error)
            return None

    def _as_floating_point_has_it(self, last: Point | None) -> GradientReport | None:
        """The report of a check in which exp is 0 where floating point has 0 by far, if that decides.

        Where it is 0 whatever was tried, right says nothing of what is behind; a counterexample does.
        """
        if self.subject.floating:
            return None
        check = Check(replace(self.subject, floating=True), self.seed, self.diagnose)
        report = check.report()
        places = list(dict.fromkeys(place for point in check.points for place in point.underflows))
        if report.verdict == "undecided" or not places:
            return None
        if last is not None and report.verdict == "right" and check.branches.blind:
            found = self._not_right(last, self.subject)
            if found.verdict == "wrong":
                return found
            self.shown = None
        note = f"exp is taken as 0 where it is too small for floating point, at {', '.join(places)}"
        return replace(report, diagnosis=(*report.diagnosis, note))

    # --- branches that the first points do not take -------------------------------------------------

    def _beyond(self, until: float) -> GradientReport | None:
        """A report if the gradient is wrong where comparisons go ways that they have not gone so far."""
        most = (1 + BEYOND) * self.tried
        limits = [((seed - self.seed,), magnitude) for seed, magnitude in beside(self.branches, self._entries())]
        fresh = ignoring([self.subject], self.branches)
        # A mistake of no size turns a decision, which is not driven on, and stays listed.
        tried_so_far = Branches()
        tried_so_far.add(self.branches)
        others = chain(fresh, reaching(tried_so_far, bool(fresh)))
        far = ((range(k, k + ATTEMPTS), m) for k, m in zip(count(0, ATTEMPTS), others))
        for tried, magnitude in chain(limits, far):
            if self.tried > most or time.monotonic() > until:
                return None
            subject = replace(self.subject, magnitude=magnitude)
            point = self._reached(subject, tried)
            if point is None or not self._counts(point, subject):
                continue
            told = tried_so_far.told()
            tried_so_far.add(point.branches)
            if point.right:
                self.branches.add(point.branches)
                self.points.append(point)
                continue
            still = tried_so_far.told()
            found = self._not_right_beyond(point, subject, [text for text in told if text not in still])
            if found is not None:
                return found
        return None

    def _entries(self) -> set[float]:
        """The absolute values of the entries of the inputs at usual points."""
        inputs = [x for point in self.points if point.record for x in point.record.inputs.values()]
        return {abs(u) for x in inputs for u in np.ravel(x).tolist()}

    def _counts(self, point: Point, subject: Subject) -> bool:
        """Whether a point says something of the code.

        It may be meant for numbers like those given only, so far from them a mistake is one in real numbers or none.
        Where a number meets a constant, a branch may stand there for the limit of the other, whose slope it has not.
        """
        magnitude = subject.magnitude
        if magnitude.fresh and point.undefined:
            return False
        subject = replace(subject, formal=point.formal)
        if point.right or not (magnitude.fresh or magnitude.meeting):
            return True
        if magnitude.meeting:
            return not continuous(subject, point.seed)
        wrong = [leaf for leaf in self.subject.leaves if point.exact.get(leaf.name) is False]
        return bool(point.changed or point.shapes or self._witness(subject, wrong, point))

    def _reached(self, subject: Subject, tried: Iterable[int]) -> Point | None:
        """A point of unusual size; what raises an error there, or divides by 0, is not looked at."""
        for k, seed in enumerate(tried, 1):
            try:
                point = self._at(subject, seed)
            except Failed:
                return None
            if point is None and not self.cramped and k == FEW:
                return None
            if point is not None and not (not point.right and point.guessed and self.heights.grow()):
                return point
        return None

    def _not_right_beyond(self, point: Point, subject: Subject, turned: list[str]) -> GradientReport | None:
        """The report on such a point; ``None`` if all that is wrong is too small for floating point."""
        subject = replace(subject, formal=point.formal)
        there, least = f"; at the others {', '.join(turned)}" if turned else "", TINIEST
        if not (point.changed or point.shapes or point.unsteady):
            wrong = [leaf for leaf in self.subject.leaves if point.exact.get(leaf.name) is False]
            usual = max((p.sizes.get(leaf.name, 0.0) for p in self.points for leaf in wrong), default=0.0)
            witness = self._witness(subject, wrong, point, NEGLIGIBLE * usual)
            least = NEGLIGIBLE * usual if witness else least
            tiny = None if witness else self._witness(subject, wrong, point)
            if tiny is not None:
                self.negligible.append(
                    f"at a point of unusual size the gradient of {tiny.entry} is {tiny.true} and backward gives "
                    f"{tiny.given}, nothing beside gradients of the usual size{there}"
                )
                return None
        other = "that is not near the given values" if subject.magnitude.fresh else "of another size"
        other = "whose numbers are arranged" if subject.magnitude.arranged else other
        note = f"exact at {len(self.points)} points, not at one {other}{there}"
        found = self._not_right(point, subject, least)
        return replace(found, diagnosis=(note, *found.diagnosis))

    def _witness(self, subject: Subject, leaves: list[Leaf], point: Point, least: float = TINIEST) -> Witness | None:
        try:
            return find_witness(subject, leaves, point.seed, least)
        except Failed:
            return None

    # --- reports ------------------------------------------------------------------------------------

    def _right(self) -> GradientReport:
        bound, exact, unchecked = 1.0, dict(self.points[0].exact), dict(self.points[0].unchecked)
        for point in self.points:
            bound = max(bound * point.error_bound, LEAST)
            unchecked |= point.unchecked
        exact = {name: good for name, good in exact.items() if name not in unchecked}
        return GradientReport(
            "right",
            exact,
            self._notes(),
            bound,
            points=len(self.points),
            branches=any(point.may_branch for point in self.points),
            unreached=self._unreached(),
            unchecked=self.subject.fixed_names() | unchecked,
        )

    def _unreached(self) -> tuple[str, ...]:
        return self.branches.told()

    def _notes(self) -> tuple[str, ...]:
        ties = list(dict.fromkeys(tie for point in self.points for tie in point.ties))
        kinks = [
            f"at {tie} a branch is decided by two equal numbers: at this kink the derivative is a convention"
            for tie in ties
        ]
        unchecked = {name for point in self.points for name in point.unchecked}
        absent = dict.fromkeys(n for point in self.points for n in point.absent if n not in unchecked)
        zero = [f"the gradient of {name} is None, and stands for 0: the outputs do not depend on it" for name in absent]
        return (*self.subject.shared(), *zero, *kinks, *self.negligible[:1])

    def _undecided(self, reason: str) -> GradientReport:
        inputs = {leaf.name: False for leaf in self.subject.leaves}
        return GradientReport("undecided", inputs, (reason,), points=len(self.points))

    def _not_right(self, point: Point, subject: Subject, least: float = TINIEST) -> GradientReport:
        subject = replace(subject, formal=point.formal)
        wrong = [leaf for leaf in subject.leaves if point.exact.get(leaf.name) is False]
        changed = list(point.changed)
        if changed and not wrong:
            changed[0] = f"all gradients are exact, but {changed[0]}"
        diagnosis = [*changed, *point.unsteady, *point.shapes.values(), *self._notes()]
        witness: Witness | None = None
        candidates = [leaf for leaf in wrong if leaf.name not in point.shapes]
        if candidates:
            try:
                witness = find_witness(subject, candidates, point.seed, least)
                if witness is None and point.underflows and subject.magnitude == USUAL:
                    witness = find_witness(replace(subject, magnitude=SMALLER), candidates, point.seed)
            except Failed as error:
                diagnosis.append(f"the counterexample cannot be run: {error}")
        self.shown = subject, point
        verdict: Verdict = "wrong" if witness or point.changed or point.shapes else "undecided"
        if verdict == "undecided" and not point.unsteady:
            diagnosis.append(
                "the exact numbers differ, but no real counterexample was found: the code may rely on an identity "
                "that they do not have, or on rounded constants"
            )
        return GradientReport(
            verdict,
            {name: good and all(p.exact.get(name, True) for p in self.points) for name, good in point.exact.items()},
            tuple(diagnosis),
            0.0 if verdict == "wrong" else None,
            witness,
            len(self.points),
            () if verdict == "wrong" else self._unreached(),
            subject.fixed_names() | point.unchecked,
        )


def _mistakes(point: Point) -> int:
    """How much a point shows: of equals, the first is the one to speak of."""
    return len(point.changed) + len(point.shapes) + len(point.unsteady) + list(point.exact.values()).count(False)
