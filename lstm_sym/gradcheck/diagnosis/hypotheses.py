"""What is wrong with a backward pass: hypotheses, each tested exactly."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from ..comparison import Point
from ..exact.modular import Singular, Unlucky
from ..signatures import name_of
from ..subject import Failed, Subject
from .residue import residues
from .search import Mend, mends, styled


def diagnosed(subject: Subject, point: Point) -> list[str]:
    """Sentences on the mistake, each established by an exact check; none where nothing fits."""
    try:
        subject = styled(subject, point.seed)
        found = mends(subject, point.exact, point.seed)
    except (Failed, Unlucky, Singular):
        found = []
    mended = {name for mend in found for name in mend.names}
    wrong = [name for name, good in point.exact.items() if not good and name not in point.shapes]
    return [*map(_said, found), *residues(subject, wrong, mended, point.seed), *_unread(subject)]


def _unread(subject: Subject) -> list[str]:
    """Why no edit is tried, where that is so for want of a source."""
    backward: Any = subject.backward
    try:
        inspect.getsource(backward)
    except OSError:
        return [f"what would mend {name_of(backward)} is not looked for: its source cannot be read; put it into a file"]
    except (TypeError, ValueError):
        pass
    return []


def _said(mend: Mend) -> str:
    verb = "is" if len(mend.names) == 1 else "are"
    return f"{_listed(mend.names)} {verb} exact if {mend.edit}: {mend.rule.mistake}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
