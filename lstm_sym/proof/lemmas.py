"""Which derivations cite which: a lemma is a derivation, cited by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from .derivation import Derivation, DerivationError, Step


def place(derivation: Derivation, step: Step | None = None) -> str:
    """``file:line`` of a step, by default of the derivation's first."""
    step = step or next(iter(derivation.steps), None)
    return f"{step.file}:{step.line}" if step else f"derivation {derivation.name}"


def cited(derivation: Derivation) -> frozenset[str]:
    """The lemmas that a derivation cites directly."""
    return frozenset(step.lemma for step in derivation.steps if step.lemma)


def lemmas_first(derivations: Mapping[str, Derivation]) -> tuple[Derivation, ...]:
    """The derivations, each after the lemmas it cites; an unknown lemma or a circle of them is refused."""
    for derivation in derivations.values():
        for step in derivation.steps:
            if step.lemma and step.lemma not in derivations:
                raise DerivationError(
                    f'{place(derivation, step)}: derivation {derivation.name} ("{step.reason}") cites the lemma '
                    f"{step.lemma}, which is not among the derivations read"
                )
    try:
        order = tuple(TopologicalSorter({name: cited(d) for name, d in derivations.items()}).static_order())
    except CycleError as error:
        circle = error.args[1]
        raise DerivationError(
            f"{place(derivations[circle[0]])}: lemmas cite one another in a circle: {' <- '.join(circle)}"
        ) from None
    return tuple(derivations[name] for name in order)


def needed_for(names: Iterable[str], derivations: Mapping[str, Derivation]) -> Iterator[str]:
    """The named derivations and every lemma that they rest on, once each."""
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            waiting.extend(cited(derivations[name]))
