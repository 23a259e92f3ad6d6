"""Layers of JAX modules: against plain NumPy calls on each sequence, differentiated, compiled and mapped."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from lstm_sym.activations import tanh
from lstm_sym.cells import CELLS, GRU, LSTM
from lstm_sym.export import export_module
from lstm_sym.export.experiment import imported
from lstm_sym.export.freshness import staleness
from lstm_sym.export.plan import with_activation

from .backends import SINGLE, jax_arrays
from .stacked import LENGTHS, T, close, converted, flat, network_of, one_by_one

jax = pytest.importorskip("jax", reason="the extra jax is not installed")

ZOO = {name: with_activation(cell, tanh) for name, cell in CELLS.items()}


@cache
def layered(cell):
    return imported(export_module(cell, "jax", layers=True), cell.name)


def network(cell, **options):
    """The numbers, and the same in JAX."""
    net = network_of(cell, **options)
    return net, converted(net, jax_arrays()[0], layered(cell))


def both(there, lengths, transform=lambda function: function):
    """Outputs, final states and all gradients; lengths are an argument, traced where the function is compiled."""
    module = there.module

    def loss(params, x, states, lengths):
        outputs, finals = module.run_layers(params, x, states, lengths)
        pairs = zip(flat([outputs, finals]), flat([there.d_outputs, there.d_states]), strict=True)
        return sum((v * w).sum() for v, w in pairs), (outputs, finals)

    gradient = transform(jax.grad(loss, (0, 1, 2), has_aux=True))
    (d_params, d_x, d_states), (outputs, finals) = gradient(there.params, there.x, there.states, lengths)
    return outputs, finals, d_params, d_x, d_states


@pytest.mark.parametrize("name", [*SINGLE, "GRU"])
def test_a_cell_is_as_each_sequence_by_itself_under_jit_and_grad(name):
    net, there = network(ZOO[name])
    close(both(there, np.array(LENGTHS), jax.jit), one_by_one(net, LENGTHS))


@pytest.mark.parametrize("lengths", [None, [T] * 6, [0] * 6], ids=["whole", "full", "none"])
@pytest.mark.parametrize("name", ["LSTM", "minGRU"])
def test_whole_sequences_and_none(name, lengths):
    net, there = network(ZOO[name], layers=1)
    close(both(there, lengths), one_by_one(net, lengths))


@pytest.mark.parametrize("name", ["LSTM", "SRU"])
def test_float32(name):
    _, there = network(ZOO[name], dtype="float32")
    found = both(there, np.array(LENGTHS), jax.jit)
    assert {str(value.dtype) for value in flat(found)} == {"float32"}
    close(found, one_by_one(network_of(ZOO[name]), LENGTHS), 1e-5)


@pytest.mark.parametrize("name", ["LSTM", "minGRU"])
def test_padding_may_hold_anything(name):
    net, there = network(ZOO[name], layers=1)
    wanted = one_by_one(net, LENGTHS)
    for b, length in enumerate(LENGTHS):
        there.x = there.x.at[length:, b].set(np.nan)
    close(both(there, np.array(LENGTHS), jax.jit), wanted)


@pytest.mark.parametrize("name", ["LSTM", "minGRU"])
def test_it_maps_over_lengths_and_sequences(name):
    _, there = network(ZOO[name], layers=1)
    lengths = np.array([LENGTHS, LENGTHS[::-1]])
    x = jax.numpy.stack([there.x, there.x[:, ::-1]])

    def total(x, lengths):
        outputs, finals = there.module.run_layers(there.params, x, there.states, lengths)
        return outputs.sum() + sum((value**2).sum() for value in flat(finals))

    mapped = jax.jit(jax.vmap(jax.value_and_grad(total)))(x, lengths)
    for k in range(2):
        close([value[k] for value in mapped], list(map(np.asarray, jax.value_and_grad(total)(x[k], lengths[k]))))


def test_a_direction_by_itself_and_said_ways():
    net, there = network(ZOO["LSTM"], layers=1, directions=1)
    net.reverse = [[True]]
    module, ((params,),), ((state,),) = there.module, there.params, there.states
    wanted, ((last,),), *_ = one_by_one(net, LENGTHS)
    outputs, final = module.run_direction(params, there.x, state, LENGTHS, reverse=True)
    close([outputs, *final], [wanted, *last])
    outputs, (final,) = module.run_layers([module.Direction(params, reverse=True)], there.x, [state], LENGTHS)
    close([outputs, *final], [wanted, *last])
    outputs, final = module.run_direction(params, there.x, state, reverse=True)
    close([outputs, *final], [one_by_one(net)[0], *one_by_one(net)[1][0][0]])


def test_a_state_that_is_not_given_is_zero_and_layers_may_be_bare():
    net, there = network(GRU, directions=1)
    net.states = [[type(s)(*map(np.zeros_like, s)) for s in row] for row in net.states]
    outputs, finals = there.module.run_layers([row[0] for row in there.params], there.x, lengths=LENGTHS)
    assert all(isinstance(final, there.module.State) for final in finals)
    close([outputs, finals], one_by_one(net, LENGTHS)[:2])


@pytest.mark.parametrize(
    "change, kind, told",
    [
        (lambda n: {"x": n.x[..., :1]}, ValueError, r"layer 0, direction 0: x has shape \(5, 6, 1\); wanted"),
        (
            lambda n: {"layers": [n.params[0][:1], n.params[1]], "states": None},
            ValueError,
            r"layer 1, direction 0, which reads the outputs of layer 0: x has shape \(5, 6, 3\)",
        ),
        (lambda n: {"lengths": [1, 2]}, ValueError, r"lengths has shape \(2,\); wanted 6 whole numbers"),
        (lambda n: {"lengths": np.ones(6)}, TypeError, "lengths is of type float64; wanted whole numbers"),
        (lambda n: {"lengths": [1, 2, 3, 4, 5, 6]}, ValueError, "lengths holds 6; wanted 0 to 5 steps"),
        (lambda n: {"lengths": [1, 2, 3, 4, 5, -6]}, ValueError, "lengths holds -6; wanted 0 to 5 steps"),
        (lambda n: {"states": n.states[:1]}, ValueError, r"states has \[2\] values in its layers; wanted \[2, 2\]"),
    ],
)
def test_misuse_is_told(change, kind, told):
    _, there = network(LSTM)
    given = {"layers": there.params, "x": there.x, "states": there.states, "lengths": LENGTHS}
    with pytest.raises(kind, match=told):
        there.module.run_layers(**given | change(there))


@pytest.mark.skipif(shutil.which("ruff", path=sys.prefix + "/bin") is None, reason="ruff is not installed")
def test_the_files_pass_ruff(tmp_path):
    for name in (*SINGLE, "GRU", "FGR"):
        source = export_module(ZOO[name], "jax", layers=True)
        alone = export_module(ZOO[name], "jax")
        assert staleness(source) is None and alone[alone.index("class Params") :] in source
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    run = [f"{sys.prefix}/bin/ruff", "check", "--isolated", "--line-length=120", "--select=E,F,I,B,UP,SIM,RUF"]
    rules = ["--ignore=RUF001,RUF002,RUF003,E741,B905", "--no-cache", "--target-version=py311"]
    done = subprocess.run([*run, *rules, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
