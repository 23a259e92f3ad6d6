r"""A cell as a PyTorch module: our backward pass as an autograd function, and an ``nn.Module`` around it."""

from __future__ import annotations

from ..activations import relu
from ..cell import Cell
from ..cells import GRU, LSTM, LSTM_PROJECTION, RNN_TANH, elman
from .dialect import TORCH
from .frameworks import framework_module
from .packings import PACKINGS
from .runtime import PARTS, checked_for
from .streams import Backend
from .text import OVER_STEPS
from .variant import WHOLE, Variant
from .vocabulary import Vocabulary
from .writer import Style

HEADER = """
from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch

Array = torch.Tensor
"""

SCAN = '''
SMALL = 4096
"""On the CPU, steps whose state has at most so many entries call NumPy, if PyTorch can share memory with it.

With several threads it is a quarter of that: NumPy's library of matrix products has threads of its own.
"""


class NumPyCalls:
    """The functions of PyTorch that steps call, by NumPy, whose calls cost a fifth, for arrays of a dtype."""

    def __init__(self, dtype: torch.dtype) -> None:
        import numpy as np

        half = torch.tensor(0.5, dtype=dtype).numpy()

        def sigmoid(x: Any, *, out: Any = None) -> Any:
            out = np.multiply(x, half, out)
            np.tanh(out, out)
            np.multiply(out, half, out)
            return np.add(out, half, out)

        def matmul(u: Any, v: Any, *, out: Any = None) -> Any:
            return u.dot(v) if v.ndim == 2 and out is None else np.matmul(u, v, out)

        def addmm(a: Any, u: Any, v: Any, *, out: Any = None) -> Any:
            return np.add(a, u.dot(v), out)

        def addcmul(a: Any, u: Any, v: Any, *, out: Any = None) -> Any:
            return np.add(a, u * v, out)

        self.add, self.sub, self.mul = np.add, np.subtract, np.multiply
        self.matmul, self.addmm, self.addcmul = matmul, addmm, addcmul
        self.tanh, self.sigmoid, self.exp, self.log, self.sqrt = np.tanh, sigmoid, np.exp, np.log, np.sqrt
        self.logaddexp, self.maximum, self.minimum, self.where = np.logaddexp, np.maximum, np.minimum, np.where
        self.full_like, self.cat = np.full_like, np.concatenate


CALLS: dict[torch.dtype, Any] = {}


def calls_for(state: Array) -> Any:
    """What the steps of a scan call: PyTorch, or NumPy on the same memory."""
    most = SMALL if torch.get_num_threads() == 1 else SMALL // 4
    if type(state) is not torch.Tensor or state.device.type != "cpu" or state.numel() > most:
        return torch
    if state.dtype not in CALLS:
        try:
            CALLS[state.dtype] = NumPyCalls(state.dtype)
        except (ImportError, RuntimeError):
            CALLS[state.dtype] = torch
    return CALLS[state.dtype]


def scan(step: Any, carry: Any, given: Any, fixed: Any = (), *, reverse: bool = False) -> Any:
    """The last carry; a step reads what is fixed and a row of each given tensor, and writes into some of the rows."""
    calls = calls_for(carry[0])
    if calls is torch:
        steps = list(zip(*[values.unbind(0) for values in given], strict=True))
    else:
        carry, given, fixed = ([values.numpy(force=True) for values in group] for group in (carry, given, fixed))
        steps = list(zip(*given, strict=True))
    for row in reversed(steps) if reverse else steps:
        carry = step(calls, fixed, carry, row)
    return tuple([values.clone() if calls is torch else torch.tensor(values) for values in carry])
'''

PLAIN_SCAN = '''
def plain_scan(step: Any, carry: Any, given: Any, *, reverse: bool = False) -> Any:
    """The last carry; a step takes a row of each given tensor, and writes into some of these rows."""
    rows = list(zip(*[values.unbind(0) for values in given], strict=True))
    for row in reversed(rows) if reverse else rows:
        carry = step(carry, row)
    return tuple([v.clone() for v in carry])
'''

LINEAR_SCAN = '''
def linear_scan(a: Array, b: Array, initial: Array, *, reverse: bool = False) -> Array:
    """The values of v = a * v + b at every step, from the initial v on."""
    rows = list(zip(a.expand_as(b).unbind(0), b.unbind(0), strict=True))
    kept, v = [], initial
    for factor, summand in reversed(rows) if reverse else rows:
        v = torch.addcmul(summand, factor, v)
        kept.append(v)
    if reverse:
        kept.reverse()
    return torch.stack(kept)
'''

SHIFTED = '''
def shifted(initial: Array, values: Array, *, reverse: bool = False) -> Array:
    """The values of the step before each step, or of the step after it."""
    first = initial.unsqueeze(0)
    return torch.cat((values[1:], first)) if reverse else torch.cat((first, values[:-1]))
'''

SIGMOID_SLOPE = '''
def sigmoid_slope(v: Array, s: Array) -> Array:
    """v * s * (1 - s), in one pass over memory."""
    return torch.ops.aten.sigmoid_backward(v, s)
'''

TANH_SLOPE = '''
def tanh_slope(v: Array, y: Array) -> Array:
    """v * (1 - y**2), in one pass over memory."""
    return torch.ops.aten.tanh_backward(v, y)
'''

PROJECTED = '''
def projected(x: Array, W: Array, b: Array) -> Array:
    """x @ W + b, in one pass over memory."""
    return torch.nn.functional.linear(x, W.T, b)
'''

CHUNKS = '''
def forward(params: Params, {x}: {X}, state: State) -> tuple[{Y}, State]:
    """The outputs of every step and the final state; the memory beside the outputs does not grow with T."""
    sizes = checked(params=params, {x}={x}, state=state)
{opened}
    pieces = []
    for start in range(0, T, chunk):
        stop = min(start + chunk, T)
        values, state = advance(params, {piece}, state)
        pieces.append({own})
    return {joined}, state
'''

TEST = "not isinstance(array, torch.Tensor) or array.dtype not in (torch.float32, torch.float64)"

BACKEND = Backend(
    title="PyTorch",
    style=Style(TORCH, coefficients=True, stores=True),
    header=HEADER,
    runtime={
        "scan": SCAN,
        "plain_scan": PLAIN_SCAN,
        "linear_scan": LINEAR_SCAN,
        "shifted": SHIFTED,
        "over_steps": OVER_STEPS,
        "sigmoid_slope": SIGMOID_SLOPE,
        "tanh_slope": TANH_SLOPE,
        "projected": PROJECTED,
        "parts": PARTS.format(split="torch.split(values, sizes, dim=axis)"),
    },
    checked=checked_for(TEST),
    chunks=CHUNKS,
    own="{values}.clone()",
    join="torch.cat",
)

FUNCTION = '''
class Recurrence(torch.autograd.Function):
    """``forward`` with ``backward`` as its derivative; a second derivative is refused."""

    @staticmethod
    def forward(ctx: Any, *arrays: Array) -> Any:
        params, given, state = Params(*arrays[:{p}]), arrays[{p}:{i}], State(*arrays[{i}:])
        outputs, final, cache = forward(params, {inputs}, state)
        ctx.save_for_backward(*params, *given, *cache[1:])
        return {outputs}, *final

    @staticmethod
    def backward(ctx: Any, *gradients: Array) -> Any:
        if torch.is_grad_enabled():
            raise RuntimeError(
                "{cell} has no second derivative here: "
                "its gradient is computed, not recorded; leave out create_graph"
            )
        kept = ctx.saved_tensors
        params, given = Params(*kept[:{p}]), kept[{p}:{i}]
        cache = Cache({inputs}, *kept[{i}:])
        d_outputs, d_state = {d_outputs}, State(*gradients[{o}:])
        with uncast(kept[0]):
            d_params, d_inputs, d_initial = backward(params, cache, d_outputs, d_state)
        return *d_params, {d_inputs}, *d_initial


def uncast(like: Array) -> Any:
    """Without autocast, which would turn some of the numbers into others of half the length, and not all."""
    kind = like.device.type
    on = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    return torch.autocast(kind, enabled=False) if on else nullcontext()


def run(params: Params, {x}: {input_type}, state: State) -> tuple[{output_type}, State]:
    """The outputs of every step and the final state, with our gradients under autograd."""
    with uncast(state[0]):
        values = Recurrence.apply(*params, {applied}, *state)
    return {returned}, State(*values[{o}:])
'''

LAYER = '''
class Layer(torch.nn.Module):
    """The cell with parameters of its own: ``Layer({sizes})(x)`` gives the outputs and the final state."""

    def __init__(self, {arguments}, *, dtype: torch.dtype | None = None, device: Any = None) -> None:
        super().__init__()
        lengths = {{{lengths}}}
        self.lengths = lengths
        self.named: dict[str, str] = {{}}  # a letter may have the name of something that a Module has
        bound = 1 / math.sqrt({bound})
        for name in Params._fields:
            shape = [_length(axis, lengths) for axis in SHAPES[f"params.{{name}}"]]
            start = torch.empty(shape, dtype=dtype, device=device).uniform_(-bound, bound)
            self.named[name] = f"{{name}}_" if hasattr(self, name) else name
            self.register_parameter(self.named[name], torch.nn.Parameter(start))

    @property
    def params(self) -> Params:
        return Params(*[self.get_parameter(self.named[name]) for name in Params._fields])

    def forward(self, {x}: {input_type}, state: State | None = None) -> tuple[{output_type}, State]:
        """A state that is not given is 0."""
        if state is None:
            shapes = [[_length(axis, self.lengths) for axis in SHAPES[f"state.{{name}}"][1:]] for name in State._fields]
            state = State(*[{first}.new_zeros({first}.shape[1], *shape) for shape in shapes])
        return run(self.params, {x}, state)


def _length(axis: str, lengths: Mapping[str, int]) -> int:
    return sum(int(part) if part.isdigit() else lengths[part] for part in axis.split(" + "))
'''

PACKED = '''
PACKED = {{
{rows}
}}
"""The letters that each array of torch.nn.{module} stacks, from its first row to its last."""


def from_torch(state_dict: Mapping[str, Array], *, layer: int = 0, reverse: bool = False, prefix: str = "") -> Params:
    """The parameters of one layer and direction from the state dict of a torch.nn.{module}; its two biases add up."""
    ending = f"_l{{layer}}{{'_reverse' if reverse else ''}}"
    params: dict[str, Array] = {{}}
    for name, letters in PACKED.items():
        key = f"{{prefix}}{{name}}{{ending}}"
        if key not in state_dict:
            if name.startswith("bias"):
                continue
            raise ValueError(f"the state dict lacks {{key}}; it has {{', '.join(state_dict)}}")
        rows = state_dict[key].shape[0]
        if rows % len(letters):
            raise ValueError(f"{{key}} has {{rows}} rows, which are not {{len(letters)}} equal blocks")
        for letter, block in zip(letters, state_dict[key].chunk(len(letters)), strict=True):
            params[letter] = params[letter] + block if letter in params else block
    first = next(iter(params.values()))
    for letter in Params._fields:
        if letter not in params:
            params[letter] = first.new_zeros(first.shape[0])
    odd = [name for name in state_dict if name == f"{{prefix}}weight_hr{{ending}}" and "weight_hr" not in PACKED]
    if odd:
        raise ValueError(f"{{odd[0]}} belongs to an LSTM with a projection, the cell LSTM_projection")
    return Params(**params)
'''


MODULES = {
    tuple(cell.equations): module
    for module, cells in {"RNN": (RNN_TANH, elman(relu)), "LSTM": (LSTM, LSTM_PROJECTION), "GRU": (GRU,)}.items()
    for cell in cells
}
"""The module of torch.nn that computes the equations of a cell."""


def torch_module(cell: Cell, variant: Variant = WHOLE) -> str:
    """The source of the PyTorch module of a cell."""
    made = framework_module(cell, BACKEND, variant)
    text = made.text
    if not variant.forward_only:
        text += "\n\n" + _function(cell, made.names) + "\n\n" + _layer(cell, made.names)
    packed = _packed(cell)
    return _with_imports_read(text + (f"\n\n{packed}" if packed else ""))


READ_AT_TIMES = {
    "math.": "import math\n",
    "Mapping[": "from collections.abc import Mapping\n",
    "nullcontext(": "from contextlib import nullcontext\n",
}
"""Imports that some modules need, by what shows that they do."""


def _with_imports_read(text: str) -> str:
    """The module without the imports of what only some modules need."""
    for name, line in READ_AT_TIMES.items():
        text = text if name in text else text.replace(line, "", 1)
    return text


def _function(cell: Cell, names: Vocabulary) -> str:
    p, o = len(cell.parameters), len(cell.outputs)
    several_in, several_out = names.has_inputs, names.has_outputs
    return FUNCTION.strip("\n").format(
        cell=cell.name,
        p=p,
        i=p + len(cell.inputs),
        o=o,
        x=names.inputs,
        inputs="Inputs(*given)" if several_in else "given[0]",
        outputs="*outputs" if several_out else "outputs",
        d_outputs=f"Outputs(*gradients[:{o}])" if several_out else "gradients[0]",
        d_inputs="*d_inputs" if several_in else "d_inputs",
        applied=f"*{names.inputs}" if several_in else names.inputs,
        returned=f"Outputs(*values[:{o}])" if several_out else "values[0]",
        input_type=names.input_type,
        output_type=names.output_type,
    ) + "\n"  # fmt: skip


def _layer(cell: Cell, names: Vocabulary) -> str:
    sizes = [names.names[size] for size in names.sizes]
    first = f"{names.inputs}[0]" if names.has_inputs else names.inputs
    bound = sizes[0] if not cell.states else names.rows().size(cell.states[0].shape[0])
    return LAYER.strip("\n").format(
        sizes=", ".join(f"{size}=…" for size in sizes),
        arguments=", ".join(f"{size}: int" for size in sizes),
        lengths=", ".join(f'"{size}": {size}' for size in sizes),
        bound=bound,
        x=names.inputs,
        first=first,
        input_type=names.input_type,
        output_type=names.output_type,
    ) + "\n"  # fmt: skip


def _packed(cell: Cell) -> str:
    """How torch.nn stacks the letters, for a cell that it has."""
    key = MODULES.get(tuple(cell.equations))
    if key is None:
        return ""
    letters = {parameter.text for parameter in cell.parameters}
    rows = [
        f'    "{name}": ({", ".join(f"{chr(34)}{letter}{chr(34)}" for letter in blocks)}{"," * (len(blocks) == 1)}),'
        for name, blocks in PACKINGS["PyTorch", key].items()
        if letters >= set(blocks)
    ]
    return PACKED.strip("\n").format(rows="\n".join(rows), module=key) + "\n"
