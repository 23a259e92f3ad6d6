r"""A single step of a NumPy module, for streams: matrices are stacked beforehand, and no array outlives the step.

Nothing of a single step can be taken out of a loop over steps, so its plan has every line in the loop. Products that
fill the same pre-activations are one, of the matrices side by side, with the biases as the last column:
:math:`[W\; U\; b]\,[h;\, x;\, 1]`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..symbols import At, Sequence, t
from .calls import Calls
from .forward_code import ForwardCode
from .layout import assignment, signature, tight
from .loops import functions, statements
from .naming import identifier, unused
from .numpy_code import plain
from .passes import step_lines, words
from .places import Places
from .plan import Plan, plan_of, streamed
from .stacking import Stack, stacking_of
from .structures import opened_fields
from .variant import Variant
from .vocabulary import RESERVED, Vocabulary


@dataclass(frozen=True, slots=True)
class StepParts:
    """What a module has for a single step: the texts of functions and of a class."""

    parts: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        return "\n".join(self.parts).split("\n")


def step_parts(plan: Plan, names: Vocabulary) -> StepParts:
    """The class ``Prepared`` and the function ``step`` of a module with these names."""
    run = streamed(plan_of(plan.cell, Variant(forward_only=True)))
    missing = [line.target for line in run.forward.loop if line.target not in names.names]
    taken = {*RESERVED, *names.names.values(), *names.before.values()}
    named = dict(names.names)
    for letter in missing:
        named[letter] = unused(identifier(letter), taken)
        taken.add(named[letter])
    known = Vocabulary(names.cell, named, names.before, names.sizes)
    of_columns = all(line.target.shape[1] == 1 for line in run.forward.loop)
    code = _by_calls(run, known) if of_columns else _by_expressions(run, known)
    return StepParts(tuple(filter(None, [_stacked(known, code), _prepared(known, code), _step(known, code)])))


@dataclass
class _Code:
    """The statements of a step; ``ahead`` are those that need the parameters alone, and make what is ``stacked``."""

    body: list[str]
    ahead: list[str] = field(default_factory=list)
    stacked: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    arrays: list[str] = field(default_factory=list)
    copied: set[Sequence] = field(default_factory=set)
    at_step: dict[Sequence, str] = field(default_factory=dict)


# --- what a step computes -----------------------------------------------------------------------


def _by_calls(plan: Plan, names: Vocabulary) -> _Code:
    """Calls that write into arrays made beforehand, and into new ones for the states."""
    places = Places(stacking_of(plan), names, one_step=True)
    forward = ForwardCode(places)
    calls = Calls(places.rows(False), arrays=True, taken=places.taken)
    matrices: dict[Stack, str] = {}
    code = _Code([], at_step=dict(places.at_step))
    for stack in places.stacking.recurrent:
        code.ahead += forward.stacked(stack, matrices)
    heads = [stack for stack in places.stacking.recurrent if forward.is_head(stack)]
    calls.lines += [places.equation(line) for line in forward.ready]
    for bundle in places.stacking.bundles:
        own = [stack for stack in heads if stack.targets == bundle]
        heads = [stack for stack in heads if stack not in own]
        _fill(bundle, own, matrices, code, forward, calls)
    for stack in places.stacking.recurrent:
        if not matrices[stack].endswith("_T") and (stack in heads or not forward.is_head(stack)):
            matrices[stack] = _turned(matrices[stack], code, places)
    for stack in heads:
        forward.add_product(calls, stack, matrices)
    forward.follow(calls, matrices)
    used, space = words(calls.lines), places.space
    for name, shape in calls.spare.items():
        space.single.setdefault(name, shape)
    space.constants |= calls.constants
    code.arrays = [x for x in (*space.whole, *space.single, *space.parts, *space.constants) if x in used]
    code.made = space.lines(set(code.arrays))
    new = [names.names[s] for s in plan.cell.states]
    values = [f"np.empty({names.before[s]}.shape, dtype)" for s in plan.cell.states]
    fresh = assignment(", ".join(new), ", ".join(values)) if new else []
    code.body = [*functions(used), *fresh, *statements(calls.lines, 1)]
    code.copied = set(plan.cell.outputs)
    return code


def _fill(
    bundle: tuple[Sequence, ...],
    stacks: list[Stack],
    matrices: dict[Stack, str],
    code: _Code,
    forward: ForwardCode,
    calls: Calls,
) -> None:
    """The first values of a bundle: the products at the head of the step that fill all of it, and the constants."""
    places, rows = forward.at, calls.rows
    run = places.space.run(bundle, places.names)
    ahead, bias = forward.bias(bundle, places.rows(True))
    code.ahead += ahead
    if len(stacks) > 1:
        sizes = [places.space.sizes.size(stack.operand.sequence.shape[0]) for stack in stacks]
        turned = [f"{matrices[stack]}.T" for stack in stacks] + ([plain(f"({bias})[None]")] if bias else [])
        matrix = places.fresh("M_T")
        code.ahead += assignment(matrix, f"np.concatenate(({', '.join(turned)}))")
        code.stacked.append(matrix)
        joined = places.fresh("joined")
        width = plain(" + ".join([*sizes, *(["1"] if bias else [])]))
        places.space.constants[joined] = f"np.ones((B, {width}), dtype)"
        for k, stack in enumerate(stacks):
            low, high = " + ".join(sizes[:k]), " + ".join(sizes[: k + 1])
            name = places.fresh(f"{joined}_{identifier(stack.operand.sequence[t])}")
            places.space.constants[name] = tight(f"self.{joined}[..., {low}:{high}]")
            calls.lines.append(f"np.copyto({name}, {rows.names[stack.operand]})")
        calls.lines.append(f"{joined}.dot({matrix}, {run})")
        return
    for stack in stacks:
        matrices[stack] = _turned(matrices[stack], code, places)
        calls.lines.append(f"{rows.names[stack.operand]}.dot({matrices[stack]}, {run})")
    if bias is not None:
        if not bias.isidentifier():
            code.ahead += assignment(name := places.fresh("bias"), bias)
            bias = name
        code.stacked.append(bias)
        calls.lines.append(f"add({run}, {bias}, {run})" if stacks else f"np.copyto({run}, {bias})")
    elif not stacks:
        calls.lines.append(f"{run}.fill(0.0)")


def _turned(matrix: str, code: _Code, places: Places) -> str:
    name = places.fresh(f"{matrix.removesuffix('.T')}_T")
    code.ahead.append(f"    {name} = {matrix}.T.copy()")
    code.stacked.append(name)
    return name


def _by_expressions(plan: Plan, names: Vocabulary) -> _Code:
    """An expression for each line, as in modules whose cells have matrices among their sequences."""
    at_step = {x: f"{names.names[x]}_t" for x in plan.cell.inputs}
    if not names.has_inputs:
        at_step = dict.fromkeys(plan.cell.inputs, names.inputs_t)
    texts = {letter: name for letter, name in names.names.items() if not isinstance(letter, Sequence)}
    texts |= {s[t]: at_step.get(s, name) for s, name in names.names.items() if isinstance(s, Sequence)}
    texts |= {state[t - 1]: name for state, name in names.before.items()}
    aliases = {line.target for line in plan.forward.loop if isinstance(line.value, At)}
    return _Code(step_lines(plan, texts), copied={*plan.cell.states, *aliases}, at_step=at_step)


# --- the texts ----------------------------------------------------------------------------------

STACKED = '''
def stacked(params: Params) -> tuple[Array, ...]:
    """What step multiplies by: the matrices of the parameters, stacked."""
'''

PREPARED = '''
class Prepared:
    """Parameters for many calls of step: stacked once, with the arrays for what a step computes in between.

    A parameter that changes asks for another one; and one serves a single caller at a time.
    """

    def __init__(self, params: Params) -> None:
        self.params, self.seen = params, None
'''


def _stacked(names: Vocabulary, code: _Code) -> str:
    if not code.stacked:
        return ""
    parameters = [names.names[p] for p in names.cell.parameters]
    result = code.stacked[0] + "," if len(code.stacked) == 1 else ", ".join(code.stacked)
    body = [*code.ahead, f"    return {result}" if len(code.stacked) > 1 else f"    return ({result})"]
    read = words(body)
    sizes = [names.names[size] for size in names.sizes if names.names[size] in read]
    head = ["    sizes = measured(params=params)"] if sizes else ["    measured(params=params)"]
    head += assignment(", ".join(sizes), ", ".join(f'sizes["{name}"]' for name in sizes)) if sizes else []
    head += ["    dtype = params[0].dtype"] if "dtype" in read else []
    return "\n".join([STACKED.strip("\n"), *head, *opened_fields("params", parameters, body), *body])


def _prepared(names: Vocabulary, code: _Code) -> str:
    x = names.inputs_t
    first = f"{x}.{names.names[names.cell.inputs[0]]}" if names.has_inputs else x
    text = "\n".join(code.made)
    sizes = [name for name in ["B", *(names.names[size] for size in names.sizes)] if name in words([text])]
    stacked = ["        self.stacked = stacked(params)"] if code.stacked else ["        measured(params=params)"]
    lines = [
        *PREPARED.strip("\n").split("\n"),
        *stacked,
        "",
        f"    def fit(self, {x}: {names.input_type}, state: State, seen: Any) -> None:",
        '        """Make the arrays for an input and a state; an error names what is wrong with them."""',
        f"        self.sizes = checked(params=self.params, {x}={x}, state=state)",
    ]
    if sizes:
        lines += assignment(", ".join(sizes), ", ".join(f'self.sizes["{name}"]' for name in sizes), indent=2)
    lines += [f"        dtype = {first}.dtype"] if "dtype" in words([text]) else []
    lines += code.made
    if code.arrays:
        arrays = ", ".join(f"self.{name}" for name in code.arrays)
        lines += assignment("self.arrays", f"({arrays},)" if len(code.arrays) == 1 else arrays, indent=2)
    return "\n".join([*lines, "        self.seen = seen"])


def _step(names: Vocabulary, code: _Code) -> str:
    cell, x = names.cell, names.inputs_t
    outputs = [f"{names.names[s]}{'.copy()' if s in code.copied else ''}" for s in cell.outputs]
    gives = f"Outputs({', '.join(outputs)})" if names.has_outputs else outputs[0]
    body = [*code.body, f"    return {gives}, State({', '.join(names.names[s] for s in cell.states)})"]
    read = words(body)
    inputs = [f"{x}.{names.names[s]}" if names.has_inputs else x for s in cell.inputs]
    given = [*inputs, *(f"state.{names.names[s]}" for s in cell.states)]
    seen = ", ".join(["type(state)", *(f"{a}.{what}" for a in given for what in ("shape", "dtype"))])
    before = [names.before[s] for s in cell.states]
    sizes = [names.names[size] for size in names.sizes if names.names[size] in read]
    sizes = [*(["B"] if "B" in read else []), *sizes]
    lines = [
        *signature("step", f"params: Params | Prepared, {x}: {names.input_type}, state: State",
                   f"tuple[{names.output_type}, State]"),
        '    """The output and the state after one step; with Prepared(params) for params they are stacked once."""',
        "    prepared = params if isinstance(params, Prepared) else Prepared(params)",
        "    try:",
        *assignment("seen", seen, indent=2),
        "    except AttributeError:",
        "        seen = None",
        "    if seen is None or seen != prepared.seen:",
        f"        prepared.fit({x}, state, seen)",
        *(assignment(", ".join(sizes), ", ".join(f'prepared.sizes["{name}"]' for name in sizes)) if sizes else []),
        *([f"    dtype = {inputs[0]}.dtype"] if "dtype" in read else []),
        *opened_fields("prepared.params", [names.names[p] for p in cell.parameters], body),
        *(_unpacked(code.stacked, "prepared.stacked") if code.stacked else []),
        *(_unpacked(code.arrays, "prepared.arrays") if code.arrays else []),
        *(opened_fields(x, [code.at_step[s] for s in cell.inputs], body) if names.has_inputs else []),
        *(opened_fields("state", before, body) if before else []),
        *body,
    ]  # fmt: skip
    return "\n".join(lines)


def _unpacked(names: list[str], group: str) -> list[str]:
    return assignment(", ".join(names) if len(names) > 1 else f"({names[0]},)", group)
