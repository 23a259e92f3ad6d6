r"""The values of all letters along one trajectory of the givens, over a number domain.

Letters that the givens define are computed from their equations, in the order in which they need each
other and without recursion over time; the others take values from a source. Derivatives are
dual numbers: a tangent is injected at one letter and followed through every equation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sympy import Expr, Symbol

from ..activations import TABLE, Activation
from ..backpropagation import T
from ..symbols import At, Parameter, Sequence, direct, letters, marked, t
from .domains import Domain, Dual, Duals, Singular
from .evaluation import Matrix, evaluate
from .given import Given, fixed_definitions, told_by
from .polynomial import Unsupported

Key = tuple[Any, int | None]
"""A sequence with its time, or a parameter with ``None``."""

Source = Callable[[str, int, int], Any]
"""The value of entry ``(i, j)`` of a free letter, by the letter's text."""


@dataclass(frozen=True, slots=True)
class Instance:
    """Concrete sizes and indices at which a statement is evaluated."""

    sizes: dict[Symbol, int]
    indices: dict[Symbol, int]

    def __str__(self) -> str:
        return ", ".join(f"{symbol}={value}" for symbol, value in (self.sizes | self.indices).items())


class Trajectory:
    """Values of letters at one instance; views made by ``at`` and ``holding`` share them."""

    def __init__(self, given: Given, instance: Instance, domain: Domain, source: Source) -> None:
        self.given = given
        self.told = told_by(given)
        self.instance = instance
        self.domain = domain
        self.source = source
        self.numbers = instance.sizes | instance.indices
        self.scalars: dict[Symbol, Any] = {}
        self.values: dict[Key, Matrix] = {}
        self.root = self
        self.rules: dict[Key, tuple[Any, Trajectory]] = {}
        self.keys: dict[Any, Key] = {}
        """The keys of letters at the numbers of this view."""
        # Dual trajectories share what depends on the numbers alone: the keys at each value of t, and what a key reads.
        self.keys_at: dict[int, dict[Any, Key]] = {}
        self.reads: dict[Key, list[Key]] = {}
        self.fixed = {self.key(letter): rhs for letter, rhs in fixed_definitions(given).items()}

    # --- what the evaluator asks --------------------------------------------------------------

    def at(self, index: Symbol, value: int) -> Trajectory:
        """A view in which a bound index has a value."""
        view = self._view()
        view.numbers = {**self.numbers, index: value}
        view.keys = {}
        return view

    def holding(self, scalars: dict[Symbol, Any]) -> Trajectory:
        """A view in which scalar symbols have values."""
        view = self._view()
        view.scalars = {**self.scalars, **scalars}
        return view

    def integer(self, expr: Expr) -> int:
        """The value of an index or size."""
        constant, terms = _affine(expr)
        return constant + sum(factor * self.numbers[symbol] for symbol, factor in terms)

    size = integer

    def scalar(self, symbol: Symbol) -> Any:
        if symbol in self.scalars:
            return self.scalars[symbol]
        if symbol in self.numbers:
            return self.domain.rational(self.numbers[symbol], 1)
        if symbol.is_integer or symbol.is_extended_nonnegative or symbol.is_extended_nonpositive:
            raise Unsupported(f"the scalar {symbol} has assumptions; only a free real number can be tried")
        return self.source(symbol.name, 0, 0)

    def letter(self, letter: Any) -> Matrix:
        """The value of a parameter or of an indexed letter."""
        wanted = self.key(letter)
        known = self.values.get(wanted)
        if known is not None:
            return known
        pending = [wanted]
        while pending:
            key = pending[-1]
            if key in self.values:
                pending.pop()
                continue
            needed = [other for other in self._reads(key) if other not in self.values]
            if needed:
                if len(pending) > 100_000:
                    raise ValueError(f"the givens define {letter} in a circle")
                pending.extend(needed)
                continue
            self.values[key] = self._compute(key)
            pending.pop()
        return self.values[wanted]

    def hold(self, entry: Any) -> Any:
        """An entry with its tangent dropped."""
        return Dual(entry.value, self.domain.nought) if isinstance(entry, Dual) else entry

    def slope(self, function: Activation, x: Any) -> Any:
        """f'(x) of a tabulated function, by a dual number."""
        duals = Duals(self.domain)
        moved = Dual(x, self.domain.rational(1, 1))
        value = duals.call(TABLE[function.name], moved)
        return value.tangent if isinstance(value, Dual) else self.domain.rational(0, 1)

    def immediate(self, of: Expr, wrt: Any) -> Matrix:
        """∂⁺of/∂wrt: one equation differentiated, every other letter held."""
        rhs, where = of, self
        if isinstance(of, At) and of != wrt:
            key = self.key(of)
            rhs, where = self._rule(key)
            if rhs is None:
                raise Singular(f"no equation defines {of} at {self.instance}")
        columns = [where._held(self.key(wrt), i)._tangents(rhs) for i in range(self.size(wrt.rows))]
        return [list(row) for row in zip(*columns, strict=True)]

    def total(self, of: Expr, wrt: Any) -> Matrix:
        """d of/d wrt: every path from the letter followed."""
        columns = [self._moving({self.key(wrt): (i, 0)})._tangents(of) for i in range(self.size(wrt.rows))]
        return [list(row) for row in zip(*columns, strict=True)]

    def gradient(self, wrt: Any) -> Matrix:
        """dL/d wrt, of its shape."""
        rows, cols = self.size(wrt.rows), self.size(wrt.cols)
        return [[self._moving({self.key(wrt): (i, j)}).loss_tangent() for j in range(cols)] for i in range(rows)]

    # --- how letters get their values -----------------------------------------------------------

    def key(self, letter: Any) -> Key:
        key = self.keys.get(letter)
        if key is None:
            key = (letter, None) if isinstance(letter, Parameter) else (letter.sequence, self.integer(letter.index))
            self.keys[letter] = key
        return key

    def shape(self, key: Key) -> tuple[int, int]:
        rows, cols = key[0].shape
        return self.size(rows), self.size(cols)

    def is_free(self, key: Key) -> bool:
        return self._rule(key)[0] is None and not self._is_gradient(key)

    def _is_gradient(self, key: Key) -> bool:
        what, _ = key
        return isinstance(what, Sequence) and key not in self.fixed and self.told[what].is_true_adjoint

    def _rule(self, key: Key) -> tuple[Any, Trajectory]:
        """The right side that defines a key and the view in which to evaluate it; ``None`` for a free one."""
        if key not in self.rules:
            self.rules[key] = self._found_rule(key)
        return self.rules[key]

    def _found_rule(self, key: Key) -> tuple[Any, Trajectory]:
        what, time = key
        root = self.root
        if key in self.fixed:
            return self.fixed[key], root
        if time is None or time < 1:
            return None, root
        rhs, runs_backward, is_true_adjoint = self.told[what]
        if is_true_adjoint or (runs_backward and time > root.numbers.get(T, time)):
            return None, root
        if rhs is None:
            return None, root
        view = root.at(t, time)
        view.keys = self.keys_at.setdefault(time, {})
        return rhs, view

    def _reads(self, key: Key) -> list[Key]:
        """The keys that the definition of ``key`` needs; what stands under a binder is asked for where that runs."""
        if key not in self.reads:
            rhs, where = self._rule(key)
            found = [] if rhs is None else [where.key(a) for a in letters(rhs) if _is_closed(a, where.numbers)]
            self.reads[key] = found
        return self.reads[key]

    def _compute(self, key: Key) -> Matrix:
        if self._is_gradient(key):
            sequence, time = key
            if time is not None and time > self.numbers[T]:
                rows, cols = self.shape(key)
                return [[self.domain.rational(0, 1)] * cols for _ in range(rows)]
            return self.gradient(marked(sequence, "")[time])
        rhs, where = self._rule(key)
        return self._free(key) if rhs is None else evaluate(rhs, where)

    def _free(self, key: Key) -> Matrix:
        rows, cols = self.shape(key)
        name = label(key)
        return [[self.source(name, i, j) for j in range(cols)] for i in range(rows)]

    # --- dual numbers ---------------------------------------------------------------------------

    def _moving(self, tangents: dict[Key, Any]) -> DualTrajectory:
        return DualTrajectory(self, tangents, frozen=False)

    def _held(self, key: Key, i: int) -> DualTrajectory:
        return DualTrajectory(self, {key: (i, 0)}, frozen=True)

    def _view(self) -> Any:
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__)
        return view


class DualTrajectory(Trajectory):
    """A trajectory over dual numbers, with tangents injected at some letters.

    ``tangents`` maps a key to a matrix of tangents, or to the one entry ``(i, j)`` that moves with unit speed.
    A frozen one keeps every other letter still; the other follows the tangents through the equations.
    """

    def __init__(self, base: Trajectory, tangents: dict[Key, Any], *, frozen: bool) -> None:
        self.__dict__.update(base.__dict__)
        self.base = base
        self.root = self
        self.domain = Duals(base.domain)
        self.scalars = {symbol: Dual(value, self.domain.nought) for symbol, value in base.scalars.items()}
        self.values = {}
        self.rules = {}
        self.tangents = tangents
        self.frozen = frozen
        times = [time for _, time in tangents]
        self.first = None if None in times else min(time for time in times if time is not None)

    def scalar(self, symbol: Symbol) -> Any:
        if symbol in self.scalars:
            return self.scalars[symbol]
        value = self.base.scalar(symbol)
        return Dual(value, self.domain.nought)

    def loss_tangent(self) -> Any:
        """The tangent of the loss summed over the steps 1, …, T."""
        total = self.base.domain.rational(0, 1)
        given = self.given
        for time in range(1, self.numbers[T] + 1):
            for seed in given.loss_seeds:
                weights = self.base.letter(direct(seed)[time])
                moved = self.letter(seed[time])
                for row, moved_row in zip(weights, moved, strict=True):
                    for weight, entry in zip(row, moved_row, strict=True):
                        total = total + weight * entry.tangent
            if given.cell is not None and given.cell.loss is not None:
                total = total + self.letter(given.cell.loss[time])[0][0].tangent
        return total

    def _reads(self, key: Key) -> list[Key]:
        return [] if self._is_still(key) else super()._reads(key)

    def _is_still(self, key: Key) -> bool:
        """Whether no tangent can reach the letter, so that its value is that of the base."""
        what, time = key
        if self.frozen or time is None:
            return True
        before = self.first is not None and time < self.first
        return before and not self.told[what].runs_backward

    def _compute(self, key: Key) -> Matrix:
        if self._is_still(key) or self.base.is_free(key):
            letter = key[0] if key[1] is None else key[0][key[1]]
            value = [[Dual(entry, self.domain.nought) for entry in row] for row in self.base.letter(letter)]
        else:
            value = super()._compute(key)
        return self._injected(key, value)

    def _injected(self, key: Key, value: Matrix) -> Matrix:
        move = self.tangents.get(key)
        if move is None:
            return value
        if isinstance(move, tuple):
            one, nought = self.base.domain.rational(1, 1), self.domain.nought
            rows, cols = len(value), len(value[0])
            move = [[one if (i, j) == move else nought for j in range(cols)] for i in range(rows)]
        return [
            [Dual(entry.value, entry.tangent + speed) for entry, speed in zip(row, speeds, strict=True)]
            for row, speeds in zip(value, move, strict=True)
        ]

    def _tangents(self, expr: Expr) -> list[Any]:
        """The tangent of a column vector, as a list."""
        return [row[0].tangent for row in evaluate(expr, self)]


def label(key: Key) -> str:
    """A letter at a concrete time as text: ``W_f`` or ``h[2]``."""
    what, time = key
    return what.text if time is None else f"{what.text}[{time}]"


def _is_closed(letter: Any, numbers: dict[Symbol, int]) -> bool:
    """Whether the letter's index is known here; one under a binder is computed where the binder runs."""
    return isinstance(letter, Parameter) or letter.index.free_symbols <= numbers.keys()


@cache
def _affine(expr: Expr) -> tuple[int, tuple[tuple[Symbol, int], ...]]:
    constant, terms = expr.expand().as_coeff_add()
    parts = [term.as_coeff_Mul() for term in terms]
    if not constant.is_Integer or any(not (f.is_Integer and isinstance(s, Symbol)) for f, s in parts):
        raise Unsupported(f"{expr} is not an integer combination of symbols")
    return int(constant), tuple((symbol, int(factor)) for factor, symbol in parts)
