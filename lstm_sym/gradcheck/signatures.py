"""The parameters of the functions under test."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from inspect import Parameter
from typing import Any

import numpy as np

from .frames import attribute, shown

POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class Misuse(ValueError):
    """The check cannot be made with these arguments."""


def require_option(name: str, value: Any, *kinds: type, form: str) -> None:
    """Misuse where an option is of none of these kinds; of a collection, what it holds must be text.

    A truth value is no number, and neither an array nor a mapping is a collection of names.
    """
    unlike = [kind for kind in (bool, Mapping) if kind not in kinds]
    fits = isinstance(value, kinds) and not isinstance(value, (*unlike, np.ndarray))
    if fits and isinstance(value, Collection) and not isinstance(value, str):
        inside = [*value, *value.values()] if isinstance(value, Mapping) else [*value]
        fits = all(isinstance(item, str) for item in inside)
    if not fits:
        raise Misuse(f"{name} must be {form}, not {shown(value)}")


def required(function: Callable[..., Any]) -> list[str]:
    """The positional parameters without a default."""
    return [
        name
        for name, parameter in (_parameters(function) or {}).items()
        if parameter.kind in POSITIONAL and parameter.default is Parameter.empty
    ]


def name_of(function: Any) -> str:
    """What to call a function in messages."""
    function = function.func if isinstance(function, partial) else function
    name = attribute(function, "__name__")
    return name if isinstance(name, str) else type(function).__name__


def by_parameter(forward: Callable[..., Any], inputs: Any) -> dict[str, Any]:
    """Inputs by the names of forward's parameters, in their order.

    Where it does not tell its parameters, or takes any number of them, others than those named are let through.
    """
    parameters = _parameters(forward)
    told = parameters or {}
    positional = [name for name, parameter in told.items() if parameter.kind in POSITIONAL]
    names = [*positional, *(name for name, parameter in told.items() if parameter.kind is Parameter.KEYWORD_ONLY)]
    given = dict(inputs) if isinstance(inputs, Mapping) else _labelled(inputs, names, _rest(told))
    unknown = [name for name in given if name not in names]
    if unknown and parameters is not None and not _takes_more(told, isinstance(inputs, Mapping)):
        if not isinstance(inputs, Mapping):
            raise Misuse(f"{name_of(forward)} takes {', '.join(names) or 'nothing'}, but the inputs are {len(given)}")
        has = f"it has {', '.join(names)}" if names else "it has none"
        raise Misuse(f"{name_of(forward)} has no parameter {', '.join(map(str, unknown))}; {has}")
    missing = [name for name in names if name not in given and told[name].default is Parameter.empty]
    if missing:
        raise Misuse(f"nothing is given for {', '.join(missing)}, which {name_of(forward)} takes")
    ordered = [*(name for name in names if name in given), *unknown]
    placed = [name for name in ordered if name in positional]
    if placed != positional[: len(placed)]:
        skipped = next(name for name in positional if name not in given)
        raise Misuse(f"the parameter {skipped} of {name_of(forward)} stands before others and needs a value too")
    return {name: given[name] for name in ordered}


def _labelled(inputs: Any, names: list[str], rest: str) -> dict[str, Any]:
    """Inputs in the order of the parameters; those beyond by their place."""
    if not isinstance(inputs, Sequence) or isinstance(inputs, str | bytes):
        raise Misuse(
            "inputs must be a sequence, such as [x], or a mapping from the names of forward's parameters, "
            f"not {shown(inputs)}"
        )
    return dict(zip([*names, *(f"{rest}[{k}]" for k in range(len(inputs) - len(names)))], inputs))


def _rest(parameters: Mapping[str, Parameter]) -> str:
    """The name of what takes all other positional arguments."""
    return next((name for name, p in parameters.items() if p.kind is Parameter.VAR_POSITIONAL), "inputs")


def _takes_more(parameters: Mapping[str, Parameter], by_name: bool) -> bool:
    kinds = {parameter.kind for parameter in parameters.values()}
    return Parameter.VAR_POSITIONAL in kinds or (by_name and Parameter.VAR_KEYWORD in kinds)


def arguments(function: Callable[..., Any], inputs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Inputs by position, but those that a function takes by their names alone."""
    parameters = _parameters(function) or {}
    kinds = {name: parameter.kind for name, parameter in parameters.items()}
    by_name = Parameter.VAR_KEYWORD in kinds.values() and Parameter.VAR_POSITIONAL not in kinds.values()
    options = {
        name: value
        for name, value in inputs.items()
        if (kinds[name] is Parameter.KEYWORD_ONLY if name in kinds else by_name)
    }
    return tuple(value for name, value in inputs.items() if name not in options), options


def signature_of(function: Any) -> inspect.Signature | None:
    """The signature of anything callable; ``None`` where it tells none."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None
    except Exception:  # by an object that raises an error when it is asked for its name
        return inspect.signature(type(function).__call__.__get__(function))


def require_taken(function: Callable[..., Any], inputs: Mapping[str, Any]) -> None:
    """Misuse where a function cannot be called with inputs that another one takes."""
    signature = signature_of(function)
    if signature is None:
        return
    placed, by_name = arguments(function, inputs)
    try:
        signature.bind(*placed, **by_name)
    except TypeError as error:
        raise Misuse(f"{name_of(function)}{signature} cannot be called with {', '.join(inputs)}: {error}") from None


def _parameters(function: Callable[..., Any]) -> Mapping[str, Parameter] | None:
    """The parameters of a function; ``None`` where it does not tell them."""
    signature = signature_of(function)
    return None if signature is None else signature.parameters
