"""The pair of functions under test: how they are called, and what they return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import BuiltinFunctionType
from typing import Any, Protocol

import numpy as np

from .arrays.array import Array, Scalar, exact, instead_of
from .arrays.integers import discrete
from .decisions.magnitude import USUAL, Magnitude
from .exact.modular import Singular, Unlucky
from .exact.numbers import Numbers
from .frames import Unsupported, place_of, told
from .inputs import kind_of, moves, numbers_inside
from .signatures import Misuse, arguments, name_of, required, signature_of
from .stand_ins.generators import copied, is_generator
from .trees import Path, alike, at, endless, leaves, mapped, named

STYLES = ("vjp", "cache")
CACHES = ("cache", "caches", "ctx", "context", "saved", "tape", "memory", "residuals", "res")
TUPLES = ("inputs", "args", "primals", "params", "xs", "x", "parameters")
"""What a first parameter that takes the tuple of all inputs is called."""

PREFIXES = ("d", "d_", "D", "grad_", "g_", "g", "delta_", "")


class Failed(Exception):
    """The code under test raised an error, or cannot be followed; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One array of floating-point numbers among the inputs, whose gradient is checked."""

    name: str
    path: Path
    value: Any

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)


class Source(Protocol):
    """What gives the inputs and cotangents their numbers."""

    def __call__(self, name: str, value: Any) -> Numbers: ...


@dataclass(frozen=True)
class Subject:
    """Two functions, and the inputs of the first by the name of its parameters."""

    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    inputs: Mapping[str, Any]
    style: str = "auto"
    magnitude: Magnitude = USUAL
    floating: bool = False
    """Whether exp is 0 where floating point has 0 by far."""
    formal: bool = False
    """Whether the code is not told of what has no real value."""
    fixed: frozenset[str] = frozenset()
    """Floating-point inputs that are passed on as they are."""

    @property
    def leaves(self) -> list[Leaf]:
        """The inputs that have gradients."""
        return [
            Leaf(named(name, path), (name, *path), value)
            for name, tree in self.inputs.items()
            for path, value in leaves(tree)
            if moves(value) and not self.holds(name, path)
        ]

    def shared(self) -> list[str]:
        """What is said of inputs that are one array where they are given."""
        names: dict[int, list[str]] = {}
        for leaf in self.leaves:
            if isinstance(leaf.value, np.ndarray):
                names.setdefault(id(leaf.value), []).append(leaf.name)
        return [
            f"{' and '.join(same)} are one array; their gradients are checked as those of inputs of their own"
            for same in names.values()
            if len(same) > 1
        ]

    def holds(self, name: str, path: Path) -> bool:
        """Whether an input is fixed."""
        return name in self.fixed or named(name, path) in self.fixed

    def fixed_names(self) -> dict[str, str]:
        """The inputs of floating-point numbers that are passed on as they are, and why."""
        found: dict[str, str] = {}
        for name, tree in self.inputs.items():
            for path, value in leaves(tree):
                if moves(value) and self.holds(name, path):
                    found[named(name, path)] = "it is fixed"
                for key, _ in numbers_inside(value):
                    found[f"{named(name, path)}.{key}"] = "it is an attribute of an object"
        return found

    def upstream_parameter(self) -> str:
        """The name of backward's parameter for the upstream gradient, where there is just one."""
        parameters = [] if self.backward is None else required(self.backward)
        place = 0 if self.style == "cache" else 1
        return parameters[place] if len(parameters) == 2 else ""

    def made(self, source: Source, stand_in: Any, later: bool = False) -> dict[str, Any]:
        """Inputs for one run: numbers from the source where floating-point numbers stand, copies of all else.

        ``later`` is whether a run before has drawn from generators of random numbers that are among the inputs.
        """

        def leaf(name: str) -> Callable[[Path, Any], Any]:
            def make(path: Path, value: Any) -> Any:
                if moves(value) and self.holds(name, path):
                    return exact(value, stand_in.domain) if isinstance(value, np.ndarray) else value
                if moves(value):
                    numbers = source(named(name, path), value)
                    array = instead_of(np.asarray(value), numbers)
                    return array if numbers.shape or isinstance(value, np.ndarray) else Scalar(array.store, array.at)
                if is_generator(value):
                    return stand_in.drawing(copied(value, later))
                return discrete(value.copy(order="K"), stand_in.domain) if isinstance(value, np.ndarray) else value

            return make

        return {name: mapped(leaf(name), tree) for name, tree in self.inputs.items()}

    def styled(self, outputs: Any) -> Subject:
        """The same with its style settled, by the parameters of backward and by what forward returned."""
        if self.style != "auto" or self.backward is None:
            return self
        parameters = required(self.backward)
        last = parameters[-1].lower() if parameters else ""
        first = parameters[0].lower() if parameters else ""
        cached = isinstance(outputs, tuple) and len(outputs) >= 2
        if cached and (last in CACHES or last.endswith("cache")):
            return replace(self, style="cache")
        if first in TUPLES or not cached:
            return replace(self, style="vjp")
        plain = not isinstance(outputs[-1], Array | float | int)
        pair = len(parameters) == 2 and not first.startswith("data") and not _is_upstream(last)
        if (_is_upstream(first) and (plain or pair)) or _is_object(outputs[-1]):
            return replace(self, style="cache")
        return replace(self, style="vjp")

    def split(self, outputs: Any) -> tuple[Any, Any]:
        """What forward returned as outputs and cache."""
        if self.style != "cache":
            return outputs, None
        if not isinstance(outputs, tuple) or len(outputs) < 2:
            raise Misuse(f"{name_of(self.forward)} returns no tuple (out, cache)")
        *values, cache = outputs
        return (values[0] if len(values) == 1 else tuple(values)), cache

    def run_forward(self, inputs: dict[str, Any]) -> Any:
        """What forward returns."""
        return self._called(self.forward, *arguments(self.forward, inputs))

    def run_backward(self, inputs: dict[str, Any], cotangents: Any, cache: Any) -> Any:
        """What backward returns."""
        assert self.backward is not None
        if self.style == "cache":
            parameters = required(self.backward)
            several = isinstance(cotangents, tuple) and len(parameters) == len(cotangents) + 1
            args = (*cotangents, cache) if several else (cotangents, cache)
        else:
            args = (tuple(inputs.values()), cotangents)
        self._require_call(args)
        return self._called(self.backward, args)

    def _require_call(self, args: tuple[Any, ...]) -> None:
        """A clear word on a backward that does not take what it is called with."""
        assert self.backward is not None
        signature = signature_of(self.backward)
        if signature is None:
            return
        try:
            signature.bind(*args)
        except TypeError:
            raise Failed(
                f"{name_of(self.backward)}{signature} does not take what it is called with; {self._forms()}"
            ) from None

    def _forms(self) -> str:
        """How backward is called, and what else is possible."""
        names = ", ".join(self.inputs) + ("," if len(self.inputs) == 1 else "")
        if self.style == "cache":
            return "it is called as backward(dout, cache), with what forward returns beside its outputs as cache"
        return (
            f"it is called as backward(inputs, cotangents) with inputs = ({names}); if it takes (dout, cache), let "
            "forward return (out, cache), and choose the style cache where a tuple may be outputs alone"
        )

    def _called(
        self, function: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any] | None = None
    ) -> Any:
        Unsupported.raised.clear()
        try:
            with np.errstate(all="ignore"):
                result = function(*args, **(options or {}))
            if Unsupported.raised:
                raise Unsupported.raised[0]
        except (Unlucky, Singular, KeyboardInterrupt):
            raise
        except Unsupported as error:
            raise Failed(f"{place_of(error) or name_of(function)}: {error}{_wrapped(function)}") from error
        except RecursionError as error:
            raise Failed(f"{place_of(error) or name_of(function)}: the recursion is too deep") from error
        except BaseException as error:
            said = f"{name_of(function)} raises {type(error).__name__}{told(error)}"
            raise Failed(said + self._hint(error, function)) from error
        if endless(result):
            raise Failed(f"{name_of(function)} returns a container that holds itself, or is nested too deeply")
        return result

    def _hint(self, error: BaseException, function: Any) -> str:
        """How backward is called, where its first parameter does not look like what it is given."""
        if (
            self.backward is None
            or function is not self.backward
            or not isinstance(error, TypeError | AttributeError | ValueError | IndexError)
        ):
            return ""
        first = (required(self.backward) or [""])[0].lower()
        return "" if self.style == "cache" or first in TUPLES else f"; {self._forms()}"

    def gradients(self, given: Any) -> list[Any]:
        """What backward returned, leaf by leaf of the inputs; ``None`` where it gives nothing."""
        names, found = list(self.inputs), self.leaves
        moving = list(dict.fromkeys(leaf.path[0] for leaf in found))
        arrays = list(dict.fromkeys(leaf.path[0] for leaf in found if not isinstance(leaf.value, float)))
        if isinstance(given, Mapping):
            given = self._gathered(given, moving)
        elif len(moving) == 1 and isinstance(given, list | tuple) and alike(given, self.inputs[moving[0]]):
            given = {moving[0]: given}
        by_name = _by_name(given, names, moving, arrays)
        for name, branch in by_name.items():
            own = self.inputs[name]
            if isinstance(branch, Mapping) and isinstance(own, Mapping):
                renamed = _matched(branch, list(own))
                by_name[name] = renamed if len(renamed) == len(branch) else branch
        result: list[Any] = []
        for leaf in found:
            name, *path = leaf.path
            branch = by_name.get(name)
            try:
                result.append(None if branch is None else at(branch, tuple(path)))
            except KeyError:
                if not _forgotten(branch, self.inputs[name], path):
                    raise Failed(f"{name_of(self.backward)} returns no gradient for {leaf.name}") from None
                result.append(None)
        return result

    def _gathered(self, given: Mapping[Any, Any], moving: list[str]) -> Mapping[Any, Any]:
        """Gradients of the entries of a dictionary, given beside the others, as a dictionary of their own."""
        found = dict(given)
        for name in moving:
            own = self.inputs[name]
            if isinstance(own, Mapping) and not _matched(given, [name]):
                entries = _matched(given, list(own))
                if entries:
                    used = {prefix + str(key) for key in entries for prefix in PREFIXES}
                    found = {key: value for key, value in found.items() if str(key) not in used} | {name: entries}
        return found


def _wrapped(function: Any) -> str:
    """The way out where a callable of NumPy's is given as it is, in which nothing can be replaced."""
    if not isinstance(function, np.vectorize | np.ufunc | BuiltinFunctionType | type):
        return ""
    return f"; give a function of your own that calls {name_of(function)}"


def _is_upstream(name: str) -> bool:
    """Whether a parameter is called as an upstream gradient is."""
    return name == "g" or name.startswith(("d", "grad", "g_", "cot", "upstream"))


def _is_object(x: Any) -> bool:
    """Whether an output is an object of the user's, such as a network, which has no cotangent."""
    return hasattr(x, "__dict__") and not isinstance(x, Array | np.ndarray) and all(y is x for _, y in leaves(x))


def _forgotten(given: Any, inputs: Any, path: list[Any]) -> bool:
    """Whether a dictionary of gradients lacks an entry, and does not merely call it by another name."""
    for key in path:
        if not isinstance(given, Mapping) or not isinstance(inputs, Mapping) or not given.keys() <= inputs.keys():
            return False
        if key not in given:
            return True
        given, inputs = given[key], inputs[key]
    return False


def _by_name(given: Any, names: list[str], moving: list[str], arrays: list[str]) -> dict[str, Any]:
    """Gradients by the name of the input: from a mapping, from a tuple in the inputs' order, from the only one.

    Where there are too few, Python's numbers among the inputs are taken for settings, which have none.
    """
    way_out = "; what needs no gradient is named in fixed=..., on the command line given as a literal such as eps=1e-5"
    if isinstance(given, tuple) and hasattr(given, "_asdict"):
        found = _matched(given._asdict(), moving)
        if len(found) == len(moving):
            return found
        given = tuple(given)
    if isinstance(given, Mapping):
        found = _matched(given, moving)
        missing = [name for name in moving if name not in found]
        if missing and (len(given) > len(found) or not found):
            raise Failed(
                f"backward returns gradients under {', '.join(map(str, given))}; none is found for "
                f"{', '.join(missing)}{way_out}"
            )
        return found
    if isinstance(given, list | tuple):
        if len(given) == len(names) and not (len(names) == 1 and len(moving) == 1 and len(given) != 1):
            return dict(zip(names, given))
        for those in (moving, arrays):
            if len(given) == len(those):
                return dict(zip(those, given))
        raise Failed(f"backward returns {len(given)} gradients for the inputs {', '.join(names)}{way_out}")
    for those in (moving, arrays):
        if len(those) == 1:
            return {those[0]: given}
    raise Failed(f"backward returns a single {_kind(given)} for the inputs {', '.join(names)}{way_out}")


def _kind(given: Any) -> str:
    return "array" if isinstance(given, Array) else name_of(type(given)).replace("Discrete", "integers")


def _matched(given: Mapping[Any, Any], names: list[Any]) -> dict[Any, Any]:
    """What stands under the names: with the same prefix for all if there is one, else each with one of its own.

    A key that is itself one of the names is not another name with a prefix, as ``dx`` beside ``x`` may be.
    """
    found: dict[Any, Any] = {}
    for prefix in PREFIXES:
        keys = {name: f"{prefix}{name}" if prefix else name for name in names}
        if all(key in given for key in keys.values()):
            return {name: given[key] for name, key in keys.items()}
        there = {name: given[key] for name, key in keys.items() if key in given and (name == key or key not in names)}
        found = there | found
    return {name: found[name] for name in names if name in found}


def exact_leaves(outputs: Any, domain: Any) -> list[tuple[Path, Array]]:
    """The outputs that have cotangents."""
    found = []
    for path, value in leaves(outputs):
        if isinstance(value, Array):
            found.append((path, value))
        elif moves(value):
            found.append((path, exact(value, domain)))
        elif isinstance(value, np.ndarray) and value.dtype.kind == "O":
            raise Failed("forward returns an array of Python objects")
    if not found:
        kinds = dict.fromkeys(_kind(value) for _, value in leaves(outputs))
        raise Failed(f"forward returns no floating-point numbers, but {', '.join(kinds) or 'nothing'}")
    return found


def require_leaves(subject: Subject, otherwise: str) -> None:
    """Misuse where no input is of floating-point numbers, or where what is fixed is none of the inputs."""
    entries = {named(name, path) for name, tree in subject.inputs.items() for path, _ in leaves(tree)}
    for name in sorted(subject.fixed - entries - set(subject.inputs)):
        raise Misuse(f"fixed: there is no input {name}; the inputs are {', '.join(subject.inputs)}")
    if not subject.leaves:
        others = " that is not fixed" if subject.fixed else ""
        kinds = [f"{name} is {kind_of(value)}" for name, tree in subject.inputs.items() for _, value in leaves(tree)]
        are = ": " + ", ".join(dict.fromkeys(kinds)) if kinds else ""
        raise Misuse(f"no input{others} is of floating-point numbers, so {otherwise}{are}")
