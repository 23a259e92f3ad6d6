"""The backward pass of a NumPy module: coefficients in chunks of steps, adjoints in a loop, gradients after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sympy.matrices.expressions.matexpr import MatrixExpr

from ..nodes.algebra import Transposed, Zero
from ..symbols import At, Parameter, Sequence, adjoint, t
from .calls import Calls, compute
from .layout import assignment, comment
from .loops import add_to, backward_loop, functions, matrix_source, statements, views_of
from .naming import identifier
from .passes import ROOM, words
from .places import Places
from .plan import Line, carry
from .rows import Rows, row_source, total_source


@dataclass
class BackwardCode:
    """The code of ``backward`` and ``coefficients``, written while the workspace is laid out."""

    at: Places
    steps: dict[str, str] = field(default_factory=dict)

    def coefficients(self) -> list[str]:
        """The body of the function that computes the coefficients of a chunk of steps."""
        lines = self.at.stacking.coefficients
        if not lines:
            return []
        rows = self.at.rows(False)
        calls = Calls(Rows(rows.names, ("chunk", "B")), taken=self.at.taken)
        for line in lines:
            calls.lines.append(f"# {self.at.names[line.target]} = {line.equation}")
            compute(line.value, calls, self.at.names[line.target])
        used = words(calls.lines)
        made = [self.at.names[line.target] for line in lines]
        read = [name for name in (*self.at.space.whole, *self.at.space.parts) if name in used and name not in made]
        spare = [f"factor_{name}" for name in calls.spare]
        for name, shape in calls.spare.items():
            self.at.space.whole[f"factor_{name}"] = shape
        body = views_of(read, "[start:stop]") + views_of(made + spare, "[: stop - start]", [*made, *calls.spare])
        return body + functions(used) + statements(calls.lines, 1)

    def body(self) -> list[str]:
        """The statements of ``backward``."""
        s, whole = self.at.stacking, self.at.rows(True)
        body = []
        for line in s.backward.before:
            body += comment(self.at.equation(line)[2:])
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
            body += comment(self.at.equation(line)[2:])
            body += self._after(line, matrices, whole)
        return body + self._gradients(whole)

    def _gathered(self, parts: tuple[tuple[Sequence, MatrixExpr], ...], matrices: dict[Any, str]) -> list[str]:
        texts = tuple(matrix_source(matrix, self.at.words) for _, matrix in parts)
        if texts in matrices:
            return []
        if len(texts) == 1:
            matrices[texts] = texts[0]
            return []
        first = identifier(parts[0][1].args[0] if isinstance(parts[0][1], Transposed) else parts[0][1])
        matrices[texts] = name = self.at.fresh(f"{first.split('_')[0]}_all")
        return assignment(name, f"np.concatenate(({', '.join(texts)}))")

    def _matrix_of(self, gather: Any, matrices: dict[Any, str]) -> str:
        return matrices[tuple(matrix_source(matrix, self.at.words) for _, matrix in gather.parts)]

    def _backward_loop(self, matrices: dict[Any, str]) -> list[str]:
        s, step = self.at.stacking, self.at.rows(False)
        calls = Calls(step, arrays=True, taken=self.at.taken)
        laid_out = self._laid_out(matrices)
        for line in s.backward.loop:
            calls.lines.append(self.at.equation(line))
            self._accumulate(calls, line.target, line.value, matrices, line.early is not None)
        for state, value in s.carries:
            total = dict(s.plan.carries)[state]
            calls.lines.append(f"# {adjoint(state)[t - 1]} gets {total}")
            self._accumulate(calls, carry(state), value, matrices, False)
        body = laid_out + [
            f"    np.copyto(work.{self.at.names[carry(x)]}, d_state.{self.at.words.names[x]})" for x in s.plan.carried
        ]
        if not s.backward.loop:
            return body
        return body + backward_loop(self.at, calls)

    def _laid_out(self, matrices: dict[Any, str]) -> list[str]:
        """The matrices that the steps multiply by, under names of their own."""
        s, body = self.at.stacking, []
        stepped = {*[line.target for line in s.backward.loop], *[carry(state) for state, _ in s.carries]}
        for name in dict.fromkeys(self._matrix_of(x, matrices) for x in s.gathers if x.target in stepped):
            self.steps[name] = self.at.fresh(f"{name.removesuffix('.T')}_by_step")
            body.append(f"    {self.steps[name]} = laid_out({name}, B)")
        return body

    def _accumulate(
        self, calls: Calls, target: Sequence, value: MatrixExpr, matrices: dict[Any, str], filled: bool
    ) -> None:
        """target = (its early terms +) the stacked products + the other terms."""
        out = self.at.names[target]
        for gather in self.at.stacking.gathers_into(target):
            source = self.at.space.run(gather.sources, self.at.names)
            matrix = self.steps[self._matrix_of(gather, matrices)]
            if not filled and out in self.at.space.single:
                calls.lines.append(f"{source}.dot({matrix}, {out})")
            elif not filled:
                calls.call("matmul", source, matrix, out=out)
            else:
                with calls.borrowed(target.shape[0]) as product:
                    calls.lines.append(f"{source}.dot({matrix}, {product})")
                    calls.call("add", out, product, out=out)
            filled = True
        if filled:
            add_to(calls, value, out)
        elif isinstance(value, At):
            calls.lines.append(f"np.copyto({out}, {row_source(value, calls.rows)})")
        elif isinstance(value, Zero):
            calls.lines.append(f"{out}.fill(0.0)")
        else:
            compute(value, calls, out)

    def _after(self, line: Line, matrices: dict[Any, str], whole: Rows) -> list[str]:
        name = whole.names[line.target[t]]
        terms = [
            f"flat(work.{self.at.space.run(gather.sources, self.at.names)}) @ {self._matrix_of(gather, matrices)}"
            for gather in self.at.stacking.gathers_into(line.target)
        ]
        size = whole.size(line.target.shape[0])
        text = f"({' + '.join(terms)}).reshape((T, B, {size}))" if terms else ""
        if not isinstance(line.value, Zero) or not terms:
            text = f"{text} + {row_source(line.value, whole)}" if terms else row_source(line.value, whole)
        return assignment(_kept(name), text)

    def _gradients(self, whole: Rows) -> list[str]:
        fields: dict[Parameter, str] = {}
        body: list[str] = []
        for outer in self.at.stacking.outers:
            source = f"flat(work.{self.at.space.run(outer.sources, self.at.names)})"
            if outer.operand is None:
                text, wanted = f"{source}.sum(axis=0)", "d_bias"
            else:
                operand = whole.names[outer.operand]
                text, wanted = f"{source}.T @ flat({operand})", f"d_M_{identifier(outer.operand.sequence[t])}"
            if len(outer.parts) == 1:
                fields[outer.parts[0][0]] = text
                continue
            name = self.at.fresh(wanted)
            body += assignment(name, text)
            for k, (parameter, _) in enumerate(outer.parts):
                fields[parameter] = f"{name}[{self.at.span(outer.sources, [k])}]"
        fields |= {parameter: total_source(value, whole) for parameter, value in self.at.stacking.gradients}
        lines = []
        for parameter in self.at.cell.parameters:
            text = fields.get(parameter, "None")
            if len(text) > ROOM:
                body += assignment(self.at.words.names[adjoint(parameter)], text)
                text = self.at.words.names[adjoint(parameter)]
            lines.append(f"        {self.at.words.names[parameter]}={text},")
        return [*body, *(["    d_params = Params(", *lines, "    )"] if lines else ["    d_params = Params()"])]


def _kept(name: str) -> str:
    """The target of an assignment to an array of the workspace, or to a local name."""
    return f"{name}[...]" if name.startswith("work.") else name
