"""Verifying many derivations: one task per step, on any executor, and the account of lemmas."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from functools import lru_cache

from .derivation import Derivation, DerivationError
from .kernel import verify_step
from .lemmas import lemmas_first, needed_for, place
from .report import Outcome, Report, StepResult


def verify(
    derivations: Iterable[Derivation],
    *,
    only: Collection[str] | None = None,
    executor: Executor | None = None,
    progress: Callable[[StepResult], None] | None = None,
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
    order = [derivation for derivation in ordered if derivation.name in wanted]
    tasks = [Task(derivation, number) for derivation in order for number in range(1, len(derivation.steps) + 1)]
    results = _inline(tasks, progress) if executor is None else _submitted(tasks, executor, progress)
    by_name: dict[str, list[StepResult]] = {derivation.name: [] for derivation in order}
    for task, result in zip(tasks, results, strict=True):
        by_name[task.derivation.name].append(with_lemmas(result, lambda name: _holds(by_name[name])))
    return Report(tuple(result for name in reported for result in by_name[name]))


def with_lemmas(result: StepResult, holds: Callable[[str], bool]) -> StepResult:
    """The result once the lemma that its step cites is taken into account; ``holds`` says whether a lemma is proved."""
    lemma, outcome = result.step.lemma, result.outcome
    if not lemma or outcome.verdict not in ("proved", "probable") or holds(lemma):
        return result
    lost = Outcome("undecided", outcome.method, outcome.seconds, assumes=outcome.assumes)
    return replace(result, outcome=replace(lost, detail=f"lemma {lemma} is not proved"))


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


def _holds(results: list[StepResult]) -> bool:
    return all(result.ok for result in results)


def _inline(tasks: list[Task], progress: Callable[[StepResult], None] | None) -> list[StepResult]:
    results = []
    for task in tasks:
        try:
            result = verify_step(task.derivation, task.number)
        except Exception as error:
            raise task.failed(error) from error
        results.append(result)
        if progress:
            progress(result)
    return results


def _submitted(
    tasks: list[Task], executor: Executor, progress: Callable[[StepResult], None] | None
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


def _received(task: Task, future: Future[Outcome], progress: Callable[[StepResult], None] | None) -> StepResult:
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
