"""Whether somebody's NumPy code computes a cell: its outputs and final states over a sequence, or one step of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import Any

import numpy as np

from ..activations import Activation, Elementwise
from ..cell import Cell
from ..export import export_module
from ..export.experiment import imported
from ..export.plan import with_activation
from ..gradcheck.equality import EqualityReport, compared, differences, same_function
from ..gradcheck.exact.modular import Singular
from ..gradcheck.frames import shown, told
from ..gradcheck.inputs import require_functions
from ..gradcheck.signatures import Misuse, arguments, name_of, require_option, signature_of
from ..gradcheck.stand_ins.rebinding import ONE_AT_A_TIME
from ..gradcheck.subject import Failed, Subject
from ..gradcheck.trees import Path, endless, leaves
from .convention import LENGTHS, SIZES, Convention

STATE_NAMES = ("{}", "{}0", "{}_0", "{}_prev", "prev_{}", "{}_init", "initial_{}")
FINAL = "final "

Texts = dict[str, str]
"""The code of every argument of a module, by its key: ``params.W``, ``x``, ``state.h``."""


def implements(
    cell: Cell,
    f: Callable[..., Any],
    *,
    names: Mapping[str, str] | None = None,
    axes: str = "T B d",
    transposed: bool | Collection[str] = False,
    returns: Sequence[str] | None = None,
    zero: Collection[str] = (),
    phi: Activation | str | None = None,
) -> EqualityReport:
    r"""Whether ``f`` computes ``cell``, for all values of its arguments, at sizes that are all different.

    The parameters of ``f`` bear the names of the cell's letters: parameters, inputs, initial states (``h``, ``h0``,
    ``h_prev``); ``names`` maps others, as in ``{"Whh": "W"}``. ``axes`` are those of the input: ``T`` steps, ``B``
    sequences, ``d`` entries and ``1``, as in ``"B T d"`` or ``"T d 1"``; without ``T``, ``f`` is one step. States have
    these axes but ``T``; a bias is (n,), or (n, 1) where the axes have a ``1``. A matrix of the cell has its rows
    first; ``transposed`` names the letters (or is ``True`` for all) that ``f`` holds the other way round.

    ``returns`` says what the results are, in order: an output of the cell by its name (over all steps), or
    ``"final c"``, a state after the last step; without it they are told by their shapes. Letters that ``f`` does
    not take must be named in ``zero``, and are 0. ``phi`` is the activation of a cell that leaves one open. Raises
    ``ValueError`` naming what cannot be matched, or, without ``returns``, what ``f`` raises on arrays of these shapes.

    >>> import numpy as np
    >>> from lstm_sym.cells import RNN_TANH
    >>> def step(x, h, W, U, b):
    ...     return np.tanh(W @ h + U @ x + b)
    >>> implements(RNN_TANH, step, axes="d").verdict
    'equal'
    """
    if not isinstance(cell, Cell):
        raise Misuse(f"a cell is needed, not {shown(cell)}")
    require_functions(f)
    names = {} if names is None else names
    require_option("names", names, Mapping, form="a mapping from parameters to the cell's letters")
    require_option("axes", axes, str, form="text such as 'T B d'")
    require_option("transposed", transposed, bool, str, Collection, form="True, False or the names of letters")
    require_option("zero", zero, str, Collection, form="the names of letters")
    require_option("returns", () if returns is None else returns, str, Sequence, form="the names of results")
    known = with_activation(cell, phi)
    if phi is not None and known is cell:
        raise Misuse(f"phi: cell {cell.name} leaves no activation open, so there is none to choose")
    transposed = (transposed,) if isinstance(transposed, str) else transposed
    zero = (zero,) if isinstance(zero, str) else tuple(zero)
    returns = (returns,) if isinstance(returns, str) else returns
    theirs = _matched(known, f, names, tuple(axes.split()), transposed, zero)
    with ONE_AT_A_TIME:
        return _compared(theirs, returns)


def _compared(theirs: Theirs, returns: Sequence[str] | None) -> EqualityReport:
    """The comparison, alone with the names that ``f`` sees."""
    try:
        given = _run(theirs)
    except Misuse as error:
        if returns is None:
            raise
        return EqualityReport("undecided", reason=str(error))
    results = _known(theirs, returns) if returns is not None else _told_by_shapes(theirs, given)
    texts = theirs.texts()
    report = same_function(theirs.f, theirs.reference(texts, results), theirs.inputs(), outputs=results)
    if report.verdict != "different":
        return report
    mended = tuple(_diagnosed(theirs, texts, results))
    return replace(report, diagnosis=mended or tuple(_departure(theirs, texts, results)))


@dataclass(frozen=True, slots=True)
class Theirs:
    """A function, with the key of the cell's letter that each of its parameters stands for.

    ``source`` is the cell's own module, ``sizes`` the axes of its arguments by key.
    """

    cell: Cell
    f: Callable[..., Any]
    source: str
    sizes: dict[str, tuple[str, ...]]
    keys: dict[str, str]
    convention: Convention

    def inputs(self) -> dict[str, Any]:
        """Arrays of the shapes that ``f`` takes, by parameter."""
        return {name: np.zeros(self._shape(key)) for name, key in self.keys.items()}

    def _shape(self, key: str) -> tuple[int, ...]:
        if key.startswith("params."):
            return self.convention.parameter_shape(_letter(key), self.sizes[key])
        return self.convention.shape(self.sizes[key][-1], steps=not key.startswith("state."))

    def texts(self) -> Texts:
        """The code of every argument of the module from the parameters of ``f``; 0 where ``f`` takes none."""
        return {key: self._text(key) for key in self.sizes if not key.startswith("d_")}

    def _text(self, key: str) -> str:
        name = next((name for name, other in self.keys.items() if other == key), None)
        if name is None:
            return f"np.zeros({tuple(LENGTHS.get(s) or self.convention.length(s) for s in self.sizes[key])})"
        if key.startswith("params."):
            return self.convention.parameter(_letter(key), self.sizes[key], name)
        return self.convention.ours(name, steps=not key.startswith("state."))

    def reference(self, texts: Texts, results: tuple[str, ...]) -> Callable[..., Any]:
        """The cell as a function of the parameters of ``f`` with the results of ``f``."""

        def group(prefix: str) -> str:
            return ", ".join(text for key, text in texts.items() if key.startswith(prefix))

        several = len(self.cell.outputs) > 1
        x = f"Inputs({group('inputs.')})" if len(self.cell.inputs) > 1 else texts[self.cell.inputs[0].text]
        lines = [
            f"def reference({', '.join(self.keys)}):",
            f"    outputs, final, _ = forward(Params({group('params.')}), {x}, State({group('state.')}))",
            f"    return ({', '.join(self._result(result, several) for result in results)},)",
        ]
        function: Callable[..., Any] = imported(
            "\n\n\n".join([self.source, "\n".join(lines)]) + "\n", self.cell.name
        ).reference
        return function

    def _result(self, result: str, several: bool) -> str:
        if result.startswith(FINAL):
            return self.convention.theirs(f"final.{result.removeprefix(FINAL)}", steps=False)
        output = f"outputs.{result}" if several else "outputs"
        return (
            self.convention.theirs(f"{output}[-1]", steps=False)
            if self.convention.one_step
            else (self.convention.theirs(output))
        )


def _letter(key: str) -> str:
    return key.rpartition(".")[2]


# --- matching names -----------------------------------------------------------------------------


def _matched(
    cell: Cell,
    f: Callable[..., Any],
    names: Mapping[str, str],
    axes: tuple[str, ...],
    transposed: bool | Collection[str],
    zero: tuple[str, ...],
) -> Theirs:
    for sequence in (*cell.inputs, *cell.states, *cell.outputs):
        if sequence.shape[1] != 1:
            raise Misuse(f"cell {cell.name}: {sequence.text} is a matrix; the axes told are those of columns")
    source = export_module(cell)
    sizes: dict[str, tuple[str, ...]] = dict(imported(source, cell.name).SHAPES)
    if "inputs" not in sizes and len(cell.inputs) == 1:
        sizes = {cell.inputs[0].text if len(size) == 3 and key[0] != "d" else key: size for key, size in sizes.items()}
    by_letter = _by_letter(sizes)
    keys: dict[str, str] = {}
    signature = signature_of(f)
    if signature is None:
        raise Misuse(f"{name_of(f)} does not tell its parameters; put a function around it that does")
    taken = signature.parameters
    for name in names.keys() - taken.keys():
        raise Misuse(f"names: {name_of(f)} has no parameter {name}; it has {', '.join(taken)}")
    for name, parameter in taken.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) and name not in names:
            continue
        letter = names.get(name, name)
        if by_letter.get(letter) in keys.values():
            raise Misuse(f"{name_of(f)} has two parameters for {letter}, and {name} is the second")
        if letter in by_letter:
            keys[name] = by_letter[letter]
        elif name in names:
            raise Misuse(f"names: {name} is said to be {letter}, which cell {cell.name} has not; {_has(by_letter)}")
        elif parameter.default is parameter.empty:
            raise Misuse(
                f"{name_of(f)} takes {name}, which is no letter of cell {cell.name}; {_has(by_letter)}; "
                f"say which it is, as in names={{{name!r}: ...}}"
            )
    missing = [_letter(key) for key in dict.fromkeys(by_letter.values()) if key not in keys.values()]
    known = {_letter(key) for key in by_letter.values()}
    for option, letters in (("transposed", transposed), ("zero", zero)):
        for letter in [] if isinstance(letters, bool) else letters:
            if letter not in known:
                raise Misuse(f"{option}: {letter} is no letter of cell {cell.name}; {_has(by_letter)}")
            if option == "zero" and letter not in missing:
                raise Misuse(f"zero: {name_of(f)} takes {letter}")
    unsaid = [letter for letter in missing if letter not in zero]
    if unsaid:
        raise Misuse(
            f"{name_of(f)} takes no {', '.join(unsaid)}; say which parameter that is (names=...), "
            f"or that it is 0: zero={tuple(unsaid)}"
        )
    symbols = dict.fromkeys(part for size in sizes.values() for axis in size for part in axis.split(" + "))
    plain = [symbol for symbol in symbols if symbol.isidentifier() and symbol not in LENGTHS]
    lengths = dict(zip(plain, SIZES, strict=False))
    return Theirs(cell, f, source, sizes, keys, Convention(axes, lengths, transposed))


def _by_letter(sizes: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """The key of every argument by the names that it may have."""
    found: dict[str, str] = {}
    for key in sizes:
        if key.startswith("state."):
            found |= {form.format(_letter(key)): key for form in STATE_NAMES}
        elif not key.startswith("d_"):
            found[_letter(key)] = key
    return found


def _has(by_letter: dict[str, str]) -> str:
    return f"its letters are {', '.join(dict.fromkeys(map(_letter, by_letter.values())))}"


# --- matching results ---------------------------------------------------------------------------


def _known(theirs: Theirs, returns: Sequence[str]) -> tuple[str, ...]:
    cell = theirs.cell
    if not returns:
        raise Misuse("returns: name at least one result")
    can = [s.text for s in cell.outputs] + [f"{FINAL}{s.text}" for s in cell.states]
    for result in returns:
        if result not in can:
            raise Misuse(f"returns: {result!r} is nothing that cell {cell.name} gives; it gives {', '.join(can)}")
    return tuple(returns)


def _run(theirs: Theirs) -> dict[Path, tuple[int, ...]]:
    """The shapes of what the function returns; misuse, with the shapes that it was given, where it raises an error."""
    inputs = theirs.inputs()
    args, options = arguments(theirs.f, inputs)
    try:
        with np.errstate(all="ignore"):
            results = theirs.f(*args, **options)
    except (Exception, SystemExit) as error:
        shapes = ", ".join(f"{name} {value.shape}" for name, value in inputs.items())
        laid = "; say how its arrays lie (axes=...) and which matrices it holds the other way round (transposed=...)"
        raise Misuse(
            f"{name_of(theirs.f)} raises {type(error).__name__}{told(error)}; it was given "
            f"{shapes}{laid if isinstance(error, ValueError | IndexError) else ''}"
        ) from error
    if endless(results):
        raise Misuse(f"{name_of(theirs.f)} returns a container that holds itself, or is nested too deeply")
    return {path: np.shape(value) for path, value in leaves(results)}


def _told_by_shapes(theirs: Theirs, given: Mapping[Path, tuple[int, ...]]) -> tuple[str, ...]:
    """What the results are: outputs over all steps, then final states, each in the order of the cell."""
    convention, cell = theirs.convention, theirs.cell
    sizes = theirs.sizes
    finals = {f"{FINAL}{s.text}": convention.shape(sizes[f"state.{s.text}"][-1], steps=False) for s in cell.states}
    several = len(cell.outputs) > 1
    outputs = {
        s.text: convention.shape(sizes[f"d_outputs.{s.text}" if several else "d_outputs"][-1]) for s in cell.outputs
    }
    free = finals if convention.one_step and len(given) == len(finals) else outputs | finals
    results = []
    for k, (path, shape) in enumerate(given.items()):
        fitting = [name for name, wanted in free.items() if wanted == shape]
        by_key = [name for name in fitting if path and name.removeprefix(FINAL) == path[-1]]
        found = next(iter(by_key or fitting), None)
        if found is None:
            left = ", ".join(f"{name} {wanted}" for name, wanted in free.items()) or "nothing"
            raise Misuse(
                f"result {k} of {name_of(theirs.f)} has the shape {shape}; of cell {cell.name} there is left: {left}; "
                f"say what the results are (returns=...), or how its arrays lie (axes=...)"
            )
        free = {name: wanted for name, wanted in free.items() if name != found}
        results.append(found)
    return tuple(results)


# --- what would make the difference vanish ------------------------------------------------------


def _diagnosed(theirs: Theirs, texts: Texts, results: tuple[str, ...]) -> Iterator[str]:
    """The changes of the cell's parameters or results under which ``f`` computes it, the first that is found."""
    ours = f"{name_of(theirs.f)} computes {theirs.cell.name}"
    for sentence, changed, order in _changes(theirs, texts, results):
        subjects = [
            Subject(function, None, theirs.inputs(), "vjp") for function in (theirs.f, theirs.reference(changed, order))
        ]
        try:
            found = compared(subjects)
        except Failed:
            continue
        if found.ok:
            yield f"{ours} {sentence}"
            return


def _departure(theirs: Theirs, texts: Texts, results: tuple[str, ...]) -> Iterator[str]:
    """The step at which the outputs of ``f`` are first others than the cell's."""
    if theirs.convention.one_step:
        return
    functions = (theirs.f, theirs.reference(texts, results))
    try:
        found = differences([Subject(function, None, theirs.inputs(), "vjp") for function in functions])
    except (Failed, Singular):
        return
    axis = theirs.convention.axes.index("T")
    steps = LENGTHS["T"]
    first: dict[str, int] = {}
    for result, different in zip(results, found, strict=False):
        if (
            not result.startswith(FINAL)
            and different.ndim > axis
            and different.shape[axis] == steps
            and different.any()
        ):
            lines = np.moveaxis(different, axis, 0).reshape(steps, -1).any(1)
            first[result] = int(np.flatnonzero(lines)[0]) + 1
    if first:
        step = min(first.values())
        names = ", ".join(name for name, at in first.items() if at == step)
        agrees = f"agrees to step {step - 1} of {steps}" if step > 1 else f"agrees at none of {steps} steps"
        yield f"{theirs.f.__name__} {agrees}; {names} departs at step {step}"


def _changes(theirs: Theirs, texts: Texts, results: tuple[str, ...]) -> Iterator[tuple[str, Texts, tuple[str, ...]]]:
    for order in permutations(results):
        if order != results and [_shape(theirs, r) for r in order] == [_shape(theirs, r) for r in results]:
            yield f"if its results are ({', '.join(order)}) in this order", texts, order
    gates = _gates(theirs)
    for (a, first), (b, second) in combinations(gates.items(), 2):
        if first.keys() == second.keys():
            pairs = [(first[stem], second[stem]) for stem in first]
            if all(theirs.sizes[p] == theirs.sizes[q] for p, q in pairs):
                swapped = {p: texts[q] for p, q in pairs} | {q: texts[p] for p, q in pairs}
                yield f"with the parameters of {a} and {b} in each other's place", texts | swapped, results
    for gate in _sigmoid_gates(theirs.cell) & gates.keys():
        turned = {key: f"-({texts[key]})" for key in gates[gate].values()}
        yield f"with 1 - {gate} in the place of {gate}", texts | turned, results
    square = [key for key, size in theirs.sizes.items() if key.startswith("params.") and size[0] == size[-1] != size]
    square = [key for key in square if len(theirs.sizes[key]) == 2]
    for chosen in [*[[key] for key in square], square]:
        letters = ", ".join(map(_letter, chosen))
        yield f"with {letters} transposed", texts | {key: f"({texts[key]}).T" for key in chosen}, results
    for key in theirs.sizes:
        if key.startswith("params.") and len(theirs.sizes[key]) == 1:
            yield f"with {_letter(key)} = 0", texts | {key: f"0 * {texts[key]}"}, results


def _shape(theirs: Theirs, result: str) -> tuple[str, ...]:
    several = len(theirs.cell.outputs) > 1
    if result.startswith(FINAL):
        return theirs.sizes[f"state.{result.removeprefix(FINAL)}"]
    sizes = theirs.sizes[f"d_outputs.{result}" if several else "d_outputs"]
    return sizes[1:] if theirs.convention.one_step else sizes


def _gates(theirs: Theirs) -> dict[str, dict[str, str]]:
    """The parameters of each gate by their stem: those of ``f`` are W_f, U_f and b_f."""
    found: dict[str, dict[str, str]] = {}
    for key in theirs.sizes:
        if key.startswith("params.") and "_" in _letter(key):
            stem, _, gate = _letter(key).rpartition("_")
            found.setdefault(gate, {})[stem] = key
    return found


def _sigmoid_gates(cell: Cell) -> set[str]:
    return {
        equation.lhs.sequence.text
        for equation in cell.equations
        if isinstance(equation.rhs, Elementwise) and equation.rhs.function.text == "sigma"
    }
