"""Whether somebody's NumPy code implements a cell, decided exactly."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

from ..activations import Activation
from ..cell import Cell
from ..export import lambdify, with_activation
from ..symbols import At, letters, t
from .equality import Comparison
from .subject import Misuse, Subject
from .trees import mapped

SIZES = (3, 2, 6, 7, 8, 9, 10, 11)
"""The lengths of a cell's symbolic sizes unless they are given: distinct, and none of them 1."""

VECTORS = ("flat", "row", "column")
PREVIOUS = ("{}0", "{}_0", "{}_prev", "{}prev", "prev_{}", "{}_old", "{}_init", "{}_tm1", "{}_t_1", "{}")
PRESENT = ("{}", "{}s", "{}_t", "{}t", "{}_seq")


@dataclass(frozen=True, slots=True)
class ImplementationReport:
    """The verdict on code that should implement a cell.

    ``right``: every output is the cell's, but for an accident of probability ``error_bound``. ``wrong``:
    ``departs`` says which output departs, and at which step, and ``witness`` holds real inputs at which it does.
    ``undecided``: ``reason`` says why.
    """

    verdict: Literal["right", "wrong", "undecided"]
    departs: str = ""
    reason: str = ""
    error_bound: float | None = None
    witness: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.verdict == "right"

    def __str__(self) -> str:
        head = ": ".join(filter(None, (self.verdict, self.departs or self.reason)))
        lines = [head, *self.notes]
        if self.witness:
            lines += ["counterexample:", *(f"  {k} = np.array({v})" for k, v in self.witness.items())]
            lines.append(f"  {self.reason}")
        return "\n".join(lines)


def implements(
    cell: Cell,
    f: Callable[..., Any],
    *,
    arguments: Mapping[str, Any] | None = None,
    outputs: str | Sequence[str | None] | Mapping[str, Any] | None = None,
    vectors: Literal["flat", "row", "column"] = "flat",
    steps: int | None = None,
    batch: int | None = None,
    sizes: Mapping[str, int] | None = None,
    zero: Iterable[str] = (),
    phi: Activation | str | None = None,
) -> ImplementationReport:
    r"""Whether ``f`` computes what the equations of ``cell`` say, exactly.

    ``f`` takes one step, or a sequence of ``steps`` of them. ``arguments`` maps its parameters to letters of the
    cell: ``"W_f"``, ``"W_f.T"``, a nest of such, a function of all letters such as
    ``lambda a: np.hstack([a.W_f, a.U_f])``, or a number to pass on; a state's letter means the state before the first
    step. A parameter that is left out is found by its name. ``outputs`` says what ``f`` returns: one letter, one
    per element of a tuple (``None`` for what does not count), or a mapping from letters to keys, positions or
    functions of the result; ``"h"`` is h at every step, time first, ``"h[T]"`` at the last.

    ``vectors`` is the shape of a vector: ``"flat"`` is (n,) or (batch, n), ``"row"`` (batch, n), ``"column"``
    (n, batch). ``zero`` names parameters that the code does without, ``phi`` the
    activation of a cell that leaves it open. A ``ValueError`` names what does not map.
    """
    if vectors not in VECTORS:
        raise Misuse(f"unknown vectors {vectors!r}; they are {', '.join(VECTORS)}")
    if steps is not None and steps < 1:
        raise Misuse("steps must be a positive number, or None for one step")
    cell = with_activation(cell, phi)
    for letter in cell.letters:
        if isinstance(letter, At) and t - letter.index > 1:
            raise Misuse(f"{cell.name} reads {letter}, more than one step back; make a state of it")
    layout = Layout(cell, vectors, steps, batch if vectors == "flat" else batch or 1, dict(sizes or {}))
    call = Call(layout, f, dict(arguments or {}))
    wanted = Wanted(layout, outputs)
    gone = tuple(zero)
    unknown = [name for name in gone if name not in [p.text for p in cell.parameters]]
    if unknown:
        raise Misuse(f"zero names {', '.join(unknown)}, which is no parameter of {cell.name}")
    reference = Reference(layout, wanted.letters)
    inputs = {key: np.zeros(shape) for key, shape in layout.shapes.items() if key not in gone}

    def complete(values: tuple[Any, ...]) -> dict[str, Any]:
        return dict(zip(inputs, values)) | {name: np.zeros(layout.shapes[name]) for name in gone}

    def code(*values: Any) -> Any:
        return wanted.picked(f(*call.arguments(complete(values))))

    def equations(*values: Any) -> Any:
        return reference.outputs(complete(values))

    comparison = Comparison(
        [Subject(code, None, inputs, "vjp"), Subject(equations, None, inputs, "vjp")],
        [f, *call.functions, *wanted.functions, *reference.functions],
        wanted.specs,
    )
    found = comparison.report()
    notes = tuple(f"no argument of {call.name} carries {key}" for key in inputs if key not in call.read)
    if found.verdict == "equal":
        return ImplementationReport("right", error_bound=found.error_bound)
    if found.verdict == "different" and found.witness:
        departs = wanted.departure(comparison.apart)
        reason = f"{found.reason}, by {call.name} and by the equations"
        return ImplementationReport("wrong", departs, reason, 0.0, found.witness, notes)
    reason = found.reason
    if found.verdict == "different":
        reason += f" ({call.name}'s, then the cell's, for {', '.join(wanted.specs)}): map them with outputs="
    return ImplementationReport("undecided", reason=reason, notes=notes)


class Layout:
    """The arrays that stand for a cell's letters."""

    def __init__(self, cell: Cell, vectors: str, steps: int | None, batch: int | None, sizes: dict[str, int]) -> None:
        self.cell, self.vectors, self.steps, self.batch = cell, vectors, steps, batch
        lettered: list[Any] = [*cell.parameters, *cell.inputs, *cell.order]
        symbols = dict.fromkeys(s for a in lettered for size in a.shape for s in sorted(size.free_symbols, key=str))
        names = [str(s) for s in symbols]
        for name in sizes:
            if name not in names:
                raise Misuse(f"sizes names {name}, which is no size of {cell.name}; its sizes are {', '.join(names)}")
        rest = iter([size for size in SIZES if size not in (*sizes.values(), batch, steps)])
        lengths = {s: sizes.get(str(s)) or next(rest) for s in symbols}
        self.sizes = {a: tuple(int(size.subs(lengths)) for size in a.shape) for a in lettered}

        def shape(letter: Any, *lead: int) -> tuple[int, ...]:
            rows, columns = self.sizes[letter]
            if columns > 1:
                return (*lead, *([batch] if batch else []), rows, columns)
            if vectors == "column":
                return (*lead, rows, batch or 1)
            return (*lead, *([batch] if batch else []), rows)

        time = () if steps is None else (steps,)
        self.shapes: dict[str, tuple[int, ...]] = {}
        for p in cell.parameters:
            rows, columns = self.sizes[p]
            flat = columns == 1 and vectors != "column"
            self.shapes[p.text] = (rows,) if flat else (rows, columns)
        self.shapes |= {a.text: shape(a, *time) for a in cell.inputs}
        self.shapes |= {f"{a.text}0": shape(a) for a in cell.states}

    def inner(self, letter: Any, value: Any) -> Any:
        """An array as a stack of matrices with one column, as the equations read it."""
        if self.sizes[letter][1] > 1:
            return value
        return (value.swapaxes(-1, -2) if self.vectors == "column" else value)[..., None]

    def outer(self, letter: Any, value: Any) -> Any:
        """The way back."""
        if self.sizes[letter][1] > 1:
            return value
        return value[..., 0].swapaxes(-1, -2) if self.vectors == "column" else value[..., 0]


class Call:
    """How the code under test gets its arguments."""

    def __init__(self, layout: Layout, f: Callable[..., Any], arguments: dict[str, Any]) -> None:
        self.layout = layout
        self.name = getattr(f, "__name__", type(f).__name__)
        self.read: set[str] = set()
        self.functions: list[Callable[..., Any]] = []
        cell = layout.cell
        self.keys = {p.text: p.text for p in cell.parameters} | {a.text: a.text for a in cell.inputs}
        self.keys |= {a.text: f"{a.text}0" for a in cell.states}
        parameters = [p for p in inspect.signature(f).parameters.values() if p.kind is not p.VAR_KEYWORD]
        names = [p.name for p in parameters]
        for name in arguments:
            if name not in names:
                raise Misuse(f"{self.name} has no parameter {name}; it has {', '.join(names)}")
        self.specs: list[Any] = []
        for parameter in parameters:
            name = parameter.name
            spec = arguments[name] if name in arguments else self._by_name(name)
            if spec is None and name not in arguments:
                if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL:
                    raise Misuse(
                        f"the parameter {name} of {self.name} maps to no letter of {cell.name}, whose letters are "
                        f"{', '.join(self.keys)}; say which in arguments={{{name!r}: ...}}"
                    )
                if parameter.default is parameter.empty:
                    continue
                spec = Passed(parameter.default)
            mapped(self._checked(name), spec)
            self.specs.append(spec)

    def _by_name(self, name: str) -> str | None:
        """The letter that a parameter is named after."""
        cell = self.layout.cell
        forms: list[tuple[str, tuple[str, ...]]] = [(a.text, PREVIOUS) for a in cell.states] + [
            (a.text, PRESENT) for a in cell.inputs
        ]
        forms += [(p.text, ("{}",)) for p in cell.parameters]
        found = [text for text, patterns in forms if name in [pattern.format(text) for pattern in patterns]]
        if not found:
            plain = name.replace("_", "").lower()
            found = [text for text in self.keys if text.replace("_", "").lower() == plain]
        return found[0] if len(set(found)) == 1 else None

    def _checked(self, name: str) -> Callable[[Any, Any], Any]:
        def check(_: Any, spec: Any) -> Any:
            if isinstance(spec, str):
                self.read.add(self._key(name, spec))
            elif callable(spec):
                self.functions.append(spec)
                self.read |= set(self.layout.shapes)
            return spec

        return check

    def _key(self, name: str, spec: str) -> str:
        letter = spec.removesuffix(".T")
        if letter not in self.keys:
            if letter in self.layout.shapes:
                return letter
            raise Misuse(
                f"arguments: {name} is {spec!r}, and {self.layout.cell.name} has no letter {letter}; "
                f"it has {', '.join(self.keys)}"
            )
        return self.keys[letter]

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        """The arguments of one call."""
        space = SimpleNamespace(**{letter: values[key] for letter, key in self.keys.items()})

        def made(_: Any, spec: Any) -> Any:
            if isinstance(spec, str):
                value = values[self._key("", spec)]
                return value.T if spec.endswith(".T") else value
            if isinstance(spec, Passed):
                return spec.value
            return spec(space) if callable(spec) else spec

        return [mapped(made, spec) for spec in self.specs]


@dataclass(frozen=True, slots=True)
class Passed:
    """A value to pass on as it is."""

    value: Any


class Wanted:
    """Which letters the code under test returns, and where in its result they stand."""

    PATTERN = re.compile(r"(.+?)(\[T\])?$")

    def __init__(self, layout: Layout, outputs: Any) -> None:
        self.layout = layout
        cell = layout.cell
        self.functions: list[Callable[..., Any]] = []
        self.given = outputs
        if outputs is None:
            if len(cell.outputs) != 1:
                raise Misuse(f"{cell.name} has the outputs {', '.join(a.text for a in cell.outputs)}; give outputs=")
            self.places: dict[str, Any] = {cell.outputs[0].text: None}
        elif isinstance(outputs, str):
            self.places = {outputs: None}
        elif isinstance(outputs, Mapping):
            self.places = dict(outputs)
            self.functions = [place for place in outputs.values() if callable(place)]
        else:
            self.places = {spec: k for k, spec in enumerate(outputs) if spec is not None}
        if not self.places:
            raise Misuse("outputs names no letter")
        self.specs = list(self.places)
        self.letters: list[tuple[Any, bool]] = []
        known = {a.text: a for a in cell.order}
        for spec in self.specs:
            match = self.PATTERN.match(spec)
            if match is None or match[1] not in known:
                raise Misuse(f"outputs: {cell.name} defines no {spec}; it defines {', '.join(known)}")
            self.letters.append((known[match[1]], bool(match[2]) and layout.steps is not None))

    def picked(self, result: Any) -> tuple[Any, ...]:
        """The outputs that count, in order, each an array of the layout's shape where it can be one."""
        if self.given is None and isinstance(result, tuple | list | dict) and self.layout.steps is None:
            count = f"{type(result).__name__} of {len(result)}"
            raise ValueError(f"the result is a {count}: say with outputs= which letters it holds")
        if isinstance(self.given, list | tuple) and (
            not isinstance(result, tuple | list) or len(result) != len(self.given)
        ):
            size = f" of {len(result)}" if isinstance(result, tuple | list) else ""
            raise ValueError(f"outputs has {len(self.given)} items, the result is a {type(result).__name__}{size}")
        return tuple(
            self._array(place(result) if callable(place) else result if place is None else result[place], last)
            for place, (_, last) in zip(self.places.values(), self.letters)
        )

    def _array(self, value: Any, last: bool) -> Any:
        steps = self.layout.steps
        if isinstance(value, dict) and steps is not None and not last:
            value = [value[k] for k in range(steps)]
        return np.stack(value) if isinstance(value, list | tuple) else value

    def departure(self, apart: list[Any]) -> str:
        """Which output departs first, and at which step."""
        found = []
        for spec, (_, last), there in zip(self.specs, self.letters, apart):
            if np.any(there):
                timed = self.layout.steps is not None and not last
                axes = tuple(range(1, there.ndim))
                step = int(np.flatnonzero(there.any(axes) if axes else there)[0]) if timed else None
                found.append((spec, step))
        right = [spec for spec, there in zip(self.specs, apart) if not np.any(there)]
        parts = [spec if step is None else f"{spec} from step {step + 1} on" for spec, step in found]
        text = f"{' and '.join(parts)} {'departs' if len(parts) == 1 else 'depart'} from the equations of "
        return text + self.layout.cell.name + (f"; {' and '.join(right)} exact" if right else "")


class Reference:
    """A cell's equations, one after the other, step by step."""

    def __init__(self, layout: Layout, wanted: list[tuple[Any, bool]]) -> None:
        self.layout, self.wanted = layout, wanted
        self.equations = [(eq.lhs, letters(eq.rhs), lambdify(letters(eq.rhs), eq.rhs)) for eq in layout.cell.equations]
        self.functions = [function for _, _, function in self.equations]

    def outputs(self, values: dict[str, Any]) -> tuple[Any, ...]:
        layout, cell = self.layout, self.layout.cell
        known: dict[Any, Any] = {}
        for p in cell.parameters:
            value = values[p.text]
            known[p] = value[:, None] if value.ndim == 1 else value
        known |= {a[t - 1]: layout.inner(a, values[f"{a.text}0"]) for a in cell.states}
        found: list[list[Any]] = [[] for _ in self.wanted]
        for step in range(layout.steps or 1):
            for a in cell.inputs:
                value = values[a.text]
                known[a[t]] = layout.inner(a, value if layout.steps is None else value[step])
            for left, read, function in self.equations:
                known[left] = function(*[known[letter] for letter in read])
            for column, (letter, _) in zip(found, self.wanted):
                column.append(layout.outer(letter, known[letter[t]]))
            known |= {a[t - 1]: known[a[t]] for a in cell.states}
        single = layout.steps is None
        return tuple(c[-1] if last or single else np.stack(c) for c, (_, last) in zip(found, self.wanted))
