"""Passes over k steps at a time: little memory at the price of a second forward pass, and truncated gradients."""

from __future__ import annotations

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
    states, outputs = [], []
    for start in range(0, {T}, every):
        states.append(state)
        piece = slice(start, start + every)
        values, state = forward(params, {x_piece}, state)[:2]
        outputs.append(values)
    return {joined}, state, Pieces({x}, states, every)


def backward_in_pieces(
    params: Params, pieces: Pieces, d_outputs: {Y}, d_state: State, *, truncated: bool = False
) -> tuple[Params, {X}, State]:
    """What backward computes, from the last piece to the first; the forward pass of each runs again before.

    With truncated, no gradient passes from a piece into the piece before it.
    """
    {x}, states, every = pieces
    checked(params=params, {x}={x}, d_outputs=d_outputs, d_state=d_state)
    d_params = Params(*[np.zeros_like(value) for value in params])
    d_given = []
    for number in reversed(range(len(states))):
        piece = slice(number * every, (number + 1) * every)
        _, _, cache = forward(params, {x_piece}, states[number])
        gradients, d_piece, d_state = backward(params, cache, {e_piece}, d_state)
        del cache  # before the next piece makes its own
        d_given.insert(0, d_piece)
        for total, gradient in zip(d_params, gradients):
            total += gradient
        if truncated and number:
            d_state = State(*[np.zeros_like(value) for value in d_state])
    return d_params, {d_joined}, d_state
'''


def pieces_source(names: Vocabulary) -> str:
    """The source of the two functions for a module with these names."""
    x, several, outputs = names.inputs, names.has_inputs, names.has_outputs
    first = f"{x}.{names.names[names.cell.inputs[0]]}" if several else x
    return PIECES.format(
        x=x,
        X=names.input_type,
        Y=names.output_type,
        T=f"len({first})",
        x_piece=f"Inputs(*[value[piece] for value in {x}])" if several else f"{x}[piece]",
        e_piece="Outputs(*[value[piece] for value in d_outputs])" if outputs else "d_outputs[piece]",
        joined="Outputs(*map(np.concatenate, zip(*outputs)))" if outputs else "np.concatenate(outputs)",
        d_joined="Inputs(*map(np.concatenate, zip(*d_given)))" if several else "np.concatenate(d_given)",
    ).strip("\n")
