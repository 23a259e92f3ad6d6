"""Verifying many derivations: one task per step, on any executor, and the account of lemmas."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from functools import lru_cache

from .derivation import Derivation, DerivationError
from .judge import verify_step
from .lemmas import lemmas_first, needed_for, place
from .report import Outcome, Report, StepResult


def verify(
    derivations: Iterable[Derivation],
    *,
    only: Collection[str] | None = None,
    executor: Executor | None = None,
    progress: Callable[[StepResult], object] | None = None,
) -> Report:
    """The verdict on every step, in the order of the derivations.

    ``only`` names those to report; the lemmas they rest on are verified all the same. Without an
    ``executor`` the work is done here. ``progress`` is called with each step as its verdict comes in.
    A step that cites a lemma which is not wholly as it means to be is ``undecided``.
    """
    known = {derivation.name: derivation for derivation in derivations}
    ordered = lemmas_first(known)
    reported = [name for name in known if only is None or name in only]
    wanted = set(needed_for(reported, known))
    tasks = [Task(d, number) for d in ordered if d.name in wanted for number in range(1, len(d.steps) + 1)]
    results = _inline(tasks, progress) if executor is None else _submitted(tasks, executor, progress)
    checked = {(task.derivation.name, task.number): result for task, result in zip(tasks, results, strict=True)}
    ledger = Ledger(known.__getitem__, lambda task: checked[task.derivation.name, task.number])
    return Report(tuple(result for name in reported for result in ledger.results(name)))


class Ledger:
    """The verdicts on single steps, settled with the lemmas that they cite and remembered.

    ``find`` gives the derivation of a name; ``check`` the verdict on a step by itself, by default that of
    the kernel. Lemmas must not cite one another in a circle.
    """

    def __init__(self, find: Callable[[str], Derivation], check: Callable[[Task], StepResult] | None = None) -> None:
        self.find = find
        self.check = check or _checked
        self._settled: dict[tuple[str, int], StepResult] = {}

    def result(self, name: str, number: int) -> StepResult:
        """The result of one step; a proof that rests on a lemma which does not hold is ``undecided``."""
        if (name, number) not in self._settled:
            self._settled[name, number] = self._settle(self.check(Task(self.find(name), number)))
        return self._settled[name, number]

    def results(self, name: str) -> tuple[StepResult, ...]:
        """The results of every step of one derivation."""
        return tuple(self.result(name, number) for number in range(1, len(self.find(name).steps) + 1))

    def _settle(self, result: StepResult) -> StepResult:
        lemma, outcome = result.step.lemma, result.outcome
        if not lemma or outcome.verdict not in ("proved", "probable"):
            return result
        if all(r.ok for r in self.results(lemma)):
            admitted = [fact for r in self.results(lemma) for fact in r.outcome.admitted]
            assumes = tuple(dict.fromkeys([*outcome.assumes, *admitted]))
            return replace(result, outcome=replace(outcome, assumes=assumes))
        detail = f"lemma {lemma} is not proved"
        lost = Outcome("undecided", outcome.method, outcome.seconds, assumes=outcome.assumes, detail=detail)
        return replace(result, outcome=lost)


@dataclass(frozen=True, slots=True)
class Task:
    """One step to verify."""

    derivation: Derivation
    number: int

    def failed(self, error: BaseException) -> DerivationError:
        step = self.derivation.steps[self.number - 1]
        said = str(error) or "no message"
        if not isinstance(error, DerivationError):
            said = f"{type(error).__name__}: {said}"
        return DerivationError(
            f'{place(self.derivation, step)}: step {self.number} of {self.derivation.name} ("{step.reason}") '
            f"could not be checked: {said}"
        )


def _checked(task: Task) -> StepResult:
    try:
        return verify_step(task.derivation, task.number)
    except Exception as error:
        raise task.failed(error) from error


def _inline(tasks: list[Task], progress: Callable[[StepResult], object] | None) -> list[StepResult]:
    results = []
    for task in tasks:
        results.append(_checked(task))
        if progress:
            progress(results[-1])
    return results


def _submitted(
    tasks: list[Task], executor: Executor, progress: Callable[[StepResult], object] | None
) -> list[StepResult]:
    futures: list[Future[Outcome]] = []
    packed: dict[str, bytes] = {}
    try:
        for task in tasks:
            name = task.derivation.name
            if name not in packed:
                packed[name] = _packed(task)
            futures.append(executor.submit(_verify_packed, packed[name], task.number))
        return [_received(task, future, progress) for task, future in zip(tasks, futures, strict=True)]
    except BaseException:
        for future in futures:
            future.cancel()
        raise


def _received(task: Task, future: Future[Outcome], progress: Callable[[StepResult], object] | None) -> StepResult:
    try:
        result = StepResult(task.derivation, task.number, future.result())
    except Exception as error:
        raise task.failed(error) from error
    if progress:
        progress(result)
    return result


def _packed(task: Task) -> bytes:
    try:
        return pickle.dumps(task.derivation)
    except Exception as error:
        raise task.failed(error) from error


# A worker unpacks a derivation once, so that what it works out about the given equations serves every step.
_unpacked = lru_cache(maxsize=64)(pickle.loads)


def _verify_packed(derivation: bytes, number: int) -> Outcome:
    return verify_step(_unpacked(derivation), number).outcome
