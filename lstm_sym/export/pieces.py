"""Passes over k steps at a time: little memory at the price of a second forward pass, and truncated gradients."""

from __future__ import annotations

from .layout import assignment
from .plan import Plan
from .structures import d_inputs_type
from .vocabulary import Vocabulary

PIECES = '''
class Pieces(NamedTuple):
    """What backward_in_pieces needs: the inputs, the state before each piece, and the number of steps of a piece."""

    {x}: {X}
    states: list[State]
    every: int


def forward_in_pieces(params: Params, {x}: {X}, state: State, every: int) -> tuple[{Y}, State, Pieces]:
    """What forward computes, some steps at a time: the state before each piece is kept, and nothing else."""
    checked(params=params, {x}={x}, state=state)
    T, states, outputs = {T}, [], None
    for start in range(0, T, every):
        states.append(state)
        piece = slice(start, start + every)
        values, state = forward(params, {x_piece}, state)[:2]
        if outputs is None:
            outputs = {made}
        {put}
    return outputs, state, Pieces({x}, states, every)


def backward_in_pieces(
    params: Params, pieces: Pieces, d_outputs: {Y}, d_state: State, *, truncated: bool = False
) -> tuple[Params, {X_d}, State]:
    """What backward computes, from the last piece to the first; the forward pass of each runs again before.

    With truncated, no gradient passes from a piece into the piece before it.
    """
    {x}, states, every = pieces
    checked(params=params, {x}={x}, d_outputs=d_outputs, d_state=d_state)
{zeros}
{d_made}    for number in reversed(range(len(states))):
        piece = slice(number * every, (number + 1) * every)
        _, _, cache = forward(params, {x_piece}, states[number])
        gradients, {d_piece}, d_state = backward(params, cache, {e_piece}, d_state)
        del cache  # before the next piece makes its own
{d_put}        for total, gradient in zip(d_params, gradients):
            {added}
        if truncated and number:
            d_state = State(*[np.zeros_like(value) for value in d_state])
    return d_params, {d_given}, d_state
'''


def pieces_source(plan: Plan, names: Vocabulary) -> str:
    """The source of the two functions for a module with these names."""
    zeros = assignment("d_params", "Params(*[np.zeros_like(value) for value in params])")
    added = "total += gradient"
    if len(plan.gradients) < len(plan.cell.parameters):
        wanted = [f'"{names.names[p]}"' for p, _ in plan.gradients]
        zeros = assignment("wanted", f"({', '.join(wanted)}{',' if len(wanted) == 1 else ''})")
        zeros.append(
            "    zeros = [np.zeros_like(v) if name in wanted else None for name, v in params._asdict().items()]"
        )
        zeros.append("    d_params = Params(*zeros)")
        added = "if total is not None:\n                total += gradient"
    x, several, outputs = names.inputs, names.has_inputs, names.has_outputs
    first = f"{x}.{names.names[names.cell.inputs[0]]}" if several else x
    return PIECES.format(
        x=x,
        X=names.input_type,
        Y=names.output_type,
        T=f"len({first})",
        x_piece=f"Inputs(*[value[piece] for value in {x}])" if several else f"{x}[piece]",
        e_piece="Outputs(*[value[piece] for value in d_outputs])" if outputs else "d_outputs[piece]",
        made="Outputs(*[np.empty((T, *value.shape[1:]), value.dtype) for value in values])"
        if outputs
        else "np.empty((T, *values.shape[1:]), values.dtype)",
        put="for whole, value in zip(outputs, values):\n            whole[piece] = value"
        if outputs
        else "outputs[piece] = values",
        **_given(plan, names),
        X_d=d_inputs_type(plan, names),
        zeros="\n".join(zeros),
        added=added,
    ).strip("\n")


def _given(plan: Plan, names: Vocabulary) -> dict[str, str]:
    """How the gradients of the inputs are made, filled and returned; ``None`` for one that is not wanted."""
    x = names.inputs
    if not names.has_inputs:
        if None in plan.d_inputs:
            return {"d_made": "", "d_put": "", "d_given": "None", "d_piece": "_"}
        made, put = f"    d_inputs = np.empty_like({x})\n", "        d_inputs[piece] = d_piece\n"
        return {"d_made": made, "d_put": put, "d_given": "d_inputs", "d_piece": "d_piece"}
    fields = [
        "None" if d is None else f"np.empty_like({x}.{names.names[s]})"
        for s, d in zip(plan.cell.inputs, plan.d_inputs, strict=True)
    ]
    body = ["        for whole, value in zip(d_inputs, d_piece):"]
    if None in plan.d_inputs:
        body += ["            if whole is not None:", "                whole[piece] = value"]
    else:
        body.append("            whole[piece] = value")
    made = "\n".join(assignment("d_inputs", f"Inputs({', '.join(fields)})"))
    return {"d_made": f"{made}\n", "d_put": "\n".join(body) + "\n", "d_given": "d_inputs", "d_piece": "d_piece"}
