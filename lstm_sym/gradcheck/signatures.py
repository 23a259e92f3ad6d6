"""The parameters of the functions under test."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class Misuse(ValueError):
    """The check cannot be made with these arguments."""


def required(function: Callable[..., Any]) -> list[str]:
    """The positional parameters without a default."""
    try:
        kinds = inspect.Parameter
        return [
            name
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
            and parameter.default is kinds.empty
        ]
    except (TypeError, ValueError):
        return []


def name_of(function: Any) -> str:
    """What to call a function in messages."""
    function = getattr(function, "func", function)
    return getattr(function, "__name__", type(function).__name__)


def by_parameter(forward: Callable[..., Any], inputs: Any) -> dict[str, Any]:
    """Inputs by the names of forward's parameters, in their order."""
    try:
        parameters = list(inspect.signature(forward).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = [*positional, *(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)]
    if isinstance(inputs, Mapping):
        unknown = [name for name in inputs if parameters and name not in names]
        if unknown and not any(p.kind is p.VAR_POSITIONAL for p in parameters):
            raise Misuse(f"{name_of(forward)} has no parameter {', '.join(unknown)}; it has {', '.join(names)}")
        missing = [p.name for p in parameters if p.name in names and p.name not in inputs and p.default is p.empty]
        if missing:
            raise Misuse(f"no shape is given for {', '.join(missing)}, which {name_of(forward)} takes")
        ordered = [name for name in names if name in inputs] or list(inputs)
        placed = [name for name in ordered if name in positional]
        if placed != positional[: len(placed)]:
            skipped = next(name for name in positional if name not in inputs)
            raise Misuse(f"the parameter {skipped} of {name_of(forward)} stands before others and needs a value too")
        return {name: inputs[name] for name in ordered}
    if not isinstance(inputs, Sequence) or isinstance(inputs, str):
        raise Misuse("inputs must be a sequence, or a mapping from the names of forward's parameters")
    labels = [*names, *(f"input{k}" for k in range(len(names), len(inputs)))]
    return dict(zip(labels, inputs))


def arguments(function: Callable[..., Any], inputs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Inputs by position, but those that a function takes by their names alone."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        parameters = {}  # type: ignore[assignment]
    options = {
        name: value
        for name, value in inputs.items()
        if name in parameters and parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
    }
    return tuple(value for name, value in inputs.items() if name not in options), options
