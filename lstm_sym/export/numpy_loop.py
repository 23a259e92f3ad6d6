r"""The two passes of a NumPy module: stacked products, calls that write into a workspace, views made beforehand.

The forward pass fills one buffer per bundle with the projections of the inputs, adds the stacked product with the
state at the head of each step and applies the activations there, in place: the values lie where the pre-activations
were. :math:`\sigma(a) = \tfrac12\tanh(a/2)+\tfrac12` makes one call of tanh serve all gates; where nothing is added
to the pre-activation of a :math:`\sigma` but stacked products and constants, the rows of these are halved
beforehand, which is exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

from sympy.matrices.expressions.matexpr import MatrixExpr

from ..activations import Elementwise
from ..nodes.algebra import Ones, Transposed, Zero, add, summands
from ..symbols import At, Parameter, Sequence, adjoint, direct, letters, t
from .calls import FORMS, FUNCTIONS, Calls, compute
from .layout import assignment, comment
from .naming import identifier
from .passes import ROOM, words
from .plan import Line, carry
from .rows import Rows, row_source, total_source
from .space import Space
from .stacking import Stack, Stacking
from .vocabulary import STEP, STEPS, Vocabulary

CHUNK_BYTES = 200_000
"""About the second-level cache of a core: the coefficients of a chunk stay there until its steps read them."""


@dataclass
class Passes:
    """The code of a module's functions, written into while the workspace is laid out."""

    stacking: Stacking
    words: Vocabulary
    space: Space = field(init=False)
    names: dict[Sequence, str] = field(init=False)
    locals: set[str] = field(default_factory=set)
    chunked: list[str] = field(default_factory=list)
    factors: list[str] = field(default_factory=list)
    forward_steps: list[str] = field(default_factory=list)
    backward_steps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.space = Space(self.words, Rows(self.words.names, STEPS))
        self.names = {s: name for s, name in self.words.names.items() if isinstance(s, Sequence)}
        self.names |= {pre: self.names[line.target] for pre, line in self.in_place.items()}
        self._lay_out()

    # --- what is where ---------------------------------------------------------------------------

    @property
    def cell(self) -> Any:
        return self.stacking.plan.cell

    @cached_property
    def bundled(self) -> dict[Sequence, tuple[Sequence, ...]]:
        return {s: bundle for bundle in self.stacking.bundles for s in bundle}

    @cached_property
    def in_place(self) -> dict[Sequence, Line]:
        """The pre-activations that nothing but one activation reads, with its line: it overwrites them."""
        run, found = self.stacking.forward, {}
        for line in run.lines:
            value = line.value
            if isinstance(value, Elementwise) and isinstance(value.argument, At) and line.early is None:
                pre = value.argument.sequence
                free = pre in self.bundled and pre not in (*self.cell.states, *self.cell.outputs)
                known = value.function.text in FORMS and line.target not in self.cell.states
                if free and known and self._readers[pre] == 1:
                    found[pre] = line
        return found

    @cached_property
    def _readers(self) -> dict[Sequence, int]:
        plan = self.stacking.plan
        read: list[Iterable[Any]] = [line.read for line in (*plan.forward.lines, *plan.backward.lines)]
        read += [letters(value) for _, value in (*plan.carries, *plan.gradients)]
        counts: dict[Sequence, int] = dict.fromkeys(self.bundled, 0)
        for group in read:
            for s in {a.sequence for a in group if isinstance(a, At)}:
                counts[s] = counts.get(s, 0) + 1
        return counts

    @cached_property
    def kept(self) -> set[Sequence]:
        """The sequences that are arrays over all steps."""
        s, plan, cell = self.stacking, self.stacking.plan, self.cell
        wanted = {*plan.stored, *cell.states, *cell.outputs, *self.bundled}
        wanted |= {a for bundle in s.adjoint_bundles for a in bundle}
        read: list[Iterable[Any]] = [letters(value) for _, value in plan.gradients]
        read += [line.read for line in (*plan.forward.after, *plan.backward.after)]
        wanted |= {a.sequence for group in read for a in group if isinstance(a, At)}
        for run in (plan.forward, plan.backward):
            wanted |= {line.target for line in (*run.before, *run.after)}
            wanted |= {line.target for line in run.loop if line.early is not None}
        return wanted - {adjoint(x) for x in cell.inputs}

    def _lay_out(self) -> None:
        s, space, names = self.stacking, self.space, self.names
        for state in self.cell.states:
            buffer = space.name(f"all_{names[state]}")
            space.over_steps(buffer, state.shape[0], "T + 1, B")
            space.parts[names[state]] = f"self.{buffer}[1:]"
            space.parts[self.words.before[state]] = f"self.{buffer}[:-1]"
            space.of_a_step(names[carry(state)], state.shape[0])
        placed = set(self.cell.states)
        for bundle in (*s.bundles, *s.adjoint_bundles):
            if not placed & set(bundle):
                space.bundle(bundle, names)
            placed |= set(bundle)
        placed |= {line.target for line in self.in_place.values()}
        gone = {adjoint(x) for x in self.cell.inputs}
        for line in (*s.forward.lines, *s.backward.lines):
            if line.target not in placed and line.target not in gone:
                make = space.over_steps if line.target in self.kept else space.of_a_step
                make(names[line.target], line.target.shape[0])
        self._lay_out_coefficients()

    def _lay_out_coefficients(self) -> None:
        for line in self.stacking.coefficients:
            self.space.over_steps(self.names[line.target], line.target.shape[0], "chunk, B")
            self.chunked.append(self.names[line.target])

    # --- how code names things -------------------------------------------------------------------

    def _fresh(self, wanted: str) -> str:
        """A local name that is new in the module."""
        name = self.space.name(wanted)
        name = next(x for x in [name, *[f"{name}_{k}" for k in range(2, 99)]] if x not in self.locals)
        self.locals.add(name)
        return name

    def _rows(self, whole: bool) -> Rows:
        """What code of one step, or of all steps, calls every letter."""
        words, cell = self.words, self.cell
        names: dict[Any, str] = {a: name for a, name in words.names.items() if not isinstance(a, Sequence)}
        front = "work." if whole else ""
        for s, name in self.names.items():
            local = s in cell.inputs or s in {adjoint(x) for x in cell.inputs}
            if whole and not local and s not in self.kept:
                continue
            names[s[t]] = (name if whole else f"{name}_t") if local else f"{front}{name}"
        for state, name in words.before.items():
            names[state[t - 1]] = f"{front}{name}"
        for output in cell.outputs:
            several = f".{words.names[output]}" if words.has_outputs else ""
            names[direct(output)[t]] = f"d_outputs{several}" if whole else f"e_{words.names[output]}"
        return Rows(names, STEPS if whole else STEP)

    def _equation(self, line: Line) -> str:
        return f"# {line.target[t]} = {line.equation}".replace(line.target.text, identifier(line.target), 1)

    # --- forward ---------------------------------------------------------------------------------

    def forward(self) -> list[str]:
        s, whole = self.stacking, self._rows(True)
        body = [f"    np.copyto(work.{self.words.before[x]}[0], state.{self.words.names[x]})" for x in self.cell.states]
        matrices: dict[Stack, str] = {}
        for stack in (*s.hoisted, *s.recurrent):
            body += self._stacked(stack, matrices)
        body += self._projections(matrices, whole)
        for line in s.forward.before:
            body += self._before(line, whole)
            body += self._projected([x for x in s.hoisted if x.operand == line.target[t]], matrices, whole, set())
        for line in s.forward.loop:
            early = self._early(line)
            if line.target not in self.bundled and not isinstance(early, Zero):
                body += assignment(f"{whole.names[line.target[t]]}[...]", row_source(early, whole))
        body += self._forward_loop(matrices)
        for line in s.forward.after:
            body += comment(self._equation(line)[2:])
            body += assignment(f"{whole.names[line.target[t]]}[...]", row_source(line.value, whole))
        return body

    def _stacked(self, stack: Stack, matrices: dict[Stack, str]) -> list[str]:
        """The matrix of a stack, the rows of a σ halved."""
        parts = [_matrix(matrix, self.words) for _, matrix in stack.parts]
        halved = [k for k, s in enumerate(stack.targets) if s in self.halved]
        if len(parts) == 1 and not halved:
            matrices[stack] = parts[0]
            return []
        matrices[stack] = name = self._fresh(f"M_{identifier(stack.operand.sequence[t])}")
        if len(parts) == 1:
            return assignment(name, f"0.5 * {parts[0]}")
        body = assignment(name, f"np.concatenate(({', '.join(parts)}))")
        return body + [f"    {name}[{self._range(stack.targets, run)}] *= 0.5" for run in _consecutive(halved)]

    def _range(self, whole: tuple[Sequence, ...], run: list[int]) -> str:
        low, high = self.space.offset(whole, run[0]), self.space.offset(whole, run[-1] + 1)
        high = "" if run[-1] + 1 == len(whole) else high
        return f"{low} : {high}".strip() if " " in low + high else f"{low}:{high}"

    def _projections(self, matrices: dict[Stack, str], whole: Rows) -> list[str]:
        """Every bundle filled with the projections of the inputs and with the constants."""
        body: list[str] = []
        for bundle in self.stacking.bundles:
            filled: set[Sequence] = set()
            mine = [x for x in self.stacking.hoisted if x.operand.sequence in self.cell.inputs]
            body += self._projected([x for x in mine if set(x.targets) <= set(bundle)], matrices, whole, filled)
            body += [f"    {whole.names[s[t]]}[...] = 0.0" for s in bundle if s not in filled]
            body += self._constants(bundle, whole)
        return body

    def _projected(
        self, stacks: list[Stack], matrices: dict[Stack, str], whole: Rows, filled: set[Sequence]
    ) -> list[str]:
        """The projections of one operand for all steps: the first of a target fills its array, others are added."""
        body = []
        for stack in stacks:
            out = f"work.{self.space.run(stack.targets, self.names)}"
            operand = whole.names[stack.operand]
            if stack.operand.sequence not in self.cell.inputs or set(stack.targets) & filled:
                body.append(f"    {out} += {operand} @ {matrices[stack]}.T")
            else:
                body.append(f"    np.matmul(flat({operand}), {matrices[stack]}.T, out=flat({out}))")
            filled |= set(stack.targets)
        return body

    def _constants(self, bundle: tuple[Sequence, ...], whole: Rows) -> list[str]:
        lines = {line.target: line for line in self.stacking.forward.lines}
        values = [self._constant(lines[s]) for s in bundle]
        body = []
        if any(not isinstance(value, Zero) for value in values):
            texts = [
                f"np.zeros({whole.size(value.shape[0])}, dtype)"
                if isinstance(value, Zero)
                else row_source(value, whole)
                for value in values
            ]
            halved = [k for k, s in enumerate(bundle) if s in self.halved]
            name = self._bias_name(bundle)
            if len(bundle) == 1:
                text = f"0.5 * ({texts[0]})" if halved else texts[0]
                body += assignment(name, text) if halved else []
                name = name if halved else text
            else:
                body += assignment(name, f"np.concatenate(({', '.join(texts)}))")
                body += [f"    {name}[{self._range(bundle, run)}] *= 0.5" for run in _consecutive(halved)]
            body += assignment(f"work.{self.space.run(bundle, self.names)}", name, sign="+=")
        for s in bundle:
            rest = self._early(lines[s])
            if not isinstance(rest, Zero):
                body += assignment(whole.names[s[t]], row_source(rest, whole), sign="+=")
        return body

    def _bias_name(self, bundle: tuple[Sequence, ...]) -> str:
        return self._fresh("bias")

    def _constant(self, line: Line) -> MatrixExpr:
        """The terms of a bundled line that are sums of parameters."""
        early = [] if line.early is None else summands(line.early)
        return _sum([term for term in (*early, *summands(line.value)) if _is_constant(term)], line)

    def _early(self, line: Line) -> MatrixExpr:
        """The terms of a line that are computed before the loop, beside projections and constants."""
        if line in self.stacking.forward.before:
            return _sum([x for x in summands(line.value) if not _is_constant(x)], line)
        if line.early is None:
            return Zero(*line.target.shape)
        bundled = line.target in self.bundled
        return _sum([x for x in summands(line.early) if not (bundled and _is_constant(x))], line)

    def _late(self, line: Line) -> MatrixExpr:
        """The terms of a line of the loop that are neither stacked nor constants of a bundle."""
        bundled = line.target in self.bundled
        return _sum([x for x in summands(line.value) if not (bundled and _is_constant(x))], line)

    def _before(self, line: Line, whole: Rows) -> list[str]:
        body = comment(self._equation(line)[2:])
        target = whole.names[line.target[t]]
        if line.target in self.bundled:
            return body
        if line in self.in_place.values():
            return body + assignment(f"{target}[...]", row_source(line.value, whole))
        return body + assignment(f"{target}[...]", row_source(line.value, whole))

    @cached_property
    def ready(self) -> tuple[Line, ...]:
        """The bundled lines of the loop that read nothing of their own step but what is there before the loop."""
        s = self.stacking
        late = {line.target for line in s.forward.loop}
        stepped = {x for stack in s.recurrent if stack.operand.index == t for x in stack.targets}
        return tuple(
            line
            for line in s.forward.loop
            if line.target in self.bundled
            and line.target not in (*stepped, *self.cell.states)
            and not any(a.index == t and a.sequence in late for a in letters(line.value) if isinstance(a, At))
        )

    @cached_property
    def halved(self) -> set[Sequence]:
        """The pre-activations of σ to which nothing but stacked products and constants is added."""
        return {
            line.target
            for line in self.ready
            if line.target in self.in_place
            and self.in_place[line.target].value.function.text == "sigma"
            and isinstance(self._late(line), Zero)
            and isinstance(self._early(line), Zero)
        }

    def _forward_loop(self, matrices: dict[Stack, str]) -> list[str]:
        s, step = self.stacking, self._rows(False)
        if not s.forward.loop:
            return []
        calls = Calls(step, arrays=True)
        head = [stack for stack in s.recurrent if stack.operand.index != t]
        turned = []
        for stack in s.recurrent:
            name, matrices[stack] = matrices[stack], self._fresh(f"{matrices[stack].removesuffix('.T')}_T")
            turned.append(f"    {matrices[stack]} = {name}.T")
        done: set[Sequence] = set()
        for line in self.ready:
            calls.lines.append(self._equation(line))
        for stack in head:
            self._add_product(calls, stack, matrices)
        for line in self.ready:
            self._add(calls, self._late(line), self.names[line.target])
            done.add(line.target)
        done |= self._activations(calls)
        for line in s.forward.loop:
            if line.target not in done:
                self._forward_line(calls, line)
            for stack in s.recurrent:
                if stack.operand == line.target[t]:
                    self._add_product(calls, stack, matrices)
        return turned + self._loop(calls, "work.forward_steps", "forward_steps", self.cell.inputs, 1)

    def _add_product(self, calls: Calls, stack: Stack, matrices: dict[Stack, str]) -> None:
        run = self.space.run(stack.targets, self.names)
        with calls.borrowed(self.space.width(stack.targets)) as product:
            calls.lines.append(f"{calls.rows.names[stack.operand]}.dot({matrices[stack]}, out={product})")
            calls.call("add", run, product, out=run)

    def _add(self, calls: Calls, value: MatrixExpr, target: str) -> None:
        if not isinstance(value, Zero):
            with calls.operand(value) as term:
                calls.call("add", target, term, out=target)

    def _activations(self, calls: Calls) -> set[Sequence]:
        """The activations of what is ready, by runs of a bundle; the targets that have their values then."""
        targets = set()
        lines = {line.target: self.in_place[line.target] for line in self.ready if line.target in self.in_place}
        lines = {pre: line for pre, line in lines.items() if line.value.function.text in ("sigma", "tanh")}
        for bundle in self.stacking.bundles:
            for run in _consecutive([k for k, s in enumerate(bundle) if s in lines]):
                members = tuple(bundle[k] for k in run)
                sigmas = [k for k in run if lines[bundle[k]].value.function.text == "sigma"]
                late = [k for k in sigmas if bundle[k] not in self.halved]
                calls.lines += [self._equation(lines[pre]) for pre in members]
                name = self.space.run(members, self.names)
                self._scaled(calls, bundle, late, ("multiply",))
                calls.call("tanh", name, out=name)
                self._scaled(calls, bundle, sigmas, ("multiply", "add"))
                targets |= {lines[pre].target for pre in members}
        return targets

    def _scaled(self, calls: Calls, bundle: tuple[Sequence, ...], places: list[int], functions: Iterable[str]) -> None:
        for part in _consecutive(places):
            members = tuple(bundle[k] for k in part)
            name, half = self.space.run(members, self.names), calls.number("0.5", self.space.width(members))
            for function in functions:
                calls.call(function, name, half, out=name)

    def _forward_line(self, calls: Calls, line: Line) -> None:
        calls.lines.append(self._equation(line))
        target = self.names[line.target]
        if line in self.in_place.values():
            calls.apply(line.value.function.text, target, target, line.target.shape[0])
        elif line.target in self.bundled or line.early is not None:
            self._add(calls, self._late(line), target)
        else:
            compute(line.value, calls, target)

    # --- backward --------------------------------------------------------------------------------

    def coefficients(self) -> list[str]:
        """The body of the function that computes the coefficients of a chunk of steps."""
        lines = self.stacking.coefficients
        if not lines:
            return []
        rows = self._rows(False)
        calls = Calls(Rows(rows.names, ("chunk", "B")))
        for line in lines:
            calls.lines.append(f"# {self.names[line.target]} = {line.equation}")
            compute(line.value, calls, self.names[line.target])
        used = words(calls.lines)
        made = [self.names[line.target] for line in lines]
        read = [name for name in (*self.space.whole, *self.space.parts) if name in used and name not in made]
        spare = [f"factor_{name}" for name in calls.spare]
        for name, shape in calls.spare.items():
            self.space.whole[f"factor_{name}"] = shape
        body = _views(read, "[start:stop]") + _views(made + spare, "[: stop - start]", [*made, *calls.spare])
        return body + _functions(used) + _statements(calls.lines, 1)

    def backward(self) -> list[str]:
        s, whole = self.stacking, self._rows(True)
        body = []
        for line in s.backward.before:
            body += comment(self._equation(line)[2:])
            name = whole.names[line.target[t]]
            body += assignment(_kept(name), row_source(line.value, whole))
        matrices: dict[tuple[str, ...], str] = {}
        for gather in s.gathers:
            body += self._gathered(gather.parts, matrices)
        for line in s.backward.loop:
            if line.early is not None:
                body += assignment(f"{whole.names[line.target[t]]}[...]", row_source(line.early, whole))
        body += self._backward_loop(matrices)
        for line in s.backward.after:
            body += comment(self._equation(line)[2:])
            body += self._after(line, matrices, whole)
        return body + self._gradients(whole)

    def _gathered(self, parts: tuple[tuple[Sequence, MatrixExpr], ...], matrices: dict[Any, str]) -> list[str]:
        texts = tuple(_matrix(matrix, self.words) for _, matrix in parts)
        if texts in matrices:
            return []
        if len(texts) == 1:
            matrices[texts] = texts[0]
            return []
        first = identifier(parts[0][1].args[0] if isinstance(parts[0][1], Transposed) else parts[0][1])
        matrices[texts] = name = self._fresh(f"{first.split('_')[0]}_all")
        return assignment(name, f"np.concatenate(({', '.join(texts)}))")

    def _matrix_of(self, gather: Any, matrices: dict[Any, str]) -> str:
        return matrices[tuple(_matrix(matrix, self.words) for _, matrix in gather.parts)]

    def _backward_loop(self, matrices: dict[Any, str]) -> list[str]:
        s, step = self.stacking, self._rows(False)
        calls = Calls(step, arrays=True)
        for line in s.backward.loop:
            calls.lines.append(self._equation(line))
            self._accumulate(calls, line.target, line.value, matrices, line.early is not None)
        for state, value in s.carries:
            total = dict(s.plan.carries)[state]
            calls.lines.append(f"# {adjoint(state)[t - 1]} gets {total}")
            self._accumulate(calls, carry(state), value, matrices, False)
        body = [f"    np.copyto(work.{self.names[carry(x)]}, d_state.{self.words.names[x]})" for x in self.cell.states]
        if not s.backward.loop:
            return body
        return body + self._loop(calls, "work.backward_steps", "backward_steps", (), 1)

    def _accumulate(
        self, calls: Calls, target: Sequence, value: MatrixExpr, matrices: dict[Any, str], filled: bool
    ) -> None:
        """target = (its early terms +) the stacked products + the other terms."""
        out = self.names[target]
        for gather in self.stacking.gathers_into(target):
            source = self.space.run(gather.sources, self.names)
            matrix = self._matrix_of(gather, matrices)
            if not filled and out in self.space.single:
                calls.lines.append(f"{source}.dot({matrix}, out={out})")
            elif not filled:
                calls.call("matmul", source, matrix, out=out)
            else:
                with calls.borrowed(target.shape[0]) as product:
                    calls.lines.append(f"{source}.dot({matrix}, out={product})")
                    calls.call("add", out, product, out=out)
            filled = True
        if filled:
            self._add(calls, value, out)
        elif isinstance(value, At):
            calls.lines.append(f"np.copyto({out}, {row_source(value, calls.rows)})")
        elif isinstance(value, Zero):
            calls.lines.append(f"{out}.fill(0.0)")
        else:
            compute(value, calls, out)

    def _after(self, line: Line, matrices: dict[Any, str], whole: Rows) -> list[str]:
        name = whole.names[line.target[t]]
        terms = [
            f"flat(work.{self.space.run(gather.sources, self.names)}) @ {self._matrix_of(gather, matrices)}"
            for gather in self.stacking.gathers_into(line.target)
        ]
        size = whole.size(line.target.shape[0])
        text = f"({' + '.join(terms)}).reshape((T, B, {size}))" if terms else ""
        if not isinstance(line.value, Zero) or not terms:
            text = f"{text} + {row_source(line.value, whole)}" if terms else row_source(line.value, whole)
        return assignment(_kept(name), text)

    def _gradients(self, whole: Rows) -> list[str]:
        fields: dict[Parameter, str] = {}
        body: list[str] = []
        for outer in self.stacking.outers:
            source = f"flat(work.{self.space.run(outer.sources, self.names)})"
            if outer.operand is None:
                text, wanted = f"{source}.sum(axis=0)", "d_bias"
            else:
                operand = whole.names[outer.operand]
                text, wanted = f"{source}.T @ flat({operand})", f"d_M_{identifier(outer.operand.sequence[t])}"
            if len(outer.parts) == 1:
                fields[outer.parts[0][0]] = text
                continue
            name = self._fresh(wanted)
            body += assignment(name, text)
            for k, (parameter, _) in enumerate(outer.parts):
                fields[parameter] = f"{name}[{self._range(outer.sources, [k])}]"
        fields |= {parameter: total_source(value, whole) for parameter, value in self.stacking.gradients}
        lines = []
        for parameter in self.cell.parameters:
            text = fields[parameter]
            if len(text) > ROOM:
                body += assignment(self.words.names[adjoint(parameter)], text)
                text = self.words.names[adjoint(parameter)]
            lines.append(f"        {self.words.names[parameter]}={text},")
        return [*body, *(["    d_params = Params(", *lines, "    )"] if lines else ["    d_params = Params()"])]

    # --- loops -----------------------------------------------------------------------------------

    def _loop(self, calls: Calls, views: str, kind: str, inputs: Iterable[Sequence], depth: int) -> list[str]:
        """The loop over time around calls, and what stands before it."""
        space = self.space
        for name, shape in calls.spare.items():
            space.single.setdefault(name, shape)
        space.constants |= calls.constants
        used = words(calls.lines)
        single = [name for name in (*space.single, *space.constants) if name in used]
        viewed = [name for name in (*space.whole, *space.parts) if name in used and name not in single]
        factors = [name for name in viewed if name in self.chunked]
        viewed = [name for name in viewed if name not in self.chunked]
        setattr(self, kind, viewed)
        body = _functions(used)
        body += assignment(", ".join(single), ", ".join(f"work.{name}" for name in single)) if single else []
        back = kind == "backward_steps"
        given = [(f"{self.words.names[x]}_t", self.words.names[x]) for x in inputs]
        if back:
            whole, step = self._rows(True), self._rows(False)
            pairs = [(direct(o)[t], o) for o in self.cell.outputs]
            given = [(step.names[e], whole.names[e]) for e, _ in pairs]
            given += [(f"{self.words.names[x]}_t", self.words.names[x]) for x in self.cell.inputs]
        given = [(local, array) for local, array in given if local in used]
        if back and factors:
            self.factors = factors
            steps = "[start:stop][::-1]"
            given = [("factors", "work.factors[: stop - start][::-1]"), *[(a, f"{b}{steps}") for a, b in given]]
            head = ["    for stop in range(T, 0, -work.chunk):", "        start = max(0, stop - work.chunk)",
                    "        coefficients(work, start, stop)"]  # fmt: skip
            body += head
            depth += 1
        else:
            steps = "[::-1]" if back else ""
            given = [(a, f"{b}{steps}") for a, b in given]
        pad = "    " * depth
        targets, sources = ["views", *[a for a, _ in given]], [f"{views}{steps}", *[b for _, b in given]]
        if len(given):
            line = f"{pad}for {', '.join(targets)} in zip({', '.join(sources)}):"
            if len(line) > 120:
                body += [f"{pad}steps = zip(", *[f"{pad}    {x}," for x in sources], f"{pad})"]
                line = f"{pad}for {', '.join(targets)} in steps:"
        else:
            line = f"{pad}for views in {sources[0]}:"
        body.append(line)
        unpack = viewed if len(viewed) != 1 else [f"({viewed[0]},)"]
        body += assignment(", ".join(unpack), "views", indent=depth + 1) if viewed else []
        if back and factors:
            unpack = factors if len(factors) != 1 else [f"({factors[0]},)"]
            body += assignment(", ".join(unpack), "factors", indent=depth + 1)
        return body + _statements(calls.lines, depth + 1)


# --- pieces of code -----------------------------------------------------------------------------


def _functions(used: set[str]) -> list[str]:
    """Local names for NumPy's functions."""
    names = [name for name in FUNCTIONS if name in used]
    return assignment(", ".join(names), ", ".join(f"np.{name}" for name in names)) if names else []


def _statements(lines: Iterable[str], indent: int) -> list[str]:
    body: list[str] = []
    for line in lines:
        if line.startswith("# "):
            body += comment(line[2:], indent=indent)
        elif "[...] = " in line:
            target, value = line.split(" = ", 1)
            body += assignment(target, value, indent=indent)
        else:
            body.append("    " * indent + line)
    return body


def _views(names: list[str], steps: str, targets: list[str] | None = None) -> list[str]:
    """``a, b = (values[steps] for values in (work.a, work.b))``."""
    targets = names if targets is None else targets
    if len(names) < 2:
        return [f"    {target} = work.{name}{steps}" for name, target in zip(names, targets, strict=True)]
    arrays = ", ".join(f"work.{name}" for name in names)
    line = f"    {', '.join(targets)} = (values{steps} for values in ({arrays}))"
    if len(line) <= 120:
        return [line]
    return [f"    {target} = work.{name}{steps}" for name, target in zip(names, targets, strict=True)]


def _consecutive(places: list[int]) -> list[list[int]]:
    """Runs of numbers, each one more than that before it."""
    groups = groupby(enumerate(sorted(places)), key=lambda pair: pair[1] - pair[0])
    return [[place for _, place in group] for _, group in groups]


def _matrix(matrix: MatrixExpr, words: Vocabulary) -> str:
    return f"{words.names[matrix.args[0]]}.T" if isinstance(matrix, Transposed) else words.names[matrix]


def _kept(name: str) -> str:
    """The target of an assignment to an array of the workspace, or to a local name."""
    return f"{name}[...]" if name.startswith("work.") else name


def _sum(terms: list[MatrixExpr], line: Line) -> MatrixExpr:
    return add(*terms) if terms else Zero(*line.target.shape)


def _is_constant(term: MatrixExpr) -> bool:
    """Whether a term is made of parameters alone, so that its code is that of one vector."""
    return not any(isinstance(a, At) for a in letters(term)) and bool(letters(term)) and not term.has(Ones)
