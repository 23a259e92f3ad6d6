r"""The forward pass of a NumPy module: stacked products, and activations in place.

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

from sympy.matrices.expressions.matexpr import MatrixExpr

from ..nodes.algebra import Ones, Zero, add, summands
from ..symbols import At, Sequence, letters, t
from .calls import Calls, compute
from .layout import assignment, comment
from .loops import add_to, consecutive, forward_loop, matrix_source
from .naming import identifier
from .places import Places
from .plan import Line
from .rows import Rows, row_source
from .stacking import Stack


@dataclass
class ForwardCode:
    """The code of ``forward``, written while the workspace is laid out."""

    at: Places
    ahead: list[str] = field(default_factory=list)
    """The statements that need the parameters alone, for a caller that runs the others several times."""

    def body(self) -> list[str]:
        """The statements of ``forward``."""
        start = [
            f"    np.copyto(work.{self.at.words.before[x]}[0], state.{self.at.words.names[x]})"
            for x in self.at.cell.states
        ]
        run = self.run()
        return [*start, *self.ahead, *run]

    def run(self) -> list[str]:
        """The statements that follow those ``ahead``, and fill the workspace from its first state on."""
        s, whole = self.at.stacking, self.at.rows(True)
        matrices: dict[Stack, str] = {}
        for stack in (*s.hoisted, *s.recurrent):
            self.ahead += self.stacked(stack, matrices)
        body = self._projections(matrices, whole)
        for line in s.forward.before:
            body += self._before(line, whole)
            body += self._projected([x for x in s.hoisted if x.operand == line.target[t]], matrices, whole, set())
        for line in s.forward.loop:
            early = self._early(line)
            if line.target not in self.at.bundled and not isinstance(early, Zero):
                body += assignment(f"{whole.names[line.target[t]]}[...]", row_source(early, whole))
        body += self._forward_loop(matrices)
        for line in s.forward.after:
            body += comment(self.at.equation(line)[2:])
            body += assignment(f"{whole.names[line.target[t]]}[...]", row_source(line.value, whole))
        return body

    def stacked(self, stack: Stack, matrices: dict[Stack, str]) -> list[str]:
        """The matrix of a stack, the rows of a σ halved."""
        parts = [matrix_source(matrix, self.at.words) for _, matrix in stack.parts]
        halved = [k for k, s in enumerate(stack.targets) if s in self.halved]
        if len(parts) == 1 and not halved:
            matrices[stack] = parts[0]
            return []
        matrices[stack] = name = self.at.fresh(f"M_{identifier(stack.operand.sequence[t])}")
        if len(parts) == 1:
            return assignment(name, f"0.5 * {parts[0]}")
        body = assignment(name, f"np.concatenate(({', '.join(parts)}))")
        return body + [f"    {name}[{self.at.span(stack.targets, run)}] *= 0.5" for run in consecutive(halved)]

    def _projections(self, matrices: dict[Stack, str], whole: Rows) -> list[str]:
        """Every bundle filled with the projections of the inputs and with the constants."""
        body: list[str] = []
        for bundle in self.at.stacking.bundles:
            filled: set[Sequence] = set()
            mine = [x for x in self.at.stacking.hoisted if x.operand.sequence in self.at.cell.inputs]
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
            out = f"work.{self.at.space.run(stack.targets, self.at.names)}"
            operand = whole.names[stack.operand]
            if stack.operand.sequence not in self.at.cell.inputs or set(stack.targets) & filled:
                body.append(f"    {out} += {operand} @ {matrices[stack]}.T")
            else:
                body.append(f"    np.matmul(flat({operand}), {matrices[stack]}.T, out=flat({out}))")
            filled |= set(stack.targets)
        return body

    def _constants(self, bundle: tuple[Sequence, ...], whole: Rows) -> list[str]:
        body = []
        made, name = self.bias(bundle, whole)
        self.ahead += made
        if name is not None:
            body += assignment(f"work.{self.at.space.run(bundle, self.at.names)}", name, sign="+=")
        lines = {line.target: line for line in self.at.stacking.forward.lines}
        for s in bundle:
            rest = self._early(lines[s])
            if not isinstance(rest, Zero):
                body += assignment(whole.names[s[t]], row_source(rest, whole), sign="+=")
        return body

    def bias(self, bundle: tuple[Sequence, ...], whole: Rows) -> tuple[list[str], str | None]:
        """The statements that make the constants of a bundle, and what they are called then; ``None`` without any."""
        lines = {line.target: line for line in self.at.stacking.forward.lines}
        values = [self._constant(lines[s]) for s in bundle]
        if all(isinstance(value, Zero) for value in values):
            return [], None
        texts = [
            f"np.zeros({whole.size(value.shape[0])}, dtype)" if isinstance(value, Zero) else row_source(value, whole)
            for value in values
        ]
        halved = [k for k, s in enumerate(bundle) if s in self.halved]
        if len(bundle) == 1:
            if not halved:
                return [], texts[0]
            name = self._bias_name(bundle)
            return assignment(name, f"0.5 * ({texts[0]})"), name
        name = self._bias_name(bundle)
        body = assignment(name, f"np.concatenate(({', '.join(texts)}))")
        return body + [f"    {name}[{self.at.span(bundle, run)}] *= 0.5" for run in consecutive(halved)], name

    def _bias_name(self, bundle: tuple[Sequence, ...]) -> str:
        return self.at.fresh("bias")

    def _constant(self, line: Line) -> MatrixExpr:
        """The terms of a bundled line that are sums of parameters."""
        early = [] if line.early is None else summands(line.early)
        return _sum([term for term in (*early, *summands(line.value)) if _is_constant(term)], line)

    def _early(self, line: Line) -> MatrixExpr:
        """The terms of a line that are computed before the loop, beside projections and constants."""
        if line in self.at.stacking.forward.before:
            return _sum([x for x in summands(line.value) if not _is_constant(x)], line)
        if line.early is None:
            return Zero(*line.target.shape)
        bundled = line.target in self.at.bundled
        return _sum([x for x in summands(line.early) if not (bundled and _is_constant(x))], line)

    def _late(self, line: Line) -> MatrixExpr:
        """The terms of a line of the loop that are neither stacked nor constants of a bundle."""
        bundled = line.target in self.at.bundled
        return _sum([x for x in summands(line.value) if not (bundled and _is_constant(x))], line)

    def _before(self, line: Line, whole: Rows) -> list[str]:
        body = comment(self.at.equation(line)[2:])
        target = whole.names[line.target[t]]
        if line.target in self.at.bundled:
            return body
        if line in self.at.in_place.values():
            return body + assignment(f"{target}[...]", row_source(line.value, whole))
        return body + assignment(f"{target}[...]", row_source(line.value, whole))

    @cached_property
    def ready(self) -> tuple[Line, ...]:
        """The bundled lines of the loop that read nothing of their own step but what is there before the loop."""
        s = self.at.stacking
        late = {line.target for line in s.forward.loop}
        stepped = {x for stack in s.recurrent if not self.is_head(stack) for x in stack.targets}
        return tuple(
            line
            for line in s.forward.loop
            if line.target in self.at.bundled
            and line.target not in (*stepped, *self.at.cell.states)
            and not any(a.index == t and a.sequence in late for a in letters(line.value) if isinstance(a, At))
        )

    def is_head(self, stack: Stack) -> bool:
        """Whether a product of the loop is known at the head of a step: its operand is of before, or an input."""
        return stack.operand.index != t or stack.operand.sequence in self.at.cell.inputs

    @cached_property
    def halved(self) -> set[Sequence]:
        """The pre-activations of σ to which nothing but stacked products and constants is added."""
        return {
            line.target
            for line in self.ready
            if line.target in self.at.in_place
            and self.at.in_place[line.target].value.function.text == "sigma"
            and isinstance(self._late(line), Zero)
            and isinstance(self._early(line), Zero)
        }

    def _forward_loop(self, matrices: dict[Stack, str]) -> list[str]:
        s, step = self.at.stacking, self.at.rows(False)
        if not s.forward.loop:
            return []
        calls = Calls(step, arrays=True, taken=self.at.taken)
        self.ahead += self.turned(matrices)
        for line in self.ready:
            calls.lines.append(self.at.equation(line))
        for stack in s.recurrent:
            if self.is_head(stack):
                self.add_product(calls, stack, matrices)
        self.follow(calls, matrices)
        return forward_loop(self.at, calls)

    def turned(self, matrices: dict[Stack, str]) -> list[str]:
        """The transposes of the stacked matrices that a step multiplies by, and their names in place of the others."""
        body = []
        for stack in self.at.stacking.recurrent:
            name, matrices[stack] = matrices[stack], self.at.fresh(f"{matrices[stack].removesuffix('.T')}_T")
            body.append(f"    {matrices[stack]} = laid_out({name}.T, B)")
        return body

    def follow(self, calls: Calls, matrices: dict[Stack, str]) -> None:
        """The calls of a step that follow the products at its head."""
        s = self.at.stacking
        done: set[Sequence] = set()
        for line in self.ready:
            add_to(calls, self._late(line), self.at.names[line.target])
            done.add(line.target)
        done |= self._activations(calls)
        for line in s.forward.loop:
            if line.target not in done:
                self._forward_line(calls, line)
            for stack in s.recurrent:
                if stack.operand == line.target[t]:
                    self.add_product(calls, stack, matrices)

    def add_product(self, calls: Calls, stack: Stack, matrices: dict[Stack, str]) -> None:
        run = self.at.space.run(stack.targets, self.at.names)
        with calls.borrowed(self.at.space.width(stack.targets)) as product:
            calls.lines.append(f"{calls.rows.names[stack.operand]}.dot({matrices[stack]}, {product})")
            calls.call("add", run, product, out=run)

    def _activations(self, calls: Calls) -> set[Sequence]:
        """The activations of what is ready, by runs of a bundle; the targets that have their values then."""
        targets = set()
        lines = {line.target: self.at.in_place[line.target] for line in self.ready if line.target in self.at.in_place}
        lines = {pre: line for pre, line in lines.items() if line.value.function.text in ("sigma", "tanh")}
        for bundle in self.at.stacking.bundles:
            for run in consecutive([k for k, s in enumerate(bundle) if s in lines]):
                members = tuple(bundle[k] for k in run)
                sigmas = [k for k in run if lines[bundle[k]].value.function.text == "sigma"]
                late = [k for k in sigmas if bundle[k] not in self.halved]
                calls.lines += [self.at.equation(lines[pre]) for pre in members]
                name = self.at.space.run(members, self.at.names)
                self._scaled(calls, bundle, late, ("multiply",))
                calls.call("tanh", name, out=name)
                self._scaled(calls, bundle, sigmas, ("multiply", "add"))
                targets |= {lines[pre].target for pre in members}
        return targets

    def _scaled(self, calls: Calls, bundle: tuple[Sequence, ...], places: list[int], functions: Iterable[str]) -> None:
        for part in consecutive(places):
            members = tuple(bundle[k] for k in part)
            name, half = (
                self.at.space.run(members, self.at.names),
                calls.number("0.5", self.at.space.width(members)),
            )
            for function in functions:
                calls.call(function, name, half, out=name)

    def _forward_line(self, calls: Calls, line: Line) -> None:
        calls.lines.append(self.at.equation(line))
        target = self.at.names[line.target]
        if line in self.at.in_place.values():
            calls.apply(line.value.function.text, target, target, line.target.shape[0])
        elif line.target in self.at.bundled or line.early is not None:
            add_to(calls, self._late(line), target)
        else:
            compute(line.value, calls, target)


def _sum(terms: list[MatrixExpr], line: Line) -> MatrixExpr:
    return add(*terms) if terms else Zero(*line.target.shape)


def _is_constant(term: MatrixExpr) -> bool:
    """Whether a term is made of parameters alone, so that its code is that of one vector."""
    return not any(isinstance(a, At) for a in letters(term)) and bool(letters(term)) and not term.has(Ones)
