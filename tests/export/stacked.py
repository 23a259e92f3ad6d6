"""Networks of exported cells for the tests of layers, and their numbers one sequence after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .backends import module_of

T, B = 5, 6
LENGTHS = [3, 5, 0, 1, 5, 3]


@dataclass
class Network:
    """A plain NumPy module and, for every layer and direction, its parameters and states; the data of a pass."""

    module: Any
    params: list[list[Any]]
    x: Any
    states: list[list[Any]]
    d_outputs: Any
    d_states: list[list[Any]]
    reverse: list[list[bool]] = field(default_factory=list)


def group(module, name):
    """The axes of an argument by its fields, and the named tuple of them if there is one."""
    axes = {key: value for key, value in module.SHAPES.items() if key.split(".")[0] == name}
    kinds = {"params": "Params", "state": "State", "d_state": "State", "inputs": "Inputs", "d_outputs": "Outputs"}
    return list(axes.values()), getattr(module, kinds[name]) if name not in module.SHAPES else None


def drawn(module, name, sizes, rng, scale=0.6):
    shapes, kind = group(module, name)
    values = [
        rng.normal(0, scale, [sum(int(p) if p.isdigit() else sizes[p] for p in axis.split(" + ")) for axis in axes])
        for axes in shapes
    ]
    return values[0] if kind is None else kind(*values)


def fields(value):
    return value if isinstance(value, tuple) else (value,)


def mapped(function, *values):
    return type(values[0])(*map(function, *values)) if isinstance(values[0], tuple) else function(*values)


def input_name(module):
    return "inputs" if hasattr(module, "Inputs") else next(n for n in module.SHAPES if "." not in n)


def network_of(cell, *, layers=2, directions=2, seed=0, dtype="float64") -> Network:
    """Random parameters and data; every axis of a layer has a length of its own, an axis of the input as it must."""
    module = module_of(cell)
    rng = np.random.default_rng(seed)
    name = input_name(module)
    axes = [axis for axes in module.SHAPES.values() for axis in axes if axis.isidentifier() and axis not in "TB"]
    taken = group(module, name)[0][0][-1]
    sizes = {axis: 3 + k for k, axis in enumerate(sorted({*axes} - {taken}))} | {taken: 2, "T": T, "B": B}
    layers = 1 if hasattr(module, "Inputs") or hasattr(module, "Outputs") else layers
    x = drawn(module, name, sizes, rng)
    params, states, d_states = [], [], []
    for _ in range(layers):
        params.append([drawn(module, "params", sizes, rng) for _ in range(directions)])
        states.append([drawn(module, "state", sizes, rng) for _ in range(directions)])
        d_states.append([drawn(module, "d_state", sizes, rng) for _ in range(directions)])
        wide = {**sizes}
        width = drawn(module, "d_outputs", sizes, rng)
        sizes = {**sizes, taken: directions * fields(width)[0].shape[-1]}
    d_outputs = mapped(lambda *v: np.concatenate(v, -1), *[drawn(module, "d_outputs", wide, rng) for _ in params[-1]])
    made = Network(module, params, x, states, d_outputs, d_states, [[j == 1 for j in range(directions)]] * layers)
    if dtype != "float64":
        made = converted(made, lambda v: v.astype(dtype))
    return made


def converted(net: Network, convert, module=None) -> Network:
    """The same numbers in other arrays, in the named tuples of a module."""
    module = module or net.module

    def of(kind, value):
        return getattr(module, kind)(*map(convert, value)) if isinstance(value, tuple) else convert(value)

    def rows(kind, values):
        return [tuple(of(kind, value) for value in row) for row in values]

    return Network(
        module,
        rows("Params", net.params),
        of("Inputs", net.x),
        rows("State", net.states),
        of("Outputs", net.d_outputs),
        rows("State", net.d_states),
        net.reverse,
    )


def one_by_one(net: Network, lengths=None):
    """Outputs, final states and all gradients by plain calls on each sequence by itself, its padding cut off."""
    module = net.module
    lengths = [T] * B if lengths is None else lengths
    d_params = [[mapped(np.zeros_like, p) for p in row] for row in net.params]
    outputs, d_x = mapped(np.zeros_like, net.d_outputs), mapped(np.zeros_like, net.x)
    finals = [[mapped(np.copy, s) for s in row] for row in net.states]
    d_first = [[mapped(np.copy, s) for s in row] for row in net.d_states]
    for b, length in enumerate(lengths):
        if length == 0:
            continue
        own = slice(b, b + 1)
        x = mapped(lambda v, own=own, n=length: v[:n, own], net.x)
        caches = []
        for k, row in enumerate(net.params):
            results = []
            for j, params in enumerate(row):
                way = slice(None, None, -1 if net.reverse[k][j] else 1)
                given = mapped(lambda v, way=way: v[way], x)
                values, last, cache = module.forward(params, given, mapped(lambda v, own=own: v[own], net.states[k][j]))
                results.append(mapped(lambda v, way=way: v[way], values))
                caches.append(cache)
                for all_, one in zip(finals[k][j], last, strict=True):
                    all_[own] = one
            x = mapped(lambda *v: np.concatenate(v, -1), *results)
        for all_, one in zip(fields(outputs), fields(x), strict=True):
            all_[:length, own] = one
        error = mapped(lambda v, own=own, n=length: v[:n, own], net.d_outputs)
        for k in reversed(range(len(net.params))):
            row, back = net.params[k], []
            for j in reversed(range(len(row))):
                way = slice(None, None, -1 if net.reverse[k][j] else 1)
                share = mapped(lambda v, j=j, row=row, way=way: np.split(v, len(row), -1)[j][way], error)
                d_state = mapped(lambda v, own=own: v[own], net.d_states[k][j])
                gradients, d_given, first = module.backward(row[j], caches.pop(), share, d_state)
                back.append(mapped(lambda v, way=way: v[way], d_given))
                for total, one in zip(d_params[k][j], gradients, strict=True):
                    total += one
                for all_, one in zip(d_first[k][j], first, strict=True):
                    all_[own] = one
            error = mapped(lambda *v: np.sum(v, axis=0), *back)
        for all_, one in zip(fields(d_x), fields(error), strict=True):
            all_[:length, own] = one
    return outputs, finals, d_params, d_x, d_first


def flat(value):
    """The arrays of nested lists and tuples, one after the other."""
    return [a for one in value for a in flat(one)] if isinstance(value, (list, tuple)) else [value]


def close(found, wanted, tolerance=1e-12, back=np.asarray):
    """Every array agrees, relative to the largest entry of the wanted one."""
    found, wanted = flat(found), flat(wanted)
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        one = back(one)
        assert one.shape == other.shape
        assert np.abs(one - other).max(initial=0) <= tolerance * max(1, np.abs(other).max(initial=0))
