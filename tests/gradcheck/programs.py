"""Random programs of array operations, run in NumPy and on exact arrays side by side.

A statement is a line of Python; after each one the variables of both runs are compared: values, types, shapes,
layout in memory, and which of them share memory.
"""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from lstm_sym.gradcheck.arrays.array import Array, Scalar, instead_of
from lstm_sym.gradcheck.arrays.integers import DiscreteScalar
from lstm_sym.gradcheck.exact.field import Field
from lstm_sym.gradcheck.exact.modular import Singular, Unlucky
from lstm_sym.gradcheck.frames import Unsupported
from lstm_sym.gradcheck.stand_ins.stand_in import StandIn

from .statements import FAMILIES, WRITTEN

REFUSED = (Unsupported, Singular, Unlucky, NotImplementedError)
"""How exact numbers decline what they do not follow."""

MISUSE = (TypeError, ValueError, IndexError)
"""Errors that are not told from each other."""

NAMES = "abcdefgh"
MOST_ENTRIES = 400


class Program:
    """One random program, and the variables of its two runs."""

    def __init__(self, seed: int, varies: bool | None = None) -> None:
        self.random = np.random.default_rng((seed, 99))
        self.domain = Field(seed)
        self.varies = bool(self.random.integers(2)) if varies is None else varies
        stand_in = StandIn(self.domain)
        self.real: dict[str, Any] = {"np": np, "copy": copy}
        self.exact: dict[str, Any] = {"np": stand_in.numpy, "copy": copy, "float": stand_in.numpy.float64}
        self.text: list[str] = []
        self.stand_in = stand_in
        for name in NAMES[:3]:
            self._given(name)

    # --- the text -------------------------------------------------------------------------------------

    def pick(self, items: Any) -> Any:
        return items[int(self.random.integers(len(items)))]

    def _given(self, name: str) -> None:
        """A variable at the start, in some layout."""
        shape = self._shape()
        values = self.random.normal(size=shape) if self.varies else self.random.integers(-6, 7, shape) / 2
        kind = self.random.integers(5)
        if kind == 1:
            values = np.asfortranarray(values)
        elif kind == 2 and len(shape) > 1:
            values = np.ascontiguousarray(values.T).T
        elif kind == 3 and shape:
            values = np.repeat(values, 2, axis=-1)[..., ::2]
        elif kind == 4 and shape:
            values = np.ascontiguousarray(values[::-1])[::-1]
        values = np.asarray(values)
        numbers = self.domain.letters(name, values.copy()) if self.varies else self.domain.constant(values.copy())
        self.real[name], self.exact[name] = values, instead_of(values, numbers)
        self.text.append(f"# {name}: {shape}, strides {values.strides}")

    def _shape(self) -> tuple[int, ...]:
        ndim = self.pick((0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4))
        return tuple(self.pick((1, 2, 2, 3, 3, 4)) for _ in range(ndim))

    def statement(self) -> str:
        """The next line."""
        weights = np.array([weight for _, weight in FAMILIES], float)
        family = FAMILIES[int(self.random.choice(len(FAMILIES), p=weights / weights.sum()))][0]
        template = self.pick(family)
        if ("{n}" in template and not self._of("i")) or ("{m}" in template and not self._of("b")):
            chosen = self.pick(self._of("f"))
            return (
                f"{self.pick(NAMES)} = {chosen} > 0"
                if "{m}" in template
                else f"{self.pick(NAMES)} = np.arange(6).reshape(2, 3)"
            )
        text = self.filled(template)
        if family is WRITTEN:
            return text
        return f"{self.pick(NAMES)} = {text}"

    def _of(self, *kinds: str) -> list[str]:
        return [
            name
            for name in NAMES
            if isinstance(self.real.get(name), np.ndarray) and self.real[name].dtype.kind in kinds
        ]

    def filled(self, template: str) -> str:
        """A template with names, indices and axes in its places."""
        floats = self._of("f")
        base = self.pick(floats)
        x = self.real[base]
        chosen = {key: self.pick(floats) for key in "xyzk"} | {"w" if "{w}" in template else "x": base}
        if "@" not in template:
            alike = [name for name in floats if _broadcast(self.real[name], x)]
            chosen["y"] = self.pick(alike + [name for name in NAMES if type(self.real.get(name)) is np.float64])
        chosen |= {"n": self.pick(self._of("i") or "?"), "m": self.pick(self._of("b") or "?"), "mask": f"({base} > 0)"}
        y = chosen["y"]
        made: dict[str, Callable[[], Any]] = {
            "ax": lambda: self.random.integers(-x.ndim, x.ndim) if x.ndim and self.random.random() < 0.97 else 1,
            "axes": lambda: self.pick(["None", "0", "-1", "1", "(0, 1)", "(1, 2)", "(0, -1)", "()", "2"]),
            "perm": lambda: tuple(map(int, self.random.permutation(x.ndim))),
            "order": lambda: self.pick(["'C'", "'F'", "'K'", "'A'"]),
            "same": lambda: self._same(x),
            "shape": self._shape,
            "index": lambda: self._index(x),
            "indices": lambda: self.pick(["[0, 0]", "[1, 0]", "np.array([[0, 1], [1, 0]])", "0", "[-1]"]),
            "s": lambda: self.pick([y, "1.5", "-2", f"{base}[0]", f"{y}[{self._index(x)}]", "[1.0, 2.0]"]),
        }
        return re.sub(r"\{(\w+)\}", lambda found: str(chosen.get(found[1]) or made[found[1]]()), template)

    def _same(self, x: Any) -> tuple[int, ...]:
        """Another shape of the same size."""
        size, found = x.size, []
        for prime in (2, 2, 2, 3, 3, 5):
            if size % prime == 0 and size:
                size //= prime
                found.append(prime)
        found = [size, *found] if size != 1 else found
        while len(found) > 1 and (len(found) > 4 or self.random.random() < 0.4):
            k = int(self.random.integers(len(found) - 1))
            found[k : k + 2] = [found[k] * found[k + 1]]
        if self.random.random() < 0.2:
            found.insert(int(self.random.integers(len(found) + 1)), 1)
        self.random.shuffle(found)
        return tuple(found)

    def _index(self, x: Any) -> str:
        parts = []
        for size in x.shape[: int(self.random.integers(0, x.ndim + 1))]:
            kind = self.random.integers(9)
            lowest = max(size, 1)
            parts.append(
                str(int(self.random.integers(-lowest, lowest))) if kind < 2
                else self.pick([":", "1:", ":-1", "::2", "::-1", "1:3", ":1"]) if kind < 6
                else "None" if kind == 6
                else str(list(map(int, self.random.integers(0, lowest, int(self.random.integers(1, 4)))))) if kind == 7
                else "..." if "..." not in parts else ":"
            )  # fmt: skip
        return ", ".join(parts) or self.pick(["...", ":", "()", "None"])

    # --- the runs ---------------------------------------------------------------------------------------

    def step(self, text: str = "", otherwise: str = "") -> bool:
        """Run one more line in both worlds and compare; whether the program goes on.

        With ``otherwise`` the exact run does something else.
        """
        text = text or self.statement()
        self.text.append(text)
        wanted = found = None
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                exec(text, self.real)
            except ZeroDivisionError:
                return False
            except Exception as error:
                wanted = error
            try:
                exec(otherwise or text, self.exact)
            except REFUSED:
                return False
            except Exception as error:
                found = error
        if "with a sequence" in str(wanted) or (wanted and re.search(r"\bput|place", text)):
            return False
        assert (wanted is None) == (found is None), f"{wanted!r} in NumPy, {found!r} here"
        alike = any(isinstance(wanted, kinds) and isinstance(found, kinds) for kinds in ((*MISUSE,), type(wanted)))
        assert wanted is None or alike, f"{wanted!r}, here {found!r}"
        for name in NAMES:
            if name in self.real:
                if not known(self.real[name]):
                    return False
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    same(name, self.real[name], self.exact[name])
        self._share()
        for name in NAMES:
            if isinstance(self.real.get(name), np.ndarray) and self.real[name].size > MOST_ENTRIES:
                del self.real[name], self.exact[name]
        return bool(self._of("f"))

    def _share(self) -> None:
        arrays = [name for name in NAMES if isinstance(self.real.get(name), np.ndarray)]
        for k, first in enumerate(arrays):
            for second in arrays[:k]:
                wanted = np.shares_memory(self.real[first], self.real[second])
                assert shared(self.exact[first], self.exact[second]) == wanted, (
                    f"{first} and {second} share {'memory' if wanted else 'no memory'} in NumPy, not so here"
                )


def _broadcast(x: Any, y: Any) -> bool:
    try:
        return np.broadcast_shapes(x.shape, y.shape) == y.shape
    except ValueError:
        return False


def known(x: Any) -> bool:
    """Whether a value is finite, not empty, and of a type that is compared."""
    if isinstance(x, tuple | list):
        return all(map(known, x))
    if isinstance(x, np.ndarray) and not x.size:
        return False
    if isinstance(x, np.ndarray) and x.dtype.kind not in "biuf":
        return False
    if isinstance(x, np.ndarray | float):
        return bool(np.isfinite(x).all() and (np.abs(x) < 1e9).all())
    return True


def shared(x: Any, y: Any) -> bool:
    """Whether two values of the exact run hold an entry together."""
    if isinstance(x, Array) and isinstance(y, Array):
        return x.store is y.store and bool(np.isin(x.at, y.at).any())
    if isinstance(x, Array) or isinstance(y, Array):
        return False
    return bool(np.shares_memory(np.asarray(x), np.asarray(y)))


def same(name: str, wanted: Any, found: Any) -> None:
    """Fail unless the value of the exact run is that of NumPy's."""
    if isinstance(wanted, tuple | list):
        assert type(found) is type(wanted) and len(found) == len(wanted), f"{name}: {found!r} for {wanted!r}"
        for pair in zip(wanted, found):
            same(name, *pair)
        return
    if isinstance(wanted, np.ndarray):
        _same_array(name, wanted, found)
    elif isinstance(wanted, float):
        assert isinstance(found, Scalar | float), f"{name}: a {type(found).__name__} for the number {wanted}"
        assert np.allclose(wanted, found.shadow if isinstance(found, Scalar) else found), (
            f"{name}: {found} for {wanted}"
        )
    elif isinstance(wanted, bool | int | np.generic):
        scalar = isinstance(found, DiscreteScalar) or not isinstance(found, Array | np.ndarray)
        assert scalar, f"{name}: an array for {wanted!r}"
        assert np.asarray(found).dtype.kind == np.asarray(wanted).dtype.kind and found == wanted, (
            f"{name}: {found!r}, {wanted!r}"
        )
    elif isinstance(wanted, str):
        assert found == wanted, f"{name}: {found!r} for {wanted!r}"


def _same_array(name: str, wanted: Any, found: Any) -> None:
    if wanted.dtype.kind == "f":
        assert isinstance(found, Array) and not isinstance(found, Scalar), (
            f"{name}: a {type(found).__name__} for an array"
        )
        values, at = found.shadow, found.at
    else:
        assert isinstance(found, np.ndarray), f"{name}: a {type(found).__name__} for an array of {wanted.dtype}"
        assert wanted.dtype == found.dtype, f"{name}: {found.dtype} for {wanted.dtype}"
        values = at = found
    assert values.shape == wanted.shape, f"{name}: the shape {values.shape} for {wanted.shape}"
    assert np.allclose(values, wanted), f"{name}: {values} for {wanted}"
    if wanted.size:
        assert laid(at) == laid(wanted), f"{name}: the layout {laid(at)} for {laid(wanted)}"
        assert at.flags.writeable == wanted.flags.writeable, f"{name}: writeable is {at.flags.writeable}"


def laid(x: Any) -> tuple[Any, ...]:
    """Strides in entries, where they mean something, and contiguity."""
    strides = tuple(stride // x.itemsize for stride, size in zip(x.strides, x.shape) if size > 1)
    return strides, x.flags.c_contiguous, x.flags.f_contiguous


def run(seed: int, lines: int = 14) -> str:
    """The complaint about a random program, with its text; empty if there is none."""
    program = Program(seed)
    try:
        for _ in range(lines):
            if not program.step():
                break
    except AssertionError as error:
        return f"seed {seed}:\n" + "\n".join(program.text) + f"\n-> {error}"
    return ""
