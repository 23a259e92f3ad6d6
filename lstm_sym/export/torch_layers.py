r"""Layers, directions and lengths in PyTorch: an ``nn.Module`` around the functions of ``layers``, under autograd."""

from __future__ import annotations

from ..cell import Cell
from .layered_text import FUNCTIONS, layered_source
from .plan import plan_of
from .torch_backend import MODULES
from .vocabulary import vocabulary_of

WORDS = {
    "taken": '''
def taken(x: Array, places: list[int], axis: int) -> Array:
    """The entries at these places along an axis."""
    return x.index_select(axis, torch.tensor(places, device=x.device))
''',
    "joined": '''
def joined(parts: list[Array], axis: int) -> Array:
    """Arrays one after the other along an axis."""
    return torch.cat(parts, axis)
''',
    "flipped": '''
def flipped(x: Array) -> Array:
    """The steps from the last to the first."""
    return x.flip(0)
''',
    "zeros": '''
def zeros(shape: tuple[int, ...], like: Array) -> Array:
    """An array of 0 with the numbers of another."""
    return like.new_zeros(shape)
''',
}

RECORDED = '''
def recorded(params: Params, {x}: {input_type}, state: State) -> tuple[{output_type}, State, None]:
    """What forward gives, with our gradients under autograd, which keeps what they need."""
    return *run(params, {x}, state), None
'''

LAYERS = '''
class Layers(torch.nn.Module):
    """Layers and directions with parameters of their own, as the modules of torch.nn have them.

    ``Layers({sizes}, num_layers=2, bidirectional=True)(x)`` gives the outputs of the highest layer and the final
    states: for each layer a tuple with the State of each direction. Dropout acts between layers, in training.
    """

    def __init__(
        self,
        {arguments},
        *,
        num_layers: int = 1,
        bidirectional: bool = False,
        batch_first: bool = False,
        dropout: float = 0.0,
        dtype: torch.dtype | None = None,
        device: Any = None,
    ) -> None:
        super().__init__()
        if num_layers < 1:
            raise ValueError(f"num_layers is {{num_layers}}; wanted one layer or more")
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout is {{dropout}}; wanted a probability from 0 to 1")
{single}        self.batch_first, self.dropout = batch_first, dropout
        sizes, directions = {{{lengths}}}, 1 + bidirectional
        self.layers = torch.nn.ModuleList()
        for _ in range(num_layers):
            row = [Layer(**sizes, dtype=dtype, device=device) for _ in range(directions)]
            self.layers.append(torch.nn.ModuleList(row))
            sizes = {{**sizes, "{taken}": directions * _length("{given}", sizes)}}

    def forward(self, x: Any, states: Any = None, lengths: Any = None) -> tuple[Any, list[tuple[State, ...]]]:
        """States that are not given are 0; lengths are as in forward_layers, and a PackedSequence has its own."""
        given = x
        if isinstance(given, torch.nn.utils.rnn.PackedSequence):
            if lengths is not None:
                raise ValueError("a PackedSequence says its lengths itself; leave out lengths")
            x, lengths = torch.nn.utils.rnn.pad_packed_sequence(given)
        elif self.batch_first:
            x = each(lambda v: v.transpose(0, 1), x)
        rows = [tuple(layer.params for layer in row) for row in self.layers]
        if states is not None and len(states) != len(rows):
            raise ValueError(f"states has {{len(states)}} layers; wanted {{len(rows)}}")
        apart = self.training and self.dropout > 0  # then entries are dropped before the next layer reads them
        finals: list[Any] = []
        for part in [[row] for row in rows] if apart else [rows]:
            before = None if states is None else states[len(finals) : len(finals) + len(part)] if apart else states
            if finals:
                x = torch.nn.functional.dropout(x, self.dropout)
            x, last, _ = forward_layers(part, x, before, lengths)
            finals += last
        if isinstance(given, torch.nn.utils.rnn.PackedSequence):
            if given.sorted_indices is not None:
                x = x.index_select(1, given.sorted_indices)
            data = torch.cat([values[:running] for values, running in zip(x, given.batch_sizes.tolist())])
            return torch.nn.utils.rnn.PackedSequence(data, *given[1:]), finals
        return each(lambda v: v.transpose(0, 1), x) if self.batch_first else x, finals
'''

SINGLE = """        if num_layers > 1:
            raise ValueError("a layer of {cell} cannot read the outputs of another: num_layers is 1")
"""

FROM_TORCH = '''
    @classmethod
    def from_torch(
        cls, state_dict: Mapping[str, Array], *, prefix: str = "", batch_first: bool = False, dropout: float = 0.0
    ) -> Layers:
        """All layers and directions from the state dict of a torch.nn.{module}, whose names tell how many there are."""
        depth = 1
        while f"{{prefix}}weight_ih_l{{depth}}" in state_dict:
            depth += 1
        ways = (False, True) if f"{{prefix}}weight_ih_l0_reverse" in state_dict else (False,)
        rows = [[from_torch(state_dict, layer=k, reverse=way, prefix=prefix) for way in ways] for k in range(depth)]
        endings = [f"_l{{k}}{{'_reverse' if way else ''}}" for k in range(depth) for way in ways]
        known = {{f"{{prefix}}{{name}}{{ending}}" for name in PACKED for ending in endings}}
        for name in state_dict:
            if name.startswith(prefix) and name not in known:
                told = f"a torch.nn.{module} of {{depth}} layers has no {{name}}"
                raise ValueError(f"{{told}}; say in prefix which names are its")
        first = rows[0][0]
        sizes: dict[str, int] = {{}}
        for letter, value in first._asdict().items():
            sizes |= zip(SHAPES[f"params.{{letter}}"], value.shape)
        made = cls(
            **sizes,
            num_layers=depth,
            bidirectional=len(ways) > 1,
            batch_first=batch_first,
            dropout=dropout,
            dtype=first[0].dtype,
            device=first[0].device,
        )
        for row, found in zip(made.layers, rows):
            for layer, params in zip(row, found):
                layer.load_state_dict(params._asdict())
        return made
'''

OF_BACKWARD = ("backward_layers", "backward_direction", "shares", "widths", "fitted_back")
"""What autograd does itself."""


def with_layers_of(source: str, cell: Cell) -> str:
    """The source of a PyTorch module with ``Layers``; for a cell of ``torch.nn``, that takes its state dicts."""
    names, module = vocabulary_of(plan_of(cell)), MODULES.get(tuple(cell.equations))
    own = layered_source(
        several_inputs=names.has_inputs,
        several_outputs=names.has_outputs,
        words=WORDS,
        forward="recorded",
        functions=tuple(name for name in FUNCTIONS if name not in OF_BACKWARD),
    )
    recorded = RECORDED.strip("\n").format(x=names.inputs, input_type=names.input_type, output_type=names.output_type)
    sizes = [names.names[size] for size in names.sizes]
    (taken, *_), (given, *_) = (next(iter(names.axes(some).values())) for some in (cell.inputs, cell.outputs))
    several = names.has_inputs or names.has_outputs or not taken.isidentifier()
    layers = LAYERS.strip("\n").format(
        sizes=", ".join(f"{size}=…" for size in sizes),
        arguments=",\n        ".join(f"{size}: int" for size in sizes),
        lengths=", ".join(f'"{size}": {size}' for size in sizes),
        single=SINGLE.format(cell=cell.name) if several else "",
        taken=taken,
        given=given,
    )
    if module is not None:
        layers += "\n\n" + FROM_TORCH.strip("\n").format(module=module)
    return f"{source}\n\n{recorded}\n\n\n{own}\n\n\n{layers}\n"
