"""What a reader is told when a step does not have the verdict that its derivation means."""

from __future__ import annotations

from .report import StepResult


def failure_text(result: StepResult) -> str:
    """Where, what, the witness and the way out, in a few lines."""
    step, outcome = result.step, result.outcome
    where = f"{step.file}:{step.line}" if step.file else result.derivation.name
    lines = [f'{where} {result.derivation.name} step {result.number} ("{step.reason}"): {_what(result)}']
    lines += [f"  left:  {step.left}", f"  right: {step.right}"]
    if outcome.witness is not None:
        lines.append(f"  {outcome.witness}")
    if outcome.detail:
        lines.append(f"  {outcome.detail}")
    if outcome.hint:
        lines.append(f"  Did you mean: {outcome.hint}?")
    return "\n".join(lines)


def _what(result: StepResult) -> str:
    verdict, expected = result.outcome.verdict, result.step.expected
    if expected == "refuted":
        return f"the statement was meant to be refuted, but it is {verdict}"
    if verdict == "refuted":
        return "the sides differ" if result.step.relation == "=" else f"the bound {result.step.relation} fails"
    return f"the step is {verdict}"
