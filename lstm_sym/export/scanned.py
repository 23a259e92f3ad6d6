r"""A scan: a function ``step`` of what the step before hands on and of this step's rows of the known sequences.

It hands on its states and keeps what is read later. In a scan,

- the terms that do not depend on the recurrence are computed before it, the input projections as one product;
- matrices that meet the same vector are stacked, and so are the vectors of a sum of products with matrices;
- pre-activations of one function that lie side by side are one call;
- factors of a product that do not depend on the recurrence are multiplied before it, where the style says so;
- where the style has stores, a step writes what is read later into its rows of arrays that are allocated before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from sympy import Add, Symbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from ..activations import Elementwise
from ..nodes.algebra import MatrixProduct, add, summands
from ..nodes.elementwise import Hadamard, hadamard
from ..symbols import At, Parameter, Sequence, letters, t
from .layout import WIDTH, assignment, comment
from .numpy_code import call, plain
from .passes import words
from .recurrence import Assigned, Stage, ats
from .rows import row_source
from .stores import called
from .writer import ALL, ONE, Writer, common, noted, product_of, sizes_of, sum_source, widths


@dataclass(frozen=True, slots=True)
class Split:
    """A line of a scan: the terms known before it, and the others."""

    line: Assigned
    soon: tuple[MatrixExpr, ...]
    late: tuple[MatrixExpr, ...]


@dataclass(frozen=True, slots=True)
class _Stacked:
    """Lines whose matrices meet one vector: their pre-activations are one array, ``known`` before the scan."""

    vector: At
    members: tuple[tuple[Split, MatrixExpr], ...]


def write_scan(writer: Writer, stage: Stage, later: set[Sequence]) -> None:
    before, names = writer.flow.before, writer.names
    inside = {line.target for line in stage.lines}
    lag = {a for a, sequence in before.items() if sequence in inside}

    def early(value: MatrixExpr) -> bool:
        return not any(a in lag or (a not in before and a.sequence in inside) for a in ats(value))

    splits = [split_terms(line, early) for line in stage.lines]
    stack = _stacked(splits, lag, stage)
    given: dict[At, str] = {}
    body: list[str] = []
    done: set[Sequence] = set()
    own, outside = set(names), set(writer.bundles)
    if stack is not None:
        done = _stack_lines(writer, stack, stage, later, given, body)
    for split in splits:
        if split.line.target in done:
            continue
        body += comment(noted(split.line), indent=2)
        terms = _known(writer, split, stack, given)
        late = [_with_coefficient(writer, term, early, given) for term in split.late if not _in_stack(stack, term)]
        text = sum_source(writer, [*terms, *late], ONE, body)
        put = writer.fill if writer.style.stores and split.line.target in later else partial(writer.put, indent=2)
        body += put(names[split.line.target[t]], text)
    read = dict.fromkeys(a for split in splits for term in (*split.soon, *split.late) for a in ats(term) if early(a))
    seen = words(body)
    for a in read:
        if names[a] in seen:
            given[a] = names[a]
    _step_and_scan(writer, stage, later, given, body, outside)
    for letter in set(names) - own:
        if isinstance(letter, At) and letter.sequence.text.startswith("part "):
            del names[letter]


def split_terms(line: Assigned, early: Any) -> Split:
    """A term that depends on the parameters alone goes with the others that are known, if there are any."""
    terms = tuple(summands(line.value))
    late = tuple(term for term in terms if not early(term))
    soon = tuple(term for term in terms if early(term))
    products = any(isinstance(part, MatrixProduct) and _multiplies(part) for part in soon)
    return Split(line, soon, late) if products else Split(line, (), tuple(terms))


def _multiplies(product: MatrixProduct) -> bool:
    return any(isinstance(letter, Parameter) and letter.cols != 1 for letter in letters(product))


def _stacked(splits: list[Split], lag: set[At], stage: Stage) -> _Stacked | None:
    """The largest group of lines that read one vector of the step before through a matrix each."""
    groups: dict[At, list[tuple[Split, MatrixExpr]]] = {}
    for split in splits:
        found = [product for term in split.late if (product := product_of(term)) is not None and product[1] in lag]
        constant = all(not ats(term) for term in split.late if product_of(term) is None)
        if found and (split.soon or (constant and len(split.late) > 1)):
            groups.setdefault(found[0][1], []).append((split, found[0][0]))
    vector = max(groups, key=lambda v: len(groups[v]), default=None)
    if vector is None or len(groups[vector]) < 2:
        return None
    first = [_function_of(split, stage) for split, _ in groups[vector]]
    ordered = sorted(groups[vector], key=lambda member: first.index(_function_of(member[0], stage)))
    return _Stacked(vector, tuple(ordered))


def _function_of(split: Split, stage: Stage) -> Any:
    """The function whose argument a line is, if it is nothing but that."""
    target = split.line.target[t]
    reading = [line for line in stage.lines if target in letters(line.value)]
    if len(reading) == 1 and isinstance(reading[0].value, Elementwise) and reading[0].value.argument == target:
        return reading[0].value.function
    return None


def _rest(split: Split, matrix: MatrixExpr, vector: At) -> list[MatrixExpr]:
    return [term for term in split.late if product_of(term) != (matrix, vector) and ats(term)]


def _in_stack(stack: _Stacked | None, term: MatrixExpr) -> bool:
    if stack is None or (product := product_of(term)) is None or product[1] != stack.vector:
        return False
    return any(matrix == product[0] for _, matrix in stack.members)


def _stack_lines(
    writer: Writer, stack: _Stacked, stage: Stage, later: set[Sequence], given: dict[At, str], body: list[str]
) -> set[Sequence]:
    """The stacked pre-activations, and the activations that lie side by side; the letters that this computes."""
    names = writer.names
    targets = [split.line.target for split, _ in stack.members]
    name = writer.fresh(common([s[t] for s in targets], names) + "_all")
    known = _known_stack(writer, stack, name)
    given[known] = name
    weights = writer.constant([matrix for _, matrix in stack.members], turned=True)
    for split, _ in stack.members:
        body += comment(noted(split.line), indent=2)
    value = f"{name} + {names[stack.vector]} @ {weights}"
    body += writer.fill(name, value) if writer.style.stores else writer.put(name, value, indent=2)
    segments = _segments(stack, stage, later)
    texts = [_segment_name(writer, segment) for segment in segments]
    if len(segments) > 1:
        sizes = ", ".join(_total_width(writer, [split.line.target for split in segment]) for segment in segments)
        _take_apart(writer, name, texts, sizes, given, body)
    else:
        texts = [name]
    done: set[Sequence] = set()
    for segment, text in zip(segments, texts, strict=True):
        done |= _segment(writer, segment, text, stage, given, body)
    return done | {split.line.target for split, m in stack.members if not _rest(split, m, stack.vector)}


def _take_apart(
    writer: Writer, whole: str, names: list[str], sizes: str, given: dict[At, str], body: list[str]
) -> None:
    """Names for the parts of an array: within the step, or once before the scan if the array is a store."""
    if not writer.style.stores:
        body += assignment(", ".join(names), f"parts({whole}, {sizes})", indent=2)
        return
    writer.lines += assignment(", ".join(names), f"parts({whole}, {sizes})")
    given |= {_view(name): name for name in names}


def _view(name: str) -> At:
    """A letter for a name of a part of a store; no equation reads it."""
    return Sequence(f"view {name}", 1, 1)[t]


def _segments(stack: _Stacked, stage: Stage, later: set[Sequence]) -> list[list[Split]]:
    """Neighbours whose activations are one call; every other line by itself."""
    segments: list[list[Split]] = []
    previous = None
    for split, matrix in stack.members:
        plain = not _rest(split, matrix, stack.vector) and split.line.target not in later
        function = _function_of(split, stage) if plain else None
        if function is not None and function == previous:
            segments[-1].append(split)
        else:
            segments.append([split])
        previous = function
    return segments


def _segment_name(writer: Writer, segment: list[Split]) -> str:
    if len(segment) > 1:
        return writer.fresh(common([split.line.target[t] for split in segment], writer.names) + "_alike")
    (split,) = segment
    part = Sequence(f"part {split.line.target.text}", *split.line.target.shape)[t]
    writer.names[part] = writer.names[split.line.target[t]]
    return writer.names[part]


def _segment(
    writer: Writer, segment: list[Split], text: str, stage: Stage, given: dict[At, str], body: list[str]
) -> set[Sequence]:
    if len(segment) == 1:
        return set()
    functions = [next(line for line in stage.lines if split.line.target[t] in letters(line.value)) for split in segment]
    for line in functions:
        body += comment(noted(line), indent=2)
    value = call(functions[0].value.function, text, {})
    targets = [writer.names[line.target[t]] for line in functions]
    sizes = widths(writer, [line.target for line in functions])
    if writer.style.stores:
        body += writer.fill(text, value)
        _take_apart(writer, text, targets, sizes, given, body)
    else:
        body += writer.put(", ".join(targets), f"parts({value}, {sizes})", indent=2)
    return {line.target for line in functions}


def _total_width(writer: Writer, targets: list[Sequence]) -> str:
    return plain(writer.rows(ALL).size(Add(*[target.shape[0] for target in targets])))


def _known_stack(writer: Writer, stack: _Stacked, name: str) -> At:
    """What is known of the stacked lines before the scan: one product for the projections of one input."""
    rows = writer.rows(ALL)
    known = [
        [*split.soon, *[term for term in split.late if not ats(term)]] if split.soon else
        [term for term in split.late if product_of(term) is None]
        for split, _ in stack.members
    ]  # fmt: skip
    forms = [_projection(terms) for terms in known]
    projections = [form for form in forms if form is not None]
    if len(projections) == len(forms) and len({(v, bias is None) for _, v, bias in projections}) == 1:
        weights = writer.constant([matrix for matrix, _, _ in projections], turned=True)
        text = f"{writer.names[projections[0][1]]} @ {weights}"
        if projections[0][2] is not None:
            bias = writer.constant([bias for _, _, bias in projections if bias is not None])
            text = f"projected({text.replace(' @', ',')}, {bias})" if writer.style.stores else f"{text} + {bias}"
    else:
        texts = [
            row_source(add(*terms), rows)
            if ats(add(*terms))
            else f"np.broadcast_to({row_source(add(*terms), rows)}, {rows.shape(terms[0].shape[0])})"
            for terms in known
        ]
        text = f"np.concatenate(({', '.join(texts)}), axis=-1)"
    letter = Sequence(f"value {name}", *stack.members[0][0].line.target.shape)[t]
    writer.lines += writer.put(name, text)
    return letter


def _projection(terms: list[MatrixExpr]) -> tuple[MatrixExpr, At, MatrixExpr | None] | None:
    """The matrix, the vector and the bias of U x + b."""
    products = [product for term in terms if (product := product_of(term)) is not None]
    others = [term for term in terms if product_of(term) is None]
    if len(products) != 1 or len(others) > 1 or not all(isinstance(term, Parameter) for term in others):
        return None
    return *products[0], others[0] if others else None


def _known(writer: Writer, split: Split, stack: _Stacked | None, given: dict[At, str]) -> list[MatrixExpr]:
    """What a line begins with: its part of the stack, or the terms known before the scan under a name."""
    target = split.line.target
    if stack is not None and any(member is split for member, _ in stack.members):
        return [Sequence(f"part {target.text}", *target.shape)[t]]
    if not split.soon:
        return []
    letter = writer.letter(f"{writer.names[target[t]]}_known", target)
    writer.lines += writer.put(writer.names[letter], sum_source(writer, split.soon, ALL))
    given[letter] = writer.names[letter]
    return [letter]


def _with_coefficient(writer: Writer, term: MatrixExpr, early: Any, given: dict[At, str]) -> MatrixExpr:
    """A product of entries with its known factors as one, computed before the scan."""
    if not (writer.style.coefficients and isinstance(term, Hadamard)):
        return term
    known = [factor for factor in term.args if early(factor)]
    others = [factor for factor in term.args if factor not in known]
    if not others or not any(ats(factor) for factor in known) or (len(known) == 1 and isinstance(known[0], At)):
        return term
    value = hadamard(*known)
    text = row_source(value, writer.rows(ALL))
    if text not in writer.factors:
        writer.factors[text] = writer.letter("factor", value)
        writer.lines += writer.put(writer.names[writer.factors[text]], text)
    letter = writer.factors[text]
    given[letter] = writer.names[letter]
    return hadamard(*others, letter)


def _step_and_scan(
    writer: Writer,
    stage: Stage,
    later: set[Sequence],
    given: dict[At, str],
    body: list[str],
    outside: set[tuple[MatrixExpr, ...]],
) -> None:
    """The function of a step and its scan; vectors side by side are kept as one array."""
    names, before = writer.names, writer.flow.before
    carried = list(stage.carried)
    lag = {sequence: names[a] for a, sequence in before.items() if sequence in carried}
    targets = [line.target for line in stage.lines if line.target in later]
    inner = [key for key in writer.bundles if key not in outside]
    bundled = {v: key for key in inner for v in key if v.sequence in targets and v == v.sequence[t]}
    kept = [names[s[t]] for s in targets if s[t] not in bundled]
    wholes = {writer.bundles[key]: key for key in bundled.values()}
    results = [*kept, *wholes]
    if writer.style.stores:
        _allocate(writer, [s for s in targets if s[t] not in bundled], wholes, bundled, given, body)
        read = words(body)
        given = {letter: name for letter, name in given.items() if name in read}
    step = writer.fresh("step")
    known = {*given.values(), *[lag[s] for s in carried], *_sizes(names)}
    by_call = called(body, known) if writer.style.stores else None
    body, fixed = by_call or (body, [])
    also = "calls: Any, fixed: Any, " if by_call else ""
    writer.lines += ["", f"    def {step}({also}carry: Any, given: Any) -> Any:"]
    writer.lines += _unpacked(fixed, "fixed") + _unpacked([lag[s] for s in carried], "carry")
    writer.lines += _unpacked(list(given.values()), "given") + body
    hands = listed([names[s[t]] for s in carried])
    starts = listed([writer.initial[s] for s in carried])
    ends = [writer.fresh(f"{names[s[t]]}_last") for s in carried]
    back = ", reverse=True" if writer.reverse else ""
    rows = listed(list(given.values()))
    also = f", {listed(fixed)}" if fixed else ""
    plain = "plain_" if writer.style.stores and not by_call else ""
    call_ = f"{plain}scan({step}, {starts}, {rows}{also}{back})"
    if writer.style.stores:
        writer.lines += [f"        return {hands[1:-1] if len(carried) > 1 else hands}", ""]
        if len(rows) > WIDTH - 12:
            writer.lines += assignment("given", rows)
            call_ = call_.replace(rows, "given")
        writer.lines += assignment("carry", call_) + _unpacked(ends, "carry", indent=1)
    else:
        writer.lines += assignment("carry, kept", f"{hands}, {listed(results)}", indent=2)
        writer.lines += ["        return carry, kept", ""]
        writer.lines += assignment("carry, kept", call_) + _unpacked(ends, "carry", indent=1)
        writer.lines += _unpacked(results, "kept", indent=1)
    writer.last |= dict(zip(carried, ends, strict=True))
    for whole, key in wholes.items():
        split = [names[v] if v.sequence in targets else "_" for v in key]
        if not writer.style.stores:
            writer.lines += assignment(", ".join(split), f"parts({whole}, {widths(writer, key)})")
    for key in [key for key in inner if key not in wholes.values()]:
        del writer.bundles[key]


def _allocate(
    writer: Writer,
    alone: list[Sequence],
    wholes: dict[str, tuple[MatrixExpr, ...]],
    bundled: dict[MatrixExpr, tuple[MatrixExpr, ...]],
    given: dict[At, str],
    body: list[str],
) -> None:
    """The stores of what is read after the scan; vectors side by side are written into the parts of one store."""
    names = writer.names
    for sequence in alone:
        name = names[sequence[t]]
        if name not in given.values():
            _store(writer, name, sizes_of(writer, sequence), given)
    for whole, key in wholes.items():
        side = f"np.concatenate(({', '.join(names[v] for v in key)}), axis=-1)"
        made = writer.put(whole, side, indent=2)
        at = next(k for k in range(len(body)) if body[k : k + len(made)] == made)
        _store(writer, whole, _total_width(writer, [v.sequence for v in key]), given)
        own = all(bundled.get(v) == key for v in key) and not any(names[v] in given.values() for v in key)
        body[at : at + len(made)] = [] if own else writer.fill(whole, side)
        if own:
            _take_apart(writer, whole, [names[v] for v in key], widths(writer, key), given, body)
        else:
            for v in (v for v in key if bundled.get(v) == key and names[v] not in given.values()):
                _store(writer, names[v], sizes_of(writer, v.sequence), given)


def _store(writer: Writer, name: str, sizes: str, given: dict[At, str]) -> None:
    writer.lines += assignment(name, f"torch.empty((T, B, {sizes}), **kind)")
    given[_view(name)] = name


def _unpacked(names: list[str], value: str, *, indent: int = 2) -> list[str]:
    if not names:
        return []
    return assignment(f"({names[0]},)" if len(names) == 1 else ", ".join(names), value, indent=indent)


def _sizes(names: dict[Any, str]) -> set[str]:
    """The names of numbers, which steps of every library read from around them."""
    return {"T", "B", *[name for letter, name in names.items() if isinstance(letter, Symbol)]}


def listed(names: list[str]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"
